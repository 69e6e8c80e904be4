"""Every template passes the tests that it carries, in both languages, with a sentence for each and nothing odd."""

from __future__ import annotations

from typing import Any

import pytest

from jifen.document.load import parse_document
from jifen.document.run_trials import run_trials
from jifen.document.write import document_yaml
from jifen.present.templates import template_sentences, template_title
from jifen.templates import template_names, template_text

NAMES = template_names()
WITHOUT_TESTS = ("corner-shop", "grocer")  # the programmes of the first steps and of the demo: short to read


@pytest.mark.parametrize("name", NAMES)
def test_a_template_passes_its_tests(name: str) -> None:
    results = run_trials(parse_document(template_text(name), name=name))
    assert [(one.trial.code, one.said("en")) for one in results if not one.has_passed] == []
    assert len(results) >= 8 or name in WITHOUT_TESTS


@pytest.mark.parametrize("name", NAMES)
def test_each_of_its_rules_gives_something_in_a_test(name: str) -> None:
    """A rule that no test sees giving could say anything."""
    document = parse_document(template_text(name), name=name)
    gave = {rule for one in run_trials(document) for rule in one.came.get("rules", {})}
    silent = {rule.code for rule in document.earn_rules} - gave
    assert silent == ({"survey"} if name == "runners" else set()) or name in WITHOUT_TESTS


@pytest.mark.parametrize("name", NAMES)
def test_a_template_speaks_both_languages_and_survives_its_round_trip(name: str) -> None:
    document = parse_document(template_text(name), name=name)
    named: list[Any] = [
        document.program,
        *document.currencies,
        *document.earn_rules,
        *document.events,
        *document.tests,
    ]
    assert all({"zh", "en"} <= set(part.names) for part in named)
    assert parse_document(document_yaml(document), name="again") == document
    for language in ("zh", "en"):
        assert template_title(name, language)
        assert len(template_sentences(name, language)) == 3
