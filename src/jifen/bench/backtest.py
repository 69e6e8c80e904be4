"""What a back-test costs: the demo's year and a large generated history, each in a process of its own, beside others' ways.

Every process is started cold, so that loading is in the figure; machine code of the fold and Python's bytecode are made in a
first run that does not count. Files come from the machine's cache of files. Beside wall time stands processor time, which
travels better.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from jifen.bench.figures import NOISY_FOREIGN, Figure, median

if TYPE_CHECKING:
    from jifen.bench.groups import Say, Size

DEMO_GOAL_S = 5
BIG_GOAL_S = 60
BIG_GOAL_MB = 8_000
SEED = 5
LINES_A_PURCHASE = 9.43  # the real year's
PURCHASES_A_MEMBER = 10.6


def backtest(size: Size, say: Say) -> Iterator[Figure]:
    """The back-test: the demo's year and a large history, memory, the books, and beside the till's way and pandas."""
    with ExitStack() as rooms:
        folder = size.keep or Path(rooms.enter_context(tempfile.TemporaryDirectory(prefix="jifen-bench-")))
        draft = folder / "draft.yaml"
        demo = demo_snapshot(folder / "demo", say=say, households=size.households)
        from jifen.bench.backtest_work import draft_text

        draft.write_text(draft_text(), encoding="utf-8")
        first = _run(demo, draft)  # compiles, if this machine never did
        say("the demo's year")
        yield _demo_year([_run(demo, draft) for _ in range(size.rounds)], first)
        say("the books")
        yield _equals_books(_worked("books", str(demo)))
        runs: list[dict[str, Any]] = []
        big = demo
        for lines in growing(size.lines):
            big = generated(demo, folder, lines, say)
            say(f"{lines:,} lines")
            runs.append(_run(big, draft))
        yield _big(runs)
        memory = runs[-1]["memory_mb"]
        yield Figure(
            name="big_memory", value=memory, unit="MB", goal=f"{BIG_GOAL_MB:,} MB", holds=memory < BIG_GOAL_MB
        )
        say("the same purchases through the live decide, and the simplest rule in pandas")
        yield _vs_live(_worked("vs_live", str(big), "20000"))
        yield _vs_pandas(_worked("vs_pandas", str(big)))


def growing(lines: int) -> list[int]:
    """The sizes at which growth is told: 1, 10, 30 and 100 million of a hundred million."""
    return [*(lines // 100 * share for share in (1, 10, 30)), lines]


def demo_snapshot(folder: Path, *, say: Say, households: int | None = None) -> Path:
    """The demo's year as a snapshot; one that stands there is taken as it is. Its ledger is gone afterwards."""
    if (folder / "manifest.json").exists():
        return folder
    from jifen.bench.server import a_server
    from jifen.jobs.snapshot import take_snapshot
    from jifen.store.migrate import migrate

    say("making the demo's ledger")
    with a_server() as server:
        migrate(server.owner)
        asyncio.run(_make_demo(server.app, households))
        asyncio.run(take_snapshot(server.app, folder))
    return folder


async def _make_demo(address: Any, households: int | None) -> None:
    from jifen.document.stored import timeline_of_published
    from jifen.jobs import demo
    from jifen.jobs.loop import once_through
    from jifen.store.ledger import Ledger, open_pool

    pool = await open_pool(address)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        await demo.publish_demo_program(ledger)
        await demo.load_demo_year(ledger, say=lambda _: None, households=households)
        await demo.set_book_date(ledger)
        await demo.simulate_counter(ledger)
        await once_through(ledger)
        await demo.finish(ledger)
    finally:
        await pool.close()


def generated(demo: Path, folder: Path, lines: int, say: Say) -> Path:
    """A history of about so many lines, generated from the demo's; one that stands there is taken as it is."""
    there = folder / f"generated-{lines}"
    say(f"generating {lines:,} lines")
    _worked("generate", str(demo), str(there), str(lines))
    return there


def members_of(lines: int) -> tuple[int, int]:
    """How many members and purchases a history of so many lines has: as often and as much as the real year's."""
    purchases = max(1, round(lines / LINES_A_PURCHASE))
    return max(1, round(purchases / PURCHASES_A_MEMBER)), purchases


