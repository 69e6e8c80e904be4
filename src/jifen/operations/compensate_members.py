"""Compensate many members at once: by a list, or by what a rule would have given while it was switched off. Looked at first, then
paid in pieces by the jobs, and undone where it was wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from jifen.domain.adjustment import UNITS_MAX
from jifen.domain.audit import About, Act, Deed, Detail, about
from jifen.domain.compensations import CompensationOver, CompensationUnknown
from jifen.domain.principal import Principal
from jifen.domain.refusals import CurrencyUnknown, FieldWrong, MemberUnknown, TooMuch
from jifen.store.audit import note_act
from jifen.store.carries import heirs_of
from jifen.store.compensations import (
    Compensation,
    add_compensation,
    begin_undoing,
    compensation_of,
    compensations,
    kept_back_by_switch,
    refused_shares,
)
from jifen.store.ids import new_id
from jifen.store.ledger import Connection, Ledger
from jifen.store.members import found_by
from jifen.store.once import Once, once
from jifen.store.requests import Whose
from jifen.store.revisions import newest_revision

MEMBERS_MAX = 100_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Whom it is for, and how many units of a currency each."""

    currency: str
    shares: Sequence[tuple[Whose, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOff:
    """For whom a rule would have given something while it was switched off: occasions booked from a moment until another."""

    rule: str
    since: datetime
    until: datetime


Basis = Listed | RuleOff


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """What a compensation would give.

    Shape
        shares     units by member
        left_out   purchases of which something came back since, which a person has to look at
    """

    currency: str
    shares: dict[UUID, int]
    left_out: int = 0

    @property
    def units(self) -> int:
        """Of all together."""
        return sum(self.shares.values())


async def plan_compensation(ledger: Ledger, basis: Basis) -> Planned:
    """What it would give to whom. Nothing changes.

    Refuses
        FieldWrong        a rule that never was; no units; a member who is listed twice; an end before its beginning
        MemberUnknown     somebody whom the ledger does not know is listed
        CurrencyUnknown   the programme has no such currency
        TooMuch           more than a hundred thousand members, or more units than one adjustment has
    """
    async with ledger.reading() as connection:
        return await _planned(ledger, connection, basis)


async def _planned(ledger: Ledger, connection: Connection, basis: Basis) -> Planned:
    newest = await newest_revision(connection)
    if newest is None:
        await ledger.timeline(connection, 0)  # which says so
    assert newest is not None, "a ledger without a programme was refused"
    planned = (
        await _as_listed(ledger, connection, basis, newest.numbering["currency"])
        if isinstance(basis, Listed)
        else await _as_kept_back(connection, basis, newest.numbering["rule"], newest.document)
    )
    if len(planned.shares) > MEMBERS_MAX:
        raise TooMuch(f"{len(planned.shares)} members: at most {MEMBERS_MAX} at once", limit=MEMBERS_MAX)
    if planned.units > UNITS_MAX:
        detail = f"{planned.units} units for all together: at most {UNITS_MAX} at once, so make several"
        pointer = "/members" if isinstance(basis, Listed) else "/rule_off"
        raise TooMuch(detail, pointer=pointer, units=planned.units, limit=UNITS_MAX)
    return planned


async def _as_listed(ledger: Ledger, connection: Connection, basis: Listed, currencies: Any) -> Planned:
    if basis.currency not in currencies:
        known = ", ".join(sorted(currencies))
        raise CurrencyUnknown(
            f"{basis.currency!r} is none of {known}", pointer="/currency", value=basis.currency
        )
    found = await found_by(ledger, connection, [whose for whose, _ in basis.shares])
    heirs = await heirs_of(connection, [one for one in found if one is not None])
    shares: dict[UUID, int] = {}
    for at, (member_id, (_, units)) in enumerate(zip(found, basis.shares, strict=True)):
        if member_id is None:
            raise MemberUnknown(f"member {at + 1} of the list is nobody's", pointer=f"/members/{at}/member")
        heir = heirs[member_id]
        if units <= 0:
            raise FieldWrong(
                "a compensation gives: units are 1 or more", pointer=f"/members/{at}/units", value=units
            )
        if heir in shares:
            raise FieldWrong(
                f"member {at + 1} of the list stands there before", pointer=f"/members/{at}/member"
            )
        shares[heir] = units
    return Planned(currency=basis.currency, shares=shares)


async def _as_kept_back(connection: Connection, basis: RuleOff, rules: Any, document: Any) -> Planned:
    if basis.rule not in rules:
        raise FieldWrong(f"no revision has a rule {basis.rule!r}", pointer="/rule_off/rule", value=basis.rule)
    if basis.until <= basis.since:
        raise FieldWrong("it ends before it begins", pointer="/rule_off/until", value=basis.until.isoformat())
    told = {rule["code"]: rule for rule in document["earn_rules"]}
    rule = told.get(basis.rule)
    if rule is None:
        raise FieldWrong(
            f"the rule {basis.rule!r} is in no programme any more: list the members", pointer="/rule_off/rule"
        )
    base = told.get((rule.get("multiple") or {}).get("of", ""), rule)
    shares, left_out = await kept_back_by_switch(
        connection, rules[basis.rule], since=basis.since, until=basis.until
    )
    heirs = await heirs_of(connection, list(shares))
    whole: dict[UUID, int] = {}
    for member_id, units in shares.items():
        heir = heirs[member_id]
        whole[heir] = whole.get(heir, 0) + units
    return Planned(currency=rule.get("currency") or base["currency"], shares=whole, left_out=left_out)


async def begin_compensation(
    ledger: Ledger, basis: Basis, *, reason: str, request: Once, principal: Principal
) -> dict[str, Any]:
    """A compensation that the jobs pay from now on, each share as an adjustment that stands in its member's statement with the
    reason.

    Refuses
        SecondPersonNeeded   all shares together are more than whoever asks adjusts alone
        FieldWrong           no reason, or nobody to be given anything; and what `plan_compensation` refuses
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        planned = await _planned(ledger, connection, basis)
        if not planned.shares:
            raise FieldWrong("nobody would be given anything", pointer="/members")
        if not reason.strip():
            raise FieldWrong("a compensation says why", pointer="/reason")
        principal.check_unbound(pointer="/members")
        principal.check_adjustment(planned.units, pointer="/members")
        compensation_id = new_id()
        await add_compensation(
            connection,
            compensation_id,
            currency=planned.currency,
            reason=reason,
            made_by=principal.actor(),
            shares=planned.shares,
        )
        named = (about(About.COMPENSATION, compensation_id),)
        details: dict[str, Detail] = {
            "members": len(planned.shares),
            "units": planned.units,
            "currency": planned.currency,
        }
        await note_act(connection, principal, Act(deed=Deed.COMPENSATION_MADE, about=named, details=details))
        return {
            "compensation_id": str(compensation_id),
            "currency": planned.currency,
            "members": len(planned.shares),
            "units": planned.units,
            "left_out": planned.left_out,
        }

    return await once(ledger, request, effect)


async def undo_compensation(
    ledger: Ledger, compensation_id: UUID, *, request: Once, principal: Principal
) -> dict[str, Any]:
    """From now on the jobs take back what it gave, each share from its own entry; what was spent meanwhile as the policy for debt
    has it.

    Refuses
        CompensationUnknown   there is none
        CompensationOver      that was begun before
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        found = await compensation_of(connection, compensation_id)
        if found is None:
            raise CompensationUnknown(pointer="/path/compensation_id")
        principal.check_unbound(pointer="/path/compensation_id")
        principal.check_adjustment(found.units, pointer="/path/compensation_id")
        if not await begin_undoing(connection, compensation_id, undone_by=principal.actor()):
            raise CompensationOver(pointer="/path/compensation_id")
        named = (about(About.COMPENSATION, compensation_id),)
        await note_act(connection, principal, Act(deed=Deed.COMPENSATION_UNDONE, about=named))
        return {"compensation_id": str(compensation_id), "state": "undoing"}

    return await once(ledger, request, effect)


async def list_compensations(
    ledger: Ledger, *, before: UUID | None = None, limit: int = 50
) -> tuple[list[Compensation], UUID | None]:
    """A page, newest first, behind the one that is named; and after which the next one begins, None: it is the last."""
    async with ledger.connection() as connection:
        found = await compensations(connection, before=before, limit=limit + 1)
    page = found[:limit]
    return page, page[-1].compensation_id if len(found) > limit else None


async def read_compensation(
    ledger: Ledger, compensation_id: UUID
) -> tuple[Compensation, Sequence[tuple[UUID, int, str]]]:
    """How far one is, and for whom it could not be done: member, units, the refusal's code.

    Refuses
        CompensationUnknown   there is none
    """
    async with ledger.reading() as connection:
        found = await compensation_of(connection, compensation_id)
        if found is None:
            raise CompensationUnknown(pointer="/path/compensation_id")
        return found, await refused_shares(connection, compensation_id)
