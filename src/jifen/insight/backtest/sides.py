"""The two timelines of a back-test: what judges each moment of the past, and their numbers as flat arrays."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import reduce
from math import lcm

import numpy as np
import polars as pl

from jifen.document.compile import compile_program
from jifen.document.model import ProgramDocument
from jifen.document.stored import Published, numbering_of, timeline_of_published
from jifen.domain import fold
from jifen.domain.calendar import date_of, start_of_day
from jifen.domain.program.conditions import ALWAYS
from jifen.domain.program.meaning import NONE, Program
from jifen.domain.program.select import measures_of
from jifen.domain.timeline import Timeline, timeline_of
from jifen.insight.backtest.shapes import Integers
from jifen.insight.select_columns import asked_by, columns_asked
from jifen.insight.walked import numbers_of


class BacktestRefused(ValueError):
    """The question cannot be answered over this history; the message says why, in English."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """One side: its timeline, of which the first `published` rows are revisions that the ledger was judged by.

    `begins_at` is the moment from which the last row judges instead of what was published; None: never.
    """

    label: str
    sha256: str
    timeline: Timeline
    published: int
    begins_at: datetime | None

    def __post_init__(self) -> None:
        """Refuse what a walk of single lives cannot judge."""
        if any(one.at_once for program in self.timeline.programs for one in program.exchanges):
            raise BacktestRefused(
                f"the programme exchanges units by itself ({self.label}), which a back-test cannot judge yet: "
                "leave such exchanges out of the draft"
            )

        for program in self.timeline.programs[self.published :]:
            if any(rule.on != NONE and rule.known != ALWAYS for rule in program.rules):
                raise BacktestRefused(
                    f"a rule on a moment asks for segments ({self.label}), which a back-test cannot judge yet: "
                    "leave such rules out of the draft"
                )

    @property
    def program(self) -> Program:
        """The programme that the side ends with."""
        return self.timeline.newest

    @property
    def revisions(self) -> tuple[int, ...]:
        """The published revisions on this side."""
        return tuple(program.revision for program in self.timeline.programs[: self.published])

    def rows_of_purchases(self, purchases: pl.DataFrame) -> Integers:
        """The row of the timeline that judges each purchase: the revision that judged it, or the document."""
        revision, occurred_at = purchases.get_column("revision"), purchases.get_column("occurred_at")
        known = {program.revision: row for row, program in enumerate(self.timeline.programs)}
        numbers = revision.to_numpy()
        table = np.full(int(max(numbers.max(initial=0), *known)) + 1, -1, dtype=np.int64)
        for number, row in known.items():
            table[number] = row
        rows: Integers = table[numbers]
        if self.begins_at is not None:
            rows = np.where(_from(occurred_at, self.begins_at), len(self.timeline.programs) - 1, rows)
        if len(rows) and int(rows.min()) < 0:
            raise BacktestRefused("a purchase was judged by a revision that the snapshot does not hold")
        return rows

    def rows_at(self, moments: pl.Series) -> Integers:
        """The row of the timeline in force at each moment."""
        effective = pl.Series(
            [p.effective_at for p in self.timeline.programs], dtype=pl.Datetime("us", "UTC")
        )
        found = effective.search_sorted(moments, side="right").cast(pl.Int64).to_numpy() - 1
        rows: Integers = np.maximum(found, 0)
        return rows

    def numbers(self) -> fold.Numbers:
        """The timeline's tables."""
        return numbers_of(self.timeline)

    def dates(self, first_day: int, end_day: int) -> Integers:
        """[row, day - first_day, terms, DATES_WIDTH]: the days that terms have for what is opened on a day."""
        n_rows, n_days = len(self.timeline.programs), end_day - first_day + 1
        table = np.zeros((n_rows, n_days, self.timeline.n_terms * fold.DATES_WIDTH), dtype=np.int64)
        for row in range(n_rows):
            for at in range(n_days):
                on = date_of(first_day + at)
                assert on is not None, "an event has a date"
                table[row, at] = self.timeline.dates(row, on)
        return table.reshape(n_rows, n_days, self.timeline.n_terms, fold.DATES_WIDTH)

    def worths(self) -> tuple[Integers, int]:
        """What one unit of each currency is worth in equal parts of a minor unit, and how many parts make one."""
        known = [c.worth_minor for c in self.program.currencies]
        parts = reduce(lcm, (worth[1] for worth in known if worth), 1)
        return np.array([w[0] * parts // w[1] if w else 0 for w in known], dtype=np.int64), parts

    def columns_asked(self) -> set[str]:
        """The columns of purchases and lines that its conditions ask for."""
        rules = (rule for program in self.timeline.programs for rule in program.rules)
        return set(columns_asked(asked_by(rule) for rule in rules)) | {
            name
            for program in self.timeline.programs
            for measure in measures_of(program)
            for name in ("sku", *columns_asked([measure.of or ALWAYS]))
        }


def _from(moments: pl.Series, at: datetime) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    limit = pl.Series([at], dtype=pl.Datetime("us", "UTC")).to_physical()[0]
    found: np.ndarray[tuple[int], np.dtype[np.bool_]] = moments.to_physical().to_numpy() >= limit
    return found


def live_side(revisions: Sequence[Published]) -> Side:
    """The published revisions as they were in effect."""
    newest = revisions[-1]
    digest = getattr(newest, "document_hash", None) or _digest(newest.document)
    timeline = timeline_of_published(revisions)
    return Side(label="live", sha256=digest, timeline=timeline, published=len(revisions), begins_at=None)


def document_side(
    document: ProgramDocument, revisions: Sequence[Published], *, label: str, from_on: date | None
) -> Side:
    """A document from the beginning of a day on, and what was published before; without a day, from the beginning.

    Its numbers of rules, tiers and currencies continue the published ones, so that both sides can be compared.

    Refuses
        DocumentRefused    the document contradicts itself
        BacktestRefused    it counts days in another zone or money in another kind
    """
    live = timeline_of_published(revisions)
    begins_at = live.programs[0].effective_at
    if from_on is not None:
        begins_at = max(begins_at, start_of_day(from_on, live.time_zone))
    before = [program for program in live.programs if program.effective_at < begins_at]
    program = compile_program(
        document,
        revision=max(revision.number for revision in revisions) + 1,
        effective_at=begins_at,
        numbering=numbering_of(revisions[-1].numbering),
    )
    for what, own, theirs in (
        ("time zone", program.time_zone, live.time_zone),
        ("money", program.money, live.newest.money),
    ):
        if own != theirs:
            raise BacktestRefused(f"the document's {what} is {own}, that of the history is {theirs}")
    gone = {one.code for one in live.newest.currencies} - {one.code for one in program.currencies}
    if gone:
        raise BacktestRefused(
            f"the document lacks {', '.join(sorted(gone))}, which members of the history hold: "
            "keep every currency of the programme"
        )
    return Side(
        label=label,
        sha256=_digest(document.model_dump(mode="json", by_alias=True)),
        timeline=timeline_of([*before, program]),
        published=len(before),
        begins_at=begins_at,
    )


def _digest(document: object) -> str:
    text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
