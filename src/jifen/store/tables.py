"""The schema, as SQLAlchemy Core tables: the one description of what is kept.

Every table is of a class (`info["class"]`), and the application role's rights follow from it (`rights.py`):

journal     insert only: what happened
cache       rebuilt from the journal: insert, update, delete
identity    changed and erased
work        keys, reservations, queues: pruned
reference   small, the same for everybody; on a cluster a copy on each node

`info["distributed_by"]` names the column that a cluster distributes a table by. Days are numbers in the fold and dates
here; amounts and units are BIGINT in the smallest unit.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, UUID

from jifen.domain import events, fold
from jifen.domain.decision import HIT_KEPT_WIDTH
from jifen.domain.verbs import ENTRY_KINDS, POSTS, Status
from jifen.store import further_tables
from jifen.store.columns import (
    among,
    listed,
    member_id,
    metadata,
    moment,
    numbers,
    of,
    recorded_xid,
    sequence,
    words,
)

__all__ = ["LOTS_OF_AN_ACCOUNT", "STATUS_NAMES", "further_tables", "metadata"]

# Lots with higher numbers are found by their day of expiry, in an index of their own.
LOTS_OF_AN_ACCOUNT = 1_000
STATUS_NAMES = tuple(status.name.lower() for status in Status)

revision = Table(
    "revision",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("document", JSONB, nullable=False),
    Column("document_hash", Text, nullable=False),
    Column("numbering", JSONB, nullable=False),
    Column("meaning", JSONB, nullable=False),
    moment("effective_at"),
    moment("published_at"),
    Column("published_by", Text, nullable=False),
    CheckConstraint("number > 0", name="a_revision_is_numbered_from_one"),
    comment="One published state of the programme document; it never changes.",
    info=of("reference-journal", None),
)

revision_text = Table(
    "revision_text",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("text", Text, nullable=False),
    CheckConstraint("octet_length(text) <= 1048576", name="a_revision_is_written_in_a_mebibyte"),
    comment="A revision as it was written. Its comments may say anything, so they stand outside the journal.",
    info=of("reference", None),
)

book = Table(
    "book",
    metadata,
    Column("is_the_book", Boolean, primary_key=True, server_default=text("true")),
    Column("shift_seconds", BigInteger, nullable=False, server_default=text("0")),
    Column("label", Text, nullable=False, server_default=text("''")),
    Column("shards", Integer, nullable=False, server_default=text("1")),
    Column("vault_proof", LargeBinary),
    CheckConstraint("is_the_book", name="there_is_one_book"),
    CheckConstraint("shards > 0", name="members_are_somewhere"),
    CheckConstraint("shift_seconds >= 0", name="the_book_is_never_ahead_of_the_clock"),
    comment="The one row: how far the book date is behind the clock (0 but in a demo), over how many shards members are spread.",
    info=of("reference", None),
)

programme_balance = Table(
    "programme_balance",
    metadata,
    Column("account", Text, primary_key=True),
    Column("currency", SmallInteger, primary_key=True, autoincrement=False),
    Column("units_in", BigInteger, nullable=False),
    Column("units_out", BigInteger, nullable=False),
    comment="Rolled-up balance of one programme account in one currency, up to the checkpoint.",
    info=of("cache", None),
)

checkpoint = Table(
    "checkpoint",
    metadata,
    Column("name", Text, primary_key=True),
    Column("below_xid", BigInteger, nullable=False),
    moment("moved_at", default=True),
    comment="How far one reader of the journal has come: it has seen every transaction below this id.",
    info=of("reference", None),
)

member = Table(
    "member",
    metadata,
    member_id(),
    Column("status", Text, nullable=False, server_default=text("'active'")),
    moment("enrolled_at"),
    Column("joined_day", Integer, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("purchases", Integer, nullable=False),
    Column("last_purchase_day", Integer, nullable=False),
    Column("clock_day", Integer, nullable=False),
    Column("clock_at", BigInteger, nullable=False),
    Column("lots_opened", Integer, nullable=False),
    Column("next_due_day", Integer, nullable=False),
    Column("next_lapse_at", BigInteger, nullable=False),
    moment("next_due_at", nullable=True),
    numbers("balances"),
    numbers("debts"),
    numbers("ladders", type_=Integer),
    Column("days", LargeBinary, nullable=False),
    numbers("tier_history"),
    numbers("counters"),
    numbers("holds"),
    CheckConstraint(among("status", STATUS_NAMES), name="a_member_has_a_known_status"),
    CheckConstraint("sequence >= 0", name="a_sequence_counts_from_one"),
    CheckConstraint("0 <= ALL (debts)", name="a_debt_is_never_negative"),
    CheckConstraint("cardinality(ladders) % 2 = 0", name="a_ladder_has_a_tier_and_a_review"),
    CheckConstraint(
        f"get_byte(days, 2) = {fold.DAYS_COUNTED} + cardinality(ladders) / 2",
        name="a_day_counts_for_each_ladder",
    ),
    CheckConstraint(f"cardinality(tier_history) % {fold.HISTORY_WIDTH} = 0", name="a_tier_row_is_whole"),
    CheckConstraint(f"cardinality(counters) % {fold.COUNTER_WIDTH} = 0", name="a_counter_row_is_whole"),
    CheckConstraint(f"cardinality(holds) % {fold.HOLD_WIDTH} = 0", name="a_hold_row_is_whole"),
    Index("member_next_due_at", "next_due_at", postgresql_where=text("next_due_at IS NOT NULL")),
    postgresql_with={"fillfactor": "70"},
    comment="One member: all that the fold keeps but the lots. The row that is locked. See domain/fold.py, packing.py.",
    info=of("cache"),
)

_LARGE = ("lot_of_a_large_account", "member_id", "expires_on", "number")
lot = Table(
    "lot",
    metadata,
    member_id(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("currency", SmallInteger, nullable=False),
    Column("terms", SmallInteger, nullable=False),
    Column("origin", BigInteger, nullable=False),
    Column("opened", BigInteger, nullable=False),
    Column("left_units", BigInteger, nullable=False),
    Column("held", BigInteger, nullable=False),
    Column("gone", BigInteger, nullable=False),
    Column("expired", BigInteger, nullable=False),
    Column("returned", BigInteger, nullable=False),
    Column("matures_on", Date, nullable=False),
    Column("expires_on", Date),
    CheckConstraint("opened > 0", name="a_lot_is_opened_with_units"),
    CheckConstraint(
        "opened = left_units + held + gone + expired + returned",
        name="every_unit_of_a_lot_is_accounted_for_once",
    ),
    CheckConstraint(
        "left_units >= 0 AND held >= 0 AND expired >= 0 AND returned >= 0",
        name="no_part_of_a_lot_is_negative",
    ),
    CheckConstraint("returned <= opened", name="no_more_of_a_lot_comes_back_than_was_opened"),
    # Others pay nothing for it, and as none of its columns ever changes an update touches no index.
    Index(*_LARGE, postgresql_where=text(f"number > {LOTS_OF_AN_ACCOUNT}")),
    postgresql_with={"fillfactor": "85"},
    comment="Units of one member that one entry (its sequence is the origin) opened under one set of terms.",
    info=of("cache"),
)

posting = Table(
    "posting",
    metadata,
    member_id(),
    sequence(),
    Column("part", SmallInteger, primary_key=True, autoincrement=False),
    Column("currency", SmallInteger, nullable=False),
    Column("verb", Text, nullable=False),
    Column("account", Text, nullable=False),
    Column("is_credit", Boolean, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("balance_after", BigInteger, nullable=False),
    Column("terms", SmallInteger, nullable=False),
    listed("reasons"),
    Column("lot", Integer),
    Column("revision", Integer, nullable=False),
    *words("funder", "store", "channel", "actor"),
    moment("occurred_at"),
    moment("recorded_at"),
    recorded_xid(),
    CheckConstraint("units > 0", name="a_posting_moves_something"),
    CheckConstraint(
        among(
            "(verb || ' ' || account || ' ' || is_credit::text)",
            (f"{one.name} {one.account} {str(one.is_credit).lower()}" for one in POSTS),
        ),
        name="a_verb_moves_between_the_member_and_its_own_account",
    ),
    CheckConstraint(
        "reasons <> '{}' AND cardinality(reasons::bigint[]) % 3 = 0",
        name="every_posting_says_why",
    ),
    Index("posting_recorded_xid", "recorded_xid", postgresql_using="brin"),
    comment="One movement of units between one account of one member and one account of the programme: both legs in a row.",
    info=of("journal"),
)

purchase = Table(
    "purchase",
    metadata,
    member_id(),
    sequence(),
    Column("purchase_id", UUID(as_uuid=True), nullable=False),
    Column("source", Text, nullable=False),
    Column("business_no", Text, nullable=False),
    *words("store", "till", "cashier", "channel"),
    moment("occurred_at"),
    moment("recorded_at"),
    moment("inserted_at", default=True),
    Column("occurred_on", Date, nullable=False),
    Column("weekday", SmallInteger, nullable=False),
    Column("hour", SmallInteger, nullable=False),
    Column("store_date", Integer, nullable=False),
    Column("money", Text, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    Column("payments", JSONB),
    Column("tags", ARRAY(Text)),
    Column("lines", JSONB, nullable=False),
    listed("masks"),
    listed("hits"),
    listed("legs", nullable=True),
    listed("moves"),
    Column("revision", Integer, nullable=False),
    listed("judged_tiers"),
    listed("tiers_after"),
    listed("balances_after"),
    Column("actor", Text),
    recorded_xid(),
    CheckConstraint("amount_minor >= 0", name="a_purchase_is_not_negative"),
    CheckConstraint("recorded_at >= occurred_at", name="a_purchase_is_recorded_after_it_occurred"),
    CheckConstraint(f"cardinality(hits::bigint[]) % {HIT_KEPT_WIDTH} = 0", name="a_hit_row_is_whole"),
    CheckConstraint(f"cardinality(legs::bigint[]) % {events.LEG_KEPT_WIDTH} = 0", name="a_leg_is_whole"),
    CheckConstraint(f"cardinality(moves::bigint[]) % {fold.MOVE_WIDTH} = 0", name="a_movement_is_whole"),
    Index("purchase_purchase_id", "purchase_id"),
    Index("purchase_recorded_xid", "recorded_xid", postgresql_using="brin"),
    comment="One sale of one member with its lines and all that it was judged by. An entry of the fold.",
    info=of("journal"),
)

purchase_return = Table(
    "purchase_return",
    metadata,
    member_id(),
    sequence(),
    Column("return_id", UUID(as_uuid=True), nullable=False),
    Column("purchase_member_id", UUID(as_uuid=True), nullable=False),
    Column("purchase_sequence", BigInteger, nullable=False),
    Column("is_void", Boolean, nullable=False),
    Column("is_whole", Boolean, nullable=False),
    Column("lines", JSONB, nullable=False),
    Column("amount_minor", BigInteger, nullable=False),
    listed("hits"),
    listed("moves"),
    listed("forgiven"),
    *words("store", "till", "cashier", "channel", "actor"),
    moment("occurred_at"),
    moment("recorded_at"),
    moment("inserted_at", default=True),
    listed("tiers_after"),
    listed("balances_after"),
    recorded_xid(),
    CheckConstraint("amount_minor >= 0", name="a_return_is_not_negative"),
    CheckConstraint(f"cardinality(hits::bigint[]) % {HIT_KEPT_WIDTH} = 0", name="a_hit_row_is_whole"),
    CheckConstraint(f"cardinality(moves::bigint[]) % {fold.MOVE_WIDTH} = 0", name="a_movement_is_whole"),
    Index("purchase_return_purchase_sequence", "purchase_member_id", "purchase_sequence"),
    Index("purchase_return_recorded_xid", "recorded_xid", postgresql_using="brin"),
    comment="Part or all of one purchase coming back. An entry of the fold.",
    info=of("journal"),
)

entry = Table(
    "entry",
    metadata,
    member_id(),
    sequence(),
    Column("entry_id", UUID(as_uuid=True), nullable=False),
    Column("kind", Text, nullable=False),
    Column("currency", SmallInteger),
    Column("units", BigInteger),
    Column("origin", BigInteger),
    Column("value", SmallInteger),
    Column("pieces", Integer),
    Column("counterpart_id", UUID(as_uuid=True)),
    Column("gift_id", UUID(as_uuid=True)),
    listed("slices", nullable=True),
    moment("lapses_at", nullable=True),
    listed("hits", nullable=True),
    listed("carried", nullable=True),
    listed("moves"),
    Column("revision", Integer, nullable=False),
    *words("store", "channel", "actor"),
    moment("occurred_at"),
    moment("recorded_at"),
    moment("inserted_at", default=True),
    listed("tiers_after"),
    listed("balances_after"),
    recorded_xid(),
    CheckConstraint(among("kind", ENTRY_KINDS), name="an_entry_has_a_known_kind"),
    CheckConstraint(f"cardinality(moves::bigint[]) % {fold.MOVE_WIDTH} = 0", name="a_movement_is_whole"),
    CheckConstraint("units IS NULL OR units > 0", name="an_entry_moves_something"),
    CheckConstraint("pieces > 0", name="an_entry_of_pieces_has_some"),
    CheckConstraint(f"cardinality(hits::bigint[]) % {HIT_KEPT_WIDTH} = 0", name="a_hit_row_is_whole"),
    Index("entry_gift_in", "member_id", "gift_id", unique=True, postgresql_where=text("kind = 'gift_in'")),
    Index(
        "entry_reversed_once", "member_id", "origin", unique=True, postgresql_where=text("kind = 'reverse'")
    ),
    Index("entry_carry", "member_id", postgresql_where=text("kind IN ('carry_out', 'carry_in')")),
    Index("entry_carried_from", "counterpart_id", postgresql_where=text("kind = 'carry_in'")),
    CheckConstraint(
        "(carried IS NULL) = (kind NOT IN ('carry_out', 'carry_in'))",
        name="what_is_carried_is_told_on_both_sides",
    ),
    Index("entry_recorded_xid", "recorded_xid", postgresql_using="brin"),
    comment="One thing other than a sale or a return that happened to one member. An entry of the fold.",
    info=of("journal"),
)

reservation = Table(
    "reservation",
    metadata,
    member_id(),
    Column("reservation_id", UUID(as_uuid=True), primary_key=True),
    Column("sequence", BigInteger, nullable=False),
    Column("currency", SmallInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("status", Text, nullable=False),
    moment("lapses_at"),
    CheckConstraint(
        among("status", ("open", "committed", "released", "lapsed")), name="a_reservation_has_a_known_status"
    ),
    CheckConstraint("units > 0", name="a_reservation_holds_something"),
    Index("reservation_reservation_id", "reservation_id"),
    comment="Units promised to a redemption at the till until it is committed, released or lapses.",
    info=of("work"),
)

gift = Table(
    "gift",
    metadata,
    member_id(),
    Column("gift_id", UUID(as_uuid=True), primary_key=True),
    Column("receiver_id", UUID(as_uuid=True), nullable=False),
    Column("currency", SmallInteger, nullable=False),
    Column("units", BigInteger, nullable=False),
    Column("slices", ARRAY(BigInteger), nullable=False),
    Column("status", Text, nullable=False),
    moment("given_at"),
    Column("units_back", BigInteger),
    CheckConstraint(
        "status IN ('in_transit', 'received', 'going_back', 'gone_back')", name="a_gift_has_a_known_status"
    ),
    CheckConstraint(
        "(units_back IS NULL) = (status IN ('in_transit', 'received')) AND units_back BETWEEN 0 AND units",
        name="no_more_of_a_gift_goes_back_than_was_given",
    ),
    CheckConstraint("member_id <> receiver_id", name="nobody_gives_to_himself"),
    Index("gift_in_transit", "given_at", postgresql_where=text("status = 'in_transit'")),
    Index("gift_going_back", "given_at", postgresql_where=text("status = 'going_back'")),
    comment="Units on their way from one member (member_id) to another; a job finishes what a dead process left.",
    info=of("work"),
)

carried_lot = Table(
    "carried_lot",
    metadata,
    member_id(),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("first_member_id", UUID(as_uuid=True), nullable=False),
    Column("first_number", Integer, nullable=False),
    Index("carried_lot_first", "member_id", "first_member_id", "first_number", unique=True),
    comment="A lot that another member was granted first, and under which number: a later return of his finds it.",
    info=of("cache"),
)

purchase_key = Table(
    "purchase_key",
    metadata,
    Column("business_no", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("member_id", UUID(as_uuid=True)),
    Column("sequence", BigInteger),
    moment("recorded_at"),
    CheckConstraint(
        "(member_id IS NULL) = (sequence IS NULL)", name="a_key_names_a_purchase_or_a_receipt_of_nobody"
    ),
    comment="The key under which a purchase came in, and whose it became: of nobody without member, only claimed at sequence 0.",
    info=of("work", "business_no"),
)

unclaimed_purchase = Table(
    "unclaimed_purchase",
    metadata,
    Column("business_no", Text, primary_key=True),
    Column("source", Text, primary_key=True),
    Column("body", JSONB, nullable=False),
    Column("returned", JSONB, nullable=False, server_default=text("'{}'")),
    Column("is_void", Boolean, nullable=False, server_default=text("false")),
    moment("occurred_at"),
    moment("recorded_at"),
    comment="A receipt of nobody (and what of its lines came back meanwhile), until a member claims it.",
    info=of("work", "business_no"),
)

request_key = Table(
    "request_key",
    metadata,
    Column("key", Text, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("answer", JSONB),
    moment("recorded_at"),
    Column("member_id", UUID(as_uuid=True)),
    CheckConstraint(
        "(member_id IS NULL) <> (answer IS NULL)", name="a_key_has_its_answer_or_says_where_it_is"
    ),
    comment="An Idempotency-Key that has had its effect, with the answer given; on a cluster, of whom it is claimed for.",
    info=of("work", "key"),
)

member_answer = Table(
    "member_answer",
    metadata,
    member_id(),
    Column("key", Text, primary_key=True),
    Column("body_hash", LargeBinary, nullable=False),
    Column("answer", JSONB, nullable=False),
    moment("recorded_at"),
    comment="On a cluster: the answer to an Idempotency-Key, beside what it did of a member.",
    info=of("work"),
)

backtest = Table(
    "backtest",
    metadata,
    Column("backtest_id", UUID(as_uuid=True), primary_key=True),
    Column("state", Text, nullable=False),
    Column("question", JSONB, nullable=False),
    Column("asked_by", Text, nullable=False),
    moment("asked_at", default=True),
    moment("started_at", nullable=True),
    moment("ended_at", nullable=True),
    Column("stage", Text),
    Column("percent", SmallInteger, nullable=False, server_default=text("0")),
    Column("seconds_left", Integer),
    Column("missing", JSONB),
    Column("failure", JSONB),
    CheckConstraint(
        "state IN ('waiting', 'running', 'done', 'failed', 'cancelled')", name="a_backtest_has_a_known_state"
    ),
    CheckConstraint(
        "(ended_at IS NULL) = (state IN ('waiting', 'running'))", name="a_backtest_that_is_over_has_an_end"
    ),
    CheckConstraint("(failure IS NULL) = (state <> 'failed')", name="a_backtest_that_failed_says_why"),
    comment="One back-test that the API was asked for, how far it is and how it ended; removed after 30 days.",
    info=of("work", "backtest_id"),
)

backtest_report = Table(
    "backtest_report",
    metadata,
    Column("backtest_id", UUID(as_uuid=True), primary_key=True),
    Column("form", Text, primary_key=True),
    Column("language", Text, primary_key=True),
    Column("content", LargeBinary, nullable=False),
    CheckConstraint("form IN ('html', 'xlsx', 'json')", name="a_report_has_a_known_form"),
    CheckConstraint("language ~ '^([a-z]{2,3}(-[A-Za-z]{2,4})?)?$'", name="a_report_has_a_language_or_none"),
    comment="A back-test's report in one form and language ('' for JSON, which has none); removed with its back-test.",
    info=of("work", "backtest_id"),
)

note = Table(
    "note",
    metadata,
    member_id(),
    sequence(),
    Column("text", Text, nullable=False),
    comment="What somebody wrote beside an entry. It may say anything, so it stands outside the journal and can be erased.",
    info=of("identity"),
)
