"""The console: adjustments, the state of members, the programme."""

from __future__ import annotations

import asyncio
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field

from jifen.api import answers as out
from jifen.api import bodies, render
from jifen.api.asked import asked_once
from jifen.api.errors import document_refused
from jifen.api.fields import INT64_MAX
from jifen.api.ids import MemberId
from jifen.api.languages import language_of
from jifen.api.leaving import while_there
from jifen.api.plan_answer import PlanAnswer, plan_answer
from jifen.api.requests import Desk, GuardedRoute, desk_of
from jifen.api.said import said
from jifen.api.trial_answers import TestsAnswer, tests_answer
from jifen.document.model import ProgramDocument
from jifen.document.problems import DocumentRefused
from jifen.document.run_trials import run_trials
from jifen.document.write import document_hash
from jifen.domain import refusals as no
from jifen.domain.principal import Permission
from jifen.domain.proposals import ProposalKind
from jifen.domain.refusals_of_programs import DocumentTestsFailed, DocumentTooHeavy
from jifen.operations.adjust_units import adjust_units
from jifen.operations.change_member_status import change_member_status
from jifen.operations.check_document import check_document
from jifen.operations.find_member import find_member
from jifen.operations.handle_proposals import (
    propose_adjustment,
    propose_merge,
    propose_publication,
    propose_reversal,
    read_four_eyes,
)
from jifen.operations.merge_members import merge_members
from jifen.operations.plan_program import plan_program
from jifen.operations.publish_program import check_trials, publish_program_once
from jifen.operations.read_program import read_program, read_revision, read_revisions, read_timeline
from jifen.operations.reverse_entry import reverse_entry
from jifen.present.shown import shown_instant
from jifen.store.revisions import StoredRevision

router = APIRouter(prefix="/v1", route_class=GuardedRoute)


@router.post(
    "/adjustments",
    tags=["members"],
    summary="Adjust units by hand",
    **said(
        permission=Permission.UNITS_ADJUST,
        answer=out.AdjustAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=(
            no.MemberUnknown,
            no.MemberClosed,
            no.CurrencyUnknown,
            no.PointsMissing,
            no.ProgramMissing,
            no.StoreNotPermitted,
        ),
        proposes=out.ProposedAnswer,
    ),
)
async def adjust(request: Request, body: bodies.AdjustBody) -> Response:
    """Give or take units, with a reason that stands in the statement. No till may do this. Above the limit of whoever asks
    it is a proposal (202), which another operator decides.
    """
    desk = desk_of(request)

    async def effect(once: Any) -> dict[str, Any]:
        member_id = await find_member(desk.ledger, body.member.whose())
        if not desk.principal.adjusts_alone(body.units):
            return await propose_adjustment(
                desk.ledger,
                desk.principal,
                member_id,
                currency=body.currency,
                units=body.units,
                note=body.note,
                store=body.store,
                request=once,
            )
        return await adjust_units(
            desk.ledger,
            member_id,
            currency=body.currency,
            units=body.units,
            note=body.note,
            request=once,
            principal=desk.principal,
            store=body.store,
            actor=desk.principal.actor(),
        )

    answer = await asked_once(desk, body, effect)
    if "proposal_id" in answer:
        return render.proposed(answer)
    return render.told(out.AdjustAnswer, answer, status=201)


@router.post(
    "/members/{member_id:id}/entries/{sequence:int}:reverse",
    tags=["members"],
    summary="Reverse an entry",
    **said(
        permission=Permission.ENTRIES_REVERSE,
        answer=out.ReversalAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=(
            no.MemberUnknown,
            no.MemberClosed,
            no.EntryReversed,
            no.EntryNotReversible,
            no.ProgramMissing,
        ),
        proposes=out.ProposedAnswer,
        names_in_address=[no.EntryUnknown],
    ),
)
async def reverse(
    request: Request,
    member_id: MemberId,
    sequence: Annotated[int, Path(ge=1, le=INT64_MAX, description="The entry's number within its member.")],
    body: bodies.ReverseBody,
) -> Response:
    """Undo a redemption, an adjustment or a gift: units go back to the very lots that paid. A purchase is voided instead.
    Of an adjustment above the limit of whoever asks it is a proposal (202), which another operator decides.
    """
    desk = desk_of(request)

    async def effect(once: Any) -> dict[str, Any]:
        try:
            return await reverse_entry(
                desk.ledger,
                member_id,
                sequence,
                note=body.note,
                request=once,
                principal=desk.principal,
                actor=desk.principal.actor(),
            )
        except no.SecondPersonNeeded as more:
            units = more.numbers["units"]
            return await propose_reversal(
                desk.ledger,
                desk.principal,
                member_id,
                sequence=sequence,
                units=units if isinstance(units, int) else None,
                note=body.note,
                request=once,
            )

    answer = await asked_once(desk, body, effect)
    if "proposal_id" in answer:
        return render.proposed(answer)
    return render.told(out.ReversalAnswer, answer, status=201)


