"""Every message stands in every catalogue, with the same parameters, and is asked for as it is written."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.third_language import THIRD, a_third_language, write_third

import jifen
from jifen.present import catalogue
from jifen.present.catalogue import CatalogueWrong, accepted, catalogue_of, closest, languages, read_catalogue

SOURCE = Path(jifen.__file__).parent
SPOKEN = sorted(path.stem for path in catalogue.OURS.glob("*.toml"))
ENGLISH = read_catalogue(catalogue.OURS / "en.toml").messages


@pytest.mark.parametrize("language", SPOKEN)
def test_every_catalogue_of_the_package_says_every_message_with_the_same_parameters(language: str) -> None:
    spoken = read_catalogue(catalogue.OURS / f"{language}.toml").messages
    assert sorted(spoken.keys() ^ ENGLISH.keys()) == []
    others = [
        key
        for key, message in spoken.items()
        if message.parameters - {catalogue.COUNT} != ENGLISH[key].parameters - {catalogue.COUNT}
    ]
    assert others == []


# -- what the code asks for ---------------------------------------------------------------------------------------------


def _asked() -> Iterator[tuple[str, re.Pattern[str], set[str], bool]]:
    """Each message that the code asks for: where, its key as a pattern, its parameters, and whether these are all."""
    for path in sorted(SOURCE.rglob("*.py")):
        is_report = path.parent.name == "report"  # whose `Tongue.say` goes to the table `report`
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and node.args):
                continue
            asks = isinstance(node.func, ast.Attribute) and node.func.attr == "say"
            if not asks and not (isinstance(node.func, ast.Name) and node.func.id == "Said"):
                continue
            within = "report." if is_report and "words" not in ast.unparse(node.func) else ""
            for key in _keys(node.args[0], within):
                named = {keyword.arg for keyword in node.keywords if keyword.arg}
                is_all = all(keyword.arg for keyword in node.keywords)
                yield f"{path.relative_to(SOURCE)}:{node.lineno}", key, named, is_all


def _keys(node: ast.expr, within: str) -> list[re.Pattern[str]]:
    """The keys that an expression stands for; none where it is a variable."""
    if isinstance(node, ast.IfExp):
        return [*_keys(node.body, within), *_keys(node.orelse, within)]
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [re.compile(re.escape(within + node.value))]
    if isinstance(node, ast.JoinedStr) and isinstance(node.values[0], ast.Constant):
        parts = [re.escape(str(one.value)) if isinstance(one, ast.Constant) else ".+" for one in node.values]
        return [re.compile(re.escape(within) + "".join(parts))]
    return []


def test_the_code_asks_for_messages_that_there_are_with_the_parameters_that_they_have() -> None:
    wrong = []
    for where, key, named, is_all in _asked():
        meant = [message for one, message in ENGLISH.items() if key.fullmatch(one)]
        if not meant:
            wrong.append(f"{where}: no message {key.pattern}")
        for message in meant:
            if named - message.parameters or (is_all and message.parameters - named):
                wrong.append(
                    f"{where}: {key.pattern} has {sorted(message.parameters)}, given {sorted(named)}"
                )
    assert wrong == []


def test_every_message_is_asked_for_somewhere() -> None:
    patterns = [key for _, key, _, _ in _asked()]
    words = set()
    for path in SOURCE.rglob("*.py"):
        words |= {
            node.value
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
            if isinstance(node, ast.Constant) and isinstance(node.value, str)
        }
    unasked = [
        key
        for key in ENGLISH
        if not key.startswith("join.")
        and key.removeprefix("report.") not in words
        and key not in words
        and not any(pattern.fullmatch(key) for pattern in patterns)
    ]
    assert unasked == []


# -- a file that is wrong -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("[language", "Expected"),
        ("[posting]\nline = 'x'", "needs a name"),
        ("[language]\nname = 'X'\ncolour = 'red'", "knows no colour"),
        ("[language]\nname = 'X'\nplural = { one = 'n = 1' }", "plural"),
        ("[language]\nname = 'X'\nplural = { single = 'n == 1' }", "plural names a form"),
        ("[language]\nname = 'X'\n[posting]\nline = 3", "posting.line is no text"),
        ("[language]\nname = 'X'\n[posting]\nline = 'line {number'", "posting.line"),
        ("[language]\nname = 'X'\n[posting]\nline = 'line {number.real}'", "write {name}"),
        ("[language]\nname = 'X'\n[posting]\nline = 'line {number[0]}'", "write {name}"),
        ("[language]\nname = 'X'\n[posting]\nline = 'line {number!r}'", "write {name}"),
        ("[language]\nname = 'X'\n[posting]\nline = 'line {number:>{width}}'", "write {name}"),
        ("[language]\nname = 'X'\n[posting]\nline = 'line {}'", "write {name}"),
        ("[language]\nname = 'X'\n[posting]\nline = 'line {nummer}'", "posting.line has other parameters than number"),
        ("[language]\nname = 'X'\n[posting]\nline = 'line'", "posting.line has other parameters than number"),
        ("[language]\nname = 'X'\n[posting]\nlien = 'line'", "there is no message posting.lien"),
        ("[language]\nname = 'X'\n[statement]\nlots = { single = 'a', other = 'b' }", "statement.lots has a form"),
        ("[language]\nname = 'X'\n[statement]\nlots = { one = '{lot}', other = 'b' }", "a form of statement.lots"),
    ],
)  # fmt: skip
def test_a_catalogue_that_is_wrong_is_refused_by_the_message(
    text: str, why: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with a_third_language(monkeypatch, tmp_path):
        (tmp_path / f"{THIRD}.toml").write_text(text, encoding="utf-8")
        catalogue.forget()
        with pytest.raises(CatalogueWrong, match=re.escape(why)):
            catalogue_of(THIRD)


def test_what_a_catalogue_of_a_folder_does_not_say_is_said_in_english(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with a_third_language(monkeypatch, tmp_path):
        write_third(tmp_path, without=("posting.line",))
        catalogue.forget()
        assert catalogue_of(THIRD).say("posting.line", number=3) == "line 3"
        assert catalogue_of(THIRD).say("posting.adjusted") == "⟦adjusted by hand⟧"


def test_a_folder_does_not_replace_a_language_of_the_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_third(tmp_path).rename(tmp_path / "en.toml")
    monkeypatch.setenv(catalogue.FOLDER, str(tmp_path))
    catalogue.forget()
    assert catalogue_of("en").say("posting.adjusted") == "adjusted by hand"
    assert languages() == tuple(dict.fromkeys([*catalogue.FIRST, *SPOKEN]))
    catalogue.forget()


def test_a_language_has_its_own_rule_of_number(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    text = """
        [language]
        name = "Polski"
        [language.plural]
        one = "n == 1"
        few = "n % 10 >= 2 && n % 10 <= 4 && (n % 100 < 10 || n % 100 >= 20)"
        [statement]
        lots = { one = "partia {lots}", few = "{count} partie {lots}", other = "{count} partii {lots}" }
    """
    (tmp_path / "pl.toml").write_text(text, encoding="utf-8")
    monkeypatch.setenv(catalogue.FOLDER, str(tmp_path))
    catalogue.forget()
    said = [catalogue_of("pl").say("statement.lots", count=count, lots="7") for count in (1, 2, 5, 12, 22)]
    assert said == ["partia 7", "2 partie 7", "5 partii 7", "12 partii 7", "22 partie 7"]
    catalogue.forget()


# -- which language -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "zh"),
        ("", "zh"),
        ("*", "zh"),
        ("fr", "zh"),
        ("en", "en"),
        ("en-GB", "en"),
        ("EN-us;q=0.9", "en"),
        ("fr-CH, fr;q=0.9, en;q=0.8, zh;q=0.7", "en"),
        ("en;q=0.3, zh-Hans-CN;q=0.5", "zh"),
        ("en;q=0, *", "zh"),
        ("en;q=one, zh", "zh"),
        (",;,, ;q=1, en", "en"),
    ],
)
def test_a_language_is_chosen_as_a_browser_asks(header: str | None, language: str) -> None:
    assert accepted(header, otherwise="zh") == language


def test_a_region_is_found_where_there_is_one(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "pt-BR.toml").write_text('[language]\nname = "Português"\n', encoding="utf-8")
    monkeypatch.setenv(catalogue.FOLDER, str(tmp_path))
    catalogue.forget()
    assert (closest("pt-br"), closest("pt"), closest("zh-TW")) == ("pt-BR", None, "zh")
    catalogue.forget()
