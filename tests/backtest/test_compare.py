"""A draft over the past comes to what would have happened, had it been live."""

from __future__ import annotations

import json
import random
from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from pathlib import Path
from uuid import UUID

import numpy as np
import pytest
from tests.backtest.snapshots import a_snapshot
from tests.backtest.worlds import CHANGED, FIRST, GOLD, TAGGED, a_script, a_shop, play
from tests.builders import a_document, a_line
from tests.conftest import FreshDatabase
from tests.machine.till import a_key, a_till, days

from jifen.document.model import ProgramDocument
from jifen.domain.calendar import local_date
from jifen.insight.backtest import compare as comparing
from jifen.insight.backtest import kernel
from jifen.insight.backtest.compare import Progress, compare
from jifen.insight.backtest.missing import missing_facts
from jifen.insight.backtest.result import Result, Side, from_json, to_json
from jifen.insight.backtest.sides import BacktestRefused
from jifen.insight.backtest.tally import SUMMED, tally_bucket
from jifen.insight.snapshot import Snapshot
from jifen.operations.handle_reservations import commit_reservation

GENEROUS = a_shop(rate=3, life=30, pending=0, caps="{day: 400}", more=TAGGED, tiers=GOLD, silver=9_000)
STINGY = a_shop(rate=1, life=12, pending=2, caps="{day: 40}", by="growth", silver=200)


async def a_past(
    database: FreshDatabase, folder: Path, document: ProgramDocument, seed: int, *, steps: int = 150
) -> Snapshot:
    """A shop under one programme, with a random past."""
    async with a_till(database, document) as till:
        start = (await till.now()).replace(hour=4, minute=0, second=0, microsecond=0) - days(400)
        await till.set_now(start)
        members = [await till.enrol() for _ in range(6)]
        await play(till, members, a_script(random.Random(seed), start, members=6, steps=steps))
    return await a_snapshot(database, folder)


def told(side: Side) -> Side:
    """A side without how often was asked: what was refused at the till is not in its journal."""
    return replace(side, replayed=())


@pytest.mark.parametrize(("seed", "draft"), [(1, GENEROUS), (2, STINGY), (3, CHANGED[1]), (4, STINGY)])
async def test_a_draft_over_the_past_is_what_would_have_happened(
    fresh_database: FreshDatabase,
    second_database: FreshDatabase,
    tmp_path: Path,
    seed: int,
    draft: ProgramDocument,
) -> None:
    async with a_till(fresh_database, FIRST) as till, a_till(second_database, draft) as other:
        start = (await till.now()).replace(hour=4, minute=0, second=0, microsecond=0) - days(400)
        await till.set_now(start)
        await other.set_now(start)
        ours = [await till.enrol() for _ in range(6)]
        theirs = [await other.enrol() for _ in range(6)]
        script = a_script(random.Random(seed), start, members=6, steps=150)
        done = await play(till, ours, script)
        await play(other, theirs, done)
        for one in (till, other):
            await one.set_now(script[-1].at + days(3))
    past = await a_snapshot(fresh_database, tmp_path / "past")
    would_be = await a_snapshot(second_database, tmp_path / "would_be")

    tried, lived = compare(past, draft), compare(would_be, draft)

    assert told(tried.draft) == told(lived.baseline)
    assert told(lived.draft) == told(lived.baseline)
    assert tried.baseline != tried.draft
    assert_adds_up(tried)
    assert_adds_up(lived)


def assert_adds_up(result: Result) -> None:
    """Every table of a result comes to the same totals."""
    for side in (result.baseline, result.draft):
        for at, total in enumerate(side.currencies):
            code = total.currency.code
            assert total.flow_units == total.closing_units
            for table in (side.by_rule, side.by_tier, side.by_store, side.by_category, side.by_month):
                own = [row for row in table if row.currency == code]
                assert sum(row.granted_units for row in own) == total.granted_units
                assert sum(row.returned_units for row in own) == total.returned_units
            assert side.liability[-1].units[at] >= total.closing_units
        for table in (side.by_tier, side.by_store, side.by_category, side.by_month):
            first = side.currencies[0].currency.code
            assert (
                sum(row.sales_minor for row in table if row.currency == first) == result.compared.sales_minor
            )
        assert sum(tier.members_at_end for tier in side.tiers) == result.compared.members
    moves = result.tier_moves
    assert sum(cell.members for cell in moves.cells) == result.compared.members
    assert moves.promoted + moves.demoted + moves.unmoved == result.compared.members
    net = [
        s.currencies[0].granted_units - s.currencies[0].returned_units
        for s in (result.baseline, result.draft)
    ]
    assert result.change.shares[0].total == net[1] - net[0]
    for row in (*result.change.gained_most, *result.change.lost_most):
        assert row.member.startswith("mbr_")
    assert from_json(to_json(result)) == result


