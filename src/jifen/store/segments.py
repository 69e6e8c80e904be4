"""Segments as they are kept: which there are, who is in each, and how many there were day by day.

Whoever changes who is in a segment locks its row first, so that its count is that of its members.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, Final, NamedTuple
from uuid import UUID

from jifen.domain.member import Member
from jifen.domain.program.known import Known
from jifen.domain.segments import SIZES_KEPT_DAYS, SegmentUnknown
from jifen.domain.timeline import Timeline
from jifen.store.members import MEMBER_COLUMNS, dressed, grown

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Segment(NamedTuple):
    """One segment. `condition` None: it is a list that is given; `refreshed_at` None: it was never counted."""

    number: int
    code: str
    names: Mapping[str, str]
    condition: Mapping[str, Any] | None
    made_at: datetime
    made_by: str
    archived_at: datetime | None
    refreshed_at: datetime | None
    members: int
    left_out: int


class Size(NamedTuple):
    """How many were in a segment when it was counted last on a day."""

    on: date
    members: int
    left_out: int


_COLUMNS: Final = ", ".join(Segment._fields)
_LIVES: Final = "status IN ('active', 'frozen')"


async def known_of(connection: Connection, member_ids: Iterable[UUID]) -> dict[UUID, Known]:
    """What is known of members from outside the fold; whoever is in no segment is not in the answer."""
    rows = await connection.fetch(
        """SELECT x.member_id, array_agg(s.code ORDER BY s.code) FROM segment_member x JOIN segment s ON s.number = x.number
           WHERE x.member_id = ANY ($1::uuid[]) AND s.archived_at IS NULL GROUP BY x.member_id""",
        list(member_ids),
    )
    return {member_id: Known(tuple(codes)) for member_id, codes in rows}


async def all_segments(connection: Connection, *, archived: bool = False) -> list[Segment]:
    """Every segment, in the order in which they were made; those that are archived too where they are asked for."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM segment WHERE $1 OR archived_at IS NULL ORDER BY number", archived
    )
    return [Segment(*row) for row in rows]


async def find_segment(connection: Connection, code: str, *, locks: bool = False) -> Segment:
    """The segment of a code, locked where its members are to change.

    Refuses
        SegmentUnknown   there is none, or it is archived
    """
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM segment WHERE code = $1 AND archived_at IS NULL"
        + (" FOR UPDATE" if locks else ""),
        code,
    )
    if row is None:
        raise SegmentUnknown(f"there is no segment {code!r}", pointer="/path/code", value=code)
    return Segment(*row)


async def codes_among(connection: Connection, codes: Collection[str]) -> set[str]:
    """Of some codes those that name a segment, which is not archived while this transaction lasts."""
    rows = await connection.fetch(
        "SELECT code FROM segment WHERE code = ANY ($1::text[]) AND archived_at IS NULL FOR SHARE",
        sorted(codes),
    )
    return {row[0] for row in rows}


async def add_segment(
    connection: Connection, code: str, names: Mapping[str, str], condition: Mapping[str, Any] | None,
    *, at: datetime, by: str,
) -> int | None:  # fmt: skip
    """Make a segment of nobody, which is counted by a job where it has a condition; its number. None: the code is taken."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('segment'))")
    number: int | None = await connection.fetchval(
        """INSERT INTO segment (number, code, names, condition, made_at, made_by, members, left_out)
           SELECT coalesce((SELECT max(number) FROM segment), 0) + 1, $1, $2, $3, $4, $5, 0, 0
           ON CONFLICT ON CONSTRAINT a_code_names_one_segment DO NOTHING RETURNING number""",
        code,
        dict(names),
        None if condition is None else dict(condition),
        at,
        by,
    )
    return number


async def archive_segment(connection: Connection, number: int, *, at: datetime) -> None:
    """Nobody is in it from now on; its history of sizes stays."""
    await connection.execute("DELETE FROM segment_member WHERE number = $1", number)
    await connection.execute(
        "UPDATE segment SET archived_at = $2, members = 0, left_out = 0 WHERE number = $1", number, at
    )


async def put_in(connection: Connection, number: int, member_ids: Collection[UUID]) -> int:
    """Put members into a segment; how many were not there."""
    done = await connection.execute(
        "INSERT INTO segment_member (member_id, number) SELECT m, $1 FROM unnest($2::uuid[]) m ORDER BY m ON CONFLICT DO NOTHING",
        number,
        list(member_ids),
    )
    return int(done.rpartition(" ")[2])


async def take_out(connection: Connection, number: int, member_ids: Collection[UUID]) -> int:
    """Take members out of a segment; how many were there."""
    done = await connection.execute(
        "DELETE FROM segment_member WHERE number = $1 AND member_id = ANY ($2::uuid[])",
        number,
        list(member_ids),
    )
    return int(done.rpartition(" ")[2])


async def keep_between(
    connection: Connection, number: int, member_ids: Collection[UUID], *, after: UUID, last: UUID | None
) -> None:
    """Let these, and of all members behind one, up to another (None: to the end), nobody else, be in a segment; one after the
    other, where two ask at once."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('segment'), $1)", number)
    await connection.execute(
        """DELETE FROM segment_member WHERE number = $1 AND member_id > $3 AND ($4::uuid IS NULL OR member_id <= $4)
             AND NOT member_id = ANY ($2::uuid[])""",
        number,
        list(member_ids),
        after,
        last,
    )
    await put_in(connection, number, member_ids)


async def counted(connection: Connection, number: int, *, left_out: int, at: datetime, on: date) -> int:
    """Count a segment, whose row is locked, and keep the count with its day; how many are in it."""
    members: int = await connection.fetchval("SELECT count(*) FROM segment_member WHERE number = $1", number)
    await _count(connection, number, members, left_out=left_out, at=at, on=on)
    return members


