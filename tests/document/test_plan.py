"""What publishing a document would change, in words and numbers, and what may never change."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from tests.third_language import a_third_language, in_english, unsaid

from jifen.document.load import parse_document
from jifen.document.model import ProgramDocument
from jifen.document.plan import forbidden_changes, plan
from jifen.templates import template_text

SHOP = template_text("corner-shop")


def shop(*changes: tuple[str, str]) -> ProgramDocument:
    text = SHOP
    for written, instead in changes:
        assert written in text
        text = text.replace(written, instead)
    return parse_document(text, name="shop.yaml")


def test_the_same_document_changes_nothing() -> None:
    assert plan(shop(), shop()).is_empty
    assert plan(shop(), shop()).text("zh") == "没有变化。"


def test_the_first_document_adds_everything_and_takes_nothing_away() -> None:
    first = plan(None, shop())

    assert {change.kind for change in first.changes} == {"added"}
    assert {change.weight for change in first.changes} == {"plain"}


def test_a_changed_number_is_shown_with_its_share() -> None:
    (change,) = plan(shop(), shop(("caps: {day: 500}", "caps: {day: 400}"))).changes

    assert (change.path, change.before, change.after) == ("earn_rules[tuesday].caps.day", 500, 400)
    assert change.sentence("en") == "earn_rules[tuesday].caps.day goes from 500 to 400 (-20.0%)."
    assert change.weight == "careful"


def test_twice_the_amount_is_told_as_what_it_gives_before_and_after() -> None:
    wanted = "per_amount: {points: 1, amount_minor: 100}"
    change = plan(shop(), shop((wanted, wanted.replace("100", "200")))).changes[0]

    assert change.sentence("en") == (
        "earn_rules[base].per_amount.amount_minor goes from 100 to 200. Before: 1 point for every 1 CNY, times the "
        "tier's multiplier. Now: 1 point for every 2 CNY, times the tier's multiplier."
    )
    assert "现在：每 2 CNY 得 1 积分" in change.sentence("zh")
    assert change.weight == "careful"


@pytest.mark.parametrize(
    ("now", "weight"),
    [
        ("downgrade: none", "plain"),
        ("downgrade: one_level", "plain"),
        ("downgrade: base", "careful"),
        ("grace_days: 30", "plain"),
    ],
)
def test_a_harder_fall_is_told_as_one(now: str, weight: str) -> None:
    tiers = SHOP[SHOP.index("tiers:\n") :].splitlines()[1]
    (change,) = plan(shop(), shop((tiers, f"{tiers}\n  {now}"))).changes
    assert change.weight == weight


LADDER_FIELDS = {
    "grace_days: 30": "",
    "downgrade: one_level": "",
    "window: calendar_year": "window_days: 365",
    "keeps_until: {year_ends: 2}": "keeps_days: 365",
}


@pytest.mark.parametrize("field", LADDER_FIELDS)
def test_a_field_of_the_ladder_goes_as_it_came_and_no_tier_with_it(field: str) -> None:
    """Who drops days of grace, or takes a window of days again, takes no tier from anybody."""
    before = LADDER_FIELDS[field] or SHOP[SHOP.index("tiers:\n") :].splitlines()[1]
    assert before in SHOP
    other = shop((before, field if LADDER_FIELDS[field] else f"{before}\n  {field}"))
    for old, new in ((shop(), other), (other, shop())):
        assert not plan(old, new).is_refused
        assert not forbidden_changes(old, new)


@pytest.mark.parametrize(
    ("written", "instead", "weight"),
    [
        ("units: 9", "units: 10", "careful"),
        ("units: 9", "units: 8", "plain"),
        ("units: 777", "units: 400", "careful"),
        ("exchanges:", "# exchanges:", "careful"),
    ],
)
def test_an_exchange_that_gives_less_is_told_as_one(written: str, instead: str, weight: str) -> None:
    stamps = "  - {code: stamps, names: {en: Stamps}, kind: spendable, worth: 1}\nearn_rules:\n"
    exchanges = """exchanges:
  - {code: nine, names: {en: Nine}, takes: {currency: stamps, units: 9}, gives: [{currency: points, units: 777}]}
"""
    text = SHOP.replace("earn_rules:\n", stamps, 1) + exchanges
    after = text.replace(written, instead) if written != "exchanges:" else text.removesuffix(exchanges)
    (change,) = plan(parse_document(text, name="x"), parse_document(after, name="y")).changes
    assert change.weight == weight


OFFERS = """offers:
  - code: off
    names: {zh: 满减, en: Off}
    threshold: {spend_minor: 20000, off_minor: 3000}
    most_minor: 6000
