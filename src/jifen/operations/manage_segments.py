"""Make segments, change who is in a list, count who meets a condition, archive; and say what there is (decision 0161)."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.document.segments import segment_condition
from jifen.document.stored import document_published
from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.calendar import local_date
from jifen.domain.principal import Principal
from jifen.domain.program.conditions import Condition
from jifen.domain.program.known import segments_of
from jifen.domain.refusals import TooMuch
from jifen.domain.segments import (
    LOOKED_AT_MAX,
    REFRESH_HOURS,
    SEGMENTS_MAX,
    Finder,
    SegmentExists,
    SegmentFound,
    SegmentInUse,
)
from jifen.store.audit import note_act
from jifen.store.carries import heirs_of
from jifen.store.compiled import begun_again
from jifen.store.ledger import Connection, Ledger
from jifen.store.long_ago import with_old_days
from jifen.store.members import found_by
from jifen.store.once import Once, once
from jifen.store.persons import may_profile, objectors
from jifen.store.revisions import newest_revision
from jifen.store.segments import (
    Segment,
    Size,
    add_segment,
    all_segments,
    archive_segment,
    ask_for_refresh,
    count_changed,
    counted,
    due_for_refresh,
    find_segment,
    hold_persons,
    keep_between,
    living,
    page_of_members,
    page_of_rows,
    put_in,
    sizes_of,
    take_out,
)

if TYPE_CHECKING:
    from jifen.domain.person import MemberKey

PAGE = 500
_FIRST = UUID(int=0)


class Counted(NamedTuple):
    """Who would be in a segment: how many meet its condition, how many of them are left out because nobody of them is known or
    one of them objects, and of how many members that was found."""

    members: int
    left_out: int
    looked_at: int
    is_whole: bool


class Changed(NamedTuple):
    """One of a list who was not put in or taken out, by his place in the request, and why."""

    at: int
    code: str


class Seen(NamedTuple):
    """A segment with its sizes, the last day first, and the rules of the programme that ask for it."""

    segment: Segment
    sizes: Sequence[Size]
    rules: Sequence[str]


async def list_segments(ledger: Ledger, *, archived: bool = False) -> list[Segment]:
    """Every segment, in the order in which they were made."""
    async with ledger.reading() as connection:
        return await all_segments(connection, archived=archived)


@begun_again
async def read_segment(ledger: Ledger, code: str) -> Seen:
    """One segment.

    Refuses
        SegmentUnknown   there is none, or it is archived
    """
    async with ledger.reading() as connection:
        segment = await find_segment(connection, code)
        sizes = await sizes_of(connection, segment.number)
        return Seen(segment, sizes, await _rules_that_ask(ledger, connection, code))


async def _rules_that_ask(ledger: Ledger, connection: Connection, code: str) -> list[str]:
    """The codes of rules, offers and rewards that ask for a segment, in the revision in force and in those ahead."""
    clock = await ledger.clock(connection)
    if clock.newest == 0:
        return []
    timeline = await ledger.timeline(connection, clock.newest)
    ahead = [one for one in timeline.programs if one.effective_at > clock.now]
    programs = [*[one for one in timeline.programs if one.effective_at <= clock.now][-1:], *ahead]
    asking = [rule.code for one in programs for rule in one.rules if code in segments_of(rule.known)]
    asking += [offer.code for one in programs for offer in one.offers if code in segments_of(offer.state)]
    asking += [reward.code for one in programs for reward in one.rewards if code in segments_of(reward.when)]
    return list(dict.fromkeys(asking))


async def list_of_segment(
    ledger: Ledger, code: str, *, after: UUID | None = None, limit: int = 200
) -> tuple[list[UUID], UUID | None]:
    """Members who are in a segment now, and the one behind whom the next page begins.

    Refuses
        SegmentUnknown   there is none, or it is archived
    """
    async with ledger.reading() as connection:
        segment = await find_segment(connection, code)
        found = await page_of_members(connection, segment.number, after=after, limit=limit + 1)
    return found[:limit], found[limit - 1] if len(found) > limit else None


async def make_segment(
    ledger: Ledger,
    code: str,
    names: Mapping[str, str],
    condition: Mapping[str, Any] | None,
    *,
    request: Once,
    principal: Principal,
) -> dict[str, Any]:
    """A segment of nobody: a list to be filled, or a condition that a job asks of everybody within seconds.

    Refuses
        FieldWrong          the condition cannot be asked of members
        SegmentExists       the code is taken, also by one that is archived
        TooMuch             there are as many as there may be
        StoreNotPermitted   who asks is bound to stores: a segment is of all of them
        ProgramMissing      nothing was ever published
    """
    principal.check_unbound(pointer="/code")
    if condition is not None:
        await _condition(ledger, condition)

    async def effect(connection: Connection) -> dict[str, Any]:
        if len(await all_segments(connection)) >= SEGMENTS_MAX:
            detail = f"there are {SEGMENTS_MAX} segments, and no more may stand at once: archive one"
            raise TooMuch(detail, pointer="/code", limit=SEGMENTS_MAX)
        now = (await ledger.clock(connection)).now
        number = await add_segment(connection, code, names, condition, at=now, by=principal.name)
        if number is None:
            raise SegmentExists(f"there is a segment {code!r}", pointer="/code", value=code)
        await _note(connection, principal, Deed.SEGMENT_MADE, number)
        return {"code": code, "is_list": condition is None}

    return await once(ledger, request, effect)


@begun_again
async def _condition(ledger: Ledger, written: Mapping[str, Any]) -> Condition:
    async with ledger.reading() as connection:
        newest = await newest_revision(connection)
        if newest is None:
            await ledger.timeline(connection, 0)  # which says so
        assert newest is not None, "a ledger without a revision has no timeline"
    document = document_published({**newest.document, "stores": ()})
    return segment_condition(document, written, pointer="/condition")


async def count_segment(
    ledger: Ledger, condition: Mapping[str, Any], *, most: int | None = LOOKED_AT_MAX
) -> Counted:
    """How many meet a condition now, of the members who came first; `most` None: of all.

    Refuses
        FieldWrong       the condition cannot be asked of members
        ProgramMissing   nothing was ever published
    """
    asked = await _condition(ledger, condition)
    found, left_out, looked_at, after = 0, 0, 0, _FIRST
    while most is None or looked_at < most:
        page = await _look_at(ledger, asked, after)
        looked_at += page.looked_at
        found += len(page.found)
        left_out += page.left_out
        if page.last is None:
            return Counted(found, left_out, looked_at, is_whole=True)
        after = page.last
        await asyncio.sleep(0)
    return Counted(found, left_out, looked_at, is_whole=False)


class _Page(NamedTuple):
    found: list[UUID]
    left_out: int
    looked_at: int
    last: UUID | None  # None: there is nobody behind them


@begun_again
async def _look_at(ledger: Ledger, asked: Condition, after: UUID, keeps_as: int | None = None) -> _Page:
    """Ask the next members by id; and keep the answer as who is in a segment, where it has that number."""
    async with ledger.transaction() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        finder = Finder(timeline, asked, clock.now)
        rows = await page_of_rows(connection, timeline, after=after, limit=PAGE)
        met = []
        for member_id, member in rows.items():
            whole = await with_old_days(connection, finder.timeline, member, now=clock.now)
            if finder.finds(whole):
                met.append(member_id)
        await hold_persons(connection, met)
        may = await may_profile(connection, met)
        found = [one for one in met if one in may]
        last = max(rows) if len(rows) == PAGE else None
        if keeps_as is not None:
            await keep_between(connection, keeps_as, found, after=after, last=last)
        return _Page(found, len(met) - len(found), len(rows), last)


async def refresh_segment(ledger: Ledger, code: str) -> Segment:
    """Ask a segment's condition of everybody anew; a list is counted.

    Refuses
        SegmentUnknown   there is none, or it is archived
    """
    async with ledger.reading() as connection:
        segment = await find_segment(connection, code)
    left_out, after = 0, _FIRST
    if segment.condition is not None:
        asked = await _condition(ledger, segment.condition)
        while True:
            page = await _look_at(ledger, asked, after, segment.number)
            left_out += page.left_out
            if page.last is None:
                break
            after = page.last
            await asyncio.sleep(0)
    async with ledger.transaction() as connection:
        await find_segment(connection, code, locks=True)
        now, today = await _now(ledger, connection)
        await counted(connection, segment.number, left_out=left_out, at=now, on=today)
        return await find_segment(connection, code)


async def refresh_due(ledger: Ledger) -> int:
    """Ask the conditions of the segments that were not asked for some hours, or never; how many segments that was."""
    async with ledger.reading() as connection:
        now = (await ledger.clock(connection)).now
        codes = await due_for_refresh(connection, now - timedelta(hours=REFRESH_HOURS))
    for code in codes:
        await refresh_segment(ledger, code)
    return len(codes)


async def ask_refresh(ledger: Ledger, code: str, *, request: Once, principal: Principal) -> dict[str, Any]:
    """Let a job ask a segment's condition of everybody within seconds.

    Refuses
        SegmentUnknown      there is none, or it is archived
        StoreNotPermitted   who asks is bound to stores
    """
    principal.check_unbound(pointer="/path/code")

    async def effect(connection: Connection) -> dict[str, Any]:
        segment = await find_segment(connection, code, locks=True)
        if segment.condition is not None:
            await ask_for_refresh(connection, segment.number)
        return {"code": code, "is_list": segment.condition is None}

    return await once(ledger, request, effect)


async def change_list(
    ledger: Ledger,
    code: str,
    whose: Sequence[UUID | MemberKey],
    *,
    takes_out: bool,
    request: Once,
    principal: Principal,
) -> dict[str, Any]:
    """How many are in a list after members were put into it, or taken out; and who was not, and why.

    Refuses
        SegmentUnknown      there is none, or it is archived
        SegmentFound        its members are found by a condition
        StoreNotPermitted   who asks is bound to stores
        VaultClosed         a member is named by a key, and the keys of personal data are not there
    """
    principal.check_unbound(pointer="/path/code")

    async def effect(connection: Connection) -> dict[str, Any]:
        segment = await find_segment(connection, code)
        if segment.condition is not None:
            raise SegmentFound(f"the members of {code!r} are found by its condition", pointer="/path/code")
        # Persons are locked before segments, as by whoever objects or is erased.
        chosen, refused = await _chosen(ledger, connection, whose, takes_out=takes_out)
        segment = await find_segment(connection, code, locks=True)
        act = take_out if takes_out else put_in
        done = await act(connection, segment.number, chosen)
        now, today = await _now(ledger, connection)
        members = await count_changed(connection, segment, -done if takes_out else done, at=now, on=today)
        if done:
            await _note(connection, principal, Deed.SEGMENT_CHANGED, segment.number, count=done)
        return {
            "code": code,
            "members": members,
            "changed": done,
            "refused": [one._asdict() for one in refused],
        }

    return await once(ledger, request, effect)


async def _chosen(
    ledger: Ledger, connection: Connection, whose: Sequence[UUID | MemberKey], *, takes_out: bool
) -> tuple[list[UUID], list[Changed]]:
    """The members who are named, and of those who cannot be chosen their places."""
    named = await found_by(ledger, connection, list(whose))
    ids = sorted({one for one in named if one is not None})
    heirs = await heirs_of(connection, ids)
    stand = sorted(set(heirs.values()))
    alive = set(stand) if takes_out else await living(connection, stand)
    no: set[UUID] = set()
    if not takes_out:
        await hold_persons(connection, stand)
        no = await objectors(connection, stand)
    chosen: dict[UUID, None] = {}
    refused = []
    for at, one in enumerate(named):
        member_id = None if one is None else heirs.get(one, one)
        if member_id is None or member_id not in alive:
            refused.append(Changed(at, "member_unknown"))
        elif member_id in no:
            refused.append(Changed(at, "objects_to_profiling"))
        else:
            chosen[member_id] = None
    return list(chosen), refused


@begun_again
async def archive(ledger: Ledger, code: str, *, request: Once, principal: Principal) -> dict[str, Any]:
    """The segment is of nobody from now on, and its code stays taken.

    Refuses
        SegmentUnknown      there is none, or it is archived
        SegmentInUse        a rule asks for it
        StoreNotPermitted   who asks is bound to stores
    """
    principal.check_unbound(pointer="/path/code")

    async def effect(connection: Connection) -> dict[str, Any]:
        segment = await find_segment(connection, code, locks=True)
        rules = await _rules_that_ask(ledger, connection, code)
        if rules:
            detail = f"{', '.join(rules)} ask for {code!r}: publish a revision without that first"
            raise SegmentInUse(detail, pointer="/path/code", value=code, rules=[*rules])
        await archive_segment(connection, segment.number, at=(await ledger.clock(connection)).now)
        await _note(connection, principal, Deed.SEGMENT_ARCHIVED, segment.number)
        return {"code": code, "is_list": segment.condition is None}

    return await once(ledger, request, effect)


async def _now(ledger: Ledger, connection: Connection) -> tuple[datetime, Any]:
    clock = await ledger.clock(connection)
    newest = await newest_revision(connection)
    zone = "UTC" if newest is None else str(newest.document["time_zone"])
    return clock.now, local_date(clock.now, zone)


async def _note(
    connection: Connection, principal: Principal, deed: Deed, number: int, *, count: int | None = None
) -> None:
    named = (about(About.SEGMENT, number),)
    await note_act(connection, principal, Act(deed=deed, about=named, count=count))
