"""Reverse an entry from its own record: what it took goes back to the very lots that paid, what it brought is taken back.

A gift is reversed at its receiver first, then at its giver, as two transactions: what could be taken back there is what comes
back here. When a process dies between them a job runs the second again.
"""

from __future__ import annotations

from typing import Any
from uuid import UUID

from jifen.domain import fold, verbs
from jifen.domain.decide import decide_gift_received, decide_reversal
from jifen.domain.decision import Decision
from jifen.domain.events import Slice
from jifen.domain.refusals import EntryNotReversible, EntryReversed, EntryUnknown, FieldWrong, Refusal
from jifen.store.carries import JustMerged, heir_of
from jifen.store.compiled import begun_again
from jifen.store.gather import Gathered, gather_locked, save_decisions
from jifen.store.gifts import (
    Gift,
    find_gift,
    gifts_going_back,
    lock_going_back,
    mark_gone_back,
    send_back,
)
from jifen.store.journal import Circumstance, EntryRow, add_entry, entry_numbered, entry_of_gift, is_reversed
from jifen.store.ledger import Connection, Ledger
from jifen.store.once import Once, once
from jifen.store.purchases import forgiven_since, returns_by_sequence, stored_purchase


async def reverse_entry(
    ledger: Ledger, member_id: UUID, sequence: int, *, note: str, request: Once, actor: str | None = None
) -> dict[str, Any]:
    """The reversing entry, what it moved and the balance after.

    Refuses
        EntryUnknown         there is no such entry
        EntryNotReversible   its kind is not reversed: a purchase is returned or voided, a reservation released; or what it
                             spent was forgiven since, when the purchase that had earned it came back
        EntryReversed        it was reversed before
        MemberClosed         the member takes no more entries
        FieldWrong           no reason given
    """
    if not note.strip():
        raise FieldWrong("a reversal says why", pointer="/note")
    going: list[Gift] = []

    async def effect(connection: Connection) -> dict[str, Any]:
        entry = await entry_numbered(connection, member_id, sequence)
        if entry is None:
            raise await _no_such_entry(connection, member_id, sequence)
        kind = verbs.KIND_OF[entry["kind"]]
        if kind == fold.GIFT_OUT:
            return await _reverse_gift(ledger, connection, entry, note=note, actor=actor, going=going)
        if kind == fold.GIFT_IN or fold.undoing_verb(kind) < 0:
            raise _not_reversible(sequence, entry["kind"])
        return await _reverse(ledger, connection, entry, note=note, actor=actor)

    answer = await once(ledger, request, effect)
    for gift in going:
        await finish_going_back(ledger, gift)
    return answer


async def _no_such_entry(connection: Connection, member_id: UUID, sequence: int) -> Refusal:
    """Why there is no such entry: it is a sale or a return, which stand in tables of their own, or there is none."""
    sale = await stored_purchase(connection, member_id, sequence)
    if sale is not None:
        said = f"is the purchase {sale['source']}/{sale['business_no']}: return its lines, or void it"
        return _not_reversible(sequence, "purchase", said)
    back = (await returns_by_sequence(connection, member_id, [sequence])).get(sequence)
    if back is not None:
        kind = "void" if back["is_void"] else "return"
        said = (
            f"is a {kind} of the purchase {back['source']}/{back['business_no']}, which stands: "
            "what is sold again is a new purchase"
        )
        return _not_reversible(sequence, kind, said)
    said = f"the member has no entry {sequence}; a statement tells the number of each entry"
    return EntryUnknown(said, pointer="/sequence", sequence=sequence)


_WAYS_OUT = {
    "reserve": "is a reservation: release it; once it is committed, reverse the entry that committed it",
    "gift_in": "is a gift received: reverse it at its giver",
    "reverse": "is a reversal, which stands: do again what it undid",
}
"""What to do instead, by kind of entry."""


def _not_reversible(sequence: int, kind: str, said: str = "") -> EntryNotReversible:
    said = said or _WAYS_OUT.get(kind, f"is of kind {kind}, and moved nothing that could be put back")
    return EntryNotReversible(f"entry {sequence} {said}", pointer="/sequence", sequence=sequence, kind=kind)


