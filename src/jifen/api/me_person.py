"""What is known of the member who asks, and his rights over it: read, correct, agree, take along, erase, see who looked."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from jifen.api import persons, render
from jifen.api.asked import asked_once
from jifen.api.fields import Answer, Body, Code, Instant
from jifen.api.ids import AuditId, MemberId
from jifen.api.languages import Language, language_of
from jifen.api.me_door import MemberSignInBody
from jifen.api.requests import MemberRoute, desk_of, ledger_of, member_of
from jifen.api.said import said_to_member
from jifen.api.terms import TermsShown
from jifen.api.whose import address_of
from jifen.domain import household_refusals as house
from jifen.domain import refusals as no
from jifen.domain import refusals_of_people as people_no
from jifen.domain.audit import About, Why, about
from jifen.domain.person import Consent, Told
from jifen.operations.change_member_status import change_member_status
from jifen.operations.correct_person import Correction, correct_person
from jifen.operations.erase_person import erase_person
from jifen.operations.manage_terms import tell_of_terms
from jifen.operations.member_sign_in import prove, use_proof
from jifen.operations.read_audit import look_into_audit
from jifen.operations.read_person import reveal_persons
from jifen.operations.read_request import read_request_fingerprint
from jifen.operations.record_consent import record_consent
from jifen.operations.tell_person import told_of_person
from jifen.present.audit import act_said
from jifen.present.persons import persons_shown
from jifen.present.shown import shown_instant
from jifen.present.terms import terms_shown
from jifen.store.audit import AuditQuery
from jifen.store.once import Once

router = APIRouter(prefix="/v1", route_class=MemberRoute, tags=["me"])
VAULT = (no.VaultClosed,)


class OwnCorrectionBody(Body):
    """What is to be known instead. A phone or an e-mail is changed by a code (`/v1/me/contact`)."""

    name: persons.Told | None = None
    birthday: persons.Told | None = Field(default=None, description="YYYY-MM-DD.")
    gender: persons.Told | None = None
    language: persons.Told | None = None
    address: persons.Told | None = None
    forget: list[Code] = Field(default_factory=list, max_length=50)


class OwnConsentBody(Body):
    """That one agrees to a purpose, or does not any more."""

    purpose: Code = Field(examples=["marketing"])
    is_given: bool
    text_version: Code = Field(description="Of the text that was read.", examples=["2026-11"])


class OwnEraseBody(Body):
    """Erasing cannot be undone: the member is named once more."""

    confirm: MemberId


class AcceptedTerms(Answer):
    """Which version one accepted last, and when."""

    version: str
    at: Instant


class OwnTermsAnswer(Answer):
    """The terms of membership in force, those that come, and what one accepted."""

    in_force: TermsShown | None
    coming: TermsShown | None = Field(description="Another version that takes their place; null: none waits.")
    accepted: AcceptedTerms | None


class OwnCloseBody(Body):
    """Closing is for good, but at the desk: the member is named once more."""

    confirm: MemberId


class ClosedAnswer(Answer):
    """The membership takes no more entries."""

    member_id: MemberId
    status: Literal["closed"]


class Look(Answer):
    """Somebody read or changed what is known of one."""

    at: Instant
    by: str = Field(description="person: oneself; operator, key, job or local.")
    deed: str
    sentence: str
    why: str | None


class LooksAnswer(Answer):
    """Who looked, newest first."""

    data: list[Look]
    next_cursor: str | None


@router.get(
    "/me/person",
    summary="Read what is known of oneself",
    **said_to_member(answer=persons.PersonsAnswer, refuses=[no.PersonUnknown, *VAULT]),
)
async def get_own_person(request: Request) -> Response:
    """All of it, in full. That it was read stands in the audit, as every reading does."""
    desk, session = desk_of(request), member_of(request)
    views = await reveal_persons(
        desk.ledger,
        session.member_id,
        why=Why.ASKED_BY_PERSON,
        principal=desk.principal,
        person_id=session.person_id,
    )
    return render.answered(persons_shown(session.member_id, views, is_masked=False))


@router.post(
    "/me/person:correct",
    summary="Correct what is known of oneself",
    **said_to_member(
        answer=persons.CorrectAnswer,
        has_body=True,
        has_key=True,
        refuses=[no.PersonUnknown, no.ProgramMissing, house.GuardianNeeded, *VAULT],
    ),
)
async def correct_own(request: Request, body: OwnCorrectionBody) -> Response:
    """Other values, or fewer; what is not named stays."""
    desk, session = desk_of(request), member_of(request)
    if {"phone", "email"} & set(body.forget):
        detail = "a phone or an e-mail is changed by a code, and not forgotten: one signs in by it"
        raise no.FieldWrong(detail, pointer="/forget")
    said = {name: getattr(body, name) for name in OwnCorrectionBody.model_fields if name != "forget"}
    told = await told_of_person(desk.ledger, said, {}, under="")
    return await _correct(request, body, Correction(told, tuple(body.forget)), session.person_id)


@router.post(
    "/me/contact",
    summary="Change one's phone or e-mail",
    **said_to_member(
        answer=persons.CorrectAnswer,
        has_body=True,
        has_key=True,
        refuses=[no.OneTimeCodeWrong, no.KeyTaken, no.PersonUnknown, *VAULT],
    ),
)
async def change_contact(request: Request, body: MemberSignInBody) -> Response:
    """The phone or e-mail that a code proved (`/v1/me/codes`) takes the place of the one before. One that another member has is
    refused: whoever has it now asks at the till, where a number that was given to somebody else is taken off its old owner.
    """
    desk, session = desk_of(request), member_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        proven = None
        if await read_request_fingerprint(desk.ledger, once.key) is None:  # else it is answered as it was
            proven = await prove(desk.ledger, body.sign_in_id, body.code, address=address_of(request))
        told = Told((proven.contact,), {}) if proven is not None else Told()
        answer = await correct_person(
            desk.ledger,
            session.member_id,
            Correction(told),
            once,
            principal=desk.principal,
            person_id=session.person_id,
        )
        if proven is not None:
            await use_proof(desk.ledger, proven)
        return answer

    return render.told(persons.CorrectAnswer, await asked_once(desk, body, effect))


async def _correct(request: Request, body: Body, correction: Correction, person_id: Any) -> Response:
    desk, member_id = desk_of(request), member_of(request).member_id
    answer = await asked_once(
        desk,
        body,
        lambda once: correct_person(
            desk.ledger, member_id, correction, once, principal=desk.principal, person_id=person_id
        ),
    )
    return render.told(persons.CorrectAnswer, answer)


@router.post(
    "/me/consents",
    summary="Agree, or take it back",
    **said_to_member(
        answer=persons.ConsentAnswer,
        status=201,
        has_body=True,
        has_key=True,
        refuses=[no.PersonUnknown, people_no.TermsUnknown, *VAULT],
    ),
)
async def consent_own(request: Request, body: OwnConsentBody) -> Response:
    """The last word on a purpose counts, and silence is a no."""
    desk, session = desk_of(request), member_of(request)
    given = Consent(**body.model_dump(), channel="app", proof=None)

    async def effect(once: Once) -> dict[str, Any]:
        return await record_consent(
            desk.ledger, session.member_id, given, once, principal=desk.principal, person_id=session.person_id
        )

    return render.told(persons.ConsentAnswer, await asked_once(desk, body, effect), status=201)


@router.get("/me/terms", summary="Read which terms one has", **said_to_member(answer=OwnTermsAnswer))
async def get_own_terms(request: Request) -> Response:
    """Which are in force, which come and what is different, and which one accepted. They are accepted as a consent of the purpose
    `terms` (`POST /v1/me/consents`), and not taken back: who wants them no more closes the membership.
    """
    told = await tell_of_terms(ledger_of(request), member_of(request).person_id)
    return render.answered(
        {
            "in_force": terms_shown(told.now) if told.now is not None else None,
            "coming": terms_shown(told.next) if told.next is not None else None,
            "accepted": {"version": told.accepted[0], "at": shown_instant(told.accepted[1])}
            if told.accepted is not None
            else None,
        }
    )


@router.post(
    "/me:close",
    summary="Close one's membership",
    **said_to_member(
        answer=ClosedAnswer, has_body=True, has_key=True, refuses=[no.MemberClosed, no.ProgramMissing]
    ),
)
async def close_own(request: Request, body: OwnCloseBody) -> Response:
    """No more is earned and nothing spent. What is known stays until one is erased; only the shop opens it again."""
    desk, session = desk_of(request), member_of(request)
    if body.confirm != session.member_id:
        raise no.FieldWrong("name your own member once more", pointer="/confirm")

    async def effect(once: Once) -> dict[str, Any]:
        return await change_member_status(
            desk.ledger, session.member_id, "closed", once, actor=desk.principal.actor()
        )

    return render.told(ClosedAnswer, await asked_once(desk, body, effect))


@router.get(
    "/me/archive",
    summary="Take everything along",
    **said_to_member(answer=persons.ArchiveAnswer, refuses=[no.ProgramMissing, *VAULT]),
)
async def own_archive(request: Request, language: Language = None) -> Response:
    """Everything that is kept of oneself, with the household's statement and receipts; as `text/html` a page to read and keep."""
    session = member_of(request)
    return await persons.archive_for(request, session.member_id, language, for_id=session.person_id)


