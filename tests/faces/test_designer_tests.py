"""The tests of a document beside its rules: a basket is tried as one types and kept; a rule that breaks it is caught."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.faces.conftest import Visit

TESTS = "/programme?tab=draft&part=tests"


def try_a_basket(page: Page, amount: str) -> None:
    """A Tuesday's purchase of so much in the basket."""
    basket = page.get_by_role("group", name="Try a basket")
    basket.get_by_label("When").fill("2027-05-11T12:00")
    basket.get_by_label("Amount (CNY)").fill(amount)


@pytest.mark.parametrize(
    "visit", [{}, {"color_scheme": "dark", "viewport": {"width": 390, "height": 800}}], indirect=True
)
def test_a_basket_is_judged_as_one_types_and_kept_as_a_test(visit: Visit) -> None:
    visit.sign_in()
    visit.go(TESTS)
    page = visit.page
    expect(page.get_by_text("No tests yet")).to_be_visible()
    expect(page.get_by_text("Type an amount to see what each rule gives.")).to_be_visible()

    try_a_basket(page, "100")
    expect(page.get_by_text("Rule “Points for every purchase” gave 100 Points.")).to_be_visible()
    expect(page.get_by_text("Rule “Double points on Tuesdays” gave 100 Points.")).to_be_visible()
    page.get_by_label("The member’s tier").select_option(label="Gold")
    expect(page.get_by_text("Rule “Points for every purchase” gave 150 Points.")).to_be_visible()
    assert visit.axe() == []

    page.get_by_role("button", name="Keep as a test").click()
    expect(page.get_by_text("1 test comes out as expected").first).to_be_visible()
    expect(page.locator(".cards b", has_text="A basket that was tried")).to_be_visible()
    expect(page.get_by_text("New test basket. It changes nothing for members.")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert visit.axe() == []


def test_a_rule_that_breaks_a_test_is_caught_before_it_is_published(visit: Visit) -> None:
    visit.sign_in()
    visit.go(TESTS)
    page = visit.page
    try_a_basket(page, "100")
    expect(page.get_by_text("Rule “Double points on Tuesdays” gave 100 Points.")).to_be_visible()
    page.get_by_role("button", name="Keep as a test").click()
    expect(page.get_by_text("1 test comes out as expected").first).to_be_visible()
    text = page.get_by_label("The draft as text")
    text.fill(text.input_value().replace("points: 1,", "points: 3,").replace("points: 1\n", "points: 3\n", 1))

    expect(page.get_by_text(re.compile("1 of 1 tests does not come out"))).to_have_count(2)
    expect(page.get_by_text("Points: 200 were expected, 600 came of it.").first).to_be_visible()
    expect(page.get_by_role("button", name="Publish…")).to_have_count(0)
    page.get_by_text("What was given and what was not, and why").click()
    expect(page.get_by_text("Rule “Points for every purchase” gave 300 Points.").first).to_be_visible()
    assert visit.axe() == []
    page.get_by_role("button", name="Remove the test “A basket that was tried”").click()
    expect(page.get_by_text("No tests yet")).to_be_visible()
    expect(page.get_by_role("button", name="Publish…")).to_be_visible()


def test_a_template_is_opened_in_the_designer_and_undone(visit: Visit) -> None:
    visit.sign_in()
    visit.go("/programme?tab=draft")
    page = visit.page
    text = page.get_by_label("The draft as text")
    before = text.input_value()
    page.get_by_role("button", name="Open a template…").click()
    expect(page.get_by_role("dialog").locator(".template")).to_have_count(9)
    assert visit.axe() == []
    page.get_by_role("button", name="Open “Coffee chain with stars”").click()

    expect(text).to_have_value(re.compile("code: coffee-chain"))
    expect(page.get_by_text("13 tests come out as expected").first).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(text).to_have_value(before)
