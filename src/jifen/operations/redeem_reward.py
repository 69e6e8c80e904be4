"""Redeem a reward: handed over at once, or kept until it is picked up by its code. Looked at first, with every reason why not.

What is kept holds its units as a reservation does: they lapse by themselves, and picking it up commits them. What is handed over
at once is a redemption of units. Either draws its pieces from the reward's stock, where there is one, and counts for its caps.
"""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain import fold
from jifen.domain.calendar import local_date, start_of_day
from jifen.domain.check_digits import CardCheck, with_check
from jifen.domain.decide import decide_advance, decide_units
from jifen.domain.member import Member
from jifen.domain.person import MemberKey
from jifen.domain.program.meaning import Program, Reward, Stock
from jifen.domain.refusals import FieldWrong, MemberUnknown, PointsMissing, StoreUnknown, TooMuch
from jifen.domain.refusals_of_rewards import RewardNotKept, RewardPriceDiffers, RewardSwitchedOff
from jifen.domain.rewards import (
    CODE_DIGITS,
    PIECES_MAX,
    Asked,
    Taken,
    counted_from,
    hindrances,
    is_given_from,
    price_of,
    reward_named,
    sold_out,
)
from jifen.domain.switches import SwitchKind
from jifen.store.compiled import BeginAgain
from jifen.store.gather import Need
from jifen.store.ids import new_id
from jifen.store.journal import EntryRow
from jifen.store.once import Once
from jifen.store.rewards import Redemption, Stand, is_code_taken, stands_of, taken_of_reward
from jifen.store.turn import Keyed, Taking, Turn, Wants
from jifen.store.turn import one as one_turn

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger

WAITING_MAX = 50
"""So many redemptions of a member wait at most to be picked up."""


class RevisionTurned(BeginAgain):
    """Another revision took effect since a redemption was looked at: it is looked at again."""

    def __init__(self) -> None:
        super().__init__("another revision took effect")

    async def prepare(self, ledger: Ledger) -> None:
        """Nothing more than to look again."""


class RedeemRequest(Keyed, frozen=True, kw_only=True):
    """Pieces of a reward, for a member by his id or a card."""

    ledger: Any  # whose programme is asked as it looks
    whose: UUID | MemberKey
    reward: str
    pieces: int
    is_kept: bool
    units_told: int | None = None  # what somebody was told that it costs
    store: str | None = None
    channel: str | None = None
    actor: str | None = None

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        """A card of nobody is refused. The dearest price is gathered for: which one it is is known under the lock."""
        if member_id is None:
            raise MemberUnknown(pointer="/member")
        if not 1 <= self.pieces <= PIECES_MAX:
            raise FieldWrong(
                f"a redemption is of 1 to {PIECES_MAX} pieces", pointer="/pieces", value=self.pieces
            )
        clock = await self.ledger.clock(connection)
        timeline = await self.ledger.timeline(connection, clock.newest)
        program: Program = timeline.programs[timeline.row_at(clock.now)]
        reward = reward_named(program, self.reward)
        if self.store is not None and not program.any_store and self.store not in program.stores:
            raise StoreUnknown(f"there is no store {self.store!r}", pointer="/store", value=self.store)
        if self.is_kept and not reward.waits_days:
            raise RewardNotKept(pointer="/reward")
        prices = [reward.price, *reward.tier_prices.values()]
        units = max(price.units for price in prices) * self.pieces
        codes = {currency.number: currency.code for currency in program.currencies}
        return _Redeeming(self, member_id, program.revision, reward, codes[reward.currency], units)


