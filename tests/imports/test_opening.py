"""Opening balances: lots of another system become lots here, once, whole for each member, and the books stay true."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till, another_till, days

from jifen.domain.calendar import local_date
from jifen.domain.person import MemberKey
from jifen.domain.refusals import OpeningDiffers
from jifen.insight.read_opening import CurrencyKnown, OpeningKnown, OpeningMapping, read_opening
from jifen.jobs import import_opening as importing
from jifen.jobs.import_opening import OpeningImported, import_opening
from jifen.operations.find_member import find_member
from jifen.operations.read_statement import read_statement
from jifen.present.postings import explain

MAPPING = OpeningMapping.model_validate({
    "columns": {"member_ref": "card", "units": "units", "expires_on": "until", "reference": "lot", "earned_on": "earned"},
    "constants": {"currency": "points", "member_ref_kind": "card"},
})  # fmt: skip
Row = tuple[str, int, date | None]


async def take_over(
    till: Till, folder: Path, rows: Sequence[Row], *, by: OpeningMapping = MAPPING, **more: Any
) -> OpeningImported:
    """Import a file of these lots."""
    file = folder / "points.csv"
    lines = [
        f"{card},{units},{until or ''},{card}-{number},2025-01-{number % 28 + 1:02}"
        for number, (card, units, until) in enumerate(rows)
    ]
    file.write_text("\n".join(["card,units,until,lot,earned", *lines]) + "\n", encoding="utf-8")
    today = local_date(await till.now(), "Asia/Shanghai")
    known = OpeningKnown(today=today, currencies={"points": CurrencyKnown(0, 0)})
    return await import_opening(till.ledger, read_opening([file], by, known=known), actor="import", **more)


async def member(till: Till, card: str) -> UUID:
    """Whom a card finds."""
    return await find_member(till.ledger, MemberKey("card", card))


async def lots(till: Till, card: str) -> list[tuple[Any, ...]]:
    """Number, what was opened, what is left and the last day of each lot."""
    async with till.ledger.transaction() as connection:
        rows = await connection.fetch(
            "SELECT number, opened, left_units, expires_on FROM lot WHERE member_id = $1 ORDER BY number",
            await member(till, card),
        )
    return [tuple(row) for row in rows]


async def counts(till: Till) -> tuple[int, int, int]:
    """Entries, postings and lots of the whole ledger."""
    return tuple(
        [await till.fetchval(f"SELECT count(*) FROM {table}") for table in ("entry", "posting", "lot")]
    )


async def a_day(till: Till, ahead: int) -> date:
    """So many days from the book's today."""
    return local_date(await till.now(), "Asia/Shanghai") + timedelta(days=ahead)


