"""What a screen needs that builds programmes: what they may be made of, a revision as text, and what each rule gave."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable
from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Path, Request, Response
from pydantic import Field

from jifen.api import render
from jifen.api.fields import Answer, Instant
from jifen.api.grammar import GrammarAnswer, grammar
from jifen.api.languages import Language, language_of
from jifen.api.overview import FRESH_SECONDS, KEPT_MAX
from jifen.api.overview_answers import DAY
from jifen.api.requests import GuardedRoute, desk_of
from jifen.api.said import said
from jifen.document.load import parse_document
from jifen.domain import refusals as no
from jifen.domain.principal import Permission
from jifen.domain.refusals_of_programs import TemplateUnknown
from jifen.operations.read_program import read_revision, read_text
from jifen.operations.read_rule_figures import RuleFigures, read_rule_figures
from jifen.present.templates import template_sentences, template_title
from jifen.store.rule_figures import RuleSum
from jifen.templates import template_names, template_text

router = APIRouter(prefix="/v1", route_class=GuardedRoute)


class RevisionText(Answer):
    """A revision as it was written, in the form that `jifen program pull` fetches."""

    number: int
    document_hash: str
    text: str


class TemplateAnswer(Answer):
    """A programme to start from, in three sentences of the language that is asked for."""

    name: str
    title: str
    sentences: list[str]
    rules: int
    tests: int


class TemplatesAnswer(Answer):
    """The programmes to start from."""

    data: list[TemplateAnswer]


class TemplateText(TemplateAnswer):
    """A programme to start from, as text."""

    text: str


class RuleGave(Answer):
    """What a rule gave. Units are smallest units of its currency; `units_back` is what returns of these purchases took."""

    rule: str
    currency: str
    units: int
    units_back: int
    entries: int = Field(description="Purchases, events and moments that it gave something to.")
    members: int
    by_month: list[int] = Field(description="Units by month, as `months` has them.")


class RuleFiguresAnswer(Answer):
    """What each rule gave in twelve months, and what purchases told lately. Null: the journal is too long to count it here."""

    as_of: Instant
    from_on: str = Field(json_schema_extra=DAY)
    to_on: str = Field(json_schema_extra=DAY)
    months: list[str] = Field(description="The first day of each month, oldest first.")
    data: list[RuleGave] | None
    told: dict[str, list[str]] | None = Field(
        description="By fact: values of the newest purchases, the most frequent first."
    )


@router.get(
    "/program/grammar",
    tags=["programme"],
    summary="Read what a programme may be made of",
    **said(permission=Permission.PROGRAM_READ, answer=GrammarAnswer),
)
async def get_grammar(request: Request, language: Language = None) -> Response:
    """Parts and their fields, facts and operators, with the words for each: all that a screen needs to build a document."""
    # In a thread: made once in each language, from the schema, which takes its time.
    return render.answered(await asyncio.to_thread(grammar, language_of(request, language)))


@router.get(
    "/program/revisions/{number}/text",
    tags=["programme"],
    summary="Read a revision as text",
    **said(permission=Permission.PROGRAM_READ, answer=RevisionText, names_in_address=[no.RevisionUnknown]),
)
async def get_revision_text(
    request: Request,
    number: Annotated[int, Path(ge=1, le=2**31 - 1, description="The revision.")],
) -> Response:
    """The document as it was written, with its comments, as `jifen program pull` fetches it: to be changed and handed in again.
    Of one that was published by its values alone, YAML."""
    found = await read_revision(desk_of(request).ledger, number)
    text = await read_text(desk_of(request).ledger, found)
    return render.answered(RevisionText(number=number, document_hash=found.document_hash, text=text))


@router.get(
    "/program/templates",
    tags=["programme"],
    summary="List programmes to start from",
    **said(permission=Permission.PROGRAM_READ, answer=TemplatesAnswer),
)
async def list_templates(request: Request, language: Language = None) -> Response:
    """The shipped templates, each in three sentences."""
    spoken = language_of(request, language)
    return render.answered(
        await asyncio.to_thread(
            lambda: TemplatesAnswer(
                data=[TemplateAnswer(**_template(one, spoken)) for one in template_names()]
            )
        )
    )


@router.get(
    "/program/templates/{name}",
    tags=["programme"],
    summary="Read a programme to start from",
    **said(permission=Permission.PROGRAM_READ, answer=TemplateText, names_in_address=[TemplateUnknown]),
)
async def get_template(
    request: Request,
    name: Annotated[str, Path(max_length=64, description="As the list calls it.")],
    language: Language = None,
) -> Response:
    """The text of a template, with its tests: to be changed and handed in."""
    if name not in template_names():
        raise TemplateUnknown(pointer="/path/name")
    told = await asyncio.to_thread(_template, name, language_of(request, language))
    return render.answered(TemplateText(**told, text=template_text(name)))


@lru_cache(maxsize=200)
def _template(name: str, language: str) -> dict[str, Any]:
    document = parse_document(template_text(name), name=name)
    return {
        "name": name,
        "title": template_title(name, language),
        "sentences": template_sentences(name, language),
        "rules": len(document.earn_rules),
        "tests": len(document.tests),
    }


@router.get(
    "/program/rules:figures",
    tags=["programme"],
    summary="Read what each rule gave",
    **said(permission=Permission.BOOKS_READ, answer=RuleFiguresAnswer, refuses=[no.ProgramMissing]),
)
async def get_rule_figures(request: Request) -> Response:
    """What each rule of the newest revision gave in the twelve months that end with this one. Whoever is bound to a store sees
    that of his store.
    """
    desk = desk_of(request)
    store = None if desk.principal.stores is None else desk.principal.store_for(None)
    kept: _Kept = request.app.state.rule_figures
    async with kept.counting:
        known = kept.answers.get(store)
        if known is None or known[0] < time.monotonic():
            found = await read_rule_figures(desk.ledger, store=store)
            if len(kept.answers) >= KEPT_MAX:
                kept.answers.clear()
            known = kept.answers[store] = (time.monotonic() + FRESH_SECONDS, _answer(found))
    return render.answered(known[1])


class _Kept:
    """What was counted a moment ago, by store. One count at a time: it takes one connection from the tills."""

    def __init__(self) -> None:
        self.counting = asyncio.Lock()
        self.answers: dict[str | None, tuple[float, RuleFiguresAnswer]] = {}


def keep_rule_figures(app: FastAPI) -> None:
    """Make room for what is counted."""
    app.state.rule_figures = _Kept()


def _answer(found: RuleFigures) -> RuleFiguresAnswer:
    return RuleFiguresAnswer(
        as_of=found.now,
        from_on=found.span.from_on.isoformat(),
        to_on=(found.span.until_on - timedelta(days=1)).isoformat(),
        months=[one.isoformat() for one in found.months],
        data=None if found.sums is None else _gave(found, found.sums),
        told=found.told,
    )


def _gave(found: RuleFigures, sums: Iterable[RuleSum]) -> list[RuleGave]:
    whole: dict[int, RuleSum] = {}
    months: dict[int, dict[Any, int]] = {}
    for one in sums:
        if one.month is None:
            whole[one.rule] = one
        else:
            months.setdefault(one.rule, {})[one.month] = one.units
    currencies = {one.number: one.code for one in found.program.currencies}
    nothing = RuleSum(0, None, 0, 0, 0, 0)
    return [
        RuleGave(
            rule=rule.code,
            currency=currencies[rule.currency],
            units=sum_of.units,
            units_back=sum_of.units_back,
            entries=sum_of.entries,
            members=sum_of.members,
            by_month=[months.get(rule.number, {}).get(month, 0) for month in found.months],
        )
        for rule in found.program.rules
        for sum_of in (whole.get(rule.number, nothing),)
    ]
