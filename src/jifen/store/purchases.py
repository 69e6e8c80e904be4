"""Purchases and returns: written once, read for answers and for what comes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from jifen.domain.calendar import day_number, local_date
from jifen.domain.days import Back, Bought
from jifen.domain.decision import Decision, HitResult
from jifen.domain.events import legs_kept
from jifen.domain.program.select import Hit, mask_of, mask_words
from jifen.domain.purchase import Line, Payment, Purchase, line_of
from jifen.domain.returned import Earned
from jifen.domain.seen import moment_of
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import KIND_OF, Verb
from jifen.store.carries import WHOSE
from jifen.store.journal import Circumstance, PostedRow, postings_of
from jifen.store.rows import Rows, Target, json_text

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class LineKept(msgspec.Struct, omit_defaults=True):
    """A line as it is kept: what is not known or nothing is left out."""

    number: int
    quantity_milli: int
    amount_minor: int
    sku: str | None = None
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    discount_minor: int | None = None
    cost_minor: int | None = None
    tags: tuple[str, ...] | None = None
    attributes: Mapping[str, str | int] | None = None


def line_kept(line: Line) -> LineKept:
    """A line as it will be kept."""
    return LineKept(
        line.number, line.quantity_milli, line.amount_minor, line.sku, line.name, line.category, line.brand,
        line.discount_minor or None, line.cost_minor, line.tags or None, dict(line.attributes) or None,
    )  # fmt: skip


def line_document(line: Line) -> dict[str, Any]:
    """A line as it is kept, as a document."""
    document: dict[str, Any] = msgspec.to_builtins(line_kept(line))
    return document


def purchase_document(purchase: Purchase) -> dict[str, Any]:
    """A whole purchase as it is kept for a receipt of nobody."""
    return {
        "source": purchase.source,
        "business_no": purchase.business_no,
        "occurred_at": purchase.occurred_at.isoformat(),
        "money": purchase.money,
        "amount_minor": purchase.amount_minor,
        "store": purchase.store,
        "till": purchase.till,
        "cashier": purchase.cashier,
        "channel": purchase.channel,
        "payments": [{"method": p.method, "amount_minor": p.amount_minor} for p in purchase.payments],
        "tags": list(purchase.tags),
        "lines": [line_document(line) for line in purchase.lines],
    }


def purchase_of(document: Mapping[str, Any]) -> Purchase:
    """A purchase from its document."""
    return Purchase(
        **{
            **document,
            "occurred_at": datetime.fromisoformat(document["occurred_at"]),
            "payments": tuple(Payment(**payment) for payment in document["payments"]),
            "tags": tuple(document["tags"]),
            "lines": tuple(line_of(line) for line in document["lines"]),
        }
    )


def told_by(row: Mapping[str, Any]) -> Purchase:
    """What the till told, from the row."""
    return Purchase(
        source=row["source"],
        business_no=row["business_no"],
        occurred_at=row["occurred_at"],
        money=row["money"],
        amount_minor=row["amount_minor"],
        lines=tuple(line_of(document) for document in row["lines"]),
        store=row["store"],
        till=row["till"],
        cashier=row["cashier"],
        channel=row["channel"],
        payments=tuple(Payment(**payment) for payment in row["payments"] or ()),
        tags=tuple(row["tags"] or ()),
    )


class Undone(NamedTuple):
    """What of a purchase has come back since it was recorded."""

    amount_minor: int
    is_void: bool  # it was voided: nothing of it stands
    recorded_at: datetime  # of the last that came back


class RecordedPurchase(msgspec.Struct, frozen=True, kw_only=True):
    """The answer to a purchase: the same from the decision and, later, from the journal."""

    purchase_id: UUID | None  # None: a receipt of nobody
    member_id: UUID | None
    source: str
    business_no: str
    sequence: int | None
    revision: int | None
    occurred_at: datetime
    recorded_at: datetime
    amount_minor: int
    tier_before: int | None
    tier_after: int | None
    balances_after: tuple[int, ...]
    reasons: tuple[HitResult, ...]  # what became of every rule that held and wanted to give something
    expired: tuple[tuple[int, int], ...] = ()  # (currency, units) that time took away in the same entry
    undone: Undone | None = None  # what has come back of it since
    is_replay: bool = False


_PURCHASE_ROWS = Rows(
    "purchase",
    [
        ("member_id", "uuid"), ("sequence", "bigint"), ("purchase_id", "uuid"), ("source", "text"), ("business_no", "text"),
        ("store", "text"), ("till", "text"), ("cashier", "text"), ("channel", "text"), ("occurred_at", "timestamptz"),
        ("recorded_at", "timestamptz"), ("occurred_on", "day"), ("weekday", "smallint"), ("hour", "smallint"),
        ("store_date", "integer"), ("money", "text"), ("amount_minor", "bigint"), ("payments", "jsonb"), ("tags", "text[]"),
        ("lines", "jsonb"), ("masks", "numbers"), ("hits", "numbers"), ("legs", "numbers"), ("moves", "numbers"),
        ("revision", "integer"), ("judged_tiers", "numbers"), ("tiers_after", "numbers"),
        ("balances_after", "numbers"), ("actor", "text"),
    ],
)  # fmt: skip


async def add_purchases(
    target: Target,
    timeline: Timeline,
    decided: Sequence[tuple[UUID, Decision, Purchase, Circumstance]],
) -> None:
    """Write purchases by their ids (their postings apart)."""
    rows: list[tuple[object, ...]] = []
    for purchase_id, decision, purchase, at in decided:
        program = timeline.programs[decision.row]
        moment = moment_of(program, purchase)
        words = timeline.mask_words[decision.row]
        masks = decision.masks
        if words > 1:
            masks = tuple(word for mask in masks for word in mask_words(mask, words))
        rows.append(
            (
                decision.after.member_id, decision.sequence, purchase_id, purchase.source, purchase.business_no,
                purchase.store, purchase.till, purchase.cashier, purchase.channel, at.occurred_at, at.recorded_at,
                day_number(local_date(at.occurred_at, program.time_zone)), moment.weekday, moment.hour, moment.date,
                purchase.money, purchase.amount_minor,
                json_text([{"method": p.method, "amount_minor": p.amount_minor} for p in purchase.payments]),
                purchase.tags or None, json_text([line_kept(line) for line in purchase.lines]), masks,
                [number for result in decision.results for number in result],
                legs_kept(decision.legs) if decision.legs else None, decision.moves,
                program.revision, decision.after.judged_tiers, decision.after.tiers, decision.after.balances, at.actor,
            )
        )  # fmt: skip
    await _PURCHASE_ROWS.insert(target, rows)


def answer_of(
    timeline: Timeline, decision: Decision, purchase: Purchase, at: Circumstance, *, purchase_id: UUID
) -> RecordedPurchase:
    """The answer to a purchase that was just decided."""
    return RecordedPurchase(
        purchase_id=purchase_id,
        member_id=decision.after.member_id,
        source=purchase.source,
        business_no=purchase.business_no,
        sequence=decision.sequence,
        revision=timeline.programs[decision.row].revision,
        occurred_at=at.occurred_at,
        recorded_at=at.recorded_at,
        amount_minor=purchase.amount_minor,
        tier_before=decision.judged_tier,
        tier_after=decision.after.tier,
        balances_after=tuple(decision.after.balances),
        reasons=tuple([result for result in decision.results if result.desired]),
        expired=tuple([(p.currency, p.units) for p in decision.postings if p.verb is Verb.EXPIRE]),
    )


_PURCHASE = """member_id, sequence, purchase_id, source, business_no, store, till, cashier, channel, occurred_at,
    recorded_at, money, amount_minor, payments, tags, lines, masks::bigint[], hits::bigint[], moves::bigint[], revision,
    judged_tiers::bigint[], tiers_after::bigint[], balances_after::bigint[], actor"""


async def stored_purchase(connection: Connection, member_id: UUID, sequence: int) -> dict[str, Any] | None:
    """A purchase row, or None."""
    row = await connection.fetchrow(
        f"SELECT {_PURCHASE} FROM purchase WHERE member_id = $1 AND sequence = $2",
        member_id,
        sequence,
    )
    return dict(row) if row else None


async def find_purchase(connection: Connection, purchase_id: UUID) -> dict[str, Any] | None:
    """A purchase row by its id, or None."""
    row = await connection.fetchrow(f"SELECT {_PURCHASE} FROM purchase WHERE purchase_id = $1", purchase_id)
    return dict(row) if row else None


async def purchases_of(
    connection: Connection, which: Collection[tuple[UUID, int]]
) -> dict[tuple[UUID, int], dict[str, Any]]:
    """Purchases by whose they are and their sequence."""
    rows = await connection.fetch(
        f"""SELECT {_PURCHASE} FROM purchase
            WHERE (member_id, sequence) IN (SELECT * FROM unnest($1::uuid[], $2::bigint[]))""",
        [member_id for member_id, _ in which],
        [sequence for _, sequence in which],
    )
    return {(row["member_id"], row["sequence"]): dict(row) for row in rows}


async def purchases_of_member(connection: Connection, member_id: UUID) -> list[dict[str, Any]]:
    """Everything that a member bought, and those who were merged into him, newest first."""
    rows = await connection.fetch(
        f"""{WHOSE} SELECT {_PURCHASE} FROM purchase JOIN whose USING (member_id)
            ORDER BY purchase.occurred_at DESC, purchase.sequence DESC""",
        member_id,
    )
    return [dict(row) for row in rows]


async def recorded_purchase(connection: Connection, member_id: UUID, sequence: int) -> RecordedPurchase:
    """The answer that was given to a purchase, from the journal."""
    row = await stored_purchase(connection, member_id, sequence)
    assert row is not None, "a key names a purchase that is there"
    postings = await postings_of(connection, member_id, [sequence])
    return replayed(row, postings, await returns_of(connection, member_id, sequence))


def undone_by(returns: Sequence[Mapping[str, Any]]) -> Undone | None:
    """What returns, oldest first, have undone; None: there are none."""
    if not returns:
        return None
    amount = sum(back["amount_minor"] for back in returns)
    return Undone(amount, any(back["is_void"] for back in returns), returns[-1]["recorded_at"])


def replayed(
    row: Mapping[str, Any], postings: Sequence[PostedRow], returns: Sequence[Mapping[str, Any]]
) -> RecordedPurchase:
    """The answer to a purchase from its row and postings, and what returns have undone of it."""
    return RecordedPurchase(
        purchase_id=row["purchase_id"],
        member_id=row["member_id"],
        source=row["source"],
        business_no=row["business_no"],
        sequence=row["sequence"],
        revision=row["revision"],
        occurred_at=row["occurred_at"],
        recorded_at=row["recorded_at"],
        amount_minor=row["amount_minor"],
        tier_before=row["judged_tiers"][0],
        tier_after=row["tiers_after"][0],
        balances_after=tuple(row["balances_after"]),
        reasons=tuple([result for result in results_of(row["hits"]) if result.desired]),
        expired=tuple((p.currency, p.units) for p in postings if p.verb == "expire"),
        undone=undone_by(returns),
        is_replay=True,
    )


async def earned_by(
    connection: Connection,
    timeline: Timeline,
    row: Mapping[str, Any],
    *,
    lots: Mapping[int, int] | None = None,
) -> Earned:
    """What a purchase earned and what of it has come back, for a return; of a merged member's with the lots that it opened, by
    terms (`carries.lots_of_purchase`)."""
    member_id, sequence = row["member_id"], row["sequence"]
    hits = results_of(row["hits"])
    returned: dict[int, int] = {}
    forgiven = [0] * len(hits)
    for back in await returns_of(connection, member_id, sequence):
        for number, quantity in back["lines"]:
            returned[number] = returned.get(number, 0) + quantity
        for at, result in enumerate(results_of(back["hits"])):
            forgiven[at] += result.why
    lines = tuple(line_of(document) for document in row["lines"])
    words = len(row["masks"]) // len(lines)
    terms = (
        [timeline.rule_at(timeline.row_of(row["revision"]), hit.rule).terms for hit in hits] if lots else []
    )
    return Earned(
        sequence=sequence,
        revision=row["revision"],
        occurred_at=row["occurred_at"],
        lines=lines,
        masks=tuple(mask_of(row["masks"][i * words : (i + 1) * words]) for i in range(len(lines))),
        hits=tuple(Hit(*hit[:3]) for hit in hits),
        granted=[hit.granted for hit in hits],
        returned=returned,
        forgiven=forgiven,
        lots=[lots.get(one, 0) for one in terms] if lots else (),
    )


def results_of(flat: Sequence[int]) -> list[HitResult]:
    """What became of the hits of an entry, from the numbers that are kept."""
    width = len(HitResult._fields)
    return [HitResult(*flat[at : at + width]) for at in range(0, len(flat), width)]


async def returns_of(connection: Connection, member_id: UUID, purchase_sequence: int) -> list[dict[str, Any]]:
    """The returns of a purchase, oldest first."""
    rows = await connection.fetch(
        """SELECT sequence, return_id, is_void, lines, amount_minor, occurred_at, recorded_at, hits::bigint[],
                  forgiven::bigint[], note.text AS note, actor
           FROM purchase_return LEFT JOIN note USING (member_id, sequence)
           WHERE purchase_member_id = $1 AND purchase_sequence = $2
           ORDER BY is_whole, recorded_at, sequence""",
        member_id,
        purchase_sequence,
    )
    return [dict(row) for row in rows]


async def last_bought_before(
    connection: Connection, member_id: UUID, purchase: tuple[UUID, int], *, last_on: date
) -> date | None:
    """The day of a member's last purchase but one (whose it is, and its sequence), and but those that were voided and paid for.
    With it the last was on a day that is known: most often another of that day is found at once."""
    others = """WHERE u.member_id = whose.member_id AND (u.member_id, u.sequence) <> ($2, $3)
             AND NOT coalesce((SELECT bool_or(b.is_void) AND NOT bool_or(0 < ANY (b.forgiven::bigint[])) FROM purchase_return b
                               WHERE b.purchase_member_id = u.member_id AND b.purchase_sequence = u.sequence), false)"""
    # Member by member, each from his last purchase back: a join would sort all that he ever bought.
    if await connection.fetchval(
        f"""{WHOSE} SELECT true FROM whose, LATERAL (
                SELECT FROM purchase u {others} AND u.occurred_on = $4 ORDER BY u.sequence DESC LIMIT 1) one LIMIT 1""",
        member_id,
        *purchase,
        last_on,
    ):
        return last_on
    day: date | None = await connection.fetchval(
        f"{WHOSE} SELECT max(one.day) FROM whose, LATERAL (SELECT max(u.occurred_on) AS day FROM purchase u {others}) one",
        member_id,
        *purchase,
    )
    return day


async def bought_in(
    connection: Connection, timeline: Timeline, member_id: UUID, *, first_day: int, before_day: int
) -> list[Bought]:
    """What a member and those who were merged into him bought, and what else earned, from one day (its number) until before
    another, with what came back of it."""
    rows = await connection.fetch(
        f"""{WHOSE}
           SELECT u.member_id, u.sequence, 'purchase', u.revision, u.occurred_on, u.amount_minor, u.hits::bigint[],
                  b.amount_minor, b.is_whole, b.hits::bigint[]
           FROM purchase u JOIN whose USING (member_id)
           LEFT JOIN purchase_return b ON b.purchase_member_id = u.member_id AND b.purchase_sequence = u.sequence
           WHERE u.occurred_on - DATE '1970-01-01' >= $2 AND u.occurred_on - DATE '1970-01-01' < $3
           UNION ALL
           SELECT e.member_id, e.sequence, e.kind, e.revision, o.occurred_on, 0, e.hits::bigint[], NULL, NULL, NULL
           FROM entry e JOIN whose USING (member_id),
                LATERAL (SELECT (e.occurred_at AT TIME ZONE $4)::date AS occurred_on) o
           WHERE e.hits IS NOT NULL AND o.occurred_on - DATE '1970-01-01' >= $2
             AND o.occurred_on - DATE '1970-01-01' < $3
           ORDER BY 1, 2, 9""",  # what comes back of a purchase at last stands last
        member_id,
        first_day,
        before_day,
        timeline.time_zone,
    )
    bought: dict[tuple[UUID, int], Bought] = {}
    for whose, sequence, kind, revision, on, amount, hits, back_amount, is_whole, back_hits in rows:
        if (whose, sequence) not in bought:
            bought[whose, sequence] = Bought(
                KIND_OF[kind], timeline.row_of(revision), day_number(on), amount, results_of(hits), backs=[]
            )
        if back_hits is not None:
            bought[whose, sequence].backs.append(Back(back_amount, is_whole, results_of(back_hits)))
    return list(bought.values())


async def forgiven_since(
    connection: Connection, member_id: UUID, lots: Sequence[int], since: datetime
) -> str | None:
    """The receipt (source/number) of a purchase that opened one of a member's lots, and of which a return since has forgiven
    units; None: there is none. The lots of who was merged into him are his."""
    return await connection.fetchval(  # type: ignore[no-any-return]
        """SELECT u.source || '/' || u.business_no
           FROM unnest($2::integer[]) AS n (number)
           LEFT JOIN carried_lot c ON c.member_id = $1 AND c.number = n.number
           JOIN lot l ON l.member_id = coalesce(c.first_member_id, $1) AND l.number = coalesce(c.first_number, n.number)
           JOIN purchase_return b ON b.purchase_member_id = l.member_id AND b.purchase_sequence = l.origin
           JOIN purchase u ON u.member_id = l.member_id AND u.sequence = l.origin
           WHERE b.recorded_at >= $3 AND 0 < ANY (b.forgiven::bigint[]) LIMIT 1""",
        member_id,
        list(lots),
        since,
    )


async def returns_by_sequence(
    connection: Connection, member_id: UUID, sequences: Sequence[int]
) -> dict[int, dict[str, Any]]:
    """Returns of a member by sequence, with the key of the purchase they belong to."""
    rows = await connection.fetch(
        """SELECT b.sequence, b.return_id, b.is_void, b.lines, b.amount_minor, b.occurred_at, b.recorded_at, note.text AS note,
                  b.hits::bigint[], b.forgiven::bigint[], b.purchase_member_id, b.purchase_sequence, u.source,
                  u.business_no, u.purchase_id
           FROM purchase_return b LEFT JOIN note USING (member_id, sequence)
           JOIN purchase u ON u.member_id = b.purchase_member_id AND u.sequence = b.purchase_sequence
           WHERE b.member_id = $1 AND b.sequence = ANY($2::bigint[])""",
        member_id,
        list(sequences),
    )
    return {row["sequence"]: dict(row) for row in rows}


class ReturnRow(NamedTuple):
    """What of a purchase (whose it is, and its sequence) came back."""

    decision: Decision
    at: Circumstance
    return_id: UUID
    purchase: tuple[UUID, int]
    is_void: bool
    is_whole: bool
    lines: Sequence[tuple[int, int]]
    amount_minor: int
    till: str | None = None
    cashier: str | None = None


_RETURN_ROWS = Rows(
    "purchase_return",
    [
        ("member_id", "uuid"), ("sequence", "bigint"), ("return_id", "uuid"), ("purchase_member_id", "uuid"),
        ("purchase_sequence", "bigint"), ("is_void", "boolean"), ("is_whole", "boolean"), ("lines", "jsonb"),
        ("amount_minor", "bigint"), ("hits", "numbers"), ("moves", "numbers"), ("forgiven", "numbers"), ("store", "text"),
        ("till", "text"), ("cashier", "text"), ("channel", "text"), ("actor", "text"),
        ("occurred_at", "timestamptz"), ("recorded_at", "timestamptz"), ("tiers_after", "numbers"),
        ("balances_after", "numbers"),
    ],
)  # fmt: skip


async def add_returns(target: Target, rows: Sequence[ReturnRow]) -> None:
    """Write returns (their postings apart)."""
    await _RETURN_ROWS.insert(
        target,
        [
            (
                row.decision.after.member_id, row.decision.sequence, row.return_id, *row.purchase, row.is_void, row.is_whole,
                json_text([list(pair) for pair in row.lines]), row.amount_minor,
                [number for result in row.decision.results for number in result], row.decision.moves,
                [row.decision.forgiven.get(currency, 0) for currency in range(len(row.decision.after.balances))],
                row.at.store, row.till, row.cashier, row.at.channel, row.at.actor, row.at.occurred_at,
                row.at.recorded_at, row.decision.after.tiers, row.decision.after.balances,
            )
            for row in rows
        ],
    )  # fmt: skip
