"""The journal: postings and the entries that are neither a sale nor a return. Insert only."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import msgspec

from jifen.domain.calendar import start_of_day
from jifen.domain.decision import HIT_KEPT_WIDTH, Decision, Posting, Reason
from jifen.domain.effects import EffectKind
from jifen.domain.events import Slice
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import POSTS
from jifen.store.carries import WHOSE
from jifen.store.columns import each
from jifen.store.hits import TIMES_OF_HIT, UNITS_OF_HIT
from jifen.store.rows import Rows, Target

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


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
    origin: int | None = None  # sequence of the reservation, or of the entry reversed
    value: int | None = None  # of a state: the number of the status; of what is spent: of the reward
    counterpart_id: UUID | None = None
    gift_id: UUID | None = None
    slices: tuple[Slice, ...] = ()
    lapses_at: datetime | None = None
    carried: tuple[int, ...] = ()
    pieces: int | None = None  # of the reward (`value`) that units are spent or held for


_ENTRY_ROWS = Rows(
    "entry",
    [
        ("member_id", "uuid"), ("sequence", "bigint"), ("entry_id", "uuid"), ("kind", "text"), ("currency", "smallint"),
        ("units", "bigint"), ("origin", "bigint"), ("value", "smallint"), ("counterpart_id", "uuid"), ("gift_id", "uuid"),
        ("slices", "numbers"), ("lapses_at", "timestamptz"), ("hits", "numbers"), ("carried", "numbers"),
        ("pieces", "integer"), ("moves", "numbers"),
        ("revision", "integer"), ("store", "text"), ("channel", "text"), ("actor", "text"), ("occurred_at", "timestamptz"),
        ("recorded_at", "timestamptz"), ("tiers_after", "numbers"), ("balances_after", "numbers"),
    ],
)  # fmt: skip


async def add_entries(
    target: Target, timeline: Timeline, decided: Sequence[tuple[UUID, Decision, EntryRow, Circumstance]]
) -> None:
    """Write entries by their ids (their postings apart)."""
    await _ENTRY_ROWS.insert(
        target,
        [
            (
                decision.after.member_id, decision.sequence, entry_id, row.kind, row.currency, row.units, row.origin, row.value,
                row.counterpart_id, row.gift_id,
                [number for one in row.slices for number in one] or None, row.lapses_at,
                [number for one in decision.results for number in one] or None, row.carried or None, row.pieces,
                decision.moves,
                timeline.programs[decision.row].revision, at.store, at.channel, at.actor, at.occurred_at,
                at.recorded_at, decision.after.tiers, decision.after.balances,
            )
            for entry_id, decision, row, at in decided
        ],
    )  # fmt: skip


_POSTING_ROWS = Rows(
    "posting",
    [
        ("member_id", "uuid"), ("sequence", "bigint"), ("part", "smallint"), ("currency", "smallint"), ("verb", "text"),
        ("account", "text"), ("is_credit", "boolean"), ("units", "bigint"), ("balance_after", "bigint"), ("terms", "smallint"),
        ("reasons", "numbers"), ("lot", "integer"), ("revision", "integer"), ("funder", "text"), ("store", "text"),
        ("channel", "text"), ("actor", "text"), ("occurred_at", "timestamptz"), ("recorded_at", "timestamptz"),
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
    posts = POSTS[posting.verb]
    return (
        decision.after.member_id,
        decision.sequence,
        part,
        posting.currency,
        posts.name,
        posts.account,
        posts.is_credit,
        posting.units,
        posting.balance_after,
        posting.terms,
        [number for reason in posting.reasons for number in reason],
        posting.lot,
        program.revision,
        timeline.terms_of(decision.row, posting.terms).funded_by,
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
    terms: int
    reasons: tuple[Reason, ...]
    lot: int | None
    revision: int
    funder: str | None
    store: str | None
    channel: str | None
    actor: str | None
    occurred_at: datetime
    recorded_at: datetime


_POSTING = """member_id, sequence, part, currency, verb, account, is_credit, units, balance_after, terms, reasons::bigint[], lot,
    revision, funder, store, channel, actor, occurred_at, recorded_at"""


def _posted(row: Any) -> PostedRow:
    flat = row["reasons"]
    reasons = tuple(Reason(*flat[at : at + 3]) for at in range(0, len(flat), 3))
    return PostedRow(**{**row, "reasons": reasons})


_NOTE_ROWS = Rows("note", [("member_id", "uuid"), ("sequence", "bigint"), ("text", "text")])


async def add_notes(target: Target, decided: Sequence[tuple[Decision, Circumstance]]) -> None:
    """Keep what was written beside entries: outside the journal, which holds no free text."""
    await _NOTE_ROWS.insert(
        target, [(d.after.member_id, d.sequence, at.note) for d, at in decided if at.note]
    )


async def remove_notes(connection: Connection, member_id: UUID) -> int:
    """Delete what was written beside a member's entries; how many that was."""
    gone = await connection.fetch("DELETE FROM note WHERE member_id = $1 RETURNING 1", member_id)
    return len(gone)


