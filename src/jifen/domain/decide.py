"""Decide = select, then fold. Each function takes what was gathered and tells what is to be written; it touches nothing.

Refusals come first. What is returned is complete: postings with reasons, movements of lots, what became of every hit, the
member afterwards, the lots that changed.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import partial
from types import MappingProxyType
from typing import NamedTuple

from jifen.domain import fold, room
from jifen.domain.calendar import date_of, day_number, local_date
from jifen.domain.decision import Decision, HitResult, Posting, Reason
from jifen.domain.events import Leg, Script, Slice, legs_of, moves_undone, slices_given
from jifen.domain.member import Lot, Member, member_of, state_of
from jifen.domain.occasions import refuse_used_up
from jifen.domain.past import NO_PAST
from jifen.domain.program.select import Selection
from jifen.domain.purchase import Purchase, is_whole
from jifen.domain.refusals import EntryNotReversible, PointsMissing, ReservationOver, UnitsReserved
from jifen.domain.returned import Earned, amount_returned, eligible_returned
from jifen.domain.seen import select_by
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Verb

_VERBS = tuple(Verb)
NO_ROOMS: Mapping[int, int] = MappingProxyType({})


class _Told(NamedTuple):
    after: Member
    out: fold.Out
    results: list[int]
    code: int


_DEFECTS = frozenset((fold.TORN, fold.LOT_MISSING, fold.LEG_WRONG, fold.KIND_UNKNOWN, fold.KIND_WITHOUT_USE))


def _fold(timeline: Timeline, member: Member, script: Script, past: Sequence[int] = NO_PAST) -> _Told:
    """Dress the member with room to grow, and with the past that a void judges again, fold the one event of a script, and
    undress."""
    asked = script.asked
    hits = len(asked.hits) // fold.HIT_WIDTH
    brought = room.brought(asked.carried)
    rows = room.rows_of_one(
        len(member.lots),
        len(member.holds) // fold.HOLD_WIDTH,
        hits,
        len(asked.legs) // fold.LEG_WIDTH,
        len(asked.moves) // fold.MOVE_WIDTH + brought.lots,
        timeline.n_currencies,
        timeline.n_terms,
    )
    kind = asked.event[fold.EVENT_KIND]
    state = state_of(member, rows, timeline, hits=hits, past=past, brought=brought)
    out = fold.Out(
        [0] * (1 + fold.POST_WIDTH * rows.postings),
        [0] * (1 + fold.MOVE_WIDTH * rows.movements),
        [0] * fold.ISSUES,
        [0] * (1 + (_handed_over(timeline, member) if kind == fold.CARRY_OUT else 0)),
    )
    code = fold.apply(state, asked, timeline.numbers, out)
    assert code not in _DEFECTS, f"the fold found no room or no lot, or knows no such event: code {code}"
    after = member_of(member.member_id, state, n_ladders=timeline.n_ladders)
    return _Told(after, out, asked.results, code)


def _handed_over(timeline: Timeline, member: Member) -> int:
    days_width = fold.DAYS_COUNTED + timeline.n_ladders
    rows = room.Brought(
        len(member.lots), len(member.days) // days_width, len(member.counters) // fold.COUNTER_WIDTH
    )
    return room.handed_over(rows, ladders=timeline.n_ladders, currencies=timeline.n_currencies)


def _changed_lots(before: Member, after: Member) -> tuple[Lot, ...]:
    known = len(before.lots)
    changed = [lot for was, lot in zip(before.lots, after.lots, strict=False) if was != lot]
    return (*changed, *after.lots[known:])


def _moves(out: fold.Out) -> list[int]:
    moved = out.moved
    return moved[1 : 1 + moved[0] * fold.MOVE_WIDTH]


def _postings(out: fold.Out, reasons: Mapping[tuple[int, int], tuple[Reason, ...]]) -> tuple[Posting, ...]:
    """Postings as values. Those that no rule made have one reason without a rule. `reasons` by (terms, verb)."""
    postings = []
    posted, width = out.posted, fold.POST_WIDTH
    for at in range(1, 1 + posted[0] * width, width):
        currency, verb, units, balance_after, terms, lot, due = posted[at : at + width]
        postings.append(
            Posting(
                currency,
                _VERBS[verb],
                units,
                balance_after,
                terms,
                lot or None,
                None if due < 0 else date_of(due),
                reasons.get((terms, verb)) or (Reason(0, units, units),),
            )
        )
    return tuple(postings)


def decide_purchase(
    timeline: Timeline,
    member: Member,
    purchase: Purchase,
    *,
    now: datetime,
    selection: Selection | None = None,
    legs: Sequence[Leg] = (),
    rooms: Mapping[int, int] = NO_ROOMS,
) -> Decision:
    """What a purchase earns: judged as of the moment it occurred, posted now.

    `selection` is what select saw of it before, where that still holds (`Seen.holds`); without one it is asked here. `rooms` are
    units that pools have for it, by position of the rules that draw from one.
    """
    row = timeline.row_at(purchase.occurred_at)
    if selection is None:
        selection = select_by(timeline, row, purchase)
    script = Script(timeline)
    pooled = timeline.pooled[row]
    assert not pooled or all(hit[0] in rooms for hit in selection.hits if hit[0] in pooled), (
        "pools were asked"
    )
    first = script.seen(selection.hits, rooms=rooms)
    script.add(
        fold.PURCHASE,
        row=row,
        occurred_at=purchase.occurred_at,
        recorded_at=now,
        amount=purchase.amount_minor,
        hits=first,
        legs=legs,
    )

    told = _fold(timeline, member, script)

    if told.code == fold.NOT_ENOUGH:
        raise PointsMissing("fewer units are available than the purchase is paid with", pointer="/legs")
    if told.code == fold.NOT_RESERVED:
        raise ReservationOver(pointer="/legs")
    earned = _earned(timeline, member, told, script, row=row, masks=tuple(selection.masks))
    return earned._replace(legs=tuple(legs)) if legs else earned


def decide_occasion(
    timeline: Timeline,
    member: Member,
    kind: int,
    hits: Sequence[tuple[int, int, int]],
    *,
    occurred_at: datetime,
    now: datetime,
    row: int | None = None,
    value: int = 0,
    rooms: Mapping[int, int] = NO_ROOMS,
) -> Decision:
    """What an event or a moment (`value` is its number) earns that rules saw: judged as of when it occurred (by the revision of
    `row`; None: that which was in force then), posted now. It is no purchase: nothing is spent and nobody came, and its units
    count for a ladder where they qualify. Refuses `LimitUsedUp`."""
    row = timeline.row_at(occurred_at) if row is None else row
    script = Script(timeline)
    first = script.seen(hits, rooms=rooms)
    script.add(kind, row=row, occurred_at=occurred_at, recorded_at=now, value=value, hits=first)
    told = _fold(timeline, member, script)
    refuse_used_up(told.code)
    return _earned(timeline, member, told, script, row=row)


def _earned(
    timeline: Timeline, member: Member, told: _Told, script: Script, *, row: int, masks: tuple[int, ...] = ()
) -> Decision:
    results = _results(script, first=0)
    return Decision(
        told.after.sequence,
        row,
        _postings(told.out, _by_terms(timeline, row, results, fold.EARN)),
        _moves(told.out),
        member,
        told.after,
        _changed_lots(member, told.after),
        masks,
        results,
    )


def _results(script: Script, *, first: int) -> tuple[HitResult, ...]:
    """What became of the hits from row `first` on."""
    hits, results = script.hits, script.results
    hit, result = fold.HIT_WIDTH, fold.RESULT_WIDTH
    seen, became = first * hit, first * result
    columns = zip(
        hits[seen + fold.HIT_RULE :: hit], hits[seen + fold.HIT_AMOUNT :: hit], hits[seen + fold.HIT_QUANTITY :: hit],
        results[became + fold.DESIRED :: result], results[became + fold.GRANTED :: result],
        results[became + fold.WHY :: result],
        strict=True,
    )  # fmt: skip
    return tuple(map(_hit_result, columns))


_hit_result = partial(tuple.__new__, HitResult)  # `_make` counts again what stands in columns of one length


def _by_terms(
    timeline: Timeline, row: int, results: Sequence[HitResult], verb: int
) -> dict[tuple[int, int], tuple[Reason, ...]]:
    """The reasons of each posting, by (terms, verb): what its rules desired and were granted."""
    by_terms: dict[int, list[Reason]] = {}
    rules = timeline.programs[row].rules
    for position, _, _, desired, granted, _ in results:
        rule = rules[position]
        by_terms.setdefault(rule.terms, []).append(Reason(rule.number, desired, granted))
    return {(terms, verb): tuple(reasons) for terms, reasons in by_terms.items()}


def decide_return(
    timeline: Timeline,
    member: Member,
    earned: Earned,
    returned_after: Mapping[int, int],
    *,
    now: datetime,
    past: Sequence[int] | None = None,
    previous_on: date | None = None,
) -> Decision:
    """What a return takes back, by quantities returned of each line once it is in (see `purchase.returned_after`).

    With a past it is a void, which judges tiers again by what is in it from the voided purchase on (`past.past_of`);
    `previous_on` is the day of the last purchase but that one.
    """
    row = timeline.row_of(earned.revision)
    before = eligible_returned(earned, earned.returned)
    after = eligible_returned(earned, returned_after)
    back = [
        (hit.rule, now_[0] - was[0], now_[1] - was[1])
        for hit, was, now_ in zip(earned.hits, before, after, strict=True)
    ]
    weights = [
        quantity if fold.is_by_quantity(timeline.rule_at(row, hit.rule).grant) else amount
        for hit, (amount, quantity) in zip(earned.hits, before, strict=True)
    ]
    n = len(earned.hits)
    script = Script(timeline)
    bought = script.seen(
        earned.hits,
        granted=earned.granted,
        returned=weights,
        forgiven=earned.forgiven or [0] * n,
        lots=earned.lots,
    )
    first = script.back(back, of=bought)
    script.add(
        fold.RETURN if past is None else fold.VOID,
        row=row,
        occurred_at=earned.occurred_at,
        recorded_at=now,
        amount=amount_returned(earned.lines, returned_after) - amount_returned(earned.lines, earned.returned),
        origin=earned.sequence,
        hits=first,
        is_whole=is_whole(earned.lines, returned_after),
        previous_day=-1 if previous_on is None else day_number(previous_on),
    )

    told = _fold(timeline, member, script, past or NO_PAST)

    forgiven_by_hit = told.results[n * fold.RESULT_WIDTH + fold.FORGIVEN :: fold.RESULT_WIDTH]
    taken = tuple(
        [
            result._replace(why=units)
            for result, units in zip(_results(script, first=n), forgiven_by_hit, strict=True)
        ]
    )
    forgiven: dict[int, int] = {}
    for hit, units in zip(earned.hits, forgiven_by_hit, strict=True):
        if units:
            currency = timeline.rule_at(row, hit.rule).currency
            forgiven[currency] = forgiven.get(currency, 0) + units
    return Decision(
        sequence=told.after.sequence,
        row=row,
        postings=_postings(told.out, _by_terms(timeline, row, taken, fold.CLAW_BACK)),
        moves=_moves(told.out),
        before=member,
        after=told.after,
        lots_changed=_changed_lots(member, told.after),
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
    legs = legs_of(kind, zone=timeline.time_zone, currency=currency, units=units, lapses_at=lapses_at)

    told = _fold(timeline, member, _at(timeline, kind, row, now, legs))

    if told.code == fold.NOT_ENOUGH:
        have = told.after.available(currency, day_number(local_date(now, timeline.time_zone)))
        raise _missing(units, have, "/units")
    slices = slices_given(_moves(told.out), told.after.lots) if kind == fold.GIFT_OUT else ()
    return _simple(timeline, member, told, row=row, slices=slices)


def _missing(need: int, have: int, pointer: str) -> PointsMissing:
    said = f"{need} units are needed, {have} are available"
    return PointsMissing(said, pointer=pointer, units=need, units_available=have, points_missing=need - have)


def _at(
    timeline: Timeline, kind: int, row: int, now: datetime, legs: Sequence[Leg] = (), value: int = 0
) -> Script:
    """The script of an entry that happens now."""
    script = Script(timeline)
    script.add(kind, row=row, occurred_at=now, recorded_at=now, legs=legs, value=value)
    return script


def decide_gift_received(
    timeline: Timeline, member: Member, *, currency: int, slices: Sequence[Slice], now: datetime
) -> Decision:
    """What a gift brings: one lot for each slice, with the terms and the expiry it had at its giver."""
    return _decide_slices(timeline, member, fold.GIFT_IN, currency=currency, slices=slices, now=now)


def decide_opening(
    timeline: Timeline, member: Member, *, currency: int, slices: Sequence[Slice], now: datetime
) -> Decision:
    """What another system hands over: one lot for each slice, usable at once, with the very day of expiry it had there. It
    repays debt as everything that comes does; one that is over already is opened and expires in the same entry."""
    return _decide_slices(timeline, member, fold.OPENING, currency=currency, slices=slices, now=now)


def _decide_slices(
    timeline: Timeline, member: Member, kind: int, *, currency: int, slices: Sequence[Slice], now: datetime
) -> Decision:
    legs = legs_of(kind, zone=timeline.time_zone, currency=currency, units=0, slices=slices)
    return decide_legs(timeline, member, kind, legs, now=now)


def decide_legs(
    timeline: Timeline, member: Member, kind: int, legs: Sequence[Leg], *, now: datetime, value: int = 0,
    row: int | None = None,
) -> Decision:  # fmt: skip
    """What an entry moves that is nothing but its legs, by the revision of `row` (None: the one in force). Refuses
    `PointsMissing`."""
    row = timeline.row_at(now) if row is None else row

    told = _fold(timeline, member, _at(timeline, kind, row, now, legs, value))

    if told.code == fold.NOT_ENOUGH:
        need = sum(leg.units for leg in legs if fold.takes(leg.verb))
        have = told.after.available(legs[0].currency, day_number(local_date(now, timeline.time_zone)))
        raise _missing(need, have, "/times")
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
    legs = legs_of(kind, zone=timeline.time_zone, currency=0, units=0, origin=reservation)

    told = _fold(timeline, member, _at(timeline, kind, row, now, legs))

    if told.code == fold.NOT_RESERVED:
        raise ReservationOver()
    return _simple(timeline, member, told, row=row)


def decide_enrolment(timeline: Timeline, member: Member, *, now: datetime) -> Decision:
    """The first entry of a member: at the foot of the ladders that are in force."""
    row = timeline.row_at(now)

    told = _fold(timeline, member, _at(timeline, fold.ENROL, row, now))

    return _simple(timeline, member, told, row=row)


def decide_carry_out(timeline: Timeline, member: Member, *, now: datetime) -> Decision:
    """What a member leaves who is merged into another: `carried` tells all of it, and his units and debts are gone.

    The member comes whole: every lot he ever had, all days, and the limits of all periods.

    Refuses
        UnitsReserved   some of his units are promised to a reservation
    """
    row = timeline.row_at(now)

    told = _fold(timeline, member, _at(timeline, fold.CARRY_OUT, row, now))

    if told.code == fold.RESERVED:
        raise UnitsReserved(pointer="/member")
    left = _simple(timeline, member, told, row=row)
    return left._replace(carried=tuple(told.out.carried[1 : 1 + told.out.carried[0]]))


def decide_carry_in(timeline: Timeline, member: Member, *, carried: Sequence[int], now: datetime) -> Decision:
    """What the member who stays takes over: lots as they were, debts, days, limits, and the higher of two tiers."""
    row = timeline.row_at(now)
    script = Script(timeline)
    script.add(fold.CARRY_IN, row=row, occurred_at=now, recorded_at=now, carried=carried)

    told = _fold(timeline, member, script)

    return _simple(timeline, member, told, row=row)


def decide_status(timeline: Timeline, member: Member, status: int, *, now: datetime) -> Decision:
    """A member's new status, as an entry of its own."""
    row = timeline.row_at(now)

    told = _fold(timeline, member, _at(timeline, fold.STATE, row, now, value=int(status)))

    return _simple(timeline, member, told, row=row)


