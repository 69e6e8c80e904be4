"""The rows of a CSV or Parquet file, exactly as written: text stays text, and every row knows its number.

Everything that makes a whole file unusable is found here and refused before a row is taken. A row with more or fewer
cells than the header is kept apart, with what can still be told of it.
"""

from __future__ import annotations

import codecs
import csv
import difflib
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pyarrow as pa
from pyarrow import csv as arrow_csv
from pyarrow import parquet

from jifen.domain.texts import BLANKS
from jifen.insight.read_purchases.mapping import FileForm
from jifen.insight.read_purchases.reasons import FileRefused

BYTES_MAX = 2 * 1024**3
_HEADER_BYTES_MAX = 1024**2
PARQUET_ROWS_MAX = 100_000_000
PARQUET_BYTES_MAX = 8 * 1024**3
"""Unpressed, as a Parquet file says itself: what is pressed well may swell a thousand times when it is read."""

ROW = "#row"  # as a person counts: a CSV's header is row 1, a Parquet file's first row is 1
TORN = "#torn"  # the text of a row whose cells cannot be told apart; otherwise empty


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenedFile:
    """A file whose header fits the mapping."""

    path: Path
    name: str  # for messages
    is_csv: bool
    header: tuple[str, ...]
    columns: tuple[str, ...]  # those that the mapping names, once each, in the file's order
    keys: tuple[str, ...]  # those of them that are told of a row whose cells cannot be told apart


def names_of(files: Sequence[Path]) -> dict[Path, str]:
    """Each file once with its name for messages: without its folder where that is clear."""
    different = list({path.resolve(): path for path in files}.values())
    called = [path.name for path in different]
    return {path: path.name if called.count(path.name) == 1 else str(path) for path in different}


def open_file(
    path: Path, mapping: FileForm, columns: Sequence[str], *, name: str, keys: Sequence[str]
) -> OpenedFile:
    """The file, once its header is known to hold the mapped columns.

    Refuses
        FileRefused   it is missing, empty, too large, unreadable, in another encoding, or lacks a column.
    """
    if not path.is_file():
        raise FileRefused("file_missing", name)
    size = path.stat().st_size
    if size == 0:
        raise FileRefused("file_empty", name)
    if size > BYTES_MAX:
        raise FileRefused("file_too_large", name)
    is_csv = mapping.format == "csv" or (mapping.format is None and path.suffix.lower() != ".parquet")
    header = _csv_header(path, mapping, name) if is_csv else _parquet_header(path, name)
    _refuse_wrong_header(name, header, columns)
    wanted = tuple(column for column in header if column in set(columns))
    return OpenedFile(path=path, name=name, is_csv=is_csv, header=header, columns=wanted, keys=tuple(keys))


def _refuse_wrong_header(name: str, header: Sequence[str], columns: Sequence[str]) -> None:
    missing = [column for column in dict.fromkeys(columns) if column not in header]
    if missing:
        said = "; ".join(_missing(column, header) for column in missing)
        raise FileRefused("column_missing", name, detail=said, row=1)
    twice = [column for column in dict.fromkeys(columns) if list(header).count(column) > 1]
    if twice:
        raise FileRefused("column_twice", name, detail=", ".join(twice), row=1)


def _missing(column: str, header: Sequence[str]) -> str:
    near = difflib.get_close_matches(column, header, n=1)
    return f"{column!r}" + (
        f" (the file has {near[0]!r})" if near else f" (the file has {list(header)[:30]})"
    )


def read_rows(file: OpenedFile, mapping: FileForm) -> pl.DataFrame:
    """One row a row of the file: ROW, TORN and the mapped columns, as `read_csv` and `read_parquet` tell them."""
    return read_csv(file, mapping) if file.is_csv else read_parquet(file)


# CSV ------------------------------------------------------------------------------------------------------------------


def _separator(mapping: FileForm) -> str:
    return "\t" if mapping.separator == "tab" else mapping.separator


def _split(text: str, mapping: FileForm) -> list[str]:
    """The cells of one row of text; at most what a header can hold."""
    mark = _separator(mapping)
    try:
        if mapping.quote == "none":
            return next(csv.reader([text], delimiter=mark, quoting=csv.QUOTE_NONE), [])
        return next(csv.reader([text], delimiter=mark), [])
    except csv.Error:
        return []


def _csv_header(path: Path, mapping: FileForm, name: str) -> tuple[str, ...]:
    with path.open("rb") as stream:
        start = stream.read(_HEADER_BYTES_MAX)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileRefused("encoding_wrong", name, detail="It is UTF-16.", row=1)
    first = start.removeprefix(codecs.BOM_UTF8).split(b"\n", 1)[0]
    if not start.removeprefix(codecs.BOM_UTF8).strip():
        raise FileRefused("file_empty", name)
    try:
        text = first.decode(mapping.encoding)
    except UnicodeDecodeError as problem:
        raise FileRefused("encoding_wrong", name, row=1) from problem
    return tuple(cell.strip() for cell in _split(text.rstrip("\r"), mapping))


