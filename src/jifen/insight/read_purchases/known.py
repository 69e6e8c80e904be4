"""What a programme knows beforehand about the purchases of a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from jifen.domain.purchase import AMOUNT_MINOR_MAX


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What rows are held against: the moment, the money, the stores, the declared line attributes."""

    now: datetime  # aware; a purchase later than this is refused
    money: str  # ISO 4217 code of the programme
    money_decimals: int  # 2: an amount of 12.30 is 1230 minor units
    stores: frozenset[str] | None = None  # None: every store code is accepted
    line_attributes: Mapping[str, Literal["text", "integer"]] = field(default_factory=dict)
    purchase_amount_minor_max: int = AMOUNT_MINOR_MAX

    def __post_init__(self) -> None:
        assert self.now.tzinfo is not None, "now carries its zone"
        assert 0 <= self.money_decimals <= 4
