"""Switches as they are kept: every turn, inserted and never changed."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple

from jifen.domain.switches import Switched, Switches, SwitchKind

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Turned(NamedTuple):
    """One turn of a switch, as it is told."""

    number: int
    kind: SwitchKind
    code: str
    is_off: bool
    switched_at: datetime
    switched_by: str


async def all_turns(connection: Connection) -> list[Turned]:
    """Every turn of every switch, in order."""
    rows = await connection.fetch(
        "SELECT number, kind, code, is_off, switched_at, switched_by FROM switch ORDER BY number"
    )
    return [Turned(row[0], SwitchKind(row[1]), *row[2:]) for row in rows]


async def page_of_turns(connection: Connection, *, before: int | None, limit: int) -> list[Turned]:
    """Turns of switches, newest first, before the one with that number."""
    rows = await connection.fetch(
        """SELECT number, kind, code, is_off, switched_at, switched_by FROM switch
           WHERE $1::bigint IS NULL OR number < $1 ORDER BY number DESC LIMIT $2""",
        before,
        limit,
    )
    return [Turned(row[0], SwitchKind(row[1]), *row[2:]) for row in rows]


async def turned_off(connection: Connection) -> list[Turned]:
    """Of each switch that is off now the turn that made it so, newest first."""
    rows = await connection.fetch(
        """SELECT * FROM (SELECT DISTINCT ON (kind, code) number, kind, code, is_off, switched_at, switched_by FROM switch
                          ORDER BY kind, code, number DESC) newest WHERE is_off ORDER BY number DESC"""
    )
    return [Turned(row[0], SwitchKind(row[1]), *row[2:]) for row in rows]


async def all_switches(connection: Connection) -> Switches:
    """What they say together."""
    turns = await all_turns(connection)
    return Switches(
        [Switched(one.kind, one.code, one.is_off, one.switched_at) for one in turns],
        newest=turns[-1].number if turns else 0,
    )


async def lock_switches(connection: Connection) -> None:
    """Let turns come one after the other, so that they are numbered without a gap and in the order of their moments. Who reads
    waits for nobody."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('switch'))")


async def add_turn(
    connection: Connection, kind: SwitchKind, code: str, *, is_off: bool, switched_by: str
) -> Turned:
    """Turn a switch at this very moment of the book; the switches are locked."""
    row = await connection.fetchrow(
        """INSERT INTO switch (number, kind, code, is_off, switched_at, switched_by)
           SELECT coalesce((SELECT max(number) FROM switch), 0) + 1, $1, $2, $3,
                  clock_timestamp() - shift_seconds * INTERVAL '1 second', $4 FROM book
           RETURNING number, kind, code, is_off, switched_at, switched_by""",
        kind,
        code,
        is_off,
        switched_by,
    )
    assert row is not None, "the book has its one row"
    return Turned(row[0], SwitchKind(row[1]), *row[2:])
