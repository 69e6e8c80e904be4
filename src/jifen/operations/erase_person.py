"""Erase a person: his key is destroyed, and with it everything that was sealed under it. The books stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from msgspec import structs

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.household import heir_of_head
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, PersonUnknown
from jifen.domain.refusals_of_people import MemberChanged
from jifen.store.askers import shut_askers_out
from jifen.store.audit import note_act
from jifen.store.codes import remove_devices, remove_devices_of_person
from jifen.store.events import remove_event_texts
from jifen.store.households import call_off_invitations_of, set_role
from jifen.store.journal import remove_notes
from jifen.store.members import lock_members
from jifen.store.once import Once, once
from jifen.store.persons import Person, add_erasure, erase, find_person, persons_of
from jifen.store.proposals import forget_proposal_notes
from jifen.store.questions import erase_question_texts
from jifen.store.segments import leave_all
from jifen.vault import erased

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


async def erase_person(
    ledger: Ledger,
    member_id: UUID,
    request: Once,
    *,
    confirmed: UUID,
    principal: Principal,
    person_id: UUID | None = None,
    expected: frozenset[UUID] | None = None,
    actor: str | None = None,
) -> dict[str, Any]:
    """A certificate for the persons of a member, or the one of them who is named, once they are gone: fields, contacts, cards,
    ids elsewhere, phones with codes, and with the last of them the notes beside the member's entries and
    the texts of his events. The member holds his units
    on; where nobody is left, only his id finds him. Where the head is gone, the adult who is there longest is head.

    The ids of the erased are written into a list beside the keys first, so that a restored backup forgets them again.

    `confirmed` names the member once more: it cannot be undone. Of a proposal, `expected` are the persons who were looked at, and
    `actor` names who proposed and who approved.

    Refuses
        MemberChanged   the persons are not those who were looked at
        FieldWrong      another member is confirmed
        PersonUnknown   nothing personal is known of the member
        VaultClosed     the keys of personal data are not there
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        if confirmed != member_id:
            raise FieldWrong("name the member who is to be erased once more", pointer="/confirm")
        await shut_askers_out(connection, member_id)
        await lock_members(connection, [member_id])
        household = await persons_of(connection, member_id, is_locked=True)
        persons = [one for one in household if person_id in (None, one.person_id)]
        if not persons:
            raise PersonUnknown(pointer="/member" if person_id is None else "/person_id")
        if expected is not None and {one.person_id for one in persons} != expected:
            raise MemberChanged(pointer="/member")
        vault = await ledger.vault(connection)
        now, by = (await ledger.clock(connection)).now, actor or principal.actor()
        erased.add(vault, [one.person_id for one in persons], at=now)
        gone = await _forget(
            connection, persons, member_id, actor=by, at=now, is_whole=len(persons) == len(household)
        )
        left = [one for one in household if one not in persons]
        if left and not any(one.role == "head" for one in left) and (heir := heir_of_head(left)) is not None:
            await set_role(connection, heir, "head")
        named = (about(About.MEMBER, member_id), *(about(About.PERSON, one.person_id) for one in persons))
        await note_act(connection, principal, Act(deed=Deed.PERSON_ERASED, about=named, count=len(persons)))
        return {
            "member_id": str(member_id),
            "persons": [str(one.person_id) for one in persons],
            "erased_at": now.isoformat(),
            **gone._asdict(),
            "actor": by,
        }

    return await once(ledger, structs.replace(request, asker=None), effect)


class Gone(NamedTuple):
    """How much is gone: what persons told, what found them, what stood beside their member's entries, and phones with codes."""

    fields: int
    keys: int
    notes: int
    devices: int


async def _forget(
    connection: Connection,
    persons: Sequence[Person],
    member_id: UUID,
    *,
    actor: str,
    at: datetime,
    is_whole: bool,
) -> Gone:
    fields = keys = devices = 0
    for one in persons:
        if not is_whole:
            devices += await remove_devices_of_person(connection, one.person_id)
        await call_off_invitations_of(connection, one.person_id)
        gone = await erase(connection, one.person_id)
        await add_erasure(connection, one.person_id, member_id, gone, actor=actor, at=at)
        fields, keys = fields + gone.fields, keys + gone.keys
    if not is_whole:
        return Gone(fields, keys, 0, devices)
    await leave_all(connection, member_id)
    notes = await remove_notes(connection, member_id)
    notes += await remove_event_texts(connection, member_id)
    notes += await erase_question_texts(connection, member_id)
    notes += await forget_proposal_notes(connection, member_id)
    return Gone(fields, keys, notes, await remove_devices(connection, member_id))


async def forget_again(ledger: Ledger) -> int:
    """Erase anew, with all that an erasure takes, whoever stands in the list of the erased and is known: after a backup was
    restored. How many that was."""
    async with ledger.transaction() as connection:
        vault = await ledger.vault(connection)
        now = (await ledger.clock(connection)).now
        done = 0
        for person_id in erased.read(vault):
            person = await find_person(connection, person_id)
            if person is not None:
                others = await persons_of(connection, person.member_id)
                await _forget(
                    connection, [person], person.member_id, actor="restore", at=now, is_whole=len(others) == 1
                )
                done += 1
    return done
