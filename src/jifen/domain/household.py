"""A household: who belongs to it as what, how one comes in by an invitation, and with what one begins who leaves it (0114)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Final, NamedTuple, Protocol
from uuid import UUID

from jifen.domain import fold
from jifen.domain.carried import Carried
from jifen.domain.check_digits import CardCheck, is_right, with_check
from jifen.domain.member import Member

ROLES: Final = ("head", "adult", "child")
PERSONS_MAX: Final = 10
"""So many belong to one household: a family, and no club that shares one limit."""

GUARDIAN_AGE: Final = 14
"""Below it a guardian agrees (PIPL, article 31), unless the ledger's setting says another age."""
GUARDIAN_PURPOSE: Final = "guardian"

INVITATION_HOURS: Final = 48
INVITATIONS_MAX: Final = 5
"""Open at once of one household: each is a code that may be guessed."""
FREE_INVITATION_TRIES: Final = 5
WAIT_MAX_OF_INVITATIONS: Final = timedelta(hours=1)
CODE_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
CODE_LENGTH: Final = 9
"""Characters before the check character: 32^9 are 45 bits."""

UNDO_LASTS: Final = timedelta(hours=24)


class Belongs(Protocol):
    """Somebody of a household."""

    @property
    def person_id(self) -> UUID:
        """His id."""

    @property
    def role(self) -> str:
        """What he is there."""


class Share(NamedTuple):
    """Units of a currency that go with who leaves."""

    currency: str
    units: int


def invitation_code(drawn: str) -> str:
    """Nine drawn characters as a code: with the check character, in two halves."""
    assert len(drawn) == CODE_LENGTH
    code = with_check(drawn, CardCheck.MOD_37_36)
    return f"{code[:5]}-{code[5:]}"


def invitation_code_in_form(typed: str) -> str | None:
    """A typed code as it was drawn: blanks, hyphens and small letters do not matter; None: it is mistyped."""
    plain = "".join(one for one in typed.upper() if one not in " -\u2013\u2014\u3000")
    if len(plain) != CODE_LENGTH + 1 or not is_right(plain, CardCheck.MOD_37_36):
        return None
    return plain


def age_on(birthday: str, today: date) -> int:
    """Years lived through on a day. Who was born on 29 February is a year older on 1 March."""
    born = date.fromisoformat(birthday)
    return today.year - born.year - ((today.month, today.day) < (born.month, born.day))


def is_under_age(birthday: str | None, today: date, guardian_age: int) -> bool:
    """Whether a guardian agrees for somebody. Of whom no birthday is told nothing is assumed."""
    return birthday is not None and age_on(birthday, today) < guardian_age


def is_head(persons: Sequence[Belongs], person_id: UUID) -> bool:
    """Whether somebody is the head of these."""
    return any(one.person_id == person_id and one.role == "head" for one in persons)


def heir_of_head(persons: Sequence[Belongs]) -> UUID | None:
    """Who becomes head where the head is gone and named nobody: the adult who is there longest (None: no adult is)."""
    return next((one.person_id for one in persons if one.role == "adult"), None)


def begins_with_limits(member: Member) -> list[int]:
    """What who leaves a household begins with, laid out as `fold.py` carries it: the limits that the household has used, so that
    no first time comes twice; neither units nor windows, which stay."""
    width = fold.COUNTER_WIDTH
    used = [
        number
        for at in range(0, len(member.counters), width)
        if member.counters[at + fold.COUNTER_USED]
        for number in member.counters[at : at + width]
    ]
    purchases = member.scalars[fold.PURCHASES]
    return [0, 0, purchases, -1, 0, 0, len(used) // width, *used]


class Fate(NamedTuple):
    """What became of a lot at the member who had taken it over."""

    gone: int  # also what is left there, and goes back as a gift
    expired: int
    returned: int


def begins_again(carried: Carried, fates: Sequence[Fate]) -> list[int]:
    """What a member begins with whose merge is undone: where he stood, his days, limits and firsts as he left them, and his lots
    emptied, so that a later return finds them. His units come by gifts, and what he owed stays where it went."""
    lots = [
        (*lot[: fold.BROUGHT_LEFT], 0, fate.gone, fate.expired, fate.returned, *lot[fold.BROUGHT_EXPIRES :])
        for lot, fate in zip(carried.lots, fates, strict=True)
    ]
    return _flat(
        carried.purchases, carried.last_purchase_day, carried.stood, lots, carried.days, carried.counters
    )


def goes_again(carried: Carried, foot: Sequence[int]) -> list[int]:
    """The same taken off whoever had taken it over: his days, limits and firsts are as if it had never come. `foot` is the lowest
    tier of each ladder, which lowers nobody: a tier that was reached stands until its review."""
    stood = [(tier, fold.FAR, 0, 0, 0) for tier in foot[: len(carried.stood)]]
    days = [(day, *(-number for number in numbers)) for day, *numbers in carried.days]
    counters = [(limit, period, -used) for limit, period, used in carried.counters]
    return _flat(-carried.purchases, -1, stood, [], days, counters)


def _flat(
    purchases: int,
    last_day: int,
    stood: Sequence[tuple[int, ...]],
    lots: Sequence[tuple[int, ...]],
    days: Sequence[tuple[int, ...]],
    counters: Sequence[tuple[int, ...]],
) -> list[int]:
    return [
        len(stood), 0, purchases, last_day, len(lots), len(days), len(counters),
        *(number for row in (*stood, *lots, *days, *counters) for number in row),
    ]  # fmt: skip
