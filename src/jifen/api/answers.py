"""What is answered: the models of every answer. `render.py` makes them."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import BaseModel, Field

from jifen.api.errors import TYPE_PREFIX
from jifen.api.fields import Answer, Instant
from jifen.api.ids import EntryId, GiftId, MemberId, PurchaseId, ReservationId, ReturnId
from jifen.api.rule_answers import RuleResult
from jifen.domain.refusals import all_refusals

REPLAY_HEADER = "Idempotent-Replay"
JSON = "application/json"


def _with_codes(schema: dict[str, Any]) -> None:
    schema["enum"] = sorted(refusal.code for refusal in all_refusals())


class Problem(BaseModel):
    """A refusal (RFC 9457). `code` is stable; docs/reference/refusals.md lists them."""

    type: str = Field(examples=[TYPE_PREFIX + "points_missing"])
    title: str
    status: int
    code: str = Field(json_schema_extra=_with_codes)
    detail: str = Field(description="A sentence about this request, in English.")
    pointer: str = Field(description="A JSON pointer to the field; /path, /query and /headers name those.")
    numbers: dict[str, Any] = Field(description="What the refusal counts, such as points_missing.")
    message: str = Field(
        description="The title in the language that Accept-Language asks for, else in Chinese."
    )
    message_zh: str = Field(description="The title in Chinese.")


class CurrencyBalance(Answer):
    """A balance after an entry."""

    currency: str
    balance: int


class CurrencyEarned(Answer):
    """Units earned, whose reasons add up to them."""

    currency: str
    units: int
    reasons: list[RuleResult]


class CurrencyUnits(Answer):
    """So many units."""

    currency: str
    units: int


class Undone(Answer):
    """What of a purchase has come back since it was recorded."""

    amount_minor: int
    is_void: bool = Field(description="It was voided: nothing of it stands.")
    recorded_at: Instant = Field(description="When the last of it came back.")
    detail: str = Field(description="What that means for whoever sends the purchase again.")
    message_zh: str


class PurchaseAnswer(Answer):
    """What a purchase earned. A quote has neither id nor sequence; a receipt of nobody has earned nothing yet."""

    purchase_id: PurchaseId | None
    member_id: MemberId | None
    source: str
    business_no: str
    sequence: int | None
    revision: int | None = Field(description="The revision of the programme that judged it.")
    occurred_at: Instant
    recorded_at: Instant
    amount_minor: int
    tier_before: str | None = Field(description="The tier that it was judged by.")
    tier_after: str | None
    balances: list[CurrencyBalance]
    earned: list[CurrencyEarned]
    expired: list[CurrencyUnits] = Field(description="What time took away in the same entry.")
    undone: Undone | None = Field(
        default=None,
        description="Of a purchase that is sent again: what has come back since, of which nothing is earned any more.",
    )


class LineReason(Answer):
    """A rule's grant, shared out over the lines that it saw: they add up to the posting's units."""

    line: int
    rule: str
    currency: str
    desired: int
    granted: int


class StoredLine(Answer):
    """A line as it was told, and how much of it has come back."""

    number: int
    amount_minor: int
    quantity_milli: int
    sku: str | None = None
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    discount_minor: int = 0
    cost_minor: int | None = None
    tags: list[str] = Field(default_factory=list)
    attributes: dict[str, str | int] = Field(default_factory=dict)
    returned_milli: int


class StoredPayment(Answer):
    """One means of payment."""

    method: str
    amount_minor: int


class StoredReturn(Answer):
    """One return of the purchase."""

    return_id: ReturnId
    sequence: int
    is_void: bool
    amount_minor: int
    lines: list[ReturnedLine]
    occurred_at: Instant
    recorded_at: Instant
    note: str | None


class ReturnedLine(Answer):
    """How much of a line came back."""

    number: int
    quantity_milli: int


class PurchaseRead(PurchaseAnswer):
    """A purchase with all that is known of it."""

    money: str
    store: str | None
    till: str | None
    cashier: str | None
    channel: str | None
    payments: list[StoredPayment]
    tags: list[str]
    lines: list[StoredLine]
    returns: list[StoredReturn]
    reasons: list[LineReason]


class BatchItem(Answer):
    """The answer to one purchase of a batch: the status it would have had alone."""

    status: int
    purchase: PurchaseAnswer | None = None
    problem: Problem | None = None


class BatchAnswer(Answer):
    """One answer for each purchase, in order."""

    answers: list[BatchItem]


class ReturnUnits(Answer):
    """What became of the units that the returned lines had earned: taken + expired_before + forgiven = earned."""

    currency: str
    units_earned: int
    units_taken: int
    units_forgiven: int
    units_expired_before: int
    balance_after: int
    debt_after: int


class ReturnReason(Answer):
    """What one rule had granted for what came back, and what was taken."""

    rule: str
    units_earned: int
    units_taken: int


class ReturnAnswer(Answer):
    """What a return took back. Of a receipt of nobody nothing had been earned."""

    return_id: ReturnId | None
    purchase_id: PurchaseId | None
    member_id: MemberId | None
    sequence: int | None
    amount_minor: int
    is_whole: bool
    recorded_at: Instant
    units: list[ReturnUnits]
    reasons: list[ReturnReason]


class ClaimAnswer(Answer):
    """The receipt is the member's purchase now."""

    purchase_id: PurchaseId
    member_id: MemberId
    sequence: int
    returned_lines: list[ReturnedLine]
    balances: list[CurrencyBalance]


