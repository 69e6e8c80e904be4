"""A ladder as sentences: what counts, how long a tier is kept, where it falls to, each tier; and who stands and moves on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from jifen.domain.program.meaning import (
    BY_SPEND,
    BY_VISITS,
    Downgrade,
    Keeps,
    Program,
    Tier,
    WindowKind,
)
from jifen.domain.standing import Standing
from jifen.present.catalogue import Catalogue, catalogue_of
from jifen.present.ids import prefixed
from jifen.present.rules import Names, names_of
from jifen.present.shown import name_in, shown_instant
from jifen.present.statements import shown_day


def ladder_sentences(program: Program, language: str) -> list[str]:
    """How the first ladder goes: a sentence on what counts, one on how long a tier is kept, one on grace, one on the fall."""
    ladder, words = program.ladder, catalogue_of(language)
    if len(ladder.tiers) < 2:
        return [words.say("ladder.one_tier")]
    if ladder.counts == BY_SPEND:
        said = words.say("ladder.spend")
    elif ladder.counts == BY_VISITS:
        said = words.say("ladder.visits")
    else:
        name = words.within(name_in(program.currencies[ladder.counts].names, language))
        said = words.say("ladder.units", currency=name)
    if ladder.window.kind is WindowKind.ROLLING:
        said = words.say("ladder.rolling", said=said, days=ladder.window.days)
    else:
        said = words.say(f"ladder.since.{ladder.window.kind.name.lower()}", said=said)
    told = [words.say("ladder.counts", said=said)]
    if ladder.downgrade is Downgrade.NONE:
        return [*told, words.say("ladder.falls.none")]
    told.append(words.say(f"ladder.keeps.{Keeps(ladder.keeps).name.lower()}", count=ladder.keeps_for))
    if ladder.grace_days:
        told.append(words.say("ladder.grace", count=ladder.grace_days))
    return [*told, words.say(f"ladder.falls.{ladder.downgrade.name.lower()}")]


def tier_sentence(tier: Tier, program: Program, language: str) -> str:
    """With how much a tier of the first ladder is reached and kept, and what it multiplies by."""
    names, words = names_of(program, language), catalogue_of(language)
    called = name_in(tier.names, language) or tier.code
    if tier.reach:
        said = words.say("ladder.reached", tier=called, amount=_amount(tier.reach, program, names, words))
        if tier.kept_by != tier.reach:
            kept = _amount(tier.kept_by, program, names, words)
            said = words.say("ladder.kept_with", said=said, amount=kept)
    else:
        said = words.say("ladder.begins", tier=called)
    if tier.multiplier[0] != tier.multiplier[1]:
        said = words.say("ladder.multiplied", said=said, times=_times(*tier.multiplier))
    return words.say("ladder.end", said=said)


def _amount(size: int, program: Program, names: Names, words: Catalogue) -> str:
    counts = program.ladder.counts
    if counts == BY_SPEND:
        return names.amount(size)
    if counts == BY_VISITS:
        return words.say("ladder.by_visits", count=size)
    currency = program.currencies[counts]
    shown = names.units(size, currency.code)
    unit = words.unit(name_in(currency.names, words.language), shown)
    return words.say("exchange.units", units=shown, unit=unit)


def _times(over: int, under: int) -> str:
    """A multiplier as it is written in a document: 1.5; as a fraction where no decimals end it."""
    for decimals in range(7):
        if over * 10**decimals % under == 0:
            digits = str(over * 10**decimals // under).rjust(decimals + 1, "0")
            return digits if decimals == 0 else f"{digits[:-decimals]}.{digits[-decimals:]}"
    return f"{over}/{under}"


class _Step(Protocol):
    @property
    def on(self) -> date: ...
    @property
    def up(self) -> int: ...
    @property
    def down(self) -> int: ...


class _Pair(Protocol):
    @property
    def before(self) -> int: ...
    @property
    def after(self) -> int: ...
    @property
    def is_up(self) -> bool: ...
    @property
    def members(self) -> int: ...
    @property
    def by_time(self) -> int: ...


class _Span(Protocol):
    @property
    def from_on(self) -> date: ...
    @property
    def until_on(self) -> date: ...


class LadderRead(Protocol):
    """Who stands where on a ladder, and who moved when."""

    @property
    def program(self) -> Program: ...
    @property
    def now(self) -> datetime: ...
    @property
    def span(self) -> _Span: ...
    @property
    def step(self) -> str: ...
    @property
    def members(self) -> Mapping[int, int] | None: ...
    @property
    def steps(self) -> Sequence[_Step] | None: ...
    @property
    def pairs(self) -> Sequence[_Pair] | None: ...
    @property
    def judged(self) -> int | None: ...
    @property
    def judged_by(self) -> date: ...
    @property
    def tier_codes(self) -> Mapping[int, str]: ...


class _Falling(Protocol):
    @property
    def member_id(self) -> UUID: ...
    @property
    def standing(self) -> Standing: ...
    @property
    def falls_to(self) -> Tier: ...
    @property
    def is_in_grace(self) -> bool: ...


class _Key(Protocol):
    @property
    def value(self) -> str: ...


class _Place(Protocol):
    @property
    def day(self) -> int: ...
    @property
    def member_id(self) -> UUID: ...


class FallingRead(Protocol):
    """A page of those who are about to fall."""

    @property
    def members(self) -> Sequence[_Falling] | None: ...
    @property
    def keys(self) -> Mapping[UUID, Sequence[_Key]]: ...
    @property
    def behind(self) -> _Place | None: ...
    @property
    def program(self) -> Program: ...
    @property
    def until_on(self) -> date: ...
    @property
    def tier_codes(self) -> Mapping[int, str]: ...


def counted_as(program: Program) -> str:
    """What the first ladder counts: spend, visits, or the code of a currency."""
    counts = program.ladder.counts
    return {BY_SPEND: "spend", BY_VISITS: "visits"}.get(counts) or program.currencies[counts].code


def ladder_shown(view: LadderRead, language: str) -> dict[str, Any]:
    """The ladder as data: `LadderAnswer` of the API."""
    program, members, codes = view.program, view.members, view.tier_codes
    return {
        "as_of": shown_instant(view.now),
        "from_on": view.span.from_on.isoformat(),
        "to_on": (view.span.until_on - timedelta(days=1)).isoformat(),
        "counts": counted_as(program),
        "sentences": ladder_sentences(program, language),
        "tiers": [
            {
                "tier": tier.code,
                "names": dict(tier.names),
                "sentence": tier_sentence(tier, program, language),
                "reach": tier.reach,
                "keep": tier.kept_by,
                "members": None if members is None else members.get(tier.number, 0),
            }
            for tier in program.ladder.tiers
        ],
        "step": view.step,
        "steps": None
        if view.steps is None
        else [{"on": one.on.isoformat(), "up": one.up, "down": one.down} for one in view.steps],
        "pairs": None
        if view.pairs is None
        else [
            {
                "before": codes.get(one.before, str(one.before)),
                "after": codes.get(one.after, str(one.after)),
                "is_up": one.is_up,
                "moves": one.members,
                "by_time": one.by_time,
            }
            for one in view.pairs
        ],
        "judged": view.judged,
        "judged_by": view.judged_by.isoformat(),
    }


def falling_shown(page: FallingRead) -> dict[str, Any]:
    """Those who are about to fall as data: `FallingAnswer` of the API."""
    return {
        "data": None
        if page.members is None
        else [
            {
                "member_id": prefixed("mbr", one.member_id),
                "keys": [key.value for key in page.keys.get(one.member_id, ())][:4],
                "tier": page.tier_codes[one.standing.tier],
                "falls_to": one.falls_to.code,
                "judged_on": shown_day(one.standing.review_day),
                "is_in_grace": one.is_in_grace,
                "counted": one.standing.kept_by - one.standing.keep_missing,
                "keep": one.standing.kept_by,
                "missing": one.standing.keep_missing,
            }
            for one in page.members
        ],
        "counts": counted_as(page.program),
        "until_on": page.until_on.isoformat(),
        "next_cursor": f"{page.behind.day}~{page.behind.member_id.hex}" if page.behind else None,
    }


def ladder_lines(view: LadderRead, language: str) -> list[str]:
    """The ladder as a terminal shows it."""
    words, shown = catalogue_of(language), ladder_shown(view, language)
    names = {one.code: name_in(one.names, language) for one in view.program.ladder.tiers}
    lines = [*shown["sentences"], ""]
    for one in shown["tiers"]:
        count = one["members"]
        held = "" if count is None else words.say("ladder_shown.members", count=count)
        lines.append(words.say("ladder_shown.tier", said=one["sentence"], held=held).rstrip())
    if shown["pairs"] is None:
        return [*lines, "", words.say("ladder_shown.too_many")]
    lines += ["", words.say("ladder_shown.moves", since=shown["from_on"], until=shown["to_on"])]
    for one in shown["pairs"]:
        before, after = (names.get(one[side], one[side]) for side in ("before", "after"))
        lines.append(
            words.say(
                "ladder_shown.pair", before=before, after=after, count=one["moves"], by_time=one["by_time"]
            )
        )
    if not shown["pairs"]:
        lines.append(words.say("ladder_shown.nobody"))
    return [*lines, "", words.say("ladder_shown.judged", count=shown["judged"], by=shown["judged_by"])]


def falling_lines(page: FallingRead, language: str) -> list[str]:
    """Those who are about to fall as a terminal shows them."""
    words, shown = catalogue_of(language), falling_shown(page)
    if shown["data"] is None:
        return [words.say("ladder_shown.too_many")]
    names = {one.code: name_in(one.names, language) for one in page.program.ladder.tiers}
    told = names_of(page.program, language)
    lines = [
        words.say(
            "ladder_shown.falling_in_grace" if one["is_in_grace"] else "ladder_shown.falling",
            day=one["judged_on"],
            member=one["member_id"],
            before=names.get(one["tier"], one["tier"]),
            after=names[one["falls_to"]],
            missing=_amount(one["missing"], page.program, told, words),
        )
        for one in shown["data"]
    ]
    if page.behind is not None:
        lines.append(words.say("ladder_shown.more", cursor=shown["next_cursor"]))
    return lines or [words.say("ladder_shown.nobody_falls", by=shown["until_on"])]
