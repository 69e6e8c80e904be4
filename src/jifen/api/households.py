"""Households as the shop sees them: who belongs to one, added and seen off by service; merges undone; members who may be one."""

from __future__ import annotations

from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.bodies import KeyBody
from jifen.api.fields import Answer, Body, Code, Instant, Note, Units
from jifen.api.ids import GiftId, MemberId, PersonId
from jifen.api.persons import PersonBody
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import household_refusals as house
from jifen.domain import refusals as no
from jifen.domain.household import UNDO_LASTS, Share
from jifen.domain.person import MemberKey
from jifen.domain.principal import Permission
from jifen.jobs.households import leave_with_share, unmerge
from jifen.operations.change_household import add_person_to_household, change_role, guardian_consent
from jifen.operations.find_duplicates import Duplicates, Shown, find_duplicates, tell_members_apart
from jifen.operations.read_household import HouseholdView, read_household
from jifen.operations.record_consent import in_form
from jifen.operations.tell_person import told_of_person
from jifen.present.ids import prefixed, unprefixed
from jifen.store.once import Once

router = APIRouter(prefix="/v1", route_class=GuardedRoute)
ADDED_AS = Literal["adult", "child"]
ROLE = Literal["head", "adult", "child"]
PARTING_REFUSES = (
    no.PersonUnknown,
    no.PointsMissing,
    no.CurrencyUnknown,
    no.MemberClosed,
    no.MemberFrozen,
    no.ProgramMissing,
    no.VaultClosed,
    house.LastPerson,
    house.HeadNeeded,
    house.GuardianNeeded,
)
ADDING_REFUSES = (
    no.KeyTaken,
    no.MemberClosed,
    no.ProgramMissing,
    no.VaultClosed,
    house.HeadNeeded,
    house.GuardianNeeded,
)


class HouseholdPerson(Answer):
    """Somebody of a household."""

    person_id: PersonId
    role: ROLE
    name: str | None = Field(description="Masked, but for those who belong to it.")
    is_under_age: bool = Field(description="Under the age below which a guardian agrees.")
    is_agreed: bool = Field(description="A guardian has agreed.")
    added_at: Instant


class UndoableMerge(Answer):
    """A merge that may still be undone."""

    member_id: MemberId = Field(description="Who was merged into this one.")
    merged_at: Instant
    undo_until: Instant


class HouseholdAnswer(Answer):
    """A household, its head first."""

    member_id: MemberId
    persons: list[HouseholdPerson]
    invitations: int = Field(description="How many are open.")
    guardian_age: int
    merges: list[UndoableMerge]


class GuardianBody(Body):
    """That a guardian agrees for a child: to which version of the text, and how it is known."""

    text_version: Code = Field(examples=["2026-11"])
    channel: Literal["till", "app", "web", "phone", "paper", "import", "console"] = "till"
    proof: Note | None = Field(default=None, description="How it is known. Kept sealed.")


class AddToHouseholdBody(Body):
    """Somebody who is to belong to the household."""

    role: ADDED_AS
    person: PersonBody
    keys: list[KeyBody] = Field(default_factory=list, max_length=20)
    guardian: GuardianBody | None = None


class AddedAnswer(Answer):
    """Somebody belongs to the household as this."""

    member_id: MemberId
    person_id: PersonId
    role: ROLE


class ShareBody(Body):
    """Units that go with who leaves; they keep their terms and days of expiry."""

    currency: Code = Field(examples=["points"])
    units: Annotated[int, Field(strict=True, ge=0, le=2**63 - 1)]

    def share(self) -> Share:
        """As an operation takes it."""
        return Share(self.currency, self.units)


class LeaveBody(Body):
    """Who leaves, with what; and who is head then, where it is the head who leaves."""

    person_id: PersonId
    shares: list[ShareBody] = Field(default_factory=list, max_length=50)
    head_id: PersonId | None = None


class RoleBody(Body):
    """What somebody is to be."""

    role: ROLE


class UnmergeBody(Body):
    """Why."""

    note: Note | None = None


class UnderWay(Answer):
    """Units that go with who leaves."""

    gift_id: GiftId
    currency: str
    units: Units


class LeftAnswer(Answer):
    """He is a member of his own: limits that the household has used are used there too."""

    member_id: MemberId = Field(description="The household's.")
    person_id: PersonId
    new_member_id: MemberId
    head_id: PersonId | None = Field(description="Who is head now, where it was the head who left.")
    gifts: list[UnderWay]


class UndoneUnits(Answer):
    """Of a currency: what went over in the merge, what of it comes back, and what stays because it was spent or expired."""

    currency: str
    units_carried: int
    units_back: int
    units_stay: int


