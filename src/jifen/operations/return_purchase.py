"""Return a purchase by line and quantity, several times, or void it whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.admission import AHEAD
from jifen.domain.calendar import day_number, local_date
from jifen.domain.decide import decide_return
from jifen.domain.decision import Decision
from jifen.domain.member import Member
from jifen.domain.past import number_of_merged, past_of
from jifen.domain.purchase import ReturnedLine, is_whole, returned_after, whole_quantity
from jifen.domain.refusals import FieldWrong, PurchaseUnknown, ReturnExceedsPurchase, TimeOutOfBounds
from jifen.domain.returned import Earned, amount_returned
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Status
from jifen.store.carries import JustMerged, heir_of, lots_of_purchase
from jifen.store.ids import new_id
from jifen.store.journal import Circumstance
from jifen.store.keys import BusinessKey, JustClaimed, known_purchases, lock_unclaimed, return_unclaimed
from jifen.store.long_ago import with_old_days
from jifen.store.once import Once
from jifen.store.past import past_since
from jifen.store.purchases import (
    ReturnRow,
    earned_by,
    find_purchase,
    last_bought_before,
    purchase_of,
    stored_purchase,
)
from jifen.store.turn import Keyed, Taking, Turn, Wants, one

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnRequest:
    """What comes back. Without lines everything that is left does: a void."""

    purchase: UUID | BusinessKey
    lines: tuple[ReturnedLine, ...] | None
    occurred_at: datetime | None = None
    store: str | None = None
    till: str | None = None
    cashier: str | None = None
    channel: str | None = None
    note: str | None = None
    actor: str | None = None


class _TakeBack(Keyed, frozen=True, kw_only=True):
    asked: ReturnRequest

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        row = await _find(connection, self.asked.purchase)
        if row is None:
            return _OfNobody(self.asked)
        bought = (row["member_id"], row["sequence"])
        heir_id = await heir_of(connection, bought[0])
        carried: dict[int, int] = {}
        if heir_id != bought[0]:
            carried = await lots_of_purchase(connection, heir_id, *bought)
        return _OfMember(self.asked, row, heir_id, carried)


class _OfMember(NamedTuple):
    """A purchase that comes back from whoever made it, or the one into whom he was merged: then with the lots that it opened,
    by terms."""

    asked: ReturnRequest
    row: dict[str, Any]
    member_id: UUID
    carried: dict[int, int]

    @property
    def bought(self) -> tuple[UUID, int]:
        return self.row["member_id"], self.row["sequence"]

    @property
    def wants(self) -> Wants:
        if self.member_id == self.bought[0]:
            return Wants(members=(self.member_id,), origins=(self.bought,))
        taken = tuple((self.member_id, number) for number in self.carried.values())
        return Wants(members=(self.member_id,), taken=taken)

    async def take(self, turn: Turn) -> dict[str, Any]:
        asked, row, bought, timeline = self.asked, self.row, self.bought, turn.timeline
        if turn.members[self.member_id].status is Status.MERGED:
            raise JustMerged
        member = turn.member(self.member_id)
        earned = await earned_by(turn.connection, timeline, row, lots=self.carried)
        if self.member_id != bought[0]:
            earned = replace(earned, sequence=number_of_merged(row["purchase_id"]))
        lines = _lines(asked.lines, earned.lines, earned.returned)
        after = returned_after(earned.lines, earned.returned, lines)
        occurred_at = _believed(asked.occurred_at, row["occurred_at"], turn.now)
        past, previous_on = None, None
        if asked.lines is None:
            member, past = await self._with_past(turn, member, earned)
            previous_on = await self._bought_before(turn, member)

        decision = decide_return(
            timeline, member, earned, after, now=turn.now, past=past, previous_on=previous_on
        )

        at = Circumstance(
            occurred_at=occurred_at,
            recorded_at=turn.now,
            actor=asked.actor,
            store=asked.store,
            channel=asked.channel,
            note=asked.note,
        )
        back = ReturnRow(
            decision,
            at,
            new_id(),
            purchase=bought,
            is_void=asked.lines is None,
            is_whole=is_whole(earned.lines, after),
            lines=[(line.number, line.quantity_milli) for line in lines],
            amount_minor=amount_returned(earned.lines, after)
            - amount_returned(earned.lines, earned.returned),
            till=asked.till,
            cashier=asked.cashier,
        )
        turn.put_return(back)
        return {
            "return_id": str(back.return_id),
            "purchase_id": str(row["purchase_id"]),
            "member_id": str(self.member_id),
            "sequence": decision.sequence,
            "amount_minor": back.amount_minor,
            "is_whole": back.is_whole,
            "recorded_at": turn.now.isoformat(),
            "units": _units(timeline, decision),
            "reasons": _reasons(timeline, decision),
        }

    async def _with_past(self, turn: Turn, member: Member, earned: Earned) -> tuple[Member, Sequence[int]]:
        """What a void judges again, and the member with all the days that this asks for."""
        told = await past_since(
            turn.connection, turn.timeline, self.member_id, earned.sequence, earned.occurred_at
        )
        past = past_of(turn.timeline, told)
        member = await with_old_days(
            turn.connection, turn.timeline, member, now=turn.now, occurred_at=earned.occurred_at, past=past
        )
        return member, past

    async def _bought_before(self, turn: Turn, member: Member) -> date | None:
        """The day of the last purchase but this, where this was the last."""
        bought_on = local_date(self.row["occurred_at"], turn.timeline.time_zone)
        if day_number(bought_on) != member.last_purchase_day:
            return None
        return await last_bought_before(turn.connection, self.member_id, self.bought, last_on=bought_on)


class _OfNobody(NamedTuple):
    """What of a receipt of nobody came back is remembered: who claims it later earns nothing for it."""

    asked: ReturnRequest
    wants: Wants = Wants()

    async def take(self, turn: Turn) -> dict[str, Any]:
        key = self.asked.purchase
        assert isinstance(key, BusinessKey)
        unclaimed = await lock_unclaimed(turn.connection, key)
        if unclaimed is None:
            raise JustClaimed
        purchase = purchase_of(unclaimed.body)
        _believed(self.asked.occurred_at, purchase.occurred_at, turn.now)
        lines = _lines(self.asked.lines, purchase.lines, unclaimed.returned)
        after = returned_after(purchase.lines, unclaimed.returned, lines)
        turn.then(partial(return_unclaimed, key=key, returned=after, is_void=self.asked.lines is None))
        return {
            "return_id": None,
            "purchase_id": None,
            "member_id": None,
            "sequence": None,
            "amount_minor": amount_returned(purchase.lines, after)
            - amount_returned(purchase.lines, unclaimed.returned),
            "is_whole": is_whole(purchase.lines, after),
            "recorded_at": turn.now.isoformat(),
            "units": [],
            "reasons": [],
        }


async def return_purchase(ledger: Ledger, request: ReturnRequest, key: Once) -> dict[str, Any]:
    """What was taken back, by currency and rule, and what expired or was forgiven instead."""
    answer: dict[str, Any] = await one(ledger, _TakeBack(once=key, asked=request))
    return answer


async def _find(connection: Connection, purchase: UUID | BusinessKey) -> dict[str, Any] | None:
    if isinstance(purchase, UUID):
        row = await find_purchase(connection, purchase)
        if row is None:
            raise PurchaseUnknown(pointer="/purchase")
        return row
    known = (await known_purchases(connection, [purchase]))[1].get(purchase)
    if known is None:
        raise PurchaseUnknown(pointer="/purchase", source=purchase.source, business_no=purchase.business_no)
    if known.member_id is None or known.sequence is None:
        return None
    return await stored_purchase(connection, known.member_id, known.sequence)


def _lines(
    asked: tuple[ReturnedLine, ...] | None, lines: Sequence[Any], returned: dict[int, int] | Any
) -> tuple[ReturnedLine, ...]:
    if asked is not None:
        if not asked:
            raise FieldWrong(
                "a return names at least one line; to void a purchase leave lines out", pointer="/lines"
            )
        return asked
    left = tuple(
        ReturnedLine(number=line.number, quantity_milli=quantity)
        for line in lines
        if (quantity := whole_quantity(line) - returned.get(line.number, 0)) > 0
    )
    if not left:
        raise ReturnExceedsPurchase(
            "everything has come back already", pointer="/lines", quantity_milli_left=0
        )
    return left


def _believed(claimed: datetime | None, bought_at: datetime, now: datetime) -> datetime:
    if claimed is None:
        return now
    if claimed < bought_at:
        raise TimeOutOfBounds(
            "a return cannot come before its purchase",
            pointer="/occurred_at",
            occurred_at=claimed.isoformat(),
            bought_at=bought_at.isoformat(),
        )
    if claimed > now + AHEAD:
        raise TimeOutOfBounds(
            f"{claimed.isoformat()} lies in the future; it is {now.isoformat()}",
            pointer="/occurred_at",
            occurred_at=claimed.isoformat(),
            now=now.isoformat(),
        )
    return min(claimed, now)


def _units(timeline: Timeline, decision: Decision) -> list[dict[str, Any]]:
    taken: dict[int, list[int]] = {}
    for reason in decision.results:
        currency = timeline.rule_at(decision.row, reason.rule).currency
        wanted, charged = taken.get(currency, [0, 0])
        taken[currency] = [wanted + reason.desired, charged + reason.granted]
    return [
        {
            "currency": timeline.newest.currencies[currency].code,
            "units_earned": wanted,
            "units_taken": charged,
            "units_forgiven": decision.forgiven.get(currency, 0),
            "units_expired_before": wanted - charged - decision.forgiven.get(currency, 0),
            "balance_after": decision.after.balance(currency),
            "debt_after": decision.after.debt(currency),
        }
        for currency, (wanted, charged) in sorted(taken.items())
    ]


def _reasons(timeline: Timeline, decision: Decision) -> list[dict[str, Any]]:
    return [
        {
            "rule": timeline.rule_at(decision.row, r.rule).code,
            "units_earned": r.desired,
            "units_taken": r.granted,
        }
        for r in decision.results
        if r.desired
    ]
