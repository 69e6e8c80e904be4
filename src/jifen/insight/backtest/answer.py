"""From the merged tally to the result that a report shows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction
from typing import Literal
from uuid import UUID

import numpy as np
import polars as pl

from jifen.insight.backtest.answer_loopholes import loopholes_of, outlying
from jifen.insight.backtest.answer_members import MembersTold
from jifen.insight.backtest.answer_sides import SideTold
from jifen.insight.backtest.intervals import intervals_of
from jifen.insight.backtest.question import Question
from jifen.insight.backtest.result import (
    LARGEST,
    Compared,
    Notice,
    PartSeconds,
    ProgramCompared,
    Result,
    Side,
)
from jifen.insight.backtest.result_side import name_of
from jifen.insight.backtest.shapes import Integers
from jifen.insight.backtest.sides import Side as Judging
from jifen.insight.backtest.tally import BASELINE, DRAFT, Tally
from jifen.insight.backtest.words import assumptions_of, notices_of, sensitivity_of
from jifen.insight.snapshot import Snapshot


def answer(
    snapshot: Snapshot,
    question: Question,
    tally: Tally,
    *,
    made_at: datetime,
    elasticity: Fraction | None = None,
    missing: Sequence[Notice] = (),
    gift_passes: Mapping[int, int] | None = None,
    engine: Literal["local", "spark"] = "local",
) -> Result:
    """The result of a back-test.

    Shape
        tally         of every bucket
        missing       what was told before it ran
        gift_passes   by side: in how many passes gifts were settled
        engine        where the tally was made
    """
    makers = [SideTold(question, side, tally.sides[at]) for at, side in enumerate(question.sides)]
    sales = int(tally.members.get_column("sales").sum())
    sides: list[Side] = [maker.told(_tiers(tally, at), sales) for at, maker in enumerate(makers)]
    both = (sides[BASELINE], sides[DRAFT])
    names = _names(snapshot, question, tally)
    told = MembersTold(question, tally, (makers[BASELINE], makers[DRAFT]), names)
    return Result(
        compared=_compared(snapshot, question, tally, made_at=made_at, sales=sales, engine=engine),
        baseline=sides[BASELINE],
        draft=sides[DRAFT],
        tier_moves=told.moves(),
        change=told.change(),
        loopholes=loopholes_of(question, tally, names),
        warnings=notices_of(question, tally, both, missing),
        assumptions=assumptions_of(question, dict(gift_passes or {}), elasticity),
        sensitivity=sensitivity_of(elasticity, both, sales),
        intervals=intervals_of(question, told, _members_all(snapshot)),
    )


def _members_all(snapshot: Snapshot) -> int:
    return snapshot.manifest.totals["members"].rows


def _tiers(tally: Tally, at: int) -> dict[str, Integers]:
    named_as = {"before": f"before_{at}", "after": f"tier_{at}", "grace": f"grace_{at}"}
    return {name: tally.members.get_column(column).to_numpy() for name, column in named_as.items()}


def _names(snapshot: Snapshot, question: Question, tally: Tally) -> dict[int, str]:
    """`mbr_...` of the members that are told of one by one; nobody else's id is read."""
    change = (tally.members["value_1"] - tally.members["value_0"]).to_numpy()
    order = np.argsort(change, kind="stable")
    numbers = tally.members.get_column("member").to_numpy()
    wanted = (
        set(numbers[order[:LARGEST]].tolist()) | set(numbers[order[-LARGEST:]].tolist()) | set(tally.changes)
    )
    wanted |= {basket.member for basket in tally.sides[DRAFT].worst}
    wanted |= {int(numbers[at]) for at, _ in outlying(question, tally)}
    found = (
        snapshot.scan("members")
        .filter(pl.col("member").is_in(pl.Series(sorted(wanted), dtype=pl.Int64).implode()))
        .select("member", "member_id")
        .collect()
    )
    return {member: f"mbr_{UUID(member_id).hex}" for member, member_id in found.rows()}


def _compared(
    snapshot: Snapshot,
    question: Question,
    tally: Tally,
    *,
    made_at: datetime,
    sales: int,
    engine: Literal["local", "spark"],
) -> Compared:
    manifest = snapshot.manifest
    stores = question.draft.program.stores
    return Compared(
        draft=_program(question.draft),
        baseline=_program(question.baseline),
        from_on=question.from_on,
        to_on=question.to_on,
        snapshot=snapshot.folder.name,
        snapshot_as_of=manifest.instant,
        made_at=made_at,
        time_zone=question.zone,
        money=question.draft.program.money,
        money_decimals=question.draft.program.money_decimals,
        stores=tuple(name_of(code, stores[code].names if code in stores else {}) for code in question.stores),
        sample=None if question.sample is None else (question.sample.numerator, question.sample.denominator),
        engine=engine,
        seed=question.seed,
        purchases=tally.purchases,
        lines=tally.lines,
        returns=tally.returns,
        members=tally.members.height,
        members_all=_members_all(snapshot),
        sales_minor=sales,
        seconds=tuple(
            PartSeconds(part=part, milliseconds=round(seconds * 1_000))
            for part, seconds in tally.seconds.items()
        ),
    )


def _program(side: Judging) -> ProgramCompared:
    program = side.program
    return ProgramCompared(
        name=name_of(program.code, program.names),
        label=side.label,
        sha256=side.sha256,
        revisions=side.revisions,
    )