STATUS_SAID = said(
    permission=Permission.MEMBERS_CHANGE_STATUS,
    answer=out.StatusAnswer,
    has_key=True,
    refuses=[no.MemberClosed],
    names_in_address=[no.MemberUnknown],
)


@router.post("/members/{member_id:id}:freeze", tags=["members"], summary="Freeze a member", **STATUS_SAID)
async def freeze(request: Request, member_id: MemberId) -> Response:
    """The member still earns and returns, and may neither spend nor give nor be given until reopened."""
    return await _change(request, member_id, "frozen")


@router.post("/members/{member_id:id}:close", tags=["members"], summary="Close a member", **STATUS_SAID)
async def close(request: Request, member_id: MemberId) -> Response:
    """The member takes no more entries. The books stay."""
    return await _change(request, member_id, "closed")


@router.post("/members/{member_id:id}:reopen", tags=["members"], summary="Reopen a member", **STATUS_SAID)
async def reopen(request: Request, member_id: MemberId) -> Response:
    """The member is active again."""
    return await _change(request, member_id, "active")


@router.post(
    "/members/{member_id:id}:merge",
    tags=["members"],
    summary="Merge a member into another",
    **said(
        permission=Permission.MEMBERS_MERGE,
        answer=out.MergedAnswer,
        has_body=True,
        has_key=True,
        names_in_address=[no.MemberUnknown],
        refuses=[no.MergeIntoSelf, no.MemberClosed, no.MemberFrozen, no.UnitsReserved, no.ProgramMissing],
        proposes=out.ProposedAnswer,
    ),
)
async def merge(request: Request, member_id: MemberId, body: bodies.MergeBody) -> Response:
    """Two members are one: units go over with their days of expiry, tier path, limits used and firsts; persons, cards and phones
    find the one who stays. Receipts stay where they were written, and a later return finds its units. Within a day `:unmerge`
    undoes it. By an operator it is a proposal (202), where the ledger asks four eyes for it.
    """
    desk = desk_of(request)

    async def effect(once: Any) -> dict[str, Any]:
        into_id = await find_member(desk.ledger, body.into.whose(), pointer="/into")
        if (await read_four_eyes(desk.ledger)).asks(desk.principal, ProposalKind.MERGE):
            return await propose_merge(
                desk.ledger, desk.principal, member_id, into_id, note=body.note, request=once
            )
        return await merge_members(
            desk.ledger, member_id, into_id, request=once, note=body.note, actor=desk.principal.actor()
        )

    answer = await asked_once(desk, body, effect)
    if "proposal_id" in answer:
        return render.proposed(answer)
    return render.told(out.MergedAnswer, answer)


async def _change(request: Request, member_id: Any, status: str) -> Response:
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        None,
        lambda once: change_member_status(desk.ledger, member_id, status, once, actor=desk.principal.actor()),
    )
    return render.told(out.StatusAnswer, answer)


@router.get(
    "/program",
    tags=["programme"],
    summary="Read the programme",
    **said(permission=Permission.PROGRAM_READ, answer=out.ProgramAnswer, refuses=[no.ProgramMissing]),
)
async def get_program(request: Request) -> Response:
    """The newest revision and the one in force, each with its document."""
    newest, in_force = await read_program(desk_of(request).ledger)
    return render.answered(
        out.ProgramAnswer(
            newest=_with_document(newest), in_force=_with_document(in_force) if in_force else None
        )
    )


