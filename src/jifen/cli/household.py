"""`jifen member household ...`: who belongs to a household, added and seen off; merges undone, and members who may be one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any
from uuid import UUID

import typer

from jifen.cli.at_ledger import (
    AsJson,
    Home,
    Language,
    Who,
    at_ledger,
    local,
    member_named,
    once_for,
    person_named,
)
from jifen.cli.member import member_app
from jifen.cli.person import Birthday, Email, Name, Phone
from jifen.cli.show import language_spoken, scales_of, show
from jifen.present.shown import units_shown

if TYPE_CHECKING:
    from jifen.operations.find_duplicates import Duplicates
    from jifen.operations.read_household import HouseholdView
    from jifen.present.catalogue import Catalogue
    from jifen.store.ledger import Ledger

household_app = typer.Typer(
    help="Show and change who belongs to a member: the household.", no_args_is_help=True
)
PersonNamed = Annotated[
    str, typer.Argument(metavar="PERSON", help="per_..., as jifen member household show tells.")
]


@household_app.command("show")
def show_household(
    member: Who, language: Language = "en", home: Home = None, as_json: AsJson = False
) -> None:
    """Show who belongs to a member as what, names masked, and which merges may still be undone.

    Example: jifen member household show card:6200001
    """

    async def work(ledger: Ledger) -> HouseholdView:
        from jifen.operations.find_member import find_member
        from jifen.operations.read_household import read_household

        return await read_household(ledger, await find_member(ledger, member_named(member)))

    view = at_ledger(work, home=home, as_json=as_json)
    from jifen.domain.household import UNDO_LASTS
    from jifen.present.ids import prefixed
    from jifen.present.shown import shown_instant

    words = _words()
    lines = []
    for one in view.persons:
        said = words.say(
            "household.person",
            person=prefixed("per", one.person_id),
            role=words.say(f"household_role.{one.role}"),
            name=one.name or words.say("household.unnamed"),
        )
        if one.is_under_age:
            agreed = "household.under_age" if one.is_agreed else "household.under_age_not_agreed"
            said += f"  ({words.say(agreed)})"
        lines.append(said)
    if view.invitations:
        lines.append(words.say("household.invitations", count=str(len(view.invitations))))
    merges = [
        {
            "member_id": prefixed("mbr", one.member_id),
            "merged_at": shown_instant(one.merged_at),
            "undo_until": shown_instant(one.merged_at + UNDO_LASTS),
        }
        for one in view.merges
    ]
    lines += [
        words.say("household.undoable", member=one["member_id"], at=one["merged_at"], until=one["undo_until"])
        for one in merges
    ]
    result = {
        "member_id": prefixed("mbr", view.member_id),
        "persons": [
            {
                **one._asdict(),
                "person_id": prefixed("per", one.person_id),
                "added_at": shown_instant(one.added_at),
            }
            for one in view.persons
        ],
        "invitations": len(view.invitations),
        "guardian_age": view.guardian_age,
        "merges": merges,
    }
    show(result, as_json=as_json, text=lines)


@household_app.command()
def add(
    member: Who,
    role: Annotated[str, typer.Option(help="adult or child.")] = "adult",
    name: Name = None,
    birthday: Birthday = None,
    phone: Phone = None,
    email: Email = None,
    guardian_text: Annotated[
        str | None,
        typer.Option(help="The version of the text that the guardian agreed to.", show_default=False),
    ] = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Add somebody to a household. Who is under the guardian's age is a child, and the guardian has agreed.

    Example: jifen member household add card:6200001 --role child --birthday 2016-05-01 --guardian-text 2026-11
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.change_household import add_person_to_household, guardian_consent
        from jifen.operations.find_member import find_member
        from jifen.operations.record_consent import in_form
        from jifen.operations.tell_person import told_of_person

        member_id = await find_member(ledger, member_named(member))
        said = {"phone": phone, "email": email, "name": name, "birthday": birthday}
        guardian = in_form(guardian_consent(guardian_text, "paper")) if guardian_text else None
        return await add_person_to_household(
            ledger,
            member_id,
            role,
            await told_of_person(ledger, said, {}),
            once_for("household-add"),
            principal=local(),
            guardian=guardian,
        )

    _show_role(at_ledger(work, home=home, as_json=as_json), as_json=as_json)


@household_app.command("role")
def change(
    member: Who,
    person: PersonNamed,
    role: Annotated[str, typer.Argument(help="head, adult or child.")],
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say what somebody is in a household. Where an adult becomes head, the head before is an adult.

    Example: jifen member household role card:6200001 per_018f... adult
    """
    person_id = person_named(person)

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.change_household import change_role
        from jifen.operations.find_member import find_member

        member_id = await find_member(ledger, member_named(member))
        return await change_role(
            ledger, member_id, person_id, role, once_for("household-role"), principal=local()
        )

    _show_role(at_ledger(work, home=home, as_json=as_json), as_json=as_json)


