"""Make the tables of festivals and days off from the libraries that know them: `python tools/festivals.py`, `--check` (are they
fresh?).

The lunar calendar and the solar terms come from tyme4py, the days off of China from chinesecalendar; both are of the tests'
requirements only (decision 0143). After a new notice of the State Council: `make lock`, this, and its days in the test.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterable
from datetime import date, timedelta
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
DATES = ROOT / "src" / "jifen" / "domain" / "dates"
LUNAR = range(1999, 2101)
PUBLISHED_FROM = 2014
"""Of make-up workdays before, the libraries say different things."""


def lunar_text() -> str:
    """`lunar_years.py`."""
    from tyme4py.lunar import LunarYear
    from tyme4py.solar import SolarTerm

    lines = [
        '"""The months of the lunar years, and two solar terms: made by `tools/festivals.py`, not by hand."""',
        "",
        "from __future__ import annotations",
        "",
        "from typing import NamedTuple",
        "",
        "",
        "class LunarYear(NamedTuple):",
        '    """One lunar year, and the solar terms of the year in which it begins."""',
        "",
        "    begins: int  # month * 100 + day",
        "    months: str  # in their order, the leap month at its place: 1 has 30 days, 0 has 29",
        "    leap_month: int  # the number that comes twice; 0: none does",
        "    qingming: int  # day of April",
        "    winter_solstice: int  # day of December",
        "",
        "",
        "LUNAR_YEARS = {",
    ]
    for year in LUNAR:
        months = LunarYear.from_year(year).get_months()
        begins = months[0].get_first_julian_day().get_solar_day()
        lengths = "".join("1" if month.get_day_count() == 30 else "0" for month in months)
        leap = LunarYear.from_year(year).get_leap_month()
        qingming = SolarTerm.from_name(year, "清明").get_julian_day().get_solar_day()
        # The library counts the solstice that opens a year's terms to that year.
        solstice = SolarTerm.from_name(year + 1, "冬至").get_julian_day().get_solar_day()
        assert (begins.get_year(), qingming.get_month(), solstice.get_year(), solstice.get_month()) == (
            year,
            4,
            year,
            12,
        )
        first = begins.get_month() * 100 + begins.get_day()
        lines.append(
            f'    {year}: LunarYear({first}, "{lengths}", {leap}, {qingming.get_day()}, {solstice.get_day()}),'
        )
    return "\n".join([*lines, "}"]) + "\n"


def statutory_text() -> str:
    """`published.py`."""
    import chinese_calendar

    lines = [
        '"""Days off and make-up workdays as they were published: made by `tools/festivals.py`, not by hand."""',
        "",
        "from __future__ import annotations",
        "",
        "# country: year: (days off, make-up workdays), each as MMDD or MMDD-MMDD.",
        "PUBLISHED = {",
        '    "CN": {',
    ]
    days_off = _with_weekends(set(chinese_calendar.holidays), set(chinese_calendar.workdays))
    for year in range(PUBLISHED_FROM, max(days_off).year + 1):
        off = _ranges(day for day in days_off if day.year == year)
        worked = _ranges(day for day in chinese_calendar.workdays if day.year == year)
        lines.append(f'        {year}: ("{off}", "{worked}"),')
    return "\n".join([*lines, "    },", "}"]) + "\n"


def _with_weekends(days: set[date], worked: set[date]) -> set[date]:
    """The days with the weekends that adjoin them: a notice says "off, together with the weekend" and names one day."""
    found = set(days)
    for day in days:
        for step in (timedelta(days=1), timedelta(days=-1)):
            beside = day + step
            while beside.isoweekday() >= 6 and beside not in worked:
                found.add(beside)
                beside += step
    return found


def _ranges(days: Iterable[date]) -> str:
    spans: list[list[date]] = []
    for day in sorted(days):
        if spans and day - spans[-1][1] == timedelta(days=1):
            spans[-1][1] = day
        else:
            spans.append([day, day])
    return " ".join(
        f"{first:%m%d}" if first == last else f"{first:%m%d}-{last:%m%d}" for first, last in spans
    )


def main(arguments: list[str]) -> int:
    """Write the tables, or check them; the exit status."""
    stale = False
    for name, text in {"lunar_years.py": lunar_text(), "published.py": statutory_text()}.items():
        path = DATES / name
        formatted = subprocess.run(
            [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(path), "-"],
            input=text,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        if arguments == ["--check"]:
            if not path.exists() or path.read_text(encoding="utf-8") != formatted:
                stale = True
                print(f"{name} is stale; run: python tools/festivals.py", file=sys.stderr)
        else:
            path.write_text(formatted, encoding="utf-8")
    return int(stale)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
