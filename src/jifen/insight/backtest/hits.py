"""What select saw of a bucket's purchases, and what of it came back, for one side.

Where the ledger judged (rows of published revisions) its own hits and masks are taken; where a document judges, select is
run over the lines. A generated history keeps no masks, so select is run there for both.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import polars as pl

from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.domain.timeline import Timeline
from jifen.insight.backtest.shapes import Integers
from jifen.insight.backtest.sides import Side
from jifen.insight.select_columns import SparseHits, asked_by, select_baskets


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Seen:
    """Hits of each purchase, and the mask words of each line: `words` has a row for each word."""

    hits: SparseHits
    words: Integers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Backs:
    """Lines that came back: those of return b stand from `start[b]` to `start[b + 1]`, in the order of the purchase.

    `amount` and `counted` are what this return adds to what had come back of the line: money, and thousandths that count
    (a line without a quantity comes back as one piece that counts nothing).
    """

    start: Integers
    purchase: Integers  # by return
    line: Integers
    quantity: Integers
    amount: Integers
    counted: Integers


def lists_of(column: pl.Series) -> tuple[Integers, Integers]:
    """Where each list begins and ends (n + 1 numbers), and all their numbers; of no list there are none."""
    # By Polars alone: PyArrow loads pandas to hand an array to NumPy, half a second of a cold start.
    counts = column.list.len().fill_null(0).to_numpy()
    start = np.concatenate([[0], np.cumsum(counts, dtype=np.int64)])
    return start, column.explode(empty_as_null=False, keep_nulls=False).to_numpy()


def has_masks(lines: pl.DataFrame) -> bool:
    """Whether the ledger's own masks stand with every line."""
    return "masks" in lines.columns and lines.get_column("masks").null_count() == 0


