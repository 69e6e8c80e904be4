"""What somebody tells of a person, brought into its form: a phone as E.164, an e-mail, a name, a day of birth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from jifen.domain.person import ATTRIBUTE, ATTRIBUTES_MAX, GENDERS, MemberKey, Told
from jifen.domain.refusals import TooMuch
from jifen.domain.texts import CODE, NOTE, WORDS, TextRefused, canonical
from jifen.store.contacts import told_in_form, where_and_when
from jifen.vault.contacts import birthday_in_form, email_in_form, name_in_form, phone_in_form

if TYPE_CHECKING:
    from jifen.store.ledger import Ledger


async def told_of_person(
    ledger: Ledger, said: Mapping[str, str | None], attributes: Mapping[str, str], *, under: str = "/person"
) -> Told:
    """What was said of a person in its form; what is None or missing was not said. `under` points at where it stands.

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
    told = {
        field: told_in_form(text, forms[field], pointer=f"{under}/{field}")
        for field, text in said.items()
        if text is not None
    }
    if len(attributes) > ATTRIBUTES_MAX:
        raise TooMuch(
            f"at most {ATTRIBUTES_MAX} attributes",
            pointer=f"{under}/attributes",
            attributes=len(attributes),
            attributes_max=ATTRIBUTES_MAX,
        )
    fields = {name: value for name, value in told.items() if name not in ("phone", "email")}
    for name, text in attributes.items():
        fields[ATTRIBUTE + name] = told_in_form(
            text, lambda value: canonical(value, WORDS), pointer=f"{under}/attributes/{name}"
        )
    return Told(tuple(MemberKey(kind, told[kind]) for kind in ("phone", "email") if kind in told), fields)


def _gender(text: str) -> str:
    plain = canonical(text, CODE).lower()
    if plain not in GENDERS:
        raise TextRefused("unprintable", f"a gender is one of {', '.join(GENDERS)}, or is not told")
    return plain