def decide_reversal(
    timeline: Timeline,
    member: Member,
    *,
    origin: int,
    undoes: int,
    moves: Sequence[int],
    units: int,
    now: datetime,
) -> Decision:
    """What undoing an entry (its sequence, kind and movements) moves: all of its units, or of a gift what came back.

    What it took goes back to the very lots that paid; what it brought is taken back, what of that was spent as the policy for
    debt has it.

    Refuses
        EntryNotReversible   entries of its kind are not reversed: a purchase is voided
    """
    row = timeline.row_at(now)
    if fold.undoing_verb(undoes, fold.W_OPENED) < 0:
        raise EntryNotReversible(pointer="/sequence")
    script = Script(timeline)
    script.add(
        fold.REVERSE,
        row=row,
        occurred_at=now,
        recorded_at=now,
        origin=origin,
        undoes=undoes,
        moves=moves_undone(undoes, moves, units),
    )

    told = _fold(timeline, member, script)

    return _simple(timeline, member, told, row=row)


def decide_advance(timeline: Timeline, member: Member, *, now: datetime, is_piece: bool = False) -> Decision:
    """What time alone has made due; as a piece at most so many steps of it as `fold.PIECE` says.

    Its sequence counts only when it has an effect.
    """
    row = timeline.row_at(now)

    told = _fold(timeline, member, _at(timeline, fold.ADVANCE, row, now, value=int(is_piece)))

    decision = _simple(timeline, member, told, row=row)
    if decision.has_effect:
        told.after.scalars[fold.SEQUENCE] += 1
        return decision._replace(sequence=told.after.sequence)
    # The clock is that of the last entry: it stands in the journal. When to look again is all that was learnt.
    for column in (fold.CLOCK_DAY, fold.CLOCK_AT):
        told.after.scalars[column] = member.scalars[column]
    return decision


def _simple(
    timeline: Timeline, member: Member, told: _Told, *, row: int, slices: tuple[Slice, ...] = ()
) -> Decision:
    return Decision(
        told.after.sequence,
        row,
        _postings(told.out, {}),
        _moves(told.out),
        member,
        told.after,
        _changed_lots(member, told.after),
        slices=slices,
    )
