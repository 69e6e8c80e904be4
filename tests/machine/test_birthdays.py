"""Birthdays come by themselves: once a year, on their day, after a standstill too, and nobody else tells of them."""

from __future__ import annotations

import json
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine.test_persons import correct, enrolled, erase
from tests.machine.till import Till, a_key, a_till

from jifen.document.model import ProgramDocument
from jifen.domain.occasions import Event, EventUnknown
from jifen.jobs.birthdays import bring_birthdays
from jifen.operations.change_member_status import change_member_status
from jifen.operations.correct_person import Correction
from jifen.operations.record_events import EventRequest, record_events
from jifen.operations.tell_person import told_of_person

START = datetime(2023, 2, 20, 4, tzinfo=UTC)  # noon in Shanghai


def with_birthdays(*, before: int = 0, known_days: int = 0) -> ProgramDocument:
    """100 points on a birthday, or so many days before it."""
    document: dict[str, Any] = a_document().model_dump(mode="json", exclude_none=True)
    names = {"zh": "生日", "en": "Birthday"}
    document["events"] = [
        {"code": "birthday", "names": names, "birthday": {"before": before, "known_days": known_days}}
    ]
    document["earn_rules"] += [
        {"code": "gift", "names": names, "on": "birthday", "currency": "points", "fixed": {"points": 100}}
    ]
    return ProgramDocument.model_validate_json(json.dumps(document))


async def came(till: Till, member: UUID) -> list[date]:
    """The days on which birthdays of a member came."""
    found: list[date] = await till.fetchval(
        """SELECT coalesce(array_agg((occurred_at AT TIME ZONE 'Asia/Shanghai')::date ORDER BY sequence), '{}')
           FROM entry WHERE member_id = $1 AND kind = 'event'""",
        member,
    )
    return found


async def test_a_birthday_comes_on_its_day_and_once_a_year(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        member = await enrolled(till, birthday="1990-02-21")
        leap = await enrolled(till, birthday="1992-02-29")
        nobody = await enrolled(till, phone="138 0013 8000")
        assert await bring_birthdays(till.ledger) == 0
        await till.set_now(START + timedelta(days=1))
        assert [await bring_birthdays(till.ledger) for _ in range(3)] == [1, 0, 0]
        await till.set_now(START + timedelta(days=9))  # a week of standing still, over 28 February
        assert await bring_birthdays(till.ledger) == 1
        await till.set_now(datetime(2024, 3, 1, 4, tzinfo=UTC))
        assert await bring_birthdays(till.ledger) == 2
        assert await came(till, member) == [date(2023, 2, 21), date(2024, 2, 21)]
        assert await came(till, leap) == [date(2023, 2, 28), date(2024, 2, 29)]
        assert await came(till, nobody) == []
        assert await till.points(member, leap, nobody) == [200, 200, 0]
        await till.assert_laws()


async def test_days_before_count_to_the_birthday_that_they_lead_to(fresh_database: FreshDatabase) -> None:
    """Seven days before 2 January is in the year before."""
    async with a_till(fresh_database, with_birthdays(before=7)) as till:
        await till.set_now(datetime(2023, 12, 26, 4, tzinfo=UTC))
        member = await enrolled(till, birthday="1990-01-02")
        assert await bring_birthdays(till.ledger) == 1
        assert await came(till, member) == [date(2023, 12, 26)]
        await till.set_now(datetime(2024, 1, 2, 4, tzinfo=UTC))
        assert await bring_birthdays(till.ledger) == 0


async def test_who_moves_his_birthday_has_one_a_year(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        member = await enrolled(till, birthday="1990-02-20")
        assert await bring_birthdays(till.ledger) == 1
        for day in range(1, 4):
            await till.set_now(START + timedelta(days=day))
            told = await told_of_person(till.ledger, {"birthday": f"1990-02-{20 + day}"}, {})
            await correct(till, member, Correction(told))
            assert await bring_birthdays(till.ledger) == 0
        assert await till.points(member) == [100]
        await till.assert_laws()


async def test_who_tells_it_on_the_day_has_it_and_not_where_it_must_have_been_known(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        assert await bring_birthdays(till.ledger) == 0
        member = await enrolled(till, birthday="1990-02-20")
        assert await bring_birthdays(till.ledger) == 1
        assert await till.points(member) == [100]


async def test_a_birthday_must_have_been_known_where_the_programme_says_so(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_birthdays(known_days=1)) as till:
        await till.set_now(START)
        young = await enrolled(till, birthday="1988-02-20")
        known = await enrolled(till, birthday="1988-02-22")
        assert await bring_birthdays(till.ledger) == 0
        await till.set_now(START + timedelta(days=2))
        assert await bring_birthdays(till.ledger) == 1
        assert await till.points(young, known) == [0, 100]


async def test_the_erased_and_the_closed_have_none_and_no_day_of_birth_stands_in_the_books(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        gone, closed, stays = [await enrolled(till, birthday="1990-02-21") for _ in range(3)]
        await erase(till, gone)
        await change_member_status(till.ledger, closed, "closed", a_key())
        await till.set_now(START + timedelta(days=1))
        assert await bring_birthdays(till.ledger) == 1
        assert [await came(till, one) for one in (gone, closed, stays)] == [[], [], [date(2023, 2, 21)]]
        named = await till.fetchval("SELECT string_agg(event::text, ' ') FROM event")
        assert "1990" not in named
        await till.assert_laws()


async def test_nobody_else_tells_of_a_birthday(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        member = await till.enrol()
        event = Event(code="birthday", source="pos", business_no="1", occurred_at=START)
        for is_by_member in (False, True):
            (answer,) = await record_events(
                till.ledger, [EventRequest(event=event, whose=member, is_by_member=is_by_member)]
            )
            assert isinstance(answer, EventUnknown)
        assert await till.points(member) == [0]
