"""Journeys through the member app: every line opens; claiming, giving, asking; privacy; looks and widths."""

from __future__ import annotations

import itertools
import re

import pytest
from playwright.sync_api import expect
from tests.api.conftest import a_purchase_body
from tests.faces.conftest import axe_on
from tests.faces.on_phone import PHONE, OnPhone, phone, served_with

__all__ = ["phone", "served_with"]
CHINESE = {"locale": "zh-CN"}
CHINESE_DARK = {"locale": "zh-CN", "color_scheme": "dark"}
NARROW = {**PHONE, "viewport": {"width": 320, "height": 700}}
SCREENS = (
    "/", "/?card=1", "/statement", "/statement?show=earned", "/statement/2/0", "/statement/99/0", "/lots", "/lots/1", "/tier",
    "/me", "/me/questions",
    "/me/questions/new?sequence=1&part=0", "/me/gift", "/me/claim", "/me/privacy", "/me/privacy/looks", "/me/privacy/correct",
    "/me/privacy/contact", "/me/privacy/erase", "/me/phones", "/me/household", "/me/household/invite",
    "/me/household/join", "/me/household/add-child", "/me/household/leave",
    "/rewards", "/rewards/tea", "/rewards/mug", "/rewards/none", "/rewards/taken", "/rewards/waiting/none",
    "/nowhere",
)  # fmt: skip
LINES = [
    {"number": 1, "amount_minor": 8_800, "sku": "tea", "name": "Green tea"},
    {"number": 2, "amount_minor": 4_000, "sku": "cup", "name": "A cup"},
]


def who_bought(phone: OnPhone, of: int = 12_800) -> str:
    """A member with one receipt of two lines, who is signed in; its number."""
    phone.is_new()
    body = {**a_purchase_body(phone.member_id, of=of), "lines": LINES}
    phone.house.ask("POST", "/v1/purchases", body)
    phone.sign_in()
    return str(body["business_no"])


def test_a_line_of_the_statement_opens_to_the_receipt_the_rule_and_the_lot_and_its_sums_add_up(
    phone: OnPhone,
) -> None:
    number = who_bought(phone)
    page = phone.page
    page.get_by_role("link", name="Statement").click()
    page.locator(".opens-row").first.click()
    assert re.search(r"/app/statement/\d+/\d+$", page.url), "the address is the state"
    expect(page.get_by_text("Green tea")).to_be_visible()
    hero = page.locator(".line-hero .num").first.inner_text()
    assert hero == "+128"
    why = page.locator(".part", has=page.get_by_role("heading", name="Why"))
    expect(why.locator(".adds")).to_have_text("128")
    receipt = page.locator(".part", has=page.get_by_role("heading", name="Receipt, 2 lines"))
    expect(receipt.locator(".sale-line .row-figure")).to_have_text(["+88", "+40", "128"])
    expect(receipt.locator(".adds").first).to_have_text("¥128.00")
    expect(page.get_by_text(f"receipt {number}")).to_be_visible()
    page.get_by_role("link", name="Where they are now").click()
    expect(page.get_by_role("heading", name=re.compile(r"^Lot \d"))).to_be_visible()
    expect(page.locator(".adds")).to_have_text("128")
    page.go_back()
    expect(page.get_by_text("Green tea")).to_be_visible()


def test_the_statement_is_filtered_by_its_address(phone: OnPhone) -> None:
    who_bought(phone)
    body = {"member": {"id": phone.member_id}, "currency": "points", "units": -28, "note": "a mistake"}
    phone.house.ask("POST", "/v1/adjustments", body)
    phone.go("/statement")
    page = phone.page
    expect(page.locator(".opens-row")).to_have_count(2)
    page.get_by_role("button", name="Earned", exact=True).click()
    assert page.url.endswith("?show=earned")
    expect(page.locator(".opens-row")).to_have_count(1)
    page.reload()
    expect(page.locator(".opens-row")).to_have_count(1)
    page.get_by_role("button", name="Expired").click()
    expect(page.get_by_text("No such lines")).to_be_visible()