def read_csv(file: OpenedFile, mapping: FileForm) -> pl.DataFrame:
    """One row a row of the file: ROW, TORN and the mapped columns as text, trimmed, empty cells as null.

    Source
        Arrow's reader, because it hands over rows with a wrong number of cells instead of failing or cutting them.
    """
    torn: list[arrow_csv.InvalidRow] = []

    def keep_apart(row: arrow_csv.InvalidRow) -> str:
        torn.append(row)
        return "skip"

    # Columns go by position, so that one that is not mapped may be called anything, also twice.
    called = [f"{position}" for position in range(len(file.header))]
    wanted = {called[file.header.index(column)]: column for column in file.columns}
    try:
        table = arrow_csv.read_csv(
            pa.BufferReader(_utf8(file, mapping)),
            read_options=arrow_csv.ReadOptions(use_threads=False, column_names=called, skip_rows=1),
            parse_options=arrow_csv.ParseOptions(
                delimiter=_separator(mapping),
                quote_char=False if mapping.quote == "none" else '"',
                newlines_in_values=mapping.quote != "none",
                ignore_empty_lines=False,
                invalid_row_handler=keep_apart,
            ),
            convert_options=arrow_csv.ConvertOptions(
                column_types=dict.fromkeys(wanted, pa.string()),
                include_columns=list(wanted),
                strings_can_be_null=True,
                null_values=[""],
            ),
        )
    except pa.ArrowInvalid as problem:
        if "Empty CSV file" in str(problem):  # a header and no row: a day without sales
            return pl.DataFrame(
                schema={ROW: pl.Int64, TORN: pl.String, **dict.fromkeys(file.columns, pl.String)}
            )
        raise _refused_text(file, str(problem)) from problem
    whole = pl.from_arrow(table)
    assert isinstance(whole, pl.DataFrame)
    return _with_rows(whole.rename(wanted), torn, file, mapping)


def _utf8(file: OpenedFile, mapping: FileForm) -> pa.Buffer:
    """The file's text, all of it known to be UTF-8 before a row is looked at."""
    if mapping.encoding == "utf-8":
        written = pa.memory_map(str(file.path)).read_buffer()
        if not _is_utf8(written):
            detail = "Files from Excel in China are often gb18030."
            raise FileRefused(
                "encoding_wrong", file.name, detail=detail, row=_row_that_is_not_utf8(file.path)
            )
        return written
    bytes_ = file.path.read_bytes()
    try:
        return pa.py_buffer(bytes_.decode(mapping.encoding).encode())
    except UnicodeDecodeError as problem:
        row = bytes_.count(b"\n", 0, problem.start) + 1
        raise FileRefused("encoding_wrong", file.name, row=row) from problem


def _is_utf8(written: pa.Buffer) -> bool:
    ends = pa.py_buffer(struct.pack("=qq", 0, written.size))
    try:
        pa.Array.from_buffers(pa.large_binary(), 1, [None, ends, written]).cast(pa.large_string())
    except pa.ArrowInvalid:
        return False
    return True


def _row_that_is_not_utf8(path: Path) -> int:
    with path.open("rb") as stream:
        for row, line in enumerate(stream, start=1):
            try:
                line.decode("utf-8")
            except UnicodeDecodeError:
                return row
    return 0


def _refused_text(file: OpenedFile, said: str) -> FileRefused:
    if "straddl" in said or "out of sync" in said:
        return FileRefused("quote_open", file.name)
    return FileRefused("file_unreadable", file.name, detail=said[:300])


def _with_rows(
    whole: pl.DataFrame, torn: list[arrow_csv.InvalidRow], file: OpenedFile, mapping: FileForm
) -> pl.DataFrame:
    """The rows in the file's order with their numbers, blank ones left out and torn ones put back."""
    for row in torn:
        if "\n" in row.text.rstrip("\r\n"):
            raise FileRefused("quote_open", file.name, row=row.number)
    numbers = pl.int_range(2, whole.height + len(torn) + 2, dtype=pl.Int64, eager=True).alias(ROW)
    if torn:
        gone = pl.Series([row.number for row in torn], dtype=pl.Int64)
        numbers = numbers.filter(~numbers.is_in(gone.implode()))
    trimmed = whole.select(
        numbers,
        pl.lit(None, pl.String).alias(TORN),
        pl.col(file.columns).str.strip_chars(BLANKS).replace("", None),
    )
    swallowed = trimmed.filter(
        pl.any_horizontal(
            pl.col(file.columns).str.contains("\n", literal=True)
            & pl.col(file.columns).str.contains(_separator(mapping), literal=True)
        )
    )
    if swallowed.height:  # one cell that holds what looks like rows: nothing behind it can be trusted
        raise FileRefused("quote_open", file.name, row=int(swallowed.get_column(ROW)[0]))
    kept = trimmed.filter(~pl.all_horizontal(pl.col(file.columns).is_null()))
    if not torn:
        return kept
    return pl.concat([kept, _torn_rows(torn, file, mapping)]).sort(ROW)


