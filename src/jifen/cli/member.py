"""`jifen member`: enrol, show and close members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import AsJson, Home, Language, Who, at_ledger, in_form, member_named, once_for
from jifen.cli.person import Birthday, Email, Name, Phone
from jifen.cli.show import language_spoken, scales_of, show
from jifen.present.shown import MINUS, units_shown

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger

member_app = typer.Typer(help="Enrol, show and close members.", no_args_is_help=True)


@member_app.command()
def enrol(
    card: Annotated[
        list[str] | None, typer.Option(help="A card number; may be given again.", show_default=False)
    ] = None,
    external: Annotated[
        list[str] | None,
        typer.Option(help="The member's id in another system; may be given again.", show_default=False),
    ] = None,
    phone: Phone = None,
    email: Email = None,
    name: Name = None,
    birthday: Birthday = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Enrol a member, with the cards, ids and contacts that will find him. Status 3 when one is taken.

    Without any he is a member all the same, and only the id in the answer (mbr_...) finds him.

    Example: jifen member enrol --card 6200001 --phone "138 0013 8000" --name "Chen Ming"
    """

    async def work(ledger: Ledger) -> tuple[dict[str, Any], list[Any]]:
        from jifen.domain.person import MemberKey, Told
        from jifen.domain.texts import CARD, KEY
        from jifen.operations.enrol_member import enrol_member
        from jifen.operations.tell_person import told_of_person

        keys = [MemberKey("card", in_form(one, CARD, hint="--card")) for one in card or ()] + [
            MemberKey("external", in_form(one, KEY, hint="--external")) for one in external or ()
        ]
        said = {"phone": phone, "email": email, "name": name, "birthday": birthday}
        told = await told_of_person(ledger, said, {}) if any(said.values()) else Told()
        answer = await enrol_member(ledger, keys, once_for("enrol"), told=told)
        return answer, [*keys, *told.contacts]

    answer, found_by = at_ledger(work, home=home, as_json=as_json)
    from uuid import UUID

    from jifen.present.catalogue import catalogue_of
    from jifen.present.ids import prefixed

    words = catalogue_of(language_spoken())
    member_id = prefixed("mbr", UUID(answer["member_id"]))
    result = {**answer, "member_id": member_id, "keys": [key._asdict() for key in found_by]}
    result.pop("is_replay")
    text = [words.say("enrolled.done", member=member_id, tier=answer["tier"])]
    if not found_by:
        text.append(words.say("enrolled.by_id_only"))
    show(result, as_json=as_json, text=text)


