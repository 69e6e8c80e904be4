"""Read the ladder of the programme in force: who stands where, who moved when, and who is about to fall."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal, NamedTuple
from uuid import UUID

from jifen.domain.calendar import date_of, day_number, local_date
from jifen.domain.person import MemberKey
from jifen.domain.program.meaning import Program, Tier
from jifen.domain.refusals import FieldWrong
from jifen.domain.standing import Standing, standing_on
from jifen.store.compiled import begun_again
from jifen.store.figures import Span, span_asked
from jifen.store.gather import gather_unlocked
from jifen.store.ledger import Ledger
from jifen.store.persons import masked_keys
from jifen.store.plan_counts import are_countable
from jifen.store.tiers import Place, count_judged, members_by_tier, moves_between, next_judged

DAYS_AHEAD = 30
DAYS_AHEAD_MAX = 400
STEPS_OF_DAYS = 92
"""Moves of a longer period are told by month."""
LOOKED_AT_MAX = 1_000
"""So many members who are judged soon are looked at for a page: one who keeps his tier is not listed."""
LOOKED_AT_ONCE = 200


class Step(NamedTuple):
    """Moves of a day or a month, by its first day."""

    on: date
    up: int
    down: int


class Pair(NamedTuple):
    """Moves from one tier to another in the period."""

    before: int  # tier numbers
    after: int
    is_up: bool
    members: int
    by_time: int  # of these, what a review did


@dataclass(frozen=True, slots=True, kw_only=True)
class LadderView:
    """The first ladder in force. `members`, `steps`, `pairs` and `judged` are None of more members than are looked at while
    somebody waits."""

    program: Program
    now: datetime
    span: Span
    step: Literal["day", "month"]
    members: Mapping[int, int] | None
    steps: tuple[Step, ...] | None
    pairs: tuple[Pair, ...] | None
    judged: int | None  # until `judged_by`
    judged_by: date
    tier_codes: Mapping[int, str]


@begun_again
async def read_ladder(
    ledger: Ledger, *, from_on: date | None = None, to_on: date | None = None
) -> LadderView:
    """Members by tier, and how they moved from one day to another, both within; without them in the last 90 whole days.

    Refuses
        ProgramMissing   nothing was ever published
        FieldWrong       the period ends before it begins, is too long or too far off
    """
    async with ledger.reading() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        program = timeline.programs[timeline.row_at(clock.now)]
        today = local_date(clock.now, program.time_zone)
        span = span_asked(from_on, to_on, today)
        judged_by = today + timedelta(days=DAYS_AHEAD)
        step: Literal["day", "month"] = (
            "day" if (span.until_on - span.from_on).days <= STEPS_OF_DAYS else "month"
        )
        members = steps = pairs = judged = None
        if await are_countable(connection):
            members = await members_by_tier(connection)
            moved = await moves_between(connection, day_number(span.from_on), day_number(span.until_on) - 1)
            judged = await count_judged(connection, day_number(today) + 1, day_number(judged_by))

            rank = {tier.number: at for at, tier in enumerate(program.ladder.tiers)}
            up: dict[date, list[int]] = {one: [0, 0] for one in _firsts(span, step)}
            between: dict[tuple[int, int], list[int]] = {}
            for one in moved:
                # A tier that the ladder in force has no more stood below none that it has.
                is_up = rank.get(one.after, -1) > rank.get(one.before, -1)
                day = date_of(one.day)
                assert day is not None, "who moved did so on a day"
                up[day if step == "day" else day.replace(day=1)][0 if is_up else 1] += one.members
                pair = between.setdefault((one.before, one.after), [0, 0])
                pair[0] += one.members
                pair[1] += one.members if one.by_time else 0
            steps = tuple(Step(on, *counts) for on, counts in up.items())
            pairs = tuple(
                Pair(before, after, rank.get(after, -1) > rank.get(before, -1), *counts)
                for (before, after), counts in sorted(between.items())
            )
    return LadderView(
        program=program, now=clock.now, span=span, step=step, members=members, steps=steps, pairs=pairs,
        judged=judged, judged_by=judged_by, tier_codes=timeline.tier_codes,
    )  # fmt: skip


def _firsts(span: Span, step: str) -> list[date]:
    day = span.from_on if step == "day" else span.from_on.replace(day=1)
    found = []
    while day < span.until_on:
        found.append(day)
        day = day + timedelta(days=1) if step == "day" else (day + timedelta(days=32)).replace(day=1)
    return found


class Falling(NamedTuple):
    """Who falls on the day on which he is judged, if nothing more counts until then."""

    member_id: UUID
    standing: Standing
    falls_to: Tier
    is_in_grace: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class FallingPage:
    """Those who are about to fall, the soonest first; `members` is None of more members than are looked at while somebody waits.
    A page may hold fewer than was asked for and still have one behind it."""

    members: tuple[Falling, ...] | None
    keys: Mapping[UUID, Sequence[MemberKey]]  # masked
    behind: Place | None
    program: Program
    now: datetime
    until_on: date
    tier_codes: Mapping[int, str]


@begun_again
async def list_falling(
    ledger: Ledger, *, within_days: int = DAYS_AHEAD, before: str | None = None, limit: int = 50
) -> FallingPage:
    """Whose tier is judged within some days and would not be kept by what counts so far.

    Shape
        before   the cursor: `day~id` of the last member that was looked at

    Refuses
        ProgramMissing   nothing was ever published
        FieldWrong       no such cursor; too many days ahead
    """
    if not 1 <= within_days <= DAYS_AHEAD_MAX:
        raise FieldWrong(
            f"so many days ahead as 1 to {DAYS_AHEAD_MAX}", pointer="/query/within_days", value=within_days
        )
    behind = _behind(before)
    found: list[Falling] = []
    is_more = False
    async with ledger.reading() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        program = timeline.programs[timeline.row_at(clock.now)]
        today = local_date(clock.now, program.time_zone)
        day, until_on = day_number(today), today + timedelta(days=within_days)
        countable = await are_countable(connection)
        looked_at = 0
        while countable and len(found) < limit and looked_at < LOOKED_AT_MAX:
            places = await next_judged(
                connection, day + 1, day_number(until_on), behind=behind, limit=LOOKED_AT_ONCE
            )
            if not places:
                break
            gathered = await gather_unlocked(ledger, connection, [one.member_id for one in places])
            for at, place in enumerate(places):
                standing = standing_on(program, gathered.members[place.member_id], 0, day)
                behind, is_more = place, at + 1 < len(places) or len(places) == LOOKED_AT_ONCE
                if standing.falls_to is not None:
                    grace = standing.grace_from is not None and standing.grace_from <= day
                    found.append(Falling(place.member_id, standing, standing.falls_to, grace))
                if len(found) == limit:
                    break
            looked_at += len(places)
            if len(places) < LOOKED_AT_ONCE:
                break
        keys = await masked_keys(ledger, connection, [one.member_id for one in found])
    return FallingPage(
        members=tuple(found) if countable else None,
        keys=keys,
        behind=behind if is_more else None,
        program=program,
        now=clock.now,
        until_on=until_on,
        tier_codes=timeline.tier_codes,
    )


def _behind(cursor: str | None) -> Place | None:
    if cursor is None:
        return None
    day, _, member = cursor.partition("~")
    try:
        number = int(day)
        if not -(2**31) <= number < 2**31:
            raise ValueError(day)
        return Place(number, UUID(hex=member))
    except (ValueError, OverflowError):
        raise FieldWrong("no cursor of a page of members", pointer="/query/before") from None
