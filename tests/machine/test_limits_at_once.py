"""500 purchases at once, against a limit that three rules share and a budget that all share."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase
from tests.machine.test_budgets import drawn, until_spent
from tests.machine.till import Till, a_till, another_till, request_of

from jifen.domain.refusals import Refusal
from jifen.operations.record_purchases import record_purchases
from jifen.store import pools

CAP, BUDGET = 60, 137
SHARED = a_document(
    more="""\
  - {code: some, names: {en: Some}, currency: points, fixed: {points: 3}, shares: [bonus]}
  - {code: more, names: {en: More}, currency: points, fixed: {points: 2}, shares: [bonus]}
  - {code: scarce, names: {en: Scarce}, currency: points, fixed: {points: 5}, shares: [bonus], budget: 137}
shared_caps:
  - {code: bonus, caps: {week: 60}}
"""
)
GRANTED = """
    SELECT member_id, r.reason[1] AS rule, sum(r.reason[3])::bigint AS units
    FROM posting p CROSS JOIN LATERAL (
        SELECT ARRAY[n[i], n[i + 1], n[i + 2]] AS reason
        FROM (SELECT p.reasons::bigint[] AS n) one, generate_series(1, cardinality(n), 3) AS i) r
    WHERE p.verb = 'earn' GROUP BY 1, 2"""


async def test_neither_a_limit_shared_by_three_rules_nor_a_budget_is_passed(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "LEASE_SECONDS", 2)
    async with a_till(fresh_database, SHARED) as till, another_till(fresh_database) as other:
        members = [await till.enrol() for _ in range(20)]

        await _everybody_comes([till, other], members, 500)

        base, *own = sorted({row["rule"] for row in await _granted(till)})
        scarce = own[-1]
        for member in members:
            mine = {row["rule"]: row["units"] for row in await _granted(till) if row["member_id"] == member}
            assert sum(mine.get(rule, 0) for rule in own) == CAP, "all of it, and no unit more"
        assert sum(row["units"] for row in await _granted(till) if row["rule"] == base) == 500
        paid = sum(row["units"] for row in await _granted(till) if row["rule"] == scarce)
        assert paid == await drawn(till) <= BUDGET
        # What members could not take under their limit others can, to the last unit.
        for _ in range(10):
            fresh = await till.enrol()
            if await drawn(till) < BUDGET:
                await until_spent(till, fresh, min(BUDGET, await drawn(till) + 20))
        assert await drawn(till) == BUDGET
        await till.assert_laws()


async def _granted(till: Till) -> list[dict[str, Any]]:
    async with till.ledger.transaction() as connection:
        return [dict(row) for row in await connection.fetch(GRANTED)]


async def _everybody_comes(tills: list[Till], members: list[UUID], count: int) -> None:
    at = await tills[0].now()

    async def batch(of: int) -> None:
        asked = [
            request_of(a_purchase(100, at=at, no=f"at-once-{of}-{n}"), members[(of + n) % len(members)])
            for n in range(10)
        ]
        answers = await record_purchases(tills[of % len(tills)].ledger, asked)
        assert not [one for one in answers if isinstance(one, Refusal)]

    await asyncio.gather(*(batch(of) for of in range(count // 10)))
