"""Terms of membership: publish a version, list them with who accepted, read a text, and what a member has to be told."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, Detail, about
from jifen.domain.principal import Principal
from jifen.domain.refusals import FieldWrong, TooMuch
from jifen.domain.refusals_of_people import TermsTaken, TermsUnknown
from jifen.domain.terms import (
    NOTICE_DAYS_MAX,
    SUMMARY_MAX,
    TEXT_MAX,
    VERSIONS_MAX,
    Terms,
    check_withdrawal,
    coming,
    decide_effect,
    in_force,
    texts_in_form,
)
from jifen.domain.texts import CODE, TextRefused, canonical
from jifen.store.audit import note_act
from jifen.store.once import Once, once
from jifen.store.settings import TERMS_NOTICE_DAYS, set_number
from jifen.store.terms import (
    NEEDED_SETTING,
    accepted_by,
    accepted_last,
    add_terms,
    add_withdrawal,
    all_terms,
    hold_terms,
    is_acceptance_needed,
    notice_days,
    texts_of_terms,
)

if TYPE_CHECKING:
    from jifen.store.ledger import Connection, Ledger


class Draft(NamedTuple):
    """What is to be published. `takes_effect_at` is None: as soon as it may."""

    version: str
    texts: Mapping[str, str]
    summary: Mapping[str, str] | None
    is_worse: bool
    takes_effect_at: datetime | None


class TermsListed(NamedTuple):
    """Every version, oldest first, with how many persons accepted it, at a moment."""

    terms: list[Terms]
    accepted: Mapping[str, int]
    now: datetime
    notice_days: int
    needed_to_enrol: bool


class TermsTold(NamedTuple):
    """What one person has to know: what is in force, what comes, and what he accepted last and when."""

    now: Terms | None
    next: Terms | None
    accepted: tuple[str, datetime] | None


async def publish_terms(
    ledger: Ledger, draft: Draft, request: Once, *, principal: Principal
) -> dict[str, Any]:
    """The version, which never changes any more. A change for the worse waits for its notice.

    Refuses
        FieldWrong           a version, text or summary that is none; a moment before the version before it
        TermsTaken           there is a version of that name
        NoticeTooShort       for the worse, with less notice than is set
        EffectiveInThePast   a moment before now
        TooMuch              there are 1,000 versions
        StoreNotPermitted    who asks is bound to stores: terms are of all of them
    """
    principal.check_unbound(pointer="/version")
    try:
        version = canonical(draft.version, CODE)
    except TextRefused as refused:
        raise FieldWrong(str(refused), pointer="/version") from None
    texts = texts_in_form(draft.texts, pointer="/texts", most=TEXT_MAX)

    async def effect(connection: Connection) -> dict[str, Any]:
        await hold_terms(connection)
        known, now = await all_terms(connection), (await ledger.clock(connection)).now
        if version in {one.version for one in known}:
            raise TermsTaken(pointer="/version", version=version)
        if len(known) >= VERSIONS_MAX:
            raise TooMuch(f"there are {VERSIONS_MAX} versions", pointer="/version", limit=VERSIONS_MAX)
        stand = [one for one in known if one.withdrawn_at is None]
        summary = None
        if known:
            summary = texts_in_form(draft.summary or {}, pointer="/summary", most=SUMMARY_MAX)
        at = decide_effect(
            known,
            is_worse=draft.is_worse,
            wanted=draft.takes_effect_at,
            now=now,
            notice_days=await notice_days(connection),
        )
        new = Terms(
            number=len(known) + 1,
            version=version,
            summary=summary,
            is_worse=draft.is_worse and bool(stand),
            takes_effect_at=at,
            published_at=now,
            published_by=principal.actor(),
        )
        await add_terms(connection, new, texts)
        details: dict[str, Detail] = {"is_worse": new.is_worse, "takes_effect_at": at.isoformat()}
        named = (about(About.TERMS, new.number),)
        await note_act(connection, principal, Act(deed=Deed.TERMS_PUBLISHED, about=named, details=details))
        return {"version": version, "number": new.number, "takes_effect_at": at.isoformat()}

    return await once(ledger, request, effect)


async def withdraw_terms(
    ledger: Ledger, version: str, request: Once, *, principal: Principal
) -> dict[str, Any]:
    """A version that waits is called off: it is never in force, and one that follows may take its moment. Called off before, it
    stays as it was.

    Refuses
        TermsUnknown   there is no such version
        TermsBegun     it has taken effect
        StoreNotPermitted   who asks is bound to stores: terms are of all of them
    """
    principal.check_unbound(pointer="/path/version")

    async def effect(connection: Connection) -> dict[str, Any]:
        await hold_terms(connection)
        now = (await ledger.clock(connection)).now
        found = next((one for one in await all_terms(connection) if one.version == version), None)
        if found is None:
            raise TermsUnknown(pointer="/path/version", version=version[:100])
        if found.withdrawn_at is not None:
            return {
                "version": version,
                "number": found.number,
                "withdrawn_at": found.withdrawn_at.isoformat(),
            }
        check_withdrawal(found, now)
        await add_withdrawal(connection, found, by=principal.actor(), at=now)
        named = (about(About.TERMS, found.number),)
        await note_act(connection, principal, Act(deed=Deed.TERMS_WITHDRAWN, about=named))
        return {"version": version, "number": found.number, "withdrawn_at": now.isoformat()}

    return await once(ledger, request, effect)


async def list_terms(ledger: Ledger) -> TermsListed:
    """Every version, and how many persons accepted it."""
    async with ledger.reading() as connection:
        now = (await ledger.clock(connection)).now
        return TermsListed(
            await all_terms(connection),
            await accepted_by(connection),
            now,
            await notice_days(connection),
            await is_acceptance_needed(connection),
        )


async def read_terms(ledger: Ledger, version: str) -> tuple[Terms, dict[str, str]]:
    """A version and its text by language.

    Refuses
        TermsUnknown   there is no such version
    """
    async with ledger.reading() as connection:
        texts = await texts_of_terms(connection, version)
        found = next((one for one in await all_terms(connection) if one.version == version), None)
    if texts is None or found is None:
        raise TermsUnknown(pointer="/version", version=version[:100])
    return found, texts


async def terms_now(ledger: Ledger) -> TermsTold:
    """What is in force, and what comes, for whoever is nobody yet."""
    async with ledger.reading() as connection:
        known, now = await all_terms(connection), (await ledger.clock(connection)).now
    return TermsTold(in_force(known, now), coming(known, now), None)


async def tell_of_terms(ledger: Ledger, person_id: UUID) -> TermsTold:
    """What a person has to know of the terms."""
    told = await terms_now(ledger)
    async with ledger.reading() as connection:
        return told._replace(accepted=await accepted_last(connection, person_id))


async def change_notice(ledger: Ledger, days: int, *, principal: Principal) -> int:
    """How many days of notice there were. Versions that were published keep theirs.

    Refuses
        FieldWrong   not 1 to 365 days
    """
    if not 1 <= days <= NOTICE_DAYS_MAX:
        raise FieldWrong(f"a notice has 1 to {NOTICE_DAYS_MAX} days", pointer="/days", value=days)
    async with ledger.transaction() as connection:
        before = await notice_days(connection)
        await set_number(connection, TERMS_NOTICE_DAYS, days)
        details: dict[str, Detail] = {"what": TERMS_NOTICE_DAYS, "days": days, "before": before}
        await note_act(connection, principal, Act(deed=Deed.SETTING_CHANGED, details=details))
    return before


async def change_needed(ledger: Ledger, *, is_needed: bool, principal: Principal) -> bool:
    """Whether a till or a key that enrols somebody had to send the acceptance of the terms in force before."""
    async with ledger.transaction() as connection:
        before = await is_acceptance_needed(connection)
        await set_number(connection, NEEDED_SETTING, int(is_needed))
        details: dict[str, Detail] = {"setting": NEEDED_SETTING, "before": before, "after": is_needed}
        await note_act(connection, principal, Act(deed=Deed.SETTING_CHANGED, details=details))
    return before


async def read_notice(ledger: Ledger) -> int:
    """How many days ahead members are told of a change for the worse."""
    async with ledger.reading() as connection:
        return await notice_days(connection)
