"""Reverse an entry from its own record: what it took goes back to the very lots that paid, what it brought is taken back.

A gift is reversed at its receiver first, then at its giver, as two transactions: what could be taken back there is what comes
back here. When a process dies between them a job runs the second again.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain import fold, verbs
from jifen.domain.decide import decide_gift_received, decide_reversal
from jifen.domain.decision import Decision
from jifen.domain.effects import EffectKind
from jifen.domain.events import Slice
from jifen.domain.moments import next_due
from jifen.domain.principal import Principal
from jifen.domain.program.meaning import Exchange
from jifen.domain.refusals import EntryNotReversible, EntryReversed, EntryUnknown, FieldWrong, Refusal
from jifen.domain.refusals_of_rewards import RedemptionOver, RedemptionUnknown
from jifen.store.carries import JustMerged, heir_of
from jifen.store.gifts import Gift, find_gift, mark_gone_back, send_back
from jifen.store.journal import EntryRow, entries_about, entry_numbered, entry_of_gift, is_reversed
from jifen.store.once import Once
from jifen.store.purchases import forgiven_since, returns_by_sequence, stored_purchase
from jifen.store.rewards import find_redemptions, return_redemption
from jifen.store.turn import Kept, Keyed, Nothing, Taking, Turn, Wants, one, or_a_job

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


class _Reverse(Keyed, frozen=True, kw_only=True):
    member_id: UUID
    sequence: int
    note: str
    principal: Principal
    actor: str | None

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        entry = await entry_numbered(connection, self.member_id, self.sequence)
        if entry is None:
            raise await _no_such_entry(connection, self.member_id, self.sequence)
        kind = verbs.KIND_OF[entry["kind"]]
        if kind in (
            fold.ADJUST_UP,
            fold.ADJUST_DOWN,
            fold.OPENING,
        ):  # which undone is an adjustment the other way
            self.principal.check_adjustment(entry["units"], pointer="/sequence")
        if kind == fold.GIFT_OUT:
            return await _gift_given(connection, self, entry)
        if kind == fold.GIFT_IN or fold.undoing_verb(kind, fold.W_OPENED) < 0:
            raise _not_reversible(self.sequence, entry["kind"])
        return _Reversing(self, entry, entry)


async def reverse_entry(
    ledger: Ledger,
    member_id: UUID,
    sequence: int,
    *,
    note: str,
    request: Once,
    principal: Principal,
    actor: str | None = None,
) -> dict[str, Any]:
    """The reversing entry, what it moved and the balance after. The pieces of a reward that it had spent for are in stock again.

    Refuses
        EntryUnknown         there is no such entry
        EntryNotReversible   its kind is not reversed: a purchase is returned or voided, a reservation released; or what it
                             spent was forgiven since, when the purchase that had earned it came back; or it is an exchange
                             that would be made again at once
        EntryReversed        it was reversed before
        MemberClosed         the member takes no more entries
        SecondPersonNeeded   it undoes an adjustment of more units than whoever asks adjusts alone
        FieldWrong           no reason given
    """
    _check_note(note)
    asked = _Reverse(
        once=request, member_id=member_id, sequence=sequence, note=note, principal=principal, actor=actor
    )
    answer: dict[str, Any] = await one(ledger, asked)
    if (
        answer.get("reversed_kind") == "gift_out"
    ):  # none: the key's answer is that it waits for a second person
        gift_id = UUID(answer["gift_id"])
        await or_a_job(finish_going_back(ledger, member_id, gift_id), gift_id)
    return answer


class _TakeBack(Keyed, frozen=True, kw_only=True):
    redemption_id: UUID
    note: str
    principal: Principal
    actor: str | None
    is_in_stock: bool

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        found = (await find_redemptions(connection, [self.redemption_id])).get(self.redemption_id)
        if found is None:
            raise RedemptionUnknown(pointer="/redemption_id")
        if found.store is not None:
            self.principal.check_own_store(found.store, pointer="/redemption_id")
        about = await entries_about(connection, found.member_id, found.sequence)
        spent = next((row["sequence"] for row in about if row["kind"] in ("redeem", "commit")), None)
        if spent is None:
            said = f"it was not handed over: it is {found.status}"
            raise RedemptionOver(said, pointer="/redemption_id", status=found.status)
        entry = await entry_numbered(connection, found.member_id, spent)
        assert entry is not None, "it was found a moment ago"
        return _Reversing(self, entry, entry)


async def take_back_reward(
    ledger: Ledger,
    redemption_id: UUID,
    *,
    note: str,
    request: Once,
    principal: Principal,
    actor: str | None = None,
    is_in_stock: bool = True,
) -> dict[str, Any]:
    """The entry that reverses what spent the units of a reward, what it moved and the balance after.

    is_in_stock: its pieces can be given again; what came back broken cannot.

    Refuses
        RedemptionUnknown    there is none with that id
        RedemptionOver       it was not handed over
        StoreNotPermitted    it was handed over at a store that is none of who asks
        EntryReversed        it was taken back before
        EntryNotReversible, MemberClosed, FieldWrong   as `reverse_entry`
    """
    _check_note(note)
    asked = _TakeBack(
        once=request,
        redemption_id=redemption_id,
        note=note,
        principal=principal,
        actor=actor,
        is_in_stock=is_in_stock,
    )
    answer: dict[str, Any] = await one(ledger, asked)
    return answer


def _check_note(note: str) -> None:
    if not note.strip():
        raise FieldWrong("a reversal says why", pointer="/note")


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


class _Reversing(NamedTuple):
    asked: _Reverse | _TakeBack
    entry: dict[str, Any]  # what is reversed: of a gift the receiver's half
    spent: dict[str, Any]  # whose units must not be forgiven since: of a gift the giver's half
    gift: Gift | None = None

    @property
    def wants(self) -> Wants:
        member_id, moves = self.entry["member_id"], self.entry["moves"]
        lots = tuple((member_id, lot) for lot in moves[fold.MOVE_LOT :: fold.MOVE_WIDTH] if lot)
        return Wants(members=(member_id,), origins=((member_id, self.entry["sequence"]),), lots=lots)

    async def take(self, turn: Turn) -> dict[str, Any]:
        entry, gift, connection = self.entry, self.gift, turn.connection
        member = turn.member(entry["member_id"], pointer="/receiver" if gift else "/member")
        if await is_reversed(connection, entry["member_id"], entry["sequence"]):
            raise EntryReversed(pointer="/sequence")
        await _refuse_forgiven(connection, self.spent)

        decision = decide_reversal(
            turn.timeline,
            member,
            origin=entry["sequence"],
            undoes=verbs.KIND_OF[entry["kind"]],
            moves=entry["moves"],
            units=entry["units"],
            now=turn.now,
        )

        if entry["kind"] == "exchange":
            _refuse_made_again(turn, decision, entry)
        if entry["value"] and entry["kind"] in ("redeem", "commit"):
            of_reward = entry["origin"] if entry["kind"] == "commit" else entry["sequence"]
            turn.then(
                partial(
                    return_redemption,
                    member_id=entry["member_id"],
                    sequence=of_reward,
                    is_in_stock=not isinstance(self.asked, _TakeBack) or self.asked.is_in_stock,
                )
            )
        gift_id = gift.gift_id if gift else None
        reversal_id = _put(
            turn, decision, entry, note=self.asked.note, actor=self.asked.actor, gift_id=gift_id
        )
        if gift is None:
            return {
                "entry_id": str(reversal_id),
                "member_id": str(entry["member_id"]),
                "sequence": decision.sequence,
                "reversed_sequence": entry["sequence"],
                "reversed_kind": entry["kind"],
                "moved": _moved(turn, decision),
            }
        taken = sum(p.units for p in decision.postings if p.verb is verbs.Verb.REVERSE_RECEIVE)
        turn.put_effect(decision, EffectKind.GIFT_GOES_BACK, about=gift.gift_id, to_member=gift.member_id)
        turn.then(partial(send_back, gift=gift, units=taken))
        return {
            "entry_id": None,
            "member_id": str(gift.member_id),
            "receiver_id": str(gift.receiver_id),
            "gift_id": str(gift.gift_id),
            "reversed_sequence": self.spent["sequence"],
            "reversed_kind": "gift_out",
            "units": taken,
            "units_not_taken": gift.units - taken,
        }


async def _gift_given(connection: Connection, asked: _Reverse, given: dict[str, Any]) -> _Reversing:
    """The first half: the receiver gives back what the policy for debt lets him."""
    gift = await find_gift(connection, given["member_id"], given["gift_id"])
    if gift is None or gift.status == "in_transit":
        raise EntryNotReversible("the gift is still on its way", pointer="/sequence")
    if gift.status != "received":
        raise EntryReversed(pointer="/sequence")
    if await heir_of(connection, gift.receiver_id) != gift.receiver_id:
        said = "the receiver was merged into another member: take the units there by hand"
        raise EntryNotReversible(said, pointer="/sequence")
    received = await entry_of_gift(connection, gift.receiver_id, gift.gift_id, kind="gift_in")
    if received is None:
        raise EntryNotReversible("the gift came back to its giver", pointer="/sequence")
    return _Reversing(asked, received, given, gift)


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


def _refuse_made_again(turn: Turn, decision: Decision, entry: dict[str, Any]) -> None:
    """Refuse to undo an exchange that nobody asks for, where what comes back is exchanged by it at once."""
    due = next_due(turn.timeline, decision.after, turn.now)
    if due is not None and isinstance(due.of, Exchange) and due.of.number == entry["value"]:
        said = (
            f"entry {entry['sequence']} is the exchange {due.of.code!r}, made by itself, which would be made again at once: "
            "undo first what brought the units that it took"
        )
        raise EntryNotReversible(said, pointer="/sequence", sequence=entry["sequence"], kind=entry["kind"])


def _put(
    turn: Turn,
    decision: Decision,
    entry: dict[str, Any],
    *,
    note: str | None = None,
    actor: str | None,
    gift_id: UUID | None,
) -> UUID:
    row = EntryRow(
        "reverse",
        currency=entry["currency"],
        units=entry["units"],
        origin=entry["sequence"],
        counterpart_id=entry["counterpart_id"],
        gift_id=gift_id,
    )
    return turn.put_entry(decision, row, actor=actor, note=note)


def _moved(turn: Turn, decision: Decision) -> list[dict[str, Any]]:
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
            "currency": turn.timeline.newest.currencies[currency].code,
            **own,
            "balance_after": decision.after.balance(currency),
            "debt_after": decision.after.debt(currency),
        }
        for currency, own in sorted(moved.items())
    ]


class _GoBack(Kept, frozen=True, kw_only=True):
    """The second half: the giver's lots get back what was taken at the receiver."""

    member_id: UUID
    gift_id: UUID

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        gift = await find_gift(connection, self.member_id, self.gift_id)
        if gift is None or gift.status != "going_back":
            return Nothing(None)
        heir_id = await heir_of(connection, self.member_id)
        if heir_id != self.member_id:
            return _GoingToHeir(gift, heir_id)
        given = await entry_of_gift(connection, self.member_id, self.gift_id, kind="gift_out")
        assert given is not None, "a gift was given by an entry"
        return _GoingBack(gift, given)


