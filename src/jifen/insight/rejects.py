"""Rejected rows as a file that a person opens in Excel: one row a reason, safe to open, whole or not there."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import polars as pl

from jifen.domain.texts import one_line
from jifen.insight.frames import REJECTS

# A cell that begins with one of these is a formula to a spreadsheet; the last four are their full-width twins.
_FORMULA = r"^\s*[=+\-@＝＋－＠]"


def rejects_beside(file: Path) -> Path:
    """Where the rejects of a file go when nobody says: `sales.csv` -> `sales.rejects.csv`."""
    return file.with_name(f"{file.stem}.rejects.csv")


def write_rejects(rejects: pl.DataFrame, *, to: Path) -> Path:
    """The file written: UTF-8 with BOM, readable by its owner only, for it quotes what the rows held.

    Whole or not at all: a file of that name is replaced only once the new one is on disk. A cell that a spreadsheet
    would run gets an apostrophe in front, and a character that is not printed stands there by its number (`\\u001b`), for such
    a file is looked at in a terminal too. No rejects make a file with a header alone.

    Refuses
        FrameContractBroken   `rejects` is not that frame.
        OSError               the folder cannot be written.
    """
    REJECTS.check(rejects)
    texts = [name for name, type_ in rejects.schema.items() if type_ == pl.String]
    safe = rejects.with_columns(_harmless(pl.col(texts)))
    handle, written = tempfile.mkstemp(dir=to.parent, prefix=f".{to.name}.", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as stream:
            safe.write_csv(stream, include_bom=True, quote_style="always", line_terminator="\r\n")
            stream.flush()
            os.fsync(stream.fileno())
        Path(written).replace(to)
    except BaseException:
        Path(written).unlink(missing_ok=True)
        raise
    _keep_name(to.parent)
    return to


def _harmless(texts: pl.Expr) -> pl.Expr:
    shown = texts.map_elements(one_line, return_dtype=pl.String)
    return pl.when(shown.str.contains(_FORMULA)).then(pl.format("'{}", shown)).otherwise(shown).name.keep()


def _keep_name(folder: Path) -> None:
    """The new name survives a crash too, where the system can promise it."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