def kept_hits(occasions: pl.DataFrame) -> SparseHits:
    """The hits of purchases or returns as the ledger kept them."""
    start, flat = lists_of(occasions.get_column("hits"))
    rule, amount, quantity = (np.ascontiguousarray(flat[column::HIT_KEPT_WIDTH]) for column in range(3))
    return SparseHits(start=start // HIT_KEPT_WIDTH, rule=rule, amount=amount, quantity=quantity)


def kept_words(lines: pl.DataFrame) -> Integers:
    """The mask words as the ledger kept them."""
    start, values = lists_of(lines.get_column("masks"))
    width = np.diff(start)
    most = int(width.max(initial=1))
    if len(values) == most * lines.height:
        return np.ascontiguousarray(values.reshape(-1, most).T)
    words = np.zeros((most, lines.height), dtype=np.int64)
    for word in range(most):
        at = np.flatnonzero(width > word)
        words[word, at] = values[start[at] + word]
    return words


def selected(
    purchases: pl.DataFrame, lines: pl.DataFrame, line_start: Integers, rows: Integers, timeline: Timeline
) -> Seen:
    """What select sees of purchases, each by the row of the timeline that judges it."""
    names = {"store_date": "date", "amount_minor": "purchase_amount_minor", "tags": "purchase_tags"}
    facts = purchases.rename(names, strict=False)
    if "payments" in purchases.columns:
        facts = facts.with_columns(payment_methods=_methods(purchases.get_column("payments")))
    found: list[tuple[Integers, Integers, Seen]] = []
    for row in np.unique(rows).tolist():
        own = np.flatnonzero(rows == row)
        if len(own) == len(rows):
            hits, words = select_baskets(facts, lines, line_start, timeline.programs[row])
            return Seen(hits=hits, words=words)
        at, starts = rows_of_lines(own, line_start)
        hits, words = select_baskets(facts[own], lines[at], starts, timeline.programs[row])
        found.append((own, at, Seen(hits=hits, words=words)))
    return merged(found, len(rows), lines.height)


def rows_of_lines(own: Integers, line_start: Integers) -> tuple[Integers, Integers]:
    """The rows of the lines of some purchases, and where those of each begin among them."""
    counts = np.diff(line_start)[own]
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    at: Integers = np.repeat(line_start[:-1][own] - starts[:-1], counts) + np.arange(int(starts[-1]))
    return at, starts


def _methods(payments: pl.Series) -> pl.Series:
    """The payment methods of each purchase, from its payments as JSON text."""
    if payments.null_count() == len(payments):
        return pl.Series([None] * len(payments), dtype=pl.List(pl.String))
    shape = pl.List(pl.Struct({"method": pl.String, "amount_minor": pl.Int64}))
    return payments.str.json_decode(shape).list.eval(pl.element().struct.field("method"))


def seen_of(
    purchases: pl.DataFrame,
    lines: pl.DataFrame,
    line_start: Integers,
    rows: Integers,
    timeline: Timeline,
    *,
    published: int,
) -> Seen:
    """What one side sees of purchases.

    Shape
        purchases    in any order
        lines        in the order of purchases: those of purchase p from `line_start[p]`
        rows         by purchase: the row of the timeline that judges it
        published    rows below it are the ledger's own
    """
    is_kept = rows < published if has_masks(lines) else np.zeros(len(rows), dtype=np.bool_)
    if not is_kept.any():
        return selected(purchases, lines, line_start, rows, timeline)
    kept = Seen(hits=kept_hits(purchases), words=kept_words(lines))
    if is_kept.all():
        return kept
    parts = []
    for own in (np.flatnonzero(is_kept), np.flatnonzero(~is_kept)):
        at, starts = rows_of_lines(own, line_start)
        if is_kept[own[0]]:
            hit, hit_starts = rows_of_lines(own, kept.hits.start)
            hits = SparseHits(
                start=hit_starts, rule=kept.hits.rule[hit], amount=kept.hits.amount[hit], quantity=kept.hits.quantity[hit]
            )  # fmt: skip
            parts.append((own, at, Seen(hits=hits, words=kept.words[:, at])))
        else:
            parts.append((own, at, selected(purchases[own], lines[at], starts, rows[own], timeline)))
    return merged(parts, len(rows), lines.height)


def sees_alike(lines: pl.DataFrame, sides: Sequence[Side], rows: Sequence[Integers]) -> bool:
    """Whether select sees the same on all sides: each judges everything by one programme, and all ask the same."""
    if has_masks(lines) or any(len(own) == 0 or (own != own[0]).any() for own in rows):
        return False
    asked = [
        [asked_by(rule) for rule in side.timeline.programs[int(own[0])].rules]
        for side, own in zip(sides, rows, strict=True)
    ]
    return all(one == asked[0] for one in asked)


def merged(parts: Sequence[tuple[Integers, Integers, Seen]], n_purchases: int, n_lines: int) -> Seen:
    """What was seen of parts of the purchases, put together: each part is its purchases, its lines, and what was seen."""
    words = np.zeros((max((seen.words.shape[0] for _, _, seen in parts), default=1), n_lines), dtype=np.int64)
    counts = np.zeros(n_purchases, dtype=np.int64)
    for own, at, seen in parts:
        words[: seen.words.shape[0], at] = seen.words
        counts[own] = np.diff(seen.hits.start)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rule, amount, quantity = (np.empty(int(start[-1]), dtype=np.int64) for _ in range(3))
    for own, _, seen in parts:
        to, _ = rows_of_lines(own, start)
        rule[to], amount[to], quantity[to] = seen.hits.rule, seen.hits.amount, seen.hits.quantity
    return Seen(hits=SparseHits(start=start, rule=rule, amount=amount, quantity=quantity), words=words)


def backs_of(returns: pl.DataFrame, purchase: Integers, lines: pl.DataFrame, line_start: Integers) -> Backs:
    """The lines that came back.

    Shape
        returns    in the order of the fold for each member
        purchase   by return: the row of the purchase
    Refuses
        AssertionError   a return names a line that its purchase does not have
    """
    starts, numbers = lists_of(returns.get_column("line_numbers"))
    _, quantity = lists_of(returns.get_column("line_quantities"))
    count = np.diff(starts)
    number_of = lines.get_column("number").cast(pl.Int64).to_numpy()
    line = np.full(len(numbers), -1, dtype=np.int64)
    _find_lines(starts, numbers, purchase, line_start, number_of, line)
    assert not len(line) or int(line.min()) >= 0, "a return names a line that its purchase does not have"
    # In the order of the purchase's lines within a return, as a receipt is read.
    owner = np.repeat(np.arange(len(count)), count)
    order = np.lexsort((line, owner))
    line, quantity = line[order], quantity[order]
    amounts = lines.get_column("amount_minor").to_numpy()[line]
    whole = lines.get_column("quantity_milli").to_numpy()[line]
    # What had come back of the same line before: running sums by line, in the order of the returns.
    by_line = np.lexsort((np.arange(len(line)), line))
    sums = np.cumsum(quantity[by_line])
    first = np.flatnonzero(np.diff(line[by_line], prepend=-1) != 0)
    base = np.repeat(sums[first] - quantity[by_line][first], np.diff(np.append(first, len(line))))
    after = np.empty(len(line), dtype=np.int64)
    after[by_line] = sums - base
    pieces = np.where(whole > 0, whole, 1_000)
    amount = _share_of(amounts, after, pieces) - _share_of(amounts, after - quantity, pieces)
    return Backs(
        start=starts,
        purchase=purchase,
        line=line,
        quantity=quantity,
        amount=amount,
        counted=np.where(whole > 0, quantity, 0),
    )


def _share_of(amounts: Integers, part: Integers, whole: Integers) -> Integers:
    """Each amount times its part divided by its whole, rounded down, exactly."""
    shares = amounts * part // whole
    # Within the limits of a till the product may pass 64 bits, where NumPy wraps.
    for at in np.flatnonzero(amounts.astype(np.float64) * part >= 2.0**62).tolist():
        shares[at] = int(amounts[at]) * int(part[at]) // int(whole[at])
    return shares


def hits_back(backs: Backs, seen: Seen) -> tuple[Integers, Integers, Integers, Integers, Integers]:
    """For each return, for each hit of its purchase, what of it came back: start, rule, amount, quantity, row of the hit."""
    counts = np.diff(seen.hits.start)[backs.purchase]
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    total = int(start[-1])
    origin = np.repeat(seen.hits.start[backs.purchase], counts) + (
        np.arange(total) - np.repeat(start[:-1], counts)
    )
    rule = seen.hits.rule[origin]
    amount, quantity = np.zeros(total, dtype=np.int64), np.zeros(total, dtype=np.int64)
    _add_back(start, rule, backs.start, backs.line, backs.amount, backs.counted, seen.words, amount, quantity)
    return start, rule, amount, quantity, origin


def _find_lines_plain(
    starts: Any, numbers: Any, purchase: Any, line_start: Any, number_of: Any, line: Any
) -> None:
    """Fill `line` with the row of each line that came back; -1 where there is none."""
    for b in range(len(starts) - 1):
        for i in range(starts[b], starts[b + 1]):
            for row in range(line_start[purchase[b]], line_start[purchase[b] + 1]):
                if number_of[row] == numbers[i]:
                    line[i] = row


def _add_back_plain(
    start: Any, rule: Any, back_start: Any, line: Any, amount: Any, counted: Any, words: Any, amounts: Any, quantities: Any
) -> None:  # fmt: skip
    """Add up, for each hit, the lines that came back and that its rule sees."""
    for b in range(len(start) - 1):
        for k in range(start[b], start[b + 1]):
            word = rule[k] // 63
            bit = 1 << (rule[k] % 63)
            for i in range(back_start[b], back_start[b + 1]):
                if words[word, line[i]] & bit != 0:
                    amounts[k] += amount[i]
                    quantities[k] += counted[i]


_find_lines = numba.njit(cache=True, nogil=True)(_find_lines_plain)
_add_back = numba.njit(cache=True, nogil=True)(_add_back_plain)
