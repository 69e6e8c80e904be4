"""A shop where events and moments earn, and lives in which they come."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from tests.backtest.worlds import Deed, a_shop

from jifen.document.model import ProgramDocument

_NAMES = {"zh": "时机", "en": "Occasion"}
MOMENTS: dict[str, dict[str, Any]] = {
    "expiring": {"expiry_ahead": {"currency": "points", "days": 4}},
    "member-day": {"on_days": ["tuesday"]},
    "years": {"anniversary": "joining"},
    "asleep": {"asleep": {"days": 9}},
    "welcome": {"after_joining": {"days": 5}},
}


def a_rule(
    code: str, on: str, *, points: int, currency: str | None = "points", **more: Any
) -> dict[str, Any]:
    """A rule that gives a fixed number on an occasion."""
    rule = {"code": code, "names": _NAMES, "on": on, "currency": currency, "fixed": {"points": points}}
    return {name: value for name, value in (rule | more).items() if value is not None}


RULES = (
    a_rule("check-in", "check-in", points=3, times={"day": 1}, caps={"week": 9}),
    a_rule("run", "run", points=0, fixed=None,
           per_attribute={"points": 2, "attribute": "metres", "each": 1_000, "whole_steps": True}),
    a_rule("trail", "run", points=0, fixed=None, currency=None, multiple={"of": "run", "by": "2"},
           when={"fact": "event.attribute.ground", "is": "trail"}),
    a_rule("run-grows", "run", points=40, currency="growth", when={"fact": "event.hour", "ge": 9}),
    a_rule("expiring", "expiring", points=5, currency="growth"),
    a_rule("member-day", "member-day", points=4, when={"fact": "member.balance", "currency": "points", "ge": 20},
           tier_multiplies=True),
    a_rule("years", "years", points=50),
    a_rule("asleep", "asleep", points=6, times={"month": 2}),
    a_rule("welcome", "welcome", points=8),
    a_rule("held", "member-day", points=2, when={"fact": "member.tier", "at_least": "silver"}),
)  # fmt: skip


def with_occasions(
    document: ProgramDocument,
    *,
    rules: Sequence[dict[str, Any]] = RULES,
    moments: Sequence[str] = tuple(MOMENTS),
) -> ProgramDocument:
    """The programme with events, moments and rules on them."""
    told = document.model_dump(mode="json", exclude_none=True, by_alias=True)
    told["days"] = [{"code": "tuesday", "names": _NAMES, "weekday": {"weekday": 2}}]
    told["events"] = [
        {"code": "check-in", "names": _NAMES},
        {"code": "run", "names": _NAMES, "attributes": {"metres": "integer", "ground": "text"}},
    ]
    told["moments"] = [{"code": code, "names": _NAMES, **MOMENTS[code]} for code in moments]
    told["earn_rules"] += [rule for rule in rules if rule["on"] in (*moments, "check-in", "run")]
    return ProgramDocument.model_validate_json(json.dumps(told))


LIVELY = with_occasions(a_shop())
QUIET = with_occasions(a_shop(life=30), moments=())


def told_between(chance: random.Random, script: Sequence[Deed], *, members: int) -> list[Deed]:
    """The script with events between its deeds, some of them told late."""
    deeds: list[Deed] = []
    for deed in script:
        deeds.append(deed)
        if chance.random() < 0.4:
            at = deed.at + timedelta(seconds=1)
            late = chance.choice((0, 0, 1, 3))
            what: dict[str, Any] = {
                "source": "app",
                "store": chance.choice((None, "north")),
                "code": "check-in",
            }
            if chance.random() < 0.6:
                ground = chance.choice(({}, {"ground": "trail"}, {"ground": "road"}))
                what |= {
                    "code": "run",
                    "attributes": {"metres": chance.choice((900, 5_500, 21_000)), **ground},
                }
            what["occurred_at"] = at - timedelta(days=late)
            deeds.append(Deed(at=at, what="tell", who=chance.randrange(members), more=what))
    return deeds
