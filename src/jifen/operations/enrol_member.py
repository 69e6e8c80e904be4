"""Enrol a member with external ids and card numbers. No personal data yet."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.check_digits import CardCheck, is_right
from jifen.domain.decide import decide_enrolment
from jifen.domain.decision import Decision
from jifen.domain.member import new_member
from jifen.domain.refusals import CheckDigitWrong, FieldWrong, KeyTaken, Refusal, TooMuch
from jifen.domain.texts import CARD, KEY, TextRefused, canonical
from jifen.store.ids import new_id
from jifen.store.journal import EntryRow
from jifen.store.members import MemberKey, add_keys, find_by_keys
from jifen.store.once import Once
from jifen.store.settings import card_check
from jifen.store.turn import Kept, Keyed, Nothing, Taking, Turn, Wants, answered, one, run

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger

KEYS_MAX = 20


class _Enrol(Keyed, frozen=True, kw_only=True):
    keys: tuple[MemberKey, ...]
    actor: str | None
    wants: Wants = Wants()

    async def look(self, connection: Connection, member_id: UUID | None) -> _Enrol:
        taken = await find_by_keys(connection, self.keys)
        if taken:
            raise_taken(next(iter(taken)))
        if any(key.kind == "card" for key in self.keys):
            check_new_cards(self.keys, await card_check(connection))
        return self

    async def take(self, turn: Turn) -> dict[str, Any]:
        decision = _put_enrolled(turn, self.keys, actor=self.actor)
        return {
            "member_id": str(decision.after.member_id),
            "status": decision.after.status.name.lower(),
            "tier": turn.timeline.tier_codes[decision.after.tier],
            "enrolled_at": turn.now.isoformat(),
            "keys": [{"kind": key.kind, "value": key.value} for key in self.keys],
        }


def _put_enrolled(turn: Turn, keys: Sequence[MemberKey], *, actor: str | None) -> Decision:
    """A new member with his keys and his first entry."""
    timeline, now = turn.timeline, turn.now
    member_id = new_id()

    decision = decide_enrolment(timeline, new_member(member_id, timeline, timeline.row_at(now)), now=now)

    turn.put_enrolled(decision, EntryRow("enrol"), actor=actor)
    turn.then(partial(add_keys, member_id=member_id, keys=keys))
    return decision


async def enrol_member(
    ledger: Ledger, keys: Sequence[MemberKey], request: Once, *, actor: str | None = None
) -> dict[str, Any]:
    """The new member's id, tier and keys.

    Refuses
        KeyTaken     a card or external id belongs to another member
        FieldWrong   a key is empty, too long or named twice
    """
    check_keys(keys)
    answer: dict[str, Any] = await one(ledger, _Enrol(once=request, keys=tuple(keys), actor=actor))
    return answer


class _EnrolOnce(Kept, frozen=True, kw_only=True):
    """A member with one key, unless it finds somebody already."""

    key: MemberKey
    actor: str | None
    wants: Wants = Wants()

    @property
    def whose(self) -> MemberKey:
        return self.key

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        return self if member_id is None else Nothing(member_id)

    async def take(self, turn: Turn) -> UUID:
        return _put_enrolled(turn, (self.key,), actor=self.actor).after.member_id


async def enrol_by_keys(
    ledger: Ledger, keys: Sequence[MemberKey], *, actor: str | None = None
) -> list[UUID | Refusal]:
    """Whom each key finds, enrolled now where it found nobody. The keys are different, and in their form."""
    return answered(await run(ledger, [_EnrolOnce(key=key, actor=actor) for key in keys]))


def check_keys(keys: Sequence[MemberKey]) -> None:
    """Refuse keys that cannot be."""
    if len(keys) > KEYS_MAX:
        raise TooMuch(f"at most {KEYS_MAX} keys", pointer="/keys", keys=len(keys), keys_max=KEYS_MAX)
    for i, key in enumerate(keys):
        if key.kind not in ("card", "external"):
            raise FieldWrong("a key is a card or an external id", pointer=f"/keys/{i}/kind", value=key.kind)
        pointer = f"/keys/{i}/value"
        try:
            own = canonical(key.value, CARD if key.kind == "card" else KEY)
        except TextRefused as refused:
            raise FieldWrong(str(refused), pointer=pointer, value=key.value[:50]) from None
        if own != key.value:
            raise FieldWrong(f"the key has the form {own!r}", pointer=pointer, value=key.value[:50])
        if key in keys[:i]:
            raise FieldWrong("the key stands twice", pointer=f"/keys/{i}", value=key.value)


def check_new_cards(keys: Sequence[MemberKey], check: CardCheck) -> None:
    """Refuse a card that is new and does not end as new cards have to."""
    for i, key in enumerate(keys):
        if key.kind == "card" and not is_right(key.value, check):
            raise CheckDigitWrong(
                f"new cards end by {check}, and {key.value!r} does not: read it again",
                pointer=f"/keys/{i}/value",
                value=key.value,
                check=str(check),
            )


def raise_taken(key: MemberKey) -> None:
    """Refuse a key that belongs to another member, without saying to whom."""
    raise KeyTaken(
        f"{key.kind} {key.value!r} belongs to another member", pointer="/keys", kind=key.kind, value=key.value
    )
