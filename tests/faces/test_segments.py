"""Segments in the console: counted before they are made; a list that is filled by cards; one that nobody asks for is archived."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.faces.conftest import Visit


def test_a_condition_is_counted_before_it_is_made_and_its_page_says_how_many(visit: Visit) -> None:
    visit.sign_in()
    page = visit.page
    visit.go("/segments")
    expect(page.get_by_text("No segments yet")).to_be_visible()
    page.get_by_role("button", name="New segment").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Name").fill("Regulars")
    box.get_by_label("Code").fill("regulars")
    box.get_by_label("Fact").select_option("member.purchases_before")
    expect(box.get_by_role("button", name="Count first")).to_be_disabled()
    box.get_by_label("With", exact=True).fill("1")
    box.get_by_role("button", name="Count first").click()
    expect(box.get_by_role("status")).to_contain_text(re.compile(r"members? now"))
    assert visit.axe() == []
    box.get_by_role("button", name="Make it").click()

    page.get_by_role("link", name="Regulars").click()

    expect(page.get_by_role("heading", name="Regulars")).to_be_visible()
    expect(page.get_by_text("None yet. A condition asks by member.segments.")).to_be_visible()
    assert visit.axe() == []


def test_a_list_is_filled_by_cards_says_whom_it_does_not_know_and_is_archived(visit: Visit) -> None:
    house = visit.house
    house.ask("POST", "/v1/segments", {"code": "vip", "names": {"en": "Best customers", "zh": "贵宾"}})
    visit.sign_in()
    page = visit.page
    visit.go("/segments/vip")
    page.get_by_role("button", name="Add members").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Cards").fill("6200001\nnobody-has-it")
    box.get_by_role("button", name="Add members").click()
    expect(box.get_by_role("alert")).to_contain_text("nobody-has-it: no such member")
    box.get_by_role("button", name="Close").last.click()
    expect(page.locator(".verdict")).to_contain_text("1")
    told = house.ask("GET", "/v1/segments/vip/members")["data"]
    assert told == [house.members[0]]

    page.get_by_role("button", name="Archive").click()
    page.get_by_role("dialog").get_by_role("button", name="Archive").click()
    expect(page.get_by_role("table", name="Segments").get_by_text("Best customers")).to_have_count(0)
