"""The sale: a purchase with its lines and payments, and what comes back of it.

Amounts are minor units of the programme's money, net of discount; quantities are exact thousandths.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Any, NamedTuple

from jifen.domain.refusals import FieldWrong, LineUnknown, ReturnExceedsPurchase, SumsDiffer, TooMuch

LINES_MAX = 1_000
PAYMENTS_MAX = 50
ATTRIBUTES_MAX = 100  # of a line: as many as a programme declares
LINE_NUMBER_MAX = 2**31 - 1
ATTRIBUTE_MAX = (
    999_999_999_999_999  # either side of 0: fifteen digits, which every reader of JSON keeps exactly
)
QUANTITY_MILLI_MAX = 10_000_000_000  # of a purchase: ten million pieces
AMOUNT_MINOR_MAX = 1_000_000_000_000  # of a line; the programme sets the limit of a purchase
BELOW_ZERO = "what comes back is a return, a discount is taken off its line, and what a bottle or a voucher pays is a payment"
"""What a line below zero is meant to be, and how it is told instead (decision 0107)."""


class Line(NamedTuple):
    """One position of a receipt."""

    number: int
    amount_minor: int
    quantity_milli: int = 1_000
    sku: str | None = None
    name: str | None = None
    category: str | None = None
    brand: str | None = None
    discount_minor: int = 0
    cost_minor: int | None = None
    tags: tuple[str, ...] = ()
    attributes: Mapping[str, str | int] = MappingProxyType({})


def line_of(document: Mapping[str, Any]) -> Line:
    """A line as the journal keeps it."""
    return Line(
        **{**document, "tags": tuple(document.get("tags", ())), "attributes": document.get("attributes", {})}
    )


class Payment(NamedTuple):
    """One means of payment of a receipt."""

    method: str
    amount_minor: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Purchase:
    """What the till tells. `source` and `business_no` together are its key."""

    source: str
    business_no: str
    occurred_at: datetime
    money: str
    amount_minor: int
    lines: tuple[Line, ...]
    store: str | None = None
    till: str | None = None
    cashier: str | None = None
    channel: str | None = None
    payments: tuple[Payment, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def payment_methods(self) -> tuple[str, ...]:
        """The methods paid with, as a given fact."""
        return tuple(payment.method for payment in self.payments)

    def __post_init__(self) -> None:
        if self.occurred_at.tzinfo is None:
            raise FieldWrong("a time needs its zone, as in 2026-11-21T18:00:00+08:00", pointer="/occurred_at")
        if not self.lines:
            raise FieldWrong("a purchase has at least one line", pointer="/lines")
        if len(self.lines) > LINES_MAX:
            raise TooMuch(
                f"{len(self.lines)} lines; at most {LINES_MAX}",
                pointer="/lines",
                lines=len(self.lines),
                lines_max=LINES_MAX,
            )
        seen: set[int] = set()
        for i, line in enumerate(self.lines):
            if line.number in seen:
                raise FieldWrong(
                    f"line number {line.number} stands twice", pointer=f"/lines/{i}/number", value=line.number
                )
            seen.add(line.number)
            if not 0 <= line.amount_minor <= AMOUNT_MINOR_MAX:
                raise FieldWrong(
                    f"{line.amount_minor} is not from 0 to {AMOUNT_MINOR_MAX}: {BELOW_ZERO}",
                    pointer=f"/lines/{i}/amount_minor",
                    value=line.amount_minor,
                )
            if not 0 <= line.quantity_milli <= QUANTITY_MILLI_MAX:
                raise FieldWrong(
                    f"{line.quantity_milli} is not from 0 to {QUANTITY_MILLI_MAX}",
                    pointer=f"/lines/{i}/quantity_milli",
                    value=line.quantity_milli,
                )
        if sum(line.quantity_milli for line in self.lines) > QUANTITY_MILLI_MAX:
            raise FieldWrong(f"the quantities add up to more than {QUANTITY_MILLI_MAX}", pointer="/lines")
        total = sum(line.amount_minor for line in self.lines)
        if total != self.amount_minor:
            raise SumsDiffer(
                f"the lines add up to {total}, the purchase says {self.amount_minor}",
                pointer="/amount_minor",
                expected=total,
                actual=self.amount_minor,
            )
        paid = sum(payment.amount_minor for payment in self.payments)
        if self.payments and paid != self.amount_minor:
            raise SumsDiffer(
                f"the payments add up to {paid}, the purchase says {self.amount_minor}",
                pointer="/payments",
                expected=self.amount_minor,
                actual=paid,
            )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReturnedLine:
    """How much of a line comes back."""

    number: int
    quantity_milli: int


_COMPARED = ("money", "amount_minor", "store", "till", "cashier", "channel", "payments", "tags")


def first_difference(before: Purchase, after: Purchase, *, counted_at: datetime) -> str:
    """The pointer of the first field in which a purchase differs from what was told of it before; "" where it is the same sale.

    What was told ahead of the ledger's time counts as of the moment at which it was told (`admission.believed`): there the times
    need not be the same.
    """
    for field in _COMPARED:
        if getattr(before, field) != getattr(after, field):
            return f"/{field}"
    for at, (one, other) in enumerate(zip(before.lines, after.lines, strict=False)):
        for field in Line._fields:
            if getattr(one, field) != getattr(other, field):
                return f"/lines/{at}/{field}"
    if len(before.lines) != len(after.lines):
        return "/lines"
    was_ahead = before.occurred_at == counted_at < after.occurred_at
    return "" if before.occurred_at == after.occurred_at or was_ahead else "/occurred_at"


def whole_quantity(line: Line) -> int:
    """What a line's full return counts; a line without quantity comes back as one piece or not at all."""
    return line.quantity_milli or 1_000


def share_of_amount(line: Line, quantity_milli: int) -> int:
    """The amount of so much of a line, rounded down; differences of it telescope, so split and order do not matter."""
    return line.amount_minor * quantity_milli // whole_quantity(line)


def returned_after(
    lines: Sequence[Line], returned_before: Mapping[int, int], returning: Sequence[ReturnedLine]
) -> dict[int, int]:
    """Quantity returned of each line number once this return is in.

    Refuses
        LineUnknown             a number the purchase does not have
        FieldWrong              a quantity that is not positive, or a line named twice
        ReturnExceedsPurchase   more than is left
    """
    by_number = {line.number: line for line in lines}
    after = dict(returned_before)
    seen: set[int] = set()
    for i, back in enumerate(returning):
        line = by_number.get(back.number)
        if line is None:
            raise LineUnknown(
                f"there is no line {back.number}", pointer=f"/lines/{i}/number", value=back.number
            )
        if back.number in seen:
            raise FieldWrong(
                f"line {back.number} stands twice", pointer=f"/lines/{i}/number", value=back.number
            )
        seen.add(back.number)
        if back.quantity_milli <= 0:
            raise FieldWrong(
                "a quantity must be positive", pointer=f"/lines/{i}/quantity_milli", value=back.quantity_milli
            )
        left = whole_quantity(line) - after.get(back.number, 0)
        if back.quantity_milli > left:
            raise ReturnExceedsPurchase(
                f"of line {back.number} only {left} thousandths are left to return",
                pointer=f"/lines/{i}/quantity_milli",
                line=back.number,
                quantity_milli_left=left,
                quantity_milli=back.quantity_milli,
            )
        after[back.number] = after.get(back.number, 0) + back.quantity_milli
    return after


def is_whole(lines: Sequence[Line], returned: Mapping[int, int]) -> bool:
    """Whether every line has wholly come back."""
    return all(returned.get(line.number, 0) == whole_quantity(line) for line in lines)
