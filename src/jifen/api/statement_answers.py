"""What the API answers about postings and lots: a statement, and the story of a lot."""

from __future__ import annotations

from pydantic import Field

from jifen.api.answers import LineReason, LotAnswer
from jifen.api.fields import Answer, Instant
from jifen.api.ids import GiftId, MemberId, PurchaseId, ReturnId
from jifen.api.rule_answers import RuleReason


class LotMove(Answer):
    """Units of a lot that an entry moved from one place to another."""

    lot: int
    comes: str = Field(description="outside, open, held, gone, expired, back or in_debt.")
    goes: str
    units: int
    origin: int = Field(description="Sequence of the entry that opened the lot.")


class FirstLot(Answer):
    """What a lot was at the member whose it was before he was merged into another."""

    member_id: MemberId
    number: int
    origin: int = Field(description="Sequence of his entry that opened it.")


class LotStep(Answer):
    """One movement of a lot, and why."""

    sequence: int
    kind: str
    occurred_at: Instant
    comes: str
    goes: str
    units: int


class StatementEntry(Answer):
    """One posting, why it is there, and the same as a sentence."""

    sequence: int
    part: int
    verb: str
    currency: str
    units: int = Field(description="Signed: what the balance changed by.")
    balance_after: int
    sentence: str
    occurred_at: Instant
    recorded_at: Instant
    revision: int
    lot: int | None
    purchase_id: PurchaseId | None
    source: str | None
    business_no: str | None
    return_id: ReturnId | None
    gift_id: GiftId | None
    counterpart_id: MemberId | None
    store: str | None
    channel: str | None
    actor: str | None
    note: str | None
    rules: list[RuleReason]
    reasons: list[LineReason] = Field(description="Shared out over the lines; granted adds up to the units.")
    moves: list[LotMove] = Field(
        description="The lots that its entry moved, at most 50: which were opened, which paid."
    )


class LotStoryAnswer(Answer):
    """A lot from its opening on: what became of its units, with the postings of the entries that moved it."""

    lot: LotAnswer
    first: FirstLot | None = Field(
        description="Where it was before, if it came with a member who was merged."
    )
    steps: list[LotStep]
    postings: list[StatementEntry]
    next_cursor: str | None


class StatementAnswer(Answer):
    """A page of a statement, newest first."""

    data: list[StatementEntry]
    next_cursor: str | None
