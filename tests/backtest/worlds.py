"""A shop with rules of every kind, its later revisions, and random lives in it."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tests.builders import a_line
from tests.machine.till import Till, a_key, days

from jifen.document.load import parse_document
from jifen.document.model import ProgramDocument
from jifen.domain.occasions import Event
from jifen.domain.purchase import Payment
from jifen.domain.refusals import Refusal
from jifen.operations.advance_members import advance_members
from jifen.operations.change_member_status import change_member_status
from jifen.operations.handle_reservations import commit_reservation, release_reservation
from jifen.operations.record_events import EventRequest, record_events

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


@dataclass(frozen=True, slots=True, kw_only=True)
class Deed:
    """One thing that is asked of the till, at a moment; members, receipts and reservations by their place in order."""

    at: datetime
    what: str
    who: int
    more: Any


REVERSIBLE = ("end", "adjust", "give")
"""Deeds whose entry may be reversed later: a commit, an adjustment, a gift."""


def a_script(chance: random.Random, now: datetime, *, members: int, steps: int) -> list[Deed]:
    """So many random deeds, one after the other."""
    deeds: list[Deed] = []
    receipts = reservations = 0
    for _ in range(steps):
        who = chance.randrange(members)
        what = chance.choices(
            ("buy", "back", "reserve", "end", "adjust", "give", "undo", "jobs", "state"),
            (11, 4, 3, 2, 2, 3, 2, 1, 1),
        )[0]
        more: Any = None
        if what == "buy":
            receipts += 1
            more = (chance.choice((0, 0, 0, 0, 1, 4)), _a_basket(chance))
        elif what == "back":
            more = (chance.randrange(receipts + 1), chance.choice((None, [(1, 1_000)], [(1, 500), (2, 300)])))
        elif what == "reserve":
            reservations += 1
            more = chance.choice((5, 40))
        elif what == "end":
            more = (
                chance.randrange(reservations + 1),
                chance.choice((commit_reservation, release_reservation)),
            )
        elif what == "adjust":
            more = chance.choice((-30, -5, 20, 60))
        elif what == "give":
            more = (chance.choice([m for m in range(members) if m != who]), chance.choice((3, 50)))
        elif what == "state":
            more = chance.choice(("frozen", "active", "active", "closed"))
        elif what == "undo":
            more = chance.choice([deed.at for deed in deeds if deed.what in REVERSIBLE] or [now])
        deeds.append(Deed(at=now, what=what, who=who, more=more))
        now += chance.choice((days(0.01), days(0.2), days(0.2), days(1), days(1), days(6)))
    return deeds


async def _tell(till: Till, who: UUID, event: Event) -> None:
    (told,) = await record_events(till.ledger, [EventRequest(event=event, whose=who)])
    if isinstance(told, Refusal):
        raise told


async def play(
    till: Till, members: Sequence[UUID], script: Sequence[Deed], *, prefix: str = ""
) -> list[Deed]:
    """Let a script happen; the deeds that were not refused."""
    reservations: dict[int, UUID] = {}
    entries: dict[datetime, tuple[UUID, int]] = {}  # by the moment of their deed: whose, and its number
    bought = reserved = 0
    done = []
    for deed in script:
        await till.set_now(deed.at)
        who = members[deed.who]
        bought += deed.what == "buy" or deed.more == "buy"
        reserved += deed.what == "reserve" or deed.more == "reserve"
        try:
            if deed.what == "buy":
                late, basket = deed.more
                await till.buy(who, no=f"{prefix}{bought}", at=deed.at - days(late), **basket)
            elif deed.what == "back":
                await till.bring_back(f"{prefix}{deed.more[0]}", deed.more[1])
            elif deed.what == "reserve":
                answer = await till.reserve(who, deed.more, seconds=40_000)
                reservations[reserved] = UUID(answer["reservation_id"])
            elif deed.what == "end" and deed.more[0] in reservations:
                answer = await deed.more[1](till.ledger, reservations.pop(deed.more[0]), a_key())
                entries[deed.at] = (UUID(answer["member_id"]), answer["sequence"])
            elif deed.what == "adjust":
                entries[deed.at] = (who, (await till.adjust(who, deed.more))["sequence"])
            elif deed.what == "give":
                answer = await till.give(who, members[deed.more[0]], deed.more[1])
                entries[deed.at] = (who, answer["sequence"])
            elif deed.what == "undo" and deed.more in entries:
                await till.reverse(*entries[deed.more])
            elif deed.what == "tell":
                await _tell(till, who, Event(**deed.more, business_no=f"{prefix}{deed.at}"))
            elif deed.what in ("state", "jobs"):
                await _by_the_shop(till, who, deed)
        except Refusal:
            if deed.what in ("buy", "reserve"):  # keeps its place in the order
                done.append(Deed(at=deed.at, what="nothing", who=deed.who, more=deed.what))
            continue
        done.append(deed)
    return done


async def _by_the_shop(till: Till, who: UUID, deed: Deed) -> None:
    """What no till asks for: a status, or time made visible."""
    if deed.what == "state":
        await change_member_status(till.ledger, who, deed.more, a_key())
        return
    while await advance_members(till.ledger):
        pass


async def a_random_life(
    till: Till, members: Sequence[UUID], chance: random.Random, now: datetime, *, steps: int
) -> datetime:
    """So many random things happen to members; what is refused is refused. The moment after the last."""
    script = a_script(chance, now, members=len(members), steps=steps)
    await play(till, members, script, prefix=f"{now.timestamp()}-")
    return script[-1].at + days(1)


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
