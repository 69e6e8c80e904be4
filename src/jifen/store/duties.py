"""Who does what one serving process does for all: a lease by the database's clock.

No lock of a session: a process that was stopped would keep it for ever. Nothing depends on there being one holder only; it saves
doing things twice.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Held(NamedTuple):
    """A duty, the process that has it, and until when."""

    name: str
    holder: UUID
    held_by: int  # the number of the process on its machine
    since: datetime
    held_until: datetime
    is_held: bool


async def take_duty(connection: Connection, name: str, holder: UUID, *, process: int, seconds: int) -> bool:
    """Take a duty that nobody has, or whose time is over, or keep one's own for so many seconds more; whether it is one's own."""
    taken: bool | None = await connection.fetchval(
        """INSERT INTO duty AS d (name, holder, held_by, since, held_until)
           VALUES ($1, $2, $3, clock_timestamp(), clock_timestamp() + $4 * INTERVAL '1 second')
           ON CONFLICT (name) DO UPDATE
           SET holder = excluded.holder, held_by = excluded.held_by, held_until = excluded.held_until,
               since = CASE WHEN d.holder = excluded.holder THEN d.since ELSE excluded.since END
           WHERE d.holder = excluded.holder OR d.held_until < clock_timestamp()
           RETURNING true""",
        name,
        holder,
        process,
        seconds,
    )
    return taken is True


async def leave_duty(connection: Connection, name: str, holder: UUID) -> None:
    """Let another take it at once."""
    await connection.execute("DELETE FROM duty WHERE name = $1 AND holder = $2", name, holder)


async def read_duty(connection: Connection, name: str) -> Held | None:
    """Who has a duty, or had it last; None: nobody ever did."""
    row = await connection.fetchrow(
        """SELECT name, holder, held_by, since, held_until, held_until >= clock_timestamp() FROM duty WHERE name = $1""",
        name,
    )
    return None if row is None else Held(*row)