async def _reverse(
    ledger: Ledger, connection: Connection, entry: dict[str, Any], *, note: str, actor: str | None
) -> dict[str, Any]:
    member_id = entry["member_id"]
    lots = [(member_id, lot) for lot in entry["moves"][fold.MOVE_LOT :: fold.MOVE_WIDTH] if lot]
    origins = [(member_id, entry["sequence"])]
    gathered = await gather_locked(ledger, connection, [member_id], origins=origins, lots=lots)
    member = gathered.member(member_id)
    if await is_reversed(connection, member_id, entry["sequence"]):
        raise EntryReversed(pointer="/sequence")
    await _refuse_forgiven(connection, entry)

    decision = decide_reversal(
        gathered.timeline,
        member,
        origin=entry["sequence"],
        undoes=verbs.KIND_OF[entry["kind"]],
        moves=entry["moves"],
        units=entry["units"],
        now=gathered.now,
    )

    reversal_id = await _write(connection, gathered, decision, entry, note=note, actor=actor)

    return {
        "entry_id": str(reversal_id),
        "member_id": str(member_id),
        "sequence": decision.sequence,
        "reversed_sequence": entry["sequence"],
        "reversed_kind": entry["kind"],
        "moved": _moved(gathered, decision),
    }


async def _refuse_forgiven(connection: Connection, entry: dict[str, Any]) -> None:
    """Refuse to put back what a return since has forgiven because it was spent: nobody has earned it any more."""
    moves = entry["moves"]
    ways = zip(moves[fold.MOVE_LOT :: fold.MOVE_WIDTH], moves[fold.MOVE_WAY :: fold.MOVE_WIDTH], strict=True)
    spent = [lot for lot, way in ways if way in {fold.W_SPENT, fold.W_COMMITTED}]
    forgiven = await forgiven_since(connection, entry["member_id"], spent, entry["recorded_at"])
    if forgiven is not None:
        said = (
            f"entry {entry['sequence']} spent units of the purchase {forgiven}, of which some were forgiven when it came back: "
            "bring by an adjustment what the member shall have again"
        )
        raise EntryNotReversible(said, pointer="/sequence", sequence=entry["sequence"], kind=entry["kind"])


async def _write(
    connection: Connection,
    gathered: Gathered,
    decision: Decision,
    entry: dict[str, Any],
    *,
    note: str,
    actor: str | None,
    gift_id: UUID | None = None,
) -> UUID:
    row = EntryRow(
        "reverse",
        currency=entry["currency"],
        units=entry["units"],
        origin=entry["sequence"],
        counterpart_id=entry["counterpart_id"],
        gift_id=gift_id,
    )
    at = Circumstance(occurred_at=gathered.now, recorded_at=gathered.now, actor=actor, note=note)
    reversal_id = await add_entry(connection, gathered.timeline, decision, row, at)
    await save_decisions(connection, [decision], gathered.timeline)
    return reversal_id


def _moved(gathered: Gathered, decision: Decision) -> list[dict[str, Any]]:
    """By currency what came back or was taken, what expired at once, and the balance after."""
    moved: dict[int, dict[str, int]] = {}
    for posting in decision.postings:
        own = moved.setdefault(posting.currency, {"units": 0, "units_expired": 0})
        if posting.verb is verbs.Verb.EXPIRE:
            own["units_expired"] += posting.units
        else:
            own["units"] += verbs.POSTS[posting.verb].sign * posting.units
    return [
        {
            "currency": gathered.timeline.newest.currencies[currency].code,
            **own,
            "balance_after": decision.after.balance(currency),
            "debt_after": decision.after.debt(currency),
        }
        for currency, own in sorted(moved.items())
    ]


