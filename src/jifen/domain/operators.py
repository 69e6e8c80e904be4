"""Operators: people who sign in. How a login is written, what a password must be, how long sessions and waits last."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import timedelta
from difflib import get_close_matches
from enum import StrEnum, unique
from typing import Final
from unicodedata import normalize

from jifen.domain.principal import ROLES, Permission, Principal
from jifen.domain.refusals import FieldWrong, NotPermitted, SignInTooSoon
from jifen.domain.texts import CODE, Form, TextRefused, canonical

SESSION_LASTS: Final = timedelta(hours=12)
"""A session ends then, used or not: a shift, and no more."""
PRIVILEGED_LASTS: Final = timedelta(minutes=30)
"""A session that was not used for so long does nothing privileged any more, until somebody signs in again."""
INVITATION_LASTS: Final = timedelta(hours=72)
SESSIONS_MAX: Final = 20
"""An operator has at most so many at once; the one used longest ago ends for the next."""

LOGIN_MAX: Final = 64
NAME_MAX: Final = 100
PASSWORD_MIN: Final = 10
PASSWORD_MAX: Final = 200
RECOVERY_CODES: Final = 10
STORES_MAX: Final = 1_000
UNITS_MAX: Final = 1_000_000_000

_LOGIN = re.compile(r"[\w][\w.@+-]*")
_CODE_BLANKS = re.compile(r"[\s-]+")

FREE_TRIES: Final = (
    3  # wrong passwords of a login from an address (or a browser it signed in with) that cost no wait
)
FREE_TRIES_OF_LOGIN: Final = 20
FREE_CODES: Final = 5
WAIT_MAX: Final = timedelta(minutes=15)
WAIT_MAX_OF_LOGIN: Final = timedelta(seconds=30)
WAIT_MAX_OF_CODES: Final = timedelta(hours=1)
FORGOTTEN_AFTER: Final = timedelta(days=1)
"""Wrong tries are forgotten a day after the last of them."""


@unique
class Proof(StrEnum):
    """What was shown last when a session began."""

    PASSWORD = "password"  # noqa: S105
    TOTP = "totp"
    RECOVERY_CODE = "recovery_code"
    PASSKEY = "passkey"


def wait_after(failures: int, *, free: int, most: timedelta) -> timedelta:
    """How long the next try waits after so many wrong ones: nothing, then 1, 2, 4 ... seconds, and never longer than `most`."""
    if failures <= free:
        return timedelta()
    # Beyond 2^20 seconds any limit is reached, and no number grows without bound.
    return min(timedelta(seconds=2 ** min(failures - free - 1, 20)), most)


def refuse_too_soon(wait: timedelta) -> None:
    """Refuse a try that is not looked at yet.

    Refuses
        SignInTooSoon   something is left to wait
    """
    if wait > timedelta():
        seconds = -(-wait // timedelta(seconds=1))  # up: who waits so long is looked at
        raise SignInTooSoon(f"the next try is looked at in {seconds} seconds", seconds=seconds)


def login_in_form(text: str, *, pointer: str = "/login") -> str:
    """The one writing of a login: compatible characters are one (NFKC), capitals are small, ends are trimmed.

    Refuses
        FieldWrong   not 1 to 64 letters, digits, or . @ + - _ that begin with a letter or digit
    """
    folded = normalize("NFKC", normalize("NFKC", text).casefold()).strip()
    if len(folded) > LOGIN_MAX or not _LOGIN.fullmatch(folded):
        detail = (
            f"a login is 1 to {LOGIN_MAX} letters, digits, or . @ + - _, and begins with a letter or a digit"
        )
        raise FieldWrong(detail, pointer=pointer, value=text[:50])
    return folded


def login_or_nobody(text: str) -> str:
    """The login in its form, for who tries to sign in; what has none is nobody's."""
    try:
        return login_in_form(text)
    except FieldWrong:
        return ""


def name_in_form(text: str, *, pointer: str = "/name") -> str:
    """A display name in its form.

    Refuses
        FieldWrong   nothing is left of it, it is too long, or holds what is not printed
    """
    try:
        return canonical(text, Form("name", NAME_MAX))
    except TextRefused as refused:
        raise FieldWrong(str(refused), pointer=pointer, value=text[:50]) from None


def password_in_form(text: str) -> str:
    """A password as it is hashed: one writing of its characters (NFKC), whichever keyboard wrote them; nothing is cut off."""
    return normalize("NFKC", text)


