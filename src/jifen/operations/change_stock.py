"""Change the stock of a reward: pieces came or went otherwise than by redemptions, or were counted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from jifen.domain.audit import Act, Deed
from jifen.domain.principal import Principal
from jifen.domain.program.meaning import Stock
from jifen.domain.refusals import FieldWrong, StoreUnknown
from jifen.domain.refusals_of_rewards import RewardNotHere, StockNotCounted, StockTooLow
from jifen.domain.rewards import StockReason, reward_named
from jifen.store.audit import note_act
from jifen.store.once import Once, once
from jifen.store.pools import counted, lock_pool
from jifen.store.rewards import add_change, make_stock, stands_of

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger

CHANGE_MAX = 1_000_000_000


async def change_stock(
    ledger: Ledger,
    reward: str,
    *,
    pieces: int,
    is_count: bool,
    reason: StockReason,
    request: Once,
    principal: Principal,
    store: str | None = None,
) -> dict[str, Any]:
    """The stock after it: so many pieces more or fewer; or, where they were counted, so many that are left.

    Refuses
        RewardUnknown      the programme in force has none of that code
        StockNotCounted    there is no stock of it
        RewardNotHere      it has one stock for each store: say which; or one for all: say none
        StockTooLow        so many are not left
        StoreNotPermitted  who asks is bound to other stores
        FieldWrong, StoreUnknown
    """
    most = CHANGE_MAX
    if not (0 if is_count else -most) <= pieces <= most or (pieces == 0 and not is_count):
        raise FieldWrong(
            "a change is of some pieces, a count of none or more", pointer="/pieces", value=pieces
        )
    if store is None:
        principal.check_unbound(pointer="/store")
    else:
        principal.check_own_store(store, pointer="/store")

    async def effect(connection: Connection) -> dict[str, Any]:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        program = timeline.programs[timeline.row_at(clock.now)]
        found = reward_named(program, reward)
        if found.stock is Stock.UNLIMITED:
            raise StockNotCounted(pointer="/reward")
        if store is not None and not program.any_store and store not in program.stores:
            raise StoreUnknown(f"there is no store {store!r}", pointer="/store", value=store)
        if (found.stock is Stock.BY_STORE) != (store is not None):
            said = (
                "one stock for each store: say which"
                if store is None
                else "one stock for all stores: name none"
            )
            raise RewardNotHere(f"{reward} has {said}", pointer="/store")
        pool = await make_stock(connection, found.number, store or "")
        spoken = await lock_pool(connection, pool)
        whole = await counted(connection, pool)
        before = await _left(connection, found.number, pool)
        change = pieces - before if is_count else pieces
        if whole + change < spoken:
            under_way = before - (whole - spoken)
            raise StockTooLow(
                f"{before} are left, of which {under_way} may be under way to somebody in this minute",
                pointer="/pieces",
                left=before,
                under_way=under_way,
            )
        if change:
            await add_change(connection, pool, pieces=change, reason=reason, by=principal.name)
            details: dict[str, str | int] = {
                "reward": reward,
                "pool": pool,
                "pieces": change,
                "reason": str(reason),
            }
            await note_act(connection, principal, Act(deed=Deed.STOCK_CHANGED, details=details))
        return {"reward": reward, "store": store, "change": change, "left": before + change}

    return await once(ledger, request, effect)


async def _left(connection: Connection, reward: int, pool: int) -> int:
    return next(one.left for one in await stands_of(connection, [reward]) if one.pool == pool)
