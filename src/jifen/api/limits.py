"""How often somebody may ask, and how guessing is slowed (decision 0123).

Each process keeps its own share in memory: nothing is written for it and no row is one that everybody waits for. Whoever has a
key or is signed in is counted by that, anybody else by the address, so that nobody who tries keys uses up what a till has, and
a hundred members in one shop's network do not stand in each other's way.
"""

from __future__ import annotations

import ipaddress
import math
import time
from collections.abc import Callable
from typing import Final, Generic, Literal, NamedTuple, TypeVar

from jifen.domain.principal import Principal

WINDOW_SECONDS: Final = 60
PER_KEY: Final = 60_000
"""Requests a minute of a key for which nothing else was said: more than a chain's tills ask, less than a loop gone wild."""
PER_SESSION: Final = 1_200
"""Requests a minute of an operator or a member who is signed in."""
PER_ADDRESS: Final = 1_200
"""Requests a minute of an address without a key or a session that opens."""
KNOWN_MAX: Final = 10_000
"""So many askers are remembered; those who have been silent longest are forgotten first."""
TOKEN_LONGEST: Final = 120

GUESSES_FREE: Final = 30
"""So many unknown in a row are a bad day; who finds ten for one that he does not find never comes so far."""
_UNKNOWN, _KNOWN = 10, 1
CALM_SECONDS: Final = 600
"""After so long without an unknown one all is forgotten."""
DELAY_SECONDS_MAX: Final = 32

What = Literal["card", "code", "key"]
T = TypeVar("T")


class Rate:
    """So many requests a minute: a bucket that is full at first and fills up evenly (the generic cell rate algorithm)."""

    __slots__ = ("_interval", "_until", "limit", "policy", "told")

    def __init__(self, limit: int, name: str) -> None:
        self.limit = limit
        self._interval = WINDOW_SECONDS / limit
        self._until = 0.0
        self.policy = f'"{name}";q={limit};w={WINDOW_SECONDS}'.encode()
        self.told = f'"{name}";r='.encode()

    def take(self, now: float) -> int:
        """Take one; how many seconds to wait where there is none left (0: it was taken)."""
        until = max(self._until, now)
        late = until + self._interval - now - WINDOW_SECONDS
        if late > 1e-9:
            return math.ceil(late)
        self._until = until + self._interval
        return 0

    def give_back(self) -> None:
        """The last one does not count: nobody could say who asked."""
        self._until -= self._interval

    def headers(self, now: float) -> list[tuple[bytes, bytes]]:
        """What is left, as draft-ietf-httpapi-ratelimit-headers tells it."""
        used = max(self._until - now, 0.0)
        left = int((WINDOW_SECONDS - used) / self._interval + 1e-9)
        return [
            (b"ratelimit-policy", self.policy),
            (b"ratelimit", b"%b%d;t=%d" % (self.told, left, math.ceil(used))),
        ]


class Guesses:
    """How many unknown ones somebody has asked for in a row, and until when he has to wait before he asks again."""

    __slots__ = ("_free", "_last", "_level", "_score", "_until")

    def __init__(self, free: int = GUESSES_FREE) -> None:
        self._free = free * _UNKNOWN
        self._score = 0
        self._level = 0
        self._until = 0.0
        self._last = 0.0

    def wait(self, now: float) -> int:
        """How many seconds to wait; 0: ask."""
        return max(math.ceil(self._until - now), 0)

    def found(self) -> None:
        """What was asked for is there: somebody works."""
        if not self._level:
            self._score = max(self._score - _KNOWN, 0)

    def missed(self, now: float) -> bool:
        """What was asked for is not there; whether he is slowed from now on, and was not before."""
        if now - self._last > CALM_SECONDS:
            self._score = self._level = 0
        self._last = now
        self._score += _UNKNOWN
        if self._score <= self._free:
            return False
        self._level += 1
        self._until = now + min(2 ** (self._level - 1), DELAY_SECONDS_MAX)
        return self._level == 1


