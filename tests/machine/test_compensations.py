"""Many members are compensated at once: looked at, paid once whoever dies in between, and undone."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.conftest import FreshDatabase
from tests.machine.test_switches import RULE, TWICE, turn
from tests.machine.till import Till, a_key, a_till, another_till

from jifen.domain.adjustment import UNITS_MAX
from jifen.domain.compensations import CompensationOver
from jifen.domain.person import MemberKey
from jifen.domain.principal import LOCAL, Principal
from jifen.domain.refusals import (
    FieldWrong,
    MemberUnknown,
    Refusal,
    SecondPersonNeeded,
    StoreNotPermitted,
    TooMuch,
)
from jifen.jobs import compensations as jobs
from jifen.jobs.compensations import work_on_compensations
from jifen.operations.change_member_status import change_member_status
from jifen.operations.compensate_members import (
    Basis,
    Listed,
    RuleOff,
    begin_compensation,
    plan_compensation,
    read_compensation,
    undo_compensation,
)
from jifen.store.compensations import mark_paid
from jifen.store.requests import Whose


async def make(till: Till, basis: Basis, *, principal: Principal = LOCAL, key: Any = None) -> UUID:
    answer = await begin_compensation(
        till.ledger, basis, reason="the till was down", request=key or a_key(), principal=principal
    )
    return UUID(answer["compensation_id"])


async def pay(*tills: Till) -> None:
    while any(await asyncio.gather(*(work_on_compensations(till.ledger) for till in tills))):
        pass


async def stands(till: Till, which: UUID) -> tuple[str, int, int, int]:
    found, _ = await read_compensation(till.ledger, which)
    return found.state, found.paid, found.units_paid, found.undone


async def test_what_a_rule_kept_back_while_it_was_off_is_paid_and_taken_back_again(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, TWICE) as till:
        a, b, c, d = [await till.enrol() for _ in range(4)]
        since = await till.now()
        await till.buy(a, 10_000)  # it gives twice: nothing is kept back
        await turn(till, RULE, "twice", off=True)
        await till.buy(a, 5_000)
        await till.buy(b, 7_000)
        await till.buy(b, 1_000)
        await till.buy(c, 9_000, no="back")
        await till.bring_back("back")
        await turn(till, RULE, "twice", off=False)
        await till.buy(d, 10_000)
        basis = RuleOff(rule="twice", since=since, until=await till.now() + timedelta(seconds=1))

        planned = await plan_compensation(till.ledger, basis)
        before = await till.points(a, b, c, d)
        which = await make(till, basis)
        await pay(till)

        assert (planned.shares, planned.left_out) == ({a: 50, b: 80}, 1)
        after = await till.points(a, b, c, d)
        assert [now - was for now, was in zip(after, before, strict=True)] == [50, 80, 0, 0]
        assert await stands(till, which) == ("paid", 2, 130, 0)

        await undo_compensation(till.ledger, which, request=a_key(), principal=LOCAL)
        with pytest.raises(CompensationOver):
            await undo_compensation(till.ledger, which, request=a_key(), principal=LOCAL)
        await pay(till)
        assert await till.points(a, b, c, d) == before
        assert await stands(till, which) == ("undone", 2, 0, 2)
        await till.assert_laws()


async def test_two_processes_and_one_that_dies_in_between_pay_each_share_once(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        members = [await till.enrol() for _ in range(30)]
        key = a_key()
        basis = Listed(currency="points", shares=[(member, 10 + n) for n, member in enumerate(members)])
        which = await make(till, basis, key=key)
        assert await make(till, basis, key=key) == which

        real = mark_paid
        died: list[UUID] = []

        async def dies(*arguments: Any) -> None:
            if len(died) < 3:
                died.append(which)
                raise ConnectionError("the process died")
            await real(*arguments)

        monkeypatch.setattr(jobs, "mark_paid", dies)
        for _ in range(3):
            with pytest.raises(ConnectionError):
                await work_on_compensations(till.ledger)
        await pay(till, other)

        assert await till.points(*members) == [10 + n for n in range(30)]
        assert await stands(till, which) == ("paid", 30, sum(10 + n for n in range(30)), 0)
        await till.assert_laws()


async def test_who_cannot_be_paid_is_told_by_name_and_the_others_are(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        paid, closed = await till.enrol(), await till.enrol("6299")
        which = await make(
            till, Listed(currency="points", shares=[(paid, 5), (MemberKey("card", "6299"), 7)])
        )
        await change_member_status(till.ledger, closed, "closed", a_key())
        await pay(till)
        found, refused = await read_compensation(till.ledger, which)
        assert (found.state, found.paid, found.refused) == ("paid", 1, 1)
        assert list(refused) == [(closed, 7, "member_closed")]
        await till.assert_laws()


async def test_a_list_that_is_wrong_is_refused_whole_and_names_its_row(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        member, another = await till.enrol("6298"), await till.enrol()
        too_much: list[tuple[Whose, int]] = [(member, UNITS_MAX - 5), (another, 6)]
        small = Principal(
            kind="key", id=None, name="small", permissions=LOCAL.permissions, adjustment_units_max=10
        )
        bound = Principal(
            kind="key", id=None, name="bound", permissions=LOCAL.permissions, stores=frozenset({"S01"})
        )
        wrong: list[tuple[list[tuple[Whose, int]], Principal, type[Refusal], str]] = [
            ([(member, 5), (MemberKey("card", "nobody"), 5)], LOCAL, MemberUnknown, "/members/1/member"),
            ([(member, 5), (MemberKey("card", "6298"), 5)], LOCAL, FieldWrong, "/members/1/member"),
            ([(member, 0)], LOCAL, FieldWrong, "/members/0/units"),
            ([], LOCAL, FieldWrong, "/members"),
            (too_much, LOCAL, TooMuch, "/members"),
            ([(member, 11)], small, SecondPersonNeeded, "/members"),
            ([(member, 5)], bound, StoreNotPermitted, "/members"),
        ]
        for shares, principal, refusal, pointer in wrong:
            with pytest.raises(refusal) as no:
                await make(till, Listed(currency="points", shares=shares), principal=principal)
            assert isinstance(no.value, Refusal)
            assert no.value.pointer == pointer
        with pytest.raises(TooMuch) as no_plan:
            await plan_compensation(till.ledger, Listed(currency="points", shares=too_much))
        assert no_plan.value.numbers == {"units": UNITS_MAX + 1, "limit": UNITS_MAX}, (
            "what is looked at can be made"
        )
        assert await till.fetchval("SELECT count(*) FROM compensation") == 0