@household_app.command()
def leave(
    member: Who,
    person: PersonNamed,
    units: Annotated[int, typer.Option(help="The share that goes along, in the smallest unit.", min=0)] = 0,
    currency: Annotated[str, typer.Option(help="Of which currency.")] = "points",
    head: Annotated[
        str | None, typer.Option(help="Who is head then: per_..., where the head leaves.", show_default=False)
    ] = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """See somebody off: he is a member of his own, with his phone, cards and the share that the head states.

    Example: jifen member household leave card:6200001 per_018f... --units 500
    """
    person_id, head_id = person_named(person), person_named(head) if head else None

    async def work(ledger: Ledger) -> tuple[dict[str, Any], dict[str, int]]:
        from jifen.domain.household import Share
        from jifen.jobs.households import leave_with_share
        from jifen.operations.find_member import find_member
        from jifen.operations.read_member import read_member

        member_id = await find_member(ledger, member_named(member))
        answer = await leave_with_share(
            ledger,
            member_id,
            person_id,
            once_for("household-leave"),
            by_id=None,
            shares=[Share(currency, units)],
            principal=local(),
            head_id=head_id,
        )
        return answer, scales_of((await read_member(ledger, member_id)).timeline)

    answer, scales = at_ledger(work, home=home, as_json=as_json)
    words, result = _words(), _with_ids(answer)
    lines = [words.say("household.left", person=result["person_id"], member=result["new_member_id"])]
    lines += [
        words.say(
            "household.share",
            units=units_shown(one["units"], scales[one["currency"]]),
            currency=one["currency"],
        )
        for one in result["gifts"]
    ]
    show(result, as_json=as_json, text=lines)


@household_app.command()
def rules(
    guardian_age: Annotated[
        int | None, typer.Option(help="Below which age a guardian agrees.", show_default=False)
    ] = None,
    invitation_hours: Annotated[
        int | None, typer.Option(help="For how long an invitation is good.", show_default=False)
    ] = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show, or set, below which age a guardian agrees and for how long an invitation is good.

    Example: jifen member household rules --guardian-age 14
    """

    async def work(ledger: Ledger) -> tuple[int, int]:
        from jifen.operations.change_household import set_household_rules

        return await set_household_rules(
            ledger, years=guardian_age, hours=invitation_hours, principal=local()
        )

    age, hours = at_ledger(work, home=home, as_json=as_json)
    show(
        {"guardian_age": age, "invitation_hours": hours},
        as_json=as_json,
        text=_words().say("household.rules", age=str(age), hours=str(hours)),
    )


@member_app.command()
def unmerge(
    member: Annotated[str, typer.Argument(help="Who went: the mbr_... that the merge named.")],
    note: Annotated[str | None, typer.Option(help="Why; it stands beside the entries.")] = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Undo a merge of the last day: who went is a member of his own again, under a new id, with what is left of his units.

    Example: jifen member unmerge mbr_018f... --note "two persons after all"
    """

    async def work(ledger: Ledger) -> tuple[dict[str, Any], dict[str, int]]:
        from jifen.jobs.households import unmerge as undo
        from jifen.operations.find_member import find_member
        from jifen.operations.read_member import read_member

        member_id = await find_member(ledger, member_named(member))
        answer = await undo(ledger, member_id, once_for("unmerge"), principal=local(), note=note)
        return answer, scales_of((await read_member(ledger, UUID(answer["into_id"]))).timeline)

    answer, scales = at_ledger(work, home=home, as_json=as_json)
    words, result = _words(), _with_ids(answer)
    lines = [
        words.say(
            "household.unmerged",
            member=result["member_id"],
            new=result["new_member_id"],
            into=result["into_id"],
        )
    ]
    for one in result["units"]:
        carried, back, stay = (
            units_shown(one[f"units_{name}"], scales[one["currency"]]) for name in ("carried", "back", "stay")
        )
        lines.append(
            words.say("household.came_back", currency=one["currency"], carried=carried, back=back, stay=stay)
        )
    show(result, as_json=as_json, text=lines)


@member_app.command()
def duplicates(
    member: Annotated[
        str | None, typer.Argument(help="Only pairs of this one: named as members are.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(help="How many at most.", min=1, max=100)] = 50,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """List pairs of members who may be one: the same phone in another form, number, or name and birthday.

    Then: jifen member merge, or jifen member tell-apart.

    Example: jifen member duplicates
    """

    async def work(ledger: Ledger) -> Duplicates:
        from jifen.operations.find_duplicates import find_duplicates
        from jifen.operations.find_member import find_member

        member_id = await find_member(ledger, member_named(member)) if member else None
        return await find_duplicates(ledger, member_id=member_id, limit=limit)

    found = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.ids import prefixed

    words = _words()
    data: list[dict[str, Any]] = [
        {
            "first_id": prefixed("mbr", pair.first_id),
            "second_id": prefixed("mbr", pair.second_id),
            "first_name": found.members[pair.first_id].name,
            "second_name": found.members[pair.second_id].name,
            "alike": [*pair.kinds],
        }
        for pair in found.pairs
    ]
    lines = [
        words.say(
            "duplicates.pair",
            first=one["first_id"],
            second=one["second_id"],
            first_name=one["first_name"] or words.say("household.unnamed"),
            second_name=one["second_name"] or words.say("household.unnamed"),
            alike=", ".join(words.say(f"likeness.{kind}") for kind in one["alike"] or ()),
        )
        for one in data
    ]
    show({"data": data}, as_json=as_json, text=lines or [words.say("duplicates.none")])


@member_app.command("tell-apart")
def tell_apart(
    member: Who,
    other: Annotated[str, typer.Argument(help="The other one: named as members are.")],
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Say that two members are not the same: they are not listed as a pair again.

    Example: jifen member tell-apart card:6200001 card:6200002
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.find_duplicates import tell_members_apart
        from jifen.operations.find_member import find_member

        return await tell_members_apart(
            ledger,
            await find_member(ledger, member_named(member)),
            await find_member(ledger, member_named(other), pointer="/other_id"),
            once_for("tell-apart"),
            principal=local(),
        )

    result = _with_ids(at_ledger(work, home=home, as_json=as_json))
    said = _words().say("duplicates.told_apart", first=result["member_id"], second=result["other_id"])
    show(result, as_json=as_json, text=said)


def _show_role(answer: dict[str, Any], *, as_json: bool) -> None:
    words, result = _words(), _with_ids(answer)
    said = words.say(
        "household.added",
        person=result["person_id"],
        member=result["member_id"],
        role=words.say(f"household_role.{result['role']}"),
    )
    show(result, as_json=as_json, text=said)


def _words() -> Catalogue:
    from jifen.present.catalogue import catalogue_of

    return catalogue_of(language_spoken())


_PREFIXES = {"person_id": "per", "head_id": "per", "gift_id": "gft"}


def _with_ids(answer: dict[str, Any]) -> dict[str, Any]:
    """A remembered answer as it is shown."""
    from jifen.present.ids import prefixed

    shown: dict[str, Any] = {}
    for name, value in answer.items():
        if name.endswith("_id") and isinstance(value, str):
            shown[name] = prefixed(_PREFIXES.get(name, "mbr"), UUID(value))
        elif name == "gifts":
            shown[name] = [_with_ids(one) for one in value]
        elif name == "persons":
            shown[name] = [prefixed("per", UUID(one)) for one in value]
        elif name != "is_replay":
            shown[name] = value
    return shown
