"""What is switched off stops at once, in every process and by every road, and the books say so."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase
from tests.machine.scarce import with_stars
from tests.machine.test_budgets import drawn, with_budget
from tests.machine.test_roads import (
    DAY,
    by_batch,
    by_claims,
    by_file,
    by_import_calls,
    by_single_calls,
    came_to,
    purchases_of,
)
from tests.machine.till import Till, a_key, a_till, another_till, days, request_of
from tests.publishing import put_in_force

from jifen.document.model import ProgramDocument
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import FieldWrong, Refusal, StoreUnknown
from jifen.domain.switches import NO_SWITCHES, StoreSwitchedOff, Switched, Switches, SwitchKind
from jifen.domain.verbs import Why
from jifen.operations.advance_members import advance_members
from jifen.operations.quote_purchase import quote_purchases
from jifen.operations.read_figures import read_figures
from jifen.operations.record_purchases import record_purchases
from jifen.operations.turn_switches import list_switches, turn_switch
from jifen.store.purchases import RecordedPurchase

RULE, STORE = SwitchKind.RULE, SwitchKind.STORE

TWICE_MORE = '\n  - {code: twice, names: {en: Twice}, multiple: {of: base, by: "2"}, caps: {day: 150}}'
TWICE = a_document(more=f"{TWICE_MORE}\n")
"""A point for each yuan, and as many again, at most 150 a day."""


async def turn(till: Till, kind: SwitchKind, code: str, *, off: bool) -> bool:
    answer = await turn_switch(till.ledger, kind, code, is_off=off, request=a_key(), principal=LOCAL)
    return bool(answer["is_changed"])


def a_stored_document() -> ProgramDocument:
    """A programme that lists its stores."""
    told = TWICE.model_dump(mode="json", exclude_none=True, by_alias=True)
    told |= {"any_store": False, "stores": [{"code": "S01", "names": {"en": "First"}}]}
    return ProgramDocument.model_validate_json(json.dumps(told))


def whys(answer: RecordedPurchase) -> list[tuple[int, int, Why]]:
    return [(reason.desired, reason.granted, Why(reason.why)) for reason in answer.reasons]


def test_of_several_turns_the_last_before_a_moment_counts() -> None:
    at = [DAY + timedelta(hours=n) for n in range(4)]
    switches = Switches(
        [
            Switched(RULE, "a", is_off=True, at=at[0]),
            Switched(STORE, "s", is_off=True, at=at[1]),
            Switched(RULE, "a", is_off=False, at=at[2]),
        ],
        newest=3,
    )
    second = timedelta(seconds=1)

    told = [
        (sorted(switches.rules_off(one)), sorted(switches.stores_off(one))) for one in [at[0] - second, *at]
    ]

    assert told == [([], []), (["a"], []), (["a"], ["s"]), ([], ["s"]), ([], ["s"])]
    assert switches
    assert not NO_SWITCHES
    switches.check_store("t", at[3])
    switches.check_store(None, at[3])
    with pytest.raises(StoreSwitchedOff):
        switches.check_store("s", at[3])


async def test_a_rule_that_is_off_gives_nothing_at_once_in_every_process_and_says_why(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, TWICE) as till, another_till(fresh_database) as other:
        member = await till.enrol()
        assert whys(await other.buy(member, 10_000)) == [(100, 100, Why.ALL), (100, 100, Why.ALL)]

        assert await turn(till, RULE, "twice", off=True)
        assert not await turn(till, RULE, "twice", off=True)
        quoted = (
            await quote_purchases(other.ledger, [(a_purchase(100, at=await till.now(), no="q"), member)])
        )[0]
        bought = await other.buy(member, 10_000)
        # A sale of an hour ago that comes in now: what counts is when it is booked.
        late = await till.buy(member, 10_000, at=await till.now() - timedelta(hours=1))

        assert not isinstance(quoted, Refusal)
        assert whys(quoted) == [(1, 1, Why.ALL), (1, 0, Why.SWITCHED_OFF)]
        assert whys(bought) == whys(late) == [(100, 100, Why.ALL), (100, 0, Why.SWITCHED_OFF)]

        assert await turn(other, RULE, "twice", off=False)
        again = await till.buy(member, 10_000)
        # What it did not give while it was off has used nothing of its limit.
        assert whys(again) == [(100, 100, Why.ALL), (100, 50, Why.LIMITED)]
        assert [(one.kind, one.code, one.is_off) for one in (await list_switches(till.ledger)).turns] == [
            (RULE, "twice", False),
            (RULE, "twice", True),
        ]
        await till.bring_back(bought.business_no)
        await till.assert_laws()


async def test_what_multiplies_a_rule_that_is_off_gives_nothing_either(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, TWICE) as till:
        await till.set_now(datetime.now(UTC) - days(1))
        member = await till.enrol()
        await turn(till, RULE, "base", off=True)

        bought = await till.buy(member, 10_000)

        assert whys(bought) == [(100, 0, Why.SWITCHED_OFF), (100, 0, Why.SWITCHED_OFF)]
        assert await till.points(member) == [0]
        # It stays off through a revision that keeps its code.
        await put_in_force(till.ledger, a_document(more=f"{TWICE_MORE}\n", late_days=300))
        assert whys(await till.buy(member, 100)) == [(1, 0, Why.SWITCHED_OFF), (1, 0, Why.SWITCHED_OFF)]
        await till.assert_laws()


async def test_a_rule_that_is_off_draws_nothing_from_its_budget(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_budget(14)) as till:
        member = await till.enrol()
        await turn(till, RULE, "welcome", off=True)
        assert whys(await till.buy(member, 100)) == [(1, 1, Why.ALL), (10, 0, Why.SWITCHED_OFF)]
        assert await drawn(till) == 0
        assert (await read_figures(till.ledger)).rules_off == ("welcome",)

        await turn(till, RULE, "welcome", off=False)
        assert whys(await till.buy(member, 100))[1] == (10, 10, Why.ALL)
        assert whys(await till.buy(member, 100))[1] == (10, 4, Why.POOLED)
        await turn(till, RULE, "welcome", off=True)
        assert whys(await till.buy(member, 100))[1] == (10, 0, Why.SWITCHED_OFF)
        await till.assert_laws()


async def test_a_store_that_is_off_books_no_sale_of_a_member_by_any_road_and_takes_returns(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        member = await till.enrol()
        bought_at = await till.now()
        await other.buy(member, 10_000, no="before", store="S01", at=bought_at)
        await other.buy(None, 10_000, no="nobody", store="S01")
        await turn(till, STORE, "S01", off=True)

        with pytest.raises(StoreSwitchedOff):
            await other.buy(member, store="S01")
        with pytest.raises(StoreSwitchedOff):
            await other.buy(None, store="S01")
        with pytest.raises(StoreSwitchedOff):
            await other.buy(member, store="S01", at=await till.now() - days(1))
        with pytest.raises(StoreSwitchedOff):
            await till.claim(member, "nobody")
        at = await till.now()
        mixed = [
            request_of(a_purchase(100, at=at, no=f"mixed-{n}", store=store), member)
            for n, store in enumerate(["S01", None, "S01"])
        ]
        answers = await record_purchases(other.ledger, mixed)
        (quoted,) = await quote_purchases(
            other.ledger, [(a_purchase(100, at=at, no="q", store="S01"), member)]
        )
        assert [isinstance(one, StoreSwitchedOff) for one in [*answers, quoted]] == [True, False, True, True]
        # What stands already is answered again, and comes back.
        assert (await other.buy(member, 10_000, no="before", store="S01", at=bought_at)).is_replay
        await till.bring_back("before")

        await turn(till, STORE, "S01", off=False)
        (sent_again,) = await record_purchases(other.ledger, mixed[:1])
        assert isinstance(sent_again, RecordedPurchase)
        await till.assert_laws()


async def test_every_road_comes_to_the_same_while_a_rule_is_off(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    life = [(10_000, DAY), (20_000, DAY + timedelta(hours=2)), (5_000, DAY + days(1))]
    async with a_till(fresh_database, TWICE) as till:
        await till.set_now(DAY - days(1))
        await turn(till, RULE, "twice", off=True)
        await till.set_now(datetime.now(UTC))
        roads: dict[str, UUID] = {}
        for name, road in (
            ("single", by_single_calls), ("batch", by_batch), ("claims", by_claims), ("calls", by_import_calls),
        ):  # fmt: skip
            roads[name] = await road(till, purchases_of(life, name))
        roads["file"] = await by_file(till, purchases_of(life, "file"), tmp_path, "C1")
        told = {name: await came_to(till, member) for name, member in roads.items()}
        assert await till.points(*roads.values()) == [350] * 5
        assert all(one == told["single"] for one in told.values()), told
        await till.assert_laws()


async def test_a_file_of_sales_before_and_after_a_turn_is_judged_by_the_moment_of_each(
    fresh_database: FreshDatabase, tmp_path: Path
) -> None:
    life = [(10_000, DAY), (10_000, DAY + days(2))]
    async with a_till(fresh_database, TWICE) as till:
        await till.set_now(DAY + days(1))
        await turn(till, RULE, "twice", off=True)
        await till.set_now(datetime.now(UTC))

        new = await by_file(till, purchases_of(life, "new"), tmp_path, "C1")
        known = await by_import_calls(till, purchases_of(life, "known"))

        assert await till.points(new, known) == [300, 300]
        await till.assert_laws()


async def test_what_time_brings_is_judged_by_when_it_was_due_and_not_by_when_it_is_seen(
    fresh_database: FreshDatabase,
) -> None:
    document = with_stars(a_document(expiry="{days: 10}"), budget=1_000, ahead=3)
    async with a_till(fresh_database, document) as till:
        began = datetime.now(UTC) - days(60)
        await till.set_now(began)
        before, after = await till.enrol(), await till.enrol()
        await till.buy(before, 100)  # its moment falls due after 7 days
        await till.set_now(began + days(5))
        await till.buy(after, 100)  # and this one's after 12
        await till.set_now(began + days(9))
        await turn(till, RULE, "wake", off=True)

        await till.set_now(began + days(30))
        await advance_members(till.ledger)

        woken = [
            await till.fetchval("SELECT hits::text FROM entry WHERE member_id = $1 AND kind = 'moment'", one)
            for one in (before, after)
        ]
        assert [numbers is not None for numbers in woken] == [True, True]
        assert await till.fetchval("SELECT count(*) FROM posting WHERE verb = 'earn' AND currency = 1") == 3
        await till.assert_laws()


async def test_while_tills_ring_nothing_is_given_after_the_turn_is_answered(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, TWICE) as till, another_till(fresh_database) as other:
        members = [await till.enrol() for _ in range(8)]
        is_over = asyncio.Event()
        after: list[RecordedPurchase] = []

        async def ring(at_till: Till, member: UUID) -> None:
            while not is_over.is_set():
                is_off = turned.is_set()
                answer = await at_till.buy(member, 100)
                if is_off:
                    after.append(answer)

        turned = asyncio.Event()
        tills = [asyncio.create_task(ring((till, other)[n % 2], one)) for n, one in enumerate(members)]
        await turn(till, RULE, "twice", off=True)
        turned.set()
        while len(after) < 40:
            await asyncio.sleep(0)
        is_over.set()
        await asyncio.gather(*tills)

        assert {one[2] for answer in after for one in whys(answer)[1:]} == {Why.SWITCHED_OFF}
        await till.assert_laws()


async def test_twenty_who_turn_one_switch_at_once_turn_it_once(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, TWICE) as till:
        answers = await asyncio.gather(*(turn(till, RULE, "twice", off=True) for _ in range(20)))
        assert answers.count(True) == 1
        assert len((await list_switches(till.ledger)).turns) == 1


@pytest.mark.parametrize(
    ("kind", "code", "refusal"), [(RULE, "twise", FieldWrong), (STORE, "S99", StoreUnknown)]
)
async def test_what_is_not_there_cannot_be_switched(
    fresh_database: FreshDatabase, kind: SwitchKind, code: str, refusal: type[Refusal]
) -> None:
    async with a_till(fresh_database, a_stored_document()) as till:
        with pytest.raises(refusal, match=code):
            await turn(till, kind, code, off=True)
        assert (await list_switches(till.ledger)).turns == []
