"""The door of the member app: joining in two steps, signing in, whose session it is, and lesser browsers."""

from __future__ import annotations

import re
import urllib.error

import pytest
from playwright.sync_api import Browser, expect
from tests.faces.on_phone import PHONE, OnPhone, phone, served_with

__all__ = ["phone", "served_with"]
NO_WORKER = {"service_workers": "block"}


def test_somebody_joins_in_two_steps_from_the_address_of_a_store_and_has_a_card(phone: OnPhone) -> None:
    page = phone.page
    phone.open("/join?store=0001")
    expect(page.get_by_text("Step 1 of 2 · Store 0001")).to_be_visible()
    send = page.get_by_role("button", name="Send me the code")
    expect(send).to_be_disabled()
    page.get_by_label("Mobile number").fill("13900000001")
    send.click()
    page.get_by_label("The 6 digits").fill(phone.told_code())
    expect(page.get_by_role("heading", name="What may we do?")).to_be_visible()
    switches = page.get_by_role("switch")
    assert [switches.nth(at).is_checked() for at in range(switches.count())] == [False, False], (
        "all are off at first, and what is needed is no switch"
    )
    assert phone.axe() == []
    page.get_by_role("switch", name="Warn me before points expire").check()
    page.get_by_label("What shall we call you").fill("Wang Fang")
    page.get_by_role("button", name="Join and show my card").click()
    expect(page.get_by_text("Your first purchase brings your first points")).to_be_visible()
    assert len(phone.digits()) == 20
    assert page.url.endswith("/app/"), "the address of the card, not of joining"
    status, person = phone.ask("GET", "/v1/me/person")
    known = person["persons"][0]
    assert (status, known["fields"]["name"]) == (200, "Wang Fang")
    assert [
        (one["purpose"], one["is_given"], one["text_version"], one["channel"]) for one in known["consents"]
    ] == [("expiry", True, "2026-11", "app")]
    assert page.evaluate("document.cookie") == "", "no script sees the session"


def test_a_member_signs_in_is_told_of_a_wrong_code_and_signs_out_without_a_trace(phone: OnPhone) -> None:
    phone.is_new()
    page = phone.page
    phone.open()
    page.get_by_label("Mobile number").fill(phone.number)
    page.keyboard.press("Enter")
    right = phone.told_code()
    page.get_by_label("The 6 digits").fill(f"{(int(right) + 1) % 1_000_000:06}")
    expect(page.get_by_role("alert")).to_contain_text("The code is wrong")
    page.get_by_label("The 6 digits").fill(right)
    page.wait_for_selector(".foot")
    phone.digits()
    page.reload()
    assert phone.digits()
    assert {"card", "session", "welcome", "me"} <= set(phone.kept())
    phone.go("/me")
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("dialog").get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("Mobile number")).to_be_visible()
    assert phone.kept() == [], "nothing of the member is left"
    page.reload()
    expect(page.get_by_label("Mobile number")).to_be_visible()


def test_a_click_signs_in_to_a_demo_and_a_number_that_is_none_is_told_at_its_field(phone: OnPhone) -> None:
    page = phone.page
    phone.open()
    page.get_by_label("Mobile number").fill("13900")
    expect(page.get_by_role("button", name="Send me the code")).to_be_disabled()
    page.get_by_label("Mobile number").fill("99999999")
    page.keyboard.press("Enter")
    field = page.get_by_label("Mobile number")
    expect(field).to_have_attribute("aria-invalid", "true")
    page.get_by_role("button", name=re.compile("Somebody")).click()
    expect(page.get_by_role("heading", name="What may we do?")).to_be_visible()


def test_a_session_opens_nothing_of_another_and_a_write_without_its_token_is_refused(
    phone: OnPhone, browser: Browser
) -> None:
    phone.is_new()
    phone.sign_in()
    other = browser.new_context(locale="en-GB", **PHONE)
    thief = OnPhone(page=other.new_page(), context=other, house=phone.house)
    thief.is_new()
    thief.sign_in()
    mine = phone.ask("GET", "/v1/me")[1]["member_id"]
    assert mine == phone.member_id != thief.ask("GET", "/v1/me")[1]["member_id"]

    cookie = next(one for one in phone.context.cookies() if one["name"] == "jifen_me")
    assert (cookie["httpOnly"], cookie["sameSite"], cookie["path"]) == (True, "Strict", "/v1")
    question = {"kind": "service", "said": "hello"}
    status, refused = phone.ask("POST", "/v1/me/questions", question, {"Idempotency-Key": "none"})
    assert (status, refused["code"]) == (403, "csrf_refused")
    theirs = thief.ask("GET", "/v1/me/session")[1]["csrf_token"]
    headers = {"Idempotency-Key": "theirs", "X-CSRF-Token": theirs}
    assert phone.ask("POST", "/v1/me/questions", question, headers)[0] == 403, "a token is of its session"
    session = phone.ask("GET", "/v1/me/session")[1]["session_id"]
    headers = {"X-CSRF-Token": theirs}
    assert thief.ask("DELETE", f"/v1/me/sessions/{session}", None, headers)[0] == 404
    with pytest.raises(urllib.error.HTTPError, match="401"):
        phone.house.ask("GET", "/v1/me", as_=None)
    other.close()


@pytest.mark.parametrize("phone", [NO_WORKER], indirect=True)
def test_a_browser_without_a_service_worker_works_online(phone: OnPhone) -> None:
    phone.page.add_init_script("delete Navigator.prototype.serviceWorker")
    phone.is_new()
    phone.sign_in()
    assert len(phone.digits()) == 20
    expect(phone.page.get_by_text("This browser does not open the app offline.")).to_be_visible()
    phone.go("/statement")
    expect(phone.page.get_by_text("Nothing here yet")).to_be_visible()


def test_a_page_without_https_says_that_it_shows_no_code_and_the_rest_works(phone: OnPhone) -> None:
    phone.page.add_init_script("Object.defineProperty(Crypto.prototype, 'subtle', {value: undefined})")
    phone.is_new()
    phone.sign_in()
    expect(phone.page.get_by_text("This page came without HTTPS")).to_be_visible()
    assert phone.page.locator(".qr").count() == 0
    phone.go("/me/phones")
    expect(phone.page.get_by_text("this one")).to_be_visible()


def test_a_phone_that_was_ended_is_told_so_and_keeps_nothing(phone: OnPhone, browser: Browser) -> None:
    phone.is_new()
    phone.sign_in()
    code = phone.digits()
    other = browser.new_context(locale="en-GB", **PHONE)
    second = OnPhone(page=other.new_page(), context=other, house=phone.house)
    second.number = phone.number
    second.sign_in("/me/phones")
    second.page.get_by_role("button", name=re.compile("^End ")).click()
    expect(second.page.get_by_role("button", name=re.compile("^End "))).to_have_count(0)
    phone.page.get_by_role("link", name="Statement").click()
    expect(phone.page.get_by_text("This phone was signed out.")).to_be_visible()
    assert phone.kept() == []
    with pytest.raises(urllib.error.HTTPError, match="422"):
        phone.house.ask(
            "POST", "/v1/reservations", {"member": {"code": code}, "currency": "points", "units": 1}
        )
    other.close()