async def test_the_programme_in_force_changes_nothing(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, 5)

    result = compare(past, FIRST, made_at=past.manifest.instant)

    assert result.draft == result.baseline
    assert result.change.shares[0].unchanged == 6
    assert result.change.gained_most == result.change.lost_most == ()
    assert_adds_up(result)


async def test_a_draft_from_the_middle_leaves_what_came_before(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, 6)
    whole = compare(past, GENEROUS)
    middle = whole.compared.from_on + timedelta(days=100)

    result = compare(past, GENEROUS, from_on=middle)

    opening = [side.currencies[0].opening_units for side in (result.baseline, result.draft)]
    assert opening[0] == opening[1] > 0
    assert result.baseline.currencies[0].closing_units == whole.baseline.currencies[0].closing_units
    assert result.draft.currencies[0].granted_units > result.baseline.currencies[0].granted_units
    assert len(result.draft.liability) == (result.compared.to_on - middle).days + 1
    assert {"draft_begins_half_way", "tier_window_short"} & {notice.code for notice in result.warnings}
    assert_adds_up(result)


async def test_the_kernel_interpreted_is_the_kernel_compiled(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, 7, steps=80)
    question = comparing.question_of(past, STINGY)

    for bucket in range(past.buckets):
        compiled = comparing.tally_of(past, question, bucket)
        plain = tally_bucket(question, past.collect(bucket), walk=kernel.walk)
        for one, other in zip(compiled.sides, plain.sides, strict=True):
            for name in SUMMED:
                assert np.array_equal(one.tables[name], other.tables[name]), name
            for name, row in one.categories.items():
                assert np.array_equal(row, other.categories[name])
        assert compiled.members.equals(plain.members)


async def test_what_a_balance_cannot_pay_does_not_take_place(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(30))
        ann, bo, chen = [await till.enrol() for _ in range(3)]
        await till.buy(ann, 10_000)
        await till.give(ann, bo, 60)
        await till.give(bo, chen, 50)
        await till.adjust(chen, 1)
        reservation = await till.reserve(chen, 51)
        await commit_reservation(till.ledger, UUID(reservation["reservation_id"]), a_key())
        await till.set_now(await till.now() + days(29))
    past = await a_snapshot(fresh_database, tmp_path / "s")

    # At half the rate ann has 50 points: no gift of 60, so none of 50 either, and nothing for chen to spend.
    half = compare(past, a_document(more="tiers:\n  by: spend\n  window_days: 9\n  keeps_days: 9\n"
                                         "  list:\n    - {code: one, names: {zh: 一, en: One}, reach: 0, multiplier: '1/2'}\n",
                                    by_tier=True))  # fmt: skip

    asked = {row.verb: (row.asked, row.refused, row.refused_members) for row in half.draft.replayed}
    assert asked == {"redeem": (1, 1, 1), "give": (2, 2, 2), "reserve": (1, 1, 1)}
    total = half.draft.currencies[0]
    assert (total.granted_units, total.received_units, total.closing_units) == (50, 0, 51)
    assert {row.refused for row in half.baseline.replayed} == {0}


async def test_what_another_system_handed_over_is_the_same_under_every_draft(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(30))
        ann, bo = await till.enrol(), await till.enrol()
        await till.open(bo, (5, 8), (2_000, 30))
        await till.open(ann, (2_000, 40))
        await till.buy(ann, 10_000)
        await till.give(ann, bo, 60)
        await till.set_now(await till.now() + days(29))
    past = await a_snapshot(fresh_database, tmp_path / "s")

    half = compare(past, a_document(more="tiers:\n  by: spend\n  window_days: 9\n  keeps_days: 9\n"
                                         "  list:\n    - {code: one, names: {zh: 一, en: One}, reach: 0, multiplier: '1/2'}\n",
                                    by_tier=True))  # fmt: skip

    total = half.draft.currencies[0]
    assert (total.granted_units, total.adjusted_units, total.received_units) == (50, 78, 60)
    assert (total.expired_units, total.closing_units, total.flow_units) == (8, 120, 120)


