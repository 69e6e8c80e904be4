"""How many persons an operator sees in full within a day, before somebody else agrees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain.audit import About, Deed, about
from jifen.domain.principal import Principal
from jifen.domain.refusals import SecondPersonNeeded
from jifen.store.ids import first_id_since
from jifen.store.operators import find_operator
from jifen.store.proposals import count_reveals_approved
from jifen.store.settings import four_eyes

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

DAY = timedelta(days=1)


async def check_sees_alone(connection: Connection, principal: Principal, persons: Sequence[UUID]) -> None:
    """Refuse an operator who would see more persons within 24 hours than he may alone; he asks for one thing at a time, so that
    two at once do not both pass.

    Refuses
        SecondPersonNeeded   telling how many he sees alone
    """
    rules = await four_eyes(connection)
    if principal.kind != "operator" or principal.id is None or rules.reveals_a_day is None:
        return
    await find_operator(connection, principal.id, is_locked=True)
    seen = await _seen(connection, principal.id)
    more = len({about(About.PERSON, one) for one in persons} - seen)
    approved = await count_reveals_approved(connection, principal.id, within=DAY)
    if not rules.sees_alone(seen=len(seen), more=more, approved=approved):
        most = rules.reveals_a_day * (1 + approved)
        detail = f"{principal.name} saw {len(seen)} persons within 24 hours; for more than {most} another operator agrees"
        raise SecondPersonNeeded(detail, pointer="/member", seen=len(seen), reveals_a_day=most)


async def _seen(connection: Connection, operator_id: UUID) -> set[str]:
    now: datetime = await connection.fetchval("SELECT clock_timestamp()")
    rows = await connection.fetch(
        """SELECT DISTINCT one FROM audit, unnest(about) AS one
           WHERE audit_id >= $1 AND happened_at > $2::timestamptz - $3::interval AND deed = $4
                 AND principal_kind = 'operator' AND principal_id = $5 AND one LIKE 'per\\_%'""",
        first_id_since(now - DAY),
        now,
        DAY,
        Deed.PERSON_READ,
        operator_id,
    )
    return {row[0] for row in rows}
