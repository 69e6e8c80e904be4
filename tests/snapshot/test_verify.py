"""`verify` finds each kind of damage, and a reader refuses what is not whole."""

from __future__ import annotations

import hashlib
import io
import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import polars as pl
import pytest
from tests.conftest import FreshDatabase
from tests.machine.till import a_till
from tests.snapshot.shop import Lives, a_shop_document, snapshot_of

from jifen.insight.snapshot import open_snapshot
from jifen.insight.snapshot.files import sums_of
from jifen.insight.snapshot.manifest import FORMAT, File, Manifest, read_manifest, totals_of, write_manifest
from jifen.insight.snapshot.refusals import FileDiffers, FileGone, NotASnapshot, OtherFormat
from jifen.insight.snapshot.verifying import verify_snapshot

_made: dict[str, Path] = {}


@pytest.fixture
async def folder(
    fresh_database: FreshDatabase, tmp_path: Path, tmp_path_factory: pytest.TempPathFactory
) -> Path:
    """A whole snapshot of two runs to damage; made once, copied for each test."""
    if "whole" not in _made:
        _made["whole"] = tmp_path_factory.mktemp("snapshot") / "whole"
        async with a_till(fresh_database, a_shop_document()) as till:
            lives = Lives(till, seed=7)
            await lives.enrol(4)
            await lives.go_on(50)
            await snapshot_of(fresh_database, _made["whole"], buckets=2)
            await lives.go_on(20)
            await snapshot_of(fresh_database, _made["whole"])
    return Path(shutil.copytree(_made["whole"], tmp_path / "s"))


def largest(manifest: Manifest, table: str) -> File:
    """The file of a table with the most rows."""
    return max(manifest.files_of(table), key=lambda file: file.rows)


def with_file(manifest: Manifest, old: File, new: File) -> Manifest:
    """The manifest with one file told otherwise, and totals to fit."""
    files = tuple(new if file is old else file for file in manifest.files)
    return replace(manifest, files=files, totals=totals_of(files))


def redressed(folder: Path, table: str, change: Callable[[pl.DataFrame], pl.DataFrame]) -> None:
    """Change what a file says, and let the manifest say the same: only what files say together can tell."""
    manifest = read_manifest(folder)
    old = largest(manifest, table)
    frame = change(pl.read_parquet(folder / old.path, hive_partitioning=False))
    out = io.BytesIO()
    frame.write_parquet(out)
    content = out.getvalue()
    (folder / old.path).write_bytes(content)
    new = replace(
        old, rows=frame.height, bytes=len(content), sha256=hashlib.sha256(content).hexdigest(), sums=sums_of(table, frame)
    )  # fmt: skip
    write_manifest(folder, with_file(manifest, old, new))


def checks(folder: Path) -> set[str]:
    """The kinds of what was found."""
    verified = verify_snapshot(folder)
    assert verified.is_whole == (not verified.findings)
    return {finding.check for finding in verified.findings}


def test_a_whole_snapshot_has_no_findings(folder: Path) -> None:
    assert checks(folder) == set()
    assert open_snapshot(folder, checksums=True).manifest == read_manifest(folder)


@pytest.mark.parametrize("at", [0, 100, -1])
@pytest.mark.parametrize("table", ["members", "lots", "purchases", "lines", "returns", "entries", "postings"])
def test_a_flipped_byte_is_found(folder: Path, table: str, at: int) -> None:
    path = folder / largest(read_manifest(folder), table).path
    content = bytearray(path.read_bytes())
    content[at] ^= 1
    path.write_bytes(content)

    assert checks(folder) == {"file"}
    open_snapshot(folder)  # sizes are right
    with pytest.raises(FileDiffers, match="checksum"):
        open_snapshot(folder, checksums=True)


def test_a_file_that_is_gone_or_cut_is_found_and_refused(folder: Path) -> None:
    path = folder / largest(read_manifest(folder), "lines").path
    content = path.read_bytes()
    path.write_bytes(content[:-1])
    assert checks(folder) == {"file"}
    with pytest.raises(FileDiffers, match="bytes"):
        open_snapshot(folder)
    path.unlink()
    assert checks(folder) == {"file"}
    with pytest.raises(FileGone, match="take a new snapshot"):
        open_snapshot(folder)


def test_revisions_that_were_edited_are_found(folder: Path) -> None:
    path = folder / read_manifest(folder).revisions.path
    path.write_text(path.read_text().replace("Base", "Bass"))
    assert checks(folder) == {"file"}
    with pytest.raises(FileDiffers):
        open_snapshot(folder, checksums=True)


def test_each_number_of_the_manifest_is_proven(folder: Path) -> None:
    whole = read_manifest(folder)
    for table in whole.totals:
        old = largest(whole, table)
        write_manifest(folder, with_file(whole, old, replace(old, rows=old.rows + 1)))
        assert "counts" in checks(folder), table
        for column, total in old.sums.items():
            told = replace(old, sums={**old.sums, column: total - 1})
            write_manifest(folder, with_file(whole, old, told))
            assert "sums" in checks(folder), (table, column)
    totals = {**whole.totals, "lots": replace(whole.totals["lots"], rows=0)}
    write_manifest(folder, replace(whole, totals=totals))
    assert checks(folder) == {"sums"}
    write_manifest(folder, replace(whole, members=whole.members + 1))
    assert "members" in checks(folder)
    write_manifest(folder, whole)
    assert checks(folder) == set()


