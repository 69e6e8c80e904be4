"""What cells say, exactly: text, money, quantities and times from text or typed columns, never through a float.

Each function takes a column and returns `Cells`: the values, and for each cell that cannot be one the number of its
reason. A cell with a problem has no value, and an empty cell has none either: it is missing and never 0.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from typing import NamedTuple

import polars as pl

from jifen.domain.purchase import LINE_NUMBER_MAX
from jifen.domain.texts import BLANKS, CARD, KEY, NOTHING, Fault, Form, TextRefused, canonical, canonical_tags
from jifen.insight.clocks import instants
from jifen.insight.read_purchases.mapping import Numbers, Time, tells_offset
from jifen.insight.read_purchases.reasons import NUMBER_OF, FileRefused, RowCode

_INSTANT = pl.Datetime("us", "UTC")
_OLDEST = datetime(1990, 1, 1)  # noqa: DTZ001  a bound for naive comparison in UTC
_OLDEST_DAY = date(1990, 1, 1)
_FLOAT_TOLERANCE = 1e-6  # of the smallest unit kept: what a float may be off by and still mean a whole unit
_FLOAT_MAX = 2.0**53
_DIGITS_MAX = 15  # digits before the decimal mark; so products stay below 2^63


class Cells(NamedTuple):
    """Values of a column, and for each cell the number of its problem (null: none)."""

    values: pl.Series
    problems: pl.Series


Case = tuple[pl.Expr, RowCode]
_cell = pl.col("cell")


def _cells(column: pl.Series, value: pl.Expr, cases: Sequence[Case], **steps: pl.Expr) -> Cells:
    """The first case that is true of a cell is its problem. Steps are computed once, from column `cell`."""
    problem = pl.lit(None, pl.UInt8)
    for condition, code in reversed(cases):
        problem = (
            pl.when(_cell.is_not_null() & condition)
            .then(pl.lit(NUMBER_OF[code], pl.UInt8))
            .otherwise(problem)
        )
    value = pl.when(_cell.is_not_null()).then(value)
    frame = column.alias("cell").to_frame().lazy()
    for name, step in steps.items():
        frame = frame.with_columns(step.alias(name))
    told = frame.select(value.alias("value"), problem.alias("problem")).collect()
    problems = told.get_column("problem")
    values = told.get_column("value")
    if problems.null_count() < problems.len():
        values = told.select(pl.when(pl.col("problem").is_null()).then(pl.col("value"))).to_series()
    return Cells(values, problems)


def empty_cells(height: int, type_: pl.DataType) -> Cells:
    """A column that the file does not have."""
    return Cells(
        pl.repeat(None, height, dtype=type_, eager=True), pl.repeat(None, height, dtype=pl.UInt8, eager=True)
    )


def require(cells: Cells) -> Cells:
    """The same cells, where an empty one is a problem."""
    missing = cells.values.is_null() & cells.problems.is_null()
    if not missing.any():
        return cells
    number = pl.Series([NUMBER_OF["missing"]], dtype=pl.UInt8)
    return Cells(cells.values, cells.problems.zip_with(~missing, number))


# Text -----------------------------------------------------------------------------------------------------------------


def texts(column: pl.Series, form: Form, *, file: str) -> Cells:
    """Text in its form, exactly as `domain.texts.canonical` has it; what has nothing in it, and a key that means that there
    is none, is an empty cell. Of what identifies something, a number that a spreadsheet shortened is refused."""
    _refuse_what_is_no_text(column.dtype, column.name, file)
    if column.dtype.is_float():
        return _texts_of_floats(column)
    written = column.cast(pl.String)
    cases: list[Case] = []
    if form.is_code:
        cases.append((_cell.str.contains(r"^[0-9]([.,][0-9]+)?[eE]\+?[0-9]+$"), "number_shortened"))
    plain = _cell.str.contains(_PLAIN_PATH if form.is_path else _PLAIN_CARD if form.is_card else _PLAIN) & (
        _cell.str.len_bytes() <= form.longest
    )
    if form.is_key:
        plain &= ~_cell.str.to_lowercase().is_in(list(NOTHING))
    is_plain = _cells(written, plain, []).values
    said = _cells(written, _cell, cases)
    odd = ~is_plain & said.problems.is_null()
    return _read_each(said, odd, lambda text: canonical(text, form)) if odd.any() else said


def member_keys(column: pl.Series, kinds: pl.Series, *, file: str) -> Cells:
    """Members' keys, each in the form of its kind: `card`, or anything else."""
    is_card = (kinds == "card").fill_null(value=False)
    if not is_card.any():
        return texts(column, KEY, file=file)
    cards = texts(column, CARD, file=file)
    if is_card.all():
        return cards
    others = texts(column, KEY, file=file)
    return Cells(
        cards.values.zip_with(is_card, others.values), cards.problems.zip_with(is_card, others.problems)
    )


