"""Rewards as they are kept: redemptions, and stocks with their changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.calendar import start_of_day
from jifen.domain.rewards import ENDS, Taken
from jifen.store.carries import WHOSE
from jifen.store.reward_tables import FIRST_STOCK
from jifen.store.rows import Rows, Statement, Target

if TYPE_CHECKING:
    from jifen.store.ledger import Connection


class Redemption(NamedTuple):
    """A reward that a member took for units.

    Units
        units          smallest units of the currency, of all pieces
        amount_minor   minor money of all pieces
    """

    member_id: UUID
    redemption_id: UUID
    sequence: int  # of the entry that held or spent the units
    reward: int
    pieces: int
    currency: int
    units: int
    amount_minor: int
    is_kept: bool  # until it is picked up; else it was handed over at once
    store: str | None
    code: str | None
    status: str
    redeemed_at: datetime
    until_at: datetime | None


_ROWS = Rows(
    "redemption",
    [
        ("member_id", "uuid"), ("redemption_id", "uuid"), ("sequence", "bigint"), ("reward", "smallint"), ("pieces", "integer"),
        ("currency", "smallint"), ("units", "bigint"), ("amount_minor", "bigint"), ("is_kept", "boolean"), ("store", "text"),
        ("code", "text"), ("status", "text"), ("redeemed_at", "timestamptz"), ("until_at", "timestamptz"),
    ],
)  # fmt: skip
_COLUMNS = ", ".join(f"r.{name}" for name in Redemption._fields)
_ENDED = [("member_id", "uuid"), ("sequence", "bigint"), ("status", "text")]
_AS = "CASE u.status " + " ".join(f"WHEN '{was}' THEN '{is_}'" for was, is_ in ENDS.items()) + " END"

END_REDEMPTIONS = Statement(
    f"""UPDATE redemption SET status = {_AS} FROM {{from_}}
       WHERE redemption.member_id = u.member_id AND redemption.sequence = u.sequence AND redemption.status = 'waiting'""",
    _ENDED,
)
"""What becomes of redemptions whose reservation has ended, by what became of that."""
GIVE_BACK = Statement(
    """INSERT INTO pool_back (member_id, sequence, lease_id, pool, units)
       SELECT p.member_id, p.sequence, p.lease_id, p.pool, p.units FROM {from_}
       JOIN pool_use p ON p.member_id = u.member_id AND p.sequence = u.sequence WHERE u.status <> 'committed'""",
    _ENDED,
)
"""What is there again in stocks of what an entry drew that holds nothing any more."""
_RETURN = Statement(
    """UPDATE redemption SET status = 'returned' FROM {from_}
       WHERE redemption.member_id = u.member_id AND redemption.sequence = u.sequence""",
    _ENDED,
)


async def add_redemptions(target: Target, redemptions: Sequence[Redemption]) -> None:
    """Keep new redemptions."""
    await _ROWS.insert(target, redemptions)


async def return_redemption(
    connection: Connection, *, member_id: UUID, sequence: int, is_in_stock: bool
) -> None:
    """A redemption whose entry was reversed; whether its pieces are there again."""
    row = [(member_id, sequence, "returned")]
    await _RETURN.run(connection, row)
    if is_in_stock:
        await GIVE_BACK.run(connection, row)


async def find_redemptions(connection: Connection, ids: Sequence[UUID]) -> dict[UUID, Redemption]:
    """Redemptions by their ids."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM redemption r WHERE r.redemption_id = ANY($1::uuid[])", list(ids)
    )
    return {row["redemption_id"]: Redemption(*row) for row in rows}


async def waiting_by_code(connection: Connection, code: str) -> list[Redemption]:
    """What waits to be picked up by a code: most often one."""
    rows = await connection.fetch(
        f"SELECT {_COLUMNS} FROM redemption r WHERE r.code = $1 AND r.status = 'waiting' LIMIT 2", code
    )
    return [Redemption(*row) for row in rows]


async def is_code_taken(connection: Connection, code: str) -> bool:
    """Whether a redemption that is kept, or was, has this code."""
    found: bool = await connection.fetchval("SELECT EXISTS (SELECT FROM redemption WHERE code = $1)", code)
    return found


async def redemptions_of_member(
    connection: Connection,
    member_id: UUID,
    *,
    status: str | None,
    reward: int | None,
    before: UUID | None,
    limit: int,
) -> list[Redemption]:
    """What a member took, and those who were merged into him; newest first, before one that is named by its id."""
    rows = await connection.fetch(
        f"""{WHOSE} SELECT {_COLUMNS} FROM redemption r JOIN whose USING (member_id)
            WHERE ($2::text IS NULL OR r.status = $2) AND ($3::smallint IS NULL OR r.reward = $3)
              AND ($4::uuid IS NULL OR r.redemption_id < $4)
            ORDER BY r.redemption_id DESC LIMIT $5""",
        member_id,
        status,
        reward,
        before,
        limit,
    )
    return [Redemption(*row) for row in rows]


async def list_redemptions(
    connection: Connection,
    *,
    status: str | None,
    reward: int | None,
    stores: Sequence[str] | None,
    before: UUID | None,
    limit: int,
) -> list[Redemption]:
    """Redemptions of all members, newest first; `stores`: only of these."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} FROM redemption r
            WHERE ($1::text IS NULL OR r.status = $1) AND ($2::smallint IS NULL OR r.reward = $2)
              AND ($3::text[] IS NULL OR r.store = ANY($3)) AND ($4::uuid IS NULL OR r.redemption_id < $4)
            ORDER BY r.redemption_id DESC LIMIT $5""",
        status,
        reward,
        stores,
        before,
        limit,
    )
    return [Redemption(*row) for row in rows]


