"""Invite somebody to a household by a code, and call an invitation off.

The code is made from the invitation's id under the ledger's own key: a retry shows the same one, and no remembered answer and no
table holds it.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.household import (
    CODE_ALPHABET,
    CODE_LENGTH,
    INVITATIONS_MAX,
    PERSONS_MAX,
    invitation_code,
    invitation_code_in_form,
    is_head,
)
from jifen.domain.household_refusals import HouseholdInvitationWrong, NotHead
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, MemberClosed, TooMuch
from jifen.domain.verbs import Status
from jifen.store.audit import note_act
from jifen.store.households import MARK, add_invitation, call_off_invitation, open_invitations
from jifen.store.ids import new_id
from jifen.store.members import lock_members
from jifen.store.once import Once, once
from jifen.store.persons import persons_of
from jifen.store.sealed import sealer_of
from jifen.store.settings import invitation_lasts

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


async def invite_to_household(
    ledger: Ledger, member_id: UUID, person_id: UUID, role: str, request: Once, *, principal: Principal
) -> dict[str, Any]:
    """The invitation's id, its role and until when it is good; `invitation_code_of` tells its code.

    Refuses
        NotHead        whoever invites is not the head of the household
        FieldWrong     a role that no invitation gives
        MemberClosed   the member takes no more entries
        TooMuch        as many belong to it as may, or as many invitations are open
        VaultClosed    the keys of personal data are not there
    """
    if role not in ("adult", "child"):
        raise FieldWrong("an invitation is for an adult or a child", pointer="/role", value=role[:20])
    sealer = await sealer_of(ledger)
    own = await ledger.own_key()

    async def effect(connection: Connection) -> dict[str, Any]:
        members = await lock_members(connection, [member_id])
        persons = await persons_of(connection, member_id, is_locked=True)
        if not is_head(persons, person_id):
            raise NotHead("only the head of the household invites", pointer="/role")
        if members[member_id].status is not Status.ACTIVE:
            raise MemberClosed(pointer="/member")
        waiting = await open_invitations(connection, member_id)
        if len(persons) + len(waiting) >= PERSONS_MAX or len(waiting) >= INVITATIONS_MAX:
            detail = (
                f"at most {PERSONS_MAX} belong to a household and {INVITATIONS_MAX} invitations are open: "
                "call one off, or wait until one ends"
            )
            raise TooMuch(detail, pointer="/role", persons=len(persons), invitations=len(waiting))
        invitation_id = new_id()
        mark = sealer.mark(_plain(_code(own, invitation_id)), purpose=MARK)
        made = await add_invitation(
            connection,
            mark,
            invitation_id=invitation_id,
            member_id=member_id,
            invited_by=person_id,
            role=role,
            lasts=await invitation_lasts(connection),
        )
        named = (about(About.PERSON, person_id), about(About.MEMBER, member_id))
        act = Act(deed=Deed.HOUSEHOLD_INVITED, about=named, details={"role": role})
        await note_act(connection, principal, act)
        return {
            "invitation_id": str(invitation_id),
            "role": role,
            "made_at": made.made_at.isoformat(),
            "expires_at": made.expires_at.isoformat(),
        }

    return await once(ledger, request, effect)


async def invitation_code_of(ledger: Ledger, invitation_id: UUID) -> str:
    """The code of an invitation, as it is shown."""
    return _code(await ledger.own_key(), invitation_id)


async def call_off(
    ledger: Ledger, member_id: UUID, person_id: UUID, invitation_id: UUID, *, principal: Principal
) -> None:
    """The invitation opens nothing more.

    Refuses
        NotHead                    whoever asks is not the head of the household
        HouseholdInvitationWrong   the household has no such invitation that is open
    """
    async with ledger.transaction() as connection:
        await lock_members(connection, [member_id])
        if not is_head(await persons_of(connection, member_id), person_id):
            raise NotHead(pointer="/path/invitation_id")
        if not await call_off_invitation(connection, member_id, invitation_id):
            raise HouseholdInvitationWrong(
                "no such invitation of the household is open", pointer="/path/invitation_id"
            )
        named = (about(About.PERSON, person_id), about(About.MEMBER, member_id))
        await note_act(connection, principal, Act(deed=Deed.HOUSEHOLD_CALLED_OFF, about=named))


def _code(key: bytes, invitation_id: UUID) -> str:
    """Nine characters of a keyed hash with their check character: the first draw whose check character cannot be misread."""
    for draw in itertools.count():
        text = f"household invitation\0{invitation_id.hex}\0{draw}"
        drawn = hmac.digest(key, text.encode(), hashlib.sha256)
        # 32 characters divide a byte: each is as likely as any other.
        code = invitation_code("".join(CODE_ALPHABET[byte % 32] for byte in drawn[:CODE_LENGTH]))
        if code[-1] in CODE_ALPHABET:
            return code
    raise AssertionError("one of the draws has such a check character")


def _plain(code: str) -> str:
    plain = invitation_code_in_form(code)
    assert plain is not None, "a code that was made has its form"
    return plain
