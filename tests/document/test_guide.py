"""The guide's examples are true: its whole programme compiles, and its list of facts is the vocabulary."""

from __future__ import annotations

import re
from pathlib import Path

from jifen.document.load import parse_document
from jifen.document.run_trials import run_trials
from jifen.document.trials import (
    TrialEvent,
    TrialExpected,
    TrialLine,
    TrialMember,
    TrialOccasion,
    TrialPart,
    TrialPurchase,
    TrialReturn,
)
from jifen.domain.program.conditions import FACTS

GUIDE = (Path(__file__).parents[2] / "docs" / "programme.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```yaml\n(.*?)```", GUIDE, flags=re.DOTALL)


def test_the_whole_programme_of_the_guide_compiles() -> None:
    assert parse_document(BLOCKS[0], name="guide").program.code == "bakery"


def test_the_other_examples_fit_into_it() -> None:
    without_rules = BLOCKS[0][: BLOCKS[0].index("earn_rules:")]
    ladder = "tiers: {by: spend, window_days: 30, keeps_days: 30, list: [{code: gold, names: {en: G}, reach: 0}]}\n"
    rule = "earn_rules:\n  - code: a\n    names: {en: A}\n    currency: points\n    fixed: {points: 1}\n"
    when, of_basket = ("".join(f"    {line}\n" for line in BLOCKS[at].splitlines()) for at in (10, 12))
    stamps = "  - {code: stamps, names: {en: Stamps}, kind: spendable, worth: 1}\n"

    currencies = without_rules[without_rules.index("currencies:") :]
    lives = parse_document(without_rules.replace(currencies, BLOCKS[1]), name="guide").currencies[0]
    assert [one.code for one in lives.terms] == ["bonus", "brand"]
    bands = parse_document(BLOCKS[0].replace("earn_rules:\n", "earn_rules:\n" + BLOCKS[2]), name="guide")
    assert [rule.bands is not None for rule in bands.earn_rules] == [True, True, False, False]
    budget = parse_document(BLOCKS[0].replace("earn_rules:\n", "earn_rules:\n" + BLOCKS[4]), name="guide")
    assert budget.earn_rules[0].budget == 10_000
    shared = BLOCKS[0].replace("caps: {day: 100}", "caps: {day: 100}\n    shares: [bonus]")
    assert parse_document(shared + BLOCKS[3], name="guide").shared_caps[0].caps.week == 500
    born = parse_document(without_rules + BLOCKS[6], name="guide")
    assert [one.birthday is not None for one in born.events] == [True]
    events = parse_document(without_rules + BLOCKS[5], name="guide")
    assert [len(events.events), len(events.earn_rules)] == [2, 3]
    assert parse_document(without_rules + stamps + BLOCKS[7], name="guide").moments
    exchanges = parse_document(without_rules + stamps + BLOCKS[8], name="guide").exchanges
    assert [one.at_once for one in exchanges] == [True]
    tiers = parse_document(without_rules + BLOCKS[9], name="guide").tiers
    assert tiers is not None
    assert [one.keep for one in tiers.list] == [None, 8, 30]
    assert parse_document(without_rules + rule + when, name="guide").earn_rules
    days = parse_document(without_rules + BLOCKS[11] + rule + of_basket, name="guide").days
    assert [part.code for part in days] == [
        "member-day",
        "new-year",
        "holiday",
        "double-eleven",
        "late-shopping",
        "anniversary",
    ]
    assert len(parse_document(without_rules + BLOCKS[13] + ladder, name="guide").earn_rules) == 2


def test_the_tests_of_the_guide_hold_and_its_tables_name_every_field() -> None:
    own = next(one for one in BLOCKS if one.startswith("tests:"))
    tested = parse_document(BLOCKS[0] + own, name="guide")
    assert [(one.trial.code, one.said("en")) for one in run_trials(tested)] == [
        ("early-bread", ""), ("rye-comes-back", ""), ("after-a-year", ""),
    ]  # fmt: skip
    told = GUIDE[GUIDE.index("## Tests") : GUIDE.index("## Plan")]
    parts = (
        TrialPart,
        TrialMember,
        TrialOccasion,
        TrialPurchase,
        TrialLine,
        TrialEvent,
        TrialReturn,
        TrialExpected,
    )
    fields = {name for part in parts for name in part.model_fields} - {"code", "names"}
    assert [name for name in fields if f"`{name}`" not in told] == []


def test_the_guide_names_every_fact() -> None:
    assert [fact for fact in FACTS if f"`{fact}`" not in GUIDE] == []
