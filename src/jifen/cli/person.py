"""`jifen person`: what is known of a member's persons; see, correct, agree, take along, erase."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from jifen.cli.at_ledger import (
    AsJson,
    Home,
    Language,
    Who,
    at_ledger,
    in_form,
    local,
    member_named,
    once_for,
    person_named,
)
from jifen.cli.outputs import Force, check_outputs, told_if_unwritten
from jifen.cli.show import language_spoken, show

if TYPE_CHECKING:
    from jifen.domain.person import MemberKey
    from jifen.store.ledger import Ledger

person_app = typer.Typer(
    no_args_is_help=True, help="Persons: see, correct, record consents, take along, erase."
)

Phone = Annotated[
    str | None, typer.Option(help="With + and country, or as it is dialled at home.", show_default=False)
]
Email = Annotated[str | None, typer.Option(help="E-mail address.", show_default=False)]
Name = Annotated[str | None, typer.Option(help="Name.", show_default=False)]
Birthday = Annotated[str | None, typer.Option(help="YYYY-MM-DD.", show_default=False)]
Gender = Annotated[str | None, typer.Option(help="female, male or other.", show_default=False)]
Address = Annotated[str | None, typer.Option(help="Postal address.", show_default=False)]


def said(**told: str | None) -> dict[str, str | None]:
    """What was told, by field."""
    return told


@person_app.command("show")
def show_person(member: Who, language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """Show what is known of a member's persons, of each value only as much as tells one from another.

    Example: jifen person show card:6200001
    """
    _tell(member, home=home, as_json=as_json, why=None)


@person_app.command()
def reveal(
    member: Who,
    why: Annotated[
        str,
        typer.Option(
            help="asked_by_person, at_the_till, service, question, merge, fraud, authority, export, message or maintenance."
        ),
    ],
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Show it in full. Who looked, and why, is written down.

    Example: jifen person reveal card:6200001 --why asked_by_person
    """
    _tell(member, home=home, as_json=as_json, why=why)


def _tell(member: str, *, home: Path | None, as_json: bool, why: str | None) -> None:
    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.find_member import find_member
        from jifen.operations.read_person import read_persons, reveal_persons
        from jifen.present.persons import persons_shown

        member_id = await find_member(ledger, member_named(member))
        if why is None:
            views = await read_persons(ledger, member_id)
        else:
            views = await reveal_persons(ledger, member_id, why=_reason(why), principal=local())
        return persons_shown(member_id, views, is_masked=why is None)

    result = at_ledger(work, home=home, as_json=as_json)
    from jifen.present.persons import person_lines

    show(result, as_json=as_json, text=person_lines(result, language_spoken()))


