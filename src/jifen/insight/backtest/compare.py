"""Compare a draft with a baseline over the same past: bucket by bucket, then one answer.

    result = compare(snapshot, draft, against=None, label="draft.yaml")

Nothing is written. Between buckets `progress` is told how far it is; what it raises stops the work.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import polars as pl

from jifen.document.model import ProgramDocument
from jifen.domain.calendar import local_date
from jifen.domain.refusals import ProgramMissing
from jifen.insight.backtest.answer import answer
from jifen.insight.backtest.budgets import Cut, settle_budgets
from jifen.insight.backtest.gifts import Settled, settle_gifts
from jifen.insight.backtest.missing import MissingFact
from jifen.insight.backtest.question import RICH_BPS, Question, Redemptions, columns_read
from jifen.insight.backtest.result import Result
from jifen.insight.backtest.sides import BacktestRefused, Side, document_side, live_side
from jifen.insight.backtest.tally import Tally, granted_in_bucket, merged, tally_bucket
from jifen.insight.snapshot import BucketFrames, Snapshot

THREADS = 2
KEPT_LINES = 4_000_000
"""A history of so many lines is read ahead, and kept in memory between settling gifts and tallying."""
TABLES = ("members", "purchases", "lines", "returns", "entries")


Engine = Callable[[Snapshot, Question, Mapping[int, Settled], Callable[[int], None]], Mapping[int, Tally]]
"""Every bucket's tally, of a question and what gifts are made of on each side; tells how many buckets are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a back-test is."""

    buckets_done: int
    buckets: int
    seconds: float

    @property
    def seconds_left(self) -> float | None:
        """What is left at this pace; None before the first bucket."""
        if not self.buckets_done:
            return None
        return self.seconds / self.buckets_done * (self.buckets - self.buckets_done)


def compare(  # noqa: PLR0913
    snapshot: Snapshot,
    draft: ProgramDocument,
    *,
    label: str = "draft",
    against: ProgramDocument | None = None,
    against_label: str = "baseline",
    from_on: date | None = None,
    to_on: date | None = None,
    stores: Sequence[str] = (),
    sample: Fraction | None = None,
    seed: int = 0,
    rich_bps: int = RICH_BPS,
    redemptions: Redemptions = "replayed",
    elasticity: Fraction | None = None,
    missing: Sequence[MissingFact] = (),
    progress: Callable[[Progress], None] = lambda _: None,
    threads: int = THREADS,
    engine: Engine | None = None,
    made_at: datetime | None = None,
) -> Result:
    """What the draft comes to beside the baseline (the published revisions, or another document) over the same past.

    Shape
        from_on, to_on   both belong to the period; by default all that the snapshot holds, up to its last full day
        stores           only members who bought there most often; () is everybody
        sample           whole members, by a hash of their number and the seed
        redemptions      replayed as far as balances allow, or drawn from each member's own habit with the seed
        elasticity       change of sales (share) for a change of the share given back; adds the sensitivity
        missing          what `missing_facts` told before, to stand among the warnings
        progress         is told after each bucket, and may raise to stop
        engine           works the buckets out elsewhere (`spark.on_spark`); None: here, on so many threads
    Refuses
        DocumentRefused   a document contradicts itself
        BacktestRefused   the question does not fit the history; see `sides.py`
        ProgramMissing    nothing was ever published
    """
    began = time.perf_counter()
    question = question_of(
        snapshot, draft, label=label, against=against, against_label=against_label, from_on=from_on, to_on=to_on,
        stores=stores, sample=sample, seed=seed, rich_bps=rich_bps, redemptions=redemptions,
    )  # fmt: skip
    frames_of = read_ahead(snapshot, question) if engine is None else reader_of(snapshot, question)
    gifts: dict[int, Settled] = {}
    for at, side in enumerate(question.sides):
        settled = settle_gifts(snapshot, question, side, frames_of)
        if settled is not None:
            gifts[at] = settled

    question = replace(question, cuts=_cuts(question, snapshot.buckets, frames_of, gifts))

    def tell(done: int) -> None:
        progress(Progress(buckets_done=done, buckets=snapshot.buckets, seconds=time.perf_counter() - began))

    tallies: dict[int, Tally] = {}
    if engine is not None:
        tallies |= engine(snapshot, question, gifts, tell)
    else:
        for bucket, tally in _tallied(snapshot, question, gifts, frames_of, threads):
            tallies[bucket] = tally
            tell(len(tallies))
    whole = merged([tallies[bucket] for bucket in sorted(tallies)])
    return answer(
        snapshot,
        question,
        whole,
        made_at=made_at or datetime.now(UTC),
        elasticity=elasticity,
        missing=[fact.notice() for fact in missing],
        gift_passes={at: settled.passes for at, settled in gifts.items()},
        engine="local" if engine is None else "spark",
    )


