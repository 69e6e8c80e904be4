"""Households: invitations to them, who is what in one, and persons who go from one member to another."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING
from uuid import UUID

from jifen.domain.household import GUARDIAN_PURPOSE, is_under_age
from jifen.domain.household_refusals import GuardianNeeded
from jifen.domain.person import Consent, MemberKey
from jifen.store.ids import new_id
from jifen.store.likenesses import mark_likenesses
from jifen.store.persons import (
    Person,
    add_consent,
    add_keys,
    add_person,
    save_fields,
    sealed_fields,
    sealed_proof,
)
from jifen.store.settings import guardian_age

if TYPE_CHECKING:
    from collections.abc import Mapping

    from jifen.store.ledger import Connection
    from jifen.vault import Vault

MARK = "household invitation"
"""What the marks of codes are made for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """An invitation as it stands; its code is kept nowhere."""

    invitation_id: UUID
    member_id: UUID
    invited_by: UUID
    role: str
    made_at: datetime
    expires_at: datetime


_INVITATION = "invitation_id, member_id, invited_by, role, made_at, expires_at"
_OPEN = "used_at IS NULL AND called_off_at IS NULL AND expires_at > clock_timestamp()"


async def add_invitation(
    connection: Connection,
    mark: bytes,
    *,
    invitation_id: UUID,
    member_id: UUID,
    invited_by: UUID,
    role: str,
    lasts: timedelta,
) -> Invitation:
    """Keep a new invitation by the mark of its code."""
    row = await connection.fetchrow(
        f"""INSERT INTO household_invitation (invitation_id, code_mark, member_id, invited_by, role, expires_at)
            VALUES ($1, $2, $3, $4, $5, clock_timestamp() + $6::interval) RETURNING {_INVITATION}""",
        invitation_id,
        mark,
        member_id,
        invited_by,
        role,
        lasts,
    )
    return Invitation(**dict(row))


async def open_invitations(connection: Connection, member_id: UUID) -> list[Invitation]:
    """The invitations to a household that open it, oldest first."""
    rows = await connection.fetch(
        f"SELECT {_INVITATION} FROM household_invitation WHERE member_id = $1 AND {_OPEN} ORDER BY made_at",
        member_id,
    )
    return [Invitation(**dict(row)) for row in rows]


async def find_invitation(connection: Connection, mark: bytes) -> Invitation | None:
    """The open invitation with a code of that mark."""
    row = await connection.fetchrow(
        f"SELECT {_INVITATION} FROM household_invitation WHERE code_mark = $1 AND {_OPEN}", mark
    )
    return Invitation(**dict(row)) if row else None


async def use_invitation(connection: Connection, invitation_id: UUID) -> bool:
    """Whether an invitation was still open; it opens nothing more."""
    done: str = await connection.execute(
        f"UPDATE household_invitation SET used_at = clock_timestamp() WHERE invitation_id = $1 AND {_OPEN}",
        invitation_id,
    )
    return done.endswith(" 1")


async def call_off_invitation(connection: Connection, member_id: UUID, invitation_id: UUID) -> bool:
    """Whether an invitation of a household was open; it is called off."""
    done: str = await connection.execute(
        f"""UPDATE household_invitation SET called_off_at = clock_timestamp()
            WHERE invitation_id = $1 AND member_id = $2 AND {_OPEN}""",
        invitation_id,
        member_id,
    )
    return done.endswith(" 1")


async def call_off_invitations_of(connection: Connection, person_id: UUID) -> None:
    """Who is gone, or head no more, invites nobody."""
    await connection.execute(
        f"UPDATE household_invitation SET called_off_at = clock_timestamp() WHERE invited_by = $1 AND {_OPEN}",
        person_id,
    )


async def prune_invitations(connection: Connection) -> int:
    """Forget invitations that ended a month ago; how many."""
    done: str = await connection.execute(
        "DELETE FROM household_invitation WHERE expires_at < clock_timestamp() - interval '30 days'"
    )
    return int(done.rpartition(" ")[2])


async def set_role(connection: Connection, person_id: UUID, role: str) -> None:
    """Somebody is this in his household from now on."""
    await connection.execute("UPDATE person SET role = $2 WHERE person_id = $1", person_id, role)


async def move_one(
    connection: Connection, person_id: UUID, *, member_id: UUID, into_id: UUID, role: str
) -> None:
    """Somebody, what finds him, and the phones in which he is signed in belong to another member."""
    await connection.execute(
        "UPDATE person SET member_id = $3, role = $4 WHERE person_id = $1 AND member_id = $2",
        person_id,
        member_id,
        into_id,
        role,
    )
    await connection.execute("UPDATE member_key SET member_id = $2 WHERE person_id = $1", person_id, into_id)
    await connection.execute(
        """UPDATE device SET member_id = $3 WHERE member_id = $2
           AND device_id IN (SELECT device_id FROM person_session WHERE person_id = $1)""",
        person_id,
        member_id,
        into_id,
    )


async def add_to_household(
    vault: Vault,
    connection: Connection,
    *,
    member_id: UUID,
    role: str,
    keys: Sequence[MemberKey],
    fields: Mapping[str, str],
    consents: Sequence[Consent],
    at: datetime,
) -> UUID:
    """Somebody new in a household, with what was told of him and agreed for him."""
    person_id = new_id()
    key, sealer = vault.new_person(person_id)
    await add_person(connection, person_id, member_id, key, role=role)
    await add_keys(vault, connection, keys, member_id=member_id, person_id=person_id, sealer=sealer)
    await save_fields(connection, person_id, sealed_fields(sealer, fields), at=at)
    for one in consents:
        await add_consent(connection, person_id, one, proof=sealed_proof(sealer, one), at=at)
    await mark_likenesses(vault, connection, [(person_id, sealer)])
    return person_id


async def is_agreed_for(connection: Connection, person_id: UUID) -> bool:
    """Whether a guardian agreed for somebody, and does still."""
    given: bool | None = await connection.fetchval(
        "SELECT is_given FROM consent WHERE person_id = $1 AND purpose = $2 ORDER BY number DESC LIMIT 1",
        person_id,
        GUARDIAN_PURPOSE,
    )
    return bool(given)


async def birthday_of(vault: Vault, connection: Connection, person: Person) -> str | None:
    """The day of birth that somebody told."""
    sealed = await connection.fetchval(
        "SELECT sealed FROM person_field WHERE person_id = $1 AND field = 'birthday'", person.person_id
    )
    return None if sealed is None else vault.person(person.person_id, person.key).open("birthday", sealed)


async def refuse_under_age(
    connection: Connection, birthday: str | None, *, today: date, pointer: str = "/person/birthday"
) -> None:
    """Refuse what somebody does by himself who is so young that a guardian does it for him.

    Refuses
        GuardianNeeded   he is under the age that the ledger's setting says
    """
    age = await guardian_age(connection)
    if is_under_age(birthday, today, age):
        detail = (
            f"who is under {age} joins by a guardian: the head of a household adds the child and agrees for it "
            "(POST /v1/members/{id}/household/persons, or the member app under Household)"
        )
        raise GuardianNeeded(detail, pointer=pointer, guardian_age=age)
