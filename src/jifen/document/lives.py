"""The lives of units, from the document to terms: when they can be used, until when, who pays for them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from jifen.document.codes import currency_of, unknown
from jifen.document.model import CurrencyPart, ExpiryPart, Pending, ProgramDocument, TermsPart
from jifen.document.problems import Finding, Steps
from jifen.domain.program.meaning import Expiry, Terms, Until
from jifen.domain.program.numbering import Numbering
from jifen.present.said import Said

_UNTIL = {
    None: Until.ITSELF,
    "month_end": Until.MONTH_END,
    "quarter_end": Until.QUARTER_END,
    "year_end": Until.YEAR_END,
}


def terms_code(currency: str, terms: str | None) -> str:
    """What terms are called among all: those that a currency has first by its own code."""
    return currency if terms is None else f"{currency}/{terms}"


def lives_of(part: CurrencyPart, numbering: Numbering) -> Iterator[Terms]:
    """The terms of a currency, its own first."""
    for one in (None, *part.terms):
        code = terms_code(part.code, one.code if one else None)
        expiry, pending = expiry_of(part, one), pending_of(part, one)
        yield Terms(
            number=numbering.number("terms", code),
            code=code,
            expiry=None if expiry == "never" else _expiry(expiry),
            pending_days=pending.days,
            pending_until=None if pending.until is None else date.fromisoformat(pending.until),
            pending_to_day=pending.day_of_month or 0,
            funded_by=(one and one.funded_by) or part.funded_by,
            qualifies=part.qualifies if one is None or one.qualifies is None else one.qualifies,
            grace_days=part.grace_days if one is None or one.grace_days is None else one.grace_days,
        )


def expiry_of(part: CurrencyPart, terms: TermsPart | None) -> ExpiryPart | str:
    """How units expire under some terms: as their currency says where they say nothing."""
    return part.expiry if terms is None or terms.expiry is None else terms.expiry


def pending_of(part: CurrencyPart, terms: TermsPart | None) -> Pending:
    """How long units wait under some terms."""
    return part.pending if terms is None or terms.pending is None else terms.pending


def _expiry(part: ExpiryPart | str) -> Expiry:
    assert isinstance(part, ExpiryPart)
    on = sorted((int(one[:2]), int(one[3:])) for one in part.on)
    return Expiry(months=part.months, days=part.days, until=_UNTIL[part.round], on=tuple(on))


def life_findings(document: ProgramDocument) -> Iterator[Finding]:
    """What is wrong with expiry, pending and terms, and with rules that name terms."""
    for at, part in enumerate(document.currencies):
        here: Steps = ("currencies", at)
        seen: set[str] = set()
        yield from _life(part, None, here)
        for which, one in enumerate(part.terms):
            if one.code in seen:
                yield Finding(
                    code="double_code", steps=(*here, "terms", which, "code"), value=one.code,
                    said=Said("problem.double_code.said", code=repr(one.code), list="terms"),
                    out=Said("problem.double_code.out"),
                )  # fmt: skip
            seen.add(one.code)
            yield from _life(part, one, (*here, "terms", which))
    terms = {part.code: [one.code for one in part.terms] for part in document.currencies}
    for at, rule in enumerate(document.earn_rules):
        currency = currency_of(document, rule)
        if rule.terms is not None and currency in terms and rule.terms not in terms[currency]:
            yield unknown(("earn_rules", at, "terms"), rule.terms, terms[currency], "terms")


def _life(part: CurrencyPart, terms: TermsPart | None, here: Steps) -> Iterator[Finding]:
    expiry, pending = expiry_of(part, terms), pending_of(part, terms)
    waits = sum((pending.days > 0, pending.until is not None, pending.day_of_month is not None))
    if waits > 1:
        yield Finding(
            code="pending_unclear", steps=(*here, "pending"), value=waits,
            said=Said("problem.pending_unclear.said"), out=Said("problem.pending_unclear.out"),
        )  # fmt: skip
    if pending.until is not None and not _is_day(pending.until):
        yield _no_day((*here, "pending", "until"), pending.until)
    if not isinstance(expiry, ExpiryPart):
        return
    for at, one in enumerate(expiry.on):
        if not _is_day(f"2000-{one}"):
            yield _no_day((*here, "expiry", "on", at), one)
    if expiry.on and expiry.round is not None:
        yield Finding(
            code="expiry_unclear", steps=(*here, "expiry"), value=expiry.round,
            said=Said("problem.expiry_unclear.said"), out=Said("problem.expiry_unclear.out"),
        )  # fmt: skip
    days = expiry.months * 28 + expiry.days
    if days == 0 and expiry.round is None and not expiry.on:
        yield Finding(
            code="expiry_empty", steps=(*here, "expiry"), value=part.code,
            said=Said("problem.expiry_empty.said"), out=Said("problem.expiry_empty.out"),
        )  # fmt: skip
    elif pending.days and pending.days >= days:
        yield Finding(
            code="pending_not_shorter_than_expiry",
            steps=(*here, "pending", "days"),
            value=pending.days,
            said=Said("problem.pending_not_shorter_than_expiry.said", pending=pending.days, days=days),
            out=Said("problem.pending_not_shorter_than_expiry.out"),
        )


def _is_day(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False


def _no_day(steps: Steps, value: str) -> Finding:
    return Finding(
        code="no_such_day", steps=steps, value=value,
        said=Said("problem.no_such_day.said", day=repr(value)), out=Said("problem.no_such_day.out"),
    )  # fmt: skip
