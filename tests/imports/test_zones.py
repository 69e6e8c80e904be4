"""One list of zones: every library of ours knows each of them, and live and columns see the same days and clocks in it."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any, Final
from zoneinfo import ZoneInfo

import asyncpg
import polars as pl
import pyarrow as pa
import pytest
from pyarrow import parquet
from tests.conftest import FreshDatabase
from tests.import_files.builders import known, mapping
from tests.imports.test_import import _live
from tests.ledgers import a_ledger, assert_same_books, books

from jifen.document.load import document_from, parse_document
from jifen.document.problems import DocumentRefused
from jifen.document.write import as_values
from jifen.domain.calendar import day_number, shown_at, start_of_day, zone
from jifen.domain.zones import ZONES, nearest_zone
from jifen.embedded import Server
from jifen.insight.clocks import CLOCK, INSTANT, instants, shown_clock, starts_of_days
from jifen.insight.read_purchases import MappingRefused, read_mapping, read_purchases
from jifen.jobs.import_purchases import import_purchases
from jifen.operations.reconcile_books import reconcile_books

YEARS: Final = (
    2011,
    2024,
    2026,
    2027,
)  # 2011: Samoa left out a day; 2026: editions of the tz database differ
ALIKE: Final = (2011, 2018, 2021)  # years about which no edition of the last ten years differs
SECOND, HOUR, DAY = timedelta(seconds=1), timedelta(hours=1), timedelta(days=1)


def _moments_around_changes(name: str, years: tuple[int, ...]) -> Iterator[datetime]:
    """The moments of every change of a zone's clock in some years, found here by halving, and those around them."""
    there = zone(name)
    for year in years:
        days = [datetime(year, 1, 1, tzinfo=UTC) + n * DAY for n in range(367)]
        for early, late in itertools.pairwise(days):
            if early.astimezone(there).utcoffset() == late.astimezone(there).utcoffset():
                continue
            while late - early > SECOND:
                middle = early + (late - early) // 2
                same = middle.astimezone(there).utcoffset() == early.astimezone(there).utcoffset()
                early, late = (middle, late) if same else (early, middle)
            at = late.replace(microsecond=0)
            yield from (at + n * SECOND for n in (-1, 0, 1))
            yield from (at + n * HOUR // 2 for n in range(-60, 61))
        yield from days[::30]


@pytest.mark.parametrize("letter", sorted({name[:2] for name in ZONES}))
def test_columns_see_the_clocks_and_days_that_the_till_sees_in_every_zone(letter: str) -> None:
    for name in sorted(one for one in ZONES if one.startswith(letter)):
        moments = sorted(_moments_around_changes(name, YEARS))
        clock = shown_clock(pl.Series(moments, dtype=INSTANT), name)
        local = [moment.astimezone(zone(name)).replace(tzinfo=None) for moment in moments]
        assert clock.to_list() == local, name
        seen = [shown_at(int(moment.timestamp()), name) for moment in moments]
        assert clock.dt.date().to_list() == [one.date for one in seen], name

        # Wall clocks of every half hour around a change: also those that nobody ever saw.
        walls = sorted({wall.replace(tzinfo=None, fold=0) for wall in (*moments, *local)})
        told = instants(pl.Series(walls, dtype=CLOCK), name)
        wanted = [wall.replace(tzinfo=zone(name)).astimezone(UTC) for wall in walls]
        assert told.at.to_list() == wanted, name
        back = [at.astimezone(zone(name)).replace(tzinfo=None) for at in wanted]
        assert told.is_skipped.to_list() == [one != wall for one, wall in zip(back, walls, strict=True)], name
        later = [wall.replace(tzinfo=zone(name), fold=1).astimezone(UTC) for wall in walls]
        repeated = [a < b for a, b in zip(wanted, later, strict=True)]
        assert told.is_repeated.to_list() == repeated, name

        days = [date(year, 1, 1) + n * DAY for year in YEARS for n in range(366)]
        starts = starts_of_days(pl.Series([day_number(day) for day in days]), name)
        assert starts.to_list() == [start_of_day(day, name) for day in days], name


def test_nothing_and_what_is_out_of_reach_pass_through_the_columns() -> None:
    nothing: list[datetime | None] = [None, None]
    assert shown_clock(pl.Series(nothing, dtype=INSTANT), "Asia/Shanghai").to_list() == nothing
    assert instants(pl.Series(nothing, dtype=CLOCK), "Asia/Shanghai").at.to_list() == nothing
    assert shown_clock(pl.Series([], dtype=INSTANT), "Asia/Shanghai").to_list() == []
    walls = [datetime(1, 1, 1), None, datetime(9999, 12, 31, 23, 59)]  # noqa: DTZ001
    told = instants(pl.Series(walls, dtype=CLOCK), "Asia/Shanghai").at
    assert told.is_null().to_list() == [False, True, False]


async def test_every_library_knows_every_zone(postgres: Server) -> None:
    package = resources.files("tzdata").joinpath("zoneinfo")
    said = package.joinpath("zone.tab").read_text(encoding="utf-8").splitlines()
    lived_in = {line.split("\t")[2].strip() for line in said if line and not line.startswith("#")}
    assert lived_in | {"UTC"} == ZONES, "the tz database names other zones: mend domain/zones.py"

    moment = pl.Series([datetime(2026, 1, 1, tzinfo=UTC)], dtype=INSTANT)
    for name in ZONES:
        assert package.joinpath(*name.split("/")).is_file()
        ZoneInfo(name)
        moment.dt.convert_time_zone(name)
    connection = await asyncpg.connect(**postgres.admin.arguments())
    try:
        names = {row["name"] for row in await connection.fetch("SELECT name FROM pg_timezone_names")}
        assert names >= ZONES
        for name in sorted(ZONES):
            moments = sorted(_moments_around_changes(name, ALIKE))
            rows = await connection.fetch(
                "SELECT (at AT TIME ZONE $2)::date AS day FROM unnest($1::timestamptz[]) WITH ORDINALITY AS u (at, n)"
                " ORDER BY n",
                moments,
                name,
            )
            days = [shown_at(int(moment.timestamp()), name).date for moment in moments]
            assert [row["day"] for row in rows] == days, name
    finally:
        await connection.close()


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("posix/Asia/Shanghai", "Asia/Shanghai"),
        ("right/Europe/Paris", "Europe/Paris"),
        ("asia/shanghai", "Asia/Shanghai"),
        ("Shanghai", "Asia/Shanghai"),
        ("Asia/Beijing", "Asia/Shanghai"),
        ("PRC", "Asia/Shanghai"),
        ("US/Eastern", "America/New_York"),
        ("America/NewYork", "America/New_York"),
        ("New York", "America/New_York"),
        ("Etc/UTC", "UTC"),
        ("UTC+8", None),
        ("CST", None),
        ("+08:00", None),
    ],
)
def test_a_zone_outside_the_list_is_told_the_nearest_one(written: str, meant: str | None) -> None:
    assert written not in ZONES
    assert nearest_zone(written) == meant


