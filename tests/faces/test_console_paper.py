"""What the console shows on paper, and tables whose columns stand in the address."""

from __future__ import annotations

import asyncio
import csv
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg
import pytest
from playwright.sync_api import expect
from tests.faces.conftest import Visit

from jifen.embedded import Server
from jifen.store.file_tasks import TURN

DARK = {"locale": "en-GB", "color_scheme": "dark"}


@pytest.mark.parametrize("visit", [DARK], indirect=True)
def test_on_paper_there_is_what_is_told_and_nothing_that_acts(visit: Visit) -> None:
    visit.sign_in()
    page = visit.page
    for path in ("/", f"/members/{visit.house.members[0]}", "/ledger"):
        visit.go(path)
        page.emulate_media(media="print")
        for acts in (".rail", ".button", ".pager", ".tabs"):
            assert page.locator(f"{acts}:visible").count() == 0, (path, acts)
        expect(page.locator(".page-head h1")).to_be_visible()
        expect(page.locator("table:visible, .figure:visible, .kpi:visible").first).to_be_visible()
        ink, paper = page.evaluate(
            "['--ink', '--paper'].map(name => getComputedStyle(document.documentElement).getPropertyValue(name).trim())"
        )
        assert (ink, paper[:4]) == ("#14191a", "#fff"), "dark screens are printed in ink on paper"
        assert not page.evaluate("document.documentElement.scrollWidth > innerWidth + 1"), path
        page.emulate_media(media="screen")


def test_columns_of_the_members_stand_in_the_address_and_come_down_as_csv(
    visit: Visit, tmp_path: Path
) -> None:
    visit.sign_in()
    visit.go("/members?hide=tier")
    page = visit.page
    expect(page.get_by_role("columnheader", name="Points")).to_be_visible()
    assert page.get_by_role("columnheader", name="Tier").count() == 0
    page.locator("summary", has_text="Columns").click()
    page.get_by_role("checkbox", name="Purchases").uncheck()
    expect(page).to_have_url(re.compile("hide=tier(%2C|,)purchases"))
    assert not visit.axe()
    with page.expect_download() as coming:
        page.get_by_role("button", name="Export CSV").click()
    coming.value.save_as(tmp_path / "members.csv")
    with (tmp_path / "members.csv").open(encoding="utf-8-sig") as stream:
        rows = list(csv.DictReader(stream))
    assert len(rows) == len(visit.house.members)
    assert "Points" in rows[0]
    assert "Tier" not in rows[0]


def test_an_export_that_waits_is_called_off_where_it_stands(visit: Visit, postgres: Server) -> None:
    visit.sign_in(as_="accountant")
    visit.go("/ledger")
    page = visit.page
    section = page.get_by_role("region", name="Exports of the journal")
    before = section.get_by_text("Cancelled").count()
    with nobody_works(postgres):
        page.get_by_role("button", name="Export the journal").click()
        page.get_by_role("dialog").get_by_role("button", name="Export", exact=True).click()
        cancel = section.get_by_role("button", name="Cancel")
        expect(cancel).to_have_count(1)
        visit.settle()
        assert not visit.axe()
        cancel.click()
        expect(section.get_by_text("Cancelled")).to_have_count(before + 1)
        expect(cancel).to_have_count(0)
    (newest, *_) = visit.house.ask("GET", "/v1/exports", as_="accountant")["data"]
    assert (newest["state"], newest["has_files"]) == ("cancelled", False)


@contextmanager
def nobody_works(postgres: Server) -> Iterator[None]:
    """Somebody else has the turn of the process that writes files, so what is asked for waits."""
    has_it, let_go = threading.Event(), threading.Event()

    async def hold() -> None:
        connection = await asyncpg.connect(**postgres.app.to_database("screens").arguments())
        await connection.execute("SELECT pg_advisory_lock($1)", TURN)
        has_it.set()
        await asyncio.to_thread(let_go.wait)
        await connection.close()

    holding = threading.Thread(target=lambda: asyncio.run(hold()))
    holding.start()
    try:
        assert has_it.wait(60)
        yield
    finally:
        let_go.set()
        holding.join()


def test_the_journal_is_exported_from_the_ledger(visit: Visit, tmp_path: Path) -> None:
    visit.sign_in(as_="accountant")
    visit.go("/ledger")
    page = visit.page
    page.get_by_role("button", name="Export the journal").click()
    page.get_by_role("dialog").get_by_role("button", name="Export", exact=True).click()
    section = page.get_by_role("region", name="Exports of the journal")
    expect(section.get_by_role("button", name="postings.csv")).to_be_visible(timeout=120_000)
    assert not visit.axe()
    with page.expect_download() as coming:
        section.get_by_role("button", name="postings.csv").click()
    coming.value.save_as(tmp_path / "postings.csv")
    with (tmp_path / "postings.csv").open(encoding="utf-8") as stream:
        verbs = [row["verb"] for row in csv.DictReader(stream)]
    assert verbs.count("earn") >= 2
