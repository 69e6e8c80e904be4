"""Run the tests of a document: each on a made-up member, by the very functions that decide in the ledger (decision 0152)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any, Final

from jifen.document.check_trials import moments_of, occasions_of
from jifen.document.compile import compile_program
from jifen.document.made_up_life import Happened, MadeUpLife, WorkUsedUp
from jifen.document.model import ProgramDocument
from jifen.document.trial_words import explained, in_words
from jifen.document.trials import TrialOccasion, TrialPart, TrialPurchase
from jifen.domain import fold
from jifen.domain.calendar import day_number, local_date, zone
from jifen.domain.occasions import Event
from jifen.domain.program.known import Known
from jifen.domain.program.numbering import Numbering
from jifen.domain.purchase import Line, Payment, Purchase, ReturnedLine
from jifen.domain.refusals import Refusal
from jifen.domain.rewards import Asked
from jifen.domain.timeline import Timeline, timeline_of
from jifen.domain.verbs import Verb
from jifen.present.catalogue import catalogue_of
from jifen.present.rules import names_of
from jifen.present.said import Chosen, Said
from jifen.present.shown import name_in, units_shown

WORK_MAX: Final = 2_000_000
"""How much all tests of a document may take together, as `made_up_life` weighs it: at worst some seconds."""
_IN_FORCE_FROM = datetime(2000, 1, 1, tzinfo=UTC)
_SOURCE = "test"


@dataclass(frozen=True, slots=True, kw_only=True)
class Differs:
    """What was expected and what came, as text; `said` tells both."""

    path: str  # below `expect`: `units.points`
    expected: str
    got: str
    said: Said


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialResult:
    """What became of a test: where it stands in the document, what differs, and what was given and what was not, and why."""

    at: int
    trial: TrialPart
    differs: tuple[Differs, ...]
    explained: tuple[Said, ...]
    came: Mapping[str, Any] = field(
        default_factory=dict
    )  # as `expect` would write it; nothing: it did not come so far

    @property
    def has_passed(self) -> bool:
        """Whether everything came as expected."""
        return not self.differs

    def said(self, language: str) -> str:
        """What differs, as one text."""
        return catalogue_of(language).join(
            "sentences", [one.said.in_language(language) for one in self.differs]
        )

    def as_values(self, language: str) -> dict[str, Any]:
        """The result as data, said in the language and in the two that everything is said in."""
        return {
            "code": self.trial.code,
            "name": name_in(self.trial.names, language) or self.trial.code,
            "pointer": f"/document/tests/{self.at}",
            "has_passed": self.has_passed,
            "differs": [
                {"path": one.path, "expected": one.expected, "got": one.got, **_sentences(one.said, language)}
                for one in self.differs
            ],
            "explained": [_sentences(one, language) for one in self.explained],
            "came": dict(self.came),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """What an occasion did, with what time brought since what was before it. Smallest units, by code."""

    units: Mapping[str, int]
    rules: Mapping[str, int]
    tier: str
    balances: Mapping[str, int]
    debts: Mapping[str, int]
    expired: Mapping[str, int]
    refusal: Refusal | None


def _sentences(said: Said, language: str) -> dict[str, str]:
    return {
        "sentence": said.in_language(language),
        "sentence_en": said.in_language("en"),
        "sentence_zh": said.in_language("zh"),
    }


def run_trials(document: ProgramDocument, *, trials: Sequence[TrialPart] | None = None) -> list[TrialResult]:
    """The results of the document's tests, or of others, in their order. The document has been checked, and they with it."""
    chosen = document.tests if trials is None else trials
    if not chosen:
        return []
    timeline = _timeline(document)
    results, work = [], WORK_MAX
    for at, trial in enumerate(chosen):
        result, work = _run(timeline, trial, at, work)
        results.append(result)
    return results


def _timeline(document: ProgramDocument) -> Timeline:
    program = compile_program(
        document.model_copy(update={"tests": ()}),
        revision=1,
        effective_at=_IN_FORCE_FROM,
        numbering=Numbering(),
    )
    return timeline_of([program])


