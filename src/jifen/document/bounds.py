"""The proof of law 1: no product that the fold forms reaches 2^62, whatever a till sends within the limits.

The fold multiplies weight x rate x tier multiplier when it grants, and granted x weight when a line comes back or a
bonus is shared out over lines. Compiled integers wrap silently, so a document that could
reach the limit is refused here.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from itertools import islice

from jifen.document.model import ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.domain.program.meaning import NONE, Counts, EarnRule, Grant, Program, Shape, Tier
from jifen.present.said import Said

PRODUCT_MAX = 1 << 62
QUANTITY_MILLI_MAX = 10_000_000_000
"""The most that one purchase may hold, in thousandths: ten million pieces."""


def findings(document: ProgramDocument, program: Program) -> list[Finding]:
    """One finding for each rule whose numbers could overflow in some tier."""
    at = {rule.code: number for number, rule in enumerate(document.earn_rules)}
    found = []
    for rule in program.rules:
        tiers = program.ladder.tiers if rule.multiplied_by != NONE else program.ladder.tiers[:1]
        largest = sorted(tiers, key=partial(product_max, program, rule), reverse=True)
        wrong = (
            one
            for tier in largest
            for one in _rule_in_tier(program, rule, tier, ("earn_rules", at[rule.code]))
        )
        found += list(islice(wrong, 1))
    return found


def weight_max(program: Program, rule: EarnRule) -> int:
    """The largest amount or quantity that one purchase can bring to a rule, and by which it is taken back."""
    return _weight(program, rule.grant)


def _weight(program: Program, grant: Grant) -> int:
    if grant in (Grant.PER_QUANTITY, Grant.PER_WHOLE_QUANTITY):
        return QUANTITY_MILLI_MAX
    return program.purchase_amount_minor_max


def product_max(program: Program, rule: EarnRule, tier: Tier) -> int:
    """The largest product that granting forms: of bands, what all would come to at the highest rate."""
    multiplier = tier.multiplier[0] if rule.multiplied_by != NONE else 1
    return max(weight * units for weight, units, _ in _amounts(program, rule)) * multiplier


def _amounts(program: Program, rule: EarnRule) -> list[tuple[int, int, int]]:
    """Of each amount of a rule the largest weight, and its rate."""
    own = [(rule.grant, rule.rate)]
    if rule.shape is Shape.LESSER:
        own += [(one.grant, one.rate) for one in rule.amounts]
    elif rule.shape is not Shape.PLAIN:
        own += [(rule.grant, one.rate) for one in rule.amounts]
    return [(1 if grant is Grant.FIXED else _weight(program, grant), *rate) for grant, rate in own]


def granted_max(program: Program, rule: EarnRule, tier: Tier) -> int:
    """The most units that one purchase can earn by a rule, rounded up, after its caps."""
    times, over = tier.multiplier if rule.multiplied_by != NONE else (1, 1)
    uncapped = max(
        -(-weight * units * times // (per * over)) for weight, units, per in _amounts(program, rule)
    )
    limits = (limit.units for limit in rule.limits if limit.counts is Counts.UNITS)
    return min([max(uncapped, rule.least), *limits])


def _rule_in_tier(program: Program, rule: EarnRule, tier: Tier, here: Steps) -> Iterator[Finding]:
    over = tier.multiplier[1] if rule.multiplied_by != NONE else 1
    divisor = max(per for _, _, per in _amounts(program, rule)) * over
    # A rounded division looks at twice the remainder, which stays below twice the divisor.
    if max(product_max(program, rule, tier), 2 * divisor) >= PRODUCT_MAX:
        yield Finding(
            code="rate_too_large",
            steps=here,
            value=rule.code,
            said=Said("problem.rate_too_large.said", rule=repr(rule.code), tier=repr(tier.code)),
            out=Said("problem.rate_too_large.out"),
        )
    elif granted_max(program, rule, tier) * weight_max(program, rule) >= PRODUCT_MAX:
        most = (PRODUCT_MAX - 1) // weight_max(program, rule)
        yield Finding(
            code="grant_too_large",
            steps=here,
            value=rule.code,
            said=Said(
                "problem.grant_too_large.said",
                units=granted_max(program, rule, tier),
                rule=repr(rule.code),
                tier=repr(tier.code),
            ),
            out=Said("problem.grant_too_large.out", most=min(most, 10**12)),
        )
