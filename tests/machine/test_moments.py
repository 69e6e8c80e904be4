"""Moments fall due like expiry: once, on their day, before anything else, whoever sees it first and however late."""

from __future__ import annotations

import asyncio
import json
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.builders import a_document, a_purchase
from tests.conftest import FreshDatabase
from tests.machine.till import Till, a_till, another_till, request_of
from tests.publishing import put_in_force

from jifen.document.model import ProgramDocument
from jifen.domain.refusals import Refusal
from jifen.jobs.loop import once_through
from jifen.operations.quote_purchase import quote_purchases
from jifen.operations.record_purchases import record_purchases
from jifen.store.laws import LAWS, findings_of

AHEAD = 7
LASTS = 30


def with_moment(**more: Any) -> ProgramDocument:
    """One point for each yuan, for 30 days; seven days before points expire the member gets three stars, and is counted."""
    document = a_document(**{"expiry": f"{{days: {LASTS}}}", **more}).model_dump(
        mode="json", exclude_none=True
    )
    document["currencies"].append(
        {"code": "stars", "names": {"zh": "星", "en": "Stars"}, "kind": "spendable", "worth": 1}
    )
    document["moments"] = [
        {
            "code": "soon",
            "names": {"zh": "即将过期", "en": "Expiring soon"},
            "expiry_ahead": {"currency": "points", "days": AHEAD},
        }
    ]
    document["earn_rules"].append(
        {
            "code": "wake",
            "names": {"zh": "唤醒", "en": "Wake up"},
            "on": "soon",
            "currency": "stars",
            "fixed": {"points": 3},
        }
    )
    return ProgramDocument.model_validate_json(json.dumps(document))


async def long_ago(till: Till) -> datetime:
    """The book's date put back by a hundred days."""
    start = await till.now() - timedelta(days=100)
    await till.set_now(start)
    return start


async def moments(till: Till, member: UUID) -> list[tuple[int, date]]:
    """The moments of a member: sequence and day, in the programme's zone."""
    async with till.ledger.transaction() as connection:
        rows = await connection.fetch(
            """SELECT sequence, (occurred_at AT TIME ZONE 'Asia/Shanghai')::date AS day FROM entry
               WHERE member_id = $1 AND kind = 'moment' ORDER BY sequence""",
            member,
        )
    return [(row["sequence"], row["day"]) for row in rows]


async def stars(till: Till, member: UUID) -> int:
    """The member's stars as they are kept."""
    return int(await till.fetchval("SELECT balances[2] FROM member WHERE member_id = $1", member) or 0)


def in_zone(at: datetime) -> date:
    """The day of a moment in Shanghai."""
    return (at + timedelta(hours=8)).date()


async def test_a_moment_falls_due_days_before_units_expire_and_only_once(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_moment()) as till:
        start = await long_ago(till)
        member = await till.enrol()
        await till.buy(member, 10_000)
        due_on = in_zone(start) + timedelta(days=LASTS - AHEAD)

        await till.set_now(start + timedelta(days=LASTS - AHEAD - 1))
        await once_through(till.ledger)
        assert await moments(till, member) == []

        await till.set_now(start + timedelta(days=LASTS - AHEAD))
        for _ in range(2):
            await once_through(till.ledger)

        assert [day for _, day in await moments(till, member)] == [due_on]
        assert await stars(till, member) == 3
        await till.assert_laws()
        await till.set_now(start + timedelta(days=LASTS + 5))
        await once_through(till.ledger)
        assert await till.points(member) == [0]
        assert len(await moments(till, member)) == 1
        await till.assert_laws()


async def test_a_purchase_that_comes_after_a_moment_fell_due_finds_it_made_on_its_day_and_before_what_expired(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_moment()) as till:
        start = await long_ago(till)
        member = await till.enrol()
        await till.buy(member, 10_000)
        await till.set_now(start + timedelta(days=40))
        asked = a_purchase(5_000, at=await till.now(), no="late")

        (quoted,) = await quote_purchases(till.ledger, [(asked, member)])
        (bought,) = await record_purchases(till.ledger, [request_of(asked, member)])
        assert not isinstance(quoted, Refusal)
        assert not isinstance(bought, Refusal)

        made = await moments(till, member)
        assert [day for _, day in made] == [in_zone(start) + timedelta(days=LASTS - AHEAD)]
        assert made[0][0] < (bought.sequence or 0)
        assert quoted.balances_after == bought.balances_after
        assert await till.points(member) == [50]
        assert await stars(till, member) == 3
        await till.assert_laws()


