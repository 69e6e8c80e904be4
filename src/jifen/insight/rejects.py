"""Rejected rows as a file that a person opens in Excel: one row a reason, safe to open, whole or not there."""

from __future__ import annotations

import os
from pathlib import Path
from typing import BinaryIO

import polars as pl

from jifen.domain.texts import one_line
from jifen.insight.frames import REJECTS
from jifen.insight.write_whole import PRIVATE, write_whole

# A cell that begins with one of these is a formula to a spreadsheet; the last four are their full-width twins.
_FORMULA = r"^\s*[=+\-@＝＋－＠]"


def rejects_beside(file: Path) -> Path:
    """Where the rejects of a file go when nobody says: `sales.csv` -> `sales.rejects.csv`, or `sales.rejects-2.csv` and on."""
    number = 1
    while True:
        beside = file.with_name(f"{file.stem}.rejects{f'-{number}' if number > 1 else ''}.csv")
        if not os.path.lexists(beside):
            return beside
        number += 1


def write_rejects(rejects: pl.DataFrame, *, to: Path, over: bool = False) -> Path:
    """The file written: UTF-8 with BOM, readable by its owner only, for it quotes what the rows held.

    A cell that a spreadsheet would run gets an apostrophe in front, and a character that is not printed stands there by its
    number (`\\u001b`), for such a file is looked at in a terminal too. No rejects make a file with a header alone.

    Refuses
        FrameContractBroken   `rejects` is not that frame.
        FileTaken, OSError    as `write_whole` does.
    """
    REJECTS.check(rejects)
    texts = [name for name, type_ in rejects.schema.items() if type_ == pl.String]
    safe = rejects.with_columns(_harmless(pl.col(texts)))

    def write(stream: BinaryIO) -> None:
        safe.write_csv(stream, include_bom=True, quote_style="always", line_terminator="\r\n")

    write_whole(to, write, over=over, mode=PRIVATE)
    return to


def _harmless(texts: pl.Expr) -> pl.Expr:
    shown = texts.map_elements(one_line, return_dtype=pl.String)
    return pl.when(shown.str.contains(_FORMULA)).then(pl.format("'{}", shown)).otherwise(shown).name.keep()
