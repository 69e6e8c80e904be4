"""What has outlived its period goes, hour by hour: rows of each class, and who closed members were."""

from __future__ import annotations

from datetime import timedelta

from jifen.domain.principal import JOB, Principal
from jifen.domain.refusals import PersonUnknown
from jifen.domain.retention import DataClass
from jifen.operations.apply_retention import AT_ONCE, apply_retention, closed_due
from jifen.operations.erase_person import erase_person
from jifen.store.ids import new_id
from jifen.store.ledger import Ledger
from jifen.store.once import Once

MEMBERS_AT_ONCE = 100


async def keep_retention(ledger: Ledger) -> int:
    """A piece of what is due; whether one class may have more (AT_ONCE), so that the next piece follows at once."""
    return AT_ONCE if _has_more(await let_go_once(ledger, principal=JOB)) else 0


async def let_go_once(
    ledger: Ledger, *, principal: Principal, ahead: timedelta = timedelta()
) -> dict[DataClass, int]:
    """A piece of what is due in each class; how much has gone."""
    gone = await apply_retention(ledger, principal=principal, ahead=ahead)
    erased = 0
    for member_id in await closed_due(ledger, limit=MEMBERS_AT_ONCE, ahead=ahead):
        once = Once(key=f"retention:{new_id().hex}", body_hash=member_id.bytes)
        try:
            await erase_person(ledger, member_id, once, confirmed=member_id, principal=principal)
        except PersonUnknown:
            continue  # he asked for it himself a moment ago
        erased += 1
    return {**gone, DataClass.CLOSED_MEMBERS: erased}


def _has_more(gone: dict[DataClass, int]) -> bool:
    return gone[DataClass.CLOSED_MEMBERS] >= MEMBERS_AT_ONCE or max(gone.values()) >= AT_ONCE


async def let_go(
    ledger: Ledger, *, principal: Principal, ahead: timedelta = timedelta()
) -> dict[DataClass, int]:
    """Everything that is due; how much of each class has gone. For commands and tests."""
    total = dict.fromkeys(DataClass, 0)
    while True:
        gone = await let_go_once(ledger, principal=principal, ahead=ahead)
        total = {kind: total[kind] + gone[kind] for kind in DataClass}
        if not _has_more(gone):
            return total
