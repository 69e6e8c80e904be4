"""The table of switches: what was stopped at once, and let go on. A part of the schema (`store/tables.py`)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, Table, Text

from jifen.domain.switches import SwitchKind
from jifen.store.columns import among, metadata, moment, of

switch = Table(
    "switch",
    metadata,
    Column("number", BigInteger, primary_key=True, autoincrement=False),
    Column("kind", Text, nullable=False),
    Column("code", Text, nullable=False),
    Column("is_off", Boolean, nullable=False),
    moment("switched_at"),
    Column("switched_by", Text, nullable=False),
    CheckConstraint(among("kind", SwitchKind), name="what_is_switched_is_a_rule_or_a_store"),
    CheckConstraint("number > 0", name="turns_of_switches_are_counted"),
    comment="One turn of a switch: from this moment on a rule, a store or a reward gives or books nothing, or does so again.",
    info=of("reference-journal", None),
)
