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
from jifen.domain.program.meaning import NONE, EarnRule, Grant, Program, Tier

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
    """The largest amount or quantity that one purchase can bring to a rule."""
    if rule.grant in (Grant.PER_QUANTITY, Grant.PER_WHOLE_QUANTITY):
        return QUANTITY_MILLI_MAX
    return program.purchase_amount_minor_max


def product_max(program: Program, rule: EarnRule, tier: Tier) -> int:
    """The largest product that granting forms."""
    weight = 1 if rule.grant is Grant.FIXED else weight_max(program, rule)
    multiplier = tier.multiplier[0] if rule.multiplied_by != NONE else 1
    return weight * rule.rate[0] * multiplier


def granted_max(program: Program, rule: EarnRule, tier: Tier) -> int:
    """The most units that one purchase can earn by a rule, rounded up, after its caps."""
    divisor = rule.rate[1] * (tier.multiplier[1] if rule.multiplied_by != NONE else 1)
    uncapped = -(-product_max(program, rule, tier) // divisor)
    return min([uncapped, *(limit.units for limit in rule.limits)])


def _rule_in_tier(program: Program, rule: EarnRule, tier: Tier, here: Steps) -> Iterator[Finding]:
    divisor = rule.rate[1] * (tier.multiplier[1] if rule.multiplied_by != NONE else 1)
    # A rounded division looks at twice the remainder, which stays below twice the divisor.
    if max(product_max(program, rule, tier), 2 * divisor) >= PRODUCT_MAX:
        yield Finding(
            code="rate_too_large", steps=here, value=rule.code,
            en=f"The largest purchase times the rate of {rule.code!r} in tier {tier.code!r} passes what 64 bits hold.",
            zh=f"最大消费额乘以规则 {rule.code!r} 在等级 {tier.code!r} 的比率超出 64 位整数。",
            out_en="Lower limits.purchase_amount_minor_max or the points of the rule, "
            "or write the rate and the tier's multiplier with smaller numbers.",
            out_zh="请降低 limits.purchase_amount_minor_max 或规则的积分，或用更小的数字书写比率和等级倍率。",
        )  # fmt: skip
    elif granted_max(program, rule, tier) * weight_max(program, rule) >= PRODUCT_MAX:
        most = (PRODUCT_MAX - 1) // weight_max(program, rule)
        yield Finding(
            code="grant_too_large", steps=here, value=rule.code,
            en=f"One purchase could earn {granted_max(program, rule, tier)} units by {rule.code!r} in tier "
            f"{tier.code!r}; a return could then not be computed in 64 bits.",
            zh=f"一次消费按规则 {rule.code!r} 在等级 {tier.code!r} 可得 {granted_max(program, rule, tier)} 个单位，"
            "退货时的计算会超出 64 位整数。",
            out_en=f"Add caps: {{purchase: {min(most, 10**12)}}} or less, or lower limits.purchase_amount_minor_max.",
            out_zh=f"请添加 caps: {{purchase: {min(most, 10**12)}}} 或更小，或降低 limits.purchase_amount_minor_max。",
        )  # fmt: skip
