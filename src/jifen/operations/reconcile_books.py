"""Reconcile: prove every law in SQL, rebuild the cache from the journal, name the offenders."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from jifen.insight.replay import Difference, replay
from jifen.store.compiled import begun_again
from jifen.store.history import histories, member_count, member_ids
from jifen.store.laws import LAWS, Finding, Law, findings_of
from jifen.store.ledger import Ledger

CHUNK = 250
"""Members replayed at once."""
DIFFERENCES_MAX = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """What was found of one law."""

    law: Law
    verdict: str  # kept | broken | tested elsewhere
    findings: tuple[Finding, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Books:
    """The verdict on the books."""

    verdicts: tuple[Verdict, ...]
    differences: tuple[Difference, ...]
    members_replayed: int

    @property
    def are_kept(self) -> bool:
        """Whether no law is broken."""
        return all(verdict.verdict != "broken" for verdict in self.verdicts)

    def as_document(self) -> dict[str, Any]:
        """The verdicts as data."""
        return {
            "kept": self.are_kept,
            "members_replayed": self.members_replayed,
            "laws": [
                {
                    "law": v.law.number,
                    "verdict": v.verdict,
                    "checks": [name for name, _ in v.law.checks],
                    "tested_by": v.law.tested_by,
                    "broken": [{"check": f.check, "offenders": list(f.offenders)} for f in v.findings],
                }
                for v in self.verdicts
            ],
        }


@begun_again
async def reconcile_books(
    ledger: Ledger, *, say: Callable[[str, int], None] = lambda *_: None, replays: bool = True
) -> Books:
    """The verdict on every law. `say(what, percent)` tells how far it is.

    Everything is read in one snapshot, so tills may go on while it runs.
    """
    verdicts = []
    differences: list[Difference] = []
    members = 0
    async with (
        ledger.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        if replays:
            clock = await ledger.clock(connection)
            if clock.newest:
                timeline = await ledger.whole_timeline(connection, clock.newest)
                total = await member_count(connection)
                after = None
                while ids := await member_ids(connection, after=after, limit=CHUNK):
                    rows = await histories(connection, ids)
                    differences += await asyncio.to_thread(
                        replay,
                        timeline,
                        members=rows.members,
                        purchases=rows.purchases,
                        returns=rows.returns,
                        entries=rows.entries,
                        postings=rows.postings,
                        lots=rows.lots,
                        elsewhere=rows.elsewhere,
                    )
                    members += len(ids)
                    after = ids[-1]
                    say("rebuilding the cache from the journal", 100 * members // max(total, 1))
        for i, law in enumerate(LAWS):
            say(f"law {law.number}", 100 * i // len(LAWS))
            findings = await findings_of(connection, law)
            if law.number == 4 and differences:
                findings.append(_rebuilt_otherwise(differences))
            verdicts.append(Verdict(law=law, verdict=_verdict(law, findings), findings=tuple(findings)))
    return Books(
        verdicts=tuple(verdicts), differences=tuple(differences[:DIFFERENCES_MAX]), members_replayed=members
    )


def _verdict(law: Law, findings: list[Finding]) -> str:
    if findings:
        return "broken"
    return "kept" if law.checks else "tested elsewhere"


def _rebuilt_otherwise(differences: list[Difference]) -> Finding:
    return Finding(
        law=4,
        check="the cache is what the journal, replayed, says",
        offenders=tuple(
            {
                "offender": d.member_id,
                "what": d.what,
                "kept": str(d.kept)[:500],
                "replayed": str(d.replayed)[:500],
            }
            for d in differences[:DIFFERENCES_MAX]
        ),
    )
