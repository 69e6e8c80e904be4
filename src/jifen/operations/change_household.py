"""Add somebody to a household, a child by its guardian or anybody by the shop, and change what somebody is in it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, Detail, about
from jifen.domain.calendar import local_date
from jifen.domain.household import GUARDIAN_PURPOSE, PERSONS_MAX, ROLES, is_head, is_under_age
from jifen.domain.household_refusals import GuardianNeeded, HeadNeeded, NotHead
from jifen.domain.person import Consent, MemberKey, Told
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, KeyTaken, MemberClosed, MemberUnknown, PersonUnknown, TooMuch
from jifen.domain.verbs import Status
from jifen.store.audit import note_act
from jifen.store.households import (
    add_to_household,
    birthday_of,
    call_off_invitations_of,
    refuse_under_age,
    set_role,
)
from jifen.store.members import find_by_keys, lock_members
from jifen.store.once import Once, once
from jifen.store.persons import of_persons, persons_of
from jifen.store.settings import (
    guardian_age,
    invitation_lasts,
    set_guardian_age,
    set_invitation_hours,
)

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger

GUARDIAN_AGES = range(0, 22)
INVITATION_HOURS = range(1, 24 * 14 + 1)


async def add_person_to_household(
    ledger: Ledger,
    member_id: UUID,
    role: str,
    told: Told,
    request: Once,
    *,
    principal: Principal,
    by_id: UUID | None = None,
    keys: Sequence[MemberKey] = (),
    guardian: Consent | None = None,
) -> dict[str, Any]:
    """The new person's id. Who is under the guardian's age is a child, for whom the guardian's consent comes with it.

    Refuses
        NotHead          `by_id` is not the head of the household
        FieldWrong       no role that one is added as; a child without a birthday
        GuardianNeeded   he is under age, and no guardian has agreed, or he would be no child
        HeadNeeded       nobody belongs to the household: its first person is its head, and is told of by correcting
        KeyTaken         a card or contact finds another member
        TooMuch          as many belong to it as may
        MemberUnknown, MemberClosed, VaultClosed
    """
    if role not in ("adult", "child"):
        raise FieldWrong("somebody is added as adult or child", pointer="/role", value=role[:20])
    if role == "child" and "birthday" not in told.fields:
        detail = "a child's birthday tells until when its guardian agrees for it"
        raise FieldWrong(detail, pointer="/person/birthday")

    async def effect(connection: Connection) -> dict[str, Any]:
        members = await lock_members(connection, [member_id])
        if member_id not in members:
            raise MemberUnknown(pointer="/member")
        if members[member_id].status in (Status.CLOSED, Status.MERGED):
            raise MemberClosed(pointer="/member")
        persons = await persons_of(connection, member_id, is_locked=True)
        if by_id is not None and not is_head(persons, by_id):
            raise NotHead("only the head adds somebody to the household", pointer="/role")
        if not persons:
            raise HeadNeeded("nobody is known of the member: tell of its head first", pointer="/member")
        if len(persons) >= PERSONS_MAX:
            detail = f"at most {PERSONS_MAX} belong to one household"
            raise TooMuch(detail, pointer="/role", persons=len(persons), persons_max=PERSONS_MAX)
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        years, today = await guardian_age(connection), local_date(clock.now, timeline.time_zone)
        is_young = is_under_age(told.fields.get("birthday"), today, years)
        if is_young and (role != "child" or guardian is None):
            detail = f"who is under {years} is added as child, with the guardian's consent"
            raise GuardianNeeded(detail, pointer="/guardian", guardian_age=years)
        finds = [*keys, *told.contacts]
        if taken := await find_by_keys(ledger, connection, finds):
            kind = next(iter(taken)).kind
            raise KeyTaken(f"the {kind} belongs to another member", pointer=f"/person/{kind}", kind=kind)
        person_id = await add_to_household(
            await ledger.vault(connection, writes=True),
            connection,
            member_id=member_id,
            role=role,
            keys=finds,
            fields=told.fields,
            consents=[guardian] if guardian is not None else [],
            at=clock.now,
        )
        await _noted(connection, principal, Deed.HOUSEHOLD_ADDED, member_id, person_id, role)
        return {"member_id": str(member_id), "person_id": str(person_id), "role": role}

    return await once(ledger, request, effect)


def guardian_consent(text_version: str, channel: str, proof: str | None = None) -> Consent:
    """That a guardian agrees for a child."""
    return Consent(
        purpose=GUARDIAN_PURPOSE, is_given=True, text_version=text_version, channel=channel, proof=proof
    )


async def change_role(
    ledger: Ledger,
    member_id: UUID,
    person_id: UUID,
    role: str,
    request: Once,
    *,
    principal: Principal,
    by_id: UUID | None = None,
) -> dict[str, Any]:
    """What somebody is in his household from now on. Where an adult becomes head, the head is an adult.

    Refuses
        NotHead          `by_id` is not the head of the household
        PersonUnknown    nobody with that id belongs to it
        FieldWrong       no such role
        HeadNeeded       the head steps down and names nobody: let another adult become head
        GuardianNeeded   he is so young that he stays a child
    """
    if role not in ROLES:
        raise FieldWrong(f"a role is one of {', '.join(ROLES)}", pointer="/role", value=role[:20])

    async def effect(connection: Connection) -> dict[str, Any]:
        await lock_members(connection, [member_id])
        persons = await persons_of(connection, member_id, is_locked=True)
        if by_id is not None and not is_head(persons, by_id):
            raise NotHead("only the head changes what somebody is", pointer="/role")
        person = of_persons(persons, person_id)
        if person is None:
            raise PersonUnknown(pointer="/path/person_id")
        if person.role == "head" and role != "head":
            raise HeadNeeded("let another adult become head", pointer="/role")
        if role == "head" and person.role == "child":
            raise HeadNeeded("a child becomes an adult first", pointer="/role")
        if role != "child":
            clock = await ledger.clock(connection)
            timeline = await ledger.timeline(connection, clock.newest)
            birthday = await birthday_of(await ledger.vault(connection), connection, person)
            today = local_date(clock.now, timeline.time_zone)
            await refuse_under_age(connection, birthday, today=today, pointer="/role")
        if role == "head":
            for one in persons:
                if one.role == "head" and one.person_id != person_id:
                    await set_role(connection, one.person_id, "adult")
                    await call_off_invitations_of(connection, one.person_id)
        await set_role(connection, person_id, role)
        await _noted(connection, principal, Deed.HOUSEHOLD_CHANGED, member_id, person_id, role)
        return {"member_id": str(member_id), "person_id": str(person_id), "role": role}

    return await once(ledger, request, effect)


async def _noted(
    connection: Connection, principal: Principal, deed: Deed, member_id: UUID, person_id: UUID, role: str
) -> None:
    named = (about(About.PERSON, person_id), about(About.MEMBER, member_id))
    await note_act(connection, principal, Act(deed=deed, about=named, details={"role": role}))


async def set_household_rules(
    ledger: Ledger, *, years: int | None, hours: int | None, principal: Principal
) -> tuple[int, int]:
    """Below which age a guardian agrees, and for how many hours an invitation is good, from now on; as they were where nothing is
    said.

    Refuses
        FieldWrong   an age above 21, or more than two weeks
    """
    for name, value, known in (
        ("guardian_age", years, GUARDIAN_AGES),
        ("invitation_hours", hours, INVITATION_HOURS),
    ):
        if value is not None and value not in known:
            raise FieldWrong(f"{known[0]} to {known[-1]}", pointer=f"/{name}", value=value)
    async with ledger.transaction() as connection:
        before = await guardian_age(connection), await invitation_lasts(connection)
        if years is not None:
            await set_guardian_age(connection, years)
        if hours is not None:
            await set_invitation_hours(connection, hours)
        after = (
            await guardian_age(connection),
            int((await invitation_lasts(connection)).total_seconds()) // 3600,
        )
        if years is not None or hours is not None:
            details: dict[str, Detail] = {
                "setting": "household",
                "before": before[0],
                "after": after[0],
                "hours": after[1],
            }
            await note_act(connection, principal, Act(deed=Deed.SETTING_CHANGED, details=details))
    return after
