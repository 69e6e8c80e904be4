"""Random programmes and lives in which one thing happens often: spending, climbing, exchanging."""

from typing import Any

from hypothesis import strategies as st
from tests.oracle.draws import buys, caps, documents, lived, others, times, ways
from tests.oracle.parts import NAMES, exchanges, ladders


@st.composite
def tills(draw: st.DrawFn) -> dict[str, Any]:
    """A programme whose rules hold nearly always, so that much is earned, spent and brought back."""
    rules: list[dict[str, Any]] = []
    for number in range(draw(st.integers(1, 3))):
        rule = {"code": f"r{number}", "names": NAMES, "currency": "points", **draw(ways(""))}
        if draw(st.booleans()):
            rule["caps"] = draw(caps)
        if draw(st.integers(0, 2)) == 0:
            rule["times"] = draw(times)
        if draw(st.integers(0, 2)) == 0:
            rule["when"] = draw(
                st.sampled_from(
                    [
                        {"fact": "line.sku", "is": "a"},
                        {"fact": "member.purchases_before", "le": 1},
                        {"fact": "member.visits", "window_days": 3, "le": 1},
                        {"fact": "member.spend_minor", "window_days": 30, "lt": 4000},
                        {"fact": "member.times_granted", "rule": f"r{number}", "period": "month", "le": 1},
                        {"fact": "member.days_since_purchase", "ge": 0},
                        {"fact": "member.tier", "is": "member"},
                        {"fact": "member.balance", "currency": "points", "ge": 10},
                    ]
                )
            )
        rule["tier_multiplies"] = draw(st.booleans())
        rules.append(rule)
    document = draw(documents())
    if "exchanges" in document:
        per = {"points": 1, "amount_minor": draw(st.sampled_from([200, 700]))}
        rules.append({"code": "rs", "names": NAMES, "currency": "stamps", "per_amount": per})
    document["earn_rules"] = rules
    document["stacking_groups"], document["shared_caps"] = [], []
    if "tiers" in document and document["tiers"]["by"] == "growth":
        rules.append(
            {
                "code": "rg",
                "names": NAMES,
                "currency": "growth",
                "per_amount": {"points": 1, "amount_minor": 100},
            }
        )
    debt = draw(
        st.sampled_from([{"policy": "forbid"}, {"policy": "forbid"}, {"policy": "allow", "limit_units": 5}])
    )
    document["currencies"][0]["debt"] = debt
    return document


def busy() -> st.SearchStrategy[list[dict[str, Any]]]:
    """A life in which nearly all that is earned is spent, and much comes back."""
    spends = st.fixed_dictionaries(
        {"what": st.just("redeem"), "units": st.just(1), "share": st.sampled_from([1, 3, 4, 4])}
    )
    return lived(st.one_of(buys, buys, spends, others))


@st.composite
def climbs(draw: st.DrawFn) -> dict[str, Any]:
    """A programme with a ladder, that members climb often."""
    document = draw(tills())
    document["tiers"] = draw(ladders())
    document.pop("moments", None)
    document["exchanges"] = []
    each = draw(st.sampled_from([100, 200]))
    rate = {"per_amount": {"points": 1, "amount_minor": each}}
    rules = [{"code": f"r-{code}", "names": NAMES, "currency": code, **rate} for code in ("points", "growth")]
    document["earn_rules"] = [{**rule, "tier_multiplies": draw(st.booleans())} for rule in rules]
    return document


def ups_and_downs() -> st.SearchStrategy[list[dict[str, Any]]]:
    """A life of purchases, some of them late, of returns and voids, and of time that passes."""
    lines = st.sampled_from([600, 1_500, 2_100, 4_600]).map(
        lambda amount: [{"number": 1, "amount_minor": amount, "quantity_milli": 1000, **_NOTHING}]
    )
    lates = st.sampled_from([0, 0, 0, 5, 1440, 3000, 10000, 40000])
    buys = st.fixed_dictionaries({"what": st.just("buy"), "late": lates, "lines": lines, **_AT_HOME})
    back = st.fixed_dictionaries(
        {
            "what": st.just("return"),
            "which": st.integers(0, 9),
            "shares": st.sampled_from([[2, 0, 0], [4, 0, 0]]),
        }
    )
    void = st.fixed_dictionaries({"what": st.just("void"), "which": st.integers(0, 9)})
    wait = st.fixed_dictionaries({"what": st.just("wait")})
    return lived(st.one_of(buys, buys, buys, buys, back, void, wait))


_NOTHING: dict[str, Any] = {
    "sku": None,
    "brand": None,
    "category": None,
    "discount_minor": 0,
    "tags": [],
    "attributes": {},
}
_AT_HOME: dict[str, st.SearchStrategy[Any]] = {
    "tags": st.just([]),
    "payment_methods": st.just([]),
    "store": st.none(),
    "channel": st.none(),
    "source": st.just("pos"),
}


@st.composite
def cards(draw: st.DrawFn) -> dict[str, Any]:
    """A programme whose stamps and points are exchanged often."""
    document = draw(tills())
    document["exchanges"] = draw(exchanges())
    pending = draw(st.sampled_from([0, 0, 2]))
    for part, each in (("points", 300), ("stamps", draw(st.sampled_from([100, 300, 900])))):
        at = next(one for one in document["currencies"] if one["code"] == part)
        at["pending"] = {"days": pending if at["expiry"] == "never" or at["expiry"].get("months") else 0}
        at["debt"] = draw(
            st.sampled_from([{"policy": "forbid"}, *[{"policy": "allow", "limit_units": n} for n in (4, 90)]])
        )
        rate = {"per_amount": {"points": 1, "amount_minor": each}}
        document["earn_rules"].append({"code": f"r-{part}", "names": NAMES, "currency": part, **rate})
    return document


def collected() -> st.SearchStrategy[list[dict[str, Any]]]:
    """A life of purchases and exchanges, and of purchases that come back after their units were exchanged."""
    swap = st.fixed_dictionaries(
        {"what": st.just("exchange"), "which": st.integers(0, 2), "times": st.sampled_from([1, 1, 2])}
    )
    return lived(st.one_of(buys, buys, buys, swap, others))
