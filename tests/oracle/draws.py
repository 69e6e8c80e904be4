"""Random documents, as a shop could write them, and random lives under them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from hypothesis import strategies as st
from tests.oracle.amounts import base_of
from tests.oracle.claims import CATEGORIES, PERIODS, given_of, member_of, segments_of
from tests.oracle.parts import NAMES, exchanges, ladders

OPENED = datetime(2025, 12, 31, 16, tzinfo=UTC)
BEGINNINGS = [OPENED, OPENED, datetime(2024, 2, 29, 6, tzinfo=UTC), datetime(2024, 12, 30, 20, tzinfo=UTC)]
"""The moments at which a member joins: one of them on 29 February, in every zone."""
ZONES = ["Asia/Shanghai", "America/New_York", "Pacific/Auckland"]

_points = st.integers(1, 7)
MOMENTS: dict[str, st.SearchStrategy[dict[str, Any]]] = {
    "soon": st.builds(
        lambda currency, days: {"expiry_ahead": {"currency": currency, "days": days}},
        st.sampled_from(["points", "points", "growth"]),
        st.sampled_from([1, 3, 7]),
    ),
    "named": st.just({"on_days": ["d0"]}),
    "years": st.just({"anniversary": "joining"}),
    "asleep": st.sampled_from([2, 9, 30]).map(lambda days: {"asleep": {"days": days}}),
    "welcome": st.sampled_from([1, 4, 20]).map(lambda days: {"after_joining": {"days": days}}),
}
"""By code, what brings a moment; `named` needs days that have a name."""


def _some(
    fields: dict[str, st.SearchStrategy[Any]], least: int = 0, most: int | None = None
) -> st.SearchStrategy[Any]:
    """Some of the fields."""
    names = st.lists(st.sampled_from(sorted(fields)), unique=True, min_size=least, max_size=most)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: fields[name] for name in chosen}))


_steps = st.booleans()
_per_amount = st.builds(
    lambda points, each, whole: {"points": points, "amount_minor": each, "whole_steps": whole},
    _points,
    st.sampled_from([30, 100, 250, 700]),
    _steps,
)
_per_quantity = st.builds(
    lambda points, each, whole: {"points": points, "quantity": each, "whole_steps": whole},
    _points,
    st.sampled_from(["1", "0.5", "1.5", "3"]),
    _steps,
)
_fixed = st.integers(1, 30).map(lambda points: {"points": points})
_bands_of_amount = st.tuples(
    st.lists(st.sampled_from([300, 500, 1000, 2000, 4000]), min_size=1, max_size=3, unique=True),
    st.just("amount"),
)
_bands_of_quantity = st.tuples(
    st.lists(st.sampled_from(["0.5", "1", "1.5", "2", "3.25"]), min_size=1, max_size=3, unique=True),
    st.just("quantity"),
)


@st.composite
def _bands(draw: st.DrawFn) -> dict[str, Any]:
    """Bands of either mode, of money or of quantity."""
    begins, of = draw(st.one_of(_bands_of_amount, _bands_of_quantity))
    mode = draw(st.sampled_from(["whole", "marginal"]))
    each = st.sampled_from(["1", "0.5", "3"] if of == "quantity" else [50, 100, 300])
    all_once = draw(st.booleans())
    bands = []
    for begin in ["0" if of == "quantity" else 0, *sorted(begins, key=float)]:
        band = {"from": begin, "points": draw(st.integers(0, 9))}
        once = all_once and mode == "whole"
        bands.append(band if once else {**band, "per": draw(each)})
    return {"mode": mode, "of": of, "list": bands}


def ways(kind: str) -> st.SearchStrategy[dict[str, Any]]:
    """One way to grant."""
    if kind in {"check-in", "birthday"} or kind in MOMENTS:
        return _fixed.map(lambda fixed: {"fixed": fixed})
    if kind == "run":
        per = st.builds(
            lambda points, each, whole: {
                "points": points,
                "attribute": "metres",
                "each": each,
                "whole_steps": whole,
            },
            _points,
            st.sampled_from([1, 300, 1000]),
            _steps,
        )
        return st.one_of(
            _fixed.map(lambda fixed: {"fixed": fixed}), per.map(lambda one: {"per_attribute": one})
        )
    part = st.one_of(
        _per_amount.map(lambda way: {"per_amount": way}),
        _per_quantity.map(lambda way: {"per_quantity": way}),
        _fixed.map(lambda way: {"fixed": way}),
    )
    lesser = st.lists(part, min_size=2, max_size=4).map(lambda parts: {"lesser_of": parts})
    return st.one_of(part, part, part, _bands().map(lambda bands: {"bands": bands}), lesser)


_roundings = st.sampled_from(["down", "half_up", "half_even", "up"])
_beyond = st.sampled_from(["clip", "clip", "skip", "refuse"])
caps = _some({period: st.sampled_from([1, 3, 10, 25, 60]) for period in ["purchase", *PERIODS]}, 1, 2)
times = _some({period: st.integers(1, 3) for period in PERIODS}, 1, 2)


@st.composite
def documents(draw: st.DrawFn) -> dict[str, Any]:
    """A programme."""
    zone = draw(st.sampled_from(ZONES))
    scale = draw(st.sampled_from([0, 0, 0, 2]))
    expiry = st.one_of(
        st.just("never"),
        st.builds(lambda days: {"days": days}, st.sampled_from([1, 5, 30])),
        st.builds(lambda months: {"months": months}, st.integers(1, 3)),
        st.builds(
            lambda months, days: {"months": months, "days": days, "round": "month_end"},
            st.integers(0, 2),
            st.integers(1, 3),
        ),
    )
    ends = draw(expiry)
    is_long = ends == "never" or ends.get("months") or ends.get("days", 0) > 20
    points = {
        "code": "points",
        "names": NAMES,
        "kind": "spendable",
        "worth": 1,
        "scale": scale,
        "expiry": ends,
        "pending": {"days": draw(st.sampled_from([0, 0, 0, 1, 4])) if is_long else 0},
        "debt": draw(
            st.sampled_from(
                [
                    {"policy": "forbid"},
                    {"policy": "allow", "limit_units": 10},
                    {"policy": "allow", "limit_units": 500},
                ]
            )
        ),
    }
    growth = {"code": "growth", "names": NAMES, "kind": "qualifying", "expiry": draw(expiry)}
    stamps = {"code": "stamps", "names": NAMES, "kind": "spendable", "worth": 1, "expiry": draw(expiry)}
    stamps["debt"] = draw(
        st.sampled_from([{"policy": "forbid"}, *[{"policy": "allow", "limit_units": n} for n in (3, 100)]])
    )
    waits = stamps["expiry"] == "never" or stamps["expiry"].get("months")
    stamps["pending"] = {"days": draw(st.sampled_from([0, 0, 1, 4])) if waits else 0}
    days = draw(
        st.lists(
            st.one_of(
                st.builds(lambda n: {"dates": [f"2026-01-{n:02}", f"2026-02-{n:02}"]}, st.integers(1, 28)),
                st.builds(
                    lambda n: {"span": {"first": f"2026-01-{n:02}", "last": f"2026-02-{n:02}"}},
                    st.integers(1, 28),
                ),
                st.builds(lambda n: {"yearly": f"01-{n:02}"}, st.integers(1, 28)),
                st.builds(lambda n: {"day_of_month": n}, st.sampled_from([1, 2, 15, 29, 31])),
                st.builds(lambda n: {"weekday": {"weekday": n}}, st.integers(1, 7)),
                st.builds(
                    lambda n, nth: {"weekday": {"weekday": n, "nth": nth}},
                    st.integers(1, 7),
                    st.sampled_from([-1, 1, 2, 5]),
                ),
            ),
            max_size=2,
        )
    )
    document: dict[str, Any] = {
        "format": 1,
        "program": {"code": "shop", "names": NAMES},
        "time_zone": zone,
        "money": {"code": "CNY", "decimals": 2},
        "stores": [
            {"code": "s1", "names": NAMES, "region": "north", "format": "street", "tags": ["new"]},
            {
                "code": "s2",
                "names": NAMES,
                "region": "south",
                "tags": ["new", "big"],
                "time_zone": draw(st.sampled_from(ZONES)),
            },
        ],
        "limits": {"purchase_amount_minor_max": 100_000},
        "line_attributes": {"colour": "text", "size": "integer"},
        "days": [{"code": f"d{n}", "names": NAMES, **part} for n, part in enumerate(days)],
        "currencies": [points, growth, stamps],
        "events": [
            {"code": "check-in", "names": NAMES},
            {
                "code": "birthday",
                "names": NAMES,
                "birthday": {"before": draw(st.sampled_from([0, 0, 7]))},
            },
            {"code": "run", "names": NAMES, "attributes": {"metres": "integer", "ground": "text"}},
        ],
    }
    if draw(st.integers(0, 3)) > 0:
        document["tiers"] = draw(ladders())
    if draw(st.integers(0, 2)) > 0:
        document["exchanges"] = draw(exchanges())
    if draw(st.booleans()):
        codes = [code for code in MOMENTS if code != "named" or days]
        chosen = draw(st.lists(st.sampled_from(codes), min_size=1, max_size=3, unique=True))
        document["moments"] = [{"code": code, "names": NAMES, **draw(MOMENTS[code])} for code in chosen]
    _rules(draw, document, tiers_of(document))
    return document


def tiers_of(document: dict[str, Any]) -> list[str]:
    """The codes of the tiers of a programme."""
    return [tier["code"] for tier in document["tiers"]["list"]] if "tiers" in document else ["member"]


def _gives(draw: st.DrawFn, bases: list[dict[str, Any]], document: dict[str, Any]) -> dict[str, Any]:
    """How a rule grants: as a multiple of one of these, or in a way of its own."""
    moments = document.get("moments", [])
    if moments and draw(st.integers(0, 2)) == 0:
        moment = draw(st.sampled_from(moments))
        other = {"points": "growth", "growth": "points"}.get(
            moment.get("expiry_ahead", {}).get("currency", "")
        )
        currency = other or draw(st.sampled_from(["points", "growth"]))
        return {"currency": currency, "on": moment["code"], **draw(ways(moment["code"]))}
    if bases and draw(st.integers(0, 3)) == 0:
        base = draw(st.sampled_from(bases))
        told = str(base)
        is_rate = (
            "fixed" not in told and "'whole_steps': True" not in told and ("per_" in told or "'per'" in told)
        )
        by = draw(st.sampled_from(["2", "3/2", "3", "5/4"] if is_rate else ["2", "3"]))
        return {"multiple": {"of": base["code"], "by": by}, **({"on": base["on"]} if "on" in base else {})}
    kind = draw(st.sampled_from(["", "", "", "", "", "", "check-in", "run", "birthday"]))
    extra = ["stamps", "stamps"] if "exchanges" in document else []
    currency = draw(st.sampled_from(["points", "points", "points", "growth", *extra]))
    rule = {"currency": currency, **draw(ways(kind)), **({"on": kind} if kind else {})}
    if draw(st.integers(0, 3)) == 0:
        rule["least"] = draw(st.sampled_from([1, 4, 12]))
    return rule


def _limited(draw: st.DrawFn, rule: dict[str, Any]) -> None:
    """How a rule rounds and is limited."""
    if draw(st.booleans()):
        rule["rounding"] = draw(_roundings)
    if draw(st.booleans()):
        rule["tier_multiplies"] = draw(st.booleans())
    if draw(st.integers(0, 2)) == 0:
        rule["caps"] = draw(caps)
    if draw(st.integers(0, 3)) == 0:
        rule["times"] = draw(times)
    if draw(st.integers(0, 3)) == 0 and "bands" not in rule and "lesser_of" not in rule:
        rule["budget"] = draw(st.sampled_from([1, 7, 20, 90]))
    if "caps" in rule or "times" in rule:
        rule["beyond"] = draw(_beyond)


def _rules(draw: st.DrawFn, document: dict[str, Any], tiers: list[str]) -> None:
    """The rules of a programme, its groups and its shared caps."""
    named = [part["code"] for part in document["days"]]
    modes: list[str] = draw(st.lists(st.sampled_from(["add", "best", "first"]), max_size=2))
    groups = {f"g{n}": mode for n, mode in enumerate(modes)}
    shared = [f"c{n}" for n in range(draw(st.integers(0, 2)))]
    document["stacking_groups"] = [{"code": code, "mode": mode} for code, mode in groups.items()]
    rules: list[dict[str, Any]] = []
    document["earn_rules"] = rules
    count = draw(st.integers(1, 6))
    for number in range(count):
        bases = [
            r
            for r in rules
            if "multiple" not in r
            and r.get("on") not in MOMENTS
            and groups.get(r.get("group", ""), "add") == "add"
        ]
        rule: dict[str, Any] = {
            "code": f"r{number}",
            "names": NAMES,
            **_gives(draw, bases, document),
        }
        rules.append(rule)
        _limited(draw, rule)
        kind, currency = rule.get("on", ""), base_of(document, rule)["currency"]

        def fits(field: str, code: str, *, also_kind: bool, like: tuple[str, str] = (kind, currency)) -> bool:
            others = [r for r in rules if code in r.get(field, "")]
            same = all(base_of(document, r)["currency"] == like[1] for r in others)
            return same and (not also_kind or all(r.get("on", "") == like[0] for r in others))

        choices = [code for code in groups if fits("group", code, also_kind=True)]
        if draw(st.booleans()) and choices and kind not in MOMENTS:
            rule["group"] = draw(st.sampled_from(choices))
        choices = [code for code in shared if fits("shares", code, also_kind=False)]
        if draw(st.booleans()) and choices and "multiple" not in rule:
            rule["shares"] = [draw(st.sampled_from(choices))]
        parts = []
        if draw(st.integers(0, 2)) == 0 and kind not in MOMENTS:
            parts.append(draw(given_of("check-in" if kind == "birthday" else kind, named)))
        if draw(st.integers(0, 2)) == 0:
            parts.append(draw(member_of(tiers, [f"r{n}" for n in range(count)])))
        if draw(st.integers(0, 3)) == 0:
            parts.append(draw(segments_of()))
        if parts:
            rule["when"] = parts[0] if len(parts) == 1 else {"all": parts}
    document["shared_caps"] = []
    for code in sorted({code for rule in rules for code in rule.get("shares", [])}):
        cap: dict[str, Any] = {"code": code, "beyond": draw(_beyond)}
        which = draw(st.integers(0, 2))
        if which != 1:
            cap["caps"] = draw(caps)
        if which != 0:
            cap["times"] = draw(times)
        document["shared_caps"].append(cap)


_maybe = st.sampled_from


def _lines() -> st.SearchStrategy[list[dict[str, Any]]]:
    """The lines of a purchase."""
    line = st.fixed_dictionaries(
        {
            "amount_minor": st.one_of(st.sampled_from([0, 100, 1000, 1000, 2500]), st.integers(0, 5000)),
            "quantity_milli": st.sampled_from([1000, 1000, 2000, 3000, 1500, 333]),
            "sku": _maybe([None, "a", "b"]),
            "brand": _maybe([None, "Own", "Other"]),
            "category": _maybe([None, *CATEGORIES]),
            "discount_minor": _maybe([0, 0, 20]),
            "tags": _maybe([[], ["x"], ["x", "y"]]),
            "attributes": _maybe([{}, {"colour": "red"}, {"size": 3}, {"colour": "blue", "size": 2}]),
        }
    )
    return st.lists(line, min_size=1, max_size=3).map(
        lambda lines: [{"number": n + 1, **line} for n, line in enumerate(lines)]
    )


_gaps = st.sampled_from([0, 1, 30, 300, 1000, 1440, 1440, 4000, 12000, 45000])
_lates = st.sampled_from([0, 0, 0, 0, 5, 900, 1440, 3000, 10000, 40000])
_place = {
    "store": _maybe([None, "s1", "s2"]),
    "channel": _maybe([None, "web", "till"]),
    "source": _maybe(["pos", "app"]),
}
buys = st.fixed_dictionaries(
    {
        "what": st.just("buy"),
        "late": _lates,
        "lines": _lines(),
        "tags": _maybe([[], ["p"], ["p", "q"]]),
        "payment_methods": _maybe([[], ["cash"], ["card"]]),
        **_place,
    }
)
_runs = st.fixed_dictionaries(
    {
        "what": st.just("event"),
        "late": _lates,
        "event": _maybe(["check-in", "run", "run"]),
        "attributes": _maybe(
            [{}, {"metres": 3300}, {"metres": 1000, "ground": "trail"}, {"metres": 0, "ground": "road"}]
        ),
        **_place,
    }
).map(lambda told: {**told, "attributes": {}} if told["event"] == "check-in" else told)
others = st.one_of(
    st.fixed_dictionaries(
        {
            "what": st.just("return"),
            "which": st.integers(0, 9),
            "shares": st.lists(st.integers(0, 4), min_size=3, max_size=3),
        }
    ),
    st.fixed_dictionaries({"what": st.just("void"), "which": st.integers(0, 9)}),
    st.fixed_dictionaries(
        {"what": st.just("redeem"), "units": st.integers(1, 60), "share": st.integers(0, 4)}
    ),
    st.fixed_dictionaries(
        {
            "what": st.just("adjust"),
            "units": st.integers(-40, 40).filter(bool),
            "currency": _maybe(["points", "points", "growth", "stamps"]),
        }
    ),
    st.fixed_dictionaries({"what": st.just("wait")}),
    st.fixed_dictionaries(
        {"what": st.just("birthday"), "born": _maybe([(1, 5), (2, 29), (12, 31), (6, 15)])}
    ),
    st.fixed_dictionaries(
        {"what": st.just("exchange"), "which": st.integers(0, 2), "times": _maybe([1, 1, 1, 2])}
    ),
    st.fixed_dictionaries({"what": st.just("give"), "units": st.integers(1, 30)}),
    st.fixed_dictionaries(
        {
            "what": st.just("receive"),
            "slices": st.lists(st.tuples(st.integers(0, 40), st.integers(1, 20)), min_size=1, max_size=2),
        }
    ),
)


def lives() -> st.SearchStrategy[list[dict[str, Any]]]:
    """What happens, one after the other; each with the minutes since what was before."""
    return lived(st.one_of(buys, buys, buys, _runs, others, others))


def lived(step: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[list[dict[str, Any]]]:
    """Steps in the course of a month or two, or of years."""

    def stretched(factor: int) -> st.SearchStrategy[list[dict[str, Any]]]:
        one = st.tuples(_gaps, step).map(lambda drawn: {"minutes": drawn[0] * factor, **drawn[1]})
        return st.lists(one, min_size=7, max_size=22)

    return st.sampled_from([1, 1, 10]).flatmap(stretched)


def moments(life: list[dict[str, Any]], opened: datetime) -> list[tuple[datetime, dict[str, Any]]]:
    """Each step with the moment at which it is told."""
    now = opened
    told = []
    for step in life:
        now += timedelta(minutes=step["minutes"])
        told.append((now, step))
    return told


def minutes(number: int) -> timedelta:
    """So many minutes."""
    return timedelta(minutes=number)
