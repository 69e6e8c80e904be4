"""Birthdays that persons told, sealed, for the job that lets them come; and how far it has come."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.vault import PersonKey

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

_NAME = "birthdays"


class Born(NamedTuple):
    """A grown person of a member, his key, and the sealed day of his birth."""

    person_id: UUID
    member_id: UUID
    key: PersonKey
    sealed: bytes
    known_since: datetime


class Reached(NamedTuple):
    """The last day (a day number) whose birthdays have come, and when that was found."""

    day: int
    at: datetime


async def reached(connection: Connection) -> Reached | None:
    """How far birthdays have come; None: none ever has."""
    row = await connection.fetchrow("SELECT below_xid, moved_at FROM checkpoint WHERE name = $1", _NAME)
    return None if row is None else Reached(int(row[0]), row[1])


async def move_reached(connection: Connection, day: int, at: datetime) -> None:
    """All birthdays up to a day have come, of everybody who had told his by a moment."""
    await connection.execute(
        """INSERT INTO checkpoint (name, below_xid, moved_at) VALUES ($1, $2, $3)
           ON CONFLICT (name) DO UPDATE SET below_xid = greatest(checkpoint.below_xid, excluded.below_xid),
               moved_at = excluded.moved_at""",
        _NAME,
        day,
        at,
    )


async def born_after(
    connection: Connection, after: UUID, *, told_since: datetime | None, limit: int
) -> list[Born]:
    """The next persons by id who told a birthday, those who told it since a moment where one is named. Children are none: their
    members are their guardians' too."""
    rows = await connection.fetch(
        """SELECT p.person_id, p.member_id, p.wrapped_key, p.master, f.sealed, f.changed_at
           FROM person p JOIN person_field f USING (person_id)
           WHERE f.field = 'birthday' AND p.role <> 'child' AND p.person_id > $1
             AND ($2::timestamptz IS NULL OR f.changed_at >= $2)
           ORDER BY p.person_id LIMIT $3""",
        after,
        told_since,
        limit,
    )
    return [Born(row[0], row[1], PersonKey(row[2], row[3]), row[4], row[5]) for row in rows]
