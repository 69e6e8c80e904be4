"""Return a purchase by line and quantity, several times, or void it whole."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

from jifen.domain.calendar import day_number, local_date
from jifen.domain.decide import decide_return
from jifen.domain.decision import Decision
from jifen.domain.past import number_of_merged, past_of
from jifen.domain.purchase import ReturnedLine, is_whole, returned_after, whole_quantity
from jifen.domain.refusals import FieldWrong, PurchaseUnknown, ReturnExceedsPurchase, TimeOutOfBounds
from jifen.domain.returned import amount_returned
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Status
from jifen.store.carries import JustMerged, heir_of, lots_of_purchase
from jifen.store.gather import Gathered, gather_locked, save_decisions
from jifen.store.ids import new_id
from jifen.store.journal import Circumstance, add_postings
from jifen.store.keys import BusinessKey, known_purchases, lock_unclaimed, return_unclaimed
from jifen.store.ledger import Connection, Ledger
from jifen.store.long_ago import with_old_days
from jifen.store.once import Once, once
from jifen.store.past import past_since
from jifen.store.purchases import (
    add_return,
    earned_by,
    find_purchase,
    last_bought_before,
    purchase_of,
    stored_purchase,
)


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


async def return_purchase(ledger: Ledger, request: ReturnRequest, key: Once) -> dict[str, Any]:
    """What was taken back, by currency and rule, and what expired or was forgiven instead."""

    async def effect(connection: Connection) -> dict[str, Any]:
        row = await _find(connection, request.purchase)
        if row is None:
            return await _return_of_nobody(ledger, connection, request)
        bought = (row["member_id"], row["sequence"])
        member_id = await heir_of(connection, bought[0])
        gathered, carried = await _gather(ledger, connection, member_id, bought)
        member = gathered.member(member_id)
        earned = await earned_by(connection, gathered.timeline, row, lots=carried)
        if member_id != bought[0]:
            earned = replace(earned, sequence=number_of_merged(row["purchase_id"]))
        lines = _lines(request.lines, earned.lines, earned.returned)
        after = returned_after(earned.lines, earned.returned, lines)
        occurred_at = _believed(request.occurred_at, row["occurred_at"], gathered.now)

        is_void = request.lines is None
        past: Sequence[int] | None = None
        if is_void:
            told = await past_since(
                connection, gathered.timeline, member_id, earned.sequence, earned.occurred_at
            )
            past = past_of(gathered.timeline, told)
            member = await with_old_days(
                connection,
                gathered.timeline,
                member,
                now=gathered.now,
                occurred_at=earned.occurred_at,
                past=past,
            )
        bought_on = local_date(row["occurred_at"], gathered.timeline.time_zone)
        previous_on = None
        if is_void and day_number(bought_on) == member.last_purchase_day:
            previous_on = await last_bought_before(connection, member_id, bought, last_on=bought_on)

        decision = decide_return(
            gathered.timeline,
            member,
            earned,
            after,
            now=gathered.now,
            past=past,
            previous_on=previous_on,
        )

        at = Circumstance(
            occurred_at=occurred_at,
            recorded_at=gathered.now,
            actor=request.actor,
            store=request.store,
            channel=request.channel,
            note=request.note,
        )
        return_id = new_id()
        amount = amount_returned(earned.lines, after) - amount_returned(earned.lines, earned.returned)
        await add_return(
            connection,
            decision,
            return_id=return_id,
            purchase=bought,
            is_void=request.lines is None,
            is_whole=is_whole(earned.lines, after),
            lines=[(line.number, line.quantity_milli) for line in lines],
            amount_minor=amount,
            at=at,
            till=request.till,
            cashier=request.cashier,
        )
        await add_postings(connection, gathered.timeline, [(decision, at)])
        await save_decisions(connection, [decision], gathered.timeline)

        return {
            "return_id": str(return_id),
            "purchase_id": str(row["purchase_id"]),
            "member_id": str(member_id),
            "sequence": decision.sequence,
            "amount_minor": amount,
            "is_whole": is_whole(earned.lines, after),
            "recorded_at": gathered.now.isoformat(),
            "units": _units(gathered.timeline, decision),
            "reasons": _reasons(gathered.timeline, decision),
        }

    return await once(ledger, key, effect)


async def _gather(
    ledger: Ledger, connection: Connection, member_id: UUID, bought: tuple[UUID, int]
) -> tuple[Gathered, dict[int, int]]:
    """The member who brings a purchase back, and the lots that it opened by terms, where another member made it who was merged
    into him."""
    if member_id == bought[0]:
        gathered = await gather_locked(ledger, connection, [member_id], origins=[bought])
        carried: dict[int, int] = {}
    else:
        carried = await lots_of_purchase(connection, member_id, *bought)
        taken = [(member_id, number) for number in carried.values()]
        gathered = await gather_locked(ledger, connection, [member_id], taken=taken)
    if gathered.members[member_id].status is Status.MERGED:
        raise JustMerged
    return gathered, carried


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


async def _return_of_nobody(ledger: Ledger, connection: Connection, request: ReturnRequest) -> dict[str, Any]:
    """What of a receipt of nobody came back is remembered: who claims it later earns nothing for it."""
    assert isinstance(request.purchase, BusinessKey)
    unclaimed = await lock_unclaimed(connection, request.purchase)
    if unclaimed is None:
        raise PurchaseUnknown("the receipt has just been claimed; ask again", pointer="/purchase")
    purchase = purchase_of(unclaimed.body)
    lines = _lines(request.lines, purchase.lines, unclaimed.returned)
    after = returned_after(purchase.lines, unclaimed.returned, lines)
    await return_unclaimed(connection, request.purchase, after, is_void=request.lines is None)
    clock = await ledger.clock(connection)
    return {
        "return_id": None,
        "purchase_id": None,
        "member_id": None,
        "sequence": None,
        "amount_minor": amount_returned(purchase.lines, after)
        - amount_returned(purchase.lines, unclaimed.returned),
        "is_whole": is_whole(purchase.lines, after),
        "recorded_at": clock.now.isoformat(),
        "units": [],
        "reasons": [],
    }


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
        raise TimeOutOfBounds("a return cannot come before its purchase", pointer="/occurred_at")
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