"""


@pytest.mark.parametrize(
    ("written", "instead", "weight"),
    [
        ("spend_minor: 20000", "spend_minor: 20001", "careful"),
        ("spend_minor: 20000", "spend_minor: 19999", "plain"),
        ("off_minor: 3000", "off_minor: 2999", "careful"),
        ("off_minor: 3000", "off_minor: 3001", "plain"),
        ("most_minor: 6000", "most_minor: 5000", "careful"),
        ("    most_minor: 6000\n", "", "plain"),
        ("most_minor: 6000", "exclusive: true", "careful"),
        ("most_minor: 6000", "when: {fact: purchase.weekday, is: 2}".replace("is", "eq"), "careful"),
        ("zh: 满减", "zh: 满就减", "plain"),
    ],
)
def test_an_offer_that_takes_off_less_is_told_as_one(written: str, instead: str, weight: str) -> None:
    assert written in OFFERS
    before, after = (
        parse_document(SHOP + text, name="x") for text in (OFFERS, OFFERS.replace(written, instead))
    )
    (change,) = plan(before, after).changes
    assert change.weight == weight


def test_an_offer_is_told_whole_in_both_languages() -> None:
    without, with_it, other = (
        parse_document(SHOP + text, name="x")
        for text in (
            "",
            OFFERS,
            OFFERS.replace("20000", "25000").replace("most_minor: 6000", "exclusive: true"),
        )
    )
    (added,) = plan(without, with_it).changes
    assert (
        added.sentence("en")
        == "New offer off: 30 CNY off from 200 CNY on, of the whole basket; at most 60 CNY off a purchase."
    )
    (changed,) = plan(with_it, other).changes
    assert changed.sentence("zh") == (
        "优惠 off 变更。原为：全单满 200 CNY 减 30 CNY，每单最多减 60 CNY。现为：全单满 250 CNY 减 30 CNY，不与其他优惠同用。"
    )
    (ended,) = plan(with_it, without).changes
    assert (ended.weight, ended.kind) == ("careful", "removed")
    assert ended.sentence("en").startswith("Offer off ends: 30 CNY off")


def test_a_rule_is_told_as_a_sentence_in_both_languages() -> None:
    without = SHOP[: SHOP.index("  - code: tuesday")] + SHOP[SHOP.index("tiers:") :]
    ended = plan(shop(), parse_document(without, name="x")).changes[0]

    assert ended.sentence("en") == (
        "Earn rule tuesday ends: 1 point for every 1 CNY, times the tier's multiplier, when the weekday is Tuesday; "
        "at most 500 points a day."
    )
    assert "周二" in ended.sentence("zh")
    assert ended.weight == "careful"


@pytest.mark.parametrize(
    ("written", "instead", "path"),
    [
        ("- code: gold\n", "- code: golden\n", "tiers.list[gold]"),
        ("kind: spendable", "kind: spendable\n    scale: 2", "currencies[points].scale"),
        ("kind: spendable", "kind: qualifying", "currencies[points].kind"),
        ("code: CNY", "code: USD", "money.code"),
        ("time_zone: Asia/Shanghai", "time_zone: Asia/Tokyo", "time_zone"),
        ("code: corner-shop", "code: other", "program.code"),
        ("by: spend", "by: points", "tiers.by"),
    ],
)
def test_what_the_books_rest_on_is_refused(written: str, instead: str, path: str) -> None:
    found = plan(shop(), shop((written, instead)))

    assert found.is_refused
    (forbidden,) = forbidden_changes(shop(), shop((written, instead)))
    assert forbidden.path == path
    assert "Refused" in forbidden.sentence("en")
    assert "不允许" in forbidden.sentence("zh")


def test_a_currency_may_not_be_removed_and_its_rules_may() -> None:
    other = "currency: points\n    per"
    renamed = shop(("- code: points", "- code: stars"), (other, other.replace("points", "stars")))

    assert [change.path for change in forbidden_changes(shop(), renamed)] == ["currencies[points]"]
    assert plan(shop(), renamed).is_refused


def test_what_is_forbidden_is_what_the_plan_refuses_whatever_becomes_of_stores() -> None:
    """Who publishes asks for these only, and compiles and compares no stores for them."""
    renamed = SHOP.replace("- code: points", "- code: stars").replace("currency: points", "currency: stars")
    other = (
        renamed[: renamed.index("tiers:")]
        .replace("code: CNY", "code: USD")
        .replace("stores:\n", "stores:\n  - {code: far, names: {en: Far}}\n", 1)
    )
    found = plan(shop(), parse_document(other, name="other"))
    refused = tuple(change for change in found.changes if change.weight == "refused")

    assert [change.path for change in refused] == ["money.code", "currencies[points]", "tiers"]
    assert any(change.path.startswith("stores") for change in found.changes)
    assert forbidden_changes(shop(), parse_document(other, name="other")) == refused


def test_a_ladder_that_appears_keeps_the_tier_where_everybody_stands() -> None:
    flat = parse_document(SHOP[: SHOP.index("tiers:")], name="flat")
    other = shop(("- code: member", "- code: basic"))

    assert not plan(flat, shop()).is_refused
    assert plan(flat, other).is_refused
    assert plan(shop(), flat).is_refused


def test_a_plan_is_told_in_a_third_language(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for old, new in (
        (None, shop()),
        (shop(), shop(("caps: {day: 500}", "caps: {day: 400}"))),
        (shop(), shop(("points: 1, amount_minor: 100", "points: 1, amount_minor: 200"))),
        (shop(), shop(("time_zone: Asia/Shanghai", "time_zone: Asia/Tokyo"))),
        (shop(), shop()),
    ):
        found = plan(old, new)
        english = found.text("en")
        with a_third_language(monkeypatch, tmp_path) as third:
            told = found.text(third)
        assert in_english(told) == english
        assert not re.search("[A-Za-z]", unsaid(told).replace("X ", "")), unsaid(told)
