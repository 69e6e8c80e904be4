"""What a process of the back-test's benchmark does, each in one of its own: `python -m jifen.bench.backtest_work TASK ...`.

The result is JSON on standard output, with what it cost this process: wall and processor seconds, and the most memory it held.
"""

from __future__ import annotations

import io
import json
import sys
import time
from collections.abc import Callable
from contextlib import redirect_stdout
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jifen.document.model import ProgramDocument
    from jifen.domain.purchase import Purchase
    from jifen.insight.snapshot import BucketFrames, Snapshot

CHANGES = (
    ("points: 1, amount_minor: 400, whole_steps: true", "points: 1, amount_minor: 300, whole_steps: true"),
    ('multiple: {of: base, by: "3/2"}', 'multiple: {of: base, by: "2"}'),
    ("caps: {day: 40, month: 160}", "caps: {day: 40, month: 120}"),
    ("expiry: {months: 6, round: month_end}", "expiry: {months: 9, round: month_end}"),
    ('multiplier: "11/10"', 'multiplier: "6/5"'),
)
"""What the draft changes of the template: a rule quicker, a bonus raised, a cap lowered, expiry later, a tier better."""

ONE_RULE = """\
format: 1
program: {code: plain, names: {zh: 简单, en: Plain}}
time_zone: America/New_York
money: {code: USD, decimals: 2}
any_store: true
currencies:
  - {code: points, names: {zh: 积分, en: Points}, kind: spendable, worth: 1}
earn_rules:
  - code: base
    names: {zh: 消费, en: Base}
    currency: points
    per_amount: {points: 1, amount_minor: 100}
    when: {not: {fact: line.category, under: [FUEL, MISCELLANEOUS]}}
"""
EXCLUDED = ("FUEL", "MISCELLANEOUS")
SAMPLE_PURCHASES = 20_000


def draft_text() -> str:
    """The template changed as CHANGES says."""
    from jifen.templates import template_text

    text = template_text("grocer")
    for before, after in CHANGES:
        assert before in text, f"the template no longer says {before!r}"
        text = text.replace(before, after)
    return text


def a_draft() -> ProgramDocument:
    """The same as a document."""
    from jifen.document.load import parse_document

    return parse_document(draft_text(), name="draft.yaml")


def run(folder: str, draft: str, report: str) -> dict[str, Any]:
    """A back-test as a person runs it: `jifen backtest`, over a snapshot that stands, with its page written."""
    from jifen.cli import main as command

    sys.argv = [
        "jifen",
        "backtest",
        draft,
        "--no-refresh",
        "--snapshot",
        folder,
        "--report",
        report,
        "--json",
    ]
    answer = io.StringIO()
    try:
        with redirect_stdout(answer):
            command()
    except SystemExit as ended:
        if ended.code:
            raise RuntimeError(f"jifen backtest ended with {ended.code}") from ended
    result = json.loads(answer.getvalue())
    compared = result["compared"]
    return {
        "purchases": compared["purchases"],
        "lines": compared["lines"],
        "members": compared["members"],
        "thread_seconds": {one["part"]: one["milliseconds"] / 1_000 for one in compared["seconds"]},
        "granted": [result[side]["currencies"][0]["granted_units"] for side in ("baseline", "draft")],
    }


def generate(source: str, folder: str, lines: str) -> dict[str, Any]:
    """A large history, unless it stands there; in a process of its own, so that its memory is nobody's who is measured."""
    from jifen.bench.backtest import SEED, members_of
    from jifen.insight.generate_history import generate_history
    from jifen.insight.snapshot import open_snapshot

    members, purchases = members_of(int(lines))
    made = generate_history(
        open_snapshot(Path(source)), Path(folder), seed=SEED, members=members, purchases=purchases
    )
    return {"lines": made.totals["lines"].rows}


def books(folder: Path) -> dict[str, Any]:
    """Everything in which the ledger differs from its history replayed, select included."""
    from jifen.insight.backtest.books import differences
    from jifen.insight.backtest.sides import live_side
    from jifen.insight.snapshot import open_snapshot

    snapshot = open_snapshot(folder)
    side = live_side(snapshot.revisions())
    found = [
        one
        for bucket in range(snapshot.buckets)
        for one in differences(snapshot.collect(bucket), side, selects=True)
    ]
    rows = {name: total.rows for name, total in snapshot.manifest.totals.items()}
    return {"differences": len(found), "first": [str(one) for one in found[:5]], "rows": rows}


