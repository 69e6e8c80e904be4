"""Members who may be one person: found by keyed marks, and decided by a person, who merges them or says that they are not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.duplicates import Alike
from jifen.domain.person import MemberKey
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, MemberUnknown
from jifen.store.audit import note_act
from jifen.store.likenesses import alike_members, tell_apart
from jifen.store.members import read_members
from jifen.store.once import Once, once
from jifen.store.persons import fields_of, heads_of, masked_keys
from jifen.vault.contacts import masked

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


class Shown(NamedTuple):
    """Who one of the two is, masked."""

    name: str | None
    keys: Sequence[MemberKey]


class Duplicates(NamedTuple):
    """Pairs that may be one, and who each of them is."""

    pairs: Sequence[Alike]
    members: Mapping[UUID, Shown]
    after: tuple[UUID, UUID] | None


async def find_duplicates(
    ledger: Ledger,
    *,
    member_id: UUID | None = None,
    after: tuple[UUID, UUID] | None = None,
    limit: int,
) -> Duplicates:
    """Pairs of members who have a phone, a number or name and birthday alike and were not told apart; of one, if he is named."""
    async with ledger.reading() as connection:
        found = await alike_members(connection, member_id=member_id, after=after, limit=limit + 1)
        page = found[:limit]
        ids = sorted({one for pair in page for one in (pair.first_id, pair.second_id)})
        keys = await masked_keys(ledger, connection, ids)
        names = await _names(ledger, connection, ids) if ids else {}
    last = page[-1] if len(found) > limit else None
    return Duplicates(
        page,
        {one: Shown(names.get(one), keys.get(one, ())) for one in ids},
        None if last is None else (last.first_id, last.second_id),
    )


async def _names(ledger: Ledger, connection: Connection, ids: Sequence[UUID]) -> dict[UUID, str]:
    vault = await ledger.vault(connection)
    names = {}
    for member_id, person in (await heads_of(connection, ids)).items():
        sealed = (await fields_of(connection, person.person_id)).get("name")
        if sealed is not None:
            names[member_id] = masked("name", vault.person(person.person_id, person.key).open("name", sealed))
    return names


async def tell_members_apart(
    ledger: Ledger, member_id: UUID, other_id: UUID, request: Once, *, principal: Principal
) -> dict[str, Any]:
    """Two members are not the same: they are not shown as a pair again.

    Refuses
        FieldWrong      it is one member
        MemberUnknown   there is no such member
    """
    if member_id == other_id:
        raise FieldWrong("a member is the same as himself", pointer="/other_id")

    async def effect(connection: Connection) -> dict[str, Any]:
        _, members = await read_members(connection, [member_id, other_id])
        for one, pointer in ((member_id, "/member_id"), (other_id, "/other_id")):
            if one not in members:
                raise MemberUnknown(pointer=pointer)
        await tell_apart(connection, member_id, other_id, by=principal.actor())
        named = (about(About.MEMBER, member_id), about(About.MEMBER, other_id))
        await note_act(connection, principal, Act(deed=Deed.DUPLICATE_TOLD_APART, about=named))
        return {"member_id": str(member_id), "other_id": str(other_id)}

    return await once(ledger, request, effect)
