"""The past replayed gives the books: after lives on real PostgreSQL the walk of a back-test equals all that is kept."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import run_state_machine_as_test
from tests.backtest.snapshots import a_snapshot, books_of, differences_of
from tests.backtest.worlds import CHANGED, FIRST, a_random_life
from tests.builders import a_document, a_line
from tests.conftest import FreshDatabase
from tests.machine.model import CAP_OF_A_DAY, DAYS_OF_LIFE, DEBT_LIMIT, LATE_DAYS
from tests.machine.test_machine import EXAMPLES, Shop
from tests.machine.till import a_till, days

from jifen.insight.backtest.books import differences
from jifen.insight.backtest.sides import live_side
from jifen.operations.publish_program import publish_program

SEEDS = max(2, EXAMPLES // 4)


async def test_a_life_with_everything_in_it(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    document = a_document(
        caps="{day: 150}", expiry="{days: 10}", debt="{policy: allow, limit_units: 50}", late_days=3
    )
    async with a_till(fresh_database, document) as till:
        start = await till.now() - days(60)
        await till.set_now(start)
        ann, bo = await till.enrol(), await till.enrol()
        await till.buy(ann, 20_000, no="a")
        await till.buy(bo, no="b", lines=[a_line(1, 5_000, quantity_milli=3_000), a_line(7, 999)], of=5_999)
        await till.give(ann, bo, 40)
        await till.set_now(start + days(3))
        await till.buy(ann, 3_000, at=start + days(1))
        await till.bring_back("b", [(1, 1_000)])
        await till.adjust(bo, 30)
        await till.reserve(bo, 20)
        await till.set_now(start + days(12))
        await till.bring_back("b", [(1, 1_000), (7, 1_000)])
        await till.bring_back("a")
        await till.buy(ann, 1_000)
        await till.set_now(start + days(30))
        await till.buy(bo, 12_300)
        await till.adjust(bo, -10)
        await till.assert_laws()

    assert await differences_of(fresh_database, tmp_path) == []


async def test_what_another_system_handed_over_is_spent_given_expired_and_reversed(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """Lots with days of their own, under a policy of debt: what was spent of a reversed opening is owed."""
    document = a_document(expiry="{days: 300}", debt="{policy: allow, limit_units: 50}")
    async with a_till(fresh_database, document) as till:
        start = await till.now() - days(60)
        await till.set_now(start)
        ann, bo, chen = [await till.enrol() for _ in range(3)]
        assert await till.open(ann, (5, 100), (40, 30), (2_000, 7)) is True
        assert await till.open(bo, (5, 20), (5, 20)) is True
        await till.give(ann, bo, 110)
        await till.adjust(bo, -15)
        await till.set_now(start + days(6))
        await till.adjust(ann, -20)
        assert await till.open(chen, (9, 45)) is True
        await till.adjust(chen, -40)
        await till.reverse(chen, 2)
        assert await till.points(ann, bo, chen) == [7, 10, -40]
        assert await till.open(chen, (9, 50)) is True
        await till.set_now(start + days(50))
        await till.buy(chen, 1_000)
        assert await till.points(ann, bo, chen) == [7, 0, 10]
        await till.assert_laws()

    assert await differences_of(fresh_database, tmp_path) == []


async def test_a_gift_of_which_a_part_was_spent_comes_back_in_part(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """Debt is forbidden: of forty the receiver spent twenty, and twenty come back."""
    async with a_till(fresh_database) as till:
        ann, bo = await till.enrol(), await till.enrol()
        await till.buy(ann, 15_000, no="a")
        given = await till.give(ann, bo, 40)
        await till.adjust(bo, -20)
        await till.reverse(ann, given["sequence"])
        assert await till.points(ann, bo) == [130, 0]
        await till.assert_laws()

    assert await differences_of(fresh_database, tmp_path) == []


def test_the_stateful_machines_random_lives_give_the_books(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    document = a_document(
        caps=f"{{day: {CAP_OF_A_DAY}}}",
        expiry=f"{{days: {DAYS_OF_LIFE}}}",
        debt=f"{{policy: allow, limit_units: {DEBT_LIMIT}}}",
        late_days=LATE_DAYS,
    )
    with asyncio.Runner() as runner:
        opened = a_till(fresh_database, document)
        till = runner.run(opened.__aenter__())

        class ShopWithSnapshots(Shop):
            def every_law_holds(self) -> None:
                """The machine's own test asks after every step."""

            def merge(self, **_: object) -> None:
                """No rule here: a back-test refuses a history with merges."""

            def teardown(self) -> None:
                assert self._do(differences_of(fresh_database, tmp_path / self.shop)) == []

        ShopWithSnapshots.till, ShopWithSnapshots.run = till, runner
        run_state_machine_as_test(
            ShopWithSnapshots,
            settings=settings(
                max_examples=EXAMPLES,
                stateful_step_count=25,
                deadline=None,
                suppress_health_check=list(HealthCheck),
            ),
        )
        runner.run(opened.__aexit__(None, None, None))


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_random_lives_over_changing_revisions_give_the_books(
    fresh_database: FreshDatabase, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    async with a_till(fresh_database, FIRST) as till:
        start = (await till.now()).replace(microsecond=0) - days(400)
        await till.set_now(start)
        members = [await till.enrol() for _ in range(5)]
        now = await a_random_life(till, members, chance, start, steps=70)
        assert await differences_of(fresh_database, tmp_path) == []
        for document in CHANGED:
            await publish_program(
                till.ledger, document, effective_at=now + timedelta(hours=7), published_by="test"
            )
            now = await a_random_life(till, members, chance, now + days(1), steps=60)
        await till.assert_laws()

    assert await differences_of(fresh_database, tmp_path) == []


async def test_books_that_were_tampered_with_differ(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with a_till(fresh_database) as till:
        ann = await till.enrol()
        await till.buy(ann, 9_900, no="a", lines=[a_line(1, 4_900), a_line(2, 5_000)])
        await till.bring_back("a", [(2, 1_000)])
    snapshot = await a_snapshot(fresh_database, tmp_path / "snapshot", buckets=1)
    assert books_of(snapshot) == []
    side = live_side(snapshot.revisions())

    def found(**frames: pl.DataFrame) -> set[str]:
        whole = snapshot.collect(0)
        for name, frame in frames.items():
            object.__setattr__(whole, name, frame)
        return {difference.what for difference in differences(whole, side, selects=True)}

    whole = snapshot.collect(0)
    assert found(members=whole.members.with_columns(purchases=pl.lit(7, pl.Int64))) == {"purchases"}
    assert found(lots=whole.lots.with_columns(left_units=pl.col("left_units") + 1)) == {"lots"}
    assert found(lots=whole.lots.clear()) == {"lots"}
    assert found(postings=whole.postings.filter(verb="earn")) == {
        "units by currency and verb",
        "taken back by rule",
    }
    assert "hits: amount" in found(lines=whole.lines.with_columns(pl.col("amount_minor") + 1))
    assert found(returns=whole.returns.clear()) >= {"sequence", "balances", "lots"}
