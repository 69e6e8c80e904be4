"""What an operator changes of his own sign-in: the second factor, and the password. Each asks for the password first."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.operators import FREE_TRIES, WAIT_MAX, check_password, refuse_too_soon
from jifen.domain.refusals import FieldWrong, SignInRefused
from jifen.store.operators import (
    Operator,
    change_password,
    confirm_totp,
    find_operator,
    offer_totp,
    remove_totp,
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
from jifen.store.sessions import end_sessions
from jifen.store.sign_in_tries import count_try, forget_tries, gate

if TYPE_CHECKING:
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
    """No code is asked for any more.

    Refuses
        SignInRefused   another password
        SignInTooSoon   after wrong ones
    """
    await _proven(ledger, operator_id, password)
    async with ledger.transaction() as connection:
        await remove_totp(connection, operator_id)


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
