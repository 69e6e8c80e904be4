"""A back-test covers every occasion: events from the ledger, moments made by the walk itself."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pytest
from tests.backtest.occasions import LIVELY, QUIET, told_between, with_occasions
from tests.backtest.snapshots import a_snapshot, books_of
from tests.backtest.test_compare import assert_adds_up, told
from tests.backtest.worlds import CHANGED, FIRST, a_script, play
from tests.conftest import FreshDatabase
from tests.machine.till import a_till, days

from jifen.document.model import ProgramDocument
from jifen.insight.backtest import compare as comparing
from jifen.insight.backtest import kernel
from jifen.insight.backtest.compare import compare
from jifen.insight.backtest.tally import SUMMED, tally_bucket
from jifen.jobs.loop import once_through


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_programme_over_the_past_that_it_made_gives_the_books(
    fresh_database: FreshDatabase, tmp_path: Path, seed: int
) -> None:
    """Live = replay = back-test: the ledger's moments are left out, and the walk makes them again, to the unit."""
    chance = random.Random(seed)
    async with a_till(fresh_database, LIVELY) as till:
        start = (await till.now()).replace(hour=4, minute=0, second=0, microsecond=0) - days(450)
        await till.set_now(start)
        members = [await till.enrol() for _ in range(5)]
        script = told_between(chance, a_script(chance, start, members=5, steps=150), members=5)
        await play(till, members, script)
        await till.set_now(script[-1].at + days(40))
        await once_through(till.ledger)
        await till.assert_laws()
        async with till.ledger.transaction() as connection:
            kinds = dict(await connection.fetch("SELECT kind, count(*) FROM entry GROUP BY 1"))
    past = await a_snapshot(fresh_database, tmp_path)

    result = compare(past, LIVELY)

    assert books_of(past) == []
    assert kinds["event"] > 20
    assert kinds["moment"] > 20
    assert told(result.draft) == told(result.baseline)
    given = {total.rule.code for total in result.draft.by_rule if total.granted_units}
    assert {"check-in", "run", "trail", "run-grows", "expiring", "member-day", "asleep", "welcome"} <= given
    assert_adds_up(result)