@person_app.command("sign-out")
def sign_out(member: Who, language: Language = "en", home: Home = None, as_json: AsJson = False) -> None:
    """A phone was lost: sign a member out everywhere, and let no phone of his show codes any more.

    Example: jifen person sign-out phone:13800138000
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.operations.find_member import find_member
        from jifen.operations.member_sign_in import sign_member_out

        member_id = await find_member(ledger, member_named(member))
        done = await sign_member_out(ledger, member_id, once_for("sign-out"), principal=local())
        return {name: done[name] for name in ("member_id", "sessions", "phones")}

    result = _with_ids(at_ledger(work, home=home, as_json=as_json))
    counts = {name: result[name] for name in ("sessions", "phones")}
    _say("signed_out", result, as_json=as_json, member=result["member_id"], **counts)


@person_app.command()
def correct(  # noqa: PLR0917
    member: Who,
    phone: Phone = None,
    email: Email = None,
    name: Name = None,
    birthday: Birthday = None,
    gender: Gender = None,
    address: Address = None,
    forget: Annotated[
        list[str] | None, typer.Option(help="A field that is to be known no more; may be given again.")
    ] = None,
    card: Annotated[list[str] | None, typer.Option(help="A card more; may be given again.")] = None,
    attribute: Annotated[
        list[str] | None, typer.Option(help="NAME=VALUE, an attribute of the shop's own; may be given again.")
    ] = None,
    speaks: Annotated[
        str | None, typer.Option(help="The language the person speaks.", show_default=False)
    ] = None,
    person: Annotated[
        str | None,
        typer.Option(
            help="Of a household the person who is meant, per_...; else its head.", show_default=False
        ),
    ] = None,
    lost_card: Annotated[
        list[str] | None, typer.Option(help="A card that is to find him no more; may be given again.")
    ] = None,
    external: Annotated[
        list[str] | None,
        typer.Option(
            help="KIND:VALUE, an id elsewhere more: external, pos, shop, wechat or alipay; may be given again."
        ),
    ] = None,
    lost_external: Annotated[
        list[str] | None, typer.Option(help="KIND:VALUE that is to find him no more; may be given again.")
    ] = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Correct what is known of a member. What is not named stays as it is. Status 3 when a card or contact is another's.

    Example: jifen person correct card:6200001 --phone "138 0013 8000" --lost-card 6200001 --card 6200099
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.domain.person import MemberKey
        from jifen.domain.texts import CARD
        from jifen.operations.correct_person import Correction, correct_person
        from jifen.operations.find_member import find_member
        from jifen.operations.tell_person import told_of_person

        fields = said(
            phone=phone,
            email=email,
            name=name,
            birthday=birthday,
            gender=gender,
            language=speaks,
            address=address,
        )
        told = await told_of_person(ledger, fields, attributes_said(attribute or []), under="")
        add = (
            *(MemberKey("card", in_form(one, CARD, hint="--card")) for one in card or ()),
            *(_id_elsewhere(one, hint="--external") for one in external or ()),
        )
        remove = (
            *(MemberKey("card", in_form(one, CARD, hint="--lost-card")) for one in lost_card or ()),
            *(_id_elsewhere(one, hint="--lost-external") for one in lost_external or ()),
        )
        member_id = await find_member(ledger, member_named(member))
        request = once_for("correct")
        return await correct_person(
            ledger,
            member_id,
            Correction(told, tuple(forget or ()), add, remove),
            request,
            principal=local(),
            person_id=None if person is None else person_named(person, hint="--person"),
        )

    answer = at_ledger(work, home=home, as_json=as_json)
    result = _with_ids(answer)
    from jifen.present.catalogue import catalogue_of

    words, text = catalogue_of(language_spoken()), []
    text.append(
        words.say("person.said.corrected", member=result["member_id"], what=", ".join(answer["changed"]))
    )
    if "sessions_ended" in answer:
        text.append(words.say("person.said.too_young", count=answer["sessions_ended"]))
    if answer.get("guardian_needed"):
        text.append(words.say("person.said.guardian_needed"))
    show(result, as_json=as_json, text=text)


def attributes_said(said: list[str]) -> dict[str, str]:
    """Attributes as they are typed, by name; status 2 where one has no name."""
    from jifen.domain.texts import CODE

    told = {}
    for one in said:
        name, sign, value = one.partition("=")
        if not sign or not value:
            raise typer.BadParameter(f"{one!r} is no NAME=VALUE", param_hint="--attribute")
        told[in_form(name, CODE, hint="--attribute")] = value
    return told


def _id_elsewhere(said: str, *, hint: str) -> MemberKey:
    from jifen.domain.person import CARD_KINDS, MemberKey
    from jifen.domain.texts import KEY

    kind, sign, value = said.partition(":")
    if not sign or kind not in CARD_KINDS or kind == "card":
        raise typer.BadParameter(f"{said!r} is no KIND:VALUE of {', '.join(CARD_KINDS[1:])}", param_hint=hint)
    return MemberKey(kind, in_form(value, KEY, hint=hint))


@person_app.command()
def consent(
    member: Who,
    purpose: Annotated[str, typer.Argument(help="What for: marketing, profiling, ...")],
    text: Annotated[str, typer.Option(help="The version of the text that he read.")],
    channel: Annotated[str, typer.Option(help="till, app, web, phone, paper, import or console.")] = "paper",
    proof: Annotated[
        str | None, typer.Option(help="How it is known; kept sealed.", show_default=False)
    ] = None,
    take_back: Annotated[bool, typer.Option("--take-back", help="He does not agree any more.")] = False,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Record that a person agrees to something, or does not any more.

    Example: jifen person consent card:6200001 marketing --text 2026-11 --channel till
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.domain.person import Consent
        from jifen.operations.find_member import find_member
        from jifen.operations.record_consent import record_consent

        member_id = await find_member(ledger, member_named(member))
        given = Consent(purpose, not take_back, text, channel, proof)
        request = once_for("consent")
        return await record_consent(ledger, member_id, given, request, principal=local())

    result = _with_ids(at_ledger(work, home=home, as_json=as_json))
    key = "took_back" if take_back else "agreed"
    _say(key, result, as_json=as_json, member=result["member_id"], purpose=result["purpose"])


@person_app.command("object")
def object_to_profiling(
    member: Who,
    withdraw: Annotated[bool, typer.Option("--withdraw", help="He objects no more.")] = False,
    channel: Annotated[str, typer.Option(help="How he said so: till, phone, paper ...")] = "console",
    proof: Annotated[
        str | None, typer.Option(help="How it is known: kept sealed.", show_default=False)
    ] = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Record that the head of a member's household objects to profiling: nothing is worked out about him for personal treatment.
    Points and tiers go on as for everybody.

    Example: jifen person object card:6200001 --channel phone
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.domain.person import Consent
        from jifen.domain.profiling import PROFILING
        from jifen.domain.terms import BUILT_IN_TEXTS
        from jifen.operations.find_member import find_member
        from jifen.operations.record_consent import record_consent

        member_id = await find_member(ledger, member_named(member))
        said = Consent(PROFILING, withdraw, BUILT_IN_TEXTS, channel, proof)
        return await record_consent(ledger, member_id, said, once_for("object"), principal=local())

    result = _with_ids(at_ledger(work, home=home, as_json=as_json))
    _say("objects_no_more" if withdraw else "objects", result, as_json=as_json, member=result["member_id"])


@person_app.command()
def archive(
    member: Who,
    out: Annotated[Path, typer.Option(help="Where to write the page.")],
    force: Force = False,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Write everything that is kept of a member into one page that he can read and keep, with the same as JSON inside.

    Example: jifen person archive card:6200001 --out my-data.html
    """
    # Before anybody's data is read: that reading stands in the audit, whatever becomes of the file.
    check_outputs([out], option="--out", force=force, as_json=as_json)

    async def work(ledger: Ledger) -> str:
        from jifen.jobs.archive import everything_of
        from jifen.operations.find_member import find_member
        from jifen.present.persons import archive_page

        member_id = await find_member(ledger, member_named(member))
        return archive_page(
            await everything_of(ledger, member_id, language_spoken(), principal=local()), language_spoken()
        )

    page = at_ledger(work, home=home, as_json=as_json)
    import os

    with told_if_unwritten(out, as_json=as_json):
        if force:
            out.unlink(missing_ok=True)  # whoever could read the file of before does not read this one
        with os.fdopen(
            os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8"
        ) as file:
            file.write(page)
    _say("archived", {"path": str(out)}, as_json=as_json, path=str(out))


