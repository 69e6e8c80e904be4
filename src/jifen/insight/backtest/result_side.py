"""One side of a back-test's result: what one programme granted, cost and left owed over the period.

The conventions of every field are told at the top of `result.py`, which hands these names on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Literal

import msgspec

from jifen.present.catalogue import languages
from jifen.present.said import Said
from jifen.present.shown import name_in

Ratio = tuple[int, int]


def share_bps(part: int, whole: int) -> int:
    """`part` of `whole` in ten-thousandths, rounded half to even; 0 of nothing is 0."""
    if whole == 0:
        return 0
    if whole < 0:
        part, whole = -part, -whole
    share, rest = divmod(part * 10_000, whole)
    return share + (2 * rest > whole or (2 * rest == whole and share % 2 == 1))


@dataclass(frozen=True, slots=True, kw_only=True)
class Sentence:
    """The same sentence in Chinese and in English, numbers already in it; and in whatever language there was a catalogue of."""

    zh: str
    en: str
    others: dict[str, str] | msgspec.UnsetType = msgspec.UNSET  # by language; absent where there is no third


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """What the programme calls a rule, a tier, a store, a currency: `name_in(names, language)` in both languages, and in whatever
    language there was a catalogue of."""

    code: str
    zh: str
    en: str
    others: dict[str, str] | msgspec.UnsetType = msgspec.UNSET  # by language; absent where there is no third


def by_language(said: Sentence | Name) -> dict[str, str]:
    """The texts by language."""
    others = {} if isinstance(said.others, msgspec.UnsetType) else said.others
    return {"zh": said.zh, "en": said.en, **others}


def in_every_language(say: Callable[[str], str]) -> dict[str, Any]:
    """What `say` makes in each language that there is a catalogue of, as the fields of a Sentence or a Name."""
    others = {language: say(language) for language in languages() if language not in ("zh", "en")}
    return {"zh": say("zh"), "en": say("en"), "others": others or msgspec.UNSET}


def sentence_of(said: Said) -> Sentence:
    """A message in every language."""
    return Sentence(**in_every_language(said.in_language))


def name_of_said(code: str, said: Said) -> Name:
    """What we call a code that no document names, in every language."""
    return Name(code=code, **in_every_language(said.in_language))


def name_of(code: str, names: Mapping[str, str]) -> Name:
    """What a document calls a code, in every language; the code where it has no name."""
    return Name(code=code, **in_every_language(lambda language: name_in(names, language) if names else code))


@dataclass(frozen=True, slots=True, kw_only=True)
class CurrencyTotal:
    """One currency over the period: opening + granted - returned + adjusted + received - given - redeemed - expired = closing.

    `returned_units` is what returns took from lots or debt; what had expired or was forgiven is not in it.
    """

    currency: Name
    scale: int  # decimal places of a point
    kind: str  # spendable | qualifying
    worth_minor: Ratio | None  # money of one smallest unit; None: worth nothing, then every ..._minor is 0
    opening_units: int  # all balances (pending included, debt subtracted) at the beginning of `from_on`
    granted_units: int
    returned_units: int
    adjusted_units: int  # by hand, and what another system handed over; may be negative
    received_units: int  # gifts taken in
    given_units: int
    redeemed_units: int
    expired_units: int
    closing_units: int  # at the end of `to_on`
    expired_minor: int
    redeemed_minor: int
    cost_minor: int  # (granted - returned) at worth
    ended_units: int  # of lots opened in the period: those redeemed or expired by its end
    ended_expired_units: int  # of these, expired: ended_expired / ended is the breakage seen so far
    breakage_units: int | None = None  # of closing_units, expected never to be claimed; None: not estimated
    breakage_minor: int | None = None

    @property
    def flow_units(self) -> int:
        """What must equal `closing_units`."""
        return (
            self.opening_units + self.granted_units - self.returned_units + self.adjusted_units
            + self.received_units - self.given_units - self.redeemed_units - self.expired_units
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleTotal:
    """One earn rule over the period. A rule of either programme that never fired stands here too, with zeros."""

    number: int  # of the numbering: the same rule has the same number on both sides
    rule: Name
    currency: str  # code
    sentence: Sentence | None = None  # `rule_sentence`, for the reader who does not know the rule
    desired_units: int  # before stacking, caps and budgets
    granted_units: int  # after them, before returns
    returned_units: int
    cost_minor: int  # (granted - returned) at worth
    purchases: int  # in which it granted at least one unit
    members: int  # to whom it granted at least one unit
    clipped_purchases: int  # in which it granted less than it desired
    is_capped: bool = False  # the rule has a cap or a budget: then what was clipped was not stacking alone


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupTotal:
    """What was granted in one tier, store or category, of one currency.

    Of a tier: the tier at the moment of the purchase. Of a category: a purchase's grant shared out over its lines by largest
    remainder. Rows of one table and one currency add up to the currency's `granted_units` and `returned_units`.
    """

    group: Name
    currency: str
    granted_units: int
    returned_units: int
    cost_minor: int
    sales_minor: int  # of the purchases (lines, for a category) of this group, less returns
    purchases: int
    members: int  # who bought in this group


@dataclass(frozen=True, slots=True, kw_only=True)
class MonthTotal:
    """One calendar month of the period, of one currency."""

    month_on: date  # its first day
    currency: str
    granted_units: int
    returned_units: int
    redeemed_units: int
    expired_units: int
    cost_minor: int
    sales_minor: int
    purchases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LiabilityDay:
    """What was owed at the end of a day. One row for each day from `from_on` to `to_on`, both sides alike."""

    on: date
    units: tuple[
        int, ...
    ]  # open units (pending and held included) of each currency, in the order of `Side.currencies`
    minor: int  # their worth, before breakage, debt not subtracted


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """Redemptions, gifts or reservations of the past: how many could be paid from the balances of this side."""

    verb: Literal["redeem", "give", "reserve"]
    currency: str
    asked: int  # how many the history has, or were drawn
    asked_units: int
    refused: int  # that the balance could not pay, so they did not take place
    refused_units: int
    refused_members: int  # who were refused at least once
    is_drawn: bool = False  # drawn from each member's own habit with the seed, instead of replayed


@dataclass(frozen=True, slots=True, kw_only=True)
class TierCount:
    """One tier of this side's ladder, lowest first."""

    number: int
    tier: Name
    members_at_start: int
    members_at_end: int
    promoted: int  # moves up into this tier within the period
    demoted: int  # moves down into it
    kept_by_grace: int  # members who end in it although the window no longer reaches it


@dataclass(frozen=True, slots=True, kw_only=True)
class Side:
    """One programme over the period. Sequences keep one order on both sides: numbers rise, names are sorted by code."""

    currencies: tuple[CurrencyTotal, ...]
    cost_minor: int  # sum over the currencies
    cost_share_bps: int  # of Compared.sales_minor: `share_bps`
    by_rule: tuple[RuleTotal, ...]
    by_tier: tuple[GroupTotal, ...]
    by_store: tuple[GroupTotal, ...]
    by_category: tuple[GroupTotal, ...]
    by_month: tuple[MonthTotal, ...]
    liability: tuple[LiabilityDay, ...]
    replayed: tuple[Replayed, ...]
    tiers: tuple[TierCount, ...]

    @property
    def owed_minor(self) -> int:
        """What is owed at the end of the last day."""
        return self.liability[-1].minor if self.liability else 0