@member_app.command("show")
def show_member(member: Who, language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """Show a member's balances, tier and cards as they stand now.

    Example: jifen member show card:6200001
    """

    async def work(ledger: Ledger) -> Any:
        from jifen.operations.find_member import find_member
        from jifen.operations.read_member import read_member

        return await read_member(ledger, await find_member(ledger, member_named(member)))

    view = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.members import member_lines, member_shown

    result = member_shown(view)
    show(result, as_json=as_json, text=member_lines(result, language_spoken()))


@member_app.command()
def exchange(
    member: Who,
    code: Annotated[str, typer.Argument(help="The exchange of the programme.", metavar="EXCHANGE")],
    times: Annotated[int, typer.Option(help="How often.")] = 1,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Exchange units of a member, as the programme has it. Status 3 when too few are available.

    Example: jifen member exchange card:6200001 to-books --times 2
    """

    async def work(ledger: Ledger) -> tuple[dict[str, Any], Any]:
        from jifen.operations.exchange_units import exchange_units
        from jifen.operations.find_member import find_member
        from jifen.operations.read_program import read_timeline

        whose = await find_member(ledger, member_named(member))
        told = await exchange_units(
            ledger, whose, exchange=code, times=times, request=once_for("exchange"), actor="cli"
        )
        return told, scales_of((await read_timeline(ledger))[0])

    told, scales = at_ledger(work, home=home, as_json=as_json)
    from uuid import UUID

    from jifen.present.catalogue import catalogue_of
    from jifen.present.ids import prefixed

    words = catalogue_of(language_spoken())
    told.pop("is_replay")
    result = {
        **told,
        "entry_id": prefixed("ent", UUID(told["entry_id"])),
        "member_id": prefixed("mbr", UUID(told["member_id"])),
    }
    text = [
        words.say(
            "exchanged.moved",
            currency=one["currency"],
            units=sign + units_shown(one["units"], scales[one["currency"]]),
            after=units_shown(one["balance_after"], scales[one["currency"]]),
        )
        for sign, one in [(MINUS, told["taken"]), *(("+", given) for given in told["given"])]
    ]
    show(result, as_json=as_json, text=text)


@member_app.command()
def close(member: Who, home: Home = None, as_json: AsJson = False) -> None:
    """Close a member: no more entries. The books stay.

    Example: jifen member close card:6200001
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.change_member_status import change_member_status
        from jifen.operations.find_member import find_member

        member_id = await find_member(ledger, member_named(member))
        await change_member_status(ledger, member_id, "closed", once_for("close"))
        from jifen.present.ids import prefixed

        return {"member_id": prefixed("mbr", member_id), "status": "closed"}

    result = at_ledger(work, home=home, as_json=as_json)
    show(result, as_json=as_json, text=f"{result['member_id']} is closed.")


@member_app.command()
def merge(
    member: Who,
    into: Annotated[str, typer.Option(help="Who stays: named as the member is.", metavar="MEMBER")],
    note: Annotated[str | None, typer.Option(help="Stands beside both entries.")] = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Merge a member into another: units with their days of expiry, tier path, limits, cards and phones.

    Within a day `jifen member unmerge` undoes it.

    Example: jifen member merge card:6200001 --into phone:13800138000 --note "one person, two cards"
    """

    async def work(ledger: Ledger) -> tuple[dict[str, Any], Any]:
        from jifen.operations.find_member import find_member
        from jifen.operations.merge_members import merge_members
        from jifen.operations.read_member import read_member

        goes = await find_member(ledger, member_named(member))
        stays = await find_member(ledger, member_named(into), pointer="/into")
        done = await merge_members(ledger, goes, stays, request=once_for("merge"), note=note, actor="cli")
        stood = await read_member(ledger, stays)
        return done, scales_of(stood.timeline)

    done, scales = at_ledger(work, home=home, as_json=as_json)
    from uuid import UUID

    from jifen.present.catalogue import catalogue_of
    from jifen.present.ids import prefixed

    result = {
        **{name: prefixed("mbr", UUID(done[name])) for name in ("member_id", "into_id")},
        "sequence": done["sequence"],
        "balances": done["balances"],
    }
    held = ", ".join(
        f"{units_shown(one['units'], scales[one['currency']])} {one['currency']}" for one in done["balances"]
    )
    words = catalogue_of(language_spoken())
    said = words.say("member_shown.merged", member=result["member_id"], into=result["into_id"], units=held)
    show(result, as_json=as_json, text=said)


@member_app.command()
def reverse(
    member: Who,
    sequence: Annotated[
        int,
        typer.Argument(
            help="The entry's number within the member: #7 in `jifen explain MEMBER` is 7.", min=1
        ),
    ],
    note: Annotated[str, typer.Option(help="Why; it stands in the member's statement.")],
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Undo a redemption, adjustment, gift or opening. Units go back to the very lots that paid. Status 3 when it cannot be.

    Example: jifen member reverse card:6200001 7 --note "wrong reward"
    """

    async def work(ledger: Ledger) -> tuple[dict[str, Any], dict[str, int], str]:
        from jifen.domain.principal import LOCAL
        from jifen.domain.texts import NOTE
        from jifen.operations.find_member import find_member
        from jifen.operations.read_statement import read_statement
        from jifen.operations.reverse_entry import reverse_entry

        member_id = await find_member(ledger, member_named(member))
        why = in_form(note, NOTE, hint="--note")
        answer = await reverse_entry(
            ledger,
            member_id,
            sequence,
            note=why,
            request=once_for("reverse"),
            principal=LOCAL,
            actor="cli",
        )
        posted = await read_statement(ledger, member_id, before=sequence + 1, limit=1)
        currency = posted.timeline.newest.currencies[posted.lines[0].posting.currency].code
        return answer, scales_of(posted.timeline), currency

    answer, scales, currency = at_ledger(work, home=home, as_json=as_json)
    from uuid import UUID

    from jifen.present.ids import prefixed

    result = {name: value for name, value in answer.items() if name != "is_replay"}
    for name, prefix in (
        ("member_id", "mbr"),
        ("receiver_id", "mbr"),
        ("entry_id", "ent"),
        ("gift_id", "gft"),
    ):
        if result.get(name):
            result[name] = prefixed(prefix, UUID(result[name]))
    said = [
        f"{'+' if one['units'] > 0 else ''}{units_shown(one['units'], scales[one['currency']])} {one['currency']}, "
        f"balance {units_shown(one['balance_after'], scales[one['currency']])}"
        for one in answer.get("moved", [])
    ]
    if answer.get("gift_id"):
        scale = scales[currency]
        said.append(
            f"{units_shown(answer['units'], scale)} {currency} on their way back, "
            f"{units_shown(answer['units_not_taken'], scale)} could not be taken"
        )
    text = f"entry {sequence} ({answer['reversed_kind']}) of {result['member_id']} is reversed: {'; '.join(said)}"
    show(result, as_json=as_json, text=text)
