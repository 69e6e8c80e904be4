"""What a rule desires, as docs/programme.md has it: a fraction of units first, rounded once."""

from fractions import Fraction
from math import ceil, floor
from typing import Any

from tests.oracle.facts import Document


def rule_of(document: Document, code: str) -> dict[str, Any]:
    """The rule of a code."""
    return next(rule for rule in document["earn_rules"] if rule["code"] == code)


def base_of(document: Document, rule: dict[str, Any]) -> dict[str, Any]:
    """The rule that gives its amount: of a `multiple` its base, of others the rule itself."""
    return rule_of(document, rule["multiple"]["of"]) if "multiple" in rule else rule


def said(document: Document, rule: dict[str, Any], field: str, otherwise: Any = None) -> Any:
    """What a rule says, or what its base says where it is a `multiple` and says nothing."""
    return rule.get(field, base_of(document, rule).get(field, otherwise))


def smallest(document: Document, currency: str) -> int:
    """How many smallest units a unit has as it is shown."""
    return int(
        10 ** next(part for part in document["currencies"] if part["code"] == currency).get("scale", 0)
    )


def rounded(value: Fraction, how: str) -> int:
    """A whole number by one of the four ways of rounding."""
    below = floor(value)
    rest = value - below
    if how == "down":
        return below
    if how == "up":
        return ceil(value)
    if rest == Fraction(1, 2):
        return below + 1 if how == "half_up" else below + below % 2
    return below + 1 if rest > Fraction(1, 2) else below


def milli(text: Any) -> int:
    """A quantity as thousandths."""
    return int(Fraction(str(text)) * 1000)


def rate(points: int, size: int, each: int, whole_steps: bool) -> Fraction:
    """So many points for each so much."""
    return Fraction(points * (size // each)) if whole_steps else Fraction(points * size, each)


def banded(bands: dict[str, Any], amount: int, quantity: int) -> Fraction:
    """What bands give for a size."""
    of_quantity = bands.get("of", "amount") == "quantity"
    size = quantity if of_quantity else amount

    def number(value: Any) -> int:
        return milli(value) if of_quantity else int(value)

    steps = bands["list"]
    total = Fraction(0)
    for position, band in enumerate(steps):
        begin = number(band["from"])
        end = number(steps[position + 1]["from"]) if position + 1 < len(steps) else None
        if size < begin:
            break
        if bands.get("mode", "whole") == "whole":
            whole = (
                Fraction(band["points"] * size, number(band["per"]))
                if "per" in band
                else Fraction(band["points"])
            )
            if end is None or size < end:
                return whole
        elif "per" in band:
            part = (size if end is None else min(size, end)) - begin
            total += Fraction(band["points"] * part, number(band["per"]))
        else:
            total += band["points"]
    return total


def amount_of(way: dict[str, Any], amount: int, quantity: int, attributes: dict[str, Any]) -> Fraction:
    """What a rule gives in units as they are shown, before tier, least and rounding."""
    if "per_amount" in way:
        how = way["per_amount"]
        return rate(how["points"], amount, how["amount_minor"], how.get("whole_steps", False))
    if "per_quantity" in way:
        how = way["per_quantity"]
        return rate(how["points"], quantity, milli(how["quantity"]), how.get("whole_steps", False))
    if "per_attribute" in way:
        how = way["per_attribute"]
        return rate(
            how["points"], attributes[how["attribute"]], how.get("each", 1), how.get("whole_steps", False)
        )
    if "fixed" in way:
        return Fraction(way["fixed"]["points"])
    if "bands" in way:
        return banded(way["bands"], amount, quantity)
    return min(amount_of(part, amount, quantity, attributes) for part in way["lesser_of"])


def counts_quantity(way: dict[str, Any]) -> bool:
    """Whether a rule counts quantity; all others count money. Of several amounts the first says it."""
    if "bands" in way:
        bands = way["bands"]
        return bool(bands.get("of", "amount") == "quantity" and "per" in bands["list"][0])
    return "per_quantity" in way.get("lesser_of", [way])[0]


def desired(
    document: Document,
    rule: dict[str, Any],
    amount: int,
    quantity: int,
    attributes: dict[str, Any],
    multiplier: Fraction,
) -> int:
    """What a rule desires, in smallest units."""
    base = base_of(document, rule)
    units = smallest(document, said(document, rule, "currency"))
    exact = amount_of(base, amount, quantity, attributes) * units
    if said(document, rule, "tier_multiplies"):
        exact *= multiplier
    counted = base.get("per_attribute", {}).get("attribute")
    something = amount + quantity + (attributes[counted] if counted else 0) > 0
    if "multiple" in rule:
        exact *= Fraction(rule["multiple"]["by"]) - 1
    whole = rounded(exact, said(document, rule, "rounding", "down"))
    if "least" in rule and something:
        whole = max(whole, rule["least"] * units)
    return whole


def in_order(document: Document) -> list[dict[str, Any]]:
    """The rules in the order of the document, those of a group together where its first one stands."""
    rules: list[dict[str, Any]] = document["earn_rules"]

    def place(rule: dict[str, Any]) -> int:
        return next(
            at for at, one in enumerate(rules) if one is rule or one.get("group", "") == rule.get("group")
        )

    return sorted(rules, key=place)