class Key(Answer):
    """What finds a member: a card number, an id elsewhere, a phone, an e-mail."""

    kind: str
    value: str = Field(
        description="Only as much of it as tells one from another, but where it was told just now."
    )


class EnrolAnswer(Answer):
    """A new member."""

    member_id: MemberId
    status: str
    tier: str
    enrolled_at: Instant
    keys: list[Key]


class BalanceAnswer(Answer):
    """Where units of one currency stand: balance = available + pending + held - debt."""

    currency: str
    names: dict[str, str]
    scale: int = Field(description="Decimal places: with scale 2 a balance of 150 is 1.50 points.")
    balance: int
    available: int
    pending: int
    held: int
    debt: int
    worth_minor: int | None = Field(description="Of the balance, in minor money, rounded down.")
    next_expiry_on: str | None = Field(
        description="The last day of use of what expires first.", json_schema_extra={"format": "date"}
    )
    next_expiry_units: int


class TierAnswer(Answer):
    """A tier."""

    code: str
    names: dict[str, str]


class BalancesAnswer(Answer):
    """A member's balances at a moment."""

    member_id: MemberId
    as_of: Instant
    money: str
    balances: list[BalanceAnswer]


class MemberAnswer(BalancesAnswer):
    """A member as he stands."""

    status: str
    sequence: int = Field(description="Number of the last entry.")
    enrolled_at: Instant
    tier: TierAnswer
    keys: list[Key]


class StatusAnswer(Answer):
    """A member's new status."""

    member_id: MemberId
    status: str


class MergedAnswer(Answer):
    """The member who stays, with what he holds now. `member_id` takes no entries any more; what found him finds the other."""

    member_id: MemberId
    into_id: MemberId
    sequence: int = Field(description="Of the entry by which it came in, within the one who stays.")
    balances: list[MergedUnits]


class MergedUnits(Answer):
    """What the one who stays holds of a currency, in its smallest unit."""

    currency: str
    units: int


class LotAnswer(Answer):
    """Units opened together: opened = left + held + gone + expired + returned."""

    number: int
    currency: str
    opened: int
    left: int
    held: int
    gone: int
    expired: int
    returned: int
    matures_on: str = Field(json_schema_extra={"format": "date"})
    expires_on: str | None = Field(json_schema_extra={"format": "date"})
    origin: int = Field(description="Sequence of the entry that opened it.")


class LotsAnswer(Answer):
    """A page of lots, newest first."""

    data: list[LotAnswer]
    next_cursor: str | None


