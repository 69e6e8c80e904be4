"""A till in the browser: signed in, set up, and what it keeps."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlencode

from playwright.sync_api import Page, expect
from tests.faces.conftest import LOGIN, PASSWORD, Visit

MESSAGES = """() => new Promise((done, failed) => {
    const asked = indexedDB.open('jifen-till');
    asked.onerror = () => failed(asked.error);
    asked.onsuccess = () => {
        const read = asked.result.transaction('messages').objectStore('messages').getAll();
        read.onsuccess = () => { asked.result.close(); done(read.result.map(({signature, ...rest}) => rest)); };
    };
})"""
SOURCE = """() => new Promise((done) => {
    const asked = indexedDB.open('jifen-till');
    asked.onsuccess = () => {
        const read = asked.result.transaction('kept').objectStore('kept').get('setup');
        read.onsuccess = () => { asked.result.close(); done(read.result.source); };
    };
})"""
TAMPER = """() => new Promise((done) => {
    const asked = indexedDB.open('jifen-till');
    asked.onsuccess = () => {
        const step = asked.result.transaction('messages', 'readwrite');
        const shelf = step.objectStore('messages');
        shelf.getAll().onsuccess = (event) => {
            for (const one of event.target.result.filter((one) => one.state === 'waiting')) {
                const body = JSON.parse(one.body);
                body.amount_minor = body.lines[0].amount_minor = 9_999_900;
                shelf.put({...one, body: JSON.stringify(body)});
            }
        };
        step.oncomplete = () => { asked.result.close(); done(); };
    };
})"""


def open_till(visit: Visit, login: str = LOGIN, password: str = PASSWORD) -> Page:
    """The till's first screen, signed in and set up."""
    page = visit.page
    page.goto(f"{visit.house.address}/till")
    page.locator("input[autocomplete=username]").fill(login)
    page.locator("input[type=password]").fill(password)
    page.keyboard.press("Enter")
    page.locator(".form button.go").click()
    expect(page.locator(".kinds")).to_be_visible()
    page.evaluate("navigator.serviceWorker.ready.then(() => undefined)")
    return page


def identify(page: Page, text: str) -> None:
    """Somebody is named, and the basket opens."""
    page.locator(".one-field input").fill(text)
    page.keyboard.press("Enter")
    expect(page.locator(".lines")).to_be_attached()


def nobody(page: Page) -> None:
    """A sale of nobody begins."""
    expect(page.locator(".kinds")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.locator(".lines")).to_be_attached()


def put(page: Page, *entries: str) -> None:
    """Goods are typed."""
    for entry in entries:
        before = page.locator(".line-of").count()
        page.locator(".one-field input").fill(entry)
        page.keyboard.press("Enter")
        expect(page.locator(".line-of")).to_have_count(before + 1)


def pay(page: Page) -> str:
    """The sale is completed: the number of its receipt."""
    page.keyboard.press("F9")
    slip = page.locator("[data-slip]")
    expect(slip).to_contain_text(re.compile(r"\d{8}-\d{4}-[0-9a-f]{4}"))
    found = re.search(r"\d{8}-\d{4}-[0-9a-f]{4}", slip.inner_text())
    assert found
    return found[0]


def in_books(page: Page) -> None:
    """The receipt that is shown has arrived."""
    expect(page.locator(".foot")).to_contain_text(re.compile("is in the books|已入账"), timeout=15_000)


def messages(page: Page) -> list[dict[str, Any]]:
    """What the browser keeps, in order."""
    kept: list[dict[str, Any]] = page.evaluate(MESSAGES)
    return sorted(kept, key=lambda one: one["order"])


def receipt(visit: Visit, no: str) -> dict[str, Any]:
    """The purchase in the books."""
    named = urlencode({"source": visit.page.evaluate(SOURCE), "business_no": no})
    read: dict[str, Any] = visit.house.ask("GET", f"/v1/purchases?{named}")
    return read


def balance(visit: Visit, member: str) -> int:
    """A member's points."""
    return int(visit.house.ask("GET", f"/v1/members/{member}/balances")["balances"][0]["balance"])
