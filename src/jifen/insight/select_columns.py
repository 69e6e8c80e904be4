"""Select for history: the same rules over columns of lines, as Polars expressions, and sparse hits by a kernel.

Each text (category, brand, store ...) is encoded once; its conditions are worked out for the few distinct texts and
looked up for every line as one mask, so that only what remains (amounts, hours, tags) is computed line by line.

Shape of the frame of lines
    one row a line, with its purchase's columns joined on; a null, and a column that is absent, is a missing fact
    sku, category, brand                    text: String, Categorical or Enum
    amount_minor, quantity_milli            Int64, required by `hits`
    discount_minor                          integer
    tags                                    List(String)
    attribute.<code>                        text or integer, as the programme declares it
    purchase_amount_minor                   integer
    store, channel, source                  text
    weekday, hour, date                     integer, in the store's zone: 1 Monday .. 7 Sunday; 0 .. 23; yyyymmdd
    payment_methods, purchase_tags          List(String)
    segments                                List(String): of the member whose purchase it is
    purchase                                Int64, required by `hits`: 0, 1, 2 ... in ascending order
"""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import polars as pl

from jifen.domain.program.conditions import (
    ALWAYS,
    BASKET_PREFIX,
    LINE_ATTRIBUTE_PREFIX,
    All,
    Any,
    Claim,
    Condition,
    Not,
)
from jifen.domain.program.meaning import EarnRule, Program
from jifen.domain.program.reading import both_ends, claims_of, is_of_basket, texts_in
from jifen.domain.program.select import WORD_BITS, factors, is_of_purchase, is_text, measures_of, word_count
from jifen.insight.select_kernels import (
    count_by_basket,
    count_hits,
    fill_by_basket,
    fill_hits,
    look_up,
    open_rules,
)

Integers = npt.NDArray[np.int64]

_EVERY_BIT = -1
_FALSE = pl.lit(value=False)
_OF_COLUMN = {"day_of_month": "date", "month": "date", "unit_price_minor": "quantity_milli"}
_COLUMNS = {"purchase.amount_minor": "purchase_amount_minor", "purchase.tags": "purchase_tags"}
_COMPARE = {
    "eq": operator.eq, "ne": operator.ne, "lt": operator.lt, "le": operator.le, "gt": operator.gt, "ge": operator.ge,
}  # fmt: skip


