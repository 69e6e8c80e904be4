"""How a member stands on a ladder: what counts in its window, what the next tier asks for, which tiers were held when."""

from __future__ import annotations

from typing import NamedTuple

from jifen.domain import fold
from jifen.domain.member import Member
from jifen.domain.program.meaning import Downgrade, Ladder, Program, Tier, WindowKind


class Held(NamedTuple):
    """A tier held from a moment on. `day` is a day number; `cause` the entry that lifted it, None: time judged."""

    tier: int
    day: int
    cause: int | None


class Standing(NamedTuple):
    """On one ladder.

    Units
        counted, missing, keep_missing   what the ladder counts: minor money, visits, or smallest units of a currency
    """

    tier: int
    review_day: int  # fold.FAR: never
    window_first: int  # day number; what is older does not count
    counted: int
    next_tier: Tier | None
    missing: int
    kept_by: int  # so much in the window keeps the tier on the day of judging
    keep_missing: (
        int  # of it not counted yet in the window that will be asked; 0: it is kept, or never judged
    )
    grace_from: (
        int | None
    )  # the first day of grace, a day number; None: the ladder has none, or it is not judged
    falls_to: Tier | None  # where he falls on the day of judging by what counts so far; None: he keeps it
    path: tuple[Held, ...]


def standing_on(program: Program, member: Member, ladder: int, day: int) -> Standing:
    """Where the member stands on a ladder of the programme on a day, by the member's own row."""
    rungs = program.ladders[ladder]
    width = fold.DAYS_COUNTED + len(program.ladders)

    def counted_from(first: int) -> int:
        return sum(
            member.days[row + fold.DAYS_COUNTED + ladder]
            for row in range(0, len(member.days), width)
            if first <= member.days[row + fold.DAYS_DAY] <= day
        )

    first = _window_first(program, member, ladder, day)
    counted = counted_from(first)
    stands = ladder * fold.STANDS_WIDTH
    tier = member.ladders[stands + fold.STANDS_TIER]
    rank = next((at for at, one in enumerate(rungs.tiers) if one.number == tier), 0)
    above = rungs.tiers[rank + 1] if rank + 1 < len(rungs.tiers) else None
    review_day = member.ladders[stands + fold.STANDS_REVIEW_DAY]
    kept_by = rungs.tiers[rank].kept_by
    keep_missing, falls_to = 0, None
    if review_day < fold.FAR and rungs.downgrade is not Downgrade.NONE:
        # The window of the day of judging, as far as it has gone: of a year the one that ends with the day before.
        ends = 0 if rungs.window.kind is WindowKind.ROLLING else -1
        asked = {review_day + ends, review_day - rungs.grace_days + ends}
        best = max(counted_from(_window_first(program, member, ladder, max(day, last))) for last in asked)
        keep_missing = max(kept_by - best, 0)
        falls_to = _left(rungs, rank, best) if keep_missing else None
    return Standing(
        tier=tier,
        review_day=review_day,
        window_first=first,
        counted=counted,
        next_tier=above,
        missing=max(above.reach - counted, 0) if above else 0,
        kept_by=kept_by,
        keep_missing=keep_missing,
        grace_from=review_day - rungs.grace_days if rungs.grace_days and review_day < fold.FAR else None,
        falls_to=falls_to,
        path=_path(member, ladder),
    )


def _left(rungs: Ladder, rank: int, counted: int) -> Tier:
    """What is left of a tier that is not kept, as `fold.judged` has it."""
    if rungs.downgrade is Downgrade.ONE_LEVEL:
        return rungs.tiers[rank - 1]
    if rungs.downgrade is Downgrade.BASE:
        return rungs.tiers[0]
    kept = (one for one in reversed(rungs.tiers[:rank]) if counted >= one.kept_by)
    return next(kept, rungs.tiers[0])


def _window_first(program: Program, member: Member, ladder: int, day: int) -> int:
    window = program.ladders[ladder].window
    if window.kind is WindowKind.ROLLING:
        return day - window.days + 1
    if window.kind is WindowKind.CALENDAR_YEAR:
        return fold.first_of_year(fold.year_of(day))
    if window.kind is WindowKind.MEMBERSHIP_YEAR:
        joined = member.scalars[fold.JOINED_DAY]
        begun = fold.anniversary(joined, fold.year_of(day))
        return begun if begun <= day else fold.anniversary(joined, fold.year_of(day) - 1)
    return -fold.FAR


def _path(member: Member, ladder: int) -> tuple[Held, ...]:
    rows = range(0, len(member.history), fold.HISTORY_WIDTH)
    return tuple(
        Held(
            tier=member.history[row + fold.HISTORY_TIER],
            day=member.history[row + fold.HISTORY_DAY],
            cause=member.history[row + fold.HISTORY_CAUSE] or None,
        )
        for row in rows
        if member.history[row + fold.HISTORY_LADDER] == ladder
    )
