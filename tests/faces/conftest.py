"""A served shop, a real Chromium, and whoever is signed in."""

from __future__ import annotations

import json
import os
import runpy
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright
from tests.api.conftest import Shop, a_purchase_body, shop, shop_text
from tests.conftest import create_database

from jifen.embedded import Server
from jifen.embedded.server import run_sql

__all__ = ["programme", "shop"]

ROOT = Path(__file__).parents[2]
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
AXE = ROOT / "web" / "node_modules" / "axe-core" / "axe.min.js"
LOGIN, PASSWORD = "chen", "a long password of ours"


STAMPS = """
  - {code: stamps, names: {zh: 印花, en: Stamps}, kind: spendable, worth: 4}
"""
STAMP_RULE = """
  - code: coffee
    names: {zh: 咖啡盖章, en: A stamp for a coffee}
    currency: stamps
    per_quantity: {points: 1, quantity: "1"}
    when: {fact: line.category, is: coffee}
"""
STAMP_CARD = """
  - code: five-stamps
    names: {zh: 集满五枚, en: Five stamps}
    takes: {currency: stamps, units: 5}
    gives: [{currency: points, units: 20}]
    at_once: true
"""


@pytest.fixture(scope="session")
def programme() -> str:
    """The shop's document with a card of stamps: one for each coffee, and five become points by themselves."""
    text = shop_text()
    for before, more in (("\nearn_rules:", STAMPS), ("\ntiers:", STAMP_RULE)):
        assert text.count(before) == 1, before
        text = text.replace(before, f"{more}{before}")
    return text.rstrip("\n") + STAMP_CARD


@dataclass(kw_only=True)
class House:
    """A shop that is served, with two members who have bought."""

    address: str
    tokens: dict[str, str]
    members: list[str] = field(default_factory=list)

    def ask(self, method: str, path: str, body: Any = None, *, as_: str | None = "admin") -> Any:
        """The answer to a request by whose key `as_` says."""
        headers = {"Content-Type": "application/json", "Idempotency-Key": f"{time.monotonic_ns()}"}
        if as_ is not None:
            headers["Authorization"] = f"Bearer {self.tokens[as_]}"
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(self.address + path, data=data, method=method, headers=headers)
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)


@pytest.fixture(scope="module")
def browser(shop: Shop) -> Iterator[Browser]:
    """Chromium. Playwright holds a loop while it runs: it begins after what needs one of its own, and ends with its module."""
    if CHROMIUM is None:
        pytest.skip("NO BROWSER: the screens were not looked at in Chromium; install the package chromium")
    why = runpy.run_path(str(ROOT / "tools" / "screens.py"))["why_stale"]()
    if why:
        pytest.skip(f"NO SCREENS: {why}; make screens builds them")
    with sync_playwright() as playwright:
        known = playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[
                "--no-sandbox",
                "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost",
            ],
        )
        yield known
        known.close()


@pytest.fixture(scope="module")
def served_with() -> dict[str, str]:
    """More of the environment of who serves; a module that needs some has its own."""
    return {}


@pytest.fixture(scope="module")
def is_filled() -> bool:
    """Whether members have bought already; a module whose ledger has no programme yet says no."""
    return True


@pytest.fixture(scope="module")
def book_at() -> datetime | None:
    """The moment at which the book begins; None: now."""
    return None


