"""The demo: a year of a real grocer becomes a ledger, with a labelled simulation of what the data does not hold."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime
from uuid import UUID

from jifen.document.load import parse_document
from jifen.domain.person import MemberKey
from jifen.domain.principal import JOB
from jifen.domain.purchase import ReturnedLine
from jifen.domain.refusals import Refusal
from jifen.domain.rewards import StockReason
from jifen.insight.read_completejourney import read_completejourney
from jifen.insight.simulate_spending import simulated_spending
from jifen.jobs.demo_people import make_people_up as people_made_up
from jifen.jobs.import_purchases import Imported, Progress, import_purchases
from jifen.operations.adjust_units import adjust_units
from jifen.operations.change_stock import change_stock
from jifen.operations.end_redemption import end_redemption
from jifen.operations.give_units import give_units
from jifen.operations.handle_reservations import commit_reservation, release_reservation, reserve_units
from jifen.operations.publish_program import publish_program
from jifen.operations.redeem_reward import redeem_reward
from jifen.operations.return_purchase import ReturnRequest, return_purchase
from jifen.store.keys import BusinessKey
from jifen.store.ledger import Ledger
from jifen.store.members import find_by_keys
from jifen.store.once import Once
from jifen.store.revisions import all_revisions, book_label, set_book
from jifen.store.summary import latest_receipts
from jifen.templates import template_text

TEMPLATE = "grocer"
STOCKS = {"bag": 120, "fruit-box": 40, "cooking-class": 8}
"""Pieces of the rewards that are counted."""
LABEL = "demo: the Complete Journey, 2017; spending, returns and gifts are simulated"
_UNFINISHED = " (being made)"
ACTOR = "demo simulation"
SEED = 20171231
PROGRAM_FROM = datetime(2016, 12, 31, 5, tzinfo=UTC)  # midnight in New York, before the first purchase
BOOK_DATE = datetime(2018, 1, 1, 17, tzinfo=UTC)  # noon in New York on the day after the last purchase
HOUSEHOLDS_MAX = 2_501
"""The data numbers its households from 1; some numbers are not there."""
LATEST_RECEIPTS = 240


class NotADemo(Exception):
    """This database holds a real programme. The demo needs a database of its own: leave JIFEN_DATABASE_URL unset."""


async def is_made(ledger: Ledger) -> bool:
    """Whether the demo stands already. Refuses (NotADemo) a database that somebody uses."""
    async with ledger.transaction() as connection:
        shift, label = await book_label(connection)
        published = await all_revisions(connection)
    if published and label and not label.startswith(LABEL):
        raise NotADemo(NotADemo.__doc__)
    if published and not label and published[0].published_by != ACTOR:
        raise NotADemo(NotADemo.__doc__)
    return shift > 0 and label == LABEL


async def publish_demo_program(ledger: Ledger) -> None:
    """Publish the template as the first revision; again, nothing."""
    async with ledger.transaction() as connection:
        if await all_revisions(connection):
            return
    document = parse_document(template_text(TEMPLATE), name=f"{TEMPLATE}.yaml")
    await publish_program(ledger, document, effective_at=PROGRAM_FROM, published_by=ACTOR)


async def load_demo_year(
    ledger: Ledger, *, say: Callable[[Progress], None], households: int | None = None
) -> Imported:
    """Bring the year in. Killed and run again it goes on where it stopped."""
    loaded = read_completejourney(households=households)
    return await import_purchases(
        ledger,
        loaded,
        actor="demo import",
        say=say,
        extra=lambda purchases, timeline: simulated_spending(purchases, timeline, seed=SEED, until=BOOK_DATE),
    )


async def set_book_date(ledger: Ledger) -> None:
    """Put the book date at the day after the last purchase; from then on it moves with the clock."""
    async with ledger.transaction() as connection:
        shift, _ = await book_label(connection)
        behind = datetime.now(UTC) - BOOK_DATE
        await set_book(
            connection, shift_seconds=shift or int(behind.total_seconds()), label=LABEL + _UNFINISHED
        )


async def make_people_up(ledger: Ledger) -> int:
    """Give every household a made-up name, phone and e-mail; how many there are."""
    keys = [MemberKey("external", str(number)) for number in range(1, HOUSEHOLDS_MAX)]
    async with ledger.reading() as connection:
        found = await find_by_keys(ledger, connection, keys)
    return await people_made_up(ledger, [found[key] for key in keys if key in found])


async def finish(ledger: Ledger) -> None:
    """Say that the demo is whole: the next run reuses it."""
    async with ledger.transaction() as connection:
        shift, _ = await book_label(connection)
        await set_book(connection, shift_seconds=shift, label=LABEL)


async def simulate_counter(ledger: Ledger) -> int:
    """Some returns, voids, gifts, adjustments and reservations, once: every verb has rows to look at. Returns how many."""
    async with ledger.transaction() as connection:
        receipts = await latest_receipts(connection, limit=LATEST_RECEIPTS)
    done = 0
    for i, (member, source, business_no) in enumerate(receipts):
        other = UUID(receipts[(i + 1) % len(receipts)][0])
        try:
            await _simulate_one(ledger, i, UUID(member), other, BusinessKey(source, business_no))
            done += 1
        except Refusal:
            continue  # this member has too few points for it: nothing happens, as in a shop
    return done


async def simulate_rewards(ledger: Ledger) -> int:
    """Stocks of the programme's rewards, and some redemptions, once: waiting, handed over and called off. Returns how many."""
    for reward, pieces in STOCKS.items():
        once = _once(f"stock:{reward}")
        await change_stock(
            ledger,
            reward,
            pieces=pieces,
            is_count=False,
            reason=StockReason.DELIVERED,
            request=once,
            principal=JOB,
        )
    async with ledger.transaction() as connection:
        receipts = await latest_receipts(connection, limit=LATEST_RECEIPTS)
    done = 0
    for i, member in enumerate(dict.fromkeys(UUID(row[0]) for row in receipts)):
        reward, is_kept = (("coffee", True), ("bag", True), ("food-bank", False), ("fruit-box", True))[i % 4]
        try:
            made = await redeem_reward(
                ledger, member, reward=reward, pieces=1, is_kept=is_kept, request=_once(f"redeem:{member}"),
                channel="app" if is_kept else "till", actor=ACTOR,
            )  # fmt: skip
            done += 1
            if is_kept and i % 3:
                await end_redemption(
                    ledger, UUID(made["redemption_id"]), is_handed_over=i % 3 == 1, request=_once(f"end:{member}"),
                    principal=JOB,
                )  # fmt: skip
        except Refusal:
            continue  # this member has too few points for it
    return done


