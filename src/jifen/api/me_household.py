"""One's own household: who belongs to it, inviting to it, joining and leaving, and the children whose guardian its head is."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field

from jifen.api import households, persons, render
from jifen.api.answers import MergedUnits
from jifen.api.asked import asked_once
from jifen.api.fields import Answer, Body, Code, Instant
from jifen.api.ids import InvitationId, MemberId, PersonId
from jifen.api.me_door import MeDoneAnswer
from jifen.api.me_person import OwnCorrectionBody
from jifen.api.requests import MemberRoute, desk_of, member_of
from jifen.api.said import said_to_member
from jifen.domain import household_refusals as house
from jifen.domain import refusals as no
from jifen.jobs.households import leave_with_share
from jifen.operations.change_household import add_person_to_household, change_role, guardian_consent
from jifen.operations.correct_person import Correction, correct_person
from jifen.operations.erase_person import erase_person
from jifen.operations.invite_to_household import call_off, invitation_code_of, invite_to_household
from jifen.operations.join_household import join_household, quote_join
from jifen.operations.read_household import check_head_of, read_own_household
from jifen.operations.read_request import read_request_fingerprint
from jifen.operations.record_consent import in_form
from jifen.operations.tell_person import told_of_person
from jifen.store.once import Once

router = APIRouter(prefix="/v1", route_class=MemberRoute, tags=["me"])
JOINING_REFUSES = (
    house.HouseholdInvitationWrong,
    house.HouseholdNotEmpty,
    no.MergeIntoSelf,
    no.SignInTooSoon,
    no.TooMuch,
    no.PersonUnknown,
    no.VaultClosed,
)


class OwnHouseholdPerson(households.HouseholdPerson):
    """Somebody of one's household."""

    is_oneself: bool


class OpenInvitation(Answer):
    """An invitation that somebody may still join by. Its code is shown to the head only."""

    invitation_id: InvitationId
    role: Literal["adult", "child"]
    code: str
    made_at: Instant
    expires_at: Instant


class OwnHouseholdAnswer(Answer):
    """One's household, its head first."""

    member_id: MemberId
    is_head: bool
    persons: list[OwnHouseholdPerson]
    invitations: list[OpenInvitation] = Field(description="Empty but for its head.")
    guardian_age: int


class InviteBody(Body):
    """As what the invited one will belong to the household."""

    role: Literal["adult", "child"] = "adult"


class JoinCodeBody(Body):
    """The code of an invitation; blanks and hyphens do not count."""

    code: Annotated[str, Field(min_length=4, max_length=30)]


class JoinQuoteAnswer(Answer):
    """What joining would do. Nothing has changed."""

    role: Literal["adult", "child"]
    head: str | None = Field(description="The name of the household's head, masked.")
    persons: int = Field(description="How many belong to it.")


class JoinedAnswer(Answer):
    """One belongs to the household, and what one had is its."""

    member_id: MemberId = Field(description="As whom one was a member before.")
    into_id: MemberId
    sequence: int
    role: Literal["adult", "child"]
    balances: list[MergedUnits]


class OwnLeaveBody(Body):
    """Oneself, or whom the head sees off; the share is the head's to state."""

    person_id: PersonId | None = Field(default=None, description="Left out: oneself.")
    shares: list[households.ShareBody] = Field(default_factory=list, max_length=50)
    head_id: PersonId | None = Field(default=None, description="Who is head then, where the head leaves.")


class ChildBody(Body):
    """A child, and that its guardian agrees."""

    name: persons.Told | None = None
    birthday: persons.Told = Field(description="YYYY-MM-DD.")
    text_version: Code = Field(description="Of the text that the guardian agreed to.", examples=["2026-11"])


class ChildEraseBody(Body):
    """Erasing cannot be undone: the child is named once more."""

    confirm: PersonId


