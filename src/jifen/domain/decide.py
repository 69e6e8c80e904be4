"""Decide = select, then fold. Each function takes what was gathered and tells what is to be written; it touches nothing.

Refusals come first. What is returned is complete: postings with reasons, the member afterwards, the lots that changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import IntEnum
from types import MappingProxyType
from typing import NamedTuple

from jifen.domain import fold
from jifen.domain.calendar import date_of, day_number, epoch_second, local_date, moment_in, month_number
from jifen.domain.member import Lot, Member, latest_counters
from jifen.domain.program.meaning import Program
from jifen.domain.program.select import Hit, Moment
from jifen.domain.purchase import Line, Purchase, is_whole, share_of_amount
from jifen.domain.refusals import PointsMissing, ReservationOver
from jifen.domain.timeline import Timeline


class Verb(IntEnum):
    """What a posting does. The numbers are those of `fold.py`."""

    EARN = fold.EARN
    CLAW_BACK = fold.CLAW_BACK
    REDEEM = fold.REDEEMED
    EXPIRE = fold.EXPIRE
    ADJUST_UP = fold.ADJUSTED_UP
    ADJUST_DOWN = fold.ADJUSTED_DOWN
    GIVE = fold.GIVEN
    RECEIVE = fold.RECEIVED


_VERBS = tuple(Verb)


class Reason(NamedTuple):
    """Why units moved: the rule (0: no rule), what it desired and what was granted."""

    rule: int
    desired: int
    granted: int


class Posting(NamedTuple):
    """One movement between the member and the programme. Reasons add up to its units."""

    currency: int
    verb: Verb
    units: int
    balance_after: int
    lot: int | None
    due_on: date | None  # None: at the moment of the entry
    reasons: tuple[Reason, ...]


class Decision(NamedTuple):
    """What is to be written for one event of one member."""

    sequence: int
    row: int  # of the timeline: the revision that judged
    postings: tuple[Posting, ...]
    before: Member
    after: Member
    lots_changed: tuple[Lot, ...]
    judged_tier: int
    masks: tuple[int, ...] = ()
    hits: tuple[Hit, ...] = ()
    results: tuple[Reason, ...] = ()  # one for each hit, those that granted nothing too
    forgiven: Mapping[int, int] = MappingProxyType({})  # by currency; returns only
    slices: tuple[tuple[int, int], ...] = ()  # (day of expiry, units); gifts only

    @property
    def has_effect(self) -> bool:
        """Whether anything but the clock moved."""
        return bool(self.postings or self.lots_changed) or (
            self.before.history != self.after.history
            or self.before.holds != self.after.holds
            or self.before.scalars[fold.REVIEW_DAY] != self.after.scalars[fold.REVIEW_DAY]
        )


class _Told(NamedTuple):
    after: Member
    out: list[int]
    results: list[int]
    code: int


def _event(kind: int, *, row: int, timeline: Timeline, occurred_at: datetime, now: datetime) -> list[int]:
    occurred_on = local_date(occurred_at, timeline.time_zone)
    event = [0] * fold.EVENT_WIDTH
    event[fold.EVENT_KIND] = kind
    event[fold.EVENT_REVISION] = row
    event[fold.EVENT_OCCURRED_DAY] = day_number(occurred_on)
    event[fold.EVENT_OCCURRED_AT] = epoch_second(occurred_at)
    event[fold.EVENT_RECORDED_DAY] = day_number(local_date(now, timeline.time_zone))
    event[fold.EVENT_RECORDED_AT] = epoch_second(now)
    event[fold.EVENT_MONTH] = month_number(occurred_on)
    return event


def _fold(
    timeline: Timeline,
    member: Member,
    event: list[int],
    *,
    hits: list[int],
    results: list[int],
    expiry: list[int],
) -> _Told:
    """Dress the member with room to grow, fold one event, and undress."""
    n_hits = len(hits) // fold.HIT_WIDTH
    n_lots = len(member.lots) // fold.LOT_WIDTH
    n_opened = timeline.n_currencies + n_hits
    scalars = list(member.scalars)
    scalars[fold.LOTS] = n_lots
    scalars[fold.WINDOW_DAYS] = len(member.window) // fold.WINDOW_WIDTH
    scalars[fold.TIERS_HELD] = len(member.history) // fold.HISTORY_WIDTH
    scalars[fold.COUNTERS] = len(member.counters) // fold.COUNTER_WIDTH
    scalars[fold.HOLDS] = len(member.holds) // fold.HOLD_WIDTH
    lots = member.lots + [0] * (n_opened * fold.LOT_WIDTH)
    window = member.window + [0] * fold.WINDOW_WIDTH
    history = member.history + [0] * ((timeline.n_tiers + 2) * fold.HISTORY_WIDTH)
    counters = member.counters + [0] * (2 * n_hits * fold.COUNTER_WIDTH)
    holds = member.holds + [0] * ((n_lots + 1) * fold.HOLD_WIDTH)
    out = [0] * (1 + fold.OUT_WIDTH * (2 * (n_lots + n_opened) + 2 * timeline.n_currencies))
    code = fold.apply(
        scalars, lots, window, history, counters, holds, event, hits, results, expiry,
        timeline.rules, timeline.tests, timeline.tiers, timeline.revisions, timeline.currencies, out,
    )  # fmt: skip
    after = Member(
        member_id=member.member_id,
        status=member.status,
        scalars=scalars,
        lots=lots[: scalars[fold.LOTS] * fold.LOT_WIDTH],
        window=window[: scalars[fold.WINDOW_DAYS] * fold.WINDOW_WIDTH],
        history=history[: scalars[fold.TIERS_HELD] * fold.HISTORY_WIDTH],
        counters=_kept_counters(counters[: scalars[fold.COUNTERS] * fold.COUNTER_WIDTH]),
        holds=holds[: scalars[fold.HOLDS] * fold.HOLD_WIDTH],
    )
    return _Told(after, out, results, code)


def _kept_counters(counters: list[int]) -> list[int]:
    # One row for each rule's days and one for its months: nothing is older than another, and all are kept.
    width = fold.COUNTER_WIDTH
    kinds = {(rule, period & 1) for rule, period in zip(counters[::width], counters[1::width], strict=True)}
    return counters if len(kinds) * width == len(counters) else latest_counters(counters)


def _changed_lots(before: Member, after: Member) -> tuple[Lot, ...]:
    width = fold.LOT_WIDTH
    return tuple(
        Lot(*after.lots[i : i + width])
        for i in range(0, len(after.lots), width)
        if after.lots[i : i + width] != before.lots[i : i + width]
    )


def _postings(out: list[int], reasons: Mapping[tuple[int, int], tuple[Reason, ...]]) -> tuple[Posting, ...]:
    """Postings as values. Those that no rule made have one reason without a rule."""
    postings = []
    for i in range(out[0]):
        currency, verb, units, balance_after, lot, due = out[
            1 + i * fold.OUT_WIDTH : 1 + (i + 1) * fold.OUT_WIDTH
        ]
        postings.append(
            Posting(
                currency=currency,
                verb=_VERBS[verb],
                units=units,
                balance_after=balance_after,
                lot=lot or None,
                due_on=None if due < 0 else date_of(due),
                reasons=reasons.get((currency, verb), (Reason(0, units, units),)),
            )
        )
    return tuple(postings)


def decide_purchase(timeline: Timeline, member: Member, purchase: Purchase, *, now: datetime) -> Decision:
    """What a purchase earns: judged as of the moment it occurred, posted now."""
    row = timeline.row_at(purchase.occurred_at)
    program = timeline.programs[row]
    selection = timeline.selects[row](purchase, moment_of(program, purchase))
    event = _event(fold.PURCHASE, row=row, timeline=timeline, occurred_at=purchase.occurred_at, now=now)
    event[fold.EVENT_AMOUNT] = purchase.amount_minor
    hits: list[int] = []
    for rule, amount, quantity in selection.hits:
        hits += (rule, amount, quantity, -1)
    event[fold.EVENT_HITS_END] = len(selection.hits)
    expiry = timeline.expiry_days(row, local_date(purchase.occurred_at, timeline.time_zone))

    told = _fold(
        timeline,
        member,
        event,
        hits=hits,
        results=[0] * (len(selection.hits) * fold.RESULT_WIDTH),
        expiry=expiry,
    )

    results = _reasons(selection.hits, told.results, first=0)
    return Decision(
        sequence=told.after.sequence,
        row=row,
        postings=_postings(told.out, _by_currency(timeline, row, results, fold.EARN)),
        before=member,
        after=told.after,
        lots_changed=_changed_lots(member, told.after),
        judged_tier=told.after.scalars[fold.JUDGED_TIER],
        masks=tuple(selection.masks),
        hits=tuple(map(Hit._make, selection.hits)),
        results=results,
    )


def moment_of(program: Program, purchase: Purchase) -> Moment:
    """Weekday, hour and date at the store, else in the programme's zone."""
    store = program.stores.get(purchase.store or "")
    return moment_in(purchase.occurred_at, store.time_zone if store else program.time_zone)


