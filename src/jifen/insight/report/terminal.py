"""The headline for a terminal: the verdict, the figures of both sides, and what to know before relying on them."""

from __future__ import annotations

from unicodedata import east_asian_width

from jifen.domain.texts import one_line
from jifen.insight.backtest.result import Result
from jifen.insight.report.cells import Figure, money, share
from jifen.insight.report.headline import amount_of, verdict
from jifen.insight.report.pairs import has_worth, main_currency, total_of
from jifen.insight.report.parts import Page
from jifen.insight.report.tables import label_of, tables_of
from jifen.insight.report.tongue import Tongue


def terminal_text(result: Result, *, language: str, warnings: int) -> str:
    """Some lines in `zh` or `en`, with at most so many warnings, the most serious first. A name never begins a line."""
    told = result.compared
    tongue = Tongue(language=language, money_code=told.money, money_decimals=told.money_decimals)
    page = Page(result=result, tables=tables_of(result, tongue), tongue=tongue)
    period = page.say("period", from_on=tongue.day(told.from_on), to_on=tongue.day(told.to_on))
    scope = page.say(
        "scope", members=tongue.count(told.members, "member"), purchases=tongue.count(told.purchases, "purchase"),
        sales=tongue.money_round(told.sales_minor),
    )  # fmt: skip
    lines = [
        f"{label_of(told.draft.label, tongue)} {page.say('versus')} {label_of(told.baseline.label, tongue)}",
        f"{period} · {scope}",
        "",
        "".join(verdict(page)),
    ]
    if told.purchases:
        lines += ["", *_figures(page)]
    if result.warnings:
        lines += ["", page.say("s_warnings")]
        lines += [
            f"  {page.say(f'level.{one.level}')}: {tongue.told(one.sentence)}"
            for one in result.warnings[:warnings]
        ]
        if len(result.warnings) > warnings:
            lines.append(f"  ... {len(result.warnings) - warnings}")
    return "\n".join(["", *(one_line(line) for line in lines), ""])


def _figures(page: Page) -> list[str]:
    """A row a figure: baseline, draft, change."""
    sides = (page.result.baseline, page.result.draft)
    rows = [tuple(page.say(f"column.{key}") for key in ("baseline", "draft", "change"))]
    titles = [""]
    for key, numbers in (
        ("kpi_cost", [money(side.cost_minor) for side in sides]),
        ("kpi_share", [share(side.cost_share_bps) for side in sides]),
        ("kpi_owed", [money(side.owed_minor) for side in sides]),
    ):
        if has_worth(page.result):
            titles.append(page.say(key))
            rows.append(_row(page, numbers))
    main = main_currency(page.result)
    if main is not None:
        totals = [total_of(side, main.currency.code) for side in sides]
        net = [total.granted_units - total.returned_units if total else 0 for total in totals]
        titles.append(page.say("kpi_units", unit=page.tongue.name(main.currency)))
        change = page.tongue.signed(net[1] - net[0], lambda number: page.tongue.scaled(number, main.scale))
        rows.append((amount_of(page, net[0]), amount_of(page, net[1]), change))
    wide = max(_width(title) for title in titles)
    columns = [max(_width(row[at]) for row in rows) for at in range(3)]
    return [
        "  " + _left(title, wide) + "".join("   " + _right(cell, columns[at]) for at, cell in enumerate(row))
        for title, row in zip(titles, rows, strict=True)
    ]


def _row(page: Page, numbers: list[Figure]) -> tuple[str, ...]:
    before, after = numbers
    return before.said(page.tongue), after.said(page.tongue), after.changed_from(before).said(page.tongue)


def _width(text: str) -> int:
    """Columns of a terminal: a Chinese character takes two."""
    return sum(2 if east_asian_width(one) in "WF" else 1 for one in text)


def _left(text: str, width: int) -> str:
    return text + " " * (width - _width(text))


def _right(text: str, width: int) -> str:
    return " " * (width - _width(text)) + text
