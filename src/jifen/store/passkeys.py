"""Passkeys of operators, the challenges that they answer, and whether an answer proves one (WebAuthn, by `webauthn`)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import asyncpg
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn import verify_authentication_response, verify_registration_response
from webauthn.helpers import bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorAssertionResponse,
    AuthenticatorAttestationResponse,
    RegistrationCredential,
)

from jifen.domain.passkeys import CHALLENGE_BYTES, CHALLENGE_LASTS
from jifen.domain.refusals_of_people import PasskeyTaken

if TYPE_CHECKING:
    from jifen.domain.service_address import ServiceAddress
    from jifen.store.ledger import Connection, Ledger

_COLUMNS = "passkey_id, operator_id, credential_id, public_key, sign_count, name, added_at, last_used_at"
_TORN = (WebAuthnException, UnsupportedAlgorithm, ValueError, TypeError, KeyError, IndexError, OverflowError)
"""What the library and those below it raise over an answer that somebody made up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Passkey:
    """A passkey as it is kept."""

    passkey_id: UUID
    operator_id: UUID
    credential_id: bytes
    public_key: bytes
    sign_count: int
    name: str
    added_at: datetime
    last_used_at: datetime | None


class Challenge(NamedTuple):
    """What is to be signed: for whom (None: whoever it proves), and in which session it adds a passkey (None: it signs in)."""

    challenge_id: UUID
    challenge: bytes
    operator_id: UUID | None
    session_id: UUID | None


class Attested(NamedTuple):
    """A new passkey, as an authenticator tells of it."""

    credential_id: bytes
    client_data: bytes
    attestation: bytes


class Asserted(NamedTuple):
    """An answer to a challenge, as an authenticator signs it."""

    challenge_id: UUID
    credential_id: bytes
    client_data: bytes
    authenticator_data: bytes
    signature: bytes
    user_handle: bytes | None


class NewPasskey(NamedTuple):
    """What an attestation proves: the key that signs from now on, and how often it has signed."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


# -- challenges -----------------------------------------------------------------------------------------------------------


async def add_challenge(
    connection: Connection, challenge_id: UUID, *, operator_id: UUID | None, session_id: UUID | None = None
) -> Challenge:
    """A new challenge, good for one answer within five minutes."""
    challenge = secrets.token_bytes(CHALLENGE_BYTES)
    await connection.execute(
        """INSERT INTO passkey_challenge (challenge_id, challenge, operator_id, session_id, expires_at)
           VALUES ($1, $2, $3, $4, clock_timestamp() + $5::interval)""",
        challenge_id,
        challenge,
        operator_id,
        session_id,
        CHALLENGE_LASTS,
    )
    return Challenge(challenge_id, challenge, operator_id, session_id)


async def use_challenge(connection: Connection, challenge_id: UUID) -> Challenge | None:
    """The challenge, which is used up by that; None: there is none, it was answered, or its time is over."""
    row = await connection.fetchrow(
        """DELETE FROM passkey_challenge WHERE challenge_id = $1
           RETURNING challenge_id, challenge, operator_id, session_id, expires_at > clock_timestamp() AS is_open""",
        challenge_id,
    )
    if row is None or not row["is_open"]:
        return None
    return Challenge(row["challenge_id"], row["challenge"], row["operator_id"], row["session_id"])


async def prune_challenges(ledger: Ledger) -> int:
    """Forget challenges that nobody may answer any more; how many."""
    async with ledger.transaction() as connection:
        done: str = await connection.execute(
            "DELETE FROM passkey_challenge WHERE expires_at < clock_timestamp()"
        )
    return int(done.rpartition(" ")[2])


# -- passkeys -------------------------------------------------------------------------------------------------------------


async def passkeys_of(connection: Connection, operator_id: UUID) -> list[Passkey]:
    """The passkeys of an operator, oldest first."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM passkey WHERE operator_id = $1 ORDER BY passkey_id", operator_id
    )
    return [Passkey(**row) for row in rows]


