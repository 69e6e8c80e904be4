"""Leave a household: somebody becomes a member of his own, with a share of its units that its head states (decision 0114)."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.calendar import local_date
from jifen.domain.household import Share, begins_with_limits, is_head
from jifen.domain.household_refusals import HeadNeeded, LastPerson, NotHead
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, PersonUnknown
from jifen.store.audit import note_act
from jifen.store.gather import Need
from jifen.store.households import (
    birthday_of,
    call_off_invitations_of,
    move_one,
    refuse_under_age,
    set_role,
)
from jifen.store.merges import put_parting
from jifen.store.once import Once
from jifen.store.persons import Person, of_persons, persons_of
from jifen.store.turn import Keyed, Taking, Turn, Wants, one

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jifen.store.ledger import Connection, Ledger
    from jifen.vault import Vault


class _Leave(Keyed, frozen=True, kw_only=True):
    ledger: Ledger
    member_id: UUID
    person_id: UUID
    by_id: UUID | None  # who of the household asks; None: the shop does
    head_id: UUID | None
    shares: tuple[Share, ...]
    principal: Principal

    async def look(self, connection: Connection, member_id: UUID | None) -> Taking:
        return _Leaving(self, await self.ledger.vault(connection))


class _Leaving(NamedTuple):
    asked: _Leave
    vault: Vault

    @property
    def wants(self) -> Wants:
        member_id = self.asked.member_id
        needs = tuple(Need(member_id, one.currency, one.units) for one in self.asked.shares)
        return Wants(members=(member_id,), needs=needs)

    async def take(self, turn: Turn) -> dict[str, Any]:
        asked, connection = self.asked, turn.connection
        member = turn.spender(asked.member_id) if asked.shares else turn.member(asked.member_id)
        persons = await persons_of(connection, asked.member_id, is_locked=True)
        goes, head_id = _who_goes(persons, asked)
        birthday = await birthday_of(self.vault, connection, goes)
        today = local_date(turn.now, turn.timeline.time_zone)
        await refuse_under_age(connection, birthday, today=today, pointer="/person_id")

        member_id, gifts = put_parting(
            turn,
            asked.member_id,
            begins_with=begins_with_limits(member),
            shares=asked.shares,
            actor=asked.principal.actor(),
        )

        turn.then(
            partial(
                move_one,
                person_id=goes.person_id,
                member_id=asked.member_id,
                into_id=member_id,
                role="head",
            )
        )
        turn.then(partial(call_off_invitations_of, person_id=goes.person_id))
        if head_id is not None:
            turn.then(partial(set_role, person_id=head_id, role="head"))
        named = (
            about(About.PERSON, goes.person_id),
            about(About.MEMBER, asked.member_id),
            about(About.MEMBER, member_id),
        )
        turn.then(
            partial(note_act, principal=asked.principal, act=Act(deed=Deed.HOUSEHOLD_LEFT, about=named))
        )
        return {
            "member_id": str(asked.member_id),
            "person_id": str(goes.person_id),
            "new_member_id": str(member_id),
            "head_id": None if head_id is None else str(head_id),
            "gifts": gifts,
        }


def _who_goes(persons: Sequence[Person], asked: _Leave) -> tuple[Person, UUID | None]:
    """Who leaves, and who is head then where it is the head who does: the ladder of refusals."""
    goes = of_persons(persons, asked.person_id)
    if goes is None:
        raise PersonUnknown("nobody with this id belongs to the household", pointer="/person_id")
    if asked.by_id is not None and not is_head(persons, asked.by_id):
        if asked.by_id != goes.person_id:
            raise NotHead("only the head sees somebody else off", pointer="/person_id")
        if asked.shares:
            detail = "the head states the share: leave without one, or let the head see you off with one"
            raise NotHead(detail, pointer="/shares")
    if len(persons) == 1:
        raise LastPerson(pointer="/person_id")
    if goes.role != "head":
        if asked.head_id is not None:
            raise FieldWrong("the head stays: leave head_id out", pointer="/head_id")
        return goes, None
    named = None if asked.head_id is None else of_persons(persons, asked.head_id)
    if named is None or named.role != "adult":
        raise HeadNeeded(pointer="/head_id")
    return goes, named.person_id


async def leave_household(
    ledger: Ledger,
    member_id: UUID,
    person_id: UUID,
    request: Once,
    *,
    by_id: UUID | None,
    shares: Sequence[Share],
    principal: Principal,
    head_id: UUID | None = None,
) -> dict[str, Any]:
    """The new member of who leaves, with the gifts under way to him: `jobs.households` lets each arrive, or the queue does.

    Refuses
        PersonUnknown    nobody with that id belongs to the household
        NotHead          somebody else is seen off, or a share is stated, by who is not its head
        LastPerson       nobody would be left
        HeadNeeded       the head leaves and names no other adult
        GuardianNeeded   he is so young that he belongs to a guardian's household
        PointsMissing, CurrencyUnknown, MemberClosed, MemberFrozen   the share cannot be given
    """
    kept = tuple(share for share in shares if share.units)
    if len({share.currency for share in kept}) < len(kept):
        raise FieldWrong("a currency stands twice", pointer="/shares")
    asked = _Leave(
        ledger=ledger,
        once=request,
        member_id=member_id,
        person_id=person_id,
        by_id=by_id,
        head_id=head_id,
        shares=kept,
        principal=principal,
    )
    answer: dict[str, Any] = await one(ledger, asked)
    return answer
