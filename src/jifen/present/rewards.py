"""Rewards as sentences: what one costs and who gets it, and why a member does not."""

from __future__ import annotations

from jifen.domain.program.meaning import Period, Program, Reward
from jifen.domain.refusals import PointsMissing, Refusal
from jifen.domain.refusals_of_rewards import (
    RewardLimitUsedUp,
    RewardNotNow,
    SoldOut,
    TierMissing,
)
from jifen.present.catalogue import catalogue_of
from jifen.present.rules import names_of
from jifen.present.shown import name_in, units_shown


def reward_sentence(reward: Reward, program: Program, language: str) -> str:
    """What one piece costs, how long it waits, and how many a member takes at most."""
    names, words = names_of(program, language), catalogue_of(language)
    currency = next(one for one in program.currencies if one.number == reward.currency)

    def cost(units: int, amount_minor: int) -> str:
        shown = names.units(units, currency.code)
        said = words.say(
            "exchange.units", units=shown, unit=words.unit(name_in(currency.names, language), shown)
        )
        return (
            said
            if not amount_minor
            else words.say("reward.and_money", units=said, amount=names.amount(amount_minor))
        )

    parts = [words.say("reward.costs", price=cost(reward.price.units, reward.price.amount_minor))]
    tiers = {one.number: name_in(one.names, language) for one in program.ladder.tiers}
    parts += [
        words.say(
            "reward.costs_tier", tier=tiers.get(number, "?"), price=cost(price.units, price.amount_minor)
        )
        for number, price in reward.tier_prices.items()
    ]
    if reward.tiers:
        who = words.join("items", [tiers.get(one, "?") for one in reward.tiers])
        parts.append(words.say("reward.for_tiers", tiers=who))
    for period, most in reward.caps.items():
        parts.append(words.say(f"reward.cap.{_period(period)}", count=most))
    if reward.first is not None:
        parts.append(words.say("reward.from_day", day=reward.first.isoformat()))
    if reward.last is not None:
        parts.append(words.say("reward.to_day", day=reward.last.isoformat()))
    parts.append(
        words.say("reward.waits", count=reward.waits_days)
        if reward.waits_days
        else words.say("reward.at_once")
    )
    return words.join("clauses", parts)


def _period(period: Period) -> str:
    return "once" if period is Period.PURCHASE else period.name.lower()


def why_not(no: Refusal, reward: Reward, program: Program, language: str) -> str:
    """Why a member does not get a reward, with the numbers that help him."""
    words = catalogue_of(language)
    told = {name: value for name, value in no.numbers.items() if isinstance(value, int | str)}
    if isinstance(no, PointsMissing):
        currency = next(one for one in program.currencies if one.number == reward.currency)
        missing = units_shown(int(told["points_missing"]), currency.scale)
        unit = words.unit(name_in(currency.names, language), missing)
        return words.say("reward.no.points_missing", missing=missing, unit=unit)
    if isinstance(no, TierMissing):
        named = {one.code: name_in(one.names, language) for one in program.ladder.tiers}
        return words.say(
            "reward.no.tier_missing", tiers=words.join("items", [named[one] for one in _listed(no, "tiers")])
        )
    if isinstance(no, SoldOut):
        called = [
            name_in(program.stores[one].names, language) if one in program.stores else one
            for one in _listed(no, "stores")
        ]
        key = "reward.no.sold_out_here" if called else "reward.no.sold_out"
        return words.say(key, stores=words.join("items", called))
    if isinstance(no, RewardLimitUsedUp):
        key = "reward.no.limit" if "again_on" in told else "reward.no.limit_for_good"
        return words.say(key, limit=told["limit"], day=told.get("again_on", ""))
    if isinstance(no, RewardNotNow):
        return (
            words.say("reward.no.begins", day=told["begins"])
            if "begins" in told
            else words.say("reward.no.until", day=told["until"])
        )
    return words.say(f"refusal.{no.code}")


def _listed(no: Refusal, name: str) -> list[str]:
    """The codes that a refusal lists."""
    listed = no.numbers[name]
    assert isinstance(listed, list), "it lists some"
    return [str(one) for one in listed]
