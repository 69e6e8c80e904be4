"""A statement and the story of a lot, as values that API and command line show alike.

`api/statement_answers.py` describes them to integrators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from jifen.domain.calendar import date_of
from jifen.domain.explain import About, Posted, line_shares, rules_of
from jifen.domain.member import Lot
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import places_of
from jifen.present.ids import prefixed
from jifen.present.postings import explain
from jifen.present.shown import shown_instant


class PostedLine(Posted, Protocol):
    """What is shown of a posting in the journal."""

    @property
    def sequence(self) -> int: ...
    @property
    def part(self) -> int: ...
    @property
    def balance_after(self) -> int: ...
    @property
    def store(self) -> str | None: ...
    @property
    def channel(self) -> str | None: ...


class Movement(Protocol):
    """Units of a lot that an entry moved, and what kind of entry it was."""

    @property
    def sequence(self) -> int: ...
    @property
    def kind(self) -> str: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def lot(self) -> int: ...
    @property
    def way(self) -> int: ...
    @property
    def units(self) -> int: ...


class Line(Protocol):
    """A posting, what it belongs to, and the lots that its entry moved, with the entry that opened each."""

    @property
    def posting(self) -> PostedLine: ...
    @property
    def about(self) -> About: ...
    @property
    def moves(self) -> Sequence[Movement]: ...
    @property
    def origins(self) -> Mapping[int, int]: ...


class First(Protocol):
    """What a lot was at the member whose it was before he was merged into another."""

    @property
    def member_id(self) -> UUID: ...
    @property
    def number(self) -> int: ...
    @property
    def origin(self) -> int: ...


class Story(Protocol):
    """A lot, every movement of it, and the postings of the entries that moved it."""

    @property
    def lot(self) -> Lot: ...
    @property
    def first(self) -> First | None: ...
    @property
    def moves(self) -> Sequence[Movement]: ...
    @property
    def lines(self) -> Sequence[Line]: ...
    @property
    def next_after(self) -> int | None: ...
    @property
    def timeline(self) -> Timeline: ...


def statement_entry(line: Line, timeline: Timeline, language: str) -> dict[str, Any]:
    """A line of a statement, as `StatementEntry` describes it."""
    posting, about = line.posting, line.about
    currency = timeline.newest.currencies[posting.currency].code
    is_of_sale = posting.verb in ("earn", "claw_back")
    sale = about.purchase or {}
    entry = about.entry or {}
    back = about.brought_back
    return {
        "sequence": posting.sequence,
        "part": posting.part,
        "verb": posting.verb,
        "currency": currency,
        "units": posting.units if posting.is_credit else -posting.units,
        "balance_after": posting.balance_after,
        "sentence": explain(timeline, posting, about, language=language),
        "occurred_at": shown_instant(posting.occurred_at),
        "recorded_at": shown_instant(posting.recorded_at),
        "revision": posting.revision,
        "lot": posting.lot,
        "purchase_id": _id("pur", sale.get("purchase_id")),
        "source": sale.get("source"),
        "business_no": sale.get("business_no"),
        "return_id": _id("ret", back["return_id"]) if back and is_of_sale else None,
        "gift_id": _id("gft", entry.get("gift_id")),
        "counterpart_id": _id("mbr", entry.get("counterpart_id")),
        "store": posting.store,
        "channel": posting.channel,
        "actor": posting.actor,
        "note": entry.get("note") or (back or {}).get("note"),
        "rules": [
            {"rule": rule, "desired": desired, "granted": granted}
            for rule, desired, granted in rules_of(timeline, posting, about)
        ],
        "reasons": [
            {
                "line": share.line,
                "rule": share.rule,
                "currency": currency,
                "desired": share.desired,
                "granted": share.granted,
            }
            for share in line_shares(timeline, posting, about)
        ],
        "moves": [
            {
                "lot": move.lot,
                "comes": places_of(move.way)[0],
                "goes": places_of(move.way)[1],
                "units": move.units,
                "origin": line.origins[move.lot],
            }
            for move in line.moves
        ],
    }


def lot_story(story: Story, language: str) -> dict[str, Any]:
    """The story of a lot, as `LotStoryAnswer` describes it."""
    first = story.first
    return {
        "lot": lot_shown(story.lot, story.timeline),
        "first": first
        and {"member_id": prefixed("mbr", first.member_id), "number": first.number, "origin": first.origin},
        "steps": [
            {
                "sequence": move.sequence,
                "kind": move.kind,
                "occurred_at": shown_instant(move.occurred_at),
                "comes": places_of(move.way)[0],
                "goes": places_of(move.way)[1],
                "units": move.units,
            }
            for move in story.moves
        ],
        "postings": [statement_entry(line, story.timeline, language) for line in story.lines],
        "next_cursor": str(story.next_after) if story.next_after else None,
    }


def lot_shown(lot: Lot, timeline: Timeline) -> dict[str, Any]:
    """A lot, as `LotAnswer` describes it."""
    return {
        "number": lot.number,
        "currency": timeline.newest.currencies[lot.currency].code,
        "opened": lot.opened,
        "left": lot.left,
        "held": lot.held,
        "gone": lot.gone,
        "expired": lot.expired,
        "returned": lot.returned,
        "matures_on": shown_day(lot.matures_day) or "",
        "expires_on": shown_day(lot.expires_day),
        "origin": lot.origin,
    }


def shown_day(day: int | None) -> str | None:
    """The date of a day number; None for a day that never comes."""
    at = None if day is None else date_of(day)
    return at.isoformat() if at else None


def _id(prefix: str, value: UUID | None) -> str | None:
    return None if value is None else prefixed(prefix, value)