def _first(column: str, value: pl.Expr) -> Callable[[pl.DataFrame], pl.DataFrame]:
    """Another value in the first row."""
    return lambda frame: frame.with_columns(
        pl.when(pl.int_range(pl.len()) == 0).then(value).otherwise(pl.col(column)).alias(column)
    )


def _without_first(frame: pl.DataFrame) -> pl.DataFrame:
    return frame[1:]


CHANGES: list[tuple[str, Callable[[pl.DataFrame], pl.DataFrame], str]] = [
    ("purchases", lambda frame: frame.reverse().cast(frame.schema), "order"),
    ("postings", lambda frame: pl.concat([frame[:1], frame]), "order"),
    ("entries", _without_first, "members"),
    ("purchases", _without_first, "lines"),
    ("lines", _without_first, "lines"),
    ("lines", _first("amount_minor", pl.col("amount_minor") + 1), "lines"),
    ("purchases", _first("member", pl.col("member") + 1), "place"),
    ("entries", _first("recorded_at", pl.col("recorded_at") - pl.duration(days=70)), "place"),
    ("entries", lambda frame: frame.drop("kind"), "contract"),
    ("postings", lambda frame: frame.with_columns(card=pl.lit("6225")), "contract"),
    ("members", _first("sequence", pl.col("sequence") + 1), "members"),
    ("members", _without_first, "members"),
    ("members", _first("balances", pl.concat_list(pl.lit(987_654, dtype=pl.Int64))), "books"),
    ("lots", _first("gone", pl.col("gone") + 1), "books"),
    ("lots", _without_first, "books"),
    ("postings", _first("units", pl.col("units") + 1), "postings"),
    ("postings", _first("sequence", pl.lit(0, dtype=pl.Int64)), "postings"),
]


@pytest.mark.parametrize(
    ("table", "change", "check"),
    CHANGES,
    ids=[f"{table}-{check}-{i}" for i, (table, _, check) in enumerate(CHANGES)],
)
def test_what_the_files_say_together_is_proven(
    folder: Path, table: str, change: Callable[[pl.DataFrame], pl.DataFrame], check: str
) -> None:
    """Somebody changed a file and dressed the manifest to fit: checksums are right, the books are not."""
    redressed(folder, table, change)
    assert check in checks(folder)


def test_a_folder_without_a_whole_manifest_is_no_snapshot(folder: Path) -> None:
    manifest = folder / "manifest.json"
    whole = manifest.read_text()
    for torn in ("", whole[: len(whole) // 2], "[]", f'{{"format": {FORMAT}}}'):
        manifest.write_text(torn)
        with pytest.raises(NotASnapshot):
            open_snapshot(folder)
        with pytest.raises(NotASnapshot):
            verify_snapshot(folder)
    manifest.write_text(json.dumps({**json.loads(whole), "format": FORMAT + 1}))
    with pytest.raises(OtherFormat, match=f"format {FORMAT + 1}"):
        open_snapshot(folder)
    manifest.unlink()
    with pytest.raises(NotASnapshot, match="jifen snapshot"):
        open_snapshot(folder)
    with pytest.raises(NotASnapshot):
        open_snapshot(folder / "nowhere")


def test_the_frames_of_a_bucket_fit_together(folder: Path) -> None:
    """Lines stand in the order of purchases; everything else in the order of members."""
    snapshot = open_snapshot(folder)
    for bucket in range(snapshot.buckets):
        frames = snapshot.collect(bucket)
        assert frames.lines.get_column("purchase").is_sorted()
        by_purchase = frames.lines.group_by("purchase", maintain_order=True).agg(
            pl.col("amount_minor").sum(), pl.len().cast(pl.Int64).alias("line_count")
        )
        told = frames.purchases.select("purchase", "amount_minor", "line_count")
        assert by_purchase.equals(told)
        for name, by in (("members", ["member"]), ("entries", ["member", "sequence"]),
                         ("postings", ["member", "sequence", "part"]), ("lots", ["member", "number"])):  # fmt: skip
            frame = getattr(frames, name)
            assert frame.equals(frame.sort(by)), name
        some = snapshot.collect(
            bucket, tables=["purchases", "lines"], columns={"lines": ["sku"], "purchases": ["member"]}
        )
        assert some.lines.columns == ["purchase", "sku"]
        assert some.purchases.columns == ["purchase", "member"]
        assert some.lines.equals(frames.lines.select("purchase", "sku"))
        assert some.postings.height == 0
        assert some.postings.schema == snapshot.schema("postings")


def test_months_can_be_read_alone(folder: Path) -> None:
    snapshot = open_snapshot(folder)
    months = sorted({file.month for file in snapshot.manifest.files if file.month})
    assert len(months) > 2
    whole = snapshot.scan("postings").collect()
    one = snapshot.scan("postings", months=[months[1]]).collect()
    assert 0 < one.height < whole.height
    assert set(one["recorded_at"].dt.strftime("%Y-%m")) == {months[1]}
