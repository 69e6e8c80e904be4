"""A large history made from a small one: a seeded generator of members, purchases and lines, as a snapshot folder.

It is for measuring and for practice, and its manifest says so (`kind` generated, the seed). No ledger judged it: it has no
hits, movements, postings, lots or balances, and no entries; lives begin with the first purchase and not with an enrolment.

What it keeps: how many lines a basket has and of which categories; which stores and at which weekday, hour and season;
how often a member comes compared with others; what products of a category cost, and how often they are bought. What it does
not keep: any basket. Each generated member takes after one real member: some of its visits, spread over its year, moved by
whole weeks and some minutes; of each line only the category is sure, the product is drawn among the lines of that category
(HABIT_PERMILLE stay with the product, never all of a basket).

Why so: docs/decisions/0063-a-large-history-is-drawn-from-a-real-one.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import polars as pl

from jifen.domain import fold
from jifen.insight.clocks import shown_clock
from jifen.insight.snapshot.contracts import TABLES
from jifen.insight.snapshot.files import write_file
from jifen.insight.snapshot.folder import clean, locked_folder, room_told
from jifen.insight.snapshot.manifest import (
    BUCKETS,
    FORMAT,
    NAME,
    File,
    Manifest,
    read_manifest,
    totals_of,
    write_manifest,
)
from jifen.insight.snapshot.reading import Snapshot
from jifen.insight.snapshot.refusals import FolderTaken
from jifen.insight.snapshot.writing import write_revisions

MEMBERS = 1_000_000
PURCHASES = 10_600_000
"""With the real year's 9.4 lines a basket: a hundred million lines."""
SOURCE_LINES_MAX = 5_000_000
"""So much of the source is held in memory; of a larger one, whole buckets up to it."""
HABIT_PERMILLE = 400  # lines that stay with the product of the visit they are taken from
WEEKS_MOVED_MAX = 2
SECONDS_MOVED_MAX = 25 * 60
_WEEK = 7 * 86_400
_SECOND = 1_000_000  # microseconds

WAITING_MAX = 4
"""Frames that wait to be written."""

Integers = npt.NDArray[np.int64]
_Frame = tuple[str, str | None, pl.DataFrame]  # table, month, rows
Say = Callable[[int, int, int], None]
"""(buckets done, of how many, lines written so far)"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A real history, laid out to draw from.

    Visits of real member i stand in rows `visit_start[i]` to `visit_start[i + 1]` of `visits`, in order of time; lines of visit v
    in rows `line_start[v]` to `line_start[v + 1]` of `lines`. Lines of category c stand in
    `by_category[category_start[c] : category_start[c + 1]]`.
    """

    visits: pl.DataFrame  # store, channel, source, tags, method, revision
    occurred_s: Integers
    visit_start: Integers
    lines: pl.DataFrame  # LINES without number and masks
    amounts: Integers
    line_start: Integers
    category: Integers
    by_category: Integers
    category_start: Integers
    n_currencies: int
    first_s: int
    last_s: int

    @property
    def members(self) -> int:
        """Real members that ever bought."""
        return len(self.visit_start) - 1


