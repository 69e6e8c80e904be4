"""What waits for a second person: read it, approve it, refuse it, call it off."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, StringConstraints

from jifen.api import render
from jifen.api.fields import Answer, Body, Instant, Note
from jifen.api.ids import MemberId, ProposalId
from jifen.api.languages import Language, language_of
from jifen.api.requests import GuardedRoute, SignedInRoute, desk_of, ledger_of, signed_in_of
from jifen.api.said import said, said_to_signed_in
from jifen.domain import refusals as no
from jifen.domain import refusals_of_people as people_no
from jifen.domain.principal import Permission
from jifen.domain.proposals import ProposalState
from jifen.domain.refusals_of_programs import DocumentTestsFailed
from jifen.jobs.proposals import do_proposal
from jifen.operations.handle_proposals import (
    approve_proposal,
    list_proposals,
    read_four_eyes,
    read_proposal,
    refuse_proposal,
    withdraw_proposal,
)
from jifen.present.ids import prefixed
from jifen.present.proposals import PROPOSAL_PREFIX, proposal_shown
from jifen.store.proposals import Proposal

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["operators"])
own = APIRouter(prefix="/v1", route_class=SignedInRoute, tags=["operators"])

_State: TypeAlias = Literal["waiting", "approved", "refused", "withdrawn", "expired"]


class ApproveBody(Body):
    """Nothing, or what is typed by who decides alone."""

    confirm: Annotated[str, StringConstraints(strict=True, max_length=100)] | None = Field(
        default=None, description="The word that the proposal shows, where nobody else could decide it."
    )


class RefuseBody(Body):
    """Why it is refused."""

    reason: Note


class Who(Answer):
    """Somebody, by the number that the journal knows and by the name that he is shown by."""

    id: str
    name: str


class Step(Answer):
    """A step on the way."""

    at: Instant
    what: Literal["proposed", "approved", "refused", "withdrawn", "failed", "done"]
    by: str
    said: str | None = Field(description="Why it was refused, or the code by which it failed.")


class ProposalAnswer(Answer):
    """A proposal: what is to be done, who proposed it, who decided, what came of it."""

    id: str = Field(pattern="^prp_[0-9a-f]{32}$")
    kind: Literal["adjustment", "reversal", "publication", "erasure", "merge", "reveal"]
    state: _State
    sentence: str
    store: str | None
    proposed_by: Who
    proposed_at: Instant
    expires_at: Instant
    decided_by: Who | None
    decided_at: Instant | None
    reason: str | None
    confirm: str | None = Field(
        description="Where nobody else could decide it: the word that its proposer types, from `may_confirm_at` on."
    )
    may_confirm_at: Instant | None
    body: dict[str, Any] | None = Field(description="What is to be done; left out of lists.")
    result: dict[str, Any] | None = Field(
        description="What came of it, as the route answers it that was asked."
    )
    trail: list[Step]


class ProposalsAnswer(Answer):
    """A page of proposals, newest first."""

    data: list[ProposalAnswer]
    next_cursor: str | None


class FourEyesAnswer(Answer):
    """For what of members an operator needs a second one; `jifen proposal rules` sets it."""

    erasure: bool = Field(description="To erase a member's persons.")
    merge: bool = Field(description="To merge a member into another.")
    reveals_a_day: int | None = Field(
        description="More persons than that within 24 hours he does not see in full alone; null: any number."
    )


OF_ONE: dict[str, Any] = {"answer": ProposalAnswer, "names_in_address": [no.ProposalUnknown]}
DECIDES: dict[str, Any] = {
    **OF_ONE,
    "permission": Permission.PROPOSALS_DECIDE,
    "has_body": True,
}


@router.get(
    "/proposals",
    summary="List proposals",
    **said(permission=Permission.PROPOSALS_READ, answer=ProposalsAnswer),
)
async def get_proposals(
    request: Request,
    state: Annotated[_State | None, Query(description="Only those that stand so.")] = None,
    before: Annotated[
        ProposalId | None, Query(description="The cursor: next_cursor of the page before.")
    ] = None,
    member: Annotated[MemberId | None, Query(description="Only those about this member.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    language: Language = None,
) -> Response:
    """What waits for a second person, and what was decided; newest first."""
    found = await list_proposals(
        desk_of(request).ledger,
        state=ProposalState(state) if state else None,
        before=before,
        limit=limit + 1,
        member_id=member,
    )
    spoken = language_of(request, language)
    page = found[:limit]
    return render.answered(
        {
            "data": [proposal_shown(one, spoken, with_body=False) for one in page],
            "next_cursor": prefixed(PROPOSAL_PREFIX, page[-1].proposal_id) if len(found) > limit else None,
        }
    )


@router.get(
    "/four_eyes",
    summary="Read what waits for a second person",
    **said(permission=Permission.PROPOSALS_READ, answer=FourEyesAnswer),
)
async def get_four_eyes(request: Request) -> Response:
    """What of members an operator proposes and another decides, besides adjustments above a limit and revisions."""
    rules = await read_four_eyes(desk_of(request).ledger)
    return render.answered(
        FourEyesAnswer(erasure=rules.erasure, merge=rules.merge, reveals_a_day=rules.reveals_a_day)
    )


@router.get(
    "/proposals/{proposal_id:id}",
    summary="Read a proposal",
    **said(permission=Permission.PROPOSALS_READ, **OF_ONE),
)
async def get_proposal(request: Request, proposal_id: ProposalId, language: Language = None) -> Response:
    """One proposal with all that is to be done."""
    return _shown(request, await read_proposal(desk_of(request).ledger, proposal_id), language)


@router.post(
    "/proposals/{proposal_id:id}:approve",
    summary="Approve a proposal",
    **said(
        **DECIDES,
        refuses=(
            no.ProposalOver,
            no.ProposalTooEarly,
            no.OwnProposal,
            no.StoreNotPermitted,
            no.MemberUnknown,
            no.MemberClosed,
            no.CurrencyUnknown,
            no.PointsMissing,
            no.EntryUnknown,
            no.EntryReversed,
            no.EntryNotReversible,
            no.ProgramMissing,
            no.ProgramRefused,
            DocumentTestsFailed,
            no.EffectiveInThePast,
            no.RevisionStale,
            no.PersonUnknown,
            no.VaultClosed,
            no.MergeIntoSelf,
            no.MemberFrozen,
            no.UnitsReserved,
            people_no.MemberChanged,
        ),
    ),
)
async def approve(request: Request, proposal_id: ProposalId, body: ApproveBody) -> Response:
    """It happens now, once, in the name of both. Sent again, the same is answered. What cannot be done is refused, and the
    proposal waits as before. Nobody approves his own, unless nobody else could: then after ten minutes, with the word that
    it shows.
    """
    desk = desk_of(request)
    decided = await approve_proposal(
        desk.ledger, desk.principal, proposal_id, confirm=body.confirm, effect=do_proposal
    )
    return _shown(request, decided)


@router.post(
    "/proposals/{proposal_id:id}:refuse",
    summary="Refuse a proposal",
    **said(**DECIDES, refuses=(no.ProposalOver, no.StoreNotPermitted)),
)
async def refuse(request: Request, proposal_id: ProposalId, body: RefuseBody) -> Response:
    """Nothing happens, and its proposer reads why."""
    desk = desk_of(request)
    decided = await refuse_proposal(desk.ledger, desk.principal, proposal_id, reason=body.reason)
    return _shown(request, decided)


@own.post(
    "/proposals/{proposal_id:id}:withdraw",
    summary="Withdraw one's proposal",
    **said_to_signed_in(changes_something=True, refuses=(no.ProposalOver, no.NotPermitted), **OF_ONE),
)
async def withdraw(request: Request, proposal_id: ProposalId) -> Response:
    """Called off by who proposed it. Nothing happens."""
    who = signed_in_of(request).principal
    return _shown(request, await withdraw_proposal(ledger_of(request), who, proposal_id))


def _shown(request: Request, proposal: Proposal, language: str | None = None) -> Response:
    return render.answered(proposal_shown(proposal, language_of(request, language)))
