"""The tables of rewards: stocks and how they were counted, redemptions, and what of a stock came back."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Index,
    Integer,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import UUID

from jifen.domain.rewards import STATES, StockReason
from jifen.store.columns import among, member_id, metadata, moment, of, sequence

FIRST_STOCK = 1_000_000
"""Pools that are stocks are numbered from here on, those that are budgets below."""

stock = Table(
    "stock",
    metadata,
    Column("pool", Integer, primary_key=True, autoincrement=False),
    Column("reward", SmallInteger, nullable=False),
    Column("store", Text, nullable=False),
    CheckConstraint(f"pool >= {FIRST_STOCK}", name="a_stock_is_no_budget"),
    Index("stock_reward_store", "reward", "store", unique=True),
    comment="The pool that is the stock of a reward, at one store or ('') for all of them.",
    info=of("reference-journal", None),
)

stock_change = Table(
    "stock_change",
    metadata,
    Column("pool", Integer, primary_key=True, autoincrement=False),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("pieces", BigInteger, nullable=False),
    Column("reason", Text, nullable=False),
    moment("changed_at"),
    Column("changed_by", Text, nullable=False),
    CheckConstraint("pieces <> 0", name="a_change_of_a_stock_changes_it"),
    CheckConstraint("number > 0", name="changes_of_a_stock_are_counted_from_one"),
    CheckConstraint(among("reason", StockReason), name="a_stock_changes_for_a_known_reason"),
    comment="Pieces that came into a stock or left it otherwise than by redemptions: what there is in all is their sum.",
    info=of("reference-journal", None),
)

pool_back = Table(
    "pool_back",
    metadata,
    member_id(),
    sequence(),
    Column("lease_id", UUID(as_uuid=True), primary_key=True),
    Column("pool", Integer, nullable=False),
    Column("units", BigInteger, nullable=False),
    CheckConstraint("units > 0", name="what_comes_back_to_a_pool_is_something"),
    Index("pool_back_pool", "pool"),
    comment="What an entry drew from a stock (pool_use) and that is there again: it was cancelled, lapsed or came back.",
    info=of("journal"),
)

redemption = Table(
    "redemption",
    metadata,
    member_id(),
    Column("redemption_id", UUID(as_uuid=True), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("reward", SmallInteger, nullable=False),
    Column("pieces", Integer, nullable=False),
    Column("currency", SmallInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("is_kept", Boolean, nullable=False),
    Column("store", Text),
    Column("code", Text),
    Column("status", Text, nullable=False),
    moment("redeemed_at"),
    moment("until_at", nullable=True),
    CheckConstraint(among("status", STATES), name="a_redemption_has_a_known_status"),
    CheckConstraint("pieces > 0 AND units > 0", name="a_redemption_is_of_something"),
    CheckConstraint("amount_minor >= 0", name="nobody_is_paid_to_redeem"),
    CheckConstraint(
        "is_kept = (code IS NOT NULL) AND is_kept = (until_at IS NOT NULL)",
        name="what_is_kept_is_picked_up_by_a_code_until_a_moment",
    ),
    Index("redemption_sequence", "member_id", "sequence", unique=True),
    Index("redemption_redemption_id", "redemption_id"),
    Index("redemption_code", "code", postgresql_where=text("code IS NOT NULL")),
    Index("redemption_waiting", "redeemed_at", postgresql_where=text("status = 'waiting'")),
    comment="A reward that a member took for units: by which entry, and where it stands.",
    info=of("work"),
)
