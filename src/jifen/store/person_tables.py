"""The tables of persons: whose key seals what, what is sealed, what was agreed to, and who was erased."""

from __future__ import annotations

from sqlalchemy import Boolean, CheckConstraint, Column, Index, Integer, LargeBinary, Table, Text, text
from sqlalchemy.dialects.postgresql import UUID

from jifen.domain.person import KEY_KINDS
from jifen.store.columns import among, metadata, moment, of


def person_id() -> Column[object]:
    """The column that comes first in a person's tables."""
    return Column("person_id", UUID(as_uuid=True), primary_key=True)


person = Table(
    "person",
    metadata,
    person_id(),
    Column("member_id", UUID(as_uuid=True), nullable=False),
    Column("role", Text, nullable=False, server_default="head"),
    Column("wrapped_key", LargeBinary, nullable=False),
    Column("master", Text, nullable=False),
    moment("added_at", default=True),
    CheckConstraint("role IN ('head', 'adult', 'child')", name="a_person_has_a_known_role"),
    Index("person_member_id", "member_id"),
    comment="Who somebody is: the key that seals what he told of himself, wrapped by a master key. Erasing him deletes the row.",
    info=of("identity", "person_id"),
)

member_key = Table(
    "member_key",
    metadata,
    Column("blind", LargeBinary, primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("index_key", Text, nullable=False),
    Column("member_id", UUID(as_uuid=True), nullable=False),
    Column("person_id", UUID(as_uuid=True), nullable=False),
    Column("sealed", LargeBinary, nullable=False),
    moment("added_at", default=True),
    CheckConstraint(among("kind", KEY_KINDS), name="a_member_key_has_a_known_kind"),
    Index("member_key_member_id", "member_id"),
    Index("member_key_person_id", "person_id"),
    comment="What finds a member (a card, an id elsewhere, a phone, an e-mail) as a keyed blind index; sealed as its person's.",
    info=of("identity", "blind"),
)

person_field = Table(
    "person_field",
    metadata,
    person_id(),
    Column("field", Text, primary_key=True),
    Column("sealed", LargeBinary, nullable=False),
    moment("changed_at"),
    comment="One thing that a person told of himself, sealed under his key.",
    info=of("identity", "person_id"),
)

consent = Table(
    "consent",
    metadata,
    person_id(),
    Column("purpose", Text, primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("is_given", Boolean, nullable=False),
    Column("text_version", Text, nullable=False),
    Column("channel", Text, nullable=False),
    Column("proof", LargeBinary),
    moment("at"),
    CheckConstraint("number > 0", name="consents_are_counted_from_one"),
    Index("consent_of_terms", "text_version", postgresql_where=text("purpose = 'terms'")),
    comment="A consent given or taken back, for a purpose and a version of its text. The last of a purpose counts.",
    info=of("identity", "person_id"),
)

erasure = Table(
    "erasure",
    metadata,
    person_id(),
    Column("member_id", UUID(as_uuid=True), nullable=False),
    Column("actor", Text, nullable=False),
    Column("fields", Integer, nullable=False),
    Column("keys", Integer, nullable=False),
    moment("at"),
    comment="A person was erased: when, by whom, and how much; nothing of who it was.",
    info=of("work", "person_id"),
)
