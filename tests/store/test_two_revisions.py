"""Two revisions meet in one entry: a late purchase is judged by the old one while units of the new one fall due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tests.conftest import FreshDatabase
from tests.publishing import put_in_force

from jifen.document.load import parse_document
from jifen.document.stored import timeline_of_published
from jifen.domain.person import MemberKey
from jifen.domain.purchase import Line, Purchase
from jifen.operations.enrol_member import enrol_member
from jifen.operations.publish_program import publish_program
from jifen.operations.reconcile_books import reconcile_books
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.store.ledger import Ledger, open_pool
from jifen.store.once import Once
from jifen.store.purchases import RecordedPurchase
from jifen.store.revisions import set_book
from jifen.templates import template_text

STAMPS = """  - code: stamps
    names: {zh: 印花, en: Stamps}
    kind: qualifying
    expiry: {months: 0, days: 1}
earn_rules:
  - code: stamp
    names: {zh: 印花, en: Stamp}
    currency: stamps
    fixed: {points: 1}
"""


def _purchase(number: str, occurred_at: datetime) -> PurchaseRequest:
    purchase = Purchase(
        source="pos",
        business_no=number,
        occurred_at=occurred_at,
        money="CNY",
        amount_minor=1_000,
        lines=(Line(number=1, amount_minor=1_000),),
    )
    return PurchaseRequest(purchase=purchase, whose=MemberKey("card", "1"), body_hash=number.encode())


async def _shift(ledger: Ledger, days: int) -> None:
    async with ledger.transaction() as connection:
        await set_book(connection, shift_seconds=days * 86_400, label="test")


async def test_units_of_a_newer_currency_expire_within_a_purchase_of_an_older_revision(
    fresh_database: FreshDatabase,
) -> None:
    old = template_text("corner-shop")
    new = old.replace("earn_rules:\n", STAMPS, 1)
    now = datetime.now(UTC)
    pool = await open_pool(fresh_database.app)
    ledger = Ledger(pool, compile_timeline=timeline_of_published)
    await _shift(ledger, 10)
    began = now - timedelta(days=60)
    await publish_program(ledger, parse_document(old, name="old"), effective_at=began, published_by="test")
    switch = (await put_in_force(ledger, parse_document(new, name="new"))).effective_at
    await enrol_member(ledger, [MemberKey("card", "1")], Once(key="enrol", body_hash=b""))
    await record_purchases(ledger, [_purchase("1", switch + timedelta(seconds=0.5))])
    await _shift(ledger, 0)

    (late,) = await record_purchases(ledger, [_purchase("2", now - timedelta(days=30))])

    assert isinstance(late, RecordedPurchase)
    assert late.revision == 1
    assert late.expired == ((1, 1),)
    books = await reconcile_books(ledger)
    await pool.close()
    assert books.are_kept, books.as_document()
