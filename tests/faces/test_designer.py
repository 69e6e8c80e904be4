"""The designer: sentences and text of one document, in a real browser."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect
from tests.faces.conftest import LOGIN, PASSWORD, Visit

CHINESE_DARK = {"locale": "zh-CN", "color_scheme": "dark"}
PHONE = {"locale": "en-GB", "viewport": {"width": 390, "height": 844}, "has_touch": True}


def text_of(page: Page) -> Locator:
    return page.get_by_role("textbox", name="The draft as text")


def card(page: Page, code: str) -> Locator:
    """The card of a part, by its code."""
    return page.locator(".card").filter(has=page.locator(".card-head code", has_text=re.compile(f"^{code}$")))


def opened(page: Page, code: str) -> Locator:
    """The same, opened."""
    found = card(page, code)
    found.locator(".card-name").click()
    return found


def open_designer(visit: Visit, part: str = "earn_rules") -> Page:
    visit.sign_in()
    visit.go(f"/programme?tab=draft&part={part}")
    expect(visit.page.locator(".designer")).to_be_visible()
    return visit.page


def test_a_change_of_a_sentence_is_in_the_text_at_once_and_touches_nothing_else(visit: Visit) -> None:
    page = open_designer(visit)
    text = text_of(page)
    written = "# why this rule is here\n" + text.input_value().replace(
        "caps: {day: 500}", "caps: {day: 500}   # for now"
    )
    text.fill(written)
    rule = opened(page, "tuesday")
    rule.get_by_label("at most … a day").fill("300")
    expect(text).to_have_value(written.replace("{day: 500}", "{day: 300}"))
    page.get_by_role("button", name="Undo").click()
    expect(text).to_have_value(written)
    rule.get_by_label("with “Points for every purchase” together … times its points").fill("2.5")
    expect(text).to_have_value(written.replace('by: "2"', 'by: "5/2"'))


def test_a_change_of_the_text_is_in_the_sentence_at_once(visit: Visit) -> None:
    page = open_designer(visit)
    text = text_of(page)
    expect(card(page, "base")).to_contain_text("1 Points for every ¥1.00")
    text.fill(text.input_value().replace("points: 1,", "points: 3,"))
    expect(card(page, "base")).to_contain_text("3 Points for every ¥1.00")
    expect(page.locator(".plan")).to_contain_text("Points for every purchase")
    expect(page.get_by_role("button", name="Try it on the past")).to_be_visible()


def test_what_is_wrong_is_said_at_the_sentence_at_the_line_and_with_the_way_out(visit: Visit) -> None:
    page = open_designer(visit)
    text = text_of(page)
    text.fill(text.input_value().replace('by: "2"', "by: 2.5"))
    rule = card(page, "tuesday")
    expect(rule).to_contain_text("2.5 has a decimal point and is not exact")
    line = text.input_value()[: text.input_value().index("by: 2.5")].count("\n") + 1
    expect(page.locator(".sheet-numbers .bad")).to_have_text(str(line))
    rule.get_by_role("button", name='Write "5/2"').click()
    expect(page.locator(".sheet-numbers .bad")).to_have_count(0)
    text.fill(text.input_value().replace("fact: purchase.weekday", "fact: purchase.weekend"))
    expect(rule).to_contain_text("'purchase.weekday'")
    expect(rule).to_contain_text("this part is changed as text")
    assert visit.axe() == []
    text.fill(text.input_value() + "x: [1\n")
    expect(page.get_by_text("Mend the text, and the sentences come back.")).to_be_visible()
    page.get_by_role("button", name="Undo").click()
    expect(rule).to_be_visible()


def test_what_sentences_cannot_show_stays_as_it_is(visit: Visit) -> None:
    page = open_designer(visit)
    text = text_of(page)
    text.fill(text.input_value().replace("    multiple:", "    secret: {a: 1} # mine\n    multiple:", 1))
    rule = opened(page, "tuesday")
    expect(rule).to_contain_text("this part is changed as text")
    rule.get_by_label("at most … a day").fill("300")
    assert "    secret: {a: 1} # mine\n" in text.input_value()


def test_a_condition_is_built_without_writing_it(visit: Visit) -> None:
    page = open_designer(visit)
    rule = opened(page, "base")
    rule.get_by_role("button", name="+ Condition").click()
    rule.get_by_label("What it is about").select_option("member.spend_minor")
    rule.get_by_label("How recent spend is compared").select_option("ge")
    rule.get_by_label("recent spend in … days").fill("90")
    rule.get_by_label("recent spend is at least …").fill("250.5")
    rule.get_by_role("button", name="+ Any of these").click()
    row = rule.locator(".group .group .claim").first
    row.get_by_label("What it is about").select_option("purchase.weekday")
    row.get_by_label("How the weekday is compared").select_option("in")
    row.get_by_label("the weekday is … / …").select_option("6")
    row.get_by_role("button", name="+", exact=True).click()
    rule.get_by_label("the weekday is … / … 2").select_option("7")
    rule.locator(".card-name").click()
    expect(rule.locator(".sentence")).to_contain_text(
        "when recent spend in 90 days is at least ¥250.50 and the weekday is Saturday or Sunday"
    )
    expect(page.locator(".plan")).to_contain_text("Points for every purchase")
    assert "when: {all: [{fact: member.spend_minor, window_days: 90, ge: 25050}, " in text_of(
        page
    ).input_value().replace('"', "")


def test_a_rule_is_added_copied_moved_and_removed(visit: Visit) -> None:
    page = open_designer(visit)
    page.locator("summary", has_text="+ Rule…").click()
    page.get_by_role("button", name="Check-in").click()
    expect(card(page, "check-in")).to_be_visible()
    card(page, "check-in").get_by_role("button", name="Copy").click()
    expect(card(page, "check-in-2")).to_be_visible()
    card(page, "check-in-2").get_by_role("button", name="Up").click()
    codes = page.locator(".card-head code")
    expect(codes).to_have_text(["base", "tuesday", "coffee", "check-in-2", "check-in"])
    card(page, "check-in-2").get_by_role("button", name="Remove").click()
    expect(codes).to_have_text(["base", "tuesday", "coffee", "check-in"])
    expect(page.locator(".plan li")).to_have_count(1)
    expect(page.locator(".plan")).to_contain_text("+ new")


def test_whoever_walks_by_keys_is_never_lost(visit: Visit) -> None:
    page = open_designer(visit)
    name = card(page, "tuesday").locator(".card-name")
    name.focus()
    page.keyboard.press("Enter")
    expect(name).to_have_attribute("aria-expanded", "true")
    more = card(page, "tuesday").locator("summary", has_text="+ Add…")
    more.focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(more).to_be_focused()
    expect(card(page, "tuesday").get_by_label("in …", exact=True)).to_be_visible()
    card(page, "tuesday").get_by_role("button", name="Take out in Points").focus()
    page.keyboard.press("Enter")
    expect(name).to_be_focused()


def test_what_a_rule_gave_stands_beside_it(visit: Visit) -> None:
    page = open_designer(visit)
    expect(card(page, "base").locator(".card-head")).to_contain_text("256 in 12 months")
    gave = opened(page, "base").get_by_role("complementary")
    expect(gave).to_contain_text("to 2 members · 2 times")


def test_a_draft_is_published_by_the_road_that_there_is(visit: Visit) -> None:
    page = open_designer(visit)
    opened(page, "tuesday").get_by_label("at most … a day").fill("450")
    page.get_by_role("button", name="Publish…").click()
    box = page.get_by_role("dialog")
    does = box.get_by_role("button", name="Publish", exact=True)
    expect(box).to_contain_text("1 change; in 1 of these members lose something.")
    expect(does).to_be_disabled()
    box.get_by_label("In effect from").fill("2099-01-31T08:00")
    expect(box).to_contain_text("31 Jan 2099")
    box.get_by_label("Type corner-shop to confirm").fill("corner-shop")
    assert visit.axe() == []
    does.click()
    expect(page.get_by_text("Published as revision 2.")).to_be_visible()
    newest = visit.house.ask("GET", "/v1/program")["newest"]
    assert newest["effective_at"].startswith("2099-01-31T00:00:00")
    assert newest["document"]["earn_rules"][1]["caps"] == {"day": 450}
    expect(page.locator(".card-changed, .card-new")).to_have_count(0)


@pytest.mark.parametrize("visit", [CHINESE_DARK, PHONE], indirect=True)
def test_no_part_says_anything_to_axe_or_is_wider_than_the_screen(visit: Visit) -> None:
    page = open_designer(visit)
    for part in ("earn_rules", "currencies", "tiers", "events", "programme"):
        visit.go(f"/programme?tab=draft&part={part}")
        for name in page.locator(".card-name").all()[:1]:
            name.click()
        assert (part, visit.axe()) == (part, [])
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
def test_on_a_phone_sentences_come_first_and_the_text_stands_behind_a_tab(visit: Visit) -> None:
    page = open_designer(visit)
    expect(card(page, "base")).to_be_visible()
    expect(text_of(page)).to_be_hidden()
    page.get_by_role("button", name="Text", exact=True).click()
    expect(text_of(page)).to_be_visible()
    expect(card(page, "base")).to_be_hidden()


def test_a_change_shows_in_both_with_the_next_drawing(visit: Visit) -> None:
    """Counted in drawings, not in time: what is typed stands in the other one when the next but one is drawn."""
    page = open_designer(visit)
    rule = opened(page, "tuesday")
    rule.get_by_label("at most … a day").evaluate(
        """field => { const set = Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value').set;
             set.call(field, '321'); field.dispatchEvent(new Event('input', {bubbles: true}));
             window.seen = new Promise(done => requestAnimationFrame(() => requestAnimationFrame(
               () => done(document.querySelector('.sheet-text').value.includes('day: 321'))))) }"""
    )
    assert page.evaluate("window.seen") is True


def test_an_operator_hands_in_a_draft_that_another_one_decides(visit: Visit) -> None:
    page = visit.page
    page.goto(f"{visit.house.address}/console/programme?tab=draft&open=tuesday")
    page.get_by_label("Login").fill(LOGIN)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    card(page, "tuesday").get_by_label("at most … a day").fill("600")
    page.get_by_role("button", name="Publish…").click()
    box = page.get_by_role("dialog")
    box.get_by_label("Type corner-shop to confirm").fill("corner-shop")
    box.get_by_role("button", name="Publish", exact=True).click()
    expect(page.get_by_text("It waits for another person, who publishes it by approving.")).to_be_visible()
    page.locator(".note-good").get_by_role("link", name="Approvals").click()
    expect(page.get_by_role("heading", name="Approvals", level=1)).to_be_visible()