async def test_loopholes_are_found(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(30))
        ann = await till.enrol()
        for paid in (499, 500, 20_000, 30_000):
            await till.buy(ann, lines=[a_line(1, paid, category="FRUIT")])
    past = await a_snapshot(fresh_database, tmp_path / "s")
    draft = a_document(
        caps="{day: 250}",
        more="""\
  - {code: visit, names: {zh: 到店, en: Visit}, currency: points, fixed: {points: 160}}
  - {code: twin, names: {zh: 双, en: Twin}, currency: points, fixed: {points: 1}}
  - {code: meat, names: {zh: 肉, en: Meat}, currency: points, fixed: {points: 9}, when: {fact: line.category, is: MEAT}}
""",
    )

    loopholes = compare(past, draft, rich_bps=3_000).loopholes

    assert loopholes.never_fired == ("meat",)
    assert [pair.rules for pair in loopholes.always_together] == [("base", "visit"), ("base", "twin"), ("visit", "twin")] \
        or [pair.rules for pair in loopholes.always_together] == [("visit", "twin")]  # fmt: skip
    (cap,) = loopholes.caps
    assert (cap.rule, cap.desired_units, cap.granted_units, cap.clipped_purchases) == ("base", 509, 250, 1)
    assert loopholes.rich_baskets is not None
    # Of 4.99 points worth more than a third are no wonder: less than 5.00 is not told of.
    assert (loopholes.rich_baskets.paid_min_minor, loopholes.rich_baskets.purchases) == (500, 1)
    (basket,) = loopholes.rich_baskets.worst
    assert (basket.paid_minor, basket.earned_units, basket.rules) == (500, 166, ("visit", "base", "twin"))


async def test_facts_that_the_history_does_not_hold_are_told_before(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(30))
        ann = await till.enrol()
        await till.buy(ann, lines=[a_line(1, 100, brand="Own"), a_line(2, 100)])
        for _ in range(3):
            await till.buy(ann, lines=[a_line(1, 100), a_line(2, 100)])
    past = await a_snapshot(fresh_database, tmp_path / "s")

    missing = missing_facts(past, FIRST)

    shares = {fact.fact: fact.share_bps for fact in missing}
    assert shares == {
        "line.attribute.organic": 10_000, "line.category": 10_000, "line.brand": 7_500, "purchase.payment_methods": 10_000,
    }  # fmt: skip
    result = compare(past, FIRST, missing=missing)
    first = result.warnings[0]
    assert (first.code, first.level) == ("fact_missing", "serious")


async def test_a_sample_takes_whole_members_and_it_can_be_stopped(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, 8)
    half = compare(past, GENEROUS, sample=Fraction(1, 2), seed=3)
    assert 0 < half.compared.members < 6
    assert half.compared.members_all == 6
    assert all(interval.why_not is not None for interval in half.intervals)
    assert_adds_up(half)
    assert compare(past, GENEROUS, sample=Fraction(1, 2), seed=3).draft == half.draft

    def stop(progress: Progress) -> None:
        assert progress.buckets_done == 1
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(past, GENEROUS, progress=stop)


async def test_stores_choose_the_members_who_bought_there_most(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(30))
        ann, bo = await till.enrol(), await till.enrol()
        for member, stores in ((ann, ("north", "north", "south")), (bo, ("south",))):
            for store in stores:
                await till.buy(member, 1_000, store=store)
    past = await a_snapshot(fresh_database, tmp_path / "s")

    result = compare(past, a_document(), stores=["north"])

    assert (result.compared.members, result.compared.purchases) == (1, 3)
    assert [row.group.code for row in result.baseline.by_store] == ["north", "south"]
    with pytest.raises(BacktestRefused, match="east"):
        compare(past, a_document(), stores=["east"])
    with pytest.raises(BacktestRefused, match="nothing of it lies"):
        compare(
            past, a_document(), to_on=local_date(past.manifest.instant, "Asia/Shanghai") - timedelta(days=90)
        )


async def test_a_draft_keeps_every_currency_and_exchanges_nothing_by_itself(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """A number that no currency has would be written where another table stands."""
    async with a_till(fresh_database) as till:
        await till.buy(await till.enrol(), 1_000)
    past = await a_snapshot(fresh_database, tmp_path / "s")
    values = a_document().model_dump(mode="json", exclude_none=True)
    names = {"zh": "书", "en": "Books"}
    books = {"code": "books", "names": names, "kind": "spendable", "worth": 100}
    exchange = {
        "code": "book",
        "names": names,
        "takes": {"currency": "points", "units": 9},
        "gives": [{"currency": "books", "units": 1}],
        "at_once": True,
    }
    other = [{**rule, "currency": "books"} for rule in values["earn_rules"]]
    for written, said in (
        ({**values, "currencies": [books], "earn_rules": other}, "lacks points"),
        ({**values, "currencies": [*values["currencies"], books], "exchanges": [exchange]}, "exchanges"),
    ):
        draft = ProgramDocument.model_validate_json(json.dumps(written))
        with pytest.raises(BacktestRefused, match=said):
            compare(past, draft)
