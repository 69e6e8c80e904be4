"""From a document to its compiled meaning, numbered and proven to fit in 64 bits."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import UTC, date, datetime
from fractions import Fraction

from jifen.document import bounds, check, world
from jifen.document.amounts import ONE, granted_by
from jifen.document.claims import vocabulary_for, vocabulary_of
from jifen.document.codes import base_of, currency_of
from jifen.document.conditions import claims_written
from jifen.document.days import dates_of
from jifen.document.exchanges import exchanges_of
from jifen.document.fields import UNITS_MAX
from jifen.document.lives import lives_of, terms_code
from jifen.document.meaning import Vocabulary, condition_meaning, split
from jifen.document.model import (
    Caps,
    CurrencyPart,
    DayPart,
    EarnRulePart,
    MomentPart,
    ProgramDocument,
    SharedCaps,
    Tiers,
)
from jifen.document.offers import offers_of
from jifen.document.problems import DocumentProblem, DocumentRefused, Finding
from jifen.document.rewards import rewards_of
from jifen.domain.calendar import day_number
from jifen.domain.program.conditions import ALWAYS, NEVER, All
from jifen.domain.program.meaning import (
    BY_SPEND,
    BY_VISITS,
    NO_MOST,
    NONE,
    Birthday,
    Brought,
    Budget,
    Counts,
    Currency,
    Downgrade,
    Draw,
    EarnRule,
    EventType,
    Keeps,
    Ladder,
    Limit,
    Moment,
    Period,
    Program,
    Rounding,
    Store,
    Tier,
    Together,
    When,
    Window,
    WindowKind,
)
from jifen.domain.program.numbering import Numbering
from jifen.domain.texts import CODE, canonical_or_same

TIER_OF_ALL = "member"
"""The one tier of a programme that declares none."""


def compile_program(
    document: ProgramDocument, *, revision: int, effective_at: datetime, numbering: Numbering
) -> Program:
    """The document's compiled meaning. Codes that `numbering` does not know get the next numbers.

    Refuses
        DocumentRefused   the document contradicts itself, or its numbers could overflow.
    """
    _refuse(check.findings(document))
    program = _compiled(document, revision, effective_at, numbering_after(document, numbering))
    _refuse(bounds.findings(document, program))
    return program


def _refuse(found: list[Finding]) -> None:
    if found:
        raise DocumentRefused(finding.as_problem() for finding in found)


def findings(document: ProgramDocument) -> list[Finding]:
    """Everything that keeps a document from becoming a revision, before any place in a text is known.

    `compile_program` refuses the same but what lists of the world say: a revision that was published goes on.
    """
    found = [*check.findings(document), *world.findings(document)]
    if found:
        return found
    program = _compiled(document, 1, datetime(2000, 1, 1, tzinfo=UTC), numbering_after(document, Numbering()))
    return bounds.findings(document, program)


def problems(document: ProgramDocument) -> tuple[DocumentProblem, ...]:
    """What is wrong with a document that did not come from a text."""
    return tuple(finding.as_problem() for finding in findings(document))


def numbering_after(document: ProgramDocument, numbering: Numbering) -> Numbering:
    """The numbering once this document is a revision: keep it with the revision, and give it to the next."""
    tiers = [tier.code for tier in document.tiers.list] if document.tiers else [TIER_OF_ALL]
    asked = times_asked(document)
    return (
        numbering.extended_by("currency", (part.code for part in document.currencies))
        .extended_by("terms", (part.code for part in document.currencies))
        .extended_by(
            "terms", (terms_code(part.code, one.code) for part in document.currencies for one in part.terms)
        )
        .extended_by("rule", (rule.code for rule in document.earn_rules))
        .extended_by(
            "limit", (limit.code for rule in document.earn_rules for limit in _limits(document, rule, asked))
        )
        .extended_by("limit", (_moment_code(part.code) for part in document.moments))
        .extended_by("event", (part.code for part in document.events))
        .extended_by("exchange", (part.code for part in document.exchanges))
        .extended_by("reward", (part.code for part in document.rewards))
        .extended_by("tier", tiers)
        .extended_by(
            "pool", (_pool_code(document, rule) for rule in document.earn_rules if rule.budget is not None)
        )
    )


def _compiled(
    document: ProgramDocument, revision: int, effective_at: datetime, numbering: Numbering
) -> Program:
    currencies = (_currency(part, numbering) for part in document.currencies)
    named_days = {part.code: part for part in document.days}
    return Program(
        revision=revision,
        effective_at=effective_at,
        code=document.program.code,
        names=document.program.names,
        time_zone=document.time_zone,
        money=document.money.code,
        money_decimals=document.money.decimals,
        purchase_amount_minor_max=document.limits.purchase_amount_minor_max,
        stores={
            part.code: Store(code=part.code, names=part.names, time_zone=part.time_zone or document.time_zone)
            for part in document.stores
        },
        any_store=document.any_store,
        line_attributes=dict(document.line_attributes),
        late_days={
            "": document.limits.late_days.default,
            **{
                canonical_or_same(one, CODE): days
                for one, days in document.limits.late_days.by_source.items()
            },
        },
        currencies=tuple(sorted(currencies, key=lambda currency: currency.number)),
        rules=_rules(document, numbering),
        ladders=(_ladder(document, numbering),),
        days={part.code: part.names for part in document.days},
        moments=tuple(_moment(part, named_days, numbering) for part in document.moments),
        exchanges=exchanges_of(document, numbering),
        rewards=rewards_of(document, numbering),
        offers=offers_of(document),
        events=tuple(
            EventType(
                number=numbering.number("event", part.code),
                code=part.code,
                names=part.names,
                attributes=dict(part.attributes),
                from_members="members" in part.sent_by and part.birthday is None,
                from_keys="keys" in part.sent_by and part.birthday is None,
                birthday=None
                if part.birthday is None
                else Birthday(before=part.birthday.before, known_days=part.birthday.known_days),
            )
            for part in document.events
        ),
    )


def _moment(part: MomentPart, days: Mapping[str, DayPart], numbering: Numbering) -> Moment:
    number = numbering.number("limit", _moment_code(part.code))
    if part.expiry_ahead is not None:
        currency = numbering.number("currency", part.expiry_ahead.currency)
        return Moment(
            number=number, code=part.code, names=part.names, currency=currency, days=part.expiry_ahead.days
        )
    if part.on_days is not None:
        dates = {one for code in part.on_days for one in dates_of(days[code])}
        on = sorted(day_number(date(one // 10_000, one // 100 % 100, one % 100)) for one in dates)
        return Moment(
            number=number,
            code=part.code,
            names=part.names,
            brought=Brought.ON_DAYS,
            on=tuple(on),
            named=part.on_days,
        )
    after = part.asleep or part.after_joining
    brought = Brought.ASLEEP if part.asleep else Brought.AFTER_JOINING if after else Brought.ANNIVERSARY
    return Moment(
        number=number, code=part.code, names=part.names, brought=brought, days=after.days if after else 0
    )


def _pool_code(document: ProgramDocument, rule: EarnRulePart) -> str:
    """What the pool of a rule is called: units of another currency are another pool."""
    return f"{rule.code}/{currency_of(document, rule)}"


def _moment_code(code: str) -> str:
    """What a moment is called among limits, which are called by a rule and a period."""
    return f"moment/{code}"


def _currency(part: CurrencyPart, numbering: Numbering) -> Currency:
    worth = check.worth_of(part)
    return Currency(
        number=numbering.number("currency", part.code),
        code=part.code,
        names=part.names,
        kind=part.kind,
        scale=part.scale,
        worth_minor=None if worth is None else _lowest(worth / 10**part.scale),
        debt_limit=(part.debt.limit_units or 0) * 10**part.scale,
        terms=tuple(lives_of(part, numbering)),
        draw=Draw.BY_TERMS if part.draw == "terms" else Draw.BY_EXPIRY,
    )


def in_group_order(document: ProgramDocument) -> list[tuple[int, EarnRulePart, int]]:
    """(position in the document, rule, group's position): rules of one group moved up to the group's first rule."""
    groups: dict[str | int, list[tuple[int, EarnRulePart]]] = {}
    for at, rule in enumerate(document.earn_rules):
        groups.setdefault(at if rule.group is None else rule.group, []).append((at, rule))
    return [(at, rule, group) for group, members in enumerate(groups.values()) for at, rule in members]


def _rules(document: ProgramDocument, numbering: Numbering) -> tuple[EarnRule, ...]:
    modes = {group.code: group.mode for group in document.stacking_groups}
    vocabulary = vocabulary_of(document)
    return tuple(
        _rule(
            document, rule, group, Together[modes.get(rule.group or "", "add").upper()], numbering, vocabulary
        )
        for _, rule, group in in_group_order(document)
    )


def _rule(
    document: ProgramDocument,
    rule: EarnRulePart,
    group: int,
    together: Together,
    numbering: Numbering,
    vocabulary: Vocabulary,
) -> EarnRule:
    base = base_of(document, rule) or rule
    currency = currency_of(document, rule)
    assert currency is not None
    smallest_of = smallest_units(document)
    smallest = smallest_of[currency]
    granted = granted_by(base, smallest, ONE if rule.multiple is None else Fraction(rule.multiple.by) - 1)
    given, state, known = split(
        _condition(base, rule, vocabulary_for(document, rule, vocabulary), smallest_of)
    )
    events = {part.code for part in document.events}
    rounding = rule.rounding or base.rounding or "down"
    multiplied = base.tier_multiplies if rule.tier_multiplies is None else rule.tier_multiplies
    return EarnRule(
        number=numbering.number("rule", rule.code),
        code=rule.code,
        names=rule.names,
        currency=numbering.number("currency", currency),
        terms=numbering.number("terms", terms_code(currency, rule.terms or base.terms)),
        grant=granted.grant,
        rate=granted.rate,
        shape=granted.shape,
        amounts=granted.amounts,
        least=(rule.least or 0) * smallest,
        rounding=Rounding[rounding.upper()],
        multiplied_by=0 if multiplied else NONE,
        group=group,
        together=together,
        limits=tuple(
            replace(limit, number=numbering.number("limit", limit.code))
            for limit in _limits(document, rule, times_asked(document), smallest)
        ),
        budget=None
        if rule.budget is None
        else Budget(pool=numbering.number("pool", _pool_code(document, rule)), units=rule.budget * smallest),
        given=given if rule.on is None else NEVER,
        told=given if rule.on in events else ALWAYS,
        known=known,
        state=state,
        on=NONE if rule.on is None or rule.on in events else numbering.number("limit", _moment_code(rule.on)),
        on_event=numbering.number("event", rule.on) if rule.on in events else NONE,
        attribute=base.per_attribute.attribute if base.per_attribute else "",
        multiplies="" if rule.multiple is None else rule.multiple.of,
    )


def smallest_units(document: ProgramDocument) -> dict[str, int]:
    """How many smallest units one unit as it is shown has, by the code of its currency. Documents are written as shown."""
    return {part.code: 10**part.scale for part in document.currencies}


def _limits(
    document: ProgramDocument, rule: EarnRulePart, asked: frozenset[tuple[str, str]], smallest: int = 1
) -> list[Limit]:
    """The limits of a rule, its own and those that it shares, before they are numbered.

    Where a multiple has none of its own for a period it has its base's as often as what it adds: a base of at most 100,
    times 5/2, is at most 250 together. Rounded down. What its base shares it shares as well.
    """
    base = base_of(document, rule)
    inherited = Caps() if base is None else base.caps
    more = Fraction(0) if rule.multiple is None else Fraction(rule.multiple.by) - 1
    limits = []
    when = When[rule.beyond.upper()]
    for period in Period:
        name = period.name.lower()
        own, of_base = getattr(rule.caps, name), getattr(inherited, name)
        code = f"{rule.code}/{name}"
        if own is not None:
            limits.append(Limit(number=NONE, code=code, period=period, units=own * smallest, when=when))
        elif of_base is not None:
            units = min(UNITS_MAX * smallest, int(of_base * smallest * more))
            limits.append(Limit(number=NONE, code=code, period=period, units=units, when=when))
        times = getattr(rule.times, name)
        if times is not None or (rule.code, name) in asked:
            most = NO_MOST if times is None else times
            limits.append(
                Limit(
                    number=NONE,
                    code=f"{rule.code}/times/{name}",
                    period=period,
                    units=most,
                    counts=Counts.TIMES,
                    when=when,
                )
            )
    shared = {part.code: part for part in document.shared_caps}
    for code in dict.fromkeys((*rule.shares, *(base.shares if base else ()))):
        limits += _shared(shared[code], smallest)
    return limits


def _shared(part: SharedCaps, smallest: int) -> Iterator[Limit]:
    """The limits that several rules share, before they are numbered."""
    when = When[part.beyond.upper()]
    for period in Period:
        name = period.name.lower()
        units, times = getattr(part.caps, name), getattr(part.times, name)
        if units is not None:
            code = f"shared/{part.code}/{name}"
            yield Limit(
                number=NONE, code=code, period=period, units=units * smallest, shared_as=part.code, when=when
            )
        if times is not None:
            code = f"shared/{part.code}/times/{name}"
            yield Limit(
                number=NONE,
                code=code,
                period=period,
                units=times,
                shared_as=part.code,
                counts=Counts.TIMES,
                when=when,
            )


def times_asked(document: ProgramDocument) -> frozenset[tuple[str, str]]:
    """By which rules and in which periods conditions ask how often they granted."""
    return frozenset(
        (claim.rule, claim.period or "life")
        for rule in document.earn_rules
        for claim in claims_written(rule.when)
        if claim.rule is not None
    )


def _condition(
    base: EarnRulePart, rule: EarnRulePart, vocabulary: Vocabulary, smallest: Mapping[str, int]
) -> All:
    written = [base.when] if base is rule else [base.when, rule.when]
    return All(parts=tuple(condition_meaning(when, vocabulary, smallest) for when in written))


def _lowest(rate: Fraction) -> tuple[int, int]:
    return rate.numerator, rate.denominator


_WINDOWS = {
    None: WindowKind.ROLLING,
    "calendar_year": WindowKind.CALENDAR_YEAR,
    "membership_year": WindowKind.MEMBERSHIP_YEAR,
    "life": WindowKind.LIFE,
}


def _keeps(tiers: Tiers) -> tuple[Keeps, int]:
    """How long a tier is kept."""
    if tiers.keeps_until is None:
        return Keeps.DAYS, tiers.keeps_days or 1
    return next(
        (kind, count)
        for kind in (Keeps.MONTH_ENDS, Keeps.YEAR_ENDS, Keeps.ANNIVERSARIES)
        if (count := getattr(tiers.keeps_until, kind.name.lower())) is not None
    )


def _ladder(document: ProgramDocument, numbering: Numbering) -> Ladder:
    if document.tiers is None:
        names = {"zh": "会员", "en": "Member"}
        number = numbering.number("tier", TIER_OF_ALL)
        only = Tier(number=number, code=TIER_OF_ALL, names=names, reach=0, multiplier=(1, 1))
        return Ladder(counts=BY_SPEND, window=Window(days=365), keeps_for=365, tiers=(only,))
    by = document.tiers.by
    smallest = smallest_units(document).get(by, 1)
    named = {part.code for part in document.currencies}
    counts = None if by in named else {"spend": BY_SPEND, "visits": BY_VISITS}[by]
    keeps, keeps_for = _keeps(document.tiers)
    return Ladder(
        counts=numbering.number("currency", by) if counts is None else counts,
        window=Window(days=document.tiers.window_days or 0, kind=_WINDOWS[document.tiers.window]),
        keeps=keeps,
        keeps_for=keeps_for,
        grace_days=document.tiers.grace_days,
        downgrade=Downgrade[document.tiers.downgrade.upper()],
        tiers=tuple(
            Tier(
                number=numbering.number("tier", tier.code),
                code=tier.code,
                names=tier.names,
                reach=tier.reach * smallest,
                keep=NONE if tier.keep is None else tier.keep * smallest,
                multiplier=_lowest(Fraction(tier.multiplier)),
            )
            for tier in document.tiers.list
        ),
    )
