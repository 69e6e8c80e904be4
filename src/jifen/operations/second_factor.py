"""What an operator changes of his own sign-in: second factor, passkeys, password. Each asks for the password first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.operators import FREE_TRIES, WAIT_MAX, check_password, refuse_too_soon
from jifen.domain.passkeys import PASSKEYS_MAX, passkey_name_in_form
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, SignInRefused, TooMuch
from jifen.domain.refusals_of_people import PasskeyUnknown
from jifen.store.audit import note_act
from jifen.store.ids import new_id
from jifen.store.operators import (
    Operator,
    change_password,
    confirm_totp,
    drop_idle_recovery_codes,
    find_operator,
    offer_totp,
    put_recovery_codes,
    remove_totp,
)
from jifen.store.passkeys import (
    Attested,
    Challenge,
    Passkey,
    add_challenge,
    add_passkey,
    attested,
    passkeys_of,
    remove_passkey,
    use_challenge,
)
from jifen.store.passwords import (
    hash_password,
    is_password,
    new_recovery_codes,
    new_totp_secret,
    recovery_hash,
    step_of_code,
    totp_uri,
)
from jifen.store.sealed import sealer_of
from jifen.store.sessions import end_sessions, end_sessions_of_passkey
from jifen.store.sign_in_tries import count_try, forget_tries, gate

if TYPE_CHECKING:
    from jifen.domain.service_address import ServiceAddress
    from jifen.store.ledger import Connection, Ledger

_TOTP = "totp"
"""What the secret is sealed for, as `sign_in` unseals it."""


class Offered(NamedTuple):
    """A secret for an authenticator: as text to be typed, and as an address to be scanned. It is shown this once."""

    secret: str
    uri: str


async def offer_second_factor(ledger: Ledger, operator_id: UUID, *, password: str) -> Offered:
    """A secret that counts once a code of it was confirmed; until then nothing changes.

    Refuses
        SignInRefused   another password
        SignInTooSoon   after wrong ones
    """
    operator = await _proven(ledger, operator_id, password)
    secret = new_totp_secret()
    sealed = (await sealer_of(ledger)).seal(secret.encode(), purpose=_TOTP, about=operator_id.hex)
    async with ledger.transaction() as connection:
        await offer_totp(connection, operator_id, sealed)
    return Offered(secret, totp_uri(secret, operator.login or operator.name))


async def confirm_second_factor(ledger: Ledger, operator_id: UUID, *, code: str) -> list[str]:
    """Ten recovery codes, each good once, shown this once. From now on a code is asked for at sign-in.

    Refuses
        FieldWrong   nothing was offered, or it is not the code of now
    """
    sealer = await sealer_of(ledger)
    codes = new_recovery_codes()
    async with ledger.transaction() as connection:
        operator = await _locked(connection, operator_id)
        if operator.totp_offered is None:
            raise FieldWrong(
                "no second factor was offered: begin with /v1/session/totp:enrol", pointer="/code"
            )
        secret = sealer.unseal(operator.totp_offered, purpose=_TOTP, about=operator_id.hex).decode()
        step = step_of_code(secret, code, at=operator.read_at)
        if step is None:
            detail = "this is not the code of now: see that the clock of the authenticator is right"
            raise FieldWrong(detail, pointer="/code")
        hashes = [recovery_hash(one) for one in codes]
        await confirm_totp(connection, operator_id, step=step, recovery_hashes=hashes)
    return codes


async def remove_second_factor(ledger: Ledger, operator_id: UUID, *, password: str) -> None:
    """No authenticator's code is asked for any more; recovery codes stay while there is a passkey.

    Refuses
        SignInRefused   another password
        SignInTooSoon   after wrong ones
    """
    await _proven(ledger, operator_id, password)
    async with ledger.transaction() as connection:
        await remove_totp(connection, operator_id)
        await drop_idle_recovery_codes(connection, operator_id)


# -- passkeys -------------------------------------------------------------------------------------------------------------


class PasskeyOffered(NamedTuple):
    """A challenge for a new passkey, whom it is for, and what he has already, so that no authenticator makes a second one."""

    challenge: Challenge
    operator: Operator
    kept: list[Passkey]


class PasskeyAdded(NamedTuple):
    """A new passkey; ten recovery codes, shown this once, where he had none."""

    passkey: Passkey
    recovery_codes: list[str] | None


async def list_passkeys(ledger: Ledger, operator_id: UUID) -> list[Passkey]:
    """The passkeys of an operator, oldest first."""
    async with ledger.connection() as connection:
        return await passkeys_of(connection, operator_id)


async def offer_passkey(
    ledger: Ledger, operator_id: UUID, *, password: str, session_id: UUID
) -> PasskeyOffered:
    """A challenge that a new passkey answers, in this session, within five minutes.

    Refuses
        SignInRefused   another password
        SignInTooSoon   after wrong ones
        TooMuch         he has ten
    """
    operator = await _proven(ledger, operator_id, password)
    async with ledger.transaction() as connection:
        kept = await passkeys_of(connection, operator_id)
        _check_room(kept)
        challenge = await add_challenge(connection, new_id(), operator_id=operator_id, session_id=session_id)
    return PasskeyOffered(challenge, operator, kept)


async def add_own_passkey(
    ledger: Ledger,
    principal: Principal,
    *,
    session_id: UUID,
    challenge_id: UUID,
    name: str,
    told: Attested,
    at: ServiceAddress,
) -> PasskeyAdded:
    """The passkey, by which he signs in from now on, and which is asked for beside the password.

    Refuses
        FieldWrong     a name that is none; a challenge that was answered, is over, or is another session's; an answer that
                       proves nothing
        PasskeyTaken   it is registered already
        TooMuch        he has ten
    """
    assert principal.id is not None, "who adds a passkey is signed in"
    called = passkey_name_in_form(name)
    async with ledger.transaction() as connection:
        challenge = await use_challenge(connection, challenge_id)
    if challenge is None or (challenge.operator_id, challenge.session_id) != (principal.id, session_id):
        detail = "the challenge was answered, is over, or is another session's: begin again"
        raise FieldWrong(detail, pointer="/challenge_id")
    new = attested(told, challenge=challenge.challenge, at=at)
    if new is None:
        detail = (
            f"the answer proves no passkey of {at.origin} whose owner was verified by PIN, finger or face"
        )
        raise FieldWrong(detail, pointer="/attestation")
    async with ledger.transaction() as connection:
        operator = await _locked(connection, principal.id)
        _check_room(await passkeys_of(connection, principal.id))
        passkey_id = new_id()
        await add_passkey(connection, passkey_id, operator_id=principal.id, new=new, name=called)
        codes = None
        if not operator.recovery_codes_left:
            codes = new_recovery_codes()
            await put_recovery_codes(connection, principal.id, [recovery_hash(one) for one in codes])
        await _noted(connection, principal, Deed.PASSKEY_ADDED)
        kept = await passkeys_of(connection, principal.id)
    return PasskeyAdded(next(one for one in kept if one.passkey_id == passkey_id), codes)


async def remove_own_passkey(
    ledger: Ledger, principal: Principal, passkey_id: UUID, *, password: str, session_id: UUID
) -> None:
    """It proves nothing any more, and the other sessions that it opened have ended.

    Refuses
        SignInRefused    another password
        SignInTooSoon    after wrong ones
        PasskeyUnknown   he has no such passkey
    """
    assert principal.id is not None, "who removes a passkey is signed in"
    await _proven(ledger, principal.id, password)
    async with ledger.transaction() as connection:
        await _locked(connection, principal.id)
        if not await remove_passkey(connection, principal.id, passkey_id):
            raise PasskeyUnknown(pointer="/passkey_id")
        await end_sessions_of_passkey(connection, passkey_id, but=session_id)
        await drop_idle_recovery_codes(connection, principal.id)
        await _noted(connection, principal, Deed.PASSKEY_REMOVED)


def _check_room(kept: list[Passkey]) -> None:
    if len(kept) >= PASSKEYS_MAX:
        raise TooMuch(f"one has at most {PASSKEYS_MAX} passkeys: remove one first", limit=PASSKEYS_MAX)


async def _noted(connection: Connection, principal: Principal, deed: Deed) -> None:
    assert principal.id is not None, "who is signed in has an id"
    await note_act(connection, principal, Act(deed=deed, about=(about(About.OPERATOR, principal.id),)))


# -- the password ---------------------------------------------------------------------------------------------------------


async def change_own_password(
    ledger: Ledger, operator_id: UUID, *, password: str, new_password: str, session_id: UUID
) -> None:
    """Another password. His other sessions end.

    Refuses
        SignInRefused   another password than his
        SignInTooSoon   after wrong ones
        FieldWrong      the new one is guessed first
    """
    operator = await _proven(ledger, operator_id, password)
    check_password(new_password, login=operator.login or "", pointer="/new_password")
    kept = await hash_password(new_password)
    async with ledger.transaction() as connection:
        await change_password(connection, operator_id, kept)
        await end_sessions(connection, operator_id, but=session_id)


async def _proven(ledger: Ledger, operator_id: UUID, password: str) -> Operator:
    """The operator, who has said his password again: who only finds his screen open has not."""
    own = gate("own", operator_id.hex, free=FREE_TRIES, most=WAIT_MAX)
    async with ledger.transaction() as connection:
        refuse_too_soon(await count_try(connection, [own]))
        operator = await _locked(connection, operator_id)
    if not await is_password(password, operator.password_hash):
        raise SignInRefused(pointer="/password")
    async with ledger.transaction() as connection:
        await forget_tries(connection, [own.about])
    return operator


async def _locked(connection: Connection, operator_id: UUID) -> Operator:
    operator = await find_operator(connection, operator_id, is_locked=True)
    assert operator is not None, "whoever is signed in is there"
    return operator
