"""The book and its figures: overview, accounts, laws, jobs, and the rules as sentences. What a console opens with."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Annotated, Any, Literal

from fastapi import APIRouter, FastAPI, Query, Request, Response
from fastapi import Path as InPath

from jifen import __version__
from jifen.api import overview_answers as out
from jifen.api import render
from jifen.api.asked import asked_once
from jifen.api.backtests import Day
from jifen.api.fields import Body, Code
from jifen.api.ids import MemberId
from jifen.api.languages import Language, language_of
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.domain import refusals as no
from jifen.domain.principal import Permission
from jifen.domain.program.meaning import NONE, Currency, Program
from jifen.jobs.duty import DUTY
from jifen.operations.read_accounts import read_accounts, read_proof
from jifen.operations.read_book import read_book
from jifen.operations.read_figures import Overview, read_figures
from jifen.operations.read_program import read_timeline
from jifen.operations.retry_parked import read_jobs, retry_parked_once
from jifen.present.exchanges import exchange_sentence
from jifen.present.laws import law_title
from jifen.present.offers import offer_sentence
from jifen.present.rules import rule_sentence
from jifen.present.shown import shown_instant
from jifen.store.figures import Figures, Sold, Span
from jifen.store.laws import LAWS
from jifen.store.proofs import Proof

router = APIRouter(prefix="/v1", route_class=GuardedRoute)

LATE_SECONDS = 300
PROOF_OLD_SECONDS = 8 * 86_400
FRESH_SECONDS = 60
"""For so long figures are not counted again: many may look at once, and each count reads the journal of the period."""
KEPT_MAX = 64


@router.get(
    "/book",
    tags=["programme"],
    summary="Read the book",
    **said(permission=Permission.PROGRAM_READ, answer=out.BookAnswer),
)
async def get_book(request: Request) -> Response:
    """The programme's names, money, zone and currencies, the book's moment, and who asks: what a screen needs first."""
    desk = desk_of(request)
    book, who = await read_book(desk.ledger), desk.principal
    program = book.program
    return render.answered(
        out.BookAnswer(
            program=None if program is None else program_shown(program),
            now=book.now,
            is_past=book.shift_seconds > 0,
            label=book.label,
            asker=out.Asker(
                kind=who.kind,
                name=who.name,
                permissions=sorted(str(one) for one in who.permissions),
                stores=sorted(who.stores) if who.stores is not None else None,
                adjustment_units_max=who.adjustment_units_max,
                is_test=who.is_test,
            ),
            version=__version__,
        )
    )


def program_shown(program: Program) -> out.BookProgram:
    """A revision, as far as screens need it."""
    return out.BookProgram(
        code=program.code,
        names=program.names,
        revision=program.revision,
        money=program.money,
        money_decimals=program.money_decimals,
        time_zone=program.time_zone,
        currencies=[_currency(one) for one in program.currencies],
        tiers=[out.BookTier(code=one.code, names=one.names, reach=one.reach) for one in program.ladder.tiers],
        stores=len(program.stores),
        any_store=program.any_store,
        rewards=len(program.rewards),
    )


def _currency(one: Currency) -> out.BookCurrency:
    minor, units = one.worth_minor or (None, None)
    return out.BookCurrency(
        code=one.code,
        names=one.names,
        kind=one.kind,  # type: ignore[arg-type]
        scale=one.scale,
        worth_minor=minor,
        worth_units=units,
    )


@router.get(
    "/overview",
    tags=["operation"],
    summary="Read the overview",
    **said(permission=Permission.BOOKS_READ, answer=out.OverviewAnswer, refuses=[no.ProgramMissing]),
)
async def get_overview(
    request: Request,
    from_on: Annotated[Day | None, Query(description="First day; absent: 90 days before the end.")] = None,
    to_on: Annotated[Day | None, Query(description="Last day; absent: the last whole one.")] = None,
    store: Annotated[Code | None, Query(description="Only purchases and postings of this store.")] = None,
    tier: Annotated[Code | None, Query(description="Only members who hold this tier now.")] = None,
) -> Response:
    """Figures of a period beside those of as many days before it, how members stand, and what needs a person first."""
    desk = desk_of(request)
    if store is not None or desk.principal.stores is not None:
        store = desk.principal.store_for(store)
    kept: _Kept = request.app.state.figures
    asked = (from_on, to_on, store, tier)
    async with kept.counting:
        known = kept.answers.get(asked)
        if known is None or known[0] < time.monotonic():
            found = await read_figures(desk.ledger, from_on=from_on, to_on=to_on, store=store, tier=tier)
            if len(kept.answers) >= KEPT_MAX:
                kept.answers.clear()
            known = kept.answers[asked] = (time.monotonic() + FRESH_SECONDS, _overview(found))
    return render.answered(known[1])


class _Kept:
    """What was counted a moment ago, by what was asked. One count at a time: it takes one connection from the tills."""

    def __init__(self) -> None:
        self.counting = asyncio.Lock()
        self.answers: dict[tuple[Any, ...], tuple[float, out.OverviewAnswer]] = {}


def keep_figures(app: FastAPI) -> None:
    """Make room for what is counted."""
    app.state.figures = _Kept()


def _overview(found: Overview) -> out.OverviewAnswer:
    standing = found.standing
    owed = standing.owed_for.get(found.points.number, 0) if standing else 0
    codes = {one.number: one.code for one in found.program.ladder.tiers}
    return out.OverviewAnswer(
        as_of=found.now,
        points=found.points.code,
        period=_figures(found.figures, found.span),
        compared=_figures(found.compared, found.before),
        months=[
            out.MonthFigures(month=one.month.isoformat(), **_sold(one.sold), **_units(one.units))
            for one in found.months
        ],
        standing=None
        if standing is None
        else out.Now(
            members=standing.members,
            members_by_tier=[
                out.TierCount(tier=code, members=standing.by_tier.get(number, 0))
                for number, code in codes.items()
            ],
            members_frozen=standing.by_status.get("frozen", 0),
            units_owed_for=owed,
            units_in_debt=standing.debts.get(found.points.number, 0),
            liability_minor=_worth(owed, found.points) or 0,
            expiring_by=found.expiring_by.isoformat(),
            expiring_units=standing.expiring[0],
            expiring_members=standing.expiring[1],
            expiring_minor=_worth(standing.expiring[0], found.points) or 0,
        ),
        proof=_proof(found.proof),
        attention=list(_attention(found)),
    )


def _figures(figures: Figures | None, span: Span) -> out.Figures | None:
    if figures is None:
        return None
    return out.Figures(
        from_on=span.from_on.isoformat(),
        to_on=(span.until_on - timedelta(days=1)).isoformat(),
        members_new=figures.members_new,
        **_sold(figures.sold),
        **_units(figures.units),
    )


def _sold(sold: Sold) -> dict[str, int]:
    return {
        "members_active": sold.members,
        "purchases": sold.purchases,
        "sales_minor": sold.amount_minor,
    }


def _units(by_verb: Any) -> dict[str, int]:
    return {
        "units_earned": by_verb.get("earn", 0) - by_verb.get("claw_back", 0),
        "units_redeemed": by_verb.get("redeem", 0) - by_verb.get("reverse_redeem", 0),
        "units_expired": by_verb.get("expire", 0),
    }


def _worth(units: int, currency: Currency) -> int | None:
    return (
        None if currency.worth_minor is None else units * currency.worth_minor[0] // currency.worth_minor[1]
    )


def _attention(found: Overview) -> Iterator[out.Attention]:
    """What needs a person, the most urgent first."""
    proof, health, standing = found.proof, found.health, found.standing
    if proof is not None and not proof.is_kept:
        broken = [one["law"] for one in proof.laws if one["verdict"] == "broken"]
        yield _needs("law_broken", "now", laws=", ".join(map(str, broken)), count=len(broken))
    if health.why_no_writes:
        yield _needs("no_writes", "now")
    if health.due_seconds >= LATE_SECONDS:
        yield _needs("time_late", "now", minutes=int(health.due_seconds // 60))
    if health.members_parked:
        yield _needs("members_parked", "now", members=health.members_parked)
    if health.effects_parked:
        yield _needs("effects_parked", "now", effects=health.effects_parked)
    yield from _switched_off(found)
    if found.ahead is not None:
        at = shown_instant(found.ahead.effective_at)
        yield _needs("revision_ahead", "due", revision=found.ahead.number, effective_at=at)
    if standing is not None and standing.expiring[0]:
        units, members = standing.expiring
        minor = _worth(units, found.points) or 0
        by = found.expiring_by.isoformat()
        yield _needs("points_expire", "due", units=units, members=members, minor=minor, by_on=by)
    if found.proposals_waiting:
        yield _needs("proposals_waiting", "waiting", count=found.proposals_waiting)
    if found.unusual_readings:
        yield _needs("unusual_readings", "waiting", count=found.unusual_readings)
    if proof is None:
        yield _needs("never_proven", "waiting")
    elif time.time() - proof.began_at.timestamp() > PROOF_OLD_SECONDS:
        days = int((time.time() - proof.began_at.timestamp()) // 86_400)
        yield _needs("proof_old", "waiting", days=days)


def _switched_off(found: Overview) -> Iterator[out.Attention]:
    for kind, codes in (("rules_off", found.rules_off), ("stores_off", found.stores_off)):
        if codes:
            yield _needs(kind, "now", codes=", ".join(codes), count=len(codes))


def _needs(kind: Any, level: Literal["now", "due", "waiting"], **numbers: int | str) -> out.Attention:
    return out.Attention(kind=kind, level=level, numbers=numbers)


def _proof(proof: Proof | None) -> out.ProofAnswer | None:
    if proof is None:
        return None
    return out.ProofAnswer(
        began_at=proof.began_at,
        milliseconds=proof.milliseconds,
        members_replayed=proof.members_replayed,
        is_kept=proof.is_kept,
        laws_kept=sum(one["verdict"] != "broken" for one in proof.laws),
        laws=len(proof.laws),
    )


@router.get(
    "/accounts",
    tags=["operation"],
    summary="Read the programme's accounts",
    **said(permission=Permission.BOOKS_READ, answer=out.AccountsAnswer, refuses=[no.ProgramMissing]),
)
async def get_accounts(request: Request) -> Response:
    """What every verb moved in every currency since the beginning, and what that is worth (rounded down, each row for itself)."""
    found = await read_accounts(desk_of(request).ledger)
    currencies = {one.number: one for one in found.program.currencies}
    if found.moved is None:
        return render.answered(out.AccountsAnswer(data=None))
    return render.answered(
        out.AccountsAnswer(
            data=[
                out.AccountRow(
                    currency=currencies[one.currency].code,
                    account=one.account,
                    verb=one.verb,
                    postings=one.postings,
                    units=one.units if one.is_credit else -one.units,
                    worth_minor=_worth(one.units, currencies[one.currency]),
                )
                for one in found.moved
            ]
        )
    )


@router.get(
    "/laws",
    tags=["operation"],
    summary="Read the laws and the last proof",
    **said(permission=Permission.BOOKS_READ, answer=out.LawsAnswer),
)
async def get_laws(request: Request, language: Language = None) -> Response:
    """What each law says, how it is checked, and what `jifen reconcile` found last."""
    proof = await read_proof(desk_of(request).ledger)
    language = language_of(request, language)
    found = {one["law"]: one for one in proof.laws} if proof else {}
    return render.answered(
        out.LawsAnswer(
            data=[
                out.LawRow(
                    law=law.number,
                    title=law_title(law.number, language),
                    title_en=law_title(law.number, "en"),
                    title_zh=law_title(law.number, "zh"),
                    verdict=found[law.number]["verdict"] if law.number in found else "unproven",
                    checks=list(_checks(law.checks, found.get(law.number))),
                    tested_by=law.tested_by,
                )
                for law in LAWS
            ],
            proof=_proof(proof),
        )
    )


def _checks(checks: Any, found: Any) -> Iterator[out.LawCheck]:
    offenders = {one["check"]: one["offenders"] for one in (found or {}).get("broken", ())}
    for name in dict.fromkeys([*(name for name, _ in checks), *offenders]):
        yield out.LawCheck(check=name, offenders=offenders.get(name, []))


@router.get(
    "/program/revisions/{number}/rules",
    tags=["programme"],
    summary="Read the rules as sentences",
    **said(permission=Permission.PROGRAM_READ, answer=out.RulesAnswer, names_in_address=[no.RevisionUnknown]),
)
async def get_rules(
    request: Request,
    number: Annotated[int, InPath(ge=1, le=2**31 - 1, description="The revision.")],
    language: Language = None,
) -> Response:
    """What each rule of a revision gives, when, and up to what, as one sentence."""
    language = language_of(request, language)
    timeline, _ = await read_timeline(desk_of(request).ledger, is_whole=True)
    program = next((one for one in timeline.programs if one.revision == number), None)
    if program is None:
        raise no.RevisionUnknown(
            pointer="/path/number", number=number, newest_revision=timeline.newest.revision
        )
    sentences = await asyncio.to_thread(
        lambda: [rule_sentence(rule, program, language) for rule in program.rules]
    )
    currencies = {one.number: one.code for one in program.currencies}
    return render.answered(
        out.RulesAnswer(
            revision=program.revision,
            effective_at=program.effective_at,
            data=[
                out.RuleRow(
                    rule=rule.code,
                    names=rule.names,
                    sentence=sentence,
                    currency=currencies[rule.currency],
                    on="moment" if rule.on != NONE else "event" if rule.on_event != NONE else "purchase",
                )
                for rule, sentence in zip(program.rules, sentences, strict=True)
            ],
            exchanges=[
                out.ExchangeRow(
                    exchange=one.code,
                    names=one.names,
                    sentence=exchange_sentence(one, program, language),
                    at_once=one.at_once,
                )
                for one in program.exchanges
            ],
            offers=[
                out.OfferRow(offer=one.code, names=one.names, sentence=offer_sentence(one, program, language))
                for one in program.offers
            ],
        )
    )


@router.get(
    "/jobs",
    tags=["operation"],
    summary="Read what happens by itself",
    **said(permission=Permission.BOOKS_READ, answer=out.JobsAnswer),
)
async def get_jobs(request: Request) -> Response:
    """Who does what happens by itself, what waits, and what could not be done; of that the longest hundred."""
    jobs = await read_jobs(desk_of(request).ledger, DUTY)
    duty = jobs.duty
    return render.answered(
        out.JobsAnswer(
            duty=None
            if duty is None
            else out.DutyAnswer(is_held=duty.is_held, process=duty.held_by, since=duty.since),
            waiting=jobs.waiting,
            parked=jobs.parked,
            data=[
                out.ParkedRow(
                    member_id=one.member_id,
                    sequence=one.sequence or None,
                    kind=one.kind,
                    since=one.since,
                    tries=one.tries,
                    next_try_at=one.next_try_at,
                    failure_class=one.failure_class,
                    failure=one.failure,
                )
                for one in jobs.longest
            ],
        )
    )


class RetryBody(Body):
    """Whose parked work is tried again. Absent or null: everybody's."""

    members: list[MemberId] | None = None


@router.post(
    "/jobs:retry",
    tags=["operation"],
    summary="Try again what is parked",
    **said(permission=Permission.JOBS_RETRY, answer=out.RetryAnswer, has_body=True, has_key=True),
)
async def retry(request: Request, body: RetryBody) -> Response:
    """What is parked is tried in the next round of whoever serves, without waiting for its pause to end."""
    desk = desk_of(request)
    answer = await asked_once(
        desk, body, lambda once: retry_parked_once(desk.ledger, body.members, once, by=desk.principal)
    )
    return render.told(out.RetryAnswer, answer)
