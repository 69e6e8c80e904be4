"""One member's life, computed plainly from a programme document: what is earned and why, lots, debt, tier."""

from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Any

from tests.oracle.amounts import base_of, counts_quantity, desired, in_order, rule_of, said, smallest
from tests.oracle.exchanges import givers_first, units_taken
from tests.oracle.facts import Document, Happened, asks_the_member, holds, parts_of, period_of, programme_day
from tests.oracle.kept import Hit, Lot, Occasion, Refused, last_day, share_back
from tests.oracle.ladder import Ladder
from tests.oracle.moments import is_due, tells

PERIODS = ("day", "week", "month", "year", "life")


class Member:
    """One member; each of his methods is something that happens to him at a moment."""

    def __init__(self, document: Document, joined: datetime) -> None:
        """A member who has just joined."""
        self.document = document
        self.joined = programme_day(document, joined)
        self.today = self.joined
        self.lots: list[Lot] = []
        self.debts: dict[str, int] = {part["code"]: 0 for part in document["currencies"]}
        self.occasions: list[Occasion] = []
        self.ladder = Ladder(document, self.joined)
        self.tier = self.ladder.code(0)
        self.told_moments: list[tuple[str, date, list[tuple[str, int, int, str]]]] = []
        self.told_through: dict[str, date] = {}  # by moment: the last day that it told of
        self.paid: dict[str, int] = {}  # by rule: what came out of its budget

    # What he has

    def currency(self, code: str) -> dict[str, Any]:
        """What the document says of a currency."""
        return next(dict(part) for part in self.document["currencies"] if part["code"] == code)

    def balance(self, currency: str) -> int:
        """What is in his lots, less what he owes."""
        return sum(lot.left for lot in self.lots if lot.currency == currency) - self.debts[currency]

    def usable(self, currency: str) -> list[Lot]:
        """The lots that can be spent, what ends first first."""
        lots = [
            lot for lot in self.lots if lot.currency == currency and lot.left and lot.usable_on <= self.today
        ]
        return sorted(lots, key=lambda lot: lot.last_day or date.max)

    def take(self, lots: list[Lot], units: int) -> int:
        """Take units from lots in their order; how many there were."""
        taken = 0
        for lot in lots:
            part = min(lot.left, units - taken)
            lot.left -= part
            taken += part
        return taken

    def repay(self, currency: str) -> None:
        """What is owed is repaid from what can be spent."""
        self.debts[currency] -= self.take(self.usable(currency), self.debts[currency])

    def open(self, currency: str, number: str, units: int, day: date, pending: bool = True) -> None:
        """A new lot, with the expiry and the waiting time of its currency."""
        part = self.currency(currency)
        wait = part.get("pending", {}).get("days", 0) if pending else 0
        lot = Lot(
            currency,
            number,
            units,
            day + timedelta(days=wait),
            last_day(part.get("expiry", "never"), day),
            units,
        )
        self.lots.append(lot)
        self.expire()
        self.repay(currency)

    def expire(self) -> None:
        """What has had its last day is gone."""
        for lot in self.lots:
            if lot.last_day is not None and lot.last_day < self.today:
                lot.expired += lot.left
                lot.left = 0

    def pass_time(self, moment: datetime) -> None:
        """What time has made due is done, day by day; on each day what expires, matures and is judged, and then its moments."""
        until = programme_day(self.document, moment)
        if self.document.get("moments") or self.document.get("exchanges"):
            if self.today == self.joined:
                self.moments(self.ladder.start_of(self.today))
            while self.today < until:
                self.reach(
                    self.today + timedelta(days=1), self.ladder.start_of(self.today + timedelta(days=1))
                )
                self.moments(self.ladder.start_of(self.today))
        days = {lot.usable_on for lot in self.lots} | {
            lot.last_day + timedelta(days=1) for lot in self.lots if lot.last_day
        }
        for day in sorted({day for day in days if self.today < day <= until} | {max(until, self.today)}):
            self.reach(day, moment)
        self.moments(moment)

    def reach(self, day: date, moment: datetime) -> None:
        """A day has come."""
        self.today = day
        for currency in self.debts:
            self.repay(currency)
        self.expire()
        self.ladder.pass_time(moment)
        self.tier = self.ladder.code(self.ladder.steps[-1][1])

    # What time brings

    def moments(self, at: datetime) -> None:
        """The exchanges that today's units make, and the moments of today that were not told yet, one after the other."""
        self.exchange_at_once()
        while (part := self.next_moment()) is not None:
            ahead = part.get("expiry_ahead", {}).get("days", 0)
            self.told_through[part["code"]] = self.today + timedelta(days=ahead)
            happened = {"moment": part["code"], "occurred": at, "recorded": at}
            number = f"moment {len(self.told_moments)}"
            one = self.occur({**happened, "number": number}, self.today)
            hits = sorted((h.rule, h.desired, h.granted, h.why) for h in one.hits)
            self.told_moments.append((part["code"], self.today, hits))
            self.exchange_at_once()

    def exchange_at_once(self) -> None:
        """The exchanges that nobody asks for, as often as there is for them; what gives runs before what takes it."""
        own = givers_first([part for part in self.document.get("exchanges", []) if part.get("at_once")])
        while ready := [part for part in own if self.times_of(part)]:
            self.swap(ready[0], times := self.times_of(ready[0]))
            self.told_moments.append((ready[0]["code"], self.today, [("times", times, 0, "")]))

    def times_of(self, part: dict[str, Any]) -> int:
        """How often an exchange can be made."""
        there = sum(lot.left for lot in self.usable(part["takes"]["currency"]))
        return there // units_taken(self.document, part)

    def swap(self, part: dict[str, Any], times: int) -> None:
        """An exchange is made so many times, in one entry."""
        self.take(self.usable(part["takes"]["currency"]), units_taken(self.document, part) * times)
        for given in part["gives"]:
            units = given["units"] * smallest(self.document, given["currency"]) * times
            self.open(given["currency"], f"exchange {part['code']}", units, self.today, pending=False)

    def exchange(self, code: str, times: int, recorded: datetime) -> None:
        """Somebody asks for an exchange."""
        self.pass_time(recorded)
        part = next(part for part in self.document["exchanges"] if part["code"] == code)
        if self.times_of(part) < times:
            raise Refused("points_missing")
        self.swap(part, times)

    def next_moment(self) -> dict[str, Any] | None:
        """The first moment of today, in the order of the document."""
        days = [one.day for one in self.occasions if one.is_purchase and one.stands]
        for part in self.document.get("moments", []):
            told = self.told_through.get(part["code"])
            if "expiry_ahead" in part:
                if tells(part, self.today, self.lots, told):
                    return dict(part)
            elif (told is None or told < self.today) and is_due(
                part, self.document, self.today, self.joined, max(days, default=None)
            ):
                return dict(part)
        return None

    # What conditions ask of him

    def facts(self, day: date, moment: datetime) -> dict[str, Any]:
        """What is known of the member, as of a day and a moment."""
        purchases = [one for one in self.occasions if one.is_purchase and self.is_a_visit(one)]
        last = max((one.day for one in self.occasions if one.is_purchase and one.stands), default=None)

        def within(claim: dict[str, Any]) -> list[Occasion]:
            first = day - timedelta(days=claim["window_days"] - 1)
            return [one for one in self.occasions if one.is_purchase and first <= one.day <= day]

        return {
            "tier": lambda claim: self.ladder.code(self.ladder.rank_at(moment)),
            "spend_minor": lambda claim: sum(one.spend - one.spend_back for one in within(claim)),
            "visits": lambda claim: len([one for one in within(claim) if self.is_a_visit(one)]),
            "purchases_before": lambda claim: len(purchases),
            "days_since_purchase": lambda claim: None if last is None or last > day else (day - last).days,
            "balance": lambda claim: Fraction(
                self.balance(claim["currency"]), smallest(self.document, claim["currency"])
            ),
            "days_since_joined": lambda claim: (day - self.joined).days,
            "times_granted": lambda claim: self.times([claim["rule"]], claim.get("period", "life"), day),
        }

    def is_a_visit(self, one: Occasion) -> bool:
        """Whether a purchase still counts as one: not when all came back and nothing was forgiven."""
        return one.forgave or not one.is_all_back(one.numbers())

    def granted(self, rules: list[str], period: str, day: date) -> int:
        """What rules have granted in the period of a day, less what has come back."""
        first, last = period_of(period, day)
        return sum(
            hit.used()
            for one in self.occasions
            for hit in one.hits
            if first <= one.day <= last and hit.rule in rules
        )

    def times(self, rules: list[str], period: str, day: date) -> int:
        """How often in the period of a day rules have granted something that did not all come back, each rule for itself."""
        first, last = period_of(period, day)
        hits = [hit for one in self.occasions if first <= one.day <= last for hit in one.hits]
        return len([hit for hit in hits if hit.rule in rules and hit.used() > 0])

    # What a rule may grant

    def caps_of(self, rule: dict[str, Any], units: int) -> dict[str, int]:
        """The caps of a rule by period, in smallest units; a multiple has its base's where it has none of its own."""
        caps = {period: cap * units for period, cap in rule.get("caps", {}).items()}
        if "multiple" in rule:
            adds = Fraction(rule["multiple"]["by"]) - 1
            for period, cap in base_of(self.document, rule).get("caps", {}).items():
                caps.setdefault(period, int(cap * units * adds))
        return caps

    def shares_of(self, rule: dict[str, Any]) -> list[dict[str, Any]]:
        """The shared caps that a rule counts against."""
        names = [*rule.get("shares", []), *base_of(self.document, rule).get("shares", [])]
        return [part for part in self.document.get("shared_caps", []) if part["code"] in names]

    def sharers(self, shared: dict[str, Any]) -> list[str]:
        """The rules that count against a shared cap."""
        return [rule["code"] for rule in self.document["earn_rules"] if shared in self.shares_of(rule)]

    def allowed(self, rule: dict[str, Any], wanted: int, day: date, hits: list[Hit], refuses: bool) -> int:
        """What the limits leave of what a rule wants, where `hits` were granted before on the same occasion."""
        units = smallest(self.document, said(self.document, rule, "currency"))
        limits = [
            (self.caps_of(rule, units), rule.get("times", {}), rule.get("beyond", "clip"), [rule["code"]])
        ]
        for shared in self.shares_of(rule):
            caps = {period: cap * units for period, cap in shared.get("caps", {}).items()}
            limits.append((caps, shared.get("times", {}), shared.get("beyond", "clip"), self.sharers(shared)))
        granted = wanted
        for caps, times, beyond, rules in limits:
            here = [hit for hit in hits if hit.rule in rules and hit.granted]
            room = []
            for period, cap in caps.items():
                before = 0 if period == "purchase" else self.granted(rules, period, day)
                room.append(cap - before - sum(hit.granted for hit in here))
            for period, most in times.items():
                before = 0 if period == "purchase" else self.times(rules, period, day)
                if before + len(here) >= most:
                    room.append(0)
            left = max(0, min(room, default=wanted))
            if beyond == "refuse" and refuses and not here and room and not left:
                raise Refused("limit_used_up")
            granted = 0 if left < wanted and beyond == "skip" else min(granted, left)
        return granted

    # What happens

    def sees(self, rule: dict[str, Any], happened: Happened) -> list[int] | None:
        """The lines that a rule sees (none of an event), or None where it sees nothing."""
        base = base_of(self.document, rule)
        on = said(self.document, rule, "on")
        if on != happened.get("event", happened.get("moment")):
            return None
        given = [
            part
            for one in {base["code"], rule["code"]}
            for part in parts_of(rule_of(self.document, one).get("when"))
        ]
        given = [part for part in given if not asks_the_member(part)]
        if on is not None:
            counted = base.get("per_attribute", {}).get("attribute")
            if counted is not None and counted not in happened.get("attributes", {}):
                return None
            return [] if all(holds(part, self.document, happened, None, {}) for part in given) else None
        lines = [
            line["number"]
            for line in happened["lines"]
            if all(holds(part, self.document, happened, line, {}) for part in given)
        ]
        return lines or None

    def judge(self, happened: Happened, day: date) -> list[Hit]:
        """What each rule that sees something desires and is granted, in the order of the document."""
        facts = self.facts(day, happened["occurred"])
        multiplier = self.ladder.multiplier(self.ladder.rank_at(happened["occurred"]))
        wants: list[tuple[dict[str, Any], Hit]] = []
        for rule in in_order(self.document):
            numbers = self.sees(rule, happened)
            if numbers is None:
                continue
            lines = [line for line in happened.get("lines", []) if line["number"] in numbers]
            base = base_of(self.document, rule)
            units = desired(
                self.document,
                rule,
                sum(line["amount_minor"] for line in lines),
                sum(line["quantity_milli"] for line in lines),
                happened.get("attributes", {}),
                multiplier,
            )
            asked = [
                part
                for one in {base["code"], rule["code"]}
                for part in parts_of(rule_of(self.document, one).get("when"))
            ]
            met = all(
                holds(part, self.document, happened, None, facts) for part in asked if asks_the_member(part)
            )
            hit = Hit(
                rule["code"],
                units if met else 0,
                0,
                "all" if met else "unmet",
                numbers,
                counts_quantity(base),
            )
            if met and not units:
                hit.why = "nothing"
            wants.append((rule, hit))
        self.grant(wants, day, refuses="event" in happened)
        return [hit for _, hit in wants]

    def grant(self, wants: list[tuple[dict[str, Any], Hit]], day: date, *, refuses: bool) -> None:
        """What limits and groups leave; those of a group compete by what the limits leave before any of them."""
        modes = {part["code"]: part["mode"] for part in self.document.get("stacking_groups", [])}
        hits = [hit for _, hit in wants]
        met = [(rule, hit) for rule, hit in wants if hit.why != "unmet"]
        could: dict[str, int] = {}
        for rule, hit in met:
            mode = modes.get(rule.get("group", ""), "add")
            group = [
                (one, each) for one, each in met if one is rule or one.get("group", "") == rule.get("group")
            ]
            rivals = [each for _, each in group] if mode != "add" else [hit]
            for one, each in group if mode != "add" else [(rule, hit)]:
                if each.rule not in could:
                    could[each.rule] = self.allowed(one, each.desired, day, hits, refuses)
                    left = self.left_of_budget(one)
                    if left is not None and could[each.rule] > left:
                        could[each.rule] = left
                        each.why = "pooled"
            best = max(rivals, key=lambda each: could[each.rule])
            wins = best is hit if mode == "best" else not any(each.granted for each in rivals)
            if wins:
                hit.granted = could[hit.rule]
            elif could[hit.rule] and hit.why != "pooled":
                hit.why = "beaten"
            if hit.why == "all" and could[hit.rule] < hit.desired:
                hit.why = "limited"

    def left_of_budget(self, rule: dict[str, Any]) -> int | None:
        """What a rule's budget has left; None: it has none."""
        if "budget" not in rule:
            return None
        units = smallest(self.document, said(self.document, rule, "currency"))
        return int(rule["budget"]) * units - self.paid.get(rule["code"], 0)

    def record(self, happened: Happened) -> list[Hit]:
        """A purchase (it has `lines`) or an event (it has `event`) is told, at `recorded`, of `occurred`."""
        self.pass_time(happened["recorded"])
        return self.occur(happened, programme_day(self.document, happened["occurred"])).hits

    def occur(self, happened: Happened, day: date) -> Occasion:
        """An occasion is judged, and gives what its rules grant."""
        one = Occasion(happened["number"], day, happened, is_purchase="lines" in happened)
        one.hits = self.judge(happened, day)
        for hit in one.hits:
            self.paid[hit.rule] = self.paid.get(hit.rule, 0) + hit.granted
        one.spend = sum(line["amount_minor"] for line in happened.get("lines", []))
        self.occasions.append(one)
        for part in self.document["currencies"]:
            units = sum(hit.granted for hit in one.hits if self.gives(hit) == part["code"])
            if units:
                self.open(part["code"], one.number, units, day)
        self.climb(
            one,
            one.spend,
            int(one.is_purchase),
            sum(hit.granted for hit in one.hits if self.counts_for_ladder(hit)),
            happened["recorded"],
        )
        return one

    def gives(self, hit: Hit) -> str:
        """The currency of a hit."""
        return str(said(self.document, rule_of(self.document, hit.rule), "currency"))

    def counts_for_ladder(self, hit: Hit) -> bool:
        """Whether the units of a hit are those by which members climb."""
        return bool(self.gives(hit) == self.document.get("tiers", {}).get("by"))

    def climb(self, one: Occasion, money: int, visits: int, units: int, recorded: datetime) -> None:
        """What counts for the ladder of a purchase, an event, or, below zero, of what came back."""
        by = self.document.get("tiers", {}).get("by")
        value = {"spend": money, "visits": visits}.get(by, units)
        is_return = value < 0 or bool(one.back)
        self.ladder.tell(
            {
                "number": one.number,
                "occurred": one.happened["occurred"],
                "recorded": recorded,
                "value": value,
                "is_return": is_return,
            }
        )
        self.tier = self.ladder.code(self.ladder.steps[-1][1])

    def bring_back(
        self, number: str, lines: dict[int, int], recorded: datetime
    ) -> list[tuple[str, int, int]]:
        """Quantities of lines of a purchase come back; what of each rule's grant, and how much of that is forgiven."""
        self.pass_time(recorded)
        one = next((one for one in self.occasions if one.number == number and one.is_purchase), None)
        if one is None:
            raise Refused("purchase_unknown")
        if any(
            one.back.get(line, 0) + much > one.line(line)["quantity_milli"] for line, much in lines.items()
        ):
            raise Refused("return_exceeds_purchase")
        money = one.money_back(one.numbers())
        for line, much in lines.items():
            one.back[line] = one.back.get(line, 0) + much
        due: dict[str, int] = {}
        shares: list[tuple[Hit, int]] = []
        for hit in one.hits:
            share = share_back(one, hit) - hit.taken
            hit.taken += share
            shares.append((hit, share))
            due[self.gives(hit)] = due.get(self.gives(hit), 0) + share
        had = {hit.rule: hit.forgiven for hit in one.hits}
        forgave = False
        for currency, units in due.items():
            forgiven = self.claw_back(one, currency, units)
            forgave = forgave or forgiven > 0
            for hit, share in reversed([pair for pair in shares if self.gives(pair[0]) == currency]):
                part = min(share, forgiven)
                hit.forgiven += part
                forgiven -= part
        money = one.money_back(one.numbers()) - money
        one.forgave = one.forgave or forgave
        if not forgave:
            one.spend_back += money
        back = sum(share for hit, share in shares if self.counts_for_ladder(hit))
        visits = int(one.is_all_back(one.numbers()))
        self.climb(one, -money, -visits, -back, recorded)
        return [(hit.rule, share, hit.forgiven - had[hit.rule]) for hit, share in shares if share]

    def claw_back(self, one: Occasion, currency: str, units: int) -> int:
        """Take units that a purchase had earned; how many are forgiven."""
        for lot in self.lots:
            if lot.currency == currency and lot.number == one.number:
                part = min(lot.left, units)
                lot.left -= part
                lot.returned += part
                units -= part
                part = min(lot.expired, units)
                lot.expired -= part
                lot.returned += part
                units -= part
        units -= self.take(self.usable(currency), units)
        owed = min(units, self.room_for_debt(currency))
        self.debts[currency] += owed
        return units - owed

    def room_for_debt(self, currency: str) -> int:
        """How much more may be owed."""
        debt = self.currency(currency).get("debt", {"policy": "forbid"})
        if debt["policy"] == "forbid":
            return 0
        return int(debt["limit_units"] * smallest(self.document, currency)) - self.debts[currency]

    def void(self, number: str, recorded: datetime) -> list[tuple[str, int, int]]:
        """All that is left of a purchase comes back, and the tier is what it were without it."""
        self.pass_time(recorded)
        one = next((one for one in self.occasions if one.number == number and one.is_purchase), None)
        if one is None:
            raise Refused("purchase_unknown")
        rest = {line: one.line(line)["quantity_milli"] - one.back.get(line, 0) for line in one.numbers()}
        if not any(rest.values()):
            raise Refused("return_exceeds_purchase")
        back = self.bring_back(number, {line: much for line, much in rest.items() if much}, recorded)
        one.stands = one.forgave
        self.ladder.without(number, recorded)
        self.tier = self.ladder.code(self.ladder.steps[-1][1])
        return back

    def redeem(self, currency: str, units: int, recorded: datetime) -> None:
        """Units are spent."""
        self.pass_time(recorded)
        if sum(lot.left for lot in self.usable(currency)) < units:
            raise Refused("points_missing")
        self.take(self.usable(currency), units)

    def give(self, units: int, recorded: datetime) -> None:
        """Units are given to another member."""
        self.redeem("points", units, recorded)

    def receive(self, slices: list[tuple[int, int]], number: str, recorded: datetime) -> None:
        """Units come from another member: so many days and units; each keeps the day of expiry that it had there."""
        self.pass_time(recorded)
        for days, units in slices:
            last = self.today + timedelta(days=days)
            self.lots.append(Lot("points", number, units, self.today, last, units))
            self.expire()
            self.repay("points")

    def adjust(self, currency: str, units: int, number: str, recorded: datetime) -> None:
        """Units are given, or below zero taken, by hand."""
        self.pass_time(recorded)
        if units > 0:
            self.open(currency, number, units, self.today, pending=False)
            return
        there = sum(lot.left for lot in self.usable(currency))
        if there + self.room_for_debt(currency) < -units:
            raise Refused("points_missing")
        self.debts[currency] += -units - self.take(self.usable(currency), -units)
