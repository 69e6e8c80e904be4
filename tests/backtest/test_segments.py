"""Winners and losers by what members paid in the period, against plain Python."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from uuid import UUID

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.backtest.snapshots import a_snapshot
from tests.builders import a_document, a_line
from tests.conftest import FreshDatabase
from tests.machine.till import a_till, days

from jifen.insight.backtest.compare import compare
from jifen.insight.backtest.segments import FIFTHS, NOTHING, by_what_was_paid

FRUIT = """\
  - {code: fruit, names: {zh: 水果, en: Fruit}, currency: points, fixed: {points: 7}, when: {fact: line.category, is: FRUIT}}
"""


def members_of(rows: list[tuple[int, int]]) -> pl.DataFrame:
    """Members 0, 1, ... with sales and purchases."""
    schema = {"member": pl.Int64(), "sales": pl.Int64(), "purchases": pl.Int64()}
    return pl.DataFrame([(at, *row) for at, row in enumerate(rows)], schema=schema, orient="row")


def told(members: pl.DataFrame) -> dict[str, list[int]]:
    return {name.code: own.get_column("member").to_list() for name, own in by_what_was_paid(members)}


def test_fifths_are_of_equal_size_the_larger_first_and_equals_stand_by_number() -> None:
    rows = [(500, 1), (900, 2), (500, 1), (100, 1), (500, 3), (0, 0), (-20, 1), (700, 1), (-5, 0)]

    assert told(members_of(rows)) == {
        "bought_most": [1, 7],
        "bought_second": [0, 2],
        "bought_third": [4],
        "bought_fourth": [3],
        "bought_least": [6],
        "bought_nothing": [5, 8],
    }


def test_of_fewer_than_five_who_bought_there_are_no_fifths() -> None:
    assert told(members_of([(9, 1)] * 4 + [(0, 0)] * 9)) == {}
    assert NOTHING not in told(members_of([(9, 1)] * 5))


@given(
    rows=st.lists(st.tuples(st.integers(-3, 6), st.integers(0, 2)), min_size=1, max_size=40), data=st.data()
)
def test_whatever_the_order_of_buckets_everybody_is_in_one_segment_and_the_same(
    rows: list[tuple[int, int]], data: st.DataObject
) -> None:
    members = members_of(rows)
    order = data.draw(st.permutations(range(len(rows))))

    found = told(members)

    assert {code: set(own) for code, own in told(members[order]).items()} == {
        code: set(own) for code, own in found.items()
    }
    if found:
        assert sorted(number for own in found.values() for number in own) == list(range(len(rows)))
        sizes = [len(found[name]) for name in FIFTHS]
        assert sizes == sorted(sizes, reverse=True)
        assert sizes[0] - sizes[-1] <= 1


@pytest.mark.parametrize("buckets", [1, 4])
async def test_the_shares_of_a_small_shop_are_those_counted_by_hand(
    fresh_database: FreshDatabase, tmp_path: Path, buckets: int
) -> None:
    paid = [9_000, 8_000, 500, 4_000, 4_000, 300, 4_000, 7_000, 200, 600, 6_000, 0, 0]
    async with a_till(fresh_database) as till:
        await till.set_now(await till.now() - days(30))
        ids = [await till.enrol() for _ in paid]
        for at, (member, amount) in enumerate(zip(ids, paid, strict=True)):
            if amount:
                fruit = {"category": "FRUIT"} if at % 2 else {}
                await till.buy(member, lines=[a_line(1, amount, **fruit)])
        await till.set_now(await till.now() + days(29))
    past = await a_snapshot(fresh_database, tmp_path / "s", buckets=buckets)
    draft = a_document(more=FRUIT, by_tier=False)

    result = compare(past, draft)

    # By hand: who paid most first, equals by their number in the snapshot; the eleven who bought in groups of 3, 2, 2, 2, 2.
    known = past.scan("members").select("member_id", "member").collect().rows()
    number = {UUID(member_id): member for member_id, member in known}
    place = {number[member]: at for at, member in enumerate(ids)}
    ranked = sorted((m for m in place if paid[place[m]]), key=lambda m: (-paid[place[m]], m))
    groups = [ranked[0:3], ranked[3:5], ranked[5:7], ranked[7:9], ranked[9:11]]
    change = {one.member: one.change for one in (*result.change.gained_most, *result.change.lost_most)}
    gains = {m: change.get(f"mbr_{ids[place[m]].hex}", 0) for m in place}
    wanted = {
        name: (len(own), sum(gains[m] > 0 for m in own), 0, sum(gains[m] for m in own))
        for name, own in zip(FIFTHS, groups, strict=True)
    }
    wanted[NOTHING] = (2, 0, 0, 0)
    shares = [one for one in result.change.shares if one.by == "segment"]
    assert [one.group.code for one in shares] == [*FIFTHS, NOTHING]
    assert {one.group.code: (one.members, one.better, one.worse, one.total) for one in shares} == wanted
    assert Counter(gains.values())[7] == sum(1 for at, amount in enumerate(paid) if amount and at % 2)
