"""Whom and what a change of the programme would touch, counted on the books as they are: read, never locked."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from jifen.store.ledger import Connection

MEMBERS_COUNTED_MAX: Final = 200_000
"""Of more members than the planner believes there are, nothing is counted while somebody waits."""
_PAGE: Final = 1_000
_LIVES: Final = "status IN ('active', 'frozen')"


class Held(NamedTuple):
    """How many members hold how many units."""

    members: int
    units: int


class Stands(NamedTuple):
    """What a member's row says of his tiers: ladders as the fold has them, days packed."""

    ladders: list[int]
    days: bytes
    joined_day: int


async def are_countable(connection: Connection) -> bool:
    """Whether there are few enough members to look at each of them while somebody waits."""
    believed = await connection.fetchval(
        "SELECT reltuples::bigint FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace"
        " WHERE nspname = 'jifen' AND relname = 'member'"
    )
    return bool((believed or 0) <= MEMBERS_COUNTED_MAX)


async def holders_of(connection: Connection, currency: int) -> Held:
    """Who has units of a currency, and how many."""
    row = await connection.fetchrow(
        f"""SELECT count(*), coalesce(sum(balances[$1::int + 1]), 0)::bigint
            FROM member WHERE {_LIVES} AND balances[$1::int + 1] > 0""",
        currency,
    )
    assert row is not None, "a count has a row"
    return Held(*row)


async def lots_under(connection: Connection, terms: int) -> Held:
    """Who has units under some terms, and how many."""
    row = await connection.fetchrow(
        """SELECT count(DISTINCT member_id), coalesce(sum(left_units), 0)::bigint
           FROM lot WHERE terms = $1 AND left_units > 0""",
        terms,
    )
    assert row is not None, "a count has a row"
    return Held(*row)


async def standings(connection: Connection) -> AsyncIterator[Stands]:
    """How every member stands who takes entries, a page at a time."""
    async for row in connection.cursor(
        f"SELECT ladders, days, joined_day FROM member WHERE {_LIVES}", prefetch=_PAGE
    ):
        yield Stands(*row)
