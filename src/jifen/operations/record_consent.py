"""Record that a person agreed to something, or does not any more; and that he objects to profiling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, about
from jifen.domain.person import CHANNELS, Consent
from jifen.domain.principal import Principal
from jifen.domain.profiling import PROFILING
from jifen.domain.refusals import FieldWrong, PersonUnknown
from jifen.domain.texts import CODE, NOTE, TextRefused, canonical
from jifen.store.audit import note_act
from jifen.store.once import Once, once
from jifen.store.persons import add_consent, consents_of, of_persons, persons_of, sealed_proof
from jifen.store.segments import leave_all
from jifen.store.terms import check_terms

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


async def record_consent(
    ledger: Ledger,
    member_id: UUID,
    consent: Consent,
    request: Once,
    *,
    principal: Principal,
    person_id: UUID | None = None,
) -> dict[str, Any]:
    """Keep a consent of a person, the head of the household where none is named, with its text's version, channel and proof.

    Refuses
        PersonUnknown   nothing personal is known of the member
        FieldWrong      the purpose, the version, the channel or the proof cannot be
        TermsUnknown    terms of membership are accepted that nobody published
        VaultClosed     the keys of personal data are not there
    """
    own = in_form(consent)

    async def effect(connection: Connection) -> dict[str, Any]:
        person = of_persons(await persons_of(connection, member_id, is_locked=True), person_id)
        if person is None:
            raise PersonUnknown(pointer="/member")
        vault = await ledger.vault(connection, writes=True)
        sealer = vault.person(person.person_id, person.key)
        await check_terms(connection, [own])
        now = (await ledger.clock(connection)).now
        await add_consent(connection, person.person_id, own, proof=sealed_proof(sealer, own), at=now)
        if own.purpose == PROFILING and not own.is_given:
            await leave_all(connection, member_id)
        named = (about(About.PERSON, person.person_id), about(About.MEMBER, member_id))
        await note_act(connection, principal, Act(deed=_deed(own), about=named))
        return {"member_id": str(member_id), "purpose": own.purpose, "is_given": own.is_given}

    return await once(ledger, request, effect)


def _deed(consent: Consent) -> Deed:
    if consent.purpose == PROFILING:
        return Deed.PERSON_OBJECTS_NO_MORE if consent.is_given else Deed.PERSON_OBJECTED
    return Deed.PERSON_AGREED if consent.is_given else Deed.PERSON_TOOK_BACK


async def has_agreed(ledger: Ledger, member_id: UUID, purpose: str) -> bool:
    """Whether the head of a member's household agrees to a purpose now: the last word counts, silence is a no."""
    async with ledger.reading() as connection:
        persons = await persons_of(connection, member_id)
        told = await consents_of(connection, persons[0].person_id) if persons else []
    return next((one.is_given for one in reversed(told) if one.purpose == purpose), False)


def in_form(consent: Consent) -> Consent:
    """A consent in its form.

    Refuses
        FieldWrong   the purpose, the version, the channel or the proof cannot be
    """
    if consent.channel not in CHANNELS:
        detail = f"a channel is one of {', '.join(CHANNELS)}"
        raise FieldWrong(detail, pointer="/channel", value=consent.channel[:50])
    forms = (("purpose", CODE), ("text_version", CODE), ("proof", NOTE))
    told = consent._asdict()
    for name, form in forms:
        text = getattr(consent, name)
        if text is not None:
            try:
                told[name] = canonical(text, form)
            except TextRefused as refused:
                raise FieldWrong(str(refused), pointer=f"/{name}") from None
    return Consent(**told)