async def passkey_of(connection: Connection, credential_id: bytes) -> Passkey | None:
    """The passkey that an authenticator names, locked until the transaction ends; None: nobody has it."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM passkey WHERE credential_id = $1 FOR UPDATE", credential_id
    )
    return Passkey(**row) if row else None


async def add_passkey(
    connection: Connection, passkey_id: UUID, *, operator_id: UUID, new: NewPasskey, name: str
) -> None:
    """Keep a new passkey.

    Refuses
        PasskeyTaken   it is kept already, whosever it is
    """
    try:
        await connection.execute(
            """INSERT INTO passkey (passkey_id, operator_id, credential_id, public_key, sign_count, name)
               VALUES ($1, $2, $3, $4, $5, $6)""",
            passkey_id,
            operator_id,
            new.credential_id,
            new.public_key,
            new.sign_count,
            name,
        )
    except asyncpg.UniqueViolationError as taken:
        raise PasskeyTaken(pointer="/credential_id") from taken


async def note_passkey_use(connection: Connection, passkey_id: UUID, *, sign_count: int) -> None:
    """Keep that it signed, and how often it has."""
    await connection.execute(
        "UPDATE passkey SET sign_count = $2, last_used_at = clock_timestamp() WHERE passkey_id = $1",
        passkey_id,
        sign_count,
    )


async def remove_passkey(connection: Connection, operator_id: UUID, passkey_id: UUID) -> bool:
    """Whether it was a passkey of this operator; it proves nothing any more."""
    done: str = await connection.execute(
        "DELETE FROM passkey WHERE passkey_id = $1 AND operator_id = $2", passkey_id, operator_id
    )
    return done.endswith(" 1")


async def remove_passkeys(connection: Connection, operator_id: UUID) -> int:
    """How many passkeys an operator had; he has none any more."""
    done: str = await connection.execute("DELETE FROM passkey WHERE operator_id = $1", operator_id)
    return int(done.rpartition(" ")[2])


# -- what an answer proves ------------------------------------------------------------------------------------------------


def attested(told: Attested, *, challenge: bytes, at: ServiceAddress) -> NewPasskey | None:
    """The new passkey; None: the answer is to another challenge, came from another page, or nobody was verified."""
    try:
        found = verify_registration_response(
            credential=RegistrationCredential(
                id=bytes_to_base64url(told.credential_id),
                raw_id=told.credential_id,
                response=AuthenticatorAttestationResponse(
                    client_data_json=told.client_data, attestation_object=told.attestation
                ),
            ),
            expected_challenge=challenge,
            expected_rp_id=at.host,
            expected_origin=at.origin,
            require_user_verification=True,
        )
    except _TORN:
        return None
    if found.credential_id != told.credential_id:
        return None
    return NewPasskey(found.credential_id, found.credential_public_key, found.sign_count)


def asserted(told: Asserted, passkey: Passkey, *, challenge: bytes, at: ServiceAddress) -> int | None:
    """How often the passkey says that it has signed; None: the answer proves nothing.

    The counter is held against the one that is kept by whoever calls, after the signature: made-up answers shall leave no trace.
    """
    if told.user_handle not in (None, b"", passkey.operator_id.bytes):
        return None
    try:
        found = verify_authentication_response(
            credential=AuthenticationCredential(
                id=bytes_to_base64url(told.credential_id),
                raw_id=told.credential_id,
                response=AuthenticatorAssertionResponse(
                    client_data_json=told.client_data,
                    authenticator_data=told.authenticator_data,
                    signature=told.signature,
                    user_handle=told.user_handle,
                ),
            ),
            expected_challenge=challenge,
            expected_rp_id=at.host,
            expected_origin=at.origin,
            credential_public_key=passkey.public_key,
            credential_current_sign_count=0,
            require_user_verification=True,
        )
    except _TORN:
        return None
    return found.new_sign_count
