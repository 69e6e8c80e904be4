"""Exchanges: made at once where a balance reaches them, or as often as is asked; undone as a whole; proven by replay."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_key, a_till
from tests.publishing import put_in_force

from jifen.document.model import ProgramDocument
from jifen.domain.exchanges import offered
from jifen.domain.refusals import FieldWrong, MemberFrozen, PointsMissing
from jifen.domain.refusals_of_programs import ExchangeUnknown
from jifen.jobs.loop import once_through
from jifen.operations.change_member_status import change_member_status
from jifen.operations.exchange_units import exchange_units
from jifen.operations.read_member import read_member
from jifen.operations.read_statement import read_statement
from jifen.present.postings import explain

NAMES = {"zh": "兑换", "en": "Exchange"}
START = datetime(2025, 3, 3, 4, tzinfo=UTC)  # noon in Shanghai


def with_stamps(*, has_exchanges: bool = True, pending_days: int = 0) -> ProgramDocument:
    """A stamp for each whole 10 yuan; nine are 500 points at once, and 100 points a book of which two are asked for."""
    document: dict[str, Any] = a_document().model_dump(mode="json", exclude_none=True)
    document["currencies"] += [
        {
            "code": "stamps",
            "names": {"zh": "印花", "en": "Stamps"},
            "kind": "spendable",
            "worth": 50,
            "expiry": {"days": 90},
            "pending": {"days": pending_days},
            "debt": {"policy": "allow", "limit_units": 100},
        },
        {"code": "books", "names": {"zh": "图书", "en": "Books"}, "kind": "spendable", "worth": 100},
    ]
    document["earn_rules"] = [
        {
            "code": "stamp",
            "names": {"zh": "盖章", "en": "Stamp"},
            "currency": "stamps",
            "per_amount": {"points": 1, "amount_minor": 1_000, "whole_steps": True},
        }
    ]
    if has_exchanges:
        document["exchanges"] = [
            {
                "code": "book",
                "names": {"zh": "换书", "en": "A book"},
                "takes": {"currency": "points", "units": 100},
                "gives": [{"currency": "books", "units": 1}],
            },
            {
                "code": "nine",
                "names": {"zh": "集满九枚", "en": "Nine stamps"},
                "takes": {"currency": "stamps", "units": 9},
                "gives": [{"currency": "points", "units": 500}],
                "at_once": True,
            },
        ]
    return ProgramDocument.model_validate_json(json.dumps(document))


async def held(till: Till, member: UUID) -> dict[str, int]:
    """What a member has of each, by the stored row."""
    view = await read_member(till.ledger, member)
    codes = {one.number: one.code for one in view.timeline.newest.currencies}
    return {codes[one.currency]: one.balance for one in view.balances}


async def kinds(till: Till, member: UUID) -> list[str]:
    """The kinds of a member's entries behind his enrolment, in order."""
    found: list[str] = await till.fetchval(
        """SELECT array_agg(kind ORDER BY sequence) FROM (
               SELECT sequence, kind FROM entry WHERE member_id = $1 AND kind <> 'enrol'
               UNION ALL SELECT sequence, 'purchase' FROM purchase WHERE member_id = $1) e""",
        member,
    )
    return found