def read_source(snapshot: Snapshot) -> Source:
    """The history of a snapshot, or of its first buckets when it is larger than SOURCE_LINES_MAX."""
    parts, n_lines = [], 0
    for bucket in range(snapshot.buckets):
        frames = snapshot.collect(bucket, tables=("members", "purchases", "lines"))
        parts.append(frames)
        n_lines += frames.lines.height
        if n_lines >= SOURCE_LINES_MAX:
            break
    bought = pl.concat(
        [part.purchases.with_columns(of=pl.lit(i, pl.Int64)) for i, part in enumerate(parts)]
    ).with_row_index("row")
    lines = pl.concat([part.lines for part in parts])
    starts = np.concatenate([[0], np.cumsum(bought.get_column("line_count").to_numpy())])
    bought = bought.sort("member", "occurred_at", "sequence")
    assert bought.height, "a history to draw from has purchases"
    order = bought.get_column("row").to_numpy().astype(np.int64)
    counts = bought.get_column("line_count").to_numpy()
    line_start = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    rows = np.repeat(starts[order] - line_start[:-1], counts) + np.arange(line_start[-1])
    lines = lines[rows].drop("purchase", "number", "masks")
    category = lines.get_column("category").fill_null("").rank("dense").to_numpy().astype(np.int64) - 1
    by_category = np.argsort(category, kind="stable").astype(np.int64)
    _, per_member = np.unique(bought.get_column("member").to_numpy(), return_counts=True)
    occurred_s = bought.get_column("occurred_at").dt.epoch("s").to_numpy().astype(np.int64)
    method = pl.col("payments").str.json_decode(pl.List(pl.Struct({"method": pl.String()})))
    return Source(
        visits=bought.select(
            "store", "channel", "source", "tags", "revision", method=method.list.first().struct.field("method")
        ),
        occurred_s=occurred_s,
        visit_start=np.concatenate([[0], np.cumsum(per_member)]).astype(np.int64),
        lines=lines,
        amounts=lines.get_column("amount_minor").to_numpy(),
        line_start=line_start,
        category=category,
        by_category=by_category,
        category_start=np.concatenate([[0], np.cumsum(np.bincount(category))]).astype(np.int64),
        n_currencies=int(parts[0].members.get_column("balances").list.len().max() or 0),  # type: ignore[arg-type]
        first_s=int(occurred_s.min()),
        last_s=int(occurred_s.max()),
    )  # fmt: skip


def generate_history(
    snapshot: Snapshot,
    folder: Path,
    *,
    seed: int,
    members: int = MEMBERS,
    purchases: int = PURCHASES,
    buckets: int = BUCKETS,
    say: Say = lambda *_: None,
) -> Manifest:
    """A generated history in a folder; one that was made so already is returned as it stands.

    Chance is drawn by (seed, bucket), so the same source, seed and sizes give the same bytes. Memory holds the source and the
    purchases of a bucket with the lines of a month of them.

    Units
        purchases   expected; the count is within a fraction of a per cent, since each member's is rounded by chance
    Refuses
        FolderTaken, FolderClosed, SnapshotBusy, DiskFull   as a snapshot's folder
    """
    asked = f"generated: {members} members, {purchases} purchases expected, from {snapshot.manifest.database or 'a generation'}"
    with locked_folder(folder), room_told(folder):
        if (folder / NAME).exists():
            there = read_manifest(folder)
            if (there.kind, there.seed, there.note, there.buckets) == ("generated", seed, asked, buckets):
                return there
            raise FolderTaken(f"{folder} holds another snapshot. Name an empty folder, or a new one.")
        clean(folder, None)
        source = read_source(snapshot)
        files: list[File] = []
        zone = snapshot.manifest.time_zone
        share = purchases / (members * len(source.occurred_s) / source.members)
        for bucket in range(buckets):
            numbers = np.arange(bucket, members, buckets, dtype=np.int64)
            of_bucket = _Bucket(source, np.random.default_rng([seed, bucket]), numbers, zone)
            frames = of_bucket.tables(of_bucket.visits(share))
            files += _written(folder, frames, bucket=bucket, buckets=buckets)
            say(bucket + 1, buckets, sum(file.rows for file in files if file.table == "lines"))
        told = snapshot.manifest
        manifest = Manifest(
            format=FORMAT,
            kind="generated",
            database="",
            instant=told.instant,
            taken_at=told.taken_at,  # no clock of its own: the same seed gives the same bytes
            visible="",
            runs=1,
            newest_revision=told.newest_revision,
            money=told.money,
            money_decimals=told.money_decimals,
            time_zone=zone,
            buckets=buckets,
            members=members,
            attributes=told.attributes,
            revisions=write_revisions(folder, snapshot.revisions()),
            files=tuple(files),
            totals=totals_of(files),
            seed=seed,
            note=asked,
        )
        write_manifest(folder, manifest)
        return manifest


def _written(folder: Path, frames: Iterator[_Frame], *, bucket: int, buckets: int) -> list[File]:
    """The files of a bucket. The next frame is drawn while the last is written: a core each."""
    files: list[File] = []
    with ThreadPoolExecutor(max_workers=1) as writer:
        waiting: deque[Future[File]] = deque()
        for table, month, frame in frames:
            waiting.append(
                writer.submit(
                    write_file, folder, table, frame, month=month, bucket=bucket, part=0, buckets=buckets
                )
            )
            if len(waiting) > WAITING_MAX:
                files.append(waiting.popleft().result())
        files += [one.result() for one in waiting]
    return files


