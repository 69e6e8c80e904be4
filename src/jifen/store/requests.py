"""What a turn is given: requests, what they want to be locked and read, and how they take their turn."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol, TypeAlias
from uuid import UUID

import msgspec

from jifen.domain.person import MemberKey
from jifen.domain.refusals import Refusal
from jifen.store.gather import Need
from jifen.store.keys import BusinessKey
from jifen.store.members import found_by
from jifen.store.once import Once

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger
    from jifen.store.turn import Turn

Whose: TypeAlias = UUID | MemberKey | None


class Wants(msgspec.Struct, frozen=True, kw_only=True):
    """What a request asks to be locked and read before it is decided; see `gather.gather_locked`."""

    members: tuple[UUID, ...] = ()
    origins: tuple[tuple[UUID, int], ...] = ()
    lots: tuple[tuple[UUID, int], ...] = ()
    taken: tuple[tuple[UUID, int], ...] = ()
    needs: tuple[Need, ...] = ()
    reservation_id: UUID | None = None  # whoever made it is locked too
    whole: tuple[UUID, ...] = ()  # of these members everything there is, and all lots of all who are locked
    is_piece: bool = False  # as much of one member as a piece of time can touch
    is_purchase: bool = False  # lots only of those for whom something is due, or who owe
    is_import: bool = False  # in its own time, which goes on between two purchases
    receipt: BusinessKey | None = None  # whether it is known


class Taking(Protocol):
    """A request that has looked: it knows what it wants, and takes its turn."""

    @property
    def wants(self) -> Wants:
        """What must be locked and read."""

    async def take(self, turn: Turn) -> Any:
        """Decide, put what is to be written, and return the answer. Refuses before anything is put."""


class Request(Protocol):
    """Something that is asked to be written."""

    @property
    def once(self) -> Once | None:
        """What makes it the same when it comes again; None: what it is about tells whether it is done."""

    @property
    def whose(self) -> Whose:
        """Whom it names; those of all requests are found in one read."""

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        """Find what it is about, with nothing locked."""


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """A request without an Idempotency-Key: what it is about tells whether it is done."""

    @property
    def once(self) -> Once | None:
        """None."""
        return None

    @property
    def whose(self) -> Whose:
        """Nobody by a key of his own."""
        return None

    @property
    def wants(self) -> Wants:
        """What must be locked and read."""
        raise NotImplementedError

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        """There is nothing to find."""
        return self

    async def take(self, turn: Turn) -> Any:
        """Decide, put what is to be written, and return the answer. Refuses before anything is put."""
        raise NotImplementedError


class Keyed(Kept, frozen=True, kw_only=True):
    """A request that comes with an Idempotency-Key."""

    once: Once


class Nothing(NamedTuple):
    """There is nothing to do any more: the answer."""

    answer: Any
    wants: Wants = Wants()

    async def take(self, turn: Turn) -> Any:
        """Nothing."""
        return self.answer


class _Refused(NamedTuple):
    """A request that was refused as it looked. It may still be one that came before."""

    refusal: Refusal
    wants: Wants = Wants()

    async def take(self, turn: Turn) -> Any:
        """Say so."""
        raise self.refusal


async def look(ledger: Ledger, connection: Connection, requests: Sequence[Request]) -> list[Taking]:
    """What the requests are about, in order; whom they name is found in one read."""
    whose = [request.whose for request in requests]
    found = await found_by(ledger, connection, whose)
    taking: list[Taking] = []
    for request, member_id in zip(requests, found, strict=True):
        try:
            taking.append(await request.look(connection, member_id))
        except Refusal as refusal:
            taking.append(_Refused(refusal))
    return taking
