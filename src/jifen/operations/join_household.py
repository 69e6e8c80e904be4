"""Join a household by an invitation: first what it would do, then the merge with the role, in one turn."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.household import (
    FREE_INVITATION_TRIES,
    PERSONS_MAX,
    WAIT_MAX_OF_INVITATIONS,
    invitation_code_in_form,
)
from jifen.domain.household_refusals import HouseholdInvitationWrong, HouseholdNotEmpty
from jifen.domain.operators import refuse_too_soon
from jifen.domain.principal import Principal
from jifen.domain.refusals import MergeIntoSelf, PersonUnknown, TooMuch
from jifen.store.audit import note_act
from jifen.store.households import MARK, Invitation, find_invitation, set_role, use_invitation
from jifen.store.merges import put_merge
from jifen.store.once import Once
from jifen.store.persons import Person, fields_of, persons_of
from jifen.store.sealed import sealer_of
from jifen.store.sign_in_tries import count_one_less, count_try, gate
from jifen.store.turn import Keyed, Taking, Turn, Wants, one
from jifen.vault.contacts import masked

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger
    from jifen.store.sign_in_tries import Gate


class JoinQuote(NamedTuple):
    """What an invitation would do: into whose household (the head's name masked), as what, how many are there."""

    role: str
    head: str | None
    persons: int


async def quote_join(
    ledger: Ledger, code: str, *, guesser: str, member_id: UUID | None = None, person_id: UUID | None = None
) -> JoinQuote:
    """What joining by a code would do; nothing changes. `guesser` is by whom wrong codes are counted.

    Refuses
        HouseholdInvitationWrong   the code opens nothing
        HouseholdNotEmpty          others belong to the household of whoever asks
        MergeIntoSelf              it is his own
        SignInTooSoon              after wrong codes the next one waits
        TooMuch                    as many belong to the household as may
    """
    mark = await _counted(ledger, code, guesser)
    async with ledger.reading() as connection:
        found = await find_invitation(connection, mark)
        if found is None:
            raise HouseholdInvitationWrong(pointer="/code")
        persons = await persons_of(connection, found.member_id)
        if member_id is not None and person_id is not None:
            _check(found, member_id, await persons_of(connection, member_id), person_id, persons)
        head = persons[0] if persons else None
        name = None
        if head is not None:
            sealed = (await fields_of(connection, head.person_id)).get("name")
            vault = await ledger.vault(connection)
            if sealed is not None:
                name = masked("name", vault.person(head.person_id, head.key).open("name", sealed))
    await _right(ledger, guesser)
    return JoinQuote(found.role, name, len(persons))


class _Join(Keyed, frozen=True, kw_only=True):
    member_id: UUID
    person_id: UUID
    mark: bytes
    principal: Principal

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        found = await find_invitation(connection, self.mark)
        if found is None:
            raise HouseholdInvitationWrong(pointer="/code")
        if found.member_id == self.member_id:
            raise MergeIntoSelf("you belong to this household already", pointer="/code")
        return _Joining(self, found)


class _Joining(NamedTuple):
    asked: _Join
    invitation: Invitation

    @property
    def wants(self) -> Wants:
        member_id = self.asked.member_id
        return Wants(members=(member_id, self.invitation.member_id), whole=(member_id,))

    async def take(self, turn: Turn) -> dict[str, Any]:
        asked, invitation, connection = self.asked, self.invitation, turn.connection
        if await find_invitation(connection, asked.mark) is None:
            raise HouseholdInvitationWrong(pointer="/code")
        own = await persons_of(connection, asked.member_id, is_locked=True)
        there = await persons_of(connection, invitation.member_id, is_locked=True)
        _check(invitation, asked.member_id, own, asked.person_id, there)

        answer = put_merge(
            turn, asked.member_id, invitation.member_id, note=None, actor=asked.principal.actor()
        )

        turn.then(partial(_use, invitation_id=invitation.invitation_id))
        turn.then(partial(set_role, person_id=asked.person_id, role=invitation.role))
        named = (
            about(About.PERSON, asked.person_id),
            about(About.MEMBER, asked.member_id),
            about(About.MEMBER, invitation.member_id),
        )
        act = Act(deed=Deed.HOUSEHOLD_JOINED, about=named, details={"role": invitation.role})
        turn.then(partial(note_act, principal=asked.principal, act=act))
        return {**answer, "role": invitation.role}


async def _use(connection: Connection, *, invitation_id: UUID) -> None:
    if not await use_invitation(connection, invitation_id):
        raise HouseholdInvitationWrong(pointer="/code")  # it ended in this very moment: nothing is written


async def join_household(
    ledger: Ledger,
    member_id: UUID,
    person_id: UUID,
    code: str,
    request: Once,
    *,
    guesser: str,
    principal: Principal,
) -> dict[str, Any]:
    """The household's member with his balances after, and as what one belongs to it: units, limits, cards and phones go over as
    in any merge.

    Refuses
        as `quote_join`, and as merging does
    """
    mark = await _counted(ledger, code, guesser)
    asked = _Join(once=request, member_id=member_id, person_id=person_id, mark=mark, principal=principal)
    answer: dict[str, Any] = await one(ledger, asked)
    await _right(ledger, guesser)
    return answer


def _check(
    invitation: Invitation, member_id: UUID, own: list[Person], person_id: UUID, there: list[Person]
) -> None:
    if invitation.member_id == member_id:
        raise MergeIntoSelf("you belong to this household already", pointer="/code")
    if not any(one.person_id == person_id for one in own):
        raise PersonUnknown(pointer="/person_id")
    if len(own) > 1:
        detail = (
            f"{len(own) - 1} more belong to your household: they leave first, or you leave it and join alone"
        )
        raise HouseholdNotEmpty(detail, pointer="/code", persons=len(own))
    if not there:
        raise HouseholdInvitationWrong("nobody belongs to that household any more", pointer="/code")
    if len(there) >= PERSONS_MAX:
        detail = f"at most {PERSONS_MAX} belong to one household"
        raise TooMuch(detail, pointer="/code", persons=len(there), persons_max=PERSONS_MAX)


# -- guessing -------------------------------------------------------------------------------------------------------------


def _gate(guesser: str) -> Gate:
    return gate("household codes", guesser, free=FREE_INVITATION_TRIES, most=WAIT_MAX_OF_INVITATIONS)


async def _counted(ledger: Ledger, code: str, guesser: str) -> bytes:
    """The mark of a code; the try is counted before it is looked at, also one that is only mistyped."""
    sealer = await sealer_of(ledger)
    async with ledger.transaction() as connection:
        refuse_too_soon(await count_try(connection, [_gate(guesser)]))
    plain = invitation_code_in_form(code)
    if plain is None:
        detail = "the code is mistyped: it has ten letters and digits, of which the last proves the others"
        raise HouseholdInvitationWrong(detail, pointer="/code")
    return sealer.mark(plain, purpose=MARK)


async def _right(ledger: Ledger, guesser: str) -> None:
    async with ledger.transaction() as connection:
        await count_one_less(connection, _gate(guesser))
