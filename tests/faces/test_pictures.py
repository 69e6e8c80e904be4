"""A picture of each main screen beside the one that is stored: `make pictures` draws them again after a change on purpose.

They are of one moment of a book with fixed goods; what changes by the second (codes, rings, hours) is left out. Pictures hold
only where letters are drawn as they were when they were stored: a probe text tells, and elsewhere this is skipped, loudly.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect
from tests.faces.conftest import LOGIN, PASSWORD, House, settled
from tests.faces.on_phone import OnPhone, served_with
from tests.faces.tills import identify, put

__all__ = ["served_with"]
pytestmark = pytest.mark.xdist_group("pictures")
STORED = Path(__file__).with_name("pictures")
FONTS = STORED / "fonts.json"
DRAWS = os.environ.get("JIFEN_PICTURES") == "draw"
AT = datetime(2026, 3, 11, 4, tzinfo=UTC)  # Wednesday noon in Shanghai
DIFFERENT_MAX = 1_000
"""Of a million pixels so many may differ."""
BYTES_MAX = 3_000_000
PROBE = """<p style="font: 20px system-ui">Points 0123,456.78 − 积分 等级 会员</p>
<p style="font: 700 30px sans-serif">Points 积分</p>
<p style="font: 16px monospace">mbr_01a2</p>"""
STILL = """() => {
    for (const one of document.querySelectorAll('.qr-plate, .bars-plate, .card-ring')) one.style.visibility = 'hidden';
    const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    while (walk.nextNode()) {
        const text = walk.currentNode;
        const still = text.data.replace(/\\b\\d\\d:\\d\\d\\b/g, '12:00').replace(/…[0-9a-f]{8}\\b/g, '…00000000')
            .replace(/\\bmbr_[0-9a-f]{32}\\b/g, 'mbr_' + '0'.repeat(32));
        if (still !== text.data) text.data = still;
    }
}"""
COMPARE = """async ([one, other]) => {
    const drawn = async (png) => {
        const picture = new Image();
        picture.src = 'data:image/png;base64,' + png;
        await picture.decode();
        const canvas = document.createElement('canvas');
        [canvas.width, canvas.height] = [picture.width, picture.height];
        const on = canvas.getContext('2d');
        on.drawImage(picture, 0, 0);
        return on.getImageData(0, 0, canvas.width, canvas.height);
    };
    const [a, b] = [await drawn(one), await drawn(other)];
    if (a.width !== b.width || a.height !== b.height) return -1;
    let different = 0;
    for (let at = 0; at < a.data.length; at += 4) {
        const most = Math.max(...[0, 1, 2].map((of) => Math.abs(a.data[at + of] - b.data[at + of])));
        if (most > 48) different += 1;
    }
    return Math.round((different * 1e6) / (a.width * a.height));
}"""


@pytest.fixture(scope="module")
def book_at() -> datetime:
    """All pictures are of one day."""
    return AT


@pytest.fixture(scope="module")
def is_filled() -> bool:
    """Who has bought what is told here."""
    return False


@dataclass(kw_only=True)
class Painter:
    """A browser, whom it shows, and a blank page on which pictures are compared."""

    browser: Browser
    house: House
    blank: Page
    members: list[str] = field(default_factory=list)

    def page(self, **wanted: Any) -> Page:
        """A page on which nothing moves."""
        context = self.browser.new_context(reduced_motion="reduce", color_scheme="light", **wanted)
        return context.new_page()

    def holds(self, name: str, page: Page) -> None:
        """Compare what is there with the stored picture, or store it."""
        page.mouse.move(0, 0)
        page.evaluate(STILL)
        taken = page.screenshot(caret="initial", scale="css")
        path = STORED / f"{name}.png"
        if DRAWS:
            path.write_bytes(taken)
            return
        assert path.is_file(), f"{name} was never drawn: make pictures"
        both = [base64.b64encode(one).decode() for one in (path.read_bytes(), taken)]
        different = self.blank.evaluate(COMPARE, both)
        if different < 0 or different > DIFFERENT_MAX:
            seen = Path(os.environ.get("TMPDIR", "/tmp"), f"jifen-picture-{name}.png")
            seen.write_bytes(taken)
            raise AssertionError(
                f"{name}: {different} of a million pixels differ (-1: another size) from {path.name}; {seen} is what was "
                "seen. Was it meant? Then make pictures"
            )


@pytest.fixture(scope="module")
def painter(browser: Browser, house: House) -> Iterator[Painter]:
    blank = browser.new_page(viewport={"width": 600, "height": 200})
    blank.set_content(PROBE)
    told = hashlib.sha256(blank.screenshot()).hexdigest()
    if DRAWS:
        STORED.mkdir(exist_ok=True)
        FONTS.write_text(json.dumps({"probe": told}) + "\n", encoding="utf-8")
    elif not FONTS.is_file() or json.loads(FONTS.read_text(encoding="utf-8"))["probe"] != told:
        blank.close()
        pytest.skip(
            "NO PICTURES: this machine draws letters otherwise than the one that drew them; make pictures"
        )
    known = Painter(browser=browser, house=house, blank=blank)
    _fill(known)
    yield known
    blank.close()


def _fill(painter: Painter) -> None:
    ask = painter.house.ask
    for at, (card, phone) in enumerate((("6200001", "13900005501"), ("6200002", "13900005502"))):
        told = {"keys": [{"kind": "card", "value": card}], "person": {"phone": phone}}
        member = ask("POST", "/v1/members", told)["member_id"]
        painter.members.append(member)
        for number, (hour, lines) in enumerate(((1, (8_800, 4_000)), (3, (310_000,)))[: 2 - at]):
            sold = [
                {
                    "number": n,
                    "amount_minor": minor,
                    "sku": f"s{n}",
                    "name": ("Green tea", "A cup")[n - 1],
                    "category": "tea",
                }
                for n, minor in enumerate(lines, start=1)
            ]
            body = {
                "source": "pos",
                "business_no": f"no-{at}{number}",
                "occurred_at": AT.replace(hour=hour).isoformat(),
                "money": "CNY",
                "amount_minor": sum(lines),
                "lines": sold,
                "member": {"id": member},
            }
            ask("POST", "/v1/purchases", body)
    invited = ask("POST", "/v1/operators:invite", {"name": "Chen Min", "roles": ["owner"], "language": "en"})
    ask(
        "POST",
        "/v1/invitations:accept",
        {"token": invited["token"], "login": LOGIN, "password": PASSWORD},
        as_=None,
    )


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_the_member_app_looks_as_it_did(painter: Painter, language: str) -> None:
    page = painter.page(locale=language, viewport={"width": 390, "height": 844}, has_touch=True)
    phone = OnPhone(page=page, context=page.context, house=painter.house, number="13900005501")
    phone.sign_in()
    page.wait_for_selector(".digits")
    for name, path in (("home", "/"), ("statement", "/statement"), ("tier", "/tier")):
        phone.go(path)
        painter.holds(f"app-{name}-{language[:2]}", page)
    page.context.close()


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_the_till_looks_as_it_did(painter: Painter, language: str) -> None:
    page = painter.page(locale=language, viewport={"width": 1180, "height": 820})
    page.goto(f"{painter.house.address}/till")
    page.locator("input[autocomplete=username]").fill(LOGIN)
    page.locator("input[type=password]").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.locator(".form button.go").click()
    expect(page.locator(".kinds")).to_be_visible()
    identify(page, "6200001")
    put(page, "Green tea 88", "2*Cup 20")
    expect(page.locator("[data-quote=new] .hero")).to_be_visible()
    painter.holds(f"till-basket-{language[:2]}", page)
    page.context.close()


@pytest.mark.parametrize("language", ["zh-CN", "en-GB"])
def test_the_console_looks_as_it_did(painter: Painter, language: str) -> None:
    page = painter.page(locale=language, viewport={"width": 1440, "height": 900})
    page.goto(f"{painter.house.address}/console")
    page.locator("form .as-link").click()
    page.fill("input[type=password]", painter.house.tokens["admin"])
    page.keyboard.press("Enter")
    page.wait_for_selector(".shell")
    for name, path in (
        ("overview", "/"),
        ("member", f"/members/{painter.members[0]}"),
        ("programme", "/programme"),
    ):
        page.evaluate(
            "to => { history.pushState(null, '', '/console' + to); dispatchEvent(new PopStateEvent('popstate')) }",
            path,
        )
        settled(page)
        painter.holds(f"console-{name}-{language[:2]}", page)
    page.context.close()


def test_the_pictures_are_small() -> None:
    assert sum(one.stat().st_size for one in STORED.iterdir()) < BYTES_MAX
