"""Publish a revision of the programme: immutable, with a moment of effect ahead."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import asyncpg

from jifen.document.compile import compile_program, numbering_after
from jifen.document.load import document_from
from jifen.document.model import ProgramDocument
from jifen.document.plan import plan
from jifen.document.stored import kept_numbering, numbering_of
from jifen.document.write import as_values, document_hash
from jifen.domain.program.numbering import Numbering
from jifen.domain.refusals import EffectiveInThePast, ProgramRefused, RevisionStale
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once
from jifen.store.revisions import StoredRevision, add_revision, all_revisions

LEAD = timedelta(seconds=2)
"""A revision takes effect at least so far ahead, so that transactions which began without it have ended."""


async def publish_program(
    ledger: Ledger,
    document: ProgramDocument,
    *,
    effective_at: datetime | None,
    published_by: str,
    expected_revision: int | None = None,
) -> tuple[StoredRevision, bool]:
    """The revision, and whether it is new: the same document again is the newest revision itself.

    The very first revision may take effect at any time, so that history can be brought in under it; without a moment it
    takes effect at once. Every later one takes effect ahead and after those before it.

    Refuses
        RevisionStale        `expected_revision` is not the newest any more, or another was published at the same moment
        EffectiveInThePast   the moment is not ahead, or not after that of the newest revision
        ProgramRefused       it changes what the books forbid to change
        DocumentRefused      the document cannot be compiled
    """
    async with ledger.transaction() as connection:
        return await _publish(
            ledger,
            connection,
            document,
            effective_at=effective_at,
            published_by=published_by,
            expected_revision=expected_revision,
        )


async def publish_program_once(
    ledger: Ledger,
    document: ProgramDocument,
    *,
    effective_at: datetime | None,
    published_by: str,
    request: Once,
    expected_revision: int | None = None,
) -> dict[str, Any]:
    """The same for an Idempotency-Key: the revision without its document, and `is_new`."""

    async def effect(connection: Connection) -> dict[str, Any]:
        revision, is_new = await _publish(
            ledger,
            connection,
            document,
            effective_at=effective_at,
            published_by=published_by,
            expected_revision=expected_revision,
        )
        return {
            "number": revision.number,
            "effective_at": revision.effective_at.isoformat(),
            "published_at": revision.published_at.isoformat(),
            "published_by": revision.published_by,
            "document_hash": revision.document_hash,
            "is_new": is_new,
        }

    return await once(ledger, request, effect)


async def _publish(
    ledger: Ledger,
    connection: Connection,
    document: ProgramDocument,
    *,
    effective_at: datetime | None,
    published_by: str,
    expected_revision: int | None,
) -> tuple[StoredRevision, bool]:
    clock = await ledger.clock(connection)
    published = await all_revisions(connection)
    newest = published[-1] if published else None
    if expected_revision is not None and expected_revision != clock.newest:
        raise RevisionStale(expected_revision=expected_revision, newest_revision=clock.newest)
    if newest is not None and newest.document_hash == document_hash(document):
        return newest, False
    if newest is not None:
        _check_change(newest, document)
    at = effective_at or clock.now + (LEAD if newest else timedelta())
    _check_moment(at, clock.now, newest)
    numbering = numbering_of(newest.numbering) if newest else Numbering()

    compile_program(document, revision=clock.newest + 1, effective_at=at, numbering=numbering)

    revision = StoredRevision(
        number=clock.newest + 1,
        document=as_values(document),
        document_hash=document_hash(document),
        numbering=kept_numbering(numbering_after(document, numbering)),
        effective_at=at,
        published_at=clock.now,
        published_by=published_by,
    )
    try:
        await add_revision(connection, revision)
    except asyncpg.UniqueViolationError as clash:
        raise RevisionStale(expected_revision=clock.newest) from clash
    return revision, True


def _check_change(newest: StoredRevision, document: ProgramDocument) -> None:
    refused = plan(document_from(dict(newest.document)), document).refused()
    if refused:
        raise ProgramRefused(
            refused[0].sentence_en,
            pointer="/document",
            problems=[
                {"path": one.path, "message_en": one.sentence_en, "message_zh": one.sentence_zh}
                for one in refused
            ],
        )


def _check_moment(at: datetime, now: datetime, newest: StoredRevision | None) -> None:
    if newest is None:
        return
    if at < now + LEAD:
        raise EffectiveInThePast(
            f"{at.isoformat()} is not at least {LEAD.seconds} seconds ahead of {now.isoformat()}",
            pointer="/effective_at",
            effective_at=at.isoformat(),
            now=now.isoformat(),
        )
    if at <= newest.effective_at:
        raise EffectiveInThePast(
            f"revision {newest.number} takes effect at {newest.effective_at.isoformat()}; this one must follow it",
            pointer="/effective_at",
            effective_at=at.isoformat(),
        )