class EffectRow(NamedTuple):
    """One thing that an entry causes (`store/effects.py` reads it)."""

    member_id: UUID
    sequence: int
    part: int
    kind: EffectKind
    about: UUID
    to_member: UUID | None
    recorded_at: datetime


_EFFECT_ROWS = Rows(
    "effect",
    [
        ("member_id", "uuid"), ("sequence", "bigint"), ("part", "smallint"), ("kind", "text"), ("about", "uuid"),
        ("to_member", "uuid"), ("recorded_at", "timestamptz"),
    ],
)  # fmt: skip


async def add_effects(target: Target, caused: Sequence[EffectRow]) -> None:
    """Write what entries cause, with them."""
    await _EFFECT_ROWS.insert(target, caused)


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
        """SELECT sequence, entry_id, kind, currency, units, origin, value, pieces, counterpart_id, gift_id, lapses_at,
                  moves::bigint[],
                  hits::bigint[], revision, note.text AS note, actor, occurred_at, recorded_at
           FROM entry LEFT JOIN note USING (member_id, sequence) WHERE member_id = $1 AND sequence = ANY($2::bigint[])""",
        member_id,
        list(sequences),
    )
    return {row["sequence"]: dict(row) for row in rows}


class Moved(NamedTuple):
    """Units of a lot that an entry moved, and what kind of entry it was."""

    sequence: int
    kind: str
    occurred_at: datetime
    lot: int
    way: int
    units: int


async def moves_of_lot(
    connection: Connection, member_id: UUID, number: int, *, after: int, limit: int
) -> list[Moved]:
    """What entries behind a sequence moved of one lot, oldest first: `limit`, and what the last entry moved besides."""
    rows = await connection.fetch(
        f"""SELECT * FROM (
                SELECT e.sequence, e.kind, e.occurred_at, e_moves.numbers[i], e_moves.numbers[i + 1], e_moves.numbers[i + 2], i
                FROM ({_EVERY_ENTRY}) e, {each("e", "moves")}, generate_series(2, cardinality(e_moves.numbers), 4) AS i
                WHERE e_moves.numbers[i] = $3 ORDER BY e.sequence FETCH FIRST ($4::bigint) ROWS WITH TIES) page
            ORDER BY sequence, i""",
        member_id,
        after,
        number,
        limit,
    )
    return [Moved(*row[:6]) for row in rows]


async def moves_of_entries(
    connection: Connection, member_id: UUID, sequences: Sequence[int]
) -> dict[int, list[Moved]]:
    """What some entries of a member moved, by sequence."""
    rows = await connection.fetch(
        f"""SELECT e.sequence, e.kind, e.occurred_at, e_moves.numbers[i], e_moves.numbers[i + 1], e_moves.numbers[i + 2]
            FROM ({_EVERY_ENTRY}) e, {each("e", "moves")}, generate_series(2, cardinality(e_moves.numbers), 4) AS i
            WHERE e.sequence = ANY($3::bigint[]) ORDER BY e.sequence, i""",
        member_id,
        min(sequences, default=1) - 1,
        list(sequences),
    )
    found: dict[int, list[Moved]] = {}
    for row in rows:
        found.setdefault(row[0], []).append(Moved(*row))
    return found


_EVERY_ENTRY = """SELECT sequence, 'purchase' AS kind, occurred_at, moves FROM purchase WHERE member_id = $1 AND sequence > $2
    UNION ALL
    SELECT sequence, CASE WHEN is_void THEN 'void' ELSE 'return' END, occurred_at, moves
    FROM purchase_return WHERE member_id = $1 AND sequence > $2
    UNION ALL
    SELECT sequence, kind, occurred_at, moves FROM entry WHERE member_id = $1 AND sequence > $2"""


_ENTRY = "member_id, sequence, kind, currency, units, origin, value, counterpart_id, gift_id, recorded_at, moves::bigint[]"


async def entry_numbered(connection: Connection, member_id: UUID, sequence: int) -> dict[str, Any] | None:
    """An entry of a member other than a sale or a return, with its movements; None: there is none."""
    row = await connection.fetchrow(
        f"SELECT {_ENTRY} FROM entry WHERE member_id = $1 AND sequence = $2", member_id, sequence
    )
    return dict(row) if row else None


