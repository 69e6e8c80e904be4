"""Switches: what must stop at once. A rule that is off gives nothing, a store sells nothing to members, a reward is given
to nobody, from a moment on and until it is switched on again. Nobody waits for a revision.

What counts is when an occasion comes into the books, not when it is told to have occurred: whoever finds a mistake stops what
arrives late too, and a till that lies about its clock gains nothing. What time brings is dated when it was due.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum, unique
from typing import NamedTuple

from jifen.domain.decision import OFF
from jifen.domain.refusals import Conflict
from jifen.domain.timeline import Timeline


class StoreSwitchedOff(Conflict):
    """The store is switched off: nothing is booked there until it is switched on again."""

    code = "store_switched_off"


@unique
class SwitchKind(StrEnum):
    """What may be switched off."""

    RULE = "rule"
    STORE = "store"
    REWARD = "reward"


_NONE: frozenset[str] = frozenset()


class Switched(NamedTuple):
    """One turn of a switch: what was switched, and from which moment of the book on."""

    kind: SwitchKind
    code: str
    is_off: bool
    at: datetime


class Switches:
    """Every turn of every switch, in order, and what is off at a moment."""

    __slots__ = ("_states", "newest")

    def __init__(self, turned: Iterable[Switched] = (), *, newest: int = 0) -> None:
        self.newest = newest  # number of the last turn
        off: dict[SwitchKind, frozenset[str]] = {}
        self._states: list[tuple[datetime, Mapping[SwitchKind, frozenset[str]]]] = []
        for one in turned:
            before = off.get(one.kind, _NONE)
            off = {**off, one.kind: before | {one.code} if one.is_off else before - {one.code}}
            self._states.append((one.at, off))

    def __bool__(self) -> bool:
        """Whether anything was ever switched."""
        return bool(self._states)

    def rules_off(self, at: datetime) -> frozenset[str]:
        """The codes of the rules that are off at a moment."""
        return self.off(SwitchKind.RULE, at)

    def stores_off(self, at: datetime) -> frozenset[str]:
        """The codes of the stores that are off at a moment."""
        return self.off(SwitchKind.STORE, at)

    def off(self, kind: SwitchKind, at: datetime) -> frozenset[str]:
        """The codes of a kind that are off at a moment."""
        for since, off in reversed(self._states):
            if since <= at:
                return off.get(kind, _NONE)
        return _NONE

    def rooms(
        self, timeline: Timeline, row: int, hits: Iterable[tuple[int, int, int]], at: datetime
    ) -> Mapping[int, int]:
        """Of the hits of an occasion those whose rule is off, or multiplies one that is: `OFF` by its position."""
        off = self.rules_off(at)
        if not off:
            return {}
        rules = timeline.programs[row].rules
        return {
            position: OFF
            for position, _, _ in hits
            if rules[position].code in off or rules[position].multiplies in off
        }

    def check_store(self, store: str | None, at: datetime, *, pointer: str = "/store") -> None:
        """Refuse what happens in a store that is off.

        Refuses
            StoreSwitchedOff   until it is switched on again
        """
        if store is not None and self._states and store in self.stores_off(at):
            raise StoreSwitchedOff(f"store {store!r} is switched off", pointer=pointer, store=store)


NO_SWITCHES = Switches()
