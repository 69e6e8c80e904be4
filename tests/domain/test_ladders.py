"""Tiers as shop owners count them: until the end of next year, by the year, with days of grace, one step down."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from tests.builders import a_ladder, a_member, a_program, a_purchase, a_tier, a_timeline, bought

from jifen.domain import fold
from jifen.domain.decide import decide_advance, decide_enrolment
from jifen.domain.member import Member
from jifen.domain.program.meaning import BY_VISITS, Downgrade, Keeps, Ladder, Window, WindowKind
from jifen.domain.standing import standing_on
from jifen.domain.timeline import Timeline

LONG_AGO = datetime(2019, 1, 1, tzinfo=UTC)
YEAR = Window(kind=WindowKind.CALENDAR_YEAR)
MEMBERSHIP = Window(kind=WindowKind.MEMBERSHIP_YEAR)
LIFE = Window(kind=WindowKind.LIFE)


def noon(day: str) -> datetime:
    """Noon in Shanghai."""
    return datetime.fromisoformat(day).replace(hour=4, tzinfo=UTC)


def shop(ladder: Ladder) -> Timeline:
    return a_timeline(a_program(ladder=ladder, effective_at=LONG_AGO, late_days=4_000))


def two(**how: object) -> Ladder:
    """Gold from 3,000 yuan on."""
    return a_ladder(a_tier(0), a_tier(2, reach=300_000), **how)  # type: ignore[arg-type]


def joined(timeline: Timeline, day: str) -> Member:
    return decide_enrolment(timeline, a_member(timeline), now=noon(day)).after


def spends(timeline: Timeline, member: Member, day: str, amount: int, *, told: str | None = None) -> Member:
    no = f"{day}-{amount}-{member.sequence}"
    return bought(timeline, member, a_purchase(amount, at=noon(day), no=no), now=noon(told or day)).after


def on(timeline: Timeline, member: Member, day: str) -> int:
    """The tier that a member holds at the very beginning of a day, once time has passed to it."""
    start = datetime.fromisoformat(day).replace(tzinfo=UTC) - timedelta(hours=8)
    return decide_advance(timeline, member, now=start).after.tier


def last_day(timeline: Timeline, member: Member) -> str:
    """The last day on which the member is gold, where nothing more is bought."""
    day = date.fromordinal(member.ladders[fold.STANDS_REVIEW_DAY] + date(1970, 1, 1).toordinal())
    assert on(timeline, member, str(day - timedelta(days=1))) == 2
    assert on(timeline, member, str(day)) == 0
    return str(day - timedelta(days=1))


@pytest.mark.parametrize(
    ("how", "reached", "last"),
    [
        ({"keeps_days": 365}, "2023-06-10", "2024-06-08"),
        ({"keeps_days": 365}, "2024-02-29", "2025-02-27"),
        ({"keeps_days": 365, "grace_days": 30}, "2023-06-10", "2024-07-08"),
        ({"keeps": Keeps.YEAR_ENDS, "keeps_days": 1}, "2024-01-01", "2024-12-31"),
        ({"keeps": Keeps.YEAR_ENDS, "keeps_days": 1}, "2024-12-31", "2024-12-31"),
        ({"keeps": Keeps.YEAR_ENDS, "keeps_days": 2}, "2024-02-29", "2025-12-31"),
        ({"keeps": Keeps.YEAR_ENDS, "keeps_days": 2, "grace_days": 31}, "2024-02-29", "2026-01-31"),
        ({"keeps": Keeps.MONTH_ENDS, "keeps_days": 1}, "2024-02-29", "2024-02-29"),
        ({"keeps": Keeps.MONTH_ENDS, "keeps_days": 12}, "2024-02-29", "2025-01-31"),
        ({"keeps": Keeps.MONTH_ENDS, "keeps_days": 13}, "2024-12-31", "2025-12-31"),
        ({"keeps": Keeps.ANNIVERSARIES, "keeps_days": 1}, "2023-06-10", "2024-02-28"),
        ({"keeps": Keeps.ANNIVERSARIES, "keeps_days": 1}, "2024-02-28", "2024-02-28"),
        ({"keeps": Keeps.ANNIVERSARIES, "keeps_days": 1}, "2024-02-29", "2025-02-27"),
        ({"keeps": Keeps.ANNIVERSARIES, "keeps_days": 2}, "2023-06-10", "2025-02-27"),
    ],
)
def test_the_last_day_of_gold(how: dict[str, object], reached: str, last: str) -> None:
    """Joined on 29 February: in other years that is the 28th. The window is short, so that nothing keeps it."""
    timeline = shop(two(window_days=1, **how))
    member = spends(timeline, joined(timeline, "2020-02-29"), reached, 300_000)
    assert member.tier == 2
    assert last_day(timeline, member) == last


def test_twice_in_a_day_and_once_more_within_its_time_lengthen_nothing() -> None:
    timeline = shop(two(window_days=1, keeps=Keeps.YEAR_ENDS, keeps_days=1))
    member = spends(timeline, joined(timeline, "2020-02-29"), "2024-05-01", 300_000)
    member = spends(timeline, member, "2024-05-01", 300_000)
    assert last_day(timeline, spends(timeline, member, "2024-11-11", 300_000)) == "2024-12-31"


def test_a_year_is_judged_as_the_one_that_has_ended() -> None:
    """Gold by what counted in 2023, held to the end of 2024, kept by what counted in 2024."""
    timeline = shop(two(window=YEAR, keeps=Keeps.YEAR_ENDS, keeps_days=2))
    member = spends(timeline, joined(timeline, "2022-05-05"), "2023-12-31", 300_000)
    enough = spends(timeline, member, "2024-01-01", 300_000)
    assert (on(timeline, enough, "2025-01-01"), on(timeline, enough, "2026-12-31")) == (2, 2)
    too_little = spends(timeline, member, "2024-12-31", 299_999)
    assert (on(timeline, too_little, "2024-12-31"), on(timeline, too_little, "2025-01-01")) == (2, 0)
    too_late = spends(timeline, too_little, "2025-01-01", 299_999)
    assert on(timeline, too_late, "2025-02-01") == 0, "neither year reaches it"


def test_a_year_of_membership_begins_anew_on_the_day_of_joining() -> None:
    timeline = shop(two(window=MEMBERSHIP, keeps=Keeps.ANNIVERSARIES, keeps_days=1))
    member = joined(timeline, "2020-02-29")
    member = spends(timeline, member, "2021-02-27", 299_999)
    member = spends(timeline, member, "2021-02-28", 299_999)
    assert member.tier == 0, "the year began anew on 28 February"
    member = spends(timeline, member, "2022-02-27", 1)
    assert (member.tier, on(timeline, member, "2022-02-28")) == (2, 2), "the year that ended keeps it"
    assert (on(timeline, member, "2023-02-27"), on(timeline, member, "2023-02-28")) == (2, 0)


def test_what_was_ever_bought_counts_over_the_whole_membership() -> None:
    timeline = shop(two(window=LIFE, keeps_days=1))
    member = spends(timeline, joined(timeline, "2020-02-29"), "2020-03-01", 200_000)
    member = spends(timeline, member, "2029-03-01", 100_000)
    assert (member.tier, on(timeline, member, "2031-03-01")) == (2, 2)


def test_visits_lift() -> None:
    timeline = shop(a_ladder(a_tier(0), a_tier(2, reach=2), currency=BY_VISITS, window_days=9, keeps_days=9))
    member = spends(timeline, joined(timeline, "2024-01-01"), "2024-01-02", 1)
    assert member.tier == 0
    assert spends(timeline, member, "2024-01-02", 1).tier == 2


def test_less_keeps_a_tier_than_reaches_it() -> None:
    timeline = shop(
        a_ladder(a_tier(0), a_tier(2, reach=300_000, keep=100_000), window_days=30, keeps_days=60)
    )
    member = spends(timeline, joined(timeline, "2024-01-01"), "2024-01-01", 300_000)
    assert on(timeline, member, "2024-03-01") == 0
    kept = spends(timeline, member, "2024-02-20", 100_000)
    assert (on(timeline, kept, "2024-03-01"), on(timeline, kept, "2024-04-29")) == (2, 2)
    assert on(timeline, kept, "2024-04-30") == 0


def test_days_of_grace_keep_what_either_window_keeps() -> None:
    """Due on 1 March without grace, judged on 11 March: kept from 1 March on in both cases."""
    timeline = shop(two(window_days=30, keeps_days=60, grace_days=10))
    member = spends(timeline, joined(timeline, "2024-01-01"), "2024-01-01", 300_000)
    assert (on(timeline, member, "2024-03-10"), on(timeline, member, "2024-03-11")) == (2, 0)
    for day in ("2024-02-05", "2024-03-05"):  # in the window that ended before the grace, and within it
        kept = spends(timeline, member, day, 300_000)
        assert kept.tier == 2
        assert (on(timeline, kept, "2024-03-11"), on(timeline, kept, "2024-05-09")) == (2, 2)
        assert on(timeline, kept, "2024-05-10") == 0
    missed = spends(timeline, member, "2024-01-20", 300_000)
    assert on(timeline, missed, "2024-03-11") == 0


@pytest.mark.parametrize(
    ("downgrade", "falls"),
    [
        (Downgrade.REASSESS, [1, 0, 0]),
        (Downgrade.ONE_LEVEL, [2, 1, 0]),
        (Downgrade.BASE, [0, 0, 0]),
        (Downgrade.NONE, [3, 3, 3]),
    ],
)
def test_where_a_tier_falls_to(downgrade: Downgrade, falls: list[int]) -> None:
    """Platinum, of which silver is left when it is judged first, and nothing after that."""
    steps = [a_tier(0), a_tier(1, reach=10_000), a_tier(2, reach=100_000), a_tier(3, reach=300_000)]
    timeline = shop(a_ladder(*steps, window_days=30, keeps_days=30, downgrade=downgrade))
    member = spends(timeline, joined(timeline, "2024-01-01"), "2024-01-01", 300_000)
    member = spends(timeline, member, "2024-01-15", 10_000)
    assert [on(timeline, member, day) for day in ("2024-01-31", "2024-03-01", "2024-03-31")] == falls


def test_a_late_purchase_lifts_from_its_own_moment_and_is_kept_to_the_end_of_its_year() -> None:
    timeline = shop(two(window=YEAR, keeps=Keeps.YEAR_ENDS, keeps_days=1))
    member = spends(timeline, joined(timeline, "2023-01-01"), "2023-12-31", 300_000, told="2024-02-01")
    assert member.tier == 2, "2023 keeps it through 2024"
    assert on(timeline, member, "2025-01-01") == 0
    much_later = spends(timeline, joined(timeline, "2022-01-01"), "2022-12-31", 300_000, told="2024-02-01")
    assert much_later.tier == 0, "2023, in which nothing counted, has judged it since"


def test_months_and_years_are_counted_as_calendars_have_them() -> None:
    for at in range(0, 80_000, 17):
        day = date(1970, 1, 1) + timedelta(days=at)
        month = fold.month_of(at)
        assert month == day.year * 12 + day.month - 1
        assert fold.first_of_month(month) == (day.replace(day=1) - date(1970, 1, 1)).days


@pytest.mark.parametrize(
    ("how", "day", "missing"),
    [
        (
            {"window_days": 30, "keeps_days": 60},
            "2024-01-10",
            300_000,
        ),  # January is out of the window that ends on 1 March
        ({"window_days": 90, "keeps_days": 60}, "2024-01-10", 0),
        ({"window": YEAR, "keeps": Keeps.YEAR_ENDS, "keeps_days": 1}, "2024-01-10", 0),
        ({"window": YEAR, "keeps": Keeps.YEAR_ENDS, "keeps_days": 2}, "2024-01-10", 300_000),  # 2025 is asked
        ({"window": LIFE, "keeps_days": 1}, "2024-01-10", 0),
        ({"window_days": 30, "keeps_days": 60, "downgrade": Downgrade.NONE}, "2024-01-10", 0),
    ],
)
def test_what_is_missing_to_keep_a_tier(how: dict[str, object], day: str, missing: int) -> None:
    timeline = shop(two(**how))
    member = spends(timeline, joined(timeline, "2024-01-01"), "2024-01-01", 300_000)
    number = (date.fromisoformat(day) - date(1970, 1, 1)).days
    told = standing_on(timeline.newest, member, 0, number)
    assert (told.kept_by, told.keep_missing) == (300_000, missing)
    review = str(date(1970, 1, 1) + timedelta(days=told.review_day))
    assert (on(timeline, member, review) == 2) == (missing == 0), (
        "it is what judging says where nothing more is bought"
    )