async def entry_of_gift(
    connection: Connection, member_id: UUID, gift_id: UUID, *, kind: str
) -> dict[str, Any] | None:
    """A member's half of a gift; None: there is none."""
    row = await connection.fetchrow(
        f"SELECT {_ENTRY} FROM entry WHERE member_id = $1 AND gift_id = $2 AND kind = $3",
        member_id,
        gift_id,
        kind,
    )
    return dict(row) if row else None


async def is_reversed(connection: Connection, member_id: UUID, sequence: int) -> bool:
    """Whether an entry of a locked member was reversed before."""
    found: bool = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM entry WHERE member_id = $1 AND origin = $2 AND kind = 'reverse')",
        member_id,
        sequence,
    )
    return found


class Granted(NamedTuple):
    """Units that a rule granted for purchases of one day which one revision judged, less what returns took back: perhaps all."""

    occurred_on: date
    revision: int
    rule: int  # position in the revision
    units: int
    times: int = 0  # occasions on which it granted of which not all came back


async def granted_in(
    connection: Connection, member_id: UUID, *, first_on: date, last_on: date, zone: str
) -> list[Granted]:
    """What was granted for purchases and other occasions of some days in a zone, of the member and those merged into him.

    It tells what a limit of a period long past has used: asked only by a late purchase.
    """
    rows = await connection.fetch(
        f"""{WHOSE} SELECT occurred_on, revision, rule, sum(units)::bigint, sum(times)::bigint FROM (
               SELECT occurred_on, revision, rule, sum(granted) AS granted, {UNITS_OF_HIT} AS units,
                      {TIMES_OF_HIT} AS times FROM (
               SELECT u.member_id, u.sequence, u.occurred_on, u.revision, u_hits.numbers[i] AS rule,
                      u_hits.numbers[i + 4] AS granted, 0 AS back, 0 AS forgiven
               FROM purchase u JOIN whose USING (member_id), {each("u", "hits")},
                    generate_series(1, cardinality(u_hits.numbers), {HIT_KEPT_WIDTH}) AS i
               WHERE u.occurred_on BETWEEN $2 AND $3
               UNION ALL
               SELECT u.member_id, u.sequence, u.occurred_on, u.revision, b_hits.numbers[i], 0, b_hits.numbers[i + 3],
                      b_hits.numbers[i + 5]
               FROM purchase u JOIN whose USING (member_id)
               JOIN purchase_return b ON b.purchase_member_id = u.member_id AND b.purchase_sequence = u.sequence,
                    {each("b", "hits")}, generate_series(1, cardinality(b_hits.numbers), {HIT_KEPT_WIDTH}) AS i
               WHERE u.occurred_on BETWEEN $2 AND $3
               UNION ALL
               SELECT e.member_id, e.sequence, (e.occurred_at AT TIME ZONE $4)::date, e.revision, e_hits.numbers[i],
                      e_hits.numbers[i + 4], 0, 0
               FROM entry e JOIN whose USING (member_id), {each("e", "hits")},
                    generate_series(1, cardinality(e_hits.numbers), {HIT_KEPT_WIDTH}) AS i
               WHERE (e.occurred_at AT TIME ZONE $4)::date BETWEEN $2 AND $3
           ) each_row GROUP BY member_id, sequence, occurred_on, revision, rule
           ) moved GROUP BY occurred_on, revision, rule HAVING 0 < max(granted)""",
        member_id,
        first_on,
        last_on,
        zone,
    )
    return [Granted(*row) for row in rows]


class ToldOf(NamedTuple):
    """So many moments of a number that fell due on a day, by which revision."""

    moment: int
    on: date
    revision: int
    times: int


async def moments_of(connection: Connection, member_id: UUID, *, zone: str) -> list[ToldOf]:
    """Every moment of a member and those merged into him."""
    rows = await connection.fetch(
        f"""{WHOSE} SELECT e.value, (e.occurred_at AT TIME ZONE $2)::date, e.revision, count(*)
            FROM entry e JOIN whose USING (member_id) WHERE e.kind = 'moment' GROUP BY 1, 2, 3""",
        member_id,
        zone,
    )
    return [ToldOf(*row) for row in rows]


async def entries_about(connection: Connection, member_id: UUID, sequence: int) -> list[dict[str, Any]]:
    """An entry that held or spent units, and those that ended or undid it, in order."""
    rows = await connection.fetch(
        """WITH RECURSIVE about (sequence) AS (
               SELECT $2::bigint
               UNION SELECT e.sequence FROM entry e JOIN about ON e.origin = about.sequence
               WHERE e.member_id = $1 AND e.kind IN ('commit', 'release', 'reverse'))
           SELECT e.sequence, e.kind, e.recorded_at, e.actor, e.store FROM entry e JOIN about USING (sequence)
           WHERE e.member_id = $1 ORDER BY e.sequence""",
        member_id,
        sequence,
    )
    return [dict(row) for row in rows]
