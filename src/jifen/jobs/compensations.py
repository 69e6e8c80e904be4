"""Pay compensations, and take them back: share by share, each once, whoever dies in between."""

from __future__ import annotations

from uuid import UUID

from jifen.domain.principal import JOB
from jifen.domain.refusals import Refusal
from jifen.operations.adjust_units import adjust_units
from jifen.operations.reverse_entry import reverse_entry
from jifen.store.compensations import (
    Share,
    end_what_is_done,
    mark_paid,
    mark_refused,
    mark_undone,
    shares_to_pay,
    shares_to_take_back,
)
from jifen.store.ledger import Ledger
from jifen.store.once import Once

BATCH = 200


async def work_on_compensations(ledger: Ledger) -> int:
    """Pay or take back some shares; how many. The key of each names it: what was done before a process died is found again."""
    async with ledger.transaction() as connection:
        paying = await shares_to_pay(connection, limit=BATCH)
        undoing = await shares_to_take_back(connection, limit=BATCH)
    for share in paying:
        await _settle(ledger, share, is_undoing=False)
    for share in undoing:
        await _settle(ledger, share, is_undoing=True)
    if paying or undoing:
        async with ledger.transaction() as connection:
            await end_what_is_done(connection)
    return len(paying) + len(undoing)


async def _settle(ledger: Ledger, share: Share, *, is_undoing: bool) -> None:
    try:
        sequence = await (_take_back(ledger, share) if is_undoing else _pay(ledger, share))
    except Refusal as refusal:
        async with ledger.transaction() as connection:
            await mark_refused(connection, share, refusal.code)
        return
    async with ledger.transaction() as connection:
        await (mark_undone if is_undoing else mark_paid)(connection, share, sequence)


def _key(verb: str, compensation_id: UUID, member_id: UUID) -> Once:
    return Once(key=f"{verb}:{compensation_id.hex}:{member_id.hex}", body_hash=b"")


async def _pay(ledger: Ledger, share: Share) -> int:
    answer = await adjust_units(
        ledger,
        share.member_id,
        currency=share.currency,
        units=share.units,
        note=share.reason,
        request=_key("compensation", share.compensation_id, share.member_id),
        principal=JOB,
        actor=share.by,
    )
    return int(answer["sequence"])


async def _take_back(ledger: Ledger, share: Share) -> int:
    assert share.sequence is not None, "what is taken back was paid"
    answer = await reverse_entry(
        ledger,
        share.member_id,
        share.sequence,
        note=share.reason,
        request=_key("compensation undone", share.compensation_id, share.member_id),
        principal=JOB,
        actor=share.by,
    )
    return int(answer["sequence"])
