"""The README's receipt and its statement, done once more: what a newcomer reads is what happens."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.api.bodies import PurchaseBody, ReturnBody
from jifen.api.members import statement_entry
from jifen.operations.enrol_member import enrol_member
from jifen.operations.read_statement import read_statement
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.store.members import MemberKey
from jifen.store.once import Once
from jifen.store.purchases import RecordedPurchase

ROOT = Path(__file__).parents[2]
TUESDAY = 2


def _a_day_that_is_no_tuesday() -> datetime:
    at = datetime.now(UTC) - timedelta(hours=1)
    # The shop stands in Shanghai; two days back from its Tuesday is a Sunday.
    in_shop = (at + timedelta(hours=8)).isoweekday()
    return at - timedelta(days=2) if in_shop == TUESDAY else at


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
    told = re.sub(r"\$\(date[^)]*\)", _a_day_that_is_no_tuesday().isoformat(), receipt.group(1))
    body = PurchaseBody.model_validate(json.loads(told))
    returned = ReturnBody.model_validate(json.loads(back.group(1)))

    async with a_ledger(fresh_database, template="corner-shop") as ledger:
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
    assert [entry.balance_after for entry in entries] == [88, 128]
    for entry in entries:
        assert _without_dates(entry.sentence) in _without_dates(readme)
        shop_owner = (ROOT / "docs" / "shop-owner.md").read_text(encoding="utf-8")
        assert f"> {_without_dates(entry.sentence)}\n" in _without_dates(shop_owner)