def _reasons(hits: Sequence[tuple[int, int, int]], results: list[int], *, first: int) -> tuple[Reason, ...]:
    width = fold.RESULT_WIDTH
    desired = results[first * width + fold.DESIRED :: width]
    granted = results[first * width + fold.GRANTED :: width]
    return tuple(
        [Reason(hit[0], wanted, given) for hit, wanted, given in zip(hits, desired, granted, strict=True)]
    )


def _by_currency(
    timeline: Timeline, row: int, results: Sequence[Reason], verb: int
) -> dict[tuple[int, int], tuple[Reason, ...]]:
    by_currency: dict[tuple[int, int], list[Reason]] = {}
    for reason in results:
        by_currency.setdefault((timeline.currency_of(row, reason.rule), verb), []).append(reason)
    return {key: tuple(reasons) for key, reasons in by_currency.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Earned:
    """What is recorded of a purchase: enough to take it back without judging it again."""

    sequence: int
    revision: int
    occurred_at: datetime
    lines: tuple[Line, ...]
    masks: tuple[int, ...]
    hits: tuple[Hit, ...]
    granted: Mapping[int, int]  # by rule number
    returned: Mapping[int, int]  # by line number: thousandths that have come back so far


def eligible_returned(earned: Earned, returned: Mapping[int, int]) -> list[tuple[int, int]]:
    """For each hit the eligible (amount, quantity) that has come back, given quantities by line."""
    totals = []
    for hit in earned.hits:
        amount = quantity = 0
        for line, mask in zip(earned.lines, earned.masks, strict=True):
            back = returned.get(line.number, 0)
            if back and mask >> hit.rule & 1:
                amount += share_of_amount(line, back)
                quantity += back if line.quantity_milli else 0
        totals.append((amount, quantity))
    return totals


def amount_returned(lines: Sequence[Line], returned: Mapping[int, int]) -> int:
    """The money that has come back, given quantities by line."""
    return sum(share_of_amount(line, returned.get(line.number, 0)) for line in lines)


def decide_return(
    timeline: Timeline,
    member: Member,
    earned: Earned,
    returned_after: Mapping[int, int],
    *,
    now: datetime,
) -> Decision:
    """What a return takes back, by quantities returned of each line once it is in (see `purchase.returned_after`)."""
    row = timeline.row_of(earned.revision)
    event = _event(fold.RETURN, row=row, timeline=timeline, occurred_at=earned.occurred_at, now=now)
    event[fold.EVENT_AMOUNT] = amount_returned(earned.lines, returned_after) - amount_returned(
        earned.lines, earned.returned
    )
    event[fold.EVENT_ORIGIN] = earned.sequence
    event[fold.EVENT_WHOLE] = int(is_whole(earned.lines, returned_after))
    n = len(earned.hits)
    event[fold.EVENT_HITS] = n
    event[fold.EVENT_HITS_END] = 2 * n
    before = eligible_returned(earned, earned.returned)
    after = eligible_returned(earned, returned_after)
    hits: list[int] = []
    results: list[int] = []
    for hit, (amount, quantity) in zip(earned.hits, before, strict=True):
        hits += (*hit, -1)
        grant = timeline.rule(row, hit.rule).grant
        by_quantity = grant in (fold.PER_QUANTITY, fold.PER_WHOLE_QUANTITY)
        results += (0, earned.granted.get(hit.rule, 0), quantity if by_quantity else amount)
    for i, hit in enumerate(earned.hits):
        hits += (hit.rule, after[i][0] - before[i][0], after[i][1] - before[i][1], i)
        results += (0, 0, 0)

    told = _fold(timeline, member, event, hits=hits, results=results, expiry=[])

    taken = _reasons(earned.hits, told.results, first=n)
    forgiven: dict[int, int] = {}
    for i, hit in enumerate(earned.hits):
        units = told.results[(n + i) * fold.RESULT_WIDTH + fold.RETURNED]
        if units:
            currency = timeline.currency_of(row, hit.rule)
            forgiven[currency] = forgiven.get(currency, 0) + units
    return Decision(
        sequence=told.after.sequence,
        row=row,
        postings=_postings(told.out, _by_currency(timeline, row, taken, fold.CLAW_BACK)),
        before=member,
        after=told.after,
        lots_changed=_changed_lots(member, told.after),
        judged_tier=told.after.tier,
        hits=tuple(Hit(*hits[(n + i) * fold.HIT_WIDTH : (n + i) * fold.HIT_WIDTH + 3]) for i in range(n)),
        results=taken,
        forgiven=forgiven,
    )


def decide_units(
    timeline: Timeline,
    member: Member,
    kind: int,
    *,
    currency: int,
    units: int,
    now: datetime,
    lapses_at: datetime | None = None,
) -> Decision:
    """What a redemption, reservation, adjustment or gift moves.

    Refuses
        PointsMissing   it takes units and fewer are available
    """
    row = timeline.row_at(now)
    event = _event(kind, row=row, timeline=timeline, occurred_at=now, now=now)
    event[fold.EVENT_CURRENCY] = currency
    event[fold.EVENT_UNITS] = units
    if lapses_at is not None:
        event[fold.EVENT_LAPSES_AT] = epoch_second(lapses_at)
        event[fold.EVENT_LAPSES_DAY] = day_number(local_date(lapses_at, timeline.time_zone))
    expiry = timeline.expiry_days(row, local_date(now, timeline.time_zone))

    told = _fold(timeline, member, event, hits=[], results=[], expiry=expiry)

    if told.code == fold.NOT_ENOUGH:
        have = fold.available(told.after.scalars, told.after.lots, currency, event[fold.EVENT_RECORDED_DAY])
        raise PointsMissing(
            f"{units} units are needed, {have} are available",
            pointer="/units",
            units=units,
            units_available=have,
            points_missing=units - have,
        )
    slices: tuple[tuple[int, int], ...] = ()
    if kind == fold.GIFT_OUT:
        # Time may have used units of the same lots (a matured lot repays debt), so compare with time's doing alone.
        waited = _event(fold.ADVANCE, row=row, timeline=timeline, occurred_at=now, now=now)
        advanced = _fold(timeline, member, waited, hits=[], results=[], expiry=[])
        slices = _slices(advanced.after, told.after)
    return _simple(timeline, member, told, row=row, slices=slices)


def _slices(before: Member, after: Member) -> tuple[tuple[int, int], ...]:
    """What a gift is made of: (day of expiry, units), first to expire first."""
    slices: dict[int, int] = {}
    for lot_before, lot_after in zip(before.lot_rows(), after.lot_rows(), strict=True):
        if lot_after.gone > lot_before.gone:
            units = slices.get(lot_after.expires_day, 0) + lot_after.gone - lot_before.gone
            slices[lot_after.expires_day] = units
    return tuple(sorted(slices.items()))


def decide_gift_received(
    timeline: Timeline, member: Member, *, currency: int, slices: Sequence[tuple[int, int]], now: datetime
) -> Decision:
    """What a gift brings: one lot for each slice, with the expiry it had at its giver."""
    row = timeline.row_at(now)
    event = _event(fold.GIFT_IN, row=row, timeline=timeline, occurred_at=now, now=now)
    event[fold.EVENT_CURRENCY] = currency
    event[fold.EVENT_HITS_END] = len(slices)
    hits: list[int] = []
    for expires_day, units in slices:
        hits += (0, units, expires_day, -1)
    results = [0] * (len(slices) * fold.RESULT_WIDTH)

    told = _fold(timeline, member, event, hits=hits, results=results, expiry=[])

    return _simple(timeline, member, told, row=row)


def decide_reservation_end(
    timeline: Timeline, member: Member, *, reservation: int, is_committed: bool, now: datetime
) -> Decision:
    """What committing or releasing a reservation (named by its sequence) moves.

    Refuses
        ReservationOver   it is not open any more
    """
    row = timeline.row_at(now)
    kind = fold.COMMIT if is_committed else fold.RELEASE
    event = _event(kind, row=row, timeline=timeline, occurred_at=now, now=now)
    event[fold.EVENT_ORIGIN] = reservation

    told = _fold(timeline, member, event, hits=[], results=[], expiry=[])

    if told.code == fold.NOT_RESERVED:
        raise ReservationOver()
    return _simple(timeline, member, told, row=row)


def decide_advance(timeline: Timeline, member: Member, *, now: datetime) -> Decision:
    """What time alone has made due. Its sequence counts only when it has an effect."""
    row = timeline.row_at(now)
    event = _event(fold.ADVANCE, row=row, timeline=timeline, occurred_at=now, now=now)

    told = _fold(timeline, member, event, hits=[], results=[], expiry=[])

    decision = _simple(timeline, member, told, row=row)
    if decision.has_effect:
        told.after.scalars[fold.SEQUENCE] += 1
        return _simple(timeline, member, told, row=row)
    return decision


def _simple(
    timeline: Timeline, member: Member, told: _Told, *, row: int, slices: tuple[tuple[int, int], ...] = ()
) -> Decision:
    return Decision(
        sequence=told.after.sequence,
        row=row,
        postings=_postings(told.out, {}),
        before=member,
        after=told.after,
        lots_changed=_changed_lots(member, told.after),
        judged_tier=told.after.tier,
        slices=slices,
    )
