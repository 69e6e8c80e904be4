"""Correct what is known of a person: other values, fewer, another phone, a card more or less."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

import asyncpg

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.calendar import local_date
from jifen.domain.check_digits import CardCheck, is_right
from jifen.domain.household import is_under_age
from jifen.domain.person import ATTRIBUTE, ATTRIBUTES_MAX, CONTACT_KINDS, FIELDS, MemberKey, Told
from jifen.domain.principal import Principal
from jifen.domain.refusals import CheckDigitWrong, FieldWrong, KeyTaken, MemberUnknown, PersonUnknown, TooMuch
from jifen.store.audit import note_act
from jifen.store.codes import end_numbers
from jifen.store.households import is_agreed_for, refuse_under_age
from jifen.store.ids import new_id
from jifen.store.likenesses import mark_likenesses
from jifen.store.member_sessions import end_sessions_of_person
from jifen.store.members import find_by_keys, lock_members
from jifen.store.once import Once, once
from jifen.store.persons import (
    add_keys,
    add_person,
    fields_of,
    keys_of,
    of_persons,
    opened_keys,
    persons_of,
    remove_fields,
    remove_keys,
    save_fields,
    sealed_fields,
)
from jifen.store.settings import card_check, guardian_age

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger

KEYS_MAX = 20


class Correction(NamedTuple):
    """What is to be known of a person instead."""

    told: Told
    forget: tuple[str, ...] = ()
    add: tuple[MemberKey, ...] = ()
    remove: tuple[MemberKey, ...] = ()


async def correct_person(
    ledger: Ledger,
    member_id: UUID,
    correction: Correction,
    request: Once,
    *,
    principal: Principal,
    person_id: UUID | None = None,
) -> dict[str, Any]:
    """Write what was told of a person, the head of the household where none is named; a contact takes the place of the one
    before. `forget` names
    fields (or `phone`, `email`, `attribute.NAME`) that are to be known no more. Answers which kinds of thing were changed.

    Who was erased, or of whom nothing was told yet, is somebody new from here on. Who turns out to be under the age at which a
    guardian agrees is signed out everywhere: `sessions_ended`; `guardian_needed` where no guardian agreed for him.

    Refuses
        MemberUnknown   there is none with that id
        PersonUnknown   a card is to go that does not find the member
        KeyTaken        a card, an id elsewhere or a contact belongs to another member
        FieldWrong      a field is not known
        CheckDigitWrong a card that is new does not end as new cards have to
        GuardianNeeded  nobody was known yet, and the birthday is that of somebody so young that a guardian tells of him
        TooMuch         more cards than a member may have, or more attributes than may be known of a person
        VaultClosed     the keys of personal data are not there
    """
    for field in correction.forget:
        if field not in (*FIELDS, *CONTACT_KINDS) and not field.startswith(ATTRIBUTE):
            raise FieldWrong(
                f"nothing is known by the name of {field!r}", pointer="/forget", value=field[:50]
            )
    try:
        return await once(
            ledger,
            request,
            lambda connection: _correct(ledger, connection, member_id, correction, principal, person_id),
        )
    except asyncpg.UniqueViolationError as clash:
        raise KeyTaken("a key has come to belong to another member", pointer="/add") from clash


async def _correct(
    ledger: Ledger,
    connection: Connection,
    member_id: UUID,
    correction: Correction,
    principal: Principal,
    named_id: UUID | None,
) -> dict[str, Any]:
    if member_id not in await lock_members(connection, [member_id]):
        raise MemberUnknown(pointer="/member")
    vault = await ledger.vault(connection, writes=True)
    persons = await persons_of(connection, member_id, is_locked=True)
    clock = await ledger.clock(connection)
    now = clock.now
    person = of_persons(persons, named_id)
    if person is not None:
        person_id = person.person_id
        sealer = vault.person(person_id, person.key)
    elif named_id is not None:
        raise PersonUnknown(pointer="/person_id")
    else:
        person_id = new_id()
        key, sealer = vault.new_person(person_id)
        await add_person(connection, person_id, member_id, key)
    birthday = correction.told.fields.get("birthday")
    today = local_date(now, (await ledger.timeline(connection, clock.newest)).time_zone) if birthday else None
    if today is not None and person is None:
        await refuse_under_age(connection, birthday, today=today, pointer="/birthday")
    known = opened_keys(sealer, await keys_of(connection, person_id))
    told, remove = correction.told, correction.remove
    missing = [key for key in remove if key not in known]
    if missing:
        detail = f"the {missing[0].kind} does not find this member"
        raise PersonUnknown(detail, pointer="/remove", kind=missing[0].kind)
    replaced = {contact.kind for contact in told.contacts} | set(correction.forget)
    going = [key for key in known if key.kind in replaced or key in remove]
    coming = [key for key in (*told.contacts, *correction.add) if key not in known or key in going]
    if len(known) - len(going) + len(coming) > KEYS_MAX:
        raise TooMuch(f"at most {KEYS_MAX} keys", pointer="/add", keys_max=KEYS_MAX)
    await _refuse_misread(connection, correction, known)
    found = await find_by_keys(ledger, connection, [key for key in coming if key not in going])
    if found:
        raise _taken(next(iter(found)), told)
    await _refuse_too_many_attributes(connection, person_id, correction)
    await remove_keys(vault, connection, going, person_id=person_id)
    await add_keys(vault, connection, coming, member_id=member_id, person_id=person_id, sealer=sealer)
    await remove_fields(connection, person_id, correction.forget)
    await save_fields(connection, person_id, sealed_fields(sealer, told.fields), at=now)
    await mark_likenesses(vault, connection, [(person_id, sealer)])
    changed = {*(key.kind for key in (*going, *coming)), *told.fields, *correction.forget}
    named = (about(About.PERSON, person_id), about(About.MEMBER, member_id))
    kinds = sorted({one.partition(".")[0] for one in changed})  # an attribute's name is the shop's own
    await note_act(
        connection, principal, Act(deed=Deed.PERSON_CORRECTED, about=named, details={"changed": kinds})
    )
    answer = {"member_id": str(member_id), "person_id": str(person_id), "changed": kinds}
    if today is None or not is_under_age(birthday, today, await guardian_age(connection)):
        return answer
    ended = await _signed_out(connection, principal, member_id, person_id)
    agreed = await is_agreed_for(connection, person_id)
    return {**answer, "sessions_ended": ended, "guardian_needed": not agreed}


async def _signed_out(connection: Connection, principal: Principal, member_id: UUID, person_id: UUID) -> int:
    """How many sessions of somebody ended; the phones that showed codes in them show none that opens anything."""
    ended = await end_sessions_of_person(connection, person_id)
    for device_id in ended:
        if device_id is not None:
            await end_numbers(connection, device_id, member_id=member_id, after=timedelta())
    if ended:
        named = (about(About.PERSON, person_id), about(About.MEMBER, member_id))
        act = Act(deed=Deed.PERSON_SIGNED_OUT, about=named, count=len(ended), details={"under_age": True})
        await note_act(connection, principal, act)
    return len(ended)


async def _refuse_misread(connection: Connection, correction: Correction, known: list[MemberKey]) -> None:
    """A card that finds him already may stay whatever it ends in."""
    new = [(at, key) for at, key in enumerate(correction.add) if key.kind == "card" and key not in known]
    check = await card_check(connection) if new else CardCheck.NONE
    for at, key in new:
        if not is_right(key.value, check):
            detail = f"new cards end by {check}, and this one does not: read it again"
            raise CheckDigitWrong(detail, pointer=f"/add/{at}/value", check=str(check))


async def _refuse_too_many_attributes(
    connection: Connection, person_id: UUID, correction: Correction
) -> None:
    """However many corrections they come in."""
    told = {one for one in correction.told.fields if one.startswith(ATTRIBUTE)}
    if not told:
        return
    known = {one for one in await fields_of(connection, person_id) if one.startswith(ATTRIBUTE)}
    count = len((known - {*correction.forget}) | told)
    if count > ATTRIBUTES_MAX:
        detail = f"at most {ATTRIBUTES_MAX} attributes are known of a person"
        raise TooMuch(detail, pointer="/attributes", attributes=count, attributes_max=ATTRIBUTES_MAX)


def _taken(key: MemberKey, told: Told) -> KeyTaken:
    """Says that a key belongs to another member, and not to whom."""
    pointer = f"/{key.kind}" if key in told.contacts else "/add"
    return KeyTaken(f"the {key.kind} belongs to another member", pointer=pointer, kind=key.kind)