async def test_lots_of_several_days_are_told_of_each_and_those_within_one_telling_together(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_moment()) as till:
        start = await till.now() - timedelta(days=100)
        member_days = [0, 1, 20]
        await till.set_now(start)
        member = await till.enrol()
        for day in member_days:
            await till.set_now(start + timedelta(days=day))
            await till.buy(member, 10_000)
        await till.set_now(start + timedelta(days=60))

        await once_through(till.ledger)

        first = in_zone(start) + timedelta(days=LASTS - AHEAD)
        assert [day for _, day in await moments(till, member)] == [
            first + timedelta(days=n) for n in member_days
        ]
        assert await stars(till, member) == 9
        await till.assert_laws()


async def test_units_that_come_with_less_time_left_are_told_of_at_once(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_moment()) as till:
        start = await long_ago(till)
        giver, receiver = await till.enrol(), await till.enrol()
        await till.buy(giver, 10_000)
        await till.set_now(start + timedelta(days=LASTS - 2))
        await till.give(giver, receiver, 40)

        await once_through(till.ledger)

        assert [day for _, day in await moments(till, receiver)] == [
            in_zone(start) + timedelta(days=LASTS - 2)
        ]
        await till.assert_laws()


async def test_what_was_spent_before_is_not_told_of(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_moment()) as till:
        start = await long_ago(till)
        member = await till.enrol()
        await till.buy(member, 10_000)
        await till.adjust(member, -100)
        await till.set_now(start + timedelta(days=60))

        await once_through(till.ledger)

        assert await moments(till, member) == []
        await till.assert_laws()


async def test_two_who_see_a_moment_at_once_make_it_once(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_moment()) as till, another_till(fresh_database) as other:
        start = await long_ago(till)
        members = [await till.enrol() for _ in range(5)]
        for member in members:
            await till.buy(member, 10_000)
        await till.set_now(start + timedelta(days=LASTS - 3))

        await asyncio.gather(
            *(one.buy(member, 100) for member in members for one in (till, other)),
            once_through(till.ledger),
            once_through(other.ledger),
        )

        for member in members:
            assert len(await moments(till, member)) == 1
            assert await stars(till, member) == 3
        await till.assert_laws()


async def test_a_revision_that_brings_a_moment_tells_of_what_was_there_before_it(
    fresh_database: FreshDatabase,
) -> None:
    without = a_document(expiry=f"{{days: {LASTS}}}")
    async with a_till(fresh_database, without) as till:
        start = await long_ago(till)
        members = [await till.enrol() for _ in range(3)]
        for member in members:
            await till.buy(member, 10_000)
        await till.set_now(start + timedelta(days=LASTS - 2))
        await put_in_force(till.ledger, with_moment())
        assert await moments(till, members[0]) == []

        await till.set_now(start + timedelta(days=LASTS - 1))
        await once_through(till.ledger)
        await once_through(till.ledger)

        for member in members:
            assert [day for _, day in await moments(till, member)] == [
                in_zone(start) + timedelta(days=LASTS - 1)
            ]
        await till.assert_laws()


async def test_moments_with_many_lots_are_told_of_each_day(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_moment()) as till:
        start = await long_ago(till)
        member = await till.enrol()
        for day in range(3):
            await till.set_now(start + timedelta(days=day))
            for _ in range(30):
                await till.buy(member, 100)
        for day in range(LASTS - AHEAD - 1, LASTS - AHEAD + 5):
            await till.set_now(start + timedelta(days=day))
            await once_through(till.ledger)

        first = in_zone(start) + timedelta(days=LASTS - AHEAD)
        assert [day for _, day in await moments(till, member)] == [
            first + timedelta(days=n) for n in range(3)
        ]
        await till.assert_laws()


async def test_a_member_who_was_told_more_than_once_is_merged_whole(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_moment()) as till:
        start = await long_ago(till)
        goes, stays, heir = [await till.enrol() for _ in range(3)]
        for day in (0, 2):
            await till.set_now(start + timedelta(days=day))
            await till.buy(goes, 10_000)
            await till.buy(stays, 10_000)
        for day in (LASTS - AHEAD, LASTS - AHEAD + 2):
            await till.set_now(start + timedelta(days=day))
            await once_through(till.ledger)
        await till.set_now(start + timedelta(days=LASTS - AHEAD + 3))

        await till.merge(goes, stays)
        await till.merge(stays, heir)
        await once_through(till.ledger)

        assert await moments(till, heir) == []
        assert await stars(till, heir) == 12
        await till.assert_laws()