def test_a_member_tells_of_an_event_by_a_tap_and_reads_what_it_gave(phone: OnPhone) -> None:
    who_bought(phone)
    page = phone.page
    expect(page.get_by_role("heading", name="Today")).to_be_visible()
    page.get_by_role("button", name="Say hello").click()
    expect(page.get_by_text("That is noted. It gives nothing more for now.")).to_be_visible()
    page.get_by_role("button", name="Say hello").click()
    expect(page.get_by_text("That is noted.")).to_have_count(1)


def test_a_receipt_is_claimed_by_number_and_total_and_the_field_says_what_is_wrong(phone: OnPhone) -> None:
    receipt = a_purchase_body(of=8_800)
    phone.house.ask("POST", "/v1/purchases", receipt)
    phone.is_new()
    phone.sign_in()
    page = phone.page
    page.get_by_role("link", name="I have an older receipt to claim").click()
    page.get_by_label("Number of the receipt").fill(f"pos/{receipt['business_no']}")
    page.get_by_label("Total").fill("8x")
    expect(page.get_by_text("An amount such as 123.45 is needed.")).to_be_visible()
    page.get_by_label("Total").fill("88.01")
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_role("alert")).to_contain_text("No receipt has both")
    page.get_by_label("Total").fill("88")
    page.get_by_role("button", name="Claim").click()
    expect(page.get_by_text("It is yours.")).to_contain_text("Your balance is 88.")
    page.get_by_role("link", name="This line").click()
    expect(page.locator(".line-hero")).to_contain_text("+88")


def test_points_are_given_after_one_saw_to_whom_and_what_they_are_worth(phone: OnPhone) -> None:
    phone.is_new()
    receiver, number = phone.member_id, phone.number
    who_bought(phone)
    page = phone.page
    phone.go("/me/gift")
    page.get_by_label("Their phone or card number").fill(number)
    page.get_by_label("How many").fill("1000")
    expect(page.get_by_text("missing.")).to_be_visible()
    expect(page.get_by_role("button", name="Go on")).to_be_disabled()
    page.get_by_label("How many").fill("28")
    page.get_by_role("button", name="Go on").click()
    expect(page.locator("form .say-warn")).to_contain_text(number)
    page.get_by_role("button", name="Give", exact=True).click()
    expect(page.get_by_text("28 given, 100 left.")).to_be_visible()
    balances = phone.house.ask("GET", f"/v1/members/{receiver}")["balances"]
    assert balances[0]["balance"] == 28


def test_points_become_a_book_by_a_second_press(phone: OnPhone) -> None:
    who_bought(phone)
    page = phone.page
    part = page.locator(".part", has=page.get_by_role("heading", name="Exchange"))
    part.get_by_role("button", name="Exchange", exact=True).click()
    part.get_by_role("button", name="Cancel", exact=True).click()
    for left in (118, 108):
        part.get_by_role("button", name="Exchange", exact=True).click()
        part.get_by_role("button", name="Yes, exchange").click()
        expect(part.get_by_text(f"{left} Points left")).to_be_visible()
    assert not axe_on(page)
    told = phone.house.ask("GET", f"/v1/members/{phone.member_id}")["balances"]
    assert {one["currency"]: one["balance"] for one in told} == {"points": 108, "books": 2, "stamps": 0}
    phone.go("/statement")
    page.locator(".opens-row").first.click()
    expect(page.get_by_text("A book").first).to_be_visible()


def drank(phone: OnPhone, coffees: int) -> None:
    """So many coffees, of which each is a stamp."""
    lines = [{"number": 1, "amount_minor": 0, "quantity_milli": coffees * 1_000, "category": "coffee"}]
    body = {**a_purchase_body(phone.member_id, of=0), "lines": lines}
    phone.house.ask("POST", "/v1/purchases", body)


