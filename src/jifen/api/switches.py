"""Switches: what must stop at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Literal

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.fields import Answer, Body, Code, Instant
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain.principal import Permission
from jifen.domain.switches import SwitchKind
from jifen.operations.turn_switches import PAGE_MAX, list_switches, turn_switch
from jifen.store.switches import Turned

router = APIRouter(prefix="/v1", route_class=GuardedRoute)

Kind = Literal["rule", "store", "reward"]


class SwitchBody(Body):
    """What is switched off, or on again."""

    kind: Kind
    code: Code = Field(description="The rule's, the store's or the reward's.")
    is_off: bool


class SwitchAnswer(Answer):
    """The switch as it stands now."""

    kind: Kind
    code: str
    is_off: bool
    is_changed: bool = Field(description="False: it stood so already.")


class SwitchTurned(Answer):
    """One turn of a switch."""

    kind: Kind
    code: str
    is_off: bool
    switched_at: Instant
    switched_by: str


class SwitchesAnswer(Answer):
    """Turns of switches, newest first, and what is off."""

    data: list[SwitchTurned]
    next_cursor: str | None
    off: list[SwitchTurned] = Field(
        description="Of each switch that is off now the turn that made it so, on whichever page."
    )


@router.get(
    "/switches",
    tags=["programme"],
    summary="List switches",
    **said(permission=Permission.PROGRAM_READ, answer=SwitchesAnswer),
)
async def get_switches(
    request: Request,
    before: Annotated[
        int | None, Query(ge=1, le=2**53, description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=PAGE_MAX)] = 50,
) -> Response:
    """What was stopped at once, and let go on."""
    found = await list_switches(desk_of(request).ledger, before=before, limit=limit)
    return render.answered(
        SwitchesAnswer(
            data=_shown(found.turns),
            next_cursor=None if found.next_before is None else str(found.next_before),
            off=_shown(found.off),
        )
    )


def _shown(turns: Sequence[Turned]) -> list[SwitchTurned]:
    return [
        SwitchTurned(
            kind=one.kind.value,
            code=one.code,
            is_off=one.is_off,
            switched_at=one.switched_at,
            switched_by=one.switched_by,
        )
        for one in turns
    ]


@router.post(
    "/switches:turn",
    tags=["programme"],
    summary="Switch a rule, a store or a reward off, or on again",
    **said(
        permission=Permission.SWITCHES_TURN,
        has_key=True,
        has_body=True,
        answer=SwitchAnswer,
        refuses=[no.FieldWrong, no.StoreUnknown, no.StoreNotPermitted, no.ProgramMissing],
    ),
)
async def turn(request: Request, body: SwitchBody) -> Response:
    """From this moment on a rule that is off gives nothing, a store that is off books no sale of a member, whatever moment is
    told of it, and a reward that is off is given to nobody. Nothing that stands in the books is changed; revisions leave it.
    """
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        body,
        lambda once: turn_switch(
            desk.ledger,
            SwitchKind(body.kind),
            body.code,
            is_off=body.is_off,
            request=once,
            principal=desk.principal,
        ),
    )
    return render.told(SwitchAnswer, answer)
