"""What more than one field must agree on: codes that exist, ladders that climb, conditions that can hold."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from jifen.document.claims import condition_findings, nearest, vocabulary_of
from jifen.document.conditions import CONDITION_DEPTH_MAX
from jifen.document.meaning import Mixed, Vocabulary, can_hold, condition_meaning, split
from jifen.document.model import CurrencyPart, EarnRulePart, ProgramDocument, WorthPer
from jifen.document.problems import Finding, Steps

GRANTS = ("per_amount", "per_quantity", "fixed", "multiple")


def findings(document: ProgramDocument) -> list[Finding]:
    """Everything that is wrong with the meaning of a well-formed document, in its order."""
    return [
        *_stores(document),
        *_doubles(document),
        *_currencies(document),
        *_groups(document),
        *_rules(document),
        *_tiers(document),
    ]


def unknown(steps: Steps, value: str, known: list[str], en: str, zh: str) -> Finding:
    """A code that names nothing, with the nearest one that does."""
    near = nearest(value, known)
    listed = ", ".join(known[:12]) + (" ..." if len(known) > 12 else "")
    return Finding(
        code="unknown_code",
        steps=steps,
        value=value,
        en=f"There is no {en} {value!r}.",
        zh=f"没有名为 {value!r} 的{zh}。",
        out_en=f"Did you mean {near!r}?"
        if near
        else f"Declare it, or use one of: {listed or '(none is declared)'}.",
        out_zh=f"是否想写 {near!r}？" if near else f"请先声明，或使用：{listed or '（尚未声明）'}。",
    )


def _stores(document: ProgramDocument) -> Iterator[Finding]:
    if bool(document.stores) == document.any_store:
        yield Finding(
            code="stores_unclear",
            steps=("any_store",) if document.stores else (),
            value=document.any_store,
            en="A programme either lists its stores or accepts any store, not both and not neither.",
            zh="会员计划要么列出门店，要么接受任意门店，二者必选其一。",
            out_en="List them under stores, or write any_store: true.",
            out_zh="请在 stores 中列出门店，或写 any_store: true。",
        )


def _doubles(document: ProgramDocument) -> Iterator[Finding]:
    lists: list[tuple[Steps, list[str]]] = [
        (("stores",), [part.code for part in document.stores]),
        (("currencies",), [part.code for part in document.currencies]),
        (("stacking_groups",), [part.code for part in document.stacking_groups]),
        (("earn_rules",), [part.code for part in document.earn_rules]),
        (("tiers", "list"), [part.code for part in document.tiers.list] if document.tiers else []),
    ]
    for steps, codes in lists:
        first: dict[str, int] = {}
        for at, code in enumerate(codes):
            if first.setdefault(code, at) != at:
                yield Finding(
                    code="double_code",
                    steps=(*steps, at, "code"),
                    value=code,
                    en=f"The code {code!r} is used twice in {steps[0]}.",
                    zh=f"{steps[0]} 中代码 {code!r} 重复。",
                    out_en="Give each its own code.",
                    out_zh="请为每一项使用不同的代码。",
                )


def worth_of(part: CurrencyPart) -> Fraction | None:
    """Minor money for one unit, exact. Raises ZeroDivisionError for n/0."""
    if part.worth is None:
        return None
    if isinstance(part.worth, WorthPer):
        return Fraction(part.worth.minor, part.worth.per)
    return Fraction(part.worth)


def _is_positive(ratio: str) -> bool:
    try:
        return Fraction(ratio) > 0
    except ZeroDivisionError:
        return False


def _currencies(document: ProgramDocument) -> Iterator[Finding]:
    for at, part in enumerate(document.currencies):
        here: Steps = ("currencies", at)
        if part.code == "spend":
            yield Finding(
                code="reserved_code", steps=(*here, "code"), value=part.code,
                en="The code spend is reserved: tiers by spend are counted in money.",
                zh="代码 spend 已保留：按消费额定级时使用。",
                out_en="Choose another code.", out_zh="请换一个代码。",
            )  # fmt: skip
        try:
            worth = worth_of(part)
        except ZeroDivisionError:
            worth = Fraction(0)
        if worth is not None and worth <= 0:
            yield Finding(
                code="worth_not_positive", steps=(*here, "worth"), value=part.worth,
                en="A unit's worth must be more than nothing.",
                zh="积分价值必须大于零。",
                out_en='Write minor money for one unit, such as "1/100", or leave worth out.',
                out_zh='请填写每个单位对应的最小货币金额，例如 "1/100"，或删除 worth。',
            )  # fmt: skip
        if worth is None and part.kind == "spendable":
            yield Finding(
                code="worth_missing", steps=here, value=part.code,
                en="Units that can be spent are a liability, and need a worth to be counted in money.",
                zh="可消费的积分是负债，需要价值才能折算成金额。",
                out_en='Add worth, such as worth: "1/100" (minor money for one unit).',
                out_zh='请添加 worth，例如 worth: "1/100"（每个单位对应的最小货币金额）。',
            )  # fmt: skip
        yield from _expiry(part, here)
        if (part.debt.policy == "allow") != (part.debt.limit_units is not None):
            yield Finding(
                code="debt_unclear", steps=(*here, "debt"), value=part.debt.policy,
                en="Debt that is allowed has a limit, and debt that is forbidden has none.",
                zh="允许欠分时必须写上限，禁止欠分时不能写上限。",
                out_en="Write {policy: allow, limit_units: 2000}, or {policy: forbid}.",
                out_zh="请写 {policy: allow, limit_units: 2000} 或 {policy: forbid}。",
            )  # fmt: skip


def _expiry(part: CurrencyPart, here: Steps) -> Iterator[Finding]:
    if part.expiry == "never":
        return
    days = part.expiry.months * 28 + part.expiry.days
    if days == 0:
        yield Finding(
            code="expiry_empty", steps=(*here, "expiry"), value=part.code,
            en="An expiry needs months or days.",
            zh="有效期需要月数或天数。",
            out_en="Write {months: 12, round: month_end}, or never.",
            out_zh="请写 {months: 12, round: month_end}，或 never。",
        )  # fmt: skip
    elif part.pending.days >= days:
        yield Finding(
            code="pending_not_shorter_than_expiry", steps=(*here, "pending", "days"), value=part.pending.days,
            en=f"Units would still be pending after {part.pending.days} days when they expire after {days} or so.",
            zh=f"积分 {part.pending.days} 天后才生效，但约 {days} 天后就过期。",
            out_en="Make pending shorter, or expiry longer.",
            out_zh="请缩短待生效天数，或延长有效期。",
        )  # fmt: skip


def _groups(document: ProgramDocument) -> Iterator[Finding]:
    modes = {group.code: group.mode for group in document.stacking_groups}
    first: dict[str, str] = {}
    for at, rule in enumerate(document.earn_rules):
        if rule.group is None:
            continue
        here: Steps = ("earn_rules", at, "group")
        if rule.group not in modes:
            yield unknown(here, rule.group, list(modes), "stacking group", "叠加组")
            continue
        currency = currency_of(document, rule)
        if modes[rule.group] == "best" and currency is not None:
            other = first.setdefault(rule.group, currency)
            if other != currency:
                yield Finding(
                    code="best_of_two_currencies", steps=here, value=rule.group,
                    en=f"A best group compares points, and {rule.group!r} holds rules of {other!r} and {currency!r}.",
                    zh=f"best 组需要比较积分，而 {rule.group!r} 同时包含 {other!r} 和 {currency!r} 的规则。",
                    out_en="Use one best group for each currency.",
                    out_zh="请为每种积分各建一个 best 组。",
                )  # fmt: skip


def base_of(document: ProgramDocument, rule: EarnRulePart) -> EarnRulePart | None:
    """The rule that a `multiple` builds on; None when there is none or the rule is no multiple."""
    if rule.multiple is None:
        return None
    return next((other for other in document.earn_rules if other.code == rule.multiple.of), None)


def currency_of(document: ProgramDocument, rule: EarnRulePart) -> str | None:
    """The currency that a rule grants: its own, or its base's."""
    base = base_of(document, rule)
    return rule.currency or (base.currency if base else None)


