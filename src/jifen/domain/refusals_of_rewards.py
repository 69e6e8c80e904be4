"""Every "no" about rewards and redemptions; a branch of the tree in `domain/refusals.py`."""

from __future__ import annotations

from jifen.domain.refusals import Conflict, NotAllowed, Unknown


class RewardUnknown(Unknown):
    """The programme in force has no such reward."""

    code = "reward_unknown"


class RedemptionUnknown(Unknown):
    """There is no such redemption."""

    code = "redemption_unknown"


class RewardNotNow(NotAllowed):
    """The reward cannot be had on this day."""

    code = "reward_not_now"


class RewardNotHere(NotAllowed):
    """The reward is not to be had at this store."""

    code = "reward_not_here"


class TierMissing(NotAllowed):
    """The reward is for members of other tiers."""

    code = "tier_missing"


class RewardConditionUnmet(NotAllowed):
    """What the reward asks for does not hold."""

    code = "reward_condition_unmet"


class RewardLimitUsedUp(Conflict):
    """The member has taken as many of the reward as there are for him in this time."""

    code = "reward_limit_used_up"


class RewardSwitchedOff(Conflict):
    """The reward is switched off: nobody gets it until it is switched on again."""

    code = "reward_switched_off"


class RewardPriceDiffers(Conflict):
    """The reward costs the member something else than was told: look again."""

    code = "reward_price_differs"


class RewardNotKept(NotAllowed):
    """The reward is not kept for anybody: it is handed over at once, at a till."""

    code = "reward_not_kept"


class SoldOut(Conflict):
    """There are not so many of the reward left."""

    code = "sold_out"


class RedemptionOver(Conflict):
    """The redemption was handed over, cancelled, returned or lapsed before."""

    code = "redemption_over"


class StockTooLow(Conflict):
    """So many are not in stock: some were taken, or are being taken."""

    code = "stock_too_low"


class StockNotCounted(NotAllowed):
    """The reward has no stock: as many are there as are asked for."""

    code = "stock_not_counted"
