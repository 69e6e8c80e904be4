"""A back-test of rules that ask for segments: by the lists of the snapshot; and the books of such a past."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.backtest.snapshots import a_snapshot, books_of
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.test_segments import ASKING, OCCASIONS, PLAIN, a_list, put
from tests.machine.till import Till, a_till, days
from tests.publishing import put_in_force

from jifen.domain.occasions import Event
from jifen.insight.backtest.compare import compare
from jifen.insight.backtest.sides import BacktestRefused
from jifen.jobs.loop import once_through
from jifen.operations.record_events import EventRequest, record_events

DRAFT = a_document(
    more="""
  - {code: vip, names: {en: Vip}, currency: points, fixed: {points: 50}, when: {fact: member.segments, has: vip}}
  - {code: others, names: {en: Others}, currency: points, fixed: {points: 3},
     when: {not: {fact: member.segments, has_any: [vip, asleep]}}}
  - {code: vip-visit, names: {en: Vip visit}, on: check-in, currency: points, fixed: {points: 5},
     when: {fact: member.segments, has: vip}}
"""
    + OCCASIONS
)


async def check_in(till: Till, *whose: object) -> None:
    at = await till.now()
    await record_events(
        till.ledger,
        [
            EventRequest(
                event=Event(code="check-in", source="app", business_no=f"{at}{n}", occurred_at=at),
                whose=one,  # type: ignore[arg-type]
            )
            for n, one in enumerate(whose)
        ],
    )


async def test_a_draft_asks_the_lists_of_the_snapshot(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with a_till(fresh_database, PLAIN) as till:
        await till.set_now(await till.now() - days(60))
        one, other, new = [await till.enrol() for _ in range(3)]
        await a_list(till)
        await a_list(till, "asleep")
        for _ in range(3):
            for member in (one, other):
                await till.buy(member, 10_000)
            await check_in(till, one, other)
            await till.set_now(await till.now() + days(3))
        await put(till, one)
        await put(till, other, code="asleep")
        # From here on the ledger's own rules ask, and the lists change under them.
        await put_in_force(till.ledger, ASKING)
        for member in (one, other, new):
            await till.buy(member, 10_000)
        await put(till, one, out=True)
        await put(till, other)
        for member in (one, other, new):
            await till.buy(member, 10_000)
        await check_in(till, one, other)
        await till.set_now(await till.now() + days(3))
        await once_through(till.ledger)
        await till.assert_laws()
    past = await a_snapshot(fresh_database, tmp_path)

    assert books_of(past) == []
    result = compare(past, DRAFT)

    granted = {total.rule.code: total.granted_units for total in result.draft.by_rule}
    # `one` is in no list now, `other` in both; `new` bought twice.
    assert granted["vip"] == 5 * 50
    assert granted["others"] == (5 + 2) * 3
    assert granted["vip-visit"] == 4 * 5
    assert "segments_as_they_are" in [one.code for one in result.assumptions]
    with pytest.raises(BacktestRefused, match="a rule on a moment asks for segments"):
        compare(past, ASKING)
