"""Baskets and offers that are drawn, and the plain way to find the best combination: all of them."""

from __future__ import annotations

from random import Random

from jifen.domain.basket import Candidate
from jifen.domain.deals import Sight, taken_off
from jifen.domain.program.conditions import ALWAYS
from jifen.domain.program.offers import (
    AmountOff,
    Bundle,
    BundleItem,
    Deal,
    FixedPrice,
    LastOfGroup,
    Offer,
    OfferClass,
    OnReturn,
    PercentOff,
    Steps,
    Threshold,
)
from jifen.domain.purchase import Line

CODES = ("", "item", "order")
QUANTITIES = (1_000, 1_000, 2_000, 3_000, 5_000, 1_500, 750, 0)


def drawn_lines(random: Random, most: int = 6) -> list[Line]:
    """Lines at shelf prices: free ones, weighed ones and those of several pieces among them."""
    return [
        Line(
            number=number,
            amount_minor=random.choice([0, 1, 99, 500, 1_234, random.randint(1, 3_000)]),
            quantity_milli=random.choice(QUANTITIES),
            sku=random.choice(["a", "b", "c", None]),
        )
        for number in range(1, random.randint(1, most) + 1)
    ]


def drawn_candidates(random: Random, lines: list[Line], most: int = 8) -> list[Candidate]:
    """Offers of every kind in the order of their use, each with lines that it sees."""
    classes = {
        code: OfferClass(
            code=code,
            is_one=random.random() < 0.6,
            not_with=frozenset(other for other in CODES if other != code and random.random() < 0.3),
        )
        for code in CODES
    }
    found = [_drawn(random, lines, classes, at) for at in range(random.randint(0, most))]
    return sorted(found, key=lambda one: CODES.index(one.offer.stands.code))


def _drawn(random: Random, lines: list[Line], classes: dict[str, OfferClass], at: int) -> Candidate:
    deal = drawn_deal(random)
    priced = [place for place, line in enumerate(lines) if line.amount_minor]
    part = random.choice([0.7, 1.0])  # many offers see the same lines: all of them
    seen = tuple(place for place in priced if random.random() < part)
    sight = Sight(seen)
    if isinstance(deal, Bundle):
        items = tuple(tuple(place for place in seen if random.random() < 0.6) for _ in deal.items)
        sight = Sight(tuple(sorted({place for item in items for place in item})), items)
    offer = Offer(
        code=f"offer-{at}",
        names={},
        deal=deal,
        stands=classes[random.choice(CODES)],
        most_minor=random.choice([-1, -1, 300]),
        times_most=random.choice([-1, 1, 2]),
        is_exclusive=random.random() < 0.1,
        on_return=random.choice(list(OnReturn)),
    )
    return Candidate(offer, sight)


def drawn_deal(random: Random) -> Deal:
    """A deal of any kind."""
    pieces, spend = random.randint(2, 4), random.randint(1, 4_000)
    deals: list[Deal] = [
        AmountOff(minor=random.randint(1, 900), each_piece=random.random() < 0.5),
        PercentOff(bps=random.randint(1, 10_000)),
        FixedPrice(minor=random.randint(0, 900)),
        LastOfGroup(
            pieces=pieces, last=random.randint(1, pieces - 1), off_bps=random.choice([5_000, 10_000, 3_333]),
            alike=random.random() < 0.5,
        ),
        Threshold(spend_minor=spend, off_minor=random.randint(1, spend), repeats=random.random() < 0.5),
        Steps(steps=((500, 100), (1_500, 400), (3_000, 1_200))),
        Bundle(
            minor=random.randint(1, 1_500),
            items=tuple(BundleItem(names={}, pieces=random.randint(1, 2), lines=ALWAYS) for _ in range(2)),
        ),
    ]  # fmt: skip
    return random.choice(deals)


def apart(one: Offer, other: Offer) -> bool:
    """Whether two offers may not be used for one line."""
    if one.stands.code == other.stands.code:
        return one.stands.is_one
    return other.stands.code in one.stands.not_with or one.stands.code in other.stands.not_with


def every_combination(lines: list[Line], candidates: list[Candidate]) -> tuple[int, int, tuple[int, ...]]:
    """The least to pay, by so many offers, and which: of all combinations that are lawful, one by one."""
    best: tuple[int, int, tuple[int, ...]] = (sum(line.amount_minor for line in lines), 0, ())
    for mask in range(1, 1 << len(candidates)):
        chosen = tuple(at for at in range(len(candidates)) if mask >> at & 1)
        if len(chosen) > 1 and any(candidates[at].offer.is_exclusive for at in chosen):
            continue
        prices = priced_with(lines, candidates, chosen)
        if prices is not None:
            best = min(best, (sum(prices), len(chosen), chosen))
    return best


def priced_with(lines: list[Line], candidates: list[Candidate], chosen: tuple[int, ...]) -> list[int] | None:
    """What is paid for each line by exactly these offers; None: one of them takes nothing off."""
    prices = [line.amount_minor for line in lines]
    carried: list[list[Offer]] = [[] for _ in lines]
    for at in chosen:
        offer, sight, _ = candidates[at]

        def sees(place: int, offer: Offer = offer) -> bool:
            return not any(apart(offer, other) for other in carried[place])

        items = tuple(tuple(filter(sees, item)) for item in sight.items)
        taken = taken_off(offer, lines, prices, Sight(tuple(filter(sees, sight.lines)), items))
        if taken.minor == 0:
            return None
        for place, minor in taken.by_line:
            prices[place] -= minor
            carried[place].append(offer)
    return prices
