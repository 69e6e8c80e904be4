"""Pools: how much there is of something for all members together. What a rule may grant out of one, for an occasion."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple
from uuid import UUID

from jifen.domain.program.meaning import NONE, EarnRule, Grant, Program
from jifen.domain.timeline import Timeline


class Wish(NamedTuple):
    """The most that an occasion could want of a pool."""

    position: int  # of the rule in its revision
    pool: int
    budget: int  # units that the pool has for all, as the revision says
    units: int


def wishes(timeline: Timeline, row: int, hits: Iterable[tuple[int, int, int]]) -> list[Wish]:
    """What the hits of an occasion could want of pools at most, by the revision of a row; most often nothing."""
    pooled = timeline.pooled[row]
    if not pooled:
        return []
    program = timeline.programs[row]
    found = []
    for position, amount, quantity in hits:
        rule = pooled.get(position)
        if rule is not None:
            assert rule.budget is not None, "a rule that draws from a pool has a budget"
            units = min(granted_most(program, rule, amount, quantity), rule.budget.units)
            found.append(Wish(position, rule.budget.pool, rule.budget.units, units))
    return found


def granted_most(program: Program, rule: EarnRule, amount: int, quantity: int) -> int:
    """The most units that a rule grants to a hit, whoever the member is: in the tier that multiplies most, rounded up."""
    size, per = {
        Grant.PER_AMOUNT: (amount, rule.rate[1]),
        Grant.PER_WHOLE_AMOUNT: (amount // rule.rate[1], 1),
        Grant.PER_QUANTITY: (quantity, rule.rate[1]),
        Grant.PER_WHOLE_QUANTITY: (quantity // rule.rate[1], 1),
        Grant.FIXED: (1, 1),
    }[rule.grant]
    ladder = None if rule.multiplied_by == NONE else program.ladders[rule.multiplied_by]
    times = [tier.multiplier for tier in ladder.tiers] if ladder else [(1, 1)]
    most = max(-(-size * rule.rate[0] * time // (per * over)) for time, over in times)
    return min([most, *(limit.units for limit in rule.limits)])


class Draw(NamedTuple):
    """Units that an entry draws from a pool, out of a lease."""

    lease_id: UUID
    pool: int
    units: int


def rooms_of(wanted: Mapping[int, Iterable[Draw]]) -> dict[int, int]:
    """What rules have room for, by position, of what was drawn for each."""
    return {position: sum(draw.units for draw in draws) for position, draws in wanted.items()}


def used_of(draws: Iterable[Draw], units: int) -> tuple[list[Draw], list[Draw]]:
    """Draws for so many units, and what is left of them."""
    used: list[Draw] = []
    rest: list[Draw] = []
    for draw in draws:
        part = min(draw.units, units)
        units -= part
        if part:
            used.append(draw._replace(units=part))
        if draw.units > part:
            rest.append(draw._replace(units=draw.units - part))
    assert units == 0, "no more is granted than was drawn"
    return used, rest


def together(wished: Iterable[Wish]) -> list[Wish]:
    """One wish for each pool: the largest budget that is told of it, and what all could want together."""
    by_pool: dict[int, Wish] = {}
    for wish in wished:
        before = by_pool.get(wish.pool, wish._replace(units=0))
        by_pool[wish.pool] = wish._replace(
            budget=max(wish.budget, before.budget), units=wish.units + before.units
        )
    return list(by_pool.values())
