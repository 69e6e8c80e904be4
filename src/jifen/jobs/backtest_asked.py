"""One back-test that the API was asked for: from what it kept of the body to the reports, or to why there are none."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from pathlib import Path
from typing import Any

import msgspec
import structlog

from jifen.document.load import document_from
from jifen.document.problems import DocumentRefused
from jifen.domain.refusals import Refusal
from jifen.embedded import home_folder
from jifen.embedded.connection import Connection as Address
from jifen.insight.backtest.missing import MissingFact
from jifen.insight.backtest.question import RICH_BPS
from jifen.insight.backtest.result import Result, to_json
from jifen.insight.report import excel_bytes, html_page
from jifen.insight.snapshot import SnapshotRefused
from jifen.jobs.backtest import Asked, Step, alone, own_snapshot, run_backtest
from jifen.present.catalogue import languages

EXPECTED = (Refusal, SnapshotRefused, DocumentRefused)
"""What may be wrong with the question or the folder; anything else is a defect."""

log = structlog.get_logger("jifen.backtest")


def work(
    address: Address, home: Path | None, question: Mapping[str, Any], told: Told
) -> list[tuple[str, str, bytes]]:
    """The reports of one back-test: form, language, content. Runs in a thread.

    Shape
        home   Jifen's folder; None: its own (JIFEN_HOME)
    Refuses
        EXPECTED   see `run_backtest` and `own_snapshot`
        Stopped    it was cancelled
    """
    asked = asked_of(question)
    home = home or home_folder()
    with alone(home, told):
        snapshot = asyncio.run(own_snapshot(address, home, told))
        result = run_backtest(snapshot, asked, told)
    return reports_of(result)


def reports_of(result: Result) -> list[tuple[str, str, bytes]]:
    """Every report that may be asked for: form, language ('' where it has none), content."""
    reports = [("json", "", to_json(result).encode())]
    for language in languages():
        reports.append(("html", language, html_page(result, language=language).encode()))
        reports.append(("xlsx", language, excel_bytes(result, language=language)))
    return reports


def asked_of(question: Mapping[str, Any]) -> Asked:
    """What is asked, from what the API kept of its body.

    Refuses
        DocumentRefused   a document is none, by the rules of this version
    """

    def day(name: str) -> date | None:
        return date.fromisoformat(question[name]) if question.get(name) else None

    sample, elasticity = question.get("sample_bps"), question.get("elasticity_bps")
    against = question.get("against")
    return Asked(
        draft=document_from(question["document"]),
        label=question.get("label") or "draft",
        against=document_from(against) if isinstance(against, dict) else None,
        against_label="baseline" if isinstance(against, dict) else "live",
        from_on=day("from_on"),
        to_on=day("to_on"),
        stores=tuple(question.get("stores") or ()),
        sample=Fraction(sample, 10_000) if sample is not None else None,
        seed=question.get("seed") or 0,
        rich_bps=question.get("rich_bps") or RICH_BPS,
        # Absent from what was asked before it could be told.
        redemptions=question.get("redemptions") or "replayed",
        elasticity=Fraction(elasticity, 10_000) if elasticity is not None else None,
    )


def failure_document(failure: BaseException) -> dict[str, Any]:
    """Why it failed: code and detail; and Chinese, where the code alone does not say it."""
    if isinstance(failure, Refusal):
        return {"code": failure.code, "detail": str(failure)}
    if isinstance(failure, SnapshotRefused):
        return {"code": failure.code, "detail": failure.detail}
    if isinstance(failure, DocumentRefused):
        first = failure.problems[0]
        return {
            "code": "program_refused",
            "detail": f"{first.message_en} {first.way_out}",
            "message_zh": first.message_zh,
        }
    if isinstance(failure, MemoryError):
        detail = "it ran out of memory: ask for a sample, or give the machine more"
        return {"code": "backtest_out_of_memory", "detail": detail}
    return {
        "code": "defect",
        "detail": f"something is wrong in the software; it was written down: {type(failure).__name__}",
    }


class Stopped(Exception):
    """It was cancelled."""


class Told:
    """Keeps how far a run is, for the loop that tells the database; stops the run when it was cancelled."""

    def __init__(self) -> None:
        self.is_stopped = threading.Event()
        self._step = Step(stage="waiting", percent=0)
        self._missing: list[dict[str, Any]] | None = None

    def step(self, step: Step) -> None:
        """How far it is."""
        self._step = step
        self._stop_if_told()

    def missing(self, facts: Sequence[MissingFact]) -> None:
        """What the draft asks for and the history does not tell."""
        self._missing = [msgspec.to_builtins(fact.notice()) for fact in facts]
        self._stop_if_told()

    def healed(self, why: str) -> None:
        """The snapshot is taken anew."""
        log.warning("the snapshot kept for back-tests is taken anew", why=why)

    def now(self) -> dict[str, Any]:
        """As the row keeps it."""
        left = self._step.seconds_left
        return {
            "stage": self._step.stage,
            "percent": self._step.percent,
            "seconds_left": None if left is None else round(left),
            "missing": self._missing,
        }

    def _stop_if_told(self) -> None:
        if self.is_stopped.is_set():
            raise Stopped
