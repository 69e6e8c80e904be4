"""Moments that no lot brings: named days, anniversaries, sleep, days after joining. Once each, in order, dated when due."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.test_moments import in_zone
from tests.machine.till import Till, a_key, a_till
from tests.publishing import put_in_force

from jifen.document.model import ProgramDocument
from jifen.jobs.loop import once_through
from jifen.operations.change_member_status import change_member_status

WORTH = {"member-day": 1, "years": 10, "asleep": 100, "welcome": 1_000}
START = datetime(2020, 2, 29, 4, tzinfo=UTC)  # noon in Shanghai, on a day that is rare


def with_days(*, has_moments: bool = True, **more: Any) -> ProgramDocument:
    """Stars for each eighth of a month, each year of membership, twenty days without a purchase, and five days after joining."""
    document = a_document(**more).model_dump(mode="json", exclude_none=True)
    if has_moments:
        names = {"zh": "时刻", "en": "Moment"}
        document["days"] = [{"code": "eighth", "names": names, "day_of_month": 8}]
        ways: dict[str, dict[str, Any]] = {
            "member-day": {"on_days": ["eighth"]},
            "years": {"anniversary": "joining"},
            "asleep": {"asleep": {"days": 20}},
            "welcome": {"after_joining": {"days": 5}},
        }
        document["moments"] = [{"code": code, "names": names, **way} for code, way in ways.items()]
        document["earn_rules"] += [
            {
                "code": f"on-{code}",
                "names": names,
                "on": code,
                "currency": "points",
                "fixed": {"points": units},
            }
            for code, units in WORTH.items()
        ]
    return ProgramDocument.model_validate_json(json.dumps(document))


async def told(till: Till, member: UUID) -> list[tuple[date, int]]:
    """The moments of a member in the order of his entries: the day, and the points that it gave."""
    async with till.ledger.transaction() as connection:
        rows = await connection.fetch(
            """SELECT (e.occurred_at AT TIME ZONE 'Asia/Shanghai')::date AS day, sum(p.units)::int AS units
               FROM entry e JOIN posting p USING (member_id, sequence)
               WHERE e.member_id = $1 AND e.kind = 'moment' GROUP BY e.sequence, 1 ORDER BY e.sequence""",
            member,
        )
    return [(row["day"], row["units"]) for row in rows]


async def test_after_a_long_standstill_each_moment_is_made_once_in_the_order_of_its_day(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_days()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.set_now(START + timedelta(days=3))
        await till.buy(member, 10_000)

        await till.set_now(START + timedelta(days=70))
        for _ in range(2):
            await once_through(till.ledger)

        assert await told(till, member) == [
            (date(2020, 3, 5), 1_000),
            (date(2020, 3, 8), 1),
            (date(2020, 3, 23), 100),
            (date(2020, 4, 8), 1),
            (date(2020, 5, 8), 1),
        ]
        await till.assert_laws()


async def test_a_purchase_finds_what_fell_due_before_it_and_sleep_begins_again(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_days()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.buy(member, 10_000)
        await till.set_now(START + timedelta(days=20))  # the very day: first it is told, then he comes
        await till.buy(member, 10_000)
        await till.set_now(START + timedelta(days=39))
        await once_through(till.ledger)
        awake = await told(till, member)
        await till.set_now(START + timedelta(days=41))
        await once_through(till.ledger)

        asleep = [day for day, units in await told(till, member) if units == 100]
        assert asleep == [in_zone(START) + timedelta(days=20), in_zone(START) + timedelta(days=40)]
        assert [units for _, units in awake].count(100) == 1
        await till.assert_laws()


async def test_who_joined_on_29_february_is_told_each_year(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_days()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await till.set_now(datetime(2024, 3, 2, tzinfo=UTC))
        await once_through(till.ledger)

        years = [day for day, units in await told(till, member) if units == 10]
        assert years == [date(2021, 2, 28), date(2022, 2, 28), date(2023, 2, 28), date(2024, 2, 29)]
        assert len([day for day, units in await told(till, member) if units == 1]) == 48
        await till.assert_laws()


async def test_members_from_before_are_looked_at_and_no_day_before_the_revision_is_gone_back_to(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_days(has_moments=False)) as till:
        await till.set_now(START)
        members = [await till.enrol() for _ in range(3)]
        for member in members:
            await till.buy(member, 10_000)
        await till.set_now(START + timedelta(days=100))
        await put_in_force(till.ledger, with_days())
        first = in_zone(await till.now())
        await till.set_now(START + timedelta(days=140))
        await once_through(till.ledger)

        for member in members:
            found = await told(till, member)
            assert [units for _, units in found] == [1]  # neither asleep nor welcome: their days had passed
            assert all(day > first for day, _ in found)
        await till.assert_laws()


async def test_a_closed_member_is_told_nothing(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_days()) as till:
        await till.set_now(START)
        member = await till.enrol()
        await change_member_status(till.ledger, member, "closed", a_key())
        await till.set_now(START + timedelta(days=70))
        await once_through(till.ledger)
        assert await told(till, member) == []
        await till.assert_laws()
