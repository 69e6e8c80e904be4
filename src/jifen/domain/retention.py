"""How long what is personal is kept, by class, and why so long (decision 0119). The journal is kept: law 4."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum, unique
from types import MappingProxyType
from typing import Final, NamedTuple

from jifen.domain.refusals import FieldWrong

HORIZON_DAYS: Final = 400
"""A late message may come so long after, where no source says longer: until then nothing that it may ask for goes."""
DAYS_MAX: Final = 36_500
NEVER: Final = 0


@unique
class DataClass(StrEnum):
    """A class of data that goes after a time. Its name and reason are messages of the catalogues: `retention.<itself>`."""

    OPERATOR_SESSIONS = "operator_sessions"
    MEMBER_SESSIONS = "member_sessions"
    PASSKEYS = "passkeys"
    ANSWERS = "answers"
    RECEIPTS = "receipts"
    FLAGS = "flags"
    NOTES = "notes"
    QUESTIONS = "questions"
    CLOSED_MEMBERS = "closed_members"


@unique
class PeriodReason(StrEnum):
    """Why a period is changed: of a closed set, for it stands in the audit. Its sentence is `retention.reason.<itself>`."""

    POLICY = "policy"
    LAW = "law"
    AUTHORITY = "authority"
    LESS_DATA = "less_data"
    MISTAKE = "mistake"


class Period(NamedTuple):
    """How many days a class is kept if nobody says otherwise, the least that may be said, and whether a late message may ask for
    it: then never less than the horizon."""

    days: int
    least: int
    is_within_horizon: bool = False


PERIODS: Final[Mapping[DataClass, Period]] = MappingProxyType(
    {
        DataClass.OPERATOR_SESSIONS: Period(30, 1),
        DataClass.MEMBER_SESSIONS: Period(30, 1),
        DataClass.PASSKEYS: Period(90, 1),
        DataClass.ANSWERS: Period(HORIZON_DAYS, 1, is_within_horizon=True),
        DataClass.RECEIPTS: Period(HORIZON_DAYS, 1, is_within_horizon=True),
        DataClass.FLAGS: Period(HORIZON_DAYS, 1, is_within_horizon=True),
        DataClass.NOTES: Period(1_095, 1, is_within_horizon=True),
        DataClass.QUESTIONS: Period(1_095, 30),
        DataClass.CLOSED_MEMBERS: Period(1_095, 1, is_within_horizon=True),
    }
)


def least_days(kind: DataClass, horizon: int) -> int:
    """The shortest period that may be set."""
    period = PERIODS[kind]
    return max(period.least, horizon) if period.is_within_horizon else period.least


def days_kept(kind: DataClass, said: int | None, horizon: int) -> int:
    """How many days a class is kept; NEVER: it does not go. A horizon that grew since wins over what was said."""
    days = PERIODS[kind].days if said is None else said
    return days if days == NEVER else max(days, least_days(kind, horizon))


def check_days(kind: DataClass, days: int, horizon: int) -> None:
    """Refuse a period that would take what is still asked for.

    Refuses
        FieldWrong   shorter than the least, or longer than a hundred years
    """
    least = least_days(kind, horizon)
    if days != NEVER and not least <= days <= DAYS_MAX:
        why = f", for a late message may come for {horizon} days" if PERIODS[kind].is_within_horizon else ""
        detail = f"{kind} are kept {least} to {DAYS_MAX} days{why}, or never let go"
        raise FieldWrong(detail, pointer="/days", value=days, least=least)


def class_named(text: str) -> DataClass:
    """The class of that name.

    Refuses
        FieldWrong   there is none
    """
    try:
        return DataClass(text)
    except ValueError:
        detail = f"a class is one of {', '.join(DataClass)}"
        raise FieldWrong(detail, pointer="/class", value=text[:50]) from None
