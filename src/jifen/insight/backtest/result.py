"""What a back-test answers, as plain whole numbers: the engine fills it, the report shows it, JSON carries it.

Conventions that hold for every field
    ..._units      whole smallest units of the currency that the row names (with scale 2, 150 is 1.50 points)
    ..._minor      whole minor units of the programme's money (`Compared.money`); worth is applied once to a row's total and
                   rounded half to even, so rows may differ from their total by less than one minor unit a row
    ..._bps        ten-thousandths, rounded half to even: 125 is 1.25 %
    Ratio          (numerator, denominator), the denominator > 0
    ..._on, on     a calendar date of the programme's zone; `from_on` and `to_on` both belong to the period
    member         `mbr_...`, or `#` and the member's whole number in the snapshot; never anything of a person
    code           the code of the programme's document; "" where a purchase has none (no store, no category)

With `Compared.sample` every count and sum is that of the sampled members alone, exact and not scaled up; `intervals` say what
that means for all.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, Literal

import msgspec

from jifen.insight.backtest.result_side import (
    CurrencyTotal,
    GroupTotal,
    LiabilityDay,
    MonthTotal,
    Name,
    Ratio,
    Replayed,
    RuleTotal,
    Sentence,
    Side,
    TierCount,
    by_language,
    share_bps,
)

__all__ = [
    "FORMAT",
    "LARGEST",
    "Assumption",
    "Basket",
    "CapBite",
    "Change",
    "ChangeShare",
    "Compared",
    "CurrencyTotal",
    "Decile",
    "DryBudget",
    "GroupTotal",
    "Interval",
    "LiabilityDay",
    "Loopholes",
    "MemberChange",
    "MonthTotal",
    "Name",
    "Notice",
    "Outlier",
    "PartSeconds",
    "ProgramCompared",
    "Ratio",
    "Replayed",
    "Result",
    "ResultUnreadable",
    "RichBaskets",
    "RuleChange",
    "RuleTotal",
    "Sensitivity",
    "Sentence",
    "Side",
    "TierCount",
    "TierMove",
    "TierMoves",
    "Together",
    "by_language",
    "from_json",
    "json_schema",
    "share_bps",
    "to_json",
]

FORMAT = 1
"""Grows when a reader of the JSON would have to change; fields are only added within a format."""

LARGEST = 100
"""How many members are listed each way."""


class ResultUnreadable(ValueError):
    """The text is not the JSON of a back-test of this format."""


# -- what was compared ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class ProgramCompared:
    """One of the two programmes."""

    name: Name  # the programme's own code and names
    label: str  # the file's name without its folder, or `live`
    sha256: str  # of the document's canonical text, in hexadecimal; of `live` that of the newest revision in the period
    revisions: tuple[int, ...] = ()  # the published revisions that were in effect; () for a file


@dataclass(frozen=True, slots=True, kw_only=True)
class PartSeconds:
    """How long one part of the work took."""

    part: str  # read | select | fold | tally, or another code
    milliseconds: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """What was compared with what, over which history, and by what means."""

    draft: ProgramCompared
    baseline: ProgramCompared
    from_on: date
    to_on: date
    snapshot: str  # the snapshot's name or checksum
    snapshot_as_of: datetime  # aware
    made_at: datetime  # aware; when the back-test was run
    time_zone: str
    money: str  # ISO 4217
    money_decimals: int
    stores: tuple[Name, ...] = ()  # () means all
    sample: Ratio | None = None  # share of the members that were replayed; None means all
    engine: Literal["local", "spark"] = "local"
    seed: int
    purchases: int  # in the period, of the members and stores chosen
    lines: int
    returns: int
    members: int  # replayed, whether they bought or not
    members_all: int  # in the snapshot
    sales_minor: int  # what those purchases came to, less returns in the period
    seconds: tuple[PartSeconds, ...] = ()

    def __post_init__(self) -> None:
        if self.from_on > self.to_on:
            raise ValueError("a back-test begins on or before the day on which it ends")
        if self.sample is not None and not 0 < self.sample[0] <= self.sample[1]:
            raise ValueError("a sample is a share above 0 and at most 1")


# -- between the sides ------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class TierMove:
    """How many members end in one tier with the baseline and in another with the draft."""

    baseline_tier: str  # code
    draft_tier: str
    members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class TierMoves:
    """The matrix of where members end; cells without members may be left out.

    Rows are the tiers of `Result.baseline.tiers`, columns those of `Result.draft.tiers`. `promoted`, `demoted` and `unmoved`
    add up to the members of the matrix; `kept_by_grace` is some of them.
    """

    cells: tuple[TierMove, ...]
    promoted: int  # end higher with the draft than with the baseline
    demoted: int
    unmoved: int
    kept_by_grace: int  # hold their tier under the draft by grace alone, and not so under the baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Decile:
    """A tenth of the members, in order of their change: 1 lost most, 10 gained most. Sizes differ by at most one."""

    number: int
    members: int
    lowest: int  # the smallest change among them, in `Change.measure`
    highest: int
    total: int  # the sum of their changes; total / members is the mean


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeShare:
    """How many members of one group are better off, worse off, unchanged."""

    by: str  # all | tier | store | segment
    group: Name  # tier: at the end, with the baseline; segment: a fifth by what was paid; store: where bought most often
    members: int
    better: int
    worse: int
    unchanged: int
    total: int  # the sum of their changes, in `Change.measure`

    def __post_init__(self) -> None:
        if self.better + self.worse + self.unchanged != self.members:
            raise ValueError(
                f"better, worse and unchanged of {self.by} {self.group.code!r} add up to its members"
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleChange:
    """What one rule grants a member more or less, net of returns."""

    rule: str  # code
    change: int  # in units of the rule's currency


@dataclass(frozen=True, slots=True, kw_only=True)
class MemberChange:
    """One of the members who gain or lose most, with the reason."""

    member: str
    baseline: int  # granted less returned over the period, in `Change.measure`
    draft: int
    change: int
    sales_minor: int
    purchases: int
    baseline_tier: str  # at the end; code
    draft_tier: str
    reasons: tuple[RuleChange, ...]  # the largest first, at most five
    sentence: Sentence | None = None  # if there is more to say than the rules do

    def __post_init__(self) -> None:
        if not self.member.startswith(("mbr_", "#")):
            raise ValueError("a member is named by mbr_... or by # and a number, and by nothing else")
        if self.draft - self.baseline != self.change:
            raise ValueError(f"the change of {self.member} is the draft less the baseline")


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """The distribution over members of what they are granted (less returns) with the draft minus the baseline.

    `measure` is `units` of `currency` where a unit is worth the same on both sides, else `minor`: at worth, all currencies added,
    rounded half to even for each member and side.
    """

    measure: Literal["units", "minor"]
    currency: str | None  # code; None when the measure is minor
    deciles: tuple[Decile, ...]  # ten; () when there are fewer than ten members
    shares: tuple[ChangeShare, ...]  # the first is `all`
    gained_most: tuple[MemberChange, ...]  # the largest gain first, at most LARGEST; only gains
    lost_most: tuple[MemberChange, ...]  # the largest loss first

    def __post_init__(self) -> None:
        if len(self.gained_most) > LARGEST or len(self.lost_most) > LARGEST:
            raise ValueError(f"at most {LARGEST} members are listed each way")
        if (self.measure == "units") != (self.currency is not None):
            raise ValueError("units are of a currency, money is of none")


# -- loopholes --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Basket:
    """One purchase that earns much for what was paid."""

    member: str
    on: date
    store: str  # code
    paid_minor: int
    earned_units: int  # of the first currency with a worth
    earned_minor: int
    rules: tuple[str, ...]  # codes, the largest grant first


@dataclass(frozen=True, slots=True, kw_only=True)
class RichBaskets:
    """Purchases that earn more than a stated share of what was paid."""

    threshold_bps: int
    paid_min_minor: int = 0  # purchases of less are left out
    purchases: int
    baseline_purchases: int  # the same count with the baseline
    earned_minor: int  # what these purchases earn in all, with the draft
    paid_minor: int
    worst: tuple[Basket, ...]  # the highest share first, at most 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Outlier:
    """A member who earns far more for what was paid than others do."""

    member: str
    earned_minor: int
    sales_minor: int
    purchases: int
    share_bps: int  # earned of sales
    typical_bps: int  # the median share over members


@dataclass(frozen=True, slots=True, kw_only=True)
class Together:
    """Two rules of which neither ever grants without the other: one of them may be superfluous."""

    rules: tuple[str, str]  # codes
    purchases: int


@dataclass(frozen=True, slots=True, kw_only=True)
class CapBite:
    """A rule whose caps held back most."""

    rule: str  # code
    desired_units: int
    granted_units: int
    clipped_purchases: int
    clipped_members: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DryBudget:
    """A shared budget that was used up."""

    budget: Name
    currency: str
    budget_units: int
    dry_on: date
    wanted_after_units: int  # what would have been granted after that


@dataclass(frozen=True, slots=True, kw_only=True)
class Loopholes:
    """What in the draft can be abused or is not used."""

    rich_baskets: RichBaskets | None = None  # None: no currency has a worth
    outliers: tuple[Outlier, ...] = ()  # the highest share first, at most 20
    never_fired: tuple[str, ...] = ()  # codes of the draft's rules
    always_together: tuple[Together, ...] = ()
    caps: tuple[CapBite, ...] = ()  # most held back first, at most 20
    dry_budgets: tuple[DryBudget, ...] = ()


# -- what must be said beside the numbers -------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A warning: something that the reader must know before relying on the numbers."""

    code: str  # stable: snake_case
    level: Literal["note", "caution", "serious"]
    numbers: Mapping[str, int] = field(default_factory=dict)
    sentence: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Assumption:
    """Something that was taken for granted."""

    code: str
    sentence: Sentence


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensitivity:
    """What the draft comes to if sales answer to points with this elasticity."""

    elasticity: Ratio  # change of sales (share) for a change of the share given back
    is_stated: bool  # the one that the user gave; the others stand around it
    sales_minor: int  # change against the baseline
    cost_minor: int  # change against the baseline


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """What a total of the sample says about all members, at `confidence_bps`; or why it says nothing.

    `what` is one of: `baseline.cost_minor`, `draft.cost_minor`, `change.cost_minor`, the same with `owed_minor` and
    `cost_share_bps`, `change.better`, `change.worse`, `change.promoted`, `change.demoted`; more may come.
    """

    what: str
    estimate: int | None
    low: int | None
    high: int | None
    confidence_bps: int = 9_500
    why_not: Sentence | None = None  # given exactly when low and high are not

    def __post_init__(self) -> None:
        has = self.low is not None and self.high is not None and self.estimate is not None
        if has == (self.why_not is not None):
            raise ValueError(f"{self.what}: an interval, or a sentence why there is none")
        if self.low is not None and self.high is not None and self.low > self.high:
            raise ValueError(f"{self.what}: an interval rises from low to high")


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Everything that a back-test answers."""

    format: int = FORMAT
    compared: Compared
    baseline: Side
    draft: Side
    tier_moves: TierMoves
    change: Change
    loopholes: Loopholes
    warnings: tuple[Notice, ...]  # the most serious first
    assumptions: tuple[Assumption, ...]
    sensitivity: tuple[Sensitivity, ...] = ()  # in order of elasticity; () when none was stated
    intervals: tuple[Interval, ...] = ()  # () without a sample

    def __post_init__(self) -> None:
        if self.format != FORMAT:
            raise ValueError(f"the format is {self.format}; this version reads {FORMAT}")
        if [day.on for day in self.baseline.liability] != [day.on for day in self.draft.liability]:
            raise ValueError("both sides tell of the same days")


def to_json(result: Result) -> str:
    """The result as JSON text; `from_json` gives an equal result back. Dates are ISO 8601, ratios arrays of two."""
    return msgspec.json.encode(result).decode()


def from_json(text: str | bytes) -> Result:
    """The result that a JSON text tells of.

    Refuses
        ResultUnreadable   not JSON, or a field is missing, of another type or against what its class promises.
    """
    try:
        return msgspec.json.decode(text, type=Result)
    except msgspec.DecodeError as unreadable:
        raise ResultUnreadable(str(unreadable)) from unreadable


def json_schema() -> dict[str, Any]:
    """The JSON Schema (2020-12) of `to_json`."""
    return msgspec.json.schema(Result) | {"$schema": "https://json-schema.org/draft/2020-12/schema"}
