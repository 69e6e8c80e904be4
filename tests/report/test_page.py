"""The page: one file, nothing from outside, nothing of the programme as markup, every number that of the result."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from xml.etree import ElementTree as ET
from xml.etree.ElementTree import Element

import msgspec
import pytest
from tests.report.results import (
    CASES,
    RULES,
    a_sample,
    a_year,
    empty_history,
    hostile,
    less_generous,
    many_rules,
    nothing_changed,
    small_sample,
    without_worth,
)
from tests.third_language import a_third_language, in_english

from jifen.insight.backtest.result import Name, Result, Sentence
from jifen.insight.backtest.result_side import name_of, sentence_of
from jifen.insight.backtest.segments import FIFTHS
from jifen.insight.report import html_page
from jifen.insight.report.excel import excel_bytes
from jifen.insight.report.markup import VOID
from jifen.insight.report.page import STYLE
from jifen.insight.report.tables import tables_of
from jifen.insight.report.terminal import terminal_text
from jifen.insight.report.tongue import Tongue
from jifen.present.catalogue import catalogue_of
from jifen.present.said import Said

LANGUAGES = ("zh", "en")
every_case = pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
both_languages = pytest.mark.parametrize("language", LANGUAGES)


def parsed(result: Result, language: str) -> Element:
    """The page as XML, which is stricter than HTML: an open tag or a bare ampersand fails."""
    text = html_page(result, language=language)
    assert text.startswith("<!DOCTYPE html>\n<html ")
    return ET.fromstring(text.removeprefix("<!DOCTYPE html>"))


def texts(page: Element) -> Iterator[str]:
    """Every text that a person or a screen reader meets."""
    for element in page.iter():
        if element.tag != "style" and element.text:
            yield element.text
        if element.tail:
            yield element.tail
        yield from (element.attrib[name] for name in ("aria-label", "title", "alt") if name in element.attrib)


def read(page: Element) -> str:
    return re.sub(r"\s+", " ", " ".join(texts(page)))


class Reader(HTMLParser):
    """An HTML parser's view: what is open and never closed, and which elements there are."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.seen: set[str] = set()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.add(tag)
        assert tag in VOID or not self.open or self.open[-1] not in VOID
        self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag in VOID
        self.seen.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@every_case
@both_languages
def test_the_page_is_well_formed_and_asks_for_nothing_outside(
    case: Callable[[], Result], language: str
) -> None:
    result = case()
    page = parsed(result, language)
    reader = Reader()
    reader.feed(html_page(result, language=language))
    assert reader.open == []
    assert not reader.seen & {"script", "iframe", "img", "object", "embed", "form", "input", "base", "video"}

    for element in page.iter():
        for name, value in element.attrib.items():
            assert not name.startswith("on"), "no handlers of events"
            if name in ("href", "src", "srcset", "action", "poster", "data", "style"):
                assert value == "data:," or re.fullmatch(r"(left|bottom):-?\d+\.\d\d%", value), value
    style = page.find("head/style")
    assert style is not None
    assert style.text is not None
    assert not re.search(r"url\(|@import|@font-face|https?:|//", style.text)
    policy = page.find("head/meta[@http-equiv='Content-Security-Policy']")
    assert policy is not None
    assert policy.attrib["content"].startswith("default-src 'none'")


