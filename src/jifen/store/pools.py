"""Pools and leases: what all members share is never touched while a member's rows are locked.

A process takes units of a pool ahead, as a lease, in a transaction of its own: large ones while there is plenty, no more than is
asked for near the end. An entry names the lease it drew from (`pool_use`), so what a lease has given is a sum over the journal.

A lease ends by the database's clock, which every turn reads after its members are locked: none draws from one that has ended.
Once its end is past it is closed by the transactions that were running then, and settled when the last of these is over: what
it gave stays used, the rest comes back. So it does not matter whether who held it is alive, dead, or stopped and woken again.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain.pools import Draw, Wish, together
from jifen.domain.refusals import OutcomeUnknown
from jifen.domain.rewards import OF_STOCK
from jifen.store.compiled import BeginAgain
from jifen.store.ids import new_id
from jifen.store.rows import Rows, Target

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger

LEASE_SECONDS = 20
"""So long what a dead process held is missing to the others, and a little more."""
SHARE = 16
"""A lease takes no more than this part of what there is, unless more is asked for at once."""
DRY_SECONDS = 3.0
"""So long a process does not ask again for a pool that had too little: longer than a turn waits for a lock, or it would begin
again and again."""
_SOON = 2.0  # before its end nobody counts on a lease any more


@dataclass(slots=True)
class _Lease:
    lease_id: UUID
    budget: int  # that of the revision by which it was taken: one that has less does not draw from it
    left: int
    ends_at: datetime
    until: float  # by the process's own clock: for who has not asked the database for the time


class Pools:
    """The leases that a process holds, in memory: whatever is taken from them is taken between two awaits."""

    def __init__(self) -> None:
        self._leases: dict[int, list[_Lease]] = {}
        # By pool: for which budget there was too little, and until when that is believed.
        self._dry: dict[int, tuple[int, float]] = {}

    def lacks(self, wish: Wish) -> bool:
        """Whether less is held of a pool than an occasion could want, and asking for more may help."""
        now = time.monotonic()
        held = sum(lease.left for lease in self._of(wish) if lease.until > now)
        return held < wish.units and not self._is_dry(wish)

    def take(self, wish: Wish, now: datetime) -> list[Draw]:
        """Units for an occasion at a moment of the database, at most what could be wanted.

        Raises
            LeaseNeeded   less is held, and nobody has asked for more yet
        """
        held = [lease for lease in self._of(wish) if lease.left and lease.ends_at > now]
        if sum(lease.left for lease in held) < wish.units and not self._is_dry(wish):
            raise LeaseNeeded([wish])
        draws, wanted = [], wish.units
        for lease in held:
            units = min(lease.left, wanted)
            if units:
                lease.left -= units
                wanted -= units
                draws.append(Draw(lease.lease_id, wish.pool, units))
        return draws

    def give_back(self, draws: Iterable[Draw]) -> None:
        """Units that were taken and not used."""
        for draw in draws:
            for lease in self._leases.get(draw.pool, ()):
                if lease.lease_id == draw.lease_id:
                    lease.left += draw.units

    def held(self, wish: Wish, now: datetime) -> int:
        """Units of a pool that this process could still give."""
        return sum(lease.left for lease in self._of(wish) if lease.ends_at > now)

    def _of(self, wish: Wish) -> list[_Lease]:
        return [lease for lease in self._leases.get(wish.pool, ()) if lease.budget <= wish.budget]

    def add(self, wish: Wish, lease_id: UUID, units: int, ends_at: datetime, *, until: float) -> None:
        """A lease that was taken."""
        now = time.monotonic()
        kept = [lease for lease in self._leases.get(wish.pool, ()) if lease.until + LEASE_SECONDS > now]
        self._leases[wish.pool] = [*kept, _Lease(lease_id, wish.budget, units, ends_at, until)]

    def dry(self, wish: Wish) -> None:
        """A pool had less than was asked for."""
        self._dry[wish.pool] = wish.budget, time.monotonic() + DRY_SECONDS

    def _is_dry(self, wish: Wish) -> bool:
        budget, until = self._dry.get(wish.pool, (0, 0.0))
        return wish.budget <= budget and until > time.monotonic()


class LeaseNeeded(BeginAgain):
    """An operation could want more of pools than its process holds."""

    def __init__(self, wished: Sequence[Wish]) -> None:
        super().__init__(f"more is wanted of pools than is leased here: {list(wished)}")
        self.wished = wished

    async def prepare(self, ledger: Ledger) -> None:
        """Lease it, or learn that there is no more."""
        await lease(ledger, self.wished)


async def lease(ledger: Ledger, wished: Iterable[Wish]) -> None:
    """Take leases for what occasions could want together, as far as the pools have it. Never called within a transaction."""
    until = time.monotonic() + LEASE_SECONDS - _SOON
    taken: list[tuple[Wish, UUID, int, datetime]] = []
    short: list[Wish] = []
    async with ledger.transaction() as connection:
        for wish in sorted(together(wished), key=lambda wish: wish.pool):
            spoken = await lock_pool(connection, wish.pool)
            whole = await counted(connection, wish.pool) if wish.budget == OF_STOCK else wish.budget
            free = whole - spoken
            units = min(free, max(wish.units, free // SHARE))
            if units < wish.units:
                short.append(wish)
            if units > 0:
                lease_id, ends_at = await _add_lease(connection, wish.pool, units)
                taken.append((wish, lease_id, units, ends_at))
    for wish, lease_id, units, ends_at in taken:
        ledger.pools.add(wish, lease_id, units, ends_at, until=until)
    for wish in short:
        ledger.pools.dry(wish)


async def counted(connection: Connection, pool: int) -> int:
    """Pieces that ever came into a stock, less those that left it otherwise than by redemptions; and those that came back of
    redemptions."""
    pieces: int = await connection.fetchval(
        """SELECT coalesce((SELECT sum(pieces) FROM stock_change WHERE pool = $1), 0)::bigint
                + coalesce((SELECT sum(units) FROM pool_back WHERE pool = $1), 0)::bigint""",
        pool,
    )
    return pieces


async def lock_pool(connection: Connection, pool: int) -> int:
    """Units of a pool, now locked, that are used or leased, once what has ended is settled."""
    await connection.execute(
        "INSERT INTO pool (pool, leased, used) VALUES ($1, 0, 0) ON CONFLICT DO NOTHING", pool
    )
    await connection.fetchval("SELECT pool FROM pool WHERE pool = $1 FOR UPDATE", pool)
    await _settle(connection, pool)
    spoken: int = await connection.fetchval("SELECT leased + used FROM pool WHERE pool = $1", pool)
    return spoken


async def _add_lease(connection: Connection, pool: int, units: int) -> tuple[UUID, datetime]:
    lease_id = new_id()
    ends_at = await connection.fetchval(
        """WITH taken AS (UPDATE pool SET leased = leased + $2 WHERE pool = $1)
            INSERT INTO lease (lease_id, pool, units, taken_at, ends_at)
            SELECT $4, $1, $2, now_.at, now_.at + $3::interval FROM (SELECT clock_timestamp() AS at) now_
            RETURNING ends_at""",
        pool,
        units,
        timedelta(seconds=LEASE_SECONDS),
        lease_id,
    )
    return lease_id, ends_at


async def settle_leases(ledger: Ledger) -> int:
    """Settle what has ended, of every pool; return how many leases."""
    async with ledger.connection() as connection:
        pools = await connection.fetch(
            "SELECT DISTINCT pool FROM lease WHERE settled_at IS NULL ORDER BY pool"
        )
    settled = 0
    for row in pools:
        async with ledger.transaction() as connection:
            await connection.fetchval("SELECT pool FROM pool WHERE pool = $1 FOR UPDATE", row["pool"])
            settled += await _settle(connection, row["pool"])
    return settled


async def _settle(connection: Connection, pool: int) -> int:
    """Close the leases of a locked pool whose end is past, and settle those that no transaction can draw from any more.

    Whoever draws has locked a member, and so has a transaction id, before it asks for the time. One that was told a time before
    the end had its id before the end; a snapshot that is taken after the end knows it, running or over. What is closed by that
    snapshot is settled once all the transactions that it saw running are over. A statement arrives before it takes its snapshot.
    """
    await connection.execute(
        """UPDATE lease SET closed_by_xid = pg_snapshot_xmax(pg_current_snapshot())::text::bigint
           WHERE pool = $1 AND closed_by_xid IS NULL AND ends_at <= statement_timestamp()""",
        pool,
    )
    ended = await connection.fetch(
        """SELECT lease_id, units FROM lease WHERE pool = $1 AND settled_at IS NULL
             AND closed_by_xid <= pg_snapshot_xmin(pg_current_snapshot())::text::bigint""",
        pool,
    )
    if not ended:
        return 0
    ids = [row["lease_id"] for row in ended]
    await connection.execute(
        """WITH given AS (
               SELECT l.lease_id, l.units, coalesce(sum(u.units), 0)::bigint AS used
               FROM lease l LEFT JOIN pool_use u ON u.lease_id = l.lease_id
               WHERE l.lease_id = ANY($2::uuid[]) GROUP BY l.lease_id),
           settled AS (
               UPDATE lease SET settled_at = clock_timestamp(), used = given.used FROM given
               WHERE lease.lease_id = given.lease_id)
           UPDATE pool SET leased = pool.leased - s.units, used = pool.used + s.used
           FROM (SELECT sum(units)::bigint AS units, sum(used)::bigint AS used FROM given) s WHERE pool.pool = $1""",
        pool,
        ids,
    )
    return len(ids)


KEPT_DAYS = 7


async def prune_leases(ledger: Ledger) -> int:
    """Forget leases that were settled long ago: what they gave stands in the pool and in the journal. Return how many."""
    async with ledger.transaction() as connection:
        done: str = await connection.execute(
            "DELETE FROM lease WHERE settled_at < clock_timestamp() - $1 * INTERVAL '1 day'", KEPT_DAYS
        )
    return int(done.rpartition(" ")[2])


async def spoken_for(connection: Connection) -> dict[int, int]:
    """Of each pool the units that are used, or held by processes."""
    return dict(await connection.fetch("SELECT pool, leased + used FROM pool"))


_USE_ROWS = Rows(
    "pool_use",
    [
        ("member_id", "uuid"),
        ("sequence", "bigint"),
        ("lease_id", "uuid"),
        ("pool", "integer"),
        ("units", "bigint"),
    ],
)


async def add_uses(target: Target, drawn: Sequence[tuple[UUID, int, Draw]]) -> None:
    """What entries (member and sequence) drew from pools."""
    await _USE_ROWS.insert(target, [(member_id, sequence, *draw) for member_id, sequence, draw in drawn])


def is_certain(failure: BaseException) -> bool:
    """Whether a turn that failed so has left nothing: what it drew may be given again."""
    return isinstance(failure, Exception) and not isinstance(failure, OutcomeUnknown)
