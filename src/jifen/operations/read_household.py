"""Who belongs to a household as what, and the invitations to it that are open."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.audit import Why
from jifen.domain.calendar import local_date
from jifen.domain.household import UNDO_LASTS, is_head, is_under_age
from jifen.domain.household_refusals import NotHead
from jifen.domain.principal import Principal
from jifen.domain.refusals import MemberUnknown, PersonUnknown
from jifen.store.audit import note_reading
from jifen.store.compiled import begun_again
from jifen.store.households import Invitation, is_agreed_for, open_invitations
from jifen.store.members import read_members
from jifen.store.merges import Merged, merged_since
from jifen.store.persons import Person, fields_of, persons_of
from jifen.store.settings import guardian_age
from jifen.vault.contacts import masked

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


class Belonging(NamedTuple):
    """Somebody of a household. `is_under_age`: a guardian agrees for him; `is_agreed`: and has."""

    person_id: UUID
    role: str
    name: str | None
    is_under_age: bool
    is_agreed: bool
    added_at: datetime


class HouseholdView(NamedTuple):
    """A household as it stands; invitations are for its head, and merges that may still be undone for the shop."""

    member_id: UUID
    persons: Sequence[Belonging]
    invitations: Sequence[Invitation]
    merges: Sequence[Merged]
    guardian_age: int


@begun_again
async def read_household(ledger: Ledger, member_id: UUID) -> HouseholdView:
    """The household of a member, names masked.

    Refuses
        MemberUnknown   there is none with that id
        VaultClosed     the keys of personal data are not there
    """
    async with ledger.reading() as connection:
        clock, members = await read_members(connection, [member_id])
        if member_id not in members:
            raise MemberUnknown(pointer="/member")
        return await _view(ledger, connection, member_id, is_masked=True, now=clock.now)


@begun_again
async def read_own_household(
    ledger: Ledger, member_id: UUID, person_id: UUID, *, principal: Principal
) -> HouseholdView:
    """One's own household, with names in full: that they were read is written down. Who is not its head sees no invitations."""
    async with ledger.transaction() as connection:
        now = (await ledger.clock(connection)).now
        view = await _view(ledger, connection, member_id, is_masked=False, now=now)
        others = [one.person_id for one in view.persons if one.person_id != person_id and one.name]
        if others:
            await note_reading(connection, principal, others, Why.ASKED_BY_PERSON)
        invitations = view.invitations if is_head(view.persons, person_id) else ()
        return view._replace(invitations=invitations, merges=())


async def check_head_of(ledger: Ledger, member_id: UUID, head_id: UUID, person_id: UUID) -> None:
    """Refuse what only the head does about a child of the household.

    Refuses
        NotHead         whoever asks is not
        PersonUnknown   there is no child with that id in the household
    """
    async with ledger.reading() as connection:
        persons = await persons_of(connection, member_id)
        is_guarded = await is_agreed_for(connection, person_id)
    if not is_head(persons, head_id):
        raise NotHead(pointer="/person_id")
    is_child = any(one.person_id == person_id and one.role == "child" for one in persons)
    # Who joined by an invitation, as whatever, agreed for himself and is nobody's to erase.
    if not is_child or not is_guarded:
        detail = (
            "no child that its guardian added has this id: everybody else corrects and erases only himself"
        )
        raise PersonUnknown(detail, pointer="/path/person_id")


async def _view(
    ledger: Ledger, connection: Connection, member_id: UUID, *, is_masked: bool, now: datetime
) -> HouseholdView:
    clock = await ledger.clock(connection)
    timeline = await ledger.timeline(connection, clock.newest)
    today = local_date(clock.now, timeline.time_zone)
    years = await guardian_age(connection)
    persons = [
        await _belonging(ledger, connection, one, today=today, years=years, is_masked=is_masked)
        for one in await persons_of(connection, member_id)
    ]
    return HouseholdView(
        member_id,
        persons,
        await open_invitations(connection, member_id),
        await merged_since(connection, member_id, now - UNDO_LASTS),
        years,
    )


async def _belonging(
    ledger: Ledger, connection: Connection, person: Person, *, today: date, years: int, is_masked: bool
) -> Belonging:
    sealer = (await ledger.vault(connection)).person(person.person_id, person.key)
    sealed = await fields_of(connection, person.person_id)
    name = sealer.open("name", sealed["name"]) if "name" in sealed else None
    birthday = sealer.open("birthday", sealed["birthday"]) if "birthday" in sealed else None
    return Belonging(
        person.person_id,
        person.role,
        masked("name", name) if name is not None and is_masked else name,
        is_under_age(birthday, today, years),
        await is_agreed_for(connection, person.person_id),
        person.added_at,
    )
