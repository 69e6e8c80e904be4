"""What the API answers about the book and its figures: overview, accounts, laws, jobs, members in a list, tiers, rules."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from jifen.api.fields import Answer, Instant
from jifen.api.ids import MemberId
from jifen.domain.program.meaning import WindowKind

DAY: dict[str, Any] = {"format": "date"}


class BookCurrency(Answer):
    """A kind of unit. Of `worth_units` smallest units, `worth_minor` minor money is owed; null: they are worth nothing."""

    code: str
    names: dict[str, str]
    kind: Literal["spendable", "qualifying"]
    scale: int
    worth_minor: int | None
    worth_units: int | None


class BookTier(Answer):
    """A step of the first ladder, lowest first; `reach` is in what the ladder counts."""

    code: str
    names: dict[str, str]
    reach: int


class BookProgram(Answer):
    """The newest revision, as far as screens need it."""

    code: str
    names: dict[str, str]
    revision: int
    money: str
    money_decimals: int
    time_zone: str
    currencies: list[BookCurrency]
    tiers: list[BookTier]
    stores: int
    any_store: bool
    rewards: int = Field(description="How many rewards it has.")


class Asker(Answer):
    """Who asks, and what that may do."""

    kind: str
    name: str
    permissions: list[str]
    stores: list[str] | None
    adjustment_units_max: int | None
    is_test: bool


class BookAnswer(Answer):
    """The book: its programme (null until one is published), its moment, and who asks."""

    program: BookProgram | None
    now: Instant
    is_past: bool = Field(description="The book date lies behind the clock, as in a demo.")
    label: str
    asker: Asker
    version: str


class Figures(Answer):
    """What happened in some days. Voided purchases are left out, what came back is taken off; units are of `points`."""

    from_on: str = Field(json_schema_extra=DAY)
    to_on: str = Field(json_schema_extra=DAY)
    members_new: int
    members_active: int = Field(description="Members with a purchase in these days.")
    purchases: int
    sales_minor: int
    units_earned: int = Field(description="Less what returns took back.")
    units_redeemed: int = Field(description="Less what reversals gave back.")
    units_expired: int


class MonthFigures(Answer):
    """One month, by its first day; the last one may still be running."""

    month: str = Field(json_schema_extra=DAY)
    members_active: int
    purchases: int
    sales_minor: int
    units_earned: int
    units_redeemed: int
    units_expired: int


class TierCount(Answer):
    """So many members hold this tier."""

    tier: str
    members: int


class Now(Answer):
    """How members stand now. `liability_minor` is what the positive balances are worth, rounded down once."""

    members: int
    members_by_tier: list[TierCount]
    members_frozen: int
    units_owed_for: int
    units_in_debt: int
    liability_minor: int
    expiring_by: str = Field(json_schema_extra=DAY)
    expiring_units: int
    expiring_members: int
    expiring_minor: int


class Attention(Answer):
    """Something that needs a person. `numbers` are what its sentence tells."""

    kind: Literal[
        "law_broken",
        "no_writes",
        "time_late",
        "members_parked",
        "effects_parked",
        "never_proven",
        "proof_old",
        "rules_off",
        "stores_off",
        "revision_ahead",
        "points_expire",
        "proposals_waiting",
        "unusual_readings",
    ]
    level: Literal["now", "due", "waiting"]
    numbers: dict[str, int | str]


class ProofAnswer(Answer):
    """The last proof of the books."""

    began_at: Instant
    milliseconds: int
    members_replayed: int
    is_kept: bool
    laws_kept: int
    laws: int


class OverviewAnswer(Answer):
    """The ledger for whoever steers it. Figures are null where the journal is too long to be counted while somebody waits."""

    as_of: Instant
    points: str = Field(description="The currency that units are of.")
    period: Figures | None
    compared: Figures | None = Field(description="The days before the period, as many.")
    months: list[MonthFigures]
    standing: Now | None
    proof: ProofAnswer | None
    attention: list[Attention] = Field(description="Most urgent first.")


class AccountRow(Answer):
    """The postings of one verb in one currency. `units` are signed as the members' balances see them."""

    currency: str
    account: str
    verb: str
    postings: int
    units: int
    worth_minor: int | None


