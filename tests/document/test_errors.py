"""Every refusal of a document says where it is, what stands there, what is wrong and the way out."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.third_language import a_third_language, in_english, unsaid

from jifen.document.load import document_from, load_program_file, parse_document
from jifen.document.problems import DocumentProblem, DocumentRefused
from jifen.templates import template_text

GROCER = template_text("grocer")


def problems_of(text: str) -> tuple[DocumentProblem, ...]:
    with pytest.raises(DocumentRefused) as refused:
        parse_document(text, name="shop.yaml")
    return refused.value.problems


def an_exchange(takes: str, units: int, gives: str, *, back: bool = False) -> str:
    """Before the tiers an exchange at once, and perhaps another that goes back."""
    said = "exchanges:\n"
    for at, (one, many, other) in enumerate([(takes, units, gives), (gives, 1, takes)][: 1 + back]):
        said += (
            f"  - {{code: x{at}, names: {{en: A}}, takes: {{currency: {one}, units: {many}}}, "
            f"gives: [{{currency: {other}, units: 1}}], at_once: true}}\n"
        )
    return said + "tiers:\n"


def a_reward(more: str = "", *, currency: str = "points", units: int = 5) -> str:
    """The first of the rewards."""
    said = f"price: {{currency: {currency}, units: {units}}}"
    return (
        f"rewards:\n  - {{code: mug, names: {{en: Mug}}, {', '.join([said, *([more] if more else [])])}}}\n"
    )


def an_offer(how: str) -> str:
    """Before the tiers two classes and an offer."""
    classes = "offer_classes: [{code: item}, {code: order, not_with: [item]}]\n"
    return f"{classes}offers:\n  - {{code: o, names: {{en: O}}, {how}}}\ntiers:\n"


MISTAKES = [
    ("decimals: 2", "decimal: 2", "unknown_field", "$.money.decimal"),
    ("decimals: 2", "decimals: 2.0", "float_refused", "$.money.decimals"),
    ("decimals: 2", "decimals: true", "wrong_type", "$.money.decimals"),
    ("worth: 1 ", "worth: 0.01 ", "float_refused", "$.currencies[0].worth"),
    ("worth: 1 ", 'worth: "1/0" ', "worth_not_positive", "$.currencies[0].worth"),
    ("worth: 1 ", "worth: 0 ", "worth_not_positive", "$.currencies[0].worth"),
    ("points: 40}", 'points: "40"}', "wrong_type", "$.earn_rules[8].fixed.points"),
    ("points: 40}", "points: 0}", "out_of_range", "$.earn_rules[8].fixed.points"),
    ("points: 40}", "points: -5}", "out_of_range", "$.earn_rules[8].fixed.points"),
    ("currency: growth", "currency: grwth", "unknown_code", "$.earn_rules[2].currency"),
    ("fact: line.brand", "fact: line.brnd", "unknown_fact", "$.earn_rules[3].when.fact"),
    ("is: Private", "is: 7", "wrong_type", "$.earn_rules[3].when.is"),
    ("is: Private", "iss: Private", "unknown_field", "$.earn_rules[3].when.iss"),
    ("is: Private", "ge: 3", "operator_does_not_fit", "$.earn_rules[3].when.ge"),
    ("is: Private", "is: Private, in: [x]", "operator_unclear", "$.earn_rules[3].when"),
    ("between: [6, 8]", "between: [20, 5]", "condition_never_holds", "$.earn_rules[7].when"),
    ("between: [6, 8]", "ge: 24", "condition_never_holds", "$.earn_rules[7].when"),
    ("under: FUEL}", "under: FUEL//GAS}", "wrong_value", "$.earn_rules[1].when.under"),
    ("fact: line.brand, is: Private", "fact: member.segments, has: VIP list", "wrong_value", "$.earn_rules[3].when.has"),
    ("window_days: 30, ge: 20000", "ge: 20000", "window_days_missing", "$.earn_rules[11].when.all[0]"),
    ("America/New_York", "America/NewYork", "unknown_time_zone", "$.time_zone"),
    ("America/New_York", "posix/Asia/Shanghai", "unknown_time_zone", "$.time_zone"),
    ("code: USD, decimals: 2", "code: JPY, decimals: 2", "money_decimals_wrong", "$.money.decimals"),
    ("code: USD, decimals: 2", "code: KWD", "money_decimals_wrong", "$.money"),
    ("code: USD, decimals: 2", "code: XYZ, decimals: 2", "unknown_money", "$.money.code"),
    ("code: USD, decimals: 2", "code: XAU, decimals: 0", "unknown_money", "$.money.code"),
    ("mode: best", "mode: bset", "not_one_of", "$.stacking_groups[0].mode"),
    ("reach: 60000", "reach: 600000", "tiers_not_ascending", "$.tiers.list[2].reach"),
    ("reach: 60000", "reach: 60000\n      keep: 70000", "keep_out_of_order", "$.tiers.list[1].keep"),
    ("keeps_days: 90", "keeps_days: 90\n  keeps_until: {year_ends: 2}", "keeps_unclear", "$.tiers"),
    ("keeps_days: 90", "keeps_until: {}", "keeps_until_unclear", "$.tiers.keeps_until"),
    ("window_days: 180", "window_days: 180\n  window: life", "window_unclear", "$.tiers"),
    ("window_days: 180", "window: lifelong", "not_one_of", "$.tiers.window"),
    ("tiers:\n", "events:\n  - {code: b, names: {en: B}, birthday: {}, sent_by: [keys]}\ntiers:\n", "birthday_is_told_by_nobody",
     "$.events[0].birthday"),
    ("tiers:\n", an_exchange("points", 9, "points"), "exchange_gives_what_it_takes", "$.exchanges[0].gives[0].currency"),
    ("tiers:\n", an_exchange("stamps", 9, "points"), "unknown_code", "$.exchanges[0].takes.currency"),
    ("tiers:\n", an_exchange("points", 10**13, "growth"), "out_of_range", "$.exchanges[0].takes.units"),
    ("tiers:\n", an_exchange("points", 9, "growth", back=True), "exchanges_in_a_circle", "$.exchanges[1]"),
    ("rewards:\n", a_reward(currency="stamps"), "unknown_code", "$.rewards[0].price.currency"),
    ("rewards:\n", a_reward(currency="growth"), "reward_currency_not_spent", "$.rewards[0].price.currency"),
    ("rewards:\n", a_reward(units=10**10), "reward_too_dear", "$.rewards[0].price.units"),
    ("rewards:\n", a_reward("tiers: [golden]"), "unknown_code", "$.rewards[0].tiers[0]"),
    ("rewards:\n", a_reward("tier_prices: [{tier: gold, units: 1}, {tier: gold, units: 2}]"), "reward_price_twice",
     "$.rewards[0].tier_prices[1].tier"),
    ("rewards:\n", a_reward('first: "2026-02-30"'), "no_such_day", "$.rewards[0].first"),
    ("rewards:\n", a_reward('first: "2026-02-03", last: "2026-02-02"'), "reward_never_had", "$.rewards[0].last"),
    ("rewards:\n", a_reward("when: {fact: purchase.weekday, eq: 1}"), "reward_does_not_know", "$.rewards[0].when"),
    ("reach: 0", "reach: 1", "first_tier_not_zero", "$.tiers.list[0].reach"),
    ("at_least: gold", "at_least: golden", "unknown_code", "$.earn_rules[10].when.all[1].at_least"),
    ('by: "3/2"', 'by: "1/2"', "multiple_not_above_one", "$.earn_rules[3].multiple.by"),
    ("of: base, by: \"3/2\"", "of: bas, by: \"3/2\"", "unknown_code", "$.earn_rules[3].multiple.of"),
    ("of: base, by: \"2\"", "of: private-label, by: \"2\"", "multiple_of_multiple", "$.earn_rules[4].multiple.of"),
    ("code: fuel", "code: base", "double_code", "$.earn_rules[1].code"),
    ("any_store: true", "any_store: false", "stores_unclear", "$"),
    ("pending: {days: 1}", "pending: {days: 200}", "pending_not_shorter_than_expiry",
     "$.currencies[0].pending.days"),
    ("policy: allow, limit_units: 2000", "policy: allow", "debt_unclear", "$.currencies[0].debt"),
    ("pending: {days: 1}", "pending: {days: 1, day_of_month: 1}", "pending_unclear", "$.currencies[0].pending"),
    ("pending: {days: 1}", 'pending: {until: "2026-02-30"}', "no_such_day", "$.currencies[0].pending.until"),
    ("expiry: {months: 6, round: month_end}", "expiry: {}", "expiry_empty", "$.currencies[0].expiry"),
    ("expiry: {months: 6, round: month_end}", 'expiry: {on: ["13-01"]}', "no_such_day", "$.currencies[0].expiry.on[0]"),
    ("expiry: {months: 6, round: month_end}", 'expiry: {round: year_end, on: ["12-31"]}', "expiry_unclear",
     "$.currencies[0].expiry"),
    ("pending: {days: 1}", "terms: [{code: a}, {code: a}]", "double_code", "$.currencies[0].terms[1].code"),
    ("pending: {days: 1}", "terms: [{code: a, pending: {days: 9}, expiry: {days: 9}}]", "pending_not_shorter_than_expiry",
     "$.currencies[0].terms[0].pending.days"),
    ("amount_minor: 100}", "amount_minor: 100}\n    terms: bonus", "unknown_code", "$.earn_rules[0].terms"),
    ("amount_minor: 100}", "amount_minor: 100}\n    fixed: {points: 1}", "grant_unclear", "$.earn_rules[0]"),
    *(("per_amount: {points: 1, amount_minor: 100}", how, code, f"$.earn_rules[0]{path}") for how, code, path in (
        ("bands: {list: [{from: 1, points: 1, per: 9}, {from: 9, points: 2, per: 9}]}", "bands_not_ascending",
         ".bands.list[0].from"),
        ("bands: {list: [{from: 0, points: 1, per: 9}, {from: 0, points: 2, per: 9}]}", "bands_not_ascending",
         ".bands.list[1].from"),
        ("bands: {list: [{from: 0, points: 1, per: 9}, {from: 9, points: 2}]}", "bands_mixed", ".bands.list[1]"),
        ("bands: {mode: marginal, list: [{from: 0, points: 1}, {from: 9, points: 2}]}", "bands_mixed", ".bands.list[0]"),
        ("bands: {list: [{from: \"0\", points: 1, per: 9}, {from: 9, points: 2, per: 9}]}", "band_size_wrong",
         ".bands.list[0].from"),
        ("bands: {of: quantity, list: [{from: \"0\", points: 1, per: \"0\"}, {from: \"9\", points: 2, per: \"1\"}]}",
         "band_size_wrong", ".bands.list[0].per"),
        ("lesser_of: [{fixed: {points: 1}}, {}]", "amount_unclear", ".lesser_of[1]"),
        ("bands: {list: [{from: 0, points: 1, per: 1}, {from: 9, points: 1000000000000, per: 1}]}", "rate_too_large", ""),
    )),
    ("fact: line.brand, is: Private", "fact: member.times_granted, ge: 1", "rule_missing", "$.earn_rules[3].when"),
    ("fact: line.brand, is: Private", "fact: member.times_granted, rule: bse, ge: 1", "unknown_code",
     "$.earn_rules[3].when.rule"),
    ("fact: line.brand, is: Private", "fact: line.brand, is: Private, rule: base", "rule_does_not_fit",
     "$.earn_rules[3].when.rule"),
    ("fact: line.brand, is: Private", "fact: line.brand, is: Private, period: day", "period_does_not_fit",
     "$.earn_rules[3].when.period"),
    *(("currencies:\n", f"days: [{{code: d, names: {{en: D}}{how}}}]\ncurrencies:\n", code, path) for how, code, path in (
        ("", "day_unclear", "$.days[0]"),
        (", day_of_month: 8, yearly: \"11-11\"", "day_unclear", "$.days[0]"),
        (", dates: [\"2026-02-29\"]", "no_such_day", "$.days[0].dates[0]"),
        (", yearly: \"02-30\"", "no_such_day", "$.days[0].yearly"),
        (", span: {first: \"2026-02-02\", last: \"2026-02-01\"}", "span_wrong", "$.days[0].span"),
        (", weekday: {weekday: 2, nth: 0}", "nth_zero", "$.days[0].weekday.nth"),
        (", festival: spring_festivl", "unknown_code", "$.days[0].festival"),
        (", days_off: XX", "unknown_code", "$.days[0].days_off"),
    )),
    ("fact: line.brand, is: Private", "fact: purchase.days, has: payday", "unknown_code", "$.earn_rules[3].when.has"),
    ("fact: line.brand, is: Private", "fact: purchase.store_region, is: east", "unknown_code", "$.earn_rules[3].when.is"),
    ("fact: line.brand, is: Private", "fact: purchase.store_tags, is: east", "operator_does_not_fit", "$.earn_rules[3].when.is"),
    ("fact: line.brand, is: Private", "fact: basket.lines, ge: 1, of: {fact: purchase.hour, lt: 9}", "of_sees_lines",
     "$.earn_rules[3].when.of"),
    ("fact: line.brand, is: Private", "fact: line.brand, is: Private, of: {fact: line.sku, is: a}", "of_does_not_fit",
     "$.earn_rules[3].when.of"),
    ("fact: line.brand, is: Private", "fact: basket.lines, eq: -1", "condition_never_holds", "$.earn_rules[3].when"),
    *((
        "tiers:\n", "tests:\n  - code: a\n    names: {en: A}\n" + how + "tiers:\n", code, f"$.tests[0]{path}"
    ) for how, code, path in (
        ("    occasion: {at: 2026-03-02}\n    expect: {}\n", "test_expects_nothing", ".expect"),
        ("    occasion: {after_days: 2}\n    expect: {tier: gold}\n", "test_moment_unclear", ".occasion"),
        ("    occasion: {at: 2026-03-02, after_days: 2}\n    expect: {tier: gold}\n", "test_moment_unclear", ".occasion"),
        ("    occasion: {at: 2026-02-30}\n    expect: {tier: gold}\n", "test_moment_wrong", ".occasion.at"),
        ("    occasion: {at: 2026-02-28 25:00}\n    expect: {tier: gold}\n", "test_moment_wrong", ".occasion.at"),
        ("    occasion: {at: 1999-02-28}\n    expect: {tier: gold}\n", "test_moment_wrong", ".occasion.at"),
        ("    given: {joined_on: 2026-03-03}\n    occasion: {at: 2026-03-02}\n    expect: {tier: gold}\n", "test_goes_back",
         ".occasion.at"),
        ("    given: {joined_on: 2010-03-03}\n    occasion: {at: 2026-03-02}\n    expect: {tier: gold}\n", "test_too_long",
         ".occasion.at"),
        ("    given: {before: [{at: 2026-03-03 10:00}]}\n    occasion: {at: 2026-03-03 09:59}\n    expect: {tier: gold}\n",
         "test_goes_back", ".occasion.at"),
        ("    occasion: {at: 2026-03-02, purchase: {amount_minor: 1}, redeems: {points: 1}}\n    expect: {tier: gold}\n",
         "test_occasion_unclear", ".occasion"),
        ("    occasion: {at: 2026-03-02, purchase: {store: x}}\n    expect: {tier: gold}\n", "test_purchase_unclear",
         ".occasion.purchase"),
        ("    occasion: {at: 2026-03-02, purchase: {amount_minor: 1, lines: [{amount_minor: 1}]}}\n    expect: {tier: gold}\n",
         "test_purchase_unclear", ".occasion.purchase"),
        ("    occasion: {at: 2026-03-02, returns: {receipt: b}}\n    expect: {tier: gold}\n", "unknown_code",
         ".occasion.returns.receipt"),
        ("    occasion: {at: 2026-03-02}\n    expect: {tier: golden}\n", "unknown_code", ".expect.tier"),
        ("    occasion: {at: 2026-03-02}\n    expect: {rules: {bse: 1}}\n", "unknown_code", ".expect.rules.bse"),
        ("    occasion: {at: 2026-03-02}\n    expect: {units: {pints: 1}}\n", "unknown_code", ".expect.units.pints"),
        ("    occasion: {at: 2026-03-02, redeems: {pints: 1}}\n    expect: {tier: gold}\n", "unknown_code",
         ".occasion.redeems.pints"),
        ("    occasion: {at: 2026-03-02}\n    expect: {refusal: no_such}\n", "unknown_code", ".expect.refusal"),
        ("    occasion: {at: 2026-03-02}\n    expect: {units: {points: 1.5}}\n", "float_refused", ".expect.units.points"),
    )),
    ("tiers:\n", "offer_classes: [{code: item, not_with: [item]}]\ntiers:\n", "class_not_with_itself",
     "$.offer_classes[0].not_with[0]"),
    ("tiers:\n", "offer_classes: [{code: item, not_with: [itm]}]\ntiers:\n", "unknown_code", "$.offer_classes[0].not_with[0]"),
    ("tiers:\n", "offer_classes: [{code: item}, {code: item}]\ntiers:\n", "double_code", "$.offer_classes[1].code"),
    *(("tiers:\n", an_offer(how), code, f"$.offers[0]{path}") for how, code, path in (
        ("lines: {fact: line.sku, is: a}", "offer_unclear", ""),
        ("price: {minor: 1}, percent_off: {bps: 1}", "offer_unclear", ""),
        ("percent_off: {bps: 10001}", "out_of_range", ".percent_off.bps"),
        ("percent_off: {bps: 10.5}", "float_refused", ".percent_off.bps"),
        ("price: {minor: 1}, class: itm", "unknown_code", ".class"),
        ("n_for_m: {n: 3, m: 3}", "n_not_above_m", ".n_for_m.m"),
        ("threshold: {spend_minor: 100, off_minor: 101}", "off_above_sum", ".threshold.off_minor"),
        ("bands: [{from_minor: 100, off_minor: 10}, {from_minor: 100, off_minor: 20}]", "offer_bands_not_ascending",
         ".bands[1].from_minor"),
        ("bands: [{from_minor: 100, off_minor: 10}, {from_minor: 200, off_minor: 10}]", "offer_bands_not_ascending",
         ".bands[1].off_minor"),
        ("bands: [{from_minor: 100, off_minor: 10}, {from_minor: 200, off_minor: 201}]", "off_above_sum", ".bands[1].off_minor"),
        ("price: {minor: 1}, times: 2", "times_does_not_fit", ".times"),
        ("threshold: {spend_minor: 100, off_minor: 1}, times: 2", "times_does_not_fit", ".times"),
        ("price: {minor: 1}, on_return: take_back_discount", "on_return_does_not_fit", ".on_return"),
        ("bundle: {price_minor: 1, items: [{names: {en: A}, lines: {fact: line.sku, is: a}}]}, lines: {fact: line.sku, is: a}",
         "bundle_sees_its_items", ".lines"),
        ("price: {minor: 1}, lines: {fact: purchase.hour, ge: 9}", "offer_lines_see_more", ".lines"),
        ("bundle: {price_minor: 1, items: [{names: {en: A}, lines: {fact: member.tier, is: gold}}]}", "offer_lines_see_more",
         ".bundle.items[0].lines"),
        ("price: {minor: 1}, when: {fact: line.sku, is: a}", "offer_when_sees_lines", ".when"),
        ("price: {minor: 1}, when: {fact: purchase.payment_methods, has: card}", "offer_cannot_ask", ".when"),
        ("price: {minor: 1}, when: {fact: member.times_granted, rule: base, ge: 1}", "offer_cannot_ask", ".when"),
        ("price: {minor: 1}, when: {fact: event.hour, ge: 1}", "offer_cannot_ask", ".when"),
        ("price: {minor: 1}, when: {fact: purchase.hour, ge: 24}", "condition_never_holds", ".when"),
        ("price: {minor: 1}, when: {any: [{fact: purchase.hour, ge: 9}, {fact: member.tier, is: gold}]}",
         "condition_mixes_given_and_state", ".when"),
        ("price: {minor: 1}, when: {fact: member.tier, is: golden}", "unknown_code", ".when.is"),
        ("price: {minor: 1}, lines: {fact: line.skew, is: a}", "unknown_fact", ".lines.fact"),
    )),
]  # fmt: skip


@pytest.mark.parametrize(("written", "instead", "code", "path"), MISTAKES)
def test_a_mistake_is_found_where_it_stands(written: str, instead: str, code: str, path: str) -> None:
    text = GROCER.replace(written, instead, 1)
    assert text != GROCER

    first = problems_of(text)[0]

    assert (first.code, first.path) == (code, path)
    assert first.file == "shop.yaml"
    assert first.message_en
    assert first.message_zh
    assert first.way_out
    assert first.way_out_zh
    assert 1 <= first.line <= text.count("\n") + 1


def test_every_mistake_is_told_in_a_third_language(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    found = [
        problem
        for written, instead, *_ in MISTAKES
        for problem in problems_of(GROCER.replace(written, instead, 1))
    ]
    found += [
        *problems_of("a: 1\na: 2"),
        *problems_of("a: ["),
        *problems_of("a: &x 1\nb: *x"),
        *problems_of("a: !t 1"),
    ]
    english = [problem.text("en") for problem in found]
    with a_third_language(monkeypatch, tmp_path) as third:
        told = [problem.text(third) for problem in found]
    assert [in_english(text) for text in told] == english
    assert [text for text in told if unsaid(text)] == []
    assert all(text.count("⟦") >= 3 for text in told), (
        "the problem, its way out, and the line that shows them"
    )


@pytest.mark.parametrize(
    ("written", "way_out"),
    [("posix/Asia/Shanghai", "'Asia/Shanghai'"), ("US/Eastern", "'America/New_York'"), ("+08:00", "Asia/Shanghai")],
)  # fmt: skip
def test_a_zone_that_not_every_library_knows_names_the_way_out(written: str, way_out: str) -> None:
    text = template_text("corner-shop")
    (problem,) = problems_of(text.replace("time_zone: Asia/Shanghai", f'time_zone: "{written}"', 1))
    assert problem.value == written
    assert way_out in problem.way_out
    assert way_out in problem.way_out_zh

    store = f'stores:\n  - code: main\n    time_zone: "{written}"\n'
    (problem,) = problems_of(text.replace("stores:\n  - code: main\n", store, 1))
    assert problem.path == "$.stores[0].time_zone"
    assert way_out in problem.way_out


@pytest.mark.parametrize(("code", "decimals"), [("JPY", 0), ("KRW", 0), ("CNY", 2), ("TND", 3), ("CLF", 4)])
def test_money_has_the_decimals_of_the_standard(code: str, decimals: int) -> None:
    text = template_text("corner-shop")
    for written in range(5):
        changed = text.replace(
            "money: {code: CNY, decimals: 2}", f"money: {{code: {code}, decimals: {written}}}"
        )
        if written == decimals:
            assert parse_document(changed, name="shop.yaml").money.decimals == decimals
            continue
        (problem,) = problems_of(changed)
        assert f"{{code: {code}, decimals: {decimals}}}" in problem.way_out
        assert f"{{code: {code}, decimals: {decimals}}}" in problem.way_out_zh


def test_the_line_and_column_are_those_of_the_value() -> None:
    text = GROCER.replace("decimals: 2", "decimals: 2.0")
    (problem,) = problems_of(text)

    assert text.splitlines()[problem.line - 1][problem.column - 1 :].startswith("2.0")
    assert problem.text().startswith(f"shop.yaml:{problem.line}:{problem.column}: $.money.decimals: ")


def test_a_suggestion_names_the_nearest_word() -> None:
    (problem,) = problems_of(GROCER.replace("tier_multiplies", "tier_multiplie"))

    assert "'tier_multiplies'" in problem.way_out
    assert "'tier_multiplies'" in problem.way_out_zh


def test_all_mistakes_are_told_at_once_in_the_order_of_the_text() -> None:
    found = problems_of(GROCER.replace("decimals: 2", "decimals: 9").replace("mode: best", "mode: worst"))

    assert [problem.code for problem in found] == ["out_of_range", "not_one_of"]


def test_given_and_state_under_any_are_refused_with_the_way_to_write_it() -> None:
    mixed = "when: {any: [{fact: line.brand, is: Private}, {fact: member.tier, is: gold}]}"
    (problem,) = problems_of(GROCER.replace("when: {fact: line.brand, is: Private}", mixed))

    assert problem.code == "condition_mixes_given_and_state"
    assert "best" in problem.way_out


def test_a_best_group_holds_one_currency() -> None:
    text = GROCER.replace("rounding: half_even", "rounding: half_even\n    group: produce")

    assert "best_of_two_currencies" in [problem.code for problem in problems_of(text)]


@pytest.mark.parametrize(
    ("text", "code", "line"),
    [
        ("program: {code: a, code: b}", "double_key", 1),
        ("a: &x [1]\nb: *x", "alias_refused", 2),
        ("!!python/object/apply:os.system [x]", "tag_refused", 1),
        ("[" * 100_000, "too_deep", 1),
        ("a: 1\n---\nb: 2", "several_documents", 2),
        ("a:\n\t- b", "not_yaml", 2),
        ("a: [1, 2", "not_yaml", 1),
        ("a: \x00", "not_yaml", 1),
        ("? [a]\n: b", "key_not_text", 1),
        ("#" * (1 << 20) + "\n", "too_large", 1),
        ("[" + "x," * 400_000 + "]", "too_large", 1),
        ("", "wrong_type", 1),
        ("just text", "wrong_type", 1),
    ],
    ids=range(13),
)
def test_a_text_that_is_no_document_is_refused_before_anything_is_built(
    text: str, code: str, line: int
) -> None:
    (problem,) = problems_of(text)

    assert problem.code == code
    assert problem.line >= line


def test_conditions_are_at_most_sixteen_deep() -> None:
    claim = "{fact: line.brand, is: Private}"
    deep = "{not: " * 16 + claim + "}" * 16

    codes = [problem.code for problem in problems_of(GROCER.replace(f"when: {claim}", f"when: {deep}"))]

    assert codes == ["condition_too_deep"]


def test_a_file_that_cannot_be_read_is_a_problem_of_the_document(tmp_path: Path) -> None:
    (tmp_path / "latin.yaml").write_bytes(b"a: \xff\xfe")

    for name in ("missing.yaml", "latin.yaml"):
        with pytest.raises(DocumentRefused) as refused:
            load_program_file(tmp_path / name)
        assert [problem.code for problem in refused.value.problems] == ["file_unreadable"]


def test_a_request_is_refused_by_path_without_lines() -> None:
    with pytest.raises(DocumentRefused) as refused:
        document_from({"program": {"code": "x"}})

    assert "$.program.names" in [problem.path for problem in refused.value.problems]
    assert all(problem.line == 0 for problem in refused.value.problems)


@pytest.mark.parametrize("word", ["no", "on", "12:30", "007", "2026-01-01", "1_000", "0x10"])
def test_what_other_yaml_tools_turn_into_numbers_and_dates_stays_text(word: str) -> None:
    document = parse_document(GROCER.replace("is: Private", f"is: {word}"), name="shop.yaml")

    assert document.earn_rules[3].when is not None
    assert document.earn_rules[3].when.model_dump(by_alias=True, exclude_none=True)["is"] == word


def test_mistakes_in_stores_are_told_together_with_those_elsewhere_each_where_it_stands() -> None:
    """Stores are read one by one; what is wrong with them is told as if the document had been read in one piece."""
    shop = template_text("corner-shop")
    first = "  - {code: here, names: {en: Here}}\n"
    wrong = "  - {code: far, name: {en: Far}}\n  - 7\n"
    text = shop.replace("stores:\n", f"stores:\n{first}{wrong}", 1).replace("decimals: 2", "decimals: 2.0")

    told = {(one.code, one.path) for one in problems_of(text)}

    assert told == {
        ("float_refused", "$.money.decimals"),
        ("unknown_field", "$.stores[1].name"),
        ("missing_field", "$.stores[1].names"),
        ("wrong_type", "$.stores[2]"),
    }


_MOMENTS = """
moments:
  - code: soon
    names: {en: Soon}
    expiry_ahead: {currency: points, days: 7}
