"""A generated history keeps what the real one is like, and none of its baskets."""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from jifen.insight.generate_history import generate_history
from jifen.insight.snapshot import Snapshot, SnapshotRevision, open_snapshot
from jifen.insight.snapshot.contracts import TABLES
from jifen.insight.snapshot.files import write_file
from jifen.insight.snapshot.manifest import FORMAT, Manifest, read_manifest, totals_of, write_manifest
from jifen.insight.snapshot.refusals import FolderTaken
from jifen.insight.snapshot.verifying import verify_snapshot
from jifen.insight.snapshot.writing import write_revisions

BEGINS = datetime(2017, 1, 2, tzinfo=UTC)
SKUS = {f"C{c}/K{c}": [(f"sku-{c}-{i}", 100 * (c + 1) + 7 * i) for i in range(40)] for c in range(6)}


@dataclass(frozen=True, kw_only=True)
class Made:
    """A real year and what was made of it."""

    real: Snapshot
    generated: Snapshot
    folder: Path


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Snapshot:
    """A year of a small shop: members who come more or less often, evenings and weekends busier, few products sought more."""
    draw = random.Random(99)
    purchases, lines = [], []
    for member in range(60):
        pace = draw.choice((4, 10, 30, 90))
        at = [_visit(draw) for _ in range(pace)]
        for sequence, moment in enumerate(sorted(at), start=1):
            count = min(1 + int(draw.expovariate(0.3)), 30)
            own = [_line(draw, number) for number in range(1, count + 1)]
            lines += own
            purchases.append(_purchase(draw, member, sequence, moment, own))
    return _as_snapshot(tmp_path_factory.mktemp("real"), purchases, lines)


def _visit(draw: random.Random) -> datetime:
    while True:
        moment = BEGINS + timedelta(
            days=draw.randrange(364), hours=draw.choice((9, 12, 18, 18, 18)), minutes=draw.randrange(60)
        )
        if moment.weekday() >= 5 or draw.random() < 0.5:
            return moment


def _line(draw: random.Random, number: int) -> dict[str, object]:
    category = draw.choices(list(SKUS), weights=(40, 25, 15, 10, 6, 4))[0]
    sku, price = draw.choice(SKUS[category])
    return {
        "number": number, "sku": sku, "category": category, "brand": draw.choice(("Own", "Other")),
        "quantity_milli": 1_000, "amount_minor": price, "discount_minor": draw.choice((0, 0, 10)), "cost_minor": None,
        "tags": None, "masks": [1], "attribute.shelf": draw.randrange(3),
    }  # fmt: skip


def _purchase(
    draw: random.Random, member: int, sequence: int, at: datetime, lines: list[dict[str, object]]
) -> dict[str, object]:
    amount = sum(int(str(line["amount_minor"])) for line in lines)
    return {
        "member": member, "sequence": sequence, "store": draw.choice(("S1", "S1", "S2")), "channel": "store", "source": "pos",
        "occurred_at": at, "recorded_at": at, "weekday": at.isoweekday(), "hour": at.hour,
        "store_date": at.year * 10_000 + at.month * 100 + at.day, "amount_minor": amount,
        "payments": f'[{{"method": "ca\\"rd", "amount_minor": {amount}}}]', "tags": None, "revision": 1, "judged_tiers": [0],
        "hits": [0, amount, 0, 5, 5, 0], "legs": None, "moves": [0, 1, 1, 5], "tiers_after": [0], "balances_after": [5],
        "line_count": len(lines),
    }  # fmt: skip


