"""The first rows of a file as text, and a mapping to begin from. Reads the head of a CSV and the first rows of a Parquet file."""

from __future__ import annotations

import codecs
import csv
from pathlib import Path
from typing import Any, Final

import pyarrow as pa
from pyarrow import parquet

from jifen.domain.texts import one_line
from jifen.insight.guess_mapping import FIELDS, guessed_mapping, tells_offset
from jifen.insight.read_purchases.files import refuse_swollen
from jifen.insight.read_purchases.reasons import FileRefused

ROWS: Final = 20
COLUMNS_MAX: Final = 300
CELL_MAX: Final = 200
HEAD_BYTES: Final = 1024**2
SEPARATORS: Final = {",": ",", ";": ";", "\t": "tab", "|": "|"}


def look_at_file(path: Path, *, what: str, name: str, form: dict[str, str]) -> dict[str, Any]:
    """Format, encoding, separator, quote, header, rows, mapping, and whether a zone has to be named.

    Shape
        form   encoding, separator, quote, where somebody said so; what is not said is guessed

    Refuses
        FileRefused   it is empty, unreadable, in another encoding, or has no header of columns
    """
    if path.stat().st_size == 0:
        raise FileRefused("file_empty", name)
    is_parquet = path.suffix == ".parquet"
    told = _parquet_head(path, name) if is_parquet else _csv_head(path, name, form)
    header, rows = told["header"], told["rows"]
    if not 1 <= len(header) <= COLUMNS_MAX:
        raise FileRefused("file_unreadable", name, detail=f"it has {len(header)} columns", row=1)
    mapping = guessed_mapping(what, header, rows, is_text=not is_parquet)
    mapping |= {key: told[key] for key in ("format", "encoding", "separator", "quote") if told[key]}
    column = mapping["columns"].get("occurred_at")
    times = [row[header.index(column)] or "" for row in rows] if column is not None else []
    return {
        **told,
        "rows": [[cell and one_line(cell)[:CELL_MAX] for cell in row] for row in rows],
        "mapping": mapping,
        "fields": list(FIELDS[what]),
        "needs_zone": what == "purchases" and not tells_offset([one for one in times if one]),
    }


def _csv_head(path: Path, name: str, form: dict[str, str]) -> dict[str, Any]:
    with path.open("rb") as stream:
        start = stream.read(HEAD_BYTES)
        is_whole = len(start) < HEAD_BYTES
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        raise FileRefused("encoding_wrong", name, detail="It is UTF-16.", row=1)
    if (
        start.startswith((b"PAR1", b"PK\x03\x04", b"\xd0\xcf\x11\xe0", b"%PDF", b"\x1f\x8b"))
        or b"\0" in start
    ):
        detail = "It is no text: a workbook is saved as CSV first, and what is zipped is unzipped."
        raise FileRefused("file_unreadable", name, detail=detail)
    start = start.removeprefix(codecs.BOM_UTF8)
    # A cut in the middle of a character is no fault of the file.
    whole = start if is_whole else start[: start.rfind(b"\n") + 1]
    if not whole.strip():
        raise FileRefused("file_empty" if is_whole else "file_unreadable", name, row=1)
    encoding = form.get("encoding") or _encoding(whole)
    try:
        text = whole.decode(encoding)
    except UnicodeDecodeError as problem:
        row = whole.count(b"\n", 0, problem.start) + 1
        raise FileRefused("encoding_wrong", name, row=row) from problem
    separator = form.get("separator") or _separator(text)
    quote = form.get("quote") or "double"
    mark = "\t" if separator == "tab" else separator
    try:
        lines = []
        written = text.splitlines(keepends=True)
        if quote == "none":
            found = csv.reader(written, delimiter=mark, quoting=csv.QUOTE_NONE)
        else:
            found = csv.reader(written, delimiter=mark)
        for line in found:
            if line:
                lines.append([cell.strip() for cell in line])
            if len(lines) > ROWS:
                break
    except csv.Error as problem:
        raise FileRefused("file_unreadable", name, detail=str(problem)) from problem
    header = lines[0]
    return {
        "format": "csv", "encoding": encoding, "separator": separator, "quote": quote, "header": header,
        "rows": [[cell or None for cell in line[: len(header)]] + [None] * (len(header) - len(line)) for line in lines[1:]],
    }  # fmt: skip


def _encoding(start: bytes) -> str:
    try:
        start.decode("utf-8")
    except UnicodeDecodeError:
        return "gb18030"
    return "utf-8"


def _separator(text: str) -> str:
    first = text.split("\n", 1)[0]
    best = max(SEPARATORS, key=first.count)
    return SEPARATORS[best] if first.count(best) else ","


def _parquet_head(path: Path, name: str) -> dict[str, Any]:
    try:
        file = parquet.ParquetFile(path, memory_map=True)
        refuse_swollen(file.metadata, name)
        header = list(file.schema_arrow.names)[: COLUMNS_MAX + 1]
        first = next(file.iter_batches(batch_size=ROWS), None)
        columns = [column.to_pylist() for column in first.columns] if first is not None else []
    except (pa.ArrowException, OSError, ValueError) as problem:
        raise FileRefused("file_unreadable", name, detail=one_line(str(problem))[:300]) from problem
    rows = [[None if cell is None else str(cell) for cell in row] for row in zip(*columns, strict=True)]
    return {
        "format": "parquet",
        "encoding": None,
        "separator": None,
        "quote": None,
        "header": header,
        "rows": rows,
    }
