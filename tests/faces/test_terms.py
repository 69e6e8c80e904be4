"""Terms of membership: published at the console, accepted by joining, told of on the phone before they change."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.faces.conftest import LOGIN, PASSWORD, Visit
from tests.faces.on_phone import OnPhone, phone, served_with
from tests.faces.test_console_people import sign_in_by_password
from tests.faces.tills import open_till

__all__ = ["phone", "served_with"]


def test_terms_are_published_accepted_by_joining_and_a_worse_version_is_told_ahead(
    visit: Visit, phone: OnPhone
) -> None:
    console = sign_in_by_password(visit, LOGIN, PASSWORD)
    console.goto(f"{visit.house.address}/console/terms")
    expect(console.get_by_text("No terms yet")).to_be_visible()
    assert visit.axe() == []
    console.get_by_role("button", name="Publish terms…").click()
    console.get_by_label("Version").fill("2026-12")
    console.get_by_label("Text in Chinese").fill("第一条\n积分两年有效。")
    console.get_by_label("Text in English").fill("Article 1\nPoints last two years.")
    console.get_by_role("button", name="Publish", exact=True).click()
    row = console.locator("tbody tr", has_text="2026-12")
    expect(row).to_contain_text("In force")

    page = phone.page
    phone.is_new()  # at the desk, before anybody asked about terms
    phone.sign_in()
    expect(page.get_by_role("link", name=re.compile("New terms of membership"))).to_be_visible()
    phone.go("/me/terms")
    expect(page.get_by_role("button", name="Accept 2026-12")).to_be_visible()
    phone.go("/me/privacy")
    page.get_by_role("switch", name="Work out nothing about me").click()
    expect(page.get_by_text("You object since")).to_be_visible()
    assert phone.axe() == []
    phone.go("/me")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Mobile number")).to_be_visible()

    phone.open("/join")
    page.get_by_label("Mobile number").fill("13900000077")
    page.get_by_role("button", name="Send me the code").click()
    page.get_by_label("The 6 digits").fill(phone.told_code())
    expect(
        page.get_by_text("By joining you accept the terms of membership, version 2026-12.")
    ).to_be_visible()
    page.get_by_text("Read version 2026-12").click()
    expect(page.get_by_text("Points last two years.")).to_be_visible()
    assert phone.axe() == []
    page.get_by_role("button", name="Join and show my card").click()
    page.wait_for_selector(".foot")
    expect(page.get_by_role("link", name=re.compile("terms"))).to_have_count(0)

    visit.house.ask(
        "POST",
        "/v1/terms",
        {
            "version": "2027-02",
            "texts": {"zh": "积分一年有效。", "en": "Points last one year."},
            "summary": {"zh": "有效期缩短为一年", "en": "Points last one year instead of two"},
            "is_worse": True,
        },
    )
    page.reload()
    notice = page.get_by_role("link", name=re.compile("The terms change for the worse"))
    expect(notice).to_contain_text("It takes effect")
    phone.settle()
    assert phone.axe() == []
    assert phone.too_wide() == 0
    notice.click()
    expect(page.get_by_text("Points last one year instead of two")).to_be_visible()
    expect(page.get_by_text("you may close your membership")).to_be_visible()
    phone.settle()
    assert phone.axe() == []
    page.get_by_role("button", name="Accept 2027-02").click()
    expect(page.get_by_text("You accepted 2027-02")).to_be_visible()
    expect(page.get_by_role("button", name="Accept 2027-02")).to_have_count(0)
    page.get_by_text("Close the membership").click()
    page.get_by_label("Type CLOSE to confirm").fill("close")
    page.get_by_role("button", name="Close it").click()
    expect(page.locator(".card")).to_have_class("card still")

    console.reload()
    expect(row).to_contain_text("1")
    waiting = console.locator("tbody tr", has_text="2027-02")
    expect(waiting).to_contain_text("for the worse")
    expect(waiting).to_contain_text("Waiting")
    visit.settle()
    assert visit.axe() == []

    waiting.get_by_role("button", name="Call off…").click()
    console.get_by_role("dialog").get_by_role("button", name="Call off").click()
    expect(waiting).to_contain_text("Called off")
    expect(waiting.get_by_role("button", name="Call off…")).to_have_count(0)
    assert visit.axe() == []


def test_the_till_sends_the_acceptance_of_the_terms_in_force(visit: Visit) -> None:
    if visit.house.ask("GET", "/v1/welcome", as_=None)["terms"] is None:
        texts = {"zh": "积分两年有效。", "en": "Points last two years."}
        visit.house.ask("POST", "/v1/terms", {"version": "2026-12", "texts": texts, "is_worse": False})
    page = open_till(visit)
    page.keyboard.press("F3")
    page.get_by_label("Phone number").fill("13900000088")
    page.keyboard.press("Enter")
    page.get_by_text("A yes also accepts the terms of membership 2026-12").click()
    expect(page.get_by_text("Points last two years.")).to_be_visible()
    assert visit.axe() == []
    page.get_by_role("button", name=re.compile("^Yes")).click()
    expect(page.locator(".who-name")).to_contain_text("0088")
    found = visit.house.ask("GET", "/v1/members?phone=13900000088")
    (person,) = visit.house.ask("GET", f"/v1/members/{found['member_id']}/persons")["persons"]
    told = {(one["purpose"], one["text_version"], one["channel"]) for one in person["consents"]}
    assert ("terms", "2026-12", "till") in told
