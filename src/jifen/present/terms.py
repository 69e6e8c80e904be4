"""Terms of membership, as they are shown: by the API and on a terminal."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from jifen.domain.terms import Terms, in_force
from jifen.present.catalogue import catalogue_of
from jifen.present.shown import shown_instant


def terms_shown(one: Terms) -> dict[str, Any]:
    """A version, without its text."""
    return {
        "version": one.version,
        "number": one.number,
        "summary": None if one.summary is None else dict(one.summary),
        "is_worse": one.is_worse,
        "takes_effect_at": shown_instant(one.takes_effect_at),
        "published_at": shown_instant(one.published_at),
    }


def terms_listed(terms: list[Terms], accepted: Mapping[str, int], now: datetime) -> list[dict[str, Any]]:
    """Every version, newest first, with where it stands and how many persons accepted it."""
    current = in_force(terms, now)
    return [
        {
            **terms_shown(one),
            "published_by": one.published_by,
            "state": _state(one, current, now),
            "accepted": accepted.get(one.version, 0),
        }
        for one in reversed(terms)
    ]


def _state(one: Terms, current: Terms | None, now: datetime) -> str:
    if one.withdrawn_at is not None:
        return "withdrawn"
    if one.takes_effect_at > now:
        return "waiting"
    return "in_force" if one == current else "past"


def terms_line(shown: Mapping[str, Any], language: str) -> str:
    """A version as a line of a terminal."""
    words = catalogue_of(language)
    said = words.say(
        f"terms.state.{shown['state']}",
        version=shown["version"],
        at=shown["takes_effect_at"],
        accepted=shown["accepted"],
    )
    return words.say("terms.worse", said=said) if shown["is_worse"] else said
