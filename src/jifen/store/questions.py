"""Questions, their trail, and what was said. Their times are of the clock: whoever waits for an answer waits now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.principal import Principal
from jifen.domain.questions import APPEALED_WITHIN, Move, Outcome, QuestionKind, QuestionStatus, Step

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Question(NamedTuple):
    """A question as it stands."""

    member_id: UUID
    question_id: UUID
    kind: QuestionKind
    status: QuestionStatus
    sequence: int | None
    part: int | None
    asked_at: datetime
    due_at: datetime | None
    changed_at: datetime
    outcome: Outcome | None


@dataclass(frozen=True, slots=True, kw_only=True)
class QuestionQuery:
    """Which questions are looked for; None: any. `is_overdue`: an answer was due before now."""

    status: QuestionStatus | None = None
    kind: QuestionKind | None = None
    member_id: UUID | None = None
    is_overdue: bool = False


_COLUMNS = "member_id, question_id, kind, status, sequence, part, asked_at, due_at, changed_at, outcome"


def _question(row: Sequence[object]) -> Question:
    kept = Question(*row)  # type: ignore[arg-type]
    return kept._replace(
        kind=QuestionKind(kept.kind),
        status=QuestionStatus(kept.status),
        outcome=Outcome(kept.outcome) if kept.outcome else None,
    )


async def clock_now(connection: Connection) -> datetime:
    """The database's clock."""
    now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    return now


async def has_entry(connection: Connection, member_id: UUID, sequence: int, part: int | None) -> bool:
    """Whether the member has this entry and, where one is named, this posting of it."""
    found: bool = await connection.fetchval(
        """SELECT CASE WHEN $3::smallint IS NULL
                  THEN EXISTS (SELECT FROM member WHERE member_id = $1 AND sequence >= $2)
                  ELSE EXISTS (SELECT FROM posting WHERE member_id = $1 AND sequence = $2 AND part = $3) END""",
        member_id,
        sequence,
        part,
    )
    return found


async def has_correction(connection: Connection, member_id: UUID, sequence: int, after: datetime) -> bool:
    """Whether this entry of the member corrects something by hand, and was made after that moment of the clock."""
    found: bool = await connection.fetchval(
        """SELECT EXISTS (SELECT FROM entry WHERE member_id = $1 AND sequence = $2 AND inserted_at >= $3
                          AND kind IN ('adjust_up', 'adjust_down', 'reverse'))""",
        member_id,
        sequence,
        after,
    )
    return found


async def lock_asker(connection: Connection, member_id: UUID) -> int | None:
    """How many questions of the member are not closed; None: there is no such member. Of two who ask at once one waits."""
    row = await connection.fetchrow("SELECT 1 FROM member WHERE member_id = $1 FOR KEY SHARE", member_id)
    if row is None:
        return None
    await connection.execute(
        "SELECT pg_advisory_xact_lock(hashtext('question'), hashtext($1::text))", str(member_id)
    )
    count: int = await connection.fetchval(
        "SELECT count(*) FROM question WHERE member_id = $1 AND status <> 'closed'", member_id
    )
    return count


async def put_question(connection: Connection, asked: Question) -> None:
    """Keep a question as it stands now."""
    await connection.execute(
        f"""INSERT INTO question ({_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
            ON CONFLICT (member_id, question_id) DO UPDATE
            SET status = excluded.status, due_at = excluded.due_at, changed_at = excluded.changed_at,
                outcome = excluded.outcome""",
        *asked,
    )


async def add_step(
    connection: Connection,
    asked: Question,
    number: int,
    move: Move,
    *,
    by: Principal,
    said: str | None,
    outcome: Outcome | None = None,
    entry: int | None = None,
) -> None:
    """A step of the trail, and what was said in it."""
    await connection.execute(
        """INSERT INTO question_step
           (member_id, question_id, number, move, principal_kind, principal_id, principal, at, outcome, entry)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        asked.member_id,
        asked.question_id,
        number,
        move,
        by.kind,
        by.id,
        by.name,
        asked.changed_at,
        outcome,
        entry,
    )
    if said is not None:
        await connection.execute(
            "INSERT INTO question_text (member_id, question_id, number, said) VALUES ($1, $2, $3, $4)",
            asked.member_id,
            asked.question_id,
            number,
            said,
        )


async def lock_question(connection: Connection, member_id: UUID, question_id: UUID) -> Question | None:
    """A question, locked; None: the member has none such."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM question WHERE member_id = $1 AND question_id = $2 FOR UPDATE",
        member_id,
        question_id,
    )
    return _question(row) if row else None


async def find_question(connection: Connection, member_id: UUID, question_id: UUID) -> Question | None:
    """A question; None: the member has none such."""
    row = await connection.fetchrow(
        f"SELECT {_COLUMNS} FROM question WHERE member_id = $1 AND question_id = $2", member_id, question_id
    )
    return _question(row) if row else None


async def trail_of(
    connection: Connection, member_id: UUID, question_id: UUID
) -> list[tuple[Step, str | None]]:
    """The steps of a question in order, each with what was said; None: nothing was, or it was erased."""
    rows = await connection.fetch(
        """SELECT number, move, principal_kind, principal_id, principal, at, outcome, entry, said
           FROM question_step LEFT JOIN question_text USING (member_id, question_id, number)
           WHERE member_id = $1 AND question_id = $2 ORDER BY number""",
        member_id,
        question_id,
    )
    return [
        (
            Step(
                number=row[0],
                move=Move(row[1]),
                principal_kind=row[2],
                principal_id=row[3],
                principal=row[4],
                at=row[5],
                outcome=Outcome(row[6]) if row[6] else None,
                entry=row[7],
            ),
            row[8],
        )
        for row in rows
    ]


async def read_questions(
    connection: Connection, query: QuestionQuery, *, before: UUID | None, limit: int
) -> list[Question]:
    """Questions, newest first, of what is older than the question `before`."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM question
            WHERE ($1::text IS NULL OR status = $1) AND ($2::text IS NULL OR kind = $2)
              AND ($3::uuid IS NULL OR member_id = $3) AND (NOT $4::boolean OR due_at < clock_timestamp())
              AND ($5::uuid IS NULL OR question_id < $5)
            ORDER BY question_id DESC LIMIT $6""",
        query.status,
        query.kind,
        query.member_id,
        query.is_overdue,
        before,
        limit,
    )
    return [_question(row) for row in rows]


async def count_questions(connection: Connection) -> dict[tuple[str, str], int]:
    """How many questions there are, by kind and where they stand."""
    rows = await connection.fetch("SELECT kind, status, count(*) FROM question GROUP BY kind, status")
    return {(row[0], row[1]): row[2] for row in rows}


async def unappealed(connection: Connection, *, limit: int) -> list[tuple[UUID, UUID]]:
    """Member and question of those that were answered long ago, and against which nobody has appealed."""
    rows = await connection.fetch(
        """SELECT member_id, question_id FROM question
           WHERE status = 'answered' AND changed_at < clock_timestamp() - $1::interval
           ORDER BY changed_at LIMIT $2""",
        APPEALED_WITHIN,
        limit,
    )
    return [(row[0], row[1]) for row in rows]


async def erase_question_texts(connection: Connection, member_id: UUID) -> int:
    """Erase what was said in the questions of a member, with the person who said it; how much. The trail stays."""
    done: str = await connection.execute("DELETE FROM question_text WHERE member_id = $1", member_id)
    return int(done.rpartition(" ")[2])
