"""The README's receipt and its statement, done once more: what a newcomer reads is what happens."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.api.bodies import PurchaseBody, ReturnBody
from jifen.document.load import parse_document
from jifen.domain.person import MemberKey
from jifen.operations.enrol_member import enrol_member
from jifen.operations.read_statement import read_statement
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.present.statements import statement_entry
from jifen.store.once import Once
from jifen.store.purchases import RecordedPurchase
from jifen.templates import template_text

ROOT = Path(__file__).parents[2]
TUESDAY = 2


def _a_zone_where_it_is_neither_tuesday_nor_midnight(now: datetime) -> str:
    """Where the shop of the README can stand at any moment: points count once, and the purchase is of today."""
    for zone in ("Asia/Shanghai", "Pacific/Kiritimati", "Etc/GMT+12"):
        there = now.astimezone(ZoneInfo(zone))
        if {(there + timedelta(minutes=some)).isoweekday() for some in (-5, 0, 5)} == {
            there.isoweekday()
        } and (there.isoweekday() != TUESDAY):
            return zone
    raise AssertionError(now)


def test_there_is_always_such_a_zone() -> None:
    monday = datetime(2026, 11, 23, tzinfo=UTC)
    for minutes in range(0, 7 * 24 * 60, 5):
        assert _a_zone_where_it_is_neither_tuesday_nor_midnight(monday + timedelta(minutes=minutes))


def _without_dates(text: str) -> str:
    return re.sub(r"\d{4}-\d{2}-\d{2}", "DATE", text)


@pytest.mark.parametrize(("name", "language"), [("README.md", "en"), ("README.zh.md", "zh")])
async def test_the_first_call_earns_returns_and_explains_as_the_readme_says(
    fresh_database: FreshDatabase, name: str, language: str
) -> None:
    readme = (ROOT / name).read_text(encoding="utf-8")
    receipt = re.search(r"<<EOF\n(.*?)\nEOF", readme, re.DOTALL)
    back = re.search(r"-d '(\{\"purchase\".*?\})'", readme, re.DOTALL)
    assert receipt
    assert back
    now = datetime.now(UTC)
    told = re.sub(r"\$\(date[^)]*\)", (now - timedelta(minutes=1)).isoformat(), receipt.group(1))
    body = PurchaseBody.model_validate(json.loads(told))
    returned = ReturnBody.model_validate(json.loads(back.group(1)))

    shop = template_text("corner-shop").replace(
        "Asia/Shanghai", _a_zone_where_it_is_neither_tuesday_nor_midnight(now)
    )
    document = parse_document(shop, name="corner-shop")
    async with a_ledger(fresh_database, document=document) as ledger:
        await enrol_member(ledger, [MemberKey("card", "6200001")], Once(key="enrol", body_hash=b"1"))
        request = PurchaseRequest(purchase=body.purchase(), whose=body.whose(), body_hash=b"1")
        answer = (await record_purchases(ledger, [request]))[0]
        assert isinstance(answer, RecordedPurchase)
        assert answer.balances_after == (128,)
        assert answer.member_id is not None
        asked = ReturnRequest(purchase=returned.purchase.which(), lines=returned.returned())
        await return_purchase(ledger, asked, Once(key="return-1", body_hash=b"1"))
        statement = await read_statement(ledger, answer.member_id)

    entries = [statement_entry(line, statement.timeline, language) for line in statement.lines]
    assert [entry["balance_after"] for entry in entries] == [88, 128]
    for entry in entries:
        assert _without_dates(entry["sentence"]) in _without_dates(readme)
        shop_owner = (ROOT / "docs" / "shop-owner.md").read_text(encoding="utf-8")
        assert f"> {_without_dates(entry['sentence'])}\n" in _without_dates(shop_owner)
