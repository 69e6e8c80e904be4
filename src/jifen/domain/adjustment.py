"""An adjustment as it is asked for, whether it is made at once or waits for a second person."""

from __future__ import annotations

from typing import Final

from jifen.domain.refusals import FieldWrong

UNITS_MAX: Final = 1_000_000_000


def check_adjustment_told(units: int, note: str) -> None:
    """Refuse an adjustment of nothing, of too much, or without a reason.

    Refuses
        FieldWrong   no units, too many, or no reason given
    """
    if units == 0 or abs(units) > UNITS_MAX:
        raise FieldWrong(f"units are from 1 to {UNITS_MAX}, or negative", pointer="/units", value=units)
    if not note.strip():
        raise FieldWrong("an adjustment says why", pointer="/note")
