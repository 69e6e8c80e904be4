"""The member code: phones that show it, and codes of offline tills that a person has to look at."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, FastAPI, Query, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.bodies import CheckoutRef
from jifen.api.fields import Answer, Instant
from jifen.api.ids import DeviceId, FlagId, MemberId
from jifen.api.requests import Desk, GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain.member_code import DIGITS, NUMBER_DIGITS, PROOF_DIGITS, STEP, device_key, root_id
from jifen.domain.principal import Permission
from jifen.operations.manage_devices import list_devices, register_device, remove_device, renew_device
from jifen.operations.open_checkout import Scan, open_checkout
from jifen.operations.settle_codes import list_flags, settle_code
from jifen.store.keys import BusinessKey

router = APIRouter(prefix="/v1", route_class=GuardedRoute)


class DeviceAnswer(Answer):
    """What a phone needs to show codes offline. The key is shown here and kept nowhere: not even in the database."""

    device_id: DeviceId
    number: str = Field(description="Ten digits: the beginning of every code of this phone.")
    key: str = Field(description="32 bytes in URL-safe Base64: under it the phone makes its proofs.")
    step_seconds: int = Field(description="A code is another one after so many seconds.")
    proof_digits: int
    digits: int = Field(description="Of the whole code, with its check digit.")


class DeviceRead(Answer):
    """A phone that shows codes."""

    device_id: DeviceId
    made_at: Instant = Field(description="When it was given its number.")


class DevicesAnswer(Answer):
    """The phones of a member."""

    data: list[DeviceRead]


class DeviceRemoved(Answer):
    """A phone that shows no codes any more."""

    device_id: DeviceId


class FlagAnswer(Answer):
    """A code of an offline till that proved nothing; the purchase is nobody's until somebody gives it to a member (claim)."""

    flag_id: FlagId
    source: str
    business_no: str
    why: Literal["wrong", "used", "too_late"] = Field(
        description="It proved nothing; it had opened another checkout; it came too late."
    )
    principal: str = Field(description="Who sent it.")
    member_id: MemberId | None = Field(description="Whose it was, where it proved that much.")
    shown_at: Instant
    flagged_at: Instant
    settled_at: Instant | None
    settled_by: str | None


class FlagPage(Answer):
    """Flags, newest first."""

    data: list[FlagAnswer]
    next_cursor: str | None


class FlagSettled(Answer):
    """Who settled it, and when."""

    flag_id: FlagId
    settled_at: Instant
    settled_by: str


async def roots_of(app: FastAPI) -> Sequence[bytes]:
    """The secrets from which the keys of phones come, newest first: of the ledger's own key, which no database holds.

    Refuses
        VaultClosed   that is not there
    """
    known: Sequence[bytes] | None = app.state.code_roots
    if known is None:
        known = (await app.state.ledger.secret_for(b"member codes"),)
        app.state.code_roots = known
    return known


async def whose(
    desk: Desk,
    member: CheckoutRef | None,
    *,
    key: BusinessKey | None = None,
    body_hash: bytes | None = None,
    reserved: str | None = None,
) -> Any:
    """The id, or the key that finds the member, or whose code it is; None: nobody's.

    Refuses
        CodeWrong, CodeUsed   see `open_checkout`
    """
    if member is None:
        return None
    if member.code is None:
        return member.whose()
    scan = Scan(
        code=member.code.replace(" ", ""),
        shown_at=member.shown_at,
        key=key,
        body_hash=body_hash,
        reserved=reserved,
        is_looking=desk.principal.is_test,
    )
    return await open_checkout(desk.ledger, await roots_of(desk.request.app), scan, principal=desk.principal)


DEVICE_SAID: dict[str, Any] = {
    "permission": Permission.DEVICES_REGISTER,
    "has_key": True,
}


@router.post(
    "/members/{member_id:id}/devices",
    tags=["members"],
    summary="Register a phone for member codes",
    **said(
        **DEVICE_SAID,
        answer=DeviceAnswer,
        status=201,
        refuses=[no.TooMuch],
        names_in_address=[no.MemberUnknown],
    ),
)
async def register_phone(request: Request, member_id: MemberId) -> Response:
    """A number and a key with which the phone shows codes offline: docs/api.md tells how they are made. The same
    Idempotency-Key is answered with the same key.
    """
    desk, roots = desk_of(request), await roots_of(request.app)
    answer = await asked_once(
        desk,
        None,
        lambda once: register_device(desk.ledger, member_id, roots, request=once, principal=desk.principal),
    )
    return device_shown(answer, roots, status=201)


