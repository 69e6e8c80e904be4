"""A shop with rules of every kind, its later revisions, and random lives in it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.builders import a_line
from tests.machine.till import Till, a_key, days

from jifen.document.load import parse_document
from jifen.document.model import ProgramDocument
from jifen.domain.purchase import Payment
from jifen.domain.refusals import Refusal
from jifen.operations.advance_members import advance_members
from jifen.operations.handle_reservations import commit_reservation, release_reservation

_TEXT = """\
format: 1
program: {{code: shop, names: {{zh: 小店, en: Shop}}}}
time_zone: Asia/Shanghai
money: {{code: CNY, decimals: 2}}
any_store: true
line_attributes: {{organic: text}}
limits: {{late_days: {{default: 5}}}}
currencies:
  - {{code: points, names: {{zh: 积分, en: Points}}, kind: spendable, worth: "1/2", expiry: {{days: {life}}},
     pending: {{days: {pending}}}, debt: {{policy: allow, limit_units: 60}}}}
  - {{code: growth, names: {{zh: 成长值, en: Growth}}, kind: qualifying}}
stacking_groups:
  - {{code: fresh, mode: best}}
earn_rules:
  - {{code: base, names: {{zh: 消费, en: Base}}, currency: points, per_amount: {{points: {rate}, amount_minor: 100}},
     tier_multiplies: true, caps: {caps}}}
  - {{code: growth, names: {{zh: 成长, en: Growth}}, currency: growth, per_amount: {{points: 1, amount_minor: 100}}}}
  - {{code: fruit, names: {{zh: 水果, en: Fruit}}, group: fresh, multiple: {{of: base, by: "2"}},
     when: {{fact: line.category, under: FRUIT}}}}
  - {{code: organic, names: {{zh: 有机, en: Organic}}, group: fresh, multiple: {{of: base, by: "3"}}, caps: {{purchase: 40}},
     when: {{fact: line.attribute.organic, is: "yes"}}}}
  - {{code: pieces, names: {{zh: 件数, en: Pieces}}, currency: points, rounding: half_up,
     per_quantity: {{points: 3, quantity: "2", whole_steps: true}}, when: {{fact: line.brand, is: Own}}}}
  - {{code: cash, names: {{zh: 现金, en: Cash}}, currency: points, fixed: {{points: 5}}, caps: {{day: 5, month: 20}},
     when: {{all: [{{fact: purchase.payment_methods, has: cash}}, {{fact: purchase.hour, ge: 8}}]}}}}
  - {{code: regular, names: {{zh: 常客, en: Regular}}, currency: points, fixed: {{points: 7}},
     when: {{all: [{{fact: member.visits, window_days: 20, ge: 2}}, {{fact: member.tier, at_least: silver}}]}}}}
{more}tiers:
  by: {by}
  window_days: {window}
  keeps_days: 15
  list:
    - {{code: member, names: {{zh: 会员, en: Member}}, reach: 0}}
    - {{code: silver, names: {{zh: 银卡, en: Silver}}, reach: {silver}, multiplier: "11/10"}}
{tiers}"""

GOLD = '    - {code: gold, names: {zh: 金卡, en: Gold}, reach: 40000, multiplier: "3/2"}\n'
TAGGED = """\
  - {code: promoted, names: {zh: 促销, en: Promoted}, currency: points, per_amount: {points: 1, amount_minor: 50},
     caps: {month: 90}, when: {all: [{fact: line.tags, has: promo}, {fact: purchase.store, in: [north, south]}]}}
"""


def a_shop(
    *, life: int = 20, pending: int = 1, rate: int = 1, caps: str = "{day: 150}", window: int = 30, silver: int = 15_000,
    by: str = "spend", more: str = "", tiers: str = "",
) -> ProgramDocument:  # fmt: skip
    """The shop's programme."""
    text = _TEXT.format(
        life=life,
        pending=pending,
        rate=rate,
        caps=caps,
        window=window,
        silver=silver,
        by=by,
        more=more,
        tiers=tiers,
    )
    return parse_document(text, name="shop.yaml")


FIRST = a_shop()
CHANGED = (
    a_shop(caps="{day: 90, month: 400}", more=TAGGED, tiers=GOLD, life=25),
    a_shop(rate=2, caps="{}", more=TAGGED, tiers=GOLD, pending=0, silver=9_000, window=20),
)


async def a_random_life(
    till: Till, members: Sequence[UUID], chance: random.Random, now: datetime, *, steps: int
) -> datetime:
    """So many random things happen to members; what is refused is refused. The moment after the last."""
    receipts: list[str] = []
    reservations: list[UUID] = []
    for step in range(steps):
        await till.set_now(now)
        who = chance.choice(members)
        what = chance.choices(
            ("buy", "late", "back", "reserve", "end", "adjust", "give", "jobs"), (9, 2, 4, 3, 2, 2, 3, 1)
        )[0]
        try:
            if what in ("buy", "late"):
                no = f"{now.timestamp()}-{step}"
                at = await till.now() - days(chance.randint(1, 4) if what == "late" else 0)
                await till.buy(who, no=no, at=at, **_a_basket(chance))
                receipts.append(no)
            elif what == "back" and receipts:
                lines = chance.choice((None, [(1, 1_000)], [(1, 500), (2, 300)]))
                await till.bring_back(chance.choice(receipts), lines)
            elif what == "reserve":
                answer = await till.reserve(who, chance.choice((5, 40)), seconds=40_000)
                reservations.append(UUID(answer["reservation_id"]))
            elif what == "end" and reservations:
                ends = chance.choice((commit_reservation, release_reservation))
                await ends(till.ledger, reservations.pop(), a_key())
            elif what == "adjust":
                await till.adjust(who, chance.choice((-30, -5, 20, 60)))
            elif what == "give":
                await till.give(who, chance.choice([m for m in members if m != who]), chance.choice((3, 50)))
            elif what == "jobs":
                while await advance_members(till.ledger):
                    pass
        except Refusal:
            pass
        now += chance.choice((days(0.01), days(0.2), days(0.2), days(1), days(1), days(6)))
    return now


def _a_basket(chance: random.Random) -> dict[str, Any]:
    lines = [
        a_line(
            number,
            chance.choice((0, 99, 1_250, 4_999, 12_345)),
            quantity_milli=chance.choice((0, 1_000, 2_000, 3_500)),
            category=chance.choice((None, "FRUIT/APPLES", "FRUIT", "BREAD")),
            brand=chance.choice((None, "Own", "Other")),
            tags=chance.choice(((), ("promo",))),
            attributes=chance.choice(({}, {"organic": "yes"})),
        )
        for number in range(1, chance.randint(2, 5))
    ]
    paid = sum(line.amount_minor for line in lines)
    return {
        "lines": lines,
        "store": chance.choice((None, "north", "south", "east")),
        "channel": chance.choice((None, "store", "online")),
        "payments": chance.choice(((), (Payment(method="cash", amount_minor=paid),))),
    }