def _rules(document: ProgramDocument) -> Iterator[Finding]:
    vocabulary = vocabulary_of(document)
    currencies = [part.code for part in document.currencies]
    for at, rule in enumerate(document.earn_rules):
        here: Steps = ("earn_rules", at)
        written = [name for name in GRANTS if getattr(rule, name) is not None]
        if len(written) != 1:
            yield Finding(
                code="grant_unclear", steps=here, value=", ".join(written),
                en=f"A rule grants in exactly one way, and {rule.code!r} has {len(written)}.",
                zh=f"每条规则只能有一种计分方式，而 {rule.code!r} 有 {len(written)} 种。",
                out_en="Keep one of per_amount, per_quantity, fixed, multiple.",
                out_zh="请保留 per_amount、per_quantity、fixed、multiple 中的一个。",
            )  # fmt: skip
        elif rule.multiple is not None:
            yield from _multiple(document, rule, here)
        if rule.per_quantity is not None and Fraction(rule.per_quantity.quantity) == 0:
            yield Finding(
                code="quantity_zero", steps=(*here, "per_quantity", "quantity"), value=rule.per_quantity.quantity,
                en="Points for a quantity of nothing have no meaning.",
                zh="数量不能为零。",
                out_en='Write a quantity such as "1" or "0.5".', out_zh='请填写数量，例如 "1" 或 "0.5"。',
            )  # fmt: skip
        if rule.currency is None and rule.multiple is None:
            yield Finding(
                code="currency_missing", steps=here, value=rule.code,
                en=f"The rule {rule.code!r} does not say which currency it grants.",
                zh=f"规则 {rule.code!r} 没有说明发放哪种积分。",
                out_en=f"Add currency: {currencies[0]}.", out_zh=f"请添加 currency: {currencies[0]}。",
            )  # fmt: skip
        elif rule.currency is not None and rule.currency not in currencies:
            yield unknown((*here, "currency"), rule.currency, currencies, "currency", "积分种类")
        if rule.when is None:
            continue
        wrong = list(condition_findings(rule.when, (*here, "when"), vocabulary, CONDITION_DEPTH_MAX))
        yield from wrong
        if not wrong:
            yield from _shape(rule, (*here, "when"), vocabulary)