@every_case
@both_languages
def test_the_page_can_be_heard(case: Callable[[], Result], language: str) -> None:
    page = parsed(case(), language)
    assert page.attrib["lang"] == {"zh": "zh-CN", "en": "en"}[language]
    ids = [element.attrib["id"] for element in page.iter() if "id" in element.attrib]
    assert len(ids) == len(set(ids))
    assert {element.attrib["aria-labelledby"] for element in page.iter("section")} <= set(ids)
    assert len(list(page.iter("h1"))) == 1
    levels = [int(one.tag[1]) for one in page.iter() if re.fullmatch(r"h\d", one.tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels)), "no level is skipped"
    for table in page.iter("table"):
        caption = table.find("caption")
        assert caption is not None
        assert caption.text
        for row in table.findall("tbody/tr"):
            assert row[0].tag == "th"
            assert row[0].attrib["scope"] == "row"
    for drawing in page.iter("svg"):
        assert drawing.attrib["aria-hidden"] == "true"
    for chart in (one for one in page.iter("div") if one.attrib.get("role") == "img"):
        assert len(chart.attrib["aria-label"]) > 20
    for frame in (one for one in page.iter("div") if one.attrib.get("class") == "scroll"):
        assert frame.attrib["tabindex"] == "0", "what scrolls can be reached by keyboard"


@pytest.mark.parametrize(
    "name",
    [
        "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "' onmouseover='x", "</style><b>", "]]>", "&lt;b&gt;",
        "<!--", "{0} {x!r} %s", "\x00\x07\x1b[31m", "\u202egnirts\u2066", "\ud800", "$(touch x)",
    ],
)  # fmt: skip
def test_a_hostile_name_is_only_text(name: str) -> None:
    result = hostile(name)
    for language in LANGUAGES:
        said = read(parsed(result, language))
        shown = re.sub("[\x00-\x08\x1b\u202e\u2066\ud800]", "\ufffd", name)
        assert re.sub(r"\s+", " ", shown) in said
        reader = Reader()
        reader.feed(html_page(result, language=language))
        assert not reader.seen & {"script", "img", "b:x"}
        assert not re.search("[\u202a-\u202e\u2066-\u2069]", html_page(result, language=language))


def test_an_english_page_holds_no_chinese() -> None:
    for case in (a_year, a_sample, small_sample, without_worth, nothing_changed, empty_history, many_rules):
        assert not re.search("[\u3000-\u9fff\uff00-\uffef]", read(parsed(case(), "en")))


def test_a_chinese_page_holds_no_english() -> None:
    # Codes, file names, checksums, zones and the names of things that have no other name.
    codes = [code for code, *_ in RULES] + ["extra", "spring-2026.yaml", "spring", "change.something_newer"]
    known = "|".join(map(re.escape, sorted(codes, key=len, reverse=True))) + (
        r"|mbr_\S+|[0-9a-f]{64}|SHA-256|Excel|JSON|Jifen|Asia/Shanghai|local|points|xuhui|pudong|jingan|hongkou|online|member"
        r"|silver|gold|black|\d{4}-\d\d-\d\d[T ][\d:Z+-]+(-7c1e)?|[A-Z]{3,}|missing_fact|short_history|purchases_unchanged"
        r"|redemptions_replayed|adjustments_kept"
    )
    for case in (a_year, a_sample, small_sample, without_worth, nothing_changed, empty_history, many_rules):
        said = re.sub(known, "", read(parsed(case(), "zh")))
        assert re.findall("[A-Za-z]{2,}", said) == []


def test_no_english_text_holds_chinese() -> None:
    for key, message in catalogue_of("en").messages.items():
        assert not [text for text in message.forms.values() if re.search("[\u3000-\u9fff]", text)], key


def test_every_text_is_said_by_some_report(monkeypatch: pytest.MonkeyPatch) -> None:
    said: set[str] = set()
    say = Tongue.say

    def noting(tongue: Tongue, key: str, **within: str) -> str:
        said.add(key)
        return say(tongue, key, **within)

    monkeypatch.setattr(Tongue, "say", noting)
    for case in CASES.values():
        html_page(case(), language="en")
    unnamed = Tongue(language="en", money_code="CNY", money_decimals=2).name(Name(code="", zh="", en=""))
    assert unnamed == "(none)"
    words = {key.removeprefix("report.") for key in catalogue_of("en").messages if key.startswith("report.")}
    assert words - said == set()


# -- the numbers ------------------------------------------------------------------------------------------------------


