"""Erase a person: his key is destroyed, and with it everything that was sealed under it. The books stay as they are."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, PersonUnknown
from jifen.store.audit import note_act
from jifen.store.codes import remove_devices
from jifen.store.journal import remove_notes
from jifen.store.members import lock_members
from jifen.store.once import Once, once
from jifen.store.persons import Person, add_erasure, erase, find_person, persons_of
from jifen.store.proposals import forget_proposal_notes
from jifen.store.questions import erase_question_texts
from jifen.vault import erased

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


async def erase_person(
    ledger: Ledger, member_id: UUID, request: Once, *, confirmed: UUID, principal: Principal
) -> dict[str, Any]:
    """A certificate for the persons of a member, once they are gone: fields, contacts, cards and ids elsewhere, phones
    with codes, and the notes beside the member's entries. He holds his units on, and only his id finds him.

    The ids of the erased are written into a list beside the keys first, so that a restored backup forgets them again.

    `confirmed` names the member once more: it cannot be undone.

    Refuses
        FieldWrong      another member is confirmed
        PersonUnknown   nothing personal is known of the member
        VaultClosed     the keys of personal data are not there
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        if confirmed != member_id:
            raise FieldWrong("name the member who is to be erased once more", pointer="/confirm")
        await lock_members(connection, [member_id])
        persons = await persons_of(connection, member_id, is_locked=True)
        if not persons:
            raise PersonUnknown(pointer="/member")
        vault = await ledger.vault(connection)
        now, actor = (await ledger.clock(connection)).now, principal.actor()
        erased.add(vault, [one.person_id for one in persons], at=now)
        gone = await _forget(connection, persons, member_id, actor=actor, at=now)
        named = (about(About.MEMBER, member_id), *(about(About.PERSON, one.person_id) for one in persons))
        await note_act(connection, principal, Act(deed=Deed.PERSON_ERASED, about=named, count=len(persons)))
        return {
            "member_id": str(member_id),
            "persons": [str(one.person_id) for one in persons],
            "erased_at": now.isoformat(),
            **gone._asdict(),
            "actor": actor,
        }

    return await once(ledger, request, effect)


class Gone(NamedTuple):
    """How much is gone: what persons told, what found them, what stood beside their member's entries, and phones with codes."""

    fields: int
    keys: int
    notes: int
    devices: int


async def _forget(
    connection: Connection, persons: Sequence[Person], member_id: UUID, *, actor: str, at: datetime
) -> Gone:
    fields = keys = 0
    for one in persons:
        gone = await erase(connection, one.person_id)
        await add_erasure(connection, one.person_id, member_id, gone, actor=actor, at=at)
        fields, keys = fields + gone.fields, keys + gone.keys
    notes = await remove_notes(connection, member_id)
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
                await _forget(connection, [person], person.member_id, actor="restore", at=now)
                done += 1
    return done
