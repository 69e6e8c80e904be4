"""Events: something else that happens to members than a purchase, as the document declares it. What rules see of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from jifen.domain import fold
from jifen.domain.calendar import moment_in
from jifen.domain.program.conditions import EVENT_ATTRIBUTE_PREFIX
from jifen.domain.program.meaning import NONE, EventType, Program
from jifen.domain.program.reading import claims_of, holds, texts_in
from jifen.domain.program.select import Moment
from jifen.domain.refusals import Conflict, FieldWrong, StoreUnknown, TooMuch, Unknown


class EventUnknown(Unknown):
    """The programme declares no such event."""

    code = "event_unknown"


class LimitUsedUp(Conflict):
    """A limit of the programme is used up: nothing more is taken in its period."""

    code = "limit_used_up"


def refuse_used_up(code: int) -> None:
    """Refuse what the fold did not take because a limit is used up.

    Refuses
        LimitUsedUp   it is
    """
    if code == fold.USED_UP:
        raise LimitUsedUp("a limit for this event is used up for now: nothing was recorded", pointer="/event")


ATTRIBUTE_MAX = 10_000_000_000
"""The largest integer that an attribute of an event may be: the proof that products stay below 2^62 counts on it."""

OWN_SOURCE = "me"
"""What names the events that members tell of by themselves; no till may be called so."""
OWN_EVENTS_A_DAY = 200
"""So many a member tells of by himself within 24 hours: each is an entry for good, whether it gives anything or not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One event as it was told. `source` and `business_no` name it outside; attributes are those that the document declares."""

    code: str
    source: str
    business_no: str
    occurred_at: datetime
    attributes: Mapping[str, str | int] = field(default_factory=dict)
    store: str | None = None
    channel: str | None = None


def check_own_events(told: int) -> None:
    """Refuse a member's own event where he has told of so many today.

    Refuses
        TooMuch   it would be one more than there may be
    """
    if told >= OWN_EVENTS_A_DAY:
        raise TooMuch(
            f"a member tells of at most {OWN_EVENTS_A_DAY} events in 24 hours by himself",
            pointer="/event",
            limit=OWN_EVENTS_A_DAY,
        )


def event_type(program: Program, code: str) -> EventType:
    """The event of a code, as a revision declares it.

    Refuses
        EventUnknown   it declares none
    """
    for one in program.events:
        if one.code == code:
            return one
    known = ", ".join(one.code for one in program.events) or "none"
    raise EventUnknown(
        f"{code!r} is none of the events that the programme declares: {known}", pointer="/event", value=code
    )


BIRTHDAY_SOURCE = "birthday"
"""What names birthdays, which come by themselves; no till may be called so."""


def check_event(
    program: Program, event: Event, *, is_by_member: bool = False, is_by_time: bool = False
) -> EventType:
    """The event's type, where the programme knows all that is told of it.

    Refuses
        EventUnknown   the revision declares no such event, or not for who tells of it
        StoreUnknown   it has no such store
        FieldWrong     an attribute is not declared, or of another type
    """
    found = event_type(program, event.code)
    is_told = (
        found.birthday is not None if is_by_time else found.from_members if is_by_member else found.from_keys
    )
    if not is_told:
        who = "a member" if is_by_member else "a key or an operator"
        raise EventUnknown(
            f"the event {event.code!r} is not told by {who} (sent_by)", pointer="/event", value=event.code
        )
    if event.store is not None and not program.any_store and event.store not in program.stores:
        raise StoreUnknown(f"there is no store {event.store!r}", pointer="/store", value=event.store)
    for code, value in event.attributes.items():
        declared = found.attributes.get(code)
        if declared is None or (declared == "integer") != isinstance(value, int):
            known = ", ".join(f"{name} ({type_})" for name, type_ in found.attributes.items()) or "none"
            said = "not declared" if declared is None else f"of type {declared}"
            raise FieldWrong(
                f"attribute {code!r} is {said}; {event.code} has {known}",
                pointer=f"/attributes/{code}",
                value=str(value),
            )
        if isinstance(value, int) and not 0 <= value <= ATTRIBUTE_MAX:
            raise FieldWrong(
                f"attribute {code!r} is from 0 to {ATTRIBUTE_MAX}", pointer=f"/attributes/{code}", value=value
            )
    return found


def see_event(program: Program, event: Event) -> list[tuple[int, int, int]]:
    """What rules see of an event, as hits: the position of each, no amount, and of who counts an attribute that as quantity.

    A rule that counts an attribute which was not told sees nothing.
    """
    number = event_type(program, event.code).number
    fetch = _facts(program, event)
    hits = []
    for position, rule in enumerate(program.rules):
        if rule.on_event != number or rule.on_event == NONE or not holds(rule.told, fetch.get):
            continue
        quantity = 0
        if rule.attribute:
            told = event.attributes.get(rule.attribute)
            if not isinstance(told, int):
                continue
            quantity = told
        hits.append((position, 0, quantity))
    return hits


def texts_apart(program: Program, event: Event) -> dict[str, str]:
    """The texts of an event that no rule of the programme names for their attribute: anything may be written there."""
    number = event_type(program, event.code).number
    named = {
        (claim.fact, text)
        for rule in program.rules
        if rule.on_event == number
        for claim in claims_of(rule.told)
        if claim.operator in ("is", "in")
        for text in texts_in(claim.value)
    }
    return {
        code: value
        for code, value in event.attributes.items()
        if isinstance(value, str) and (EVENT_ATTRIBUTE_PREFIX + code, value) not in named
    }


def moment_of_event(program: Program, event: Event) -> Moment:
    """Weekday, hour and date at the store, else in the programme's zone."""
    store = program.stores.get(event.store or "")
    return moment_in(event.occurred_at, store.time_zone if store else program.time_zone)


def _facts(program: Program, event: Event) -> dict[str, object]:
    shown = moment_of_event(program, event)
    return {
        "event.store": event.store,
        "event.channel": event.channel,
        "event.source": event.source,
        "event.weekday": shown.weekday,
        "event.hour": shown.hour,
        "event.date": shown.date,
        "event.day_of_month": shown.day_of_month,
        "event.month": shown.month,
        **{EVENT_ATTRIBUTE_PREFIX + code: value for code, value in event.attributes.items()},
    }
