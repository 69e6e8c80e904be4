"""Erase a person: his key is destroyed, and with it everything that was sealed under it. The books stay as they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, PersonUnknown
from jifen.store.audit import note_act
from jifen.store.journal import remove_notes
from jifen.store.members import lock_members
from jifen.store.once import Once, once
from jifen.store.persons import add_erasure, erase, persons_of
from jifen.store.proposals import forget_proposal_notes
from jifen.store.questions import erase_question_texts
from jifen.vault import erased

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


async def erase_person(
    ledger: Ledger, member_id: UUID, request: Once, *, confirmed: UUID, principal: Principal
) -> dict[str, Any]:
    """A certificate for the persons of a member, once they are gone: fields, contacts, cards and ids elsewhere, and the notes
    beside the member's entries. He holds his units on, and only his id finds him.

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
        fields = keys = 0
        for one in persons:
            gone = await erase(connection, one.person_id)
            await add_erasure(connection, one.person_id, member_id, gone, actor=actor, at=now)
            fields, keys = fields + gone.fields, keys + gone.keys
        notes = await remove_notes(connection, member_id)
        notes += await erase_question_texts(connection, member_id)
        notes += await forget_proposal_notes(connection, member_id)
        named = (about(About.MEMBER, member_id), *(about(About.PERSON, one.person_id) for one in persons))
        await note_act(connection, principal, Act(deed=Deed.PERSON_ERASED, about=named, count=len(persons)))
        return {
            "member_id": str(member_id),
            "persons": [str(one.person_id) for one in persons],
            "erased_at": now.isoformat(),
            "fields": fields,
            "keys": keys,
            "notes": notes,
            "actor": actor,
        }

    return await once(ledger, request, effect)


async def forget_again(ledger: Ledger) -> int:
    """Erase anew whoever stands in the list of the erased and is known: after a backup was restored. How many that was."""
    async with ledger.transaction() as connection:
        vault = await ledger.vault(connection)
        done = 0
        for person_id in erased.read(vault):
            gone = await erase(connection, person_id)
            done += bool(gone.fields or gone.keys)
    return done
