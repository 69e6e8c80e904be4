"""Let birthdays come: each is an event of the person's member, once a year, dated at the beginning of its day.

Only the vault knows who was born when. What the journal keeps is that an event of the programme was on a day (decision 0147).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

import msgspec
import structlog

from jifen.domain.calendar import date_of, day_number, local_date, start_of_day
from jifen.domain.dates.recurring import birthday_in
from jifen.domain.occasions import BIRTHDAY_SOURCE, Event
from jifen.domain.refusals import MemberClosed, Refusal
from jifen.domain.timeline import Timeline
from jifen.operations.record_events import EventRequest, record_each_event
from jifen.store.birthdays import Born, born_after, move_reached, reached
from jifen.store.carries import heir_of
from jifen.store.compiled import begun_again
from jifen.store.turn import Answer, Whose
from jifen.vault import SealTorn

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger
    from jifen.vault import Vault

BATCH = 500
DAYS_MAX = 60
"""So far back birthdays still come that no job saw in time."""
OVERLAP = timedelta(minutes=10)
"""So long after it was dated what somebody told may first be seen: its transaction was still open when it was looked."""

log = structlog.get_logger("jifen.jobs")


class _Comes(NamedTuple):
    """An event that comes on a day, for who was born on another."""

    on: date
    at: datetime  # its beginning
    year: int  # of the birthday
    event: str
    known_days: int


class _Looked(NamedTuple):
    """What is to be done now: everybody is asked, or those who told their birthday since a moment."""

    now: datetime
    today: int
    zone: str
    came: Mapping[tuple[int, int], list[_Comes]]  # by month and day of birth
    told_since: datetime | None
    vault: Vault


async def bring_birthdays(ledger: Ledger) -> int:
    """Record what has come since it was last looked: of everybody on a new day, else of those who told their birthday since.
    Returns how many events were new. Whoever is killed in between begins again, and none comes twice; where it failed for
    somebody, the others have theirs, and all are asked again.

    Refuses
        VaultClosed   nobody knows who was born when
    """
    looked = await _look(ledger)
    if looked is None:
        return 0
    after, fresh, failed = UUID(int=0), 0, 0
    while True:
        async with ledger.connection() as connection:
            born = await born_after(connection, after, told_since=looked.told_since, limit=BATCH)
        requests: list[EventRequest] = []
        for person in born:
            try:
                requests += _requests(looked, person)
            except SealTorn as torn:
                failed += 1
                log.error("a birthday cannot be read", person_id=str(person.person_id), failure=repr(torn))
        for whose, answer in await _record(ledger, requests):
            if isinstance(answer, Exception) and not isinstance(answer, Refusal):
                failed += 1
                log.error("a birthday cannot come", member_id=str(whose), failure=repr(answer))
            elif not isinstance(answer, Refusal):
                fresh += not answer["is_replay"]
        if len(born) < BATCH:
            break
        after = born[-1].person_id
    if not failed:
        async with ledger.transaction() as connection:
            await move_reached(connection, looked.today, looked.now)
    return fresh


@begun_again
async def _look(ledger: Ledger) -> _Looked | None:
    """What there is to do; None: the programmes of these days have no birthdays."""
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        if clock.newest == 0:
            return None
        timeline = await ledger.timeline(connection, clock.newest)
        zone = timeline.time_zone
        today = day_number(local_date(clock.now, zone))
        before = await reached(connection)
        is_new = before is None or before.day < today
        # The last day once more: who told his birthday in its last minutes has it too.
        first = today if before is None or not is_new else max(before.day, today - DAYS_MAX)
        came = _coming(timeline, range(first, today + 1))
        if not came:
            return None
        told_since = None if is_new or before is None else before.at - OVERLAP
        return _Looked(clock.now, today, zone, came, told_since, await ledger.vault(connection))


def _coming(timeline: Timeline, days: range) -> dict[tuple[int, int], list[_Comes]]:
    """What the programme of each day brings to whom, by month and day of birth."""
    found: dict[tuple[int, int], list[_Comes]] = {}
    for number in days:
        on = date_of(number)
        assert on is not None, "today is a date"
        at = start_of_day(on, timeline.time_zone)
        program = timeline.programs[timeline.row_at(at)]
        for event in program.events:
            if event.birthday is None:
                continue
            birthday = on + timedelta(days=event.birthday.before)
            one = _Comes(on, at, birthday.year, event.code, event.birthday.known_days)
            born = {(birthday.month, birthday.day)}
            if birthday_in(birthday.year, 2, 29) == birthday:
                born.add((2, 29))
            for key in born:
                found.setdefault(key, []).append(one)
    return found


def _requests(looked: _Looked, person: Born) -> list[EventRequest]:
    """What has come for somebody."""
    text = looked.vault.person(person.person_id, person.key).open("birthday", person.sealed)
    born, known_since = date.fromisoformat(text), local_date(person.known_since, looked.zone)
    return [
        EventRequest(
            event=Event(
                code=one.event,
                source=BIRTHDAY_SOURCE,
                business_no=f"{person.person_id.hex}/{one.event}/{one.year}",
                occurred_at=one.at,
            ),
            whose=person.member_id,
            actor="time",
            is_by_time=True,
        )
        for one in looked.came.get((born.month, born.day), ())
        if one.year > born.year and known_since + timedelta(days=one.known_days) <= one.on
    ]


async def _record(ledger: Ledger, requests: list[EventRequest]) -> list[tuple[Whose, Answer]]:
    """What each was answered. One that is refused (its member is closed, or the year has had its birthday before) stays out; who
    was merged meanwhile has his with the one who stands for him."""
    if not requests:
        return []
    answers = await record_each_event(ledger, requests)
    told = list(zip([one.whose for one in requests], answers, strict=True))
    merged = [
        msgspec.structs.replace(request, whose=heir)
        for request, answer in zip(requests, answers, strict=True)
        if isinstance(answer, MemberClosed)
        and isinstance(request.whose, UUID)
        and (heir := await _heir_of(ledger, request.whose)) != request.whose
    ]
    return told + (await _record(ledger, merged))


async def _heir_of(ledger: Ledger, member_id: UUID) -> UUID:
    async with ledger.connection() as connection:
        return await heir_of(connection, member_id)
