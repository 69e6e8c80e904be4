"""What is wrong with what rules see beside purchases: events and moments, and what each kind of occasion knows."""

from __future__ import annotations

from collections.abc import Iterator

from jifen.document.claims import condition_findings, vocabulary_for, vocabulary_of
from jifen.document.codes import base_of, unknown
from jifen.document.conditions import CONDITION_DEPTH_MAX
from jifen.document.meaning import Vocabulary, condition_meaning
from jifen.document.model import EarnRulePart, EventPart, MomentPart, ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.domain.program.conditions import FACTS, FactKind
from jifen.domain.program.reading import claims_of
from jifen.present.said import Said

WAYS = ("expiry_ahead", "on_days", "anniversary", "asleep", "after_joining")


def moment_findings(document: ProgramDocument) -> Iterator[Finding]:
    currencies = {part.code: part for part in document.currencies}
    events = {part.code for part in document.events}
    days = [part.code for part in document.days]
    for at, part in enumerate(document.moments):
        here: Steps = ("moments", at, "expiry_ahead", "currency")
        if part.code in events:
            yield Finding(
                code="occasion_twice",
                steps=("moments", at, "code"),
                value=part.code,
                said=Said("problem.occasion_twice.said", code=repr(part.code)),
                out=Said("problem.occasion_twice.out"),
            )
        written = [name for name in WAYS if getattr(part, name) is not None]
        if len(written) != 1:
            yield Finding(
                code="moment_unclear",
                steps=("moments", at),
                value=", ".join(written),
                said=Said("problem.moment_unclear.said", moment=repr(part.code), count=len(written)),
                out=Said("problem.moment_unclear.out"),
            )
            continue
        for which, named in enumerate(part.on_days or ()):
            if named not in days:
                yield unknown(("moments", at, "on_days", which), named, days, "day")
        if part.expiry_ahead is None:
            continue
        code = part.expiry_ahead.currency
        if code not in currencies:
            yield unknown(here, code, list(currencies), "currency")
        elif currencies[code].expiry == "never":
            yield Finding(
                code="moment_never_due",
                steps=here,
                value=code,
                said=Said("problem.moment_never_due.said", moment=repr(part.code), currency=repr(code)),
                out=Said("problem.moment_never_due.out"),
            )


def occasion_findings(document: ProgramDocument) -> Iterator[Finding]:
    """What rules see by `on`, and what each kind of occasion knows."""
    moments = {part.code: part for part in document.moments}
    events = {part.code: part for part in document.events}
    for at, part in enumerate(document.events):
        if part.birthday is not None and (part.attributes or "sent_by" in part.model_fields_set):
            yield Finding(
                code="birthday_is_told_by_nobody",
                steps=("events", at, "birthday"),
                value=part.code,
                said=Said("problem.birthday_is_told_by_nobody.said", event=repr(part.code)),
                out=Said("problem.birthday_is_told_by_nobody.out"),
            )
    around = vocabulary_of(document)
    for at, rule in enumerate(document.earn_rules):
        here: Steps = ("earn_rules", at)
        if rule.on is not None and rule.on not in moments and rule.on not in events:
            yield unknown((*here, "on"), rule.on, [*moments, *events], "occasion")
            continue
        base = base_of(document, rule)
        if base is not None and base.on != rule.on:
            yield Finding(
                code="multiple_of_other_occasion",
                steps=(*here, "multiple", "of"),
                value=base.code,
                said=Said("problem.multiple_of_other_occasion.said", base=repr(base.code)),
                out=Said("problem.multiple_of_other_occasion.out"),
            )
        given = _given_facts(rule, vocabulary_for(document, rule, around))
        if rule.on in moments:
            yield from _on_moment(document, rule, moments[rule.on], here, given)
        elif rule.on in events:
            yield from _on_event(rule, events[rule.on], here, given)
        else:
            if rule.per_attribute is not None:
                yield Finding(
                    code="attribute_without_event",
                    steps=(*here, "per_attribute"),
                    value=rule.code,
                    said=Said("problem.attribute_without_event.said", rule=repr(rule.code)),
                    out=Said("problem.attribute_without_event.out"),
                )
            for fact in [one for one in given if _is_of_event(one)][:1]:
                yield Finding(
                    code="when_sees_no_event",
                    steps=(*here, "when"),
                    value=fact,
                    said=Said("problem.when_sees_no_event.said", rule=repr(rule.code), fact=repr(fact)),
                    out=Said("problem.when_sees_no_event.out"),
                )


