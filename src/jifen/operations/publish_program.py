"""Publish a revision of the programme: immutable, with a moment of effect ahead."""

from __future__ import annotations

import asyncio
from collections.abc import Collection
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import asyncpg

from jifen.document.compile import compile_program, numbering_after
from jifen.document.load import parse_document
from jifen.document.model import ProgramDocument
from jifen.document.plan import forbidden_changes
from jifen.document.problems import DocumentRefused
from jifen.document.run_trials import run_trials
from jifen.document.stored import document_published, kept_meaning, kept_numbering, numbering_of
from jifen.document.write import as_values, hash_of_values
from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.principal import LOCAL, Principal
from jifen.domain.program.known import segments_asked
from jifen.domain.program.numbering import Numbering
from jifen.domain.program.select import compile_select
from jifen.domain.refusals import EffectiveInThePast, FieldWrong, ProgramRefused, Refusal, RevisionStale
from jifen.domain.refusals_of_programs import DocumentTestsFailed
from jifen.domain.segments import SegmentUnknown
from jifen.store.audit import note_act
from jifen.store.compiled import Compiled
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once
from jifen.store.revisions import StoredRevision, add_revision, keep_tests, keep_text, newest_revision
from jifen.store.segments import codes_among

LEAD = timedelta(seconds=60)
"""A revision takes effect at least so far ahead: by then every process that is asked for anything has compiled it, and
transactions that began without it have ended. The first of a ledger needs no lead."""

_UNKNOWN = datetime.fromtimestamp(0, UTC)


class _Draft(NamedTuple):
    """A revision as decided. Its moments are found by the write; without `compiled` it is the newest one itself, of which other
    tests are kept where `has_other_tests`."""

    revision: StoredRevision
    compiled: Compiled | None
    has_other_tests: bool = False


async def publish_program(
    ledger: Ledger,
    document: ProgramDocument,
    *,
    effective_at: datetime | None,
    published_by: str,
    expected_revision: int | None = None,
    by: Principal = LOCAL,
    text: str | None = None,
) -> tuple[StoredRevision, bool]:
    """The revision, and whether it is new: the same document again is the newest revision itself, whatever its comments say. One
    that differs in its tests alone is too, which then carries these.

    `text` is the document as it was written, and is kept beside its values.

    The very first revision may take effect at any time, so that history can be brought in under it; without a moment it
    takes effect at once. Every later one takes effect at least `LEAD` ahead of the moment it is written, and after those
    before it; without a moment, when the lead is over.

    Refuses
        RevisionStale        `expected_revision` is not the newest any more, or another was published at the same moment
        EffectiveInThePast   the moment is not so far ahead when it is written, or not after that of the newest revision
        ProgramRefused       it changes what the books forbid to change
        DocumentTestsFailed  a test that it carries does not come out as it expects
        DocumentRefused      the document cannot be compiled
        SegmentUnknown       a rule asks for a segment that nobody made
        FieldWrong           the text says something else than the document
    """
    newest, now = await _newest(ledger)

    draft = await asyncio.to_thread(
        _decided, newest, now, document, effective_at, published_by, expected_revision, text
    )

    if draft.compiled is None:
        if draft.has_other_tests:
            async with ledger.transaction() as connection:
                await _keep_tests(connection, draft, by, text)
        return draft.revision, False
    async with ledger.publishing():
        async with ledger.transaction() as connection:
            revision = await _written(connection, draft, effective_at, by, text)
        _adopt(ledger, draft, revision.effective_at)
    return revision, True


