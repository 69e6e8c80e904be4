"""Operators: who signs in, and what each may do. By whoever manages them."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from jifen.api import operator_answers as out
from jifen.api import render
from jifen.api.ids import OperatorId, PasskeyId
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain import refusals_of_people as people_no
from jifen.domain.principal import Permission
from jifen.operations.manage_operators import (
    Invited,
    change_operator,
    disable_operator,
    enable_operator,
    end_sessions_of,
    invite_operator,
    list_operators,
    may_of,
    read_operator,
    remove_passkey_of,
    reset_password,
)
from jifen.operations.second_factor import list_passkeys
from jifen.present.operators import invitation_path, operator_shown, passkey_shown
from jifen.present.shown import shown_instant
from jifen.store.operators import May

router = APIRouter(prefix="/v1", route_class=GuardedRoute, tags=["operators"])
CHANGES_ONE = {"permission": Permission.OPERATORS_MANAGE, "names_in_address": [no.OperatorUnknown]}


@router.get(
    "/operators",
    summary="List operators",
    **said(permission=Permission.OPERATORS_READ, answer=out.OperatorsAnswer),
)
async def get_operators(request: Request) -> Response:
    """The operators, disabled ones too, oldest first. They are people of one shop or chain: no page, at most 10,000."""
    known = await list_operators(desk_of(request).ledger)
    return render.answered({"data": [operator_shown(one) for one in known]})


@router.get(
    "/operators/{operator_id:id}",
    summary="Read an operator",
    **said(
        permission=Permission.OPERATORS_READ,
        answer=out.OperatorAnswer,
        names_in_address=[no.OperatorUnknown],
    ),
)
async def get_operator(request: Request, operator_id: OperatorId) -> Response:
    """One operator."""
    return render.answered(operator_shown(await read_operator(desk_of(request).ledger, operator_id)))


@router.post(
    "/operators:invite",
    summary="Invite an operator",
    **said(
        permission=Permission.OPERATORS_MANAGE,
        answer=out.InvitedAnswer,
        status=201,
        has_body=True,
        is_replayed=False,
    ),
)
async def invite_somebody(request: Request, body: out.InviteBody) -> Response:
    """A token that is good once, for 72 hours, by which he sets login and password. It is shown this once. Who is invited again
    before he came gets another, and the one before opens nothing: no Idempotency-Key is needed.
    """
    desk = desk_of(request)
    invited = await invite_operator(
        desk.ledger, desk.principal, name=body.name, may=_may(body), language=body.language
    )
    return _invited(invited)


@router.post(
    "/operators/{operator_id:id}:disable",
    summary="Disable an operator",
    **said(answer=out.OperatorAnswer, refuses=[no.LastOwner], **CHANGES_ONE),  # type: ignore[arg-type]
)
async def disable_one(request: Request, operator_id: OperatorId) -> Response:
    """His sessions end, in every process within five seconds, and he signs in no more."""
    desk = desk_of(request)
    return render.answered(operator_shown(await disable_operator(desk.ledger, desk.principal, operator_id)))


@router.post(
    "/operators/{operator_id:id}:enable",
    summary="Enable an operator",
    **said(answer=out.OperatorAnswer, **CHANGES_ONE),  # type: ignore[arg-type]
)
async def enable_one(request: Request, operator_id: OperatorId) -> Response:
    """He may sign in again, by the password that he had."""
    desk = desk_of(request)
    return render.answered(operator_shown(await enable_operator(desk.ledger, desk.principal, operator_id)))


@router.put(
    "/operators/{operator_id:id}/roles",
    summary="Change what an operator may do",
    **said(
        answer=out.OperatorAnswer,
        has_body=True,
        refuses=[no.LastOwner],
        **CHANGES_ONE,  # type: ignore[arg-type]
    ),
)
async def change_roles(request: Request, operator_id: OperatorId, body: out.MayBody) -> Response:
    """Roles, single permissions, stores and limit: what is not told is taken from him. Nobody gives what he has not got."""
    desk = desk_of(request)
    changed = await change_operator(desk.ledger, desk.principal, operator_id, _may(body))
    return render.answered(operator_shown(changed))


@router.post(
    "/operators/{operator_id:id}:reset_password",
    summary="Let an operator set another password",
    **said(answer=out.InvitedAnswer, status=201, has_body=True, is_replayed=False, **CHANGES_ONE),  # type: ignore[arg-type]
)
async def reset_password_of(request: Request, operator_id: OperatorId, body: out.ResetBody) -> Response:
    """An invitation for who lost his password. The old one opens nothing any more, and his sessions end."""
    desk = desk_of(request)
    invited = await reset_password(
        desk.ledger, desk.principal, operator_id, removes_second_factor=body.removes_second_factor
    )
    return _invited(invited)


@router.post(
    "/operators/{operator_id:id}:end_sessions",
    summary="End an operator's sessions",
    **said(answer=out.EndedAnswer, **CHANGES_ONE),  # type: ignore[arg-type]
)
async def end_sessions_of_one(request: Request, operator_id: OperatorId) -> Response:
    """He is signed in nowhere any more, and may sign in again."""
    desk = desk_of(request)
    return render.answered({"ended": await end_sessions_of(desk.ledger, desk.principal, operator_id)})


def _may(body: out.MayBody) -> May:
    return may_of(
        roles=body.roles,
        permissions=body.permissions,
        stores=body.stores,
        adjustment_units_max=body.adjustment_units_max,
    )


@router.get(
    "/operators/{operator_id:id}/passkeys",
    summary="List an operator's passkeys",
    **said(
        permission=Permission.OPERATORS_READ,
        answer=out.OperatorPasskeysAnswer,
        names_in_address=[no.OperatorUnknown],
    ),
)
async def get_passkeys(request: Request, operator_id: OperatorId) -> Response:
    """What he signs in by, oldest first."""
    ledger = desk_of(request).ledger
    await read_operator(ledger, operator_id)
    return render.answered({"data": [passkey_shown(one) for one in await list_passkeys(ledger, operator_id)]})


@router.post(
    "/operators/{operator_id:id}/passkeys/{passkey_id:id}:remove",
    summary="Remove one of an operator's passkeys",
    **said(
        permission=Permission.OPERATORS_MANAGE,
        answer=out.OperatorAnswer,
        names_in_address=[no.OperatorUnknown, people_no.PasskeyUnknown],
    ),
)
async def remove_one_passkey(request: Request, operator_id: OperatorId, passkey_id: PasskeyId) -> Response:
    """A laptop was lost: its passkey proves nothing any more, and the sessions that it opened have ended. The others stay."""
    desk = desk_of(request)
    found = await remove_passkey_of(desk.ledger, desk.principal, operator_id, passkey_id)
    return render.answered(operator_shown(found))


def _invited(invited: Invited) -> Response:
    return render.answered(
        {
            "operator": operator_shown(invited.operator),
            "token": invited.token,
            "path": invitation_path(invited.token),
            "expires_at": shown_instant(invited.expires_at),
        },
        status=201,
    )
