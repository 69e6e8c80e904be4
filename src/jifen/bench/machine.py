"""The machine under test: a PostgreSQL of its own with the product's settings, a serving process, and a load beside it."""

from __future__ import annotations

import asyncio
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from typing import Any

import psutil

from jifen.bench.load import HOST, Order
from jifen.bench.server import a_server
from jifen.domain import fold
from jifen.domain.calendar import day_number, epoch_micros
from jifen.domain.packing import packed
from jifen.embedded import Server

PGBENCH_SCALE = 50
CLIENTS = 8
TEMPLATE = "grocer"  # 12 rules, 4 tiers, monthly caps
PROGRAM_FROM = datetime(2016, 1, 1, tzinfo=UTC)
OLD_AT = datetime(2020, 1, 1, tzinfo=UTC)  # when members of the benchmark began
MUST_BE_ON = ("fsync", "synchronous_commit", "full_page_writes")


class DurabilityOff(Exception):
    """A durability setting is off: such a figure does not count."""


@dataclass(slots=True, kw_only=True)
class Machine:
    """A server with a programme, members and a serving process."""

    server: Server
    members: int
    ids: str = (
        ""  # a file with the ids of members of three years, whom a load asks for unless it says otherwise
    )
    port: int = 0
    token: str = ""
    process: subprocess.Popen[bytes] | None = None
    ready_seconds: float = 0.0
    notes: list[str] = field(default_factory=list)

    # -- PostgreSQL's own measure --------------------------------------------------------------------------------------

    def prepare_pgbench(self) -> None:
        """Make pgbench's tables in a database of their own."""
        self._sql("CREATE DATABASE pgbench")
        self._run("pgbench", "-i", "-q", "-s", str(PGBENCH_SCALE), "pgbench")

    def pgbench(self, *, seconds: int, reads: bool = False) -> float:
        """Transactions a second of TPC-B, or of `-S`: prepared, 8 clients."""
        kind = ["-S"] if reads else []
        told = self._run(
            "pgbench",
            *kind,
            "-M",
            "prepared",
            "-c",
            str(CLIENTS),
            "-j",
            "2",
            "-T",
            str(seconds),
            "-n",
            "pgbench",
        )
        found = re.search(r"tps = ([0-9.]+)", told)
        assert found is not None, told
        return float(found.group(1))

    def _run(self, program: str, *arguments: str) -> str:
        environment = {**os.environ, **self.server.admin.environment()}
        done = subprocess.run(
            [str(self.server.bin / program), *arguments],
            env=environment,
            capture_output=True,
            text=True,
            check=True,
        )
        return done.stdout

    def _sql(self, statement: str) -> str:
        return self._run("psql", "-X", "-q", "-A", "-t", "-d", "postgres", "-c", statement)

    def check_durability(self) -> None:
        """Refuse to measure a server that trades durability."""
        off = [name for name in MUST_BE_ON if self._sql(f"SHOW {name}").strip() == "off"]
        if off:
            raise DurabilityOff(f"{', '.join(off)} off: such a figure does not count")

    # -- the product ---------------------------------------------------------------------------------------------------

    def add_members(self, first: int, count: int) -> None:
        """Enrol members `first` to `first + count - 1` of the benchmark, to whom nothing else has happened."""
        day, at = day_number(OLD_AT.date()), epoch_micros(OLD_AT)
        nothing = packed([], fold.DAYS_COUNTED + 1, -fold.FAR).hex()
        statements = [
            f"""INSERT INTO jifen.member (member_id, status, enrolled_at, joined_day, sequence, purchases, last_purchase_day,
                    clock_day, clock_at, lots_opened, next_due_day, next_lapse_at, balances, debts, ladders, days,
                    tier_history, counters, holds)
                SELECT md5(i::text)::uuid, 'active', to_timestamp({at // 1_000_000}), {day}, 1, 0, -1,
                    0, 0, 0, {fold.FAR}, {fold.FAR_AT}, '{{0,0}}', '{{0,0}}', '{{0,{fold.FAR}}}', '\\x{nothing}',
                    '{{0,0,0,0,0,{fold.FAR}}}', '{{}}', '{{}}'
                FROM generate_series({first}, {first + count - 1}) AS i""",
            f"""INSERT INTO jifen.entry (member_id, sequence, entry_id, kind, moves, revision, occurred_at, recorded_at,
                    tiers_after, balances_after)
                SELECT md5(i::text)::uuid, 1, gen_random_uuid(), 'enrol', '{{}}', 1, to_timestamp({at // 1_000_000}),
                    to_timestamp({at // 1_000_000}), '{{0}}', '{{0,0}}'
                FROM generate_series({first}, {first + count - 1}) AS i""",
        ]
        # Written back before anything is measured: a start to ready is not to wait for this.
        steps = [*statements, "VACUUM ANALYZE jifen.member", "CHECKPOINT"]
        self._run("psql", "-X", "-q", "-d", "jifen", *(part for step in steps for part in ("-c", step)))

    def add_old_members(self, count: int) -> None:
        """Bring in so many members of three years."""
        from jifen.bench.old_members import add_old_members

        ids = asyncio.run(add_old_members(self.server, count))
        named = self.server.home.folder / "old-members"
        named.write_text("\n".join(ids), encoding="ascii")
        self.ids = str(named)
        self._run("psql", "-X", "-q", "-d", "jifen", "-c", "VACUUM ANALYZE", "-c", "CHECKPOINT")

    def old_member(self) -> dict[str, float]:
        """What a member of three years is like, on average; and how large the largest row is, in bytes."""
        told = self._run(
            "psql", "-X", "-q", "-A", "-t", "-F", " ", "-d", "jifen", "-c",
            """SELECT max(pg_column_size(m.*)), avg(pg_column_size(m.*)), avg(u.n), avg(l.n)
               FROM jifen.member m,
                    LATERAL (SELECT count(*) AS n FROM jifen.purchase u WHERE u.member_id = m.member_id) u,
                    LATERAL (SELECT count(*) AS n FROM jifen.lot l
                             WHERE l.member_id = m.member_id AND (left_units > 0 OR held > 0)) l
               WHERE EXISTS (SELECT FROM jifen.member_key k WHERE k.member_id = m.member_id)""",
        ).split()  # fmt: skip
        names = ("row_bytes_max", "row_bytes", "purchases", "open_lots")
        return {name: round(float(number), 1) for name, number in zip(names, told, strict=True)}

    def add_postings(self, each: int) -> None:
        """Give each member an old life of so many postings (at least 2): units given by hand once, and taken one by one.

        They are entries as the ledger would have written them, so the books stay kept. Members to whom something has
        happened already are left alone.
        """
        day, at = day_number(OLD_AT.date()), epoch_micros(OLD_AT)
        statements = [  # the only things put in are numbers of ours
            f"""CREATE TEMP TABLE fresh AS SELECT member_id FROM jifen.member WHERE sequence = 1;
                CREATE TEMP TABLE old AS
                SELECT member_id, n + 1::bigint AS sequence, {each} - n + 1 AS after, n = 1 AS is_up,
                       CASE n WHEN 1 THEN 'adjust_up' ELSE 'adjust_down' END AS kind,
                       CASE n WHEN 1 THEN {each} ELSE 1 END AS units
                FROM fresh, generate_series(1, {each}) AS n""",
            f"""INSERT INTO jifen.entry (member_id, sequence, entry_id, kind, currency, units, moves, revision, occurred_at,
                    recorded_at, tiers_after, balances_after)
                SELECT member_id, sequence, gen_random_uuid(), kind, 0, units,
                       ARRAY[0, 1, CASE WHEN is_up THEN {fold.W_OPENED} ELSE {fold.W_SPENT} END, units], 1, OLD_AT, OLD_AT,
                       ARRAY[0], ARRAY[after, 0] FROM old""",
            """INSERT INTO jifen.posting (member_id, sequence, part, currency, verb, account, is_credit, units, balance_after,
                   terms, reasons, lot, revision, funder, occurred_at, recorded_at)
               SELECT member_id, sequence, 0, 0, kind, 'adjusted', is_up, units, after, 0, ARRAY[0, units, units],
                      CASE WHEN is_up THEN 1 END, 1, 'bench', OLD_AT, OLD_AT
               FROM old""",
            f"""INSERT INTO jifen.lot (member_id, number, currency, terms, origin, opened, left_units, held, gone, expired,
                    returned, matures_on, expires_on)
                SELECT member_id, 1, 0, 0, 2, {each}, 1, 0, {each} - 1, 0, 0, (OLD_AT)::date, NULL FROM fresh""",
            f"""UPDATE jifen.member SET sequence = {each} + 1, lots_opened = 1, balances = '{{1,0}}', clock_day = {day},
                    clock_at = {at}
                FROM fresh WHERE member.member_id = fresh.member_id""",
        ]
        arguments = ["-d", "jifen"]
        for statement in statements:
            arguments += ["-c", statement.replace("OLD_AT", f"to_timestamp({at // 1_000_000})")]
        self._run("psql", "-X", "-q", *arguments, "-c", "VACUUM ANALYZE")

    def start_serving(self) -> float:
        """Start the serving process; return the seconds until it answers."""
        with socket.socket() as free:
            free.bind((HOST, 0))
            self.port = free.getsockname()[1]
        environment = {
            **os.environ,
            "JIFEN_DATABASE_URL": self.server.app.url(),
            "JIFEN_DATABASE_OWNER_URL": self.server.owner.url(),
        }
        # As an installation does: its modules are compiled once and kept.
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        began = time.perf_counter()
        self.process = subprocess.Popen(
            [sys.executable, "-c", "from jifen.cli import main; main()", "serve", "--port", str(self.port)],
            env=environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.ready_seconds = self._wait_ready(began)
        return self.ready_seconds

    def _wait_ready(self, began: float, *, limit: float = 60) -> float:
        while time.perf_counter() - began < limit:
            health = f"http://{HOST}:{self.port}/v1/health"
            with suppress(OSError, ValueError), urllib.request.urlopen(health, timeout=1) as answer:
                if json.load(answer)["status"] == "ready":
                    return time.perf_counter() - began
            time.sleep(0.02)
        raise TimeoutError(f"the serving process was not ready within {limit} seconds")

    def stop_serving(self, how: signal.Signals = signal.SIGTERM) -> None:
        """End the serving process."""
        if self.process is not None:
            self.process.send_signal(how)
            self.process.wait(30)
            self.process = None

    def memory_megabytes(self) -> float:
        """Resident memory of the serving process, or of all of them where several serve."""
        return sum(one.memory_info().rss for one in self._serving()) / 1e6

    def _serving(self) -> list[psutil.Process]:
        assert self.process is not None, "it serves"
        parent = psutil.Process(self.process.pid)
        return [parent, *parent.children(recursive=True)]

    # -- load ----------------------------------------------------------------------------------------------------------

    def load(self, **order: Any) -> dict[str, Any]:
        """Put a load on; return what came of it, with CPU microseconds an item for each process and foreign load."""
        asked = Order(port=self.port, token=self.token, members=self.members, **({"ids": self.ids} | order))
        before, busy = self._cpu_by_part(), _busy()
        began = time.perf_counter()
        done = subprocess.run(
            [sys.executable, "-m", "jifen.bench.load"],
            input=json.dumps(asdict(asked)),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise RuntimeError(f"the load failed: {done.stderr[-2000:]}")
        took = time.perf_counter() - began
        result: dict[str, Any] = json.loads(done.stdout)
        after, busy = self._cpu_by_part(), _busy() - busy
        used = {part: after[part] - before[part] for part in before}
        used["load"] = result.pop("cpu_seconds")
        items = max(result["items"], 1)
        result["cpu_us"] = {part: round(seconds / items * 1e6, 1) for part, seconds in used.items()}
        foreign = max(0.0, busy - sum(used.values()))
        result["foreign_share"] = round(foreign / (took * (psutil.cpu_count() or 1)), 3)
        return result

    def _cpu_by_part(self) -> dict[str, float]:
        postmaster = psutil.Process(self.postmaster())
        spent = 0.0
        for one in [postmaster, *postmaster.children(recursive=True)]:
            with suppress(psutil.NoSuchProcess):
                times = one.cpu_times()
                spent += times.user + times.system
        # Backends that have ended are counted with their parent.
        ended = postmaster.cpu_times()
        return {
            "serving": sum(
                times.user + times.system for times in (one.cpu_times() for one in self._serving())
            ),
            "postgresql": spent + ended.children_user + ended.children_system,
        }

    def postmaster(self) -> int:
        """The process id of PostgreSQL's first process."""
        return int((self.server.home.data / "postmaster.pid").read_text(encoding="ascii").splitlines()[0])

    def wal_bytes(self) -> int:
        """WAL written so far."""
        return int(self._sql("SELECT (pg_current_wal_lsn() - '0/0')::bigint").strip())

    def reconcile(self) -> bool:
        """Whether the laws hold (without replaying every member: that is another benchmark's work)."""
        return asyncio.run(_reconcile(self.server))


def _busy() -> float:
    times = psutil.cpu_times()
    return float(
        times.user + times.system + times.nice + getattr(times, "irq", 0.0) + getattr(times, "softirq", 0.0)
    )


async def _reconcile(server: Server) -> bool:
    from jifen.document.stored import timeline_of_published
    from jifen.operations.reconcile_books import reconcile_books
    from jifen.store.ledger import Ledger, open_pool

    pool = await open_pool(server.app, size=1)
    books = await reconcile_books(Ledger(pool, compile_timeline=timeline_of_published), replays=False)
    await pool.close()
    return books.are_kept


async def _publish(server: Server) -> str:
    from jifen.document.load import parse_document
    from jifen.document.stored import timeline_of_published
    from jifen.operations.manage_keys import RATE_MAX, create_key
    from jifen.operations.publish_program import publish_program
    from jifen.store.ledger import Ledger, open_pool
    from jifen.templates import template_text

    pool = await open_pool(server.app, size=1)
    ledger = Ledger(pool, compile_timeline=timeline_of_published)
    document = parse_document(template_text(TEMPLATE), name=TEMPLATE)
    await publish_program(ledger, document, effective_at=PROGRAM_FROM, published_by="bench")
    _, token = await create_key(ledger, name="bench", roles=["owner"], requests_per_minute=RATE_MAX)
    await pool.close()
    return token


@contextmanager
def a_machine(*, members: int, old_members: int = 0, say: Any = lambda _: None) -> Iterator[Machine]:
    """A machine that serves, gone when the block ends."""
    from jifen.store.migrate import migrate

    with a_server() as server:
        machine = Machine(server=server, members=members)
        machine.check_durability()
        migrate(server.owner)
        machine.token = asyncio.run(_publish(server))
        say(f"enrolling {members:,} members")
        machine.add_members(0, members)
        if old_members:
            say(f"bringing in {old_members:,} members of three years")
            machine.add_old_members(old_members)
        machine.start_serving()
        try:
            yield machine
        finally:
            machine.stop_serving()