@router.get(
    "/program/revisions",
    tags=["programme"],
    summary="List revisions",
    **said(permission=Permission.PROGRAM_READ, answer=out.RevisionsAnswer),
)
async def list_revisions(
    request: Request,
    before: Annotated[
        int | None, Query(ge=1, le=2**31 - 1, description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """The revisions, newest first, without their documents."""
    published, _ = await read_revisions(desk_of(request).ledger)
    chosen = [one for one in reversed(published) if before is None or one.number < before]
    page = chosen[:limit]
    return render.answered(
        out.RevisionsAnswer(
            data=[out.RevisionAnswer(**_shown(one)) for one in page],
            next_cursor=str(page[-1].number) if len(chosen) > limit else None,
        )
    )


@router.get(
    "/program/revisions/{number}",
    tags=["programme"],
    summary="Read a revision",
    **said(
        permission=Permission.PROGRAM_READ, answer=out.RevisionRead, names_in_address=[no.RevisionUnknown]
    ),
)
async def get_revision(request: Request, number: Annotated[int, Field(ge=1, le=2**31 - 1)]) -> Response:
    """One revision with its document."""
    return render.answered(_with_document(await read_revision(desk_of(request).ledger, number)))


@router.post(
    "/program:validate",
    tags=["programme"],
    summary="Check a document",
    **said(
        permission=Permission.PROGRAM_PLAN,
        answer=out.ValidateAnswer,
        has_body=True,
        refuses=[no.ProgramRefused, DocumentTooHeavy],
    ),
)
async def validate(request: Request, body: bodies.DocumentBody) -> Response:
    """Whether the document can be a programme. If not, the refusal lists every problem with its way out."""
    document = await _document(request, body, language_of(request))
    return render.answered(out.ValidateAnswer(document_hash=await asyncio.to_thread(document_hash, document)))


@router.post(
    "/program:test",
    tags=["programme"],
    summary="Run the tests of a document",
    **said(
        permission=Permission.PROGRAM_PLAN,
        answer=TestsAnswer,
        has_body=True,
        refuses=[no.ProgramRefused],
    ),
)
async def run_tests(request: Request, body: bodies.DocumentBody) -> Response:
    """The tests that the document carries, each on a made-up member by the rules of the document: what came, what differs, and
    what was given and what was not, and why. Nothing of the books is read or written.
    """
    language = language_of(request)
    document = await _document(request, body, language)
    return render.answered(tests_answer(await asyncio.to_thread(run_trials, document), language))


@router.post(
    "/program:plan",
    tags=["programme"],
    summary="Plan a revision",
    **said(
        permission=Permission.PROGRAM_PLAN,
        answer=PlanAnswer,
        has_body=True,
        refuses=[no.ProgramRefused, DocumentTooHeavy],
    ),
)
async def plan_revision(request: Request, body: bodies.DocumentBody) -> Response:
    """What publishing the document would change, in plain words, whom it touches, what is odd about it, and what became of the
    tests that it carries; nothing is published."""
    language = language_of(request)
    document = await _document(request, body, language)
    found = await plan_program(desk_of(request).ledger, document)
    return render.answered(await asyncio.to_thread(plan_answer, found, language))


@router.post(
    "/program:apply",
    tags=["programme"],
    summary="Publish a revision",
    **said(
        permission=Permission.PROGRAM_PUBLISH,
        answer=out.ApplyAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=(
            no.ProgramRefused,
            DocumentTooHeavy,
            DocumentTestsFailed,
            no.EffectiveInThePast,
            no.RevisionStale,
            no.StoreNotPermitted,
            no.FieldWrong,
        ),
        proposes=out.ProposedAnswer,
    ),
)
async def apply(request: Request, body: bodies.ApplyBody) -> Response:
    """The document becomes the next revision, from a moment ahead. It never changes afterwards. The same document again is
    the newest revision itself. By an operator it is a proposal (202), which another one decides, but for the first of a ledger.
    """
    desk = desk_of(request)
    document = await _document(request, body, language_of(request))

    async def effect(once: Any) -> dict[str, Any]:
        expected = body.expected_revision
        if desk.principal.kind == "operator":
            await asyncio.to_thread(check_trials, document)
            number, may_publish = await _needs_nobody(desk, document)
            if not may_publish:
                return await propose_publication(
                    desk.ledger,
                    desk.principal,
                    body.document,
                    text=body.text,
                    document_hash=await asyncio.to_thread(document_hash, document),
                    effective_at=body.effective_at,
                    expected_revision=expected,
                    newest_revision=number,
                    request=once,
                )
            expected = number if expected is None else expected
        return await publish_program_once(
            desk.ledger,
            document,
            effective_at=body.effective_at,
            published_by=desk.principal.actor(),
            expected_revision=expected,
            request=once,
            by=desk.principal,
            text=body.text,
        )

    answer = await asked_once(desk, body, effect)
    if "proposal_id" in answer:
        return render.proposed(answer)
    return render.told(out.ApplyAnswer, answer, status=201)


async def _needs_nobody(desk: Desk, document: ProgramDocument) -> tuple[int, bool]:
    """The newest revision's number (0: none), and whether an operator publishes after it alone: the first of a ledger, what
    is the newest already, and what the books refuse anyway.
    """
    published, _ = await read_revisions(desk.ledger)
    if not published:
        return 0, True
    newest = published[-1]
    if newest.document_hash == await asyncio.to_thread(document_hash, document):
        return newest.number, True
    found = await plan_program(desk.ledger, document, counts=False)
    return found.newest_revision, found.plan.is_refused


async def _document(request: Request, body: bodies.DocumentBody, language: str) -> ProgramDocument:
    try:
        return await while_there(request, check_document(body.document))
    except DocumentRefused as refused:
        raise document_refused(refused, language) from None


def _shown(revision: StoredRevision) -> dict[str, Any]:
    return {
        "number": revision.number,
        "effective_at": shown_instant(revision.effective_at),
        "published_at": shown_instant(revision.published_at),
        "published_by": revision.published_by,
        "document_hash": revision.document_hash,
    }


def _with_document(revision: StoredRevision) -> out.RevisionRead:
    return out.RevisionRead(**_shown(revision), document=revision.whole_document)


@router.get(
    "/stores",
    tags=["programme"],
    summary="List stores",
    **said(permission=Permission.PROGRAM_READ, answer=out.StoresAnswer, refuses=[no.ProgramMissing]),
)
async def list_stores(request: Request) -> Response:
    """The stores of the revision in force."""
    timeline, now = await read_timeline(desk_of(request).ledger)
    program = timeline.programs[timeline.row_at(now)]
    return render.answered(
        out.StoresAnswer(
            data=[
                out.StoreAnswer(code=one.code, names=dict(one.names), time_zone=one.time_zone)
                for one in program.stores.values()
            ],
            any_store=program.any_store,
        )
    )
