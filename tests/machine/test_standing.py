"""What a member is told of his units is the sum of his lots, however many of them are read as one."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till, request_of

from jifen.domain.calendar import day_number, local_date
from jifen.domain.refusals import Refusal
from jifen.operations.quote_purchase import quote_purchases
from jifen.operations.read_member import Balance, balance_of, read_standings
from jifen.operations.record_purchases import record_purchases
from jifen.store.gather import gather_unlocked
from jifen.store.lots import all_lots

TODAY = datetime(2026, 3, 2, 1, tzinfo=UTC)


async def lots_read(till: Till, member: UUID) -> int:
    """How many lots are read to tell of a member."""
    async with till.ledger.reading() as connection:
        return len((await gather_unlocked(till.ledger, connection, [member])).members[member].lots)


async def told(till: Till, member: UUID) -> tuple[Balance, Balance]:
    """The balance that is told, and the same from every lot one by one."""
    (standing,) = await read_standings(till.ledger, [member])
    assert not isinstance(standing, Refusal)
    async with till.ledger.reading() as connection:
        lots = await all_lots(connection, member)
    day = day_number(local_date(standing.now, standing.timeline.time_zone))
    one_by_one = standing.member._replace(lots=tuple(lots))
    return standing.balances[0], balance_of(standing.timeline, one_by_one, 0, day)


async def test_lots_that_are_alike_are_read_as_one_and_told_as_many(fresh_database: FreshDatabase) -> None:
    """Months of purchases, two of them pending, one held in part: seven days of expiry, and the same sums."""
    document = a_document(expiry="{months: 6, round: month_end}", pending_days=3)
    async with a_till(fresh_database, document) as till:
        member = await till.enrol()
        await till.set_now(TODAY)
        past = [a_purchase(5_000, at=TODAY - timedelta(days=ago), no=str(ago)) for ago in range(170, 0, -2)]
        answers = await record_purchases(
            till.ledger, [request_of(one, member) for one in past], is_import=True
        )
        assert not [one for one in answers if isinstance(one, Refusal)]
        await till.reserve(member, 60)

        ours, one_by_one = await told(till, member)
        assert ours == one_by_one
        assert (ours.balance, ours.held, ours.pending) == (85 * 50, 60, 50)
        assert ours.next_expiry_units > 50
        async with till.ledger.reading() as connection:
            assert len(await all_lots(connection, member)) == 85
        assert await lots_read(till, member) < 12

        # Once something is due each is read for itself, and time is let pass over it.
        await till.set_now(TODAY + timedelta(days=95))
        assert await lots_read(till, member) > 80
        (standing,) = await read_standings(till.ledger, [member])
        assert not isinstance(standing, Refusal)
        lapsed_and_expired = standing.balances[0]
        assert lapsed_and_expired.held == 0
        assert 0 < lapsed_and_expired.balance < ours.balance
        await till.adjust(member, 1)
        after, one_by_one = await told(till, member)
        assert after == one_by_one
        assert after.balance == lapsed_and_expired.balance + 1
        await till.assert_laws()


async def test_a_quote_for_somebody_who_owes_is_what_recording_would_answer(
    fresh_database: FreshDatabase,
) -> None:
    """Debt is repaid from lots that are read as one just as from many."""
    document = a_document(debt="{policy: allow, limit_units: 5000}", pending_days=3)
    async with a_till(fresh_database, document) as till:
        member = await till.enrol()
        await till.set_now(TODAY)
        for ago in (60, 50, 40, 2, 1):
            (answer,) = await record_purchases(
                till.ledger,
                [request_of(a_purchase(10_000, at=TODAY - timedelta(days=ago), no=str(ago)), member)],
                is_import=True,
            )
            assert not isinstance(answer, Refusal)
        await till.reserve(member, 300)
        await till.bring_back("60")
        now = await till.now()
        purchase = a_purchase(20_000, at=now, no="quoted")
        (quoted,) = await quote_purchases(till.ledger, [(purchase, member)])
        (recorded,) = await record_purchases(till.ledger, [request_of(purchase, member)])
        assert not isinstance(quoted, Refusal)
        assert not isinstance(recorded, Refusal)
        assert quoted.balances_after == recorded.balances_after
        assert quoted.reasons == recorded.reasons
        await till.assert_laws()


async def test_a_quote_is_the_same_alone_and_beside_one_that_asks_for_more(
    fresh_database: FreshDatabase,
) -> None:
    """Alone one statement tells all of him; a purchase of long ago, or a member who owes, needs a transaction of more."""
    document = a_document(debt="{policy: allow, limit_units: 5000}")
    async with a_till(fresh_database, document) as till:
        plain, owing = await till.enrol(), await till.enrol()
        await till.set_now(TODAY)
        for member, no in ((plain, "plain"), (owing, "owing")):
            await record_purchases(till.ledger, [request_of(a_purchase(30_000, at=TODAY, no=no), member)])
        await till.reserve(owing, 300)
        await till.bring_back("owing")
        now = await till.now()
        quoted = (a_purchase(20_000, at=now, no="quoted"), plain)
        beside = {
            "a purchase of long ago": (a_purchase(20_000, at=now - timedelta(days=50), no="late"), plain),
            "who owes": (a_purchase(20_000, at=now, no="debt"), owing),
            "of nobody": (a_purchase(20_000, at=now, no="nobody"), None),
        }
        (alone,) = await quote_purchases(till.ledger, [quoted])
        assert not isinstance(alone, Refusal)
        for name, other in beside.items():
            together, _ = await quote_purchases(till.ledger, [quoted, other])
            assert not isinstance(together, Refusal)
            assert together.balances_after == alone.balances_after, name
            assert together.reasons == alone.reasons, name
        (recorded,) = await record_purchases(till.ledger, [request_of(*quoted)])
        assert not isinstance(recorded, Refusal)
        assert (recorded.balances_after, recorded.reasons) == (alone.balances_after, alone.reasons)
        await till.assert_laws()


async def test_the_clock_of_one_member_does_not_make_lots_of_another_missing(
    fresh_database: FreshDatabase,
) -> None:
    """The book's clock was put back an hour: reservations of the second lapse by the clock of the first."""
    async with a_till(fresh_database) as till:
        ahead, other = await till.enrol(), await till.enrol()
        await till.set_now(TODAY + timedelta(hours=1))
        await till.adjust(ahead, 10)
        await till.set_now(TODAY)
        for _ in range(2):
            await till.adjust(other, 10)
        for _ in range(2):
            await till.reserve(other, 10, seconds=900)
        standings = await read_standings(till.ledger, [ahead, other])
        assert [one.balances[0].held for one in standings if not isinstance(one, Refusal)] == [0, 0]
