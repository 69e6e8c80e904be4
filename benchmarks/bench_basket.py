"""How long it takes to price a basket of 30 lines under 20 offers: a supermarket's, and one in which all of them meet.

In memory, without a database: the processor's own time, the median and the slowest of 100 drawn baskets. The supermarket has
member prices, every second at half price, three for two, sets, a percent off a department, and thresholds over the whole basket.
In the other every offer sees most lines, and any two may stand together.
`python benchmarks/bench_basket.py`
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path
from random import Random
from statistics import median
from time import process_time

sys.path.insert(0, str(Path(__file__).parents[1]))

from jifen.domain.basket import Candidate, in_order, price_basket
from jifen.domain.deals import Sight
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
    PercentOff,
    Steps,
    Threshold,
)
from jifen.domain.purchase import Line

LINES, OFFERS, BASKETS = 30, 20, 100
ITEM, BASKET = OfferClass(code="item"), OfferClass(code="basket", is_one=False)
PLACE = BundleItem(names={}, pieces=1, lines=ALWAYS)
Drawn = tuple[list[Line], list[Candidate]]


def drawn_lines(random: Random) -> list[Line]:
    """Goods of ten departments."""
    return [
        Line(
            number=at,
            amount_minor=random.randint(100, 5_000),
            quantity_milli=random.choice([1_000, 1_000, 1_000, 2_000, 3_000, 1_250]),
            sku=f"sku-{at}",
            category=str(random.randrange(10)),
        )
        for at in range(1, LINES + 1)
    ]


def offer(at: int, deal: Deal, stands: OfferClass) -> Offer:
    """An offer of a class."""
    return Offer(code=f"offer-{at}", names={}, deal=deal, stands=stands)


def supermarket(random: Random) -> Drawn:
    """What a supermarket has in a week."""
    lines = drawn_lines(random)
    every = tuple(range(LINES))

    def of(*departments: int) -> tuple[int, ...]:
        return tuple(at for at in every if int(lines[at].category or 0) in departments)

    seen: list[tuple[Deal, OfferClass, Sight]] = [
        (FixedPrice(minor=lines[at].amount_minor * 4 // 5), ITEM, Sight((at,)))
        for at in random.sample(every, 6)
    ]
    seen += [
        (LastOfGroup(pieces=2, last=1, off_bps=5_000, alike=False), ITEM, Sight(of(number)))
        for number in range(4)
    ]
    seen += [
        (LastOfGroup(pieces=3, last=1, off_bps=10_000, alike=False), ITEM, Sight(of(number)))
        for number in (2, 4)
    ]
    seen += [(PercentOff(bps=1_000), ITEM, Sight(of(number, number + 1))) for number in (5, 7)]
    seen += [
        (Bundle(minor=3_000, items=(PLACE, PLACE)), ITEM, Sight(of(one, other), (of(one), of(other))))
        for one, other in ((0, 8), (6, 9))
    ]
    seen += [
        (Threshold(spend_minor=20_000, off_minor=2_000, repeats=False), BASKET, Sight(every)),
        (Threshold(spend_minor=5_000, off_minor=600, repeats=True), BASKET, Sight(of(1, 2, 3))),
        (Steps(steps=((30_000, 1_500), (50_000, 4_000))), BASKET, Sight(every)),
        (AmountOff(minor=300, each_piece=False), BASKET, Sight(of(5, 6))),
    ]
    offers = [offer(at, deal, stands) for at, (deal, stands, _) in enumerate(seen)]
    sights = {one.code: sight for one, (_, _, sight) in zip(offers, seen, strict=True)}
    return lines, [Candidate(one, sights[one.code]) for one in in_order(offers, ["item", "basket"])]


def all_meet(random: Random) -> Drawn:
    """Every offer sees most lines."""
    lines = drawn_lines(random)
    found = []
    for at in range(OFFERS):
        spend = random.randint(5_000, 60_000)
        deals: list[Deal] = [
            PercentOff(bps=random.randint(300, 2_000)),
            AmountOff(minor=random.randint(100, 3_000), each_piece=False),
            Threshold(spend_minor=spend, off_minor=spend // random.randint(8, 20), repeats=False),
            LastOfGroup(pieces=2, last=1, off_bps=3_000, alike=False),
        ]  # fmt: skip
        sight = Sight(tuple(place for place in range(LINES) if random.random() < 0.8))
        found.append(Candidate(offer(at, random.choice(deals), random.choice([ITEM, BASKET])), sight))
    return lines, sorted(found, key=lambda one: one.offer.stands.code != "item")


def measure(name: str, draw: Callable[[Random], Drawn]) -> None:
    """Print a line of the table."""
    took, exact = [], 0
    for seed in range(BASKETS):
        lines, candidates = draw(Random(seed))
        assert (len(lines), len(candidates)) == (LINES, OFFERS)
        begun = process_time()
        priced = price_basket(lines, candidates)
        took.append((process_time() - begun) * 1_000)
        exact += priced.is_exact
    print(
        f"{name:12} median {median(took):6.1f} ms   slowest {max(took):6.1f} ms   exact {exact} of {BASKETS}"
    )


def main() -> None:
    """Measure both."""
    measure("supermarket", supermarket)
    measure("all meet", all_meet)


if __name__ == "__main__":
    main()