class ReservationAnswer(Answer):
    """Units held for a redemption."""

    reservation_id: ReservationId
    member_id: MemberId
    sequence: int
    currency: str
    units: int
    status: str
    lapses_at: Instant | None = None
    balance_after: int


class AdjustAnswer(Answer):
    """Units given or taken by hand."""

    entry_id: EntryId
    member_id: MemberId
    sequence: int
    currency: str
    units: int
    balance_after: int


class ProposedAnswer(Answer):
    """It waits for a second person (`/v1/proposals`)."""

    proposal: str = Field(pattern="^prp_[0-9a-f]{32}$")
    expires_at: Instant
    confirm: str | None = Field(
        description="Where nobody else could decide it: the word that its proposer types to approve it alone."
    )
    may_confirm_at: Instant | None = Field(description="From when on he may.")


class Reversed(Answer):
    """What a reversal moved in one currency: positive units came back, negative ones were taken."""

    currency: str
    units: int
    units_expired: int = Field(description="Of those that came back: their lot had expired meanwhile.")
    balance_after: int
    debt_after: int


class ReversalAnswer(Answer):
    """An entry undone from its own record. Of a gift the receiver gives back first; what he cannot is not taken."""

    entry_id: EntryId | None = Field(
        default=None, description="The reversing entry; empty for a gift, which has two."
    )
    member_id: MemberId
    receiver_id: MemberId | None = None
    gift_id: GiftId | None = None
    sequence: int | None = None
    reversed_sequence: int
    reversed_kind: str
    moved: list[Reversed] = Field(default_factory=list)
    units: int | None = Field(default=None, description="Of a gift: units on their way back to the giver.")
    units_not_taken: int | None = Field(
        default=None, description="Of a gift: units the receiver could not give back."
    )


class GiftAnswer(Answer):
    """Units on their way to another member."""

    gift_id: GiftId
    member_id: MemberId
    receiver_id: MemberId
    sequence: int
    currency: str
    units: int
    balance_after: int


class RevisionAnswer(Answer):
    """A published revision."""

    number: int
    effective_at: Instant
    published_at: Instant
    published_by: str
    document_hash: str


class RevisionRead(RevisionAnswer):
    """A revision with its document."""

    document: dict[str, Any]


class ProgramAnswer(Answer):
    """The newest revision, and the one that is in force (absent until the first takes effect)."""

    newest: RevisionRead
    in_force: RevisionRead | None


class RevisionsAnswer(Answer):
    """A page of revisions, newest first."""

    data: list[RevisionAnswer]
    next_cursor: str | None


class ValidateAnswer(Answer):
    """The document can be a programme."""

    is_valid: Literal[True] = True
    document_hash: str


class ApplyAnswer(RevisionAnswer):
    """The revision, and whether it is new: the same document again is the newest revision itself."""

    is_new: bool


class StoreAnswer(Answer):
    """A shop of the programme."""

    code: str
    names: dict[str, str]
    time_zone: str


class StoresAnswer(Answer):
    """The stores in force. With any_store every code is accepted."""

    data: list[StoreAnswer]
    any_store: bool
    next_cursor: None = None


class HealthAnswer(Answer):
    """How this process is."""

    status: Literal["ready", "ailing", "not_ready"] = Field(
        description="ailing: it serves, and something that happens by itself does not happen."
    )
    is_live: Literal[True] = True
    is_database_reachable: bool
    is_schema_current: bool
    is_writable: bool = Field(description="A write was tried just now, and went through to the disk.")
    is_time_kept: bool = Field(description="What time makes due is done within a few minutes.")
    oldest_due_at: Instant | None = Field(description="Work of time that waits since then; null: none.")
    members_parked: int | None = Field(
        description="Members for whom time could not do its part and who are left out; `jifen jobs` names them."
    )
    effects_parked: int | None = Field(
        description="What entries caused and could not be done yet, such as a gift's arrival; `jifen jobs` names it."
    )
    version: str


StoredReturn.model_rebuild()
