"""Terms of membership: published, listed with who accepted, read by anybody."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Request, Response
from pydantic import Field, StringConstraints

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.fields import Answer, Body, Code, Instant
from jifen.api.requests import GuardedRoute, OpenRoute, desk_of, ledger_of
from jifen.api.said import said, said_openly
from jifen.domain import refusals as no
from jifen.domain import refusals_of_people as people_no
from jifen.domain.principal import Permission
from jifen.domain.terms import NOTICE_DAYS, SUMMARY_MAX, TEXT_MAX
from jifen.operations.manage_terms import Draft, list_terms, publish_terms, read_terms, withdraw_terms
from jifen.present.terms import terms_listed, terms_shown

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["terms"])
doors = APIRouter(prefix="/v1", route_class=OpenRoute, tags=["terms"])

_LANGUAGE = Annotated[str, StringConstraints(strict=True, pattern=r"^[a-z]{2,3}$")]
_TEXT = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=TEXT_MAX)]
_SUMMARY = Annotated[str, StringConstraints(strict=True, min_length=1, max_length=SUMMARY_MAX)]
Version = Annotated[str, Path(max_length=100, examples=["2026-12"])]


class TermsBody(Body):
    """A version of the terms, as it stays."""

    version: Code = Field(description="How it is called; no two are called alike.", examples=["2026-12"])
    texts: dict[_LANGUAGE, _TEXT] = Field(
        description="The text by language, `zh` and `en` among them.", max_length=20
    )
    summary: dict[_LANGUAGE, _SUMMARY] | None = Field(
        default=None,
        max_length=20,
        description="What is different from the version before, by language; needed from the second on.",
    )
    is_worse: bool = Field(
        description=f"Whether it takes something from members: they are told ahead then, {NOTICE_DAYS} days unless others are set"
    )
    takes_effect_at: Instant | None = Field(default=None, description="None: as soon as it may.")


class TermsPublished(Answer):
    """A version that never changes any more."""

    version: str
    number: int
    takes_effect_at: Instant


class TermsWithdrawn(Answer):
    """A version that was called off before it was in force."""

    version: str
    number: int
    withdrawn_at: Instant


class TermsShown(Answer):
    """A version, without its text (`GET /v1/welcome/terms/{version}`)."""

    version: str
    number: int
    summary: dict[str, str] | None = Field(description="What is different; null: it is the first.")
    is_worse: bool
    takes_effect_at: Instant
    published_at: Instant


class TermsRow(TermsShown):
    """A version, as whoever keeps them sees it."""

    published_by: str
    state: Literal["past", "in_force", "waiting", "withdrawn"]
    accepted: int = Field(description="How many persons accepted it.")


class TermsList(Answer):
    """Every version, newest first."""

    data: list[TermsRow]
    notice_days: int = Field(description="So many days ahead members are told of a change for the worse.")
    needed_to_enrol: bool = Field(
        description="Whether a till or a key that enrols somebody has to send his acceptance of those in force."
    )


class TermsText(TermsShown):
    """A version with its text by language."""

    texts: dict[str, str]


@router.post(
    "/terms",
    summary="Publish terms",
    **said(
        permission=Permission.TERMS_PUBLISH,
        answer=TermsPublished,
        status=201,
        has_body=True,
        has_key=True,
        refuses=[people_no.TermsTaken, people_no.NoticeTooShort, no.EffectiveInThePast, no.StoreNotPermitted],
    ),
)
async def publish(request: Request, body: TermsBody) -> Response:
    """A version of the terms of membership. It never changes; a change for the worse waits for its notice, and members are told
    of it with its day and what is different.
    """
    desk = desk_of(request)
    draft = Draft(body.version, body.texts, body.summary, body.is_worse, body.takes_effect_at)
    answer = await asked_once(
        desk, body, lambda once: publish_terms(desk.ledger, draft, once, principal=desk.principal)
    )
    return render.told(TermsPublished, answer, status=201)


@router.post(
    "/terms/{version}:withdraw",
    summary="Withdraw terms",
    **said(
        permission=Permission.TERMS_PUBLISH,
        answer=TermsWithdrawn,
        has_key=True,
        names_in_address=[people_no.TermsUnknown],
        refuses=[people_no.TermsBegun, no.StoreNotPermitted],
    ),
)
async def withdraw_waiting(request: Request, version: Version) -> Response:
    """A version that waits is called off: it is never in force, and nobody is told of it any more. What is in force is followed
    by another version.
    """
    desk = desk_of(request)
    answer = await asked_once(
        desk, None, lambda once: withdraw_terms(desk.ledger, version, once, principal=desk.principal)
    )
    return render.told(TermsWithdrawn, answer)


@router.get("/terms", summary="List terms", **said(permission=Permission.PROGRAM_READ, answer=TermsList))
async def get_terms(request: Request) -> Response:
    """Every version: which is in force, which waits, and how many persons accepted each."""
    found = await list_terms(desk_of(request).ledger)
    return render.answered(
        {
            "data": terms_listed(found.terms, found.accepted, found.now),
            "notice_days": found.notice_days,
            "needed_to_enrol": found.needed_to_enrol,
        }
    )


@doors.get(
    "/welcome/terms/{version}",
    summary="Read the text of terms",
    **said_openly(answer=TermsText, names_in_address=[people_no.TermsUnknown], changes_something=False),
)
async def get_text(request: Request, version: Version) -> Response:
    """What a version says, for whoever wants to know before joining."""
    found, texts = await read_terms(ledger_of(request), version)
    return render.answered({**terms_shown(found), "texts": texts})