def check_password(text: str, *, login: str, pointer: str = "/password") -> None:
    """Refuse a password that is guessed first. Length is what helps; classes of characters are not asked for (NIST SP 800-63B).

    Refuses
        FieldWrong   fewer than 10 or more than 200 characters, fewer than five different ones, or the login itself
    """
    password = password_in_form(text)
    if not PASSWORD_MIN <= len(password) <= PASSWORD_MAX:
        detail = f"a password has {PASSWORD_MIN} to {PASSWORD_MAX} characters; several words are good"
        raise FieldWrong(detail, pointer=pointer)
    folded = password.casefold()
    if len(set(folded)) < 5 or folded.strip("0123456789!.") == login or folded in _FIRST_GUESSES:
        raise FieldWrong("this password is guessed first: choose several words", pointer=pointer)


_FIRST_GUESSES = frozenset({
    "1234567890", "0123456789", "password123", "password1234", "passwordpassword", "qwertyuiop", "qwerty123456", "1q2w3e4r5t",
    "abcdefghij", "woaini1314", "woaini520520", "iloveyou123", "administrator", "letmein1234", "welcome1234",
})  # fmt: skip


def code_in_form(text: str) -> str:
    """A code as it is compared: blanks and hyphens only group it, capitals do not matter."""
    return _CODE_BLANKS.sub("", normalize("NFKC", text)).upper()


def check_roles(roles: Sequence[str], permissions: Sequence[str]) -> None:
    """Refuse what is no role or no permission, and whoever has neither.

    Refuses
        FieldWrong   naming the first, and the nearest that there is
    """
    if not roles and not permissions:
        raise FieldWrong(
            f"a role is told ({', '.join(ROLES)}), or permissions; jifen key roles tells them",
            pointer="/roles",
        )
    for pointer, told, known in (
        ("/roles", roles, list(ROLES)),
        ("/permissions", permissions, [str(one) for one in Permission]),
    ):
        for one in told:
            if one not in known:
                near = get_close_matches(one, known, n=1)
                meant = f" Did you mean {near[0]}?" if near else ""
                detail = f"there is no {pointer[1:-1]} {one[:50]!r}.{meant} jifen key roles tells them all"
                raise FieldWrong(detail, pointer=pointer, value=one[:50])


def stores_in_form(stores: Sequence[str]) -> list[str]:
    """The codes of stores in their form, each once.

    Refuses
        FieldWrong   one has no form, or there are more than 1,000
    """
    if len(stores) > STORES_MAX:
        raise FieldWrong(f"nobody is bound to more than {STORES_MAX} stores", pointer="/stores")
    try:
        return sorted({canonical(store, CODE) for store in stores})
    except TextRefused as refused:
        raise FieldWrong(str(refused), pointer="/stores") from None


def check_limit(units: int | None) -> None:
    """Refuse a limit of adjustments that is none.

    Refuses
        FieldWrong   below 0 or above a thousand million units
    """
    if units is not None and not 0 <= units <= UNITS_MAX:
        detail = f"a limit of adjustments is from 0 to {UNITS_MAX} units"
        raise FieldWrong(detail, pointer="/adjustment_units_max", value=units)


def check_may_grant(
    principal: Principal, permissions: frozenset[Permission], stores: Sequence[str] | None, limit: int | None
) -> None:
    """Refuse to give what whoever gives it has not got, and to touch somebody who has more: nobody rises by way of another.

    Refuses
        NotPermitted   a permission that he has not; a store that is not his, or none; a higher limit than his
    """
    more = sorted(permissions - principal.permissions)
    if more:
        detail = (
            f"{principal.name} does not have {', '.join(more)}, so he cannot give it, nor manage who has it"
        )
        raise NotPermitted(detail, pointer="/roles", permissions=", ".join(more))
    if principal.stores is not None and not (stores and set(stores) <= principal.stores):
        listed = ", ".join(sorted(principal.stores))
        detail = f"{principal.name} is bound to {listed}, so whom he manages is bound to some of these"
        raise NotPermitted(detail, pointer="/stores", stores=listed)
    most = principal.adjustment_units_max
    if most is not None and (limit is None or limit > most) and Permission.UNITS_ADJUST in permissions:
        detail = f"{principal.name} adjusts up to {most} units alone, so whom he manages does not adjust more"
        raise NotPermitted(detail, pointer="/adjustment_units_max", adjustment_units_max=most)