def test_a_mapping_names_a_zone_of_the_list(tmp_path: Path) -> None:
    file = tmp_path / "mapping.yaml"
    file.write_text(
        "columns: {business_no: no, occurred_at: at, amount: amount}\nconstants: {source: pos}\n"
        "time: {zone: posix/Asia/Shanghai}\n"
    )
    with pytest.raises(MappingRefused) as refused:
        read_mapping(file)
    (problem,) = refused.value.problems
    assert (problem.code, problem.path, problem.line) == ("zone", "$.time.zone", 3)
    for language in ("en", "zh"):
        assert "'posix/Asia/Shanghai'" in problem.text(language)
        assert "'Asia/Shanghai'" in problem.text(language)


DAILY = """
program: {{code: daily, names: {{en: Daily}}}}
time_zone: {zone}
money: {{code: CNY, decimals: 2}}
any_store: true
currencies:
- {{code: points, names: {{en: Points}}, kind: spendable, worth: 1, expiry: {{days: 1}}}}
earn_rules:
- code: base
  names: {{en: Base}}
  currency: points
  per_amount: {{points: 1, amount_minor: 100}}
  rounding: down
"""


def _sales(folder: Path, moments: list[datetime]) -> Path:
    """A purchase at each moment, of three members in turn."""
    path = folder / "sales.csv"
    rows = [f"R{n},{at.isoformat()},C{n % 3},12.00" for n, at in enumerate(moments)]
    path.write_text("no,at,member,amount\n" + "\n".join(rows) + "\n")
    return path


def _mapping(**changes: Any) -> Any:
    unmapped = dict.fromkeys(("store", "sku", "name", "category", "quantity", "discount"))
    columns: dict[str, Any] = unmapped | {"business_no": "no", "occurred_at": "at", "member_ref": "member"}
    return mapping(numbered=False, columns=columns, time={}, **changes)


