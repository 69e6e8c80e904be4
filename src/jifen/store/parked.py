"""What could not be done is parked: left out, so that nobody else waits for it, and tried again alone, ever more rarely.

A row of `parked` names an effect by (member, sequence, part); with sequence 0 it is what time makes due of the member. The pauses
follow the clock, not the book: a demo tries again too.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple, TypeAlias
from uuid import UUID

from jifen.store.effect_tables import TIME

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

FAILURE_MAX = 500  # characters kept of what went wrong

Which: TypeAlias = tuple[UUID, int, int]
"""(member, sequence, part) of an effect."""


def time_of(member_id: UUID) -> Which:
    """What time makes due of a member."""
    return (member_id, 0, 0)


class Parked(NamedTuple):
    """One thing that waits to be tried again. `about` and `to_member` as its effect says; None: it is a member's time."""

    member_id: UUID
    sequence: int
    part: int
    kind: str
    about: UUID | None
    to_member: UUID | None
    since: datetime
    tries: int
    next_try_at: datetime
    failure_class: str
    failure: str


async def park(connection: Connection, failures: Mapping[Which, tuple[str, BaseException]]) -> None:
    """Leave out what failed, by its kind and its failure, for a minute, then for two, four ... up to a day."""
    await connection.executemany(
        """INSERT INTO parked AS p (member_id, sequence, part, kind, tries, next_try_at, failure_class, failure)
           VALUES ($1, $2, $3, $4, 1, clock_timestamp() + INTERVAL '1 minute', $5, $6)
           ON CONFLICT (member_id, sequence, part) DO UPDATE
           SET tries = p.tries + 1, failure_class = excluded.failure_class, failure = excluded.failure,
               next_try_at = clock_timestamp() + least(2 ^ least(p.tries, 11), 1440) * INTERVAL '1 minute'""",
        [
            # Not `str`: what a broken constraint tells in detail quotes the row.
            (*which, kind, type(failure).__name__, repr(failure)[:FAILURE_MAX])
            for which, (kind, failure) in sorted(failures.items())
        ],
    )


async def unpark(connection: Connection, done: Sequence[Which]) -> None:
    """What went well this time waits no more."""
    if done:
        members, sequences, parts = zip(*done, strict=True)
        await connection.execute(
            """DELETE FROM parked WHERE (member_id, sequence, part) IN (
                   SELECT * FROM unnest($1::uuid[], $2::bigint[], $3::smallint[]))""",
            members,
            sequences,
            parts,
        )


async def read_parked(connection: Connection, *, limit: int) -> list[Parked]:
    """What is parked, the longest first."""
    rows = await connection.fetch(
        """SELECT p.member_id, p.sequence, p.part, p.kind, e.about, e.to_member, p.since, p.tries, p.next_try_at,
                  p.failure_class, p.failure
           FROM parked p LEFT JOIN effect e USING (member_id, sequence, part)
           ORDER BY p.since, p.member_id, p.sequence, p.part LIMIT $1""",
        limit,
    )
    return [Parked(*row) for row in rows]


async def members_to_try_again(connection: Connection, *, limit: int) -> list[UUID]:
    """Members whose time is parked, and who may be tried again: also those for whom another road has done it meanwhile."""
    rows = await connection.fetch(
        """SELECT member_id FROM parked WHERE sequence = 0 AND next_try_at <= clock_timestamp()
           ORDER BY next_try_at LIMIT $1""",
        limit,
    )
    return [row[0] for row in rows]


async def count_parked(connection: Connection) -> dict[str, int]:
    """How much is parked, by kind."""
    return dict(await connection.fetch("SELECT kind, count(*) FROM parked GROUP BY kind"))


async def try_now(connection: Connection, member_ids: Sequence[UUID] | None) -> int:
    """Let what is parked of some members (None: of all) be tried in the next round; return how much it is."""
    done: str = await connection.execute(
        """UPDATE parked SET next_try_at = clock_timestamp()
           WHERE $1::uuid[] IS NULL OR member_id = ANY($1::uuid[])""",
        None if member_ids is None else list(member_ids),
    )
    return int(done.rpartition(" ")[2])


NOT_PARKED = f"""NOT EXISTS (SELECT FROM parked p WHERE p.member_id = m.member_id AND p.kind = '{TIME}'
                        AND p.next_try_at > clock_timestamp())"""
"""SQL: the member `m` is not left out for now."""