async def test_a_moment_that_falls_due_in_the_turn_of_a_merge_is_carried_too(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_moment()) as till:
        start = await long_ago(till)
        goes, stays = await till.enrol(), await till.enrol()
        for day in (0, 2):
            await till.set_now(start + timedelta(days=day))
            await till.buy(goes, 10_000)
        await till.set_now(start + timedelta(days=LASTS - 2))

        await till.merge(goes, stays)
        await once_through(till.ledger)

        assert [len(await moments(till, one)) for one in (goes, stays)] == [2, 0]
        assert await stars(till, stays) == 6
        await till.assert_laws()


@pytest.mark.parametrize("looks", [True, False])
async def test_what_repays_a_debt_meanwhile_is_not_told_of_whoever_looks(
    fresh_database: FreshDatabase, *, looks: bool
) -> None:
    document = with_moment(debt="{policy: allow, limit_units: 100}", pending_days=2)
    async with a_till(fresh_database, document) as till:
        start = await long_ago(till)
        member = await till.enrol()
        await till.adjust(member, -50)
        await till.buy(member, 3_000)
        for day in range(1, 41) if looks else (40,):
            await till.set_now(start + timedelta(days=day))
            await once_through(till.ledger)

        assert await moments(till, member) == []
        assert await till.points(member) == [-20]
        await till.assert_laws()


@pytest.mark.parametrize("looks", [True, False])
async def test_what_a_reservation_gives_back_is_told_of_whoever_looks(
    fresh_database: FreshDatabase, *, looks: bool
) -> None:
    async with a_till(fresh_database, with_moment()) as till:
        start = await long_ago(till)
        member = await till.enrol()
        await till.buy(member, 10_000)
        await till.set_now(start + timedelta(days=LASTS - AHEAD, hours=-12))
        await till.reserve(member, 100, seconds=86_400)
        for day in range(LASTS - AHEAD, 41) if looks else (40,):
            await till.set_now(start + timedelta(days=day, hours=13))
            await once_through(till.ledger)

        assert len(await moments(till, member)) == 1
        assert await stars(till, member) == 3
        await till.assert_laws()


async def test_a_quote_counts_what_is_left_for_a_moment(fresh_database: FreshDatabase) -> None:
    document = with_moment().model_dump(mode="json", exclude_none=True, by_alias=True)
    document["earn_rules"][-1]["budget"] = 3
    async with a_till(fresh_database, ProgramDocument.model_validate_json(json.dumps(document))) as till:
        start = await long_ago(till)
        first, second = await till.enrol(), await till.enrol()
        await till.buy(first, 10_000)
        await till.set_now(start + timedelta(days=1))
        await till.buy(second, 10_000)
        await till.set_now(start + timedelta(days=LASTS - AHEAD))
        await once_through(till.ledger)
        assert await stars(till, first) == 3
        await till.set_now(start + timedelta(days=LASTS - AHEAD + 2))
        asked = a_purchase(500, at=await till.now(), no="quoted")

        (quoted,) = await quote_purchases(till.ledger, [(asked, second)])
        (bought,) = await record_purchases(till.ledger, [request_of(asked, second)])

        assert not isinstance(quoted, Refusal)
        assert not isinstance(bought, Refusal)
        assert quoted.balances_after == bought.balances_after
        await till.assert_laws()


BREAKAGES = {
    "how far a moment has told of a member is what an entry told": "UPDATE jifen.member SET counters[2] = counters[2] + 1",
    "a moment tells of a day once": """INSERT INTO jifen.entry
        SELECT (jsonb_populate_record(e, jsonb_build_object('sequence', 900, 'entry_id', gen_random_uuid()))).*
        FROM jifen.entry e WHERE kind = 'moment'""",
}


@pytest.mark.parametrize("check", BREAKAGES)
async def test_a_moment_that_is_forged_is_named(fresh_database: FreshDatabase, check: str) -> None:
    async with a_till(fresh_database, with_moment()) as till:
        start = await long_ago(till)
        member = await till.enrol()
        await till.buy(member, 10_000)
        await till.set_now(start + timedelta(days=LASTS - 2))
        await once_through(till.ledger)
        law = next(law for law in LAWS if law.number == 12)
        async with till.ledger.transaction() as connection:
            assert await findings_of(connection, law) == []

        admin = await asyncpg.connect(**fresh_database.admin.arguments())
        await admin.execute(BREAKAGES[check])
        await admin.close()

        async with till.ledger.transaction() as connection:
            assert check in {finding.check for finding in await findings_of(connection, law)}
