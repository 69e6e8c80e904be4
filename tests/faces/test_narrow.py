"""Every screen of console and till at 320 pixels, and with letters twice as large: nothing scrolls sideways or covers another."""

from __future__ import annotations

import json
import re
import time
import urllib.request

import pytest
from tests.faces.conftest import LOGIN, PASSWORD, ROOT, House, Visit
from tests.faces.test_console_people import a_question, sign_in_by_password
from tests.faces.tills import identify, open_till, pay, put

CONSOLE = ROOT / "web" / "apps" / "console" / "src" / "screens"
TABS = ("/programme?tab=document", "/programme?tab=revisions", "/programme?tab=draft", "/questions?tab=codes",
        "/proposals?all=1", "/operators?all=1")  # fmt: skip
TILL = ("/", "/return", "/enrol", "/waiting", "/shift", "/settings")
NARROW = {"locale": "en-GB", "viewport": {"width": 320, "height": 640}}
LARGE = {"locale": "en-GB", "viewport": {"width": 1280, "height": 800}}
SIZES = pytest.mark.parametrize(
    ("visit", "letters"), [(NARROW, 100), (LARGE, 200)], indirect=["visit"], ids=["320", "200%"]
)
# What sticks out of the window, and what a part draws beyond its own column, over its neighbour.
LOOK = """(letters) => {
    document.documentElement.style.fontSize = letters + '%';
    const wide = document.documentElement.scrollWidth - innerWidth;
    const out = [...document.querySelectorAll('.split > *, .split-till > *')].filter(
        (one) => one.clientWidth > 0 && one.scrollWidth > one.clientWidth + 2 &&
            getComputedStyle(one).overflowX === 'visible').map((one) => one.className || one.tagName);
    const crushed = [...document.querySelectorAll('.split > *')].filter(
        (one) => one.clientWidth > 0 && one.clientWidth < 200).map((one) => one.className || one.tagName);
    return [...(wide > 0 ? [`${wide} too wide`] : []), ...out, ...crushed];
}"""


def _paths(visit: Visit) -> list[str]:
    """Every address of the console that its screens name, with somebody there where one is asked for."""
    found = set()
    for file in CONSOLE.rglob("*.tsx"):
        found |= set(re.findall(r'^  path: "(/[^"]*)"', file.read_text(encoding="utf-8"), re.MULTILINE))
    assert len(found) > 15, "the screens name their addresses otherwise now"
    for file in CONSOLE.rglob("*.tsx"):
        found |= set(re.findall(r'path: "(/[^"]*:[^"]*)"', file.read_text(encoding="utf-8")))
    with_ids = {one for one in found if ":" in one}
    named = _with_somebody(visit.house)
    assert {*named} == with_ids, "a screen about one thing is looked at with one that is there"
    return [*sorted(found - with_ids), *TABS, *(path for of in named.values() for path in of)]


def _with_somebody(house: House) -> dict[str, list[str]]:
    """Screens that are about one thing, by their address, with one that is there and as much of it as opens."""
    member = f"/members/{house.members[0]}"
    head = urllib.request.Request(
        f"{house.address}/v1/imports?what=purchases&name=sales.csv",
        data=b"a rather long header of a column,at,paid\nA1,2026-03-01T10:00:00Z,12.30\n",
        headers={
            "Authorization": f"Bearer {house.tokens['admin']}",
            "Content-Type": "application/octet-stream",
            "Idempotency-Key": f"narrow {time.monotonic_ns()}",
        },
    )
    with urllib.request.urlopen(head, timeout=30) as answer:
        upload = json.load(answer)["import_id"]
    long = "a-rather-long-code-of-a-segment-that-nobody-would-break-by-itself"[:60]
    if long not in {one["code"] for one in house.ask("GET", "/v1/segments")["data"]}:
        condition = {"fact": "member.purchases_before", "ge": 1}
        house.ask("POST", "/v1/segments", {"code": long, "names": {"en": long}, "condition": condition})
    document = house.ask("GET", "/v1/program")["newest"]["document"]
    asked = house.ask("POST", "/v1/backtests", {"document": document})
    return {
        "/members/:id": [
            member,
            *(f"{member}?{part}" for part in ("tab=lots", "tab=statement", "drill=2", "lot=1")),
        ],
        "/questions/:id": [a_question(house, house.members[0], "x" * 200)],
        "/imports/:id": [f"/imports/{upload}"],
        "/segments/:id": [f"/segments/{long}"],
        "/backtests/:id": [f"/backtests/{asked['backtest_id']}"],
    }


@SIZES
def test_nothing_of_the_console_scrolls_sideways(visit: Visit, letters: int) -> None:
    page, faults = visit.page, {}
    page.goto(f"{visit.house.address}/console")
    page.get_by_label("Login").wait_for()
    faults["sign-in"] = page.evaluate(LOOK, letters)
    sign_in_by_password(visit, LOGIN, PASSWORD)
    for path in _paths(visit):
        visit.go(path)
        faults[path] = page.evaluate(LOOK, letters)
    assert not {path: told for path, told in faults.items() if told}


@SIZES
def test_neither_basket_nor_end_of_a_sale_scrolls_sideways(visit: Visit, letters: int) -> None:
    page, faults = open_till(visit), {}
    identify(page, "6200001")
    put(page, "Green tea of the first harvest 25.50", "2*Cup 1234567.89")
    visit.settle()
    faults["basket"] = page.evaluate(LOOK, letters)
    pay(page)
    visit.settle()
    faults["done"] = page.evaluate(LOOK, letters)
    assert not {path: told for path, told in faults.items() if told}


@SIZES
def test_nothing_of_the_till_scrolls_sideways(visit: Visit, letters: int) -> None:
    page, faults = open_till(visit), {}
    for path in TILL:
        page.evaluate(
            "to => { history.pushState(null, '', '/till' + to); dispatchEvent(new PopStateEvent('popstate')) }",
            path,
        )
        visit.settle()
        faults[path] = page.evaluate(LOOK, letters)
    assert not {path: told for path, told in faults.items() if told}