async def test_nine_stamps_become_points_with_the_purchase_that_brings_the_ninth(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.buy(member, 8_000)
        assert await held(till, member) == {"points": 0, "stamps": 8, "books": 0}
        await till.buy(member, 1_999)
        assert await held(till, member) == {"points": 500, "stamps": 0, "books": 0}
        await till.buy(member, 29_000)
        assert await held(till, member) == {"points": 500 + 3 * 500, "stamps": 2, "books": 0}
        assert await kinds(till, member) == ["purchase", "purchase", "exchange", "purchase", "exchange"]
        await till.assert_laws()


async def test_stamps_that_wait_are_exchanged_on_the_day_on_which_enough_can_be_used(
    fresh_database: FreshDatabase,
) -> None:
    """Whether a job looks that day or a month later: the points are of that day."""
    async with a_till(fresh_database, with_stamps(pending_days=3)) as till:
        await till.set_now(START)
        looked, late = await till.enrol(), await till.enrol()
        for member in (looked, late):
            await till.buy(member, 5_000)
        await till.set_now(START + timedelta(days=2))
        for member in (looked, late):
            await till.buy(member, 4_000)
        await till.set_now(START + timedelta(days=4))
        await once_through(till.ledger)
        assert (await held(till, looked))["points"] == 0, "the last four wait until tomorrow"
        await till.set_now(START + timedelta(days=5))
        await once_through(till.ledger)
        assert await held(till, looked) == {"points": 500, "stamps": 0, "books": 0}
        on = await till.fetchval(
            "SELECT array_agg(DISTINCT (occurred_at AT TIME ZONE 'Asia/Shanghai')::text) FROM entry WHERE kind = 'exchange'"
        )
        assert on == ["2025-03-08 00:00:00"]
        await till.assert_laws()


async def test_after_a_standstill_what_expired_first_is_not_exchanged(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_stamps(has_exchanges=False)) as till:
        await till.set_now(START)
        member, other = await till.enrol(), await till.enrol()
        await till.buy(member, 5_000)
        await till.set_now(START + timedelta(days=80))
        for one in (member, other):
            await till.buy(one, 4_000 if one == member else 9_000)
        await till.set_now(START + timedelta(days=91))
        await put_in_force(till.ledger, with_stamps())
        await till.set_now(START + timedelta(days=100))
        await once_through(till.ledger)
        await once_through(till.ledger)
        assert (await held(till, member))["points"] == 0, (
            "five of the nine expired before the programme had it"
        )
        assert (await held(till, other))["points"] == 500, "who was there before the revision is looked at"
        await till.assert_laws()


async def test_an_exchange_is_made_as_often_as_is_asked_and_once_by_its_key(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.adjust(member, 250)
        view = await read_member(till.ledger, member)
        available = {one.currency: one.available for one in view.balances}
        for may_spend, times in ((True, 2), (False, 0)):
            told_of = {
                one.exchange.code: one
                for one in offered(view.timeline.newest, available, may_spend=may_spend)
            }
            assert (told_of["book"].times, told_of["book"].missing) == (times, 0)
            assert (told_of["nine"].times, told_of["nine"].missing) == (0, 9)

        key = a_key()
        for is_replay in (False, True):
            told = await exchange_units(till.ledger, member, exchange="book", times=2, request=key)
            assert told["is_replay"] is is_replay
            assert told["taken"] == {"currency": "points", "units": 200, "balance_after": 50}
            assert told["given"] == [{"currency": "books", "units": 2, "balance_after": 2}]
        with pytest.raises(PointsMissing) as no:
            await exchange_units(till.ledger, member, exchange="book", times=1, request=a_key())
        assert no.value.numbers == {"units": 100, "units_available": 50, "points_missing": 50}
        with pytest.raises(ExchangeUnknown, match="nine, book"):
            await exchange_units(till.ledger, member, exchange="boat", times=1, request=a_key())
        for times in (0, -1, 10_001):
            with pytest.raises(FieldWrong):
                await exchange_units(till.ledger, member, exchange="book", times=times, request=a_key())
        await till.assert_laws()


async def test_of_twenty_exchanges_at_once_as_many_are_made_as_there_is_for(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.adjust(member, 1_050)
        asked = [
            exchange_units(till.ledger, member, exchange="book", times=1, request=a_key()) for _ in range(20)
        ]
        answers = await asyncio.gather(*asked, return_exceptions=True)
        assert sum(isinstance(one, PointsMissing) for one in answers) == 10
        assert await held(till, member) == {"points": 50, "stamps": 0, "books": 10}
        await till.assert_laws()


async def test_a_reversal_undoes_both_sides_and_what_was_spent_since_is_owed_or_forgiven(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.adjust(member, 300)
        told = await exchange_units(till.ledger, member, exchange="book", times=3, request=a_key())
        await till.reverse(member, told["sequence"])
        assert await held(till, member) == {"points": 300, "stamps": 0, "books": 0}
        await till.assert_laws()


async def test_stamps_of_a_purchase_that_comes_back_are_owed_once_they_are_exchanged(
    fresh_database: FreshDatabase,
) -> None:
    """Buy, exchange, return, keep: the next stamps repay first, so that nobody is paid twice for the same money."""
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member = await till.enrol()
        for number in range(3):
            await till.buy(member, 9_000, no=f"back-{number}")
            await till.bring_back(f"back-{number}")
        assert await held(till, member) == {"points": 500, "stamps": -9, "books": 0}
        await till.buy(member, 9_000)
        assert await held(till, member) == {"points": 500, "stamps": 0, "books": 0}
        await till.assert_laws()


async def test_who_is_frozen_gets_his_exchange_when_he_may_spend_again(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.adjust(member, 100)
        await change_member_status(till.ledger, member, "frozen", a_key())
        await till.buy(member, 9_000)
        assert await held(till, member) == {"points": 100, "stamps": 9, "books": 0}
        with pytest.raises(MemberFrozen):
            await exchange_units(till.ledger, member, exchange="book", times=1, request=a_key())
        await change_member_status(till.ledger, member, "active", a_key())
        assert await held(till, member) == {"points": 600, "stamps": 0, "books": 0}
        await till.assert_laws()


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", ["exchange “Nine stamps”: 9 stamps for 500 ", "exchange “A book”, 2 times: 200 "]),
        ("zh", ["兑换「集满九枚」：9 印花 换 500 ", "兑换「换书」2 次：200 "]),
    ],
)
async def test_a_statement_says_what_was_exchanged(
    fresh_database: FreshDatabase, language: str, said: list[str]
) -> None:
    async with a_till(fresh_database, with_stamps()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.buy(member, 9_000)
        await exchange_units(till.ledger, member, exchange="book", times=2, request=a_key())
        statement = await read_statement(till.ledger, member)
        lines = [
            explain(statement.timeline, line.posting, line.about, language=language)
            for line in statement.lines
        ]
        for one in said:
            assert sum(one in line for line in lines) == 2, (one, lines)
