"""A back-test over many machines: Spark runs the very function that one machine runs, a bucket a task, and sums come back.

    result = compare(snapshot, draft, engine=on_spark())

A task reads its bucket's files itself, so every executor must see the snapshot's folder at the same path; what travels is the
question (some kilobytes, and what gifts are made of) one way and the bucket's tally as Arrow the other. The tally is whole
numbers that add up, so the answer is the same to the last unit. PySpark comes with the extra `spark` and is imported only here.
Why so: docs/decisions/0070-spark-is-given-buckets-not-rows.md; how to run it: docs/operations/spark.md.
"""

from __future__ import annotations

import hashlib
import os
import pickle
import re
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from jifen.insight.backtest.compare import Engine, tally_of
from jifen.insight.backtest.gifts import Settled
from jifen.insight.backtest.question import Question
from jifen.insight.backtest.shapes import Integers
from jifen.insight.backtest.sides import BacktestRefused
from jifen.insight.backtest.tally import SideTally, Tally, WorthyBasket
from jifen.insight.snapshot import Snapshot
from jifen.insight.snapshot.reading import check_file
from jifen.insight.snapshot.refusals import FileDiffers, FileGone

if TYPE_CHECKING:
    from pyspark.sql import SparkSession

JAVA_MIN = 17
WIRE = pa.schema(
    [
        ("bucket", pa.int32()),
        ("side", pa.int32()),  # 0 baseline, 1 draft, -1 both
        ("what", pa.string()),
        ("key", pa.string()),
        ("shape", pa.list_(pa.int64())),
        ("numbers", pa.list_(pa.int64())),
        ("texts", pa.list_(pa.string())),
    ]
)
"""What a tally travels as: one row a table, store, category, basket or column of members."""
_WIRE_SQL = "bucket int, side int, what string, key string, shape array<bigint>, numbers array<bigint>, texts array<string>"
_POLL_S = 0.2


class SparkMissing(BacktestRefused):
    """Spark cannot run here; the message says what is missing and how to get it."""


class ExecutorDiffers(BacktestRefused):
    """An executor does not see the snapshot, or runs other code; the message says which and where."""


def spark_missing() -> str | None:
    """What is missing for Spark to run here, with the way to get it; None: nothing."""
    if find_spec("pyspark") is None:
        return "PySpark is not installed: pip install 'jifen[spark]'"
    home = os.environ.get("JAVA_HOME")
    java = str(Path(home) / "bin" / "java") if home else shutil.which("java")
    if java is None or not Path(java).exists():
        return f"Java is missing (looked for {java or 'java on the path'}): install a Java {JAVA_MIN} or newer, or set JAVA_HOME"
    told = subprocess.run([java, "-version"], capture_output=True, text=True, check=False).stderr
    found = re.search(r'version "(\d+)', told)
    if found is None or int(found[1]) < JAVA_MIN:
        return (
            f"Spark wants Java {JAVA_MIN} or newer; {java} says {told.splitlines()[0] if told else 'nothing'}"
        )
    return None


def a_session() -> SparkSession:
    """The session of whoever submitted us, or one on this machine's cores.

    Refuses
        SparkMissing   PySpark or Java is not there
    """
    missing = spark_missing()
    if missing is not None:
        raise SparkMissing(missing)
    from pyspark.sql import SparkSession

    active = SparkSession.getActiveSession()
    if active is not None:
        return active
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)  # or a worker is whatever `python3` there is
    # A task is one bucket on one core: threads of Polars beside it would only get in each other's way.
    named = SparkSession.builder.appName("jifen backtest").config("spark.executorEnv.POLARS_MAX_THREADS", "1")
    return named.config("spark.ui.showConsoleProgress", "false").getOrCreate()


def on_spark(session: SparkSession | None = None) -> Engine:
    """The engine that `compare` takes: each bucket is one task.

    Refuses, when it runs
        SparkMissing      PySpark or Java is not there
        ExecutorDiffers   an executor does not see the snapshot as the driver does, or has another version of this package
    """
    return partial(_tallies, session=session)