async def publish_program_once(
    ledger: Ledger,
    document: ProgramDocument,
    *,
    effective_at: datetime | None,
    published_by: str,
    request: Once,
    expected_revision: int | None = None,
    by: Principal = LOCAL,
    text: str | None = None,
) -> dict[str, Any]:
    """The same for an Idempotency-Key: the revision without its document, and `is_new`.

    Refuses
        StoreNotPermitted   who asks is bound to stores: a programme is of all of them
    """
    by.check_unbound(pointer="/document")
    newest, now = await _newest(ledger)
    draft = await asyncio.to_thread(
        _decided_or_refused, newest, now, document, effective_at, published_by, expected_revision, text
    )

    async def effect(connection: Connection) -> dict[str, Any]:
        if isinstance(draft, Refusal):
            # Raised where an earlier answer for this key is looked for: it may be the very reason of this refusal.
            raise draft
        is_new = draft.compiled is not None
        revision = await _written(connection, draft, effective_at, by, text) if is_new else draft.revision
        if draft.has_other_tests:
            await _keep_tests(connection, draft, by, text)
        return {
            "number": revision.number,
            "effective_at": revision.effective_at.isoformat(),
            "published_at": revision.published_at.isoformat(),
            "published_by": revision.published_by,
            "document_hash": revision.document_hash,
            "is_new": is_new,
        }

    async with ledger.publishing():
        answer = await once(ledger, request, effect)
        if isinstance(draft, _Draft) and answer["is_new"] and not answer["is_replay"]:
            _adopt(ledger, draft, datetime.fromisoformat(answer["effective_at"]))
    return answer


def check_text(text: str, document: ProgramDocument) -> None:
    """Refuse a text that is not this document, its tests among it.

    Refuses
        FieldWrong   it says something else, or cannot be read
    """
    try:
        same = as_values(parse_document(text, name="text")) == as_values(document)
    except DocumentRefused:
        same = False
    if not same:
        raise FieldWrong("the text is not the document that is published beside it", pointer="/text")


async def _newest(ledger: Ledger) -> tuple[StoredRevision | None, datetime]:
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        return await newest_revision(connection), clock.now


def _decided_or_refused(
    newest: StoredRevision | None,
    now: datetime,
    document: ProgramDocument,
    effective_at: datetime | None,
    published_by: str,
    expected_revision: int | None,
    text: str | None,
) -> _Draft | Refusal:
    try:
        return _decided(newest, now, document, effective_at, published_by, expected_revision, text)
    except Refusal as refusal:
        return refusal


def _decided(
    newest: StoredRevision | None,
    now: datetime,
    document: ProgramDocument,
    effective_at: datetime | None,
    published_by: str,
    expected_revision: int | None,
    text: str | None,
) -> _Draft:
    """What is to be published after the newest. Compiles, which takes its time: for a thread, outside every transaction."""
    number = newest.number if newest else 0
    if expected_revision is not None and expected_revision != number:
        raise RevisionStale(expected_revision=expected_revision, newest_revision=number)
    values = as_values(document)
    tests = values.pop("tests", [])
    own_hash = hash_of_values(values)
    if text is not None:
        check_text(text, document)
    if newest is not None and newest.document_hash == own_hash:
        check_trials(document)
        has_other = list(newest.tests) != tests
        return _Draft(replace(newest, tests=tests) if has_other else newest, None, has_other)
    if newest is not None:
        _check_change(newest, document)
        _check_moment(effective_at, now, newest)
    check_trials(document)
    numbering = numbering_of(newest.numbering) if newest else Numbering()
    program = compile_program(
        document, revision=number + 1, effective_at=effective_at or _UNKNOWN, numbering=numbering
    )
    revision = StoredRevision(
        number=number + 1,
        document=values,
        document_hash=own_hash,
        numbering=kept_numbering(numbering_after(document, numbering)),
        meaning=kept_meaning(program),
        effective_at=program.effective_at,
        published_at=_UNKNOWN,
        published_by=published_by,
        tests=tests,
    )
    return _Draft(revision, Compiled(program, compile_select(program)))


def check_trials(document: ProgramDocument) -> None:
    """Run the tests that the document carries.

    Refuses
        DocumentTestsFailed   one does not come out as it expects
    """
    failed = [one for one in run_trials(document) if not one.has_passed]
    if failed:
        raise DocumentTestsFailed(
            f"{failed[0].trial.code}: {failed[0].said('en')}",
            pointer=f"/document/tests/{failed[0].at}",
            tests=[one.as_values("en") for one in failed],
        )


