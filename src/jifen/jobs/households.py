"""What is done in one call where somebody leaves a household or a merge is undone: he becomes a member of his own, and the units
that go with him arrive. Where a process dies between the two, the queue lets them arrive."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.household import Share
from jifen.domain.principal import Principal
from jifen.operations.give_units import receive_gift
from jifen.operations.leave_household import leave_household
from jifen.operations.undo_merge import undo_merge
from jifen.store.once import Once
from jifen.store.turn import or_a_job

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


async def leave_with_share(
    ledger: Ledger,
    member_id: UUID,
    person_id: UUID,
    request: Once,
    *,
    by_id: UUID | None,
    shares: Sequence[Share],
    principal: Principal,
    head_id: UUID | None = None,
) -> dict[str, Any]:
    """Somebody leaves, and his share is with him; refuses as `leave_household`."""
    answer = await leave_household(
        ledger,
        member_id,
        person_id,
        request,
        by_id=by_id,
        shares=shares,
        principal=principal,
        head_id=head_id,
    )
    await _arrive(ledger, UUID(answer["member_id"]), answer["gifts"])
    return answer


async def unmerge(
    ledger: Ledger, member_id: UUID, request: Once, *, principal: Principal, note: str | None = None
) -> dict[str, Any]:
    """A merge is undone, and what is left of the units is back; refuses as `undo_merge`."""
    answer = await undo_merge(ledger, member_id, request, principal=principal, note=note)
    await _arrive(ledger, UUID(answer["into_id"]), answer["gifts"])
    return answer


async def _arrive(ledger: Ledger, giver_id: UUID, gifts: Sequence[dict[str, Any]]) -> None:
    for gift in gifts:
        gift_id = UUID(gift["gift_id"])
        await or_a_job(receive_gift(ledger, giver_id, gift_id), gift_id)
