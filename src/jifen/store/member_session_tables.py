"""The tables by which members sign in: codes that were sent, and the phones and browsers in which somebody has signed in."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID

from jifen.domain.one_time_code import TRIES
from jifen.domain.person import CONTACT_KINDS
from jifen.store.columns import among, metadata, moment, of

one_time_code = Table(
    "one_time_code",
    metadata,
    Column("sign_in_id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, nullable=False),
    Column("sealed", LargeBinary, nullable=False),  # the phone or e-mail: store/sealed.py
    Column(
        "code_mark", LargeBinary, nullable=False
    ),  # who has a dump and not the keys tries no million codes
    Column("tries", Integer, nullable=False, server_default=text("0")),
    moment("sent_at", default=True),
    moment("expires_at"),
    moment("proven_at", nullable=True),
    moment("used_at", nullable=True),
    CheckConstraint(among("kind", CONTACT_KINDS), name="a_code_goes_to_a_contact"),
    CheckConstraint(f"tries BETWEEN 0 AND {TRIES}", name="a_code_is_tried_a_few_times"),
    Index("one_time_code_expires_at", "expires_at"),
    comment="A code that was sent to a phone or an e-mail, sealed; it proves for some minutes that somebody has them.",
    info=of("work", None),
)

person_session = Table(
    "person_session",
    metadata,
    Column("session_id", UUID(as_uuid=True), primary_key=True),
    Column("person_id", UUID(as_uuid=True), nullable=False),
    Column("token_hash", LargeBinary, nullable=False),
    Column("agent", Text, nullable=False),
    Column("device_id", UUID(as_uuid=True)),  # under which it shows member codes
    moment("created_at", default=True),
    moment("last_used_at"),  # within the hour
    moment("expires_at"),
    moment("ended_at", nullable=True),
    CheckConstraint("expires_at > created_at", name="a_sign_in_ends_after_it_began"),
    Index("person_session_person_id", "person_id"),
    comment="One phone or browser in which a person has signed in; removed when he is erased, and some time after it ended.",
    info=of("identity", None),
)
