"""What explains a posting, as data: what it belongs to, and what each line and rule gave. `present/postings.py` says it.

Nothing is computed anew here: the reasons are those of the journal, shared out over the lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple, Protocol
from uuid import UUID

from jifen.domain.decision import Reason
from jifen.domain.member import Lot
from jifen.domain.program.meaning import Grant
from jifen.domain.program.select import mask_of
from jifen.domain.sharing import share_out
from jifen.domain.timeline import Timeline

Row = Mapping[str, Any]
BY_QUANTITY = (Grant.PER_QUANTITY, Grant.PER_WHOLE_QUANTITY)


class Posted(Protocol):
    """What is read of a posting in the journal."""

    @property
    def member_id(self) -> UUID: ...
    @property
    def currency(self) -> int: ...
    @property
    def verb(self) -> str: ...
    @property
    def is_credit(self) -> bool: ...
    @property
    def units(self) -> int: ...
    @property
    def reasons(self) -> tuple[Reason, ...]: ...
    @property
    def terms(self) -> int: ...
    @property
    def lot(self) -> int | None: ...
    @property
    def revision(self) -> int: ...
    @property
    def actor(self) -> str | None: ...
    @property
    def occurred_at(self) -> datetime: ...
    @property
    def recorded_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What a posting belongs to, as rows of the journal."""

    purchase: Row | None = (
        None  # the sale; of a return the sale that came back; of an expiry the one that opened the lot
    )
    brought_back: Row | None = None
    entry: Row | None = None
    lot: Lot | None = None


class LineShare(NamedTuple):
    """A rule's grant for one line."""

    line: int
    rule: str
    desired: int
    granted: int


def line_shares(timeline: Timeline, posting: Posted, about: About) -> list[LineShare]:
    """The reasons of what a sale earned or a return took back, shared out over the lines: granted adds up to the units.

    Rounding
        By largest remainder, over what the rule counted: money or quantity. A fixed grant is shared by money.
    """
    if about.purchase is None or posting.verb not in ("earn", "claw_back"):
        return []
    row = timeline.row_of(about.purchase["revision"])
    lines = _counted(about)
    shares = []
    for reason in posting.reasons:
        if reason.rule == 0 or not (reason.desired or reason.granted):
            continue
        rule = timeline.rule(row, reason.rule)
        position = timeline.position_of(row, reason.rule)
        seen = [line for line in lines if line.mask >> position & 1]
        weights = [line.quantity if rule.grant in BY_QUANTITY else line.amount for line in seen]
        if not seen:
            continue
        desired, granted = share_out(reason.desired, weights), share_out(reason.granted, weights)
        shares += [
            LineShare(line.number, rule.code, wanted, given)
            for line, wanted, given in zip(seen, desired, granted, strict=True)
        ]
    return shares


class _Counted(NamedTuple):
    number: int
    mask: int
    amount: int
    quantity: int


def _counted(about: About) -> list[_Counted]:
    """The lines that a posting is about, with what of each came in or came back."""
    assert about.purchase is not None
    documents, words = about.purchase["lines"], about.purchase["masks"]
    width = len(words) // max(len(documents), 1)
    back = None if about.brought_back is None else {int(n): int(q) for n, q in about.brought_back["lines"]}
    counted = []
    for at, document in enumerate(documents):
        number, quantity = document["number"], document["quantity_milli"]
        amount = document["amount_minor"]
        if back is not None:
            if number not in back:
                continue
            amount = amount * back[number] // (quantity or 1_000)
            quantity = back[number] if quantity else 0
        counted.append(_Counted(number, mask_of(words[at * width : (at + 1) * width]), amount, quantity))
    return counted


def rules_of(timeline: Timeline, posting: Posted, about: About) -> Sequence[tuple[str, int, int]]:
    """The reasons by rule code; a posting that no rule made has none."""
    revision = (
        about.purchase["revision"]
        if about.purchase and posting.verb in ("earn", "claw_back")
        else posting.revision
    )
    row = timeline.row_of(revision)
    return [
        (timeline.rule(row, reason.rule).code, reason.desired, reason.granted)
        for reason in posting.reasons
        if reason.rule
    ]
