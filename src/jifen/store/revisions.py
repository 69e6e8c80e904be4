"""Published revisions: read, and add one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRevision:
    """A revision as it was published."""

    number: int
    document: Mapping[str, Any]
    document_hash: str
    numbering: Mapping[str, Mapping[str, int]]
    effective_at: datetime
    published_at: datetime
    published_by: str


async def all_revisions(connection: Connection) -> list[StoredRevision]:
    """Every revision, oldest first."""
    rows = await connection.fetch(
        """SELECT number, document, document_hash, numbering, effective_at, published_at, published_by
           FROM revision ORDER BY number"""
    )
    return [StoredRevision(**row) for row in rows]


async def add_revision(connection: Connection, revision: StoredRevision) -> None:
    """Publish a revision. Two at once: the second finds its number taken (UniqueViolationError)."""
    await connection.execute(
        "INSERT INTO revision VALUES ($1, $2, $3, $4, $5, $6, $7)",
        revision.number,
        revision.document,
        revision.document_hash,
        revision.numbering,
        revision.effective_at,
        revision.published_at,
        revision.published_by,
    )


async def set_book(connection: Connection, *, shift_seconds: int, label: str) -> None:
    """Put the book date so far behind the clock."""
    await connection.execute("UPDATE book SET shift_seconds = $1, label = $2", shift_seconds, label)


async def book_label(connection: Connection) -> tuple[int, str]:
    """How far the book date lies behind the clock, and why."""
    row = await connection.fetchrow("SELECT shift_seconds, label FROM book")
    assert row is not None, "the book has its one row"
    return row[0], row[1]
