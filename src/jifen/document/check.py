"""What more than one field must agree on: codes that exist, ladders that climb, conditions that can hold."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

from jifen.document.amounts import amount_findings, is_positive, whole_points
from jifen.document.check_days import day_findings
from jifen.document.check_ladder import ladder_findings
from jifen.document.check_occasions import moment_findings, occasion_findings
from jifen.document.check_trials import trial_findings
from jifen.document.claims import (
    condition_findings,
    vocabulary_for,
    vocabulary_of,
)
from jifen.document.codes import base_of, currency_of, unknown
from jifen.document.conditions import CONDITION_DEPTH_MAX
from jifen.document.exchanges import exchange_findings
from jifen.document.lives import life_findings
from jifen.document.meaning import Mixed, Vocabulary, can_hold, condition_meaning, split
from jifen.document.model import (
    CurrencyPart,
    EarnRulePart,
    ProgramDocument,
    WorthPer,
)
from jifen.document.offers import offer_findings
from jifen.document.problems import Finding, Steps
from jifen.document.rewards import reward_findings
from jifen.present.said import Said

GRANTS = ("per_amount", "per_quantity", "per_attribute", "fixed", "bands", "lesser_of", "multiple")


def findings(document: ProgramDocument) -> list[Finding]:
    """Everything that is wrong with the meaning of a well-formed document, in its order."""
    days = list(day_findings(document))
    if days:
        return [
            *_stores(document),
            *_doubles(document),
            *days,
        ]  # what conditions ask of days cannot be read yet
    return [
        *_stores(document),
        *_doubles(document),
        *_currencies(document),
        *life_findings(document),
        *_groups(document),
        *_rules(document),
        *moment_findings(document),
        *occasion_findings(document),
        *_shared_caps(document),
        *ladder_findings(document),
        *exchange_findings(document),
        *reward_findings(document),
        *offer_findings(document),
        *trial_findings(document),
    ]


def _stores(document: ProgramDocument) -> Iterator[Finding]:
    if bool(document.stores) == document.any_store:
        yield Finding(
            code="stores_unclear",
            steps=("any_store",) if document.stores else (),
            value=document.any_store,
            said=Said("problem.stores_unclear.said"),
            out=Said("problem.stores_unclear.out"),
        )


def _doubles(document: ProgramDocument) -> Iterator[Finding]:
    lists: list[tuple[Steps, list[str]]] = [
        (("stores",), [part.code for part in document.stores]),
        (("days",), [part.code for part in document.days]),
        (("currencies",), [part.code for part in document.currencies]),
        (("stacking_groups",), [part.code for part in document.stacking_groups]),
        (("shared_caps",), [part.code for part in document.shared_caps]),
        (("moments",), [part.code for part in document.moments]),
        (("events",), [part.code for part in document.events]),
        (("exchanges",), [part.code for part in document.exchanges]),
        (("rewards",), [part.code for part in document.rewards]),
        (("earn_rules",), [part.code for part in document.earn_rules]),
        (("offer_classes",), [part.code for part in document.offer_classes]),
        (("offers",), [part.code for part in document.offers]),
        (("tests",), [part.code for part in document.tests]),
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
                    said=Said("problem.double_code.said", code=repr(code), list=steps[0]),
                    out=Said("problem.double_code.out"),
                )


def worth_of(part: CurrencyPart) -> Fraction | None:
    """Minor money for one unit, exact. Raises ZeroDivisionError for n/0."""
    if part.worth is None:
        return None
    if isinstance(part.worth, WorthPer):
        return Fraction(part.worth.minor, part.worth.per)
    return Fraction(part.worth)


def _currencies(document: ProgramDocument) -> Iterator[Finding]:
    for at, part in enumerate(document.currencies):
        here: Steps = ("currencies", at)
        if part.code == "spend":
            yield Finding(
                code="reserved_code", steps=(*here, "code"), value=part.code,
                said=Said("problem.reserved_code.said"), out=Said("problem.reserved_code.out"),
            )  # fmt: skip
        try:
            worth = worth_of(part)
        except ZeroDivisionError:
            worth = Fraction(0)
        if worth is not None and worth <= 0:
            yield Finding(
                code="worth_not_positive", steps=(*here, "worth"), value=part.worth,
                said=Said("problem.worth_not_positive.said"), out=Said("problem.worth_not_positive.out"),
            )  # fmt: skip
        if worth is None and part.kind == "spendable":
            yield Finding(
                code="worth_missing", steps=here, value=part.code,
                said=Said("problem.worth_missing.said"), out=Said("problem.worth_missing.out"),
            )  # fmt: skip
        if (part.debt.policy == "allow") != (part.debt.limit_units is not None):
            yield Finding(
                code="debt_unclear", steps=(*here, "debt"), value=part.debt.policy,
                said=Said("problem.debt_unclear.said"), out=Said("problem.debt_unclear.out"),
            )  # fmt: skip


def _groups(document: ProgramDocument) -> Iterator[Finding]:
    modes = {group.code: group.mode for group in document.stacking_groups}
    first: dict[str, str] = {}
    for at, rule in enumerate(document.earn_rules):
        if rule.group is None:
            continue
        here: Steps = ("earn_rules", at, "group")
        if rule.group not in modes:
            yield unknown(here, rule.group, list(modes), "stacking_group")
            continue
        currency = currency_of(document, rule)
        if modes[rule.group] != "add" and currency is not None:
            other = first.setdefault(rule.group, currency)
            if other != currency:
                yield Finding(
                    code="best_of_two_currencies",
                    steps=here,
                    value=rule.group,
                    said=Said(
                        "problem.best_of_two_currencies.said",
                        group=repr(rule.group),
                        other=repr(other),
                        currency=repr(currency),
                    ),
                    out=Said("problem.best_of_two_currencies.out"),
                )


def _rules(document: ProgramDocument) -> Iterator[Finding]:
    vocabulary = vocabulary_of(document)
    currencies = [part.code for part in document.currencies]
    for at, rule in enumerate(document.earn_rules):
        here: Steps = ("earn_rules", at)
        written = [name for name in GRANTS if getattr(rule, name) is not None]
        if len(written) != 1:
            yield Finding(
                code="grant_unclear",
                steps=here,
                value=", ".join(written),
                said=Said("problem.grant_unclear.said", rule=repr(rule.code), count=len(written)),
                out=Said("problem.grant_unclear.out"),
            )
        elif rule.multiple is not None:
            yield from _multiple(document, rule, here)
        yield from amount_findings(rule, here)
        if rule.per_quantity is not None and Fraction(rule.per_quantity.quantity) == 0:
            yield Finding(
                code="quantity_zero", steps=(*here, "per_quantity", "quantity"), value=rule.per_quantity.quantity,
                said=Said("problem.quantity_zero.said"), out=Said("problem.quantity_zero.out"),
            )  # fmt: skip
        if rule.currency is None and rule.multiple is None:
            yield Finding(
                code="currency_missing",
                steps=here,
                value=rule.code,
                said=Said("problem.currency_missing.said", rule=repr(rule.code)),
                out=Said("problem.currency_missing.out", currency=currencies[0]),
            )
        elif rule.currency is not None and rule.currency not in currencies:
            yield unknown((*here, "currency"), rule.currency, currencies, "currency")
        if rule.when is None:
            continue
        own = vocabulary_for(document, rule, vocabulary)
        wrong = list(condition_findings(rule.when, (*here, "when"), own, CONDITION_DEPTH_MAX))
        yield from wrong
        if not wrong:
            yield from _shape(rule, (*here, "when"), own)


def _shared_caps(document: ProgramDocument) -> Iterator[Finding]:
    known = [part.code for part in document.shared_caps]
    first: dict[str, str] = {}
    for at, rule in enumerate(document.earn_rules):
        currency = currency_of(document, rule)
        for which, code in enumerate(rule.shares):
            here: Steps = ("earn_rules", at, "shares", which)
            if code not in known:
                yield unknown(here, code, known, "shared_cap")
            elif currency is not None and first.setdefault(code, currency) != currency:
                yield Finding(
                    code="shared_by_two_currencies", steps=here, value=code,
                    said=Said("problem.shared_by_two_currencies.said", code=repr(code), other=repr(first[code]),
                              currency=repr(currency)),
                    out=Said("problem.shared_by_two_currencies.out"),
                )  # fmt: skip
    for at, part in enumerate(document.shared_caps):
        if part.code not in first:
            yield Finding(
                code="shared_by_nobody", steps=("shared_caps", at), value=part.code,
                said=Said("problem.shared_by_nobody.said", code=repr(part.code)), out=Said("problem.shared_by_nobody.out"),
            )  # fmt: skip
        if not any(cap.model_dump(exclude_none=True) for cap in (part.caps, part.times)):
            yield Finding(
                code="shared_cap_empty", steps=("shared_caps", at, "caps"), value=part.code,
                said=Said("problem.shared_cap_empty.said", code=repr(part.code)), out=Said("problem.shared_cap_empty.out"),
            )  # fmt: skip


def _multiple(document: ProgramDocument, rule: EarnRulePart, here: Steps) -> Iterator[Finding]:
    assert rule.multiple is not None
    base = base_of(document, rule)
    others = [other.code for other in document.earn_rules if other.multiple is None]
    if base is None:
        yield unknown((*here, "multiple", "of"), rule.multiple.of, others, "earn_rule")
        return
    if base.multiple is not None:
        yield Finding(
            code="multiple_of_multiple",
            steps=(*here, "multiple", "of"),
            value=base.code,
            said=Said("problem.multiple_of_multiple.said", base=repr(base.code)),
            out=Said("problem.multiple_of_multiple.out", base_of=repr(base.multiple.of)),
        )
        return
    modes = {group.code: group.mode for group in document.stacking_groups}
    rivals = [other.code for other in document.earn_rules if other.group == base.group and other is not base]
    if base.group is not None and modes.get(base.group, "add") != "add" and rivals:
        yield Finding(
            code="multiple_of_uncertain_base",
            steps=(*here, "multiple", "of"),
            value=base.code,
            said=Said("problem.multiple_of_uncertain_base.said", base=repr(base.code)),
            out=Said("problem.multiple_of_uncertain_base.out"),
        )
    if rule.currency is not None and base.currency is not None and rule.currency != base.currency:
        yield Finding(
            code="multiple_of_other_currency",
            steps=(*here, "currency"),
            value=rule.currency,
            said=Said("problem.multiple_of_other_currency.said", currency=repr(base.currency)),
            out=Said("problem.multiple_of_other_currency.out"),
        )
    yield from _factor(rule, base, here)


def _factor(rule: EarnRulePart, base: EarnRulePart, here: Steps) -> Iterator[Finding]:
    assert rule.multiple is not None
    steps: Steps = (*here, "multiple", "by")
    if not is_positive(rule.multiple.by) or Fraction(rule.multiple.by) <= 1:
        yield Finding(
            code="multiple_not_above_one", steps=steps, value=rule.multiple.by,
            said=Said("problem.multiple_not_above_one.said"), out=Said("problem.multiple_not_above_one.out"),
        )  # fmt: skip
        return
    factor = Fraction(rule.multiple.by) - 1
    points = next((one for one in whole_points(base) if (one * factor).denominator != 1), None)
    if points is not None:
        yield Finding(
            code="multiple_not_whole", steps=steps, value=rule.multiple.by,
            said=Said("problem.multiple_not_whole.said", points=points, factor=rule.multiple.by),
            out=Said("problem.multiple_not_whole.out"),
        )  # fmt: skip


def _shape(rule: EarnRulePart, here: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    condition = condition_meaning(rule.when, vocabulary)
    try:
        split(condition)
    except Mixed:
        yield Finding(
            code="condition_mixes_given_and_state",
            steps=here,
            value=rule.code,
            said=Said("problem.condition_mixes_given_and_state.said"),
            out=Said("problem.condition_mixes_given_and_state.out"),
        )
    if not can_hold(condition):
        yield Finding(
            code="condition_never_holds",
            steps=here,
            value=rule.code,
            said=Said("problem.condition_never_holds.said", rule=repr(rule.code)),
            out=Said("problem.condition_never_holds.out"),
        )
