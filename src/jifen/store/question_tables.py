"""The tables of questions and complaints: where each stands, its trail, and apart from it what was said."""

from __future__ import annotations

from sqlalchemy import BigInteger, CheckConstraint, Column, Index, Integer, SmallInteger, Table, Text
from sqlalchemy.dialects.postgresql import UUID

from jifen.domain.questions import Move, Outcome, QuestionKind, QuestionStatus
from jifen.store.columns import among, member_id, metadata, moment, of


def _question_id() -> Column[object]:
    return Column("question_id", UUID(as_uuid=True), primary_key=True)


def _number() -> Column[object]:
    return Column("number", Integer, primary_key=True, autoincrement=False)


question = Table(
    "question",
    metadata,
    member_id(),
    _question_id(),
    Column("kind", Text, nullable=False),
    Column("status", Text, nullable=False),
    Column("sequence", BigInteger),
    Column("part", SmallInteger),
    moment("asked_at"),
    moment("due_at", nullable=True),
    moment("changed_at"),
    Column("outcome", Text),
    CheckConstraint(among("kind", QuestionKind), name="a_question_is_of_a_known_kind"),
    CheckConstraint(among("status", QuestionStatus), name="a_question_stands_somewhere"),
    CheckConstraint(among("outcome", Outcome), name="an_answer_comes_to_something"),
    CheckConstraint("part IS NULL OR sequence IS NOT NULL", name="a_part_is_of_an_entry"),
    CheckConstraint(
        "(due_at IS NOT NULL) = (status = ANY ('{open,appealed}'::text[]))",
        name="what_waits_for_an_answer_is_due",
    ),
    Index("question_due", "due_at", postgresql_where="due_at IS NOT NULL"),
    comment="One question or complaint of a member, the entry that it is about, and where it stands.",
    info=of("work"),
)

question_step = Table(
    "question_step",
    metadata,
    member_id(),
    _question_id(),
    _number(),
    Column("move", Text, nullable=False),
    Column("principal_kind", Text, nullable=False),
    Column("principal_id", UUID(as_uuid=True)),
    Column("principal", Text, nullable=False),
    moment("at"),
    Column("outcome", Text),
    Column("entry", BigInteger),
    CheckConstraint(among("move", Move), name="a_step_is_a_known_one"),
    CheckConstraint(
        "(outcome IS NOT NULL) = (move = 'answered')", name="an_answer_and_nothing_else_has_an_outcome"
    ),
    CheckConstraint(
        "(entry IS NOT NULL) = (outcome IS NOT DISTINCT FROM 'corrected')",
        name="what_was_corrected_names_the_entry",
    ),
    comment="One step of a question's trail: asked, answered, appealed, closed; by whom, and the entry that corrected something.",
    info=of("journal"),
)

question_text = Table(
    "question_text",
    metadata,
    member_id(),
    _question_id(),
    _number(),
    Column("said", Text, nullable=False),
    comment="What was said in a step of a question. Kept apart from it, so that it can be erased with the person.",
    info=of("identity"),
)
