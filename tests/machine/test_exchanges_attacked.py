"""Exchanges where a stranger looks for cracks: chains, what time brings in between, undoing, merging, and many lots."""

from __future__ import annotations

import json
import random
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from tests.backtest.snapshots import a_snapshot
from tests.builders import a_purchase
from tests.conftest import FreshDatabase
from tests.machine import test_households as at_home
from tests.machine.test_exchanges import START, held, kinds, with_stamps
from tests.machine.till import Till, a_key, a_till, request_of
from tests.publishing import put_in_force

from jifen.document.model import ProgramDocument
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import EntryNotReversible, Refusal
from jifen.insight.backtest.compare import compare
from jifen.insight.backtest.sides import BacktestRefused
from jifen.insight.snapshot.verifying import verify_snapshot
from jifen.jobs.loop import once_through
from jifen.operations.adjust_units import adjust_units
from jifen.operations.change_member_status import change_member_status
from jifen.operations.exchange_units import exchange_units
from jifen.operations.handle_reservations import commit_reservation, release_reservation, reserve_units
from jifen.operations.read_statement import read_statement
from jifen.operations.record_purchases import record_purchases
from jifen.operations.undo_merge import undo_merge
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


async def test_stamps_of_imported_purchases_are_exchanged_as_they_would_have_been(
    fresh_database: FreshDatabase,
) -> None:
    document = with_exchanges(exchange("nine", ("stamps", 9), ("points", 500)))
    async with a_till(fresh_database, document) as till:
        await till.set_now(START)
        member, lived = await till.enrol(), await till.enrol()
        for day in (1, 200):
            await till.set_now(START + timedelta(days=day))
            await till.buy(lived, 9_500)
        await till.set_now(START + timedelta(days=210))
        at = [START + timedelta(days=day) for day in (1, 200)]
        past = [request_of(a_purchase(9_500, at=one, no=f"past-{one}"), member) for one in at]
        await record_purchases(till.ledger, past, is_import=True)
        await once_through(till.ledger)
        assert (
            await held(till, member) == await held(till, lived) == {"points": 1_000, "stamps": 0, "books": 0}
        )
        days = [at[:10] for at in await days_of(till, lived)]
        assert [at[:10] for at in await days_of(till, member)] == days == ["2025-03-04", "2025-09-19"]
        await till.assert_laws()


