"""Tiers and exchanges in the console: who stands where, who is about to fall, and an exchange made for a member."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.api.conftest import a_purchase_body
from tests.faces.conftest import Visit

CHINESE_DARK = {"locale": "zh-CN", "color_scheme": "dark"}
CHINESE_PHONE = {"locale": "zh-CN", "viewport": {"width": 390, "height": 844}, "has_touch": True}


def a_member(visit: Visit, units: int = 0, spends: int = 0) -> str:
    """A member who has so many points, and bought for so much."""
    member: str = visit.house.ask("POST", "/v1/members", {"keys": []})["member_id"]
    if units:
        body = {"member": {"id": member}, "currency": "points", "units": units, "note": "a start"}
        visit.house.ask("POST", "/v1/adjustments", body)
    if spends:
        visit.house.ask("POST", "/v1/purchases", a_purchase_body(member, of=spends))
    return member


def test_who_rose_is_told_and_stands_in_the_list_of_his_tier(visit: Visit) -> None:
    a_member(visit, spends=300_000)
    visit.sign_in()
    page = visit.page
    visit.go("/tiers")
    expect(page.get_by_role("heading", name="Tiers", level=1)).to_be_visible()
    expect(page.get_by_text("Gold: reached with 3000 CNY")).to_be_visible()
    expect(page.get_by_text("What counts is the money spent in the last 365 days.")).to_be_visible()
    expect(page.get_by_text("Nobody is about to fall")).to_be_visible()
    page.get_by_role("button", name="90 days", exact=True).last.click()
    visit.settle()
    assert "within=90" in page.url
    bars = page.locator(".tierbar", has_text="Gold")
    bars.get_by_role("link").click()
    expect(page.get_by_role("heading", name="Members", level=1)).to_be_visible()
    assert "tier=gold" in page.url


def test_an_exchange_is_made_for_a_member_and_counted(visit: Visit) -> None:
    member = a_member(visit, units=35)
    visit.sign_in()
    page = visit.page
    visit.go(f"/members/{member}")
    page.get_by_role("button", name="Exchange…", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("up to 3 times")).to_be_visible()
    expect(dialog.get_by_role("option")).to_have_text(["A book"])  # what runs by itself is not offered
    dialog.get_by_label("How often").fill("4")
    expect(dialog.get_by_role("button", name="Exchange", exact=True)).to_be_disabled()
    dialog.get_by_label("How often").fill("2")
    expect(dialog.get_by_role("status")).to_contain_text("20 Points go, 2 Books come")
    assert not visit.axe()
    dialog.get_by_role("button", name="Exchange", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    told = visit.house.ask("GET", f"/v1/members/{member}")["balances"]
    assert {one["currency"]: one["balance"] for one in told} == {"points": 15, "books": 2, "stamps": 0}

    visit.go("/exchanges")
    row = page.get_by_role("row", name=re.compile("A book"))
    expect(row).to_contain_text("On request")
    expect(page.get_by_role("row", name=re.compile("Five stamps"))).to_contain_text("By itself")


def test_units_that_went_meanwhile_are_a_refusal_that_is_read(visit: Visit) -> None:
    member = a_member(visit, units=10)
    visit.sign_in()
    page = visit.page
    visit.go(f"/members/{member}")
    page.get_by_role("button", name="Exchange…", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_text("it can be made 1 time.")).to_be_visible()
    body = {"member": {"id": member}, "currency": "points", "units": -5, "note": "gone meanwhile"}
    visit.house.ask("POST", "/v1/adjustments", body)
    dialog.get_by_role("button", name="Exchange", exact=True).click()
    expect(dialog.get_by_role("alert")).to_contain_text("points_missing")


def test_who_may_not_give_units_is_offered_no_exchange(visit: Visit) -> None:
    member = a_member(visit, units=35)
    visit.sign_in(as_="analyst")
    visit.go(f"/members/{member}")
    expect(visit.page.get_by_role("button", name="Exchange…", exact=True)).to_have_count(0)


@pytest.mark.parametrize(
    "visit",
    [{"locale": "en-GB"}, CHINESE_DARK, CHINESE_PHONE],
    ids=["english", "dark", "phone"],
    indirect=True,
)
@pytest.mark.parametrize("path", ["/tiers", "/tiers?period=30", "/exchanges", "/ledger"])
def test_axe_finds_nothing_and_nothing_is_too_wide(visit: Visit, path: str) -> None:
    visit.sign_in()
    visit.go(path)
    assert not visit.axe()
    wide = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
    assert visit.page.evaluate(wide) <= 0


def test_the_breakage_curve_is_a_picture_with_a_table_beside_it(visit: Visit) -> None:
    a_member(visit, spends=50_000)
    visit.sign_in()
    page = visit.page
    visit.go("/ledger")
    told = visit.house.ask("GET", "/v1/breakage?currency=books")
    assert told["breakage_units"] is None
    expect(page.get_by_role("heading", name="Breakage curve")).to_be_visible()
    expect(page.get_by_role("img", name="What became of the units of each month")).to_be_visible()
    row = page.get_by_role("table", name="Breakage curve").locator("tbody tr").last
    cells = [int(one.replace(",", "")) for one in row.locator("td").all_inner_texts()[2:7]]
    assert cells[0] == sum(cells[1:]) > 0, "every unit is somewhere"
    expect(page.get_by_text("It cannot be told yet")).to_be_visible()
    page.get_by_role("button", name="Stamps").click()
    visit.settle()
    assert "of=stamps" in page.url