def _multiple(document: ProgramDocument, rule: EarnRulePart, here: Steps) -> Iterator[Finding]:
    assert rule.multiple is not None
    base = base_of(document, rule)
    others = [other.code for other in document.earn_rules if other.multiple is None]
    if base is None:
        yield unknown((*here, "multiple", "of"), rule.multiple.of, others, "earn rule", "积分规则")
        return
    if base.multiple is not None:
        yield Finding(
            code="multiple_of_multiple", steps=(*here, "multiple", "of"), value=base.code,
            en=f"The rule {base.code!r} is itself a multiple.",
            zh=f"规则 {base.code!r} 本身就是倍数规则。",
            out_en=f"Name its base {base.multiple.of!r} and the whole factor.",
            out_zh=f"请直接引用其基础规则 {base.multiple.of!r} 并写总倍数。",
        )  # fmt: skip
        return
    modes = {group.code: group.mode for group in document.stacking_groups}
    rivals = [other.code for other in document.earn_rules if other.group == base.group and other is not base]
    if base.group is not None and modes.get(base.group) == "best" and rivals:
        yield Finding(
            code="multiple_of_uncertain_base", steps=(*here, "multiple", "of"), value=base.code,
            en=f"The base {base.code!r} may lose in its best group, and the multiple would still add to it.",
            zh=f"基础规则 {base.code!r} 在 best 组中可能落选，倍数却仍会叠加。",
            out_en="Take the base out of the group, and put the multiples into it.",
            out_zh="请把基础规则移出该组，只把倍数规则放入组内。",
        )  # fmt: skip
    if rule.currency is not None and base.currency is not None and rule.currency != base.currency:
        yield Finding(
            code="multiple_of_other_currency", steps=(*here, "currency"), value=rule.currency,
            en=f"A multiple grants its base's currency, which is {base.currency!r}.",
            zh=f"倍数规则发放的积分与基础规则相同，即 {base.currency!r}。",
            out_en="Leave currency out.", out_zh="请删除 currency。",
        )  # fmt: skip
    yield from _factor(rule, base, here)