async def test_who_leaves_a_household_with_a_share_has_it_exchanged_and_books_go_into_a_snapshot(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    document = with_exchanges(exchange("hundred", ("points", 100), ("books", 1)))
    async with a_till(fresh_database, document) as till:
        await till.set_now(START)
        home, head = await at_home.enrolled(till, name="Head")
        other, person = await at_home.enrolled(till, name="Other")
        await till.adjust(home, 60)
        await till.adjust(other, 30)
        await at_home.join(till, other, person, await at_home.invited(till, home, head))
        assert await held(till, home) == {"points": 90, "stamps": 0, "books": 0}
        await till.adjust(home, 110)
        assert await held(till, home) == {"points": 0, "stamps": 0, "books": 2}
        await till.adjust(home, 99)
        left = await at_home.leave(till, home, person, 40)
        new = UUID(left["new_member_id"])
        await till.adjust(new, 60)
        await once_through(till.ledger)
        assert await held(till, home) == {"points": 59, "stamps": 0, "books": 2}
        assert await held(till, new) == {"points": 0, "stamps": 0, "books": 1}
        await till.assert_laws()
        past = await a_snapshot(fresh_database, tmp_path / "s")
        verified = verify_snapshot(tmp_path / "s")
        assert verified.is_whole, verified.findings
        with pytest.raises(BacktestRefused, match="exchanges"):
            compare(past, with_stamps(has_exchanges=False))


async def test_a_merge_that_was_exchanged_is_undone(fresh_database: FreshDatabase) -> None:
    """What became of the stamps stays with who has it: they went over and are not there any more."""
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        goes, _ = await at_home.enrolled(till, name="Goes")
        stays, _ = await at_home.enrolled(till, name="Stays")
        await stamps(till, goes, 5)
        await till.adjust(goes, 70)
        await stamps(till, stays, 5)
        await till.merge(goes, stays)
        assert await held(till, stays) == {"points": 570, "stamps": 1, "books": 0}
        undone = await undo_merge(till.ledger, goes, a_key(), principal=LOCAL)
        await once_through(till.ledger)
        assert await held(till, stays) == {"points": 500, "stamps": 0, "books": 0}
        assert await held(till, UUID(undone["new_member_id"])) == {"points": 70, "stamps": 1, "books": 0}
        await till.assert_laws()


async def test_a_large_balance_is_exchanged_in_one_entry(fresh_database: FreshDatabase) -> None:
    document = with_exchanges(exchange("each", ("points", 1), ("books", 3)))
    async with a_till(fresh_database, document) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.adjust(member, 1_000_000)
        assert await held(till, member) == {"points": 0, "stamps": 0, "books": 3_000_000}
        assert await kinds(till, member) == ["adjust_up", "exchange"]
        await till.assert_laws()


class Shop:
    """Members who do whatever they like, by a seed."""

    def __init__(self, till: Till, seed: int) -> None:
        self.till, self.choose = till, random.Random(seed)
        self.members: list[UUID] = []
        self.sold: list[str] = []
        self.reserved: list[UUID] = []

    def who(self) -> UUID:
        """Somebody."""
        return self.choose.choice(self.members)

    async def buy(self) -> None:
        """A purchase of now, or a late one."""
        no = f"sold-{len(self.sold)}"
        late = timedelta(days=self.choose.choice((0, 0, 0, 1, 20)))
        await self.till.buy(
            self.who(), self.choose.choice((900, 3_000, 5_000, 9_000)), no=no, at=await self.till.now() - late
        )
        self.sold.append(no)

    async def bring_back(self) -> None:
        """All or part of what was sold."""
        lines = self.choose.choice((None, [(1, 400)]))
        await self.till.bring_back(self.choose.choice(self.sold), lines)

    async def adjust(self) -> None:
        """Stamps or points, more or fewer."""
        units = self.choose.choice((-3, 1, 4, 9, 60))
        await self.choose.choice((stamps, Till.adjust))(self.till, self.who(), units)

    async def reserve(self) -> None:
        """Stamps that are promised for a while."""
        units, seconds = self.choose.choice((1, 1, 3)), self.choose.choice((60, 90_000))
        told = await reserve_units(
            self.till.ledger,
            self.who(),
            currency="stamps",
            units=units,
            lapse_seconds=seconds,
            request=a_key(),
        )
        self.reserved.append(UUID(told["reservation_id"]))

    async def end(self) -> None:
        """Of a reservation."""
        how = self.choose.choice((release_reservation, commit_reservation))
        await how(self.till.ledger, self.choose.choice(self.reserved), a_key())

    async def give(self) -> None:
        """A gift."""
        await self.till.give(self.who(), self.who(), self.choose.choice((5, 80)))

    async def exchange(self) -> None:
        """A book or two."""
        times = self.choose.choice((1, 2))
        await exchange_units(self.till.ledger, self.who(), exchange="book", times=times, request=a_key())

    async def reverse(self) -> None:
        """Any entry."""
        member = self.who()
        last = await self.till.fetchval("SELECT sequence FROM member WHERE member_id = $1", member)
        await self.till.reverse(member, self.choose.randint(max(1, last - 8), last))

    async def freeze(self) -> None:
        """Or let go on."""
        status = self.choose.choice(("frozen", "active", "active"))
        await change_member_status(self.till.ledger, self.who(), status, a_key())

    async def merge(self) -> None:
        """Two into one."""
        if len(self.members) > 3:
            goes, stays = self.choose.sample(self.members, 2)
            await self.till.merge(goes, stays)
            self.members.remove(goes)

    async def wait(self) -> None:
        """Hours or weeks; perhaps the jobs look."""
        await self.till.set_now(await self.till.now() + timedelta(days=self.choose.choice((0.2, 1, 3, 40))))
        if self.choose.random() < 0.5:
            await once_through(self.till.ledger)


@pytest.mark.parametrize("seed", range(2))
async def test_random_lives_with_exchanges_are_what_their_journal_says(
    fresh_database: FreshDatabase, seed: int
) -> None:
    """While revisions come that have other exchanges, or none."""
    revisions = [
        with_stamps(pending_days=2),
        with_exchanges(
            exchange("nine", ("stamps", 4), ("points", 50)), exchange("five", ("points", 300), ("books", 1))
        ),
        with_exchanges(),
        with_exchanges(
            exchange("nine", ("stamps", 9), ("points", 200), ("books", 1)),
            exchange("book", ("points", 100), ("books", 1), at_once=False),
        ),
    ]
    async with a_till(fresh_database, revisions[0]) as till:
        await till.set_now(START - timedelta(days=400))
        shop = Shop(till, seed)
        shop.members = [await till.enrol() for _ in range(6)]
        done = dict.fromkeys(
            ("buy", "bring_back", "adjust", "reserve", "end", "give", "exchange", "reverse", "merge"), 0
        )
        steps = [
            shop.buy,
            shop.buy,
            shop.buy,
            shop.bring_back,
            shop.adjust,
            shop.adjust,
            shop.reserve,
            shop.end,
        ]
        steps += [shop.give, shop.exchange, shop.reverse, shop.reverse, shop.freeze, shop.wait]
        for number in range(240):
            if number in (60, 120, 180):
                await put_in_force(till.ledger, revisions[number // 60])
            step = shop.merge if number % 80 == 79 else shop.choose.choice(steps)
            try:
                await step()
            except (Refusal, IndexError):
                continue
            done[step.__name__] = done.get(step.__name__, 0) + 1
            if number % 40 == 39:
                await till.assert_laws()
        assert min(done.values()) > 0 or seed > 1, done
        assert (
            await till.fetchval("SELECT count(*) FROM entry WHERE kind = 'exchange' AND actor = 'time'") > 10
        )
        await till.assert_laws()
