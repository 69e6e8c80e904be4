"""Events: something else that happens to members than a purchase. A till, an online shop, a member's own phone tells of them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.answers import CurrencyBalance, CurrencyUnits, Problem
from jifen.api.bodies import MemberRef
from jifen.api.errors import STATUS, problem_of
from jifen.api.fields import Answer, AttributeCode, AttributeValue, Body, Code, Instant, Key
from jifen.api.ids import EntryId, MemberId
from jifen.api.languages import language_of
from jifen.api.requests import Desk, GuardedRoute, MemberRoute, desk_of, member_of
from jifen.api.rule_answers import RuleResult
from jifen.api.said import said, said_to_member
from jifen.domain import refusals as no
from jifen.domain.occasions import BIRTHDAY_SOURCE, OWN_SOURCE, Event, EventUnknown, LimitUsedUp
from jifen.domain.principal import Permission
from jifen.domain.refusals import Refusal
from jifen.domain.switches import StoreSwitchedOff
from jifen.operations.read_program import read_timeline
from jifen.operations.record_events import EventRequest, record_events

router = APIRouter(prefix="/v1", route_class=GuardedRoute)
own_router = APIRouter(prefix="/v1", route_class=MemberRoute, tags=["me"])
EVENTS_MAX = 1_000
Attributes = Annotated[dict[AttributeCode, AttributeValue], Field(max_length=30)]
REFUSES = (
    no.KeyReused, no.MemberUnknown, no.MemberClosed, no.StoreUnknown, no.StoreNotPermitted, no.ProgramMissing,
    no.TimeOutOfBounds, EventUnknown, LimitUsedUp, StoreSwitchedOff,
)  # fmt: skip


class EventBody(Body):
    """An event. `source` and `business_no` together are its key: the same again has one effect and one answer."""

    event: Code = Field(description="Its code in the programme.", examples=["check-in"])
    source: Code = Field(description="Who sends it.", examples=["pos"])
    business_no: Key = Field(description="Its number there.", examples=["check-in-20261128-17"])
    occurred_at: Instant
    member: MemberRef
    attributes: Attributes = Field(
        default_factory=dict, description="Those that the programme declares for it."
    )
    store: Code | None = None
    channel: Code | None = None


class EventsBody(Body):
    """Events in order; each is answered for itself."""

    events: list[EventBody] = Field(min_length=1, max_length=EVENTS_MAX)


class OwnEventBody(Body):
    """What happened to oneself just now."""

    event: Code = Field(examples=["check-in"])
    business_no: Key = Field(description="A number that the phone makes, new for each event.")
    attributes: Attributes = Field(default_factory=dict)


class EventEarned(Answer):
    """What an event earned in one currency."""

    currency: str
    units: int
    reasons: list[RuleResult]


class EventAnswer(Answer):
    """An event as it stands in the books."""

    entry_id: EntryId
    member_id: MemberId
    event: str
    source: str
    business_no: str
    sequence: int
    revision: int
    occurred_at: Instant
    recorded_at: Instant
    earned: list[EventEarned]
    expired: list[CurrencyUnits] = Field(description="What time took away in the same entry.")
    tier_before: str | None
    tier_after: str | None
    balances: list[CurrencyBalance]


class EventItem(Answer):
    """The answer to one event of a batch: the status it would have had alone."""

    status: int
    event: EventAnswer | None = None
    problem: Problem | None = None


class EventsAnswer(Answer):
    """One answer for each event, in order."""

    answers: list[EventItem]


class OwnEventType(Answer):
    """Something that a member may tell of."""

    event: str
    names: dict[str, str]
    attributes: dict[str, Literal["text", "integer"]]


class OwnEventTypes(Answer):
    """What a member may tell of by himself, as the programme in force declares it."""

    data: list[OwnEventType]


def to_record(desk: Desk, body: EventBody) -> EventRequest:
    """A body as a request to record it.

    Refuses
        StoreNotPermitted   it is of a store that whoever asks is not bound to
        FieldWrong          its source is kept for members themselves
    """
    if body.source in (OWN_SOURCE, BIRTHDAY_SOURCE):
        raise no.FieldWrong("that source is of members themselves", pointer="/source", value=body.source)
    event = Event(
        code=body.event,
        source=body.source,
        business_no=body.business_no,
        occurred_at=body.occurred_at,
        attributes=dict(body.attributes),
        store=desk.principal.store_for(body.store),
        channel=body.channel,
    )
    return EventRequest(event=event, whose=body.member.whose(), actor=desk.principal.actor())


@router.post(
    "/events",
    tags=["events"],
    summary="Record an event",
    **said(
        permission=Permission.EVENTS_RECORD, answer=EventAnswer, status=201, has_body=True, refuses=REFUSES
    ),
)
async def record_event(request: Request, body: EventBody) -> Response:
    """Something else than a purchase happened to a member: online, late, or told twice. `source` and `business_no` are its key.
    An event of nobody is refused.
    """
    desk = desk_of(request)
    (answer,) = await record_events(desk.ledger, [to_record(desk, body)])
    if isinstance(answer, Refusal):
        raise answer
    return render.told(EventAnswer, answer, status=201)


@router.post(
    "/events:batch",
    tags=["events"],
    summary="Record up to 1,000 events",
    **said(permission=Permission.EVENTS_RECORD, answer=EventsAnswer, has_body=True),
)
async def record_event_batch(request: Request, body: EventsBody) -> Response:
    """Each is answered as a single call would be; one that is refused keeps no other from being recorded."""
    desk, language = desk_of(request), language_of(request)
    asked: list[EventRequest | Refusal] = []
    for one in body.events:
        try:
            asked.append(to_record(desk, one))
        except Refusal as refusal:
            asked.append(refusal)
    recorded = iter(await record_events(desk.ledger, [one for one in asked if isinstance(one, EventRequest)]))
    answers = [one if isinstance(one, Refusal) else next(recorded) for one in asked]
    return render.answered(EventsAnswer(answers=[_item(at, one, language) for at, one in enumerate(answers)]))


def _item(at: int, answer: dict[str, Any] | Refusal, language: str) -> EventItem:
    if not isinstance(answer, Refusal):
        return EventItem(
            status=200 if answer["is_replay"] else 201, event=render.as_model(EventAnswer, answer)
        )
    status = 422 if isinstance(answer, no.Unknown) else STATUS[type(answer)]
    problem = problem_of(answer, status, language)
    problem["pointer"] = f"/events/{at}{answer.pointer or ''}"
    return EventItem(status=status, problem=Problem(**problem))


@own_router.get(
    "/me/events",
    summary="List what one may tell of",
    **said_to_member(answer=OwnEventTypes, refuses=(no.ProgramMissing,)),
)
async def get_own_event_types(request: Request) -> Response:
    """The events that the programme takes from members themselves, such as a check-in."""
    timeline, now = await read_timeline(desk_of(request).ledger)
    program = timeline.programs[timeline.row_at(now)]
    types = [one for one in program.events if one.from_members]
    return render.answered(
        OwnEventTypes(
            data=[
                OwnEventType(event=one.code, names=dict(one.names), attributes=dict(one.attributes))  # type: ignore[arg-type]
                for one in types
            ]
        )
    )


@own_router.post(
    "/me/events",
    summary="Tell of an event",
    **said_to_member(
        answer=EventAnswer,
        status=201,
        has_body=True,
        refuses=(*REFUSES, no.TooMuch),
        changes_something=True,
    ),
)
async def record_own_event(request: Request, body: OwnEventBody) -> Response:
    """It happened just now, by the ledger's clock. The number makes it the same when it is sent again; it is the phone's own, and
    another member's is another. So many a day and no more.
    """
    desk, member = desk_of(request), member_of(request)
    number = f"{member.member_id.hex}/{body.business_no}"
    event = Event(
        code=body.event,
        source=OWN_SOURCE,
        business_no=number,
        occurred_at=datetime.now(UTC),
        attributes=dict(body.attributes),
    )
    asked = EventRequest(
        event=event,
        whose=member.member_id,
        actor=desk.principal.actor(),
        is_by_member=True,
    )
    (answer,) = await record_events(desk.ledger, [asked])
    if isinstance(answer, Refusal):
        raise answer
    return render.told(EventAnswer, {**answer, "business_no": body.business_no}, status=201)
