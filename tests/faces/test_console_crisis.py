"""What is wrong is stopped at once in the console, and what it kept back is given."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.api.conftest import a_purchase_body
from tests.faces.conftest import Visit


def test_a_rule_is_switched_off_and_what_it_kept_back_is_given_and_taken_back(visit: Visit) -> None:
    visit.sign_in()
    page, house = visit.page, visit.house
    visit.go("/programme")
    page.get_by_role("button", name="Switch off… Points for every purchase").click()
    page.get_by_role("dialog").get_by_role("button", name="Switch off now").click()
    expect(page.get_by_text("Switched off")).to_be_visible()
    earned = house.ask("POST", "/v1/purchases", a_purchase_body(house.members[0], of=7_000))["earned"]
    assert [one["units"] for one in earned] == [0]

    visit.go("/compensations")
    expect(page.get_by_text("Nobody was compensated yet")).to_be_visible()
    page.get_by_role("button", name="Compensate…").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Whom it is for").select_option("rule")
    box.get_by_label("Reason").fill("We had stopped a rule")
    box.get_by_role("button", name="Look first").click()
    expect(box.get_by_role("status")).to_contain_text("1 member would be given 70.")
    assert visit.axe() == []
    box.get_by_role("button", name="Compensate", exact=True).click()
    expect(page.get_by_role("row", name="We had stopped a rule")).to_contain_text("Paid", timeout=30_000)

    page.get_by_role("button", name="Undo…").click()
    page.get_by_role("dialog").get_by_role("button", name="Take it back").click()
    expect(page.get_by_role("row", name="We had stopped a rule")).to_contain_text("Undone", timeout=30_000)


def test_a_list_that_is_wrong_names_its_line_before_it_is_sent(visit: Visit) -> None:
    visit.sign_in()
    page = visit.page
    visit.go("/compensations")
    page.get_by_role("button", name="Compensate…").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Reason").fill("A list")
    box.get_by_label("Card and units").fill("6200001,50\n6200002,many")
    expect(box.get_by_role("alert")).to_contain_text("Line 2")
    expect(box.get_by_role("button", name="Look first")).to_be_disabled()
    box.get_by_label("Card and units").fill("nobody-has-it,50")
    box.get_by_role("button", name="Look first").click()
    expect(box.get_by_role("alert")).to_be_visible()
