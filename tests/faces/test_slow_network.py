"""A slow line: each face says that it is loading, and then works. The browser itself holds every answer back."""

from __future__ import annotations

from playwright.sync_api import BrowserContext, Page, expect
from tests.faces.conftest import LOGIN, PASSWORD, Visit
from tests.faces.on_phone import OnPhone, phone, served_with
from tests.faces.tills import open_till, put

__all__ = ["phone", "served_with"]
MILLISECONDS = 500  # of waiting before each answer; a screen says that it is loading after 200


def slow(context: BrowserContext, page: Page) -> None:
    """From here on each answer takes so long, and comes by 200 kB a second."""
    line = context.new_cdp_session(page)
    line.send("Network.enable")
    line.send(
        "Network.emulateNetworkConditions",
        {
            "offline": False,
            "latency": MILLISECONDS,
            "downloadThroughput": 200_000,
            "uploadThroughput": 200_000,
        },
    )


def test_the_console_shows_bars_and_then_the_page(visit: Visit) -> None:
    visit.sign_in()
    page = visit.page
    visit.settle()
    slow(page.context, page)
    script = (
        "to => { history.pushState(null, '', '/console' + to); dispatchEvent(new PopStateEvent('popstate')) }"
    )
    for path, shows in (
        ("/tiers", "How members climb"),
        ("/ledger", "Breakage curve"),
        ("/exchanges", "A book"),
    ):
        page.evaluate(script, path)
        expect(page.get_by_role("status", name="Loading").first).to_be_visible()
        expect(page.get_by_text(shows).first).to_be_visible(timeout=20_000)
        visit.settle()
    assert not visit.axe()


def test_the_member_app_shows_shapes_and_then_what_is_kept(phone: OnPhone) -> None:
    phone.is_new()
    body = {"member": {"id": phone.member_id}, "currency": "points", "units": 128, "note": "a start"}
    phone.house.ask("POST", "/v1/adjustments", body)
    phone.sign_in()
    page = phone.page
    slow(phone.context, page)
    script = (
        "to => { history.pushState(null, '', '/app' + to); dispatchEvent(new PopStateEvent('popstate')) }"
    )
    page.evaluate(script, "/statement")
    expect(page.locator("[aria-busy=true], .bars, .pause").first).to_be_attached()
    expect(page.locator(".opens-row").first).to_contain_text("128", timeout=20_000)
    page.locator(".opens-row").first.click()
    expect(page.locator(".line-hero")).to_contain_text("+128", timeout=20_000)


def test_the_till_takes_a_sale_and_its_figures_are_grey_until_the_answer_comes(visit: Visit) -> None:
    page = open_till(visit, LOGIN, PASSWORD)
    slow(page.context, page)
    page.locator(".one-field input").fill("6200001")
    page.keyboard.press("Enter")
    expect(page.locator(".lines")).to_be_attached(timeout=20_000)
    put(page, "Green tea 88")
    expect(page.locator("[data-quote=new]")).to_have_count(0)
    expect(page.locator("[data-quote=new] .hero")).to_have_text("+88", timeout=20_000)
    page.keyboard.press("F9")
    expect(page.locator("[data-slip]")).to_be_visible(timeout=20_000)
