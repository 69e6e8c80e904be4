"""Retention: how long each class of data is kept, how much has outlived that, and letting it go."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.audit import Act, Deed, Detail
from jifen.domain.principal import Principal
from jifen.domain.retention import NEVER, DataClass, PeriodReason, check_days, days_kept, least_days
from jifen.store.audit import note_act
from jifen.store.retention import (
    BY_BOOK_TIME,
    PREFIX,
    closed_before,
    count_old,
    days_said,
    horizon_days,
    let_go,
)
from jifen.store.settings import set_number

if TYPE_CHECKING:
    from jifen.store.ledger import Clock, Connection, Ledger

AT_ONCE = 5_000
"""So many rows of a table go in one piece: a transaction of a moment, while everybody else goes on."""


class Kept(NamedTuple):
    """A class: how many days it is kept (0: for good), whether somebody said so, the least that may be said, and how much has
    outlived it."""

    kind: DataClass
    days: int
    is_default: bool
    least: int
    due: int


async def read_retention(ledger: Ledger, *, ahead: timedelta = timedelta()) -> list[Kept]:
    """Every class, with what is due now, or so far ahead."""
    async with ledger.reading() as connection:
        said, horizon = await days_said(connection), await horizon_days(connection)
        clock = await ledger.clock(connection)
        found = []
        for kind in DataClass:
            days = days_kept(kind, said.get(kind), horizon)
            before = _before(kind, days, clock, ahead)
            due = 0 if before is None else await count_old(connection, kind, before)
            found.append(Kept(kind, days, kind not in said, least_days(kind, horizon), due))
    return found


async def apply_retention(
    ledger: Ledger, *, principal: Principal, ahead: timedelta = timedelta()
) -> dict[DataClass, int]:
    """How much of each class has gone, a piece of each; all but closed members, whom erasing lets go (`closed_due`)."""
    gone: dict[DataClass, int] = {}
    for kind in DataClass:
        if kind is DataClass.CLOSED_MEMBERS:
            continue
        async with ledger.transaction() as connection:
            before = await _cutoff(ledger, connection, kind, ahead)
            done = 0 if before is None else await let_go(connection, kind, before, limit=AT_ONCE)
            if done:
                details: dict[str, Detail] = {"class": str(kind)}
                await note_act(
                    connection, principal, Act(deed=Deed.RETENTION_APPLIED, count=done, details=details)
                )
        gone[kind] = done
    return gone


async def closed_due(ledger: Ledger, *, limit: int, ahead: timedelta = timedelta()) -> list[UUID]:
    """Members who are closed for so long that who they are is let go."""
    async with ledger.reading() as connection:
        before = await _cutoff(ledger, connection, DataClass.CLOSED_MEMBERS, ahead)
        return [] if before is None else await closed_before(connection, before, limit=limit)


async def count_due(ledger: Ledger, kind: DataClass, days: int) -> int:
    """How much of a class would go if it were kept so many days: looked at before it is set.

    Refuses
        FieldWrong   less than the least, or more than a hundred years
    """
    async with ledger.reading() as connection:
        horizon = await horizon_days(connection)
        check_days(kind, days, horizon)
        before = _before(kind, days, await ledger.clock(connection), timedelta())
        return 0 if before is None else await count_old(connection, kind, before)


async def change_retention(
    ledger: Ledger, kind: DataClass, days: int, *, reason: PeriodReason, principal: Principal
) -> int:
    """How many days the class was kept before. 0 lets nothing go. What is so already is not written down again.

    Refuses
        FieldWrong          less than the least, or more than a hundred years
        StoreNotPermitted   who asks is bound to stores: a period is of all of them
    """
    principal.check_unbound(pointer="/path/class")
    async with ledger.transaction() as connection:
        horizon = await horizon_days(connection)
        check_days(kind, days, horizon)
        before = days_kept(kind, (await days_said(connection)).get(kind), horizon)
        if (await days_said(connection)).get(kind) != days:
            await set_number(connection, f"{PREFIX}{kind}", days)
            details: dict[str, Detail] = {
                "setting": f"{PREFIX}{kind}",
                "before": before,
                "after": days,
                "reason": str(reason),
            }
            await note_act(connection, principal, Act(deed=Deed.SETTING_CHANGED, details=details))
    return before


async def _cutoff(
    ledger: Ledger, connection: Connection, kind: DataClass, ahead: timedelta
) -> datetime | None:
    said, horizon = await days_said(connection), await horizon_days(connection)
    return _before(kind, days_kept(kind, said.get(kind), horizon), await ledger.clock(connection), ahead)


def _before(kind: DataClass, days: int, clock: Clock, ahead: timedelta) -> datetime | None:
    if days == NEVER:
        return None
    now = clock.now if kind in BY_BOOK_TIME else clock.true_now
    return now + ahead - timedelta(days=days)