def _as_snapshot(
    folder: Path, purchases: list[dict[str, object]], lines: list[dict[str, object]]
) -> Snapshot:
    """The rows as a snapshot folder of one bucket and one file a table: months do not matter to who draws from it."""
    members = pl.DataFrame({"member": list(range(60))}).with_columns(
        pl.lit([0], dtype=pl.List(pl.Int64)).alias(name) if type_ == pl.List(pl.Int64)
        else pl.lit(BEGINS).cast(type_).alias(name) if name == "enrolled_at"
        else pl.lit(None, dtype=type_).alias(name) if type_ == pl.List(pl.String)
        else pl.lit("0").alias(name) if type_ == pl.String else pl.lit(0, dtype=pl.Int64).alias(name)
        for name, type_ in TABLES["members"].contract.schema.items() if name != "member"
    )  # fmt: skip
    frames = {
        "members": members,
        "lots": TABLES["lots"].contract.empty(),
        "purchases": pl.DataFrame(purchases, schema=TABLES["purchases"].contract.schema),
        "lines": pl.DataFrame(
            lines, schema={**TABLES["lines"].contract.schema, "attribute.shelf": pl.Int64()}
        ),
    }
    files = tuple(
        write_file(
            folder,
            name,
            frame,
            month="2017-01" if TABLES[name].is_journal else None,
            bucket=0,
            part=0,
            buckets=1,
        )
        for name, frame in frames.items()
    )
    revision = SnapshotRevision(
        number=1,
        document={},
        document_hash="",
        numbering={},
        meaning={},
        effective_at=BEGINS,
        published_at=BEGINS,
    )
    manifest = Manifest(
        format=FORMAT, kind="ledger", database="real", instant=BEGINS, taken_at=BEGINS, visible="1:1:", runs=1,
        newest_revision=1, money="USD", money_decimals=2, time_zone="UTC", buckets=1, members=60,
        attributes={"shelf": "integer"}, revisions=write_revisions(folder, [revision]), files=files,
        totals=totals_of(files),
    )  # fmt: skip
    write_manifest(folder, manifest)
    return open_snapshot(folder)


@pytest.fixture(scope="module")
def made(real: Snapshot, tmp_path_factory: pytest.TempPathFactory) -> Made:
    """Three thousand members with about 24,000 purchases."""
    folder = tmp_path_factory.mktemp("generated") / "g"
    generate_history(real, folder, seed=1, members=3_000, purchases=24_000, buckets=4)
    return Made(real=real, generated=open_snapshot(folder), folder=folder)


def shares(frame: pl.DataFrame, column: str) -> dict[object, float]:
    """Each value's share of the rows."""
    counts = frame.get_column(column).value_counts()
    return {value: count / frame.height for value, count in counts.iter_rows()}


def assert_alike(
    one: dict[object, float], other: dict[object, float], *, within: float, but: str = ""
) -> None:
    """No value's share differs by more."""
    for value in one.keys() | other.keys():
        assert abs(one.get(value, 0) - other.get(value, 0)) < within, (
            but,
            value,
            one.get(value),
            other.get(value),
        )


def test_it_is_a_whole_snapshot_of_about_the_size_asked_for(made: Made) -> None:
    manifest = made.generated.manifest
    assert verify_snapshot(made.folder).findings == ()
    assert (manifest.kind, manifest.seed, manifest.members) == ("generated", 1, 3_000)
    assert manifest.totals["purchases"].rows == pytest.approx(24_000, rel=0.02)
    bought = made.generated.scan("purchases").collect()
    assert bought["hits"].list.len().sum() == 0
    assert manifest.totals["postings"].rows == 0


def test_the_same_seed_gives_the_same_bytes_and_another_gives_others(made: Made, tmp_path: Path) -> None:
    for name, seed in (("same", 1), ("other", 2)):
        generate_history(made.real, tmp_path / name, seed=seed, members=3_000, purchases=24_000, buckets=4)
    mine = {file.path: (file.sha256, file.rows) for file in made.generated.manifest.files}
    assert mine == {f.path: (f.sha256, f.rows) for f in read_manifest(tmp_path / "same").files}
    others = {f.path: (f.sha256, f.rows) for f in read_manifest(tmp_path / "other").files}
    bought = [path for path in mine if path.startswith(("purchases", "lines"))]
    assert not [path for path in bought if mine[path][0] == others.get(path, ("", 0))[0]]


def test_baskets_categories_stores_and_rhythms_are_those_of_the_real_year(made: Made) -> None:
    real, like = (s.scan("purchases").collect() for s in (made.real, made.generated))
    for column, within in (("line_count", 0.015), ("store", 0.02), ("weekday", 0.02), ("channel", 0.001)):
        assert_alike(shares(real, column), shares(like, column), within=within, but=column)
    # Some minutes move a visit over the hour now and then, as often one way as the other.
    assert np.mean(like["hour"].to_numpy()) == pytest.approx(np.mean(real["hour"].to_numpy()), abs=0.4)
    by_month = [
        shares(frame.with_columns(month=pl.col("occurred_at").dt.month()), "month") for frame in (real, like)
    ]
    assert_alike(*by_month, within=0.025, but="season")
    real_lines, lines = (s.scan("lines").collect() for s in (made.real, made.generated))
    for column in ("category", "brand", "discount_minor", "attribute.shelf"):
        assert_alike(shares(real_lines, column), shares(lines, column), within=0.01, but=column)
    assert lines["amount_minor"].to_numpy().mean() == pytest.approx(
        real_lines["amount_minor"].to_numpy().mean(), rel=0.01
    )
    known = set(real_lines.select("sku", "category", "amount_minor").iter_rows())
    assert set(lines.select("sku", "category", "amount_minor").iter_rows()) <= known, "no price is made up"


