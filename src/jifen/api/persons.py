"""Persons: what is known of somebody, masked or in full with a reason; correct, agree, take along, erase."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import BeforeValidator, Field

from jifen.api import render
from jifen.api.answers import ProposedAnswer
from jifen.api.asked import asked_once
from jifen.api.bodies import KeyBody
from jifen.api.fields import Answer, Body, Code, Instant, Note
from jifen.api.ids import MemberId, PersonId
from jifen.api.languages import Language, language_of
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import household_refusals as house
from jifen.domain import refusals as no
from jifen.domain import refusals_of_people as people_no
from jifen.domain.audit import Why
from jifen.domain.person import ATTRIBUTES_MAX, CONTACT_KINDS, Consent, MemberKey
from jifen.domain.principal import Permission
from jifen.domain.proposals import ProposalKind
from jifen.jobs.archive import everything_of
from jifen.operations.correct_person import KEYS_MAX, Correction, correct_person
from jifen.operations.enrol_member import KEYS_MAX as ENROL_KEYS_MAX
from jifen.operations.erase_person import erase_person
from jifen.operations.handle_proposals import propose_erasure, propose_reveal, read_four_eyes
from jifen.operations.member_sign_in import sign_member_out
from jifen.operations.read_person import read_persons, reveal_persons
from jifen.operations.record_consent import record_consent
from jifen.operations.tell_person import told_of_person
from jifen.present.persons import archive_page, persons_shown
from jifen.store.once import Once

router = APIRouter(prefix="/v1", route_class=GuardedRoute)

Told = Annotated[str, Field(min_length=1, max_length=1_000)]
Channel = Literal["till", "app", "web", "phone", "paper", "import", "console"]


class PersonBody(Body):
    """What somebody told of himself. Every field may be left out; what comes is brought into one form."""

    phone: Told | None = Field(default=None, description="With + and country, or as it is dialled at home.")
    email: Told | None = None
    name: Told | None = None
    birthday: Told | None = Field(default=None, description="YYYY-MM-DD.")
    gender: Told | None = Field(
        default=None, description="female, male or other; left out when it was not told."
    )
    language: Told | None = None
    address: Told | None = None
    attributes: dict[Code, Told] = Field(default_factory=dict, max_length=ATTRIBUTES_MAX)

    def fields(self) -> dict[str, str | None]:
        """What was told, by field, without the attributes."""
        return {name: getattr(self, name) for name in PersonBody.model_fields if name != "attributes"}


class ConsentBody(Body):
    """That somebody agrees to a purpose, or does not any more."""

    purpose: Code = Field(examples=["marketing"])
    is_given: bool
    text_version: Code = Field(description="Of the text that he read.", examples=["2026-11"])
    channel: Channel
    proof: Note | None = Field(
        default=None, description="How it is known: kept sealed, as everything personal."
    )


class CorrectBody(PersonBody):
    """What is to be known instead. What is not named stays as it is."""

    person_id: PersonId | None = Field(
        default=None, description="Of a household the one who is meant; the head where none is named."
    )
    forget: list[Code] = Field(
        default_factory=list, max_length=50, description="Fields, `phone`, `email` or `attribute.NAME`."
    )
    add: list[KeyBody] = Field(default_factory=list, max_length=KEYS_MAX)
    remove: list[KeyBody] = Field(default_factory=list, max_length=KEYS_MAX)


class EnrolBody(Body):
    """A new member: the cards and ids elsewhere that find him, what he told of himself, and what he agrees to."""

    keys: list[KeyBody] = Field(default_factory=list, max_length=ENROL_KEYS_MAX)
    person: PersonBody | None = None
    consents: list[ConsentBody] = Field(default_factory=list, max_length=20)


class RevealBody(Body):
    """Why somebody wants to see all of it."""

    why: Annotated[Why, Field(strict=False)]


class EraseBody(Body):
    """Erasing cannot be undone: the member is named once more."""

    confirm: MemberId


class PersonKeyShown(Answer):
    """What finds a person."""

    kind: str
    value: str


class ConsentShown(Answer):
    """The last word on a purpose."""

    purpose: str
    is_given: bool
    text_version: str
    channel: str
    at: Instant


class PersonShown(Answer):
    """A person as he is known."""

    person_id: PersonId
    role: str
    keys: list[PersonKeyShown]
    fields: dict[str, str]
    attributes: dict[str, str]
    consents: list[ConsentShown]
    objects_to_profiling: bool = Field(
        default=False,
        description="Whether nothing is worked out about him for personal treatment: he said no to the purpose `profiling`.",
    )
    added_at: Instant


class PersonsAnswer(Answer):
    """The persons of a member, the head of the household first."""

    member_id: MemberId
    is_masked: bool = Field(description="true: of each value only as much as tells one from another.")
    persons: list[PersonShown]


class CorrectAnswer(Answer):
    """Which kinds of thing were changed."""

    member_id: MemberId
    person_id: PersonId
    changed: list[str]
    sessions_ended: int = Field(
        default=0,
        description="By this birthday he is too young to be signed in himself: so many sessions ended.",
    )
    guardian_needed: bool = Field(
        default=False, description="By this birthday a guardian has to agree for him, and none did."
    )


class ConsentAnswer(Answer):
    """What is agreed to now."""

    member_id: MemberId
    purpose: str
    is_given: bool


class SignedOutAnswer(Answer):
    """How many sessions ended, and phones that showed codes."""

    member_id: MemberId
    sessions: int
    phones: int


def _ids(value: Any) -> Any:
    return [UUID(one) if isinstance(one, str) and "_" not in one else one for one in value]


class Certificate(Answer):
    """That the persons of a member were erased, without a word of who they were."""

    member_id: MemberId
    persons: Annotated[list[PersonId], BeforeValidator(_ids)]
    erased_at: Instant
    fields: int
    keys: int
    notes: int
    devices: int = Field(description="Phones that show codes no more.")
    actor: str


class ArchiveAnswer(Answer):
    """Everything that is kept of a person. With `Accept: text/html` the same as a page."""

    made_at: Instant
    member: dict[str, Any]
    persons: list[dict[str, Any]]
    entries: list[dict[str, Any]]
    receipts: list[dict[str, Any]]


@router.get(
    "/members/{member_id:id}/persons",
    tags=["persons"],
    summary="Read a member's persons",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=PersonsAnswer,
        names_in_address=[no.PersonUnknown],
        refuses=[no.VaultClosed],
    ),
)
async def get_persons(request: Request, member_id: MemberId) -> Response:
    """What is known of a member's persons, with only as much of each value as tells one from another."""
    views = await read_persons(desk_of(request).ledger, member_id)
    return render.answered(persons_shown(member_id, views, is_masked=True))


