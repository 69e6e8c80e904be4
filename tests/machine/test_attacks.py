"""What somebody tries who wants points from nothing, and what happens when lines break and clients insist."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_document, a_line, a_purchase, document_text
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_key, a_till, another_till, days, request_of

from jifen.document.load import parse_document
from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import (
    CurrencyUnknown,
    EntryNotReversible,
    KeyTaken,
    MemberClosed,
    PointsMissing,
    PurchaseClaimed,
    PurchaseUnknown,
    Refusal,
    ReservationOver,
    ReturnExceedsPurchase,
    TooMuch,
)
from jifen.jobs.loop import do_effects
from jifen.operations import give_units as giving
from jifen.operations.adjust_units import adjust_units
from jifen.operations.change_member_status import change_member_status
from jifen.operations.enrol_member import enrol_member
from jifen.operations.handle_reservations import (
    RESERVATIONS_MAX,
    commit_reservation,
    release_reservation,
)
from jifen.operations.publish_program import publish_program
from jifen.operations.record_purchases import record_purchases
from jifen.store.once import Once
from jifen.store.purchases import RecordedPurchase


async def all_of(*work: Awaitable[Any]) -> list[Any]:
    """Everything at once; a refusal is an answer, anything else that is raised is a defect."""
    answers = await asyncio.gather(*work, return_exceptions=True)
    for answer in answers:
        if isinstance(answer, BaseException) and not isinstance(answer, Refusal):
            raise answer
    return answers


def codes(answers: list[Any]) -> Counter[str]:
    return Counter(answer.code if isinstance(answer, Refusal) else "done" for answer in answers)


async def test_of_20_concurrent_gifts_of_all_100_points_one_succeeds(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        giver, *friends = [await till.enrol() for _ in range(6)]
        await till.buy(giver, 10_000)

        answers = await all_of(
            *((till if i % 2 else other).give(giver, friends[i % 5], 100) for i in range(20))
        )

        assert codes(answers) == {"done": 1, "points_missing": 19}
        assert {a.numbers["points_missing"] for a in answers if isinstance(a, PointsMissing)} == {100}
        assert sum(await till.points(giver, *friends)) == 100
        assert (await till.points(giver)) == [0]
        await till.assert_laws()


async def test_buy_spend_and_return_leaves_a_debt_that_the_next_purchase_repays(
    fresh_database: FreshDatabase,
) -> None:
    debt = "{policy: allow, limit_units: 500}"
    async with a_till(fresh_database, a_document(debt=debt)) as till:
        member = await till.enrol()
        await till.buy(member, 10_000, no="1")
        reserved = await till.reserve(member, 100)
        await commit_reservation(till.ledger, UUID(reserved["reservation_id"]), a_key())
        await till.bring_back("1")

        owing = await till.balance(member)
        assert (owing.balance, owing.debt, owing.available) == (-100, 100, 0)
        with pytest.raises(PointsMissing):
            await till.reserve(member, 1)
        await till.buy(member, 15_000)
        assert (await till.balance(member)).available == 50
        await till.assert_laws()


async def test_units_spent_before_a_return_are_forgiven_only_where_the_shop_forbids_debt(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        await till.buy(member, 10_000, no="1")
        reserved = await till.reserve(member, 60)
        await commit_reservation(till.ledger, UUID(reserved["reservation_id"]), a_key())

        (told,) = (await till.bring_back("1"))["units"]

        assert (told["units_earned"], told["units_taken"], told["units_forgiven"]) == (100, 40, 60)
        assert await till.points(member) == [0]
        await till.assert_laws()


async def test_a_return_while_the_units_are_reserved_then_released_keeps_the_books_whole(
    fresh_database: FreshDatabase,
) -> None:
    """The lot of the returned purchase is held, so another lot pays; then the held units come back."""
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        await till.buy(member, 10_000, no="1")
        reserved = await till.reserve(member, 100)
        await till.buy(member, 10_000, no="2")
        await till.bring_back("1")
        await release_reservation(till.ledger, UUID(reserved["reservation_id"]), a_key())

        assert (await till.balance(member)).available == 100
        await till.bring_back("2")
        assert await till.points(member) == [0]
        await till.assert_laws()


async def test_a_reservation_that_lapses_after_its_purchase_came_back_does_not_block_the_member(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, a_document(expiry="{days: 5}")) as till:
        now = await till.now()
        await till.set_now(now - days(30))
        member = await till.enrol()
        await till.buy(member, 10_000, no="1")
        await till.reserve(member, 100)
        await till.buy(member, 10_000, no="2")
        await till.bring_back("1", [(1, 500)])
        await till.set_now(now - days(20))

        await till.buy(member, 10_000, no="3")

        assert await till.points(member) == [100]
        await till.bring_back("1")
        await till.bring_back("2")
        await till.assert_laws()


async def test_a_receipt_of_nobody_that_partly_came_back_earns_for_the_rest_when_claimed(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:
        member, thief = await till.enrol(), await till.enrol()
        lines = [a_line(1, 6_000, quantity_milli=3_000), a_line(2, 4_000)]
        await till.buy(None, no="1", lines=lines)
        await till.bring_back("1", [(1, 1_000), (2, 1_000)])

        answers = await all_of(till.claim(member, "1"), till.claim(thief, "1"))

        assert codes(answers) == {"done": 1, "purchase_claimed": 1}
        assert sorted(await till.points(member, thief)) == [0, 40]
        with pytest.raises(ReturnExceedsPurchase):
            await till.bring_back("1", [(2, 1_000)])
        await till.bring_back("1")
        assert await till.points(member, thief) == [0, 0]
        with pytest.raises(PurchaseClaimed):
            await till.claim(member, "1")
        with pytest.raises(PurchaseUnknown):
            await till.claim(member, "2")
        await till.assert_laws()


async def test_a_till_that_sends_a_receipt_of_nobody_again_learns_nothing_of_who_claimed_it(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        at = await till.now()
        first = await till.buy(None, no="1", at=at)
        await till.claim(member, "1")

        again = await till.buy(None, no="1", at=at)

        assert again.is_replay
        assert (again.member_id, again.balances_after, again.reasons) == (None, (), ())
        assert again.recorded_at == first.recorded_at
        await till.assert_laws()


async def test_a_receipt_of_nobody_that_wholly_came_back_earns_nothing_when_claimed(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        await till.buy(None, no="1")
        await till.bring_back("1")
        await till.claim(member, "1")

        assert await till.points(member) == [0]
        assert await till.fetchval("SELECT purchases FROM member WHERE member_id = $1", member) == 0
        await till.assert_laws()


async def test_an_offline_till_that_sends_its_200_purchases_twice_at_once_and_again_earns_once(
    fresh_database: FreshDatabase,
) -> None:
    """Two clients send the same purchases, of members and of nobody, in different order and in batches."""
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        members = [await till.enrol() for _ in range(5)]
        at = await till.now() - days(1)
        requests = [
            request_of(a_purchase(1_000, at=at + timedelta(seconds=i), no=f"n-{i}"), members[i % 5] if i % 6 else None)
            for i in range(200)
        ]  # fmt: skip
        forward = [requests[i : i + 40] for i in range(0, 200, 40)]
        backward = [batch[::-1] for batch in forward]

        answers = await all_of(
            *(record_purchases(till.ledger, batch) for batch in forward),
            *(record_purchases(other.ledger, batch) for batch in backward),
        )
        again = await all_of(*(record_purchases(other.ledger, batch) for batch in forward))

        assert all(isinstance(a, RecordedPurchase) for batch in answers + again for a in batch)
        assert sum(not a.is_replay for batch in answers for a in batch) == 200
        assert all(a.is_replay for batch in again for a in batch)
        bought = sum(1 for i in range(200) if i % 6)
        assert sum(await till.points(*members)) == bought * 10
        assert await till.fetchval("SELECT count(*) FROM unclaimed_purchase") == 200 - bought
        await till.assert_laws()


async def test_two_tills_that_send_the_same_receipts_of_nobody_in_another_order_do_not_block_each_other(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        at = await till.now()
        for i in range(5):
            batch = [request_of(a_purchase(1_000, at=at, no=f"{i}-{n}"), None) for n in range(40)]
            answers = await all_of(
                record_purchases(till.ledger, batch), record_purchases(other.ledger, batch[::-1])
            )
            assert sum(not a.is_replay for answer in answers for a in answer) == 40
        assert await till.fetchval("SELECT count(*) FROM unclaimed_purchase") == 200
        await till.assert_laws()


async def test_a_till_that_comes_back_online_does_not_overshoot_the_cap_of_a_day_long_past(
    fresh_database: FreshDatabase,
) -> None:
    """Purchases of one past day in one batch, after the member has bought on a later day."""
    async with a_till(fresh_database, a_document(caps="{day: 100, month: 180}")) as till:
        member = await till.enrol()
        now = await till.now()
        await till.buy(member, 1_000, at=now)
        past = now - days(40)
        requests = [
            request_of(a_purchase(8_000, at=past + timedelta(seconds=i), no=f"n-{i}"), member)
            for i in range(4)
        ]

        answers = await record_purchases(till.ledger, requests)

        assert [sum(r.granted for r in a.reasons) for a in answers if isinstance(a, RecordedPurchase)] == [
            80,
            20,
            0,
            0,
        ]
        later = await till.buy(member, 8_000, at=past + timedelta(minutes=1))
        assert sum(r.granted for r in later.reasons) == 0
        await till.assert_laws()


async def test_a_daily_cap_holds_when_many_tills_ring_at_once(fresh_database: FreshDatabase) -> None:
    async with (
        a_till(fresh_database, a_document(caps="{day: 100, month: 150}")) as till,
        another_till(fresh_database) as other,
    ):
        member = await till.enrol()
        await all_of(*((till if i % 2 else other).buy(member, 1_700) for i in range(30)))

        assert await till.points(member) == [100]
        await till.assert_laws()


@pytest.mark.parametrize("what", ["give", "adjust", "commit", "return", "reserve", "enrol"])
async def test_the_same_key_at_the_same_time_has_one_effect_and_one_answer(
    fresh_database: FreshDatabase, what: str
) -> None:
    """Also where the effect itself makes a second one impossible: the twin is told the answer, not a refusal."""
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        member, friend = await till.enrol(), await till.enrol()
        await till.buy(member, 10_000, no="1")
        reservation = UUID((await till.reserve(member, 1))["reservation_id"]) if what == "commit" else None
        key = a_key(f"same-{what}")

        def ask(t: Till) -> Awaitable[dict[str, Any]]:
            if what == "give":
                return t.give(member, friend, 100, key=key)
            if what == "adjust":
                return t.adjust(member, -100, key=key)
            if what == "return":
                return t.bring_back("1", key=key)
            if what == "reserve":
                return t.reserve(member, 100, key=key)
            if what == "enrol":
                return enrol_member(t.ledger, [MemberKey("card", "new")], key)
            assert reservation is not None
            return commit_reservation(t.ledger, reservation, key)

        answers = await all_of(*(ask(till if i % 2 else other) for i in range(6)))

        assert codes(answers) == {"done": 6}
        assert sum(not answer.pop("is_replay") for answer in answers) == 1
        assert all(answer == answers[0] for answer in answers)
        await till.assert_laws()


async def test_a_reservation_ends_once_however_many_ask(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        await till.buy(member, 10_000)
        reservation = UUID((await till.reserve(member, 70))["reservation_id"])

        answers = await all_of(
            *(commit_reservation(till.ledger, reservation, a_key()) for _ in range(5)),
            *(release_reservation(till.ledger, reservation, a_key()) for _ in range(5)),
        )

        assert codes(answers) == {"done": 1, "reservation_over": 9}
        (done,) = [a for a in answers if not isinstance(a, Refusal)]
        assert await till.points(member) == [30 if done["status"] == "committed" else 100]
        with pytest.raises(ReservationOver):
            await commit_reservation(till.ledger, reservation, a_key())
        await till.assert_laws()


async def test_a_gift_whose_second_half_fails_is_given_and_arrives_once(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        giver, friend = await till.enrol(), await till.enrol()
        await till.buy(giver, 10_000)
        key = a_key("the-gift")

        async def dies(*_: object) -> None:
            raise ConnectionError("the process is gone")

        with monkeypatch.context() as patched:
            patched.setattr(giving, "receive_gift", dies)
            # It is given: whoever were told that nothing was changed would give it again.
            assert (await till.give(giver, friend, 60, key=key))["units"] == 60
            assert (await till.give(giver, friend, 60, key=key))["is_replay"]
        assert await till.points(giver, friend) == [40, 0]
        await till.assert_laws()

        await all_of(
            *(do_effects(t.ledger) for t in (till, other, till)),
        )
        assert await do_effects(till.ledger) == 0
        assert await till.points(giver, friend) == [40, 60]
        await till.assert_laws()


@pytest.mark.parametrize("closed", [("friend",), ("friend", "giver")])
async def test_a_gift_to_somebody_who_is_closed_meanwhile_goes_back_with_its_days_of_expiry(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch, closed: tuple[str, ...]
) -> None:
    async with a_till(fresh_database, a_document(expiry="{days: 30}")) as till:
        members = {name: await till.enrol() for name in ("giver", "friend")}
        giver, friend = members["giver"], members["friend"]
        await till.buy(giver, 10_000)
        before = await till.balance(giver)

        async def dies(*_: object) -> None:
            raise ConnectionError("the process is gone")

        with monkeypatch.context() as patched:
            patched.setattr(giving, "receive_gift", dies)
            await till.give(giver, friend, 60)
        for name in closed:
            await change_member_status(till.ledger, members[name], "closed", a_key())
        await do_effects(till.ledger)

        after = await till.balance(giver)
        assert (after.balance, after.next_expiry_day) == (100, before.next_expiry_day)
        assert await till.points(friend) == [0]
        with pytest.raises(MemberClosed):
            await till.give(giver, friend, 1)
        await till.assert_laws()


async def test_two_clients_that_enrol_the_same_cards_in_another_order_get_one_member(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        for i in range(10):
            cards = [MemberKey("card", f"{i}-{n}") for n in range(20)]
            answers = await all_of(
                enrol_member(till.ledger, cards, Once(key=f"a-{i}", body_hash=b"")),
                enrol_member(other.ledger, cards[::-1], Once(key=f"b-{i}", body_hash=b"")),
            )
            assert codes(answers) == {"done": 1, KeyTaken.code: 1}


async def test_units_of_a_currency_that_is_published_and_not_yet_in_force_are_refused(
    fresh_database: FreshDatabase,
) -> None:
    stamps = "  - {code: stamps, names: {zh: 印花, en: Stamps}, kind: qualifying}\nearn_rules:"
    later = parse_document(document_text().replace("earn_rules:", stamps), name="later")
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        await publish_program(
            till.ledger, later, effective_at=await till.now() + days(1), published_by="test"
        )
        with pytest.raises(CurrencyUnknown):
            await adjust_units(
                till.ledger,
                member,
                currency="stamps",
                units=5,
                note="early",
                request=a_key(),
                principal=LOCAL,
            )
        await till.buy(member, 10_000)
        await till.assert_laws()


@pytest.mark.parametrize("is_merged", [False, True], ids=["his own", "of who was merged into him"])
@pytest.mark.parametrize("way", ["adjusted down", "given away"])
async def test_what_was_forgiven_does_not_come_back_by_reversing_what_spent_it(
    fresh_database: FreshDatabase, way: str, is_merged: bool
) -> None:
    """Buy, spend, void, and have the spending reversed: debt forbidden, that would leave 100 points that no purchase earned."""
    async with a_till(fresh_database) as till:
        member, friend, heir = await till.enrol(), await till.enrol(), await till.enrol()
        await till.buy(member, 10_000, no="1")
        if is_merged:
            await till.merge(member, heir)
            member = heir
        if way == "given away":
            await till.give(member, friend, 60)
        else:
            await till.adjust(member, -60)
        spent = int(await till.fetchval("SELECT max(sequence) FROM entry WHERE member_id = $1", member))
        back = await till.bring_back("1")
        assert [one["units_forgiven"] for one in back["units"]] == [60]

        with pytest.raises(EntryNotReversible, match="pos/1"):
            await till.reverse(member, spent)

        assert await till.points(member) == [0]
        await till.buy(member, 10_000, no="2")
        await till.adjust(member, -60)
        spent = int(await till.fetchval("SELECT max(sequence) FROM entry WHERE member_id = $1", member))
        await till.reverse(member, spent)
        assert await till.points(member) == [100]
        await till.assert_laws()


async def test_reservations_are_counted_and_not_the_lots_that_they_hold(
    fresh_database: FreshDatabase,
) -> None:
    """One that holds 205 lots leaves room for 199 more, and the one after them is refused with the number that may be open."""
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        now = await till.now()
        bought = [a_purchase(100, at=now, no=f"lot-{number}") for number in range(205)]
        answers = await record_purchases(till.ledger, [request_of(one, member) for one in bought])
        assert not [one for one in answers if isinstance(one, Refusal)]
        await till.reserve(member, 205)
        assert (
            await till.fetchval("SELECT count(*) FROM lot WHERE member_id = $1 AND held > 0", member) == 205
        )
        await till.adjust(member, 200)

        for _ in range(RESERVATIONS_MAX - 1):
            await till.reserve(member, 1)
        with pytest.raises(TooMuch, match="reservations"):
            await till.reserve(member, 1)

        assert (await till.balance(member)).held == 205 + RESERVATIONS_MAX - 1
        await till.assert_laws()
