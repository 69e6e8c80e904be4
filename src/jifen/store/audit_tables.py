"""The tables of the audit: what was done outside the journal, and the seals that hold it."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from jifen.domain.audit import Why
from jifen.store.columns import among, metadata, moment, of, recorded_xid

PRINCIPALS = ("key", "operator", "person", "job", "local")

audit = Table(
    "audit",
    metadata,
    Column("audit_id", UUID(as_uuid=True), primary_key=True),
    moment("happened_at", default=True),
    Column("principal_kind", Text, nullable=False),
    Column("principal_id", UUID(as_uuid=True)),
    Column("principal", Text, nullable=False),
    Column("deed", Text, nullable=False),
    Column("about", ARRAY(Text), nullable=False),
    Column("why", Text),
    Column("came_from", Text),
    Column("count", BigInteger, nullable=False),
    Column("details", JSONB, nullable=False),
    recorded_xid(),
    CheckConstraint(among("principal_kind", PRINCIPALS), name="who_acts_is_a_principal"),
    CheckConstraint("deed ~ '^[a-z_]+[.][a-z_]+$'", name="a_deed_is_a_noun_and_a_verb"),
    CheckConstraint(among("why", Why), name="why_is_a_word_of_a_closed_set"),
    CheckConstraint(
        "came_from IS NULL OR principal_kind <> 'person'", name="where_a_person_sits_is_not_written_down"
    ),
    CheckConstraint("count >= 0", name="an_act_is_about_some"),
    Index("audit_about", "about", postgresql_using="gin"),
    Index("audit_recorded_xid", "recorded_xid", postgresql_using="brin"),
    comment="One act outside the journal, or a reading of personal data: who, what, about what, why, from where.",
    info=of("journal", "audit_id"),
)

audit_seal = Table(
    "audit_seal",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("first_id", UUID(as_uuid=True), nullable=False),
    Column("last_id", UUID(as_uuid=True), nullable=False),
    Column("count", BigInteger, nullable=False),
    Column("ids", ARRAY(UUID(as_uuid=True)), nullable=False),
    Column("hashes", ARRAY(LargeBinary), nullable=False),
    Column("root", LargeBinary, nullable=False),
    Column("previous", LargeBinary, nullable=False),
    Column("hash", LargeBinary, nullable=False),
    moment("sealed_at"),
    CheckConstraint("number > 0", name="seals_count_from_one"),
    CheckConstraint(
        "count > 0 AND count = cardinality(ids) AND count = cardinality(hashes)", name="a_seal_holds_rows"
    ),
    CheckConstraint(
        "length(root) = 32 AND length(previous) = 32 AND length(hash) = 32", name="a_seal_is_made_of_hashes"
    ),
    comment="A batch of the audit, sealed: the hash of each row, of all of them, and of the seal before it.",
    info=of("reference-journal", None),
)
