"""What select saw of a bucket's purchases, and what of it came back, for one side.

Where the ledger judged (rows of published revisions) its own hits and masks are taken; where a document judges, select is
run over the lines. A generated history keeps no masks, so select is run there for both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numba
import numpy as np
import polars as pl
import pyarrow as pa

from jifen.domain.timeline import Timeline
from jifen.insight.backtest.shapes import Integers
from jifen.insight.lives import select_history
from jifen.insight.select_columns import SparseHits


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
    """Where each list begins and ends (n + 1 numbers), and all their numbers."""
    array: Any = column.rechunk().to_arrow()
    if isinstance(array, pa.ChunkedArray):
        array = array.combine_chunks()
    offsets = np.asarray(array.offsets, dtype=np.int64)
    values = np.asarray(array.values, dtype=np.int64)
    return offsets - offsets[0], values[offsets[0] : offsets[-1]]


def has_masks(lines: pl.DataFrame) -> bool:
    """Whether the ledger's own masks stand with every line."""
    return "masks" in lines.columns and lines.get_column("masks").null_count() == 0


def kept_hits(purchases: pl.DataFrame) -> SparseHits:
    """The hits as the ledger kept them."""
    start, rule = lists_of(purchases.get_column("hit_rules"))
    _, amount = lists_of(purchases.get_column("hit_amounts"))
    _, quantity = lists_of(purchases.get_column("hit_quantities"))
    return SparseHits(start=start, rule=rule, amount=amount, quantity=quantity)


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


def selected(purchases: pl.DataFrame, lines: pl.DataFrame, rows: Integers, timeline: Timeline) -> Seen:
    """What select sees of purchases, each by the row of the timeline that judges it."""
    if purchases.height == 0:
        none = np.zeros(0, dtype=np.int64)
        hits = SparseHits(start=np.zeros(1, dtype=np.int64), rule=none, amount=none, quantity=none)
        return Seen(hits=hits, words=np.zeros((1, 0), dtype=np.int64))
    missing = {
        "channel": pl.String(), "source": pl.String(), "tags": pl.List(pl.String()), "payments": pl.String(),
        "weekday": pl.Int64(), "hour": pl.Int64(), "date": pl.Int64(), "store": pl.String(),
    }  # fmt: skip
    named = purchases.rename({"store_date": "date"}, strict=False)
    frame = named.with_columns(
        *(
            pl.lit(None, dtype=kind).alias(name)
            for name, kind in missing.items()
            if name not in named.columns
        ),
        row=pl.Series(rows),
    )
    found, words = select_history(frame, lines, timeline)
    return Seen(hits=found, words=words)


def seen_of(
    purchases: pl.DataFrame, lines: pl.DataFrame, rows: Integers, timeline: Timeline, *, published: int
) -> Seen:
    """What one side sees of purchases.

    Shape
        purchases   in any order, `purchase` = 0 .. n - 1
        lines       in the order of purchases, with `purchase`
        rows        by purchase: the row of the timeline that judges it
        published   rows below it are the ledger's own
    """
    is_kept = rows < published if has_masks(lines) else np.zeros(len(rows), dtype=np.bool_)
    if published and is_kept.all():
        return Seen(hits=kept_hits(purchases), words=kept_words(lines))
    if not is_kept.any():
        return selected(purchases, lines, rows, timeline)
    kept = Seen(hits=kept_hits(purchases), words=kept_words(lines))
    own = np.flatnonzero(~is_kept)
    owner = lines.get_column("purchase").to_numpy()
    at = np.flatnonzero(~is_kept[owner])
    number = np.cumsum(~is_kept) - 1
    part = selected(
        purchases[own].with_columns(purchase=pl.Series(np.arange(len(own)), dtype=pl.Int64)),
        lines[at].with_columns(purchase=pl.Series(number[owner[at]], dtype=pl.Int64)),
        rows[own],
        timeline,
    )
    return _merged(kept, part, own, at, lines.height)


def _merged(kept: Seen, part: Seen, own: Integers, at: Integers, n_lines: int) -> Seen:
    """What is kept, but for purchases `own` (and their lines `at`) what `part` says."""
    n = len(kept.hits.start) - 1
    words = np.zeros((max(kept.words.shape[0], part.words.shape[0]), n_lines), dtype=np.int64)
    words[: kept.words.shape[0]] = kept.words
    words[:, at] = 0
    words[: part.words.shape[0], at] = part.words
    counts = np.diff(kept.hits.start)
    counts[own] = np.diff(part.hits.start)
    start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    total = int(start[-1])
    merged = SparseHits(
        start=start, rule=np.empty(total, np.int64), amount=np.empty(total, np.int64), quantity=np.empty(total, np.int64)
    )  # fmt: skip
    rest = np.setdiff1d(np.arange(n), own, assume_unique=True)
    for rows, found, first in (
        (rest, kept.hits, kept.hits.start[rest]),
        (own, part.hits, part.hits.start[:-1]),
    ):
        length = counts[rows]
        run = np.arange(int(length.sum())) - np.repeat(np.cumsum(length) - length, length)
        to, source = np.repeat(start[rows], length) + run, np.repeat(first, length) + run
        merged.rule[to] = found.rule[source]
        merged.amount[to] = found.amount[source]
        merged.quantity[to] = found.quantity[source]
    return Seen(hits=merged, words=words)


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
    amount = amounts * after // pieces - amounts * (after - quantity) // pieces
    return Backs(
        start=starts,
        purchase=purchase,
        line=line,
        quantity=quantity,
        amount=amount,
        counted=np.where(whole > 0, quantity, 0),
    )


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
