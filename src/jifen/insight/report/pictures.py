"""Pictures as SVG that stretches with the page: only lines and bars; the words beside them are HTML and keep their size.

A picture is drawn in whole numbers on a field of 10,000 by 1,000. Strokes do not scale.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from jifen.insight.report.markup import Child, Markup, el, join

WIDE, HIGH = 10_000, 1_000
POINTS = 1_500
"""More days than this are thinned out: no screen shows more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Where a value stands between the ends of an axis that holds zero."""

    low: int
    high: int

    def at(self, value: int, length: int) -> int:
        """The place of a value on an axis so long."""
        return round(Fraction((value - self.low) * length, max(self.high - self.low, 1)))


def ticks(high: int, low: int = 0, *, about: int = 4) -> list[int]:
    """Round values from at most `low` to at least `high`, steps of 1, 2 or 5 times a power of ten."""
    step = 1
    while True:
        for nice in (1, 2, 5):
            if nice * step * about >= max(high - low, 1):
                step *= nice
                first = low // step * step
                return list(range(first, high + step, step)) if high > low else [first, first + step]
        step *= 10


def axis_of(values: Sequence[int], *, about: int = 4) -> tuple[list[int], Scale]:
    """The ticks of an axis that holds zero and all values, and its scale. A little below zero gets room, but no tick."""
    low, high = min([0, *values]), max([0, *values])
    is_little = -low * 10 < high
    levels = ticks(high, 0 if is_little else low, about=about)
    return levels, Scale(low=min(low, levels[0]), high=levels[-1])


def picture(*drawn: Child, height: int = HIGH, class_: str = "") -> Markup:
    """The field; decorative, because whatever it shows stands beside it as words."""
    return el(
        "svg", *drawn, view_box=f"0 0 {WIDE} {height}", preserve_aspect_ratio="none", aria_hidden="true",
        focusable="false", class_=class_ or None,
    )  # fmt: skip


def _bar(class_: str, scale: Scale, value: int, y: int, height: int) -> Markup | None:
    """A bar from zero to the value; never so thin that something looks like nothing."""
    if value == 0:
        return None
    zero, end = scale.at(0, WIDE), scale.at(value, WIDE)
    left, right = min(zero, end), max(zero, end)
    width = max(right - left, 30)
    left = min(left, WIDE - width) if value > 0 else max(right - width, 0)
    return el("rect", class_=class_, x=left, y=y, width=width, height=height)


def pair_of_bars(baseline: int, draft: int, scale: Scale) -> Markup:
    """The draft above the baseline, from a common zero."""
    return picture(
        _bar("d", scale, draft, 100, 420), _bar("b", scale, baseline, 580, 320), _zero(scale), class_="bar"
    )


def bar_from_zero(value: int, scale: Scale) -> Markup:
    """A gain to the right in the accent, a loss to the left in ink."""
    return picture(_bar("d" if value > 0 else "l", scale, value, 200, 600), _zero(scale), class_="bar")


def _zero(scale: Scale) -> Markup | None:
    if scale.low == 0 or scale.high == 0:
        return None
    at = scale.at(0, WIDE)
    return el("line", class_="z", x1=at, x2=at, y1=0, y2=HIGH)


def stacked(parts: Sequence[tuple[str, int]]) -> Markup:
    """Shares of a whole side by side, each (class, number), with a gap that scales away."""
    whole, drawn, before = sum(number for _, number in parts), [], 0
    for class_, number in parts:
        left, before = before, before + number
        if number:
            x = left * WIDE // whole
            drawn.append(el("rect", class_=class_, x=x, y=200, width=before * WIDE // whole - x, height=600))
    return picture(*drawn, class_="bar")


def chart(
    drawn: Markup, y_labels: Sequence[tuple[int, str]], x_labels: Sequence[tuple[int, str]], *, label: str
) -> Markup:
    """A picture with its axes: labels stand at so many hundredths of a percent from the bottom and from the left."""
    # The longest label, unseen, makes the column of labels as wide as it must be.
    longest = max((text for _, text in y_labels), key=len, default="")
    levels = (el("span", text, style=f"bottom:{_cent(at)}%") for at, text in y_labels)
    return el(
        "div",
        el("div", el("b", longest), *levels, class_="y", aria_hidden="true"),
        el("div", drawn, class_="field", role="img", aria_label=label),
        el("div", *(_x_label(at, text) for at, text in x_labels), class_="x", aria_hidden="true"),
        class_="chart",
    )  # fmt: skip


def _x_label(at: int, text: str) -> Markup:
    """A label under its place; at the edges it stays within the page."""
    edge = "start" if at < 400 else "end" if at > 9_400 else None
    return el("span", text, class_=edge, style=f"left:{_cent(at)}%")


def _cent(at: int) -> str:
    return f"{at // 100}.{at % 100:02d}"


def grid(levels: Sequence[int], scale: Scale) -> Markup:
    """The quiet lines at the ticks."""
    places = [HIGH - scale.at(level, HIGH) for level in levels]
    return join(*(el("line", class_="g", x1=0, x2=WIDE, y1=y, y2=y) for y in places))


def line_of(values: Sequence[int], scale: Scale, class_: str) -> Markup:
    """One value a day as a line from edge to edge."""
    last = max(len(values) - 1, 1)
    step = len(values) // POINTS + 1
    kept = [*range(0, len(values), step)]
    if values and kept[-1] != len(values) - 1:
        kept.append(len(values) - 1)
    if len(values) == 1:
        kept = [0, 0]
    places = [
        f"{WIDE if at and number == len(kept) - 1 else at * WIDE // last},{HIGH - scale.at(values[at], HIGH)}"
        for number, at in enumerate(kept)
    ]
    if len(values) == 1:
        places[1] = f"{WIDE},{places[1].partition(',')[2]}"
    return el("path", class_=class_, d=f"M{' L'.join(places)}" if places else "M0,0")


def columns_of(pairs: Sequence[tuple[int, int]], scale: Scale) -> Markup:
    """Two columns for each pair, (baseline, draft), baseline first."""
    wide = WIDE // max(len(pairs), 1)
    zero = HIGH - scale.at(0, HIGH)
    drawn = []
    for number, (baseline, draft) in enumerate(pairs):
        for class_, value, from_left in (("b", baseline, 18), ("d", draft, 51)):
            top = HIGH - scale.at(value, HIGH)
            if value:
                x, y = number * wide + wide * from_left // 100, min(top, zero)
                height = max(abs(zero - top), 2)
                drawn.append(el("rect", class_=class_, x=x, y=y, width=wide * 31 // 100, height=height))
    return join(*drawn, el("line", class_="z", x1=0, x2=WIDE, y1=zero, y2=zero))