@router.get(
    "/members/{member_id:id}/devices",
    tags=["members"],
    summary="List phones",
    **said(permission=Permission.MEMBERS_READ, answer=DevicesAnswer, names_in_address=[no.MemberUnknown]),
)
async def get_devices(request: Request, member_id: MemberId) -> Response:
    """The phones on which the member shows codes."""
    devices = await list_devices(desk_of(request).ledger, member_id)
    return render.answered(
        DevicesAnswer(data=[DeviceRead(device_id=one.device_id, made_at=one.made_at) for one in devices])
    )


@router.post(
    "/members/{member_id:id}/devices/{device_id:id}:renew",
    tags=["members"],
    summary="Give a phone another number",
    **said(**DEVICE_SAID, answer=DeviceAnswer, names_in_address=[no.DeviceUnknown]),
)
async def renew_phone(request: Request, member_id: MemberId, device_id: DeviceId) -> Response:
    """Another number and key, whenever the app is online for a while: who photographed codes before cannot tell that those after
    are of the same phone. The number before opens for another week.
    """
    desk, roots = desk_of(request), await roots_of(request.app)
    answer = await asked_once(
        desk,
        None,
        lambda once: renew_device(
            desk.ledger, member_id, device_id, roots, request=once, principal=desk.principal
        ),
    )
    return device_shown(answer, roots, status=200)


@router.post(
    "/members/{member_id:id}/devices/{device_id:id}:remove",
    tags=["members"],
    summary="Remove a phone",
    **said(**DEVICE_SAID, answer=DeviceRemoved, names_in_address=[no.DeviceUnknown]),
)
async def remove_phone(request: Request, member_id: MemberId, device_id: DeviceId) -> Response:
    """Its codes open nothing any more, at once."""
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        None,
        lambda once: remove_device(desk.ledger, member_id, device_id, request=once, principal=desk.principal),
    )
    return render.told(DeviceRemoved, answer)


def device_shown(answer: dict[str, Any], roots: Sequence[bytes], *, status: int) -> Response:
    """The answer with the phone's key, which is made anew each time and never kept. How far its clock is off a phone sees by
    the header `Date`."""
    root = next((one for one in roots if root_id(one) == answer["root"]), roots[0])
    key = device_key(root, answer["number"], UUID(answer["device_id"]))
    return render.answered(
        DeviceAnswer(
            device_id=UUID(answer["device_id"]),
            number=f"{answer['number']:0{NUMBER_DIGITS}}",
            key=base64.urlsafe_b64encode(key).decode(),
            step_seconds=STEP.seconds,
            proof_digits=PROOF_DIGITS,
            digits=DIGITS,
        ),
        status=200 if answer["is_replay"] else status,
        is_replay=answer["is_replay"],
    )


@router.get(
    "/codes/flagged",
    tags=["purchases"],
    summary="List codes that proved nothing",
    **said(permission=Permission.PURCHASES_READ, answer=FlagPage),
)
async def get_flags(
    request: Request,
    *,
    is_settled: Annotated[bool, Query(description="Those that a person has looked at.")] = False,
    before: Annotated[FlagId | None, Query(description="The cursor: next_cursor of the page before.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 50,
) -> Response:
    """Codes that an offline till kept and that proved nothing when they came: somebody claims the receipt, or leaves it."""
    flags, after = await list_flags(
        desk_of(request).ledger, is_settled=is_settled, before=before, limit=limit
    )
    return render.answered(
        FlagPage(
            data=[FlagAnswer(**one._asdict()) for one in flags],
            next_cursor=f"flg_{after.hex}" if after else None,
        )
    )


@router.post(
    "/codes/flagged/{flag_id:id}:settle",
    tags=["purchases"],
    summary="Settle a code that proved nothing",
    **said(
        permission=Permission.CODES_SETTLE,
        answer=FlagSettled,
        has_key=True,
        names_in_address=[no.FlagUnknown],
    ),
)
async def settle_flag(request: Request, flag_id: FlagId) -> Response:
    """A person has looked at it."""
    desk = desk_of(request)
    answer = await asked_once(
        desk,
        None,
        lambda once: settle_code(desk.ledger, flag_id, request=once, principal=desk.principal),
    )
    return render.told(FlagSettled, answer)
