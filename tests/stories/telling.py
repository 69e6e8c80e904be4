"""What the sentences of a story mean: each becomes one call of a real operation."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from tests.machine.till import Till, a_key
from tests.stories.reading import Row, minor

from jifen.domain.purchase import Line
from jifen.domain.refusals import Refusal
from jifen.operations.advance_members import advance_members
from jifen.operations.handle_reservations import commit_reservation, release_reservation
from jifen.operations.read_member import read_member
from jifen.operations.read_statement import read_statement
from jifen.operations.read_summary import read_summary

NOON_IN_SHANGHAI = timedelta(hours=4)
CREDITS = {"earn", "adjust_up", "receive"}


class Shop:
    """The shop in which a story happens."""

    def __init__(self, till: Till) -> None:
        self.till = till
        self.members: dict[str, UUID] = {}
        self.day: date | None = None
        self.lines: dict[str, list[Line]] = {}
        self.names: dict[str, dict[str, int]] = {}
        self.reserved: dict[str, UUID] = {}
        self.bought = 0

    async def tell(self, row: Row) -> None:
        """Let a row happen."""
        if row.day != self.day:
            assert self.day is None or row.day > self.day, f"{row.place}: time does not run backwards"
            self.day = row.day
            await self.till.set_now(noon(row.day))
        if row.member and row.member not in self.members:
            self.members[row.member] = await self.till.enrol(row.member)
        sentence, _, refusal = row.happens.partition(", but is refused: ")
        said = ""
        try:
            await self._do(row, sentence)
        except Refusal as no:
            said = no.code
        assert said == refusal, f"{row.place}: refused with {said!r}, the page says {refusal!r}"

    async def _do(self, row: Row, sentence: str) -> None:
        for pattern, verb in SENTENCES:
            found = re.fullmatch(pattern, sentence)
            if found:
                await verb(self, self.members.get(row.member), **found.groupdict())
                return
        raise AssertionError(f"{row.place}: nobody understands {sentence!r}")

    async def moved(self, member: str, after: int) -> tuple[int, int]:
        """What moved for a member since the entry `after`, and his last entry."""
        own = self.members[member]
        statement = await read_statement(self.till.ledger, own, limit=200)
        new = [line.posting for line in statement.lines if line.posting.sequence > after]
        last = (await read_member(self.till.ledger, own)).member.sequence
        return sum(p.units if p.verb in CREDITS else -p.units for p in new), last

    async def liability_minor(self) -> int:
        """What the shop owes for points, once the jobs have shown what is due."""
        while await advance_members(self.till.ledger):
            pass
        summary = await read_summary(self.till.ledger)
        return int(summary["liability_minor"])

    # -- sentences ---------------------------------------------------------------------------------------------------------------

    async def buys(
        self, member: UUID | None, *, what: str, receipt: str | None = None, on: str | None = None
    ) -> None:
        self.bought += 1
        no = receipt or f"unnamed-{self.bought}"
        lines = [_line(i + 1, part) for i, part in enumerate(re.split(r", | and ", what))]
        self.lines[no] = lines
        self.names[no] = {line.name or "": line.number for line in lines}
        at = noon(date.fromisoformat(on)) + timedelta(minutes=1) if on else await self.till.now()
        await self.till.buy(member, no=no, lines=lines, at=at)

    async def somebody_buys(self, _: UUID | None, *, what: str, receipt: str) -> None:
        await self.buys(None, what=what, receipt=receipt)

    async def brings_back(self, _: UUID | None, *, count: str, thing: str, receipt: str) -> None:
        names = self.names[receipt]
        number = names[thing] if thing in names else names[f"{thing}s"]
        await self.till.bring_back(receipt, [(number, (int(count) if count.isdigit() else 1) * 1_000)])

    async def brings_back_everything(self, _: UUID | None, *, receipt: str) -> None:
        await self.till.bring_back(receipt)

    async def claims(self, member: UUID | None, *, receipt: str) -> None:
        assert member
        await self.till.claim(member, receipt)

    async def reserves(self, member: UUID | None, *, points: str, minutes: str) -> None:
        assert member
        answer = await self.till.reserve(member, int(points), seconds=int(minutes) * 60)
        self.reserved[str(member)] = UUID(answer["reservation_id"])

    async def pays(self, member: UUID | None) -> None:
        await commit_reservation(self.till.ledger, self.reserved[str(member)], a_key())

    async def releases(self, member: UUID | None) -> None:
        await release_reservation(self.till.ledger, self.reserved[str(member)], a_key())

    async def pays_at_once(self, member: UUID | None, *, points: str) -> None:
        await self.reserves(member, points=points, minutes="5")
        await self.pays(member)

    async def gives(self, member: UUID | None, *, points: str, receiver: str) -> None:
        assert member
        if receiver not in self.members:
            self.members[receiver] = await self.till.enrol(receiver)
        await self.till.give(member, self.members[receiver], int(points))

    async def looks(self, member: UUID | None, *, points: str | None = None, day: str | None = None) -> None:
        assert member
        view = await read_member(self.till.ledger, member)
        if points and day:
            (balance,) = view.balances
            assert balance.next_expiry_units == int(points)
            assert balance.next_expiry_day == (date.fromisoformat(day) - date(1970, 1, 1)).days

    async def is_of_tier(self, member: UUID | None, *, tier: str) -> None:
        assert member
        view = await read_member(self.till.ledger, member)
        codes = {one.number: one.code for one in view.timeline.newest.ladder.tiers}
        assert codes[view.member.tier] == tier

    async def nothing(self, _: UUID | None) -> None:
        """Time passes."""


def noon(day: date) -> datetime:
    """Noon in the shop."""
    return datetime(day.year, day.month, day.day, tzinfo=UTC) + NOON_IN_SHANGHAI


def _line(number: int, text: str) -> Line:
    found = re.fullmatch(r"(?:(\d+) |an? )?(.+?) for (¥[\d.,]+)", text)
    assert found, f"what is {text!r}?"
    count = int(found[1] or 1)
    return Line(number=number, name=found[2], amount_minor=minor(found[3]), quantity_milli=count * 1_000)


Verb = Callable[..., Awaitable[Any]]
_RECEIPT = r" \(receipt (?P<receipt>\w+)\)"
SENTENCES: list[tuple[str, Verb]] = [
    (
        rf"buys (?P<what>.+?) while the till is offline on (?P<on>[\d-]+){_RECEIPT}, which arrives today",
        Shop.buys,
    ),
    (rf"buys (?P<what>.+?)(?:{_RECEIPT})?", Shop.buys),
    (rf"somebody without a card buys (?P<what>.+?){_RECEIPT}", Shop.somebody_buys),
    (rf"brings back everything{_RECEIPT}", Shop.brings_back_everything),
    (rf"brings back (?P<count>\d+|an?) (?P<thing>.+?){_RECEIPT}", Shop.brings_back),
    (r"claims receipt (?P<receipt>\w+)", Shop.claims),
    (r"reserves (?P<points>\d+) points for (?P<minutes>\d+) minutes", Shop.reserves),
    (r"pays with the reserved points", Shop.pays),
    (r"changes her mind", Shop.releases),
    (r"pays with (?P<points>\d+) points", Shop.pays_at_once),
    (r"gives (?P<points>\d+) points to (?P<receiver>\w+)", Shop.gives),
    (r"is told that (?P<points>\d+) points end with (?P<day>[\d-]+)", Shop.looks),
    (r"is (?P<tier>\w+)", Shop.is_of_tier),
    (r"receives the gift|time passes", Shop.nothing),
]
"""Each sentence that a story may use, and what it does."""