@router.post(
    "/me/person:erase",
    summary="Be erased",
    **said_to_member(
        answer=persons.Certificate, has_body=True, has_key=True, refuses=[no.PersonUnknown, *VAULT]
    ),
)
async def erase_own(request: Request, body: OwnEraseBody) -> Response:
    """What is known of oneself is destroyed for good, one is signed out everywhere, and nothing finds one any more. Who is the
    last of a household loses its units; else they stay the household's. The answer is the certificate.
    """
    desk, session = desk_of(request), member_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        return await erase_person(
            desk.ledger,
            session.member_id,
            once,
            confirmed=body.confirm,
            principal=desk.principal,
            person_id=session.person_id,
        )

    return render.told(persons.Certificate, await asked_once(desk, body, effect))


@router.get("/me/looks", summary="See who looked", **said_to_member(answer=LooksAnswer))
async def get_looks(
    request: Request,
    before: Annotated[
        AuditId | None, Query(description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
    language: Language = None,
) -> Response:
    """Who read or changed what is known of one: when, why, and what he is; not his name."""
    desk, session, spoken = desk_of(request), member_of(request), language_of(request, language)
    query = AuditQuery(about=about(About.PERSON, session.person_id))
    rows, after = await look_into_audit(desk.ledger, query, before=before, limit=limit)
    return render.answered(
        LooksAnswer(
            data=[
                Look(
                    at=row.happened_at,
                    by=row.principal_kind,
                    deed=row.deed,
                    sentence=act_said(row, spoken),
                    why=row.why,
                )
                for row in rows
            ],
            next_cursor=f"adt_{after.hex}" if after else None,
        )
    )