async def _keep_tests(connection: Connection, draft: _Draft, by: Principal, text: str | None) -> None:
    """Keep other tests with the newest revision, and the text that has them: what it means stays, and so it stays the newest
    (decision 0152)."""
    number = draft.revision.number
    if not await keep_tests(connection, number, draft.revision.tests):
        raise RevisionStale(expected_revision=number)
    await keep_text(connection, number, text)
    details = {"tests": len(draft.revision.tests)}
    await note_act(
        connection,
        by,
        Act(deed=Deed.PROGRAM_TESTS_KEPT, about=(about(About.REVISION, number),), details=details),
    )


async def _written(
    connection: Connection, draft: _Draft, effective_at: datetime | None, by: Principal, text: str | None
) -> StoredRevision:
    """The revision with its moments. Whether its effect is still ahead is asked last, by the statement that writes it."""
    assert draft.compiled is not None, "a new revision is compiled"
    await _check_segments(connection, segments_asked(draft.compiled.program))
    lead = LEAD if draft.revision.number > 1 else timedelta()
    try:
        written = await add_revision(
            connection, draft.revision, effective_at=effective_at, lead=lead, text=text
        )
    except asyncpg.UniqueViolationError as clash:
        raise RevisionStale(expected_revision=draft.revision.number - 1) from clash
    if written is None:
        assert effective_at is not None, "a revision without a moment gets one that is far enough ahead"
        raise EffectiveInThePast(
            f"{effective_at.isoformat()} was no longer {LEAD.seconds} seconds ahead when the revision was written",
            pointer="/effective_at",
            effective_at=effective_at.isoformat(),
        )
    hash_ = f"sha256:{written.document_hash}"
    details = {"effective_at": written.effective_at.isoformat(), "document_hash": hash_}
    named = (about(About.REVISION, written.number),)
    await note_act(connection, by, Act(deed=Deed.PROGRAM_PUBLISHED, about=named, details=details))
    return written


async def _check_segments(connection: Connection, asked: Collection[str]) -> None:
    """Refuse what asks for segments that nobody made; those that there are stay until the revision is written."""
    unknown = sorted(set(asked) - await codes_among(connection, asked)) if asked else []
    if unknown:
        raise SegmentUnknown(
            f"rules ask for segments that nobody made: {', '.join(unknown)}; make them first, or take them out",
            pointer="/document",
            value=unknown[0],
        )


def _adopt(ledger: Ledger, draft: _Draft, effective_at: datetime) -> None:
    """This process need not compile what it has compiled to publish it."""
    assert draft.compiled is not None, "a new revision is compiled"
    program, select = draft.compiled
    ledger.adopt(Compiled(replace(program, effective_at=effective_at), select))


def _check_change(newest: StoredRevision, document: ProgramDocument) -> None:
    before = document_published({**newest.document, "stores": ()})
    refused = forbidden_changes(before, document)
    if refused:
        raise ProgramRefused(
            refused[0].sentence_en,
            pointer="/document",
            problems=[
                {"path": one.path, "message_en": one.sentence_en, "message_zh": one.sentence_zh}
                for one in refused
            ],
        )


def _check_moment(at: datetime | None, now: datetime, newest: StoredRevision) -> None:
    """What is too early already is refused before anything is compiled."""
    if at is not None and at < now + LEAD:
        raise EffectiveInThePast(
            f"{at.isoformat()} is not at least {LEAD.seconds} seconds ahead of {now.isoformat()}",
            pointer="/effective_at",
            effective_at=at.isoformat(),
            now=now.isoformat(),
        )
    if (at or now + LEAD) <= newest.effective_at:
        raise EffectiveInThePast(
            f"revision {newest.number} takes effect at {newest.effective_at.isoformat()}; this one must follow it",
            pointer="/effective_at",
            effective_at=at.isoformat() if at else None,
        )
