"""Open a checkout by a member code: one scan finds the member, and serves one sale with what is spent in it (decision 0122).

A code is used once: by whoever scans it first, for ten minutes, until a purchase ends it. What is asked again for the same
purchase or with the same Idempotency-Key is found again, so that a retry never fails for having been there before.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.member_code import (
    DRIFT_STEPS,
    KEPT_OFFLINE,
    STEP,
    Shown,
    device_key,
    proven_step,
    read_code,
    root_id,
)
from jifen.domain.principal import Principal
from jifen.domain.refusals import CodeUsed, CodeWrong, Refusal
from jifen.store.audit import note_act
from jifen.store.codes import (
    Device,
    Used,
    add_flag,
    find_number,
    go_on_with_code,
    purchase_sent,
    use_code,
)
from jifen.store.ids import new_id
from jifen.store.keys import BusinessKey
from jifen.store.ledger import Connection, Ledger

Why = Literal["wrong", "used", "too_late"]
_PROVES_NOTHING = (
    "the code proves nothing: it was typed wrong, or is older than a minute; let the member show the next one"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scan:
    """A code as it was told.

    Shape
        code        as it was scanned
        shown_at    when, for a purchase of a till that was offline then; None: just now
        key         the purchase that is recorded with it, and the hash of what is sent; None: something else is asked
        reserved    the Idempotency-Key of a reservation that is made with it
        is_looking  whoever asks changes nothing (a test key): the code stays unused
    """

    code: str
    shown_at: datetime | None = None
    key: BusinessKey | None = None
    body_hash: bytes | None = None
    reserved: str | None = None
    is_looking: bool = False


async def open_checkout(
    ledger: Ledger, roots: Sequence[bytes], scan: Scan, *, principal: Principal
) -> UUID | None:
    """Whose code it is. None: an offline till sends a code that proves nothing; the purchase is nobody's, and a person looks.

    Refuses
        CodeWrong   it is no code, of no device, or not of this minute: nobody is told which
        CodeUsed    it opened another checkout, or that is over
    """
    async with ledger.transaction() as connection:
        if scan.key is not None:
            before = await purchase_sent(connection, scan.key)
            if before is not None and before[0] == scan.body_hash:
                return before[1]  # sent again: whose it is was found then
        device: Device | None = None
        try:
            shown = read_code(scan.code)
            device, now = await find_number(connection, shown.number)
            step = _step_of(roots, shown, device, scan, now)
            assert device is not None, "what proves something is of a device"
            if not scan.is_looking:
                await _use(connection, shown, step, scan, principal)
        except Refusal as refusal:
            if scan.shown_at is None or scan.key is None:
                raise
            await _flag(connection, scan.key, scan.shown_at, refusal, device, principal)
            return None
        return device.member_id


def _step_of(roots: Sequence[bytes], shown: Shown, device: Device | None, scan: Scan, now: datetime) -> int:
    """The half minute that a code proves."""
    # Only a purchase is believed when a till says that it was offline: nothing is spent by a code that was photographed.
    moment = scan.shown_at if scan.shown_at is not None and scan.key is not None else now
    # Of a number that nobody has a proof is tried all the same, so that how long it takes tells nothing.
    known = {root_id(root): root for root in roots}
    root = known.get(device.root) if device else None
    key = device_key(root or roots[0], shown.number, device.device_id if device else UUID(int=0))
    step = proven_step(key, shown, moment)
    if root is None or step is None:
        raise CodeWrong(_PROVES_NOTHING, pointer="/member/code")
    if moment < now - KEPT_OFFLINE or moment > now + STEP * DRIFT_STEPS:
        raise CodeWrong(
            f"a code is brought within {KEPT_OFFLINE // timedelta(hours=1)} hours",
            pointer="/member/shown_at",
            shown_at=moment.isoformat(),
        )
    return step


async def _use(connection: Connection, shown: Shown, step: int, scan: Scan, principal: Principal) -> None:
    used = await use_code(
        connection,
        shown.number,
        step,
        principal_id=principal.id,
        key=scan.key,
        reserved=scan.reserved,
    )
    if used.is_first or _is_again(used, scan):
        return
    # A till whose line broke in the middle of a checkout ends it later, by the code that it opened it with.
    is_open = used.is_open or (scan.shown_at is not None and scan.key is not None)
    if used.principal_id != principal.id or not is_open or used.key is not None:
        raise CodeUsed(
            "the code has opened a checkout already: let the member show the next one",
            pointer="/member/code",
        )
    await go_on_with_code(connection, shown.number, step, key=scan.key, reserved=scan.reserved)


def _is_again(used: Used, scan: Scan) -> bool:
    """Whether the very same was asked before."""
    is_purchase = scan.key is not None and used.key == (scan.key.source, scan.key.business_no)
    return is_purchase or (scan.reserved is not None and scan.reserved in used.reserved)


async def _flag(
    connection: Connection,
    key: BusinessKey,
    shown_at: datetime,
    refusal: Refusal,
    device: Device | None,
    principal: Principal,
) -> None:
    why: Why = "used" if isinstance(refusal, CodeUsed) else "wrong"
    if refusal.pointer == "/member/shown_at":
        why = "too_late"
    flag_id = new_id()
    is_new = await add_flag(
        connection,
        flag_id,
        key,
        why=why,
        principal=principal.name,
        # Only who proved something is named: else any number would put its member under suspicion.
        member_id=device.member_id if device and why != "wrong" else None,
        shown_at=shown_at,
    )
    if is_new:
        act = Act(deed=Deed.CODE_FLAGGED, about=(about(About.CODE, flag_id),), details={"because": why})
        await note_act(connection, principal, act)
