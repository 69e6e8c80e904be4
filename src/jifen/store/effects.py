"""What entries cause: read from the journal behind a checkpoint, and put into the queue once (law 14).

The turn only writes rows of the journal (`Turn.put_effect`); no hot write touches the queue's tables.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.effects import CLASS_OF, EffectKind
from jifen.store.checkpoints import move, unread
from jifen.store.parked import Which
from jifen.store.queue import enqueue, let_wait_again

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

CHECKPOINT = "effect"
_SLICE = 1_000
_PATIENCE_SECONDS = 600

UNDONE = """CASE e.kind
    WHEN 'gift_arrives' THEN EXISTS (SELECT FROM gift g WHERE g.member_id = e.member_id AND g.gift_id = e.about
                                     AND g.status = 'in_transit')
    WHEN 'gift_goes_back' THEN EXISTS (SELECT FROM gift g WHERE g.member_id = e.to_member AND g.gift_id = e.about
                                       AND g.status = 'going_back')
    ELSE true END"""
"""SQL: whether an effect `e` is still to be done, as far as a look at one row tells. Most second halves are done right after the
first, and then nothing need wait. Whoever does an effect looks again, under lock."""


class Effect(NamedTuple):
    """One thing that an entry caused."""

    kind: EffectKind
    member_id: UUID
    about: UUID
    to_member: UUID | None


async def find_effect(connection: Connection, which: Which) -> Effect:
    """The effect of that name."""
    row = await connection.fetchrow(
        """SELECT kind, member_id, about, to_member FROM effect WHERE member_id = $1 AND sequence = $2 AND part = $3""",
        *which,
    )
    assert row is not None, "what waits in the queue stands in the journal"
    return Effect(EffectKind(row[0]), *row[1:])


async def is_undone(connection: Connection, which: Which) -> bool:
    """Whether an effect is still to be done."""
    undone: bool = await connection.fetchval(
        f"SELECT {UNDONE} FROM effect e WHERE e.member_id = $1 AND e.sequence = $2 AND e.part = $3", *which
    )
    return undone


async def feed(connection: Connection) -> int:
    """Put into the queue what has been caused since the checkpoint and is not done, and what is parked and may be tried again;
    return how many.

    One transaction: who dies in it has put nothing there and moved nothing. What waits already is not put there twice.
    """
    span = await unread(connection, CHECKPOINT)
    if span is None:
        return 0
    await let_wait_again(connection)
    fed = 0
    slice_: list[tuple[str, Which]] = []
    async for kind, *which in connection.cursor(
        f"""SELECT e.kind, e.member_id, e.sequence, e.part FROM effect e
            WHERE e.recorded_xid >= $1 AND e.recorded_xid < $2 AND {UNDONE}
            UNION ALL
            SELECT kind, member_id, sequence, part FROM parked WHERE sequence > 0 AND next_try_at <= clock_timestamp()""",
        *span,
        prefetch=_SLICE,
        timeout=_PATIENCE_SECONDS,
    ):
        slice_.append((CLASS_OF[EffectKind(kind)], (which[0], which[1], which[2])))
        if len(slice_) == _SLICE:
            fed += await enqueue(connection, slice_)
            slice_ = []
    fed += await enqueue(connection, slice_)
    await move(connection, CHECKPOINT, span)
    return fed
