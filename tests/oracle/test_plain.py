"""Random documents and lives: the product and the plain computation must come to the same, after each step."""

from datetime import datetime
from typing import Any

from hypothesis import given, reject
from hypothesis import strategies as st
from tests.domain.worlds import examples
from tests.oracle import draws, driven, kept, often, plain
from tests.oracle.facts import programme_day
from tests.oracle.moments import last_birthday

from jifen.document.problems import DocumentRefused
from jifen.domain import fold
from jifen.domain.refusals import Refusal


def books(member: plain.Member) -> dict[str, Any]:
    """What the plain member has, owes and is."""
    return {
        "balances": {code: member.balance(code) for code in member.debts},
        "debts": member.debts,
        "lots": [(lot.currency, lot.opened, lot.left, lot.expired, lot.last_day) for lot in member.lots],
        "tier": member.tier,
    }


class Both:
    """The same life, lived twice."""

    def __init__(self, document: dict[str, Any], opened: datetime) -> None:
        """Both have just joined."""
        self.document, self.opened = document, opened
        self.product = driven.Driven(driven.timeline(document, opened), opened)
        self.plain = plain.Member(document, opened)
        self.numbers: list[str] = []

    def live(self, life: list[dict[str, Any]]) -> None:
        """Each step is told to both, and then both are asked."""
        for at, (now, step) in enumerate(draws.moments(life, self.opened)):
            told: list[Any] = []
            for who in (self.plain, self.product):
                try:
                    hits = self.take(who, str(at), now, step)
                    told.append(hits and sorted(hits))
                except (kept.Refused, Refusal) as refused:
                    told.append(str(refused) if isinstance(refused, kept.Refused) else refused.code)
            if step["what"] == "buy":
                self.numbers.append(str(at))
            assert told[0] == told[1], (at, step, told)
            for who in (self.plain, self.product):
                who.moments(now)
            assert self.plain.told_moments == self.product.told_moments, (at, step)
            if isinstance(told[0], str):
                continue
            mine, theirs = books(self.plain), self.product.books()
            for word in mine:
                assert mine[word] == theirs[word], (at, step, word, mine, theirs)

    def take(  # noqa: PLR0911
        self, who: Any, number: str, now: Any, step: dict[str, Any]
    ) -> Any:
        """One step, for one of both; moments that are due come first."""
        if who is self.plain:
            who.pass_time(now)
        else:
            who.moments(now)
        what = step["what"]
        if what in {"buy", "event"}:
            happened = {
                **step,
                "number": number,
                "recorded": now,
                "occurred": max(self.opened, now - draws.minutes(step["late"])),
            }
            hits = who.record(happened)
            return [(h.rule, h.desired, h.granted, h.why) for h in hits] if who is self.plain else hits
        if what in {"return", "void"}:
            return self.back(who, now, step)
        if what == "redeem":
            units = step["units"]
            return (
                who.redeem("points", units, now)
                if who is self.plain
                else who.units(fold.REDEEM, "points", units, now)
            )
        if what == "exchange":
            own = self.document.get("exchanges", [])
            if not own:
                return who.pass_time(now)
            return who.exchange(own[step["which"] % len(own)]["code"], step["times"], now)
        if what == "birthday":
            return self.birthday(who, number, now, step["born"])
        if what == "give":
            return who.give(step["units"], now)
        if what == "receive":
            return who.receive(step["slices"], number, now)
        if what == "adjust":
            units, currency = step["units"], step["currency"]
            if who is self.plain:
                return who.adjust(currency, units, number, now)
            return who.units(fold.ADJUST_UP if units > 0 else fold.ADJUST_DOWN, currency, abs(units), now)
        return who.pass_time(now)

    def birthday(self, who: Any, number: str, now: datetime, born: tuple[int, int]) -> Any:
        """The last birthday, or the day that lies so long before it, is told, as late as it is."""
        begins = last_birthday(self.document, programme_day(self.document, now), born)
        if self.plain.ladder.start_of(begins) < self.opened:
            return who.pass_time(now)
        happened = {
            "event": "birthday",
            "number": number,
            "occurred": self.plain.ladder.start_of(begins),
            "recorded": now,
            "attributes": {},
            "source": "birthday",
            "store": None,
            "channel": None,
        }
        hits = who.record(happened)
        return [(h.rule, h.desired, h.granted, h.why) for h in hits] if who is self.plain else hits

    def back(self, who: Any, now: Any, step: dict[str, Any]) -> Any:
        """Something of a purchase comes back; how much is told by what the product knows of it."""
        if not self.numbers:
            return who.pass_time(now)
        number = self.numbers[step["which"] % len(self.numbers)]
        one = next(one for one in self.plain.occasions if one.number == number)
        if who is self.plain:
            left = {n: one.line(n)["quantity_milli"] - one.back.get(n, 0) for n in one.numbers()}
            shares = step.get("shares", [4, 4, 4])
            self.lines = {
                n: left[n] * shares[i] // 4 for i, n in enumerate(one.numbers()) if left[n] * shares[i] // 4
            }
        if not self.lines:
            return who.pass_time(now)
        if step["what"] == "return":
            return who.bring_back(number, self.lines, now)
        return (
            who.void(number, now)
            if who is self.plain
            else who.bring_back(number, self.lines, now, is_void=True)
        )


def lived_by_both(document: dict[str, Any], life: list[dict[str, Any]], opened: datetime) -> None:
    """The same life under a document, lived twice."""
    try:
        both = Both(document, opened)
    except DocumentRefused:
        reject()  # conditions that contradict each other, mostly
    both.live(life)


@examples(35)
@given(draws.documents(), draws.lives(), st.sampled_from(draws.BEGINNINGS))
def test_the_product_and_a_plain_computation_come_to_the_same(
    document: dict[str, Any], life: list[dict[str, Any]], opened: datetime
) -> None:
    """Grants, reasons, balances, lots, debts and tiers are those that the documentation says."""
    lived_by_both(document, life, opened)


@examples(25)
@given(often.tills(), often.busy(), st.sampled_from(draws.BEGINNINGS))
def test_what_is_spent_and_comes_back_is_the_same(
    document: dict[str, Any], life: list[dict[str, Any]], opened: datetime
) -> None:
    """The same where nearly everything is spent, brought back, and forgiven."""
    lived_by_both(document, life, opened)


@examples(25)
@given(often.climbs(), often.ups_and_downs(), st.sampled_from(draws.BEGINNINGS))
def test_whoever_climbs_and_falls_stands_on_the_same_tier(
    document: dict[str, Any], life: list[dict[str, Any]], opened: datetime
) -> None:
    """The same where tiers are reached, kept and lost, by every window and every way to fall."""
    lived_by_both(document, life, opened)


@examples(25)
@given(often.cards(), often.collected(), st.sampled_from(draws.BEGINNINGS))
def test_what_is_exchanged_is_the_same(
    document: dict[str, Any], life: list[dict[str, Any]], opened: datetime
) -> None:
    """The same where units are exchanged, at once and on request, and come back after that."""
    lived_by_both(document, life, opened)
