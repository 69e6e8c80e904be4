"""Parts that sections of the page are put together from: a section, a sentence, a folded table, a table with bars."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from jifen.insight.backtest.result import Result
from jifen.insight.report.cells import Cell, Figure, Table
from jifen.insight.report.markup import Child, Markup, el, join
from jifen.insight.report.pictures import Scale, pair_of_bars
from jifen.insight.report.tongue import Tongue

ROWS = 100
"""Rows of a table on the page; the workbook has all of them."""
LONGEST_NAME = 48
BARS = 12
"""Rows of a table with bars; what is beyond them is one row."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """What every section needs: the result, its tables and the language."""

    result: Result
    tables: dict[str, Table]
    tongue: Tongue

    def say(self, key: str, **within: str) -> str:
        return self.tongue.say(key, **within)


def named(text: str) -> Markup:
    """A name of the programme: whatever it holds, it cannot reorder the line."""
    return el("bdi", text)


def cut(name: str) -> str:
    """A name that leaves room beside and below it; the folded tables and the workbook have the whole."""
    return name if len(name) <= LONGEST_NAME else f"{name[:LONGEST_NAME]}…"


def section(page: Page, key: str, *children: Child) -> Markup:
    """A section with its heading."""
    return el(
        "section",
        el("h2", page.say(f"s_{key}"), id=f"h-{key}"),
        *children,
        aria_labelledby=f"h-{key}",
        id=key,
    )


def sentence(*texts: Child) -> Markup:
    """What the picture below says."""
    return el("p", *texts, class_="say")


def folded(page: Page, table: Table, rows: Sequence[tuple[Cell, ...]] | None = None) -> Markup:
    """The table behind a picture, closed until it is asked for; empty ones are left out."""
    kept = list(table.rows if rows is None else rows)
    if not kept:
        return Markup("")
    shown = kept[:ROWS]
    part = len(shown) < len(table.rows)
    all_said = page.tongue.count(len(table.rows), "row")
    if part:
        label = page.say(
            "show_table_part", title=table.title, rows=page.tongue.whole(len(shown)), all=all_said
        )
    else:
        label = page.say("show_table", title=table.title, rows=all_said)
    return el(
        "details",
        el("summary", label),
        plain_table(page, table, shown),
        el("p", page.say("more_rows"), class_="note") if part else None,
    )


def plain_table(page: Page, table: Table, rows: Sequence[tuple[Cell, ...]]) -> Markup:
    """A table as it is, numbers to the right; it scrolls within its frame where the page is too narrow."""
    # Numbers stand to the right; the first column is what the row is, and stands to the left.
    right = [
        at > 0
        and any(isinstance(row[at], Figure) for row in rows)
        and not any(isinstance(row[at], str) for row in rows)
        for at in range(len(table.columns))
    ]
    head = el(
        "tr",
        *(
            el("th", title, scope="col", class_="n" if right[at] else None)
            for at, title in enumerate(table.columns)
        ),
    )
    body = (
        el("tr", *(_cell(page, cell, is_first=at == 0, right=right[at]) for at, cell in enumerate(row)))
        for row in rows
    )
    caption = el("caption", table.title, class_="unseen")
    return el(
        "div", el("table", caption, el("thead", head), el("tbody", *body)),
        class_="scroll", tabindex=0, role="region", aria_label=table.title,
    )  # fmt: skip


def _cell(page: Page, cell: Cell, *, is_first: bool, right: bool) -> Markup:
    class_ = "n" if right else _kind(cell) if isinstance(cell, str) else None
    if is_first:
        return el("th", written(page, cell), scope="row", class_=class_)
    return el("td", written(page, cell), class_=class_)


def _kind(text: str) -> str:
    """How much room a text wants: none of them is squeezed to a word a line."""
    if text.startswith("mbr_"):
        return "id"
    return "short" if len(text) <= 12 else "name" if len(text) <= 40 else "long"


def written(page: Page, cell: Cell) -> Markup | str:
    """A cell as a person reads it."""
    if cell is None:
        return ""
    if isinstance(cell, Figure):
        return cell.said(page.tongue)
    if isinstance(cell, date):
        return page.tongue.day(cell)
    return named(cell)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """A row with bars: what it is, and both sides."""

    name: str
    baseline: Figure
    draft: Figure


def bar_table(
    page: Page, title: str, first: str, pairs: Sequence[Pair], *, keeps_order: bool = False
) -> Markup:
    """Paired bars in the rows of a table, the widest first unless their order means something; those beyond BARS
    become one row without bars."""
    ordered = (
        list(pairs)
        if keeps_order
        else sorted(pairs, key=lambda pair: -max(abs(pair.baseline.number), abs(pair.draft.number)))
    )
    shown, others = ordered[:BARS], ordered[BARS:]
    if len(others) == 1:
        shown, others = ordered, []
    numbers = [number for pair in shown for number in (pair.baseline.number, pair.draft.number)]
    scale = Scale(low=min([0, *numbers]), high=max([0, *numbers]))
    rows = [_bar_row(page, pair, scale) for pair in shown]
    if others:
        rest = Pair(
            name=page.say("others", count=page.tongue.whole(len(others))),
            baseline=_sum([pair.baseline for pair in others]), draft=_sum([pair.draft for pair in others]),
        )  # fmt: skip
        rows.append(_bar_row(page, rest, None))
    head = el(
        "tr",
        el("th", first, scope="col"),
        el("td", legend(page), class_="bars"),
        *(el("th", page.say(f"column.{key}"), scope="col", class_=f"n {key}") for key in ("baseline", "draft", "change")),
    )  # fmt: skip
    return el(
        "table", el("caption", title, class_="unseen"), el("thead", head), el("tbody", *rows), class_="pairs"
    )


def legend(page: Page, *, lines: bool = False) -> Markup:
    """Which colour is which side; of lines, which stroke."""
    return el(
        "span",
        el("i", class_="key d"), " ", page.say("draft"), " ", el("i", class_="key b"), " ", page.say("baseline"),
        class_="legend line" if lines else "legend", aria_hidden="true",
    )  # fmt: skip


def _bar_row(page: Page, pair: Pair, scale: Scale | None) -> Markup:
    change = pair.draft.changed_from(pair.baseline)
    bars = pair_of_bars(pair.baseline.number, pair.draft.number, scale) if scale else None
    return el(
        "tr",
        el("th", named(cut(pair.name)), scope="row"),
        el("td", bars, class_="bars"),
        el("td", pair.baseline.said(page.tongue), class_="n baseline"),
        el("td", pair.draft.said(page.tongue), class_="n draft"),
        el("td", change.said(page.tongue), class_="n change" if change.number else "n change zero"),
    )


def _sum(figures: Sequence[Figure]) -> Figure:
    first = figures[0]
    return Figure(sum(one.number for one in figures), first.kind, first.decimals)


def listed(items: Sequence[Child], class_: str = "") -> Markup:
    """A list of sentences."""
    return el("ul", *(el("li", item) for item in items), class_=class_ or None) if items else join()
