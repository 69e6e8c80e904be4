"""A programme with rewards, and what members and shops do with them."""

from __future__ import annotations

import json
from typing import Any
from uuid import UUID

from tests.builders import a_document
from tests.machine.till import Till, a_key

from jifen.document.model import ProgramDocument
from jifen.domain.principal import LOCAL
from jifen.domain.rewards import StockReason
from jifen.operations.change_stock import change_stock
from jifen.operations.end_redemption import end_redemption
from jifen.operations.read_rewards import read_redemption
from jifen.operations.redeem_reward import redeem_reward
from jifen.operations.reverse_entry import take_back_reward
from jifen.store.once import Once
from jifen.store.rewards import stands_of


def a_reward(code: str = "mug", units: int = 100, **more: Any) -> dict[str, Any]:
    """A reward of the document."""
    return {
        "code": code,
        "names": {"zh": "马克杯", "en": "Mug"},
        "price": {"currency": "points", "units": units, "amount_minor": more.pop("amount_minor", 0)},
        **more,
    }


def with_rewards(*rewards: dict[str, Any], **more: Any) -> ProgramDocument:
    """The programme of the tests with rewards."""
    told = a_document(**more).model_dump(mode="json", exclude_none=True, by_alias=True)
    told["rewards"] = list(rewards)
    return ProgramDocument.model_validate_json(json.dumps(told))


async def stocked(
    till: Till, pieces: int, reward: str = "mug", *, store: str | None = None, is_count: bool = False
) -> int:
    """Pieces that are delivered, or counted; what is left then."""
    answer = await change_stock(
        till.ledger, reward, pieces=pieces, is_count=is_count, store=store, request=a_key(), principal=LOCAL,
        reason=StockReason.COUNTED if is_count else StockReason.DELIVERED,
    )  # fmt: skip
    return int(answer["left"])


async def left(till: Till, *, store: str = "") -> int:
    """Pieces of the one stock that there is at a store."""
    async with till.ledger.reading() as connection:
        return next(one.left for one in await stands_of(connection) if one.store == store)


async def redeemed(
    till: Till, member: UUID, reward: str = "mug", *, pieces: int = 1, is_kept: bool = True,
    store: str | None = None, key: Once | None = None,
) -> dict[str, Any]:  # fmt: skip
    """A redemption."""
    return await redeem_reward(
        till.ledger,
        member,
        reward=reward,
        pieces=pieces,
        is_kept=is_kept,
        store=store,
        request=key or a_key(),
    )


async def ended(
    till: Till, redemption: dict[str, Any], *, is_handed_over: bool, key: Once | None = None
) -> dict[str, Any]:
    """What waits is handed over or cancelled."""
    return await end_redemption(
        till.ledger, UUID(redemption["redemption_id"]), is_handed_over=is_handed_over, request=key or a_key(),
        principal=LOCAL,
    )  # fmt: skip


async def taken_back(till: Till, redemption: dict[str, Any], *, is_in_stock: bool = True) -> dict[str, Any]:
    """What was handed over comes back."""
    return await take_back_reward(
        till.ledger, UUID(redemption["redemption_id"]), note="broken", request=a_key(), principal=LOCAL,
        is_in_stock=is_in_stock,
    )  # fmt: skip


async def stands(till: Till, redemption: dict[str, Any]) -> str:
    """Where it stands."""
    return (await read_redemption(till.ledger, UUID(redemption["redemption_id"]))).redemption.status
