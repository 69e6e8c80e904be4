"""Prove a snapshot from its folder alone: every file is the one named, and what the files say agrees.

| check | holds |
|---|---|
| file | it is there, of the size and checksum named |
| contract | columns, types and emptiness |
| counts, sums | those that the manifest states, and their totals |
| place | rows belong to the file's month and bucket |
| order | rows are sorted as the contract says |
| lines | each purchase has its lines, and they add up to its amount |
| reference | tiers are those of the published revisions, and every store where something was bought is there |
| members | numbers 0 .. n-1, once each; entries numbered 1 .. `sequence` without gap or double |
| postings | each names an entry that is there; reasons add up to its units |
| books | lots add up; balance = open units - debt; the last posting's balance is the balance (DESIGN laws 2, 3 and 7) |
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from jifen.insight.frames import FrameContractBroken
from jifen.insight.snapshot.contracts import EVENTS, EVERY, REASON_WIDTH, REFERENCE
from jifen.insight.snapshot.files import sums_of
from jifen.insight.snapshot.manifest import File, Manifest, read_manifest, totals_of
from jifen.insight.snapshot.reading import Snapshot, check_file
from jifen.insight.snapshot.reference import bought_at, stores_of, tiers_of
from jifen.insight.snapshot.refusals import FileDiffers, FileGone

FINDINGS_MAX = 200
Say = Callable[[str, int, int], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """Something that is not so."""

    check: str  # a word of the table above
    where: str  # a file, a table or a bucket
    what: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Verified:
    """What was read and what was found; whole when nothing was."""

    manifest: Manifest
    files: int
    rows: int
    bytes: int
    findings: tuple[Finding, ...]

    @property
    def is_whole(self) -> bool:
        """Whether the snapshot is just what its manifest says, and its books agree."""
        return not self.findings


def verify_snapshot(folder: Path, *, say: Say = lambda *_: None) -> Verified:
    """Read every file of a snapshot and tell each thing that is not so, at most FINDINGS_MAX.

    Memory is bounded by a bucket.

    Refuses
        NotASnapshot, OtherFormat   there is no manifest to hold it to
    """
    manifest = read_manifest(folder)
    snapshot = Snapshot(folder=folder, manifest=manifest)
    found: list[Finding] = []
    revisions = manifest.revisions
    found += _file(folder, revisions.path, revisions.bytes, revisions.sha256)
    if totals_of(manifest.files) != manifest.totals:
        found.append(
            Finding(check="sums", where="manifest.json", what="the totals are not those of its files")
        )
    if len({file.path for file in manifest.files}) != len(manifest.files):
        found.append(Finding(check="counts", where="manifest.json", what="a file is named twice"))
    members = 0
    for bucket in range(manifest.buckets):
        say("verify", bucket, manifest.buckets)
        own = [file for file in manifest.files if file.bucket == bucket]
        broken = [finding for file in own for finding in _file(folder, file.path, file.bytes, file.sha256)]
        broken += [] if broken else [finding for file in own for finding in _contents(snapshot, file)]
        # What files say together is asked only of files that are themselves right.
        broken += [] if broken else list(_together(snapshot, bucket))
        members += sum(file.rows for file in own if file.table == "members")
        found += broken
        if len(found) >= FINDINGS_MAX:
            break
    else:
        if members != manifest.members:
            what = f"{members:,} members stand in the files, the manifest says {manifest.members:,}"
            found.append(Finding(check="members", where="manifest.json", what=what))
        found += [] if found else list(_reference(snapshot))
        others = [file for file in manifest.files if not 0 <= file.bucket < manifest.buckets]
        found += [Finding(check="place", where=file.path, what="there is no such bucket") for file in others]
    say("verify", manifest.buckets, manifest.buckets)
    return Verified(
        manifest=manifest,
        files=len(manifest.files),
        rows=sum(file.rows for file in manifest.files),
        bytes=sum(file.bytes for file in manifest.files),
        findings=tuple(found[:FINDINGS_MAX]),
    )


def _reference(snapshot: Snapshot) -> Iterator[Finding]:
    """Whether tiers and stores are those of the revisions and the purchases."""
    revisions = snapshot.revisions()
    for table in REFERENCE:
        files = snapshot.manifest.files_of(table)
        if not files and (snapshot.manifest.kind == "generated" or table not in snapshot.manifest.totals):
            continue
        expected = (
            tiers_of(revisions)
            if table == "tiers"
            else stores_of(revisions, bought_at(snapshot.scan("purchases")))
        )
        if len(files) != 1 or not snapshot.scan(table).collect().equals(expected):
            what = "it is not what the revisions and purchases say"
            yield Finding(check="reference", where=files[0].path if files else table, what=what)


def _file(folder: Path, path: str, size: int, digest: str) -> list[Finding]:
    try:
        check_file(folder, path, size, digest)
    except (FileGone, FileDiffers) as refused:
        return [Finding(check="file", where=path, what=refused.detail)]
    return []


def _contents(snapshot: Snapshot, file: File) -> list[Finding]:
    """Whether one file holds what the manifest says of it."""
    frame = pl.read_parquet(snapshot.folder / file.path, hive_partitioning=False, glob=False)
    table = EVERY[file.table]

    def finding(check: str, what: str) -> Finding:
        return Finding(check=check, where=file.path, what=what)

    try:
        table.contract.check(frame)
    except FrameContractBroken as broken:
        return [finding("contract", str(broken))]
    found = []
    if frame.height != file.rows:
        found.append(finding("counts", f"{frame.height:,} rows, the manifest says {file.rows:,}"))
    sums = sums_of(file.table, frame)
    found += [
        finding("sums", f"{name} adds up to {total:,}, the manifest says {file.sums.get(name)}")
        for name, total in sums.items()
        if file.sums.get(name) != total
    ]
    if "member" in frame.columns:
        elsewhere = frame.filter(pl.col("member") % snapshot.buckets != file.bucket).height
        if elsewhere:
            found.append(finding("place", f"{elsewhere:,} rows belong to another bucket"))
    if file.month is not None and "recorded_at" in frame.columns:
        elsewhere = frame.filter(pl.col("recorded_at").dt.strftime("%Y-%m") != file.month).height
        if elsewhere:
            found.append(finding("place", f"{elsewhere:,} rows belong to another month"))
    by = table.contract.sorted_by
    if by and not frame.select(by).equals(frame.select(by).unique(maintain_order=True).sort(by)):
        found.append(finding("order", f"rows are not sorted by {', '.join(by)}, or one stands twice"))
    return found


def _together(snapshot: Snapshot, bucket: int) -> Iterator[Finding]:
    """Whether the files of one bucket agree."""
    where = f"bucket {bucket}"
    if (apart := _parts_apart(snapshot, bucket)) is not None:
        yield Finding(check="lines", where=where, what=f"{apart}: its purchases have another number of lines")
        return
    frames = snapshot.collect(
        bucket,
        columns={
            "purchases": ["member", "sequence", "amount_minor", "line_count"],
            "lines": ["amount_minor"],
            "returns": ["member", "sequence"],
            "entries": ["member", "sequence"],
            "postings": ["member", "sequence", "part", "currency", "units", "balance_after", "reasons"],
        },
    )  # fmt: skip

    def told(check: str, wrong: int, what: str) -> list[Finding]:
        return [Finding(check=check, where=where, what=f"{wrong:,} {what}")] if wrong else []

    wrong = _lines_wrong(frames.purchases, frames.lines)
    yield from told("lines", wrong, "purchases whose lines do not add up to their amount")
    members = frames.members
    numbers = members.get_column("member")
    expected = np.arange(bucket, snapshot.manifest.members, snapshot.buckets)
    if not np.array_equal(np.sort(numbers.to_numpy()), expected):
        yield Finding(check="members", where=where, what="members are not numbered 0 .. n-1, once each")
        return
    tables = {name: getattr(frames, name).select("member", "sequence") for name in EVENTS}
    events = pl.concat(tables.values())
    counted = events.group_by("member").agg(
        n=pl.len().cast(pl.Int64), distinct=pl.col("sequence").n_unique(), last=pl.col("sequence").max(),
        first=pl.col("sequence").min(),
    )  # fmt: skip
    is_generated = snapshot.manifest.kind == "generated"
    held = members.select("member", "sequence").join(counted, on="member", how="full", coalesce=True)
    none, all_there = pl.col("n").is_null() & (pl.col("sequence") == 0), (pl.col("n") == pl.col("distinct"))
    run = (pl.col("first") == 1) & (pl.col("last") == pl.col("n")) & (pl.col("n") == pl.col("sequence"))
    gaps = held.filter(~(none | (all_there & run)).fill_null(value=False)).height
    yield from told("members", gaps, "members have a gap or a double among their entries")
    postings = frames.postings
    lost = postings.join(events, on=["member", "sequence"], how="anti").height
    yield from told("postings", lost, "postings name an entry that is not there")
    granted = pl.col("reasons").list.gather_every(REASON_WIDTH, REASON_WIDTH - 1).list.sum()
    unexplained = postings.filter(granted != pl.col("units")).height
    yield from told("postings", unexplained, "postings have reasons that do not add up to their units")
    if not is_generated:
        yield from _books(frames.members, frames.lots, postings, told)


def _parts_apart(snapshot: Snapshot, bucket: int) -> str | None:
    """A part whose lines are not as many as its purchases say."""
    lines = {(f.month, f.part): f.rows for f in snapshot.manifest.files_of("lines", bucket)}
    bought = {
        (f.month, f.part): f.sums["line_count"] for f in snapshot.manifest.files_of("purchases", bucket)
    }
    apart = sorted({month or "" for (month, _), _ in set(lines.items()) ^ set(bought.items())})
    return apart[0] if apart else None


def _lines_wrong(purchases: pl.DataFrame, lines: pl.DataFrame) -> int:
    """How many purchases are not the sum of their lines."""
    counts = purchases.get_column("line_count").to_numpy()
    ends = np.concatenate([[0], np.cumsum(counts)])
    sums = np.concatenate([[0], np.cumsum(lines.get_column("amount_minor").to_numpy())])
    wrong = (sums[ends[1:]] - sums[ends[:-1]] != purchases.get_column("amount_minor").to_numpy()) | (
        counts < 1
    )
    return int(wrong.sum())


def _books(
    members: pl.DataFrame,
    lots: pl.DataFrame,
    postings: pl.DataFrame,
    told: Callable[[str, int, str], list[Finding]],
) -> Iterator[Finding]:
    parts = pl.sum_horizontal("left_units", "held", "gone", "expired", "returned")
    torn = lots.filter(parts != pl.col("opened")).height
    yield from told("books", torn, "lots whose units are not accounted for once")
    numbered = lots.group_by("member").agg(n=pl.len().cast(pl.Int64), last=pl.col("number").max())
    opened = members.join(numbered, on="member", how="full", coalesce=True).filter(
        (pl.col("n").fill_null(0) != pl.col("lots_opened"))
        | (pl.col("last").fill_null(0) != pl.col("lots_opened"))
    )
    yield from told("books", opened.height, "members have other lots than they opened")
    stated = members.select(
        "member",
        currency=pl.int_ranges(pl.col("balances").list.len(), dtype=pl.Int64),
        balance="balances",
        debt="debts",
    ).explode("currency", "balance", "debt", empty_as_null=False)
    is_open = lots.group_by("member", "currency").agg(open=(pl.col("left_units") + pl.col("held")).sum())
    last = postings.group_by("member", "currency", maintain_order=True).agg(
        last=pl.col("balance_after").last()
    )
    both = stated.join(is_open, on=["member", "currency"], how="full", coalesce=True).join(
        last, on=["member", "currency"], how="full", coalesce=True
    )
    wrong = both.filter(
        pl.col("balance").fill_null(0) != pl.col("open").fill_null(0) - pl.col("debt").fill_null(0)
    )
    yield from told("books", wrong.height, "balances are not what is open in the lots less debt")
    differs = both.filter(pl.col("last").fill_null(0) != pl.col("balance").fill_null(0)).height
    yield from told("books", differs, "balances are not those after the last posting")
