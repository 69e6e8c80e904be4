"""An offer as a sentence."""

from __future__ import annotations

from jifen.domain.program.conditions import All, Condition
from jifen.domain.program.meaning import Program
from jifen.domain.program.offers import (
    BPS,
    UNLIMITED,
    AmountOff,
    Bundle,
    FixedPrice,
    LastOfGroup,
    Offer,
    OnReturn,
    PercentOff,
    Steps,
    Threshold,
)
from jifen.present.catalogue import Catalogue, catalogue_of
from jifen.present.rules import Names, condition_text, names_of
from jifen.present.shown import name_in


def offer_sentence(offer: Offer, program: Program, language: str) -> str:
    """What it takes off of what, when, and up to what."""
    names, words = names_of(program, language), catalogue_of(language)
    text = _deal(offer, names, words, language)
    when = [part for part in (offer.given, offer.state) if not _is_always(part)]
    if when:
        condition = condition_text(All(parts=tuple(when)), words, names)
        text = words.say("rule.when", said=text, condition=condition)
    if offer.most_minor != UNLIMITED:
        text = words.say("offer.most", said=text, amount=names.amount(offer.most_minor))
    if offer.times_most != UNLIMITED:
        text = words.say("offer.times", said=text, count=offer.times_most)
    if offer.is_exclusive:
        text = words.say("offer.exclusive", said=text)
    if offer.on_return is OnReturn.TAKE_BACK_DISCOUNT:
        text = words.say("offer.take_back", said=text)
    return words.say("rule.end", said=text)


def _is_always(condition: Condition) -> bool:
    return isinstance(condition, All) and all(_is_always(part) for part in condition.parts)


def _seen(lines: Condition, names: Names, words: Catalogue) -> str:
    if _is_always(lines):
        return words.say("offer.seen.all")
    return words.say("offer.seen.some", condition=condition_text(lines, words, names))


def _deal(offer: Offer, names: Names, words: Catalogue, language: str) -> str:  # noqa: PLR0911
    deal, seen = offer.deal, _seen(offer.lines, names, words)
    match deal:
        case AmountOff():
            key = "offer.amount_off.piece" if deal.each_piece else "offer.amount_off.basket"
            return words.say(key, seen=seen, amount=names.amount(deal.minor))
        case PercentOff():
            return words.say("offer.percent_off", seen=seen, percent=percent(deal.bps))
        case FixedPrice():
            return words.say("offer.price", seen=seen, amount=names.amount(deal.minor))
        case LastOfGroup():
            return _group(deal, seen, words)
        case Threshold():
            key = "offer.threshold.repeats" if deal.repeats else "offer.threshold.once"
            return words.say(
                key, seen=seen, amount=names.amount(deal.spend_minor), off=names.amount(deal.off_minor)
            )
        case Steps():
            parts = [
                words.say("offer.band", amount=names.amount(begins), off=names.amount(off))
                for begins, off in deal.steps
            ]
            return words.say("offer.bands", seen=seen, parts=words.join("reasons", parts))
        case Bundle():
            items = [
                words.say(
                    "offer.bundle_item",
                    count=item.pieces,
                    item=name_in(item.names, language),
                    condition=condition_text(item.lines, words, names),
                )
                for item in deal.items
            ]
            return words.say(
                "offer.bundle", items=words.join("items", items), amount=names.amount(deal.minor)
            )


def _group(deal: LastOfGroup, seen: str, words: Catalogue) -> str:
    if deal.off_bps == BPS:
        paid = deal.pieces - deal.last
        text = words.say("offer.n_for_m", seen=seen, n=deal.pieces, m=paid)
    else:
        text = words.say("offer.nth", seen=seen, n=deal.pieces, percent=percent(BPS - deal.off_bps))
    return words.say("offer.alike", said=text) if deal.alike else text


def percent(bps: int) -> str:
    """Hundredths of a percent as a person reads them: 1250 as `12.5%`."""
    return f"{bps // 100}.{bps % 100:02d}".rstrip("0").rstrip(".") + "%"