class FrameContractBroken(Exception):
    """A column is missing or has another type than this module's docstring says."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SparseHits:
    """The rules hit by each purchase, in the order of the programme's rules.

    Hits of purchase `p` stand at `start[p]` up to but not including `start[p + 1]`.
    """

    start: Integers
    rule: Integers
    amount: Integers
    quantity: Integers


def column_of(fact: str) -> str:
    """The column that holds a given fact."""
    if fact.startswith(LINE_ATTRIBUTE_PREFIX):
        return "attribute." + fact.removeprefix(LINE_ATTRIBUTE_PREFIX)
    word = fact.partition(".")[2]
    return _COLUMNS.get(fact) or _OF_COLUMN.get(word) or word


def columns_of_claim(claim: Claim) -> tuple[str, ...]:
    """The columns from which a claim is answered; of the basket the one that its measure is put into."""
    if is_of_basket(claim):
        return (f"{claim.fact} {claim.of!r}",)
    if claim.asks == "line.unit_price_minor":
        return ("amount_minor", "quantity_milli")
    return (column_of(claim.asks),)


def asked_by(rule: EarnRule) -> Condition:
    """What a rule asks of a purchase and of what is known of its member: in columns both stand side by side."""
    return rule.given if rule.known == ALWAYS else All(parts=(rule.given, rule.known))


def columns_asked(conditions: Iterable[Condition]) -> list[str]:
    """The columns that conditions ask for."""
    claims = (claim for condition in conditions for claim in claims_of(condition))
    return sorted({name for claim in claims for name in columns_of_claim(claim)})


def masks(lines: pl.LazyFrame, program: Program) -> pl.DataFrame:
    """The mask of each line, one column (Int64, 63 bits) a word: mask_0, mask_1 ...; bit b of word w is rule 63 w + b.

    Shape
        lines      as this module's docstring says; only the columns that the programme asks for are read
        returns    the rows of `lines` in their order, with the columns mask_0, mask_1 ... only
    Refuses
        FrameContractBroken   a column has another type.
    """
    asked = columns_asked(asked_by(rule) for rule in program.rules)
    measures = measures_of(program)
    if measures:
        lines = lines.with_columns(
            _measured_over(claim, lines).alias(columns_of_claim(claim)[0]) for claim in measures
        )
    schema = lines.collect_schema()
    # Some column must stand for the height where no condition reads any.
    present = [name for name in asked if name in schema] or schema.names()[:1]
    frame = lines.select(present).collect()
    _check_types(frame, program)
    return frame.select(_Words(frame, program).expressions())


def hits(lines: pl.LazyFrame, program: Program, *, purchases: int) -> SparseHits:
    """The hits of each of `purchases` purchases, from lines sorted by the column `purchase`.

    Refuses
        FrameContractBroken   a column is missing, has another type or a null, or the lines are not sorted.
    """
    counted = lines.select("purchase", "amount_minor", "quantity_milli").collect()
    return hits_of_masks(
        purchase=_integers(counted["purchase"]),
        words=words_of(masks(lines, program)),
        amount=_integers(counted["amount_minor"]),
        quantity=_integers(counted["quantity_milli"]),
        program=program,
        purchases=purchases,
    )


def words_of(frame: pl.DataFrame) -> Integers:
    """Mask columns as an array with a row for each word."""
    return np.stack([column.to_numpy() for column in frame.get_columns()])


def hits_of_masks(
    *,
    purchase: Integers,
    words: Integers,
    amount: Integers,
    quantity: Integers,
    program: Program,
    purchases: int,
) -> SparseHits:
    """Sparse hits from masks that are known. `words` has a row for each word and a column for each line."""
    numbers = np.arange(len(program.rules), dtype=np.int64)
    word, bit = numbers // WORD_BITS, np.int64(1) << (numbers % WORD_BITS)
    start = np.zeros(purchases + 1, dtype=np.int64)
    if not count_hits(purchase, words, word, bit, start):
        raise FrameContractBroken(f"the column purchase must ascend from 0 to {purchases - 1}")
    total = int(start[-1])
    found = SparseHits(
        start=start,
        rule=np.empty(total, dtype=np.int64),
        amount=np.empty(total, dtype=np.int64),
        quantity=np.empty(total, dtype=np.int64),
    )
    fill_hits(
        purchase, words, amount, quantity, word, bit, numbers, start, found.rule, found.amount, found.quantity
    )
    return found


def select_baskets(
    purchases: pl.DataFrame, lines: pl.DataFrame, line_start: Integers, program: Program
) -> tuple[SparseHits, Integers]:
    """The hits of each purchase and the mask words of each line (a row a word), for a large history: `hits` and `masks` at once.

    What speaks of the purchase alone is asked once a purchase, of one text of a line once for each distinct text; only what is
    left is asked of each line.

    Shape
        purchases    the columns of purchases that this module's docstring names, a row each
        lines        the columns of lines; those of purchase p stand in rows `line_start[p]` to `line_start[p + 1]`
        line_start   purchases + 1 numbers, the first 0, the last the lines
    Refuses
        FrameContractBroken   a column has another type.
    """
    _check_types(purchases, program)
    _check_types(lines, program)
    purchases = _with_measures(purchases, lines, line_start, program)
    if (n := lines.height) != int(line_start[-1]):
        raise FrameContractBroken(f"there are {n} lines, and purchases of {int(line_start[-1])}")
    count = word_count(program)
    bits = [1 << position % WORD_BITS for position in range(len(program.rules))]
    every = np.zeros(count, dtype=np.int64)
    texts: dict[str, list[tuple[int, Condition]]] = {}
    of_purchase: list[tuple[int, Condition]] = []
    of_line: list[tuple[int, Condition]] = []
    for position, (rule, bit) in enumerate(zip(program.rules, bits, strict=True)):
        every[position // WORD_BITS] |= bit
        found = factors(asked_by(rule))
        for fact, condition in found.texts.items():
            if is_of_purchase(condition):
                of_purchase.append((position, condition))
            else:
                texts.setdefault(column_of(fact), []).append((position, condition))
        for condition in found.rest:
            (of_purchase if is_of_purchase(condition) else of_line).append((position, condition))
    words = np.empty((count, n), dtype=np.int64)
    open_rules(_masks_of(purchases, of_purchase, every), line_start, words)
    for column, conditions in texts.items():
        if column not in lines.columns:
            words &= _masks_of(pl.DataFrame({column: pl.Series([None], dtype=pl.String)}), conditions, every)
            continue
        distinct, codes = _codes(lines.get_column(column))
        look_up(_masks_of(pl.DataFrame({column: distinct}), conditions, every), codes, words)
    if of_line:
        words &= _masks_of(_with_purchases(purchases, lines, line_start, of_line), of_line, every)
    return _hits_of_baskets(lines, line_start, words, program), words


def _measured(claim: Claim, lines: pl.DataFrame | pl.LazyFrame) -> pl.Expr:
    """What each line adds to a measure; of the skus, its own."""
    names = lines.collect_schema().names()
    chosen = _expression(claim.of or ALWAYS, names)
    word = claim.fact.removeprefix(BASKET_PREFIX)
    if word == "skus":
        sku = pl.col("sku").cast(pl.String) if "sku" in names else pl.lit(None, pl.String)
        return pl.when(chosen).then(sku)
    # A literal would be one row where every line is chosen.
    each = pl.col("amount_minor") * 0 + 1 if word == "lines" else pl.col(word)
    return pl.when(chosen).then(each).otherwise(0).cast(pl.Int64)


def _measured_over(claim: Claim, lines: pl.LazyFrame) -> pl.Expr:
    """A measure of the basket, beside each of its lines."""
    each = _measured(claim, lines)
    whole = each.drop_nulls().n_unique() if claim.fact == "basket.skus" else each.sum()
    return whole.over("purchase").cast(pl.Int64)


def _with_measures(
    purchases: pl.DataFrame, lines: pl.DataFrame, line_start: Integers, program: Program
) -> pl.DataFrame:
    """The purchases with a column for each measure of their baskets that rules ask for."""
    measures = measures_of(program)
    if not measures:
        return purchases
    owner = pl.Series("owner", np.repeat(np.arange(len(line_start) - 1), np.diff(line_start)), dtype=pl.Int64)
    names = [f"measure_{at}" for at in range(len(measures))]
    each = lines.with_columns(
        owner, *(_measured(claim, lines).alias(name) for name, claim in zip(names, measures, strict=True))
    )
    whole = [
        pl.col(name).drop_nulls().n_unique() if claim.fact == "basket.skus" else pl.col(name).sum()
        for name, claim in zip(names, measures, strict=True)
    ]
    by_owner = each.group_by("owner").agg(whole)
    every = pl.DataFrame({"owner": pl.Series(np.arange(len(line_start) - 1), dtype=pl.Int64)})
    found = every.join(by_owner, on="owner", how="left", maintain_order="left")
    columns = [
        found.get_column(name).fill_null(0).cast(pl.Int64).alias(columns_of_claim(claim)[0])
        for name, claim in zip(names, measures, strict=True)
    ]
    return purchases.with_columns(columns) if purchases.width else pl.DataFrame(columns)


def _with_purchases(
    purchases: pl.DataFrame,
    lines: pl.DataFrame,
    line_start: Integers,
    conditions: list[tuple[int, Condition]],
) -> pl.DataFrame:
    """The columns that conditions ask for, by line."""
    asked = columns_asked(condition for _, condition in conditions)
    own = [name for name in lines.columns if name in asked]
    wanted = [name for name in purchases.columns if name in asked and name not in own]
    # Some column must stand for the height where lines have none of these.
    frame = lines.select(own or lines.columns[:1])
    if wanted:
        owner = pl.Series(np.repeat(np.arange(len(line_start) - 1), np.diff(line_start)))
        frame = frame.with_columns(purchases.select(pl.col(wanted).gather(owner)))
    return frame


def _masks_of(frame: pl.DataFrame, conditions: list[tuple[int, Condition]], every: Integers) -> Integers:
    """For each word and row the rules that these conditions leave: all but those of which one is false."""
    kept = []
    for word, all_bits in enumerate(every.tolist()):
        mask = pl.repeat(all_bits, pl.len(), dtype=pl.Int64)
        for number, condition in conditions:
            if number // WORD_BITS == word:
                held = _expression(condition, frame.columns)
                mask &= pl.when(held).then(_EVERY_BIT).otherwise(_without([number], word))
        kept.append(mask.alias(str(word)))
    if not frame.height:
        return np.zeros((len(every), 0), dtype=np.int64)
    return words_of(frame.select(kept))


def _codes(column: pl.Series) -> tuple[pl.Series, Integers]:
    """The distinct texts of a column, and for each row which of them it has; one of them may be a null."""
    if column.dtype == pl.String:
        column = column.cast(pl.Categorical(pl.Categories.random()))
    highest = column.to_physical().max()
    beyond = int(highest) + 1 if isinstance(highest, int) else 0
    physical = column.to_physical().cast(pl.UInt32)
    raw = (physical.fill_null(beyond) if physical.null_count() else physical).to_numpy()
    # Some row of each code stands for its text.
    row = np.full(beyond + 1, -1, dtype=np.int64)
    row[raw] = np.arange(len(raw))
    known = np.flatnonzero(row >= 0)
    place = np.zeros(beyond + 1, dtype=np.uint32)
    place[known] = np.arange(len(known))
    return column.gather(row[known]).cast(pl.String), np.take(place, raw)


def _hits_of_baskets(
    lines: pl.DataFrame, line_start: Integers, words: Integers, program: Program
) -> SparseHits:
    numbers = np.arange(len(program.rules), dtype=np.int64)
    amount, quantity = (
        _integers(lines.get_column("amount_minor")),
        _integers(lines.get_column("quantity_milli")),
    )
    start = np.zeros(len(line_start), dtype=np.int64)
    seen = np.zeros((words.shape[0], len(line_start) - 1), dtype=np.int64)
    count_by_basket(line_start, words, numbers, seen, start)
    rule, amounts, quantities = (np.empty(int(start[-1]), dtype=np.int64) for _ in range(3))
    fill_by_basket(line_start, words, amount, quantity, numbers, seen, rule, amounts, quantities)
    return SparseHits(start=start, rule=rule, amount=amounts, quantity=quantities)


class _Words:
    """The expressions of one frame's mask words."""

    def __init__(self, frame: pl.DataFrame, program: Program) -> None:
        self.frame = frame
        self.words = word_count(program)
        self.every = [0] * self.words
        self.texts: dict[str, list[tuple[int, Condition]]] = {}
        self.rests: dict[tuple[Condition, ...], list[int]] = {}
        for position, rule in enumerate(program.rules):
            self.every[position // WORD_BITS] |= 1 << position % WORD_BITS
            found = factors(asked_by(rule))
            for fact, condition in found.texts.items():
                self.texts.setdefault(column_of(fact), []).append((position, condition))
            if found.rest:
                self.rests.setdefault(found.rest, []).append(position)

    def expressions(self) -> list[pl.Expr]:
        """One expression a word."""
        parts: list[list[pl.Expr]] = [[] for _ in range(self.words)]
        for column, conditions in self.texts.items():
            for word, part in enumerate(self._looked_up(column, conditions)):
                parts[word].append(part)
        for rest, numbers in self.rests.items():
            held = functools.reduce(operator.and_, (_expression(part, self.frame.columns) for part in rest))
            for word in sorted({number // WORD_BITS for number in numbers}):
                parts[word].append(pl.when(held).then(_EVERY_BIT).otherwise(_without(numbers, word)))
        return [
            functools.reduce(operator.and_, found, pl.repeat(every, pl.len(), dtype=pl.Int64)).alias(
                f"mask_{word}"
            )
            for word, (every, found) in enumerate(zip(self.every, parts, strict=True))
        ]

    def _looked_up(self, column: str, conditions: list[tuple[int, Condition]]) -> list[pl.Expr]:
        """For each word the mask that the text of a line leaves, worked out once for each distinct text."""
        if column not in self.frame.columns:
            texts = pl.DataFrame({column: pl.Series([None], dtype=pl.String)})
            return [pl.lit(int(table[0]), pl.Int64) for table in self._tables(texts, conditions)]
        distinct, codes, rows = _encoded(self.frame[column])
        found = []
        for word, values in enumerate(self._tables(pl.DataFrame({column: distinct}), conditions)):
            table = np.zeros(int(codes.max(initial=0)) + 1, dtype=np.int64)
            table[codes] = values
            found.append(pl.lit(pl.Series(f"{column}_{word}", np.take(table, rows))))
        return found

    def _tables(self, texts: pl.DataFrame, conditions: list[tuple[int, Condition]]) -> list[Integers]:
        """For each word the mask that each distinct text leaves."""
        kept: list[pl.Expr] = []
        for word in range(self.words):
            mask = pl.repeat(_EVERY_BIT, pl.len(), dtype=pl.Int64)
            for number, condition in conditions:
                if number // WORD_BITS == word:
                    held = _expression(condition, texts.columns)
                    mask = mask & pl.when(held).then(_EVERY_BIT).otherwise(_without([number], word))
            kept.append(mask.alias(str(word)))
        return [column.to_numpy() for column in texts.select(kept).get_columns()]


def _without(numbers: list[int], word: int) -> int:
    """Every bit of a word but those of these rules."""
    bits = sum(1 << number % WORD_BITS for number in set(numbers) if number // WORD_BITS == word)
    return ~bits


def _encoded(column: pl.Series) -> tuple[pl.Series, Integers, Integers]:
    """The distinct texts of a column, the code of each, and the code of each row; a null has the highest code."""
    if column.dtype == pl.String:
        column = column.cast(pl.Categorical(pl.Categories.random()))
    distinct = column.unique()
    highest = distinct.to_physical().max()
    beyond = int(highest) + 1 if isinstance(highest, int) else 0
    codes, rows = (
        one.to_physical().cast(pl.UInt32).fill_null(beyond).to_numpy() for one in (distinct, column)
    )
    return distinct.cast(pl.String), codes, rows


def _expression(condition: Condition, columns: Sequence[str]) -> pl.Expr:
    """The condition as an expression that is never null."""
    if isinstance(condition, Claim):
        held = _FALSE
        if set(columns_of_claim(condition)) <= set(columns):
            column = _value(condition)
            held = _claim(condition, column) if condition.among is None else _looked_up(condition, column)
        return held.fill_null(_FALSE)
    if isinstance(condition, Not):
        return ~_expression(condition.part, columns)
    join = operator.and_ if isinstance(condition, All) else operator.or_
    assert isinstance(condition, All | Any)
    return functools.reduce(
        join, (_expression(part, columns) for part in condition.parts), pl.lit(isinstance(condition, All))
    )


def _value(claim: Claim) -> pl.Expr:
    """The value of the fact that a claim asks, from its columns."""
    columns = [pl.col(name) for name in columns_of_claim(claim)]
    word = claim.asks.partition(".")[2]
    if word == "unit_price_minor":
        amount, quantity = columns
        return pl.when(quantity != 0).then(amount.cast(pl.Int64) * 1_000 // quantity)
    if word == "day_of_month":
        return columns[0] % 100
    return columns[0] // 100 % 100 if word == "month" else columns[0]


def _looked_up(claim: Claim, column: pl.Expr) -> pl.Expr:
    if not claim.among:
        return _FALSE
    return (column.cast(pl.String) if is_text(claim) else column.cast(pl.Int64)).is_in(sorted(claim.among))


def _claim(claim: Claim, column: pl.Expr) -> pl.Expr:
    value = claim.value
    match claim.operator:
        case "is":
            return column.cast(pl.String) == pl.lit(value, pl.String)
        case "in":
            return column.cast(pl.String).is_in(sorted(texts_in(value)))
        case "under":
            text = column.cast(pl.String)
            return (text == pl.lit(value, pl.String)) | text.str.starts_with(f"{value}/")
        case "has" | "has_any":
            wanted = (column.list.contains(pl.lit(text, pl.String)) for text in sorted(texts_in(value)))
            return functools.reduce(operator.or_, wanted)
        case "between":
            low, high = both_ends(value)
            return column.is_between(low, high)
    compared: pl.Expr = _COMPARE[claim.operator](column, pl.lit(value, pl.Int64))
    return compared


def _check_types(frame: pl.DataFrame, program: Program) -> None:
    """Refuses a column whose type does not answer the claims made about it."""
    for claim in (claim for rule in program.rules for claim in claims_of(asked_by(rule))):
        for name in columns_of_claim(claim):
            if name not in frame.columns:
                continue
            dtype = frame.schema[name]
            if is_text(claim):
                fits = dtype in (pl.String, pl.Categorical, pl.Enum)
            elif claim.operator in ("has", "has_any") and claim.among is None:
                fits = dtype == pl.List(pl.String)
            else:
                fits = dtype.is_integer()
            if not fits:
                raise FrameContractBroken(
                    f"the column {name} is {dtype}, which cannot answer {claim.operator!r}"
                )


def _integers(column: pl.Series) -> Integers:
    if not column.dtype.is_integer() or column.null_count():
        raise FrameContractBroken(f"the column {column.name} must hold integers without a null")
    return column.cast(pl.Int64).to_numpy()
