"""The audit: written in the transaction of the act, read by whoever may.

Its times are of the clock, also where the book date lies behind it: who does something does it now.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.audit import ABOUT_MAX, About, Act, AuditRow, Deed, Why, about
from jifen.domain.principal import Principal
from jifen.store.ids import new_id

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from jifen.store.ledger import Connection

PRINCIPAL_MAX = 200
"""Of a principal's name so many characters are kept."""

COLUMNS = """audit_id, happened_at, principal_kind, principal_id, principal, deed, about, why, came_from, count, details"""


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditQuery:
    """Which acts are looked for; None: any.

    Shape
        principal   the name of who acted, or his id in hexadecimal digits
        since       from that moment on; `until`: before that one
    """

    about: str | None = None
    principal: str | None = None
    deed: str | None = None
    since: datetime | None = None
    until: datetime | None = None


async def note_act(connection: Connection, principal: Principal, act: Act) -> UUID:
    """Write down what is done in this very transaction: both are there afterwards, or neither is. Returns the row's id."""
    audit_id = new_id()
    await connection.execute(
        """INSERT INTO audit (audit_id, principal_kind, principal_id, principal, deed, about, why, came_from, count, details)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)""",
        audit_id,
        principal.kind,
        principal.id,
        principal.name[:PRINCIPAL_MAX],
        act.deed,
        list(act.about),
        act.why,
        # Where a member's own phone is says something of a person.
        None if principal.kind == "person" else principal.came_from,
        act.counted,
        dict(act.details),
    )
    return audit_id


async def note_reading(
    connection: Connection, principal: Principal, persons: Sequence[UUID | int], why: Why
) -> None:
    """Write down that somebody reads personal data of these persons, and why: in the transaction that reads it.

    Each person is named, so that he can be told who looked (`read_audit`, about `per_...`). Nothing of him is written down but
    his number, which means nothing alone.
    """
    named = [about(About.PERSON, one) for one in persons]
    for at in range(0, len(named), ABOUT_MAX):
        await note_act(
            connection,
            principal,
            Act(deed=Deed.PERSON_READ, about=tuple(named[at : at + ABOUT_MAX]), why=why),
        )


_WHERE = """($1::text IS NULL OR about @> ARRAY[$1::text])
    AND ($2::text IS NULL OR principal = $2 OR replace(principal_id::text, '-', '') = $2)
    AND ($3::text IS NULL OR deed = $3)
    AND ($4::timestamptz IS NULL OR happened_at >= $4) AND ($5::timestamptz IS NULL OR happened_at < $5)"""


async def read_audit(
    connection: Connection, query: AuditQuery, *, before: UUID | None, limit: int
) -> list[AuditRow]:
    """What was done, newest first, of what is older than the row `before`."""
    rows = await connection.fetch(
        f"""SELECT {COLUMNS} FROM audit WHERE {_WHERE} AND ($6::uuid IS NULL OR audit_id < $6)
            ORDER BY audit_id DESC LIMIT $7""",
        *_asked(query),
        before,
        limit,
    )
    return [AuditRow(**row) for row in rows]


async def walk_audit(connection: Connection, query: AuditQuery) -> AsyncIterator[AuditRow]:
    """All that was done, oldest first, one after the other: for an export, within a transaction."""
    async for row in connection.cursor(
        f"SELECT {COLUMNS} FROM audit WHERE {_WHERE} ORDER BY audit_id", *_asked(query), prefetch=1_000
    ):
        yield AuditRow(**row)


def _asked(query: AuditQuery) -> tuple[Any, ...]:
    return query.about, query.principal, query.deed, query.since, query.until
