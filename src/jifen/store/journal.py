"""The journal: postings and the entries that are neither a sale nor a return. Insert only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from jifen.domain.calendar import start_of_day
from jifen.domain.decide import Decision, Posting, Reason, Verb
from jifen.domain.timeline import Timeline
from jifen.store.ids import new_id
from jifen.store.rows import Rows, Target, array_text

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

ACCOUNTS: dict[Verb, tuple[str, bool]] = {
    Verb.EARN: ("issued", True),
    Verb.CLAW_BACK: ("issued", False),
    Verb.REDEEM: ("redeemed", False),
    Verb.EXPIRE: ("expired", False),
    Verb.ADJUST_UP: ("adjusted", True),
    Verb.ADJUST_DOWN: ("adjusted", False),
    Verb.GIVE: ("in_transit", False),
    Verb.RECEIVE: ("in_transit", True),
}
"""For each verb the programme's account, and whether the member is credited."""
VERB_NAMES = {verb: verb.name.lower() for verb in Verb}


class Circumstance(msgspec.Struct, frozen=True, kw_only=True):
    """Who, where and when of an entry."""

    occurred_at: datetime
    recorded_at: datetime
    actor: str | None = None
    store: str | None = None
    channel: str | None = None
    note: str | None = None


class EntryRow(NamedTuple):
    """What an entry other than a sale or a return keeps beside its postings."""

    kind: str
    currency: int | None = None
    units: int | None = None
    origin: int | None = None
    counterpart_id: UUID | None = None
    gift_id: UUID | None = None
    slices: tuple[tuple[int, int], ...] = ()
    lapses_at: datetime | None = None


_ENTRY_ROWS = Rows(
    "entry",
    [
        ("member_id", "uuid"), ("sequence", "bigint"), ("entry_id", "uuid"), ("kind", "text"), ("currency", "smallint"),
        ("units", "bigint"), ("origin", "bigint"), ("counterpart_id", "uuid"), ("gift_id", "uuid"), ("slices", "bigint[]"),
        ("lapses_at", "timestamptz"), ("revision", "integer"), ("store", "text"), ("channel", "text"), ("actor", "text"),
        ("note", "text"), ("occurred_at", "timestamptz"), ("recorded_at", "timestamptz"), ("tier_after", "smallint"),
        ("balances_after", "bigint[]"),
    ],
)  # fmt: skip


async def add_entries(
    target: Target, timeline: Timeline, decided: Sequence[tuple[Decision, EntryRow, Circumstance]]
) -> list[UUID]:
    """Write entries with their postings; return their ids."""
    ids = [new_id() for _ in decided]
    await _ENTRY_ROWS.insert(
        target,
        [
            (
                decision.after.member_id, decision.sequence, entry_id, row.kind, row.currency, row.units, row.origin,
                row.counterpart_id, row.gift_id,
                array_text([number for pair in row.slices for number in pair]) if row.slices else None,
                row.lapses_at, timeline.programs[decision.row].revision, at.store, at.channel, at.actor, at.note,
                at.occurred_at, at.recorded_at, decision.after.tier, array_text(decision.after.balances),
            )
            for entry_id, (decision, row, at) in zip(ids, decided, strict=True)
        ],
    )  # fmt: skip
    await add_postings(target, timeline, [(decision, at) for decision, _, at in decided])
    return ids


async def add_entry(
    connection: Connection, timeline: Timeline, decision: Decision, row: EntryRow, at: Circumstance
) -> UUID:
    """Write one entry with its postings; return its id."""
    return (await add_entries(connection, timeline, [(decision, row, at)]))[0]


_POSTING_ROWS = Rows(
    "posting",
    [
        ("member_id", "uuid"), ("sequence", "bigint"), ("part", "smallint"), ("currency", "smallint"), ("verb", "text"),
        ("account", "text"), ("is_credit", "boolean"), ("units", "bigint"), ("balance_after", "bigint"),
        ("reason_rules", "integer[]"), ("reason_desired", "bigint[]"), ("reason_granted", "bigint[]"), ("lot", "integer"),
        ("revision", "integer"), ("funder", "text"), ("store", "text"), ("channel", "text"), ("actor", "text"),
        ("occurred_at", "timestamptz"), ("recorded_at", "timestamptz"),
    ],
)  # fmt: skip


async def add_postings(
    target: Target, timeline: Timeline, decided: Sequence[tuple[Decision, Circumstance]]
) -> None:
    """Write the postings of decisions."""
    await _POSTING_ROWS.insert(
        target,
        [
            _posting_row(timeline, decision, part, posting, at)
            for decision, at in decided
            for part, posting in enumerate(decision.postings)
        ],
    )