def test_a_card_of_stamps_fills_and_becomes_points_by_itself(phone: OnPhone) -> None:
    phone.is_new()
    drank(phone, 3)
    phone.sign_in()
    page = phone.page
    card = page.locator(".part", has=page.get_by_role("heading", name="Exchange")).locator(
        ".event", has_text="Five stamps"
    )
    expect(card.get_by_role("img", name="3 of 5")).to_be_visible()
    expect(card.locator("circle.stamped")).to_have_count(3)
    expect(card.locator("circle")).to_have_count(5)
    expect(card).to_contain_text("2 Stamps")
    expect(card.get_by_role("button")).to_have_count(0)
    assert not axe_on(page)

    drank(phone, 3)
    page.reload()
    phone.settle()
    expect(card.get_by_role("img", name="1 of 5")).to_be_visible()
    told = phone.house.ask("GET", f"/v1/members/{phone.member_id}")["balances"]
    assert {one["currency"]: one["balance"] for one in told} == {"points": 20, "books": 0, "stamps": 1}
    phone.go("/statement")
    page.locator(".opens-row", has_text="20").first.click()
    expect(page.get_by_text("Five stamps").first).to_be_visible()


def test_not_right_carries_the_line_and_its_answer_is_read_and_appealed_against(phone: OnPhone) -> None:
    who_bought(phone)
    page = phone.page
    page.get_by_role("link", name="Statement").click()
    page.locator(".opens-row").first.click()
    line = page.url.partition("/statement/")[2].split("/")
    page.get_by_role("link", name="Not right? Ask us").click()
    expect(page.get_by_role("radio", name="Points are wrong")).to_be_checked()
    page.get_by_label("Tell us").fill("The tea was double points.")
    page.get_by_role("button", name="Send").click()
    expect(page.get_by_text("The tea was double points.")).to_be_visible()
    expect(page.get_by_role("link", name=re.compile(r"^Entry \d+ of your books"))).to_be_visible()
    question = page.url.rpartition("/")[2]
    asked = phone.house.ask("GET", f"/v1/members/{phone.member_id}/questions/{question}")
    assert [str(asked["sequence"]), str(asked["part"])] == line
    body = {"said": "That was last week.", "outcome": "explained"}
    phone.house.ask("POST", f"/v1/members/{phone.member_id}/questions/{question}:answer", body)
    page.reload()
    expect(page.get_by_text("That was last week.")).to_be_visible()
    assert phone.axe() == []
    page.get_by_label("Why", exact=True).fill("The shelf said today.")
    page.get_by_role("button", name="Let somebody else look").click()
    expect(page.get_by_text("The shelf said today.")).to_be_visible()


def test_consents_are_turned_and_who_looked_is_told_by_kind_and_why(phone: OnPhone) -> None:
    phone.is_new(name="Han Meimei")
    phone.sign_in()
    page = phone.page
    reveal = f"/v1/members/{phone.member_id}/persons:reveal"
    phone.house.ask("POST", reveal, {"why": "service"}, as_="service")
    phone.go("/me/privacy")
    offers = page.get_by_role("switch", name="Choose offers from what I buy")
    expect(offers).not_to_be_checked()
    offers.click()
    expect(page.get_by_text(re.compile("^Yes since"))).to_be_visible()
    expect(offers).to_be_checked()
    known = phone.ask("GET", "/v1/me/person")[1]["persons"][0]["consents"]
    assert [(one["purpose"], one["is_given"], one["channel"]) for one in known] == [("offers", True, "app")]
    expect(page.get_by_text("A system of the shop").first).to_be_visible()
    assert "service-key" not in page.content()
    phone.go("/me/privacy/correct")
    page.get_by_label("Name").fill("Li Lei")
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    assert phone.ask("GET", "/v1/me/person")[1]["persons"][0]["fields"]["name"] == "Li Lei"


def test_everything_is_taken_along_as_a_page_and_then_one_is_erased_by_a_typed_word(phone: OnPhone) -> None:
    phone.is_new(name="Han Meimei")
    phone.house.ask("POST", "/v1/purchases", a_purchase_body(phone.member_id, of=8_800))
    phone.sign_in()
    page = phone.page
    phone.go("/me/privacy")
    with page.expect_download() as taken:
        page.get_by_role("button", name=re.compile("Take a copy")).click()
    assert "Han Meimei" in taken.value.path().read_text(encoding="utf-8")
    page.get_by_role("link", name=re.compile("Leave and erase")).click()
    expect(page.locator(".line-hero")).to_contain_text("88")
    erase = page.get_by_role("button", name="Erase me")
    page.get_by_label("Type ERASE to confirm").fill("ERAS")
    expect(erase).to_be_disabled()
    page.get_by_label("Type ERASE to confirm").fill("erase")
    erase.click()
    expect(page.get_by_text("You were erased")).to_be_visible()
    assert phone.kept() == []
    assert phone.ask("GET", "/v1/me")[0] == 401


