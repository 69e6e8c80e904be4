"""Redemptions drawn from each member's own habit, with a seed."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.backtest.snapshots import a_snapshot
from tests.backtest.test_compare import STINGY, a_past, assert_adds_up
from tests.backtest.worlds import FIRST
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import a_key, a_till, days

from jifen.domain import fold
from jifen.insight.backtest import compare as comparing
from jifen.insight.backtest import kernel
from jifen.insight.backtest.compare import compare
from jifen.insight.backtest.tally import SUMMED, tally_bucket
from jifen.operations.handle_reservations import commit_reservation


@pytest.mark.parametrize("seed", [5, 6])
async def test_with_the_programme_in_force_drawing_changes_nothing_between_the_sides(
    fresh_database: FreshDatabase, tmp_path: Path, seed: int
) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, seed)

    drawn = compare(past, FIRST, redemptions="drawn", seed=seed)

    assert drawn.draft == drawn.baseline
    assert drawn.baseline.replayed != compare(past, FIRST).baseline.replayed
    assert {one.code for one in drawn.assumptions} >= {"redemptions_drawn"}
    assert_adds_up(drawn)


async def test_the_same_seed_draws_the_same_and_another_seed_another(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(30))
        ann = await till.enrol()
        for units in (10, 95, 150):
            await till.buy(ann, 10_000)
            reservation = await till.reserve(ann, units)
            await commit_reservation(till.ledger, UUID(reservation["reservation_id"]), a_key())
        await till.set_now(await till.now() + days(29))
    past = await a_snapshot(fresh_database, tmp_path / "s")

    def redeemed(seed: int, threads: int) -> int:
        result = compare(past, a_document(), redemptions="drawn", seed=seed, threads=threads)
        assert_adds_up(result)
        assert result.draft.currencies[0].closing_units >= 0
        return result.draft.currencies[0].redeemed_units

    found = [redeemed(seed, 1) for seed in range(8)]

    assert found == [redeemed(seed, 2) for seed in range(8)]
    # Three occasions, three shares: a tenth, half, and nearly three quarters of 205.
    assert len(set(found)) > 2


async def test_a_member_with_twice_as_much_redeems_twice_as_much(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(30))
        ann, bo = [await till.enrol() for _ in range(2)]
        for who in (ann, bo):
            await till.buy(who, 10_000)
        reservation = await till.reserve(ann, 40)
        await commit_reservation(till.ledger, UUID(reservation["reservation_id"]), a_key())
        await till.set_now(await till.now() + days(29))
    past = await a_snapshot(fresh_database, tmp_path / "s")
    twice = a_document(more="tiers:\n  by: spend\n  window_days: 9\n  keeps_days: 9\n"
                            "  list:\n    - {code: one, names: {zh: 一, en: One}, reach: 0, multiplier: '2'}\n",
                       by_tier=True)  # fmt: skip

    result = compare(past, twice, redemptions="drawn")

    totals = [side.currencies[0] for side in (result.baseline, result.draft)]
    assert [total.granted_units for total in totals] == [200, 400]
    assert [total.redeemed_units for total in totals] == [40, 80]
    redeemed = next(row for row in result.draft.replayed if row.verb == "redeem")
    assert (redeemed.asked, redeemed.asked_units, redeemed.refused) == (1, 80, 0)


async def test_drawn_redemptions_interpreted_are_those_compiled(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, 7, steps=80)
    question = comparing.question_of(past, STINGY, redemptions="drawn", seed=3)

    for bucket in range(past.buckets):
        compiled = comparing.tally_of(past, question, bucket)
        plain = tally_bucket(question, past.collect(bucket), walk=kernel.walk)
        for one, other in zip(compiled.sides, plain.sides, strict=True):
            for name in SUMMED:
                assert np.array_equal(one.tables[name], other.tables[name]), name


@given(lots=st.lists(st.integers(0, 10**9), min_size=1, max_size=5), of=st.integers(1, 10**9), data=st.data())
def test_no_draw_exceeds_what_is_available(lots: list[int], of: int, data: st.DataObject) -> None:
    units = data.draw(st.integers(1, of))
    member = [0] * (fold.BALANCES + fold.BALANCE_WIDTH)
    member[fold.LOTS] = member[fold.QUEUE_END] = len(lots)
    rows = [0] * (len(lots) * fold.LOT_WIDTH)
    for i, left in enumerate(lots):
        rows[i * fold.LOT_WIDTH + fold.LOT_LEFT] = left
    state = fold.State(member, [], rows, list(range(len(lots))), [], [], [], [], [0])
    event = [0] * fold.EVENT_WIDTH
    event[fold.EVENT_KIND] = fold.REDEEM

    drawn = kernel.drawn_units(state, event, 0, units, of)

    # Where nothing is there it asks for the smallest unit, which the balance then cannot pay.
    assert 1 <= drawn <= max(1, sum(lots))
    assert drawn == max(1, sum(lots) * units // of)
