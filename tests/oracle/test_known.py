"""Where the product and the documentation differ: each is the least example, and fails until one of both is mended."""

from datetime import timedelta
from typing import Any

import pytest
from tests.oracle import draws, driven, plain

from jifen.domain.occasions import LimitUsedUp

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


@pytest.mark.xfail(strict=True, reason="a grant on this very occasion counts as one before it")
def test_how_often_a_rule_granted_means_before_this_occasion() -> None:
    """`on how many occasions before this one that rule granted`, wherever it stands in the document."""
    mine, theirs = granted(
        {"code": "a", "fixed": {"points": 5}}, {"code": "b", "fixed": {"points": 7}, "when": never("a")}
    )
    assert mine == [5, 7]
    assert theirs == mine


@pytest.mark.xfail(strict=True, reason="the base has granted on this very occasion when its multiple asks")
def test_a_multiple_holds_where_its_base_holds_for_the_first_time() -> None:
    """`A multiple holds where its base holds and its own when holds`."""
    base = {"code": "a", "fixed": {"points": 5}, "when": never("a")}
    mine, theirs = granted(base, {"code": "b", "multiple": {"of": "a", "by": "2"}})
    assert mine == [5, 5]
    assert theirs == mine


@pytest.mark.xfail(strict=True, reason="bands of quantity that give their points once go by money")
def test_bands_of_quantity_come_back_by_quantity() -> None:
    """`the share of what comes back in what the rule counted: money, or quantity`."""
    bands = [{"from": "0", "points": 0}, {"from": "5", "points": 100}]
    member, product = both(a_shop({"code": "a", "bands": {"of": "quantity", "list": bands}}))
    bought = a_purchase((9_000, 1_000), (1_000, 9_000))
    for who in (member, product):
        who.record(bought)
        who.bring_back("1", {1: 1_000}, bought["recorded"] + timedelta(hours=1))
    assert member.balance("points") == 90
    assert product.books()["balances"]["points"] == 90


@pytest.mark.xfail(
    strict=True, raises=LimitUsedUp, reason="a rule that does not hold for the member refuses his event"
)
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