def test_a_number_is_changed_by_a_code_to_the_new_one(phone: OnPhone) -> None:
    phone.is_new()
    phone.sign_in("/me/privacy/contact")
    page = phone.page
    page.get_by_label("Mobile number").fill("13700001111")
    page.get_by_role("button", name="Send a code to the new one").click()
    page.get_by_label("The 6 digits").fill(phone.told_code())
    expect(page.get_by_text("Sign in by the new number from now on.")).to_be_visible()
    keys = phone.ask("GET", "/v1/me/person")[1]["persons"][0]["keys"]
    assert keys == [{"kind": "phone", "value": "+8613700001111"}]


def test_language_size_and_theme_are_chosen_and_kept(phone: OnPhone) -> None:
    who_bought(phone)
    page = phone.page
    phone.go("/me")
    page.get_by_role("button", name="中文").click()
    expect(page.get_by_role("heading", name="我的", level=1)).to_be_visible()
    page.get_by_role("button", name="大字").click()
    page.get_by_role("button", name="深色").click()
    page.reload()
    expect(page.locator("html")).to_have_attribute("lang", "zh-CN")
    expect(page.locator("html")).to_have_attribute("data-size", "elder")
    expect(page.locator("html")).to_have_attribute("data-theme", "dark")
    phone.go("/")
    expect(page.locator(".qr")).to_be_visible()
    assert page.evaluate("getComputedStyle(document.documentElement).fontSize") == "20px"
    expect(page.locator(".home .bars-plate")).to_be_hidden()
    expect(page.get_by_role("link", name="提问")).to_be_visible()
    box = page.get_by_role("link", name="提问").bounding_box()
    assert box is not None
    assert box["height"] >= 64
    assert phone.axe() == []
    assert phone.too_wide() == 0


@pytest.mark.parametrize("phone", [{}, CHINESE, CHINESE_DARK], indirect=True, ids=["en", "zh", "zh-dark"])
def test_axe_finds_nothing_on_any_screen(phone: OnPhone) -> None:
    who_bought(phone)
    phone.digits()
    found = {}
    for path in SCREENS:
        phone.go(path)
        found[path] = phone.axe()
    assert found == {path: [] for path in SCREENS}


@pytest.mark.parametrize("phone", [NARROW, {**NARROW, **CHINESE}], indirect=True, ids=["en", "zh"])
@pytest.mark.parametrize("zoom", [100, 200])
def test_nothing_is_wider_than_a_narrow_phone_and_text_twice_as_large_neither(
    phone: OnPhone, zoom: int
) -> None:
    who_bought(phone)
    if zoom == 200:
        phone.page.set_viewport_size({"width": 195, "height": 422})
    wide = {}
    for path in SCREENS:
        phone.go(path)
        wide[path] = phone.too_wide()
    assert wide == dict.fromkeys(SCREENS, 0)


def test_nothing_jumps_while_the_home_screen_loads(phone: OnPhone) -> None:
    who_bought(phone)
    phone.page.add_init_script("""
      window.jumped = 0;
      const seen = list => { for (const one of list.getEntries()) if (!one.hadRecentInput) window.jumped += one.value; };
      new PerformanceObserver(seen).observe({type: "layout-shift", buffered: true});
    """)
    phone.open("/")
    phone.digits()
    expect(phone.page.locator(".months")).to_be_visible()
    assert phone.page.evaluate("window.jumped") < 0.1


def test_the_keyboard_reaches_the_card_each_part_and_each_place(phone: OnPhone) -> None:
    who_bought(phone)
    phone.digits()
    reached = []
    for _ in itertools.repeat(None, 20):
        phone.page.keyboard.press("Tab")
        reached.append(
            phone.page.evaluate("document.activeElement.className || document.activeElement.tagName")
        )
    for wanted in ("icon-button", "hero", "plate qr-plate", "gap", "part-link", "month next"):
        assert wanted in reached, reached
