"""Questions, the audit, operators, one's own account, adjusting with a proposal: journeys, and each role at each screen."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import struct
import time
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect
from tests.faces.conftest import AXE, PASSWORD, ROOT, House, Visit

from jifen.domain.principal import ROLES

ENGLISH = {"locale": "en-GB"}
CHINESE_DARK = {"locale": "zh-CN", "color_scheme": "dark"}
CHINESE_PHONE = {"locale": "zh-CN", "viewport": {"width": 390, "height": 844}, "has_touch": True}
PEOPLE = (
    "/questions",
    "/questions?show=all",
    "/questions?tab=codes",
    "/duplicates",
    "/operators",
    "/audit",
    "/settings",
)
SCREENS = ROOT / "web" / "apps" / "console" / "src" / "screens"
SECRET = "a sentence that is long enough"


def an_operator(house: House, name: str, login: str, **may: Any) -> None:
    """An operator who has come: he signs in with `login` and SECRET."""
    invited = house.ask("POST", "/v1/operators:invite", {"name": name, "language": "en", **may})
    body = {"token": invited["token"], "login": login, "password": SECRET}
    house.ask("POST", "/v1/invitations:accept", body, as_=None)


def a_question(house: House, member: str, said: str, **more: Any) -> str:
    """A question that a member asked; its address in the console."""
    body = {"kind": "units_missing", "said": said, **more}
    made = house.ask("POST", f"/v1/members/{member}/questions", body)
    return f"/questions/{made['question_id']}?of={member}"


def sign_in_by_password(visit: Visit, login: str, password: str, page: Page | None = None) -> Page:
    """Sign in as an operator, in a context of one's own."""
    page = page or visit.page
    page.goto(f"{visit.house.address}/console")
    page.get_by_label("Login").fill(login)
    page.get_by_label("Password").fill(password)
    page.keyboard.press("Enter")
    expect(page.locator(".shell")).to_be_visible()
    return page


