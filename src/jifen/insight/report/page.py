"""The page: one HTML file without a script that fetches nothing (decision 0067)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from jifen.insight.backtest.result import Result
from jifen.insight.report.cells import Cell
from jifen.insight.report.headline import amount_of, headline
from jifen.insight.report.markup import Child, Markup, el, join, raw
from jifen.insight.report.member_tables import rule_names
from jifen.insight.report.parts import Page, folded, listed, named, plain_table, section, written
from jifen.insight.report.sections import members, owed, redeem, rules, tiers, where
from jifen.insight.report.tables import interval_name, label_of, tables_of
from jifen.insight.report.tongue import Tongue

STYLE = Path(__file__).with_name("style.css")
FORBIDS = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'"
SHOWN = 8
"""Warnings and findings of a kind that stand on the page; the tables have the rest."""


def html_page(result: Result, *, language: str) -> str:
    """The whole page in a language, as a text to be written in UTF-8."""
    told = result.compared
    tongue = Tongue(language=language, money_code=told.money, money_decimals=told.money_decimals)
    page = Page(result=result, tables=tables_of(result, tongue), tongue=tongue)
    title = page.say(
        "title", draft=label_of(told.draft.label, tongue), baseline=label_of(told.baseline.label, tongue)
    )
    head = el(
        "head",
        el("meta", charset="utf-8"),
        el("meta", http_equiv="Content-Security-Policy", content=FORBIDS),
        el("meta", name="viewport", content="width=device-width, initial-scale=1"),
        el("meta", name="color-scheme", content="light dark"),
        el("meta", name="referrer", content="no-referrer"),
        el("link", rel="icon", href="data:,"),
        el("title", title),
        el("style", raw(STYLE.read_text(encoding="utf-8"))),
    )
    body = el(
        "body",
        el("main", headline(page), *_sections(page)),
        el("footer", el("p", page.say("foot"))),
    )
    html = el("html", head, body, lang=tongue.words.tag, dir="ltr")
    return f"<!DOCTYPE html>\n{html}\n"


def _sections(page: Page) -> list[Markup | None]:
    if page.result.compared.purchases == 0:
        return [_warnings(page), _assumptions(page), _about(page)]
    return [
        _warnings(page), owed(page), tiers(page), members(page), rules(page), where(page), redeem(page), _holes(page),
        _sensitivity(page), _intervals(page), _assumptions(page), _about(page),
    ]  # fmt: skip


def _warnings(page: Page) -> Markup | None:
    """The warnings, the most serious first."""
    every = page.result.warnings
    if not every:
        return None
    items = [
        el(
            "li",
            el("b", page.say(f"level.{one.level}"), class_=f"level {one.level}"),
            " ",
            named(page.tongue.told(one.sentence)),
        )
        for one in every[:SHOWN]
    ]
    return section(
        page, "warnings", el("ul", *items, class_="warnings"),
        folded(page, page.tables["warnings"]) if len(every) > SHOWN else None,
    )  # fmt: skip


def _holes(page: Page) -> Markup:
    """What can be abused and what does nothing, in plain words, each with its table."""
    found = [
        *_rich(page), *_outliers(page), *_caps(page), *_budgets(page), *_unused(page),
    ]  # fmt: skip
    if not found:
        return section(page, "holes", el("p", page.say("h_none"), class_="say"))
    return section(page, "holes", *found)


def _found(page: Page, texts: Sequence[str], table: str) -> Markup:
    return el(
        "div",
        listed([named(text) for text in texts], "plain"),
        folded(page, page.tables[table]),
        class_="found",
    )


def _rich(page: Page) -> list[Child]:
    rich, tongue = page.result.loopholes.rich_baskets, page.tongue
    if rich is None or rich.purchases == 0:
        return []
    said = page.say(
        "h_rich", purchases=tongue.count(rich.purchases, "purchase"), threshold=tongue.share(rich.threshold_bps),
        before=tongue.whole(rich.baseline_purchases), paid=tongue.money_round(rich.paid_minor),
        earned=tongue.money_round(rich.earned_minor), least=tongue.money(rich.paid_min_minor),
    )  # fmt: skip
    return [_found(page, [said], "baskets")]


def _outliers(page: Page) -> list[Child]:
    outliers, tongue = page.result.loopholes.outliers, page.tongue
    if not outliers:
        return []
    said = page.say(
        "h_outliers", members=tongue.count(len(outliers), "member"), share=tongue.share(outliers[0].share_bps),
        typical=tongue.share(outliers[0].typical_bps),
    )  # fmt: skip
    return [_found(page, [said], "outliers")]


def _caps(page: Page) -> list[Child]:
    caps = page.result.loopholes.caps
    if not caps:
        return []
    names, currency = (
        rule_names(page.result, page.tongue),
        {row.rule.code: row.currency for row in page.result.draft.by_rule},
    )
    most = caps[0]
    said = page.say(
        "h_caps", rule=names.get(most.rule, most.rule),
        desired=amount_of(page, most.desired_units, currency.get(most.rule)),
        granted=amount_of(page, most.granted_units, currency.get(most.rule)),
        members=page.tongue.count(most.clipped_members, "member"),
    )  # fmt: skip
    return [_found(page, [said], "caps")]


def _budgets(page: Page) -> list[Child]:
    dry, tongue = page.result.loopholes.dry_budgets, page.tongue
    if not dry:
        return []
    said = [
        page.say(
            "h_dry", budget=tongue.name(one.budget), amount=amount_of(page, one.budget_units, one.currency),
            day=tongue.day(one.dry_on), wanted=amount_of(page, one.wanted_after_units, one.currency),
        )
        for one in dry[:SHOWN]
    ]  # fmt: skip
    return [_found(page, [*said, *_more(page, len(dry))], "budgets")]


def _unused(page: Page) -> list[Child]:
    holes, names = page.result.loopholes, rule_names(page.result, page.tongue)
    said = []
    if holes.never_fired:
        shown = [names.get(code, code) for code in holes.never_fired[:SHOWN]]
        more = _more(page, len(holes.never_fired))
        joined = page.tongue.join("items", shown)
        said.append(page.tongue.join("sentences", [page.say("h_never", rules=joined), *more[:1]]))
    for pair in holes.always_together[:SHOWN]:
        one, other = (names.get(code, code) for code in pair.rules)
        said.append(
            page.say(
                "h_together", one=one, other=other, purchases=page.tongue.count(pair.purchases, "purchase")
            )
        )
    said += _more(page, len(holes.always_together))
    return [_found(page, said, "unused")] if said else []


def _more(page: Page, number: int) -> list[str]:
    """That there are more than are shown."""
    return [page.say("more_of", count=page.tongue.whole(number - SHOWN))] if number > SHOWN else []


def _sensitivity(page: Page) -> Markup | None:
    table = page.tables["sensitivity"]
    return section(page, "sensitivity", plain_table(page, table, table.rows)) if table.rows else None


def _intervals(page: Page) -> Markup | None:
    """The intervals that there are, and why others are missing."""
    table = page.tables["intervals"]
    if not table.rows:
        return None
    has: list[tuple[Cell, ...]] = [
        row[:-1] for row, one in zip(table.rows, page.result.intervals, strict=True) if one.why_not is None
    ]
    shown = replace(table, columns=table.columns[:-1], rows=tuple(has))
    why: dict[str, list[str]] = {}
    for one in page.result.intervals:
        if one.why_not:
            why.setdefault(page.tongue.told(one.why_not), []).append(interval_name(one.what, page.tongue))
    reasons = [
        named(page.say("named_reasons", names=page.tongue.join("items", names), reason=reason))
        for reason, names in why.items()
    ]
    return section(
        page, "intervals", plain_table(page, shown, has) if has else None, listed(reasons, "plain reasons"),
    )  # fmt: skip


def _assumptions(page: Page) -> Markup | None:
    told = [named(page.tongue.told(one.sentence)) for one in page.result.assumptions]
    return section(page, "assumptions", listed(told, "plain")) if told else None


def _about(page: Page) -> Markup:
    table = page.tables["about"]
    rows = (
        el("tr", el("th", named(str(row[0])), scope="row"), el("td", _value(page, row[1])))
        for row in table.rows
    )
    caption = el("caption", table.title, class_="unseen")
    return section(
        page, "about",
        el("details", el("summary", page.say("show_table", title=table.title, rows=page.tongue.count(len(table.rows), "row"))),
           el("table", caption, el("tbody", *rows), class_="about")),
    )  # fmt: skip


def _value(page: Page, cell: Cell) -> Markup:
    return join(written(page, cell))
