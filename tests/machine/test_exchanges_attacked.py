"""Exchanges where a stranger looks for cracks: chains, what time brings in between, undoing, merging, and many lots."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.conftest import FreshDatabase
from tests.machine.test_exchanges import START, held, kinds, with_stamps
from tests.machine.till import Till, a_key, a_till, request_of
from tests.publishing import put_in_force

from jifen.document.model import ProgramDocument
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import EntryNotReversible
from jifen.jobs.loop import once_through
from jifen.operations.adjust_units import adjust_units
from jifen.operations.change_member_status import change_member_status
from jifen.operations.handle_reservations import release_reservation, reserve_units
from jifen.operations.read_statement import read_statement
from jifen.operations.record_purchases import record_purchases
from jifen.present.postings import explain
from jifen.store.moments import look_ahead

NAMES = {"zh": "兑换", "en": "Exchange"}


def exchange(
    code: str, takes: tuple[str, int], *gives: tuple[str, int], at_once: bool = True
) -> dict[str, Any]:
    """An exchange of a document."""
    return {
        "code": code,
        "names": NAMES,
        "takes": {"currency": takes[0], "units": takes[1]},
        "gives": [{"currency": code, "units": units} for code, units in gives],
        "at_once": at_once,
    }


def with_exchanges(*exchanges: dict[str, Any], **stamps: Any) -> ProgramDocument:
    """The stamps of the shop with other exchanges."""
    document = with_stamps(has_exchanges=False).model_dump(mode="json", exclude_none=True)
    document["exchanges"] = list(exchanges)
    document["currencies"][1].update(stamps)
    return ProgramDocument.model_validate_json(json.dumps(document))


async def stamps(till: Till, member: UUID, units: int) -> dict[str, Any]:
    """Stamps that are given or taken by hand."""
    return await adjust_units(
        till.ledger, member, currency="stamps", units=units, note="test", request=a_key(), principal=LOCAL
    )


async def days_of(till: Till, member: UUID) -> list[str]:
    """When exchanges of a member are dated, by the clock in Shanghai."""
    found: list[str] = await till.fetchval(
        """SELECT coalesce(array_agg((occurred_at AT TIME ZONE 'Asia/Shanghai')::text ORDER BY sequence), '{}')
           FROM entry WHERE member_id = $1 AND kind = 'exchange'""",
        member,
    )
    return found


async def test_a_chain_of_three_runs_through_in_the_purchase_that_begins_it(
    fresh_database: FreshDatabase,
) -> None:
    """Whatever the order in which the document has them."""
    document = with_exchanges(
        exchange("third", ("books", 2), ("medals", 1)),
        exchange("second", ("points", 100), ("books", 1)),
        exchange("first", ("stamps", 2), ("points", 100)),
    ).model_dump(mode="json", exclude_none=True)
    document["currencies"].append({"code": "medals", "names": NAMES, "kind": "qualifying"})
    async with a_till(fresh_database, ProgramDocument.model_validate_json(json.dumps(document))) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.buy(member, 90_000)
        assert await held(till, member) == {"points": 0, "stamps": 0 + 90 % 2, "books": 45 % 2, "medals": 22}
        assert await kinds(till, member) == ["purchase", "exchange", "exchange", "exchange"]
        await till.assert_laws()


async def test_of_two_that_take_the_same_the_first_in_the_document_runs_as_often_as_it_can(
    fresh_database: FreshDatabase,
) -> None:
    document = with_exchanges(
        exchange("large", ("stamps", 5), ("books", 1)), exchange("small", ("stamps", 2), ("points", 3))
    )
    async with a_till(fresh_database, document) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.buy(member, 14_000)
        assert await held(till, member) == {"points": 6, "stamps": 0, "books": 2}
        await till.assert_laws()


async def test_units_that_can_be_used_on_their_last_day_alone_are_exchanged_that_day(
    fresh_database: FreshDatabase,
) -> None:
    """Whoever looks first: a job on the day, or a purchase long after it."""
    document = with_exchanges(
        exchange("nine", ("stamps", 9), ("points", 500)), expiry={"days": 4}, pending={"days": 3}
    )
    async with a_till(fresh_database, document) as till:
        await till.set_now(START)
        looked, late = await till.enrol(), await till.enrol()
        for member in (looked, late):
            await till.buy(member, 9_000)
        await till.set_now(START + timedelta(days=3))
        await once_through(till.ledger)
        await till.set_now(START + timedelta(days=8))
        await till.buy(late, 900)
        assert await held(till, looked) == await held(till, late) == {"points": 500, "stamps": 0, "books": 0}
        assert await days_of(till, looked) == await days_of(till, late) == ["2025-03-06 00:00:00"]
        await till.assert_laws()


async def test_what_a_lapse_lets_go_of_is_exchanged_when_it_lapses_whoever_looks_and_however_late(
    fresh_database: FreshDatabase,
) -> None:
    """Of three alike one is looked at by a job in the same hour, one the next day, one after the units have expired."""
    document = with_exchanges(exchange("nine", ("stamps", 9), ("points", 500)))
    async with a_till(fresh_database, document) as till:
        await till.set_now(START)
        members = [await till.enrol() for _ in range(3)]
        for member in members:
            await stamps(till, member, 5)
            await reserve_units(
                till.ledger, member, currency="stamps", units=5, lapse_seconds=3_600, request=a_key()
            )
            await stamps(till, member, 4)
        await till.set_now(START + timedelta(hours=2))
        await change_member_status(till.ledger, members[0], "frozen", a_key())
        await change_member_status(till.ledger, members[0], "active", a_key())
        await till.set_now(START + timedelta(days=1))
        await till.buy(members[1], 900)
        await till.set_now(START + timedelta(days=100))
        await once_through(till.ledger)
        assert [await held(till, one) for one in members] == [{"points": 500, "stamps": 0, "books": 0}] * 3
        days = [[at[:19] for at in await days_of(till, one)] for one in members]
        assert days == [["2025-03-03 13:00:00"]] * 3
        await till.assert_laws()


async def test_a_reservation_that_is_released_lets_the_exchange_run(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await stamps(till, member, 5)
        reserved = await reserve_units(
            till.ledger, member, currency="stamps", units=5, lapse_seconds=3_600, request=a_key()
        )
        await stamps(till, member, 4)
        assert (await held(till, member))["points"] == 0
        await release_reservation(till.ledger, UUID(reserved["reservation_id"]), a_key())
        assert await held(till, member) == {"points": 500, "stamps": 0, "books": 0}
        await till.assert_laws()


async def test_what_is_owed_is_repaid_before_anything_is_exchanged(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.buy(member, 9_000, no="first")
        await till.bring_back("first")
        await till.buy(member, 17_000)
        assert await held(till, member) == {"points": 500, "stamps": 8, "books": 0}
        await till.buy(member, 1_000)
        assert await held(till, member) == {"points": 1_000, "stamps": 0, "books": 0}
        await till.assert_laws()


async def test_a_gift_that_completes_it_is_exchanged_with_its_receiver(fresh_database: FreshDatabase) -> None:
    document = with_exchanges(exchange("hundred", ("points", 100), ("books", 1)))
    async with a_till(fresh_database, document) as till:
        await till.set_now(START)
        giver, receiver = await till.enrol(), await till.enrol()
        await till.adjust(giver, 60)
        await till.adjust(receiver, 50)
        await till.give(giver, receiver, 55)
        await once_through(till.ledger)
        assert (await held(till, giver))["points"] == 5
        assert await held(till, receiver) == {"points": 5, "stamps": 0, "books": 1}
        await till.assert_laws()


async def test_what_brought_the_units_is_undone_after_they_were_exchanged(
    fresh_database: FreshDatabase,
) -> None:
    """They are owed; the exchange undone too leaves nothing of both."""
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member = await till.enrol()
        brought = await stamps(till, member, 9)
        assert await held(till, member) == {"points": 500, "stamps": 0, "books": 0}
        await till.reverse(member, brought["sequence"])
        assert await held(till, member) == {"points": 500, "stamps": -9, "books": 0}
        await till.assert_laws()
        await till.reverse(member, brought["sequence"] + 1)
        assert await held(till, member) == {"points": 0, "stamps": 0, "books": 0}
        await till.assert_laws()


async def test_an_exchange_that_would_be_made_again_at_once_is_not_undone(
    fresh_database: FreshDatabase,
) -> None:
    """Undone by one who is frozen, or after the programme has dropped it, it stays undone."""
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member, frozen = await till.enrol(), await till.enrol()
        for one in (member, frozen):
            await stamps(till, one, 9)
        await change_member_status(till.ledger, frozen, "frozen", a_key())
        for _ in range(2):
            with pytest.raises(EntryNotReversible, match="made again at once"):
                await till.reverse(member, 3)
        assert await held(till, member) == {"points": 500, "stamps": 0, "books": 0}
        assert await kinds(till, member) == ["adjust_up", "exchange"]
        await till.reverse(frozen, 3)
        assert await held(till, frozen) == {"points": 0, "stamps": 9, "books": 0}
        await put_in_force(till.ledger, with_stamps(has_exchanges=False))
        await till.set_now(START + timedelta(days=1))
        await till.reverse(member, 3)
        assert await held(till, member) == {"points": 0, "stamps": 9, "books": 0}
        await till.assert_laws()


async def test_stamps_of_two_who_become_one_are_exchanged_at_once(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        goes, stays = await till.enrol(), await till.enrol()
        await till.buy(goes, 5_000, no="goes")
        await till.buy(stays, 4_000)
        await till.merge(goes, stays)
        assert await held(till, stays) == {"points": 500, "stamps": 0, "books": 0}
        await till.assert_laws()
        await till.bring_back("goes")
        assert await held(till, stays) == {"points": 500, "stamps": -5, "books": 0}
        await till.assert_laws()


async def test_a_batch_for_one_member_and_others(fresh_database: FreshDatabase) -> None:
    from tests.builders import a_purchase

    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        members = [await till.enrol() for _ in range(3)]
        at = await till.now()
        requests = [
            request_of(a_purchase(4_000, at=at, no=f"b-{n}-{m}"), member)
            for n in range(5)
            for m, member in enumerate(members)
        ]
        await record_purchases(till.ledger, requests)
        assert [await held(till, one) for one in members] == [{"points": 1_000, "stamps": 2, "books": 0}] * 3
        await till.assert_laws()


async def test_a_claimed_receipt_and_a_late_purchase_bring_the_ninth(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        claims, late = await till.enrol(), await till.enrol()
        await till.buy(claims, 4_000)
        await till.buy(None, 5_000, no="nobody")
        await till.set_now(START + timedelta(days=2))
        await till.claim(claims, "nobody")
        await till.buy(late, 4_000)
        await till.buy(late, 5_000, at=START + timedelta(days=1))
        for one in (claims, late):
            assert await held(till, one) == {"points": 500, "stamps": 0, "books": 0}
        await till.assert_laws()


@pytest.mark.parametrize("what", ["dropped", "cheaper", "on request"])
async def test_another_revision_while_units_wait(fresh_database: FreshDatabase, what: str) -> None:
    """What is ripe after it counts by it alone; what was ripe before it counts by the one before, however late it is seen."""
    old = with_exchanges(exchange("nine", ("stamps", 9), ("points", 500)), pending={"days": 3})
    new = {
        "dropped": with_exchanges(pending={"days": 3}),
        "cheaper": with_exchanges(exchange("nine", ("stamps", 3), ("points", 7)), pending={"days": 3}),
        "on request": with_exchanges(
            exchange("nine", ("stamps", 9), ("points", 500), at_once=False), pending={"days": 3}
        ),
    }[what]
    async with a_till(fresh_database, old) as till:
        await till.set_now(START - timedelta(days=10))
        before = await till.enrol()
        await till.buy(before, 9_000)
        await till.set_now(START)
        member, looked = await till.enrol(), await till.enrol()
        for one in (member, looked):
            await till.buy(one, 9_000)
        await till.set_now(START + timedelta(days=1))
        await put_in_force(till.ledger, new)
        await till.set_now(START + timedelta(days=2))
        await look_ahead(till.ledger)
        await till.assert_laws()
        await till.set_now(START + timedelta(days=3))
        await once_through(till.ledger)
        await till.set_now(START + timedelta(days=5))
        await till.buy(member, 500)
        await once_through(till.ledger)
        wanted = {"dropped": 0, "cheaper": 21, "on request": 0}[what]
        assert [(await held(till, one))["points"] for one in (before, member, looked)] == [
            500,
            wanted,
            wanted,
        ]
        statement = await read_statement(till.ledger, before)
        said = [
            explain(statement.timeline, line.posting, line.about, language="en") for line in statement.lines
        ]
        assert any("9 stamps for 500" in one for one in said), said
        await till.assert_laws()
        exchanged = await till.fetchval(
            "SELECT sequence FROM entry WHERE member_id = $1 AND kind = 'exchange'", before
        )
        if what == "cheaper":
            with pytest.raises(EntryNotReversible):
                await till.reverse(before, exchanged)
        else:
            await till.reverse(before, exchanged)
            assert (await held(till, before))["stamps"] == 9
        await till.assert_laws()


async def test_an_account_of_three_hundred_lots_is_exchanged_from_all_of_them(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_exchanges(pending={"days": 5})) as till:
        await till.set_now(START)
        member = await till.enrol()
        for n in range(6):
            await till.set_now(START + timedelta(days=n))
            for _ in range(50):
                await till.buy(member, 1_000)
        await put_in_force(till.ledger, with_exchanges(exchange("all", ("stamps", 290), ("points", 500))))
        await till.set_now(START + timedelta(days=9))
        await once_through(till.ledger)
        assert await held(till, member) == {"points": 0, "stamps": 300, "books": 0}
        await till.set_now(START + timedelta(days=10))
        await once_through(till.ledger)
        assert await held(till, member) == {"points": 500, "stamps": 10, "books": 0}
        await till.assert_laws()


async def test_currencies_of_two_digits(fresh_database: FreshDatabase) -> None:
    document = with_exchanges(exchange("two", ("stamps", 2), ("points", 3))).model_dump(
        mode="json", exclude_none=True
    )
    document["currencies"][0]["scale"] = 2
    document["currencies"][1]["scale"] = 2
    async with a_till(fresh_database, ProgramDocument.model_validate_json(json.dumps(document))) as till:
        await till.set_now(START)
        member = await till.enrol()
        await stamps(till, member, 450)
        assert await held(till, member) == {"points": 600, "stamps": 50, "books": 0}
        await till.assert_laws()


async def test_who_is_closed_gets_none(fresh_database: FreshDatabase) -> None:
    async with a_till(
        fresh_database, with_exchanges(exchange("nine", ("stamps", 9), ("points", 500)), pending={"days": 3})
    ) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.buy(member, 9_000)
        await change_member_status(till.ledger, member, "closed", a_key())
        await till.set_now(START + timedelta(days=9))
        await once_through(till.ledger)
        assert "exchange" not in await kinds(till, member)
        await till.assert_laws()
