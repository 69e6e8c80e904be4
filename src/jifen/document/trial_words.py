"""What happened in a test of a document, as sentences: which rule gave what, which gave nothing, and why."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

from jifen.document.made_up_life import Happened
from jifen.domain import fold
from jifen.domain.calendar import local_date
from jifen.domain.decision import HitResult
from jifen.domain.program.conditions import ALWAYS, All, Condition
from jifen.domain.program.meaning import NONE, EarnRule, Program
from jifen.domain.refusals import Refusal
from jifen.domain.timeline import Timeline
from jifen.domain.verbs import Verb, Why
from jifen.present.refusals import refusal_message
from jifen.present.rules import names_of, sentence
from jifen.present.said import Chosen, Said
from jifen.present.shown import name_in, units_shown

_WHY = {
    Why.LIMITED: "limited",
    Why.BEATEN: "beaten",
    Why.UNMET: "unmet",
    Why.NOTHING: "nothing",
    Why.POOLED: "pooled",
    Why.SWITCHED_OFF: "nothing",
    Why.ALL: "nothing",
}


def explained(timeline: Timeline, happened: Sequence[Happened], refusal: Refusal | None) -> Iterator[Said]:
    """What was given and what gave nothing and why, of everything that happened, in its order."""
    for one in happened:
        if one.kind == fold.MOMENT:
            moment = next(each for each in timeline.programs[0].moments if each.number == one.number)
            day = local_date(one.at, timeline.time_zone).isoformat()
            yield Said("trial.moment", name=Chosen(partial(name_in, moment.names)), day=day)
        yield from _expired(timeline, one)
        if one.kind in (fold.RETURN, fold.VOID):
            yield from _taken(timeline, one)
        elif one.kind in (fold.PURCHASE, fold.EVENT, fold.MOMENT):
            yield from _given(timeline, one)
        yield from _climbed(timeline, one)
    if refusal is not None:
        yield Said("trial.was_refused", said=Chosen(in_words(refusal)))


def in_words(refusal: Refusal) -> partial[str]:
    """A refusal as its sentence, by language."""
    return partial(refusal_message, refusal.code)


def _given(timeline: Timeline, one: Happened) -> Iterator[Said]:
    program = timeline.programs[0]
    results = {result.rule: result for result in one.decision.results}
    for position, rule in enumerate(program.rules):
        if position in results:
            yield _gave(program, rule, results[position])
        elif _might_see(rule, one):
            asked = {fold.EVENT: rule.told, fold.PURCHASE: rule.given}.get(one.kind, ALWAYS)
            condition = asked if rule.known == ALWAYS else All(parts=(asked, rule.known))
            key = "trial.attribute_untold" if rule.attribute else "trial.unseen"
            if _asks(condition):
                yield Said("trial.unseen_asks", rule=_rule(rule), condition=_condition(condition, program))
            else:
                yield Said(key, rule=_rule(rule))


def _might_see(rule: EarnRule, one: Happened) -> bool:
    """Whether a rule sees occasions such as this one at all."""
    if one.kind == fold.PURCHASE:
        return rule.on == NONE and rule.on_event == NONE
    return (rule.on_event if one.kind == fold.EVENT else rule.on) == one.number


def _gave(program: Program, rule: EarnRule, result: HitResult) -> Said:
    currency = next(one for one in program.currencies if one.number == rule.currency)
    unit = Chosen(partial(name_in, currency.names))
    units, desired = (units_shown(one, currency.scale) for one in (result.granted, result.desired))
    if result.granted == result.desired and result.granted:
        return Said("trial.gave", rule=_rule(rule), units=units, unit=unit)
    why = _WHY[Why(result.why)]
    if result.granted:
        return Said(f"trial.gave_part.{why}", rule=_rule(rule), units=units, unit=unit, desired=desired)
    if why == "unmet":
        return Said("trial.unmet", rule=_rule(rule), condition=_condition(rule.state, program))
    return Said(f"trial.gave_nothing.{why}", rule=_rule(rule), desired=desired)


def _taken(timeline: Timeline, one: Happened) -> Iterator[Said]:
    program = timeline.programs[0]
    for result in one.decision.results:
        rule = program.rules[result.rule]
        currency = next(each for each in program.currencies if each.number == rule.currency)
        unit = Chosen(partial(name_in, currency.names))
        if result.granted:
            yield Said(
                "trial.took", rule=_rule(rule), units=units_shown(result.granted, currency.scale), unit=unit
            )
        if result.why:
            yield Said(
                "trial.forgave", rule=_rule(rule), units=units_shown(result.why, currency.scale), unit=unit
            )
        expired = result.desired - result.granted - result.why
        if expired > 0:
            yield Said(
                "trial.had_expired", rule=_rule(rule), units=units_shown(expired, currency.scale), unit=unit
            )


def _expired(timeline: Timeline, one: Happened) -> Iterator[Said]:
    for posting in one.decision.postings:
        if posting.verb is Verb.EXPIRE:
            currency = timeline.programs[0].currencies[posting.currency]
            yield Said(
                "trial.expired",
                units=units_shown(posting.units, currency.scale),
                unit=Chosen(partial(name_in, currency.names)),
            )


def _climbed(timeline: Timeline, one: Happened) -> Iterator[Said]:
    before, after = one.decision.before.tier, one.decision.after.tier
    if before != after and one.kind != fold.ENROL:
        tiers = {tier.number: tier for tier in timeline.programs[0].ladder.tiers}
        ranks = list(tiers)
        key = "trial.rose" if ranks.index(after) > ranks.index(before) else "trial.fell"
        yield Said(
            key,
            before=Chosen(partial(name_in, tiers[before].names)),
            after=Chosen(partial(name_in, tiers[after].names)),
        )


def _rule(rule: EarnRule) -> Chosen:
    return Chosen(lambda language: name_in(rule.names, language) or rule.code)


def _asks(condition: Condition) -> bool:
    return not (isinstance(condition, All) and not any(_asks(part) for part in condition.parts))


def _condition(condition: Condition, program: Program) -> Chosen:
    return Chosen(lambda language: sentence(condition, language=language, names=names_of(program, language)))
