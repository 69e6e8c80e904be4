"""The tables of the member code: whose phones show it, which codes were used, and which proved nothing and wait for a person."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Table, Text
from sqlalchemy.dialects.postgresql import ARRAY, UUID

from jifen.domain.check_digits import CardCheck
from jifen.domain.member_code import NUMBER_DIGITS
from jifen.store.columns import among, metadata, moment, of

WHY_FLAGGED = ("wrong", "used", "too_late")

device = Table(
    "device",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("device_id", UUID(as_uuid=True), nullable=False),
    Column("member_id", UUID(as_uuid=True), nullable=False),
    Column("root", Text, nullable=False),
    moment("made_at", default=True),
    moment("ends_at", nullable=True),
    CheckConstraint(
        f"number >= 0 AND number < {10**NUMBER_DIGITS}", name="a_number_of_a_device_has_ten_digits"
    ),
    Index("device_member_id", "member_id"),
    comment="One number under which a member's phone shows codes; the newest of a device, and those before it until they end.",
    info=of("identity", "number"),
)

used_code = Table(
    "used_code",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("step", BigInteger, primary_key=True, autoincrement=False),
    Column("principal_id", UUID(as_uuid=True)),
    moment("opened_at", default=True),
    Column("source", Text),
    Column("business_no", Text),
    Column("reserved", ARRAY(Text), nullable=False),
    CheckConstraint(
        "(source IS NULL) = (business_no IS NULL)", name="a_checkout_ends_with_a_purchase_or_goes_on"
    ),
    Index("used_code_opened_at", "opened_at"),
    comment="A code that opened a checkout: by whom, the purchase that it ended with, and the reservations made in it.",
    info=of("work", "number"),
)

flagged_code = Table(
    "flagged_code",
    metadata,
    Column("flag_id", UUID(as_uuid=True), primary_key=True),
    Column("source", Text, nullable=False),
    Column("business_no", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("principal", Text, nullable=False),
    Column("member_id", UUID(as_uuid=True)),
    moment("shown_at"),
    moment("flagged_at", default=True),
    moment("settled_at", nullable=True),
    Column("settled_by", Text),
    CheckConstraint(among("why", WHY_FLAGGED), name="a_flag_says_why"),
    CheckConstraint(
        "(settled_at IS NULL) = (settled_by IS NULL)", name="who_settled_a_flag_did_so_at_some_time"
    ),
    Index("flagged_code_open", "flagged_at", postgresql_where="settled_at IS NULL"),
    comment="A code that an offline till kept and that proved nothing when it came: a person looks at its purchase.",
    info=of("work", "flag_id"),
)

setting = Table(
    "setting",
    metadata,
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    moment("changed_at", default=True),
    CheckConstraint(
        among("value", CardCheck) + " OR name <> 'card_check'", name="a_check_of_cards_is_a_known_one"
    ),
    comment="One setting of the ledger that is not of the programme, such as which check digit new cards need.",
    info=of("reference", None),
)