class _GoingBack(NamedTuple):
    gift: Gift
    given: dict[str, Any]

    @property
    def wants(self) -> Wants:
        member_id, moves = self.gift.member_id, self.given["moves"]
        lots = tuple((member_id, lot) for lot in moves[fold.MOVE_LOT :: fold.MOVE_WIDTH] if lot)
        return Wants(members=(member_id,), lots=lots)

    async def take(self, turn: Turn) -> None:
        gift, units = self.gift, self.gift.units_back or 0
        member = turn.members[gift.member_id]
        if member.status is verbs.Status.MERGED:
            raise JustMerged

        decision = decide_reversal(
            turn.timeline,
            member,
            origin=self.given["sequence"],
            undoes=fold.GIFT_OUT,
            moves=self.given["moves"],
            units=units,
            now=turn.now,
        )

        if units:
            _put(turn, decision, {**self.given, "units": units}, actor="gift", gift_id=gift.gift_id)
        turn.then(partial(mark_gone_back, member_id=gift.member_id, gift_id=gift.gift_id))


class _GoingToHeir(NamedTuple):
    """What came back of a gift goes to the member into whom its giver was merged: with the terms and the days of expiry that it
    was given with."""

    gift: Gift
    heir_id: UUID

    @property
    def wants(self) -> Wants:
        return Wants(members=(self.heir_id,))

    async def take(self, turn: Turn) -> None:
        gift, units = self.gift, self.gift.units_back or 0
        heir = turn.members[self.heir_id]
        if heir.status is verbs.Status.MERGED:
            raise JustMerged
        slices: list[Slice] = []
        for one_slice in gift.slices:
            left = units - sum(s.units for s in slices)
            slices.append(one_slice._replace(units=min(one_slice.units, left)))
        slices = [one_slice for one_slice in slices if one_slice.units > 0]
        if slices:
            decision = decide_gift_received(
                turn.timeline, heir, currency=gift.currency, slices=slices, now=turn.now
            )
            row = EntryRow(
                "gift_in",
                currency=gift.currency,
                units=units,
                counterpart_id=gift.receiver_id,
                gift_id=gift.gift_id,
                slices=tuple(slices),
            )
            turn.put_entry(decision, row, actor="gift")
        turn.then(partial(mark_gone_back, member_id=gift.member_id, gift_id=gift.gift_id))


async def finish_going_back(ledger: Ledger, giver_id: UUID, gift_id: UUID) -> None:
    """The second half of a gift's reversal: once, however often it is asked for."""
    await one(ledger, _GoBack(member_id=giver_id, gift_id=gift_id))
