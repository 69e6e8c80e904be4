"""Where a member comes in: what the shop says of itself, a code to his phone, the session it opens, joining; and his phones."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from datetime import timedelta
from typing import Annotated, Literal, Self
from uuid import UUID

from fastapi import APIRouter, Request, Response
from pydantic import Field, model_validator
from pydantic_core import PydanticCustomError

from jifen.api import overview_answers as book
from jifen.api import render
from jifen.api.fields import Answer, Body, Code, Instant
from jifen.api.ids import MemberId, PersonId, SessionId, SignInId
from jifen.api.languages import Language, language_of
from jifen.api.overview import program_shown
from jifen.api.persons import ConsentBody
from jifen.api.requests import MemberRoute, OpenRoute, ledger_of, member_of
from jifen.api.said import said_openly, said_to_member
from jifen.api.session import passkey_host_of
from jifen.api.terms import TermsShown
from jifen.api.whose import MEMBER_COOKIE, address_of, is_https, session_token_of
from jifen.domain import household_refusals as house
from jifen.domain import refusals as no
from jifen.domain import refusals_of_people as people_no
from jifen.domain.one_time_code import DIGITS, SESSION_LASTS
from jifen.domain.person import Consent, MemberKey, Told
from jifen.domain.program.meaning import NONE
from jifen.domain.terms import BUILT_IN_TEXTS, TERMS
from jifen.operations.enrol_member import enrol_member
from jifen.operations.join_household import join_household, quote_join
from jifen.operations.manage_sessions import csrf_of
from jifen.operations.manage_terms import terms_now
from jifen.operations.member_sign_in import (
    MemberSignedIn,
    end_own_member_session,
    list_member_sessions,
    principal_of_member,
    prove,
    sign_in_member,
)
from jifen.operations.read_book import read_book
from jifen.operations.record_consent import in_form
from jifen.operations.send_code import send_code
from jifen.operations.tell_person import told_of_person
from jifen.present.demo import sign_ins_offered
from jifen.present.rules import rule_sentence
from jifen.present.shown import name_in
from jifen.present.terms import terms_shown
from jifen.senders import Recorder
from jifen.store.ledger import Ledger
from jifen.store.member_sessions import MemberSession, Proven
from jifen.store.once import Once

doors = APIRouter(prefix="/v1", route_class=OpenRoute, tags=["me"])
router = APIRouter(prefix="/v1", route_class=MemberRoute, tags=["me"])

RULES_MAX = 50
_SAID = Annotated[str, Field(min_length=1, max_length=254)]
_CODE = Annotated[
    str,
    Field(
        min_length=4, max_length=20, description=f"The {DIGITS} digits that were sent; blanks do not count."
    ),
]


class DemoSignIn(Answer):
    """Somebody as whom one may sign in to a demo with a click."""

    face: Literal["console", "till", "app"]
    name: str
    role: str
    login: str | None = None
    password: str | None = None
    phone: str | None = None


class Promise(Answer):
    """A rule in force, as a sentence."""

    rule: str
    names: dict[str, str]
    sentence: str


class WelcomeAnswer(Answer):
    """What anybody may know: the programme's names and money, what it promises, and whether this is a demo."""

    program: book.BookProgram | None
    now: Instant
    is_past: bool
    label: str
    promises: list[Promise]
    code_digits: int
    text_version: str = Field(
        description="Of what one agrees to here: the terms in force, or the words that come with the screens."
    )
    terms: TermsShown | None = Field(description="The terms of membership in force; null: none are.")
    has_coming_terms: bool = Field(description="Whether another version takes their place soon.")
    passkey_host: str | None = Field(
        description="The host that operators' passkeys belong to; null: there are none here."
    )
    demo: list[DemoSignIn] = Field(description="Empty but in a demo.")


class SendCodeBody(Body):
    """Where a code is to go: one of both."""

    phone: _SAID | None = Field(default=None, description="With + and country, or as it is dialled at home.")
    email: _SAID | None = None

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if (self.phone is None) == (self.email is None):
            raise PydanticCustomError("one_contact", "name a phone or an email, and not both")
        return self


