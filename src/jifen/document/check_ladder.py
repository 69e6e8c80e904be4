"""What is wrong with the ladder: tiers that do not climb, and ways to count and keep that are said twice or not at all."""

from __future__ import annotations

from collections.abc import Iterator

from jifen.document.amounts import is_positive
from jifen.document.codes import unknown
from jifen.document.model import KeepsUntil, ProgramDocument, Tiers
from jifen.document.problems import Finding, Steps
from jifen.present.said import Said


def ladder_findings(document: ProgramDocument) -> Iterator[Finding]:
    """Everything that is wrong with the tiers, in their order."""
    if document.tiers is None:
        return
    measures = ["spend", "visits", *(part.code for part in document.currencies)]
    if document.tiers.by not in measures:
        yield unknown(("tiers", "by"), document.tiers.by, measures, "measure")
    yield from _spans(document.tiers)
    below, kept_below = -1, 0
    for at, tier in enumerate(document.tiers.list):
        here: Steps = ("tiers", "list", at)
        if at == 0 and tier.reach != 0:
            yield Finding(
                code="first_tier_not_zero", steps=(*here, "reach"), value=tier.reach,
                said=Said("problem.first_tier_not_zero.said"), out=Said("problem.first_tier_not_zero.out"),
            )  # fmt: skip
        elif tier.reach <= below:
            yield Finding(
                code="tiers_not_ascending",
                steps=(*here, "reach"),
                value=tier.reach,
                said=Said("problem.tiers_not_ascending.said", below=below),
                out=Said("problem.tiers_not_ascending.out"),
            )
        below = max(below, tier.reach)
        if tier.keep is not None and not kept_below <= tier.keep <= tier.reach:
            yield Finding(
                code="keep_out_of_order",
                steps=(*here, "keep"),
                value=tier.keep,
                said=Said("problem.keep_out_of_order.said", below=kept_below, reach=tier.reach),
                out=Said("problem.keep_out_of_order.out"),
            )
        kept_below = max(kept_below, tier.reach if tier.keep is None else tier.keep)
        if not is_positive(tier.multiplier):
            yield Finding(
                code="multiplier_not_positive",
                steps=(*here, "multiplier"),
                value=tier.multiplier,
                said=Said("problem.multiplier_not_positive.said"),
                out=Said("problem.multiplier_not_positive.out"),
            )


def _spans(tiers: Tiers) -> Iterator[Finding]:
    """What is said twice, or not at all, of the days that count and of how long a tier is kept."""
    windows = (tiers.window_days is not None) + (tiers.window is not None)
    if windows != 1:
        yield Finding(
            code="window_unclear", steps=("tiers",), value=windows,
            said=Said("problem.window_unclear.said", count=windows), out=Said("problem.window_unclear.out"),
        )  # fmt: skip
    keeps = (tiers.keeps_days is not None) + (tiers.keeps_until is not None)
    if keeps != 1:
        yield Finding(
            code="keeps_unclear", steps=("tiers",), value=keeps,
            said=Said("problem.keeps_unclear.said", count=keeps), out=Said("problem.keeps_unclear.out"),
        )  # fmt: skip
    if tiers.keeps_until is not None:
        ends = sum(getattr(tiers.keeps_until, name) is not None for name in KeepsUntil.model_fields)
        if ends != 1:
            yield Finding(
                code="keeps_until_unclear", steps=("tiers", "keeps_until"), value=ends,
                said=Said("problem.keeps_until_unclear.said", count=ends),
                out=Said("problem.keeps_until_unclear.out"),
            )  # fmt: skip
