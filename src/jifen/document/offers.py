"""Offers, from the document to their meaning, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator

from jifen.document.claims import condition_findings, vocabulary_of
from jifen.document.codes import unknown
from jifen.document.conditions import CONDITION_DEPTH_MAX, ConditionDocument
from jifen.document.meaning import Mixed, Vocabulary, can_hold, condition_meaning, split
from jifen.document.model import ProgramDocument
from jifen.document.offer_parts import NForMPart, NthPiecePart, OfferPart
from jifen.document.problems import Finding, Steps
from jifen.domain.basket import in_order
from jifen.domain.program.conditions import ALWAYS, All, Condition, FactKind
from jifen.domain.program.offers import (
    BPS,
    NO_CLASS,
    UNLIMITED,
    AmountOff,
    Bundle,
    BundleItem,
    Deal,
    FixedPrice,
    LastOfGroup,
    Offer,
    OfferClass,
    OnReturn,
    PercentOff,
    Threshold,
)
from jifen.domain.program.offers import Steps as SumSteps
from jifen.domain.program.reading import claims_of
from jifen.present.said import Said

DEALS = ("amount_off", "percent_off", "price", "nth", "n_for_m", "threshold", "bands", "bundle")
_OF_SUMS = ("threshold", "bands")
_NOT_KNOWN = frozenset({"purchase.payment_methods", "member.times_granted"})
"""What nobody knows while a basket is priced: how it will be paid, and what is counted only when an occasion is judged."""


def offers_of(document: ProgramDocument) -> tuple[Offer, ...]:
    """The offers in the order in which they are used."""
    vocabulary = vocabulary_of(document)
    smallest = {part.code: 10**part.scale for part in document.currencies}
    classes = {"": NO_CLASS} | {
        part.code: OfferClass(
            code=part.code, is_one=part.together == "one", not_with=frozenset(part.not_with)
        )
        for part in document.offer_classes
    }
    offers = [
        _offer(part, classes[part.stacking_class or ""], vocabulary, smallest) for part in document.offers
    ]
    return in_order(offers, [part.code for part in document.offer_classes])


def _offer(part: OfferPart, stands: OfferClass, vocabulary: Vocabulary, smallest: dict[str, int]) -> Offer:
    given, state, known = split(condition_meaning(part.when, vocabulary, smallest))
    return Offer(
        code=part.code,
        names=part.names,
        deal=_deal(part, vocabulary),
        stands=stands,
        given=given,
        state=state if known == ALWAYS else All(parts=(known, state)),
        lines=condition_meaning(part.lines, vocabulary),
        most_minor=UNLIMITED if part.most_minor is None else part.most_minor,
        times_most=UNLIMITED if part.times is None else part.times,
        is_exclusive=part.exclusive,
        on_return=OnReturn(part.on_return),
    )


def _deal(part: OfferPart, vocabulary: Vocabulary) -> Deal:  # noqa: PLR0911
    if part.amount_off is not None:
        return AmountOff(minor=part.amount_off.minor, each_piece=part.amount_off.each == "piece")
    if part.percent_off is not None:
        return PercentOff(bps=part.percent_off.bps)
    if part.price is not None:
        return FixedPrice(minor=part.price.minor)
    if part.nth is not None:
        off = BPS - part.nth.pays_bps
        return LastOfGroup(pieces=part.nth.n, last=1, off_bps=off, alike=part.nth.alike)
    if part.n_for_m is not None:
        last = part.n_for_m.n - part.n_for_m.m
        return LastOfGroup(pieces=part.n_for_m.n, last=last, off_bps=BPS, alike=part.n_for_m.alike)
    if part.threshold is not None:
        one = part.threshold
        return Threshold(spend_minor=one.spend_minor, off_minor=one.off_minor, repeats=one.repeats)
    if part.bands is not None:
        return SumSteps(steps=tuple((band.from_minor, band.off_minor) for band in part.bands))
    assert part.bundle is not None, "an offer takes off in one way"
    return Bundle(
        minor=part.bundle.price_minor,
        items=tuple(
            BundleItem(names=item.names, pieces=item.pieces, lines=condition_meaning(item.lines, vocabulary))
            for item in part.bundle.items
        ),
    )


def offer_findings(document: ProgramDocument) -> Iterator[Finding]:
    """What is wrong with offers and their classes."""
    classes = [part.code for part in document.offer_classes]
    for at, one in enumerate(document.offer_classes):
        for which, other in enumerate(one.not_with):
            here: Steps = ("offer_classes", at, "not_with", which)
            if other == one.code:
                yield Finding(
                    code="class_not_with_itself", steps=here, value=other,
                    said=Said("problem.class_not_with_itself.said", code=repr(other)),
                    out=Said("problem.class_not_with_itself.out"),
                )  # fmt: skip
            elif other not in classes:
                yield unknown(here, other, classes, "offer_class")
    vocabulary = vocabulary_of(document)
    for at, part in enumerate(document.offers):
        here = ("offers", at)
        if part.stacking_class is not None and part.stacking_class not in classes:
            yield unknown((*here, "class"), part.stacking_class, classes, "offer_class")
        yield from _deal_findings(part, here)
        yield from _conditions(part, here, vocabulary)


def _deal_findings(part: OfferPart, here: Steps) -> Iterator[Finding]:
    written = [name for name in DEALS if getattr(part, name) is not None]
    if len(written) != 1:
        yield Finding(
            code="offer_unclear", steps=here, value=", ".join(written),
            said=Said("problem.offer_unclear.said", offer=repr(part.code), count=len(written)),
            out=Said("problem.offer_unclear.out"),
        )  # fmt: skip
        return
    (kind,) = written
    if part.n_for_m is not None and part.n_for_m.m >= part.n_for_m.n:
        yield Finding(
            code="n_not_above_m", steps=(*here, "n_for_m", "m"), value=part.n_for_m.m,
            said=Said("problem.n_not_above_m.said", n=part.n_for_m.n, m=part.n_for_m.m),
            out=Said("problem.n_not_above_m.out"),
        )  # fmt: skip
    if part.threshold is not None and part.threshold.off_minor > part.threshold.spend_minor:
        yield _too_much((*here, "threshold", "off_minor"), part.threshold.off_minor)
    below = (0, 0)
    for at, band in enumerate(part.bands or ()):
        if band.from_minor <= below[0] or band.off_minor <= below[1]:
            wrong = "from_minor" if band.from_minor <= below[0] else "off_minor"
            yield Finding(
                code="offer_bands_not_ascending", steps=(*here, "bands", at, wrong), value=getattr(band, wrong),
                said=Said("problem.offer_bands_not_ascending.said"), out=Said("problem.offer_bands_not_ascending.out"),
            )  # fmt: skip
        elif band.off_minor > band.from_minor:
            yield _too_much((*here, "bands", at, "off_minor"), band.off_minor)
        below = (band.from_minor, band.off_minor)
    repeats = isinstance(part.nth or part.n_for_m, NthPiecePart | NForMPart) or part.bundle is not None
    if part.times is not None and not (repeats or (part.threshold is not None and part.threshold.repeats)):
        yield Finding(
            code="times_does_not_fit", steps=(*here, "times"), value=part.times,
            said=Said("problem.times_does_not_fit.said", kind=kind), out=Said("problem.times_does_not_fit.out"),
        )  # fmt: skip
    if part.on_return != "keep" and kind not in _OF_SUMS:
        yield Finding(
            code="on_return_does_not_fit", steps=(*here, "on_return"), value=part.on_return,
            said=Said("problem.on_return_does_not_fit.said", kind=kind), out=Said("problem.on_return_does_not_fit.out"),
        )  # fmt: skip
    if part.bundle is not None and part.lines is not None:
        yield Finding(
            code="bundle_sees_its_items", steps=(*here, "lines"), value=part.code,
            said=Said("problem.bundle_sees_its_items.said"), out=Said("problem.bundle_sees_its_items.out"),
        )  # fmt: skip


def _too_much(steps: Steps, value: int) -> Finding:
    return Finding(
        code="off_above_sum", steps=steps, value=value,
        said=Said("problem.off_above_sum.said"), out=Said("problem.off_above_sum.out"),
    )  # fmt: skip


def _conditions(part: OfferPart, here: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    items = part.bundle.items if part.bundle is not None else ()
    seeing: list[tuple[Steps, ConditionDocument | None]] = [((*here, "lines"), part.lines)]
    seeing += [((*here, "bundle", "items", at, "lines"), item.lines) for at, item in enumerate(items)]
    for steps, written in seeing:
        if written is None:
            continue
        wrong = list(condition_findings(written, steps, vocabulary, CONDITION_DEPTH_MAX))
        yield from wrong
        if not wrong:
            yield from _holding(
                part, condition_meaning(written, vocabulary), steps, vocabulary, of_lines=True
            )
    if part.when is None:
        return
    steps = (*here, "when")
    wrong = list(condition_findings(part.when, steps, vocabulary, CONDITION_DEPTH_MAX))
    yield from wrong
    if not wrong:
        condition = condition_meaning(part.when, vocabulary)
        found = list(_holding(part, condition, steps, vocabulary, of_lines=False))
        yield from found
        try:
            split(condition)
        except Mixed:
            yield Finding(
                code="condition_mixes_given_and_state", steps=steps, value=part.code,
                said=Said("problem.condition_mixes_given_and_state.said"),
                out=Said("problem.condition_mixes_given_and_state.out"),
            )  # fmt: skip


def _holding(
    part: OfferPart, condition: Condition, steps: Steps, vocabulary: Vocabulary, *, of_lines: bool
) -> Iterator[Finding]:
    """Whether a condition asks what can be known where it stands, and can hold."""
    for claim in claims_of(condition):
        fact = vocabulary.fact(claim.fact)
        if fact is None:
            continue
        if fact.kind is FactKind.EVENT or fact.name in _NOT_KNOWN:
            yield Finding(
                code="offer_cannot_ask", steps=steps, value=claim.fact,
                said=Said("problem.offer_cannot_ask.said", fact=repr(claim.fact)), out=Said("problem.offer_cannot_ask.out"),
            )  # fmt: skip
            return
        if (fact.kind is FactKind.LINE) != of_lines:
            key = "offer_lines_see_more" if of_lines else "offer_when_sees_lines"
            said = {
                "offer_lines_see_more": Said("problem.offer_lines_see_more.said", fact=repr(claim.fact)),
                "offer_when_sees_lines": Said("problem.offer_when_sees_lines.said", fact=repr(claim.fact)),
            }[key]
            out = {
                "offer_lines_see_more": Said("problem.offer_lines_see_more.out"),
                "offer_when_sees_lines": Said("problem.offer_when_sees_lines.out"),
            }[key]
            yield Finding(code=key, steps=steps, value=claim.fact, said=said, out=out)
            return
    if not can_hold(condition):
        yield Finding(
            code="condition_never_holds", steps=steps, value=part.code,
            said=Said("problem.condition_never_holds.of_offer", rule=repr(part.code)),
            out=Said("problem.condition_never_holds.out"),
        )  # fmt: skip