class CodeSentAnswer(Answer):
    """A code is under way, whether or not somebody is found by it."""

    sign_in_id: SignInId
    sent_to: str = Field(description="Masked.")
    expires_at: Instant
    code: str | None = Field(description="In a demo the code itself; else null.")


class MemberSignInBody(Body):
    """The code that came."""

    sign_in_id: SignInId
    code: _CODE


class JoinBody(MemberSignInBody):
    """The code that came, and what the new member tells and agrees to."""

    name: Annotated[str, Field(min_length=1, max_length=1_000)] | None = None
    language: Annotated[str, Field(min_length=2, max_length=8)] | None = None
    consents: list[ConsentBody] = Field(default_factory=list, max_length=20)
    invitation: Annotated[str, Field(min_length=4, max_length=30)] | None = Field(
        default=None, description="The code of an invitation to a household, which is joined at once."
    )
    terms_version: Code | None = Field(
        default=None,
        description="Of the terms of membership that he accepts; needed where some are in force.",
    )


class MemberSessionAnswer(Answer):
    """Who is signed in, and the token that goes with each write."""

    is_member: Literal[True] = True
    member_id: MemberId
    person_id: PersonId
    session_id: SessionId
    csrf_token: str
    expires_at: Instant


class NotYetAnswer(Answer):
    """The code is right, and finds nobody: it stays good for joining (`POST /v1/me:join`)."""

    is_member: Literal[False] = False


class MemberPhone(Answer):
    """A phone or browser in which one is signed in."""

    session_id: SessionId
    agent: str
    shows_codes: bool
    created_at: Instant
    last_used_at: Instant = Field(description="Within the hour.")
    expires_at: Instant
    is_current: bool


class MemberPhonesAnswer(Answer):
    """One's phones and browsers, the one used last first."""

    data: list[MemberPhone]


class MeDoneAnswer(Answer):
    """It is done."""

    is_done: Literal[True] = True


@doors.get(
    "/welcome",
    summary="Read what anybody may know",
    **said_openly(answer=WelcomeAnswer, changes_something=False),
)
async def welcome(request: Request, language: Language = None) -> Response:
    """What a screen needs before anybody is known: names, money, currencies, tiers, and the rules in force as sentences."""
    language = language_of(request, language)
    known = await read_book(ledger_of(request))
    program = known.program
    told_terms = await terms_now(ledger_of(request))
    terms = told_terms.now
    promises: list[Promise] = []
    if program is not None:
        rules = [one for one in program.rules if one.on == NONE][:RULES_MAX]
        said = await asyncio.to_thread(lambda: [rule_sentence(one, program, language) for one in rules])
        promises = [
            Promise(rule=rule.code, names=rule.names, sentence=sentence)
            for rule, sentence in zip(rules, said, strict=True)
        ]
    return render.answered(
        WelcomeAnswer(
            program=program_shown(program) if program is not None else None,
            now=known.now,
            is_past=known.shift_seconds > 0,
            label=known.label,
            promises=promises,
            code_digits=DIGITS,
            text_version=terms.version if terms is not None else BUILT_IN_TEXTS,
            terms=TermsShown.model_validate(terms_shown(terms)) if terms is not None else None,
            has_coming_terms=told_terms.next is not None,
            passkey_host=passkey_host_of(request),
            demo=[DemoSignIn.model_validate(one) for one in sign_ins_offered()],
        )
    )