def test_members_differ_in_how_often_they_come_as_the_real_ones_do(made: Made) -> None:
    real = made.real.scan("purchases").collect().get_column("member").value_counts()["count"].to_numpy()
    like = made.generated.scan("members").collect().get_column("purchases").to_numpy()
    share = 24_000 / 3_000 / real.mean()
    for quantile in (10, 25, 50, 75, 90):
        assert np.percentile(like, quantile) == pytest.approx(np.percentile(real, quantile) * share, abs=1.01)


def test_no_basket_is_a_copy(made: Made) -> None:
    """Of a real basket with three lines or more, or of another generated one."""
    bags = []
    for snapshot in (made.real, made.generated):
        for bucket in range(snapshot.buckets):
            frames = snapshot.collect(bucket)
            bag = frames.lines.group_by("purchase", maintain_order=True).agg(
                pl.struct("sku", "amount_minor", "discount_minor", "brand").hash().alias("lines")
            )
            bags.append(
                frames.purchases.select("member", "occurred_at", "store", "line_count")
                .with_columns(lines=bag["lines"], is_real=pl.lit(snapshot is made.real))
                .filter(pl.col("line_count") >= 4)
            )
    baskets = pl.concat(bags).with_columns(lines=pl.col("lines").hash())
    copied = baskets.filter(pl.col("lines").is_duplicated()).height
    assert copied / baskets.height < 0.01
    whole = baskets.filter(pl.struct("occurred_at", "store", "lines").is_duplicated())
    assert whole.height == 0
    lives = (
        baskets.group_by("member", "is_real")
        .agg(pl.col("lines"), pl.len().alias("n"))
        .filter(pl.col("n") > 1)
    )
    assert not lives.get_column("lines").hash().is_duplicated().any()


def test_amounts_payments_and_calendars_agree_with_their_own_lines(made: Made) -> None:
    bought = made.generated.scan("purchases").collect()
    paid = bought.get_column("payments").str.json_decode(
        pl.List(pl.Struct({"method": pl.String(), "amount_minor": pl.Int64()}))
    )
    assert paid.list.len().unique().to_list() == [1]
    each = paid.list.first().struct
    assert each.field("method").unique().to_list() == ['ca"rd']
    assert each.field("amount_minor").to_list() == bought["amount_minor"].to_list()
    at = bought["occurred_at"]
    assert (at.dt.weekday().cast(pl.Int64) == bought["weekday"]).all()
    assert (at.dt.hour().cast(pl.Int64) == bought["hour"]).all()
    real = made.real.scan("purchases").collect()["occurred_at"]
    assert real.min() <= at.min() <= at.max() <= real.max()  # type: ignore[operator]
    members = made.generated.scan("members").collect()
    assert (members["last_purchase_day"] == -1).to_list() == (members["purchases"] == 0).to_list()


def test_a_generation_that_stands_is_used_again_and_nothing_else_is_overwritten(
    made: Made, tmp_path: Path
) -> None:
    before = (made.folder / "manifest.json").stat().st_mtime_ns
    again = generate_history(made.real, made.folder, seed=1, members=3_000, purchases=24_000, buckets=4)
    assert again == made.generated.manifest
    assert (made.folder / "manifest.json").stat().st_mtime_ns == before
    for seed, members, buckets in ((2, 3_000, 4), (1, 10, 4), (1, 3_000, 2)):
        with pytest.raises(FolderTaken):
            generate_history(
                made.real, made.folder, seed=seed, members=members, purchases=24_000, buckets=buckets
            )
    (tmp_path / "mine").write_text("mine")
    with pytest.raises(FolderTaken):
        generate_history(made.real, tmp_path, seed=1, members=10, purchases=100)


def test_few_members_and_more_visits_than_the_real_ones_had(made: Made, tmp_path: Path) -> None:
    """Smaller than its buckets, and busier than its source: still a whole snapshot."""
    manifest = generate_history(made.real, tmp_path / "g", seed=3, members=3, purchases=1_000, buckets=4)
    assert manifest.totals["members"].rows == 3
    assert verify_snapshot(tmp_path / "g").findings == ()
