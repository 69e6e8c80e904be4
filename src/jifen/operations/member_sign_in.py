"""A member signs in by a code that was sent to him; who is nobody yet joins by it. And his sessions: listed, ended."""

from __future__ import annotations

import hmac
import re
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.calendar import local_date
from jifen.domain.one_time_code import DIGITS, SESSION_LASTS, SESSIONS_MAX
from jifen.domain.principal import Principal
from jifen.domain.refusals import (
    NotAuthenticated,
    OneTimeCodeWrong,
    PersonUnknown,
    SessionOver,
    SessionUnknown,
)
from jifen.store.audit import note_act
from jifen.store.codes import devices_of, end_numbers
from jifen.store.compiled import begun_again
from jifen.store.households import birthday_of, refuse_under_age
from jifen.store.ids import new_id
from jifen.store.member_sessions import (
    MemberSession,
    Proven,
    add_member_session,
    came_right,
    end_member_session,
    end_oldest_member_sessions,
    end_sessions_of_member,
    find_member_session,
    open_member_sessions,
    touch_member_session,
    try_code,
    use_up,
    whose_contact,
)
from jifen.store.once import Once, once
from jifen.store.passwords import agent_kept, session_id_of, session_token, token_hash
from jifen.store.persons import find_person, persons_of
from jifen.store.sealed import sealer_of

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger
    from jifen.vault import Vault

_BLANKS = re.compile(r"[\s-]+")


class MemberSignedIn(NamedTuple):
    """A session and what opens it, which is kept nowhere."""

    session: MemberSession
    token: str


@begun_again
async def sign_in_member(ledger: Ledger, proven: Proven, *, agent: str) -> MemberSignedIn | None:
    """A new session of whom the proven phone or e-mail finds; None: it finds nobody, and stays good for joining.

    Refuses
        GuardianNeeded     he is so young that the head of his household sees to it
        OneTimeCodeWrong   somebody else used the code a moment ago
        VaultClosed        the keys of personal data are not there
    """
    async with ledger.transaction() as connection:
        vault = await ledger.vault(connection)
        person_id = await whose_contact(vault, connection, proven.contact)
        if person_id is None:
            return None
        await _refuse_a_child(ledger, vault, connection, person_id)
        if not await use_up(connection, proven.sign_in_id):
            raise OneTimeCodeWrong(pointer="/code")
        return await _begin(connection, person_id, agent)


async def _refuse_a_child(ledger: Ledger, vault: Vault, connection: Connection, person_id: UUID) -> None:
    person = await find_person(connection, person_id)
    birthday = None if person is None else await birthday_of(vault, connection, person)
    if birthday is not None:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
        await refuse_under_age(
            connection, birthday, today=local_date(clock.now, timeline.time_zone), pointer="/code"
        )


async def prove(ledger: Ledger, sign_in_id: UUID, code: str, *, address: str) -> Proven:
    """What a code proves. The try is counted for good, whatever becomes of the rest.

    Refuses
        OneTimeCodeWrong   it is another one, was used, has expired, or was guessed at five times
        VaultClosed        the keys of personal data are not there
    """
    sealer, plain = await sealer_of(ledger), _BLANKS.sub("", code)[: DIGITS + 1]
    async with ledger.transaction() as connection:
        proven, left = await try_code(connection, sealer, sign_in_id, plain)
        if proven is not None:
            await came_right(connection, sealer, sign_in_id, proven.contact, address)
    if proven is None:
        detail = f"the code is not right: {left} tries are left" if left else "ask for another code"
        raise OneTimeCodeWrong(detail, pointer="/code", tries_left=left)
    return proven


async def use_proof(ledger: Ledger, proven: Proven) -> None:
    """What the code was sent for is done: it does nothing more."""
    async with ledger.transaction() as connection:
        await use_up(connection, proven.sign_in_id)


