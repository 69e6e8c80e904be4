"""Events: told online, late, doubled, of nobody; what rules see of them; and the books afterwards."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till, another_till, days

from jifen.domain.occasions import Event, EventUnknown
from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import FieldWrong, KeyReused, MemberUnknown, Refusal, TimeOutOfBounds
from jifen.domain.switches import StoreSwitchedOff, SwitchKind
from jifen.operations.record_events import EventRequest, record_events
from jifen.operations.turn_switches import turn_switch
from jifen.store import pools
from jifen.store.once import Once
from jifen.store.pools import settle_leases

RUNS = a_document(
    by_tier=True,
    more="""
  - {code: visit, names: {en: Visit}, on: check-in, currency: points, fixed: {points: 5}, caps: {day: 5, week: 20}}
  - {code: run, names: {en: Run}, on: run, currency: points, per_attribute: {points: 2, attribute: metres, each: 1000},
     tier_multiplies: true, caps: {month: 30, year: 90, life: 100}}
  - {code: long-run, names: {en: Long run}, on: run, multiple: {of: run, by: "2"},
     when: {all: [{fact: event.attribute.metres, ge: 10000}, {fact: event.attribute.ground, is: trail}]}}
  - {code: early, names: {en: Early}, on: run, currency: points, fixed: {points: 7}, budget: 20,
     when: {all: [{fact: event.hour, lt: 8}, {fact: member.balance, currency: points, ge: 1}]}}
events:
  - {code: check-in, names: {zh: 签到, en: Check-in}, sent_by: [keys, members]}
  - {code: run, names: {zh: 跑步, en: Run}, attributes: {metres: integer, ground: text}}
tiers:
  by: spend
  window_days: 365
  keeps_days: 365
  list:
    - {code: member, names: {en: Member}, reach: 0}
    - {code: gold, names: {en: Gold}, reach: 100000, multiplier: "2"}
