"""What a draft asks for and the history does not hold: told before anything runs."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import polars as pl

from jifen.document.compile import compile_program
from jifen.document.model import ProgramDocument
from jifen.document.stored import numbering_of
from jifen.domain.program.meaning import EarnRule, Program
from jifen.domain.program.reading import claims_of, is_of_basket
from jifen.insight.backtest.result import Notice, share_bps
from jifen.insight.backtest.result_side import sentence_of
from jifen.insight.select_columns import column_of
from jifen.insight.snapshot import Snapshot
from jifen.present.catalogue import catalogue_of
from jifen.present.rules import fact_shown
from jifen.present.said import Chosen, Listed, Said
from jifen.present.shown import name_in

_KEPT_AS = {
    "purchase_amount_minor": "amount_minor",
    "payment_methods": "payments",
    "purchase_tags": "tags",
    "date": "store_date",
}


NAMED = 3
"""So many rules are named in a sentence; the others are counted."""
LITTLE_BPS = 10
"""A smaller share is said to be below this one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingFact:
    """A fact that rules ask for, and the purchases that do not tell it: there its claims are false."""

    fact: str
    rules: tuple[str, ...]  # codes
    names: tuple[Chosen, ...]  # of the same rules
    purchases: int  # without the fact on any line
    purchases_all: int

    @property
    def share_bps(self) -> int:
        """The share of purchases concerned."""
        return share_bps(self.purchases, self.purchases_all)

    @property
    def is_unknown(self) -> bool:
        """Whether no purchase tells it."""
        return self.purchases == self.purchases_all

    def notice(self) -> Notice:
        """The warning."""
        share = (
            f"{self.share_bps / 100:.1f}%" if self.share_bps >= LITTLE_BPS else f"<{LITTLE_BPS / 100:.1f}%"
        )
        rest = max(0, len(self.names) - NAMED)
        shown = self.names if rest < 2 else self.names[:NAMED]
        rules: Any = Listed.of("quoted", [Said("backtest.rule", rule=name) for name in shown])
        if rest > 1:
            rules = Said("backtest.rules_and_others", rules=rules, rest=rest, all=len(self.names))
        return Notice(
            code="fact_missing",
            level="serious" if self.is_unknown else "note",
            numbers={"purchases": self.purchases, "purchases_all": self.purchases_all},
            sentence=sentence_of(
                Said(
                    "backtest.warns.fact_missing",
                    count=len(self.rules),
                    rules=rules,
                    fact=Chosen(partial(_fact_shown, self.fact)),
                    share=share,
                )
            ),
        )


def _fact_shown(fact: str, language: str) -> str:
    return fact_shown(fact, catalogue_of(language))


def missing_facts(snapshot: Snapshot, draft: ProgramDocument) -> tuple[MissingFact, ...]:
    """The given facts that the draft's rules ask for and some purchases do not tell, those told least first.

    Refuses
        DocumentRefused   the draft contradicts itself
    """
    revision = snapshot.revisions()[-1]
    program = compile_program(
        draft, revision=revision.number + 1, effective_at=revision.effective_at, numbering=numbering_of(revision.numbering)
    )  # fmt: skip
    asked = _asked(program)
    places = {fact: _place(fact) for fact in asked}
    known = {
        fact: (table, column) for fact, (table, column) in places.items() if column in snapshot.schema(table)
    }
    total = snapshot.manifest.totals["purchases"].rows
    without = dict.fromkeys(asked, 0) | {fact: total for fact in asked if fact not in known}
    for bucket in range(snapshot.buckets):
        for fact, count in _without(snapshot, bucket, known).items():
            without[fact] += count
    found = [
        MissingFact(
            fact=fact,
            rules=tuple(rule.code for rule in asked[fact]),
            names=tuple(called(rule) for rule in asked[fact]),
            purchases=count,
            purchases_all=total,
        )
        for fact, count in without.items()
        if count
    ]
    return tuple(sorted(found, key=lambda one: (-one.purchases, one.fact)))


def called(rule: EarnRule) -> Chosen:
    """The rule's name; its code where it has none."""
    return Chosen(partial(_called, rule))


def _called(rule: EarnRule, language: str) -> str:
    return name_in(rule.names, language) or rule.code


def _asked(program: Program) -> dict[str, list[EarnRule]]:
    asked: dict[str, list[EarnRule]] = {}
    for rule in program.rules:
        claims = [claim for claim in claims_of(rule.given) if not is_of_basket(claim)]
        of = [inner for claim in claims_of(rule.given) if claim.of for inner in claims_of(claim.of)]
        for fact in sorted({claim.asks for claim in (*claims, *of)}):
            asked.setdefault(fact, []).append(rule)
    return asked


def _place(fact: str) -> tuple[str, str]:
    column = column_of(fact)
    return ("lines" if fact.startswith("line.") else "purchases"), _KEPT_AS.get(column, column)


def _without(snapshot: Snapshot, bucket: int, known: dict[str, tuple[str, str]]) -> dict[str, int]:
    """Of one bucket, by fact: the purchases that do not tell it."""
    counts: dict[str, int] = {}
    of_lines = {fact: column for fact, (table, column) in known.items() if table == "lines"}
    of_purchases = {fact: column for fact, (table, column) in known.items() if table == "purchases"}
    if of_purchases:
        nulls = (
            snapshot.scan("purchases", bucket)
            .select(pl.col(set(of_purchases.values())).null_count())
            .collect()
        )
        counts |= {fact: int(nulls[column][0]) for fact, column in of_purchases.items()}
    if of_lines:
        told = snapshot.scan("lines", bucket).select(pl.col(set(of_lines.values())).is_not_null()).collect()
        sizes = snapshot.scan("purchases", bucket).select("line_count").collect().to_series().to_numpy()
        first = np.concatenate([[0], np.cumsum(sizes)])[:-1].astype(np.int64)
        for fact, column in of_lines.items():
            values = told.get_column(column)
            if values.all() or not len(sizes):
                counts[fact] = 0
            else:
                counts[fact] = int((np.add.reduceat(values.to_numpy().astype(np.int64), first) == 0).sum())
    return counts