async def _count(
    connection: Connection, number: int, members: int, *, left_out: int, at: datetime, on: date
) -> None:
    await connection.execute(
        "UPDATE segment SET members = $2, left_out = $3, refreshed_at = $4 WHERE number = $1",
        number,
        members,
        left_out,
        at,
    )
    await connection.execute(
        """INSERT INTO segment_size (number, on_day, members, left_out) VALUES ($1, $2, $3, $4)
           ON CONFLICT (number, on_day) DO UPDATE SET members = excluded.members, left_out = excluded.left_out""",
        number,
        on,
        members,
        left_out,
    )
    await connection.execute(
        "DELETE FROM segment_size WHERE number = $1 AND on_day < $2::date - $3::int",
        number,
        on,
        SIZES_KEPT_DAYS,
    )


async def count_changed(
    connection: Connection, segment: Segment, change: int, *, at: datetime, on: date
) -> int:
    """A list, whose row is locked, has so many more or fewer; how many are in it."""
    members = segment.members + change
    await _count(connection, segment.number, members, left_out=segment.left_out, at=at, on=on)
    return members


async def sizes_of(connection: Connection, number: int) -> list[Size]:
    """How many were in a segment, the last day first."""
    rows = await connection.fetch(
        "SELECT on_day, members, left_out FROM segment_size WHERE number = $1 ORDER BY on_day DESC", number
    )
    return [Size(*row) for row in rows]


async def page_of_members(
    connection: Connection, number: int, *, after: UUID | None, limit: int
) -> list[UUID]:
    """Members who are in a segment, in the order of their ids, behind one of them."""
    rows = await connection.fetch(
        """SELECT member_id FROM segment_member WHERE number = $1 AND ($2::uuid IS NULL OR member_id > $2)
           ORDER BY member_id LIMIT $3""",
        number,
        after,
        limit,
    )
    return [row[0] for row in rows]


async def living(connection: Connection, member_ids: Collection[UUID]) -> set[UUID]:
    """Of some members those who take entries."""
    rows = await connection.fetch(
        f"SELECT member_id FROM member WHERE member_id = ANY ($1::uuid[]) AND {_LIVES}", list(member_ids)
    )
    return {row[0] for row in rows}


async def page_of_rows(
    connection: Connection, timeline: Timeline, *, after: UUID, limit: int
) -> dict[UUID, Member]:
    """Members who take entries, in the order of their ids, behind one; without their lots."""
    rows = await connection.fetch(
        f"SELECT {MEMBER_COLUMNS} FROM member WHERE member_id > $1 AND {_LIVES} ORDER BY member_id LIMIT $2",
        after,
        limit,
    )
    return {row[0]: grown(dressed(row), timeline) for row in rows}


async def due_for_refresh(connection: Connection, before: datetime) -> list[str]:
    """The codes of segments with a condition that were never counted, or not since a moment; those first that wait longest."""
    rows = await connection.fetch(
        """SELECT code FROM segment WHERE condition IS NOT NULL AND archived_at IS NULL
             AND (refreshed_at IS NULL OR refreshed_at < $1) ORDER BY refreshed_at NULLS FIRST, number""",
        before,
    )
    return [row[0] for row in rows]


async def ask_for_refresh(connection: Connection, number: int) -> None:
    """Let a job count it next."""
    await connection.execute("UPDATE segment SET refreshed_at = NULL WHERE number = $1", number)


async def leave_all(connection: Connection, member_id: UUID) -> None:
    """Take a member out of every segment: he objects to being judged, or is forgotten."""
    await _lock_those_of(connection, member_id)
    rows = await connection.fetch(
        "DELETE FROM segment_member WHERE member_id = $1 RETURNING number", member_id
    )
    if rows:
        await connection.execute(
            "UPDATE segment SET members = greatest(members - 1, 0) WHERE number = ANY ($1::int[])",
            sorted(row[0] for row in rows),
        )


async def carry_lists(connection: Connection, *, member_id: UUID, into_id: UUID) -> None:
    """Who was merged leaves his lists to the one who stays; what a condition finds is found anew."""
    await _lock_those_of(connection, member_id)
    rows: Sequence[Any] = await connection.fetch(
        """WITH own AS (DELETE FROM segment_member x USING segment s
                        WHERE x.member_id = $1 AND s.number = x.number RETURNING x.number, s.condition IS NULL AS is_list),
                come AS (INSERT INTO segment_member (member_id, number) SELECT $2, number FROM own WHERE is_list
                         ON CONFLICT DO NOTHING RETURNING number)
           SELECT number FROM own WHERE number NOT IN (SELECT number FROM come)""",
        member_id,
        into_id,
    )
    if rows:
        await connection.execute(
            "UPDATE segment SET members = greatest(members - 1, 0) WHERE number = ANY ($1::int[])",
            sorted(row[0] for row in rows),
        )


async def _lock_those_of(connection: Connection, member_id: UUID) -> None:
    """Lock the segments that a member is in, before anything of them changes: everybody in this order."""
    await connection.execute(
        """SELECT FROM segment WHERE number IN (SELECT number FROM segment_member WHERE member_id = $1)
           ORDER BY number FOR UPDATE""",
        member_id,
    )


async def hold_persons(connection: Connection, member_ids: Collection[UUID]) -> None:
    """Let nobody of these members object until this transaction has ended: who did so before is seen from now on."""
    await connection.execute(
        "SELECT FROM person WHERE member_id = ANY ($1::uuid[]) ORDER BY person_id FOR SHARE", list(member_ids)
    )
