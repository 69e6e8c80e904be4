"""The tables of households: invitations, merges that may be undone, what makes two members alike, and who was told apart."""

from __future__ import annotations

from sqlalchemy import ARRAY, BigInteger, CheckConstraint, Column, Index, LargeBinary, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from jifen.domain.duplicates import LIKENESSES
from jifen.store.columns import among, metadata, moment, of

household_invitation = Table(
    "household_invitation",
    metadata,
    Column("invitation_id", UUID(as_uuid=True), primary_key=True),
    Column("code_mark", LargeBinary, nullable=False),
    Column("member_id", UUID(as_uuid=True), nullable=False),
    Column("invited_by", UUID(as_uuid=True), nullable=False),
    Column("role", Text, nullable=False),
    moment("made_at", default=True),
    moment("expires_at"),
    moment("used_at", nullable=True),
    moment("called_off_at", nullable=True),
    CheckConstraint("role IN ('adult', 'child')", name="an_invitation_makes_nobody_head"),
    CheckConstraint("used_at IS NULL OR called_off_at IS NULL", name="an_invitation_ends_once"),
    Index("household_invitation_code_mark", "code_mark", unique=True),
    Index("household_invitation_member_id", "member_id"),
    comment="A code by which somebody joins a household, of which only a keyed mark is kept: good once, until it ends.",
    info=of("work", None),
)

merged_member = Table(
    "merged_member",
    metadata,
    Column("member_id", UUID(as_uuid=True), primary_key=True),
    Column("into_id", UUID(as_uuid=True), nullable=False),
    Column("sequence", BigInteger, nullable=False),  # of the carry_out
    Column("into_sequence", BigInteger, nullable=False),  # of the carry_in
    Column("persons", ARRAY(UUID(as_uuid=True)), nullable=False),
    Column("devices", ARRAY(UUID(as_uuid=True)), nullable=False),
    moment("merged_at"),
    Column("undone_as", UUID(as_uuid=True)),
    Index("merged_member_into_id", "into_id"),
    comment="Which persons and phones went over in a merge, and the member that they became where it was undone.",
    info=of("work", "member_id"),
)

likeness = Table(
    "likeness",
    metadata,
    Column("person_id", UUID(as_uuid=True), primary_key=True),
    Column("kind", Text, primary_key=True),
    Column("mark", LargeBinary, primary_key=True),
    CheckConstraint(among("kind", LIKENESSES), name="a_likeness_has_a_known_kind"),
    Index("likeness_mark", "mark", "kind"),
    comment="What a person has alike with another who may be the same: a mark under the ledger's own key.",
    info=of("identity", "person_id"),
)

told_apart = Table(
    "told_apart",
    metadata,
    Column("first_id", UUID(as_uuid=True), primary_key=True),
    Column("second_id", UUID(as_uuid=True), primary_key=True),
    Column("told_by", Text, nullable=False),
    moment("told_at", default=True),
    CheckConstraint("first_id < second_id", name="a_pair_stands_once"),
    comment="Two members of whom somebody said that they are not the same.",
    info=of("work", None),
)

__all__ = ["household_invitation", "likeness", "merged_member", "told_apart"]