@router.post(
    "/members/{member_id:id}/persons:reveal",
    tags=["persons"],
    summary="See persons in full",
    **said(
        permission=Permission.PERSONS_REVEAL,
        answer=PersonsAnswer,
        has_body=True,
        names_in_address=[no.PersonUnknown],
        refuses=[no.VaultClosed],
        proposes=ProposedAnswer,
    ),
)
async def reveal(request: Request, member_id: MemberId, body: RevealBody) -> Response:
    """The same in full. Who looked, and why, is written down. An operator who saw as many persons within 24 hours as he may alone
    (`GET /v1/four_eyes`) proposes (202) to see as many again; asked meanwhile, the same proposal is answered with 200.
    """
    desk = desk_of(request)
    try:
        views = await reveal_persons(desk.ledger, member_id, why=body.why, principal=desk.principal)
    except no.SecondPersonNeeded:
        answer, waits = await propose_reveal(desk.ledger, desk.principal, member_id, why=body.why)
        return render.proposed({**answer, "is_replay": waits})
    return render.answered(persons_shown(member_id, views, is_masked=False))


@router.post(
    "/members/{member_id:id}/persons:correct",
    tags=["persons"],
    summary="Correct what is known",
    **said(
        permission=Permission.PERSONS_CORRECT,
        answer=CorrectAnswer,
        has_body=True,
        has_key=True,
        names_in_address=[no.MemberUnknown],
        refuses=[
            no.KeyTaken,
            no.PersonUnknown,
            no.CheckDigitWrong,
            no.ProgramMissing,
            no.VaultClosed,
            house.GuardianNeeded,
        ],
    ),
)
async def correct(request: Request, member_id: MemberId, body: CorrectBody) -> Response:
    """Other values, fewer, another phone, a card more or less. Of who was erased, or told nothing yet, a new person is known."""
    desk = desk_of(request)
    told = await told_of_person(desk.ledger, body.fields(), body.attributes, under="")
    correction = Correction(
        told,
        tuple(body.forget),
        tuple(MemberKey(one.kind, one.value) for one in body.add),
        tuple(MemberKey(one.kind, one.value) for one in body.remove),
    )
    answer = await asked_once(
        desk,
        body,
        lambda once: correct_person(
            desk.ledger, member_id, correction, once, principal=desk.principal, person_id=body.person_id
        ),
    )
    return render.told(CorrectAnswer, answer)


