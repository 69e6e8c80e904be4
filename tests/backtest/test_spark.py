"""The back-test on Spark comes to what one machine comes to, to the last unit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from tests.backtest.test_compare import GENEROUS, STINGY, a_past
from tests.backtest.worlds import CHANGED, FIRST
from tests.conftest import FreshDatabase

from jifen.document.model import ProgramDocument
from jifen.insight.backtest import spark
from jifen.insight.backtest.compare import Progress, compare, question_of, tally_of
from jifen.insight.backtest.question import Redemptions
from jifen.insight.backtest.result import Result
from jifen.insight.backtest.segments import FIFTHS
from jifen.insight.backtest.spark import (
    ExecutorDiffers,
    arrow_of,
    bucket_on_executor,
    on_spark,
    spark_missing,
    tallies_of,
)
from jifen.insight.backtest.tally import Tally
from jifen.insight.snapshot import Snapshot

# What PySpark says of itself: we hand it Arrow and no frame of pandas.
pytestmark = pytest.mark.filterwarnings("ignore:PySpark does not yet fully support pandas:FutureWarning")
MADE_AT = datetime(2026, 1, 1, tzinfo=UTC)


@pytest.fixture(scope="module")
def session() -> Iterator[Any]:
    """A Spark of two cores on this machine."""
    missing = spark_missing()
    if missing is not None:
        pytest.skip(f"NOTHING OF SPARK IS TESTED: {missing}")
    with pytest.MonkeyPatch.context() as patch:
        import sys

        from pyspark.sql import SparkSession

        patch.setenv("PYSPARK_PYTHON", sys.executable)
        settings = {
            "spark.ui.enabled": "false", "spark.ui.showConsoleProgress": "false", "spark.driver.host": "127.0.0.1",
            "spark.driver.bindAddress": "127.0.0.1", "spark.executorEnv.POLARS_MAX_THREADS": "1",
        }  # fmt: skip
        builder = SparkSession.builder.master("local[2]").appName("jifen tests")
        made = builder.config(map=settings).getOrCreate()
        made.sparkContext.setLogLevel("ERROR")
        yield made
        made.stop()


def counted(result: Result) -> Result:
    """A result without where it was counted and how long it took."""
    return replace(result, compared=replace(result.compared, seconds=(), engine="local"))


def assert_same(one: Tally, other: Tally) -> None:
    for mine, theirs in zip(one.sides, other.sides, strict=True):
        assert mine.tables.keys() == theirs.tables.keys()
        for kind in ("tables", "stores", "categories"):
            tables, others = getattr(mine, kind), getattr(theirs, kind)
            assert list(tables) == list(others)
            for name, table in tables.items():
                assert table.dtype == others[name].dtype
                assert np.array_equal(table, others[name]), name
        assert (mine.rich, mine.worst) == (theirs.rich, theirs.worst)
    assert one.members.schema == other.members.schema
    assert one.members.equals(other.members)
    assert one.changes.keys() == other.changes.keys()
    assert all(np.array_equal(row, other.changes[member]) for member, row in one.changes.items())
    assert (one.purchases, one.lines, one.returns) == (other.purchases, other.lines, other.returns)


async def test_a_tally_is_the_same_after_its_journey(fresh_database: FreshDatabase, tmp_path: Path) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, 11)
    question = question_of(past, GENEROUS, rich_bps=1)
    tallies = {bucket: tally_of(past, question, bucket) for bucket in range(past.buckets)}
    nobody = tally_of(past, replace(question, sample=Fraction(1, 10**9)), 0)
    assert any(side.worst and side.rich[0] for tally in tallies.values() for side in tally.sides)
    assert nobody.members.height == 0

    for bucket, tally in (*tallies.items(), (7, nobody)):
        ((number, again),) = tallies_of(arrow_of(tally, bucket)).items()
        assert number == bucket
        assert_same(again, tally)


async def test_an_executor_that_sees_other_files_or_runs_other_code_is_refused(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, 12, steps=20)
    question = question_of(past, STINGY)
    elsewhere = Snapshot(folder=tmp_path / "not mounted here", manifest=past.manifest)

    for snapshot, digest, why in (
        (past, "another", "another version of jifen"),
        (elsewhere, spark.code_digest(), "does not see"),
    ):
        (batch,) = bucket_on_executor(snapshot, question, {}, digest, 1)
        with pytest.raises(ExecutorDiffers, match=f"bucket 1 .*{why}"):
            tallies_of(pa.Table.from_batches([batch]))


def test_what_is_missing_is_said_with_the_way_to_get_it(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(spark, "find_spec", lambda name: None)
    assert spark_missing() == "PySpark is not installed: pip install 'jifen[spark]'"
    monkeypatch.setattr(spark, "find_spec", lambda name: object())
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    assert "Java is missing" in str(spark_missing())
    old = tmp_path / "bin" / "java"
    old.parent.mkdir()
    old.write_text("#!/bin/sh\necho 'openjdk version \"11.0.2\" 2019-01-15' >&2\n")
    old.chmod(0o755)
    assert "Spark wants Java 17 or newer" in str(spark_missing())


@pytest.mark.parametrize(("seed", "draft"), [(13, GENEROUS), (14, CHANGED[1])])
async def test_random_lives_come_to_the_same_on_spark(
    session: Any, fresh_database: FreshDatabase, tmp_path: Path, seed: int, draft: ProgramDocument
) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, seed)
    near = compare(past, draft, made_at=MADE_AT)
    told: list[Progress] = []

    far = compare(past, draft, made_at=MADE_AT, engine=on_spark(session), progress=told.append)

    assert counted(far) == counted(near)
    assert far.baseline != far.draft
    assert {verb.verb for verb in far.draft.replayed} >= {"give", "reserve"}
    assert told[-1].buckets_done == told[-1].buckets == past.buckets


@pytest.mark.parametrize("redemptions", ["replayed", "drawn"])
async def test_drawn_redemptions_samples_and_segments_come_to_the_same_on_spark(
    session: Any, fresh_database: FreshDatabase, tmp_path: Path, redemptions: Redemptions
) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, 5)
    asked: dict[str, Any] = {"made_at": MADE_AT, "redemptions": redemptions, "seed": 5}
    near = compare(past, GENEROUS, **asked)

    far = compare(past, GENEROUS, **asked, engine=on_spark(session))

    assert counted(far) == counted(near)
    assert far.compared.engine == "spark"
    segments = [one for one in far.change.shares if one.by == "segment"]
    assert sum(one.members for one in segments) == far.compared.members
    assert [one.group.code for one in segments[:5]] == list(FIFTHS)
    how = {row.verb: row.is_drawn for row in far.draft.replayed}
    assert (how["give"], how["reserve"]) == (False, redemptions == "drawn")
    if redemptions == "drawn":
        replayed = compare(past, GENEROUS, made_at=MADE_AT).draft.replayed
        assert [row.asked_units for row in far.draft.replayed] != [row.asked_units for row in replayed]


async def test_it_can_be_stopped_and_asked_again(
    session: Any, fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    past = await a_past(fresh_database, tmp_path / "s", FIRST, 15, steps=40)

    def stop(_: Progress) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        compare(past, STINGY, engine=on_spark(session), progress=stop)
    again = compare(past, STINGY, made_at=MADE_AT, engine=on_spark(session))
    assert counted(again) == counted(compare(past, STINGY, made_at=MADE_AT))


@pytest.mark.slow
def test_the_demos_year_comes_to_the_same_on_spark(session: Any, tmp_path: Path) -> None:
    from jifen.bench.backtest import demo_snapshot
    from jifen.bench.backtest_work import a_draft
    from jifen.insight.snapshot import open_snapshot

    snapshot = open_snapshot(demo_snapshot(tmp_path / "demo", say=lambda _: None))
    near = compare(snapshot, a_draft(), made_at=MADE_AT)

    far = compare(snapshot, a_draft(), made_at=MADE_AT, engine=on_spark(session))

    assert counted(far) == counted(near)
    assert far.compared.purchases == 155_848