# What is in its form already: nearly every cell of nearly every file. The others are read one by one, each text once.
_PLAIN = r"^[!-~]+( [!-~]+)*$"
_PLAIN_CARD = r"^[!-~]+$"
_PLAIN_PATH = r"^[!-.0-~]+([ /][!-.0-~]+)*$"


def _read_each(cells: Cells, which: pl.Series, read: Callable[[str], str]) -> Cells:
    """The cells, of which some are what `read` makes of their text."""
    which = which.fill_null(value=False)
    different = cells.values.filter(which).unique()
    said = [_read_one(text, read) for text in different]
    table = pl.DataFrame(
        {
            "cell": different,
            "value": pl.Series([value for value, _ in said], dtype=pl.String),
            "problem": pl.Series([problem for _, problem in said], dtype=pl.UInt8),
        }
    )
    told = cells.values.alias("cell").to_frame().join(table, on="cell", how="left", maintain_order="left")
    return Cells(
        told.get_column("value").zip_with(which, cells.values),
        told.get_column("problem").zip_with(which, cells.problems),
    )


_OF_FAULT: dict[Fault, RowCode] = {
    "too_long": "text_too_long", "too_many": "tags_too_many", "unprintable": "unprintable",
}  # fmt: skip


def _read_one(text: str, read: Callable[[str], str]) -> tuple[str | None, int | None]:
    try:
        return read(text), None
    except TextRefused as refused:
        code = _OF_FAULT.get(refused.fault)  # the others mean that the cell is empty
        return None, NUMBER_OF[code] if code else None


def _refuse_what_is_no_text(type_: pl.DataType, column: str, file: str) -> None:
    if type_.is_temporal() or type_.is_nested() or type_ == pl.Binary:
        raise FileRefused("column_type", file, detail=f"{column}: {type_} is no text")


def _texts_of_floats(column: pl.Series) -> Cells:
    """Whole floats as text: a column of integers with gaps often arrives as floats."""
    whole = (_cell == _cell.round(0)) & (_cell.abs() < _FLOAT_MAX)
    value = _cell.cast(pl.Int64, strict=False).cast(pl.String)
    return _cells(column.cast(pl.Float64).fill_nan(None), value, [(~whole, "not_exact")])


TAG_MARK = "\x1f"
"""Between tags while they travel as one text: no tag holds it."""


def tags(column: pl.Series, *, separator: str, file: str) -> Cells:
    """Tags as one text, each in its form, once, in the order in which they stand; a list, or text with a separator."""
    listed = isinstance(column.dtype, pl.List)
    if listed:
        texts_ = column.cast(pl.List(pl.String))
        forged = texts_.list.eval(pl.element().str.contains(TAG_MARK, literal=True)).list.any()
        written, mark = texts_.list.join(TAG_MARK, ignore_nulls=True), TAG_MARK
    else:
        _refuse_what_is_no_text(column.dtype, column.name, file)
        written, mark = column.cast(pl.String), separator
        forged = written.str.contains(TAG_MARK, literal=True)
    problem: Case = (pl.lit(forged).fill_null(value=False), "unprintable")
    said = _cells(written, _cell, [problem])

    def read(text: str) -> str:
        return TAG_MARK.join(canonical_tags([tag for tag in text.split(mark) if tag.strip(BLANKS)]))

    told = _read_each(said, said.values.is_not_null(), read)
    return Cells(told.values.replace("", None), told.problems)


# Numbers --------------------------------------------------------------------------------------------------------------