class AccountsAnswer(Answer):
    """The programme's accounts since the beginning; null where the journal is too long to be added up while somebody waits."""

    data: list[AccountRow] | None


class LawCheck(Answer):
    """One check of a law; offenders are named where it found any."""

    check: str
    offenders: list[dict[str, Any]]


class LawRow(Answer):
    """A law: what it says, and what the last proof found. `unproven`: there was none yet."""

    law: int
    title: str = Field(description="In the language that is asked for.")
    title_en: str
    title_zh: str
    verdict: Literal["kept", "broken", "tested elsewhere", "unproven"]
    checks: list[LawCheck]
    tested_by: str | None


class LawsAnswer(Answer):
    """Every law, with what the last proof found."""

    data: list[LawRow]
    proof: ProofAnswer | None


class ListedMember(Answer):
    """A member in a list, as stored; units are of `points`."""

    member_id: MemberId
    status: str
    tier: str
    keys: list[str] = Field(description="Cards and external ids, at most four, each by its last characters.")
    enrolled_at: Instant
    purchases: int
    last_purchase_on: str | None = Field(json_schema_extra=DAY)
    balance: int
    debt: int
    expiring_units: int


class MembersAnswer(Answer):
    """A page of members."""

    data: list[ListedMember]
    points: str
    expiring_by: str = Field(json_schema_extra=DAY)
    next_cursor: str | None


class TierHeld(Answer):
    """A tier held from a day on; `cause` is the sequence of the entry that lifted it, null where time judged it."""

    tier: str
    since_on: str | None = Field(json_schema_extra=DAY, description="null: from the beginning.")
    cause: int | None


WindowName = Literal["rolling", "calendar_year", "membership_year", "life"]
WINDOWS: dict[WindowKind, WindowName] = {
    WindowKind.ROLLING: "rolling",
    WindowKind.CALENDAR_YEAR: "calendar_year",
    WindowKind.MEMBERSHIP_YEAR: "membership_year",
    WindowKind.LIFE: "life",
}


class TiersAnswer(Answer):
    """How a member stands on the first ladder. `counted` and `missing` are in what it counts."""

    tier: str
    counts: str = Field(description="spend, visits, or the code of a currency.")
    counted: int
    counted_from_on: str | None = Field(json_schema_extra=DAY)
    review_on: str | None = Field(json_schema_extra=DAY, description="null: it is not judged again.")
    next_tier: str | None
    next_reach: int | None
    missing: int
    window: WindowName
    keep: int = Field(description="So much in the window keeps the tier on the day on which it is judged.")
    keep_missing: int = Field(description="Of that not counted yet; 0: it is kept, or never judged.")
    grace_from_on: str | None = Field(
        json_schema_extra=DAY, description="The first day of grace; null: there is none."
    )
    path: list[TierHeld]


class RuleRow(Answer):
    """A rule as a sentence, with the name that the document gives it."""

    rule: str
    names: dict[str, str]
    sentence: str
    currency: str
    on: Literal["purchase", "event", "moment"]


class OfferRow(Answer):
    """An offer as a sentence, with the name that the document gives it."""

    offer: str
    names: dict[str, str]
    sentence: str


class ExchangeRow(Answer):
    """An exchange as a sentence, with the name that the document gives it."""

    exchange: str
    names: dict[str, str]
    sentence: str
    at_once: bool


class RulesAnswer(Answer):
    """The rules of a revision as sentences, in the order of the document."""

    revision: int
    effective_at: Instant
    data: list[RuleRow]
    exchanges: list[ExchangeRow]
    offers: list[OfferRow]


class ParkedRow(Answer):
    """Something that could not be done and is tried again ever more rarely. `sequence` is null for what time makes due."""

    member_id: MemberId
    sequence: int | None
    kind: str
    since: Instant
    tries: int
    next_try_at: Instant
    failure_class: str
    failure: str


class DutyAnswer(Answer):
    """Which process does what happens by itself."""

    is_held: bool
    process: int
    since: Instant


class JobsAnswer(Answer):
    """How what happens by itself goes on: who does it, how much waits by class, and what is parked, the longest first."""

    duty: DutyAnswer | None
    waiting: dict[str, int]
    parked: dict[str, int]
    data: list[ParkedRow]


class RetryAnswer(Answer):
    """So much is tried again within seconds."""

    to_be_tried: int
