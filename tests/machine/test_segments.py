"""Segments: lists that are given and conditions that are asked of everybody, what rules see by them, and the books afterwards."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_key, a_till, another_till, days
from tests.publishing import put_in_force

from jifen.domain.occasions import Event
from jifen.domain.person import Consent, MemberKey
from jifen.domain.principal import LOCAL
from jifen.domain.profiling import PROFILING
from jifen.domain.refusals import FieldWrong, Refusal
from jifen.domain.segments import SegmentExists, SegmentFound, SegmentInUse, SegmentUnknown
from jifen.operations.advance_members import advance_members
from jifen.operations.erase_person import erase_person
from jifen.operations.find_member import find_member
from jifen.operations.manage_segments import (
    archive,
    ask_refresh,
    change_list,
    count_segment,
    list_of_segment,
    make_segment,
    read_segment,
    refresh_due,
    refresh_segment,
)
from jifen.operations.plan_program import plan_program
from jifen.operations.publish_program import publish_program
from jifen.operations.quote_purchase import quote_purchases
from jifen.operations.record_consent import record_consent
from jifen.operations.record_events import EventRequest, record_events
from jifen.store.purchases import RecordedPurchase

OCCASIONS = """
events:
  - {code: check-in, names: {zh: 签到, en: Check-in}}
days:
  - {code: every, names: {zh: 每天, en: Each day}, span: {first: "2026-01-01", last: "2026-12-31"}}
moments:
  - {code: daily, names: {zh: 每日, en: Daily}, on_days: [every]}
"""
PLAIN = a_document(more=OCCASIONS)
ASKING = a_document(
    more="""
  - {code: vip, names: {en: Vip}, currency: points, fixed: {points: 50}, when: {fact: member.segments, has: vip}}
  - {code: others, names: {en: Others}, currency: points, fixed: {points: 3},
     when: {not: {fact: member.segments, has_any: [vip, asleep]}}}
  - {code: rich-vip, names: {en: Rich vip}, currency: points, fixed: {points: 7},
     when: {all: [{fact: member.segments, has: vip}, {fact: member.balance, currency: points, ge: 100}]}}
  - {code: vip-visit, names: {en: Vip visit}, on: check-in, currency: points, fixed: {points: 5},
     when: {fact: member.segments, has: vip}}
  - {code: vip-day, names: {en: Vip day}, on: daily, currency: points, fixed: {points: 1},
     when: {fact: member.segments, has: vip}, times: {life: 1}}
