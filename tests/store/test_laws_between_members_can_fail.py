"""What members left to one another, and what many were given at once: each check names its offender when broken by force."""

from __future__ import annotations

from datetime import UTC, datetime
from uuid import UUID

import asyncpg
from tests.conftest import FreshDatabase
from tests.ledgers import a_ledger

from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.domain.purchase import Line, Purchase, ReturnedLine
from jifen.jobs.compensations import work_on_compensations
from jifen.operations.adjust_units import adjust_units
from jifen.operations.compensate_members import Listed, begin_compensation, undo_compensation
from jifen.operations.enrol_member import enrol_member
from jifen.operations.merge_members import merge_members
from jifen.operations.reconcile_books import Books, reconcile_books
from jifen.operations.record_purchases import PurchaseRequest, record_purchases
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.store.keys import BusinessKey
from jifen.store.laws import LAWS, findings_of
from jifen.store.ledger import Ledger
from jifen.store.once import Once

LEFT = "what one member took over is what another left"
UNITS = "of each currency as many units were taken over as were left"
PAID = "each share of a compensation is the adjustment that it names"
OWN = "a share is paid by an adjustment of its own"
BACK = "what took a share back reverses the adjustment that paid it"

BREAKAGES = {
    "what was left is told otherwise": (
        9,
        LEFT,
        "UPDATE jifen.entry SET carried = regexp_replace(carried, '\\d+}$', '999}') WHERE kind = 'carry_out'",
    ),
    "who left names somebody else": (
        9,
        LEFT,
        "UPDATE jifen.entry SET counterpart_id = gen_random_uuid() WHERE kind = 'carry_out'",
    ),
    "who took over is gone": (9, LEFT, "DELETE FROM jifen.entry WHERE kind = 'carry_in'"),
    "who left is gone": (9, LEFT, "DELETE FROM jifen.entry WHERE kind = 'carry_out'"),
    "more units came than went": (
        9,
        UNITS,
        "UPDATE jifen.posting SET units = units + 1 WHERE verb = 'carry_in' AND currency = 0",
    ),
    "a debt that was left did not arrive": (
        9,
        UNITS,
        """DELETE FROM jifen.posting p USING jifen.entry e WHERE e.member_id = p.member_id AND e.sequence = p.sequence
           AND e.kind = 'carry_in' AND p.verb = 'carry_out'""",
    ),
    "units were carried by no merge": (
        9,
        UNITS,
        "UPDATE jifen.posting SET verb = 'carry_in', account = 'carried' WHERE verb = 'adjust_up'",
    ),
    "a share of more than was given": (
        14,
        PAID,
        "UPDATE jifen.compensation_share SET units = units + 1 WHERE sequence IS NOT NULL",
    ),
    "a share of another currency": (14, PAID, "UPDATE jifen.compensation SET currency = 'miles'"),
    "a share that another entry paid": (
        14,
        PAID,
        "UPDATE jifen.compensation_share SET sequence = 1 WHERE sequence IS NOT NULL",
    ),
    "a share that nothing paid": (
        14,
        PAID,
        "UPDATE jifen.compensation_share SET sequence = 999 WHERE sequence IS NOT NULL",
    ),
    "an adjustment that pays twice": (
        14,
        OWN,
        """INSERT INTO jifen.compensation_share (compensation_id, member_id, units, sequence)
           SELECT gen_random_uuid(), member_id, units, sequence FROM jifen.compensation_share WHERE sequence IS NOT NULL""",
    ),
    "a share that nothing took back": (
        14,
        BACK,
        "UPDATE jifen.compensation_share SET undone_sequence = sequence WHERE undone_sequence IS NOT NULL",
    ),
}


async def _some_life(ledger: Ledger) -> None:
    """One who owes and one who has are merged into a third; a compensation is paid, another is taken back."""
    owes, has, stays = [
        UUID(
            (await enrol_member(ledger, [MemberKey("card", card)], Once(key=card, body_hash=b"")))[
                "member_id"
            ]
        )
        for card in ("1", "2", "3")
    ]
    purchase = Purchase(
        source="pos",
        business_no="1",
        occurred_at=datetime.now(UTC),
        money="USD",
        amount_minor=10_000,
        lines=(Line(number=1, amount_minor=10_000, brand="Private", quantity_milli=1_000),),
        store="7",
    )
    await record_purchases(ledger, [PurchaseRequest(purchase=purchase, whose=owes, body_hash=b"1")])
    units = 0
    async with ledger.connection() as connection:
        units = await connection.fetchval("SELECT balances[1] FROM member WHERE member_id = $1", owes)
    for member_id, given in ((owes, -units), (has, 70)):
        await adjust_units(
            ledger,
            member_id,
            currency="points",
            units=given,
            note="so it be",
            request=Once(key=f"adjust {member_id}", body_hash=b""),
            principal=LOCAL,
        )
    back = ReturnRequest(
        purchase=BusinessKey("pos", "1"), lines=(ReturnedLine(number=1, quantity_milli=1_000),)
    )
    await return_purchase(ledger, back, Once(key="return", body_hash=b""))
    for goes in (owes, has):
        await merge_members(ledger, goes, stays, request=Once(key=f"merge {goes}", body_hash=b""))
    made = {"compensation_id": ""}
    for number in range(2):
        made = await begin_compensation(
            ledger,
            Listed(currency="points", shares=[(stays, 10 + number)]),
            reason="the till was down",
            request=Once(key=f"compensation {number}", body_hash=b""),
            principal=LOCAL,
        )
    await work_on_compensations(ledger)
    undone = Once(key="undone", body_hash=b"")
    await undo_compensation(ledger, UUID(made["compensation_id"]), request=undone, principal=LOCAL)
    await work_on_compensations(ledger)


def _broken(books: Books) -> dict[int, list[str]]:
    return {
        verdict.law.number: [one.check for one in verdict.findings]
        for verdict in books.verdicts
        if verdict.verdict == "broken"
    }


async def test_a_broken_check_is_named_with_its_offender(fresh_database: FreshDatabase) -> None:
    async with a_ledger(fresh_database) as ledger:
        await _some_life(ledger)
        assert _broken(await reconcile_books(ledger)) == {}

    admin = await asyncpg.connect(**fresh_database.admin.arguments())
    await admin.execute("SET search_path = jifen")
    for what, (number, check, statement) in BREAKAGES.items():
        (law,) = [one for one in LAWS if one.number == number]
        breaking = admin.transaction()
        await breaking.start()
        done = await admin.execute(statement)
        found = [one for one in await findings_of(admin, law) if one.check.startswith(check)]
        await breaking.rollback()
        assert not done.endswith(" 0"), f"nothing was broken: {what}"
        assert len(found) == 1, what
        assert all(one["offender"] is not None for one in found[0].offenders), what
    await admin.close()