def numbers(
    column: pl.Series,
    *,
    decimals: int,
    style: Numbers,
    most: int,
    file: str,
    least: int = 0,
    negate: bool = False,
) -> Cells:
    """Whole smallest units: 12.30 at 2 decimals is 1230. Below `least` and above `most` are refused.

    Shape
        column     text in the mapping's style; or integers, decimals, floats (NaN is an empty cell)
        decimals   0 when the column counts smallest units already
    """
    type_ = column.dtype
    if type_ == pl.String:
        said = _numbers_of_text(column, decimals=decimals, style=style)
    elif type_.is_decimal():
        said = _numbers_of_text(column.cast(pl.String), decimals=decimals, style=Numbers())
    elif type_.is_integer():
        said = _numbers_of_integers(column, decimals=decimals)
    elif type_.is_float():
        said = _numbers_of_floats(column, decimals=decimals)
    elif type_ == pl.Null:
        return empty_cells(column.len(), pl.Int64())
    else:
        raise FileRefused("column_type", file, detail=f"{column.name}: {type_} is no number")
    values = -said.values if negate else said.values
    too_low: RowCode = "number_too_large" if least else "negative"
    bounded = _cells(values, _cell, [(_cell < least, too_low), (_cell > most, "number_too_large")])
    return Cells(bounded.values, said.problems.zip_with(said.problems.is_not_null(), bounded.problems))


def _numbers_of_text(column: pl.Series, *, decimals: int, style: Numbers) -> Cells:
    mark, comma = re.escape(style.decimal), re.escape(style.thousands)
    whole = rf"([0-9]+|[0-9]{{1,3}}({comma}[0-9]{{3}})+)" if style.thousands else "[0-9]+"
    pattern = rf"^[+-]?({whole}({mark}[0-9]+)?|{mark}[0-9]+)$"
    plain = _cell.str.replace_all(style.thousands, "", literal=True) if style.thousands else _cell
    fraction = pl.col("fraction")
    digits = pl.col("digits")
    size = digits.cast(pl.Int64, strict=False) * 10**decimals
    if decimals:
        size = size + fraction.str.pad_end(decimals, "0").str.slice(0, decimals).cast(pl.Int64, strict=False)
    rest = fraction.str.slice(decimals).str.strip_chars("0")
    return _cells(
        column,
        pl.when(pl.col("plain").str.starts_with("-")).then(-size).otherwise(size),
        [
            (~_cell.str.contains(pattern), "not_a_number"),
            (rest != "", "too_many_decimals"),
            (digits.str.len_bytes() > _DIGITS_MAX, "number_too_large"),
        ],
        plain=plain,
        digits=pl.col("plain").str.extract(r"^[+-]?([0-9]+)").fill_null("0"),
        fraction=pl.col("plain").str.extract(rf"{mark}([0-9]+)$").fill_null(""),
    )


def _numbers_of_integers(column: pl.Series, *, decimals: int) -> Cells:
    too_large = (_cell > 10**_DIGITS_MAX) | (_cell < -(10**_DIGITS_MAX))
    value = pl.when(~too_large).then(_cell).cast(pl.Int64) * 10**decimals
    return _cells(column.cast(pl.Int128), value, [(too_large, "number_too_large")])


def _numbers_of_floats(column: pl.Series, *, decimals: int) -> Cells:
    units = pl.col("units")
    nearest = units.round(0)
    return _cells(
        column.cast(pl.Float64).fill_nan(None),
        nearest.cast(pl.Int64, strict=False),
        [
            (~units.is_finite(), "not_a_number"),
            (units.abs() >= _FLOAT_MAX, "number_too_large"),
            ((units - nearest).abs() > _FLOAT_TOLERANCE, "not_exact"),
        ],
        units=_cell * 10**decimals,
    )


def line_numbers(column: pl.Series, *, file: str) -> Cells:
    """Line numbers from 0 to 2,147,483,647, as the API takes them."""
    said = numbers(column, decimals=0, style=Numbers(), most=LINE_NUMBER_MAX, file=file)
    wrong = said.problems.is_not_null()
    number = pl.Series([NUMBER_OF["line_number_wrong"]], dtype=pl.UInt8)
    problems = number.new_from_index(0, column.len()).zip_with(wrong, said.problems)
    values = said.values.zip_with(~wrong, pl.Series([None], dtype=pl.Int64))
    return Cells(values.cast(pl.Int32), problems)