def _torn_rows(torn: list[arrow_csv.InvalidRow], file: OpenedFile, mapping: FileForm) -> pl.DataFrame:
    """Rows of a wrong number of cells: of them only the keys are told, if they can be."""
    rows: list[dict[str, object]] = []
    for row in torn:
        cells = _split(row.text, mapping)
        told = {
            column: cells[at].strip(BLANKS)
            for column in file.keys
            if (at := file.header.index(column)) < len(cells)
        }
        rows.append({ROW: row.number, TORN: row.text, **{key: value or None for key, value in told.items()}})
    schema = {ROW: pl.Int64, TORN: pl.String, **dict.fromkeys(file.columns, pl.String)}
    return pl.DataFrame([{name: row.get(name) for name in schema} for row in rows], schema=schema)


# Parquet --------------------------------------------------------------------------------------------------------------


def _parquet_header(path: Path, name: str) -> tuple[str, ...]:
    try:
        metadata = parquet.read_metadata(path)
        refuse_swollen(metadata, name)
        return tuple(metadata.schema.to_arrow_schema().names)
    except (pa.ArrowException, OSError) as problem:
        raise FileRefused("file_unreadable", name, detail=str(problem)[:300]) from problem


def refuse_swollen(metadata: parquet.FileMetaData, name: str) -> None:
    """Refuse a file that would swell beyond all measure when it is read.

    Refuses
        FileRefused   it holds more rows or more bytes, unpressed, than a file may
    """
    unpressed = sum(metadata.row_group(at).total_byte_size for at in range(metadata.num_row_groups))
    if metadata.num_rows > PARQUET_ROWS_MAX or unpressed > PARQUET_BYTES_MAX:
        detail = f"It would come to {metadata.num_rows:,} rows and {unpressed >> 20:,} MiB."
        raise FileRefused("file_too_large", name, detail=detail)


def read_parquet(file: OpenedFile) -> pl.DataFrame:
    """One row a row of the file: ROW, TORN (always empty) and the mapped columns in their own types, instants in UTC.

    Source
        Arrow's reader, because a zone that Polars does not know, such as `+05:30`, ends the process there.
    """
    try:
        # Not `read_table`: to it a dot in a column's name is a step into a nested one.
        read = parquet.ParquetFile(file.path, memory_map=True).read(columns=list(file.columns))
        columns = [_known_to_polars(read.column(name), name, file) for name in file.columns]
        table = pl.from_arrow(pa.table(columns, names=list(file.columns)))
    except (pa.ArrowException, pl.exceptions.PolarsError, OSError) as problem:
        raise FileRefused("file_unreadable", file.name, detail=str(problem)[:300]) from problem
    assert isinstance(table, pl.DataFrame), "a table becomes a frame"
    texts = [name for name, type_ in table.schema.items() if type_ == pl.String]
    return table.with_columns(pl.col(texts).str.strip_chars(BLANKS).replace("", None)).select(
        pl.int_range(1, pl.len() + 1, dtype=pl.Int64).alias(ROW),
        pl.lit(None, pl.String).alias(TORN),
        *file.columns,
    )


def _known_to_polars(column: pa.ChunkedArray, name: str, file: OpenedFile) -> pa.ChunkedArray:
    """The column in a type that means something in a purchase; what is kept of an instant is the instant, in UTC."""
    type_ = column.type
    if pa.types.is_dictionary(type_):
        column = column.cast(type_.value_type)
        type_ = column.type
    if pa.types.is_timestamp(type_):
        return column.cast(pa.timestamp(type_.unit, "UTC")) if type_.tz is not None else column
    inner = type_.value_type if pa.types.is_list(type_) or pa.types.is_large_list(type_) else type_
    if not any(is_one(inner) for is_one in _PLAIN_TYPES):
        raise FileRefused(
            "column_type", file.name, detail=f"{name}: {type_} is neither text, number nor time"
        )
    return column


_PLAIN_TYPES = (
    pa.types.is_string, pa.types.is_large_string, pa.types.is_string_view, pa.types.is_integer, pa.types.is_floating,
    pa.types.is_decimal128, pa.types.is_boolean, pa.types.is_date, pa.types.is_binary, pa.types.is_null,
)  # fmt: skip
