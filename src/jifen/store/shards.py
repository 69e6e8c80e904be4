"""The members of a cluster: keys are claimed before a turn, and each shard's requests take a turn (decision 0110)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

from jifen.store.claims import Claim, claim, see_claimed, shards_of
from jifen.store.keys import BusinessKey
from jifen.store.ledger import Ledger
from jifen.store.requests import Request, Wants, look
from jifen.store.reservations import find_reservations

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

RunLane: TypeAlias = Callable[[Ledger, Sequence[Request]], Awaitable[list[Any]]]


async def run_by_shard(ledger: Ledger, requests: Sequence[Request], run_lane: RunLane) -> list[Any]:
    """Claim keys, and let the requests of each shard take a turn of their own. Of those with one key the first goes before."""
    async with ledger.transaction() as connection:
        claims = await _claims_of(
            connection, requests, [one.wants for one in await look(ledger, connection, requests)]
        )
        shards = await shards_of(connection, [one.member_id for one in claims if one.member_id is not None])
    lanes: dict[int | None, list[int]] = {}
    later, seen = [], set[BusinessKey | str]()
    for at, one in enumerate(claims):
        keys = {key for key in (one.receipt, one.key) if key is not None}
        if keys & seen:
            later.append(at)
        else:
            lanes.setdefault(None if one.member_id is None else shards[one.member_id], []).append(at)
        seen |= keys
    await claim(ledger, [claims[at] for lane in lanes.values() for at in lane])
    told = await asyncio.gather(
        *[run_lane(ledger, [requests[at] for at in lane]) for lane in lanes.values()], return_exceptions=True
    )
    answers: dict[int, Any] = {}
    for lane, told_of in zip(lanes.values(), told, strict=True):
        if isinstance(told_of, BaseException):
            raise told_of  # as one turn would; what the other lanes did is found by its keys
        answers |= zip(lane, told_of, strict=True)
    if later:
        answers |= zip(
            later, await run_by_shard(ledger, [requests[at] for at in later], run_lane), strict=True
        )
    return [answers[at] for at in range(len(requests))]


async def claims_held(
    connection: Connection, requests: Sequence[Request], wants: Sequence[Wants]
) -> list[Claim]:
    """The claims of requests, once it is seen under the locks that every key is claimed as it should be.

    Raises
        ClaimsMoved   some are not
    """
    claims = await _claims_of(connection, requests, wants)
    await see_claimed(connection, claims)
    return [one for one in claims if one.member_id is not None]


async def _claims_of(
    connection: Connection, requests: Sequence[Request], wants: Sequence[Wants]
) -> list[Claim]:
    """What is to be claimed for each request, and for whom: its member, the first of several, or whoever made its reservation."""
    found = await find_reservations(
        connection, [one.reservation_id for one in wants if one.reservation_id is not None]
    )
    claims = []
    for request, one in zip(requests, wants, strict=True):
        whose = one.members[0] if one.members else None
        if one.reservation_id in found:
            whose = found[one.reservation_id].member_id
        receipt = one.receipt if one.is_purchase else None
        claims.append(Claim(whose, receipt, None if request.once is None else request.once.key))
    return claims
