"""Tiers and stores of a snapshot: those of every revision, and every store where something was bought."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from pathlib import Path

import polars as pl
from tests.conftest import FreshDatabase
from tests.machine.till import a_till
from tests.snapshot.shop import Lives, a_shop_document, snapshot_of

from jifen.insight.snapshot import open_snapshot
from jifen.insight.snapshot.contracts import REFERENCE
from jifen.insight.snapshot.verifying import verify_snapshot


async def test_tiers_and_stores_are_written_anew_by_each_run_and_proven(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    folder = tmp_path / "s"
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = Lives(till, seed=5)
        await lives.enrol(3)
        await lives.go_on(20)
        await snapshot_of(fresh_database, folder, buckets=2)
        first = {name: open_snapshot(folder).scan(name).collect() for name in REFERENCE}
        await lives.go_on(20)
        await snapshot_of(fresh_database, folder)
        counted = await till.fetchval(
            """SELECT json_object_agg(store, n)::text
               FROM (SELECT store, count(*) AS n FROM purchase WHERE store IS NOT NULL GROUP BY store) s"""
        )
        bought = json.loads(counted)

    snapshot = open_snapshot(folder, checksums=True)
    ladder = a_shop_document().tiers
    assert ladder is not None
    tiers = snapshot.scan("tiers").filter(revision=1).collect()
    assert tiers.get_column("code").to_list() == [tier.code for tier in ladder.list]
    assert tiers.get_column("rank").to_list() == list(range(len(tiers)))
    stores = snapshot.scan("stores").collect()
    assert dict(stores.filter(pl.col("purchases") > 0).select("code", "purchases").iter_rows()) == bought
    assert stores.get_column("purchases").sum() > first["stores"].get_column("purchases").sum()
    for name in REFERENCE:
        assert sorted(path.name for path in (folder / name).iterdir()) == [
            "as-of-00000.parquet",
            "as-of-00001.parquet",
        ]
        assert len(snapshot.manifest.files_of(name)) == 1, "the one before goes with the next run"
    assert verify_snapshot(folder).is_whole


async def test_verify_finds_a_store_that_is_not_what_was_bought(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    """The file is whole by its checksum, and says something that the purchases do not."""

    from jifen.insight.snapshot.files import sums_of
    from jifen.insight.snapshot.manifest import read_manifest, totals_of, write_manifest

    folder = tmp_path / "s"
    async with a_till(fresh_database, a_shop_document()) as till:
        lives = Lives(till, seed=5)
        await lives.enrol(2)
        await lives.go_on(15)
        await snapshot_of(fresh_database, folder, buckets=1)
    manifest = read_manifest(folder)
    file = manifest.files_of("stores")[0]
    wrong = pl.read_parquet(folder / file.path).with_columns(pl.col("purchases") + 1)
    wrong.write_parquet(folder / file.path)
    content = (folder / file.path).read_bytes()

    changed = replace(
        file, bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), sums=sums_of("stores", wrong)
    )
    files = tuple(changed if one == file else one for one in manifest.files)
    write_manifest(folder, replace(manifest, files=files, totals=totals_of(files)))

    found = verify_snapshot(folder).findings

    assert [(one.check, one.where) for one in found] == [("reference", file.path)]
