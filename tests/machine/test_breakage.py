"""The breakage curve against lives whose end is known: used, expired, taken back, open; a merge doubles nothing."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till

from jifen.domain.breakage import ENDED_UNITS_MIN
from jifen.domain.refusals import FieldWrong
from jifen.operations.advance_members import advance_members
from jifen.operations.read_breakage import read_breakage
from jifen.present.breakage import breakage_lines, breakage_shown

MARCH = datetime(2024, 3, 11, 4, tzinfo=UTC)


async def by_month(till: Till) -> dict[str | None, tuple[int, int, int, int, int]]:
    """Opened, used, expired, returned, open, by month."""
    shown = breakage_shown(await read_breakage(till.ledger))
    return {
        one["month"]: (one["opened"], one["used"], one["expired"], one["returned"], one["open"])
        for one in shown["months"]
    }


async def test_every_unit_of_a_month_is_used_or_expired_or_back_or_open(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, a_document(expiry="{months: 3}")) as till:
        await till.set_now(MARCH)
        one, other = await till.enrol(), await till.enrol()
        await till.buy(one, 200_000, no="a", at=MARCH)
        await till.buy(other, 10_000, no="b", at=MARCH)
        await till.bring_back("b")
        await till.adjust(one, -500)
        await till.set_now(MARCH + timedelta(days=31))
        await till.buy(one, 5_000, no="c", at=MARCH + timedelta(days=31))
        earned = sum(row[0] for row in (await by_month(till)).values())
        assert await by_month(till) == {
            "2024-03-01": (2_100, 500, 0, 100, 1_500),
            "2024-04-01": (50, 0, 0, 0, 50),
        }
        assert earned == 2_150
        shown = breakage_shown(await read_breakage(till.ledger))
        assert shown["breakage_units"] is None, "nothing has ended"

        await till.set_now(MARCH + timedelta(days=93))
        await advance_members(till.ledger)
        assert (await by_month(till))["2024-03-01"] == (2_100, 500, 1_500, 100, 0)
        shown = breakage_shown(await read_breakage(till.ledger))
        assert (shown["ended_units"], shown["ended_expired_units"]) == (2_000, 1_500)
        assert (shown["open_units"], shown["breakage_units"]) == (50, 37)
        assert [one["age_months"] for one in shown["months"]] == [3, 2]
        assert (
            "37 are expected never to be claimed"
            in breakage_lines(await read_breakage(till.ledger), "en")[-1]
        )
        assert "37 永远不会被使用" in breakage_lines(await read_breakage(till.ledger), "zh")[-1]


async def test_a_merge_neither_uses_units_nor_opens_others(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, a_document(expiry="{months: 3}")) as till:
        await till.set_now(MARCH)
        goes, between, stays = [await till.enrol() for _ in range(3)]
        await till.buy(goes, 100_000, no="a", at=MARCH)
        await till.adjust(goes, -100)
        await till.set_now(MARCH + timedelta(days=40))
        await till.merge(goes, between)
        await till.adjust(between, -50)
        await till.set_now(MARCH + timedelta(days=70))
        await till.merge(between, stays)
        await till.adjust(stays, -25)
        assert await by_month(till) == {"2024-03-01": (1_000, 175, 0, 0, 825)}


async def test_what_is_older_is_one_line_and_another_currency_is_refused(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, a_document(expiry="never")) as till:
        await till.set_now(MARCH)
        member = await till.enrol()
        await till.buy(member, 1_000, no="a", at=MARCH)
        await till.set_now(MARCH + timedelta(days=800))
        assert await by_month(till) == {None: (10, 0, 0, 0, 10)}
        with pytest.raises(FieldWrong, match="no such currency"):
            await read_breakage(till.ledger, currency="moon")
    assert ENDED_UNITS_MIN == 1_000
