"""The ledger in a few numbers: what was earned, spent, expired, and what is owed for it."""

from __future__ import annotations

from typing import Any

from jifen.store.compiled import begun_again
from jifen.store.ledger import Ledger
from jifen.store.summary import counted, line_count


@begun_again
async def read_summary(ledger: Ledger, *, with_lines: bool = True) -> dict[str, Any]:
    """Members, purchases, points and liability; points are those of the first spendable currency.

    Rounding
        Liability: down, once, at the total of the positive balances; debts do not lessen it.
    """
    async with (
        ledger.pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        found = await counted(connection)
        lines = await line_count(connection) if with_lines else None

    program = timeline.newest
    points = next((c for c in program.currencies if c.kind == "spendable"), program.currencies[0])

    def moved(verb: str) -> int:
        return found.units_by_verb.get((points.number, verb), 0)

    outstanding = found.outstanding.get(points.number, 0)
    worth = points.worth_minor or (0, 1)
    return {
        "program": program.code,
        "revision": program.revision,
        "money": program.money,
        "currency": points.code,
        "book_date": clock.now.isoformat(),
        "members": found.members,
        "purchases": found.purchases,
        "lines": lines,
        "spend_minor": found.spend_minor,
        "points_earned": moved("earn"),
        "points_clawed_back": moved("claw_back"),
        "points_redeemed": moved("redeem"),
        "points_expired": moved("expire"),
        "points_adjusted": moved("adjust_up") - moved("adjust_down"),
        "points_given": moved("give"),
        "points_in_transit": moved("give") - moved("receive"),
        "points_outstanding": outstanding,
        "points_owed": found.owed.get(points.number, 0),
        "liability_minor": outstanding * worth[0] // worth[1],
        "members_by_tier": {
            tier.code: found.members_by_tier.get(tier.number, 0) for tier in program.ladder.tiers
        },
    }