async def taken_of_reward(
    connection: Connection,
    member_id: UUID,
    rewards: Sequence[int],
    *,
    now: datetime,
    first: date,
    zone: str,
) -> dict[int, list[Taken]]:
    """By reward what a member, and those who were merged into him, took and kept from a day on (`date.min`: ever), by day. What
    nobody came for in time is not kept, whether that was noted or not."""
    rows = await connection.fetch(
        f"""{WHOSE} SELECT r.reward, (r.redeemed_at AT TIME ZONE $4)::date AS on_, sum(r.pieces)::bigint
            FROM redemption r JOIN whose USING (member_id)
            WHERE r.reward = ANY($2::smallint[]) AND (r.status = 'handed_over' OR r.status = 'waiting' AND r.until_at > $5)
              AND ($3::timestamptz IS NULL OR r.redeemed_at >= $3)
            GROUP BY 1, 2""",
        member_id,
        list(rewards),
        None if first == date.min else start_of_day(first, zone),
        zone,
        now,
    )
    found: dict[int, list[Taken]] = {}
    for reward, on, pieces in rows:
        found.setdefault(reward, []).append(Taken(on, pieces))
    return found


# -- stocks ---------------------------------------------------------------------------------------------------------------


class Stand(NamedTuple):
    """How a stock stands: in all, taken by redemptions that stand, and left. `''` is the stock of all stores."""

    pool: int
    reward: int
    store: str
    counted: int
    taken: int

    @property
    def left(self) -> int:
        """Pieces that somebody can still have."""
        return self.counted - self.taken


async def stands_of(connection: Connection, rewards: Sequence[int] | None = None) -> list[Stand]:
    """Every stock of some rewards (None: of all), in the order of its store."""
    rows = await connection.fetch(
        """SELECT s.pool, s.reward, s.store,
                  coalesce((SELECT sum(c.pieces) FROM stock_change c WHERE c.pool = s.pool), 0)::bigint,
                  (coalesce(p.used, 0)
                   + coalesce((SELECT sum(u.units) FROM lease l JOIN pool_use u USING (lease_id)
                               WHERE l.pool = s.pool AND l.settled_at IS NULL), 0)
                   - coalesce((SELECT sum(b.units) FROM pool_back b WHERE b.pool = s.pool), 0))::bigint
           FROM stock s LEFT JOIN pool p ON p.pool = s.pool
           WHERE $1::smallint[] IS NULL OR s.reward = ANY($1) ORDER BY s.reward, s.store""",
        None if rewards is None else list(rewards),
    )
    return [Stand(*row) for row in rows]


async def pool_of_stock(connection: Connection, reward: int, store: str) -> int | None:
    """The pool that is a stock; None: nothing ever came into it."""
    pool: int | None = await connection.fetchval(
        "SELECT pool FROM stock WHERE reward = $1 AND store = $2", reward, store
    )
    return pool


async def make_stock(connection: Connection, reward: int, store: str) -> int:
    """The pool that is a stock, made where there is none. Makers come one after the other."""
    await connection.execute("SELECT pg_advisory_xact_lock(hashtext('stock'))")
    found = await pool_of_stock(connection, reward, store)
    if found is not None:
        return found
    pool: int = await connection.fetchval(
        """INSERT INTO stock (pool, reward, store)
           SELECT coalesce(max(pool) + 1, $3), $1, $2 FROM stock RETURNING pool""",
        reward,
        store,
        FIRST_STOCK,
    )
    return pool


async def add_change(connection: Connection, pool: int, *, pieces: int, reason: str, by: str) -> None:
    """A change of a stock whose pool is locked."""
    await connection.execute(
        """INSERT INTO stock_change (pool, number, pieces, reason, changed_at, changed_by)
           SELECT $1, coalesce((SELECT max(number) FROM stock_change WHERE pool = $1), 0) + 1, $2, $3,
                  clock_timestamp() - shift_seconds * INTERVAL '1 second', $4 FROM book""",
        pool,
        pieces,
        reason,
        by,
    )


async def changes_of(connection: Connection, pools: Sequence[int], *, limit: int) -> list[Mapping[str, Any]]:
    """The last changes of some stocks, newest first."""
    rows = await connection.fetch(
        """SELECT s.store, c.number, c.pieces, c.reason, c.changed_at, c.changed_by
           FROM stock_change c JOIN stock s USING (pool) WHERE c.pool = ANY($1::int[])
           ORDER BY c.changed_at DESC, c.pool, c.number DESC LIMIT $2""",
        list(pools),
        limit,
    )
    return [dict(row) for row in rows]


class Used(NamedTuple):
    """How often a reward was taken in some days: pieces and smallest units that stand, and pieces that wait."""

    pieces: int
    units: int
    waiting: int


async def use_of_rewards(connection: Connection, *, since: date, zone: str) -> dict[int, Used]:
    """By reward how it was used since a day, and what waits by now."""
    rows = await connection.fetch(
        """SELECT reward, coalesce(sum(pieces) FILTER (WHERE status = 'handed_over'), 0)::bigint,
                  coalesce(sum(units) FILTER (WHERE status = 'handed_over'), 0)::bigint,
                  coalesce(sum(pieces) FILTER (WHERE status = 'waiting'), 0)::bigint
           FROM redemption
           WHERE status = 'waiting' OR redeemed_at >= ($1::date::timestamp AT TIME ZONE $2)
           GROUP BY reward""",
        since,
        zone,
    )
    return {row[0]: Used(*row[1:]) for row in rows}
