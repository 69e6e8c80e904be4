"""Days off as the State Council published them, and the no for what nobody published."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from jifen.domain.dates.refusals import CountryUnknown, DaysNotPublished
from jifen.domain.dates.statutory import is_day_off, make_up_workdays, statutory_days, years_published

# year: the notice, its days off, its make-up workdays. Written from the notices, apart from any library; where one says "off,
# together with the weekend", the weekend stands here.
NOTICES = {
    2024: (
        "国办发明电〔2023〕7号",
        "01-01 02-10:02-17 04-04:04-06 05-01:05-05 06-08:06-10 09-15:09-17 10-01:10-07",
        "02-04 02-18 04-07 04-28 05-11 09-14 09-29 10-12",
    ),
    2025: (
        "国办发明电〔2024〕12号",
        "01-01 01-28:02-04 04-04:04-06 05-01:05-05 05-31:06-02 10-01:10-08",
        "01-26 02-08 04-27 09-28 10-11",
    ),
    2026: (
        "国办发明电〔2025〕7号",
        "01-01:01-03 02-15:02-23 04-04:04-06 05-01:05-05 06-19:06-21 09-25:09-27 10-01:10-07",
        "01-04 02-14 02-28 05-09 09-20 10-10",
    ),
}


def _day(year: int, text: str) -> date:
    return date.fromisoformat(f"{year}-{text}")


@pytest.mark.parametrize("year", NOTICES)
def test_the_days_off_are_those_of_the_notice(year: int) -> None:
    _, spans, worked = NOTICES[year]
    off = set()
    for first, _, last in (span.partition(":") for span in spans.split()):
        day = _day(year, first)
        while day <= _day(year, last or first):
            off.add(day)
            day += timedelta(days=1)
    assert statutory_days("CN", year) == off
    assert make_up_workdays("CN", year) == {_day(year, text) for text in worked.split()}


def test_what_is_worked_is_a_weekend_and_never_off() -> None:
    for year in years_published("CN"):
        off, worked = statutory_days("CN", year), make_up_workdays("CN", year)
        assert not off & worked
        assert {day.isoweekday() for day in worked} <= {6, 7}
        assert {day.year for day in off | worked} == {year}
        assert date(year, 1, 1) in off
        assert date(year, 10, 1) in off


def test_a_new_year_may_take_days_of_the_december_before() -> None:
    assert date(2022, 12, 31) in statutory_days("CN", 2022)
    assert date(2018, 12, 29) in make_up_workdays("CN", 2018)


@pytest.mark.parametrize("year", [2013, 2027, 2028, 1900, 9999])
def test_a_year_that_is_not_published_is_refused_with_the_years_that_are(year: int) -> None:
    assert years_published("CN") == range(2014, 2027)
    for ask in (statutory_days, make_up_workdays):
        with pytest.raises(DaysNotPublished) as told:
            ask("CN", year)
        assert told.value.code == "days_not_published"
        assert told.value.numbers == {"year": year, "least": 2014, "most": 2026}
        assert str(year) in told.value.detail
        assert "2026" in told.value.detail


def test_a_day_is_off_or_not_or_nobody_knows_yet() -> None:
    assert is_day_off("CN", date(2026, 2, 23)) is True
    assert is_day_off("CN", date(2026, 2, 28)) is False  # a Saturday that is worked
    assert is_day_off("CN", date(2026, 3, 1)) is False  # a Sunday like any other
    assert is_day_off("CN", date(2027, 1, 1)) is None
    with pytest.raises(CountryUnknown):
        is_day_off("XX", date(2026, 1, 1))


@pytest.mark.parametrize("country", ["", "cn", "HK", "X" * 5_000])
def test_a_country_whose_days_are_not_kept_is_refused_by_name(country: str) -> None:
    with pytest.raises(CountryUnknown) as told:
        statutory_days(country, 2026)
    assert told.value.numbers == {"value": country[:50], "known": ["CN"]}
    assert len(told.value.detail) < 200
