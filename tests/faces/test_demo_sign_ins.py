"""A demo's sign-in pages sign in with a click, at each face; a shop's own offer nothing."""

from __future__ import annotations

import json

import pytest
from playwright.sync_api import expect
from tests.faces.conftest import LOGIN, PASSWORD, Visit

from jifen.present.demo import VARIABLE

SHOWN = {"console": "Overview", "till": "Set up this till"}


@pytest.fixture(scope="module")
def served_with() -> dict[str, str]:
    """A demo in which the same operator signs in at both faces."""
    one = {"name": "店长 Manager", "role": "owner", "login": LOGIN, "password": PASSWORD}
    return {VARIABLE: json.dumps([{"face": face, **one} for face in SHOWN])}


@pytest.mark.parametrize("face", SHOWN)
def test_a_click_signs_in(visit: Visit, face: str) -> None:
    page = visit.page
    page.goto(f"{visit.house.address}/{face}/")
    page.get_by_role("button", name="店长 Manager").click()
    expect(page.get_by_role("heading", name=SHOWN[face]).first).to_be_visible()
