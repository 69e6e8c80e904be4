"""Sign in: a login, a password, and where there is a second factor its proof, become a session; or a passkey alone does.

Who is wrong learns nothing but that he is: not whether there is such a login, and not after another time than anybody else.
Each try is counted before it is looked at (decision 0112).
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.audit import NUMBER_MAX, About, Act, Deed, about
from jifen.domain.operators import (
    FREE_CODES,
    FREE_TRIES,
    PRIVILEGED_LASTS,
    SESSION_LASTS,
    SESSIONS_MAX,
    WAIT_MAX,
    WAIT_MAX_OF_CODES,
    Proof,
    login_or_nobody,
    refuse_too_soon,
)
from jifen.domain.passkeys import (
    CHALLENGE_PREFIX,
    FREE_CHALLENGES,
    WAIT_MAX_OF_CHALLENGES,
    bytes_as_text,
    went_back,
)
from jifen.domain.principal import JOB
from jifen.domain.refusals import CodeRequired, FieldWrong, SignInRefused
from jifen.store.audit import note_act
from jifen.store.ids import new_id
from jifen.store.operators import (
    Operator,
    change_password,
    find_operator,
    operator_by_login,
    use_recovery_code,
    use_totp_step,
)
from jifen.store.passkeys import (
    Asserted,
    Challenge,
    Passkey,
    add_challenge,
    asserted,
    note_passkey_use,
    passkey_of,
    passkeys_of,
    use_challenge,
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
from jifen.store.sign_in_tries import (
    Gate,
    count_one_less,
    count_try,
    forget_tries,
    gate,
    give_back,
    login_gate,
)

if TYPE_CHECKING:
    from jifen.domain.service_address import ServiceAddress
    from jifen.store.ledger import Connection, Ledger

TOTP = "totp"
"""What a second factor's secret is sealed for."""
_DEVICE = "device"


class SignedIn(NamedTuple):
    """A session, what opens it, and what says later that this browser signed in before. Neither is kept."""

    session: Session
    token: str
    device: str


class _Shown(NamedTuple):
    """What a session begins by: the last proof, and the passkey that it was."""

    proof: Proof
    passkey_id: UUID | None


async def sign_in(
    ledger: Ledger,
    *,
    login: str,
    password: str,
    code: str | None,
    address: str,
    agent: str,
    device: str | None = None,
    passkey: Asserted | None = None,
    at: ServiceAddress | None = None,
) -> SignedIn:
    """A new session.

    Shape
        address   from where, as far as it is known
        device    what an earlier sign-in left in this browser: its tries are counted apart from everybody else's
        passkey   in the place of a code: the answer to the challenge that came with `CodeRequired`
        at        where browsers find this service; None: nobody said, so no passkey can be asked

    Refuses
        SignInRefused   login, password, code or passkey is wrong, or the operator is disabled: nobody is told which
        CodeRequired    login and password are right, and there is a second factor
        SignInTooSoon   after wrong tries the next one waits
    """
    if code is not None and passkey is not None:
        raise FieldWrong("a code and a passkey came at once: send one of them", pointer="/passkey")
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

    shown = _Shown(Proof.PASSWORD, None)
    if operator.has_second_factor:
        shown = await _second_factor(ledger, sealer, operator, gates, code=code, passkey=passkey, at=at)
    assert operator.password_hash is not None, "it was the password"
    better = await hash_password(password) if wants_rehash(operator.password_hash) else None

    async with ledger.transaction() as connection:
        kept = await find_operator(connection, operator.operator_id, is_locked=True)
        if kept is None or kept.disabled_at is not None or _lets_in(kept) != _lets_in(operator):
            raise SignInRefused
        if better is not None:
            await change_password(connection, operator.operator_id, better)
        await forget_tries(connection, [gates[0].about])
        await give_back(connection, gates[1:])
        token, session = await _begin(connection, operator, shown, address=address, agent=agent)
    return SignedIn(session, token, _device_token(sealer, named, known or new_id().hex))


def _lets_in(operator: Operator) -> tuple[object, ...]:
    """What let him in: where that changed meanwhile, somebody locked him out on purpose."""
    return operator.password_hash, operator.totp_secret, operator.has_second_factor


async def _begin(
    connection: Connection, operator: Operator, shown: _Shown, *, address: str, agent: str
) -> tuple[str, Session]:
    session_id = new_id()
    token = session_token(session_id)
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
        began_by=shown.proof,
        passkey_id=shown.passkey_id,
    )
    return token, session


# -- a passkey alone ------------------------------------------------------------------------------------------------------


async def ask_for_passkey(ledger: Ledger, *, address: str) -> Challenge:
    """A challenge that any passkey may answer, whosever it is: who asks has said nothing of himself.

    Refuses
        SignInTooSoon   too many were asked for from there that nobody answered
    """
    async with ledger.transaction() as connection:
        refuse_too_soon(await count_try(connection, [_challenge_gate(address)]))
        return await add_challenge(connection, new_id(), operator_id=None)


