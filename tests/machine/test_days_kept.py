"""What a member's row has let go of is counted from the journal: nobody can tell, and only who needs it pays for it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till, request_of
from tests.publishing import put_in_force

from jifen.document.model import ProgramDocument
from jifen.domain import fold
from jifen.domain.refusals import Refusal
from jifen.operations.record_purchases import record_purchases
from jifen.store import long_ago
from jifen.store.purchases import RecordedPurchase, bought_in

TODAY = datetime(2026, 3, 2, 1, tzinfo=UTC)  # 09:00 in Shanghai


def programme(window_days: int, *, silver: int = 100_000, often: int = 7) -> ProgramDocument:
    """Silver by spend in a window, and a rule that looks back on its own."""
    return a_document(
        by_tier=True,
        more=f"""
  - {{code: often, names: {{en: Often}}, multiple: {{of: base, by: "3/2"}},
     when: {{fact: member.visits, window_days: {often}, ge: 3}}}}
tiers:
  by: spend
  window_days: {window_days}
  keeps_days: 60
  list:
    - {{code: member, names: {{en: Member}}, reach: 0}}
    - {{code: silver, names: {{en: Silver}}, reach: {silver}, multiplier: "2"}}
""",
    )


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> list[UUID]:
    """Of whom the journal was looked into for days."""
    asked: list[UUID] = []
    real = bought_in

    async def counting(connection: Any, timeline: Any, member_id: UUID, **span: int) -> Any:
        asked.append(member_id)
        return await real(connection, timeline, member_id, **span)

    monkeypatch.setattr(long_ago, "bought_in", counting)
    return asked


async def brought_in(
    till: Till, member: UUID, *visits: tuple[int, int], no: str = "old"
) -> list[RecordedPurchase]:
    """Purchases of so many days ago, each of an amount, brought in as an import does."""
    purchases = [
        a_purchase(amount, at=TODAY - timedelta(days=ago), no=f"{no}-{ago}-{amount}")
        for ago, amount in visits
    ]
    answers = await record_purchases(
        till.ledger, [request_of(one, member) for one in purchases], is_import=True
    )
    bought = [answer for answer in answers if not isinstance(answer, Refusal)]
    assert len(bought) == len(visits)
    return bought


async def kept_days(till: Till, member: UUID) -> int:
    """How many days the row keeps."""
    return int(
        await till.fetchval(
            "SELECT get_byte(days, 0) + 256 * get_byte(days, 1) FROM jifen.member WHERE member_id = $1",
            member,
        )
    )


async def test_only_who_is_later_than_the_row_looks_back_asks_the_journal(
    fresh_database: FreshDatabase, looks: list[UUID]
) -> None:
    async with a_till(fresh_database, programme(90)) as till:
        member = await till.enrol()
        await till.set_now(TODAY)
        await brought_in(till, member, *((ago, 5_000) for ago in range(700, 0, -10)))
        assert looks == []
        assert (
            await kept_days(till, member) == 13
        )  # the last is ten days old, the first 130: less than 90 + 31 before it
        await till.buy(member, 100, at=TODAY, no="now")
        await till.buy(member, 100, at=TODAY - timedelta(days=fold.LATE_DAYS), no="late")
        await till.adjust(member, 10)
        assert looks == []
        await till.buy(member, 100, at=TODAY - timedelta(days=fold.LATE_DAYS + 1), no="later")
        assert looks == [member]
        await till.assert_laws()


async def test_a_purchase_of_long_ago_reaches_the_tier_of_its_own_window(
    fresh_database: FreshDatabase, looks: list[UUID]
) -> None:
    """99,000 within the window of then, long gone from the row: 1,000 more make silver from that moment."""
    async with a_till(fresh_database, programme(90)) as till:
        member = await till.enrol()
        await till.set_now(TODAY)
        await brought_in(till, member, (700, 40_000), (650, 59_000), (400, 10_000), (1, 10_000))
        (late,) = await brought_in(till, member, (640, 1_000), no="late")
        (after,) = await brought_in(till, member, (639, 10_000), no="after")

        assert looks == [member, member]
        assert late.tier_before == 0
        assert after.tier_before == 1
        assert sum(reason.granted for reason in after.reasons) == 200
        await till.assert_laws()


async def test_a_batch_of_late_purchases_knows_what_it_has_decided_itself(
    fresh_database: FreshDatabase, looks: list[UUID]
) -> None:
    async with a_till(fresh_database, programme(90)) as till:
        one, other = await till.enrol(), await till.enrol()
        await till.set_now(TODAY)
        late = [(640, 40_000), (645, 30_000), (600, 29_999), (700, 70_000), (599, 1), (598, 10_000)]
        for member, no in ((one, "a"), (other, "b")):
            await brought_in(till, member, (400, 10_000), (1, 10_000), no=no)
        together = await brought_in(till, one, *late, no="c")
        assert 1 <= len(looks) < len(late)
        singly = [(await brought_in(till, other, visit, no="d"))[0] for visit in late]

        assert [(a.tier_before, a.balances_after) for a in together] == [
            (a.tier_before, a.balances_after) for a in singly
        ]
        assert together[-1].tier_before == 1
        await till.assert_laws()


async def test_a_void_of_long_ago_takes_the_tier_that_it_made(
    fresh_database: FreshDatabase, looks: list[UUID]
) -> None:
    """The tier of two years ago goes, and 10,000 of then are judged by no tier from now on."""
    async with a_till(fresh_database, programme(90)) as till:
        member = await till.enrol()
        await till.set_now(TODAY)
        await brought_in(till, member, (700, 60_000), (690, 60_000), (300, 1_000), (1, 1_000))
        await till.bring_back("old-690-60000")
        assert looks == [member]
        (after,) = await brought_in(till, member, (680, 10_000), no="after")
        assert after.tier_before == 0
        await till.assert_laws()


async def test_a_revision_that_looks_back_further_sees_what_rows_had_let_go(
    fresh_database: FreshDatabase, looks: list[UUID]
) -> None:
    async with a_till(fresh_database, programme(30)) as till:
        member, sleeper = await till.enrol(), await till.enrol()
        await till.set_now(TODAY)
        for one, no in ((member, "a"), (sleeper, "b")):
            await brought_in(till, one, (300, 60_000), (200, 39_000), (1, 100), no=no)
        assert looks == []
        await put_in_force(till.ledger, programme(365))

        bought = await till.buy(member, 1_000, at=await till.now(), no="now")
        assert bought.tier_after == 1
        assert looks == [member]
        await till.buy(member, 1_000, at=await till.now(), no="again")
        assert looks == [member]
        await till.adjust(sleeper, 10)
        assert looks == [member, sleeper]
        await till.assert_laws()


async def test_a_purchase_of_before_a_shorter_window_is_judged_by_the_longer(
    fresh_database: FreshDatabase, looks: list[UUID]
) -> None:
    """On one day: bought under a year's window, told once a month's is in force and the row has let go of the rest."""
    async with a_till(fresh_database, programme(365)) as till:
        member = await till.enrol()
        await till.set_now(TODAY)
        await brought_in(till, member, (300, 60_000), (200, 39_000), (1, 100))
        before = await till.now()
        await put_in_force(till.ledger, programme(30))
        await till.adjust(member, 10)
        assert (looks, await kept_days(till, member)) == ([], 1)
        bought = await till.buy(member, 1_000, at=before, no="of before")
        assert bought.revision == 1
        assert looks == [member]
        assert bought.tier_after == 1
        await till.assert_laws()


async def test_a_programme_without_windows_keeps_no_days_and_a_later_one_has_them(
    fresh_database: FreshDatabase, looks: list[UUID]
) -> None:
    async with a_till(fresh_database, a_document()) as till:
        member = await till.enrol()
        await till.set_now(TODAY)
        await brought_in(till, member, (300, 60_000), (200, 39_000), (1, 100))
        await till.buy(member, 100, at=TODAY - timedelta(days=40), no="late")
        assert (looks, await kept_days(till, member)) == ([], 0)
        await put_in_force(till.ledger, programme(365))
        bought = await till.buy(member, 1_000, at=await till.now(), no="now")
        assert bought.tier_after == 1
        assert await kept_days(till, member) == 5
        await till.assert_laws()


async def test_a_void_of_today_leaves_the_tier_that_was_kept_through_reviews_of_long_ago(
    fresh_database: FreshDatabase,
) -> None:
    """Silver for more than a year by twenty days' habit; a mistyped amount makes gold, and its void leaves silver."""
    document = a_document(
        by_tier=True,
        more="""
tiers:
  by: spend
  window_days: 90
  keeps_days: 60
  list:
    - {code: member, names: {en: Member}, reach: 0}
    - {code: silver, names: {en: Silver}, reach: 100000, multiplier: "2"}
    - {code: gold, names: {en: Gold}, reach: 500000, multiplier: "3"}
""",
    )
    async with a_till(fresh_database, document) as till:
        member = await till.enrol()
        await till.set_now(TODAY)
        await brought_in(till, member, *((ago, 40_000) for ago in range(500, 0, -20)))
        assert (await till.buy(member, 100, at=TODAY, no="a")).tier_after == 1
        assert (await till.buy(member, 500_000, at=TODAY, no="mistake")).tier_after == 2
        await till.bring_back("mistake")
        assert (await till.buy(member, 100, at=TODAY, no="b")).tier_before == 1
        await till.assert_laws()
