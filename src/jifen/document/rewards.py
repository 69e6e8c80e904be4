"""Rewards, from the document to their meaning, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import date

from jifen.document.claims import condition_findings, vocabulary_of
from jifen.document.codes import unknown
from jifen.document.conditions import CONDITION_DEPTH_MAX
from jifen.document.exchanges import UNITS_ONCE_MAX
from jifen.document.meaning import Vocabulary, condition_meaning
from jifen.document.model import ProgramDocument
from jifen.document.problems import Finding, Steps
from jifen.document.reward_parts import RewardCaps, RewardPart
from jifen.domain.program.conditions import FACTS, FactKind
from jifen.domain.program.meaning import Period, Price, Reward, Stock
from jifen.domain.program.numbering import Numbering
from jifen.domain.program.reading import claims_of
from jifen.domain.rewards import PIECES_MAX
from jifen.present.said import Said

NOT_OF_MEMBER = ("member.times_granted",)
"""What is known of a member that no reward may ask: how often a rule gave is counted by the fold alone."""
_PERIODS = {
    "once": Period.PURCHASE, "day": Period.DAY, "week": Period.WEEK, "month": Period.MONTH, "year": Period.YEAR,
    "life": Period.LIFE,
}  # fmt: skip


def rewards_of(document: ProgramDocument, numbering: Numbering) -> tuple[Reward, ...]:
    """The rewards of a document that has been checked, in its order."""
    if not document.rewards:
        return ()
    smallest = {part.code: 10**part.scale for part in document.currencies}
    vocabulary = _vocabulary(document)
    return tuple(
        Reward(
            number=numbering.number("reward", part.code),
            code=part.code,
            names=part.names,
            about=part.about or {},
            kind=part.kind,
            currency=numbering.number("currency", part.price.currency),
            price=Price(
                units=part.price.units * smallest[part.price.currency], amount_minor=part.price.amount_minor
            ),
            tier_prices={
                numbering.number("tier", one.tier): Price(
                    units=one.units * smallest[part.price.currency], amount_minor=one.amount_minor
                )
                for one in part.tier_prices
            },
            stock=Stock(part.stock),
            waits_days=part.waits_days,
            caps={_PERIODS[name]: most for name, most in _caps(part.caps)},
            first=None if part.first is None else date.fromisoformat(part.first),
            last=None if part.last is None else date.fromisoformat(part.last),
            tiers=tuple(numbering.number("tier", one) for one in part.tiers),
            stores=frozenset(part.stores),
            when=condition_meaning(part.when, vocabulary, smallest),
        )
        for part in document.rewards
    )


def _vocabulary(document: ProgramDocument) -> Vocabulary:
    return replace(vocabulary_of(document), event={})


def _caps(caps: RewardCaps) -> Iterator[tuple[str, int]]:
    for name in _PERIODS:
        most: int | None = getattr(caps, name)
        if most is not None:
            yield name, most


def reward_findings(document: ProgramDocument) -> Iterator[Finding]:
    """What is wrong with rewards: names of nothing, prices that are too large, days that never come, and conditions that ask
    what no redemption knows."""
    if not document.rewards:
        return
    scales = {part.code: 10**part.scale for part in document.currencies}
    tiers = [tier.code for tier in document.tiers.list] if document.tiers else []
    stores = [part.code for part in document.stores]
    vocabulary = _vocabulary(document)
    for at, part in enumerate(document.rewards):
        here: Steps = ("rewards", at)
        yield from _price(part, here, scales, {one.code: one.kind for one in document.currencies})
        named = [((*here, "tiers", which), one) for which, one in enumerate(part.tiers)]
        named += [
            ((*here, "tier_prices", which, "tier"), one.tier) for which, one in enumerate(part.tier_prices)
        ]
        for steps, code in named:
            if code not in tiers:
                yield unknown(steps, code, tiers, "tier")
        priced = [one.tier for one in part.tier_prices]
        for which, code in enumerate(priced):
            if code in priced[:which]:
                yield Finding(
                    code="reward_price_twice", steps=(*here, "tier_prices", which, "tier"), value=code,
                    said=Said("problem.reward_price_twice.said", tier=repr(code)),
                    out=Said("problem.reward_price_twice.out"),
                )  # fmt: skip
        if not document.any_store:
            known = frozenset(stores)
            for which, code in enumerate(part.stores):
                if code not in known:
                    yield unknown((*here, "stores", which), code, stores, "store")
        yield from _days(part, here)
        if part.when is not None:
            wrong = list(condition_findings(part.when, (*here, "when"), vocabulary, CONDITION_DEPTH_MAX))
            yield from wrong or _facts(part, here, vocabulary)


def _price(part: RewardPart, here: Steps, scales: dict[str, int], kinds: dict[str, str]) -> Iterator[Finding]:
    currency = part.price.currency
    if currency not in scales:
        yield unknown((*here, "price", "currency"), currency, list(scales), "currency")
    elif kinds[currency] != "spendable":
        yield Finding(
            code="reward_currency_not_spent", steps=(*here, "price", "currency"), value=currency,
            said=Said("problem.reward_currency_not_spent.said", currency=repr(currency)),
            out=Said("problem.reward_currency_not_spent.out"),
        )  # fmt: skip
    most = UNITS_ONCE_MAX // PIECES_MAX
    for steps, units in (
        (("price", "units"), part.price.units),
        *((("tier_prices", which, "units"), one.units) for which, one in enumerate(part.tier_prices)),
    ):
        if units * scales.get(currency, 1) > most:
            yield Finding(
                code="reward_too_dear", steps=(*here, *steps), value=units,
                said=Said("problem.reward_too_dear.said", units=most),
                out=Said("problem.reward_too_dear.out"),
            )  # fmt: skip


def _days(part: RewardPart, here: Steps) -> Iterator[Finding]:
    for name in ("first", "last"):
        written = getattr(part, name)
        if written is not None and not _is_day(written):
            yield Finding(
                code="no_such_day", steps=(*here, name), value=written,
                said=Said("problem.no_such_day.said", day=repr(written)), out=Said("problem.no_such_day.out"),
            )  # fmt: skip
            return
    if part.first is not None and part.last is not None and part.last < part.first:
        yield Finding(
            code="reward_never_had", steps=(*here, "last"), value=part.last,
            said=Said("problem.reward_never_had.said", first=part.first, last=part.last),
            out=Said("problem.reward_never_had.out"),
        )  # fmt: skip


def _is_day(written: str) -> bool:
    try:
        date.fromisoformat(written)
    except ValueError:
        return False
    return True


def _facts(part: RewardPart, here: Steps, vocabulary: Vocabulary) -> Iterator[Finding]:
    for claim in claims_of(condition_meaning(part.when, vocabulary)):
        is_of_member = claim.fact.startswith("member.") and claim.fact not in NOT_OF_MEMBER
        is_known = is_of_member or (
            claim.fact in FACTS and FACTS[claim.fact].kind is FactKind.EVENT and claim.fact != "event.source"
        )
        if not is_known:
            yield Finding(
                code="reward_does_not_know", steps=(*here, "when"), value=claim.fact,
                said=Said("problem.reward_does_not_know.said", fact=repr(claim.fact)),
                out=Said("problem.reward_does_not_know.out"),
            )  # fmt: skip
            return