async def _reverse_gift(
    ledger: Ledger,
    connection: Connection,
    entry: dict[str, Any],
    *,
    note: str,
    actor: str | None,
    going: list[Gift],
) -> dict[str, Any]:
    """The first half: the receiver gives back what the policy for debt lets him."""
    gift = await find_gift(connection, entry["member_id"], entry["gift_id"])
    if gift is None or gift.status == "in_transit":
        raise EntryNotReversible("the gift is still on its way", pointer="/sequence")
    if gift.status != "received":
        raise EntryReversed(pointer="/sequence")
    if await heir_of(connection, gift.receiver_id) != gift.receiver_id:
        said = "the receiver was merged into another member: take the units there by hand"
        raise EntryNotReversible(said, pointer="/sequence")
    await _refuse_forgiven(connection, entry)
    received = await entry_of_gift(connection, gift.receiver_id, gift.gift_id, kind="gift_in")
    if received is None:
        raise EntryNotReversible("the gift came back to its giver", pointer="/sequence")
    lots = [(gift.receiver_id, lot) for lot in received["moves"][fold.MOVE_LOT :: fold.MOVE_WIDTH] if lot]
    origins = [(gift.receiver_id, received["sequence"])]
    gathered = await gather_locked(ledger, connection, [gift.receiver_id], origins=origins, lots=lots)
    receiver = gathered.member(gift.receiver_id, pointer="/receiver")
    if await is_reversed(connection, gift.receiver_id, received["sequence"]):
        raise EntryReversed(pointer="/sequence")

    decision = decide_reversal(
        gathered.timeline,
        receiver,
        origin=received["sequence"],
        undoes=fold.GIFT_IN,
        moves=received["moves"],
        units=received["units"],
        now=gathered.now,
    )

    taken = sum(p.units for p in decision.postings if p.verb is verbs.Verb.REVERSE_RECEIVE)
    await _write(connection, gathered, decision, received, note=note, actor=actor, gift_id=gift.gift_id)
    back = await send_back(connection, gift, units=taken)
    going.append(back)

    return {
        "entry_id": None,
        "member_id": str(gift.member_id),
        "receiver_id": str(gift.receiver_id),
        "gift_id": str(gift.gift_id),
        "reversed_sequence": entry["sequence"],
        "reversed_kind": "gift_out",
        "units": taken,
        "units_not_taken": gift.units - taken,
    }


@begun_again
async def finish_going_back(ledger: Ledger, gift: Gift) -> None:
    """The second half: the giver's lots get back what was taken at the receiver. Once, however often it is asked for."""
    async with ledger.transaction() as connection:
        units = await lock_going_back(connection, gift.member_id, gift.gift_id)
        if units is None:
            return
        heir_id = await heir_of(connection, gift.member_id)
        if heir_id != gift.member_id:
            await _give_to_heir(ledger, connection, gift, heir_id, units)
            return
        given = await entry_of_gift(connection, gift.member_id, gift.gift_id, kind="gift_out")
        assert given is not None, "a gift was given by an entry"
        lots = [(gift.member_id, lot) for lot in given["moves"][fold.MOVE_LOT :: fold.MOVE_WIDTH] if lot]
        gathered = await gather_locked(ledger, connection, [gift.member_id], lots=lots)
        if gathered.members[gift.member_id].status is verbs.Status.MERGED:
            raise JustMerged

        decision = decide_reversal(
            gathered.timeline,
            gathered.members[gift.member_id],
            origin=given["sequence"],
            undoes=fold.GIFT_OUT,
            moves=given["moves"],
            units=units,
            now=gathered.now,
        )

        if units:
            await _write(
                connection,
                gathered,
                decision,
                {**given, "units": units},
                note="",
                actor="gift",
                gift_id=gift.gift_id,
            )
        await mark_gone_back(connection, gift.member_id, gift.gift_id)


async def _give_to_heir(
    ledger: Ledger, connection: Connection, gift: Gift, heir_id: UUID, units: int
) -> None:
    """Bring what came back of a gift to the member into whom its giver was merged: with the terms and the days of expiry that
    it was given with."""
    gathered = await gather_locked(ledger, connection, [heir_id])
    if gathered.members[heir_id].status is verbs.Status.MERGED:
        raise JustMerged
    slices: list[Slice] = []
    for one in gift.slices:
        slices.append(one._replace(units=min(one.units, units - sum(s.units for s in slices))))
    slices = [one for one in slices if one.units > 0]
    if slices:
        decision = decide_gift_received(
            gathered.timeline,
            gathered.members[heir_id],
            currency=gift.currency,
            slices=slices,
            now=gathered.now,
        )
        row = EntryRow(
            "gift_in",
            currency=gift.currency,
            units=units,
            counterpart_id=gift.receiver_id,
            gift_id=gift.gift_id,
            slices=tuple(slices),
        )
        at = Circumstance(occurred_at=gathered.now, recorded_at=gathered.now, actor="gift", note="")
        await add_entry(connection, gathered.timeline, decision, row, at)
        await save_decisions(connection, [decision], gathered.timeline)
    await mark_gone_back(connection, gift.member_id, gift.gift_id)


async def finish_reversals(ledger: Ledger, *, limit: int = 100) -> int:
    """Bring back to their givers the gifts that a dead process left on the way back; return how many."""
    async with ledger.transaction() as connection:
        waiting = await gifts_going_back(connection, limit=limit)
    for gift in waiting:
        await finish_going_back(ledger, gift)
    return len(waiting)