class UnmergedAnswer(Answer):
    """Who had gone is a member of his own again, under a new id."""

    member_id: MemberId
    into_id: MemberId
    new_member_id: MemberId
    persons: list[PersonId]
    gifts: list[UnderWay]
    units: list[UndoneUnits]


class DuplicateMember(Answer):
    """One of two, masked."""

    member_id: MemberId
    name: str | None
    keys: list[str] = Field(description="Kind and value, as `card ••••0001`.")


class Duplicate(Answer):
    """Two members who may be one, the older first."""

    first: DuplicateMember
    second: DuplicateMember
    alike: list[Literal["phone", "number", "name_birthday"]]


class DuplicatesAnswer(Answer):
    """Pairs, in the order of their ids."""

    data: list[Duplicate]
    next_cursor: str | None


class TellApartBody(Body):
    """Two members who are not the same."""

    member_id: MemberId
    other_id: MemberId


class ToldApartAnswer(Answer):
    """They are not shown as a pair again."""

    member_id: MemberId
    other_id: MemberId


@router.get(
    "/members/{member_id:id}/household",
    tags=["households"],
    summary="Read a household",
    **said(
        permission=Permission.MEMBERS_READ,
        answer=HouseholdAnswer,
        names_in_address=[no.MemberUnknown],
        refuses=[no.ProgramMissing, no.VaultClosed],
    ),
)
async def get_household(request: Request, member_id: MemberId) -> Response:
    """Who belongs to it as what, names masked, and the merges of the last day that may be undone."""
    return render.answered(household_shown(await read_household(desk_of(request).ledger, member_id)))


@router.post(
    "/members/{member_id:id}/household/persons",
    tags=["households"],
    summary="Add somebody to a household",
    **said(
        permission=Permission.PERSONS_CORRECT,
        answer=AddedAnswer,
        status=201,
        has_body=True,
        has_key=True,
        names_in_address=[no.MemberUnknown],
        refuses=ADDING_REFUSES,
    ),
)
async def add_to_household(request: Request, member_id: MemberId, body: AddToHouseholdBody) -> Response:
    """An adult with a phone of his own, or a child. Who is under the guardian's age is a child, and its guardian's consent comes
    with it.
    """
    desk = desk_of(request)
    told = await told_of_person(desk.ledger, body.person.fields(), body.person.attributes)
    guardian = None
    if body.guardian is not None:
        agreed = guardian_consent(body.guardian.text_version, body.guardian.channel, body.guardian.proof)
        guardian = in_form(agreed)

    async def effect(once: Once) -> dict[str, Any]:
        return await add_person_to_household(
            desk.ledger,
            member_id,
            body.role,
            told,
            once,
            principal=desk.principal,
            keys=[MemberKey(one.kind, one.value) for one in body.keys],
            guardian=guardian,
        )

    return render.told(AddedAnswer, await asked_once(desk, body, effect), status=201)


@router.post(
    "/members/{member_id:id}/household/persons/{person_id:id}:role",
    tags=["households"],
    summary="Change what somebody is in a household",
    **said(
        permission=Permission.PERSONS_CORRECT,
        answer=AddedAnswer,
        has_body=True,
        has_key=True,
        names_in_address=[no.PersonUnknown],
        refuses=[no.ProgramMissing, no.VaultClosed, house.HeadNeeded, house.GuardianNeeded],
    ),
)
async def set_role_in_household(
    request: Request, member_id: MemberId, person_id: PersonId, body: RoleBody
) -> Response:
    """A child that has come of age is an adult; where an adult becomes head, the head before is an adult."""
    desk = desk_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        return await change_role(desk.ledger, member_id, person_id, body.role, once, principal=desk.principal)

    return render.told(AddedAnswer, await asked_once(desk, body, effect))


@router.post(
    "/members/{member_id:id}/household:leave",
    tags=["households"],
    summary="See somebody off from a household",
    **said(
        permission=Permission.MEMBERS_MERGE,
        answer=LeftAnswer,
        has_body=True,
        has_key=True,
        names_in_address=[no.MemberUnknown],
        refuses=PARTING_REFUSES,
    ),
)
async def see_off(request: Request, member_id: MemberId, body: LeaveBody) -> Response:
    """Somebody becomes a member of his own, with what finds him and the share that the head of the household states; limits that
    the household has used stay used for both, tier and windows stay with the household.
    """
    desk = desk_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        return await leave_with_share(
            desk.ledger,
            member_id,
            body.person_id,
            once,
            by_id=None,
            shares=[one.share() for one in body.shares],
            principal=desk.principal,
            head_id=body.head_id,
        )

    return render.told(LeftAnswer, with_ids(await asked_once(desk, body, effect)))


