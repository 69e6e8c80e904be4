"""Where the product and the documentation differed once: each is the least example."""

from datetime import timedelta
from typing import Any

from tests.oracle import draws, driven, plain

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


def both(document: dict[str, Any]) -> tuple[plain.Member, driven.Driven]:
    """Two members who have just joined."""
    product = driven.Driven(driven.timeline(document, draws.OPENED), draws.OPENED)
    return plain.Member(document, draws.OPENED), product


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