# Times ----------------------------------------------------------------------------------------------------------------


def times(column: pl.Series, style: Time, *, now: datetime, file: str) -> Cells:
    """Instants in UTC, to the microsecond. Local times go by the mapping's zone and what it says of clock changes."""
    type_ = column.dtype
    if isinstance(type_, pl.Datetime):
        said = _times_of_datetimes(column, style, file=file)
    elif type_ == pl.String:
        said = _times_of_text(column, style)
    elif type_ == pl.Null:
        return empty_cells(column.len(), _INSTANT)
    elif type_.is_integer() and "unix_seconds" in style.formats:
        said = _epoch(column.cast(pl.String), 1_000_000)
    elif type_.is_integer() and "unix_milliseconds" in style.formats:
        said = _epoch(column.cast(pl.String), 1_000)
    else:
        raise FileRefused("column_type", file, detail=f"{column.name}: {type_} is no time")
    oldest = pl.lit(_OLDEST).dt.replace_time_zone("UTC")
    bounded = _cells(
        said.values, _cell, [(_cell < oldest, "time_too_old"), (_cell > pl.lit(now), "time_in_future")]
    )
    return Cells(bounded.values, said.problems.zip_with(said.problems.is_not_null(), bounded.problems))


def dates(column: pl.Series, formats: Sequence[str], *, file: str) -> Cells:
    """Days, from 1990 on: text in the first format that fits, or days of a typed column. A moment is no day, but midnight
    without a zone is."""
    type_ = column.dtype
    if type_ == pl.Null:
        return empty_cells(column.len(), pl.Date())
    if type_ == pl.Date:
        said = Cells(column, _no_problems(column.len()))
    elif isinstance(type_, pl.Datetime) and type_.time_zone is None:
        days = column.dt.date()
        is_day = days.cast(type_) == column
        said = Cells(
            days.zip_with(is_day.fill_null(value=True), pl.Series([None], dtype=pl.Date)),
            _number_where(~is_day.fill_null(value=True), "not_a_date"),
        )
    elif type_ == pl.String or type_.is_integer():
        said = _dates_of_text(column.cast(pl.String), formats)
    else:
        raise FileRefused("column_type", file, detail=f"{column.name}: {type_} is no day")
    bounded = _cells(said.values, _cell, [(_cell < _OLDEST_DAY, "time_too_old")])
    return Cells(bounded.values, said.problems.zip_with(said.problems.is_not_null(), bounded.problems))


def _dates_of_text(column: pl.Series, formats: Sequence[str]) -> Cells:
    values = empty_cells(column.len(), pl.Date()).values
    for format_ in formats:
        pattern = "%Y-%m-%d" if format_ == "iso" else format_
        aware = tells_offset(pattern)
        moments = column.str.to_datetime(
            pattern, time_unit="us", strict=False, time_zone="UTC" if aware else None
        ) if _tells_hour(pattern) else column.str.to_date(pattern, strict=False)  # fmt: skip
        values = values.zip_with(values.is_not_null(), moments.cast(pl.Date))
    return Cells(values, _number_where(column.is_not_null() & values.is_null(), "not_a_date"))


def _tells_hour(pattern: str) -> bool:
    return any(mark in pattern for mark in ("%H", "%I", "%k", "%l", "%T", "%R", "%X", "%c", "%s", "%+"))


def _number_where(wrong: pl.Series, code: RowCode) -> pl.Series:
    """The number of a reason where something is wrong."""
    number = pl.Series([NUMBER_OF[code]], dtype=pl.UInt8).new_from_index(0, wrong.len())
    return number.zip_with(wrong, _no_problems(wrong.len()))


def _times_of_datetimes(column: pl.Series, style: Time, *, file: str) -> Cells:
    assert isinstance(column.dtype, pl.Datetime)
    moments = column.dt.cast_time_unit("us")
    if column.dtype.time_zone is not None:
        return Cells(moments.dt.convert_time_zone("UTC"), empty_cells(column.len(), pl.Null()).problems)
    if style.zone is None:
        raise FileRefused("zone_missing", file, detail=column.name)
    return _in_zone(moments, style.zone, style)


