"""The phones on which a member shows codes: register one, give it another number, remove it."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.member_code import NUMBER_DIGITS, root_id
from jifen.domain.principal import Principal
from jifen.domain.refusals import DeviceUnknown, MemberUnknown, TooMuch
from jifen.store.audit import note_act
from jifen.store.codes import OVERLAP, Device, add_device, devices_of, end_numbers
from jifen.store.ids import new_id
from jifen.store.ledger import Connection, Ledger
from jifen.store.member_sessions import show_codes_with, shows_codes_as
from jifen.store.members import enrolled_at
from jifen.store.once import Once, once

DEVICES_MAX = 10
"""A member has so many phones at most."""
_TRIES = 20


async def register_device(
    ledger: Ledger,
    member_id: UUID,
    roots: Sequence[bytes],
    *,
    request: Once,
    principal: Principal,
    session_id: UUID | None = None,
) -> dict[str, Any]:
    """A new phone: device_id and number. Its key is not in the answer, which is remembered: whoever answers makes it of the root.

    With a session, its phone: the one that it had before shows no codes any more.

    Refuses
        MemberUnknown   there is no such member
        TooMuch         he has ten phones
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        if await enrolled_at(connection, member_id) is None:
            raise MemberUnknown(pointer="/path/member_id")
        before = await shows_codes_as(connection, session_id) if session_id is not None else None
        if before is not None:
            await end_numbers(connection, before, member_id=member_id, after=timedelta())
        known = await devices_of(connection, member_id)
        if len(known) >= DEVICES_MAX:
            raise TooMuch(f"at most {DEVICES_MAX} devices: remove one first", limit=DEVICES_MAX)
        device = await _numbered(connection, new_id(), member_id, roots)
        if session_id is not None:
            await show_codes_with(connection, session_id, device.device_id)
        await _noted(connection, principal, Deed.DEVICE_REGISTERED, device.device_id, member_id)
        return _told(device)

    return await once(ledger, request, effect)


async def renew_device(
    ledger: Ledger,
    member_id: UUID,
    device_id: UUID,
    roots: Sequence[bytes],
    *,
    request: Once,
    principal: Principal,
) -> dict[str, Any]:
    """The phone with another number and key; the one before opens for a week, because the phone may not have heard of it.

    Refuses
        DeviceUnknown   the member has no such phone
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        if not await end_numbers(connection, device_id, member_id=member_id, after=OVERLAP):
            raise DeviceUnknown(pointer="/path/device_id")
        device = await _numbered(connection, device_id, member_id, roots)
        await _noted(connection, principal, Deed.DEVICE_RENEWED, device_id, member_id)
        return _told(device)

    return await once(ledger, request, effect)


async def remove_device(
    ledger: Ledger, member_id: UUID, device_id: UUID, *, request: Once, principal: Principal
) -> dict[str, Any]:
    """The phone shows codes that open nothing, from now on.

    Refuses
        DeviceUnknown   the member has no such phone
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        if not await end_numbers(connection, device_id, member_id=member_id, after=timedelta()):
            raise DeviceUnknown(pointer="/path/device_id")
        await _noted(connection, principal, Deed.DEVICE_REMOVED, device_id, member_id)
        return {"device_id": str(device_id)}

    return await once(ledger, request, effect)


async def list_devices(ledger: Ledger, member_id: UUID) -> list[Device]:
    """The phones of a member that show codes.

    Refuses
        MemberUnknown   there is no such member
    """
    async with ledger.reading() as connection:
        if await enrolled_at(connection, member_id) is None:
            raise MemberUnknown(pointer="/path/member_id")
        return await devices_of(connection, member_id)


async def _numbered(
    connection: Connection, device_id: UUID, member_id: UUID, roots: Sequence[bytes]
) -> Device:
    """The phone under a number drawn by lot, which says nothing of the member."""
    for _ in range(_TRIES):
        number = secrets.randbelow(10**NUMBER_DIGITS)
        device = await add_device(
            connection, number, device_id=device_id, member_id=member_id, root=root_id(roots[0])
        )
        if device is not None:
            return device
    raise AssertionError(f"{_TRIES} numbers drawn by lot were all taken")


async def _noted(
    connection: Connection, principal: Principal, deed: Deed, device_id: UUID, member_id: UUID
) -> None:
    named = (about(About.DEVICE, device_id), about(About.MEMBER, member_id))
    await note_act(connection, principal, Act(deed=deed, about=named, count=1))


def _told(device: Device) -> dict[str, Any]:
    return {"device_id": str(device.device_id), "number": device.number, "root": device.root}
