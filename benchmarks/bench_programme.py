"""How long a programme of 200 rules takes to come into use, and a basket of 30 lines to be selected and decided under it.

Rules of every kind that a large retailer has: points by category, brand, tag, day and store, multiples that compete in groups,
bands, caps, shared caps, and conditions on the member. In memory,
without a database: the median of many, by the processor's own time.
`python benchmarks/bench_programme.py` (`--profile` says where the time of a decision goes)
"""

from __future__ import annotations

import cProfile
import json
import pstats
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from statistics import median
from time import process_time
from typing import Any
from uuid import UUID

from jifen.document.compile import compile_program
from jifen.document.load import parse_document
from jifen.domain.decide import decide_enrolment, decide_purchase
from jifen.domain.member import new_member
from jifen.domain.program.numbering import Numbering
from jifen.domain.purchase import Line, Purchase
from jifen.domain.seen import select_purchase
from jifen.domain.timeline import timeline_of

RULES, LINES, TIMES = 200, 30, 300
OPENED = datetime(2026, 1, 1, tzinfo=UTC)
NAMES = {"zh": "规则", "en": "Rule"}


def document() -> dict[str, Any]:
    """A programme of 200 rules."""
    told: dict[str, Any] = {
        "format": 1,
        "program": {"code": "large", "names": NAMES},
        "time_zone": "Asia/Shanghai",
        "money": {"code": "CNY"},
        "any_store": True,
        "limits": {"purchase_amount_minor_max": 10_000_000},
        "days": [{"code": "member-day", "names": NAMES, "day_of_month": 8}],
        "currencies": [
            {"code": "points", "names": NAMES, "kind": "spendable", "worth": 1, "expiry": {"months": 12}},
            {"code": "growth", "names": NAMES, "kind": "qualifying"},
        ],
        "stacking_groups": [{"code": f"g{n}", "mode": "best"} for n in range(10)],
        "shared_caps": [{"code": f"c{n}", "caps": {"month": 5_000}} for n in range(5)],
        "tiers": {
            "by": "growth",
            "window_days": 365,
            "keeps_days": 365,
            "list": [
                {"code": "member", "names": NAMES, "reach": 0},
                {"code": "gold", "names": NAMES, "reach": 5_000, "multiplier": "3/2"},
            ],
        },
        "earn_rules": [
            {"code": "base", "names": NAMES, "currency": "points", "per_amount": {"points": 1, "amount_minor": 100}},
            {"code": "growth", "names": NAMES, "currency": "growth", "per_amount": {"points": 1, "amount_minor": 100}},
        ],
    }  # fmt: skip
    told["earn_rules"] += [_rule(n) for n in range(RULES - len(told["earn_rules"]))]
    return told


def _rule(n: int) -> dict[str, Any]:
    rule: dict[str, Any] = {"code": f"r{n}", "names": NAMES}
    line = [
        {"fact": "line.category", "under": f"C{n % 40}"},
        {"fact": "line.brand", "in": [f"B{n % 60}", f"B{(n + 7) % 60}"]},
        {"fact": "line.tags", "has": f"t{n % 12}"},
        {"all": [{"fact": "line.category", "under": f"C{n % 40}"}, {"fact": "line.amount_minor", "ge": 1_000}]},
        {"not": {"fact": "line.sku", "in": [f"S{n}", f"S{n + 1}"]}},
    ][n % 5]  # fmt: skip
    more = [
        {"fact": "purchase.days", "has": "member-day"},
        {"fact": "member.tier", "at_least": "gold"},
        {"fact": "member.visits", "window_days": 30, "ge": 2},
        {"fact": "basket.amount_minor", "of": {"fact": "line.category", "under": f"C{n % 40}"}, "ge": 2_000},
        None,
        {"fact": "purchase.weekday", "in": [1 + n % 7, 1 + (n + 3) % 7]},
    ][n % 6]
    rule["when"] = line if more is None else {"all": [line, more]}
    if n % 4 == 0:
        return rule | {"multiple": {"of": "base", "by": "2"}, "group": f"g{n % 10}"}
    gives: list[dict[str, Any]] = [
        {"fixed": {"points": 10}, "times": {"day": 1}},
        {"per_quantity": {"points": 5, "quantity": "1", "whole_steps": True}, "caps": {"day": 100}},
        {"bands": {"list": [{"from": 0, "points": 0}, {"from": 5_000, "points": 20}]}},
        {"per_amount": {"points": 1, "amount_minor": 200}, "shares": [f"c{n % 5}"]},
    ]
    return rule | {"currency": "points"} | gives[n % 4 if n % 4 else 3]


def basket(no: int) -> Purchase:
    """A basket of 30 lines."""
    lines = [
        Line(
            number=n + 1, amount_minor=500 + 137 * n, quantity_milli=1_000 * (1 + n % 3), sku=f"S{n * 5}",
            category=f"C{(n * 3 + no) % 40}/X", brand=f"B{(n * 2 + no) % 60}", tags=(f"t{(n + no) % 12}",),
        )
        for n in range(LINES)
    ]  # fmt: skip
    return Purchase(
        source="pos", business_no=str(no), occurred_at=OPENED + timedelta(days=no), money="CNY",
        amount_minor=sum(line.amount_minor for line in lines), lines=tuple(lines),
    )  # fmt: skip


def _timed(work: Callable[[], Any]) -> float:
    began = process_time()
    work()
    return process_time() - began


def main() -> None:
    """Print the medians."""
    text = json.dumps(document(), ensure_ascii=False)
    told = {
        "parsed and checked": lambda: parse_document(text, name="large.json"),
        "compiled": lambda: compile_program(parsed, revision=1, effective_at=OPENED, numbering=Numbering()),
        "generated for the till": lambda: timeline_of([program]),
    }
    parsed = parse_document(text, name="large.json")
    program = compile_program(parsed, revision=1, effective_at=OPENED, numbering=Numbering())
    whole = 0.0
    for what, work in told.items():
        seconds = median(_timed(work) for _ in range(5))
        whole += seconds
        print(f"{what:<24} {seconds * 1_000:8.1f} ms")
    print(f"{'together':<24} {whole * 1_000:8.1f} ms   goal 1,000")
    timeline = timeline_of([program])
    member = new_member(UUID(int=1), timeline, 0)
    member = decide_enrolment(timeline, member, now=OPENED).after
    selected, decided, hits = [], [], []
    profile = cProfile.Profile()
    for no in range(TIMES):
        bought = basket(no)
        began = process_time()
        selection = select_purchase(timeline, bought)
        between = process_time()
        if "--profile" in sys.argv:
            profile.enable()
        decision = decide_purchase(timeline, member, bought, now=bought.occurred_at, selection=selection)
        profile.disable()
        ended = process_time()
        member = decision.after
        selected.append(between - began)
        decided.append(ended - between)
        hits.append(len(selection.hits))
    for what, times in (("a basket is selected", selected), ("a basket is decided", decided)):
        print(
            f"{what:<24} {median(times) * 1_000:8.3f} ms   goal 1 ({median(hits):.0f} of {RULES} rules see it)"
        )
    if "--profile" in sys.argv:
        pstats.Stats(profile).sort_stats("tottime").print_stats(14)


if __name__ == "__main__":
    main()