def vs_live(folder: Path, purchases: int = SAMPLE_PURCHASES) -> dict[str, Any]:
    """Processor time of a purchase judged by the live decide in Python, and by the back-test, over the same purchases.

    Members of the first bucket are taken until they have so many purchases. Both must grant the same units. The back-test's
    time is told of the whole bucket, reading included, because it is made for many.
    """
    from jifen.insight.backtest.compare import question_of, tally_of
    from jifen.insight.backtest.sums import RULE_GRANTED
    from jifen.insight.backtest.tally import tally_bucket
    from jifen.insight.snapshot import open_snapshot

    snapshot = open_snapshot(folder)
    question = question_of(snapshot, a_draft())
    whole = snapshot.collect(0, tables=("members", "purchases", "lines", "returns", "entries"))
    sample = _some_members(whole, purchases)
    rates, granted = [], []
    for side in question.sides:
        seconds, units = _lived(sample, side.timeline, snapshot)
        rates.append(sample.purchases.height / seconds)
        granted.append(units)
    tally = tally_bucket(question, sample)  # compiles, too
    ours = [int(side.tables["rules"][:, RULE_GRANTED].sum()) for side in tally.sides]
    assert ours == granted, f"the live decide granted {granted}, the back-test {ours}"
    began = time.process_time()
    of_bucket = tally_of(snapshot, question, 0)
    spent = time.process_time() - began
    return {
        "sample_purchases": sample.purchases.height,
        "bucket_purchases": of_bucket.purchases,
        "live_rate": 2 / sum(1 / rate for rate in rates),
        "ours_rate": 2 * of_bucket.purchases / spent,
        "granted": granted,
    }


def _some_members(frames: BucketFrames, purchases: int) -> BucketFrames:
    """The frames of the first members, so many that they have about so many purchases; journal of purchases only."""
    import polars as pl

    from jifen.insight.backtest.events import chosen

    counts = frames.purchases.group_by("member").len().sort("member")
    enough = counts.filter(pl.col("len").cum_sum() <= max(purchases, int(counts["len"][0])))
    own = chosen(frames, frames.members.get_column("member").is_in(enough["member"].implode()), before=None)
    # Only purchases are judged here, by both: what is spent and brought back takes other roads at the till.
    return type(own)(
        bucket=0, members=own.members, lots=own.lots, purchases=own.purchases, lines=own.lines, returns=own.returns.clear(),
        entries=own.entries.clear(), postings=own.postings,
    )  # fmt: skip


def _lived(frames: BucketFrames, timeline: Any, snapshot: Snapshot) -> tuple[float, int]:
    """Processor seconds of the live decide over these purchases, each member's in order, and the units granted.

    As at the till, lots are given only where time has made something due or there is debt.
    """
    from uuid import UUID

    from jifen.domain.calendar import day_number, epoch_micros, local_date
    from jifen.domain.decide import decide_purchase
    from jifen.domain.member import new_member

    made = _purchases(frames, snapshot)
    order = frames.purchases.select("purchase", "member").sort(frames.purchases["sequence"]).rows()
    members: dict[int, Any] = {}
    spent = granted = 0
    for row, number in sorted(order, key=lambda one: one[1]):
        purchase = made[row]
        member = members.get(number) or new_member(
            UUID(int=number), timeline, timeline.row_at(purchase.occurred_at)
        )
        now = purchase.occurred_at
        day = day_number(local_date(now, timeline.time_zone))
        is_sparse = not (member.is_due(day, epoch_micros(now)) or any(member.debts))
        given = member._replace(lots=()) if is_sparse else member
        began = time.process_time_ns()
        decision = decide_purchase(timeline, given, purchase, now=now)
        spent += time.process_time_ns() - began
        granted += sum(result.granted for result in decision.results)
        after = decision.after
        members[number] = after._replace(lots=member.lots + after.lots) if is_sparse else after
    return spent / 1e9, granted


