"""Compensations: units for many members at once, looked at first, and undone where they were wrong."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.bodies import MemberRef
from jifen.api.fields import Answer, Body, Code, Instant, Note, Units
from jifen.api.ids import CompensationId, MemberId
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain.compensations import CompensationOver, CompensationUnknown
from jifen.domain.principal import Permission
from jifen.operations.compensate_members import (
    Basis,
    Listed,
    RuleOff,
    begin_compensation,
    list_compensations,
    plan_compensation,
    read_compensation,
    undo_compensation,
)
from jifen.store.compensations import Compensation

router = APIRouter(prefix="/v1", route_class=GuardedRoute)
LISTED_MAX = 10_000
SHOWN = 20
REFUSES = (
    no.MemberUnknown, no.CurrencyUnknown, no.ProgramMissing, no.TooMuch, no.SecondPersonNeeded, no.StoreNotPermitted,
)  # fmt: skip


class CompensatedBody(Body):
    """Units for one member."""

    member: MemberRef
    units: Units


class RuleOffBody(Body):
    """For whom a rule would have given something while it was switched off."""

    rule: Code
    since: Instant = Field(description="Occasions booked from here on,")
    until: Instant = Field(description="and before here.")


class PlanBody(Body):
    """Whom it is for: a list with a currency, or what a rule kept back."""

    currency: Code | None = Field(default=None, description="With `members`.")
    members: Annotated[list[CompensatedBody], Field(min_length=1, max_length=LISTED_MAX)] | None = None
    rule_off: RuleOffBody | None = None

    @model_validator(mode="after")
    def _is_one(self) -> PlanBody:
        if (self.members is None) == (self.rule_off is None):
            raise PydanticCustomError("compensation", "name members or rule_off, and not both")
        if (self.members is None) != (self.currency is None):
            raise PydanticCustomError("compensation", "currency goes with members; a rule has its own")
        return self

    def basis(self) -> Basis:
        """What it is counted by."""
        if self.rule_off is not None:
            return RuleOff(rule=self.rule_off.rule, since=self.rule_off.since, until=self.rule_off.until)
        shares = [(one.member.whose(), one.units) for one in self.members or ()]
        return Listed(currency=self.currency or "", shares=shares)


class CompensationBody(PlanBody):
    """A compensation, and its reason, which stands in each statement."""

    reason: Note


class ShareAnswer(Answer):
    """What one member would be given."""

    member_id: MemberId
    units: int


class PlannedAnswer(Answer):
    """What a compensation would give. Nothing was changed."""

    currency: str
    members: int
    units: int
    left_out: int = Field(description="Purchases of which something came back since: a person looks at them.")
    first: list[ShareAnswer] = Field(description=f"The {SHOWN} largest shares.")


class CompensationMade(Answer):
    """A compensation that is being paid."""

    compensation_id: CompensationId
    currency: str
    members: int
    units: int
    left_out: int


class CompensationUndone(Answer):
    """A compensation that is being taken back."""

    compensation_id: CompensationId
    state: Literal["undoing"]


class CompensationAnswer(Answer):
    """A compensation, and how far it is."""

    compensation_id: CompensationId
    currency: str
    reason: str
    state: Literal["paying", "paid", "undoing", "undone"]
    made_at: Instant
    made_by: str
    undone_at: Instant | None
    undone_by: str | None
    members: int
    units: int
    paid: int = Field(description="Members who were paid.")
    units_paid: int = Field(description="Units that were paid and not taken back.")
    refused: int
    undone: int


class CompensationsAnswer(Answer):
    """A page of compensations, newest first."""

    data: list[CompensationAnswer]
    next_cursor: CompensationId | None


class RefusedShare(Answer):
    """For whom it could not be done, and why."""

    member_id: MemberId
    units: int
    code: str


class CompensationRead(CompensationAnswer):
    """One of them, with those for whom it could not be done."""

    refused_shares: list[RefusedShare]


def _told(one: Compensation) -> CompensationAnswer:
    return CompensationAnswer(**one._asdict())


@router.post(
    "/compensations:plan",
    tags=["entries"],
    summary="Look at a compensation",
    **said(permission=Permission.COMPENSATIONS_READ, answer=PlannedAnswer, has_body=True, refuses=REFUSES),
)
async def plan(request: Request, body: PlanBody) -> Response:
    """Whom it would give how much. Nothing changes."""
    planned = await plan_compensation(desk_of(request).ledger, body.basis())
    largest = sorted(planned.shares.items(), key=lambda one: (-one[1], one[0]))[:SHOWN]
    return render.answered(
        PlannedAnswer(
            currency=planned.currency,
            members=len(planned.shares),
            units=planned.units,
            left_out=planned.left_out,
            first=[ShareAnswer(member_id=member_id, units=units) for member_id, units in largest],
        )
    )


@router.post(
    "/compensations",
    tags=["entries"],
    summary="Compensate members",
    **said(
        permission=Permission.COMPENSATIONS_MAKE,
        answer=CompensationMade,
        status=201,
        has_body=True,
        has_key=True,
        refuses=REFUSES,
    ),
)
async def make(request: Request, body: CompensationBody) -> Response:
    """Each share becomes an adjustment with the reason, paid in pieces from now on. All together count for the limit of whoever
    asks.
    """
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        body,
        lambda once: begin_compensation(
            desk.ledger, body.basis(), reason=body.reason, request=once, principal=desk.principal
        ),
    )
    return render.told(CompensationMade, answer, status=201)


@router.get(
    "/compensations",
    tags=["entries"],
    summary="List compensations",
    **said(permission=Permission.COMPENSATIONS_READ, answer=CompensationsAnswer),
)
async def get_all(
    request: Request,
    before: Annotated[
        CompensationId | None, Query(description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> Response:
    """Newest first."""
    found, after = await list_compensations(desk_of(request).ledger, before=before, limit=limit)
    return render.answered(CompensationsAnswer(data=[_told(one) for one in found], next_cursor=after))


@router.get(
    "/compensations/{compensation_id:id}",
    tags=["entries"],
    summary="Read a compensation",
    **said(
        permission=Permission.COMPENSATIONS_READ,
        answer=CompensationRead,
        names_in_address=[CompensationUnknown],
    ),
)
async def get_one(request: Request, compensation_id: CompensationId) -> Response:
    """How far it is, and for whom it could not be done."""
    found, refused = await read_compensation(desk_of(request).ledger, compensation_id)
    shares = [RefusedShare(member_id=whose, units=units, code=code) for whose, units, code in refused]
    return render.answered(CompensationRead(**found._asdict(), refused_shares=shares))


@router.post(
    "/compensations/{compensation_id:id}:undo",
    tags=["entries"],
    summary="Undo a compensation",
    **said(
        permission=Permission.COMPENSATIONS_MAKE,
        answer=CompensationUndone,
        has_key=True,
        refuses=[CompensationOver, no.SecondPersonNeeded, no.StoreNotPermitted],
        names_in_address=[CompensationUnknown],
    ),
)
async def undo(request: Request, compensation_id: CompensationId) -> Response:
    """Each share is taken back from its own entry; what was spent meanwhile as the policy for debt has it."""
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        None,
        lambda once: undo_compensation(desk.ledger, compensation_id, request=once, principal=desk.principal),
    )
    return render.told(CompensationUndone, answer)
