"""Keys in the console: made with a secret that is shown once, rotated with an overlap, ended."""

from __future__ import annotations

import re

from playwright.sync_api import expect
from tests.faces.conftest import Visit


def asks(visit: Visit, token: str) -> int:
    """The status that a key gets."""
    answer = visit.page.request.get(
        f"{visit.house.address}/v1/program", headers={"Authorization": f"Bearer {token}"}
    )
    return answer.status


def test_a_key_is_made_rotated_and_ended(visit: Visit) -> None:
    visit.sign_in()
    visit.go("/keys")
    page = visit.page
    page.get_by_role("button", name="New key").click()
    dialog = page.get_by_role("dialog")
    expect(dialog.get_by_role("button", name="Make the key")).to_be_disabled()
    dialog.get_by_label("Name").fill("till-21")
    dialog.get_by_role("checkbox", name=re.compile(r"^till ")).check()
    assert not visit.axe()
    dialog.get_by_role("button", name="Make the key").click()
    secret = page.get_by_role("dialog").get_by_role("textbox", name="Key", exact=True)
    first = secret.input_value()
    assert first.startswith("jf_live_")
    assert asks(visit, first) == 200
    assert not visit.axe()
    page.get_by_role("dialog").get_by_role("button", name="Close").click()
    row = page.get_by_role("row", name=re.compile("till-21"))
    expect(row).to_contain_text("Valid")
    assert first not in page.content(), "it is shown once"

    row.get_by_role("button", name=re.compile("Rotate")).click()
    page.get_by_role("button", name="7 days").click()
    page.get_by_role("dialog").get_by_role("button", name="Rotate", exact=True).click()
    second = page.get_by_role("dialog").get_by_role("textbox", name="Key", exact=True).input_value()
    expect(page.get_by_role("dialog")).to_contain_text("The secret before opens it until")
    assert second != first
    assert (asks(visit, first), asks(visit, second)) == (200, 200)
    page.get_by_role("dialog").get_by_role("button", name="Close").click()

    row.get_by_role("button", name=re.compile("End…")).click()
    page.get_by_role("dialog").get_by_label("Ends").fill("2999-01-31")
    page.get_by_role("button", name="Set the end").click()
    expect(row).to_contain_text("2999")
    row.get_by_role("button", name=re.compile("Revoke")).click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke", exact=True).click()
    expect(page.get_by_role("row", name=re.compile("till-21"))).to_have_count(0)


def test_who_may_only_look_makes_nothing(visit: Visit) -> None:
    visit.sign_in(as_="auditor")
    visit.go("/keys")
    page = visit.page
    expect(page.get_by_role("heading", name="Keys", level=1)).to_be_visible()
    expect(page.get_by_role("row", name=re.compile("admin-key"))).to_be_visible()
    for name in ("New key", "Rotate", "Revoke"):
        assert page.get_by_role("button", name=re.compile(name)).count() == 0
