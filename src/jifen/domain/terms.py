"""Terms of membership: a version never changes, the one in force at a moment is one, and a change for the worse is told ahead
(decision 0118)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from unicodedata import category, normalize

from jifen.domain.person import Consent
from jifen.domain.refusals import EffectiveInThePast, FieldWrong
from jifen.domain.refusals_of_people import NoticeTooShort, TermsBegun, TermsNotAccepted, TermsUnknown

TERMS: Final = "terms"
"""The purpose under which a person's acceptance is kept, beside his consents. It is not taken back: one closes the membership."""
BUILT_IN_TEXTS: Final = "2026-11"
"""The version of the consents' words that come with the screens, where a ledger has published no terms of its own."""
NOTICE_DAYS: Final = 30
NOTICE_DAYS_MAX: Final = 365
TEXT_MAX: Final = 100_000
SUMMARY_MAX: Final = 2_000
VERSIONS_MAX: Final = 1_000
NEEDED: Final = ("zh", "en")


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """A version, without its text.

    Shape
        number            1, 2, 3 ... in the order of their moments
        summary           what is different, by language; None: the first one
        is_worse          whether it takes something from members, as whoever published it says
        takes_effect_at   from then on it is in force, until the next one is
        withdrawn_at      it was called off before it was in force, and never is
    """

    number: int
    version: str
    summary: Mapping[str, str] | None
    is_worse: bool
    takes_effect_at: datetime
    published_at: datetime
    published_by: str
    withdrawn_at: datetime | None = None


def in_force(terms: Iterable[Terms], now: datetime) -> Terms | None:
    """The version in force at that moment; None: none is yet."""
    begun = [one for one in terms if one.withdrawn_at is None and one.takes_effect_at <= now]
    return max(begun, key=lambda one: one.takes_effect_at, default=None)


def coming(terms: Iterable[Terms], now: datetime) -> Terms | None:
    """The version that takes the place of the one in force next; None: none waits."""
    waiting = [one for one in terms if one.withdrawn_at is None and one.takes_effect_at > now]
    return min(waiting, key=lambda one: one.takes_effect_at, default=None)


def decide_effect(
    before: Iterable[Terms], *, is_worse: bool, wanted: datetime | None, now: datetime, notice_days: int
) -> datetime:
    """From when on a new version is in force: at once, or for the worse after the notice; `wanted` names a later moment.

    Refuses
        EffectiveInThePast   a moment before now
        NoticeTooShort       for the worse, with less notice
        FieldWrong           it would be in force before one that was published before it
    """
    known = [one for one in before if one.withdrawn_at is None]
    notice = timedelta(days=notice_days if is_worse and known else 0)
    earliest = now + notice
    at = earliest if wanted is None else wanted
    if at < now:
        raise EffectiveInThePast(pointer="/takes_effect_at")
    if at < earliest:
        detail = f"it is for the worse, so members are told {notice_days} days ahead: from {earliest:%Y-%m-%d %H:%MZ} on"
        raise NoticeTooShort(
            detail, pointer="/takes_effect_at", notice_days=notice_days, earliest=earliest.isoformat()
        )
    last = max((one.takes_effect_at for one in known), default=None)
    if last is not None and at <= last:
        detail = f"the version before takes effect at {last:%Y-%m-%d %H:%MZ}: this one follows it, name a later moment"
        raise FieldWrong(detail, pointer="/takes_effect_at")
    return at


def check_withdrawal(terms: Terms, now: datetime) -> None:
    """Refuse to call off what is in force or was.

    Refuses
        TermsBegun   telling since when
    """
    if terms.takes_effect_at <= now:
        at = terms.takes_effect_at
        detail = f"version {terms.version} took effect at {at:%Y-%m-%d %H:%MZ}: publish another one after it"
        raise TermsBegun(detail, pointer="/path/version", takes_effect_at=at.isoformat())


def check_accepted(consents: Iterable[Consent], current: Terms | None) -> None:
    """Refuse who joins without accepting the version in force, where a shop needs that of everybody.

    Refuses
        TermsNotAccepted   telling which it is
    """
    if current is None:
        return
    accepted = {one.text_version for one in consents if one.purpose == TERMS and one.is_given}
    if current.version not in accepted:
        detail = f"the terms in force are {current.version}: send a consent of the purpose {TERMS} with that text_version"
        raise TermsNotAccepted(detail, pointer="/consents", version=current.version)


def texts_in_form(texts: Mapping[str, str], *, pointer: str, most: int) -> dict[str, str]:
    """A text in every language that is told, Chinese and English among them.

    Refuses
        FieldWrong   a language is missing, a text is empty, too long, or holds what cannot be printed
    """
    missing = [one for one in NEEDED if not texts.get(one, "").strip()]
    if missing:
        raise FieldWrong(f"a text is missing in {', '.join(missing)}", pointer=f"{pointer}/{missing[0]}")
    found = {}
    for language, text in texts.items():
        plain = normalize("NFC", text.replace("\r\n", "\n")).strip()
        if len(plain) > most or any(category(one) in ("Cc", "Cs") and one not in "\n\t" for one in plain):
            detail = f"a text has at most {most} characters, and nothing that cannot be printed"
            raise FieldWrong(detail, pointer=f"{pointer}/{language}")
        found[language] = plain
    return found


def check_acceptance(consents: Iterable[Consent], versions: Iterable[str]) -> None:
    """Refuse an acceptance of terms that nobody published, or that is taken back.

    Refuses
        TermsUnknown   there is no such version
        FieldWrong     terms are not taken back
    """
    known = set(versions)
    for one in consents:
        if one.purpose != TERMS:
            continue
        if not one.is_given:
            detail = "terms are accepted or not: who accepts them no more closes his membership"
            raise FieldWrong(detail, pointer="/is_given")
        if one.text_version not in known:
            raise TermsUnknown(pointer="/text_version", version=one.text_version)
