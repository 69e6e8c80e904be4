"""A draft with a budget over the past: paid until it is used up, told when that is, and near to what would have happened."""

from __future__ import annotations

import json
import random
from fractions import Fraction
from pathlib import Path
from typing import Any

from tests.backtest.snapshots import a_snapshot
from tests.backtest.worlds import FIRST, a_script, play
from tests.conftest import FreshDatabase
from tests.machine.scarce import DRAWN
from tests.machine.till import a_till, days

from jifen.document.model import ProgramDocument
from jifen.domain.calendar import local_date
from jifen.insight.backtest.compare import compare
from jifen.insight.backtest.result import Result


def with_budget(document: ProgramDocument, budget: int | None, **rule: Any) -> ProgramDocument:
    """The programme with a rule that gives seven points a purchase out of a budget."""
    told = document.model_dump(mode="json", exclude_none=True, by_alias=True)
    names = {"zh": "开业", "en": "Opening"}
    told["earn_rules"].append(
        {"code": "opening", "names": names, "currency": "points", "fixed": {"points": 7}, **rule}
        | ({"budget": budget} if budget else {})
    )
    return ProgramDocument.model_validate_json(json.dumps(told))


def granted(result: Result) -> int:
    """What the draft's rule granted."""
    return next(total.granted_units for total in result.draft.by_rule if total.rule.code == "opening")


async def test_a_draft_with_a_budget_is_paid_until_it_is_used_up(
    fresh_database: FreshDatabase, second_database: FreshDatabase, tmp_path: Path
) -> None:
    budget = 7 * 30
    async with (
        a_till(fresh_database, FIRST) as till,
        a_till(second_database, with_budget(FIRST, budget)) as other,
    ):
        start = (await till.now()).replace(hour=4, minute=0, second=0, microsecond=0) - days(400)
        for one in (till, other):
            await one.set_now(start)
        ours = [await till.enrol() for _ in range(6)]
        theirs = [await other.enrol() for _ in range(6)]
        done = await play(till, ours, a_script(random.Random(5), start, members=6, steps=150))
        await play(other, theirs, done)
        lived = await other.fetchval(DRAWN)
        dry = await other.fetchval(
            """SELECT max(u.recorded_at) FROM purchase u JOIN pool_use p USING (member_id, sequence)"""
        )
    past = await a_snapshot(fresh_database, tmp_path)

    endless = compare(past, with_budget(FIRST, None))
    plenty = compare(past, with_budget(FIRST, 1_000_000))
    result = compare(past, with_budget(FIRST, budget))

    assert lived == budget
    assert granted(plenty) == granted(endless) > budget
    assert plenty.loopholes.dry_budgets == ()
    assert abs(granted(result) - budget) <= 7 * 3, "approximate by part of what one hour gives"
    (told,) = result.loopholes.dry_budgets
    assert (told.budget.code, told.budget_units, told.currency) == ("opening", budget, "points")
    assert told.wanted_after_units == granted(endless) - budget
    assert abs((told.dry_on - local_date(dry, "Asia/Shanghai")).days) <= 3
    assert any(one.code == "budgets_by_the_hour" for one in result.assumptions)
    half = compare(past, with_budget(FIRST, budget), sample=Fraction(1, 2), seed=3)
    assert granted(half) <= budget // 2 + 7 * 3