""",
)


def an_event(at: datetime, code: str = "check-in", *, no: str | None = None, **more: Any) -> Event:
    return Event(code=code, source="app", business_no=no or uuid4().hex, occurred_at=at, **more)


def a_run(at: datetime, metres: int, *, ground: str | None = None, **more: Any) -> Event:
    attributes: dict[str, str | int] = {"metres": metres}
    return an_event(at, "run", attributes=attributes | ({"ground": ground} if ground else {}), **more)


async def tell(till: Till, whose: UUID | MemberKey | None, *events: Event, **more: Any) -> list[Any]:
    return await record_events(till.ledger, [EventRequest(event=one, whose=whose, **more) for one in events])


def units(answer: Any) -> dict[str, int]:
    assert not isinstance(answer, Refusal), answer
    return {reason["rule"]: reason["granted"] for earned in answer["earned"] for reason in earned["reasons"]}


async def test_an_event_gives_what_its_rules_see_and_says_why(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, RUNS) as till:
        member = await till.enrol()
        noon = (await till.now()).replace(hour=4, minute=0) - days(1)  # 12:00 in Shanghai

        (came,) = await tell(till, member, an_event(noon))
        (ran,) = await tell(till, member, a_run(noon, 5_400))
        (far,) = await tell(till, member, a_run(noon + timedelta(hours=1), 10_000, ground="trail"))
        (early,) = await tell(till, member, a_run(noon - timedelta(hours=5), 400))

        assert units(came) == {"visit": 5}
        assert units(ran) == {"run": 10}
        assert units(far) == {"run": 20, "long-run": 20}
        assert units(early) == {"early": 7}  # 0.8 of a point for the run: it gives nothing, and is not told
        assert await till.points(member) == [62]
        assert (await till.buy(member, 100)).reasons[0].granted == 1
        await till.assert_laws()


async def test_limits_by_day_week_month_year_and_life_hold_for_events(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, RUNS) as till:
        member = await till.enrol()
        monday = datetime(2026, 3, 2, 4, tzinfo=UTC)

        week = await tell(till, member, *[an_event(monday + days(n // 2)) for n in range(14)])
        runs = await tell(
            till, member, *[a_run(monday + days(10 * n), 20_000) for n in range(12)]
        )  # 40 each, from March to June

        assert [sum(units(one).values()) for one in week] == [5, 0, 5, 0, 5, 0, 5, 0, 0, 0, 0, 0, 0, 0]
        by_month: dict[str, int] = {}
        for one in runs:
            by_month[one["occurred_at"][:7]] = by_month.get(one["occurred_at"][:7], 0) + units(one)["run"]
        assert by_month == {"2026-03": 30, "2026-04": 30, "2026-05": 30, "2026-06": 0}
        (next_year,) = await tell(till, member, a_run(datetime(2026, 1, 5, 4, tzinfo=UTC), 20_000))
        assert units(next_year)["run"] == 0  # 90 of the year are used, though that month has none yet
        await till.assert_laws()


async def test_the_same_event_is_done_once_by_every_road_and_answered_as_it_was(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, RUNS) as till, another_till(fresh_database) as other:
        card = MemberKey("card", "62000001")
        member = await till.enrol(card.value)
        somebody = await till.enrol()
        at = await till.now() - timedelta(minutes=5)
        run = a_run(at, 5_000, no="run-1")

        at_once = await asyncio.gather(*(tell((till, other)[n % 2], member, run) for n in range(20)))
        (by_card,) = await tell(other, card, run)
        in_a_batch = await tell(till, member, run, an_event(at), run)

        answers = [one for (one,) in at_once]
        assert sorted(one["is_replay"] for one in answers) == [False] + [True] * 19
        assert {one["sequence"] for one in [*answers, by_card, in_a_batch[0], in_a_batch[2]]} == {
            answers[0]["sequence"]
        }
        assert units(in_a_batch[1]) == {"visit": 5}
        refused = [
            (await tell(till, member, a_run(at, 5_001, no="run-1")))[0],
            (await tell(till, member, a_run(at + timedelta(seconds=1), 5_000, no="run-1")))[0],
            (await tell(till, somebody, run))[0],
            (await tell(till, MemberKey("card", "nobody"), run))[0],
        ]
        assert [type(one) for one in refused] == [KeyReused, KeyReused, KeyReused, MemberUnknown]
        assert [one.pointer for one in refused] == ["/business_no", "/business_no", "/member", "/member"]
        await till.merge(member, somebody)
        (after,) = await tell(till, somebody, run)
        assert after["is_replay"]
        assert await till.points(somebody) == [15]
        await till.assert_laws()


async def test_what_the_programme_does_not_know_of_is_refused_and_its_neighbours_are_done(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, RUNS) as till:
        member = await till.enrol()
        at = await till.now()
        wrong = [
            an_event(at, "check-out"),
            an_event(at, "run", attributes={"miles": 3}),
            an_event(at, "run", attributes={"metres": "far"}),
            a_run(at, -1),
            a_run(at, 10**11),
            an_event(at + days(1)),
            an_event(at - days(500)),
        ]

        answers = await tell(till, member, an_event(at), *wrong, a_run(at, 1_000))
        (of_nobody,) = await tell(till, None, an_event(at))
        (by_himself,) = await tell(till, member, a_run(at, 1_000), is_by_member=True)

        assert [type(one) for one in answers[1:-1]] == [
            EventUnknown, FieldWrong, FieldWrong, FieldWrong, FieldWrong, TimeOutOfBounds, TimeOutOfBounds,
        ]  # fmt: skip
        assert "check-in, run" in str(answers[1])
        assert [units(answers[0]), units(answers[-1])["run"]] == [{"visit": 5}, 2]
        assert isinstance(of_nobody, MemberUnknown)
        assert isinstance(by_himself, EventUnknown)
        assert await till.fetchval("SELECT count(*) FROM event") == 2
        await till.assert_laws()


async def test_what_a_member_tells_again_is_the_same_though_the_clock_went_on(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, RUNS) as till:
        member = await till.enrol()
        first, again = [
            (await tell(till, member, an_event(await till.now(), no="tap"), is_by_member=True))[0]
            for _ in range(2)
        ]
        assert (first["is_replay"], again["is_replay"]) == (False, True)
        assert await till.points(member) == [5]


async def test_switches_stop_events_too(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, RUNS) as till:
        member = await till.enrol()

        async def switch(kind: SwitchKind, code: str) -> None:
            key = Once(key=uuid4().hex, body_hash=b"")
            await turn_switch(till.ledger, kind, code, is_off=True, request=key, principal=LOCAL)

        await switch(SwitchKind.RULE, "visit")
        await switch(SwitchKind.STORE, "S01")
        at = await till.now()
        (off,) = await tell(till, member, an_event(at))
        (refused,) = await tell(till, member, an_event(at, store="S01"))
        assert off["earned"][0]["reasons"] == [
            {"rule": "visit", "desired": 5, "granted": 0, "why": "switched_off"}
        ]
        assert isinstance(refused, StoreSwitchedOff)
        await till.assert_laws()


async def test_a_budget_for_an_event_is_paid_to_the_last_unit_and_not_beyond(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pools, "LEASE_SECONDS", 2)
    async with a_till(fresh_database, RUNS) as till, another_till(fresh_database) as other:
        members = [await till.enrol() for _ in range(10)]
        for member in members:
            await till.buy(member, 100)
        at = (await till.now()).replace(hour=22, minute=0) - days(2)  # 06:00 in Shanghai
        answers = [
            one
            for told in await asyncio.gather(
                *(tell((till, other)[n % 2], member, a_run(at, 0)) for n, member in enumerate(members))
            )
            for one in told
        ]
        given = [units(one).get("early", 0) for one in answers]
        assert 0 < sum(given) <= 20
        paid = sum(given)
        for _ in range(40):  # what one process had set aside comes back, and then the rest can be had
            if paid == 20:
                break
            await settle_leases(till.ledger)
            paid += units((await tell(till, members[0], a_run(at, 0)))[0]).get("early", 0)
            await asyncio.sleep(0.05)
        (over,) = await tell(till, members[1], a_run(at, 0))
        assert (paid, units(over)["early"]) == (20, 0)
        await till.assert_laws()


@pytest.mark.parametrize("seed", range(4))
async def test_lives_of_events_purchases_and_returns_come_to_the_same_by_call_and_batch_and_replay(
    fresh_database: FreshDatabase, seed: int
) -> None:
    """Told in any order, singly or all at once, the books are the same, and reconcile replays them without a difference."""
    draw = random.Random(seed)
    began = datetime(2026, 2, 1, tzinfo=UTC)
    life: list[Event] = []
    for n in range(24):
        at = began + timedelta(hours=draw.randrange(24 * 60))
        life.append(
            a_run(at, draw.choice([0, 400, 5_000, 12_000]), ground=draw.choice([None, "trail"]), no=f"n{n}")
            if draw.random() < 0.6
            else an_event(at, no=f"n{n}")
        )
    async with a_till(fresh_database, RUNS) as till:
        singly, together = await till.enrol(), await till.enrol()
        for member in (singly, together):
            await till.buy(member, 150_000, no=f"gold-{member}", at=began + days(20))
        for one in life:
            await tell(till, singly, Event(**{**_fields(one), "source": "singly"}))
        await tell(till, together, *[Event(**{**_fields(one), "source": "together"}) for one in life])

        hits = [
            await till.fetchval(
                "SELECT array_agg(hits ORDER BY sequence) FROM entry WHERE member_id = $1 AND kind = 'event'",
                member,
            )
            for member in (singly, together)
        ]
        assert _without_budget(hits[0]) == _without_budget(hits[1])
        await till.bring_back(f"gold-{singly}")
        await till.assert_laws()


def _fields(event: Event) -> dict[str, Any]:
    return {name: getattr(event, name) for name in event.__dataclass_fields__}


def _without_budget(hits: list[str | None]) -> list[list[str]]:
    """Hits but those of the rule whose budget both share."""
    told = []
    for one in hits:
        numbers = one.strip("{}").split(",") if one else []
        told.append(
            [",".join(numbers[at : at + 6]) for at in range(0, len(numbers), 6) if numbers[at] != "4"]
        )
    return told


SHARED = a_document(
    caps="{day: 80}",
    more="""
  - {code: twice, names: {en: Twice}, multiple: {of: base, by: "2"}, shares: [bonus]}
  - {code: visit, names: {en: Visit}, on: check-in, currency: points, fixed: {points: 30}, shares: [bonus]}
  - {code: hello, names: {en: Hello}, on: check-in, currency: points, fixed: {points: 25}, shares: [bonus]}
