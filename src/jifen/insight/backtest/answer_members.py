"""What changes for members: the distribution, winners and losers with their reasons, and where tiers end."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import numpy as np
import polars as pl

from jifen.insight.backtest.answer_sides import SideTold, rule_on
from jifen.insight.backtest.question import Question
from jifen.insight.backtest.result import (
    LARGEST,
    Change,
    ChangeShare,
    Decile,
    MemberChange,
    Name,
    RuleChange,
    TierMove,
    TierMoves,
)
from jifen.insight.backtest.result_side import name_of, name_of_said
from jifen.insight.backtest.segments import by_what_was_paid
from jifen.insight.backtest.shapes import Integers
from jifen.insight.backtest.tally import Tally
from jifen.present.said import Said

REASONS = 5


class MembersTold:
    """Makes what a result tells of members."""

    def __init__(
        self, question: Question, tally: Tally, sides: tuple[SideTold, SideTold], names: Mapping[int, str]
    ) -> None:
        self.question, self.tally, self.sides, self.names = question, tally, sides, names
        self.frame = tally.members.with_columns(
            change=pl.col("value_1") - pl.col("value_0"),
            rank_0=pl.Series(sides[0].rank(tally.members.get_column("tier_0").to_numpy())),
            rank_1=pl.Series(sides[1].rank(tally.members.get_column("tier_1").to_numpy())),
        )

    def height_of(self, ranks: Integers) -> Integers:
        """How high each rank of the baseline's ladder stands in the draft's.

        A tier of both ladders is as high as the draft has it; one of the baseline alone as its own ladder has it.
        """
        heights = {tier.code: rank for rank, tier in enumerate(self.sides[1].judging.program.ladder.tiers)}
        ladder = self.sides[0].judging.program.ladder.tiers
        table = np.array([heights.get(tier.code, rank) for rank, tier in enumerate(ladder)], dtype=np.int64)
        found: Integers = table[ranks]
        return found

    def moves(self) -> TierMoves:
        """Where members end with the one and the other."""
        ladders = [side.judging.program.ladder.tiers for side in self.sides]
        rise = self.frame.get_column("rank_1").to_numpy() - self.height_of(
            self.frame.get_column("rank_0").to_numpy()
        )
        cells = self.frame.group_by("rank_0", "rank_1").len().sort("rank_0", "rank_1")
        return TierMoves(
            cells=tuple(
                TierMove(
                    baseline_tier=ladders[0][one].code, draft_tier=ladders[1][other].code, members=members
                )
                for one, other, members in cells.rows()
            ),
            promoted=int((rise > 0).sum()),
            demoted=int((rise < 0).sum()),
            unmoved=int((rise == 0).sum()),
            kept_by_grace=self.frame.filter((pl.col("grace_1") == 1) & (pl.col("grace_0") == 0)).height,
        )

    def change(self) -> Change:
        """The distribution of what members gain and lose."""
        measured = self.question.measured_currency()
        currency = None if measured is None else self.question.draft.program.currencies[measured].code
        ordered = self.frame.sort("change", "member")
        return Change(
            measure="minor" if measured is None else "units",
            currency=currency,
            deciles=tuple(deciles(ordered.get_column("change").to_numpy())),
            shares=tuple(self._shares()),
            gained_most=tuple(self._largest(ordered.reverse().head(LARGEST).filter(pl.col("change") > 0))),
            lost_most=tuple(self._largest(ordered.head(LARGEST).filter(pl.col("change") < 0))),
        )

    def _shares(self) -> Iterable[ChangeShare]:
        everybody = name_of_said("all", Said("backtest.everybody"))
        yield self._share("all", everybody, self.frame)
        for rank, tier in enumerate(self.sides[0].judging.program.ladder.tiers):
            own = self.frame.filter(rank_0=rank)
            if own.height:
                yield self._share("tier", name_of(tier.code, tier.names), own)
        for segment, own in by_what_was_paid(self.frame):
            yield self._share("segment", segment, own)
        stores = self.question.draft.program.stores
        for (code,), own in self.frame.sort("store").group_by("store", maintain_order=True):
            text = str(code)
            name = name_of(text, stores[text].names if text in stores else {})
            if text:
                yield self._share("store", name, own)

    def _share(self, by: str, group: Name, own: pl.DataFrame) -> ChangeShare:
        change = own.get_column("change")
        better, worse = int((change > 0).sum()), int((change < 0).sum())
        return ChangeShare(
            by=by,
            group=group,
            members=own.height,
            better=better,
            worse=worse,
            unchanged=own.height - better - worse,
            total=int(change.sum()),
        )

    def _largest(self, rows: pl.DataFrame) -> Iterable[MemberChange]:
        ladders = [side.judging.program.ladder.tiers for side in self.sides]
        for row in rows.iter_rows(named=True):
            yield MemberChange(
                member=self.names.get(row["member"], f"#{row['member']}"),
                baseline=row["value_0"],
                draft=row["value_1"],
                change=row["change"],
                sales_minor=row["sales"],
                purchases=row["purchases"],
                baseline_tier=ladders[0][row["rank_0"]].code,
                draft_tier=ladders[1][row["rank_1"]].code,
                reasons=tuple(self._reasons(self.tally.changes[row["member"]])),
            )

    def _reasons(self, changes: Integers) -> Iterable[RuleChange]:
        order = sorted(
            np.flatnonzero(changes).tolist(), key=lambda number: (-abs(int(changes[number])), number)
        )
        for number in order[:REASONS]:
            known = rule_on(self.question.draft, number) or rule_on(self.question.baseline, number)
            assert known is not None, "a rule that granted something is of one of the sides"
            yield RuleChange(rule=known[1].code, change=int(changes[number]))


def deciles(ordered: Integers) -> Iterable[Decile]:
    """Tenths of changes in rising order; none of fewer than ten."""
    if len(ordered) < 10:
        return
    for number, part in enumerate(np.array_split(ordered, 10), start=1):
        yield Decile(
            number=number,
            members=len(part),
            lowest=int(part[0]),
            highest=int(part[-1]),
            total=int(part.sum()),
        )