@pytest.mark.parametrize(
    ("name", "first"),
    [
        ("America/Santiago", datetime(2024, 9, 4, 15, tzinfo=UTC)),  # midnight of 8 September is skipped
        ("America/Havana", datetime(2024, 10, 31, 15, tzinfo=UTC)),  # midnight of 3 November comes twice
        ("Africa/Cairo", datetime(2024, 4, 23, 15, tzinfo=UTC)),  # midnight of 26 April is skipped
        (
            "Africa/Cairo",
            datetime(2024, 10, 29, 15, tzinfo=UTC),
        ),  # 31 October lasts until it is 23 o'clock again
    ],
)
async def test_a_midnight_that_is_skipped_or_repeated_does_not_end_an_import(
    fresh_database: FreshDatabase, second_database: FreshDatabase, tmp_path: Path, name: str, first: datetime
) -> None:
    file = _sales(tmp_path, [first + n * HOUR * 5 for n in range(30)])
    loaded = read_purchases([file], _mapping(), known=known())
    document = parse_document(DAILY.format(zone=name), name="daily")

    async with (
        a_ledger(fresh_database, document=document) as bulk,
        a_ledger(second_database, document=document) as live,
    ):
        imported = await import_purchases(bulk, loaded, actor="import")
        await _live(live, loaded)

        assert (imported.added, imported.refused) == (30, 0)
        assert_same_books(await books(bulk), await books(live))
        verdict = await reconcile_books(bulk)
        assert not [v.law.number for v in verdict.verdicts if v.findings]


async def test_a_revision_from_before_the_lists_of_zones_and_money_goes_on(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    document = parse_document(DAILY.format(zone="Asia/Shanghai"), name="daily")
    money = document.money.model_copy(update={"decimals": 3})
    before = document.model_copy(update={"time_zone": "Etc/GMT-8", "money": money})
    with pytest.raises(DocumentRefused) as refused:
        document_from(as_values(before))
    assert {one.code for one in refused.value.problems} == {"unknown_time_zone", "money_decimals_wrong"}
    file = _sales(tmp_path, [datetime(2024, 9, 4, 15, tzinfo=UTC)])
    loaded = read_purchases([file], _mapping(), known=known())

    async with a_ledger(fresh_database, document=before) as ledger:
        assert (await import_purchases(ledger, loaded, actor="import")).added == 1
        verdict = await reconcile_books(ledger)
        assert not [v.law.number for v in verdict.verdicts if v.findings]


@pytest.mark.parametrize(
    "written", ["+05:30", "-03:00", "posix/Asia/Shanghai", "Asia/Shanghai", "Mars/Olympus"]
)
def test_parquet_instants_are_instants_whatever_zone_they_are_written_in(
    tmp_path: Path, written: str
) -> None:
    path = tmp_path / "sales.parquet"
    at = pa.array([1_767_261_600_000_000], pa.int64()).cast(pa.timestamp("us", written))
    table = pa.table({"no": ["R1"], "at": at, "member": ["C1"], "amount": ["1.00"]})
    parquet.write_table(table, path)
    loaded = read_purchases([path], _mapping(), known=known())
    assert loaded.purchases["occurred_at"].to_list() == [datetime(2026, 1, 1, 10, tzinfo=UTC)]


@pytest.mark.parametrize(
    "column",
    [
        pa.array([{"a": 1}]),
        pa.array([[{"a": 1}]]),
        pa.array([[datetime(2026, 1, 1)]], pa.list_(pa.timestamp("us", "+05:30"))),  # noqa: DTZ001
        pa.array([timedelta(1)]),
        pa.array([1], pa.time64("us")),
        pa.array([[(b"1", 1)]], pa.map_(pa.binary(), pa.int64())),
        pa.array([b"12"], pa.binary()),
        pa.array([1], pa.decimal256(60, 2)),
    ],
    ids=lambda column: str(column.type),
)
def test_a_type_that_no_field_can_have_refuses_the_file(tmp_path: Path, column: pa.Array) -> None:
    from jifen.insight.read_purchases import FileRefused

    path = tmp_path / "sales.parquet"
    parquet.write_table(pa.table({"no": ["R1"], "at": column, "member": ["C1"], "amount": ["1.00"]}), path)
    with pytest.raises(FileRefused, match="column_type"):
        read_purchases([path], _mapping(), known=known())
