"""A shipped template is built in the designer from nothing: by clicks and fields, and no text is written."""

from __future__ import annotations

import asyncio
import re
from uuid import uuid4

import pytest
from playwright.sync_api import expect
from tests.api.conftest import Shop, a_ledger
from tests.conftest import create_database
from tests.faces.conftest import Visit
from tests.faces.test_designer import card, opened

from jifen.document.load import parse_document
from jifen.document.write import document_hash
from jifen.embedded import Server
from jifen.operations.manage_keys import create_key
from jifen.templates import template_text


@pytest.fixture(scope="module")
def shop(postgres: Server, migrated_template: str) -> Shop:
    """A ledger without a programme, and the key of its owner."""
    name = f"nothing_yet_{uuid4().hex[:8]}"
    create_database(postgres, name, template=migrated_template)

    async def fill() -> dict[str, str]:
        async with a_ledger(postgres.app.to_database(name)) as ledger:
            return {"admin": (await create_key(ledger, name="admin-key", roles=["admin"]))[1]}

    return Shop(template=name, tokens=asyncio.run(fill()))


@pytest.fixture(scope="module")
def is_filled() -> bool:
    """Nobody can have bought."""
    return False


def test_the_corner_shop_is_built_by_clicks(visit: Visit) -> None:
    visit.sign_in()
    visit.go("/programme?tab=draft")
    page = visit.page
    begin = {
        "Name in Chinese": "街坊会员", "Name in English": "Neighbours' Club", "Code": "corner-shop",
        "Time zone": "Asia/Shanghai", "Money": "CNY",
    }  # fmt: skip
    for label, value in begin.items():
        page.get_by_label(label).fill(value)
    assert visit.axe() == []
    page.get_by_role("button", name="Begin").click()

    def add(to: str, phrase: str) -> None:
        part = card(page, to)
        part.locator("summary", has_text="+ Add…").click()
        part.get_by_role("button", name=phrase, exact=True).click()

    def tab(name: str) -> None:
        parts = page.get_by_role("navigation", name="Parts of the document")
        parts.get_by_role("link", name=re.compile(f"^{name}")).click()

    tab("Currencies")
    points = opened(page, "points")
    add("points", "expires …")
    points.get_by_label("expires … months").fill("12")
    add("points", "and then …")
    add("points", "a return …")
    points.get_by_label("a return …").select_option("allow")
    add("points", "up to …")
    points.get_by_label("up to …").fill("5000")

    tab("Rules")
    page.locator("summary", has_text="+ Rule…").click()
    page.get_by_role("button", name="So many points per amount").click()
    add("base", "times the tier’s multiplier")
    page.locator("summary", has_text="+ Rule…").click()
    page.get_by_role("button", name="Double on a day").click()
    double = card(page, "double-day")
    double.get_by_label("Name zh").fill("周二双倍")
    double.get_by_label("Name en").fill("Double points on Tuesdays")
    add("double-day", "at most … a day")
    double.get_by_label("at most … a day").fill("500")
    double.get_by_label("Code").fill("tuesday")

    tab("Tiers")
    page.get_by_role("button", name="Add tiers").click()
    page.get_by_role("button", name="+ tier").click()
    tier = card(page, "tier")
    tier.get_by_label("Name zh").fill("金卡会员")
    tier.get_by_label("Name en").fill("Gold")
    tier.get_by_label("from …").fill("3000")
    add("tier", "points times …")
    tier.get_by_label("points times …").fill("1.5")
    tier.get_by_label("Code").fill("gold")

    page.get_by_role("button", name="Publish…").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Type corner-shop to confirm").fill("corner-shop")
    box.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("Published as revision 1.")).to_be_visible()
    wanted = parse_document(template_text("corner-shop"), name="corner-shop")
    assert visit.house.ask("GET", "/v1/program")["newest"]["document_hash"] == document_hash(wanted)


@pytest.mark.parametrize("visit", [{"locale": "zh-CN"}], indirect=True)
def test_a_programme_begins_with_a_template_chosen_by_picture_and_three_sentences(visit: Visit) -> None:
    """It is not published here: the programme that the other test builds may be the first or the second."""
    visit.sign_in()
    visit.go("/programme?tab=draft")
    page = visit.page
    if page.get_by_role("button", name="打开模板…").count():
        page.get_by_role("button", name="打开模板…").click()
    expect(page.locator(".template-picture")).to_have_count(9)
    expect(page.get_by_text("处方药、婴儿配方奶粉和医保支付不积分。")).to_be_visible()
    assert visit.axe() == []
    page.get_by_role("button", name="打开“药店（含排除项）”").click()
    expect(page.get_by_text("12 个测试符合期望").first).to_be_visible()
