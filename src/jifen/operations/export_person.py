"""Everything that is kept of a person, for himself: what he told, what he agreed to, and what happened to his member."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.audit import Why
from jifen.domain.household import is_head
from jifen.domain.principal import Principal
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import MemberUnknown
from jifen.store.audit import note_reading
from jifen.store.compiled import begun_again
from jifen.store.members import enrolled_at
from jifen.store.persons import StoredConsent, consents_of, fields_of, keys_of, opened_keys, persons_of
from jifen.store.purchases import purchases_of_member, told_by
from jifen.store.reveals import check_sees_alone

if TYPE_CHECKING:
    from jifen.domain.person import MemberKey
    from jifen.store.ledger import Ledger


class OfPerson(NamedTuple):
    """One person in full; of a consent also how it is known."""

    person_id: UUID
    role: str
    keys: Sequence[MemberKey]
    fields: dict[str, str]
    consents: Sequence[tuple[StoredConsent, str | None]]


class Export(NamedTuple):
    """Everything about a member that his statement does not say."""

    persons: Sequence[OfPerson]
    receipts: Sequence[Purchase]


@begun_again
async def export_person(
    ledger: Ledger, member_id: UUID, *, principal: Principal, for_id: UUID | None = None
) -> Export:
    """What is kept of the persons of a member, and their receipts with every line. A member of whom nothing personal is known has
    his receipts. For one of a household (`for_id`) it is what is known of himself, and for its head of the children too.

    Refuses
        MemberUnknown   there is none with that id
        SecondPersonNeeded   an operator who saw as many within a day as he may alone
        VaultClosed     the keys of personal data are not there
    """
    async with ledger.transaction() as connection:
        if await enrolled_at(connection, member_id) is None:
            raise MemberUnknown(pointer="/member")
        told = []
        persons = await persons_of(connection, member_id)
        if for_id is not None:
            sees = {for_id}
            if is_head(persons, for_id):
                sees |= {one.person_id for one in persons if one.role == "child"}
            persons = [one for one in persons if one.person_id in sees]
        await check_sees_alone(connection, principal, [one.person_id for one in persons])
        vault = await ledger.vault(connection) if persons else None
        for one in persons:
            assert vault is not None, "whoever is somebody has a key"
            sealer = vault.person(one.person_id, one.key)
            sealed = await fields_of(connection, one.person_id)
            consents = [
                (given, None if given.proof is None else sealer.open("proof", given.proof))
                for given in await consents_of(connection, one.person_id)
            ]
            keys = opened_keys(sealer, await keys_of(connection, one.person_id))
            fields = {field: sealer.open(field, value) for field, value in sorted(sealed.items())}
            told.append(OfPerson(one.person_id, one.role, keys, fields, consents))
        await note_reading(connection, principal, [one.person_id for one in told], Why.EXPORT)
        rows = await purchases_of_member(connection, member_id)
        return Export(told, [told_by(row) for row in rows])
