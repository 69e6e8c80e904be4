"""Correcting a person in the console: only what is typed changes, what is emptied goes, refusals stand at their field."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Locator, expect
from tests.faces.conftest import House, Visit
from tests.faces.test_console_people import SECRET, an_operator, sign_in_by_password

CHINESE_DARK_PHONE = {
    "locale": "zh-CN",
    "color_scheme": "dark",
    "viewport": {"width": 390, "height": 844},
    "has_touch": True,
}


def a_known(house: House, phone: str, **more: Any) -> str:
    told = {"name": "Wang Fang", "phone": phone, "address": "1 Long Street", **more}
    return str(house.ask("POST", "/v1/members", {"person": told})["member_id"])


def revealed(house: House, member: str) -> Any:
    return house.ask("POST", f"/v1/members/{member}/persons:reveal", {"why": "service"})["persons"][0]


def opened(visit: Visit, member: str, name: str = "Correct…") -> Locator:
    visit.go(f"/members/{member}")
    visit.page.get_by_role("button", name=name, exact=True).click()
    return visit.page.get_by_role("dialog")


def test_what_was_not_revealed_is_blank_and_only_what_is_typed_or_emptied_changes(visit: Visit) -> None:
    member = a_known(visit.house, "+8613800137001", attributes={"shoe_size": "42"})
    visit.sign_in()
    dialog = opened(visit, member)
    for label in ("Name", "Phone", "Address", "shoe_size"):
        expect(dialog.get_by_label(label).first).to_have_value("")
    expect(dialog.get_by_role("button", name="Save")).to_be_disabled()
    dialog.get_by_role("textbox", name="Name", exact=False).first.fill("Wang Min")
    dialog.get_by_label("Empty: Address").check()
    expect(dialog.get_by_role("textbox", name="Address")).to_be_disabled()
    dialog.get_by_role("button", name="One more attribute").click()
    dialog.get_by_label("Name of the attribute").fill("pet")
    dialog.get_by_label("Value").fill("a cat")
    visit.page.wait_for_timeout(350)
    assert [one for one in visit.axe() if not one.startswith(("landmark-one", "page-has"))] == []
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    person = revealed(visit.house, member)
    assert person["fields"] == {"name": "Wang Min"}
    assert person["attributes"] == {"shoe_size": "42", "pet": "a cat"}
    assert [one["value"] for one in person["keys"]] == ["+8613800137001"]


def test_who_was_revealed_stands_in_the_form_and_a_cleared_field_is_forgotten(visit: Visit) -> None:
    member = a_known(visit.house, "+8613800137002", gender="female")
    page = visit.page
    visit.sign_in()
    visit.go(f"/members/{member}")
    page.get_by_role("button", name="Show in full").click()
    page.get_by_role("dialog").get_by_role("button", name="Show in full").click()
    expect(page.get_by_text("1 Long Street")).to_be_visible()
    page.get_by_role("button", name="Correct…", exact=True).click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_label("Name")).to_have_value("Wang Fang")
    expect(dialog.get_by_label("Phone")).to_have_value("+8613800137002")
    expect(dialog.get_by_label("Gender")).to_have_value("female")
    dialog.get_by_label("Gender").select_option("")
    expect(dialog.get_by_text("Is known no more once you save")).to_be_visible()
    dialog.get_by_label("Phone").fill("138 0013 7003")
    expect(dialog.get_by_text("nobody signs in by it")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    expect(page.get_by_text("1 Long Street")).to_have_count(0)
    person = revealed(visit.house, member)
    assert person["fields"] == {"name": "Wang Fang", "address": "1 Long Street"}
    assert [one["value"] for one in person["keys"]] == ["+8613800137003"]


def test_a_refusal_stands_at_its_field_and_the_next_try_is_another_write(visit: Visit) -> None:
    a_known(visit.house, "+8613800137004")
    member = a_known(visit.house, "+8613800137005")
    visit.sign_in()
    dialog = opened(visit, member)
    phone = dialog.get_by_role("textbox", name="Phone")
    phone.fill("138 0013 7004")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_have_text("the phone belongs to another member")
    expect(phone).to_have_attribute("aria-invalid", "true")
    phone.fill("138 0013 7006")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert [one["value"] for one in revealed(visit.house, member)["keys"]] == ["+8613800137006"]


def test_a_birthday_that_makes_somebody_under_age_says_what_happens_before_and_after(visit: Visit) -> None:
    member = a_known(visit.house, "+8613800137007", birthday="1990-05-01")
    visit.sign_in()
    dialog = opened(visit, member)
    birthday = dialog.get_by_label("Birthday", exact=False).first
    birthday.fill("1991-05-01")
    expect(dialog.get_by_text("By this birthday")).to_have_count(0)
    birthday.fill("2022-05-01")
    expect(dialog.get_by_text("By this birthday the person is under 14.")).to_be_visible()
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_contain_text("too young to be signed in: 0 sessions ended")
    expect(dialog).to_contain_text("No guardian has agreed")
    dialog.get_by_role("button", name="Close").click()
    expect(dialog).to_have_count(0)


def test_of_whom_nothing_is_known_something_is_entered_and_who_may_not_sees_no_form(visit: Visit) -> None:
    house = visit.house
    member = a_known(house, "+8613800137009")
    house.ask("POST", f"/v1/members/{member}/persons:erase", {"confirm": member})
    visit.sign_in()
    dialog = opened(visit, member, "Enter what is known…")
    dialog.get_by_label("Name").fill("Somebody New")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert revealed(house, member)["fields"] == {"name": "Somebody New"}
    visit.page.get_by_role("button", name="Sign out").click()
    an_operator(house, "Reader", "reader", roles=["auditor"])
    sign_in_by_password(visit, "reader", SECRET)
    visit.go(f"/members/{member}")
    expect(visit.page.get_by_role("heading", name="Person", exact=True)).to_be_visible()
    expect(visit.page.get_by_role("button", name="Correct…")).to_have_count(0)


@pytest.mark.parametrize("visit", [CHINESE_DARK_PHONE], indirect=True, ids=["chinese-phone"])
def test_on_a_phone_in_chinese_it_fits_and_axe_finds_nothing(visit: Visit) -> None:
    member = a_known(visit.house, "+8613800137008")
    page = visit.page
    visit.sign_in()
    dialog = opened(visit, member, "更正…")
    dialog.get_by_label("姓名").first.fill("王敏")
    dialog.get_by_label("清空：手机").check()
    page.wait_for_timeout(350)
    assert [one for one in visit.axe() if not one.startswith(("landmark-one", "page-has"))] == []
    assert not page.evaluate("document.documentElement.scrollWidth > innerWidth")
    dialog.get_by_role("button", name="保存").click()
    expect(dialog).to_have_count(0)
    person = revealed(visit.house, member)
    assert (person["fields"]["name"], person["keys"]) == ("王敏", [])


def cards(house: House, member: str) -> list[str]:
    """The cards that find a member."""
    return [one["value"] for one in revealed(house, member)["keys"] if one["kind"] == "card"]


def test_a_card_is_replaced_another_comes_and_one_ends(visit: Visit) -> None:
    member = a_known(visit.house, "+8613800137101")
    for card in ("7100001", "7100002"):
        body = {"add": [{"kind": "card", "value": card}]}
        visit.house.ask("POST", f"/v1/members/{member}/persons:correct", body)
    visit.sign_in()
    page = visit.page
    visit.go(f"/members/{member}")
    page.get_by_role("button", name="Show in full").click()
    page.get_by_role("dialog").get_by_role("button", name="Show in full").click()
    expect(page.get_by_text("1 Long Street")).to_be_visible()
    page.get_by_role("button", name="Correct…", exact=True).click()
    dialog = page.get_by_role("dialog")
    first = dialog.get_by_role("listitem").filter(has_text="7100001")
    second = dialog.get_by_role("listitem").filter(has_text="7100002")
    first.get_by_role("button", name="Replace").click()
    dialog.get_by_label("New number").fill("7100003")
    second.get_by_role("button", name="End", exact=True).click()
    second.get_by_role("button", name="Keep it").click()
    second.get_by_role("button", name="End", exact=True).click()
    expect(dialog.get_by_text("finds this member no more")).to_be_visible()
    dialog.get_by_role("button", name="One more card").click()
    dialog.get_by_label("Kind").last.select_option("wechat")
    dialog.get_by_label("New number").last.fill("wx-77")
    page.wait_for_timeout(350)
    assert [one for one in visit.axe() if not one.startswith(("landmark-one", "page-has"))] == []
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert cards(visit.house, member) == ["7100003"]
    assert {"kind": "wechat", "value": "wx-77"} in revealed(visit.house, member)["keys"]


def test_a_card_of_somebody_else_is_refused_beside_it_and_nothing_changes(visit: Visit) -> None:
    a_known(visit.house, "+8613800137102")
    other = visit.house.ask("POST", "/v1/members", {"keys": [{"kind": "card", "value": "7100009"}]})
    member = a_known(visit.house, "+8613800137103")
    body = {"add": [{"kind": "card", "value": "7100004"}]}
    visit.house.ask("POST", f"/v1/members/{member}/persons:correct", body)
    visit.sign_in()
    dialog = opened(visit, member)
    dialog.get_by_role("button", name="One more card").click()
    dialog.get_by_label("New number").fill("7100009")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    assert cards(visit.house, member) == ["7100004"]
    assert cards(visit.house, other["member_id"]) == ["7100009"]
    # One that was not revealed ends by its number, and one that is not his does not.
    dialog.get_by_role("button", name="Leave this line out").click()
    dialog.get_by_role("button", name="End one by its number").click()
    dialog.get_by_label("Number that ends").fill("7100009")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog.get_by_role("alert")).to_be_visible()
    dialog.get_by_label("Number that ends").fill("7100004")
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_have_count(0)
    assert cards(visit.house, member) == []
    assert cards(visit.house, other["member_id"]) == ["7100009"]
