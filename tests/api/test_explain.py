"""A posting as a sentence: limits, days, debts, what expired; in Chinese and English, and its lines as data."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.builders import (
    SOMEBODY,
    a_document,
    a_line,
    a_program,
    a_purchase,
    a_rule,
    a_timeline,
)
from tests.conftest import FreshDatabase

from jifen.document.stored import timeline_of_published
from jifen.domain.decision import Reason
from jifen.domain.explain import About, line_shares
from jifen.domain.person import MemberKey
from jifen.domain.timeline import Timeline
from jifen.operations.advance_members import advance_members
from jifen.operations.enrol_member import enrol_member
from jifen.operations.publish_program import publish_program
from jifen.operations.read_statement import StatementLine, read_statement
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.present.postings import explain
from jifen.store.journal import PostedRow
from jifen.store.keys import BusinessKey
from jifen.store.ledger import Ledger, open_pool
from jifen.store.once import Once
from jifen.store.revisions import set_book

FIRST = datetime(2026, 1, 1, tzinfo=UTC)


def posted(timeline: Timeline, verb: str, units: int, *reasons: Reason, **more: Any) -> PostedRow:
    """A posting of the journal."""
    values: dict[str, Any] = {
        "member_id": SOMEBODY, "sequence": 1, "part": 0, "currency": 0, "verb": verb, "account": "issued",
        "is_credit": verb in ("earn", "adjust_up", "receive"), "units": units, "balance_after": units,
        "terms": 0, "reasons": reasons or (Reason(0, units, units),), "lot": None, "revision": 1, "funder": None, "store": None,
        "channel": None, "actor": None, "occurred_at": FIRST, "recorded_at": FIRST,
    }  # fmt: skip
    return PostedRow(**{**values, **more})


def sale(*lines: dict[str, Any], masks: list[int], amount: int = 10_000) -> dict[str, Any]:
    """A row of the table of purchases."""
    return {
        "source": "pos", "business_no": "1", "occurred_at": FIRST, "amount_minor": amount, "store": None,
        "revision": 1, "lines": list(lines), "masks": masks,
    }  # fmt: skip


def a_stored_line(number: int, amount: int, quantity: int = 1_000) -> dict[str, Any]:
    """A line as it is kept."""
    return {"number": number, "amount_minor": amount, "quantity_milli": quantity}


def test_a_limit_says_what_was_desired_and_what_it_left_out() -> None:
    timeline = a_timeline(a_program(a_rule(1), a_rule(2)))
    row = sale(a_stored_line(1, 10_000), masks=[0b110])
    posting = posted(timeline, "earn", 120, Reason(1, 100, 100), Reason(2, 50, 20))
    english = explain(timeline, posting, About(purchase=row), language="en")
    assert "rule “Rule 1” +100" in english
    assert "rule “Rule 2” +20 (50 before its limit)" in english
    chinese = explain(timeline, posting, About(purchase=row), language="zh")
    assert "规则「规则 2」 +20（应得 50，受限）" in chinese
    lost = posted(timeline, "earn", 100, Reason(1, 100, 100), Reason(2, 50, 0))
    assert "“Rule 2” did not count" in explain(timeline, lost, About(purchase=row), language="en")
    assert "「规则 2」因上限或同组规则未计" in explain(timeline, lost, About(purchase=row), language="zh")


def test_a_return_says_what_had_expired_and_what_was_forgiven() -> None:
    timeline = a_timeline()
    row = sale(a_stored_line(1, 10_000), masks=[0b10])
    back = {
        "is_void": False, "lines": [[1, 500]], "amount_minor": 5_000, "forgiven": [7], "note": None, "return_id": None,
    }  # fmt: skip
    posting = posted(timeline, "claw_back", 30, Reason(1, 50, 30))
    english = explain(timeline, posting, About(purchase=row, brought_back=back), language="en")
    assert "0.5 of line 1 of purchase pos/1" in english
    assert "of 50 earned, 13 had expired before, 7 forgiven" in english
    chinese = explain(timeline, posting, About(purchase=row, brought_back=back), language="zh")
    assert "原得 50，其中 13 此前已过期，7 免除" in chinese


amounts = st.lists(st.integers(0, 10_000), min_size=1, max_size=8)


@given(amounts=amounts, units=st.integers(1, 5_000), more=st.integers(0, 5_000), masks=st.integers(0, 255))
def test_lines_always_add_up_to_the_posting(amounts: list[int], units: int, more: int, masks: int) -> None:
    timeline = a_timeline(a_program(a_rule(1)))
    seen = [0b1 if masks >> at & 1 else 0 for at in range(len(amounts))]
    seen[0] = 0b1
    row = sale(*(a_stored_line(at, amount) for at, amount in enumerate(amounts)), masks=seen)
    posting = posted(timeline, "earn", units, Reason(1, units + more, units))
    shares = line_shares(timeline, posting, About(purchase=row))
    assert sum(share.granted for share in shares) == units
    assert sum(share.desired for share in shares) == units + more
    assert {share.line for share in shares} == {at for at, mask in enumerate(seen) if mask}


@pytest.fixture
async def ledger(fresh_database: FreshDatabase) -> Any:
    """An open ledger without a programme."""
    pool = await open_pool(fresh_database.app)
    yield Ledger(pool, compile_timeline=timeline_of_published)
    await pool.close()


async def on(ledger: Ledger, day: datetime) -> None:
    """Put the book date to a day in the past."""
    async with ledger.transaction() as connection:
        behind = datetime.now(UTC) - day
        await set_book(connection, shift_seconds=int(behind.total_seconds()), label="a test")


async def lines(ledger: Ledger, member: Any) -> list[StatementLine]:
    """The statement, oldest first."""
    return list(reversed((await read_statement(ledger, member)).lines))


async def test_a_real_life_with_pending_expiry_and_a_return_after_it(ledger: Ledger) -> None:
    document = a_document(expiry="{days: 10}", pending_days=2, debt="{policy: allow, limit_units: 100}")
    await publish_program(ledger, document, effective_at=FIRST - timedelta(days=9), published_by="test")
    start = datetime.now(UTC) - timedelta(days=60)
    await on(ledger, start)
    answer = await enrol_member(ledger, [MemberKey("card", "1")], Once(key="e", body_hash=b""))
    sold = a_purchase(at=start - timedelta(hours=1), lines=[a_line(1, 6_000), a_line(2, 4_000)])
    asked = PurchaseRequest(purchase=sold, whose=MemberKey("card", "1"), body_hash=b"1")
    (told,) = await record_purchases(ledger, [asked])
    assert not isinstance(told, Exception)
    member = told.member_id
    await on(ledger, start + timedelta(days=30))
    await advance_members(ledger)
    key = BusinessKey("pos", "1")
    await return_purchase(ledger, ReturnRequest(purchase=key, lines=None), Once(key="r", body_hash=b""))
    assert str(member) == answer["member_id"]

    found = await lines(ledger, member)
    timeline = ledger.compiled
    english = [explain(timeline, line.posting, line.about, language="en") for line in found]
    chinese = [explain(timeline, line.posting, line.about, language="zh") for line in found]

    assert [line.posting.verb for line in found][:2] == ["earn", "expire"]
    assert "usable from" in english[0]
    assert "valid until" in english[0]
    assert "起可用，有效期至" in chinese[0]
    assert english[1].startswith("−100 points: lot 1 from purchase pos/1 (")
    assert "expired; its last day was" in english[1]
    assert "批次 1（来自消费 pos/1" in chinese[1]
    shares = line_shares(timeline, found[0].posting, found[0].about)
    assert [(share.line, share.granted) for share in shares] == [(1, 60), (2, 40)]