async def _begin(connection: Connection, person_id: UUID, agent: str) -> MemberSignedIn:
    session_id = new_id()
    token = session_token(session_id)
    session = await add_member_session(
        connection,
        session_id,
        person_id=person_id,
        token_hash=token_hash(token),
        agent=agent_kept(agent),
        lasts=SESSION_LASTS,
    )
    for device_id in await end_oldest_member_sessions(connection, person_id, keep=SESSIONS_MAX):
        await end_numbers(connection, device_id, member_id=session.member_id, after=timedelta())
    await _noted(connection, session, Deed.PERSON_SIGNED_IN)
    return MemberSignedIn(session, token)


async def _noted(connection: Connection, session: MemberSession, deed: Deed) -> None:
    named = (about(About.PERSON, session.person_id), about(About.MEMBER, session.member_id))
    await note_act(connection, principal_of_member(session), Act(deed=deed, about=named, count=1))


# -- sessions -------------------------------------------------------------------------------------------------------------


def principal_of_member(session: MemberSession) -> Principal:
    """Who asks in this session: himself, about himself. He has no permission of a key or an operator."""
    name = about(About.PERSON, session.person_id)
    return Principal(kind="person", id=session.person_id, name=name, permissions=frozenset())


async def open_member_session(ledger: Ledger, token: str) -> MemberSession:
    """The session that this token opens; that it was used is kept, once an hour.

    Refuses
        NotAuthenticated   there is none, or its token is another: nobody is told which
        SessionOver        it ended; only who has its token is told so
    """
    session_id = session_id_of(token)
    async with ledger.connection() as connection:
        session = await find_member_session(connection, session_id) if session_id else None
        is_right = hmac.compare_digest(session.token_hash if session else bytes(32), token_hash(token))
        if session is None or not is_right:
            raise NotAuthenticated("the session is not valid: sign in", pointer="/headers/Cookie")
        if not session.is_open:
            raise SessionOver(pointer="/headers/Cookie")
        if session.wants_touch:
            await touch_member_session(connection, session.session_id)
    return session


async def list_member_sessions(ledger: Ledger, person_id: UUID) -> list[MemberSession]:
    """A person's open sessions, the one used last first."""
    async with ledger.connection() as connection:
        return await open_member_sessions(connection, person_id)


async def end_own_member_session(ledger: Ledger, person_id: UUID, session_id: UUID) -> None:
    """End a session of one's own; codes that its phone shows open nothing from now on.

    Refuses
        SessionUnknown   there is none with that id that is open
    """
    async with ledger.transaction() as connection:
        ended = await end_member_session(connection, person_id, session_id)
        if ended is None:
            raise SessionUnknown("you have no open session with that id", pointer="/session_id")
        if ended.device_id is not None:
            await end_numbers(connection, ended.device_id, member_id=ended.member_id, after=timedelta())
        await _noted(connection, ended, Deed.PERSON_SIGNED_OUT)


async def sign_member_out(
    ledger: Ledger, member_id: UUID, request: Once, *, principal: Principal
) -> dict[str, Any]:
    """A phone was lost: every session of a member's persons ends, and the codes of all their phones open nothing.

    Refuses
        PersonUnknown   nothing personal is known of the member
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        persons = await persons_of(connection, member_id, is_locked=True)
        if not persons:
            raise PersonUnknown(pointer="/member")
        sessions = await end_sessions_of_member(connection, member_id)
        phones = 0
        for device in await devices_of(connection, member_id):
            ended = await end_numbers(connection, device.device_id, member_id=member_id, after=timedelta())
            phones += bool(ended)
        named = (about(About.MEMBER, member_id), *(about(About.PERSON, one.person_id) for one in persons))
        await note_act(connection, principal, Act(deed=Deed.PERSON_SIGNED_OUT, about=named, count=sessions))
        return {"member_id": str(member_id), "sessions": sessions, "phones": phones}

    return await once(ledger, request, effect)
