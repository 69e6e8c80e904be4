"""A ledger on a real database for a test, and what stands in it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from typing import Any

from tests.conftest import FreshDatabase

from jifen.document.load import parse_document
from jifen.document.model import ProgramDocument
from jifen.document.stored import timeline_of_published
from jifen.operations.publish_program import publish_program
from jifen.store.ledger import Ledger, open_pool
from jifen.templates import template_text

LONG_AGO = datetime(2016, 1, 1, tzinfo=UTC)

BOOKS = {
    "member": """SELECT k.blind, m.status, m.sequence, m.purchases, m.last_purchase_day, m.lots_opened,
                        m.next_lapse_at, m.balances, m.debts, m.ladders, m.days, m.tier_history, m.holds
                 FROM member m JOIN member_key k USING (member_id) ORDER BY k.blind""",
    "lot": """SELECT k.blind, l.number, l.terms, l.currency, l.origin, l.opened, l.left_units, l.held, l.gone, l.expired,
                     l.returned, l.matures_on, l.expires_on
              FROM lot l JOIN member_key k USING (member_id) ORDER BY k.blind, l.number""",
    "posting": """SELECT k.blind, p.sequence, p.part, p.currency, p.verb, p.account, p.is_credit, p.units, p.balance_after,
                         p.terms, p.reasons, p.lot, p.revision, p.funder, p.store, p.channel,
                         p.occurred_at, p.recorded_at
                  FROM posting p JOIN member_key k USING (member_id) ORDER BY k.blind, p.sequence, p.part""",
    "purchase": """SELECT k.blind, p.sequence, p.source, p.business_no, p.store, p.till, p.cashier, p.channel, p.occurred_at,
                          p.recorded_at, p.occurred_on, p.weekday, p.hour, p.store_date, p.money, p.amount_minor, p.payments,
                          p.tags, p.lines, p.masks, p.hits, p.moves, p.revision, p.judged_tiers, p.tiers_after,
                          p.balances_after
                   FROM purchase p JOIN member_key k USING (member_id) ORDER BY k.blind, p.sequence""",
    "purchase_key": """SELECT source, business_no, body_hash, sequence FROM purchase_key ORDER BY source, business_no""",
}
"""The books by what finds the members (blind, and the same under the same keys), without what chance or the clock draws."""


@asynccontextmanager
async def a_ledger(
    database: FreshDatabase, *, template: str = "grocer", document: ProgramDocument | None = None
) -> AsyncIterator[Ledger]:
    """A ledger with a published template, or another document, in force since long ago."""
    pool = await open_pool(database.app)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        document = document or parse_document(template_text(template), name=template)
        await publish_program(ledger, document, effective_at=LONG_AGO, published_by="test")
        yield ledger
    finally:
        await pool.close()


async def books(ledger: Ledger) -> dict[str, list[tuple[Any, ...]]]:
    """Everything in the books, in an order that does not depend on ids."""
    found = {}
    async with ledger.transaction() as connection:
        for name, query in BOOKS.items():
            found[name] = [tuple(row) for row in await connection.fetch(query)]
        rows = await connection.fetch(
            "SELECT k.blind, m.counters FROM member m JOIN member_key k USING (member_id) ORDER BY k.blind"
        )
    found["counters"] = [
        (value, tuple(sorted(zip(c[::3], c[1::3], c[2::3], strict=True)))) for value, c in rows
    ]
    return found


def assert_same_books(
    left: dict[str, list[tuple[Any, ...]]], right: dict[str, list[tuple[Any, ...]]]
) -> None:
    """Hold two ledgers to the same books, and say where they part."""
    assert left.keys() == right.keys()
    for name, rows in left.items():
        assert len(rows) == len(right[name]), name
        for one, other in zip(rows, right[name], strict=True):
            assert one == other, name
