"""A file comes in through the console: uploaded, its columns checked, tried, imported, and what was refused taken home."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect
from tests.faces.conftest import AXE, Visit

SALES = b"""receipt,sold at,card,item,paid,shop note
F-1,2026-03-01T10:00:00+08:00,6200501,tea,12.30,a
F-2,2026-03-01T11:00:00+08:00,6200502,cup,8.00,b
F-3,2026-03-01T12:00:00+08:00,6200502,cup,8.0O,c
"""
CHINESE_DARK = {"locale": "zh-CN", "color_scheme": "dark"}


def upload(visit: Visit, name: str, content: bytes) -> None:
    page = visit.page
    page.get_by_role("button", name="Import a file").first.click()
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("File").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    dialog.get_by_role("button", name="Upload").click()
    expect(page.get_by_role("heading", name=name, level=1)).to_be_visible()


def test_a_file_is_uploaded_checked_tried_and_imported(visit: Visit, tmp_path: Path) -> None:
    visit.sign_in()
    visit.go("/imports")
    page = visit.page
    upload(visit, "till-9.csv", SALES)
    expect(page.get_by_label("What column receipt is")).to_have_value("business_no")
    expect(page.get_by_label("What column paid is")).to_have_value("amount")
    expect(page.get_by_label("What column shop note is")).to_have_value("")
    page.get_by_label("What column sold at is").select_option("occurred_at")
    expect(page.get_by_role("button", name="Try it")).to_be_disabled()
    expect(page.get_by_text("Still to be said:")).to_contain_text("Source")
    page.get_by_label("Source").fill("till-9")
    assert not visit.axe()
    page.get_by_role("button", name="Try it").click()

    expect(page.locator(".verdict")).to_contain_text("2 purchases would come in", timeout=120_000)
    refused = page.get_by_role("region", name="Refused, by reason")
    expect(refused).to_contain_text("not_a_number")
    expect(page.get_by_role("region", name="not_a_number, the first rows")).to_contain_text("8.0O")
    assert not visit.axe()
    assert visit.house.ask("GET", "/v1/imports")["data"][0]["counts"]["is_dry_run"]
    page.get_by_role("button", name="Import 2 purchases").click()

    # Left and found again.
    visit.go("/members")
    visit.go("/imports")
    page.get_by_role("link", name="till-9.csv").click()
    expect(page.locator(".verdict")).to_contain_text("2 purchases came in", timeout=120_000)
    with page.expect_download() as coming:
        page.get_by_role("button", name="Download 1 refused rows").click()
    coming.value.save_as(tmp_path / "rejects.csv")
    assert "8.0O" in (tmp_path / "rejects.csv").read_text(encoding="utf-8-sig")
    assert visit.house.ask("GET", "/v1/members?card=6200502")["member_id"]


def test_a_column_is_an_attribute_of_lines_that_the_programme_declares(visit: Visit) -> None:
    document = visit.house.ask("GET", "/v1/program")["newest"]["document"]
    declared = {**document, "line_attributes": {"organic": "text", "grams": "integer"}}
    visit.house.ask("POST", "/v1/program:apply", {"document": declared})
    visit.sign_in()
    visit.go("/imports")
    page = visit.page
    rows = b"""receipt,occurred at,item,paid,kind,weight
G-1,2026-03-01T10:00:00+08:00,tea,12.30,yes,250
G-2,2026-03-01T11:00:00+08:00,cup,8.00,no,heavy
"""
    upload(visit, "organic.csv", rows)
    kind, weight = page.get_by_label("What column kind is"), page.get_by_label("What column weight is")
    kind.select_option("attributes.grams")
    weight.select_option("attributes.grams")
    expect(kind).to_have_value("")
    kind.select_option("attributes.organic")
    page.get_by_label("What column occurred at is").select_option("occurred_at")
    page.get_by_label("Source").fill("organic")
    visit.settle()
    assert not visit.axe()
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".verdict")).to_contain_text("1 purchase", timeout=120_000)
    (newest, *_) = visit.house.ask("GET", "/v1/imports")["data"]
    assert newest["mapping"]["columns"]["attributes"] == {"organic": "kind", "grams": "weight"}
    assert [(one["code"], one["rows"]) for one in newest["counts"]["reasons"]] == [("not_a_number", 1)]
    expect(weight).to_have_value("attributes.grams")
    weight.select_option("")
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".verdict")).to_contain_text("2 purchases would come in", timeout=120_000)


def test_what_is_no_table_is_told_and_can_be_called_off(visit: Visit) -> None:
    visit.sign_in()
    visit.go("/imports")
    page = visit.page
    upload(visit, "book.csv", b"PK\x03\x04" + b"\0" * 200)
    expect(page.get_by_role("alert")).to_contain_text("file_unusable")
    page.get_by_role("button", name="Cancel…").click()
    page.get_by_role("button", name="Cancel the import").click()
    expect(page.get_by_text("This import was cancelled")).to_be_visible()


def test_who_may_only_look_sees_numbers_and_no_rows(visit: Visit) -> None:
    visit.sign_in(as_="auditor")
    visit.go("/imports")
    page = visit.page
    expect(page.get_by_role("heading", name="Imports", level=1)).to_be_visible()
    assert page.get_by_role("button", name="Import a file").count() == 0


@pytest.mark.slow
@pytest.mark.skipif(not AXE.is_file(), reason="NO AXE: web/node_modules is not installed; make screens")
@pytest.mark.parametrize("visit", [CHINESE_DARK], indirect=True)
def test_the_list_in_chinese_in_the_dark(visit: Visit) -> None:
    visit.sign_in()
    visit.go("/imports")
    expect(visit.page.get_by_role("heading", name="导入", level=1)).to_be_visible()
    assert not visit.axe()
