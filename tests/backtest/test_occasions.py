"""A back-test covers every occasion: events from the ledger, moments made by the walk itself."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest
from tests.backtest.occasions import LIVELY, QUIET, RULES, a_rule, told_between, with_occasions
from tests.backtest.snapshots import a_snapshot, books_of
from tests.backtest.test_budgets import granted, with_budget
from tests.backtest.test_compare import assert_adds_up, told
from tests.backtest.worlds import CHANGED, FIRST, a_script, a_shop, play
from tests.conftest import FreshDatabase
from tests.machine.till import a_till, days
from tests.publishing import put_in_force

from jifen.document.model import ProgramDocument
from jifen.insight.backtest import compare as comparing
from jifen.insight.backtest import kernel
from jifen.insight.backtest.compare import compare
from jifen.insight.backtest.result import Side
from jifen.insight.backtest.tally import SUMMED, tally_bucket
from jifen.insight.snapshot import Snapshot
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


def by_code(side: Side) -> Side:
    """A side without the numbers of its rules, which a draft has by what was published before it, and without idle rules."""
    rules = [replace(total, number=0) for total in side.by_rule if total.desired_units]
    return replace(told(side), by_rule=tuple(sorted(rules, key=lambda one: one.rule.code)))


@pytest.mark.parametrize(
    ("seed", "first", "draft"),
    [(4, QUIET, LIVELY), (5, LIVELY, QUIET), (6, LIVELY, with_occasions(CHANGED[1])), (7, FIRST, LIVELY)],
)
async def test_a_draft_with_occasions_over_another_past_is_what_would_have_happened(
    fresh_database: FreshDatabase,
    second_database: FreshDatabase,
    tmp_path: Path,
    seed: int,
    first: ProgramDocument,
    draft: ProgramDocument,
) -> None:
    chance = random.Random(seed)
    async with a_till(fresh_database, first) as till, a_till(second_database, draft) as other:
        start = (await till.now()).replace(hour=4, minute=0, second=0, microsecond=0) - days(400)
        for shop in (till, other):
            await shop.set_now(start)
        ours = [await till.enrol() for _ in range(5)]
        theirs = [await other.enrol() for _ in range(5)]
        script = told_between(chance, a_script(chance, start, members=5, steps=120), members=5)
        done = await play(till, ours, script)
        await play(other, theirs, done)
        for shop in (till, other):
            await shop.set_now(script[-1].at + days(20))
            await once_through(shop.ledger)
    past = await a_snapshot(fresh_database, tmp_path / "past")
    would_be = await a_snapshot(second_database, tmp_path / "would_be")

    tried, lived = compare(past, draft), compare(would_be, draft)

    assert by_code(tried.draft) == by_code(lived.baseline) == by_code(lived.draft)
    assert tried.baseline != tried.draft
    assert_adds_up(tried)


async def test_the_kernel_that_makes_moments_is_the_same_interpreted_and_compiled(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    past = await _a_past(fresh_database, tmp_path, QUIET, 8, steps=60)
    question = comparing.question_of(past, LIVELY)

    for bucket in range(past.buckets):
        compiled = comparing.tally_of(past, question, bucket)
        plain = tally_bucket(question, past.collect(bucket), walk=kernel.walk)
        for one, other in zip(compiled.sides, plain.sides, strict=True):
            for name in SUMMED:
                assert np.array_equal(one.tables[name], other.tables[name]), name
        assert compiled.members.equals(plain.members)


async def test_a_past_of_several_revisions_and_a_draft_from_the_middle(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """What published revisions judged stands as the ledger kept it; from the draft's day on moments are made anew."""
    chance = random.Random(9)
    async with a_till(fresh_database, QUIET) as till:
        start = (await till.now()).replace(hour=4, minute=0, second=0, microsecond=0) - days(400)
        await till.set_now(start)
        members = [await till.enrol() for _ in range(5)]
        now = start
        for document in (LIVELY, with_occasions(CHANGED[0], moments=("member-day", "asleep"))):
            script = told_between(chance, a_script(chance, now, members=5, steps=60), members=5)
            await play(till, members, script, prefix=f"{now}")
            await put_in_force(till.ledger, document)
            now = script[-1].at + days(2)
        script = told_between(chance, a_script(chance, now, members=5, steps=60), members=5)
        await play(till, members, script, prefix=f"{now}")
        await till.set_now(script[-1].at + days(9))
        await once_through(till.ledger)
        await till.assert_laws()
    past = await a_snapshot(fresh_database, tmp_path)
    assert books_of(past) == []
    whole = compare(past, LIVELY)
    middle = whole.compared.from_on + timedelta(days=90)

    result = compare(past, LIVELY, from_on=middle)

    opening, closing = (
        [getattr(side.currencies[0], name) for side in (result.baseline, result.draft)]
        for name in ("opening_units", "closing_units")
    )
    assert opening[0] == opening[1] > 0
    assert closing[0] == whole.baseline.currencies[0].closing_units != closing[1]
    assert_adds_up(result)


@pytest.mark.parametrize("on", ["check-in", "member-day", None])
async def test_a_past_in_which_a_budget_was_paid_is_as_the_books_have_it_and_a_draft_is_near(
    fresh_database: FreshDatabase, tmp_path: Path, on: str | None
) -> None:
    """On the baseline to the unit, whoever came first; on the draft in two passes, by the hour."""
    budget = 60

    def opening(of: int | None) -> ProgramDocument:
        if on is None:
            return with_occasions(with_budget(a_shop(), of))
        return with_occasions(a_shop(), rules=(*RULES, a_rule("opening", on, points=7, budget=of)))

    scarce = opening(budget)
    past = await _a_past(fresh_database, tmp_path, scarce, 11, steps=150)
    assert books_of(past) == []

    result = compare(past, scarce)
    endless = compare(past, opening(None))

    paid = next(total.granted_units for total in result.baseline.by_rule if total.rule.code == "opening")
    assert paid == budget
    assert granted(endless) > 2 * budget
    assert abs(granted(result) - budget) <= 7 * 4
    (told_of,) = result.loopholes.dry_budgets
    assert told_of.wanted_after_units == granted(endless) - budget
    assert endless.baseline == result.baseline
    assert any(one.code == "budgets_by_the_hour" for one in result.assumptions)


async def _a_past(
    database: FreshDatabase, folder: Path, document: ProgramDocument, seed: int, *, steps: int
) -> Snapshot:
    """A shop under one programme, with random lives in which events come."""
    chance = random.Random(seed)
    async with a_till(database, document) as till:
        start = (await till.now()).replace(hour=4, minute=0, second=0, microsecond=0) - days(400)
        await till.set_now(start)
        members = [await till.enrol() for _ in range(5)]
        script = told_between(chance, a_script(chance, start, members=5, steps=steps), members=5)
        await play(till, members, script)
        await till.set_now(script[-1].at + days(20))
        await once_through(till.ledger)
    return await a_snapshot(database, folder)
