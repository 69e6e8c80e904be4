"""How long each class of data is kept, as it is shown: by the API and on a terminal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol

from jifen.domain.retention import NEVER, DataClass, PeriodReason
from jifen.present.catalogue import catalogue_of


class _Kept(Protocol):
    @property
    def kind(self) -> DataClass: ...
    @property
    def days(self) -> int: ...
    @property
    def is_default(self) -> bool: ...
    @property
    def least(self) -> int: ...
    @property
    def due(self) -> int: ...


def retention_shown(kept: Iterable[_Kept], language: str) -> list[dict[str, Any]]:
    """Each class with its name, period, reason, and how much has outlived it."""
    words = catalogue_of(language)
    return [
        {
            "class": str(one.kind),
            "name": words.say(f"retention.name.{one.kind}"),
            "why": words.say(f"retention.why.{one.kind}"),
            "days": None if one.days == NEVER else one.days,
            "is_default": one.is_default,
            "least_days": one.least,
            "due": one.due,
        }
        for one in kept
    ]


def retention_lines(kept: Iterable[_Kept], language: str) -> list[str]:
    """The same as lines of a terminal, and what is kept for good."""
    words = catalogue_of(language)
    lines = []
    for one in retention_shown(kept, language):
        period = (
            words.say("retention.for_good")
            if one["days"] is None
            else words.say("retention.days", days=one["days"])
        )
        lines.append(
            words.say(
                "retention.line",
                code=one["class"],
                name=one["name"],
                period=period,
                due=one["due"],
                why=one["why"],
            )
        )
    return [*lines, words.say("retention.kept")]


def reason_said(reason: PeriodReason, language: str) -> str:
    """Why a period is changed."""
    return catalogue_of(language).say(f"retention.reason.{reason}")
