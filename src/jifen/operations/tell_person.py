"""What somebody tells of a person, brought into its form: a phone as E.164, an e-mail, a name, a day of birth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import TYPE_CHECKING

from jifen.domain.calendar import local_date
from jifen.domain.person import ATTRIBUTE, ATTRIBUTES_MAX, GENDERS, MemberKey, Told
from jifen.domain.refusals import FieldWrong, TooMuch
from jifen.domain.texts import CODE, NOTE, WORDS, TextRefused, canonical
from jifen.store.compiled import begun_again
from jifen.vault.contacts import birthday_in_form, email_in_form, name_in_form, phone_in_form, region_of

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


@begun_again
async def where_and_when(ledger: Ledger) -> tuple[str | None, date]:
    """The region whose phone numbers need no +, and today, both as the programme in force has them.

    Refuses
        ProgramMissing   nothing was ever published
    """
    async with ledger.connection() as connection:
        clock = await ledger.clock(connection)
        timeline = await ledger.timeline(connection, clock.newest)
    return region_of(timeline.newest.money), local_date(clock.now, timeline.time_zone)


async def told_of_person(
    ledger: Ledger, said: Mapping[str, str | None], attributes: Mapping[str, str]
) -> Told:
    """What was said of a person in its form; what is None or missing was not said.

    Refuses
        FieldWrong       a value has no form; its pointer names the field, and the value is not repeated
        TooMuch          more attributes than may be known
        ProgramMissing   nothing was ever published
    """
    region, today = await where_and_when(ledger)
    forms: dict[str, Callable[[str], str]] = {
        "phone": lambda text: phone_in_form(text, region=region),
        "email": email_in_form,
        "name": name_in_form,
        "birthday": lambda text: birthday_in_form(text, today=today),
        "gender": _gender,
        "language": lambda text: canonical(text, CODE).lower(),
        "address": lambda text: canonical(text, NOTE),
    }
    told = {field: _in_form(field, text, forms[field]) for field, text in said.items() if text is not None}
    if len(attributes) > ATTRIBUTES_MAX:
        raise TooMuch(
            f"at most {ATTRIBUTES_MAX} attributes",
            pointer="/person/attributes",
            attributes=len(attributes),
            attributes_max=ATTRIBUTES_MAX,
        )
    fields = {name: value for name, value in told.items() if name not in ("phone", "email")}
    for name, text in attributes.items():
        fields[ATTRIBUTE + name] = _in_form(f"attributes/{name}", text, lambda value: canonical(value, WORDS))
    return Told(tuple(MemberKey(kind, told[kind]) for kind in ("phone", "email") if kind in told), fields)


async def contact_key(ledger: Ledger, said: MemberKey, *, pointer: str) -> MemberKey:
    """A phone or e-mail, as somebody says it, as it finds a member.

    Refuses
        FieldWrong       it is none
        ProgramMissing   nothing was ever published
    """
    if said.kind == "email":
        return said._replace(value=_in_form("email", said.value, email_in_form, pointer=pointer))
    region, _ = await where_and_when(ledger)
    in_form = _in_form("phone", said.value, lambda text: phone_in_form(text, region=region), pointer=pointer)
    return said._replace(value=in_form)


def _in_form(field: str, text: str, form: Callable[[str], str], *, pointer: str | None = None) -> str:
    try:
        return form(text)
    except TextRefused as refused:
        raise FieldWrong(str(refused), pointer=pointer or f"/person/{field}") from None


def _gender(text: str) -> str:
    plain = canonical(text, CODE).lower()
    if plain not in GENDERS:
        raise TextRefused("unprintable", f"a gender is one of {', '.join(GENDERS)}, or is not told")
    return plain
