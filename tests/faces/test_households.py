"""A household on the phone and in the console: invited, joined, a child added, left; a merge undone, two told apart."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.api.conftest import a_purchase_body
from tests.faces.conftest import Visit
from tests.faces.on_phone import PHONE, OnPhone, phone, served_with

__all__ = ["phone", "served_with"]
CHINESE_DARK = {"locale": "zh-CN", "color_scheme": "dark"}


def sign_out(phone: OnPhone) -> None:
    """Leave this phone to somebody else."""
    phone.go("/me")
    phone.page.get_by_role("button", name="Sign out").first.click()
    phone.page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    phone.page.wait_for_selector("input[type=tel]")


def test_a_family_is_invited_joins_and_parts(phone: OnPhone) -> None:
    page = phone.page
    head = phone.is_new(name="Chen Ming")
    head_number = phone.number
    phone.sign_in()
    phone.go("/me/household/invite")
    page.get_by_role("button", name="Make a code").click()
    expect(page.locator(".invitation .qr")).to_be_visible()
    code = page.locator(".invitation-code").inner_text()
    assert phone.axe() == []
    phone.go("/me/household")
    expect(page.locator(".row-title", has_text=code)).to_be_visible()
    sign_out(phone)

    phone.is_new(name="Li Na")
    phone.house.ask("POST", "/v1/purchases", a_purchase_body(phone.member_id, of=12_800))
    phone.sign_in()
    phone.open(f"/me/household/join#{code}")
    expect(page.get_by_label("Invitation code")).to_have_value(code)
    page.get_by_role("button", name="See what it does").click()
    expect(page.get_by_role("heading", name="Household of C••••••••, 1 in it now")).to_be_visible()
    expect(page.get_by_text("Your 128 points go over")).to_be_visible()
    assert phone.axe() == []
    page.get_by_role("button", name="Join as adult").click()
    page.wait_for_url(re.compile(r"/app/$"))
    phone.digits()
    phone.go("/me/household")
    expect(page.get_by_text("Chen Ming")).to_be_visible()
    expect(page.get_by_text("Li Na, you")).to_be_visible()
    expect(page.get_by_text("Invite somebody")).to_have_count(0)
    guest_number = phone.number
    sign_out(phone)

    phone.number, phone.member_id = head_number, head
    phone.sign_in()
    phone.go("/me/household/add-child")
    page.get_by_label("Birthday").fill("2019-05-01")
    expect(page.get_by_role("button", name="Add", exact=True)).to_be_disabled()
    page.get_by_label("I am the child’s guardian, and agree").or_(page.get_by_role("switch")).first.check()
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_text("A guardian has agreed")).to_be_visible()
    page.get_by_role("link", name=re.compile("Li Na")).click()
    page.get_by_label(re.compile("go along")).fill("200")
    expect(page.get_by_text("missing.")).to_be_visible()
    page.get_by_label(re.compile("go along")).fill("28")
    assert phone.axe() == []
    page.locator("form").last.get_by_role("button", name="See off").click()
    expect(page.get_by_text("Invite somebody")).to_be_visible()
    expect(page.get_by_text("Li Na")).to_have_count(0)
    sign_out(phone)

    phone.number = guest_number
    phone.sign_in()
    expect(page.locator(".hero").first).to_contain_text("28")


@pytest.mark.parametrize("phone", [{**PHONE, **CHINESE_DARK}], indirect=True)
def test_somebody_new_joins_by_a_scanned_code_and_a_wrong_one_says_what_to_do(phone: OnPhone) -> None:
    page = phone.page
    phone.is_new()
    phone.sign_in()
    phone.go("/me/household/join")
    page.locator("main input").fill("ABCDE-FGHJK")
    page.locator("main button[type=submit]").click()
    expect(page.get_by_role("alert")).to_contain_text("邀请码不对")
    assert phone.axe() == []
    phone.go("/me/household/invite")
    page.locator("main button[type=submit]").click()
    code = page.locator(".invitation-code").inner_text()
    phone.go("/me")
    page.get_by_role("button", name="退出登录").first.click()
    page.get_by_role("dialog").get_by_role("button", name="退出登录").click()
    page.wait_for_selector("input[type=tel]")
    page.evaluate("code => { history.replaceState(null, '', '/app/me/household/join#' + code) }", code)
    page.reload()
    page.locator("input[type=tel]").fill(str(int(phone.number) + 500_000))
    page.locator("form button[type=submit]").click()
    page.locator("input[autocomplete=one-time-code]").fill(phone.told_code())
    page.locator("form button[type=submit]").last.click()
    page.wait_for_selector(".foot")
    phone.go("/me/household")
    expect(page.locator(".tag", has_text="户主")).to_be_visible()
    expect(page.locator(".tag", has_text="成人")).to_be_visible()


def test_the_desk_merges_two_who_are_alike_undoes_it_and_tells_them_apart(visit: Visit) -> None:
    house, page = visit.house, visit.page
    person = {"name": "Zhou Jie", "birthday": "1991-02-03"}
    first, second = (house.ask("POST", "/v1/members", {"person": person})["member_id"] for _ in range(2))
    house.ask("POST", "/v1/purchases", a_purchase_body(second, of=12_800))
    visit.sign_in()
    visit.go("/duplicates")
    expect(page.get_by_text("The same name and birthday", exact=True)).to_be_visible()
    assert visit.axe() == []
    page.get_by_role("button", name="Merge…").click()
    page.get_by_label("Who stays").select_option(first)
    page.get_by_role("button", name="Merge", exact=True).click()
    expect(page.get_by_text("No members look alike")).to_be_visible()

    visit.go(f"/members/{first}")
    page.get_by_role("button", name="Undo…").click()
    page.get_by_role("button", name="Undo the merge").click()
    expect(page.get_by_role("dialog")).to_contain_text("128 came back")
    page.get_by_role("button", name="Open the new member").click()
    expect(page).to_have_url(re.compile(r"/console/members/mbr_"))
    expect(page.locator(".member-head")).not_to_contain_text(second)
    visit.go("/duplicates")
    page.get_by_role("button", name="Not the same…").click()
    page.get_by_role("button", name="Not the same", exact=True).click()
    expect(page.get_by_text("No members look alike")).to_be_visible()

    visit.go(f"/members/{first}")
    page.get_by_role("button", name="Add somebody…").click()
    page.get_by_label("Name").fill("Zhou Min")
    page.get_by_role("button", name="Add", exact=True).click()
    expect(page.get_by_role("button", name=re.compile("See off"))).to_have_count(2)
    assert visit.axe() == []
