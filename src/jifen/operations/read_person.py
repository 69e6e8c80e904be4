"""Read what is known of a person: masked by who sees members, in full by who says why."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.audit import Why
from jifen.domain.person import Known, MemberKey
from jifen.domain.principal import Principal
from jifen.domain.refusals import PersonUnknown
from jifen.store.audit import note_reading
from jifen.store.persons import (
    Person,
    StoredConsent,
    consents_of,
    fields_of,
    keys_of,
    opened_keys,
    persons_of,
)
from jifen.store.reveals import check_sees_alone
from jifen.vault.contacts import masked

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger
    from jifen.vault import Vault


class PersonView(NamedTuple):
    """A person, and what he agreed to last for each purpose."""

    known: Known
    consents: Sequence[StoredConsent]
    added_at: datetime


async def read_persons(ledger: Ledger, member_id: UUID) -> list[PersonView]:
    """The persons of a member, the head of the household first, with only as much of each value as tells one from another.

    Refuses
        PersonUnknown   nothing personal is known of the member
        VaultClosed     the keys of personal data are not there
    """
    async with ledger.reading() as connection:
        return await _views(ledger, connection, member_id, is_masked=True)


async def reveal_persons(
    ledger: Ledger, member_id: UUID, *, why: Why, principal: Principal, person_id: UUID | None = None
) -> list[PersonView]:
    """The same in full, of one of them where he is named. Who looked, and why, is written down with it: both or neither.

    Refuses
        SecondPersonNeeded   an operator who saw as many within a day as he may alone
    """
    async with ledger.transaction() as connection:
        views = await _views(ledger, connection, member_id, is_masked=False)
        views = [one for one in views if person_id in (None, one.known.person_id)]
        await check_sees_alone(connection, principal, [one.known.person_id for one in views])
        await note_reading(connection, principal, [one.known.person_id for one in views], why)
        return views


async def _views(
    ledger: Ledger, connection: Connection, member_id: UUID, *, is_masked: bool
) -> list[PersonView]:
    persons = await persons_of(connection, member_id)
    if not persons:
        raise PersonUnknown(pointer="/member")
    vault = await ledger.vault(connection)
    return [await view_of(vault, connection, one, is_masked=is_masked) for one in persons]


async def view_of(vault: Vault, connection: Connection, person: Person, *, is_masked: bool) -> PersonView:
    """What is known of a person, opened."""
    sealer = vault.person(person.person_id, person.key)
    keys = opened_keys(sealer, await keys_of(connection, person.person_id))
    sealed = await fields_of(connection, person.person_id)
    fields = {field: sealer.open(field, value) for field, value in sorted(sealed.items())}
    if is_masked:
        keys = [MemberKey(key.kind, masked(key.kind, key.value)) for key in keys]
        fields = {
            field: value if field in ("gender", "language") else masked(field, value)
            for field, value in fields.items()
        }
    last = {one.purpose: one for one in await consents_of(connection, person.person_id)}
    known = Known(person.person_id, person.member_id, person.role, keys, fields)
    return PersonView(known, list(last.values()), person.added_at)