def _on_moment(
    document: ProgramDocument, rule: EarnRulePart, moment: MomentPart, here: Steps, given: list[str]
) -> Iterator[Finding]:
    if rule.fixed is None:
        yield Finding(
            code="moment_without_amount",
            steps=here,
            value=rule.code,
            said=Said("problem.moment_without_amount.said", rule=repr(rule.code)),
            out=Said("problem.moment_without_amount.out"),
        )
    expiring = moment.expiry_ahead and moment.expiry_ahead.currency
    if rule.currency is not None and expiring and _leads_back(document, rule.currency, expiring):
        yield Finding(
            code="moment_feeds_itself",
            steps=(*here, "currency"),
            value=rule.currency,
            said=Said("problem.moment_feeds_itself.said", rule=repr(rule.code), currency=repr(rule.currency)),
            out=Said("problem.moment_feeds_itself.out"),
        )
    for fact in given[:1]:
        yield Finding(
            code="moment_sees_no_purchase",
            steps=(*here, "when"),
            value=fact,
            said=Said("problem.moment_sees_no_purchase.said", rule=repr(rule.code), fact=repr(fact)),
            out=Said("problem.moment_sees_no_purchase.out"),
        )


def _on_event(rule: EarnRulePart, event: EventPart, here: Steps, given: list[str]) -> Iterator[Finding]:
    if rule.fixed is None and rule.per_attribute is None and rule.multiple is None:
        yield Finding(
            code="event_without_amount",
            steps=here,
            value=rule.code,
            said=Said("problem.event_without_amount.said", rule=repr(rule.code)),
            out=Said("problem.event_without_amount.out"),
        )
    if rule.per_attribute is not None:
        steps: Steps = (*here, "per_attribute", "attribute")
        numbers = [code for code, type_ in event.attributes.items() if type_ == "integer"]
        if rule.per_attribute.attribute not in numbers:
            yield unknown(steps, rule.per_attribute.attribute, numbers, "attribute")
    for fact in [one for one in given if not _is_of_event(one)][:1]:
        yield Finding(
            code="event_sees_no_purchase",
            steps=(*here, "when"),
            value=fact,
            said=Said("problem.event_sees_no_purchase.said", rule=repr(rule.code), fact=repr(fact)),
            out=Said("problem.event_sees_no_purchase.out"),
        )


def _is_of_event(fact: str) -> bool:
    return fact.startswith("event.")


def _leads_back(document: ProgramDocument, given: str, expiring: str) -> bool:
    """Whether what a moment gives leads, by the expiry of what is given and other moments, to the currency it tells of."""
    ahead = {part.code: part.expiry_ahead.currency for part in document.moments if part.expiry_ahead}
    gives = [
        (ahead[rule.on], rule.currency) for rule in document.earn_rules if rule.on in ahead and rule.currency
    ]
    reached, found = {given}, True
    while found:
        more = {currency for comes, currency in gives if comes in reached} - reached
        reached |= more
        found = bool(more)
    return expiring in reached


def _given_facts(rule: EarnRulePart, vocabulary: Vocabulary) -> list[str]:
    """The given facts that a rule's condition speaks of, where it is well formed."""
    if rule.when is None or list(condition_findings(rule.when, (), vocabulary, CONDITION_DEPTH_MAX)):
        return []
    facts = [claim.fact for claim in claims_of(condition_meaning(rule.when, vocabulary))]
    return [
        name
        for name in facts
        if name not in FACTS or FACTS[name].kind not in (FactKind.STATE, FactKind.KNOWN)
    ]