shared_caps:
  - {code: bonus, caps: {week: 100}}
events:
  - {code: check-in, names: {en: Check-in}}
""",
)


async def test_a_cap_is_shared_by_rules_of_purchases_and_of_events_and_comes_back_with_a_return(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, SHARED) as till:
        member = await till.enrol()
        monday = datetime(2026, 3, 2, 4, tzinfo=UTC)
        bought = await till.buy(member, 6_000, at=monday, no="first")
        (came,) = await tell(till, member, an_event(monday + timedelta(hours=1)))
        late = await till.buy(member, 2_000, at=monday - timedelta(hours=1))
        await till.bring_back("first")
        (again,) = await tell(till, member, an_event(monday + days(1)))
        (next_week,) = await tell(till, member, an_event(monday + days(7)))

        assert [one.granted for one in bought.reasons] == [60, 60]
        assert units(came) == {"visit": 30, "hello": 10}
        assert [one.granted for one in late.reasons] == [20, 0]
        assert units(again) == {"visit": 30, "hello": 25}
        assert units(next_week) == {"visit": 30, "hello": 25}
        await till.assert_laws()


async def test_five_hundred_at_once_against_a_shared_cap_do_not_pass_it(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, SHARED) as till, another_till(fresh_database) as other:
        member = await till.enrol()
        at = await till.now()

        async def one(n: int) -> None:
            if n % 2:
                await (till, other)[n // 2 % 2].buy(member, 300)
            else:
                await tell(
                    (till, other)[n // 2 % 2], member, *[an_event(at, no=f"{n}-{k}") for k in range(9)]
                )

        await asyncio.gather(*(one(n) for n in range(100)))
        used = await till.fetchval("SELECT counters FROM member WHERE member_id = $1", member)
        hits = await till.fetchval(
            """SELECT coalesce(sum(h[i + 4]), 0)::bigint FROM (
                   SELECT hits::bigint[] AS h FROM purchase WHERE member_id = $1
                   UNION ALL SELECT hits::bigint[] FROM entry WHERE member_id = $1 AND hits IS NOT NULL) hit,
                   generate_series(1, cardinality(h), 6) AS i WHERE h[i] > 0""",
            member,
        )
        assert hits == 100, used
        await till.assert_laws()