def _cuts(
    question: Question, buckets: int, frames_of: Callable[[int], BucketFrames], gifts: Mapping[int, Settled]
) -> dict[int, tuple[Cut, ...]]:
    """When budgets are used up, by side."""
    share = question.sample or Fraction(1)
    return {
        at: cuts
        for at, side in enumerate(question.sides)
        if (
            cuts := settle_budgets(
                side,
                buckets=buckets,
                granted_of=lambda bucket, at=at, side=side: granted_in_bucket(  # type: ignore[misc]
                    question, side, frames_of(bucket), gifts.get(at)
                ),
                share=share.as_integer_ratio(),
            )
        )
    }


def question_of(
    snapshot: Snapshot,
    draft: ProgramDocument,
    *,
    label: str = "draft",
    against: ProgramDocument | None = None,
    against_label: str = "baseline",
    from_on: date | None = None,
    to_on: date | None = None,
    stores: Sequence[str] = (),
    sample: Fraction | None = None,
    seed: int = 0,
    rich_bps: int = RICH_BPS,
    redemptions: Redemptions = "replayed",
) -> Question:
    """The question settled, as each worker needs it; see `compare`."""
    revisions = snapshot.revisions()
    if not revisions:
        raise ProgramMissing("the snapshot holds no published programme")
    if sample is not None and not 0 < sample <= 1:
        raise BacktestRefused(f"a sample is a share above 0 and at most 1, not {sample}")
    live = live_side(revisions)
    zone = live.timeline.time_zone
    history_from, last = span_of(snapshot, zone)
    begins = max(from_on or history_from, history_from)
    # The day of the snapshot is over only in part; a history of nothing else is looked at all the same.
    ends = min(to_on or max(last - timedelta(days=1), begins), last)
    if begins > ends:
        raise BacktestRefused(
            f"the snapshot tells of {history_from} to {last}; nothing of it lies from {from_on} to {to_on}"
        )
    sides: list[Side] = []
    for document, name in ((against, against_label), (draft, label)):
        made = None if document is None else document_side(document, revisions, label=name, from_on=from_on)
        sides.append(made or live)
    tiers = [
        tier.number
        for side in (live, *sides)
        for program in side.timeline.programs
        for ladder in program.ladders
        for tier in ladder.tiers
    ]
    tiers += [
        number
        for kind, codes in revisions[-1].numbering.items()
        if kind == "tier"
        for number in codes.values()
    ]
    question = Question(
        baseline=sides[0],
        draft=sides[1],
        from_on=begins,
        to_on=ends,
        history_from=history_from,
        n_tiers=1 + max(tiers),
        stores=tuple(stores),
        sample=sample,
        seed=seed,
        rich_bps=rich_bps,
        live=live,
        redemptions=redemptions,
    )
    _refuse_unknown_stores(snapshot, question)
    _refuse_purchases_too_large(snapshot, question)
    return question


def span_of(snapshot: Snapshot, zone: str) -> tuple[date, date]:
    """The first day that something was recorded but who enrolled, and the day of the snapshot's instant."""
    firsts = [_first_recorded(snapshot, table) for table in ("purchases", "entries")]
    known = [first for first in firsts if first is not None]
    if not known:
        raise BacktestRefused("the snapshot holds no history: nobody has bought anything yet")
    return local_date(min(known), zone), local_date(snapshot.manifest.instant, zone)


