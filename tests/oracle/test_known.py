"""Where the product and the documentation differed once: each is the least example."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

from tests.oracle import draws, driven, plain
from tests.oracle.moments import last_birthday

from jifen.domain import fold

NAMES = {"en": "Name"}


def a_shop(*rules: dict[str, Any]) -> dict[str, Any]:
    """A programme with these rules."""
    return {
        "format": 1,
        "program": {"code": "shop", "names": NAMES},
        "time_zone": "Asia/Shanghai",
        "money": {"code": "CNY"},
        "any_store": True,
        "limits": {"purchase_amount_minor_max": 100_000},
        "currencies": [{"code": "points", "names": NAMES, "kind": "spendable", "worth": 1}],
        "earn_rules": [
            {"names": NAMES, **({} if "multiple" in rule else {"currency": "points"}), **rule}
            for rule in rules
        ],
    }


def both(document: dict[str, Any], opened: datetime = draws.OPENED) -> tuple[plain.Member, driven.Driven]:
    """Two members who have just joined."""
    product = driven.Driven(driven.timeline(document, opened), opened)
    return plain.Member(document, opened), product


def a_purchase(*lines: tuple[int, int]) -> dict[str, Any]:
    """A purchase of lines of so much money and such a quantity."""
    at = draws.OPENED + timedelta(days=1)
    nothing: dict[str, Any] = {
        "sku": None,
        "brand": None,
        "category": None,
        "discount_minor": 0,
        "tags": [],
        "attributes": {},
    }
    return {
        "number": "1",
        "occurred": at,
        "recorded": at,
        "source": "pos",
        "store": None,
        "channel": None,
        "tags": [],
        "payment_methods": [],
        "lines": [
            {"number": n, "amount_minor": amount, "quantity_milli": quantity, **nothing}
            for n, (amount, quantity) in enumerate(lines, start=1)
        ],
    }


def granted(*rules: dict[str, Any]) -> tuple[list[int], list[int]]:
    """What rules grant for a first purchase of 10.00: plainly, and by the product."""
    member, product = both(a_shop(*rules))
    bought = a_purchase((1_000, 1_000))
    return [hit.granted for hit in member.record(bought)], [hit[2] for hit in product.record(bought)]


def never(rule: str) -> dict[str, Any]:
    """The condition that a rule has never granted."""
    return {"fact": "member.times_granted", "rule": rule, "eq": 0}


def test_how_often_a_rule_granted_means_before_this_occasion() -> None:
    """`on how many occasions before this one that rule granted`, wherever it stands in the document."""
    mine, theirs = granted(
        {"code": "a", "fixed": {"points": 5}}, {"code": "b", "fixed": {"points": 7}, "when": never("a")}
    )
    assert mine == [5, 7]
    assert theirs == mine


def test_a_multiple_holds_where_its_base_holds_for_the_first_time() -> None:
    """`A multiple holds where its base holds and its own when holds`."""
    base = {"code": "a", "fixed": {"points": 5}, "when": never("a")}
    mine, theirs = granted(base, {"code": "b", "multiple": {"of": "a", "by": "2"}})
    assert mine == [5, 5]
    assert theirs == mine


def test_bands_that_give_their_points_once_come_back_by_money() -> None:
    """As a fixed grant does, whether money or quantity chose the band."""
    bands = [{"from": "0", "points": 0}, {"from": "5", "points": 100}]
    member, product = both(a_shop({"code": "a", "bands": {"of": "quantity", "list": bands}}))
    bought = a_purchase((9_000, 1_000), (1_000, 9_000))
    for who in (member, product):
        who.record(bought)
        who.bring_back("1", {1: 1_000}, bought["recorded"] + timedelta(hours=1))
    assert member.balance("points") == 10
    assert product.books()["balances"]["points"] == 10


def test_a_rule_that_does_not_hold_refuses_nothing() -> None:
    """`what happens where a cap or times leaves less than is desired`: a rule that does not hold desires nothing."""
    poor = {"fact": "member.balance", "currency": "points", "lt": 3}
    rules = [
        {
            "code": "a",
            "on": "check-in",
            "fixed": {"points": 3},
            "caps": {"life": 3},
            "beyond": "refuse",
            "when": poor,
        },
        {"code": "b", "on": "check-in", "fixed": {"points": 1}},
    ]
    member, product = both({**a_shop(*rules), "events": [{"code": "check-in", "names": NAMES}]})
    for number in ("1", "2"):
        at = draws.OPENED + timedelta(days=int(number))
        told: dict[str, Any] = {
            "event": "check-in",
            "number": number,
            "occurred": at,
            "recorded": at,
            "attributes": {},
        }
        for who in (member, product):
            who.record({**told, "source": "app", "store": None, "channel": None})
    assert member.balance("points") == 5
    assert product.books()["balances"]["points"] == 5


def test_a_judging_that_took_a_tier_stands_though_a_purchase_of_before_is_told_later() -> None:
    """`where a day of judging before that took a tier already, what it left stands`."""
    document = a_shop({"code": "a", "per_amount": {"points": 1, "amount_minor": 100}})
    document["tiers"] = {
        "by": "spend",
        "window_days": 5,
        "keeps_days": 30,
        "list": [
            {"code": code, "names": NAMES, "reach": reach}
            for code, reach in (("member", 0), ("silver", 2_000), ("gold", 4_500))
        ],
    }
    member, product = both(document)
    bought = a_purchase((2_000, 1_000))
    late = {**a_purchase((3_000, 1_000)), "number": "2", "occurred": bought["occurred"] + timedelta(days=2)}
    for who in (member, product):
        who.record(bought)
        assert who.books()["tier"] == "silver" if who is product else member.tier == "silver"
        who.record({**late, "recorded": bought["recorded"] + timedelta(days=31)})
    assert member.tier == "member"
    assert product.books()["tier"] == "member"


def noon(year: int, month: int, day: int) -> datetime:
    """Noon of a day in Shanghai."""
    return datetime(year, month, day, 4, tzinfo=UTC)


class Lived:
    """The same life of both, step by step."""

    def __init__(self, document: dict[str, Any], opened: datetime = draws.OPENED) -> None:
        """Both have just joined."""
        self.plain, self.product = both(document, opened)
        self.bought = 0

    def buys(self, amount: int, at: datetime, *, told: datetime | None = None) -> str:
        """A purchase, and its number."""
        self.bought += 1
        number = str(self.bought)
        happened = {**a_purchase((amount, 1_000)), "number": number, "occurred": at, "recorded": told or at}
        for who in (self.plain, self.product):
            self.waits(told or at)
            who.record(happened)
            who.moments(told or at)
        return number

    def returns(self, number: str, at: datetime) -> None:
        """All of a purchase comes back."""
        for who in (self.plain, self.product):
            self.waits(at)
            who.bring_back(number, {1: 1_000}, at)
            who.moments(at)

    def waits(self, at: datetime) -> None:
        """Time passes."""
        self.plain.pass_time(at)
        self.product.moments(at)
        self.product.pass_time(at)

    def tier(self, at: datetime) -> str:
        """The tier on which both stand at a moment."""
        self.waits(at)
        assert self.product.books()["tier"] == self.plain.tier
        return self.plain.tier

    def has(self, at: datetime) -> dict[str, int]:
        """The balances that both have at a moment."""
        self.waits(at)
        mine = {code: self.plain.balance(code) for code in self.plain.debts}
        assert self.product.books()["balances"] == mine
        return mine


def ladder(by: str, *tiers: tuple[str, int, int], **more: Any) -> dict[str, Any]:
    """A shop whose tiers have a code, what reaches them and what keeps them."""
    document = a_shop({"code": "a", "per_amount": {"points": 1, "amount_minor": 100}})
    document["tiers"] = {
        "by": by,
        **more,
        "list": [{"code": "member", "names": NAMES, "reach": 0}]
        + [{"code": code, "names": NAMES, "reach": reach, "keep": keep} for code, reach, keep in tiers],
    }
    return document


def test_a_year_of_visits_is_kept_to_the_end_of_the_next_and_held_for_the_days_of_grace() -> None:
    """Four visits in 2026: friend through 2027 and thirty days; one visit in 2027 keeps nothing: one level down."""
    shop = ladder(
        "visits",
        ("regular", 2, 1),
        ("friend", 4, 3),
        window="calendar_year",
        keeps_until={"year_ends": 2},
        grace_days=30,
        downgrade="one_level",
    )
    life = Lived(shop)
    for day in (1, 2, 3, 4):
        life.buys(100, noon(2026, 3, day))
    assert life.tier(noon(2026, 3, 5)) == "friend"
    life.buys(100, noon(2027, 5, 1))
    assert life.tier(noon(2028, 1, 30)) == "friend"
    assert life.tier(noon(2028, 1, 31)) == "regular"
    assert life.tier(noon(2030, 1, 30)) == "regular"
    assert life.tier(noon(2030, 1, 31)) == "member"


def test_a_membership_begun_on_29_february_is_judged_on_the_28th() -> None:
    """It is the day of judging itself: held through the 27th, by the year that ended with it."""
    shop = ladder(
        "spend", ("silver", 2_000, 2_000), window="membership_year", keeps_until={"anniversaries": 1}
    )
    life = Lived(shop, noon(2024, 2, 29))
    life.buys(2_000, noon(2024, 3, 1))
    assert life.tier(noon(2025, 2, 28)) == "silver"
    assert life.tier(noon(2026, 2, 27)) == "silver"
    assert life.tier(noon(2026, 2, 28)) == "member"


def test_a_visit_whose_units_were_forgiven_counts_for_no_tier() -> None:
    """`What counts for a tier is taken out either way`."""
    life = Lived(ladder("visits", ("silver", 2, 2), window_days=30, keeps_days=30))
    number = life.buys(1_000, noon(2026, 1, 2))
    life.plain.redeem("points", 10, noon(2026, 1, 3))
    life.product.units(fold.REDEEM, "points", 10, noon(2026, 1, 3))
    life.returns(number, noon(2026, 1, 4))
    life.buys(1_000, noon(2026, 1, 5))
    assert life.tier(noon(2026, 1, 6)) == "member"


def test_a_late_purchase_takes_no_tier() -> None:
    """`whatever comes late afterwards lifts`: silver of day 20 is held through day 26, whatever is told of day 1."""
    life = Lived(ladder("spend", ("silver", 2_000, 2_000), window_days=1, keeps_days=7))
    life.buys(2_000, noon(2026, 1, 20))
    life.buys(2_000, noon(2026, 1, 1), told=noon(2026, 1, 21))
    assert life.plain.tier == "silver"
    assert life.product.books()["tier"] == "silver"


def stamps(*exchanges: tuple[str, int, str, int], **more: Any) -> dict[str, Any]:
    """A shop with a stamp for each yuan, whose exchanges are made at once: takes so many of one, gives so many of another."""
    document = a_shop()
    document["currencies"].append({"code": "stamps", "names": NAMES, "kind": "spendable", "worth": 1, **more})
    rate = {"per_amount": {"points": 1, "amount_minor": 100}}
    document["earn_rules"] = [{"code": "a", "names": NAMES, "currency": "stamps", **rate}]
    document["exchanges"] = [
        {
            "code": f"e{n}",
            "names": NAMES,
            "takes": {"currency": takes, "units": units},
            "gives": [{"currency": gives, "units": given}],
            "at_once": True,
        }
        for n, (takes, units, gives, given) in enumerate(exchanges)
    ]
    return document


def test_units_that_wait_are_exchanged_on_the_day_on_which_they_can_be_used() -> None:
    """What comes of it lives from that day on, whenever somebody looks."""
    shop = stamps(("stamps", 9, "points", 500), pending={"days": 2})
    shop["currencies"][0]["expiry"] = {"days": 10}
    life = Lived(shop)
    life.buys(2_000, noon(2026, 1, 2))
    assert life.has(noon(2026, 1, 3)) == {"points": 0, "stamps": 20}
    assert life.has(noon(2026, 1, 6)) == {"points": 1_000, "stamps": 2}
    assert [lot.last_day for lot in life.plain.lots if lot.currency == "points"] == [date(2026, 1, 14)]
    assert life.has(noon(2026, 1, 15)) == {"points": 0, "stamps": 2}


def test_a_purchase_that_comes_back_after_its_stamps_were_exchanged_leaves_them_owed() -> None:
    """The exchange stays, and the next stamps repay first."""
    shop = stamps(("stamps", 9, "points", 500), debt={"policy": "allow", "limit_units": 100})
    life = Lived(shop)
    number = life.buys(900, noon(2026, 1, 2))
    life.returns(number, noon(2026, 1, 3))
    assert life.has(noon(2026, 1, 3)) == {"points": 500, "stamps": -9}
    life.buys(1_700, noon(2026, 1, 4))
    assert life.has(noon(2026, 1, 4)) == {"points": 500, "stamps": 8}
    life.buys(100, noon(2026, 1, 5))
    assert life.has(noon(2026, 1, 5)) == {"points": 1_000, "stamps": 0}


def test_of_exchanges_of_one_currency_the_first_runs_as_often_as_there_is_for() -> None:
    """And one that gives runs before one that takes it, wherever it stands."""
    life = Lived(stamps(("stamps", 9, "points", 1), ("stamps", 2, "points", 1)))
    life.buys(2_000, noon(2026, 1, 2))
    assert life.has(noon(2026, 1, 2)) == {"points": 3, "stamps": 0}
    shop = stamps(("points", 2, "dishes", 1), ("stamps", 5, "points", 1))
    shop["currencies"].append({"code": "dishes", "names": NAMES, "kind": "spendable", "worth": 1})
    life = Lived(shop)
    life.buys(2_000, noon(2026, 1, 2))
    assert life.has(noon(2026, 1, 2)) == {"points": 0, "stamps": 0, "dishes": 2}


def test_a_birthday_of_29_february_gives_from_the_beginning_of_the_28th() -> None:
    """Told a day late it lives from its own day on all the same."""
    shop = a_shop({"code": "a", "on": "birthday", "fixed": {"points": 200}})
    shop["events"] = [{"code": "birthday", "names": NAMES, "birthday": {}}]
    shop["currencies"][0]["expiry"] = {"days": 1}
    assert last_birthday(shop, date(2026, 3, 1), (2, 29)) == date(2026, 2, 28)
    assert last_birthday(shop, date(2028, 3, 1), (2, 29)) == date(2028, 2, 29)
    life = Lived(shop)
    told = {"event": "birthday", "number": "1", "source": "birthday", "store": None, "channel": None}
    begins = noon(2026, 2, 28) - timedelta(hours=12)
    for who in (life.plain, life.product):
        who.record({**told, "attributes": {}, "occurred": begins, "recorded": noon(2026, 3, 1)})
    assert life.has(noon(2026, 3, 1)) == {"points": 200}
    assert life.has(noon(2026, 3, 2)) == {"points": 0}


def test_a_late_purchase_that_lifted_leaves_him_where_he_stood() -> None:
    """`What has been judged stands: whatever comes late afterwards lifts`: silver before it was told, silver after it."""
    tiers = (("silver", 2_000, 0), ("gold", 4_500, 4_500))
    life = Lived(ladder("spend", *tiers, window_days=1, keeps_days=7, downgrade="base"))
    life.buys(2_000, noon(2026, 1, 1))
    assert life.tier(noon(2026, 1, 20)) == "silver"
    life.buys(4_500, noon(2026, 1, 9), told=noon(2026, 1, 20))
    assert life.plain.tier == "silver"
    assert life.product.books()["tier"] == "silver"