@router.get(
    "/me/household",
    summary="Read one's household",
    **said_to_member(answer=OwnHouseholdAnswer, refuses=[no.ProgramMissing, no.VaultClosed]),
)
async def get_own_household(request: Request) -> Response:
    """Names and roles of those who belong to it; its head sees the open invitations too."""
    desk, session = desk_of(request), member_of(request)
    view = await read_own_household(
        desk.ledger, session.member_id, session.person_id, principal=desk.principal
    )
    invitations = [
        OpenInvitation(
            invitation_id=one.invitation_id,
            role=one.role,  # type: ignore[arg-type]
            code=await invitation_code_of(desk.ledger, one.invitation_id),
            made_at=one.made_at,
            expires_at=one.expires_at,
        )
        for one in view.invitations
    ]
    return render.answered(
        OwnHouseholdAnswer(
            member_id=session.member_id,
            is_head=any(one.person_id == session.person_id and one.role == "head" for one in view.persons),
            persons=[
                OwnHouseholdPerson.model_validate(
                    {**one._asdict(), "is_oneself": one.person_id == session.person_id}
                )
                for one in view.persons
            ],
            invitations=invitations,
            guardian_age=view.guardian_age,
        )
    )


@router.post(
    "/me/household/invitations",
    summary="Invite to one's household",
    **said_to_member(
        answer=OpenInvitation,
        status=201,
        has_body=True,
        has_key=True,
        refuses=[house.NotHead, no.MemberClosed, no.TooMuch, no.VaultClosed],
    ),
)
async def invite_to_own_household(request: Request, body: InviteBody) -> Response:
    """A code that is good once, for 48 hours unless the shop says otherwise. Whoever has it may join: it is given by hand."""
    desk, session = desk_of(request), member_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        return await invite_to_household(
            desk.ledger, session.member_id, session.person_id, body.role, once, principal=desk.principal
        )

    answer = await asked_once(desk, body, effect)
    code = await invitation_code_of(desk.ledger, UUID(answer["invitation_id"]))
    return render.told(OpenInvitation, {**answer, "code": code}, status=201)


@router.delete(
    "/me/household/invitations/{invitation_id:id}",
    summary="Call an invitation off",
    **said_to_member(
        answer=MeDoneAnswer,
        changes_something=True,
        names_in_address=[no.PersonUnknown],
        refuses=[house.NotHead, house.HouseholdInvitationWrong],
    ),
)
async def call_invitation_off(request: Request, invitation_id: InvitationId) -> Response:
    """Its code opens nothing more."""
    desk, session = desk_of(request), member_of(request)
    await call_off(desk.ledger, session.member_id, session.person_id, invitation_id, principal=desk.principal)
    return render.answered(MeDoneAnswer())


@router.post(
    "/me/household:quote",
    summary="See what joining would do",
    **said_to_member(answer=JoinQuoteAnswer, has_body=True, refuses=JOINING_REFUSES),
)
async def quote_own_joining(request: Request, body: JoinCodeBody) -> Response:
    """Into whose household, as what. Nothing changes; wrong codes are counted, and after some the next one waits."""
    desk, session = desk_of(request), member_of(request)
    found = await quote_join(
        desk.ledger,
        body.code,
        guesser=session.person_id.hex,
        member_id=session.member_id,
        person_id=session.person_id,
    )
    return render.answered(JoinQuoteAnswer(role=found.role, head=found.head, persons=found.persons))  # type: ignore[arg-type]


@router.post(
    "/me/household:join",
    summary="Join a household",
    **said_to_member(
        answer=JoinedAnswer,
        has_body=True,
        has_key=True,
        refuses=[
            *JOINING_REFUSES,
            no.MemberClosed,
            no.MemberFrozen,
            no.UnitsReserved,
            no.ProgramMissing,
        ],
    ),
)
async def join_own_household(request: Request, body: JoinCodeBody) -> Response:
    """Units, limits used and cards go over to the household, and work on there. A head of others does not take them along."""
    desk, session = desk_of(request), member_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        return await join_household(
            desk.ledger,
            session.member_id,
            session.person_id,
            body.code,
            once,
            guesser=session.person_id.hex,
            principal=desk.principal,
        )

    return render.told(JoinedAnswer, await asked_once(desk, body, effect))


@router.post(
    "/me/household:leave",
    summary="Leave a household",
    **said_to_member(
        answer=households.LeftAnswer,
        has_body=True,
        has_key=True,
        refuses=[*households.PARTING_REFUSES, house.NotHead],
    ),
)
async def leave_own_household(request: Request, body: OwnLeaveBody) -> Response:
    """One is a member of one's own, with one's phone, cards and ids; or the head sees somebody off, with a share of the units."""
    desk, session = desk_of(request), member_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        return await leave_with_share(
            desk.ledger,
            session.member_id,
            body.person_id or session.person_id,
            once,
            by_id=session.person_id,
            shares=[one.share() for one in body.shares],
            principal=desk.principal,
            head_id=body.head_id,
        )

    return render.told(households.LeftAnswer, households.with_ids(await asked_once(desk, body, effect)))


