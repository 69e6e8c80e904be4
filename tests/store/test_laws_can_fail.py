"""Each law's SQL names the offender when its law is broken by force, and is silent on books that are kept."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
import pytest
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.domain.purchase import Line, Purchase, ReturnedLine
from jifen.jobs.loop import once_through
from jifen.operations.adjust_units import adjust_units
from jifen.operations.enrol_member import enrol_member
from jifen.operations.give_units import give_units
from jifen.operations.handle_reservations import reserve_units
from jifen.operations.reconcile_books import Books, reconcile_books
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.operations.reverse_entry import reverse_entry
from jifen.store.keys import BusinessKey
from jifen.store.laws import LAWS
from jifen.store.ledger import Ledger
from jifen.store.once import Once

# What is broken by force (as the superuser, who may do what the application may not), and the law that must say so.
BREAKAGES = {
    "a purchase's amount": (1, "UPDATE jifen.purchase SET amount_minor = amount_minor + 1"),
    "a balance in the chain": (
        2,
        "UPDATE jifen.posting SET balance_after = balance_after + 1 WHERE sequence = 3",
    ),
    "an entry that is gone": (2, "DELETE FROM jifen.purchase_return"),
    "a posting that is gone": (3, "DELETE FROM jifen.posting WHERE verb = 'give'"),
    "a member's balance": (3, "UPDATE jifen.member SET balances[1] = balances[1] + 1 WHERE sequence > 3"),
    "a lot's units": (
        3,
        "UPDATE jifen.lot SET left_units = left_units + 1, opened = opened + 1 WHERE left_units > 0 AND origin = 2",
    ),
    "a row of the audit that somebody rewrote": (4, "UPDATE jifen.audit SET principal = 'nobody'"),
    "a row of the audit that is gone": (4, "DELETE FROM jifen.audit"),
    "a seal of the audit that is gone": (4, "DELETE FROM jifen.audit_seal"),
    "a right to change the journal": (4, "GRANT UPDATE ON jifen.posting TO jifen_app"),
    "a tier that nobody earned": (4, "UPDATE jifen.member SET ladders[1] = 1 WHERE sequence > 3"),
    "a window that forgot": (4, "UPDATE jifen.member SET days = set_byte(days, 0, 0) WHERE sequence > 3"),
    "a key without its purchase": (
        5,
        "UPDATE jifen.purchase_key SET sequence = 77 WHERE member_id IS NOT NULL",
    ),
    "a reason that does not add up": (
        7,
        "UPDATE jifen.posting SET reasons = '{1,999,999}' WHERE verb = 'earn'",
    ),
    "what is told of an event that never was": (
        7,
        """INSERT INTO jifen.event (member_id, sequence, code, source, business_no, attributes)
           SELECT member_id, 999, 'run', 'app', 'n1', '{}' FROM jifen.member LIMIT 1""",
    ),
    "a posting nobody funds": (7, "UPDATE jifen.posting SET funder = NULL WHERE verb = 'earn'"),
    "a purchase judged by no revision": (8, "UPDATE jifen.purchase SET revision = 9"),
    "a return that took less": (
        9,
        "UPDATE jifen.purchase_return SET hits = regexp_replace(hits, '^{(\\d+,\\d+,\\d+),\\d+', '{\\1,0')",
    ),
    "a column for a phone": (10, "ALTER TABLE jifen.posting ADD COLUMN phone text"),
    "a column for free text": (10, "ALTER TABLE jifen.entry ADD COLUMN note text"),
    "a person by name": (10, "ALTER TABLE jifen.purchase ADD COLUMN person text"),
    "a note of nothing": (10, "UPDATE jifen.note SET sequence = sequence + 1000"),
    "an account that drifted": (11, "UPDATE jifen.programme_balance SET units_out = units_out + 1"),
    "a counter that forgot": (
        12,
        "UPDATE jifen.member SET counters[3] = counters[3] + 5 WHERE cardinality(counters) > 0",
    ),
    "a hold on nothing": (12, "UPDATE jifen.member SET holds = '{}' WHERE cardinality(holds) > 0"),
    "a gift that vanished": (12, "UPDATE jifen.gift SET status = 'in_transit', units_back = NULL"),
    "an expiry that was not seen": (
        13,
        "UPDATE jifen.lot SET expires_on = DATE '1990-01-01', matures_on = DATE '1980-01-01' WHERE left_units > 0",
    ),
    "a gift that nobody brings": (14, "DELETE FROM jifen.entry WHERE kind = 'gift_in'"),
    "a gift that nobody brings back": (14, "DELETE FROM jifen.entry WHERE kind = 'reverse' AND currency = 0"),
    "a gift that came of nothing": (14, "DELETE FROM jifen.effect WHERE kind = 'gift_arrives'"),
    "a gift that went back for nothing": (14, "DELETE FROM jifen.effect WHERE kind = 'gift_goes_back'"),
    "an effect of nothing": (14, "UPDATE jifen.effect SET sequence = sequence + 1000"),
    "an effect too many": (14, "UPDATE jifen.effect SET part = part + 1"),
    "a gift that came twice": (
        14,
        """INSERT INTO jifen.entry SELECT (jsonb_populate_record(e, jsonb_build_object('member_id', gen_random_uuid()))).*
           FROM jifen.entry e WHERE kind = 'gift_in'""",
    ),
}


async def _some_life(ledger: Ledger) -> None:
    """Two members with a purchase, a return, a gift, an adjustment and a reservation."""
    now = datetime.now(UTC)
    members = []
    for card in ("1", "2"):
        enrolled = await enrol_member(ledger, [MemberKey("card", card)], Once(key=card, body_hash=b""))
        members.append(UUID(enrolled["member_id"]))
    lines = (
        Line(number=1, amount_minor=9_000, category="GROCERY/FLUID MILK PRODUCTS/MILK", quantity_milli=4_000),
        Line(number=2, amount_minor=1_000, brand="Private"),
    )
    purchase = Purchase(
        source="pos",
        business_no="1",
        occurred_at=now,
        money="USD",
        amount_minor=10_000,
        lines=lines,
        store="7",
    )
    await record_purchases(ledger, [PurchaseRequest(purchase=purchase, whose=members[0], body_hash=b"1")])
    await adjust_units(
        ledger,
        members[0],
        currency="points",
        units=500,
        note="goodwill",
        request=Once(key="adjust", body_hash=b""),
        principal=LOCAL,
    )
    request = ReturnRequest(
        purchase=BusinessKey("pos", "1"),
        lines=(ReturnedLine(number=1, quantity_milli=1_000),),
        actor="cashier",
    )
    await return_purchase(ledger, request, Once(key="return", body_hash=b""))
    await give_units(
        ledger, members[0], members[1], currency="points", units=100, request=Once(key="gift", body_hash=b"")
    )
    given = await give_units(
        ledger, members[0], members[1], currency="points", units=30, request=Once(key="gift-2", body_hash=b"")
    )
    await reverse_entry(
        ledger,
        members[0],
        given["sequence"],
        note="a mistake",
        request=Once(key="reverse", body_hash=b""),
        principal=LOCAL,
    )
    await reserve_units(
        ledger,
        members[0],
        currency="points",
        units=50,
        lapse_seconds=600,
        request=Once(key="reserve", body_hash=b""),
    )
    await once_through(ledger)


def _broken(books: Books) -> set[int]:
    return {verdict.law.number for verdict in books.verdicts if verdict.verdict == "broken"}


@pytest.mark.parametrize("what", BREAKAGES)
async def test_a_broken_law_is_named(fresh_database: FreshDatabase, what: str) -> None:
    law, statement = BREAKAGES[what]
    async with a_ledger(fresh_database) as ledger:
        await _some_life(ledger)
        assert _broken(await reconcile_books(ledger)) == set()

        admin = await asyncpg.connect(**fresh_database.admin.arguments())
        done = await admin.execute(statement)
        await admin.close()
        books = await reconcile_books(ledger)

    assert not done.endswith(" 0"), "nothing was broken"
    assert law in _broken(books)
    findings = [
        finding for verdict in books.verdicts if verdict.law.number == law for finding in verdict.findings
    ]
    assert all(finding.offenders for finding in findings)


def test_every_law_of_the_design_has_a_line() -> None:
    assert [law.number for law in LAWS] == list(range(1, 15))
    assert all(law.checks or law.tested_by for law in LAWS)


async def test_rolled_up_accounts_follow_commits_and_never_miss_a_late_one(
    fresh_database: FreshDatabase,
) -> None:
    """A transaction that began first and commits last is counted, once."""
    async with a_ledger(fresh_database) as ledger:
        await _some_life(ledger)
        late = await asyncpg.connect(**fresh_database.app.arguments())
        transaction = late.transaction()
        await transaction.start()
        await late.execute(
            """INSERT INTO jifen.posting (member_id, sequence, part, currency, verb, account, is_credit, units,
                   balance_after, terms, reasons, revision, funder, occurred_at, recorded_at)
               VALUES (gen_random_uuid(), 1, 0, 0, 'adjust_up', 'adjusted', true, 7, 7, 0, '{0,7,7}', 1, 'x', now(), now())"""
        )
        before = await _adjusted(ledger)
        await once_through(ledger)
        assert await _adjusted(ledger) == before

        await transaction.commit()
        await late.close()
        await once_through(ledger)
        await once_through(ledger)

        assert await _adjusted(ledger) == before + 7


async def _adjusted(ledger: Ledger) -> int:
    async with ledger.transaction() as connection:
        units: int = await connection.fetchval(
            "SELECT units_out FROM programme_balance WHERE account = 'adjusted' AND currency = 0"
        )
        return units