class _Redeeming(NamedTuple):
    asked: RedeemRequest
    member_id: UUID
    revision: int
    reward: Reward
    currency: str
    units_most: int

    @property
    def wants(self) -> Wants:
        need = Need(self.member_id, self.currency, self.units_most)
        return Wants(members=(self.member_id,), needs=(need,))

    async def take(self, turn: Turn) -> dict[str, Any]:
        asked, reward, now = self.asked, self.reward, turn.now
        member = turn.spender(self.member_id)
        program = turn.timeline.programs[turn.timeline.row_at(now)]
        if program.revision != self.revision:
            raise RevisionTurned
        switches = turn.gathered.switches
        switches.check_store(asked.store, now)
        if reward.code in switches.off(SwitchKind.REWARD, now):
            raise RewardSwitchedOff(pointer="/reward")
        # By the holds and the tier that time leaves him, and by what others of this turn have taken.
        today = decide_advance(turn.timeline, member, now=now).after
        if asked.is_kept and _waiting(today) >= WAITING_MAX:
            raise TooMuch(
                "too many redemptions wait to be picked up", pointer="/member", waiting_max=WAITING_MAX
            )
        stands = await self._stands(turn)
        stand = next((one for one in stands if one.store == self._stock_at), None)
        price = price_of(reward, today, asked.pieces)
        if asked.units_told is not None and asked.units_told != price.units:
            raise RewardPriceDiffers(
                f"it costs {price.units} units, and {asked.units_told} were told",
                pointer="/units",
                units=price.units,
                amount_minor=price.amount_minor,
            )
        for no in hindrances(
            program,
            reward,
            today,
            Asked(asked.pieces, asked.store, asked.channel),
            now=now,
            available=price.units,  # the decision knows it to the unit
            taken=await self._taken(turn, program),
            left=None if reward.stock is Stock.UNLIMITED or stand else 0,
            known=turn.gathered.known_to(self.member_id),
            stores_with=tuple(one.store for one in stands if one.left >= asked.pieces)[:5],
        ):
            raise no
        until_at = None
        if asked.is_kept:
            last_day = local_date(now, program.time_zone) + timedelta(days=reward.waits_days + 1)
            until_at = start_of_day(last_day, program.time_zone)
        try:
            decision = decide_units(
                turn.timeline,
                member,
                fold.RESERVE if asked.is_kept else fold.REDEEM,
                currency=reward.currency,
                units=price.units,
                now=now,
                lapses_at=until_at,
            )
        except PointsMissing as missing:
            raise PointsMissing(missing.detail, pointer="/pieces", **missing.numbers) from missing
        code = await _new_code(turn) if asked.is_kept else None

        # Nothing is refused from here on but for want of pieces.
        if stand is not None:
            found = turn.take_of_stock(stand.pool, asked.pieces)
            if found < asked.pieces:
                elsewhere = tuple(
                    one.store for one in stands if one.pool != stand.pool and one.left >= asked.pieces
                )
                raise sold_out(asked.pieces, max(stand.left, found), elsewhere[:5])
        row = EntryRow(
            "reserve" if asked.is_kept else "redeem",
            currency=reward.currency,
            units=price.units,
            value=reward.number,
            pieces=asked.pieces,
            lapses_at=until_at,
        )
        turn.put_entry(decision, row, actor=asked.actor, store=asked.store, channel=asked.channel)
        redemption = Redemption(
            member_id=self.member_id,
            redemption_id=new_id(),
            sequence=decision.sequence,
            reward=reward.number,
            pieces=asked.pieces,
            currency=reward.currency,
            units=price.units,
            amount_minor=price.amount_minor,
            is_kept=asked.is_kept,
            store=asked.store,
            code=code,
            status="waiting" if asked.is_kept else "handed_over",
            redeemed_at=now,
            until_at=until_at,
        )
        turn.put_redemption(redemption)
        return {
            "redemption_id": str(redemption.redemption_id),
            "member_id": str(self.member_id),
            "sequence": decision.sequence,
            "reward": reward.code,
            "pieces": asked.pieces,
            "currency": self.currency,
            "units": price.units,
            "amount_minor": price.amount_minor,
            "store": asked.store,
            "status": redemption.status,
            "code": code,
            "until_at": None if until_at is None else until_at.isoformat(),
            "balance_after": decision.after.balance(reward.currency),
        }

    @property
    def _stock_at(self) -> str:
        return (self.asked.store or "") if self.reward.stock is Stock.BY_STORE else ""

    async def _stands(self, turn: Turn) -> list[Stand]:
        if self.reward.stock is Stock.UNLIMITED:
            return []
        stands = await stands_of(turn.connection, [self.reward.number])
        return [one for one in stands if is_given_from(self.reward, one.store)]

    async def _taken(self, turn: Turn, program: Program) -> list[Taken]:
        on = local_date(turn.now, program.time_zone)
        first = counted_from(self.reward, on)
        if first is None:
            return []
        number = self.reward.number
        before = await taken_of_reward(
            turn.connection, self.member_id, [number], now=turn.now, first=first, zone=program.time_zone
        )
        now = [
            Taken(on, one.pieces)
            for one in turn.redemptions
            if one.member_id == self.member_id and one.reward == number
        ]
        return [*before.get(number, ()), *now]


def _waiting(member: Member) -> int:
    return len(set(member.holds[fold.HOLD_RESERVATION :: fold.HOLD_WIDTH]))


async def _new_code(turn: Turn) -> str:
    """Digits that no other redemption has, and that nobody guesses: a billion of them, of which the last checks the others."""
    while True:
        digits = "".join(secrets.choice("0123456789") for _ in range(CODE_DIGITS - 1))
        code = with_check(digits, CardCheck.LUHN)
        if not await is_code_taken(turn.connection, code):
            return code


async def redeem_reward(
    ledger: Ledger,
    whose: UUID | MemberKey,
    *,
    reward: str,
    pieces: int,
    is_kept: bool,
    request: Once,
    units_told: int | None = None,
    store: str | None = None,
    channel: str | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    """The redemption, its code where it is kept, and the balance after.

    Refuses
        RewardUnknown           the programme in force has none of that code
        RewardNotKept           it is handed over at once only
        RewardNotNow, RewardNotHere, TierMissing, RewardConditionUnmet, RewardLimitUsedUp, RewardSwitchedOff, StoreSwitchedOff
        RewardPriceDiffers      it costs another number of units than was told
        PointsMissing           fewer units are available than it costs
        SoldOut                 the stock has not so many; the numbers say how many, and where there are some
        FieldWrong, StoreUnknown, TooMuch, MemberUnknown, MemberClosed, MemberFrozen
    """
    asked = RedeemRequest(
        once=request,
        ledger=ledger,
        whose=whose,
        reward=reward,
        pieces=pieces,
        is_kept=is_kept,
        units_told=units_told,
        store=store,
        channel=channel,
        actor=actor,
    )
    answer: dict[str, Any] = await one_turn(ledger, asked)
    return answer
