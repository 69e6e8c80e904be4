"""Journeys through the console, in a real browser: signing in, finding, opening every number, the keyboard, both languages."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import expect
from tests.faces.conftest import AXE, LOGIN, PASSWORD, Visit

SCREENS = ("/", "/members", "/programme", "/programme?tab=document", "/programme?tab=revisions", "/programme?tab=draft",
           "/backtests", "/proposals", "/ledger", "/jobs", "/imports", "/keys", "/settings",
           "/compensations", "/rewards", "/segments")  # fmt: skip
ENGLISH = {"locale": "en-GB"}
CHINESE_DARK = {"locale": "zh-CN", "color_scheme": "dark"}
CHINESE_PHONE = {"locale": "zh-CN", "viewport": {"width": 390, "height": 844}, "has_touch": True}
NARROW = {"locale": "en-GB", "viewport": {"width": 320, "height": 700}}


def test_an_operator_signs_in_stays_signed_in_over_a_reload_and_signs_out(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.house.address}/console/members")
    page.get_by_label("Login").fill(LOGIN)
    page.get_by_label("Password").fill("another password")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    page.wait_for_timeout(1_500)  # after a wrong try the next one waits a moment
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Members", level=1)).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Members", level=1)).to_be_visible()
    assert page.evaluate("document.cookie") == "", "no script sees the session"
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Login")).to_be_visible()
    page.reload()
    expect(page.get_by_label("Login")).to_be_visible()


def test_a_key_that_opens_nothing_is_refused_in_the_language_of_the_page(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.house.address}/console")
    page.locator("form .as-link").click()
    page.fill("input[type=password]", "jf_live_nothing")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_be_visible()
    assert page.locator(".shell").count() == 0


def test_a_member_is_found_by_card_and_each_number_opens_down_to_the_rule(visit: Visit) -> None:
    visit.sign_in()
    page = visit.page
    visit.go("/members")
    page.get_by_label("Card, phone, e-mail or member id").fill("6200001")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("•••0001")
    visit.settle()
    assert visit.house.members[0] in page.url

    page.get_by_role("link", name=re.compile(r"\+128 open this posting")).click()
    drawer = page.get_by_role("dialog")
    expect(drawer.get_by_text("Green tea")).to_be_visible()
    expect(drawer.locator("tfoot")).to_contain_text("128")
    drawer.get_by_role("button", name=re.compile("Line 1,")).click()
    expect(drawer.locator(".drill-why")).to_contain_text("Line 1:")
    expect(drawer.locator(".drill-why")).to_contain_text("88")
    assert "line=1" in page.url, "the step has an address"

    drawer.get_by_role("button", name=re.compile("^Lot ")).first.click()
    expect(drawer.get_by_role("heading", name="Every movement")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_visible()


def test_nobody_with_a_name_is_said_to_be_nobody(visit: Visit) -> None:
    visit.sign_in()
    visit.go("/members")
    visit.page.get_by_label("Card, phone, e-mail or member id").fill("nobody at all")
    visit.page.keyboard.press("Enter")
    expect(visit.page.get_by_text("No member has “nobody at all”")).to_be_visible()


def test_a_list_keeps_its_sort_and_filters_in_the_address(visit: Visit) -> None:
    visit.sign_in()
    visit.go("/members")
    page = visit.page
    page.get_by_role("button", name="Points", exact=True).click()
    assert "sort=balance" in page.url
    page.get_by_role("combobox", name="Status").select_option("frozen")
    expect(page.get_by_text("Nobody matches the filters")).to_be_visible()
    page.get_by_role("button", name="Clear the filters").click()
    expect(page.locator("tbody tr")).to_have_count(len(visit.house.members))


def test_the_keyboard_goes_everywhere(visit: Visit) -> None:
    visit.sign_in()
    page = visit.page
    visit.settle()
    page.keyboard.press("g")
    page.keyboard.press("m")
    expect(page.get_by_role("heading", name="Members", level=1)).to_be_visible()
    visit.settle()
    page.keyboard.press("j")
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_contain_text("•••")
    page.keyboard.press("Control+k")
    page.keyboard.type("ledg")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="Keys")).to_be_visible()
    page.keyboard.press("Escape")
    page.keyboard.press("/")
    page.keyboard.press("Escape")


def test_points_are_adjusted_once_and_the_statement_says_why(visit: Visit) -> None:
    visit.sign_in()
    visit.go(f"/members/{visit.house.members[1]}")
    page = visit.page
    page.get_by_role("button", name="Adjust points…").click()
    page.get_by_label("Give or take").fill("+72")
    page.get_by_label("Reason").fill("a broken cup")
    expect(page.get_by_role("dialog")).to_contain_text("The balance goes from 128 to 200.")
    page.get_by_role("button", name="Adjust", exact=True).click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.locator(".figures")).to_contain_text("200")
    visit.go(f"/members/{visit.house.members[1]}?tab=statement")
    expect(page.get_by_text("a broken cup")).to_be_visible()


def test_who_may_not_is_not_shown_the_screen_and_is_told_what_it_takes(visit: Visit) -> None:
    visit.sign_in(as_="till")
    page = visit.page
    expect(page.get_by_role("heading", name="Members", level=1)).to_be_visible()
    assert page.get_by_role("link", name="Keys").count() == 0
    visit.go("/keys")
    expect(page.get_by_role("alert")).to_contain_text("keys.read")
    expect(page.get_by_role("alert")).to_contain_text("not_permitted · 403")


def test_when_the_server_goes_what_is_shown_stays_and_says_so(visit: Visit) -> None:
    visit.sign_in()
    visit.go("/jobs")
    page = visit.page
    expect(page.get_by_text("Nothing is parked").first).to_be_visible()
    page.context.set_offline(True)
    expect(page.get_by_text(re.compile("No answer since"))).to_be_visible(timeout=15_000)
    expect(page.get_by_text("Nothing is parked").first).to_be_visible()
    page.context.set_offline(False)
    expect(page.get_by_text(re.compile("No answer since"))).to_have_count(0, timeout=15_000)
    visit.faults[:] = [one for one in visit.faults if "ERR_INTERNET_DISCONNECTED" not in one]


@pytest.mark.slow
@pytest.mark.skipif(not AXE.is_file(), reason="NO AXE: web/node_modules is not installed; make screens")
@pytest.mark.parametrize(
    "visit", [ENGLISH, CHINESE_DARK, CHINESE_PHONE], indirect=True, ids=["english", "chinese-dark", "phone"]
)
def test_axe_finds_nothing_on_any_screen(visit: Visit) -> None:
    found = {}
    visit.page.goto(f"{visit.house.address}/console")
    visit.page.wait_for_selector("form")
    found["sign-in"] = visit.axe()
    visit.sign_in()
    member = f"/members/{visit.house.members[0]}"
    for path in (
        *SCREENS,
        member,
        f"{member}?tab=lots",
        f"{member}?tab=statement",
        f"{member}?drill=2",
        f"{member}?lot=1",
    ):
        visit.go(path)
        visit.page.wait_for_timeout(350)  # what moves has arrived
        found[path] = visit.axe()
    assert not sorted({fault for faults in found.values() for fault in faults})


@pytest.mark.parametrize("visit", [CHINESE_PHONE, NARROW], indirect=True, ids=["390", "320"])
def test_nothing_is_wider_than_a_phone(visit: Visit) -> None:
    visit.sign_in()
    member = f"/members/{visit.house.members[0]}"
    for path in (*SCREENS, member, f"{member}?tab=lots", f"{member}?drill=2"):
        visit.go(path)
        assert not visit.page.evaluate("document.documentElement.scrollWidth > innerWidth"), path


@pytest.mark.parametrize("visit", [CHINESE_DARK], indirect=True)
def test_the_language_and_the_theme_are_the_browsers_until_somebody_chooses(visit: Visit) -> None:
    visit.sign_in()
    page = visit.page
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    assert page.evaluate("document.documentElement.dataset.theme") == "dark"
    visit.go("/settings")
    page.get_by_role("button", name="English").click()
    expect(page.get_by_role("heading", name="Settings", level=1)).to_be_visible()
    page.get_by_role("button", name="Light").click()
    page.reload()
    assert page.evaluate("document.documentElement.lang") == "en"
    assert page.evaluate("document.documentElement.dataset.theme") == "light"


def test_no_request_leaves_this_machine(visit: Visit) -> None:
    asked: list[str] = []
    visit.page.on("request", lambda request: asked.append(request.url))
    visit.sign_in()
    for path in SCREENS:
        visit.go(path)
    assert asked
    assert not [url for url in asked if not url.startswith(visit.house.address)]


def test_a_person_is_seen_in_part_and_in_full_with_a_reason(visit: Visit) -> None:
    """Found by phone; masked until somebody says why; and that he looked stands in the audit."""
    card = "6200901"
    told = {"phone": "138 0013 8901", "name": "陈小明", "email": "chen@example.com"}
    body = {"keys": [{"kind": "card", "value": card}], "person": told}
    member = visit.house.ask("POST", "/v1/members", body)["member_id"]
    visit.sign_in()
    visit.go("/members")
    page = visit.page
    page.get_by_label("Card, phone, e-mail or member id").fill("138 0013 8901")
    page.keyboard.press("Enter")
    person = page.get_by_role("region", name="Person")
    expect(person).to_contain_text("+86•••••••8901")
    expect(person).not_to_contain_text("陈小明")
    person.get_by_role("button", name="Show in full").click()
    page.get_by_role("dialog").get_by_label("Why").select_option("service")
    page.get_by_role("dialog").get_by_role("button", name="Show in full").click()
    expect(person).to_contain_text("+8613800138901")
    expect(person).to_contain_text("陈小明")
    assert not visit.axe()
    audit = visit.house.ask("GET", "/v1/audit?deed=person.read")["data"]
    assert audit[0]["why"] == "service"
    assert member in page.url


def test_an_invitation_is_accepted_on_its_page_once(visit: Visit) -> None:
    body = {"name": "Chen Li", "roles": ["service"]}
    invited = visit.house.ask("POST", "/v1/operators:invite", body)
    page = visit.page
    for is_first in (True, False):
        page.context.clear_cookies()
        page.goto(f"{visit.house.address}/console/invitation#{invited['token']}")
        page.reload()
        page.get_by_label("Login").fill("chen-li")
        page.get_by_label("Password").fill("a sentence that is long enough")
        page.get_by_role("button", name="Begin").click()
        if is_first:
            expect(page.locator(".shell")).to_be_visible()
            assert invited["token"] not in page.url
        else:
            expect(page.get_by_role("alert")).to_be_visible()


def test_a_shop_that_is_no_demo_offers_no_sign_in_with_a_click(visit: Visit) -> None:
    told = visit.house.ask("GET", "/v1/welcome", as_=None)
    assert told["demo"] == []
    visit.page.goto(f"{visit.house.address}/console/")
    expect(visit.page.get_by_role("heading", name="Sign in")).to_be_visible()
    expect(visit.page.get_by_text("Demo: sign in with a click")).to_have_count(0)
