"""Kinds of entries, verbs of postings and ways of units: what the numbers of `fold.py` are called. One table each.

From here come the CHECK constraints and roles of the tables, the words in the journal and in a snapshot, replay and the
back-test's reading of entries, and the laws' accounts. A new verb is a row here, its number and meaning in `fold.py`, its
sentence in `explain.py`: `tests/architecture/test_verbs.py` finds what was forgotten.
"""

from __future__ import annotations

from enum import IntEnum
from typing import NamedTuple

from jifen.domain import fold


class Status(IntEnum):
    """What a member may do. The numbers are those of `fold.py`."""

    ACTIVE = fold.ACTIVE
    FROZEN = fold.FROZEN  # earns and returns, and neither spends nor gives
    CLOSED = fold.CLOSED
    MERGED = fold.MERGED


class Kind(NamedTuple):
    """One kind of entry: its number in the fold, its name, the table that keeps it, and the verbs that its legs may bring."""

    number: int
    name: str
    table: str  # "": nothing does it yet, and the fold refuses it
    legs: tuple[int, ...] = ()


KINDS: tuple[Kind, ...] = (
    Kind(fold.ENROL, "enrol", "entry"),
    Kind(fold.PURCHASE, "purchase", "purchase", (fold.REDEEMED, fold.SPEND_HELD)),
    Kind(fold.EVENT, "event", "entry"),
    Kind(fold.MOMENT, "moment", "entry"),
    Kind(fold.RETURN, "return", "purchase_return"),
    Kind(fold.VOID, "void", "purchase_return"),
    Kind(fold.REVERSE, "reverse", "entry"),
    Kind(fold.REDEEM, "redeem", "entry", (fold.REDEEMED,)),
    Kind(fold.RESERVE, "reserve", "entry", (fold.HOLD,)),
    Kind(fold.COMMIT, "commit", "entry", (fold.SPEND_HELD,)),
    Kind(fold.RELEASE, "release", "entry", (fold.LET_GO,)),
    Kind(fold.EXCHANGE, "exchange", "entry", (fold.EXCHANGED_OUT, fold.EXCHANGED_IN)),
    Kind(fold.ADJUST_UP, "adjust_up", "entry", (fold.ADJUSTED_UP,)),
    Kind(fold.ADJUST_DOWN, "adjust_down", "entry", (fold.ADJUSTED_DOWN,)),
    Kind(fold.GIFT_OUT, "gift_out", "entry", (fold.GIVEN,)),
    Kind(fold.GIFT_IN, "gift_in", "entry", (fold.RECEIVED,)),
    Kind(fold.CARRY_OUT, "carry_out", "entry"),
    Kind(fold.CARRY_IN, "carry_in", "entry"),
    Kind(fold.STATE, "state", "entry"),
    Kind(fold.NOTE, "note", ""),
    Kind(fold.ADVANCE, "advance", "entry"),
    Kind(fold.OPENING, "opening", "entry", (fold.OPENED,)),
)
SLICED = tuple(KINDS[number].name for number in (fold.GIFT_IN, fold.OPENING))
"""Kinds that bring several lots, each with its own day of expiry: the journal keeps them as slices."""
OCCASIONS = tuple(kind.number for kind in KINDS if fold.is_occasion(kind.number))
"""Kinds that may earn."""
KIND_NAMES = tuple(kind.name for kind in KINDS)
KIND_OF = {kind.name: kind.number for kind in KINDS}
ENTRY_KINDS = tuple(kind.name for kind in KINDS if kind.table == "entry")