def code_of(secret: str, at: float) -> str:
    """The six digits of an authenticator (RFC 6238)."""
    key = base64.b32decode(secret + "=" * (-len(secret) % 8))
    told = hmac.new(key, struct.pack(">Q", int(at) // 30), hashlib.sha1).digest()
    where = told[-1] & 15
    number = struct.unpack(">I", told[where : where + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"


def test_a_question_is_asked_answered_appealed_against_and_answered_by_somebody_else(visit: Visit) -> None:
    house, page = visit.house, visit.page
    an_operator(house, "Service Sun", "sun", roles=["service"])
    an_operator(house, "Service Qian", "qian", roles=["service"])
    member = house.members[0]
    sign_in_by_password(visit, "sun", SECRET)
    page.goto(f"{house.address}/console/members/{member}?drill=2")
    page.get_by_role("button", name="Not right? Ask…").click()
    page.get_by_label("In the member’s words").fill("the tea was not counted")
    page.get_by_role("button", name="Ask", exact=True).click()
    expect(page.get_by_text("the tea was not counted")).to_be_visible()
    expect(page.get_by_role("link", name="Posting 2.")).to_have_attribute("href", re.compile("drill=2"))
    address = page.url

    page.get_by_label("To the member").fill("it was: see line 1")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.get_by_role("button", name="Appeal…")).to_be_visible()
    page.get_by_role("button", name="Appeal…").click()
    page.get_by_label("In the member’s words").fill("line 1 is a cup")
    page.get_by_role("button", name="Appeal", exact=True).click()
    expect(page.get_by_text("an appeal goes to somebody else")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    sign_in_by_password(visit, "qian", SECRET)
    page.goto(address)
    page.get_by_role("button", name="Corrected").click()
    expect(page.get_by_text("make the entry first")).to_be_visible()
    expect(page.get_by_role("button", name="Send the answer")).to_be_disabled()
    page.get_by_role("button", name="Adjust points…").click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Give or take").fill("+5")
    dialog.get_by_label("Reason").fill("the tea")
    dialog.get_by_role("button", name="Adjust", exact=True).click()
    expect(page.get_by_label("The entry that corrects it")).to_contain_text("5")
    page.get_by_label("To the member").fill("you are right")
    page.get_by_role("button", name="Send the answer").click()
    expect(page.locator(".trail li")).to_have_count(4)
    expect(page.locator(".trail")).to_contain_text("you are right")
    page.get_by_role("button", name="Close…").click()
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(".trail li")).to_have_count(5)


def test_questions_that_wait_stand_in_the_list_and_filters_in_its_address(visit: Visit) -> None:
    address = a_question(visit.house, visit.house.members[1], "where are they")
    visit.sign_in()
    visit.go("/questions")
    page = visit.page
    expect(page.locator(f'tbody a[href="/console{address}"]')).to_have_count(1)
    page.get_by_label("Question", exact=True).select_option("tier")
    expect(page.get_by_text("No question matches the filters")).to_be_visible()
    assert "kind=tier" in page.url
    page.get_by_role("button", name="Clear the filters").click()
    page.get_by_role("button", name="Due").click()
    assert "order=due" in page.url
    expect(page.locator("th[aria-sort=ascending]")).to_have_text(re.compile("Due"))
    page.locator(".menu summary").click()
    page.locator(".menu").get_by_label("Asked").uncheck()
    expect(page.get_by_role("columnheader", name="Asked")).to_have_count(0)
    assert "hide=asked" in page.url
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    told = Path(str(download.value.path())).read_text(encoding="utf-8-sig")
    assert told.splitlines()[0] == "Question,State,Due,Member,About"
    assert visit.house.members[1] in told


def test_the_audit_says_who_looked_at_a_member_and_is_taken_along_as_a_file(visit: Visit) -> None:
    house, page = visit.house, visit.page
    body = {"keys": [{"kind": "card", "value": "6200950"}], "person": {"name": "Wang Fang"}}
    member = house.ask("POST", "/v1/members", body)["member_id"]
    house.ask("POST", f"/v1/members/{member}/persons:reveal", {"why": "fraud"})
    visit.sign_in()
    visit.go(f"/members/{member}")
    looked = page.get_by_role("region", name="Who looked")
    expect(looked.locator("li")).to_have_count(1)
    looked.get_by_role("link", name="Audit of this member").click()
    expect(page.get_by_role("heading", name="Audit", level=1)).to_be_visible()
    assert "about=per_" in page.url, "a reading names the person"
    page.get_by_label("What", exact=True).select_option("person.read")
    expect(page.locator("tbody tr")).to_have_count(1)
    with page.expect_download() as download:
        page.get_by_role("button", name="Export CSV").click()
    lines = Path(str(download.value.path())).read_text(encoding="utf-8-sig").splitlines()
    assert len(lines) == 2
    assert "fraud" in lines[1]
    page.get_by_label("What", exact=True).select_option("vault.rotated")
    expect(page.get_by_text("No act matches the filters")).to_be_visible()


def test_an_operator_is_invited_comes_in_another_browser_is_changed_and_disabled(visit: Visit) -> None:
    page = visit.page
    sign_in_by_password(visit, "chen", PASSWORD)
    page.goto(f"{visit.house.address}/console/operators")
    page.get_by_role("button", name="Invite…").click()
    page.get_by_label("Name").fill("Li Na")
    page.get_by_role("checkbox", name=re.compile("^Cashier")).check()
    page.get_by_role("button", name="Make the invitation").click()
    link = page.get_by_label("Link", exact=True).input_value()
    assert "/console/invitation#" in link
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    row = page.locator("tbody tr", has_text="Li Na")
    expect(row).to_contain_text("Invited")

    assert page.context.browser is not None
    other = page.context.browser.new_context(locale="en-GB")
    try:
        guest = other.new_page()
        guest.goto(link)
        guest.get_by_label("Login").fill("lina")
        guest.get_by_label("Password").fill(SECRET)
        guest.get_by_role("button", name="Begin").click()
        expect(guest.locator(".shell")).to_be_visible()
        expect(guest.get_by_role("link", name="Audit")).to_have_count(0)

        row.get_by_role("button", name="Change…").click()
        page.get_by_role("checkbox", name=re.compile("^Auditor")).check()
        page.get_by_role("button", name="Save").click()
        expect(row).to_contain_text("Auditor")
        row.get_by_role("button", name="End sessions…").click()
        page.get_by_role("dialog").get_by_role("button", name="End sessions").click()
        expect(page.get_by_role("dialog")).to_have_count(0)
        for _ in range(20):  # another process may know the session for five seconds
            guest.reload()
            guest.wait_for_selector(".shell, form")
            if guest.get_by_label("Login").count():
                break
            guest.wait_for_timeout(500)
        expect(guest.get_by_label("Login")).to_be_visible()
    finally:
        other.close()
    row.get_by_role("button", name="Disable…").click()
    page.get_by_role("dialog").get_by_role("button", name="Disable").click()
    expect(page.locator("tbody tr", has_text="Li Na")).to_have_count(0)
    page.get_by_role("button", name="All", exact=True).click()
    expect(row).to_contain_text("Disabled")


def test_a_second_factor_is_turned_on_asked_for_and_turned_off(visit: Visit) -> None:
    an_operator(visit.house, "Zhou", "zhou", roles=["auditor"])
    page = sign_in_by_password(visit, "zhou", SECRET)
    page.goto(f"{visit.house.address}/console/settings")
    page.get_by_role("button", name="Turn on…").click()
    page.get_by_label("Password").fill(SECRET)
    page.get_by_role("button", name="Continue").click()
    expect(page.get_by_role("img", name="QR code for the authenticator")).to_be_visible()
    secret = page.get_by_role("dialog").locator("code").first.inner_text()
    page.get_by_label("The six digits").fill(code_of(secret, time.time()))
    page.get_by_role("button", name="Confirm").click()
    codes = page.get_by_label("Ten recovery codes").input_value().split("\n")
    assert len(set(codes)) == 10
    page.get_by_role("button", name="I kept them").click()
    expect(page.get_by_role("button", name="Turn off…")).to_be_visible()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Login").fill("zhou")
    page.get_by_label("Password").fill(SECRET)
    page.keyboard.press("Enter")
    page.get_by_label("Second factor").fill(codes[0])
    page.keyboard.press("Enter")
    expect(page.locator(".shell")).to_be_visible()
    page.goto(f"{visit.house.address}/console/settings")
    page.get_by_role("button", name="Turn off…").click()
    page.get_by_label("Password").fill(SECRET)
    page.get_by_role("dialog").get_by_role("button", name="Turn off").click()
    expect(page.get_by_role("button", name="Turn on…")).to_be_visible()


def test_above_ones_limit_an_adjustment_is_said_to_be_a_proposal_before_it_is_one(visit: Visit) -> None:
    house, page = visit.house, visit.page
    an_operator(house, "Wu", "wu", roles=["service"], adjustment_units_max=50)
    sign_in_by_password(visit, "wu", SECRET)
    page.goto(f"{house.address}/console/members/{house.members[1]}")
    page.get_by_role("button", name="Adjust points…").click()
    page.get_by_label("Give or take").fill("+40")
    expect(page.get_by_role("button", name="Adjust", exact=True)).to_be_visible()
    page.get_by_label("Give or take").fill("+51")
    page.get_by_label("Reason").fill("a gift of the house")
    expect(page.get_by_role("dialog")).to_contain_text("It is above your limit")
    page.get_by_role("button", name="Propose").click()
    expect(page.get_by_role("dialog")).to_contain_text("Another operator decides")
    waiting = house.ask("GET", "/v1/proposals?state=waiting&language=en")["data"]
    assert any("51" in one["sentence"] for one in waiting)


def test_erasing_waits_and_is_said_on_the_members_page_and_called_off(visit: Visit) -> None:
    house, page = visit.house, visit.page
    an_operator(house, "Officer Lin", "lin", roles=["privacy_officer"])
    member = house.ask("POST", "/v1/members", {"person": {"name": "Gone Soon"}})["member_id"]
    sign_in_by_password(visit, "lin", SECRET)
    page.goto(f"{house.address}/console/members/{member}")
    page.get_by_role("button", name="Erase personal data…").click()
    dialog = page.get_by_role("dialog")
    erase = dialog.get_by_role("button", name="Erase", exact=True)
    dialog.get_by_role("textbox").fill("not it")
    expect(erase).to_be_disabled()
    dialog.get_by_role("textbox").fill(member[-8:])
    erase.click()
    expect(dialog).to_contain_text("Another operator decides")
    dialog.get_by_role("button", name="Close").click()
    waits = page.get_by_text("Officer Lin proposes to erase the persons of")
    expect(waits).to_be_visible()
    assert visit.axe() == []
    page.get_by_role("link", name="See what waits").click()
    own = page.get_by_role("listitem").filter(has_text="Officer Lin proposes to erase")
    expect(own).to_contain_text("Erasing personal data")
    expect(own.get_by_role("button", name="Approve")).to_have_count(0)
    own.get_by_role("button", name="Withdraw").click()
    page.get_by_role("dialog").get_by_role("button", name="Withdraw").click()
    expect(own).to_have_count(0)
    assert house.ask("GET", f"/v1/members/{member}/persons")["persons"]


def test_an_objection_is_recorded_and_a_period_is_set_having_seen_what_goes(visit: Visit) -> None:
    house, page = visit.house, visit.page
    an_operator(house, "Officer Zhao", "zhao", roles=["privacy_officer"])
    member = house.ask("POST", "/v1/members", {"person": {"name": "Wu Di"}})["member_id"]
    sign_in_by_password(visit, "zhao", SECRET)
    page.goto(f"{house.address}/console/members/{member}")
    page.get_by_role("button", name="Record an objection…").click()
    page.get_by_role("dialog").get_by_role("button", name="Record").click()
    expect(page.get_by_role("button", name="Take the objection back…")).to_be_visible()
    (person,) = house.ask("GET", f"/v1/members/{member}/persons")["persons"]
    assert person["objects_to_profiling"]
    visit.settle()
    assert visit.axe() == []

    page.goto(f"{house.address}/console/settings")
    page.get_by_role("button", name="Change the period: texts of closed questions").click()
    dialog = page.get_by_role("dialog")
    days = dialog.get_by_label("Days")
    days.fill("5")
    expect(dialog.get_by_role("button", name="Set this period")).to_be_disabled()
    days.fill("800")
    expect(dialog).to_contain_text("By this period 0 would go within hours")
    dialog.get_by_label("Reason").select_option("law")
    dialog.get_by_role("button", name="Set this period").click()
    expect(page.get_by_role("button", name="Change the period: texts of closed questions")).to_contain_text(
        "800"
    )
    visit.settle()
    assert visit.axe() == []


def test_an_adjustment_is_reversed_from_its_posting_and_a_member_is_closed_and_reopened(visit: Visit) -> None:
    house, page = visit.house, visit.page
    card = {"keys": [{"kind": "card", "value": "6200960"}]}
    member = house.ask("POST", "/v1/members", card)["member_id"]
    body = {"member": {"id": member}, "currency": "points", "units": 30, "note": "by mistake"}
    made = house.ask("POST", "/v1/adjustments", body)
    visit.sign_in()
    visit.go(f"/members/{member}?drill={made['sequence']}")
    page.get_by_role("button", name=f"Reverse entry {made['sequence']}…").click()
    page.get_by_label("Reason").fill("it was one")
    page.get_by_role("button", name="Reverse", exact=True).click()
    expect(page.get_by_role("dialog", name=f"Posting {made['sequence'] + 1}")).to_contain_text("−30")
    page.keyboard.press("Escape")
    page.get_by_role("button", name="Close…").click()
    page.get_by_role("dialog").get_by_role("button", name="Close", exact=True).click()
    expect(page.locator(".member-head")).to_contain_text("Closed")
    page.get_by_role("button", name="Reopen…").click()
    page.get_by_role("dialog").get_by_role("button", name="Reopen").click()
    expect(page.locator(".member-head")).to_contain_text("Active")


def permission_of_screens() -> dict[str, str]:
    """What each line of the menu takes, as the screens say it."""
    found = {}
    for path in SCREENS.glob("*/index.tsx"):
        for one in re.finditer(r"Screen = \{(.*?)\n?\};", path.read_text(encoding="utf-8"), re.DOTALL):
            address = re.search(r'path: "([^"]+)"', one[1])
            permission = re.search(r'permission: "([^"]+)"', one[1])
            assert address is not None, path
            assert permission is not None, path
            if ":id" not in address[1]:
                found[address[1]] = permission[1]
    return found


@pytest.mark.parametrize(
    "role", [role for role in ROLES if role not in ("till", "members", "integration", "console", "admin")]
)
def test_each_role_sees_its_screens_and_is_told_what_the_others_take(visit: Visit, role: str) -> None:
    login = role.replace("_", "-")
    an_operator(visit.house, f"One {role}", login, roles=[role])
    page = sign_in_by_password(visit, login, SECRET)
    takes = permission_of_screens()
    assert len(takes) >= 11
    for path, permission in takes.items():
        visit.go(path)
        link = page.get_by_role("navigation", name="Main menu").locator(f'a[href="/console{path}"]')
        if permission in ROLES[role]:
            expect(link).to_have_count(1)
            expect(page.locator(".note-stop")).to_have_count(0)
            expect(page.get_by_role("heading", level=1)).to_be_visible()
        elif path != "/":
            expect(link).to_have_count(0)
            expect(page.get_by_role("alert")).to_contain_text(permission)
            expect(page.get_by_role("alert")).to_contain_text("Owner")


def test_the_table_of_roles_is_the_one_that_the_api_guards_by() -> None:
    said = json.loads((ROOT / "web/apps/console/src/said.json").read_text(encoding="utf-8"))
    assert {role: set(one["permissions"]) for role, one in said["roles"].items()} == {
        role: {str(one) for one in held} for role, held in ROLES.items()
    }


@pytest.mark.slow
@pytest.mark.skipif(not AXE.is_file(), reason="NO AXE: web/node_modules is not installed; make screens")
@pytest.mark.parametrize(
    "visit", [ENGLISH, CHINESE_DARK, CHINESE_PHONE], indirect=True, ids=["english", "chinese-dark", "phone"]
)
def test_axe_finds_nothing_and_nothing_is_wider_than_the_window(visit: Visit) -> None:
    page = visit.page
    question = a_question(visit.house, visit.house.members[0], "x" * 200)
    page.goto(f"{visit.house.address}/console")
    page.locator("input[name=login], input[autocomplete=username]").first.fill("chen")
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator(".shell")).to_be_visible()
    found: dict[str, list[str]] = {}
    for path in (*PEOPLE, question, f"/members/{visit.house.members[0]}"):
        visit.go(path)
        page.wait_for_timeout(350)  # what moves has arrived
        found[path] = visit.axe()
        if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
            found[path].append("wider than the window")
    visit.go("/operators")
    page.locator(".page-head .button.primary").click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.wait_for_timeout(350)
    of_page = (
        "landmark-one-main",
        "page-has-heading-one",
    )  # what lies behind a dialog is hidden while it is open
    found["invite"] = [one for one in visit.axe() if not one.startswith(of_page)]
    assert not {path: faults for path, faults in found.items() if faults}