def _posting_row(
    timeline: Timeline, decision: Decision, part: int, posting: Posting, at: Circumstance
) -> tuple[object, ...]:
    program = timeline.programs[decision.row]
    account, is_credit = ACCOUNTS[posting.verb]
    return (
        decision.after.member_id,
        decision.sequence,
        part,
        posting.currency,
        VERB_NAMES[posting.verb],
        account,
        is_credit,
        posting.units,
        posting.balance_after,
        *map(array_text, zip(*posting.reasons, strict=True)),
        posting.lot,
        program.revision,
        timeline.funder_of(decision.row, posting.currency),
        at.store,
        at.channel,
        at.actor,
        at.occurred_at if posting.due_on is None else start_of_day(posting.due_on, program.time_zone),
        at.recorded_at,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PostedRow:
    """A posting as it stands in the journal."""

    member_id: UUID
    sequence: int
    part: int
    currency: int
    verb: str
    account: str
    is_credit: bool
    units: int
    balance_after: int
    reasons: tuple[Reason, ...]
    lot: int | None
    revision: int
    funder: str | None
    store: str | None
    channel: str | None
    actor: str | None
    occurred_at: datetime
    recorded_at: datetime


_POSTING = """member_id, sequence, part, currency, verb, account, is_credit, units, balance_after, reason_rules,
    reason_desired, reason_granted, lot, revision, funder, store, channel, actor, occurred_at, recorded_at"""


def _posted(row: Any) -> PostedRow:
    return PostedRow(
        reasons=tuple(
            Reason(*three)
            for three in zip(row["reason_rules"], row["reason_desired"], row["reason_granted"], strict=True)
        ),
        **{name: value for name, value in row.items() if not name.startswith("reason_")},
    )


async def postings_of(connection: Connection, member_id: UUID, sequences: Sequence[int]) -> list[PostedRow]:
    """The postings of some entries of a member, in order."""
    rows = await connection.fetch(
        f"SELECT {_POSTING} FROM posting WHERE member_id = $1 AND sequence = ANY($2::bigint[]) ORDER BY sequence, part",
        member_id,
        list(sequences),
    )
    return [_posted(row) for row in rows]


async def statement_page(
    connection: Connection, member_id: UUID, *, before: int | None, limit: int
) -> list[PostedRow]:
    """Postings of a member, newest first, of `limit` entries that have any, below a sequence."""
    rows = await connection.fetch(
        f"""SELECT {_POSTING} FROM posting
            WHERE member_id = $1 AND sequence IN (
                SELECT DISTINCT sequence FROM posting
                WHERE member_id = $1 AND ($2::bigint IS NULL OR sequence < $2)
                ORDER BY sequence DESC LIMIT $3)
            ORDER BY sequence DESC, part DESC""",
        member_id,
        before,
        limit,
    )
    return [_posted(row) for row in rows]


async def entries_of(
    connection: Connection, member_id: UUID, sequences: Sequence[int]
) -> dict[int, dict[str, Any]]:
    """The entries (other than sales and returns) of a member, by sequence."""
    rows = await connection.fetch(
        """SELECT sequence, entry_id, kind, currency, units, origin, counterpart_id, gift_id, lapses_at, note, actor,
                  occurred_at, recorded_at
           FROM entry WHERE member_id = $1 AND sequence = ANY($2::bigint[])""",
        member_id,
        list(sequences),
    )
    return {row["sequence"]: dict(row) for row in rows}


class Granted(NamedTuple):
    """Units that a rule granted for purchases of one day which one revision judged, less what returns took back."""

    occurred_on: date
    rule: int
    revision: int
    units: int


async def granted_in(
    connection: Connection, member_id: UUID, *, first_on: date, last_on: date
) -> list[Granted]:
    """What was granted for purchases of some days.

    It tells what a cap of a period long past has used: asked only by a late purchase.
    """
    rows = await connection.fetch(
        """SELECT occurred_on, rule, revision, sum(units)::bigint FROM (
               SELECT u.occurred_on, r.rule, u.revision, r.granted AS units
               FROM purchase u JOIN posting p USING (member_id, sequence),
                    unnest(p.reason_rules, p.reason_granted) AS r (rule, granted)
               WHERE u.member_id = $1 AND u.occurred_on BETWEEN $2 AND $3 AND p.verb = 'earn'
               UNION ALL
               SELECT u.occurred_on, r.rule, u.revision, - r.clawed
               FROM purchase u JOIN purchase_return b ON b.member_id = u.member_id AND b.purchase_sequence = u.sequence,
                    unnest(b.hit_rules, b.hit_clawed) AS r (rule, clawed)
               WHERE u.member_id = $1 AND u.occurred_on BETWEEN $2 AND $3
           ) moved GROUP BY occurred_on, rule, revision""",
        member_id,
        first_on,
        last_on,
    )
    return [Granted(*row) for row in rows]