def _purchases(frames: BucketFrames, snapshot: Snapshot) -> list[Purchase]:
    from jifen.domain.purchase import Line, Payment, Purchase

    names = [name for name in frames.lines.columns if name in Line._fields]
    by_purchase: list[list[Line]] = [[] for _ in range(frames.purchases.height)]
    for row in frames.lines.select("purchase", *names).iter_rows(named=True):
        owner = row.pop("purchase")
        row["tags"] = tuple(row["tags"] or ())
        by_purchase[owner].append(Line(**{**row, "discount_minor": row.get("discount_minor") or 0}))
    purchases = []
    for row in frames.purchases.iter_rows(named=True):
        paid = json.loads(row["payments"]) if row["payments"] else []
        purchases.append(
            Purchase(
                source=row["source"],
                business_no=f"{row['member']}-{row['sequence']}",
                occurred_at=row["occurred_at"],
                money=snapshot.manifest.money,
                amount_minor=row["amount_minor"],
                lines=tuple(by_purchase[row["purchase"]]),
                store=row["store"],
                channel=row["channel"],
                payments=tuple(Payment(**one) for one in paid),
                tags=tuple(row["tags"] or ()),
            )
        )
    return purchases


def vs_pandas(folder: Path) -> dict[str, Any]:
    """Seconds of the simplest rule (a point a dollar, but for two departments) over the first bucket, in pandas and by ours.

    Both read the same files and must come to the same points. Ours is select and rate; there is no order in this rule.
    """
    from jifen.insight.snapshot import open_snapshot

    snapshot = open_snapshot(folder)
    told = {}
    for name, work in (("pandas", _by_pandas), ("ours", _by_ours)):
        work(snapshot)  # the first time modules are loaded and functions compiled
        wall, spent = time.perf_counter(), time.process_time()
        points = work(snapshot)
        told[name] = {
            "points": points, "seconds": time.perf_counter() - wall, "cpu_seconds": time.process_time() - spent
        }  # fmt: skip
    assert told["pandas"]["points"] == told["ours"]["points"], told
    lines = sum(file.rows for file in snapshot.manifest.files_of("lines", 0))
    return {**told, "lines": lines}


def _by_pandas(snapshot: Snapshot) -> int:
    import pandas as pd

    def read(table: str, columns: list[str]) -> Any:
        files = [snapshot.folder / file.path for file in snapshot.manifest.files_of(table, 0)]
        return pd.concat([pd.read_parquet(path, columns=columns) for path in files], ignore_index=True)

    lines, purchases = read("lines", ["category", "amount_minor"]), read("purchases", ["line_count"])
    purchase = purchases.index.repeat(purchases["line_count"])
    category = lines["category"].fillna("")
    excluded = category.isin(EXCLUDED) | category.str.startswith(tuple(f"{one}/" for one in EXCLUDED))
    eligible = lines["amount_minor"].where(~excluded, 0)
    return int((eligible.groupby(purchase).sum() // 100).sum())


def _by_ours(snapshot: Snapshot) -> int:
    import numpy as np

    from jifen.document.compile import compile_program
    from jifen.document.load import parse_document
    from jifen.domain.program.numbering import Numbering
    from jifen.domain.timeline import timeline_of
    from jifen.insight.backtest.hits import selected
    from jifen.insight.backtest.tally import encoded

    effective_at = snapshot.revisions()[0].effective_at
    document = parse_document(ONE_RULE, name="one.yaml")
    program = compile_program(document, revision=1, effective_at=effective_at, numbering=Numbering())
    columns = {
        "purchases": ["member", "sequence", "line_count"],
        "lines": ["category", "amount_minor", "quantity_milli"],
    }
    frames = encoded(snapshot.collect(0, tables=("purchases", "lines"), columns=columns))
    start = np.concatenate([[0], np.cumsum(frames.purchases["line_count"].to_numpy())]).astype(np.int64)
    rows = np.zeros(frames.purchases.height, dtype=np.int64)
    seen = selected(frames.purchases, frames.lines, start, rows, timeline_of([program]))
    return int((seen.hits.amount // 100).sum())


TASKS: dict[str, Callable[..., dict[str, Any]]] = {
    "generate": generate,
    "run": run,
    "books": lambda folder: books(Path(folder)),
    "vs_live": lambda folder, purchases: vs_live(Path(folder), int(purchases)),
    "vs_pandas": lambda folder: vs_pandas(Path(folder)),
}


def most_memory() -> float:
    """The most memory that this process ever held, in megabytes: of this program, not of whoever started it."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1_024 / 1e6
    raise AssertionError("Linux tells VmHWM")


def main(task: str, *words: str) -> None:
    """Do one task and tell it."""
    told = TASKS[task](*words)
    told |= {"memory_mb": most_memory(), "cpu_seconds_all": time.process_time()}
    sys.stdout.write(json.dumps(told) + "\n")


if __name__ == "__main__":
    main(*sys.argv[1:])
