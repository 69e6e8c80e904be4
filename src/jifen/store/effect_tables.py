"""The tables of what happens by itself: what entries cause, what could not be done and waits, and who sees to it.

The queue's own tables stand in a schema of their own (`migrations/versions/0004_queue.sql`): they are the library's.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from jifen.domain.effects import EffectKind
from jifen.store.columns import among, member_id, metadata, moment, of, recorded_xid, sequence

TIME = "time"
"""The kind of what is parked where time could not do its part for a member."""


def part() -> Column[object]:
    """Which effect of its entry, from 0."""
    return Column("part", SmallInteger, primary_key=True, autoincrement=False)


effect = Table(
    "effect",
    metadata,
    member_id(),
    sequence(),
    part(),
    Column("kind", Text, nullable=False),
    Column("about", UUID(as_uuid=True), nullable=False),
    Column("to_member", UUID(as_uuid=True)),
    moment("recorded_at"),
    recorded_xid(),
    CheckConstraint(among("kind", EffectKind), name="an_effect_has_a_known_kind"),
    CheckConstraint("part >= 0", name="effects_of_an_entry_are_counted_from_zero"),
    Index("effect_recorded_xid", "recorded_xid", postgresql_using="brin"),
    comment="One thing that an entry causes elsewhere or later, such as the second half of a gift; what it is about, and whom.",
    info=of("journal"),
)

parked = Table(
    "parked",
    metadata,
    member_id(),
    sequence(),
    part(),
    Column("kind", Text, nullable=False),
    moment("since", default=True),
    Column("tries", Integer, nullable=False),
    moment("next_try_at"),
    Column("failure_class", Text, nullable=False),
    Column("failure", Text, nullable=False),
    CheckConstraint(among("kind", [TIME, *EffectKind]), name="what_is_parked_has_a_known_kind"),
    CheckConstraint(f"(kind = '{TIME}') = (sequence = 0)", name="an_effect_is_parked_by_its_entry"),
    CheckConstraint("tries > 0", name="something_is_parked_after_a_try"),
    comment="What could not be done (an effect; sequence 0: what time makes due of a member) and is tried again till it is.",
    info=of("work"),
)

duty = Table(
    "duty",
    metadata,
    Column("name", Text, primary_key=True),
    Column("holder", UUID(as_uuid=True), nullable=False),
    Column("held_by", BigInteger, nullable=False),
    moment("since"),
    moment("held_until"),
    comment="What one serving process does for all, which of them does it, and until when by the database's clock.",
    info=of("work", "name"),
)