def _first_recorded(snapshot: Snapshot, table: str) -> datetime | None:
    """When the first row of a table was recorded; it lies in the files of the first month that has more than enrolments."""
    months = {file.month for file in snapshot.manifest.files_of(table) if file.month and file.rows}
    for month in sorted(months):
        rows = snapshot.scan(table, months=[month])
        if table == "entries":
            rows = rows.filter(pl.col("kind") != "enrol")
        first: datetime | None = rows.select(pl.col("recorded_at").min()).collect().item()
        if first is not None:
            return first
    return None


def _refuse_unknown_stores(snapshot: Snapshot, question: Question) -> None:
    if not question.stores:
        return
    known = (
        snapshot.scan("purchases").select(pl.col("store").unique()).collect().get_column("store").to_list()
    )
    unknown = [code for code in question.stores if code not in known]
    if unknown:
        raise BacktestRefused(f"nothing was ever bought in the stores {', '.join(unknown)}")


def _refuse_purchases_too_large(snapshot: Snapshot, question: Question) -> None:
    """A document's rules are proven to stay within 64 bits up to its own limit of a purchase (law 1), and no further."""
    taken = max(program.purchase_amount_minor_max for program in question.live.timeline.programs)
    for side in question.sides:
        limit = side.program.purchase_amount_minor_max
        if side.begins_at is None or limit >= taken:
            continue
        judged = snapshot.scan("purchases").filter(pl.col("occurred_at") >= side.begins_at)
        largest = judged.select(pl.col("amount_minor").max()).collect().item()
        if largest is not None and largest > limit:
            raise BacktestRefused(
                f"the history holds a purchase of {largest} in minor money, and {side.label} takes none above {limit}: "
                "raise its limits.purchase_amount_minor_max"
            )


def reader_of(snapshot: Snapshot, question: Question) -> Callable[[int], BucketFrames]:
    """Reads the frames of a bucket, only the columns that both sides ask for."""
    columns = columns_read(question.sides, with_categories=question.with_categories)
    return lambda bucket: snapshot.collect(bucket, tables=TABLES, columns=columns)


def read_ahead(snapshot: Snapshot, question: Question) -> Callable[[int], BucketFrames]:
    """The same; a small history is kept, each bucket read once, by a thread that need not wait for the machine code to load."""
    read = reader_of(snapshot, question)
    if snapshot.manifest.totals["lines"].rows > KEPT_LINES:
        return read
    reading = ThreadPoolExecutor(max_workers=1)
    ahead = [reading.submit(read, bucket) for bucket in range(snapshot.buckets)]
    reading.shutdown(wait=False)
    return lambda bucket: ahead[bucket].result()


def tally_of(
    snapshot: Snapshot,
    question: Question,
    bucket: int,
    gifts: Mapping[int, Settled] | None = None,
    frames_of: Callable[[int], BucketFrames] | None = None,
) -> Tally:
    """What one bucket comes to: the whole of the work that can be spread."""
    began = time.perf_counter()
    frames = (frames_of or reader_of(snapshot, question))(bucket)
    return tally_bucket(question, frames, gifts=gifts, began=began)


def _tallied(
    snapshot: Snapshot,
    question: Question,
    gifts: dict[int, Settled],
    frames_of: Callable[[int], BucketFrames],
    threads: int,
) -> Iterator[tuple[int, Tally]]:
    """Each bucket with its tally, as they get ready; at most `threads` buckets are in memory."""
    waiting = list(range(snapshot.buckets))
    running: dict[Future[Tally], int] = {}
    with ThreadPoolExecutor(max_workers=threads) as pool:
        while waiting or running:
            while waiting and len(running) < threads:
                bucket = waiting.pop(0)
                running[pool.submit(tally_of, snapshot, question, bucket, gifts, frames_of)] = bucket
            done, _ = wait(running, return_when=FIRST_COMPLETED)
            for future in done:
                yield running.pop(future), future.result()
