"""Sign in: a login, a password, and where there is a second factor its code, become a session.

Who is wrong learns nothing but that he is: not whether there is such a login, and not after another time than anybody else.
Each try is counted before it is looked at (decision 0112).
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.operators import (
    FREE_CODES,
    FREE_TRIES,
    PRIVILEGED_LASTS,
    SESSION_LASTS,
    SESSIONS_MAX,
    WAIT_MAX,
    WAIT_MAX_OF_CODES,
    login_or_nobody,
    refuse_too_soon,
)
from jifen.domain.refusals import CodeRequired, SignInRefused
from jifen.store.ids import new_id
from jifen.store.operators import (
    Operator,
    change_password,
    find_operator,
    operator_by_login,
    use_recovery_code,
    use_totp_step,
)
from jifen.store.passwords import (
    agent_kept,
    check_room,
    hash_password,
    is_password,
    recovery_hash,
    session_token,
    step_of_code,
    token_hash,
    wants_rehash,
)
from jifen.store.sealed import Sealer, sealer_of
from jifen.store.sessions import Session, add_session, end_oldest_sessions
from jifen.store.sign_in_tries import Gate, count_try, forget_tries, gate, give_back, login_gate

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

TOTP = "totp"
"""What a second factor's secret is sealed for."""
_DEVICE = "device"


class SignedIn(NamedTuple):
    """A session, what opens it, and what says later that this browser signed in before. Neither is kept."""

    session: Session
    token: str
    device: str


async def sign_in(
    ledger: Ledger,
    *,
    login: str,
    password: str,
    code: str | None,
    address: str,
    agent: str,
    device: str | None = None,
) -> SignedIn:
    """A new session.

    Shape
        address   from where, as far as it is known
        device    what an earlier sign-in left in this browser: its tries are counted apart from everybody else's

    Refuses
        SignInRefused   login, password or code is wrong, or the operator is disabled: nobody is told which
        CodeRequired    login and password are right, and there is a second factor
        SignInTooSoon   after wrong tries the next one waits
    """
    named, sealer = login_or_nobody(login), await sealer_of(ledger)
    known = _known_device(sealer, named, device)
    gates = _gates(named or login[:200], address, known)
    check_room()  # so that no more made-up logins are counted than passwords are looked at
    async with ledger.transaction() as connection:
        refuse_too_soon(await count_try(connection, gates))
        operator = await operator_by_login(connection, named) if named else None

    is_right = await is_password(password, operator.password_hash if operator else None)
    if operator is None or not is_right or operator.disabled_at is not None:
        raise SignInRefused

    if operator.totp_secret is not None:
        await _check_code(ledger, sealer, operator, code, gates)
    assert operator.password_hash is not None, "it was the password"
    better = await hash_password(password) if wants_rehash(operator.password_hash) else None

    session_id = new_id()
    token = session_token(session_id)
    async with ledger.transaction() as connection:
        kept = await find_operator(connection, operator.operator_id, is_locked=True)
        if (
            kept is None
            or kept.disabled_at is not None
            or (kept.password_hash, kept.totp_secret) != (operator.password_hash, operator.totp_secret)
        ):
            raise SignInRefused
        if better is not None:
            await change_password(connection, operator.operator_id, better)
        await forget_tries(connection, [gates[0].about])
        await give_back(connection, gates[1:])
        await end_oldest_sessions(connection, operator.operator_id, keep=SESSIONS_MAX - 1)
        session = await add_session(
            connection,
            session_id,
            operator_id=operator.operator_id,
            token_hash=token_hash(token),
            lasts=SESSION_LASTS,
            privileged_lasts=PRIVILEGED_LASTS,
            address=address,
            agent=agent_kept(agent),
        )
    return SignedIn(session, token, _device_token(sealer, named, known or new_id().hex))


async def _check_code(
    ledger: Ledger, sealer: Sealer, operator: Operator, code: str | None, gates: list[Gate]
) -> None:
    """Refuse a code that is missing, wrong or was used. Only who knows the password comes here, so guesses of codes are counted
    apart: nobody else can make its owner wait for them."""
    if code is None or not code.strip():
        async with ledger.transaction() as connection:
            await give_back(connection, gates)  # it was no wrong try
        raise CodeRequired(pointer="/code")
    codes = [gate("codes", operator.operator_id.hex, free=FREE_CODES, most=WAIT_MAX_OF_CODES)]
    async with ledger.transaction() as connection:
        wait = await count_try(connection, codes)
        if wait > timedelta():
            await give_back(connection, gates)
    refuse_too_soon(wait)
    if not await _counts(ledger, sealer, operator, code):
        raise SignInRefused
    async with ledger.transaction() as connection:
        await forget_tries(connection, [codes[0].about])


async def _counts(ledger: Ledger, sealer: Sealer, operator: Operator, code: str) -> bool:
    """Whether the code is right and was not used; it is used by that."""
    assert operator.totp_secret is not None, "who is asked for a code has a secret"
    sealed_for = operator.operator_id.hex
    secret = sealer.unseal(operator.totp_secret, purpose=TOTP, about=sealed_for).decode()
    step = step_of_code(secret, code, at=operator.read_at)
    async with ledger.transaction() as connection:
        if step is not None:
            return await use_totp_step(connection, operator.operator_id, step)
        return await use_recovery_code(connection, operator.operator_id, recovery_hash(code))


# -- who waits ------------------------------------------------------------------------------------------------------------


def _gates(login: str, address: str, device: str | None) -> list[Gate]:
    """Where a try is counted. A browser that has signed in by this login before is counted by itself: whoever else tries, from
    wherever, cannot make it wait."""
    if device is not None:
        return [gate("device", f"{login}|{device}", free=FREE_TRIES, most=WAIT_MAX)]
    return [gate("pair", f"{login}|{address}", free=FREE_TRIES, most=WAIT_MAX), login_gate(login)]


def _device_token(sealer: Sealer, login: str, device: str) -> str:
    return f"{device}.{sealer.mark(f'{login}|{device}', purpose=_DEVICE).hex()}"


def _known_device(sealer: Sealer, login: str, told: str | None) -> str | None:
    """The browser that this proves to be one in which this login signed in before; None: it proves nothing."""
    device, dot, _ = (told or "").partition(".")
    if not dot or not login:
        return None
    try:
        is_ours = len(UUID(device).hex) == len(device)
    except ValueError:
        return None
    same = hashlib.sha256(_device_token(sealer, login, device).encode()).digest()
    return device if is_ours and same == hashlib.sha256((told or "").encode()).digest() else None
