"""How long what is personal is kept."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.fields import Answer
from jifen.api.languages import Language, language_of
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain.principal import Permission
from jifen.operations.apply_retention import read_retention
from jifen.present.retention import retention_shown

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["persons"])


class RetentionRow(Answer):
    """A class of data that goes after a time."""

    class_: str = Field(alias="class")
    name: str
    why: str = Field(description="Why it is kept so long.")
    days: int | None = Field(description="null: for good.")
    is_default: bool
    least_days: int = Field(
        description="The least that may be set: what a late message may ask for never goes."
    )
    due: int = Field(description="How much has outlived it, and goes within hours.")


class RetentionAnswer(Answer):
    """Every class. The journal is not among them: it is kept for good."""

    data: list[RetentionRow]


@router.get(
    "/retention",
    summary="Read how long data is kept",
    **said(permission=Permission.PROGRAM_READ, answer=RetentionAnswer),
)
async def get_retention(request: Request, language: Language = None) -> Response:
    """How long each class of data is kept and why. `jifen retention set` changes it."""
    kept = await read_retention(desk_of(request).ledger)
    return render.answered({"data": retention_shown(kept, language_of(request, language))})