"""
_ON = """  - {code: wake, names: {en: Wake}, on: soon, currency: growth, fixed: {points: 1}}
"""
MISTAKEN_MOMENTS = [
    ("currency: points, days: 7", "currency: point, days: 7", "unknown_code", "$.moments[0].expiry_ahead.currency"),
    ("currency: points, days: 7", "currency: growth, days: 7", "moment_never_due", "$.moments[0].expiry_ahead.currency"),
    ("days: 7", "days: 0", "out_of_range", "$.moments[0].expiry_ahead.days"),
    ("expiry_ahead: {currency: points, days: 7}", "anniversary: joining\n    asleep: {days: 3}", "moment_unclear",
     "$.moments[0]"),
    ("expiry_ahead: {currency: points, days: 7}", "on_days: [payday]", "unknown_code", "$.moments[0].on_days[0]"),
    ("expiry_ahead: {currency: points, days: 7}", "asleep: {days: 0}", "out_of_range", "$.moments[0].asleep.days"),
    ("on: soon", "on: later", "unknown_code", "$.earn_rules[12].on"),
    ("currency: growth, fixed: {points: 1}", "currency: points, fixed: {points: 1}", "moment_feeds_itself",
     "$.earn_rules[12].currency"),
    ("fixed: {points: 1}", "per_amount: {points: 1, amount_minor: 100}", "moment_without_amount", "$.earn_rules[12]"),
    ("fixed: {points: 1}", "fixed: {points: 1}, when: {fact: line.brand, is: Private}", "moment_sees_no_purchase",
     "$.earn_rules[12].when"),
    ("fixed: {points: 1}", "fixed: {points: 1}, budget: 0", "out_of_range", "$.earn_rules[12].budget"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "code", "path"), MISTAKEN_MOMENTS)
def test_a_mistake_in_a_moment_is_told_where_it_stands(right: str, wrong: str, code: str, path: str) -> None:
    text = GROCER.replace("\ntiers:\n", "\n" + _ON + "\ntiers:\n", 1) + _MOMENTS
    assert text.count(right) == 1
    parse_document(text, name="shop.yaml")

    told = {(one.code, one.path) for one in problems_of(text.replace(right, wrong)) if one.line > 0}

    assert (code, path) in told


RUNNERS = template_text("runners").replace("earn_rules:\n", """shared_caps:
  - {code: bonus, caps: {week: 90}}