def the_table(page: Element, class_: str, title: str) -> list[list[str]]:
    for table in page.iter("table"):
        if table.attrib.get("class") == class_ and (table.findtext("caption") or "") == title:
            return [["".join(cell.itertext()).strip() for cell in row] for row in table.findall("tbody/tr")]
    raise AssertionError(f"no table {title}")


def in_minor(text: str) -> int:
    digits = re.sub(r"[^0-9.\u2212]", "", text)
    return int(digits.replace("\u2212", "-").replace(".", ""))


@pytest.mark.parametrize("case", [a_year, many_rules, less_generous], ids=["year", "many", "less"])
def test_the_bars_of_rules_add_up_to_the_cost_of_each_side(case: Callable[[], Result]) -> None:
    result = case()
    rows = the_table(parsed(result, "en"), "pairs", "Rules")
    assert sum(in_minor(row[2]) for row in rows) == result.baseline.cost_minor
    assert sum(in_minor(row[3]) for row in rows) == result.draft.cost_minor
    assert sum(in_minor(row[4]) for row in rows) == result.draft.cost_minor - result.baseline.cost_minor


def test_stores_categories_and_tiers_add_up_to_the_cost() -> None:
    result = a_year()
    page = parsed(result, "en")
    for title in ("Stores", "Categories", "Earned by tier"):
        rows = the_table(page, "pairs", title)
        assert sum(in_minor(row[3]) for row in rows) == result.draft.cost_minor


@both_languages
def test_fifths_stand_among_winners_and_losers_with_what_they_are(language: str) -> None:
    result = a_year()
    page = parsed(result, language)
    tongue = Tongue(language=language, money_code="CNY", money_decimals=2)
    told = {one.group.code: one for one in result.change.shares if one.by == "segment"}
    most, least = told[FIFTHS[0]], told[FIFTHS[-1]]

    rows = {row[0]: row for row in the_table(page, "shares", tongue.say("table.shares"))}
    for one in told.values():
        assert rows[tongue.name(one.group)][2:] == [
            tongue.percent(one.better, one.members), tongue.percent(one.worse, one.members), tongue.whole(one.members),
        ]  # fmt: skip
    said = read(page)
    assert tongue.say("fifths_note") in said
    for one in (most, least):
        mean = tongue.signed(round(Fraction(one.total, one.members)), tongue.whole)
        assert f"{mean} " in said
        assert tongue.percent(one.better, one.members) in said


def test_a_store_without_a_name_is_told_as_a_store_and_other_segments_are_no_fifths() -> None:
    for language, store in (("en", "Store 31782"), ("zh", "门店 31782")):
        said = read(parsed(CASES["without_rules"](), language))
        assert store in said
        assert catalogue_of(language).say("report.fifths_note") not in said


def test_the_headline_says_what_the_result_says() -> None:
    result = a_year()
    tongue = Tongue(language="en", money_code="CNY", money_decimals=2)
    said = read(parsed(result, "en"))
    change = result.draft.cost_minor - result.baseline.cost_minor
    assert f"The draft would have cost {tongue.money_round(change)} more" in said
    assert f"{tongue.share(result.draft.cost_share_bps)} of sales instead of" in said
    assert f"{tongue.money_round(result.draft.owed_minor)} with the draft" in said


def test_less_is_said_as_less() -> None:
    result = less_generous()
    assert "less: " in read(parsed(result, "en"))
    assert "草案会使积分成本减少" in read(parsed(result, "zh"))


def test_the_same_is_said_as_the_same() -> None:
    said = read(parsed(nothing_changed(), "en"))
    assert "The draft would have cost the same" in said
    assert "No member would have earned more or less." in said
    assert "At the end the same would have been owed." in said


def test_an_empty_history_says_so_and_draws_nothing() -> None:
    page = parsed(empty_history(), "en")
    assert "holds no purchase" in read(page)
    assert list(page.iter("svg")) == []


