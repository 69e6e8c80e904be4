"""Events that earn and purchases paid with units are whole in the journal: laws, replay, days and limits of long ago, words."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import pytest
from tests.builders import document_text
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till
from tests.store.occasions import buy_with_units, happen

from jifen.document.load import parse_document
from jifen.domain import fold
from jifen.domain.refusals import PointsMissing, ReservationOver
from jifen.operations.read_member import read_member
from jifen.operations.read_statement import read_statement
from jifen.present.postings import explain
from jifen.store.reservations import find_reservations

_TEXT = document_text(
    by_tier=True,
    caps="{month: 450}",
    more="""
  - {code: growing, names: {en: Growth}, currency: growth, per_amount: {points: 1, amount_minor: 100}}
tiers:
  by: growth
  window_days: 60
  keeps_days: 60
  list:
    - {code: member, names: {en: Member}, reach: 0}
    - {code: silver, names: {en: Silver}, reach: 150, multiplier: "2"}
""",
)
PROGRAMME = parse_document(
    _TEXT.replace("earn_rules:", "  - {code: growth, names: {en: Growth}, kind: qualifying}\nearn_rules:"),
    name="shop.yaml",
)


async def test_events_earn_by_rules_and_limits_and_lift_where_their_units_count(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, PROGRAMME) as till:
        member = await till.enrol()
        first = await happen(till.ledger, member)
        second = await happen(till.ledger, member, kind=fold.MOMENT)
        third = await till.buy(member)

        # A hundred of each; silver from the second on, so that the third earns twice as much; 50 are left of the month's limit
        # by the fourth.
        assert [first.after.balances, second.after.balances] == [[100, 100], [200, 200]]
        assert (first.after.tier, second.after.tier) == (0, 1)
        assert third.balances_after == (400, 300)
        fourth = await happen(till.ledger, member)
        assert [(result.desired, result.granted) for result in fourth.results] == [(200, 50), (100, 100)]
        view = await read_member(till.ledger, member)
        assert view.member.scalars[fold.PURCHASES] == 1, "an event is no visit"
        assert await till.fetchval("SELECT count(*) FROM entry WHERE hits IS NOT NULL") == 3
        await till.assert_laws()


async def test_late_events_are_judged_by_days_and_limits_of_long_ago(fresh_database: FreshDatabase) -> None:
    """What the row keeps no more is counted from the journal: an event of then is in it."""
    async with a_till(fresh_database, PROGRAMME) as till:
        member = await till.enrol()
        now = await till.now()
        await till.set_now(now - timedelta(days=200))
        await happen(till.ledger, member)
        await till.set_now(now)
        await till.buy(member)

        late = await happen(till.ledger, member, days_late=199)

        assert [(one.desired, one.granted) for one in late.results] == [(100, 100), (100, 100)]
        again = await happen(till.ledger, member, days_late=199)
        # The window of then holds the two before it: silver, and 250 are left of its month.
        assert [(one.desired, one.granted) for one in again.results] == [(200, 200), (100, 100)]
        last = await happen(till.ledger, member, days_late=199)
        assert [(one.desired, one.granted) for one in last.results] == [(200, 50), (100, 100)]
        await till.assert_laws()


async def test_a_purchase_is_paid_with_units_and_stands_in_the_books(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, PROGRAMME) as till:
        member = await till.enrol()
        await till.adjust(member, 300)
        paid = await buy_with_units(till.ledger, member, 120)
        assert paid.after.balance(0) == 300 - 120 + 100
        held = await till.reserve(member, 80)
        spent = await buy_with_units(till.ledger, member, 80, reservation=held["sequence"], no="held")
        assert spent.after.balance(0) == 280 - 80 + 100
        with pytest.raises(ReservationOver):
            await buy_with_units(till.ledger, member, 80, reservation=held["sequence"], no="again")
        with pytest.raises(PointsMissing):
            await buy_with_units(till.ledger, member, 1_000, no="much")

        reservation = UUID(held["reservation_id"])
        async with till.ledger.transaction() as connection:
            found = await find_reservations(connection, [reservation])
        assert found[reservation].status == "committed"
        assert await till.points(member) == [300]
        await till.assert_laws()
        # What such a purchase earned is taken back like that of any other.
        await till.bring_back("paid")
        assert await till.points(member) == [200]
        await till.assert_laws()


@pytest.mark.parametrize(("language", "said"), [("en", "event ("), ("zh", "事件（")])
async def test_a_statement_says_what_an_event_earned(
    fresh_database: FreshDatabase, language: str, said: str
) -> None:
    async with a_till(fresh_database, PROGRAMME) as till:
        member = await till.enrol()
        await happen(till.ledger, member)
        assert said in " ".join(await _sentences(till, member, language))


async def _sentences(till: Till, member: UUID, language: str) -> list[str]:
    statement = await read_statement(till.ledger, member, limit=10)
    return [
        explain(statement.timeline, line.posting, line.about, language=language) for line in statement.lines
    ]