class Verb(IntEnum):
    """What a posting does. The numbers are those of `fold.py`."""

    EARN = fold.EARN
    CLAW_BACK = fold.CLAW_BACK
    REDEEM = fold.REDEEMED
    EXPIRE = fold.EXPIRE
    ADJUST_UP = fold.ADJUSTED_UP
    ADJUST_DOWN = fold.ADJUSTED_DOWN
    GIVE = fold.GIVEN
    RECEIVE = fold.RECEIVED
    REVERSE_REDEEM = fold.REVERSED_REDEEM
    REVERSE_ADJUST_UP = fold.REVERSED_ADJUST_UP
    REVERSE_ADJUST_DOWN = fold.REVERSED_ADJUST_DOWN
    REVERSE_GIVE = fold.REVERSED_GIVE
    REVERSE_RECEIVE = fold.REVERSED_RECEIVE
    CARRY_OUT = fold.CARRIED_OUT
    CARRY_IN = fold.CARRIED_IN
    OPENING = fold.OPENED
    REVERSE_OPENING = fold.REVERSED_OPENING
    EXCHANGE_OUT = fold.EXCHANGED_OUT
    EXCHANGE_IN = fold.EXCHANGED_IN
    REVERSE_EXCHANGE_OUT = fold.REVERSED_EXCHANGE_OUT
    REVERSE_EXCHANGE_IN = fold.REVERSED_EXCHANGE_IN


class Posts(NamedTuple):
    """How a verb posts: the programme's account, and whether the member is credited."""

    verb: Verb
    account: str
    sign: int  # 1: the member is credited; -1: he is debited

    @property
    def is_credit(self) -> bool:
        """Whether the member gets the units."""
        return self.sign > 0

    @property
    def name(self) -> str:
        """The verb's word in the journal, the API and a snapshot."""
        return self.verb.name.lower()


POSTS: tuple[Posts, ...] = (
    Posts(Verb.EARN, "issued", 1),
    Posts(Verb.CLAW_BACK, "issued", -1),
    Posts(Verb.REDEEM, "redeemed", -1),
    Posts(Verb.EXPIRE, "expired", -1),
    Posts(Verb.ADJUST_UP, "adjusted", 1),
    Posts(Verb.ADJUST_DOWN, "adjusted", -1),
    Posts(Verb.GIVE, "in_transit", -1),
    Posts(Verb.RECEIVE, "in_transit", 1),
    Posts(Verb.REVERSE_REDEEM, "redeemed", 1),
    Posts(Verb.REVERSE_ADJUST_UP, "adjusted", -1),
    Posts(Verb.REVERSE_ADJUST_DOWN, "adjusted", 1),
    Posts(Verb.REVERSE_GIVE, "in_transit", 1),
    Posts(Verb.REVERSE_RECEIVE, "in_transit", -1),
    Posts(Verb.CARRY_OUT, "carried", -1),
    Posts(Verb.CARRY_IN, "carried", 1),
    Posts(Verb.OPENING, "opening", 1),
    Posts(Verb.REVERSE_OPENING, "opening", -1),
    Posts(Verb.EXCHANGE_OUT, "exchanged", -1),
    Posts(Verb.EXCHANGE_IN, "exchanged", 1),
    Posts(Verb.REVERSE_EXCHANGE_OUT, "exchanged", 1),
    Posts(Verb.REVERSE_EXCHANGE_IN, "exchanged", -1),
)
"""By the verb's number."""
VERB_NAMES = tuple(posts.name for posts in POSTS)


class Why(IntEnum):
    """Why a hit was granted less than it desired, or desired nothing. The numbers are those of `fold.py`."""

    ALL = fold.ALL
    LIMITED = fold.LIMITED
    BEATEN = fold.BEATEN
    UNMET = fold.UNMET
    NOTHING = fold.NOTHING
    POOLED = fold.POOLED
    SWITCHED_OFF = fold.SWITCHED_OFF


PLACES = ("outside", "open", "held", "gone", "expired", "back", "in_debt")
"""Where units of a lot stand, by number. A way is from * `fold.WAY_BASE` + to."""


def way_name(way: int) -> str:
    """A way as two places: `open -> gone`."""
    comes, goes = places_of(way)
    return f"{comes} -> {goes}"


def places_of(way: int) -> tuple[str, str]:
    """From where and to where units moved, by `fold.MOVE_WAY`."""
    return PLACES[way // fold.WAY_BASE], PLACES[way % fold.WAY_BASE]


WAYS = tuple(sorted(number for name, number in vars(fold).items() if name.startswith("W_")))
"""Every way that the fold knows."""
