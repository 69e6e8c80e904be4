"""An operator's passkey in a real Chromium, whose authenticator is a virtual one: added, asked for, used alone, removed."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, expect
from tests.faces.conftest import Visit
from tests.faces.test_console_people import SECRET, an_operator


def with_authenticator(page: Page) -> tuple[Any, str]:
    """The browser's own door to its devices, and a virtual authenticator that has verified its owner."""
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "automaticPresenceSimulation": True,
    }
    told = devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})
    return devices, told["authenticatorId"]


def test_a_passkey_is_added_signs_in_alone_and_beside_the_password_and_is_removed(visit: Visit) -> None:
    an_operator(visit.house, "Sun", "sun", roles=["auditor"])
    page = visit.page
    here = visit.house.address.replace("127.0.0.1", "localhost")
    devices, authenticator = with_authenticator(page)
    page.goto(f"{here}/console")
    page.get_by_label("Login").fill("sun")
    page.get_by_label("Password").fill(SECRET)
    page.keyboard.press("Enter")
    page.wait_for_selector(".shell")
    page.goto(f"{here}/console/settings")
    expect(page.get_by_text("None yet. A passkey signs you in")).to_be_visible()
    page.get_by_role("button", name="Add a passkey…").click()
    page.get_by_label("Password").fill(SECRET)
    page.get_by_label("What you call it").fill("Laptop")
    page.keyboard.press("Enter")
    codes = page.get_by_label("Ten recovery codes").input_value().split("\n")
    assert len(set(codes)) == 10
    page.get_by_role("button", name="I kept them").click()
    expect(page.get_by_text("not used yet")).to_be_visible()
    visit.settle()
    assert visit.axe() == []

    page.get_by_role("button", name="Add a passkey…").click()
    page.get_by_label("Password").fill(SECRET)
    page.get_by_label("What you call it").fill("Laptop again")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("has one already")
    page.get_by_role("button", name="Cancel").click()

    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".shell")).to_be_visible()
    page.goto(f"{here}/console/settings")
    expect(page.get_by_text(re.compile("by passkey · used"))).to_have_count(1)

    page.get_by_role("button", name="Sign out").click()
    page.get_by_label("Login").fill("sun")
    page.get_by_label("Password").fill(SECRET)
    page.keyboard.press("Enter")
    expect(page.get_by_text("One of your recovery codes")).to_be_visible()
    assert visit.axe() == []
    page.get_by_role("button", name="Use a passkey instead of the code").click()
    expect(page.locator(".shell")).to_be_visible()

    # Nobody who finds the laptop open: the authenticator refuses, and the page says so.
    page.get_by_role("button", name="Sign out").click()
    unverified = {"authenticatorId": authenticator, "isUserVerified": False}
    devices.send("WebAuthn.setUserVerified", unverified)
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_contain_text("No passkey answered")
    devices.send("WebAuthn.setUserVerified", {**unverified, "isUserVerified": True})

    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.locator(".shell")).to_be_visible()
    page.goto(f"{here}/console/settings")
    page.get_by_role("button", name="Remove Laptop").click()
    page.get_by_label("Password").fill(SECRET)
    page.get_by_role("dialog").get_by_role("button", name="Remove", exact=True).click()
    expect(page.get_by_text("None yet. A passkey signs you in")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    page.get_by_role("button", name="Sign in with a passkey").click()
    expect(page.get_by_role("alert")).to_be_visible()
    expect(page.locator(".shell")).to_have_count(0)


def test_where_passkeys_belong_elsewhere_none_is_offered_and_the_settings_say_where(visit: Visit) -> None:
    an_operator(visit.house, "Qian", "qian", roles=["auditor"])
    page = visit.page
    page.goto(f"{visit.house.address}/console")
    page.get_by_label("Login").fill("qian")
    visit.settle()
    expect(page.get_by_role("button", name=re.compile("passkey"))).to_have_count(0)
    page.get_by_label("Password").fill(SECRET)
    page.keyboard.press("Enter")
    page.wait_for_selector(".shell")
    page.goto(f"{visit.house.address}/console/settings")
    expect(page.get_by_text("They belong to localhost")).to_be_visible()
