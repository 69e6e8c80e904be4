"""Birthdays while everything else happens: kills, a vault that is away, persons who move, midnights, and what cannot be read."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import asyncpg
import pytest
from tests.builders import a_document
from tests.conftest import FreshDatabase
from tests.machine import test_households as at_home
from tests.machine.test_birthdays import START, came, with_birthdays
from tests.machine.test_persons import correct, enrolled, erase
from tests.machine.till import Till, a_key, a_till, another_till
from tests.publishing import put_in_force

from jifen.document.model import ProgramDocument
from jifen.domain.principal import LOCAL
from jifen.domain.refusals import VaultClosed
from jifen.jobs import birthdays
from jifen.jobs.birthdays import bring_birthdays
from jifen.operations.change_household import change_role
from jifen.operations.correct_person import Correction
from jifen.operations.record_events import Answer, EventRequest, record_each_event
from jifen.operations.tell_person import told_of_person
from jifen.store.persons import save_fields, sealed_fields
from jifen.vault import PersonKey

DAY = timedelta(days=1)


async def many(till: Till, count: int) -> list[UUID]:
    """So many who were born on the day after the start."""
    return [await enrolled(till, birthday="1990-02-21") for _ in range(count)]


async def how_many(till: Till) -> int:
    """How many birthdays have come."""
    found: int = await till.fetchval("SELECT count(*)::int FROM entry WHERE kind = 'event'")
    return found


async def test_whoever_is_killed_between_two_pages_begins_again(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(birthdays, "BATCH", 7)
    pages = 0

    async def killed_at_the_third(ledger: Any, requests: list[EventRequest]) -> list[Answer | Exception]:
        nonlocal pages
        pages += 1
        if pages == 3:
            raise asyncio.CancelledError
        return await record_each_event(ledger, requests)

    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        members = await many(till, 30)
        await till.set_now(START + DAY)
        monkeypatch.setattr(birthdays, "record_each_event", killed_at_the_third)
        with pytest.raises(asyncio.CancelledError):
            await bring_birthdays(till.ledger)
        assert await how_many(till) == 14
        monkeypatch.setattr(birthdays, "record_each_event", record_each_event)
        assert await bring_birthdays(till.ledger) == 16
        assert await till.points(*members) == [100] * 30
        await till.assert_laws()


async def test_two_processes_at_once_bring_each_birthday_once(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(birthdays, "BATCH", 5)
    async with a_till(fresh_database, with_birthdays()) as till, another_till(fresh_database) as other:
        await till.set_now(START)
        members = await many(till, 24)
        await till.set_now(START + DAY)
        found = await asyncio.gather(*[bring_birthdays(one.ledger) for one in (till, other, till)])
        assert sum(found) == 24
        assert await till.points(*members) == [100] * 24
        await till.assert_laws()


async def test_a_vault_that_was_away_for_days_loses_nobody_his_birthday(
    fresh_database: FreshDatabase, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "master.keys"
    monkeypatch.setenv("JIFEN_MASTER_KEYS", str(path))
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        member = await enrolled(till, birthday="1990-02-21")
        assert await bring_birthdays(till.ledger) == 0
        path.rename(tmp_path / "away")
        async with another_till(fresh_database) as without:
            for day in (1, 2):
                await till.set_now(START + day * DAY)
                with pytest.raises(VaultClosed):
                    await bring_birthdays(without.ledger)
        (tmp_path / "away").rename(path)
        async with another_till(fresh_database) as back:
            await till.set_now(START + 4 * DAY)
            assert await bring_birthdays(back.ledger) == 1
        assert await came(till, member) == [date(2023, 2, 21)]


async def test_a_shop_that_takes_nothing_late_has_birthdays(fresh_database: FreshDatabase) -> None:
    """They lie at the beginning of their day, and after a standstill days back: no till sent them."""
    document = with_birthdays().model_dump(mode="json", exclude_none=True, exclude_unset=True)
    document.setdefault("limits", {})["late_days"] = {"default": 0}
    async with a_till(fresh_database, ProgramDocument.model_validate_json(json.dumps(document))) as till:
        await till.set_now(START)
        today, tomorrow = (
            await enrolled(till, birthday="1990-02-20"),
            await enrolled(till, birthday="1990-02-21"),
        )
        assert await bring_birthdays(till.ledger) == 1
        await till.set_now(START + 5 * DAY)
        assert await bring_birthdays(till.ledger) == 1
        assert await till.points(today, tomorrow) == [100, 100]
        await till.assert_laws()


async def test_who_tells_it_in_the_last_minutes_of_the_day_has_it(fresh_database: FreshDatabase) -> None:
    """After the day was looked at for the last time."""
    midnight = datetime(2023, 2, 20, 16, tzinfo=UTC)
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(midnight - timedelta(minutes=9))
        assert await bring_birthdays(till.ledger) == 0
        await till.set_now(midnight - timedelta(minutes=3))
        member = await enrolled(till, birthday="1990-02-20")
        await till.set_now(midnight + timedelta(minutes=1))
        late = await enrolled(till, birthday="1990-02-20")
        assert await bring_birthdays(till.ledger) == 1
        assert await bring_birthdays(till.ledger) == 0
        assert await till.points(member, late) == [100, 0]


async def test_what_somebody_told_while_it_was_looked_and_was_seen_after_it(
    fresh_database: FreshDatabase,
) -> None:
    """His transaction was dated before, and committed after."""
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        member = await enrolled(till, name="Somebody")
        assert await bring_birthdays(till.ledger) == 0
        vault = await till.ledger.vault(None)
        async with till.ledger.transaction() as connection:
            row = await connection.fetchrow(
                "SELECT person_id, wrapped_key, master FROM person WHERE member_id = $1", member
            )
            assert row is not None
            sealer = vault.person(row[0], PersonKey(row[1], row[2]))
            told_at = (await till.ledger.clock(connection)).now
            await save_fields(
                connection, row[0], sealed_fields(sealer, {"birthday": "1990-02-20"}), at=told_at
            )
            assert await bring_birthdays(till.ledger) == 0
        assert await bring_birthdays(till.ledger) == 1
        assert await till.points(member) == [100]


async def test_a_day_of_birth_that_cannot_be_read_keeps_nobody_else_from_his(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(birthdays, "BATCH", 3)
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        members = await many(till, 8)
        assert await bring_birthdays(till.ledger) == 0
        admin = await asyncpg.connect(
            **fresh_database.admin.arguments(), server_settings={"search_path": "jifen"}
        )
        torn = """UPDATE person_field SET sealed = set_byte(sealed, 20, get_byte(sealed, 20) # 1)
                  WHERE person_id = (SELECT person_id FROM person WHERE member_id = $1)"""
        await admin.execute(torn, members[0])
        await till.set_now(START + DAY)
        assert await bring_birthdays(till.ledger) == 7
        await till.set_now(START + 2 * DAY)
        assert await bring_birthdays(till.ledger) == 0
        await admin.execute(torn, members[0])
        await admin.close()
        assert await bring_birthdays(till.ledger) == 1, "what was mended comes, dated on its day"
        assert await came(till, members[0]) == [date(2023, 2, 21)]
        assert await till.points(*members) == [100] * 8


async def test_a_member_whose_books_are_torn_keeps_nobody_else_from_his(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(birthdays, "BATCH", 3)
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        members = await many(till, 8)
        assert await bring_birthdays(till.ledger) == 0
        admin = await asyncpg.connect(
            **fresh_database.admin.arguments(), server_settings={"search_path": "jifen"}
        )
        set_sequence = "UPDATE member SET sequence = $2 WHERE member_id = $1"
        await admin.execute(set_sequence, members[0], 0)
        await till.set_now(START + DAY)
        assert await bring_birthdays(till.ledger) == 7
        await admin.execute(set_sequence, members[0], 1)
        await admin.close()
        assert await bring_birthdays(till.ledger) == 1
        assert await till.points(*members) == [100] * 8
        await till.assert_laws()


async def test_who_is_merged_between_the_reading_and_the_record_has_it_where_he_went(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        goes, stays = await enrolled(till, birthday="1990-02-21"), await enrolled(till, name="Somebody")
        await till.set_now(START + DAY)
        is_merged = False

        async def merged_before(ledger: Any, requests: list[EventRequest]) -> list[Answer | Exception]:
            nonlocal is_merged
            if not is_merged:
                is_merged = True
                await till.merge(goes, stays)
            return await record_each_event(ledger, requests)

        monkeypatch.setattr(birthdays, "record_each_event", merged_before)
        assert await bring_birthdays(till.ledger) == 1
        assert await bring_birthdays(till.ledger) == 0
        assert await till.points(stays) == [100]
        await till.assert_laws()


async def test_who_goes_to_another_household_takes_his_birthday_along_once(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        home, head = await at_home.enrolled(till, name="Head")
        member, person = await at_home.enrolled(till, birthday="1990-02-20")
        other, elder = await at_home.enrolled(till, birthday="1990-02-21")
        assert await bring_birthdays(till.ledger) == 1
        for one, who in ((member, person), (other, elder)):
            await at_home.join(till, one, who, await at_home.invited(till, home, head))
        assert await bring_birthdays(till.ledger) == 0
        await till.set_now(START + DAY)
        assert await bring_birthdays(till.ledger) == 1
        new = UUID((await at_home.leave(till, home, elder))["new_member_id"])
        assert await bring_birthdays(till.ledger) == 0
        assert await till.points(home, new) == [200, 0]
        await till.set_now(datetime(2024, 2, 21, 4, tzinfo=UTC))
        assert await bring_birthdays(till.ledger) == 2
        assert await till.points(home, new) == [300, 100]
        await till.assert_laws()


async def test_who_becomes_a_child_has_none_and_who_is_erased_while_it_runs_is_left_alone(
    fresh_database: FreshDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        home, head = await at_home.enrolled(till, name="Head")
        young, person = await at_home.enrolled(till, birthday="2004-02-21")
        await at_home.join(till, young, person, await at_home.invited(till, home, head))
        await change_role(till.ledger, home, person, "child", a_key(), by_id=None, principal=LOCAL)
        gone = await enrolled(till, birthday="1990-02-21")
        await till.set_now(START + DAY)

        async def erased_before(ledger: Any, requests: list[EventRequest]) -> list[Answer | Exception]:
            await erase(till, gone)
            return await record_each_event(ledger, requests)

        monkeypatch.setattr(birthdays, "record_each_event", erased_before)
        await bring_birthdays(till.ledger)
        assert await came(till, home) == []
        await till.assert_laws()


async def test_a_revision_that_has_birthdays_from_today_on_brings_those_of_tomorrow(
    fresh_database: FreshDatabase,
) -> None:
    async with a_till(fresh_database, a_document()) as till:
        await till.set_now(START)
        members = [await enrolled(till, birthday=f"1990-02-{day}") for day in (19, 20, 21, 22)]
        assert await bring_birthdays(till.ledger) == 0
        await put_in_force(till.ledger, with_birthdays())
        assert await bring_birthdays(till.ledger) == 0, "its first whole day is tomorrow"
        await till.set_now(START + DAY)
        assert await bring_birthdays(till.ledger) == 1
        await put_in_force(till.ledger, a_document())
        await till.set_now(START + 2 * DAY)
        assert await bring_birthdays(till.ledger) == 0
        assert await till.points(*members) == [0, 0, 100, 0]
        await till.assert_laws()


async def test_a_day_that_begins_at_one_has_its_birthdays(fresh_database: FreshDatabase) -> None:
    """On 3 September 2023 clocks in Santiago went from midnight to one; on 2 April 2023 the hour before midnight came twice."""
    document = with_birthdays().model_dump(mode="json", exclude_none=True, exclude_unset=True)
    document["time_zone"] = "America/Santiago"
    async with a_till(fresh_database, ProgramDocument.model_validate_json(json.dumps(document))) as till:
        await till.set_now(datetime(2023, 3, 30, 12, tzinfo=UTC))
        april, september = (
            await enrolled(till, birthday="1990-04-02"),
            await enrolled(till, birthday="1990-09-03"),
        )
        assert await bring_birthdays(till.ledger) == 0
        came_at = []
        for member, midnight in (
            (april, datetime(2023, 4, 2, 4, tzinfo=UTC)),
            (september, datetime(2023, 9, 3, 4, tzinfo=UTC)),
        ):
            await till.set_now(midnight - timedelta(minutes=30))
            assert await bring_birthdays(till.ledger) == 0
            await till.set_now(midnight + timedelta(minutes=5))
            assert await bring_birthdays(till.ledger) == 1
            came_at.append(
                await till.fetchval(
                    "SELECT occurred_at FROM entry WHERE member_id = $1 AND kind = 'event'", member
                )
            )
        assert came_at == [datetime(2023, 4, 2, 4, tzinfo=UTC), datetime(2023, 9, 3, 4, tzinfo=UTC)]
        await till.assert_laws()


async def test_who_corrects_it_to_a_day_that_has_passed_has_none_of_it(fresh_database: FreshDatabase) -> None:
    async with a_till(fresh_database, with_birthdays()) as till:
        await till.set_now(START)
        member = await enrolled(till, birthday="1990-06-20")
        assert await bring_birthdays(till.ledger) == 0
        await till.set_now(START + 3 * DAY)
        told = await told_of_person(till.ledger, {"birthday": "1990-02-21"}, {})
        await correct(till, member, Correction(told))
        assert await bring_birthdays(till.ledger) == 0
        assert await till.points(member) == [0]
