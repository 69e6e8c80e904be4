"""Codes that were sent to members, and sessions of persons. Of a token only the SHA-256 is kept, of a code a keyed mark."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, NamedTuple
from uuid import UUID

from jifen.domain.one_time_code import (
    FREE_SENDS,
    FREE_SENDS_OF_ADDRESS,
    LASTS,
    TRIES,
    WAIT_MAX_OF_ADDRESS,
    WAIT_MAX_OF_SENDS,
)
from jifen.domain.person import MemberKey
from jifen.store.sign_in_tries import Gate, count_one_less, gate

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger
    from jifen.store.sealed import Sealer
    from jifen.vault import Vault

TOUCH_EVERY = timedelta(hours=1)
"""The last use of a session is kept so exactly."""
KEPT_AFTER_END = timedelta(days=30)
_SEALED_FOR = "one-time code"


class Proven(NamedTuple):
    """A phone or e-mail that somebody proved to have: the code is used by that, or not yet."""

    sign_in_id: UUID
    contact: MemberKey


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberSession:
    """A session with whose it is, as it stood when it was read."""

    session_id: UUID
    person_id: UUID
    member_id: UUID
    token_hash: bytes
    agent: str
    device_id: UUID | None
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    read_at: datetime

    @property
    def is_open(self) -> bool:
        """Whether it opened anything when it was read."""
        return self.ended_at is None and self.expires_at > self.read_at

    @property
    def wants_touch(self) -> bool:
        """Whether the last use that is kept is too old to be told."""
        return self.read_at - self.last_used_at >= TOUCH_EVERY


# -- codes ----------------------------------------------------------------------------------------------------------------


async def add_code(
    connection: Connection, sealer: Sealer, sign_in_id: UUID, contact: MemberKey, code: str
) -> datetime:
    """Keep that a code goes to a phone or e-mail; until when it is good."""
    expires_at: datetime = await connection.fetchval(
        """INSERT INTO one_time_code (sign_in_id, kind, sealed, code_mark, expires_at)
           VALUES ($1, $2, $3, $4, clock_timestamp() + $5::interval) RETURNING expires_at""",
        sign_in_id,
        contact.kind,
        sealer.seal(contact.value.encode(), purpose=_SEALED_FOR, about=sign_in_id.hex),
        _mark(sealer, sign_in_id, code),
        LASTS,
    )
    return expires_at


def send_gates(sealer: Sealer, contact: MemberKey, address: str) -> list[Gate]:
    """Where codes are counted: by whom they went to, and, until somebody came in by them, by the address that asked."""
    about = sealer.mark(f"{contact.kind}|{contact.value}", purpose="codes sent").hex()
    return [
        gate("codes to", about, free=FREE_SENDS, most=WAIT_MAX_OF_SENDS),
        gate("codes from", address, free=FREE_SENDS_OF_ADDRESS, most=WAIT_MAX_OF_ADDRESS),
    ]


async def came_right(
    connection: Connection, sealer: Sealer, sign_in_id: UUID, contact: MemberKey, address: str
) -> None:
    """The first time that a code proves something, it counts no more against its address: guests on one address do not wait for
    each other. Against its contact it counts on: whoever has a phone may have codes sent there too often all the same."""
    done: str = await connection.execute(
        "UPDATE one_time_code SET proven_at = clock_timestamp() WHERE sign_in_id = $1 AND proven_at IS NULL",
        sign_in_id,
    )
    if done.endswith(" 1"):
        _, by_address = send_gates(sealer, contact, address)
        await count_one_less(connection, by_address)


async def try_code(
    connection: Connection, sealer: Sealer, sign_in_id: UUID, code: str
) -> tuple[Proven | None, int]:
    """What a code proves (None: nothing), and how many tries are left. The try is counted, and the row stays locked."""
    row = await connection.fetchrow(
        """UPDATE one_time_code SET tries = tries + 1
           WHERE sign_in_id = $1 AND tries < $2 AND used_at IS NULL AND expires_at > clock_timestamp()
           RETURNING kind, sealed, code_mark, tries""",
        sign_in_id,
        TRIES,
    )
    if row is None:
        return None, 0
    if not sealer.is_mark(row["code_mark"], _marked(sign_in_id, code), purpose=_SEALED_FOR):
        return None, TRIES - row["tries"]
    value = sealer.unseal(row["sealed"], purpose=_SEALED_FOR, about=sign_in_id.hex).decode()
    return Proven(sign_in_id, MemberKey(row["kind"], value)), TRIES - row["tries"]


async def use_up(connection: Connection, sign_in_id: UUID) -> bool:
    """Whether the code was still to be used; it does nothing more."""
    done: str = await connection.execute(
        "UPDATE one_time_code SET used_at = clock_timestamp() WHERE sign_in_id = $1 AND used_at IS NULL",
        sign_in_id,
    )
    return done.endswith(" 1")


async def prune_codes_sent(ledger: Ledger) -> int:
    """Forget codes that prove nothing any more; how many."""
    async with ledger.transaction() as connection:
        done: str = await connection.execute("DELETE FROM one_time_code WHERE expires_at < clock_timestamp()")
    return int(done.rpartition(" ")[2])


def _marked(sign_in_id: UUID, code: str) -> str:
    return f"{sign_in_id.hex}|{code}"


def _mark(sealer: Sealer, sign_in_id: UUID, code: str) -> bytes:
    return sealer.mark(_marked(sign_in_id, code), purpose=_SEALED_FOR)


# -- sessions -------------------------------------------------------------------------------------------------------------

_COLUMNS = """s.session_id, s.person_id, p.member_id, s.token_hash, s.agent, s.device_id, s.created_at, s.last_used_at,
    s.expires_at, s.ended_at, clock_timestamp() AS read_at"""
_FROM = "FROM person_session s JOIN person p USING (person_id)"


async def whose_contact(vault: Vault, connection: Connection, contact: MemberKey) -> UUID | None:
    """The person whom a phone or e-mail finds; None: nobody."""
    person_id: UUID | None = await connection.fetchval(
        "SELECT person_id FROM member_key WHERE kind = $1 AND blind = ANY ($2::bytea[])",
        contact.kind,
        list(vault.blinds(contact.kind, contact.value)),
    )
    return person_id


async def add_member_session(
    connection: Connection,
    session_id: UUID,
    *,
    person_id: UUID,
    token_hash: bytes,
    agent: str,
    lasts: timedelta,
) -> MemberSession:
    """Keep a new session and return it."""
    await connection.execute(
        """INSERT INTO person_session (session_id, person_id, token_hash, agent, last_used_at, expires_at)
           SELECT $1, $2, $3, $4, now, now + $5::interval FROM clock_timestamp() AS now""",
        session_id,
        person_id,
        token_hash,
        agent,
        lasts,
    )
    found = await find_member_session(connection, session_id)
    assert found is not None, "it was written just now"
    return found


async def find_member_session(connection: Connection, session_id: UUID) -> MemberSession | None:
    """A session by its id; None: there is none, or its person is nobody any more."""
    row = await connection.fetchrow(f"SELECT {_COLUMNS} {_FROM} WHERE session_id = $1", session_id)
    return MemberSession(**dict(row)) if row else None


async def open_member_sessions(connection: Connection, person_id: UUID) -> list[MemberSession]:
    """A person's sessions that are open, the one used last first."""
    rows = await connection.fetch(
        f"""SELECT {_COLUMNS} {_FROM} WHERE s.person_id = $1 AND ended_at IS NULL AND expires_at > clock_timestamp()
            ORDER BY s.last_used_at DESC, s.session_id DESC""",
        person_id,
    )
    return [MemberSession(**dict(row)) for row in rows]


