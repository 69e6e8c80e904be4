"""Why a row or a file is not taken: stable codes; the sentences stand in the catalogues (`row`, `file`)."""

from __future__ import annotations

from typing import Literal, get_args

from jifen.domain.events import SLICES_MAX
from jifen.domain.purchase import LINE_NUMBER_MAX, LINES_MAX, QUANTITY_MILLI_MAX
from jifen.domain.texts import CODE, TAGS_MAX, WORDS
from jifen.present.catalogue import catalogue_of, languages

# In the order in which they are looked for: a cell gets the first that fits.
RowCode = Literal[
    "cells_count",
    "missing",
    "unprintable",
    "text_too_long",
    "tags_too_many",
    "number_shortened",
    "not_a_number",
    "too_many_decimals",
    "not_exact",
    "number_too_large",
    "negative",
    "not_a_time",
    "time_without_zone",
    "time_repeated",
    "time_skipped",
    "time_too_old",
    "time_in_future",
    "store_unknown",
    "money_differs",
    "member_ref_kind_wrong",
    "line_number_wrong",
    "payments_wrong",
    "lines_disagree",
    "line_number_repeated",
    "lines_too_many",
    "amount_too_large",
    "quantity_too_large",
    "sums_differ",
    "payments_differ",
    "contradiction",
    "purchase_refused",
    "not_a_date",
    "currency_unknown",
    "units_negative",
    "earned_in_future",
    "expires_before_earned",
    "reference_repeated",
    "lots_too_many",
    "member_refused",
]

ROW_REASONS: tuple[RowCode, ...] = get_args(RowCode)
"""Each is the message `row.<code>` of the catalogues."""
_MOST = {
    "text_too_long": WORDS.longest,
    "tags_too_many": TAGS_MAX,
    "line_number_wrong": LINE_NUMBER_MAX,
    "lines_too_many": LINES_MAX,
    "quantity_too_large": QUANTITY_MILLI_MAX // 1000,
    "lots_too_many": SLICES_MAX,
}


def row_reason(code: RowCode, column: str | None, language: str) -> str:
    """Why a row is not taken, in a language."""
    parts = {"column": column, "most": _MOST.get(code), "most_of_code": CODE.longest}
    return catalogue_of(language).say(f"row.{code}", **parts)


def reason_languages() -> tuple[str, ...]:
    """The languages that a reason is written in: a column each, English first."""
    return ("en", *(language for language in languages() if language != "en"))


# Codes travel through columns as one byte each.
NUMBER_OF: dict[RowCode, int] = {code: number for number, code in enumerate(ROW_REASONS, start=1)}
CODE_OF: dict[int, RowCode] = {number: code for code, number in NUMBER_OF.items()}


FileCode = Literal[
    "file_missing",
    "file_empty",
    "file_too_large",
    "file_unreadable",
    "encoding_wrong",
    "quote_open",
    "column_missing",
    "column_twice",
    "column_type",
    "zone_missing",
]

FILE_REASONS: tuple[FileCode, ...] = get_args(FileCode)
"""Each is the message `file.<code>` of the catalogues."""


class FileRefused(Exception):
    """A file was refused as a whole, before any of its rows was taken."""

    def __init__(self, code: FileCode, file: str, *, detail: str = "", row: int = 0) -> None:
        self.code = code
        self.file = file
        self.detail = detail
        self.row = row  # 0: no particular row
        super().__init__(f"{self.message('en')} [{code}]")

    def message(self, language: str) -> str:
        """What is wrong, and where, in a language."""
        words = catalogue_of(language)
        place = f"{self.file}:{self.row}" if self.row else self.file
        reason = words.say(f"file.{self.code}")
        if not self.detail:
            return words.say("file_refused.plain", place=place, reason=reason)
        return words.say("file_refused.with_detail", place=place, reason=reason, detail=self.detail)
