"""What a document names that lists of the world know: time zones and money.

Asked of a document that comes in, never of a revision that was published: those lists change, a revision does not.
"""

from __future__ import annotations

from collections.abc import Iterator

from jifen.document.model import ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.domain.money import DECIMALS
from jifen.domain.zones import ZONES, nearest_zone
from jifen.present.said import Said


def findings(document: ProgramDocument) -> list[Finding]:
    """What the lists do not know, or know otherwise."""
    return [*_zones(document), *_money(document)]


def _zones(document: ProgramDocument) -> Iterator[Finding]:
    named: list[tuple[Steps, str]] = [(("time_zone",), document.time_zone)]
    named += [
        (("stores", at, "time_zone"), s.time_zone) for at, s in enumerate(document.stores) if s.time_zone
    ]
    nearest_of: dict[str, str | None] = {}
    for steps, zone in named:
        if zone in ZONES:
            continue
        if zone not in nearest_of:
            nearest_of[zone] = nearest_zone(zone)
        near = nearest_of[zone]
        yield Finding(
            code="unknown_time_zone",
            steps=steps,
            value=zone,
            said=Said("problem.unknown_time_zone.said", zone=repr(zone)),
            out=Said("problem.meant", near=repr(near)) if near else Said("problem.unknown_time_zone.out"),
        )


def _money(document: ProgramDocument) -> Iterator[Finding]:
    """Decimals that are wrong count a hundred times too much or too little, and the books cannot be moved to others."""
    code, written = document.money.code, document.money.decimals
    decimals = DECIMALS.get(code)
    if decimals is None:
        yield Finding(
            code="unknown_money",
            steps=("money", "code"),
            value=code,
            said=Said("problem.unknown_money.said", money=code),
            out=Said("problem.unknown_money.out"),
        )
    elif written != decimals:
        yield Finding(
            code="money_decimals_wrong",
            steps=("money", "decimals") if "decimals" in document.money.model_fields_set else ("money",),
            value=written,
            said=Said("problem.money_decimals_wrong.said", money=code, decimals=decimals, written=written),
            out=Said("problem.money_decimals_wrong.out", money=code, decimals=decimals),
        )