@router.post(
    "/members/{member_id:id}/consents",
    tags=["persons"],
    summary="Record a consent",
    **said(
        permission=Permission.PERSONS_CONSENT,
        answer=ConsentAnswer,
        status=201,
        has_body=True,
        has_key=True,
        names_in_address=[no.PersonUnknown],
        refuses=[no.VaultClosed, people_no.TermsUnknown],
    ),
)
async def consent(request: Request, member_id: MemberId, body: ConsentBody) -> Response:
    """That the head of the household agrees to a purpose, or does not any more; the last word counts, silence is a no."""
    desk = desk_of(request)
    given = Consent(**body.model_dump())

    async def effect(once: Once) -> dict[str, Any]:
        return await record_consent(desk.ledger, member_id, given, once, principal=desk.principal)

    answer = await asked_once(desk, body, effect)
    return render.told(ConsentAnswer, answer, status=201)


@router.get(
    "/members/{member_id:id}/archive",
    tags=["persons"],
    summary="Take everything along",
    **said(
        permission=Permission.PERSONS_EXPORT,
        answer=ArchiveAnswer,
        names_in_address=[no.MemberUnknown],
        refuses=[no.ProgramMissing, no.VaultClosed, no.SecondPersonNeeded],
    ),
)
async def archive(request: Request, member_id: MemberId, language: Language = None) -> Response:
    """Everything that is kept of a member's persons, his statement and his receipts; with `Accept: text/html` as a page to
    read and keep.
    """
    return await archive_for(request, member_id, language, for_id=None)


async def archive_for(
    request: Request, member_id: UUID, language: str | None, *, for_id: UUID | None
) -> Response:
    """The archive for the shop, or for one of a member's persons."""
    desk, spoken = desk_of(request), language_of(request, language)
    document = await everything_of(desk.ledger, member_id, spoken, principal=desk.principal, for_id=for_id)
    if "text/html" in request.headers.get("accept", ""):
        name = f"{document['member']['member_id']}.html"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return Response(archive_page(document, spoken), media_type="text/html", headers=headers)
    return render.answered(document)


@router.post(
    "/members/{member_id:id}/persons:sign_out",
    tags=["persons"],
    summary="Sign a member out everywhere",
    **said(
        permission=Permission.DEVICES_REGISTER,
        answer=SignedOutAnswer,
        has_key=True,
        names_in_address=[no.PersonUnknown],
    ),
)
async def sign_out(request: Request, member_id: MemberId) -> Response:
    """A phone was lost: nobody is signed in as this member any more, and no phone of his shows a code that opens anything."""
    desk = desk_of(request)
    answer = await asked_once(
        desk, None, lambda once: sign_member_out(desk.ledger, member_id, once, principal=desk.principal)
    )
    return render.told(SignedOutAnswer, answer)


@router.post(
    "/members/{member_id:id}/persons:erase",
    tags=["persons"],
    summary="Erase a person",
    **said(
        permission=Permission.PERSONS_ERASE,
        answer=Certificate,
        has_body=True,
        has_key=True,
        names_in_address=[no.PersonUnknown],
        refuses=[no.VaultClosed],
        proposes=ProposedAnswer,
    ),
)
async def erase(request: Request, member_id: MemberId, body: EraseBody) -> Response:
    """His key is destroyed, and with it everything that was sealed under it, for good. The books stay: units, entries,
    proofs. The answer is the certificate. By an operator it is a proposal (202), where the ledger asks four eyes for it: to erase
    the persons whom the member has now.
    """
    desk = desk_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        if (await read_four_eyes(desk.ledger)).asks(desk.principal, ProposalKind.ERASURE):
            return await propose_erasure(
                desk.ledger, desk.principal, member_id, confirmed=body.confirm, request=once
            )
        return await erase_person(
            desk.ledger, member_id, once, confirmed=body.confirm, principal=desk.principal
        )

    answer = await asked_once(desk, body, effect)
    if "proposal_id" in answer:
        return render.proposed(answer)
    return render.told(Certificate, answer)


assert {*CONTACT_KINDS} <= {*PersonBody.model_fields}, "a contact is told by its name"