@router.post(
    "/me/household/children",
    summary="Add a child to one's household",
    **said_to_member(
        answer=households.AddedAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=[*households.ADDING_REFUSES, house.NotHead, no.TooMuch],
    ),
)
async def add_child(request: Request, body: ChildBody) -> Response:
    """The head is its guardian, and agrees for it: to which version of the text, and when, is kept."""
    desk, session = desk_of(request), member_of(request)
    told = await told_of_person(desk.ledger, {"name": body.name, "birthday": body.birthday}, {})
    agreed = in_form(
        guardian_consent(body.text_version, "app", proof=f"given in the app by per_{session.person_id.hex}")
    )

    async def effect(once: Once) -> dict[str, Any]:
        return await add_person_to_household(
            desk.ledger,
            session.member_id,
            "child",
            told,
            once,
            principal=desk.principal,
            by_id=session.person_id,
            guardian=agreed,
        )

    return render.told(households.AddedAnswer, await asked_once(desk, body, effect), status=201)


@router.post(
    "/me/household/persons/{person_id:id}:role",
    summary="Change what somebody is in one's household",
    **said_to_member(
        answer=households.AddedAnswer,
        has_body=True,
        has_key=True,
        names_in_address=[no.PersonUnknown],
        refuses=[no.ProgramMissing, no.VaultClosed, house.NotHead, house.HeadNeeded, house.GuardianNeeded],
    ),
)
async def set_role_in_own_household(
    request: Request, person_id: PersonId, body: households.RoleBody
) -> Response:
    """The head makes a grown child an adult, or an adult the head in his place."""
    desk, session = desk_of(request), member_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        return await change_role(
            desk.ledger,
            session.member_id,
            person_id,
            body.role,
            once,
            principal=desk.principal,
            by_id=session.person_id,
        )

    return render.told(households.AddedAnswer, await asked_once(desk, body, effect))


@router.post(
    "/me/household/persons/{person_id:id}:correct",
    summary="Correct what is known of one's child",
    **said_to_member(
        answer=persons.CorrectAnswer,
        has_body=True,
        has_key=True,
        names_in_address=[no.PersonUnknown],
        refuses=[no.ProgramMissing, no.VaultClosed, house.NotHead],
    ),
)
async def correct_child(request: Request, person_id: PersonId, body: OwnCorrectionBody) -> Response:
    """The head does for a child what an adult does for himself."""
    desk, session = desk_of(request), member_of(request)
    await check_head_of(desk.ledger, session.member_id, session.person_id, person_id)
    if "birthday" in body.forget:
        detail = (
            "a child's birthday tells until when its guardian agrees for it: correct it, or erase the child"
        )
        raise no.FieldWrong(detail, pointer="/forget")
    said = {name: getattr(body, name) for name in OwnCorrectionBody.model_fields if name != "forget"}
    correction = Correction(await told_of_person(desk.ledger, said, {}, under=""), tuple(body.forget))

    async def effect(once: Once) -> dict[str, Any]:
        return await correct_person(
            desk.ledger, session.member_id, correction, once, principal=desk.principal, person_id=person_id
        )

    return render.told(persons.CorrectAnswer, await asked_once(desk, body, effect))


@router.post(
    "/me/household/persons/{person_id:id}:erase",
    summary="Erase one's child",
    **said_to_member(
        answer=persons.Certificate,
        has_body=True,
        has_key=True,
        names_in_address=[no.PersonUnknown],
        refuses=[no.VaultClosed, house.NotHead],
    ),
)
async def erase_child(request: Request, person_id: PersonId, body: ChildEraseBody) -> Response:
    """What is known of it is destroyed for good; the household's units stay as they are."""
    desk, session = desk_of(request), member_of(request)
    if body.confirm != person_id:
        raise no.FieldWrong("name the child who is to be erased once more", pointer="/confirm")
    once = await desk.once(body)
    if await read_request_fingerprint(desk.ledger, once.key) is None:
        await check_head_of(desk.ledger, session.member_id, session.person_id, person_id)

    async def effect(once: Once) -> dict[str, Any]:
        return await erase_person(
            desk.ledger,
            session.member_id,
            once,
            confirmed=session.member_id,
            principal=desk.principal,
            person_id=person_id,
        )

    return render.told(persons.Certificate, await asked_once(desk, body, effect))