def _once(what: str) -> Once:
    name = f"demo:{what}"
    return Once(key=name, body_hash=hashlib.sha256(name.encode()).digest())


async def _simulate_one(ledger: Ledger, i: int, member: UUID, other: UUID, receipt: BusinessKey) -> None:
    def key(what: str) -> Once:
        name = f"demo:{what}:{receipt.source}:{receipt.business_no}"
        return Once(key=name, body_hash=hashlib.sha256(name.encode()).digest())

    what = i % 6
    if what == 0:
        lines = (ReturnedLine(number=1, quantity_milli=1_000),)
        request = ReturnRequest(purchase=receipt, lines=lines, actor=ACTOR, note="simulated return")
        await return_purchase(ledger, request, key("return"))
    elif what == 1:
        request = ReturnRequest(purchase=receipt, lines=None, actor=ACTOR, note="simulated void")
        await return_purchase(ledger, request, key("void"))
    elif what == 2:
        await give_units(
            ledger,
            member,
            other,
            currency="points",
            units=50,
            request=key("gift"),
            actor=ACTOR,
            note="simulated gift",
        )
    elif what == 3:
        units = 25 if i % 12 == 3 else -25
        await adjust_units(
            ledger,
            member,
            currency="points",
            units=units,
            note="simulated adjustment",
            request=key("adjust"),
            actor=ACTOR,
            principal=JOB,
        )
    else:
        held = await reserve_units(
            ledger,
            member,
            currency="points",
            units=100,
            lapse_seconds=86_400,
            request=key("reserve"),
            actor=ACTOR,
            note="simulated reservation",
        )
        reservation = UUID(held["reservation_id"])
        if what == 4:
            await commit_reservation(ledger, reservation, key("commit"), actor=ACTOR)
        elif i % 12 == 5:
            await release_reservation(ledger, reservation, key("release"), actor=ACTOR)