@person_app.command()
def erase(
    member: Who,
    confirm: Annotated[
        str | None, typer.Option(help="The member's id once more: this cannot be undone.", show_default=False)
    ] = None,
    language: Language = "en",
    home: Home = None,
    as_json: AsJson = False,
) -> None:
    """Erase a member's persons for good: what they told, what finds them, notes. The books and the units stay.

    Prints a certificate.

    Example: jifen person erase card:6200001 --confirm mbr_01a200873b877db499c27d29c0902c7e
    """

    async def work(ledger: Ledger) -> dict[str, Any]:
        from jifen.domain.refusals import FieldWrong
        from jifen.operations.erase_person import erase_person
        from jifen.operations.find_member import find_member
        from jifen.present.catalogue import catalogue_of
        from jifen.present.ids import prefixed

        member_id = await find_member(ledger, member_named(member))
        own = prefixed("mbr", member_id)
        if confirm != own:
            words = catalogue_of(language_spoken())
            raise FieldWrong(words.say("person.said.confirm", member=own), pointer="--confirm")
        request = once_for("erase")
        return await erase_person(ledger, member_id, request, confirmed=member_id, principal=local())

    result = _with_ids(at_ledger(work, home=home, as_json=as_json))
    counts = {name: result[name] for name in ("fields", "keys", "notes", "devices")}
    _say("erased", result, as_json=as_json, member=result["member_id"], **counts)


def _reason(text: str) -> Any:
    from jifen.domain.audit import Why
    from jifen.domain.refusals import FieldWrong

    if text not in {str(one) for one in Why}:
        listed = ", ".join(Why)
        raise FieldWrong(f"a reason is one of {listed}", pointer="--why", value=text[:50])
    return Why(text)


def _with_ids(answer: dict[str, Any]) -> dict[str, Any]:
    from uuid import UUID

    from jifen.present.ids import prefixed

    result = {name: value for name, value in answer.items() if name != "is_replay"}
    result["member_id"] = prefixed("mbr", UUID(answer["member_id"]))
    if "person_id" in answer:
        result["person_id"] = prefixed("per", UUID(answer["person_id"]))
    if "persons" in answer:
        result["persons"] = [prefixed("per", UUID(one)) for one in answer["persons"]]
    return result


def _say(key: str, result: dict[str, Any], *, as_json: bool, **values: object) -> None:
    from jifen.present.catalogue import catalogue_of

    show(result, as_json=as_json, text=catalogue_of(language_spoken()).say(f"person.said.{key}", **values))
