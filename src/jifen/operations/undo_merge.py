"""Undo a merge within a day: persons, cards and phones are a member of their own again, with what is left of the units that went
over, where they stood, their days, limits and firsts (decision 0132)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.calendar import day_number, local_date
from jifen.domain.carried import carried_of
from jifen.domain.decide import decide_carry_in
from jifen.domain.household import UNDO_LASTS, Share, begins_again, goes_again
from jifen.domain.household_refusals import MergeStands
from jifen.domain.member import new_member
from jifen.domain.principal import Principal
from jifen.domain.verbs import Status
from jifen.store.audit import note_act
from jifen.store.carries import add_carried_lots, forget_carried_lots
from jifen.store.gather import Need
from jifen.store.households import move_one
from jifen.store.journal import EntryRow
from jifen.store.merges import (
    Merged,
    carried_from,
    fates_of,
    find_merged,
    has_come_back,
    left_of_carried,
    mark_undone,
    move_devices_named,
    put_parting,
)
from jifen.store.once import Once
from jifen.store.persons import Person, persons_of
from jifen.store.turn import Keyed, Taking, Turn, Wants, one

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jifen.store.ledger import Connection, Ledger


class _Undo(Keyed, frozen=True, kw_only=True):
    ledger: Ledger
    member_id: UUID
    note: str | None
    principal: Principal

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        merged = await find_merged(connection, self.member_id)
        if merged is None:
            detail = (
                "this member was never merged into another: name the one who went, not the one who stayed"
            )
            raise MergeStands(detail, pointer="/member")
        clock = await self.ledger.clock(connection)
        timeline = await self.ledger.timeline(connection, clock.newest)
        codes = {one.number: one.code for one in timeline.newest.currencies}
        return _Undoing(self, merged, codes, await left_of_carried(connection, merged))


class _Undoing(NamedTuple):
    asked: _Undo
    merged: Merged
    codes: Mapping[int, str]
    carried: Mapping[
        int, tuple[int, int]
    ]  # units by currency that went over, and those of them that were there on looking

    @property
    def wants(self) -> Wants:
        into_id = self.merged.into_id
        needs = [Need(into_id, self.codes[c], still) for c, (_, still) in self.carried.items() if still]
        return Wants(members=(into_id,), needs=tuple(needs))

    async def take(self, turn: Turn) -> dict[str, Any]:
        asked, connection = self.asked, turn.connection
        merged = await find_merged(connection, asked.member_id)
        assert merged is not None, "a merge is never forgotten"
        persons = await persons_of(connection, merged.into_id, is_locked=True)
        goes = _who_goes(turn, merged, persons)
        if await has_come_back(connection, merged):
            detail = "something bought before the merge came back since: see the person off with a share (household:leave)"
            raise MergeStands(detail, pointer="/member")
        member = turn.spender(merged.into_id, pointer="/member")
        today = day_number(local_date(turn.now, turn.timeline.time_zone))
        # Locked now: what was spent since looking is not there any more.
        carried = await left_of_carried(connection, merged)
        shares = [
            Share(self.codes[c], back)
            for c, (_, still) in sorted(carried.items())
            if (back := min(still, self.carried.get(c, (0, 0))[1], member.available(c, today)))
        ]
        left = carried_of(await carried_from(connection, asked.member_id, merged.sequence), turn.timeline)
        begins = begins_again(left, await fates_of(connection, merged))
        row = turn.timeline.row_at(turn.now)
        goes_off = goes_again(left, new_member(asked.member_id, turn.timeline, row).tiers)

        less = decide_carry_in(turn.timeline, member, carried=goes_off, now=turn.now)

        undoes = EntryRow("carry_in", origin=merged.into_sequence, carried=tuple(goes_off))
        turn.put_entry(less, undoes, actor=asked.principal.actor(), note=asked.note)
        member_id, gifts = put_parting(
            turn,
            merged.into_id,
            begins_with=begins,
            begins_as=asked.member_id,
            shares=shares,
            actor=asked.principal.actor(),
            note=asked.note,
        )

        for at, person in enumerate(goes):
            role = "head" if at == 0 else "adult" if person.role == "head" else person.role
            turn.then(
                partial(
                    move_one,
                    person_id=person.person_id,
                    member_id=merged.into_id,
                    into_id=member_id,
                    role=role,
                )
            )
        turn.then(
            partial(move_devices_named, devices=merged.devices, member_id=merged.into_id, into_id=member_id)
        )
        turn.then(partial(forget_carried_lots, member_id=merged.into_id, sequence=merged.into_sequence))
        turn.then(partial(add_carried_lots, member_id=asked.member_id, into_id=member_id, opened_before=0))
        turn.then(partial(mark_undone, member_id=asked.member_id, undone_as=member_id))
        named = tuple(about(About.MEMBER, one) for one in (asked.member_id, merged.into_id, member_id))
        turn.then(partial(note_act, principal=asked.principal, act=Act(deed=Deed.MERGE_UNDONE, about=named)))
        comes = {share.currency: share.units for share in shares}
        return {
            "member_id": str(asked.member_id),
            "into_id": str(merged.into_id),
            "new_member_id": str(member_id),
            "persons": [str(one.person_id) for one in goes],
            "gifts": gifts,
            "units": [
                {
                    "currency": self.codes[c],
                    "units_carried": went,
                    "units_back": comes.get(self.codes[c], 0),
                    "units_stay": went - comes.get(self.codes[c], 0),
                }
                for c, (went, _) in sorted(carried.items())
                if went
            ],
        }


def _who_goes(turn: Turn, merged: Merged, persons: list[Person]) -> list[Person]:
    """The persons who came by the merge and are there still, in its order: the ladder of refusals."""
    if merged.undone_as is not None:
        raise MergeStands("the merge was undone before", pointer="/member")
    if turn.now - merged.merged_at > UNDO_LASTS:
        detail = (
            "a merge is undone within a day: see the person off with a share (household:leave), or adjust"
        )
        raise MergeStands(detail, pointer="/member", hours=int(UNDO_LASTS.total_seconds()) // 3600)
    if turn.members[merged.into_id].status is Status.MERGED:
        raise MergeStands("who stayed was merged into another meanwhile: undo that first", pointer="/member")
    by_id = {one.person_id: one for one in persons}
    goes = [by_id[one] for one in merged.persons if one in by_id]
    if not goes:
        detail = "nobody who came by the merge is there any more: erased, or gone to another household"
        raise MergeStands(detail, pointer="/member")
    if len(goes) == len(persons):
        detail = "nobody else would be left: the other was erased, and everything is of who came"
        raise MergeStands(detail, pointer="/member")
    return goes


async def undo_merge(
    ledger: Ledger, member_id: UUID, request: Once, *, principal: Principal, note: str | None = None
) -> dict[str, Any]:
    """The member as whom those who had gone begin again, and of each currency how much went over, comes back and stays.

    Refuses
        MergeStands   it was never made, is undone already, is older than a day, or cannot be taken apart any more
        MemberClosed, MemberFrozen   who stayed may not give any units away
    """
    asked = _Undo(ledger=ledger, once=request, member_id=member_id, note=note, principal=principal)
    answer: dict[str, Any] = await one(ledger, asked)
    return answer
