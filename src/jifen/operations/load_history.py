"""Load history in bulk: the lives of members to whom nothing has happened yet, by the compiled fold and COPY.

A chunk of members is one transaction: all that a file tells of them is there or nothing is, so an import that was killed
goes on where it stopped and ends as if it had not been.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import polars as pl

from jifen.domain.person import MemberKey
from jifen.domain.timeline import Timeline
from jifen.insight.ledger_rows import LedgerRows, purchase_documents, rows_of_members
from jifen.insight.lives import Lives, walk_lives
from jifen.store.bulk import copy_csv
from jifen.store.ids import new_id
from jifen.store.ledger import Ledger
from jifen.store.persons import sealed_key
from jifen.vault import Vault

CHUNK_PURCHASES = 8_000
"""A chunk holds members until it has so many purchases: a second or so of work."""


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """Purchases of new members, ready to be walked.

    Shape
        purchases   as `lives.with_calendar` leaves them, with `member` and `purchase` dense and ascending
        refs        one row a member: kind and value of the key that the file knows him by
        extra       events other than purchases, as `lives.EXTRA`, or None
    """

    purchases: pl.DataFrame
    lines: pl.DataFrame
    refs: pl.DataFrame
    extra: pl.DataFrame | None = None


async def load_history(
    ledger: Ledger, timeline: Timeline, history: History, *, actor: str, say: Callable[[int, int], None]
) -> Lives:
    """Walk and write the lives; `say(purchases, lines)` after each chunk. Returns what the walk made of them."""
    n_members = history.refs.height
    lives = await asyncio.to_thread(
        walk_lives, history.purchases, history.lines, timeline, n_members=n_members, extra=history.extra
    )
    line_counts = np.bincount(
        history.lines.get_column("purchase").to_numpy(), minlength=history.purchases.height
    )
    line_starts = np.concatenate([[0], np.cumsum(line_counts)]).astype(np.int64)
    async with ledger.transaction() as connection:
        vault = await ledger.vault(connection, writes=True)
    work = _Work(
        vault=vault,
        timeline=timeline,
        history=history,
        lives=lives,
        line_starts=line_starts,
        actor=actor,
    )
    chunks = work.chunks()
    # The next chunk is made while the last is written: one core each for Polars and PostgreSQL.
    ahead = asyncio.create_task(asyncio.to_thread(work.prepare, *chunks[0])) if chunks else None
    for i, (first, end) in enumerate(chunks):
        assert ahead is not None, "a chunk was begun"
        prepared = await ahead
        ahead = (
            asyncio.create_task(asyncio.to_thread(work.prepare, *chunks[i + 1]))
            if i + 1 < len(chunks)
            else None
        )
        async with ledger.transaction() as connection:
            for table, columns, csv in prepared:
                await copy_csv(connection, table, columns, csv)
        say(*work.size(first, end))
    return lives


@dataclass(frozen=True, slots=True, kw_only=True)
class _Work:
    vault: Vault
    timeline: Timeline
    history: History
    lives: Lives
    line_starts: np.ndarray[tuple[int], np.dtype[np.int64]]
    actor: str

    def chunks(self) -> list[tuple[int, int]]:
        """Ranges of members with about CHUNK_PURCHASES purchases each."""
        ends = np.searchsorted(
            self.history.purchases.get_column("member").to_numpy(),
            np.arange(self.history.refs.height),
            side="right",
        )
        ranges = []
        first = 0
        taken = 0
        for member, end in enumerate(ends.tolist()):
            if end - taken >= CHUNK_PURCHASES or member + 1 == len(ends):
                ranges.append((first, member + 1))
                first, taken = member + 1, end
        return ranges

    def span(self, first: int, end: int) -> tuple[int, int]:
        """The purchases of a range of members."""
        member = self.history.purchases.get_column("member").to_numpy()
        low, high = np.searchsorted(member, [first, end])
        return int(low), int(high)

    def size(self, first: int, end: int) -> tuple[int, int]:
        """Purchases and lines of a range of members."""
        low, high = self.span(first, end)
        return high - low, int(self.line_starts[high] - self.line_starts[low])

    def prepare(self, first: int, end: int) -> list[tuple[str, Sequence[str], bytes]]:
        """Tables, columns and CSV of a range of members."""
        low, high = self.span(first, end)
        refs = self.history.refs[first:end]
        starts = self.line_starts[low : high + 1]
        documents = purchase_documents(
            self.history.lines[int(starts[0]) : int(starts[-1])], starts - starts[0]
        )
        ids = [str(new_id()) for _ in range(end - first)]
        rows = rows_of_members(
            self.lives,
            self.timeline,
            self.history.purchases,
            documents,
            self.line_starts,
            first=first,
            end=end,
            member_ids=ids,
            purchase_ids=[str(new_id()) for _ in range(high - low)],
            actor=self.actor,
        )
        return _as_csv(self.vault, rows, refs, ids, body_hashes(self.history.purchases[low:high], documents))


def body_hashes(purchases: pl.DataFrame, documents: pl.Series) -> list[str]:
    """What an imported purchase is known by when it comes again: a hash of all that the file tells of it, as hex. Of whom it is
    only whether there is somebody: whoever tried all card numbers would find it by the hash."""
    told = purchases.select(
        pl.concat_str(
            pl.col(
                "source",
                "business_no",
                "store",
                "till",
                "cashier",
                "channel",
                "money",
                "payments",
            ).fill_null(""),
            pl.col("member_ref").is_null().cast(pl.String),
            pl.col("occurred_at").dt.epoch("us").cast(pl.String),
            pl.col("amount_minor").cast(pl.String),
            pl.col("tags").list.join("\x1f").fill_null(""),
            separator="\x1e",
        )
    ).to_series()
    return [
        hashlib.sha256(f"{head}\x1e{body}".encode()).hexdigest()
        for head, body in zip(told, documents, strict=True)
    ]


def _persons(vault: Vault, refs: pl.DataFrame, ids: list[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Rows of `person` and of `member_key`: each member is somebody of whom nothing is known but the key that finds him."""
    persons, keys = [], []
    for kind, value, member_id in zip(refs.get_column("kind"), refs.get_column("value"), ids, strict=True):
        person_id = new_id()
        key, sealer = vault.new_person(person_id)
        persons.append((str(person_id), member_id, _hex(key.wrapped), key.master))
        sealed = sealed_key(sealer, MemberKey(kind, value))
        blind = _hex(vault.blind(kind, value))
        keys.append((blind, kind, vault.keys.newest_index, member_id, str(person_id), _hex(sealed)))
    return (
        pl.DataFrame(persons, schema=["person_id", "member_id", "wrapped_key", "master"], orient="row"),
        pl.DataFrame(
            keys, schema=["blind", "kind", "index_key", "member_id", "person_id", "sealed"], orient="row"
        ),
    )


def _hex(value: bytes) -> str:
    return f"\\x{value.hex()}"


def _as_csv(
    vault: Vault, rows: LedgerRows, refs: pl.DataFrame, ids: list[str], hashes: list[str]
) -> list[tuple[str, Sequence[str], bytes]]:
    persons, keys = _persons(vault, refs, ids)
    taken = rows.purchase.select(
        "business_no", "source",
        pl.Series("body_hash", [f"\\x{one}" for one in hashes], dtype=pl.String), "member_id", "sequence",
        "recorded_at",
    )  # fmt: skip
    entries = rows.entry.with_columns(
        entry_id=pl.Series([str(new_id()) for _ in range(rows.entry.height)], dtype=pl.String)
    )
    frames = (
        ("member", rows.member.with_columns(status=pl.lit("active"))),
        ("person", persons),
        ("member_key", keys),
        ("purchase_key", taken),
        ("purchase", rows.purchase),
        ("entry", entries),
        ("posting", rows.posting),
        ("lot", rows.lot),
    )
    return [(table, frame.columns, frame.write_csv(include_header=False).encode()) for table, frame in frames]