@pytest.fixture(scope="module")
def house(
    postgres: Server,
    shop: Shop,
    browser: Browser,
    served_with: dict[str, str],
    is_filled: bool,
    book_at: datetime | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[House]:
    name = "screens"
    create_database(postgres, name, template=shop.template)
    if book_at is not None:
        shift = f"extract(epoch FROM clock_timestamp() - '{book_at.isoformat()}'::timestamptz)::bigint"
        run_sql(
            postgres.admin.to_database(name),
            f"UPDATE jifen.book SET shift_seconds = {shift}",
            bin=postgres.bin,
        )
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "JIFEN_DATABASE_URL": postgres.app.to_database(name).url(),
        "JIFEN_ADDRESS": f"http://localhost:{port}",
        "JIFEN_DATABASE_OWNER_URL": postgres.owner.to_database(name).url(),
        "JIFEN_HOME": str(tmp_path_factory.mktemp("home")),
        **served_with,
    }
    command = [sys.executable, "-c", "from jifen.cli import main; main()", "serve", "--port", str(port)]
    with subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL) as serving:
        known = House(address=f"http://127.0.0.1:{port}", tokens=shop.tokens)
        for _ in range(300):
            try:
                urllib.request.urlopen(f"{known.address}/v1/health", timeout=2).close()
                break
            except OSError:
                time.sleep(0.1)
        if is_filled:
            _fill(known)
        yield known
        serving.terminate()
    run_sql(postgres.admin, f"DROP DATABASE {name} WITH (FORCE)", bin=postgres.bin)


def _fill(house: House) -> None:
    for card in ("6200001", "6200002"):
        answer = house.ask("POST", "/v1/members", {"keys": [{"kind": "card", "value": card}]})
        house.members.append(answer["member_id"])
        lines = [
            {"number": 1, "amount_minor": 8_800, "sku": "tea", "name": "Green tea"},
            {"number": 2, "amount_minor": 4_000, "sku": "cup", "name": "A cup"},
        ]
        house.ask("POST", "/v1/purchases", {**a_purchase_body(house.members[-1], of=12_800), "lines": lines})
    invited = house.ask(
        "POST", "/v1/operators:invite", {"name": "Chen Min", "roles": ["owner"], "language": "en"}
    )
    body = {"token": invited["token"], "login": LOGIN, "password": PASSWORD}
    house.ask("POST", "/v1/invitations:accept", body, as_=None)


def settled(page: Page) -> None:
    """Wait until nothing is loading any more."""
    page.wait_for_timeout(150)
    for _ in range(100):
        if not page.locator(".bars, .pause, [aria-busy=true]").count():
            return
        page.wait_for_timeout(100)
    raise AssertionError("it is still loading")


def axe_on(page: Page) -> list[str]:
    """What axe finds on a page: rule, element."""
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate(
        """async () => (await axe.run(document, {runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa',
           'wcag22aa', 'best-practice']})).violations.map(
           v => v.id + ': ' + v.nodes.map(n => n.target.join(' ')).slice(0, 3).join(' | '))"""
    )
    return list(found)


@dataclass(kw_only=True)
class Visit:
    """A page in the browser, and what went wrong in it."""

    page: Page
    house: House
    faults: list[str]

    def sign_in(self, as_: str = "admin") -> None:
        """Sign in with a key."""
        self.page.goto(f"{self.house.address}/console")
        self.page.locator("form .as-link").click()
        self.page.fill("input[type=password]", self.house.tokens[as_])
        self.page.keyboard.press("Enter")
        self.page.wait_for_selector(".shell")

    def go(self, path: str) -> None:
        """Go somewhere within the console: what is in memory stays."""
        script = "to => { history.pushState(null, '', '/console' + to); dispatchEvent(new PopStateEvent('popstate')) }"
        self.page.evaluate(script, path)
        self.settle()

    def settle(self) -> None:
        """Wait until nothing is loading any more."""
        settled(self.page)

    def axe(self) -> list[str]:
        """What axe finds: rule, element."""
        return axe_on(self.page)


@pytest.fixture
def visit(browser: Browser, house: House, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A browser of one's own: English, 1440 by 900, light, unless `request.param` says otherwise."""
    wanted: dict[str, Any] = {
        "locale": "en-GB",
        "viewport": {"width": 1440, "height": 900},
        **getattr(request, "param", {}),
    }
    context: BrowserContext = browser.new_context(**wanted)
    page = context.new_page()
    faults: list[str] = []
    page.on("pageerror", lambda error: faults.append(str(error)))
    page.on(
        "console",
        lambda said: (
            faults.append(said.text)
            if said.type == "error" and "Failed to load resource" not in said.text
            else None
        ),
    )
    yield Visit(page=page, house=house, faults=faults)
    context.close()
    assert not faults, "the page broke, or did what its policy forbids"