"""
    + OCCASIONS
)


async def a_list(till: Till, code: str = "vip") -> None:
    await make_segment(till.ledger, code, {"en": code, "zh": code}, None, request=a_key(), principal=LOCAL)


async def found_by(till: Till, code: str, condition: dict[str, Any]) -> int:
    await make_segment(till.ledger, code, {"en": code}, condition, request=a_key(), principal=LOCAL)
    return (await refresh_segment(till.ledger, code)).members


async def put(till: Till, *whose: UUID | MemberKey, code: str = "vip", out: bool = False) -> dict[str, Any]:
    return await change_list(till.ledger, code, whose, takes_out=out, request=a_key(), principal=LOCAL)


async def in_it(till: Till, code: str = "vip") -> set[UUID]:
    found, following = await list_of_segment(till.ledger, code)
    assert following is None
    return set(found)


async def is_counted_right(till: Till) -> bool:
    wrong = await till.fetchval(
        """SELECT count(*) FROM segment s WHERE members <>
           (SELECT count(*) FROM segment_member m WHERE m.number = s.number)"""
    )
    return bool(wrong == 0)


def gave(answer: RecordedPurchase | Refusal) -> list[int]:
    assert not isinstance(answer, Refusal), answer
    return [reason.granted for reason in answer.reasons]


async def objects(till: Till, member: UUID, *, is_given: bool = False) -> None:
    word = Consent(purpose=PROFILING, is_given=is_given, text_version="1", channel="phone", proof=None)
    await record_consent(till.ledger, member, word, a_key(), principal=LOCAL)


async def test_rules_see_who_is_in_a_segment_on_every_occasion_and_by_every_road(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, PLAIN) as till:
        await till.set_now(await till.now() - days(2))
        member, other = await till.enrol("62001"), await till.enrol()
        await a_list(till)
        await a_list(till, "asleep")
        nobodys = await till.buy(None, 10_000, no="of-nobody")
        assert (await put(till, MemberKey("card", "62001")))["members"] == 1
        await put_in_force(till.ledger, ASKING)

        purchase = till_purchase = await till.buy(member, 10_000)
        quoted = (await quote_purchases(till.ledger, [(a_sale(till_purchase, await till.now()), member)]))[0]
        plain = await till.buy(other, 10_000)

        assert gave(purchase) == [100, 50]  # not rich before it
        assert gave(quoted) == [100, 50, 7]
        assert gave(plain) == [100, 3]
        told = [
            EventRequest(
                event=Event(
                    code="check-in", source="app", business_no=f"c{at}", occurred_at=await till.now()
                ),
                whose=whose,
            )
            for at, whose in enumerate((member, other))
        ]
        came = await record_events(till.ledger, told)
        assert [[e["units"] for e in one["earned"]] for one in came if isinstance(one, dict)] == [[5], []]
        # A new day: the moment sees the one, and tells the other that it came.
        await till.set_now(await till.now() + days(1))
        while await advance_members(till.ledger):
            pass
        assert await till.points(member, other) == [156, 103]

        # What is told late, and a receipt that is claimed, are judged by the lists as they stand when they are booked.
        await put(till, member, out=True)
        await put(till, other)
        before = await till.now() - timedelta(hours=12)
        assert gave(await till.buy(member, 10_000, at=before)) == [100, 3]
        assert gave(await till.buy(other, 10_000, at=before)) == [100, 50, 7]
        assert nobodys.sequence is None
        await till.claim(other, "of-nobody")
        # What was judged stays: a return takes what that purchase had been given.
        await till.bring_back(purchase.business_no)
        await till.assert_laws()


def a_sale(like: RecordedPurchase, at: Any) -> Any:
    from tests.builders import a_purchase

    return a_purchase(like.amount_minor, at=at, no="quoted")


async def test_a_list_takes_whom_it_may_and_says_whom_not(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, PLAIN) as till, another_till(fresh_database) as other:
        await a_list(till)
        members = [await till.enrol(f"6300{n}") for n in range(6)]
        await objects(till, members[0])
        stranger = UUID(int=7)

        answer = await put(till, *members[:3], stranger, MemberKey("card", "nobody"), members[1])

        assert (answer["members"], answer["changed"]) == (2, 2)
        assert answer["refused"] == [
            {"at": 0, "code": "objects_to_profiling"},
            {"at": 3, "code": "member_unknown"},
            {"at": 4, "code": "member_unknown"},
        ]
        with pytest.raises(SegmentExists):
            await a_list(other)
        with pytest.raises(SegmentUnknown):
            await put(other, members[0], code="vips")

        # Many at once, in any order, with some who object and are forgotten meanwhile: the count is that of who is in it.
        at_once: list[Any] = [put((till, other)[n % 2], *members[n % 3 :]) for n in range(8)]
        at_once += [put((till, other)[n % 2], *members[:n], out=True) for n in range(4)]
        at_once += [objects(till, members[4])]
        at_once += [
            erase_person(
                other.ledger, members[5], a_key(), confirmed=members[5], principal=LOCAL, actor="test"
            )
        ]
        for done in await asyncio.gather(*at_once, return_exceptions=True):
            assert not isinstance(done, BaseException), done
        assert not await in_it(till) & {members[0], members[4]}
        assert await is_counted_right(till)


async def test_a_condition_finds_whom_it_means_and_leaves_out_who_objects(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, PLAIN) as till:
        now = await till.now()
        await till.set_now(now - days(200))
        old, often, rich, gone = [await till.enrol() for _ in range(4)]
        await till.buy(old, 5_000)
        await till.buy(rich, 90_000)
        await till.buy(gone, 90_000)
        await till.set_now(now - days(20))
        for _ in range(3):
            await till.buy(often, 1_000)
        await till.set_now(now)

        cases: list[tuple[dict[str, Any], set[UUID]]] = [
            ({"fact": "member.days_since_purchase", "ge": 100}, {old, rich, gone}),
            ({"fact": "member.visits", "window_days": 30, "ge": 3}, {often}),
            ({"fact": "member.spend_minor", "window_days": 365, "ge": 50_000}, {rich, gone}),
            ({"fact": "member.spend_minor", "window_days": 100, "ge": 1}, {often}),
            ({"fact": "member.balance", "currency": "points", "between": [40, 60]}, {old}),
            ({"fact": "member.tier", "is": "member"}, {old, often, rich, gone}),
            ({"not": {"fact": "member.purchases_before", "ge": 3}}, {old, rich, gone}),
            (
                {
                    "any": [
                        {"fact": "member.purchases_before", "eq": 3},
                        {"fact": "member.balance", "currency": "points", "ge": 900},
                    ]
                },
                {often, rich, gone},
            ),
        ]
        for at, (condition, expected) in enumerate(cases):
            counted = await count_segment(till.ledger, condition)
            assert (counted.members, counted.looked_at, counted.is_whole) == (len(expected), 4, True)
            assert await found_by(till, f"s{at}", condition) == len(expected), condition
            assert await in_it(till, f"s{at}") == expected, condition

        await objects(till, gone)
        assert [gone in await in_it(till, f"s{at}") for at in range(len(cases))] == [False] * len(cases)
        assert await is_counted_right(till)
        again = await refresh_segment(till.ledger, "s2")
        assert (again.members, again.left_out, await in_it(till, "s2")) == (1, 1, {rich})
        await objects(till, gone, is_given=True)
        assert (await refresh_segment(till.ledger, "s2")).members == 2

        # Time takes somebody out; a job sees that, once it was not asked for some hours, or at once where somebody asks.
        assert await refresh_due(till.ledger) == 0
        await ask_refresh(till.ledger, "s1", request=a_key(), principal=LOCAL)
        assert await refresh_due(till.ledger) == 1
        sizes = (await read_segment(till.ledger, "s1")).sizes
        assert [one.members for one in sizes] == [1]
        with pytest.raises(SegmentFound):
            await put(till, rich, code="s1")


async def test_the_conditions_of_segments_ask_only_of_members(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, PLAIN) as till:
        wrong: list[dict[str, Any]] = [
            {"fact": "line.brand", "is": "Own"},
            {"fact": "member.segments", "has": "vip"},
            {"fact": "member.times_granted", "rule": "base", "ge": 1},
            {"fact": "member.tier", "is": "gold"},
            {"fact": "member.visits", "ge": 1},
            {"fact": "member.balance", "currency": "stars", "ge": 1},
            {"fact": "member.wealth", "ge": 1},
            {"all": []},
            {
                "all": [
                    {"fact": "member.days_since_joined", "lt": 3},
                    {"fact": "member.days_since_joined", "gt": 5},
                ]
            },
            {},
        ]
        for condition in wrong:
            with pytest.raises(FieldWrong) as told:
                await count_segment(till.ledger, condition)
            assert told.value.pointer == "/condition"


async def test_who_asks_for_a_segment_keeps_it(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, PLAIN) as till:
        await till.set_now(await till.now() - days(1))
        with pytest.raises(SegmentUnknown, match="asleep, vip"):
            await publish_program(till.ledger, ASKING, effective_at=None, published_by="test")
        planned = await plan_program(till.ledger, ASKING)
        assert [one.code for one in planned.oddities].count("segment_unknown") == 2

        for code in ("vip", "asleep", "unused"):
            await a_list(till, code)
        await put_in_force(till.ledger, ASKING)
        member = await till.enrol()
        await put(till, member, code="unused")

        assert (await read_segment(till.ledger, "asleep")).rules == ["others"]
        with pytest.raises(SegmentInUse, match="others ask for 'asleep'"):
            await archive(till.ledger, "asleep", request=a_key(), principal=LOCAL)
        await archive(till.ledger, "unused", request=a_key(), principal=LOCAL)
        with pytest.raises(SegmentUnknown):
            await read_segment(till.ledger, "unused")
        with pytest.raises(SegmentExists):
            await a_list(till, "unused")
        assert await till.fetchval("SELECT count(*) FROM segment_member") == 0


async def test_who_is_merged_leaves_his_lists_to_the_one_who_stays(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, PLAIN) as till:
        goes, stays = await till.enrol("6401"), await till.enrol()
        await a_list(till)
        await a_list(till, "both")
        await put(till, goes)
        await put(till, goes, stays, code="both")
        await found_by(till, "new", {"fact": "member.purchases_before", "eq": 0})

        await till.merge(goes, stays)

        assert [await in_it(till, code) for code in ("vip", "both", "new")] == [{stays}] * 3
        assert await is_counted_right(till)
        # Named as before he is found as who stands for him.
        assert await find_member(till.ledger, MemberKey("card", "6401")) == stays
        assert (await put(till, goes, out=True))["changed"] == 1

        # The objection of one is that of the household that he joins.
        third = await till.enrol()
        await objects(till, third)
        await till.merge(third, stays)
        assert [await in_it(till, code) for code in ("vip", "both", "new")] == [set()] * 3
        assert await is_counted_right(till)
