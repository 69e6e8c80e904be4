"""The process that works off the back-tests that the API was asked for: `python -m jifen.jobs.backtest_process`.

The database's address comes as JSON by standard input. One such process at a time works for a database; another one ends at
once. It yields to everybody else on its machine (nice), and ends when its database is gone.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from collections.abc import Mapping, Sequence
from datetime import date
from fractions import Fraction
from typing import Any

import asyncpg
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
from jifen.store.backtests import (
    StoredBacktest,
    begin_next,
    end_done,
    end_failed,
    leave_run,
    leave_turn,
    still_runs,
    take_turn,
    waiting_backtests,
)
from jifen.store.ledger import Connection, connect

NICE = 10
TELLS_EVERY_SECONDS = 0.5
LANGUAGES = ("zh", "en")

log = structlog.get_logger("jifen.backtest")


async def work_off(address: Address) -> int:
    """Run what waits, one after another, until nothing does; answers how many it ran."""
    ran = 0
    connection = await connect(address)
    try:
        # One may come to wait just before the turn is left, and find it taken: so look once more after it.
        while await waiting_backtests(connection) and await take_turn(connection):
            while (one := await begin_next(connection)) is not None:
                await _run(connection, address, one)
                await leave_run(connection, one.backtest_id)
                ran += 1
            await leave_turn(connection)
    finally:
        await connection.close()
    return ran


async def _run(connection: Connection, address: Address, one: StoredBacktest) -> None:
    """Run one, tell how far it is, and keep its reports or why there are none."""
    told = _Told()
    working = asyncio.create_task(asyncio.to_thread(_work, address, one.question, told))
    while not working.done():
        await asyncio.wait([working], timeout=TELLS_EVERY_SECONDS)
        if not await still_runs(connection, one.backtest_id, **told.now()):
            told.is_stopped.set()
            await asyncio.wait([working])
    failure = working.exception()
    if failure is None:
        await end_done(connection, one.backtest_id, working.result())
    elif not isinstance(failure, Stopped):
        if not isinstance(failure, (Refusal, SnapshotRefused, DocumentRefused)):
            log.error(
                "backtest failed", backtest_id=str(one.backtest_id), error=repr(failure), exc_info=failure
            )
        await end_failed(connection, one.backtest_id, failure_document(failure))


def _work(address: Address, question: Mapping[str, Any], told: _Told) -> list[tuple[str, str, bytes]]:
    """The reports of one back-test: form, language, content."""
    asked = asked_of(question)
    home = home_folder()
    with alone(home, told):
        snapshot = asyncio.run(own_snapshot(address, home, told))
        result = run_backtest(snapshot, asked, told)
    return reports_of(result)


def reports_of(result: Result) -> list[tuple[str, str, bytes]]:
    """Every report that may be asked for: form, language ('' where it has none), content."""
    reports = [("json", "", to_json(result).encode())]
    for language in LANGUAGES:
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
        elasticity=Fraction(elasticity, 10_000) if elasticity is not None else None,
    )


def failure_document(failure: BaseException) -> dict[str, Any]:
    """Why it failed: code, detail and Chinese."""
    if isinstance(failure, Refusal):
        return {"code": failure.code, "detail": str(failure), "message_zh": failure.message_zh}
    if isinstance(failure, SnapshotRefused):
        return {"code": failure.code, "detail": failure.detail, "message_zh": failure.message_zh}
    if isinstance(failure, DocumentRefused):
        first = failure.problems[0]
        return {
            "code": "program_refused",
            "detail": f"{first.message_en} {first.way_out}",
            "message_zh": first.message_zh,
        }
    if isinstance(failure, MemoryError):
        detail = "it ran out of memory: ask for a sample, or give the machine more"
        return {
            "code": "backtest_out_of_memory",
            "detail": detail,
            "message_zh": "内存不足：请抽样，或增加内存。",
        }
    return {
        "code": "defect",
        "detail": f"something is wrong in the software; it was written down: {type(failure).__name__}",
        "message_zh": "软件出现缺陷，已记录。",
    }


class Stopped(Exception):
    """It was cancelled."""


class _Told:
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


def main() -> None:
    """Read the address and work."""
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    address = Address(**json.load(sys.stdin))
    os.nice(NICE)
    asyncio.run(_work_while_it_can(address))


async def _work_while_it_can(address: Address) -> None:
    try:
        await work_off(address)
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as gone:
        log.warning("the database is gone; what ran has failed", error=repr(gone))
        # A thread may still compute what nobody can be told any more.
        os._exit(1)


if __name__ == "__main__":
    main()