def test_a_sample_is_never_taken_for_all() -> None:
    assert "Among the sampled members:" in read(parsed(a_sample(), "en"))
    assert "95% interval" in read(parsed(a_sample(), "en"))
    small = read(parsed(small_sample(), "en"))
    assert "of the sample, not scaled up" in small
    assert "too few for an interval" in small
    assert "95% interval" not in small


def test_the_matrix_holds_every_member() -> None:
    result = a_year()
    rows = the_table(parsed(result, "en"), "matrix", "Tier moves")
    assert sum(in_minor(cell.lstrip("▲▼ ")) for row in rows for cell in row[1:]) == result.compared.members


def test_a_line_begins_and_ends_at_the_edges() -> None:
    page = parsed(a_year(members=60), "en")
    lines = [one.attrib["d"] for one in page.iter("path")]
    assert len(lines) == 2
    for line in lines:
        places = line.removeprefix("M").split(" L")
        assert len(places) == 365
        assert (places[0].partition(",")[0], places[-1].partition(",")[0]) == ("0", "10000")


def test_the_page_of_a_year_stays_small() -> None:
    for case in (a_year, many_rules):
        assert len(html_page(case(), language="zh").encode()) < 400_000


def test_the_tables_of_both_languages_hold_the_same_figures() -> None:
    result = a_sample()
    zh, en = (
        tables_of(result, Tongue(language=one, money_code="CNY", money_decimals=2)) for one in LANGUAGES
    )
    assert list(zh) == list(en)
    for key, table in zh.items():
        for mine, other in zip(table.rows, en[key].rows, strict=True):
            figures = [cell for cell in mine if not isinstance(cell, str)]
            assert figures == [cell for cell in other if not isinstance(cell, str)]


# -- the style --------------------------------------------------------------------------------------------------------


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def test_text_and_pictures_stand_out_in_light_and_dark_and_on_paper() -> None:
    schemes = re.findall(r":root \{(.*?)\}", STYLE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(schemes) == 3
    for scheme in schemes:
        colours = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", scheme))
        for text in ("ink", "soft", "draft", "warn"):
            assert contrast(colours[text], colours["paper"]) >= 4.5, text
            assert contrast(colours[text], colours["wash"]) >= 4.5, text
        for drawn in ("base", "draft", "loss"):
            assert contrast(colours[drawn], colours["paper"]) >= 3, drawn


def test_every_part_of_the_work_is_named_in_the_reader_s_language() -> None:
    said = read(parsed(a_year(), "zh"))

    assert re.findall(r"用时：(\S+)", said) == ["读取", "选取", "折叠", "汇总"]


def test_a_report_is_told_in_a_third_language(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The page, the lines for a terminal and the workbook, of results that were made before there was that language."""
    results = {name: case() for name, case in CASES.items()}
    with a_third_language(monkeypatch, tmp_path) as third:
        for name, result in results.items():
            english, told = (
                re.findall(">([^<>]+)<", in_english(html_page(result, language=one))) for one in ("en", third)
            )
            assert told == english, name
            assert terminal_text(result, language=third, warnings=5).count("⟦") > 5
            assert excel_bytes(result, language=third)


def test_a_back_test_says_its_sentences_in_every_language_that_there_is(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said = Said("backtest.known_before.days", count=1)
    assert msgspec.to_builtins(sentence_of(said)) == {
        "zh": "所比较的时段之前只有 1 天的历史",
        "en": "only 1 day before the period is known",
    }
    with a_third_language(monkeypatch, tmp_path) as third:
        sentence = sentence_of(said)
        tongue = Tongue(language=third, money_code="CNY", money_decimals=2)
        assert tongue.told(sentence) == "⟦only 1 day before the period is known⟧"
        assert tongue.name(name_of("gold", {"zh": "金卡", "en": "Gold"})) == "Gold"
        assert tongue.name(name_of("gold", {"zh": "金卡", third: "Or"})) == "Or"
    assert msgspec.json.decode(msgspec.json.encode(sentence), type=Sentence) == sentence