def _tallies(
    snapshot: Snapshot,
    question: Question,
    gifts: Mapping[int, Settled],
    tell: Callable[[int], None],
    *,
    session: SparkSession | None = None,
) -> dict[int, Tally]:
    """Every bucket's tally; `tell` is told how many are done, and may raise to stop."""
    spark = session or a_session()
    from pyspark import cloudpickle

    context = spark.sparkContext
    # The generated select of a timeline is a function without a module, which only PySpark's own pickler carries.
    sent = context.broadcast(cloudpickle.dumps((_resolved(snapshot), question, dict(gifts), code_digest())))

    def task(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
        # Our own, from the driver that started this executor.
        there, asked, given, digest = pickle.loads(sent.value)  # noqa: S301
        for batch in batches:
            for bucket in batch.column(0).to_pylist():
                yield from bucket_on_executor(there, asked, given, digest, bucket)

    # One partition a bucket, so that an executor holds one bucket a core, and a lost one is done again alone.
    buckets = spark.range(0, snapshot.buckets, 1, numPartitions=snapshot.buckets)
    group = f"jifen backtest {id(sent)}"

    def collect() -> pa.Table:
        context.setJobGroup(group, "jifen backtest: the tally of each bucket", interruptOnCancel=True)
        return buckets.mapInArrow(task, _WIRE_SQL).toArrow()

    told = 0
    with ThreadPoolExecutor(max_workers=1) as pool:
        running = pool.submit(collect)
        try:
            while not wait((running,), timeout=_POLL_S).done:
                done = _tasks_done(context.statusTracker(), group)
                if done > told:
                    told = done
                    tell(done)
        except BaseException:
            context.cancelJobGroup(group)
            raise
        table = running.result()
    sent.destroy()
    tallies = tallies_of(table)
    if told < snapshot.buckets:
        tell(snapshot.buckets)
    return tallies


def _tasks_done(tracker: Any, group: str) -> int:
    done = 0
    for job in tracker.getJobIdsForGroup(group):
        told = tracker.getJobInfo(job)
        for stage in told.stageIds if told else ():
            seen = tracker.getStageInfo(stage)
            done += seen.numCompletedTasks if seen else 0
    return done


def _resolved(snapshot: Snapshot) -> Snapshot:
    """The snapshot by its whole path: an executor stands in another folder than we do."""
    return Snapshot(folder=snapshot.folder.resolve(), manifest=snapshot.manifest)


@lru_cache(maxsize=1)
def code_digest() -> str:
    """A digest of this package's code that a tally depends on: an executor with another one would count by other rules."""
    import jifen

    package = Path(jifen.__file__).parent
    rooms = [package / "domain", package / "document", package / "insight"]
    report = package / "insight" / "report"
    sources = sorted(path for room in rooms for path in room.rglob("*.py") if report not in path.parents)
    digest = hashlib.sha256()
    for path in sources:
        digest.update(path.relative_to(package).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def bucket_on_executor(
    snapshot: Snapshot, question: Question, gifts: Mapping[int, Settled], digest: str, bucket: int
) -> Iterator[pa.RecordBatch]:
    """One bucket's tally as WIRE, worked out where this runs; or one row that says why it cannot be."""
    why = None
    if code_digest() != digest:
        why = "it has another version of jifen than the driver. Ship one environment to all of them."
    try:
        for file in snapshot.manifest.files:
            if file.bucket == bucket:
                check_file(snapshot.folder, file.path, file.bytes, None)
    except (FileGone, FileDiffers) as unseen:
        why = f"it does not see {snapshot.folder} as the driver does: {unseen}"
    if why is not None:
        row = _Row(-1, "refused", "", (), (), (f"{socket.gethostname()}: {why}",))
        yield from _table([row], bucket).to_batches()
        return
    yield from arrow_of(tally_of(snapshot, question, bucket, gifts), bucket).to_batches()


class _Row(NamedTuple):
    side: int
    what: str
    key: str
    shape: Sequence[int]
    numbers: Integers | Sequence[int]
    texts: Sequence[str]


def _table(rows: Sequence[_Row], bucket: int) -> pa.Table:
    columns = [list(column) for column in zip(*rows, strict=True)]
    return pa.Table.from_arrays(
        [pa.array([bucket] * len(rows), pa.int32())]
        + [pa.array(column, field.type) for column, field in zip(columns, list(WIRE)[1:], strict=True)],
        schema=WIRE,
    )


def arrow_of(tally: Tally, bucket: int) -> pa.Table:
    """A tally as WIRE."""
    rows = [
        _Row(-1, "count", name, (), (getattr(tally, name),), ()) for name in ("purchases", "lines", "returns")
    ]
    rows += [
        _Row(-1, "nanoseconds", part, (), (round(taken * 1e9),), ()) for part, taken in tally.seconds.items()
    ]
    rows += [_Row(-1, "change", str(member), (), row, ()) for member, row in tally.changes.items()]
    for column in tally.members.get_columns():
        is_text = column.dtype == pl.String
        assert is_text or column.dtype == pl.Int64, f"{column.name} is neither whole numbers nor texts"
        rows.append(
            _Row(-1, "texts", column.name, (), (), column.to_list())
            if is_text
            else _Row(-1, "members", column.name, (), column.to_numpy(), ())
        )
    for at, side in enumerate(tally.sides):
        rows += [
            _Row(at, "tables", name, table.shape, table.reshape(-1), ())
            for name, table in side.tables.items()
        ]
        rows += [_Row(at, "stores", name, (), row, ()) for name, row in side.stores.items()]
        rows += [_Row(at, "categories", name, (), row, ()) for name, row in side.categories.items()]
        rows.append(_Row(at, "rich", "", (), side.rich, ()))
        rows += [_Row(at, "worst", one.store, (), _numbers_of(one), ()) for one in side.worst]
    return _table(rows, bucket)


def _numbers_of(one: WorthyBasket) -> list[int]:
    own = [one.member, one.sequence, one.day, one.paid_minor, one.parts]
    return own + [number for grant in one.grants for number in grant]


def tallies_of(table: pa.Table) -> dict[int, Tally]:
    """By bucket the tallies that `arrow_of` laid out, in the order in which they were.

    Refuses
        ExecutorDiffers   a bucket could not be worked out where it was
    """
    found: dict[int, dict[tuple[int, str], dict[str, Any]]] = {}
    for batch in table.to_batches():
        plain = [batch.column(name).to_pylist() for name in ("bucket", "side", "what", "key", "shape")]
        numbers, texts = batch.column("numbers"), batch.column("texts")
        for i, (bucket, side, what, key, shape) in enumerate(zip(*plain, strict=True)):
            if what == "refused":
                raise ExecutorDiffers(f"bucket {bucket} was not tallied on {texts[i].as_py()[0]}")
            value: Any = np.array(numbers[i].values.to_numpy(zero_copy_only=False), dtype=np.int64)
            if what == "texts":  # a column of members too, in its place among them
                what, value = "members", pl.from_arrow(texts[i].values)
            elif what == "tables":
                value = value.reshape(shape)
            kept = found.setdefault(bucket, {}).setdefault((side, what), {})
            kept[f"{len(kept)}:{key}" if what == "worst" else key] = value
    return {bucket: _tally_of(found[bucket]) for bucket in sorted(found)}


def _tally_of(told: Mapping[tuple[int, str], Mapping[str, Any]]) -> Tally:
    both = {what: rows for (side, what), rows in told.items() if side < 0}
    counts = {name: int(row[0]) for name, row in both["count"].items()}
    return Tally(
        sides=(_side_of(told, 0), _side_of(told, 1)),
        members=pl.DataFrame({name: pl.Series(name, column) for name, column in both["members"].items()}),
        changes={int(member): row for member, row in both.get("change", {}).items()},
        purchases=counts["purchases"],
        lines=counts["lines"],
        returns=counts["returns"],
        seconds={part: int(row[0]) / 1e9 for part, row in both["nanoseconds"].items()},
    )


def _side_of(told: Mapping[tuple[int, str], Mapping[str, Any]], at: int) -> SideTally:
    rich = told[at, "rich"][""].tolist()
    return SideTally(
        tables=dict(told[at, "tables"]),
        stores=dict(told.get((at, "stores"), {})),
        categories=dict(told.get((at, "categories"), {})),
        rich=(rich[0], rich[1], rich[2]),
        worst=tuple(_basket_of(key, row.tolist()) for key, row in told.get((at, "worst"), {}).items()),
    )


def _basket_of(key: str, numbers: list[int]) -> WorthyBasket:
    member, sequence, day, paid_minor, parts, *grants = numbers
    return WorthyBasket(
        member=member,
        sequence=sequence,
        day=day,
        store=key.partition(":")[2],
        paid_minor=paid_minor,
        parts=parts,
        grants=tuple(zip(grants[0::2], grants[1::2], strict=True)),
    )
