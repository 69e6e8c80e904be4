"""Every screen of console and till at 320 pixels, and with letters twice as large: nothing scrolls sideways or covers another."""

from __future__ import annotations

import re

import pytest
from tests.faces.conftest import LOGIN, PASSWORD, ROOT, Visit
from tests.faces.test_console_people import sign_in_by_password
from tests.faces.tills import open_till

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
    member = f"/members/{visit.house.members[0]}"
    more = [member, *(f"{member}?{part}" for part in ("tab=lots", "tab=statement", "drill=2", "lot=1"))]
    return [*sorted(one for one in found if ":" not in one), *TABS, *more]


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