def _factor(rule: EarnRulePart, base: EarnRulePart, here: Steps) -> Iterator[Finding]:
    assert rule.multiple is not None
    steps: Steps = (*here, "multiple", "by")
    if not _is_positive(rule.multiple.by) or Fraction(rule.multiple.by) <= 1:
        yield Finding(
            code="multiple_not_above_one", steps=steps, value=rule.multiple.by,
            en="A multiple is more than 1: 2 means that base and bonus together are double.",
            zh="倍数必须大于 1：2 表示基础分与加分合计为两倍。",
            out_en='Write "2" or "3/2"; to earn less, narrow the base rule.',
            out_zh='请写 "2" 或 "3/2"；若要少给积分，请缩小基础规则的范围。',
        )  # fmt: skip
        return
    part = base.per_amount or base.per_quantity
    points = base.fixed.points if base.fixed else part.points if part and part.whole_steps else None
    if points is not None and (points * (Fraction(rule.multiple.by) - 1)).denominator != 1:
        yield Finding(
            code="multiple_not_whole", steps=steps, value=rule.multiple.by,
            en=f"{points} points a step times {rule.multiple.by} is no whole number of points.",
            zh=f"每档 {points} 分乘以 {rule.multiple.by} 不是整数。",
            out_en="Choose points or a factor that multiply to a whole number.",
            out_zh="请调整积分或倍数，使乘积为整数。",
        )  # fmt: skip


def _shape(rule: EarnRulePart, here: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    condition = condition_meaning(rule.when, vocabulary)
    try:
        split(condition)
    except Mixed:
        yield Finding(
            code="condition_mixes_given_and_state", steps=here, value=rule.code,
            en="An any (or a not of all) mixes what is known of the purchase with what is known of the member.",
            zh="any（或 not all）里混合了消费条件与会员状态条件。",
            out_en="Write two rules with the same grant, one for each branch, in one stacking group with mode best.",
            out_zh="请写成两条计分相同的规则，每个分支一条，放进同一个 mode 为 best 的叠加组。",
        )  # fmt: skip
    if not can_hold(condition):
        yield Finding(
            code="condition_never_holds", steps=here, value=rule.code,
            en=f"The conditions of {rule.code!r} contradict each other: the rule would never grant anything.",
            zh=f"规则 {rule.code!r} 的条件互相矛盾，永远不会发放积分。",
            out_en="Join alternatives with any instead of all, or mend the numbers.",
            out_zh="若是“或”的关系请用 any 代替 all，或修正数值。",
        )  # fmt: skip


def _tiers(document: ProgramDocument) -> Iterator[Finding]:
    if document.tiers is None:
        return
    currencies = [part.code for part in document.currencies]
    if document.tiers.by not in ("spend", *currencies):
        yield unknown(("tiers", "by"), document.tiers.by, ["spend", *currencies], "measure", "定级依据")
    below = -1
    for at, tier in enumerate(document.tiers.list):
        here: Steps = ("tiers", "list", at)
        if at == 0 and tier.reach != 0:
            yield Finding(
                code="first_tier_not_zero", steps=(*here, "reach"), value=tier.reach,
                en="Every member starts in the first tier, so it is reached with 0.",
                zh="每位会员都从第一级开始，因此其门槛必须是 0。",
                out_en="Write reach: 0.", out_zh="请写 reach: 0。",
            )  # fmt: skip
        elif tier.reach <= below:
            yield Finding(
                code="tiers_not_ascending", steps=(*here, "reach"), value=tier.reach,
                en=f"A tier must be harder to reach than the one before it ({below}).",
                zh=f"每一级的门槛必须高于前一级（{below}）。",
                out_en="Order the tiers from lowest to highest.", out_zh="请按从低到高排列等级。",
            )  # fmt: skip
        below = max(below, tier.reach)
        if not _is_positive(tier.multiplier):
            yield Finding(
                code="multiplier_not_positive", steps=(*here, "multiplier"), value=tier.multiplier,
                en="A tier's multiplier is more than nothing.", zh="等级倍率必须大于零。",
                out_en='Write "1" or "3/2".', out_zh='请写 "1" 或 "3/2"。',
            )  # fmt: skip