earn_rules:
""", 1).replace("    fixed: {points: 2}\n", "    fixed: {points: 2}\n    shares: [bonus]\n", 1)  # fmt: skip
MISTAKEN_EVENTS = [
    ("on: check-in", "on: check-out", "unknown_code", "$.earn_rules[1].on"),
    ("{metres: integer, ground: text}", "{metres: number, ground: text}", "not_one_of", "$.events[1].attributes.metres"),
    ("  - code: survey\n    names: {zh: 问卷, en: Survey}", "  - code: run\n    names: {zh: 问卷, en: Survey}", "double_code",
     "$.events[2].code"),
    ("sent_by: [keys, members]", "sent_by: [nobody]", "not_one_of", "$.events[0].sent_by[0]"),
    ("fixed: {points: 50}", "per_amount: {points: 1, amount_minor: 100}", "event_without_amount", "$.earn_rules[6]"),
    ("fixed: {points: 50}", "per_attribute: {points: 1, attribute: score}", "unknown_code",
     "$.earn_rules[6].per_attribute.attribute"),
    ("per_amount: {points: 1, amount_minor: 100}", "per_attribute: {points: 1, attribute: metres}", "attribute_without_event",
     "$.earn_rules[0].per_attribute"),
    ("{fact: event.attribute.ground, is: trail}", "{fact: line.brand, is: trail}", "event_sees_no_purchase",
     "$.earn_rules[4].when"),
    ("{fact: event.attribute.ground, is: trail}", "{fact: event.attribute.weather, is: rain}", "unknown_fact",
     "$.earn_rules[4].when.fact"),
    ("tier_multiplies: true\n", "tier_multiplies: true\n    when: {fact: event.hour, lt: 7}\n", "when_sees_no_event",
     "$.earn_rules[0].when"),
    ('multiple: {of: run, by: "2"}', 'multiple: {of: purchases, by: "2"}', "multiple_of_other_occasion",
     "$.earn_rules[4].multiple.of"),
    ("shares: [bonus]", "shares: [bonuses]", "unknown_code", "$.earn_rules[1].shares[0]"),
    ("shares: [bonus]", "shares: []", "shared_by_nobody", "$.shared_caps[0]"),
    ("caps: {week: 90}", "caps: {}", "shared_cap_empty", "$.shared_caps[0].caps"),
    ("attribute: metres, each: 1000, whole_steps: true}\n    caps: {day: 100}",
     "attribute: metres, each: 1000, whole_steps: true}\n    shares: [bonus]", "shared_by_two_currencies",
     "$.earn_rules[2].shares[0]"),
]  # fmt: skip


@pytest.mark.parametrize(("right", "wrong", "code", "path"), MISTAKEN_EVENTS)
def test_a_mistake_in_an_event_or_a_shared_cap_is_told_where_it_stands(
    right: str, wrong: str, code: str, path: str
) -> None:
    assert RUNNERS.count(right) == 1
    parse_document(RUNNERS, name="shop.yaml")

    told = {(one.code, one.path) for one in problems_of(RUNNERS.replace(right, wrong)) if one.line > 0}

    assert (code, path) in told, told


def test_an_event_and_a_moment_of_one_code_are_refused() -> None:
    text = GROCER + _MOMENTS + "events:\n  - {code: soon, names: {en: Soon}}\n"
    assert ("occasion_twice", "$.moments[0].code") in {(one.code, one.path) for one in problems_of(text)}


def test_moments_that_feed_each_other_are_refused() -> None:
    text = GROCER.replace("\ntiers:\n", "\n" + _ON.replace("growth", "stars") + _ON.replace("wake", "again").replace(
        "on: soon, currency: growth", "on: later, currency: points") + "\ntiers:\n", 1) + _MOMENTS + """
  - code: later
    names: {en: Later}
    expiry_ahead: {currency: stars, days: 2}
"""  # fmt: skip
    stars = "\n  - {code: stars, names: {en: Stars}, kind: spendable, worth: 1, expiry: {days: 3}}"
    text = text.replace("\nstacking_groups:", stars + "\nstacking_groups:", 1)

    told = {(one.code, one.path) for one in problems_of(text)}

    assert {path for code, path in told if code == "moment_feeds_itself"} == {
        "$.earn_rules[12].currency",
        "$.earn_rules[13].currency",
    }