async def test_each_lot_keeps_its_own_day_of_expiry(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with a_till(fresh_database, a_document(expiry="{days: 30}")) as till:
        await till.set_now(await till.now() - days(50))
        old = await till.enrol("old")
        soon, later = await a_day(till, 1), await a_day(till, 700)

        done = await take_over(
            till, tmp_path, [("old", 5, later), ("new", 7, None), ("old", 3, soon), ("old", 2, soon)]
        )

        assert (done.members, done.added, done.known, done.refused, done.new_members, done.lots) == (
            2,
            2,
            0,
            0,
            1,
            4,
        )
        assert (done.units, done.units_forever) == ({"points": 17}, {"points": 7})
        assert await lots(till, "old") == [(1, 3, 3, soon), (2, 2, 2, soon), (3, 5, 5, later)]
        assert await lots(till, "new") == [(1, 7, 7, None)]
        assert (
            await till.fetchval(
                "SELECT sum(units) FROM posting WHERE verb = 'opening' AND account = 'opening'"
            )
            == 17
        )
        await till.assert_laws()

        await till.adjust(old, -4)
        await till.set_now(await till.now() + days(2))
        await till.buy(old, 100)
        assert await lots(till, "old") == [
            (1, 3, 0, soon),
            (2, 2, 0, soon),
            (3, 5, 5, later),
            (4, 1, 1, await a_day(till, 30)),
        ]
        await till.assert_laws()


async def test_the_same_file_twice_has_one_effect_also_when_its_days_have_passed(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(50))
        rows: list[Row] = [("a", 5, await a_day(till, 3)), ("a", 5, await a_day(till, 3)), ("b", 1, None)]
        await take_over(till, tmp_path, rows)
        before = await counts(till)

        again = await take_over(till, tmp_path, rows[::-1])
        await till.set_now(await till.now() + days(20))
        later = await take_over(till, tmp_path, rows)
        part = await take_over(till, tmp_path, rows[1:])

        for told in (again, later, part):
            assert (told.added, told.known, told.refused) == (0, 2, 0)
        assert await counts(till) == before
        await till.assert_laws()


async def test_another_opening_of_the_same_member_is_refused_with_the_way_out(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        await take_over(till, tmp_path, [("a", 5, None), ("b", 1, None)])

        told = await take_over(
            till, tmp_path, [("a", 5, None), ("a", 6, None), ("b", 1, None), ("c", 2, None)]
        )

        assert (told.members, told.added, told.known, told.refused) == (3, 1, 1, 1)
        assert set(told.rejects.get_column("code")) == {"opening_differs"}
        assert told.rejects.get_column("row").to_list() == [2, 3]
        assert "5 units in entry 2" in told.rejects.get_column("reason_en")[0]
        assert "第 2 号凭证" in told.rejects.get_column("reason_zh")[0]
        await till.reverse(await member(till, "a"), 2)
        mended = await take_over(till, tmp_path, [("a", 5, None), ("a", 6, None)])
        assert mended.added == 1
        assert await till.points(await member(till, "a")) == [11]
        await till.assert_laws()


async def test_what_is_over_is_refused_with_the_whole_member(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        yesterday, today = await a_day(till, -1), await a_day(till, 0)
        told = await take_over(till, tmp_path, [("a", 5, None), ("a", 6, yesterday), ("b", 7, today)])
        assert (told.added, told.refused) == (1, 1)
        assert told.rejects.select("row", "code").rows() == [(2, "member_refused"), (3, "expired_already")]
        told = await take_over(till, tmp_path, [("a", 6, yesterday)])
        assert str(yesterday) in told.rejects.get_column("reason_en")[0]
        assert await counts(till) == (2, 1, 1)


async def test_a_dry_run_tells_the_same_and_changes_nothing(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        rows: list[Row] = [("a", 5, None), ("b", 6, await a_day(till, -1)), ("c", 7, await a_day(till, 9))]
        dry = await take_over(till, tmp_path, rows, is_dry_run=True)
        assert await counts(till) == (0, 0, 0)
        wet = await take_over(till, tmp_path, rows)
        for field in (
            "members",
            "added",
            "known",
            "refused",
            "new_members",
            "lots",
            "units",
            "units_forever",
        ):
            assert getattr(dry, field) == getattr(wet, field), field
        assert dry.rejects.equals(wet.rejects)


class Killed(Exception):
    """Stands for a process that dies between two batches."""


async def test_an_import_that_dies_goes_on_where_it_stopped(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importing, "BATCH", 2)
    rows: list[Row] = [(f"c{number % 7}", number + 1, None) for number in range(20)]

    def die(now: importing.OpeningProgress) -> None:
        if now.members_done >= 4:
            raise Killed

    async with a_till(fresh_database) as till:
        with pytest.raises(Killed):
            await take_over(till, tmp_path, rows, say=die)
        told = await take_over(till, tmp_path, rows)
        assert (told.added, told.known, told.refused) == (3, 4, 0)
        assert await till.fetchval("SELECT sum(left_units) FROM lot") == sum(range(1, 21))
        await till.assert_laws()


async def test_two_imports_at_once_take_over_once(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    rows: list[Row] = [(f"c{number % 9}", number + 1, None) for number in range(30)]
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        (tmp_path / "other").mkdir()
        await asyncio.gather(take_over(till, tmp_path, rows), take_over(other, tmp_path / "other", rows))
        assert await till.fetchval("SELECT count(*) FROM entry WHERE kind = 'opening'") == 9
        assert await till.fetchval("SELECT sum(left_units) FROM lot") == sum(range(1, 31))
        await till.assert_laws()


async def test_two_cards_of_one_member_and_those_who_were_merged_are_one(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        rows: list[Row] = [("a", 5, None), ("b", 6, None)]
        await take_over(till, tmp_path, rows)
        a, b = await member(till, "a"), await member(till, "b")
        await till.merge(a, b)

        again = await take_over(till, tmp_path, rows)

        assert (again.members, again.added, again.known) == (1, 0, 1)
        assert await till.points(b) == [11]
        other = await take_over(till, tmp_path, [*rows, ("a", 9, None)])
        assert (other.added, other.refused) == (0, 1)
        await till.assert_laws()


async def test_debt_is_repaid_and_the_closed_are_refused(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, a_document(debt="{policy: allow, limit_units: 50}")) as till:
        ann, gone = await till.enrol("ann"), await till.enrol("gone")
        await till.adjust(ann, -30)
        await till.merge(gone, await till.enrol("heir"))
        assert await till.open(gone, (9, 5)) is not True
        told = await take_over(till, tmp_path, [("ann", 50, None)])
        assert told.added == 1
        assert await till.points(ann) == [20]
        assert (await till.balance(ann)).debt == 0
        await till.assert_laws()


async def test_without_days_of_expiry_the_programme_counts_from_the_day_of_earning(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    columns = {"member_ref": "card", "units": "units", "earned_on": "until"}
    by = MAPPING.model_validate(
        {"columns": columns, "constants": {"currency": "points", "member_ref_kind": "card"}}
    )
    async with a_till(fresh_database, a_document(expiry="{days: 30}")) as till:
        earned = await a_day(till, -10)
        await take_over(till, tmp_path, [("a", 5, earned)], by=by)
        again = await take_over(till, tmp_path, [("a", 5, earned)], by=by)
        assert again.known == 1
        assert await lots(till, "a") == [(1, 5, 5, earned + timedelta(days=30))]
        over = await take_over(till, tmp_path, [("b", 5, await a_day(till, -31))], by=by)
        assert set(over.rejects.get_column("code")) == {"expired_already"}


async def test_the_statement_tells_each_lot_and_what_the_other_system_called_it(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        until = await a_day(till, 9)
        await take_over(till, tmp_path, [("a", 5, until), ("a", 6, None)])
        told = await read_statement(till.ledger, await member(till, "a"))
        said = [explain(told.timeline, line.posting, line.about, language="en") for line in told.lines]
        assert len(said) == 2
        assert any(
            f"+5 points: taken over from another system, valid until {until}" in one for one in said
        ), said
        assert any(
            "+6 points: taken over from another system, because" in one or "+6 points: taken over" in one
            for one in said
        )
        assert all("a-0 2025-01-01: 5; a-1 2025-01-02: 6" in one for one in said)
        chinese = explain(told.timeline, told.lines[0].posting, told.lines[0].about, language="zh")
        assert "自其他系统转入的期初积分" in chinese


async def test_an_opening_is_refused_under_the_lock_too(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        ann = await till.enrol()
        assert await till.open(ann, (9, 5), (9, 6)) is True
        assert await till.open(ann, (9, 6), (9, 5)) is False
        refused = await till.open(ann, (9, 5), (8, 6))
        assert isinstance(refused, OpeningDiffers)
        assert refused.numbers == {"sequence": 2, "units_before": 11}
