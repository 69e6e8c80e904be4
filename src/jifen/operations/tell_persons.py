"""Tell something of many persons at once, of whom nothing is known yet but what finds them: for imports, and for the demo."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.person import Consent, Told
from jifen.store.likenesses import mark_likenesses
from jifen.store.persons import (
    NewKey,
    add_many_consents,
    add_many_fields,
    add_many_keys,
    heads_of,
    sealed_fields,
    sealed_key,
    sealed_proof,
)

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


class Telling(NamedTuple):
    """What is told of the head of a member's household, in its form."""

    member_id: UUID
    told: Told
    consents: Sequence[Consent] = ()


async def tell_persons(ledger: Ledger, tellings: Sequence[Telling]) -> int:
    """Write what is told of many, in one transaction; how many of them are known now. What is known of somebody already stays, so
    that the same again changes nothing.

    Refuses
        VaultClosed   the keys of personal data are not there
    """
    async with ledger.transaction() as connection:
        vault = await ledger.vault(connection, writes=True)
        persons = await heads_of(connection, [one.member_id for one in tellings])
        now = (await ledger.clock(connection)).now
        keys: list[NewKey] = []
        fields: list[tuple[UUID, str, bytes]] = []
        consents: list[tuple[UUID, Consent, bytes | None]] = []
        for member_id, told, given in tellings:
            person = persons.get(member_id)
            if person is None:
                continue
            sealer = vault.person(person.person_id, person.key)
            keys += [
                NewKey(vault.blind(*key), key.kind, member_id, person.person_id, sealed_key(sealer, key))
                for key in told.contacts
            ]
            fields += [(person.person_id, *pair) for pair in sealed_fields(sealer, told.fields).items()]
            consents += [(person.person_id, one, sealed_proof(sealer, one)) for one in given]
        await add_many_keys(connection, vault.keys.newest_index, keys)
        await add_many_fields(connection, fields, at=now)
        await add_many_consents(connection, consents, at=now)
        marked = {one.member_id for one in tellings} & persons.keys()
        await mark_likenesses(
            vault,
            connection,
            [
                (persons[one].person_id, vault.person(persons[one].person_id, persons[one].key))
                for one in sorted(marked)
            ],
        )
    return len(persons)