@doors.post(
    "/me/codes",
    summary="Send a code",
    **said_openly(
        answer=CodeSentAnswer,
        refuses=(no.SignInTooSoon, no.CodeNotSent, no.ProgramMissing, no.VaultClosed),
        has_body=True,
        status=201,
    ),
)
async def send(request: Request, body: SendCodeBody, language: Language = None) -> Response:
    """Six digits to a phone or an e-mail, good for ten minutes. The answer is the same whether or not it finds a member."""
    ledger, language = ledger_of(request), language_of(request, language)
    known = await read_book(ledger)
    if known.program is None:
        raise no.ProgramMissing
    contact = (
        MemberKey("phone", body.phone) if body.phone is not None else MemberKey("email", body.email or "")
    )
    sender = request.app.state.sender
    sent = await send_code(
        ledger,
        sender,
        contact,
        shop=name_in(known.program.names, language),
        language=language,
        address=address_of(request),
    )
    shown = sent.code if isinstance(sender, Recorder) and sign_ins_offered() else None
    return render.answered(
        CodeSentAnswer(sign_in_id=sent.sign_in_id, sent_to=sent.to, expires_at=sent.expires_at, code=shown),
        status=201,
    )


@doors.post(
    "/me/session",
    summary="Sign in by a code",
    **said_openly(
        answer=MemberSessionAnswer,
        or_answer=NotYetAnswer,
        refuses=(no.OneTimeCodeWrong, no.VaultClosed, house.GuardianNeeded),
        has_body=True,
    ),
)
async def open_own_session(request: Request, body: MemberSignInBody) -> Response:
    """A session in the cookie `jifen_me`, for 180 days. `is_member: false` says that the code is right and finds nobody."""
    ledger = ledger_of(request)
    proven = await prove(ledger, body.sign_in_id, body.code, address=address_of(request))
    signed_in = await sign_in_member(ledger, proven, agent=request.headers.get("user-agent", ""))
    return _came_in(request, signed_in) if signed_in is not None else render.answered(NotYetAnswer())


@doors.post(
    "/me:join",
    summary="Join by a code",
    **said_openly(
        answer=MemberSessionAnswer,
        refuses=(
            no.OneTimeCodeWrong,
            no.KeyTaken,
            no.ProgramMissing,
            no.VaultClosed,
            no.SignInTooSoon,
            no.MergeIntoSelf,
            no.UnitsReserved,
            no.MemberClosed,
            no.MemberFrozen,
            house.GuardianNeeded,
            house.HouseholdInvitationWrong,
            house.HouseholdNotEmpty,
            people_no.TermsNotAccepted,
            people_no.TermsUnknown,
        ),
        has_body=True,
        status=201,
    ),
)
async def join(request: Request, body: JoinBody) -> Response:
    """A new member, found by the phone or e-mail that the code proved, and signed in. Who is one already is signed in only. With
    an invitation he belongs to that household from the beginning; one that opens nothing is refused before anybody is enrolled.
    """
    ledger = ledger_of(request)
    consents = [in_form(Consent(**one.model_dump())) for one in body.consents]
    told = await told_of_person(ledger, {"name": body.name, "language": body.language}, {})
    proven = await prove(ledger, body.sign_in_id, body.code, address=address_of(request))
    agent = request.headers.get("user-agent", "")
    signed_in = await sign_in_member(ledger, proven, agent=agent)
    if signed_in is None and body.invitation is not None:
        await quote_join(ledger, body.invitation, guesser=address_of(request))
    if signed_in is None:
        # The code is the key: it is good once, so a retry finds the member that the first try made.
        once = Once(key=f"join:{proven.sign_in_id.hex}", body_hash=proven.sign_in_id.bytes * 2)
        new = Told((proven.contact,), told.fields)
        consents += await _accepted(ledger, body)
        await enrol_member(ledger, [], once, told=new, consents=consents, actor="app")
        signed_in = await sign_in_member(ledger, proven, agent=agent)
        if signed_in is not None and body.invitation is not None:
            signed_in = await _joined(request, signed_in, proven, body.invitation)
    if signed_in is None:
        raise no.OneTimeCodeWrong(pointer="/code")
    return _came_in(request, signed_in, status=201)


