"""Find a member by id, or by what finds him: a card, an id elsewhere, a phone, an e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from jifen.domain.person import CONTACT_KINDS, MemberKey
from jifen.domain.refusals import MemberUnknown
from jifen.store.contacts import contact_key
from jifen.store.ledger import Ledger
from jifen.store.members import find_by_keys


async def find_member(ledger: Ledger, whose: UUID | MemberKey, *, pointer: str = "/member") -> UUID:
    """The id of the member. An id is believed here: whoever locks the member finds out. A contact may be as somebody says it.

    Refuses
        MemberUnknown    it finds nobody
        FieldWrong       no phone, no e-mail
        ProgramMissing   nothing was ever published, and a phone has to be told by its country
    """
    if isinstance(whose, UUID):
        return whose
    if whose.kind in CONTACT_KINDS:
        whose = await contact_key(ledger, whose, pointer=pointer)
    async with ledger.transaction() as connection:
        found = (await find_by_keys(ledger, connection, [whose])).get(whose)
    if found is None:
        raise MemberUnknown(pointer=pointer)
    return found


async def keys_that_find(ledger: Ledger, keys: Sequence[MemberKey], member_id: UUID) -> list[MemberKey]:
    """Of some keys those that find a member now."""
    async with ledger.reading() as connection:
        found = await find_by_keys(ledger, connection, keys)
    return [key for key in keys if found.get(key) == member_id]
