"""A member on his phone: a real Chromium of that size, and a served shop that answers its codes, as a demo does."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page
from tests.faces.conftest import House, axe_on, settled

from jifen.present.demo import VARIABLE as DEMO_VARIABLE

__all__ = ["phone", "served_with"]

_numbers = itertools.count(13_900_001_000)
PHONE: dict[str, Any] = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
CARD = """name => new Promise((done, failed) => {
  const asked = indexedDB.open("jifen-member", 1);
  asked.onerror = () => failed(asked.error);
  asked.onsuccess = () => {
    const got = asked.result.transaction("kept").objectStore("kept").getAllKeys();
    got.onsuccess = () => done(got.result);
  };
})"""


@pytest.fixture(scope="module")
def served_with() -> dict[str, str]:
    """A demo: codes are told instead of sent."""
    return {
        DEMO_VARIABLE: json.dumps(
            [{"face": "app", "name": "Somebody", "role": "of the demo", "phone": "13900009999"}]
        )
    }


@dataclass(kw_only=True)
class OnPhone:
    """A page of the app, whose it is, and what went wrong in it."""

    page: Page
    context: BrowserContext
    house: House
    faults: list[str] = field(default_factory=list)
    number: str = ""
    member_id: str = ""
    card: dict[str, Any] = field(default_factory=dict)

    def is_new(self, **person: str) -> str:
        """A member whom nobody signed in yet; his id."""
        self.number = str(next(_numbers))
        answer = self.house.ask("POST", "/v1/members", {"person": {"phone": self.number, **person}})
        self.member_id = answer["member_id"]
        return self.member_id

    def open(self, path: str = "/") -> None:
        """Load an address of the app."""
        self.page.goto(f"{self.house.address}/app{path}")
        self.settle()

    def sign_in(self, path: str = "/") -> None:
        """Sign in by a code, as one does it."""
        self.open(path)
        self.page.locator("input[type=tel]").fill(self.number)
        self.page.locator("form button[type=submit]").click()
        self.page.locator("input[autocomplete=one-time-code]").fill(self.told_code())
        self.page.wait_for_selector(".foot")
        self.settle()

    def told_code(self) -> str:
        """The code that a demo tells on the screen."""
        text = self.page.locator(".say", has_text=re.compile(r"\d{6}")).first.inner_text()
        found = re.search(r"\d{6}", text)
        assert found, text
        return found[0]

    def go(self, path: str) -> None:
        """Go somewhere within the app."""
        script = (
            "to => { history.pushState(null, '', '/app' + to); dispatchEvent(new PopStateEvent('popstate')) }"
        )
        self.page.evaluate(script, path)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is loading any more."""
        settled(self.page)

    def digits(self) -> str:
        """The code on the card."""
        self.page.wait_for_selector(".digits")
        return self.page.locator(".digits").first.inner_text().replace(" ", "").replace("\n", "")

    def ask(self, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None) -> Any:
        """What the API answers to this page: [status, body]."""
        script = """async ([method, path, body, headers]) => {
          const answer = await fetch(path, {method, body: body === null ? undefined : JSON.stringify(body),
            headers: {"Content-Type": "application/json", ...headers}, credentials: "same-origin"});
          return [answer.status, await answer.json()];
        }"""
        return self.page.evaluate(script, [method, path, body, headers or {}])

    def kept(self) -> list[str]:
        """Names of what the phone keeps."""
        return list(self.page.evaluate(CARD, ""))

    def axe(self) -> list[str]:
        """What axe finds: rule, element."""
        return axe_on(self.page)

    def too_wide(self) -> int:
        """By how much the page is wider than the screen."""
        script = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        return int(self.page.evaluate(script))


@pytest.fixture
def phone(browser: Browser, house: House, request: pytest.FixtureRequest) -> Iterator[OnPhone]:
    """A phone of one's own: English, 390 by 844, light, unless `request.param` says otherwise."""
    wanted: dict[str, Any] = {"locale": "en-GB", **PHONE, **getattr(request, "param", {})}
    context = browser.new_context(**wanted)
    page = context.new_page()
    known = OnPhone(page=page, context=context, house=house)
    page.on("pageerror", lambda error: known.faults.append(str(error)))
    page.on(
        "console",
        lambda said: (
            known.faults.append(said.text)
            if said.type == "error" and "Failed to load resource" not in said.text
            else None
        ),
    )
    page.on(
        "response",
        lambda answer: known.card.update(answer.json()) if answer.url.endswith("/v1/me/device") else None,
    )
    yield known
    context.close()
    assert not known.faults, "the page broke, or did what its policy forbids"