@dataclass(frozen=True, slots=True)
class _Visits:
    """Generated purchases of a bucket, in order of (month, member, time)."""

    member: Integers
    sequence: Integers
    template: Integers  # the real visit that each takes after
    at: Integers  # epoch second
    month: Integers  # year * 12 + month - 1, UTC


@dataclass(frozen=True, slots=True)
class _Bucket:
    source: Source
    chance: np.random.Generator
    members: Integers
    zone: str

    def visits(self, share: float) -> _Visits:
        """Which real visits are taken after, by whom and when; a member has `share` of its model's visits."""
        source, chance = self.source, self.chance
        model = chance.integers(0, source.members, len(self.members))
        has = np.diff(source.visit_start)[model]
        counts = np.floor(has * share + chance.random(len(model))).astype(np.int64)
        member = np.repeat(self.members, counts)
        nth = np.arange(len(member)) - np.repeat(np.cumsum(counts) - counts, counts)
        # One visit out of each of `count` equal stretches of the model's year: its seasons stay, no visit is taken twice.
        stretch = np.repeat(has / np.maximum(counts, 1), counts)
        place = ((nth + chance.random(len(member))) * stretch).astype(np.int64)
        template = np.repeat(source.visit_start[:-1][model], counts) + np.minimum(
            place, np.repeat(has, counts) - 1
        )
        at = self._moved(source.occurred_s[template])
        order = np.lexsort((at, member))
        member, template, at = member[order], template[order], at[order]
        sequence = np.arange(len(member)) - np.repeat(np.cumsum(counts) - counts, counts) + 1
        when = at.astype("datetime64[s]").astype("datetime64[M]").astype(np.int64) + 1970 * 12
        by_month = np.argsort(when, kind="stable")
        return _Visits(member[by_month], sequence[by_month], template[by_month], at[by_month], when[by_month])

    def _moved(self, at: Integers) -> Integers:
        """Moments moved by whole weeks and some minutes, within the source's own time."""
        source, chance = self.source, self.chance
        weeks = chance.integers(-WEEKS_MOVED_MAX, WEEKS_MOVED_MAX + 1, len(at)) * _WEEK
        weeks = np.where((at + weeks < source.first_s) | (at + weeks > source.last_s), -weeks, weeks)
        moved = at + weeks + chance.integers(-SECONDS_MOVED_MAX, SECONDS_MOVED_MAX + 1, len(at))
        held: Integers = np.clip(moved, source.first_s, source.last_s)
        return held

    def tables(self, visits: _Visits) -> Iterator[_Frame]:
        """The frames of the bucket, one after the other: table, month, rows."""
        starts = np.flatnonzero(np.diff(visits.month, prepend=-1))
        ends = np.append(starts[1:], len(visits.month))[: len(starts)]
        for first, end in zip(starts.tolist(), ends.tolist(), strict=True):
            year, month = divmod(int(visits.month[first]), 12)
            name = f"{year:04d}-{month + 1:02d}"
            lines, counts, amounts = self._lines(visits.template[first:end])
            yield "purchases", name, self._purchases(visits, first, end, counts, amounts)
            yield "lines", name, lines
        yield "members", None, self._members(visits)
        yield "lots", None, TABLES["lots"].contract.empty()

    def _lines(self, template: Integers) -> tuple[pl.DataFrame, Integers, Integers]:
        """Lines of some visits, how many each has, and what each comes to."""
        source, chance = self.source, self.chance
        counts = np.diff(source.line_start)[template]
        starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
        nth = np.arange(starts[-1]) - np.repeat(starts[:-1], counts)
        own = np.repeat(source.line_start[:-1][template], counts) + nth
        category = source.category[own]
        first = source.category_start[category]
        among = source.category_start[category + 1] - first
        drawn = source.by_category[first + (chance.random(len(own)) * among).astype(np.int64)]
        stays = chance.integers(0, 1_000, len(own), dtype=np.int16) < HABIT_PERMILLE
        # One line of each basket is always drawn, so that no basket stays what it was.
        stays[starts[:-1] + (chance.random(len(counts)) * counts).astype(np.int64)] = False
        donor = np.where(stays, own, drawn)
        amounts = np.add.reduceat(source.amounts[donor], starts[:-1])
        contract = TABLES["lines"].contract
        lines = source.lines[donor].with_columns(
            number=pl.Series(nth + 1, dtype=pl.Int32),
            masks=pl.lit(None, dtype=contract.schema["masks"]),
        )
        attributes = [name for name in source.lines.columns if name not in contract.schema]
        return lines.select(*contract.schema.names(), *attributes), counts, amounts

    def _purchases(
        self, visits: _Visits, first: int, end: int, counts: Integers, amounts: Integers
    ) -> pl.DataFrame:
        at = pl.Series("at", visits.at[first:end] * _SECOND).cast(pl.Datetime("us", "UTC"))
        local = pl.lit(shown_clock(at, self.zone))
        nothing = pl.lit([], dtype=pl.List(pl.Int64))
        date = (
            local.dt.year().cast(pl.Int64) * 10_000
            + local.dt.month().cast(pl.Int64) * 100
            + local.dt.day().cast(pl.Int64)
        )
        paid = pl.concat_str(
            pl.lit('[{"method": '),
            _quoted("method"),
            pl.lit(', "amount_minor": '),
            pl.col("amount_minor"),
            pl.lit("}]"),
        )
        return (
            self.source.visits[visits.template[first:end]]
            .with_columns(
                member=visits.member[first:end],
                sequence=visits.sequence[first:end],
                occurred_at=at,
                recorded_at=at,
                amount_minor=amounts,
                line_count=counts,
            )
            .with_columns(
                payments=pl.when(pl.col("method").is_not_null()).then(paid),
                weekday=local.dt.weekday().cast(pl.Int64),
                hour=local.dt.hour().cast(pl.Int64),
                store_date=date,
                judged_tiers=nothing,
                tiers_after=nothing,
                hits=nothing,
                legs=pl.lit(None, dtype=pl.List(pl.Int64)),
                moves=nothing,
                balances_after=nothing,
            )
            .select(TABLES["purchases"].contract.schema.names())
        )

    def _members(self, visits: _Visits) -> pl.DataFrame:
        """Members as a ledger would enrol them: with so many purchases, of which nothing was made."""
        n = len(self.members)
        place = np.searchsorted(self.members, visits.member)
        counts = np.bincount(place, minlength=n).astype(np.int64)
        last, earliest = np.full(n, -1, np.int64), np.full(n, self.source.first_s, np.int64)
        np.maximum.at(last, place, visits.at // 86_400)
        first_visit = visits.sequence == 1
        earliest[place[first_visit]] = visits.at[first_visit]
        ids = [f"0be90000-0000-7000-8000-{number:012x}" for number in self.members.tolist()]
        noughts = pl.lit([0] * self.source.n_currencies, dtype=pl.List(pl.Int64))
        nothing = pl.lit([], dtype=pl.List(pl.Int64))
        whole = {
            "joined_day": 0, "clock_day": 0, "clock_at": 0, "lots_opened": 0,
            "next_due_day": fold.FAR, "next_lapse_at": fold.FAR_AT, "days_from": -fold.FAR,
        }  # fmt: skip
        return pl.DataFrame(
            {
                "member": self.members,
                "member_id": pl.Series(ids, dtype=pl.String),
                "enrolled_at": pl.Series(earliest * _SECOND).cast(pl.Datetime("us", "UTC")),
                "sequence": counts,
                "purchases": counts,
                "last_purchase_day": last,
            }
        ).with_columns(
            status=pl.lit("active"),
            balances=noughts,
            debts=noughts,
            ladders=nothing,
            days=nothing,
            tier_history=nothing,
            counters=nothing,
            holds=nothing,
            segments=pl.lit(None, dtype=pl.List(pl.String)),
            **{name: pl.lit(value, dtype=pl.Int64) for name, value in whole.items()},
        ).select(TABLES["members"].contract.schema.names())  # fmt: skip


def _quoted(column: str) -> pl.Expr:
    """A text as JSON."""
    encoded = pl.struct(pl.col(column).alias("x")).struct.json_encode()
    return encoded.str.slice(5, encoded.str.len_chars() - 6)
