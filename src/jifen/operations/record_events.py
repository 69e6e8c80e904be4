"""Record events: something else that happens to members than a purchase. Online, late, doubled; a batch of one is a call."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, timedelta
from typing import TYPE_CHECKING, Any, TypeAlias
from uuid import UUID

import msgspec

from jifen.domain import fold
from jifen.domain.admission import believed
from jifen.domain.decide import decide_occasion
from jifen.domain.occasions import OWN_EVENTS_A_DAY, Event, check_event, check_own_events, see_event
from jifen.domain.program.known import hits_for
from jifen.domain.refusals import KeyReused, MemberUnknown, Refusal
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Verb, Why
from jifen.store.carries import heir_of
from jifen.store.events import own_events_since
from jifen.store.journal import EntryRow
from jifen.store.long_ago import with_old_counters, with_old_days
from jifen.store.members import found_by
from jifen.store.once import Once
from jifen.store.turn import Keyed, Turn, Wants, Whose, answered, run

if TYPE_CHECKING:
    from jifen.domain.decision import Decision
    from jifen.store.ledger import Ledger


class EventRequest(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it came in, and to whom it happened. `is_by_member` says that he tells of it by himself, as it happens;
    `is_by_time` that nobody does, because a birthday has come."""

    event: Event
    whose: Whose
    actor: str | None = None
    is_by_member: bool = False
    is_by_time: bool = False


Answer: TypeAlias = dict[str, Any] | Refusal


async def record_events(ledger: Ledger, requests: Sequence[EventRequest]) -> list[Answer]:
    """The answer to each event, in order: its entry, what rules gave and why, balances and tiers after. An event that came before
    is answered as it was, whatever names the member.

    Refuses
        LimitUsedUp        a limit that refuses leaves nothing to a rule that sees it
        EventUnknown       the revision of its moment declares no such event, or not for who tells of it
        MemberUnknown      nobody is named, or nobody whom the ledger knows: events of nobody are not kept
        FieldWrong         an attribute is not declared, or of another type
        StoreUnknown       the programme has no such store
        StoreSwitchedOff   nothing is booked there until it is switched on again
        TooMuch            a member has told of as many by himself as he may within a day
        TimeOutOfBounds    it lies in the future, or is older than its source may be late
        KeyReused          its source and number came before with something else
    """
    return answered(await record_each_event(ledger, requests))


async def record_each_event(ledger: Ledger, requests: Sequence[EventRequest]) -> list[Answer | Exception]:
    """The same; or why one failed, when the others are done."""
    async with ledger.connection() as connection:
        found = await found_by(ledger, connection, [one.whose for one in requests])
    asked = [
        _Happening(once=_once_of(request), request=request, member_id=member_id)
        for request, member_id in zip(requests, found, strict=True)
    ]
    answers: list[Answer | Exception] = []
    for one, answer in zip(asked, await run(ledger, asked), strict=True):
        is_told = isinstance(answer, Refusal) or not isinstance(answer, Exception)
        answers.append(await _as_told(ledger, one, answer) if is_told else answer)
    return answers


def _once_of(request: EventRequest) -> Once:
    """Its key (no text of a till holds the sign between its parts), and the hash of all that is told of it but whom it names: he
    may be named by another key, and whose it is, is compared apart. When it happened, a member does not tell."""
    event = request.event
    told = [
        event.code,
        None if request.is_by_member else event.occurred_at.astimezone(UTC).isoformat(),
        sorted(event.attributes.items()),
        event.store,
        event.channel,
    ]
    body_hash = hashlib.sha256(msgspec.json.encode(told)).digest()
    return Once(key=f"event\x1f{event.source}\x1f{event.business_no}", body_hash=body_hash)