async def _joined(
    request: Request, signed_in: MemberSignedIn, proven: Proven, invitation: str
) -> MemberSignedIn:
    """The session of a new member who belongs to a household now. Where the invitation ended in this very moment he is a member
    all the same, and joins from within."""
    session = signed_in.session
    once = Once(key=f"join-household:{proven.sign_in_id.hex}", body_hash=proven.sign_in_id.bytes * 2)
    with suppress(no.Refusal):
        answer = await join_household(
            ledger_of(request),
            session.member_id,
            session.person_id,
            invitation,
            once,
            guesser=address_of(request),
            principal=principal_of_member(session),
        )
        return signed_in._replace(session=replace(session, member_id=UUID(answer["into_id"])))
    return signed_in


async def _accepted(ledger: Ledger, body: JoinBody) -> list[Consent]:
    """The acceptance of the terms in force by whoever joins; nothing where none are. His code is the proof.

    Refuses
        TermsNotAccepted   another version is in force than the one that he read
    """
    terms = (await terms_now(ledger)).now
    if terms is None:
        return []
    if body.terms_version != terms.version:
        detail = f"the terms in force are {terms.version}: GET /v1/welcome/terms/{terms.version}"
        raise people_no.TermsNotAccepted(detail, pointer="/terms_version", version=terms.version)
    return [
        Consent(
            purpose=TERMS,
            is_given=True,
            text_version=terms.version,
            channel="app",
            proof=f"code sgn_{body.sign_in_id.hex}",
        )
    ]


@router.get("/me/session", summary="Read one's session", **said_to_member(answer=MemberSessionAnswer))
async def get_own_session(request: Request) -> Response:
    """Who is signed in on this phone, and the token that goes with each write."""
    token = session_token_of(request, cookie=MEMBER_COOKIE) or ""
    return render.answered(_session(member_of(request), token))


@router.delete(
    "/me/session",
    summary="Sign out of this phone",
    **said_to_member(answer=MeDoneAnswer, changes_something=True),
)
async def close_own_session(request: Request) -> Response:
    """This session ends, and the codes that its phone shows open nothing."""
    session = member_of(request)
    await end_own_member_session(ledger_of(request), session.person_id, session.session_id)
    answer = render.answered(MeDoneAnswer())
    _set_cookie(request, answer, "", timedelta())
    return answer


@router.get("/me/sessions", summary="List one's phones", **said_to_member(answer=MemberPhonesAnswer))
async def list_phones(request: Request) -> Response:
    """Phones and browsers in which one is signed in: since when, last used when."""
    session = member_of(request)
    known = await list_member_sessions(ledger_of(request), session.person_id)
    return render.answered(
        MemberPhonesAnswer(
            data=[
                MemberPhone(
                    session_id=one.session_id,
                    agent=one.agent,
                    shows_codes=one.device_id is not None,
                    created_at=one.created_at,
                    last_used_at=one.last_used_at,
                    expires_at=one.expires_at,
                    is_current=one.session_id == session.session_id,
                )
                for one in known
            ]
        )
    )


@router.delete(
    "/me/sessions/{session_id}",
    summary="End one of one's phones",
    **said_to_member(answer=MeDoneAnswer, changes_something=True, names_in_address=[no.SessionUnknown]),
)
async def close_phone(request: Request, session_id: SessionId) -> Response:
    """It is signed out at once, and its codes open nothing."""
    await end_own_member_session(ledger_of(request), member_of(request).person_id, session_id)
    return render.answered(MeDoneAnswer())


def _came_in(request: Request, signed_in: MemberSignedIn, *, status: int = 200) -> Response:
    answer = render.answered(_session(signed_in.session, signed_in.token), status=status)
    _set_cookie(request, answer, signed_in.token, SESSION_LASTS)
    return answer


def _session(session: MemberSession, token: str) -> MemberSessionAnswer:
    return MemberSessionAnswer(
        member_id=session.member_id,
        person_id=session.person_id,
        session_id=session.session_id,
        csrf_token=csrf_of(token),
        expires_at=session.expires_at,
    )


def _set_cookie(request: Request, answer: Response, value: str, lasts: timedelta) -> None:
    answer.set_cookie(
        MEMBER_COOKIE,
        value,
        max_age=int(lasts.total_seconds()),
        path="/v1",
        httponly=True,
        samesite="strict",
        secure=is_https(request),
    )
