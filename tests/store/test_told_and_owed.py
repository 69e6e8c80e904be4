"""What a rule wanted is told also where it gave nothing, and a mistake is taken back also where it was spent already."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.api.render import purchase_answer
from jifen.domain import fold
from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.domain.purchase import Line, Purchase
from jifen.domain.refusals import PointsMissing
from jifen.operations.adjust_units import adjust_units
from jifen.operations.enrol_member import enrol_member
from jifen.operations.handle_reservations import commit_reservation, reserve_units
from jifen.operations.read_statement import read_lot_story
from jifen.operations.reconcile_books import reconcile_books
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.operations.reverse_entry import reverse_entry
from jifen.store.ledger import Ledger
from jifen.store.once import Once
from jifen.store.purchases import RecordedPurchase


async def _somebody(ledger: Ledger) -> UUID:
    told = await enrol_member(ledger, [MemberKey("card", "1")], Once(key="enrol", body_hash=b""))
    return UUID(str(told["member_id"]))


async def _bought(ledger: Ledger, member: UUID, number: str) -> dict[str, Any]:
    """The answer to a purchase of 100.00."""
    purchase = Purchase(
        source="pos", business_no=number, occurred_at=datetime.now(UTC), money="CNY", amount_minor=10_000,
        lines=(Line(number=1, amount_minor=10_000),),
    )  # fmt: skip
    (told,) = await record_purchases(
        ledger, [PurchaseRequest(purchase=purchase, whose=member, body_hash=number.encode())]
    )
    assert isinstance(told, RecordedPurchase)
    return purchase_answer(told, ledger.compiled)


async def _adjusted(ledger: Ledger, member: UUID, units: int, key: str) -> dict[str, Any]:
    once = Once(key=key, body_hash=b"")
    return await adjust_units(
        ledger, member, currency="points", units=units, note="mistake", request=once, principal=LOCAL
    )


async def _is_kept(ledger: Ledger) -> bool:
    books = await reconcile_books(ledger)
    return not books.differences and {one.verdict for one in books.verdicts} == {"kept"}


async def test_a_rule_clipped_to_nothing_is_told_and_told_again_in_the_same_words(
    fresh_database: FreshDatabase,
) -> None:
    async with a_ledger(fresh_database, document=a_document(caps="{day: 130}")) as ledger:
        member = await _somebody(ledger)
        told = [await _bought(ledger, member, number) for number in ("1", "2", "3")]
        assert [one["earned"] for one in told] == [
            [
                {
                    "currency": "points",
                    "units": units,
                    "reasons": [
                        {
                            "rule": "base",
                            "desired": 100,
                            "granted": units,
                            "why": "all" if units == 100 else "limited",
                        }
                    ],
                }
            ]
            for units in (100, 30, 0)
        ]
        assert [await _bought(ledger, member, number) for number in ("1", "2", "3")] == told


async def test_a_mistake_is_taken_back_into_debt_as_far_as_the_policy_allows(
    fresh_database: FreshDatabase,
) -> None:
    document = a_document(debt="{policy: allow, limit_units: 60}")
    async with a_ledger(fresh_database, document=document) as ledger:
        member = await _somebody(ledger)
        await _adjusted(ledger, member, 100, "typed wrong")
        held = await reserve_units(
            ledger,
            member,
            currency="points",
            units=70,
            lapse_seconds=600,
            request=Once(key="r", body_hash=b""),
        )
        await commit_reservation(ledger, UUID(held["reservation_id"]), Once(key="c", body_hash=b""))

        with pytest.raises(PointsMissing):
            await _adjusted(ledger, member, -91, "one too many")
        down = await _adjusted(ledger, member, -90, "corrected")
        assert down["balance_after"] == -60
        with pytest.raises(PointsMissing):
            await _adjusted(ledger, member, -1, "nothing left to owe")
        assert await _is_kept(ledger)

        await _bought(ledger, member, "1")
        # One entry opened the lot and repaid the debt from it: a page never ends between the two.
        story = await read_lot_story(ledger, member, 2, limit=1)
        assert [(move.way, move.units) for move in story.moves] == [(fold.W_OPENED, 100), (fold.W_REPAID, 60)]
        assert (await _adjusted(ledger, member, -40, "the rest"))["balance_after"] == 0
        await reverse_entry(
            ledger,
            member,
            down["sequence"],
            note="it was right",
            request=Once(key="u", body_hash=b""),
            principal=LOCAL,
        )
        assert (await _adjusted(ledger, member, -90, "again"))["balance_after"] == 0
        assert await _is_kept(ledger)
