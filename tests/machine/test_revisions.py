"""A new revision while members live on: nothing earned is judged again, and the books stay whole."""

from __future__ import annotations

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import a_till, another_till, days
from tests.publishing import let_time_pass, put_in_force

from jifen.domain.refusals import EffectiveInThePast
from jifen.operations.publish_program import publish_program


async def test_a_cap_that_begins_within_a_month_counts_from_then_on(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        await let_time_pass(till.ledger, -days(1))
        now = await till.now()
        member = await till.enrol()
        await till.buy(member, 30_000, no="before")
        await put_in_force(till.ledger, a_document(caps="{day: 100, month: 250}"))
        await till.buy(member, 8_000, no="1")
        await till.buy(member, 8_000, no="2")

        assert await till.points(member) == [400]
        await till.bring_back("before")
        await till.bring_back("1")
        await till.assert_laws()
        # A late one of the time before the cap is not clipped; one of a capped day long past finds that day's counter.
        late = await till.buy(member, 9_000, at=now - days(1))
        assert sum(r.granted for r in late.reasons) == 90
        await till.assert_laws()


async def test_a_process_that_holds_an_older_revision_decides_by_the_new_one_once_it_is_in_force(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        await let_time_pass(till.ledger, -days(1))
        member = await till.enrol()
        await other.buy(member, 10_000)
        await put_in_force(till.ledger, a_document(caps="{purchase: 7}"))
        await other.buy(member, 10_000)

        assert await till.points(member) == [107]
        await till.assert_laws()


async def test_no_revision_takes_effect_in_the_past(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database) as till:
        with pytest.raises(EffectiveInThePast):
            await publish_program(
                till.ledger, a_document(caps="{day: 1}"), effective_at=await till.now(), published_by="test"
            )
