"""What is measured, group by group. Each round runs PostgreSQL's own measure and ours in turn: A B A B."""

from __future__ import annotations

import asyncio
import io
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from jifen.bench.backtest import backtest
from jifen.bench.figures import Figure, is_noisy, median
from jifen.bench.large_account import verbs_of_a_large_account
from jifen.bench.machine import Machine, a_machine
from jifen.bench.profile import profile

CONNECTIONS = 128
BATCH_CONNECTIONS = (
    16  # of 100 purchases each: what waits stays below the lane's bound, past which the answer is 503
)
Say = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How large and how long."""

    members: int = 1_000_000
    old_members: int = 2_000  # of three years: those who buy, spend and ask
    postings: int = 20_000_000
    lots: int = 40_000  # of one member, all open
    lines: int = 100_000_000  # of the back-test's large history
    seconds: int = 8
    rounds: int = 3
    households: int | None = None  # of the demo; None: all
    keep: Path | None = None  # where the back-test's snapshots stay and are found again


@dataclass(slots=True, kw_only=True)
class Run:
    """The rounds of one figure: PostgreSQL's own and ours."""

    bases: list[float]
    ours: list[dict[str, Any]]

    @property
    def rate(self) -> float:
        """Items a second, the median of the rounds."""
        return median([one["rate"] for one in self.ours])

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios: each against the base that ran just before it."""
        return median([one["rate"] / base for one, base in zip(self.ours, self.bases, strict=True)])

    @property
    def detail(self) -> dict[str, Any]:
        """What else is worth knowing."""
        statuses: dict[str, int] = {}
        for one in self.ours:
            for status, count in one["statuses"].items():
                statuses[status] = statuses.get(status, 0) + count
        return {
            "base_tps": [round(base) for base in self.bases],
            "rates": [round(one["rate"]) for one in self.ours],
            "p50_ms": round(median([one["p50_ms"] for one in self.ours]), 2),
            "p99_ms": round(median([one["p99_ms"] for one in self.ours]), 2),
            "cpu_us": self.ours[-1]["cpu_us"],
            "statuses": statuses,
            "foreign_share": max(one["foreign_share"] for one in self.ours),
            "noisy": is_noisy(self.bases, [one["foreign_share"] for one in self.ours]),
        }

    def figure(self, name: str, goal: float, unit: str = "a second") -> Figure:
        """The figure as a ratio to its goal."""
        detail = self.detail
        holds = None if detail["noisy"] and self.ratio < goal else self.ratio >= goal
        base = "S" if unit.endswith("reads") else "P"
        return Figure(
            name=name,
            value=self.rate,
            unit=unit,
            ratio=self.ratio,
            goal=f"{goal} {base}",
            holds=holds,
            detail=detail,
        )


def _rounds(
    machine: Machine,
    size: Size,
    *,
    name: str,
    reads: bool = False,
    connections: int = CONNECTIONS,
    **order: Any,
) -> Run:
    run = Run(bases=[], ours=[])
    for i in range(size.rounds):
        run.bases.append(machine.pgbench(seconds=size.seconds, reads=reads))
        run.ours.append(
            machine.load(
                seconds=float(size.seconds), connections=connections, run=f"{name}{i}", seed=i + 1, **order
            )
        )
    return run


def ledger(size: Size, say: Say) -> Iterator[Figure]:
    """The write path of members of three years: purchases one by one, at half load, in batches; spends; start, memory,
    recovery."""
    with a_machine(members=size.members, old_members=size.old_members, say=say) as machine:
        yield _row(machine)
        yield Figure(
            name="ready",
            value=machine.ready_seconds,
            unit="seconds",
            goal="3 s",
            holds=machine.ready_seconds < 3,
        )
        say("making pgbench's tables")
        machine.prepare_pgbench()
        machine.load(seconds=3.0, connections=CONNECTIONS, kind="purchase", run="warm")
        say("purchases, one request each")
        http = _rounds(machine, size, name="http", kind="purchase")
        yield http.figure("purchase_http", 1.0, "purchases a second")
        yield Figure(
            name="memory",
            value=machine.memory_megabytes(),
            unit="MB",
            goal="300 MB",
            holds=machine.memory_megabytes() < 300,
        )
        yield _profiled(machine, http, say)
        say("the same at half of that rate")
        half = machine.load(
            seconds=float(size.seconds),
            connections=CONNECTIONS,
            kind="purchase",
            run="half",
            seed=77,
            rate=http.rate / 2,
        )
        yield Figure(
            name="purchase_half_load_p99",
            value=half["p99_ms"],
            unit="ms",
            goal="p99 under 25 ms, p50 under 8 ms",
            holds=half["p99_ms"] < 25 and half["p50_ms"] < 8,
            detail={
                "p50_ms": half["p50_ms"],
                "rate": round(half["rate"]),
                "foreign_share": half["foreign_share"],
            },
        )
        say("purchases, 100 a request")
        batch = _rounds(machine, size, name="batch", kind="batch", connections=BATCH_CONNECTIONS)
        yield batch.figure("purchase_batch", 2.0, "purchases a second")
        say("purchases of old members and of new ones, in turn")
        yield _old_against_new(machine, size)
        say("spends: reserve and commit")
        yield _spends(machine, size)
        say("proving the books")
        _must_be_kept(machine)
        yield _killed(machine, say)


def _profiled(machine: Machine, http: Run, say: Say) -> Figure:
    """Where the time of a purchase goes, by part and by process."""
    say("the profile by part")
    parts = profile(machine)
    cpu = http.detail["cpu_us"]
    serving = sum(parts.values())
    return Figure(
        name="profile", value=serving, unit="CPU microseconds a purchase, without HTTP", goal="told", holds=None,
        detail={**parts, "http": round(max(0.0, cpu["serving"] - serving), 1), "postgresql": cpu["postgresql"]},
    )  # fmt: skip


def _spends(machine: Machine, size: Size) -> Figure:
    """Pairs of reserve and commit."""
    return _rounds(machine, size, name="spend", kind="spend").figure("spend", 0.5, "pairs a second")


def _row(machine: Machine) -> Figure:
    """How large the row of a member of three years is."""
    told = machine.old_member()
    most = told.pop("row_bytes_max")
    return Figure(
        name="member_row", value=most, unit="bytes, the largest", goal="2,000", holds=most < 2_000,
        detail=dict(told),
    )  # fmt: skip


def _old_against_new(machine: Machine, size: Size) -> Figure:
    """CPU of a purchase in a batch, of members of three years against those to whom little has happened."""
    spent: dict[str, list[float]] = {"new": [], "old": []}
    for i in range(size.rounds):
        for name, ids in (("new", ""), ("old", machine.ids)):
            told = machine.load(
                seconds=float(size.seconds), connections=BATCH_CONNECTIONS, kind="batch", run=f"{name}-age",
                seed=i + 1, ids=ids,
            )  # fmt: skip
            spent[name].append(told["cpu_us"]["serving"] + told["cpu_us"]["postgresql"])
    more = 100 * (median(spent["old"]) / median(spent["new"]) - 1)
    return Figure(
        name="old_against_new", value=more, unit="% more CPU a purchase of a member of three years", goal="10 %",
        holds=more <= 10, detail=spent,
    )  # fmt: skip


def _must_be_kept(machine: Machine) -> None:
    if not machine.reconcile():
        raise AssertionError("the books are broken after a run: its figures do not count")


def _killed(machine: Machine, say: Say) -> Figure:
    """Seconds from start to ready after PostgreSQL was killed under load."""
    say("killing PostgreSQL under load")
    loading = threading.Thread(target=_load_that_may_break, args=(machine,), daemon=True)
    loading.start()
    time.sleep(3)
    os.kill(machine.postmaster(), signal.SIGKILL)
    loading.join(90)
    machine.stop_serving(signal.SIGKILL)
    began = time.perf_counter()
    from jifen.embedded import EmbeddedPostgres

    with EmbeddedPostgres(machine.server.home.folder).running():
        machine.start_serving()
        seconds = time.perf_counter() - began
        kept = machine.reconcile()
        machine.stop_serving()
    return Figure(
        name="ready_after_kill", value=seconds, unit="seconds", goal="10 s", holds=seconds < 10 and kept,
        detail={"books_kept": kept},
    )  # fmt: skip


def _load_that_may_break(machine: Machine) -> None:
    with suppress(RuntimeError, OSError, ValueError, psutil.Error):
        machine.load(seconds=6.0, connections=CONNECTIONS, kind="purchase", run="kill", seed=99)


def read(size: Size, say: Say) -> Iterator[Figure]:
    """Quotes and balances of members of three years."""
    with a_machine(members=size.members, old_members=size.old_members, say=say) as machine:
        say("making pgbench's tables")
        machine.prepare_pgbench()
        machine.load(seconds=3.0, connections=CONNECTIONS, kind="quote", run="warm")
        say("quotes")
        quotes = _rounds(machine, size, name="quote", kind="quote", reads=True)
        yield quotes.figure("quote", 0.2, "reads")
        say("balances")
        balances = _rounds(machine, size, name="balance", kind="balance", reads=True)
        half = machine.load(
            seconds=float(size.seconds),
            connections=CONNECTIONS,
            kind="balance",
            run="half",
            rate=balances.rate / 2,
        )
        figure = balances.figure("balance_read", 0.25, "reads")
        detail = {**(figure.detail or {}), "half_load_p99_ms": half["p99_ms"]}
        holds = figure.holds and half["p99_ms"] < 5
        yield Figure(
            name=figure.name, value=figure.value, unit=figure.unit, ratio=figure.ratio,
            goal="0.25 S, p99 under 5 ms at half load", holds=holds, detail=detail,
        )  # fmt: skip


def contention(size: Size, say: Say) -> Iterator[Figure]:
    """Twenty members hammered by 128 connections."""
    with a_machine(members=max(20, min(size.members, 1_000)), say=say) as machine:
        say("making pgbench's tables")
        machine.prepare_pgbench()
        say("twenty members")
        run = _rounds(machine, size, name="contention", kind="purchase", only=20)
        figure = run.figure("contention", 0.6, "purchases a second")
        say("proving the books")
        _must_be_kept(machine)
        refused = {status: n for status, n in run.detail["statuses"].items() if not status.startswith("2")}
        yield Figure(
            name=figure.name, value=figure.value, unit=figure.unit, ratio=figure.ratio, goal=figure.goal,
            holds=figure.holds and not refused, detail=figure.detail,
        )  # fmt: skip


def growth(size: Size, say: Say) -> Iterator[Figure]:
    """CPU a purchase with many members against few, and with many postings against none."""
    with a_machine(members=size.members // 10, say=say) as machine:
        few = _cpu(machine, size, "few")
    with a_machine(members=size.members, say=say) as machine:
        many = _cpu(machine, size, "many")
        up = many["cpu"] / few["cpu"] - 1
        yield Figure(
            name="growth_members", value=100 * up, unit=f"% more CPU a purchase with {size.members:,} members than a tenth",
            goal="at most 10 %", holds=up <= 0.10, detail={"few": few, "many": many},
        )  # fmt: skip
        each = max(2, size.postings // size.members)
        say(f"writing {each * size.members:,} postings")
        machine.add_postings(each)
        old = _cpu(machine, size, "old")
        up = old["cpu"] / many["cpu"] - 1
        say(f"{100 * up:.0f} % more; proving the books")
        _must_be_kept(machine)
        yield Figure(
            name="growth_postings", value=100 * up, unit=f"% more CPU a purchase with {each * size.members:,} postings than none",
            goal="at most 30 %, WAL told", holds=up <= 0.30, detail={"none": many, "many": old},
        )  # fmt: skip


def _cpu(machine: Machine, size: Size, run: str) -> dict[str, float]:
    machine.load(seconds=3.0, connections=CONNECTIONS, kind="purchase", run=f"{run}-warm")
    wal = machine.wal_bytes()
    result = machine.load(seconds=float(size.seconds), connections=CONNECTIONS, kind="purchase", run=run)
    cpu = result["cpu_us"]
    return {
        "cpu": cpu["serving"] + cpu["postgresql"],
        "wal_bytes_a_purchase": round((machine.wal_bytes() - wal) / max(result["items"], 1)),
        "rate": round(result["rate"]),
        "foreign_share": result["foreign_share"],
    }


def history(size: Size, say: Say) -> Iterator[Figure]:
    """The first load of a real year beside COPY of the same lines into a table with the same primary key."""
    from jifen.bench.server import a_server
    from jifen.insight.read_completejourney import read_completejourney
    from jifen.store.migrate import migrate

    loaded = read_completejourney()
    ratios, rates = [], []
    with a_server() as server:
        migrate(server.owner)
        for i in range(size.rounds):
            say(f"round {i + 1} of {size.rounds}: COPY, then the import")
            copied = asyncio.run(copy_lines(server, loaded))
            migrate(server.owner)
            imported = asyncio.run(import_lines(server, loaded))
            ratios.append(copied / imported)
            rates.append(loaded.lines.height / imported)
    yield Figure(
        name="import_lines", value=median(rates), unit="lines a second", ratio=median(ratios), goal="0.25 C",
        holds=median(ratios) >= 0.25, detail={"ratios": [round(one, 3) for one in ratios]},
    )  # fmt: skip


async def copy_lines(server: Any, loaded: Any) -> float:
    """Seconds of COPY of a year's lines into a bare table with the same primary key; the ledger's schema is dropped after."""
    from jifen.store.ledger import connect

    lines = loaded.lines.join(
        loaded.purchases.select("purchase", "business_no", "source"), on="purchase"
    ).select(
        "business_no",
        "source",
        "number",
        "sku",
        "category",
        "brand",
        "quantity_milli",
        "amount_minor",
        "discount_minor",
    )
    csv = lines.write_csv(include_header=False).encode()
    owner = await connect(server.owner)
    await owner.execute(
        """DROP TABLE IF EXISTS bare;
           CREATE TABLE bare (business_no text, source text, number int, sku text, category text, brand text,
                              quantity_milli bigint, amount_minor bigint, discount_minor bigint,
                              PRIMARY KEY (business_no, source, number))"""
    )
    began = time.perf_counter()
    await owner.copy_to_table("bare", source=io.BytesIO(csv), format="csv")
    took = time.perf_counter() - began
    await owner.execute("DROP TABLE bare; DROP SCHEMA jifen CASCADE")
    await owner.close()
    return took


async def import_lines(server: Any, loaded: Any) -> float:
    """Seconds of the import of a year into an empty ledger: rules, tiers, lots, everything."""
    from jifen.bench.machine import PROGRAM_FROM, TEMPLATE
    from jifen.document.load import parse_document
    from jifen.document.stored import timeline_of_published
    from jifen.jobs.import_purchases import import_purchases
    from jifen.operations.publish_program import publish_program
    from jifen.store.ledger import Ledger, open_pool
    from jifen.templates import template_text

    pool = await open_pool(server.app)
    ledger_ = Ledger(pool, compile_timeline=timeline_of_published)
    document = parse_document(template_text(TEMPLATE), name=TEMPLATE)
    await publish_program(ledger_, document, effective_at=PROGRAM_FROM, published_by="bench")
    began = time.perf_counter()
    await import_purchases(ledger_, loaded, actor="bench")
    took = time.perf_counter() - began
    await pool.close()
    return took


def large(size: Size, say: Say) -> Iterator[Figure]:
    """What each verb takes of a member with very many open lots."""
    yield from verbs_of_a_large_account(size.lots, say)


GROUPS: dict[str, Callable[[Size, Say], Iterator[Figure]]] = {
    "ledger": ledger,
    "read": read,
    "import": history,
    "contention": contention,
    "growth": growth,
    "large": large,
    "backtest": backtest,
}
