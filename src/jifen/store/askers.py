"""Who asks for himself is somebody until his request has had its effect: nothing is written of who was erased meanwhile."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.refusals import SessionOver

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Asker(NamedTuple):
    """A person who is signed in, and the member he belonged to when he was let in."""

    member_id: UUID
    person_id: UUID


async def hold_asker(connection: Connection, asker: Asker) -> None:
    """Nobody erases him until the transaction ends. Before every other lock: whoever erases waits here, and holds none.

    Refuses
        SessionOver   he was erased since he was let in
    """
    await connection.execute(
        "SELECT pg_advisory_xact_lock_shared(hashtext('jifen.asker'), hashtext($1::text))",
        str(asker.member_id),
    )
    if not await connection.fetchval(
        "SELECT EXISTS (SELECT FROM person WHERE person_id = $1)", asker.person_id
    ):
        raise SessionOver(pointer="/headers/Cookie")


async def shut_askers_out(connection: Connection, member_id: UUID) -> None:
    """Before his persons are erased: whoever of them asks just now is done first, and who asks from here on is told no."""
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtext('jifen.asker'), hashtext($1::text))", str(member_id)
    )
