"""The tables of operators: who signs in, their sessions and invitations, wrong tries, and what waits for a second person."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from jifen.domain.operators import Proof
from jifen.domain.proposals import ProposalKind, ProposalState
from jifen.store.columns import among, metadata, moment, of

_KEPT_STATES = [one for one in ProposalState if one is not ProposalState.EXPIRED]


def _may() -> list[Column[object]]:
    """What somebody may do, as a key says it."""
    return [
        Column("roles", ARRAY(Text), nullable=False),
        Column("permissions", ARRAY(Text), nullable=False),  # beyond those of the roles
        Column("stores", ARRAY(Text)),  # NULL: bound to none
        Column("adjustment_units_max", BigInteger),  # NULL: any number
    ]


operator = Table(
    "operator",
    metadata,
    Column("operator_id", UUID(as_uuid=True), primary_key=True),
    Column("login", Text),  # NULL: invited, and not come yet
    Column("name", Text, nullable=False),
    *_may(),
    Column("language", Text, nullable=False, server_default=text("'zh'")),
    Column("password_hash", Text),
    Column("totp_secret", LargeBinary),  # sealed: store/sealed.py
    Column("totp_offered", LargeBinary),  # sealed; not confirmed by a code yet
    Column(
        "totp_step", BigInteger, nullable=False, server_default=text("0")
    ),  # of the newest code that counted
    Column("recovery_hashes", ARRAY(LargeBinary), nullable=False, server_default=text("'{}'")),
    moment("created_at", default=True),
    moment("disabled_at", nullable=True),
    CheckConstraint("cardinality(roles) + cardinality(permissions) > 0", name="an_operator_may_do_something"),
    CheckConstraint("cardinality(stores) > 0", name="a_bound_operator_has_a_store"),
    CheckConstraint("adjustment_units_max >= 0", name="a_limit_of_an_operator_is_no_debt"),
    CheckConstraint("password_hash IS NULL OR login IS NOT NULL", name="who_has_a_password_has_a_login"),
    Index("operator_login", "login", unique=True),
    comment="One person who signs in, and what he may do. Of a password only its argon2id hash is kept.",
    info=of("identity", None),
)

operator_session = Table(
    "operator_session",
    metadata,
    Column("session_id", UUID(as_uuid=True), primary_key=True),
    Column("operator_id", UUID(as_uuid=True), nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    moment("created_at", default=True),
    moment("last_used_at"),  # within the minute
    moment("expires_at"),
    moment("privileged_until"),
    moment("ended_at", nullable=True),
    Column("address", Text, nullable=False),
    Column("agent", Text, nullable=False),
    Column("began_by", Text, nullable=False),
    Column("passkey_id", UUID(as_uuid=True)),  # the passkey that opened it; NULL: none did
    CheckConstraint("expires_at > created_at", name="a_session_ends_after_it_began"),
    CheckConstraint(among("began_by", Proof), name="a_session_began_in_a_known_way"),
    CheckConstraint(
        "(began_by = 'passkey') = (passkey_id IS NOT NULL)", name="a_passkey_that_opened_is_named"
    ),
    Index("operator_session_operator_id", "operator_id"),
    comment="One browser in which an operator has signed in; removed some time after it ended.",
    info=of("work", None),
)

operator_invitation = Table(
    "operator_invitation",
    metadata,
    Column("token_hash", LargeBinary, primary_key=True),
    Column("operator_id", UUID(as_uuid=True), nullable=False),
    Column("invited_by", Text, nullable=False),
    moment("created_at", default=True),
    moment("expires_at"),
    Index("operator_invitation_operator_id", "operator_id", unique=True),
    comment="A link by which an operator sets his login and password, once; a newer one takes its place.",
    info=of("work", None),
)

sign_in_try = Table(
    "sign_in_try",
    metadata,
    Column("about", LargeBinary, primary_key=True),
    Column("failures", Integer, nullable=False),
    moment("failed_at"),
    moment("free_at"),
    CheckConstraint("failures >= 0", name="tries_are_counted_from_nothing"),
    comment="Wrong tries to sign in, by a hash of whom and from where, and from when on the next one is looked at.",
    info=of("work", None),
)

proposal = Table(
    "proposal",
    metadata,
    Column("proposal_id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("body", JSONB, nullable=False),
    Column("member_id", UUID(as_uuid=True)),  # whom it is about
    Column("store", Text),
    Column("proposed_by", Text, nullable=False),  # as the journal names him
    Column("proposer_id", UUID(as_uuid=True)),  # the operator or key
    Column("proposer_kind", Text, nullable=False),
    Column("confirm", Text),  # what he types who decides alone; NULL: there was somebody else
    Column("state", Text, nullable=False, server_default=text("'waiting'")),
    moment("proposed_at", default=True),
    moment("expires_at"),
    Column("decided_by", Text),
    Column("decider_id", UUID(as_uuid=True)),  # the operator; NULL: at the machine
    moment("decided_at", nullable=True),
    Column("reason", Text),  # why it was refused
    Column("result", JSONB),  # what came of it
    Column("trail", JSONB, nullable=False, server_default=text("'[]'")),
    CheckConstraint(among("kind", ProposalKind), name="a_proposal_has_a_known_kind"),
    CheckConstraint(among("state", _KEPT_STATES), name="a_proposal_has_a_known_state"),
    CheckConstraint("(state = 'waiting') = (decided_by IS NULL)", name="a_decision_names_who_decided"),
    CheckConstraint("(decided_by IS NULL) = (decided_at IS NULL)", name="a_decision_has_its_moment"),
    CheckConstraint("result IS NULL OR state = 'approved'", name="only_what_is_approved_has_an_effect"),
    Index("proposal_waiting", "expires_at", postgresql_where=text("state = 'waiting'")),
    comment="Something that waits for a second person, what he decided, and every step on the way.",
    info=of("identity", None),
)