async def sign_in_by_passkey(
    ledger: Ledger,
    passkey: Asserted,
    *,
    at: ServiceAddress,
    address: str,
    agent: str,
    device: str | None = None,
) -> SignedIn:
    """A new session of whose passkey answered: he has it, and its authenticator has verified him, which are two factors.

    Refuses
        SignInRefused   the answer proves nothing, or the operator is disabled or has to set a password first
    """
    used = await _answered(ledger, passkey, operator_id=None, at=at)
    if used is None:
        raise SignInRefused(pointer="/challenge_id")

    sealer = await sealer_of(ledger)
    async with ledger.transaction() as connection:
        operator = await find_operator(connection, used.operator_id, is_locked=True)
        is_kept = await passkey_of(connection, used.credential_id) is not None
        if operator is None or not is_kept or operator.disabled_at is not None or not operator.password_hash:
            raise SignInRefused(pointer="/challenge_id")
        await count_one_less(connection, _challenge_gate(address))
        shown = _Shown(Proof.PASSKEY, used.passkey_id)
        token, session = await _begin(connection, operator, shown, address=address, agent=agent)
    login = operator.login or ""
    known = _known_device(sealer, login, device)
    return SignedIn(session, token, _device_token(sealer, login, known or new_id().hex))


def _challenge_gate(address: str) -> Gate:
    return gate("passkey", address, free=FREE_CHALLENGES, most=WAIT_MAX_OF_CHALLENGES)


# -- the second factor ----------------------------------------------------------------------------------------------------


async def _second_factor(
    ledger: Ledger,
    sealer: Sealer,
    operator: Operator,
    gates: list[Gate],
    *,
    code: str | None,
    passkey: Asserted | None,
    at: ServiceAddress | None,
) -> _Shown:
    """What he has shown besides his password; refuse what is missing, wrong or was used. Only who knows the password comes
    here, so guesses are counted apart: nobody else can make its owner wait for them."""
    if passkey is None and (code is None or not code.strip()):
        async with ledger.transaction() as connection:
            await give_back(connection, gates)  # it was no wrong try
            asked_for = await _asked_for(connection, operator, at)
        raise asked_for  # outside, so that what was given back stays
    codes = [gate("codes", operator.operator_id.hex, free=FREE_CODES, most=WAIT_MAX_OF_CODES)]
    async with ledger.transaction() as connection:
        wait = await count_try(connection, codes)
        if wait > timedelta():
            await give_back(connection, gates)
    refuse_too_soon(wait)
    if passkey is not None:
        used = await _answered(ledger, passkey, operator_id=operator.operator_id, at=at)
        shown = _Shown(Proof.PASSKEY, used.passkey_id) if used is not None else None
    else:
        shown = await _counts(ledger, sealer, operator, code or "")
    if shown is None:
        raise SignInRefused
    async with ledger.transaction() as connection:
        await forget_tries(connection, [codes[0].about])
    return shown


async def _asked_for(connection: Connection, operator: Operator, at: ServiceAddress | None) -> CodeRequired:
    """What tells him which factors he has, with a challenge for his passkeys: only who knows the password learns their ids."""
    factors: list[object] = []
    if operator.totp_secret is not None:
        factors.append(Proof.TOTP)
    if operator.recovery_codes_left:
        factors.append(Proof.RECOVERY_CODE)
    if not operator.passkeys or at is None:
        return CodeRequired(pointer="/code", factors=factors)
    challenge = await add_challenge(connection, new_id(), operator_id=operator.operator_id)
    kept = await passkeys_of(connection, operator.operator_id)
    return CodeRequired(
        pointer="/code",
        factors=[*factors, Proof.PASSKEY],
        challenge_id=f"{CHALLENGE_PREFIX}_{challenge.challenge_id.hex}",
        challenge=bytes_as_text(challenge.challenge),
        rp_id=at.host,
        credentials=[bytes_as_text(one.credential_id) for one in kept],
    )


async def _counts(ledger: Ledger, sealer: Sealer, operator: Operator, code: str) -> _Shown | None:
    """What the code is, which was not used and is by that; None: it is nothing."""
    step = None
    if operator.totp_secret is not None:
        secret = sealer.unseal(operator.totp_secret, purpose=TOTP, about=operator.operator_id.hex).decode()
        step = step_of_code(secret, code, at=operator.read_at)
    async with ledger.transaction() as connection:
        if step is not None:
            is_new = await use_totp_step(connection, operator.operator_id, step)
            return _Shown(Proof.TOTP, None) if is_new else None
        is_kept = await use_recovery_code(connection, operator.operator_id, recovery_hash(code))
        return _Shown(Proof.RECOVERY_CODE, None) if is_kept else None


async def _answered(
    ledger: Ledger, told: Asserted, *, operator_id: UUID | None, at: ServiceAddress | None
) -> Passkey | None:
    """The passkey that answered a challenge which was made for this operator (None: for whoever signs in by a passkey alone);
    None: it proves nothing. The challenge is used up whatever comes of it, before anything is looked at.
    """
    async with ledger.transaction() as connection:
        challenge = await use_challenge(connection, told.challenge_id)
    if at is None or challenge is None or challenge.session_id is not None:
        return None
    if challenge.operator_id != operator_id:
        return None
    async with ledger.transaction() as connection:
        passkey = await passkey_of(connection, told.credential_id)
        if passkey is None or operator_id not in (None, passkey.operator_id):
            return None
        count = asserted(told, passkey, challenge=challenge.challenge, at=at)
        if count is None:
            return None
        if went_back(passkey.sign_count, count):
            named = (about(About.OPERATOR, passkey.operator_id),)
            details = {"kept": min(passkey.sign_count, NUMBER_MAX), "told": min(count, NUMBER_MAX)}
            await note_act(connection, JOB, Act(deed=Deed.PASSKEY_WENT_BACK, about=named, details=details))
            return None
        await note_passkey_use(connection, passkey.passkey_id, sign_count=count)
        return passkey


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