async def touch_member_session(connection: Connection, session_id: UUID) -> None:
    """Keep that it was used just now, once an hour at most."""
    await connection.execute(
        """UPDATE person_session SET last_used_at = clock_timestamp()
           WHERE session_id = $1 AND last_used_at <= clock_timestamp() - $2::interval AND ended_at IS NULL""",
        session_id,
        TOUCH_EVERY,
    )


async def shows_codes_as(connection: Connection, session_id: UUID) -> UUID | None:
    """As which device the phone of a session shows codes; None: it shows none. The session is locked."""
    device_id: UUID | None = await connection.fetchval(
        "SELECT device_id FROM person_session WHERE session_id = $1 FOR UPDATE", session_id
    )
    return device_id


async def show_codes_with(connection: Connection, session_id: UUID, device_id: UUID) -> None:
    """The phone of a session shows codes as this device from now on."""
    await connection.execute(
        "UPDATE person_session SET device_id = $2 WHERE session_id = $1", session_id, device_id
    )


async def end_member_session(
    connection: Connection, person_id: UUID, session_id: UUID
) -> MemberSession | None:
    """The session of this person, which was open and is no more; None: there was none."""
    found = await find_member_session(connection, session_id)
    done: str = await connection.execute(
        """UPDATE person_session SET ended_at = clock_timestamp()
           WHERE session_id = $1 AND person_id = $2 AND ended_at IS NULL AND expires_at > clock_timestamp()""",
        session_id,
        person_id,
    )
    return found if done.endswith(" 1") else None


async def end_sessions_of_member(connection: Connection, member_id: UUID) -> int:
    """How many sessions of the persons of a member were open; they are no more."""
    done: str = await connection.execute(
        """UPDATE person_session s SET ended_at = clock_timestamp() FROM person p
           WHERE p.person_id = s.person_id AND p.member_id = $1 AND ended_at IS NULL AND expires_at > clock_timestamp()""",
        member_id,
    )
    return int(done.rpartition(" ")[2])


async def end_sessions_of_person(connection: Connection, person_id: UUID) -> list[UUID | None]:
    """The sessions of somebody that were open, each as the device that showed codes in it, or None; they are no more."""
    rows = await connection.fetch(
        """UPDATE person_session SET ended_at = clock_timestamp()
           WHERE person_id = $1 AND ended_at IS NULL AND expires_at > clock_timestamp() RETURNING device_id""",
        person_id,
    )
    return [row["device_id"] for row in rows]


async def end_oldest_member_sessions(connection: Connection, person_id: UUID, *, keep: int) -> list[UUID]:
    """End those used longest ago beyond so many, and forget those that ended long ago; devices that showed codes in them."""
    rows = await connection.fetch(
        """UPDATE person_session SET ended_at = clock_timestamp() WHERE session_id IN (
               SELECT session_id FROM person_session
               WHERE person_id = $1 AND ended_at IS NULL AND expires_at > clock_timestamp()
               ORDER BY last_used_at DESC, session_id DESC OFFSET $2)
           RETURNING device_id""",
        person_id,
        keep,
    )
    await connection.execute(
        """DELETE FROM person_session
           WHERE person_id = $1 AND least(ended_at, expires_at) < clock_timestamp() - $2::interval""",
        person_id,
        KEPT_AFTER_END,
    )
    return [row["device_id"] for row in rows if row["device_id"] is not None]


async def remove_member_sessions(connection: Connection, person_id: UUID) -> None:
    """Nobody is signed in as a person who was erased."""
    await connection.execute("DELETE FROM person_session WHERE person_id = $1", person_id)
