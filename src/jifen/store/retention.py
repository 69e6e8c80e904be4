"""What has outlived its period, by class: counted, and let go in pieces."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Final, NamedTuple
from uuid import UUID

from jifen.domain.retention import HORIZON_DAYS, DataClass

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

PREFIX: Final = "retention."


class _Old(NamedTuple):
    """Rows of a table, by their key, that are older than $1."""

    table: str
    key: str
    rows: str


_CLOSED: Final = """person n JOIN member m USING (member_id)
    WHERE m.status = 'closed'
          AND (SELECT max(e.recorded_at) FROM entry e WHERE e.member_id = m.member_id AND e.kind = 'state') < $1"""

_OLD: Final[Mapping[DataClass, tuple[_Old, ...]]] = MappingProxyType(
    {
        DataClass.OPERATOR_SESSIONS: (
            _Old("operator_session", "session_id", "operator_session WHERE least(ended_at, expires_at) < $1"),
        ),
        DataClass.MEMBER_SESSIONS: (
            _Old("person_session", "session_id", "person_session WHERE least(ended_at, expires_at) < $1"),
        ),
        DataClass.PASSKEYS: (
            _Old(
                "passkey",
                "passkey_id",
                "passkey JOIN operator o USING (operator_id) WHERE o.disabled_at < $1",
            ),
        ),
        DataClass.ANSWERS: (
            _Old("request_key", "key", "request_key WHERE recorded_at < $1"),
            _Old("member_answer", "member_id, key", "member_answer WHERE recorded_at < $1"),
        ),
        DataClass.RECEIPTS: (
            _Old(
                "unclaimed_purchase",
                "business_no, source",
                "unclaimed_purchase WHERE greatest(occurred_at, recorded_at) < $1",
            ),
        ),
        DataClass.FLAGS: (_Old("flagged_code", "flag_id", "flagged_code WHERE settled_at < $1"),),
        DataClass.NOTES: (
            _Old(
                "note",
                "member_id, sequence",
                """note LEFT JOIN entry e USING (member_id, sequence) LEFT JOIN purchase u USING (member_id, sequence)
                   LEFT JOIN purchase_return r USING (member_id, sequence)
                   WHERE coalesce(e.recorded_at, u.recorded_at, r.recorded_at) < $1""",
            ),
            _Old(
                "event_text",
                "member_id, sequence",
                "event_text JOIN entry e USING (member_id, sequence) WHERE e.recorded_at < $1",
            ),
        ),
        DataClass.QUESTIONS: (
            _Old(
                "question_text",
                "member_id, question_id, number",
                """question_text JOIN question q USING (member_id, question_id)
                   WHERE q.status = 'closed' AND q.changed_at < $1""",
            ),
        ),
    }
)
BY_BOOK_TIME: Final = frozenset(
    {DataClass.ANSWERS, DataClass.RECEIPTS, DataClass.NOTES, DataClass.QUESTIONS, DataClass.CLOSED_MEMBERS}
)
"""Whose moments are the book's; those of the others are of the clock."""


async def count_old(connection: Connection, kind: DataClass, before: datetime) -> int:
    """How many rows of a class are older than that."""
    if kind is DataClass.CLOSED_MEMBERS:
        found: int = await connection.fetchval(f"SELECT count(DISTINCT n.member_id) FROM {_CLOSED}", before)
        return found
    counted = 0
    for one in _OLD[kind]:
        counted += await connection.fetchval(f"SELECT count(*) FROM {one.rows}", before)
    return counted


async def let_go(connection: Connection, kind: DataClass, before: datetime, *, limit: int) -> int:
    """Let rows of a class go that are older than that, so many of a table at most; how many they were."""
    gone = 0
    for one in _OLD[kind]:
        same = " AND ".join(f"t.{column} = old.{column}" for column in one.key.split(", "))
        letting = f"""WITH old AS (SELECT {one.key} FROM {one.rows} LIMIT $2),
                           gone AS (DELETE FROM {one.table} t USING old WHERE {same} RETURNING {_of_t(one.key)})"""
        if kind is DataClass.RECEIPTS:  # with the key that names it: law 5 holds one to the other
            letting += """, keys AS (DELETE FROM purchase_key k USING gone WHERE k.member_id IS NULL
                          AND k.business_no = gone.business_no AND k.source = gone.source)"""
        gone += await connection.fetchval(f"{letting} SELECT count(*) FROM gone", before, limit)
    return gone


def _of_t(key: str) -> str:
    return ", ".join(f"t.{column}" for column in key.split(", "))


async def closed_before(connection: Connection, before: datetime, *, limit: int) -> list[UUID]:
    """Members who were closed before that, and of whom somebody is still known."""
    rows = await connection.fetch(f"SELECT DISTINCT n.member_id FROM {_CLOSED} LIMIT $2", before, limit)
    return [row["member_id"] for row in rows]


async def days_said(connection: Connection) -> dict[str, int]:
    """The periods that were set, by class."""
    rows = await connection.fetch("SELECT name, value FROM setting WHERE name LIKE 'retention.%'")
    return {row["name"].removeprefix(PREFIX): int(row["value"]) for row in rows}


async def horizon_days(connection: Connection) -> int:
    """How long after its moment a message may come, by the longest that any revision lets a source be late."""
    longest = await connection.fetchval(
        """SELECT max(days::text::int)
           FROM revision, jsonb_path_query(document, '$.limits.late_days.** ? (@.type() == "number")') AS days"""
    )
    return max(HORIZON_DAYS, longest or 0)
