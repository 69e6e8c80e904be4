"""The value that a back-test answers: exact in JSON, and never built wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from fractions import Fraction

import jsonschema_rs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.report.results import CASES, a_sample, a_year

from jifen.insight.backtest.result import (
    LARGEST,
    ChangeShare,
    Interval,
    Name,
    Result,
    ResultUnreadable,
    Sentence,
    from_json,
    json_schema,
    share_bps,
    to_json,
)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_json_gives_the_very_same_result_back(case: Callable[[], Result]) -> None:
    result = case()
    text = to_json(result)
    assert from_json(text) == result
    assert to_json(from_json(text)) == text


def test_json_keeps_its_schema() -> None:
    validator = jsonschema_rs.Draft202012Validator(json_schema(), validate_formats=True)
    for case in (a_sample, a_year):
        validator.validate(json.loads(to_json(case())))
    broken = json.loads(to_json(a_sample()))
    broken["compared"]["sales_minor"] = "12.50"
    assert not validator.is_valid(broken)


def test_json_holds_no_number_with_a_point() -> None:
    def whole(found: str) -> None:
        pytest.fail(f"{found} is not whole")

    json.loads(to_json(a_sample()), parse_float=whole)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda text: text[:-1],
        lambda text: "{}",
        lambda text: text.replace('"format":1', '"format":2', 1),
        lambda text: text.replace('"from_on":"2025-01-01"', '"from_on":"2027-01-01"', 1),
        lambda text: text.replace('"members":60', '"members":60.5', 1),
    ],
    ids=["cut off", "empty", "another format", "ends before it begins", "half a member"],
)
def test_what_is_not_a_result_is_refused(spoil: Callable[[str], str]) -> None:
    text = to_json(a_year(members=60))
    assert spoil(text) != text
    with pytest.raises(ResultUnreadable):
        from_json(spoil(text))


@given(part=st.integers(-(10**15), 10**15), whole=st.integers(1, 10**15))
def test_a_share_is_rounded_half_to_even(part: int, whole: int) -> None:
    assert share_bps(part, whole) == round(Fraction(10_000 * part, whole))
    assert share_bps(-part, -whole) == share_bps(part, whole)


def test_a_share_of_nothing_is_nothing() -> None:
    assert share_bps(5, 0) == 0


def test_a_member_is_named_by_id_or_number_alone() -> None:
    one = a_year(members=60).change.gained_most[0]
    with pytest.raises(ValueError, match="named by mbr_"):
        replace(one, member="6200001")


def test_no_more_members_are_listed_than_promised() -> None:
    change = a_year(members=60).change
    with pytest.raises(ValueError, match="at most 100"):
        replace(change, gained_most=change.gained_most[:1] * (LARGEST + 1))


def test_an_interval_has_its_ends_or_a_reason() -> None:
    why = Sentence(zh="样本太小。", en="The sample is too small.")
    with pytest.raises(ValueError, match="or a sentence why"):
        Interval(what="draft.cost_minor", estimate=1, low=None, high=None)
    with pytest.raises(ValueError, match="or a sentence why"):
        Interval(what="draft.cost_minor", estimate=2, low=1, high=3, why_not=why)
    with pytest.raises(ValueError, match="rises"):
        Interval(what="draft.cost_minor", estimate=2, low=3, high=1)


def test_better_worse_and_unchanged_are_everybody() -> None:
    with pytest.raises(ValueError, match="add up"):
        ChangeShare(
            by="all", group=Name(code="", zh="", en=""), members=5, better=2, worse=2, unchanged=2, total=0
        )


def test_both_sides_tell_of_the_same_days() -> None:
    year = a_year(members=60)
    with pytest.raises(ValueError, match="same days"):
        replace(year, draft=replace(year.draft, liability=year.draft.liability[1:]))


def test_the_made_up_year_adds_up() -> None:
    year = a_year()
    for side in (year.baseline, year.draft):
        (points,) = side.currencies
        assert points.flow_units == points.closing_units == side.liability[-1].units[0]
        for rows in (side.by_rule, side.by_tier, side.by_store, side.by_category, side.by_month):
            assert sum(row.granted_units for row in rows) == points.granted_units
    assert sum(cell.members for cell in year.tier_moves.cells) == year.compared.members
