"""One member with tens of thousands of open lots: what each verb that touches few of them takes, in milliseconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from uuid import UUID

from jifen.bench.figures import Figure, median
from jifen.bench.server import a_server
from jifen.domain.principal import LOCAL

if TYPE_CHECKING:
    from jifen.embedded import Server
    from jifen.store.ledger import Ledger

TIMES = 9  # each verb is asked so often; the middle one counts
GOAL_MS = 20.0
BATCH = 500
LINE_MINOR = 10_000  # a hundred points


def verbs_of_a_large_account(lots: int, say: Callable[[str], None]) -> Iterator[Figure]:
    """A figure for each verb: the middle of some calls in this process, PostgreSQL included."""
    from jifen.store.migrate import migrate

    with a_server() as server:
        migrate(server.owner)
        say(f"a member buys {lots:,} times")
        took = asyncio.run(_measured(server, lots))
    for verb, seconds in took.items():
        worth = median(seconds) * 1_000
        yield Figure(
            name=f"large_{verb}", value=worth, unit="ms", goal=f"{GOAL_MS:.0f} ms", holds=worth <= GOAL_MS,
            detail={"lots": lots, "ms": [round(one * 1_000, 1) for one in seconds]},
        )  # fmt: skip


async def _measured(server: Server, lots: int) -> dict[str, list[float]]:
    from jifen.bench.machine import PROGRAM_FROM
    from jifen.document.load import parse_document
    from jifen.document.stored import timeline_of_published
    from jifen.operations.publish_program import publish_program
    from jifen.store.ledger import Ledger, open_pool
    from jifen.templates import template_text

    pool = await open_pool(server.app, size=2)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        document = parse_document(template_text("corner-shop"), name="corner-shop")
        await publish_program(ledger, document, effective_at=PROGRAM_FROM, published_by="bench")
        shop = _Shop(ledger)
        await shop.open(lots)
        took: dict[str, list[float]] = {}
        for _ in range(TIMES):
            await shop.once_around(took)
        return took
    finally:
        await pool.close()


class _Shop:
    """Two members, one of them with a great many lots, and what they do."""

    def __init__(self, ledger: Ledger) -> None:
        self.ledger = ledger
        self.keys = 0
        self.large = self.other = UUID(int=0)

    def key(self) -> Any:
        """An Idempotency-Key of its own."""
        from jifen.store.once import Once

        self.keys += 1
        return Once(key=f"bench {self.keys}", body_hash=b"bench")

    def bought(self, whose: UUID | None) -> Any:
        """A purchase that is not recorded yet."""
        from jifen.domain.purchase import Line, Purchase
        from jifen.operations.record_purchases import PurchaseRequest

        self.keys += 1
        purchase = Purchase(
            source="bench", business_no=f"no {self.keys}", occurred_at=datetime.now(UTC) - timedelta(milliseconds=5),
            money="CNY", amount_minor=LINE_MINOR, store="main", lines=(Line(number=1, amount_minor=LINE_MINOR),),
        )  # fmt: skip
        return PurchaseRequest(purchase=purchase, whose=whose, body_hash=b"bench")

    async def open(self, lots: int) -> None:
        """Enrol both and let the first buy."""
        from jifen.domain.person import MemberKey
        from jifen.operations.enrol_member import enrol_member
        from jifen.operations.record_purchases import record_purchases

        for name in ("large", "other"):
            answer = await enrol_member(self.ledger, [MemberKey("card", name)], self.key())
            setattr(self, name, UUID(answer["member_id"]))
        for first in range(0, lots, BATCH):
            asked = [self.bought(self.large) for _ in range(min(BATCH, lots - first))]
            await record_purchases(self.ledger, asked)

    async def once_around(self, took: dict[str, list[float]]) -> None:
        """Every verb once, each timed."""
        from jifen.operations.adjust_units import adjust_units
        from jifen.operations.change_member_status import change_member_status
        from jifen.operations.claim_purchase import claim_purchase
        from jifen.operations.give_units import give_units
        from jifen.operations.handle_reservations import (
            commit_reservation,
            release_reservation,
            reserve_units,
        )
        from jifen.operations.quote_purchase import quote_purchases
        from jifen.operations.read_member import read_standings
        from jifen.operations.record_purchases import record_purchases
        from jifen.operations.return_purchase import ReturnRequest, return_purchase
        from jifen.operations.reverse_entry import reverse_entry
        from jifen.store.keys import BusinessKey

        ledger, large = self.ledger, self.large

        async def timed(verb: str, effect: Awaitable[Any]) -> Any:
            began = time.perf_counter()
            answer = await effect
            took.setdefault(verb, []).append(time.perf_counter() - began)
            return answer

        def reserve() -> Awaitable[dict[str, Any]]:
            return reserve_units(
                ledger, large, currency="points", units=4_000, lapse_seconds=600, request=self.key()
            )

        def adjust(units: int) -> Awaitable[dict[str, Any]]:
            return adjust_units(
                ledger,
                large,
                currency="points",
                units=units,
                note="bench",
                request=self.key(),
                principal=LOCAL,
            )

        def give(giver: UUID, receiver: UUID) -> Awaitable[dict[str, Any]]:
            return give_units(ledger, giver, receiver, currency="points", units=4_000, request=self.key())

        bought = self.bought(large)
        await timed("purchase", record_purchases(ledger, [bought]))
        no = BusinessKey("bench", bought.purchase.business_no)
        await timed("return", return_purchase(ledger, ReturnRequest(purchase=no, lines=None), self.key()))
        quoted = self.bought(large)
        await timed("quote", quote_purchases(ledger, [(quoted.purchase, large)]))
        await timed("balance", read_standings(ledger, [large]))
        held = await timed("reserve", reserve())
        spent = await timed("commit", commit_reservation(ledger, UUID(held["reservation_id"]), self.key()))
        await timed(
            "reverse",
            reverse_entry(
                ledger, large, spent["sequence"], note="bench", request=self.key(), principal=LOCAL
            ),
        )
        held = await reserve()
        await timed("release", release_reservation(ledger, UUID(held["reservation_id"]), self.key()))
        up = await timed("adjust_up", adjust(100))
        await timed("adjust_down", adjust(-4_000))
        await timed(
            "reverse_adjust",
            reverse_entry(ledger, large, up["sequence"], note="bench", request=self.key(), principal=LOCAL),
        )
        await timed("give", give(large, self.other))
        await timed("receive", give(self.other, large))
        nobodys = self.bought(None)
        await record_purchases(ledger, [nobodys])
        no = BusinessKey("bench", nobodys.purchase.business_no)
        await timed("claim", claim_purchase(ledger, large, no, self.key(), principal=LOCAL))
        await timed("freeze", change_member_status(ledger, large, "frozen", self.key()))
        await change_member_status(ledger, large, "active", self.key())