def _worked(task: str, *words: str) -> dict[str, Any]:
    """What a process of its own told of a task, with its wall and processor seconds and what others used meanwhile."""
    # As pip installs it, modules are compiled already; a shell that forbids it would have each run compile them anew.
    own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    before, began = psutil.cpu_times(), time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-m", "jifen.bench.backtest_work", task, *words],
        env=own,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    answer, complaint = process.communicate()
    wall = time.perf_counter() - began
    if process.returncode:
        raise RuntimeError(f"{task} failed: {complaint[-2_000:]}")
    told: dict[str, Any] = json.loads(answer.splitlines()[-1])
    after = psutil.cpu_times()
    idle = after.idle - before.idle + getattr(after, "iowait", 0.0) - getattr(before, "iowait", 0.0)
    room = wall * (psutil.cpu_count() or 1)
    foreign = max(0.0, room - idle - told["cpu_seconds_all"]) / room
    return {**told, "seconds": wall, "foreign_share": round(foreign, 3)}


def _run(folder: Path, draft: Path) -> dict[str, Any]:
    report = draft.with_name("report.html")
    report.unlink(missing_ok=True)
    told = _worked("run", str(folder), str(draft), str(report))
    assert report.stat().st_size > 10_000, "the report was written"
    return told


def _cost(one: dict[str, Any]) -> dict[str, Any]:
    """What a run cost, to be read beside the figure."""
    return {
        "lines": one["lines"],
        "purchases": one["purchases"],
        "members": one["members"],
        "seconds": round(one["seconds"], 2),
        "cpu_seconds": round(one["cpu_seconds_all"], 2),
        "memory_mb": round(one["memory_mb"]),
        "thread_seconds": {part: round(taken, 2) for part, taken in one["thread_seconds"].items()},
        "foreign_share": one["foreign_share"],
    }


def _holds(is_kept: bool, foreign: float) -> bool | None:
    return True if is_kept else None if foreign > NOISY_FOREIGN else False


def _demo_year(runs: list[dict[str, Any]], first: dict[str, Any]) -> Figure:
    seconds = median([one["seconds"] for one in runs])
    middle = min(runs, key=lambda one: abs(one["seconds"] - seconds))
    detail = {
        **_cost(middle),
        "rounds": [round(one["seconds"], 2) for one in runs],
        "first_seconds": round(first["seconds"], 2),
    }
    foreign = min(one["foreign_share"] for one in runs)
    return Figure(
        name="demo_year", value=seconds, unit="seconds", goal=f"{DEMO_GOAL_S} s",
        holds=_holds(seconds < DEMO_GOAL_S, foreign), detail=detail,
    )  # fmt: skip


def _equals_books(told: dict[str, Any]) -> Figure:
    return Figure(
        name="equals_books", value=told["differences"], unit="differences", goal="0", holds=told["differences"] == 0,
        detail={"rows": told["rows"], "seconds": round(told["seconds"], 2), "first": told["first"]},
    )  # fmt: skip


def _big(runs: list[dict[str, Any]]) -> Figure:
    last = runs[-1]
    return Figure(
        name="big", value=last["seconds"], unit="seconds", goal=f"{BIG_GOAL_S} s",
        holds=_holds(last["seconds"] < BIG_GOAL_S, last["foreign_share"]),
        detail={**_cost(last), "granted": last["granted"], "growth": [_cost(one) for one in runs]},
    )  # fmt: skip


def _vs_live(told: dict[str, Any]) -> Figure:
    names = ("sample_purchases", "bucket_purchases", "live_rate", "ours_rate", "foreign_share")
    return Figure(
        name="vs_live", value=told["ours_rate"], unit="purchases a CPU second", goal="told", holds=None,
        ratio=told["ours_rate"] / told["live_rate"], detail={name: round(told[name], 3) for name in names},
    )  # fmt: skip


def _vs_pandas(told: dict[str, Any]) -> Figure:
    return Figure(
        name="vs_pandas", value=told["lines"] / told["ours"]["seconds"], unit="lines a second", goal="told", holds=None,
        ratio=told["pandas"]["seconds"] / told["ours"]["seconds"],
        detail={name: told[name] for name in ("lines", "pandas", "ours", "foreign_share")},
    )  # fmt: skip
