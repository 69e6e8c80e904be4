"""What a screen builds programmes from: the grammar of the document, a revision as text, and what each rule gave."""

from __future__ import annotations

import pytest
from tests.api.conftest import Api, a_purchase_body

from jifen.api.grammar import WHOLE, GrammarField, grammar, unsaid
from jifen.document.check import GRANTS
from jifen.document.conditions import OPERATORS_WRITTEN
from jifen.document.load import document_from, parse_document
from jifen.document.model import EarnRulePart, ProgramDocument
from jifen.document.run_trials import run_trials
from jifen.document.write import document_hash
from jifen.domain.program.conditions import FACTS
from jifen.templates import template_names

SPOKEN = ("zh", "en")


def fields_of(part: str, language: str = "en") -> dict[str, GrammarField]:
    """The fields of a part by their names."""
    found = next(one for one in grammar(language).parts if one.part == part)
    return {one.name: one for one in found.fields}


@pytest.mark.parametrize("language", SPOKEN)
def test_every_field_of_the_document_has_a_phrase(language: str) -> None:
    assert unsaid(language) == []


@pytest.mark.parametrize("language", SPOKEN)
def test_every_fact_and_every_operator_has_its_word(language: str) -> None:
    told = grammar(language)
    assert {one.fact for one in told.facts} == set(FACTS)
    assert all(one.label for one in told.facts)
    assert [one.operator for one in told.operators] == list(OPERATORS_WRITTEN)
    assert all("{" in one.says for one in told.operators)
    assert {one.value for one in told.fact_kinds} == {one.kind for one in told.facts}


def test_the_grammar_is_read_off_the_model() -> None:
    assert list(fields_of("earn_rule")) == list(EarnRulePart.model_fields)
    assert list(fields_of(WHOLE)) == list(ProgramDocument.model_fields)
    rule = fields_of("earn_rule")
    assert [one.name for one in rule.values() if one.is_amount] == list(GRANTS)
    assert rule["when"].kinds[0].kind == "condition"
    assert (rule["shares"].names, rule["shares"].kinds[0].kind) == ("shared_caps", "list")
    assert [one.value for one in rule["rounding"].kinds[0].choices] == ["down", "half_up", "half_even", "up"]
    assert fields_of("caps")["day"].unit == "units"
    assert fields_of("per_amount")["amount_minor"].unit == "money"
    assert [one.kind for one in fields_of("currency")["expiry"].kinds] == ["part", "choice"]


def test_what_a_fact_takes_besides_its_operator_is_asked_of_the_check() -> None:
    facts = {one.fact: one for one in grammar("en").facts}
    assert facts["member.spend_minor"].needs == ["window_days"]
    assert facts["member.balance"].needs == ["currency"]
    assert facts["line.category"].needs == facts["line.category"].allows == []
    assert (facts["basket.lines"].needs, facts["basket.lines"].allows) == ([], ["of"])
    assert (facts["purchase.days"].names, facts["event.store_tags"].names) == ("days", "store_tags")
    assert len(facts["purchase.month"].choices) == 12
    assert "at_least" in facts["member.tier"].operators
    assert [one.label for one in facts["purchase.weekday"].choices][5:] == ["Saturday", "Sunday"]


async def test_the_grammar_comes_in_the_language_that_is_asked_for(api: Api) -> None:
    told = {one: (await api.get(f"/v1/program/grammar?language={one}", as_="till")).json() for one in SPOKEN}
    labels = {language: {one["fact"]: one["label"] for one in told[language]["facts"]} for language in SPOKEN}
    assert (labels["zh"]["line.category"], labels["en"]["line.category"]) == (
        "商品类别",
        "the item's category",
    )


async def test_the_text_of_a_revision_says_the_revision(api: Api) -> None:
    newest = (await api.get("/v1/program")).json()["newest"]
    told = (await api.get(f"/v1/program/revisions/{newest['number']}/text")).json()
    read = parse_document(told["text"], name="text")
    assert read == document_from(newest["document"])
    assert told["document_hash"] == newest["document_hash"] == document_hash(read)
    assert (await api.get("/v1/program/revisions/999/text")).status_code == 404


async def test_what_a_rule_gave_is_what_members_were_given_less_what_came_back(api: Api) -> None:
    member, other = await api.a_member(), await api.a_member()
    first = await api.a_purchase(member, of=12_000)
    await api.a_purchase(member, of=5_000)
    await api.a_purchase(other, of=3_000)
    back = {"purchase": {"id": first["purchase_id"]}, "lines": [{"number": 1, "quantity_milli": 500}]}
    assert (await api.post("/v1/purchases:return", back)).status_code == 201

    told = (await api.get("/v1/program/rules:figures")).json()
    assert len(told["months"]) == 12
    balances = [(await api.get(f"/v1/members/{one}/balances")).json()["balances"] for one in (member, other)]
    points = [one for row in balances for one in row if one["currency"] == "points"]
    gave = [one for one in told["data"] if one["currency"] == "points"]
    assert sum(one["units"] - one["units_back"] for one in gave) == sum(one["balance"] for one in points)
    base = max(gave, key=lambda one: one["entries"])
    assert (base["entries"], base["members"]) == (3, 2)
    assert base["units_back"] > 0
    assert sum(base["by_month"]) == base["units"] == base["by_month"][-1] + base["by_month"][-2]
    assert set(told["told"]["purchase.source"]) == {a_purchase_body(member)["source"]}


async def test_what_rules_gave_is_for_whoever_reads_the_books(api: Api) -> None:
    refused = await api.get("/v1/program/rules:figures", as_="till")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_permitted")


async def test_templates_are_told_in_three_sentences_and_read_as_text(api: Api) -> None:
    told = {one: (await api.get(f"/v1/program/templates?language={one}")).json()["data"] for one in SPOKEN}
    assert [one["name"] for one in told["zh"]] == template_names()
    assert all(
        len(one["sentences"]) == 3 and one["tests"] > 3
        for one in told["en"]
        if one["name"] not in ("corner-shop", "grocer")
    )
    assert all(zh["title"] != en["title"] for zh, en in zip(told["zh"], told["en"], strict=True))

    text = (await api.get("/v1/program/templates/pharmacy")).json()["text"]
    document = parse_document(text, name="pharmacy")
    assert all(one.has_passed for one in run_trials(document))
    refused = await api.get("/v1/program/templates/no-such")
    assert (refused.status_code, refused.json()["code"]) == (404, "template_unknown")
