"""Rewards in the three faces: ordered on the phone and called off, picked up at the till by the code, counted in the console."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect
from tests.faces.conftest import Visit, axe_on
from tests.faces.on_phone import OnPhone, phone, served_with
from tests.faces.tills import identify, open_till

__all__ = ["phone", "served_with"]
CHINESE_DARK = {"locale": "zh-CN", "color_scheme": "dark"}


def with_units(phone: OnPhone, units: int = 60) -> Page:
    """A member who has some, and is signed in."""
    phone.is_new()
    body = {"member": {"id": phone.member_id}, "currency": "points", "units": units, "note": "welcome"}
    phone.house.ask("POST", "/v1/adjustments", body)
    phone.sign_in("/rewards")
    return phone.page


def test_a_reward_is_ordered_by_a_second_press_and_its_code_is_what_a_till_finds(phone: OnPhone) -> None:
    page = with_units(phone)
    later = page.locator(".part", has=page.get_by_role("heading", name="Not yet, and why"))
    expect(later.get_by_role("link", name=re.compile("Mug"))).to_contain_text("sold out")
    page.get_by_role("link", name=re.compile("A cup of tea")).click()
    page.get_by_role("button", name="Order", exact=True).click()
    expect(page.get_by_text("are held, and taken when you pick it up")).to_contain_text("5")
    page.get_by_role("button", name="Yes, order").click()

    code = page.locator(".invitation-code").inner_text()

    assert axe_on(page) == []
    found = phone.house.ask("POST", "/v1/redemptions:find", {"code": code})
    assert (found["reward"], found["status"], found["member_id"]) == ("tea", "waiting", phone.member_id)
    phone.go("/rewards")
    page.get_by_role("link", name=re.compile("A cup of tea")).first.click()
    expect(page.locator(".invitation-code")).to_have_text(code)
    page.get_by_role("button", name="Cancel the order").click()
    page.get_by_role("button", name="Yes, cancel").click()
    expect(page.get_by_text("cancelled")).to_be_visible()
    expect(page.locator(".invitation-code")).to_have_count(0)
    assert phone.house.ask("GET", f"/v1/redemptions/{found['redemption_id']}")["status"] == "cancelled"


def test_what_waits_is_shown_however_much_was_taken_since_and_older_ones_are_turned_to(
    phone: OnPhone,
) -> None:
    page = with_units(phone, 1_000)
    ordered = {"member": {"id": phone.member_id}, "reward": "tea", "is_kept": True}
    made = phone.house.ask("POST", "/v1/redemptions", ordered)
    code = made["code"]
    for _ in range(51):
        phone.house.ask("POST", "/v1/redemptions", {**ordered, "is_kept": False})

    page.reload()

    waits = page.locator(".part", has=page.get_by_role("heading", name="To be picked up"))
    waits.get_by_role("link", name=re.compile("A cup of tea")).click()
    expect(page.locator(".invitation-code")).to_have_text(f"{code[:3]} {code[3:6]} {code[6:]}")
    phone.go("/rewards/taken")
    expect(page.get_by_text("A cup of tea")).to_have_count(50)
    page.get_by_role("button", name="Older").click()
    expect(page.get_by_text("A cup of tea")).to_have_count(52)
    expect(page.get_by_role("button", name="Older")).to_have_count(0)
    phone.house.ask("POST", f"/v1/redemptions/{made['redemption_id']}:cancel", {})


@pytest.mark.parametrize("phone", [CHINESE_DARK], indirect=True)
def test_in_chinese_what_is_missing_is_said_in_points(phone: OnPhone) -> None:
    page = with_units(phone, 3)
    expect(page.get_by_role("link", name=re.compile("一杯茶"))).to_contain_text("还差 2 积分")
    page.get_by_role("link", name=re.compile("一杯茶")).click()
    expect(page.get_by_role("heading", name="现在不能兑，因为")).to_be_visible()
    expect(page.get_by_role("button", name="预订")).to_have_count(0)
    assert axe_on(page) == []
    assert phone.too_wide() == 0


def test_what_waits_is_handed_over_at_the_till_once_and_a_member_there_takes_one_at_once(
    visit: Visit,
) -> None:
    house = visit.house
    member = house.members[0]
    gift = {"member": {"id": member}, "currency": "points", "units": 100, "note": "welcome"}
    house.ask("POST", "/v1/adjustments", gift)
    made = house.ask("POST", "/v1/redemptions", {"member": {"id": member}, "reward": "tea", "is_kept": True})
    page = open_till(visit)
    identify(page, "6200001")
    page.get_by_role("link", name="Rewards").click()
    page.get_by_label("Pick-up code").fill(made["code"])
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="A cup of tea")).to_be_visible()
    page.locator(".left").get_by_role("button", name="Hand over").click()
    expect(page.get_by_text("Handed over; the units are spent.")).to_be_visible()
    page.get_by_label("Pick-up code").fill(made["code"])
    page.keyboard.press("Enter")
    expect(page.locator(".left").get_by_role("alert")).to_be_visible()

    offers = page.locator(".right")
    offers.get_by_role("button", name="Redeem").first.click()
    offers.get_by_role("button", name="Hand over").click()
    expect(offers.get_by_text("Redeemed:")).to_be_visible()
    assert axe_on(page) == []
    taken = house.ask("GET", f"/v1/redemptions?member_id={member}")["data"]
    assert [one["status"] for one in taken[:2]] == ["handed_over", "handed_over"]


def test_a_stock_is_counted_in_the_console_and_what_waits_is_handed_over_and_taken_back(visit: Visit) -> None:
    house = visit.house
    member = house.members[1]
    gift = {"member": {"id": member}, "currency": "points", "units": 100, "note": "welcome"}
    house.ask("POST", "/v1/adjustments", gift)
    visit.sign_in()
    page = visit.page
    visit.go("/rewards")
    row = page.get_by_role("table", name="Rewards").get_by_role("row", name=re.compile("^Mug"))
    row.get_by_role("button", name="Stock…").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Pieces; fewer with a minus").fill("7")
    box.get_by_role("button", name="Save").click()
    expect(row).to_contain_text("7")
    assert visit.axe() == []

    house.ask("POST", "/v1/redemptions", {"member": {"id": member}, "reward": "mug", "is_kept": True})
    visit.go("/members")
    visit.go("/rewards")
    expect(row).to_contain_text("6")
    waits = page.get_by_role("table", name="Redemptions").get_by_role("row", name=re.compile("^Mug"))
    waits.get_by_role("button", name="Hand over").click()
    page.get_by_role("dialog").get_by_role("button", name="Hand over").click()
    expect(page.get_by_text("Nothing stands here")).to_be_visible()
    page.get_by_label("Where it stands").select_option("handed_over")
    waits.get_by_role("button", name="Take back").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Reason").fill("Broken")
    box.get_by_role("button", name="Take back").click()
    page.get_by_label("Where it stands").select_option("returned")
    expect(waits).to_contain_text("returned")
    assert house.ask("GET", "/v1/rewards/mug/stock")["stores"][0]["left"] == 7
