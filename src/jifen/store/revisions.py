"""Published revisions: read them, and add one whose moment of effect is ahead when it is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRevision:
    """A revision as it was published, and the tests that its document carries: they alone may change (decision 0152)."""

    number: int
    document: Mapping[str, Any]
    document_hash: str
    numbering: Mapping[str, Mapping[str, int]]
    meaning: Mapping[str, Any]  # of stored positions and numbers: `document.stored.kept_meaning`
    effective_at: datetime
    published_at: datetime
    published_by: str
    tests: Sequence[Mapping[str, Any]] = ()

    @property
    def whole_document(self) -> dict[str, Any]:
        """The document with its tests, as it was handed in."""
        return {**self.document, "tests": list(self.tests)} if self.tests else dict(self.document)


class Outline(NamedTuple):
    """What is told of a revision without its document."""

    effective_at: datetime
    looks_back_days: int
    has_moments: bool = False


COMMITS_WITHIN = timedelta(seconds=30)
"""A transaction that has written a revision commits within this time or not at all: less than the lead of a revision."""

_REVISION = "number, document, document_hash, numbering, meaning, effective_at, published_at, published_by"
_READ = f"""SELECT {_REVISION}, coalesce(tests, '[]') AS tests FROM revision LEFT JOIN revision_tests USING (number)"""
_NOW = "(SELECT clock_timestamp() - shift_seconds * INTERVAL '1 second' FROM book)"


async def all_revisions(connection: Connection) -> list[StoredRevision]:
    """Every revision, oldest first."""
    rows = await connection.fetch(f"{_READ} ORDER BY number")
    return [StoredRevision(**row) for row in rows]


async def newest_revision(connection: Connection) -> StoredRevision | None:
    """The revision published last, or None."""
    row = await connection.fetchrow(f"{_READ} ORDER BY number DESC LIMIT 1")
    return None if row is None else StoredRevision(**row)


async def revision_numbered(connection: Connection, number: int) -> StoredRevision:
    """The revision of a number that is published."""
    row = await connection.fetchrow(f"{_READ} WHERE number = $1", number)
    assert row is not None, f"revision {number} was never published"
    return StoredRevision(**row)


async def text_of(connection: Connection, number: int) -> str | None:
    """A revision as it was written, with its comments; None: it was published by its values alone."""
    text: str | None = await connection.fetchval("SELECT text FROM revision_text WHERE number = $1", number)
    return text


async def outlines(connection: Connection) -> dict[int, Outline]:
    """Every revision in outline, by number."""
    rows = await connection.fetch(
        """SELECT number, effective_at, (meaning->>'looks_back_days')::integer,
                  meaning->'moments' <> '{}' OR meaning->'exchanges' <> '[]'
           FROM revision ORDER BY number"""
    )
    return {row[0]: Outline(row[1], row[2], row[3]) for row in rows}


async def time_until_effect(connection: Connection, *, after: int) -> timedelta:
    """How long from now until the next revision after a number takes effect; negative once it has."""
    left = await connection.fetchval(
        f"SELECT min(effective_at) - {_NOW} FROM revision WHERE number > $1", after
    )
    assert isinstance(left, timedelta), f"there is a revision after {after}"
    return left


async def numbers_ahead(connection: Connection, *, after: int) -> list[int]:
    """The revisions after a number that take effect later than now."""
    rows = await connection.fetch(
        f"SELECT number FROM revision WHERE number > $1 AND effective_at > {_NOW} ORDER BY number", after
    )
    return [row["number"] for row in rows]


async def add_revision(
    connection: Connection,
    revision: StoredRevision,
    *,
    effective_at: datetime | None,
    lead: timedelta,
    text: str | None = None,
) -> StoredRevision | None:
    """Publish a revision, and return it with its moments: published now, in force at `effective_at` or, without one, as soon
    as `lead` has passed. `text` is the document as it was written. None, and nothing is written, when that is not so far ahead of
    this very moment.

    The clock is asked by the statement that writes, and the commit follows within `COMMITS_WITHIN` or never: however slow
    the publishing was, nobody finds a revision that is in force already. Two at once: the second finds its number taken
    (UniqueViolationError).
    """
    await connection.execute(
        "SELECT set_config('transaction_timeout', $1, true)", f"{COMMITS_WITHIN.total_seconds():.0f}s"
    )
    row = await connection.fetchrow(
        f"""WITH clock AS MATERIALIZED (SELECT {_NOW} AS now),
                 told AS (SELECT now, coalesce($6, now + $8::interval) AS effective_at FROM clock)
            INSERT INTO revision ({_REVISION})
            SELECT $1, $2, $3, $4, $5, effective_at, now, $7 FROM told WHERE $1 = 1 OR effective_at >= now + $8::interval
            RETURNING effective_at, published_at""",
        revision.number,
        revision.document,
        revision.document_hash,
        revision.numbering,
        revision.meaning,
        effective_at,
        revision.published_by,
        lead,
    )
    if row is None:
        return None
    if text is not None:
        await keep_text(connection, revision.number, text)
    if revision.tests:
        await keep_tests(connection, revision.number, revision.tests)
    return replace(revision, effective_at=row["effective_at"], published_at=row["published_at"])


async def keep_text(connection: Connection, number: int, text: str | None) -> None:
    """Keep a revision as it was written; None: it came as values alone, and no text is of them any more."""
    await connection.execute("DELETE FROM revision_text WHERE number = $1", number)
    if text is not None:
        await connection.execute("INSERT INTO revision_text (number, text) VALUES ($1, $2)", number, text)


async def keep_tests(connection: Connection, number: int, tests: Sequence[Mapping[str, Any]]) -> bool:
    """Whether the tests of the newest revision are these now; nothing is written where another is the newest."""
    done: str = await connection.execute(
        """INSERT INTO revision_tests (number, tests)
           SELECT $1, $2 WHERE $1 = (SELECT max(number) FROM revision)
           ON CONFLICT (number) DO UPDATE SET tests = excluded.tests, kept_at = clock_timestamp()""",
        number,
        list(tests),
    )
    return done == "INSERT 0 1"


async def set_book(connection: Connection, *, shift_seconds: int, label: str) -> None:
    """Put the book date so far behind the clock."""
    await connection.execute("UPDATE book SET shift_seconds = $1, label = $2", shift_seconds, label)


async def book_label(connection: Connection) -> tuple[int, str]:
    """How far the book date lies behind the clock, and why."""
    row = await connection.fetchrow("SELECT shift_seconds, label FROM book")
    assert row is not None, "the book has its one row"
    return row[0], row[1]
