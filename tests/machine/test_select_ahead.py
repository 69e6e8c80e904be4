"""Select asks nobody for a lock, so it goes first; what it saw counts only as long as it holds."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till, another_till, days, request_of
from tests.publishing import let_time_pass

from jifen.domain.program.select import Select
from jifen.domain.refusals import Refusal
from jifen.operations import record_purchases as recording
from jifen.operations.publish_program import LEAD, publish_program
from jifen.store import turn
from jifen.store.members import lock_members
from jifen.store.purchases import RecordedPurchase

TWICE = """
  - {code: twice, names: {en: Twice}, multiple: {of: base, by: "2"}}
"""


@pytest.fixture
def happened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """In which order purchases were selected and members locked."""
    order: list[str] = []
    select, lock = Select.__call__, lock_members

    def selecting(self: Select, *arguments: Any) -> Any:
        order.append("select")
        return select(self, *arguments)

    async def locking(*arguments: Any) -> Any:
        order.append("lock")
        return await lock(*arguments)

    monkeypatch.setattr(Select, "__call__", selecting)
    monkeypatch.setattr(turn, "lock_members", locking)
    return order


async def bought(till: Till, *requests: Any) -> list[RecordedPurchase]:
    answers = await recording.record_purchases(till.ledger, requests)
    recorded = [answer for answer in answers if not isinstance(answer, Refusal)]
    assert len(recorded) == len(requests), answers
    return recorded


async def test_every_purchase_of_a_batch_is_selected_once_and_before_any_lock(
    fresh_database: FreshDatabase, happened: list[str]
) -> None:
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        await till.buy(member)
        happened.clear()
        now = await till.now()
        await bought(till, *(request_of(a_purchase(at=now, no=f"b{n}"), member) for n in range(3)))
        assert happened == ["select", "select", "select", "lock"]
        await till.assert_laws()


async def test_a_purchase_whose_time_is_not_believed_is_selected_again_by_the_time_that_is(
    fresh_database: FreshDatabase, happened: list[str]
) -> None:
    """A till's clock that is a little ahead: the moment is cut to now, and what depends on the hour is asked again."""
    async with a_till(fresh_database) as till:
        member = await till.enrol()
        await till.buy(member)
        happened.clear()
        ahead = await till.now() + timedelta(seconds=20)
        (told,) = await bought(till, request_of(a_purchase(at=ahead, no="ahead"), member))
        assert told.occurred_at < ahead
        assert happened == ["select", "lock", "select"]
        await till.assert_laws()


async def test_a_revision_that_takes_effect_between_select_and_turn_judges_what_occurred_under_it(
    fresh_database: FreshDatabase, happened: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Seen by the first, which this process knew; judged by the second, which took effect before the purchase occurred."""
    async with a_till(fresh_database) as till, another_till(fresh_database) as other:
        await let_time_pass(till.ledger, -days(1))
        member = await till.enrol()
        assert (await till.buy(member, 10_000)).revision == 1
        await publish_program(other.ledger, a_document(more=TWICE), effective_at=None, published_by="test")
        await let_time_pass(other.ledger, LEAD + timedelta(seconds=2))
        happened.clear()
        told = await till.buy(member, 10_000, no="between")
        assert told.revision == 2
        assert sum(reason.granted for reason in told.reasons) == 200
        assert happened[0] == "select"
        assert happened[-2:] == ["lock", "select"]
        await till.assert_laws()