@router.post(
    "/members/{member_id:id}:unmerge",
    tags=["members"],
    summary="Undo a merge",
    **said(
        permission=Permission.MEMBERS_MERGE,
        answer=UnmergedAnswer,
        has_body=True,
        has_key=True,
        names_in_address=[no.MemberUnknown],
        refuses=[no.MemberClosed, no.MemberFrozen, no.PointsMissing, no.ProgramMissing, house.MergeStands],
    ),
)
async def undo_a_merge(request: Request, member_id: MemberId, body: UnmergeBody) -> Response:
    """Within a day, of the member who went: persons, cards and phones are a member of their own again, with the units that are
    left of what went over, the tier, days and limits they had. What was spent meanwhile stays with who stayed, and is told.
    """
    desk = desk_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        return await unmerge(desk.ledger, member_id, once, principal=desk.principal, note=body.note)

    return render.told(UnmergedAnswer, with_ids(await asked_once(desk, body, effect)))


@router.get(
    "/duplicates",
    tags=["members"],
    summary="List members who may be one",
    **said(
        permission=Permission.MEMBERS_MERGE,
        answer=DuplicatesAnswer,
        refuses=[no.ProgramMissing, no.VaultClosed],
    ),
)
async def get_duplicates(
    request: Request,
    member: Annotated[MemberId | None, Query(description="Only pairs of this one.")] = None,
    after: Annotated[
        str | None, Query(max_length=100, description="The cursor: next_cursor of the page before.")
    ] = None,
    limit: Annotated[int, Query(ge=1, le=100)] = 50,
) -> Response:
    """Pairs with the same phone in another form, the same number of a card or an id elsewhere, or the same name and birthday. A
    person decides: merge them, or say that they are not the same.
    """
    found = await find_duplicates(
        desk_of(request).ledger, member_id=member, after=_cursor(after), limit=limit
    )
    return render.answered(duplicates_shown(found))


@router.post(
    "/duplicates:tell_apart",
    tags=["members"],
    summary="Say that two members are not the same",
    **said(
        permission=Permission.MEMBERS_MERGE,
        answer=ToldApartAnswer,
        has_body=True,
        has_key=True,
        refuses=[no.MemberUnknown],
    ),
)
async def tell_two_apart(request: Request, body: TellApartBody) -> Response:
    """They are remembered, and not shown as a pair again."""
    desk = desk_of(request)

    async def effect(once: Once) -> dict[str, Any]:
        return await tell_members_apart(
            desk.ledger, body.member_id, body.other_id, once, principal=desk.principal
        )

    return render.told(ToldApartAnswer, await asked_once(desk, body, effect))


def household_shown(view: HouseholdView) -> HouseholdAnswer:
    """A household as it is answered."""
    return HouseholdAnswer(
        member_id=view.member_id,
        persons=persons_of_household(view),
        invitations=len(view.invitations),
        guardian_age=view.guardian_age,
        merges=[
            UndoableMerge(
                member_id=one.member_id, merged_at=one.merged_at, undo_until=one.merged_at + UNDO_LASTS
            )
            for one in view.merges
        ],
    )


def persons_of_household(view: HouseholdView) -> list[HouseholdPerson]:
    """Who belongs to it."""
    return [HouseholdPerson.model_validate(one._asdict()) for one in view.persons]


def duplicates_shown(found: Duplicates) -> DuplicatesAnswer:
    """Pairs as they are answered."""
    return DuplicatesAnswer(
        data=[
            Duplicate(
                first=_one_of_two(pair.first_id, found.members[pair.first_id]),
                second=_one_of_two(pair.second_id, found.members[pair.second_id]),
                alike=list(pair.kinds),  # type: ignore[arg-type]
            )
            for pair in found.pairs
        ],
        next_cursor=None if found.after is None else ".".join(prefixed("mbr", one) for one in found.after),
    )


def _one_of_two(member_id: UUID, shown: Shown) -> DuplicateMember:
    return DuplicateMember(
        member_id=member_id, name=shown.name, keys=[f"{key.kind} {key.value}" for key in shown.keys]
    )


def _cursor(text: str | None) -> tuple[UUID, UUID] | None:
    if text is None:
        return None
    first, second = (unprefixed("mbr", one) for one in (text.partition(".")[0], text.partition(".")[2]))
    if first is None or second is None:
        raise no.FieldWrong("a cursor is the next_cursor of the page before", pointer="/query/after")
    return first, second


def with_ids(answer: dict[str, Any]) -> dict[str, Any]:
    """A remembered answer with the ids inside it as ids."""
    told = dict(answer)
    told["gifts"] = [{**one, "gift_id": UUID(one["gift_id"])} for one in answer["gifts"]]
    if "persons" in answer:
        told["persons"] = [UUID(one) for one in answer["persons"]]
    return told