def _run(timeline: Timeline, trial: TrialPart, at: int, work: int) -> tuple[TrialResult, int]:
    moments = [one.replace(tzinfo=zone(timeline.time_zone)).astimezone(UTC) for one in moments_of(trial)]
    occasions = [one for _, one in occasions_of(trial)]
    refusal: Refusal | None = None
    mark = number = 0
    try:
        life = _joined(timeline, trial, moments[0], work)
        try:
            for number, one in enumerate(occasions):
                mark = len(life.happened)
                life.pass_until(moments[number])
                _happen(life, one, number)
        except Refusal as refused:
            refusal = refused
            if number < len(occasions) - 1:
                said = Said("trial.before_refused", at=number + 1, said=Chosen(in_words(refused)))
                return _stuck(trial, at, said), life.work_left
    except WorkUsedUp:
        return _stuck(trial, at, Said("trial.too_much")), 0
    happened = life.happened[mark:]
    came = _came(timeline, life, happened, refusal)
    found = tuple(_differences(timeline, trial, came))
    told = tuple(explained(timeline, happened, refusal))
    written = _written(timeline, came)
    return TrialResult(at=at, trial=trial, differs=found, explained=told, came=written), life.work_left


def _stuck(trial: TrialPart, at: int, said: Said) -> TrialResult:
    """A test that did not come to its occasion."""
    differs = Differs(path="", expected="", got="", said=said)
    return TrialResult(at=at, trial=trial, differs=(differs,), explained=())


def _joined(timeline: Timeline, trial: TrialPart, first: datetime, work: int) -> MadeUpLife:
    """The member, at the beginning of the day on which something happens first, with his tier and his balances."""
    program, given = timeline.programs[0], trial.given
    began = first.astimezone(zone(timeline.time_zone)).replace(hour=0, minute=0, second=0).astimezone(UTC)
    joined = began
    if given.joined_on is not None:
        joined = (
            datetime.fromisoformat(given.joined_on).replace(tzinfo=zone(timeline.time_zone)).astimezone(UTC)
        )
    life = MadeUpLife(timeline, joined, work=work, known=Known(tuple(sorted(given.segments))))
    # What falls due at the beginning of that day belongs to what happens on it.
    life.pass_until(max(joined, began - timedelta(microseconds=1)))
    life.now = began
    if given.tier is not None:
        tier = next(one for one in program.ladder.tiers if one.code == given.tier)
        life.stand(tier.number, day_number(local_date(began, timeline.time_zone)))
    for currency in program.currencies:
        if currency.code in given.balances:
            life.have(currency.number, given.balances[currency.code] * 10**currency.scale)
    return life


def _happen(life: MadeUpLife, one: TrialOccasion, number: int) -> None:
    if one.purchase is not None:
        life.buy(_purchase(life, one.purchase, number), one.purchase.receipt)
    elif one.told is not None:
        told = one.told
        life.tell(
            Event(
                code=told.event,
                source=_SOURCE,
                business_no=str(number),
                occurred_at=life.now,
                attributes=dict(told.attributes),
                store=told.store,
                channel=told.channel,
            )
        )
    elif one.returns is not None:
        lines = [
            ReturnedLine(number=back.line, quantity_milli=_milli(back.quantity)) for back in one.returns.lines
        ]
        life.bring_back(one.returns.receipt, lines)
    elif one.redeems is not None:
        for currency in life.timeline.programs[0].currencies:
            if currency.code in one.redeems:
                life.redeem(currency.number, one.redeems[currency.code] * 10**currency.scale)
    elif one.takes is not None:
        life.take(one.takes.reward, Asked(one.takes.pieces, one.takes.store, one.takes.channel))


def _purchase(life: MadeUpLife, told: TrialPurchase, number: int) -> Purchase:
    lines = tuple(
        Line(
            number=at,
            amount_minor=one.amount_minor,
            quantity_milli=_milli(one.quantity),
            sku=one.sku,
            category=one.category,
            brand=one.brand,
            discount_minor=one.discount_minor,
            tags=one.tags,
            attributes=dict(one.attributes),
        )
        for at, one in enumerate(told.lines, start=1)
    ) or (Line(number=1, amount_minor=told.amount_minor or 0),)
    amount = sum(line.amount_minor for line in lines)
    return Purchase(
        source=told.source or _SOURCE,
        business_no=str(number),
        occurred_at=life.now,
        money=life.timeline.programs[0].money,
        amount_minor=amount,
        lines=lines,
        store=told.store,
        channel=told.channel,
        payments=tuple(
            Payment(method, 0 if at else amount) for at, method in enumerate(told.payment_methods)
        ),
        tags=told.tags,
    )


def _milli(quantity: str) -> int:
    return int(Fraction(quantity) * 1000)


