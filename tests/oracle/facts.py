"""What a condition asks, as docs/programme.md has it: facts of a line, a basket, a purchase, an event and a member."""

import calendar
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any, TypeAlias
from zoneinfo import ZoneInfo

Document: TypeAlias = dict[str, Any]
Happened: TypeAlias = dict[str, Any]
Line: TypeAlias = dict[str, Any]
SEGMENTS = ("asleep", "vip")
"""Those that the member is in, all his life."""


def programme_day(document: Document, moment: datetime) -> date:
    """The day of a moment by the programme's calendar."""
    return moment.astimezone(ZoneInfo(document["time_zone"])).date()


def store_of(document: Document, happened: Happened) -> dict[str, Any]:
    """What the document says of the store at which it happened."""
    for store in document.get("stores", []):
        if store["code"] == happened.get("store"):
            return dict(store)
    return {}


def local_time(document: Document, happened: Happened) -> datetime:
    """The moment as a clock in the store shows it; the programme's clock where the store has none of its own."""
    zone = str(store_of(document, happened).get("time_zone", document["time_zone"]))
    moment: datetime = happened["occurred"]
    return moment.astimezone(UTC).astimezone(ZoneInfo(zone))


def day_is_named(part: dict[str, Any], day: date) -> bool:  # noqa: PLR0911
    """Whether a day is one of those that a part of `days` names."""
    last_of_month = calendar.monthrange(day.year, day.month)[1]
    if "dates" in part:
        return day.isoformat() in part["dates"]
    if "span" in part:
        return bool(part["span"]["first"] <= day.isoformat() <= part["span"]["last"])
    if not 2000 <= day.year <= 2099:
        return False
    if "yearly" in part:
        return bool(day.strftime("%m-%d") == part["yearly"])
    if "day_of_month" in part:
        return bool(day.day == min(part["day_of_month"], last_of_month))
    if day.isoweekday() != part["weekday"]["weekday"]:
        return False
    nth = part["weekday"].get("nth")
    if nth is None:
        return True
    if nth == -1:
        return day.day + 7 > last_of_month
    return (day.day - 1) // 7 + 1 == int(nth)


def line_fact(line: Line, name: str) -> Any:
    """A fact of one line, None where it is missing."""
    if name.startswith("attribute."):
        return line.get("attributes", {}).get(name.removeprefix("attribute."))
    if name == "unit_price_minor":
        return line["amount_minor"] * 1000 // line["quantity_milli"] if line["quantity_milli"] else None
    return line.get(name)


def told_fact(document: Document, happened: Happened, name: str) -> Any:
    """A fact of a purchase or an event and of its store and day, None where it is missing."""
    clock = local_time(document, happened)
    store = store_of(document, happened)
    if name.startswith("attribute."):
        return happened.get("attributes", {}).get(name.removeprefix("attribute."))
    known: dict[str, Any] = {
        "amount_minor": sum(line["amount_minor"] for line in happened.get("lines", [])),
        "weekday": clock.isoweekday(),
        "hour": clock.hour,
        "day_of_month": clock.day,
        "month": clock.month,
        "date": clock.date().isoformat(),
        "days": [part["code"] for part in document.get("days", []) if day_is_named(part, clock.date())],
        "store_region": store.get("region"),
        "store_format": store.get("format"),
        "store_tags": store.get("tags", []),
    }
    return known[name] if name in known else happened.get(name)


def basket_fact(document: Document, happened: Happened, claim: dict[str, Any]) -> int:
    """A sum or a count over the lines that the claim's `of` chooses."""
    chosen = [
        line
        for line in happened["lines"]
        if "of" not in claim or holds(claim["of"], document, happened, line, {})
    ]
    name = claim["fact"].removeprefix("basket.")
    if name == "lines":
        return len(chosen)
    if name == "skus":
        return len({line["sku"] for line in chosen if line.get("sku") is not None})
    return sum(int(line[name]) for line in chosen)


def is_true_of(claim: dict[str, Any], value: Any, tiers: list[str]) -> bool:
    """Whether what a claim says is true of a value; of a missing one nothing is."""
    if value is None:
        return False
    if "under" in claim:
        paths = claim["under"] if isinstance(claim["under"], list) else [claim["under"]]
        return any(value == path or value.startswith(path + "/") for path in paths)
    checks: dict[str, Callable[[], bool]] = {
        "is": lambda: value == claim["is"],
        "in": lambda: value in claim["in"],
        "has": lambda: claim["has"] in value,
        "has_any": lambda: any(tag in value for tag in claim["has_any"]),
        "eq": lambda: value == claim["eq"],
        "ne": lambda: value != claim["ne"],
        "lt": lambda: value < claim["lt"],
        "le": lambda: value <= claim["le"],
        "gt": lambda: value > claim["gt"],
        "ge": lambda: value >= claim["ge"],
        "between": lambda: claim["between"][0] <= value <= claim["between"][1],
        "at_least": lambda: tiers.index(value) >= tiers.index(claim["at_least"]),
    }
    for operator, check in checks.items():
        if operator in claim:
            return bool(check())
    raise ValueError(f"a claim without an operator: {claim}")


def asks_the_member(condition: dict[str, Any]) -> bool:
    """Whether a condition speaks of what the books keep of the member."""
    for word in ("all", "any"):
        if word in condition:
            return any(asks_the_member(part) for part in condition[word])
    if "not" in condition:
        return asks_the_member(condition["not"])
    return bool(condition["fact"].startswith("member.") and condition["fact"] != "member.segments")


def parts_of(condition: dict[str, Any] | None) -> list[dict[str, Any]]:
    """The parts that must all be true."""
    if condition is None:
        return []
    if "all" in condition:
        return [deeper for part in condition["all"] for deeper in parts_of(part)]
    return [condition]


def holds(
    condition: dict[str, Any],
    document: Document,
    happened: Happened,
    line: Line | None,
    member: dict[str, Any],
) -> bool:
    """Whether a condition is true of a line of what happened, and of a member whose facts are asked by `member`."""
    if "all" in condition:
        return all(holds(part, document, happened, line, member) for part in condition["all"])
    if "any" in condition:
        return any(holds(part, document, happened, line, member) for part in condition["any"])
    if "not" in condition:
        return not holds(condition["not"], document, happened, line, member)
    tiers = [tier["code"] for tier in document["tiers"]["list"]] if "tiers" in document else ["member"]
    kind, name = condition["fact"].split(".", 1)
    value: Any
    if kind == "line":
        value = line_fact(line, name) if line is not None else None
    elif kind == "basket":
        value = basket_fact(document, happened, condition)
    elif condition["fact"] == "member.segments":
        value = SEGMENTS
    elif kind == "member":
        value = member[name](condition)
    else:
        value = told_fact(document, happened, name)
    return is_true_of(condition, value, tiers)


def period_of(period: str, day: date) -> tuple[date, date]:
    """The first and the last day of the period in which a day lies."""
    if period == "day":
        return day, day
    if period == "week":
        monday = day - timedelta(days=day.isoweekday() - 1)
        return monday, monday + timedelta(days=6)
    if period == "month":
        return day.replace(day=1), day.replace(day=calendar.monthrange(day.year, day.month)[1])
    if period == "year":
        return date(day.year, 1, 1), date(day.year, 12, 31)
    return date.min, date.max