class _Kept(Generic[T]):
    """Values by name, of which the oldest are forgotten when there are too many."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._kept: dict[object, T] = {}

    def of(self, name: object) -> T:
        """The value of that name, made where there is none."""
        known = self._kept.pop(name, None)
        if known is None:
            known = self._make()
            if len(self._kept) >= KNOWN_MAX:
                self._kept.pop(next(iter(self._kept)))
        self._kept[name] = known
        return known

    def look(self, name: object) -> T | None:
        """The value of that name; None: there is none, and none is made."""
        return self._kept.get(name)


class Asker(NamedTuple):
    """Who asks, as far as it is known before he is let in."""

    rate: Rate
    place: object  # by which his guesses are counted
    principal: Principal | None


class Limits:
    """What this process counts. `processes` serve together, and each gives its share of every limit."""

    def __init__(self, *, per_key: int = PER_KEY, per_address: int = PER_ADDRESS, processes: int = 1) -> None:
        self._per_key = per_key
        self._processes = processes
        self._addresses: _Kept[Rate] = _Kept(lambda: Rate(self._share(per_address), "address"))
        self._rates: dict[tuple[str, object], Rate] = {}
        # By the key or the session's token that was sent: who opened with it a while ago is not taken for somebody who tries.
        self._opened: dict[bytes, Principal] = {}
        free = max(self._share(GUESSES_FREE), GUESSES_FREE // 3)
        self._refused: _Kept[object] = _Kept(object)
        self._guesses: _Kept[Guesses] = _Kept(lambda: Guesses(free))

    def _share(self, limit: int) -> int:
        return max(math.ceil(limit / self._processes), 1)

    def asker(self, opens: bytes | None, address: str) -> Asker:
        """Who asks, by the key or session that opened before, else by where from."""
        principal = self._opened.get(opens) if opens is not None else None
        if principal is None:
            place = place_of(address)
            return Asker(self._addresses.of(place), place, None)
        name, most = ("key", self._per_key) if principal.kind == "key" else ("session", PER_SESSION)
        limit = self._share(principal.requests_per_minute or most)
        rate = self._rates.get((name, principal.id))
        if rate is None or rate.limit != limit:
            if len(self._rates) >= KNOWN_MAX:
                self._rates.clear()
            rate = self._rates[name, principal.id] = Rate(limit, name)
        return Asker(rate, (principal.id, address), principal)

    def opened(self, opens: bytes, principal: Principal) -> None:
        """A key or a session opened: from now on it is counted by itself."""
        if len(self._opened) >= KNOWN_MAX and opens not in self._opened:
            self._opened.clear()
        self._opened[opens] = principal

    def ended(self, opens: bytes) -> None:
        """A session is over: whoever still sends it is counted by the address."""
        self._opened.pop(opens, None)

    def closed(self, authorization: bytes) -> bool:
        """A key opens nothing (any more); whether it was tried for the first time. Who sends the same again and again, as a till
        does whose key was revoked, guesses nothing.
        """
        was_open = self._opened.pop(authorization, None) is not None
        told = authorization[:TOKEN_LONGEST]  # whatever is sent, little of it is remembered
        is_new = self._refused.look(told) is None and not was_open
        self._refused.of(told)
        return is_new

    def guesses(self, asker: Asker) -> Guesses:
        """What he has guessed."""
        return self._guesses.of(asker.place)

    def wait(self, asker: Asker, now: float) -> int:
        """How many seconds he waits because he guesses; 0: he need not."""
        known = self._guesses.look(asker.place)
        return known.wait(now) if known is not None else 0

    def found(self, asker: Asker) -> None:
        """What he asked for is there."""
        known = self._guesses.look(asker.place)
        if known is not None:
            known.found()


def place_of(address: str) -> str:
    """By which an address is counted: of IPv6 the network, of which somebody has every address."""
    if ":" not in address:
        return address
    return str(ipaddress.IPv6Network((address, 64), strict=False))


def clock() -> float:
    """Seconds that only go forwards."""
    return time.monotonic()