def _times_of_text(column: pl.Series, style: Time) -> Cells:
    """The first format that fits each cell; a cell that none fits is no time."""
    values = empty_cells(column.len(), _INSTANT).values
    problems = pl.repeat(NUMBER_OF["not_a_time"], column.len(), dtype=pl.UInt8, eager=True)
    problems = problems.zip_with(column.is_not_null(), pl.Series([None], dtype=pl.UInt8))
    for format_ in style.formats:
        for said in _read_format(column, format_, style):
            fits = values.is_null() & (said.values.is_not_null() | said.problems.is_not_null())
            values = said.values.zip_with(fits, values)
            problems = said.problems.zip_with(fits, problems)
            if values.null_count() == column.null_count():
                return Cells(values, problems)
    return Cells(values, problems)


def _read_format(column: pl.Series, format_: str, style: Time) -> list[Cells]:
    if format_ == "unix_seconds":
        return [_epoch(column, 1_000_000)]
    if format_ == "unix_milliseconds":
        return [_epoch(column, 1_000)]
    if format_ != "iso":
        return [_aware(column, format_) if tells_offset(format_) else _naive(column, format_, style)]
    # ISO 8601 with T or a space, seconds optional, with or without an offset.
    with_t = column.str.replace(r"^([0-9]{4}-[0-9]{2}-[0-9]{2}) +", "${1}T")
    full, short = "%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M"
    said: list[Cells] = []
    has_offset = with_t.str.contains(r"T.*(Z|[+-][0-9]{2}:?[0-9]{2})$").fill_null(value=False)
    if not has_offset.all():
        said += [_naive(with_t, full, style), _naive(with_t, short, style)]
    if has_offset.any():
        said += [_aware(with_t, full + "%#z"), _aware(with_t, short + "%#z")]
    return said


def _no_problems(height: int) -> pl.Series:
    return pl.repeat(None, height, dtype=pl.UInt8, eager=True)


def _aware(column: pl.Series, format_: str) -> Cells:
    said = column.str.to_datetime(format_, time_unit="us", time_zone="UTC", strict=False)
    return Cells(said, _no_problems(column.len()))


def _naive(column: pl.Series, format_: str, style: Time) -> Cells:
    local = column.str.to_datetime(format_, time_unit="us", strict=False)
    if style.zone is not None:
        return _in_zone(local, style.zone, style)
    number = pl.repeat(NUMBER_OF["time_without_zone"], column.len(), dtype=pl.UInt8, eager=True)
    return Cells(
        empty_cells(column.len(), _INSTANT).values,
        number.zip_with(local.is_not_null(), _no_problems(column.len())),
    )


def _epoch(column: pl.Series, microseconds: int) -> Cells:
    ticks = column.str.strip_chars().cast(pl.Int64, strict=False)
    in_reach = ticks.is_between(0, 253_402_300_799_000_000 // microseconds)  # the year 9999
    ticks = ticks.zip_with(in_reach.fill_null(value=False), pl.Series([None], dtype=pl.Int64))
    return Cells(
        (ticks * microseconds).cast(pl.Datetime("us")).dt.replace_time_zone("UTC"), _no_problems(column.len())
    )


def _in_zone(local: pl.Series, zone: str, style: Time) -> Cells:
    """Local times as instants. In the hour that comes twice and the hour that never comes, as the mapping says.

    earliest: of a repeated hour the first; a skipped time counts on from before the change (02:30 becomes 03:30).
    """
    told = instants(local, zone)
    if style.clock_change == "earliest":
        return Cells(told.at, _no_problems(local.len()))
    problems = pl.select(
        pl.when(pl.lit(told.is_skipped))
        .then(pl.lit(NUMBER_OF["time_skipped"], pl.UInt8))
        .when(pl.lit(told.is_repeated))
        .then(pl.lit(NUMBER_OF["time_repeated"], pl.UInt8))
    ).to_series()
    nothing = pl.Series([None], dtype=told.at.dtype)
    return Cells(told.at.zip_with(problems.is_null(), nothing), problems)
