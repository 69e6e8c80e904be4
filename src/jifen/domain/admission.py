"""What is let in: a till's time is a claim, and a purchase must speak of what the programme knows."""

from __future__ import annotations

from datetime import datetime, timedelta

from jifen.domain.occasions import Event
from jifen.domain.program.meaning import Program
from jifen.domain.purchase import Purchase
from jifen.domain.refusals import FieldWrong, StoreUnknown, TimeOutOfBounds
from jifen.domain.timeline import Timeline

AHEAD = timedelta(minutes=5)
"""How far a till's clock may run ahead; such a purchase counts as of now."""


def believed(timeline: Timeline, purchase: Purchase | Event, now: datetime, *, is_import: bool) -> datetime:
    """The moment a purchase or an event counts as of: a till's time is a claim, bounded both ways.

    Refuses
        TimeOutOfBounds   more than a few minutes ahead, or older than the source may be late
    """
    if purchase.occurred_at > now + AHEAD:
        raise TimeOutOfBounds(
            f"{purchase.occurred_at.isoformat()} lies in the future; it is {now.isoformat()}",
            pointer="/occurred_at",
            occurred_at=purchase.occurred_at.isoformat(),
            now=now.isoformat(),
        )
    late_days = timeline.newest.late_days
    days = late_days.get(purchase.source, late_days.get("", 400))
    if not is_import and purchase.occurred_at < now - timedelta(days=days):
        raise TimeOutOfBounds(
            f"{purchase.occurred_at.isoformat()} is more than {days} days old; bring it in by jifen import",
            pointer="/occurred_at",
            occurred_at=purchase.occurred_at.isoformat(),
            late_days_max=days,
        )
    return min(purchase.occurred_at, now)


def check_against_program(program: Program, purchase: Purchase) -> None:
    """Refuse what the programme does not know: money, store, an amount beyond its limit, an undeclared attribute."""
    if purchase.money != program.money:
        raise FieldWrong(
            f"the programme counts in {program.money}, not {purchase.money}",
            pointer="/money",
            value=purchase.money,
        )
    if purchase.amount_minor > program.purchase_amount_minor_max:
        raise FieldWrong(
            f"{purchase.amount_minor} is more than the programme's limit of {program.purchase_amount_minor_max}",
            pointer="/amount_minor",
            value=purchase.amount_minor,
            limit=program.purchase_amount_minor_max,
        )
    if purchase.store is not None and not program.any_store and purchase.store not in program.stores:
        raise StoreUnknown(f"there is no store {purchase.store!r}", pointer="/store", value=purchase.store)
    for i, line in enumerate(purchase.lines):
        for code, value in line.attributes.items():
            declared = program.line_attributes.get(code)
            if declared is None or (declared == "integer") != isinstance(value, int):
                raise FieldWrong(
                    f"attribute {code!r} is "
                    + ("not declared" if declared is None else f"of type {declared}"),
                    pointer=f"/lines/{i}/attributes/{code}",
                    value=str(value),
                )