async def _as_told(ledger: Ledger, asked: _Happening, answer: Answer) -> Answer:
    if isinstance(answer, KeyReused):
        event = asked.request.event
        return KeyReused(
            f"{event.source} {event.business_no} came before as another event", pointer="/business_no"
        )
    if isinstance(answer, Refusal) or not answer["is_replay"]:
        return answer
    before, now = UUID(answer["member_id"]), asked.member_id
    if now is None:
        return MemberUnknown(pointer="/member")
    if before != now:
        async with ledger.connection() as connection:
            if await heir_of(connection, before) != await heir_of(connection, now):
                event = asked.request.event
                said = f"{event.source} {event.business_no} came before with another member"
                return KeyReused(said, pointer="/member", field="member")
    return answer


class _Happening(Keyed, frozen=True, kw_only=True):
    request: EventRequest
    member_id: UUID | None

    @property
    def wants(self) -> Wants:
        return Wants() if self.member_id is None else Wants(members=(self.member_id,))

    async def take(self, turn: Turn) -> dict[str, Any]:
        request, timeline, now = self.request, turn.timeline, turn.now
        if self.member_id is None:
            raise MemberUnknown(pointer="/member")
        member = turn.member(self.member_id)
        event = request.event
        # What time brings after a standstill is late by no till's fault.
        occurred_at = believed(timeline, event, now, is_import=request.is_by_time)
        event = replace(event, occurred_at=occurred_at)
        row = timeline.row_at(occurred_at)
        program = timeline.programs[row]
        type_ = check_event(program, event, is_by_member=request.is_by_member, is_by_time=request.is_by_time)
        turn.gathered.switches.check_store(event.store, now)
        if request.is_by_member:
            since = now - timedelta(days=1)
            check_own_events(
                await own_events_since(turn.connection, self.member_id, since, at_most=OWN_EVENTS_A_DAY)
            )
        hits = hits_for(
            timeline.known[row], see_event(program, event), turn.gathered.known_to(self.member_id)
        )
        rooms = turn.rooms(row, hits, now)
        if not turn.gathered.is_of_now(occurred_at):
            member = await with_old_days(turn.connection, timeline, member, now=now, occurred_at=occurred_at)
            member = await with_old_counters(
                turn.connection, timeline, member, occurred_at, unwritten=turn.granted_to(self.member_id)
            )

        decision = decide_occasion(
            timeline,
            member,
            fold.EVENT,
            hits,
            occurred_at=occurred_at,
            now=now,
            value=type_.number,
            rooms=rooms,
        )

        entry_id = turn.put_event(
            decision,
            EntryRow("event", value=type_.number),
            event,
            actor=request.actor,
        )
        return _told(timeline, decision, event, entry_id, now=now.isoformat())


def _told(
    timeline: Timeline, decision: Decision, event: Event, entry_id: UUID, *, now: str
) -> dict[str, Any]:
    program = timeline.programs[decision.row]
    currencies = timeline.newest.currencies
    after = decision.after
    earned: dict[int, list[dict[str, Any]]] = {}
    for result in decision.results:
        if result.desired:
            rule = program.rules[result.rule]
            reason = {
                "rule": rule.code,
                "desired": result.desired,
                "granted": result.granted,
                "why": Why(result.why).name.lower(),
            }
            earned.setdefault(rule.currency, []).append(reason)
    return {
        "entry_id": str(entry_id),
        "member_id": str(after.member_id),
        "event": event.code,
        "source": event.source,
        "business_no": event.business_no,
        "sequence": decision.sequence,
        "revision": program.revision,
        "occurred_at": event.occurred_at.isoformat(),
        "recorded_at": now,
        "earned": [
            {
                "currency": currencies[number].code,
                "units": sum(reason["granted"] for reason in reasons),
                "reasons": reasons,
            }
            for number, reasons in sorted(earned.items())
        ],
        "expired": [
            {"currency": currencies[posting.currency].code, "units": posting.units}
            for posting in decision.postings
            if posting.verb is Verb.EXPIRE
        ],
        "tier_before": timeline.tier_codes.get(decision.judged_tier),
        "tier_after": timeline.tier_codes.get(after.tier),
        "balances": [{"currency": one.code, "balance": after.balance(one.number)} for one in currencies],
    }
