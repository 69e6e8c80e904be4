"""The tables of passkeys: what proves an operator without a secret of ours, and challenges that wait to be answered."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from jifen.domain.passkeys import CREDENTIAL_BYTES_MAX
from jifen.store.columns import metadata, moment, of

passkey = Table(
    "passkey",
    metadata,
    Column("passkey_id", UUID(as_uuid=True), primary_key=True),
    Column("operator_id", UUID(as_uuid=True), nullable=False),
    Column("credential_id", LargeBinary, nullable=False),
    Column("public_key", LargeBinary, nullable=False),  # COSE, as the authenticator told it
    Column("sign_count", BigInteger, nullable=False),
    Column("name", Text, nullable=False),
    moment("added_at", default=True),
    moment("last_used_at", nullable=True),
    CheckConstraint("sign_count >= 0", name="a_passkey_counts_from_nothing"),
    CheckConstraint(
        f"octet_length(credential_id) BETWEEN 1 AND {CREDENTIAL_BYTES_MAX}", name="a_passkey_is_named"
    ),
    Index("passkey_credential_id", "credential_id", unique=True),
    Index("passkey_operator_id", "operator_id"),
    comment="One passkey of an operator: a public key, which opens nothing by itself, and how often it has signed.",
    info=of("identity", None),
)

passkey_challenge = Table(
    "passkey_challenge",
    metadata,
    Column("challenge_id", UUID(as_uuid=True), primary_key=True),
    Column("challenge", LargeBinary, nullable=False),
    Column("operator_id", UUID(as_uuid=True)),  # NULL: whoever signs in by a passkey alone
    Column("session_id", UUID(as_uuid=True)),  # in which a passkey is added; NULL: it signs in
    moment("expires_at"),
    CheckConstraint("session_id IS NULL OR operator_id IS NOT NULL", name="who_adds_a_passkey_is_signed_in"),
    Index("passkey_challenge_expires_at", "expires_at"),
    comment="What a passkey is asked to sign; used up by the first answer, whatever it is.",
    info=of("work", None),
)
