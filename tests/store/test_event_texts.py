"""A text of an event that no rule names stands outside the journal: it goes with the person, and the books still replay."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from tests.backtest.snapshots import differences_of
from tests.conftest import FreshDatabase
from tests.machine.test_events import RUNS, a_run, tell, units
from tests.machine.test_persons import CARD, enrolled, erase
from tests.machine.till import a_till, days

from jifen.domain.retention import DataClass
from jifen.operations.reconcile_books import reconcile_books
from jifen.store.retention import let_go

APART = "SELECT string_agg(attributes::text, ';' ORDER BY sequence) FROM event_text"
IN_JOURNAL = "SELECT string_agg(attributes::text, ';' ORDER BY sequence) FROM event"


async def test_a_text_that_a_rule_names_is_kept_and_any_other_goes_with_the_person(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database, RUNS) as till:
        member = await enrolled(till, CARD, name="陈小明")
        noon = (await till.now()).replace(hour=4, minute=0) - days(1)

        (trail,) = await tell(till, member, a_run(noon, 12_000, ground="trail"))
        (street,) = await tell(till, member, a_run(noon, 12_000, ground="from 3 Lake Street"))

        assert "long-run" in units(trail)
        assert "long-run" not in units(street)
        assert await till.fetchval(APART) == '{"ground": "from 3 Lake Street"}'
        kept = '{"ground": "trail", "metres": 12000};{"metres": 12000}'
        assert await till.fetchval(IN_JOURNAL) == kept
        gone = await erase(till, member)
        assert gone["notes"] == 1
        assert await till.fetchval(APART) is None
        assert await till.fetchval(IN_JOURNAL) == kept
        assert (await reconcile_books(till.ledger)).are_kept
    assert await differences_of(fresh_database, tmp_path) == []


async def test_a_text_apart_goes_once_the_period_of_notes_is_over(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, RUNS) as till:
        member = await till.enrol()
        now = await till.now()
        await tell(till, member, a_run(now, 4_000, ground="alone"))
        async with till.ledger.transaction() as connection:
            early = await let_go(connection, DataClass.NOTES, now - timedelta(seconds=1), limit=9)
            late = await let_go(connection, DataClass.NOTES, now + timedelta(days=1), limit=9)
        assert (early, late) == (0, 1)
        assert await till.fetchval(APART) is None
