"""Enrol a member: with the cards and ids elsewhere that find him, and with what he told of himself.

Nothing of that stands in the journal or in a remembered answer: it is sealed under a key of the person's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.calendar import local_date
from jifen.domain.check_digits import CardCheck, is_right
from jifen.domain.decide import decide_enrolment
from jifen.domain.decision import Decision
from jifen.domain.member import new_member
from jifen.domain.person import CARD_KINDS, CONTACT_KINDS, Consent, MemberKey, Told
from jifen.domain.refusals import CheckDigitWrong, FieldWrong, KeyTaken, Refusal, TooMuch
from jifen.domain.terms import TERMS
from jifen.domain.texts import CARD, KEY, TextRefused, canonical
from jifen.store.households import refuse_under_age
from jifen.store.ids import new_id
from jifen.store.journal import EntryRow
from jifen.store.likenesses import mark_likenesses
from jifen.store.members import find_by_keys
from jifen.store.once import Once
from jifen.store.persons import add_new_person
from jifen.store.settings import card_check
from jifen.store.terms import check_all_accepted, check_terms
from jifen.store.turn import Kept, Keyed, Nothing, Taking, Turn, Wants, answered, one, run

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger
    from jifen.vault import Vault

KEYS_MAX = 20
NOBODY_TOLD = Told()
NOTHING: Mapping[str, str] = MappingProxyType({})


class _Enrol(Keyed, frozen=True, kw_only=True):
    ledger: Ledger
    keys: tuple[MemberKey, ...]
    told: Told
    consents: tuple[Consent, ...]
    actor: str | None
    is_at_desk: bool

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        keys = (*self.keys, *self.told.contacts)
        taken = await find_by_keys(self.ledger, connection, keys)
        if taken:
            raise_taken(next(iter(taken)))
        if any(key.kind == "card" for key in self.keys):
            check_new_cards(self.keys, await card_check(connection))
        return _Enrolling(self, await self.ledger.vault(connection, writes=True))


class _Enrolling(NamedTuple):
    asked: _Enrol
    vault: Vault
    wants: Wants = Wants()

    async def take(self, turn: Turn) -> dict[str, Any]:
        asked = self.asked
        today = local_date(turn.now, turn.timeline.time_zone)
        await refuse_under_age(turn.connection, asked.told.fields.get("birthday"), today=today)
        if asked.is_at_desk:
            await check_all_accepted(turn.connection, asked.consents, turn.now)
        keys = (*asked.keys, *asked.told.contacts)
        decision = _put_enrolled(
            turn, self.vault, keys, fields=asked.told.fields, consents=asked.consents, actor=asked.actor
        )
        return {
            "member_id": str(decision.after.member_id),
            "status": decision.after.status.name.lower(),
            "tier": turn.timeline.tier_codes[decision.after.tier],
            "enrolled_at": turn.now.isoformat(),
        }


def _put_enrolled(
    turn: Turn,
    vault: Vault,
    keys: Sequence[MemberKey],
    *,
    fields: Mapping[str, str] = NOTHING,
    consents: Sequence[Consent] = (),
    actor: str | None,
) -> Decision:
    """A new member with the person he is, and his first entry."""
    timeline, now = turn.timeline, turn.now
    member_id = new_id()

    decision = decide_enrolment(timeline, new_member(member_id, timeline, timeline.row_at(now)), now=now)

    turn.put_enrolled((decision, EntryRow("enrol")), actor=actor)
    turn.then(
        partial(
            _add_person, vault=vault, member_id=member_id, keys=keys, fields=fields, consents=consents, at=now
        )
    )
    return decision


async def _add_person(connection: Connection, vault: Vault, **told: Any) -> None:
    person_id, sealer = await add_new_person(vault, connection, **told)
    await mark_likenesses(vault, connection, [(person_id, sealer)])


async def enrol_member(
    ledger: Ledger,
    keys: Sequence[MemberKey],
    request: Once,
    *,
    told: Told = NOBODY_TOLD,
    consents: Sequence[Consent] = (),
    actor: str | None = None,
    is_at_desk: bool = False,
) -> dict[str, Any]:
    """The new member's id and tier. At a desk (by a till, a key or an operator) whoever joins accepts the terms in force, where
    the shop needs that. What was told of him comes in its form (`operations/tell_person.py`).

    Refuses
        KeyTaken      a card, an id elsewhere or a contact belongs to another member
        FieldWrong    a key is empty, too long or named twice
        GuardianNeeded   the birthday is that of somebody so young that a guardian adds him to a household
        TermsUnknown  terms of membership are accepted that nobody published
        TermsNotAccepted   those in force are needed and were not accepted
        VaultClosed   the keys of personal data are not there
    """
    check_keys(keys)
    if any(one.purpose == TERMS for one in consents):
        async with ledger.reading() as connection:
            await check_terms(connection, consents)
    asked = _Enrol(
        ledger=ledger,
        once=request,
        keys=tuple(keys),
        told=told,
        consents=tuple(consents),
        actor=actor,
        is_at_desk=is_at_desk,
    )
    answer: dict[str, Any] = await one(ledger, asked)
    return answer


class _EnrolOnce(Kept, frozen=True, kw_only=True):
    """A member with one key, unless it finds somebody already."""

    ledger: Ledger
    key: MemberKey
    actor: str | None

    @property
    def whose(self) -> MemberKey:
        return self.key

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        if member_id is not None:
            return Nothing(member_id)
        return _EnrollingOnce(self, await self.ledger.vault(connection, writes=True))


class _EnrollingOnce(NamedTuple):
    asked: _EnrolOnce
    vault: Vault
    wants: Wants = Wants()

    async def take(self, turn: Turn) -> UUID:
        return _put_enrolled(turn, self.vault, (self.asked.key,), actor=self.asked.actor).after.member_id


async def enrol_by_keys(
    ledger: Ledger, keys: Sequence[MemberKey], *, actor: str | None = None
) -> list[UUID | Refusal]:
    """Whom each key finds, enrolled now where it found nobody. The keys are different, and in their form."""
    return answered(await run(ledger, [_EnrolOnce(ledger=ledger, key=key, actor=actor) for key in keys]))


def check_keys(keys: Sequence[MemberKey]) -> None:
    """Refuse keys that cannot be."""
    if len(keys) > KEYS_MAX:
        raise TooMuch(f"at most {KEYS_MAX} keys", pointer="/keys", keys=len(keys), keys_max=KEYS_MAX)
    for i, key in enumerate(keys):
        if key.kind not in CARD_KINDS:
            detail = f"a key is one of {', '.join(CARD_KINDS)}"
            raise FieldWrong(detail, pointer=f"/keys/{i}/kind", value=key.kind)
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
    if key.kind in CONTACT_KINDS:
        raise KeyTaken(
            f"the {key.kind} belongs to another member", pointer=f"/person/{key.kind}", kind=key.kind
        )
    raise KeyTaken(
        f"{key.kind} {key.value!r} belongs to another member", pointer="/keys", kind=key.kind, value=key.value
    )