def _came(
    timeline: Timeline, life: MadeUpLife, happened: Iterable[Happened], refusal: Refusal | None
) -> Came:
    program = timeline.programs[0]
    currency_of = {one.number: one.code for one in program.currencies}
    units = dict.fromkeys(currency_of.values(), 0)
    rules = {one.code: 0 for one in program.rules}
    expired = dict.fromkeys(currency_of.values(), 0)
    for one in happened:
        sign = -1 if one.kind in (fold.RETURN, fold.VOID) else 1
        for result in one.decision.results:
            rule = program.rules[result.rule]
            rules[rule.code] += sign * result.granted
            units[currency_of[rule.currency]] += sign * result.granted
        for posting in one.decision.postings:
            if posting.verb is Verb.EXPIRE:
                expired[currency_of[posting.currency]] += posting.units
    member = life.member
    return Came(
        units=units,
        rules=rules,
        tier=timeline.tier_codes[member.tier],
        balances={code: member.balance(number) for number, code in currency_of.items()},
        debts={code: member.debt(number) for number, code in currency_of.items()},
        expired=expired,
        refusal=refusal,
    )


def _written(timeline: Timeline, came: Came) -> dict[str, Any]:
    """What came, as `expect` would write it: units and rules that are not 0, and everything else that can be expected."""
    program = timeline.programs[0]
    scales = {one.code: one.scale for one in program.currencies}
    currency_of = {one.number: one.code for one in program.currencies}
    scale_of_rule = {one.code: scales[currency_of[one.currency]] for one in program.rules}

    def told(units: Mapping[str, int], of: Mapping[str, int]) -> dict[str, int | str]:
        return {code: _unit(number, of[code]) for code, number in units.items() if number}

    found: dict[str, Any] = {
        "units": {code: _unit(number, scales[code]) for code, number in came.units.items()},
        "rules": told(came.rules, scale_of_rule),
        "tier": came.tier,
        "balances": {code: _unit(number, scales[code]) for code, number in came.balances.items()},
        "debts": told(came.debts, scales),
        "expired": told(came.expired, scales),
    }
    if came.refusal is not None:
        found = {"refusal": came.refusal.code}
    return {name: one for name, one in found.items() if one}


def _unit(units: int, scale: int) -> int | str:
    """Units as a document writes them: whole ones as a number, others as decimal text."""
    smallest = int(10**scale)
    whole, part = divmod(abs(units), smallest)
    if not part:
        return whole if units >= 0 else -whole
    return f"{'-' if units < 0 else ''}{whole}.{part:0{scale}d}"


def _differences(timeline: Timeline, trial: TrialPart, came: Came) -> Iterable[Differs]:
    expect = trial.expect
    code = came.refusal.code if came.refusal is not None else None
    if expect.refusal != code:
        yield _differs(
            "refusal", expect.refusal or "", code or "",
            Said("trial.not_refused", expected=expect.refusal) if came.refusal is None
            else Said("trial.refused", said=Chosen(in_words(came.refusal))),
        )  # fmt: skip
    program = timeline.programs[0]
    scales = {one.code: one.scale for one in program.currencies}
    currency_of = {one.number: one.code for one in program.currencies}
    scale_of_rule = {one.code: scales[currency_of[one.currency]] for one in program.rules}
    for name, expected, got, of in (
        ("units", expect.units, came.units, scales), ("rules", expect.rules, came.rules, scale_of_rule),
        ("balances", expect.balances, came.balances, scales), ("debts", expect.debts, came.debts, scales),
        ("expired", expect.expired, came.expired, scales),
    ):  # fmt: skip
        for which, value in expected.items():
            if Fraction(value) * 10 ** of[which] != got[which]:
                shown = units_shown(got[which], of[which])
                wanted = _expected(value, of[which])
                yield _differs(
                    f"{name}.{which}", wanted, shown,
                    Said(f"trial.differs.{name}", of=_named(timeline, name, which), expected=wanted, got=shown),
                )  # fmt: skip
    if expect.tier is not None and expect.tier != came.tier:
        said = Said(
            "trial.other_tier",
            expected=_named(timeline, "tier", expect.tier),
            got=_named(timeline, "tier", came.tier),
        )
        yield _differs("tier", expect.tier, came.tier, said)


def _differs(path: str, expected: str, got: str, said: Said) -> Differs:
    return Differs(path=path, expected=expected, got=got, said=said)


def _named(timeline: Timeline, kind: str, code: str) -> Chosen:
    """What a rule, a tier or a currency is called."""
    what = {"rules": "rule", "tier": "tier"}.get(kind, "currency")
    program = timeline.programs[0]
    return Chosen(lambda language: names_of(program, language).of(what, code))


def _expected(value: int | str, scale: int) -> str:
    """What is expected, as it is shown; as it is written where no unit is so small."""
    units = Fraction(value) * 10**scale
    return units_shown(int(units), scale) if units.denominator == 1 else str(value)
