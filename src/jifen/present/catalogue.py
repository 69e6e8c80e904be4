"""Message catalogues: everything that a person reads, one TOML file a language, found by its name.

A catalogue's file is `catalogues/LANGUAGE.toml` here, or in the folder that `JIFEN_CATALOGUES` names. A message has a dotted
key and named parameters, the same in every language:

    [posting]
    valid_until = "valid until {day}"                                     plain
    lots = { one = "lot {numbers}", other = "lots {numbers}" }            by `count`: CLDR's names, the language's own rule
    lines_more = { text = "{more} more", leaves_out = ["all"] }           a parameter that this language has no use for

English is the language that every other is held to: its keys and parameters are the ones there are. A catalogue of the package
says everything (a test holds it to that); in one of a folder, what is missing is said in English, and what is wrong is refused
(decision 0096).
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from gettext import c2py  # type: ignore[attr-defined, unused-ignore]
from pathlib import Path
from string import Formatter
from types import MappingProxyType

OURS = Path(__file__).parent / "catalogues"
FOLDER = "JIFEN_CATALOGUES"
"""The variable that names a folder of further catalogues."""
REFERENCE = "en"
FIRST = ("zh", "en")
"""The languages of the package, in the order in which a name of the document is looked for when all else is missing: en, zh."""
FORMS = ("zero", "one", "two", "few", "many", "other")
"""The plural forms of CLDR; `other` is what none of the conditions holds for."""
COUNT = "count"
CATALOGUES_MAX = 100
CHARACTERS_MAX = 1_000_000
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z]{2,4})?")
_PARAMETER = re.compile(r"[a-z][a-z_]*")


class CatalogueWrong(Exception):
    """A catalogue's file cannot be used; the text says which message and why."""


class LanguageUnknown(KeyError):
    """There is no catalogue of that language."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message of one language: its text by plural form, and the parameters that it names or leaves out."""

    forms: Mapping[str, str]
    parameters: frozenset[str]

    @property
    def text(self) -> str:
        """The text, or the plural form that has no condition."""
        return self.forms["other"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """What one language says."""

    language: str
    name: str  # of the language, in itself
    falls_back_to: tuple[
        str, ...
    ]  # where a document names nothing in this language, the next ones to look for
    lowers_names: bool  # within a sentence a name begins with a small letter
    drops_for_one: str  # what the name of a unit ends in and loses beside 1
    tag: str  # for HTML; the language itself where nothing else is said
    short: tuple[tuple[str, int], ...]  # words for powers of ten, the largest first
    messages: Mapping[str, Message]
    _said: Mapping[str, Callable[..., str]] = field(repr=False)

    def say(self, key: str, /, **parts: object) -> str:
        """The message with what belongs into it."""
        return self._said[key](**parts)

    def join(self, how: str, parts: Iterable[str]) -> str:
        """The parts with what this language puts between them: `items`, `clauses`, ... of the table `join`."""
        return self.messages["join." + how].text.join(parts)

    def has(self, key: str) -> bool:
        """Whether there is such a message."""
        return key in self._said

    def within(self, name: str) -> str:
        """A name as it stands within a sentence."""
        return name.lower() if self.lowers_names and name.isascii() else name

    def unit(self, name: str, shown: str) -> str:
        """The name of a unit as it stands behind so many (`shown`) in a sentence: 1 point, 2 points."""
        text, end = self.within(name), self.drops_for_one
        is_plural = end != "" and text.endswith(end) and not text.endswith(("ss", "us", "is"))
        return text.removesuffix(end) if shown == "1" and is_plural else text


@lru_cache(maxsize=1)
def languages() -> tuple[str, ...]:
    """The languages that there are catalogues of: those of the package, then those of the folder."""
    return tuple(_files())


@lru_cache(maxsize=CATALOGUES_MAX)
def catalogue_of(language: str) -> Catalogue:
    """The catalogue of a language. It is read once a process.

    Refuses
        LanguageUnknown   there is no file of that name
        CatalogueWrong    the file cannot be used
    """
    path = _files().get(language)
    if path is None:
        raise LanguageUnknown(language)
    if not _LANGUAGE.fullmatch(language):
        raise CatalogueWrong(f"{path}: a catalogue is named by its language, such as fr or pt-BR")
    catalogue = read_catalogue(path)
    return catalogue if language == REFERENCE else _completed(catalogue, catalogue_of(REFERENCE), path)


def forget() -> None:
    """Look for the files again and read them again: for tests, which come with a folder of their own."""
    languages.cache_clear()
    catalogue_of.cache_clear()


def closest(wanted: str) -> str | None:
    """The language that there is for one that is asked for: `en` for `en-GB`, `pt-BR` for `pt-br`; None: nothing like it."""
    known = {language.lower(): language for language in languages()}
    asked = wanted.strip().lower()
    while asked:
        if asked in known:
            return known[asked]
        asked = asked.rpartition("-")[0]
    return None


def accepted(header: str | None, *, otherwise: str) -> str:
    """The language of an `Accept-Language` header that there is, by its weights; else the other.

    Source
        RFC 9110 section 12.5.4, RFC 4647 section 3.4 (look-up). At most 20 ranges are read.
    """
    ranges = []
    for at, one in enumerate((header or "").split(",")[:20]):
        wanted, _, weight = one.partition(";")
        weighed = re.fullmatch(r"\s*q\s*=\s*([01])(?:\.([0-9]{1,3}))?\s*", weight) if weight else None
        if weight and weighed is None:
            continue
        thousandths = (
            1_000 if weighed is None else int(weighed[1]) * 1_000 + int((weighed[2] or "").ljust(3, "0"))
        )
        if thousandths:
            ranges.append((-thousandths, at, wanted))
    found = (closest(wanted) for _, _, wanted in sorted(ranges))
    return next((language for language in found if language), otherwise)


def _files() -> dict[str, Path]:
    """The file of each language; a folder cannot replace a language of the package."""
    found = {language: OURS / f"{language}.toml" for language in FIRST}
    folder = os.environ.get(FOLDER, "")
    others = [*sorted(OURS.glob("*.toml")), *(sorted(Path(folder).glob("*.toml")) if folder else [])]
    for path in others[:CATALOGUES_MAX]:
        found.setdefault(path.stem, path)
    return found


def read_catalogue(path: Path) -> Catalogue:
    """The catalogue of a file, as it stands there.

    Refuses
        CatalogueWrong   it is no TOML, or a message is none
    """
    try:
        text = path.read_text(encoding="utf-8")
        if len(text) > CHARACTERS_MAX:
            raise CatalogueWrong(f"{path}: longer than {CHARACTERS_MAX:,} characters")
        document = tomllib.loads(text)
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as wrong:
        raise CatalogueWrong(f"{path}: {wrong}") from None
    head = document.pop("language", {})
    unknown = set(head) - {"name", "falls_back_to", "lowers_names", "drops_for_one", "tag", "short", "plural"}
    if unknown or not isinstance(head.get("name"), str):
        raise CatalogueWrong(
            f"{path}: [language] needs a name, and knows no {', '.join(sorted(unknown)) or 'others'}"
        )
    plural = _plural(head.get("plural", {}), path)
    messages: dict[str, Message] = {}
    _gather(document, "", messages, path)
    return Catalogue(
        language=path.stem,
        name=head["name"],
        falls_back_to=tuple(head.get("falls_back_to", ())),
        lowers_names=bool(head.get("lowers_names", False)),
        drops_for_one=str(head.get("drops_for_one", "")),
        tag=str(head.get("tag", path.stem)),
        short=tuple(head.get("short", {}).items()),
        messages=MappingProxyType(messages),
        _said={key: _sayer(message, plural) for key, message in messages.items()},
    )


def _completed(catalogue: Catalogue, reference: Catalogue, path: Path) -> Catalogue:
    """The catalogue with English where it says nothing; what it says must be what is asked of it."""
    for key, message in catalogue.messages.items():
        wanted = reference.messages.get(key)
        if wanted is None:
            raise CatalogueWrong(f"{path}: there is no message {key}")
        if message.parameters - {COUNT} != wanted.parameters - {COUNT}:
            named = ", ".join(sorted(wanted.parameters)) or "none"
            raise CatalogueWrong(f"{path}: {key} has other parameters than {named}")
    return Catalogue(
        language=catalogue.language,
        name=catalogue.name,
        falls_back_to=catalogue.falls_back_to,
        lowers_names=catalogue.lowers_names,
        drops_for_one=catalogue.drops_for_one,
        tag=catalogue.tag,
        short=catalogue.short or reference.short,
        messages=MappingProxyType({**reference.messages, **catalogue.messages}),
        _said={**reference._said, **catalogue._said},
    )


def _gather(tables: Mapping[str, object], before: str, messages: dict[str, Message], path: Path) -> None:
    for name, value in tables.items():
        key = before + name
        if isinstance(value, str):
            messages[key] = Message({"other": value}, _parameters(value, key, path))
        elif not isinstance(value, dict):
            raise CatalogueWrong(f"{path}: {key} is no text")
        elif "other" in value:
            messages[key] = _by_count(value, key, path)
        elif "text" in value and "leaves_out" in value:
            named = _parameters(value["text"], key, path)
            messages[key] = Message({"other": value["text"]}, named | frozenset(value["leaves_out"]))
        else:
            _gather(value, key + ".", messages, path)


def _by_count(forms: Mapping[str, str], key: str, path: Path) -> Message:
    if set(forms) - set(FORMS):
        raise CatalogueWrong(f"{path}: {key} has a form that is none of {', '.join(FORMS)}")
    by_form = {form: _parameters(text, key, path) for form, text in forms.items()}
    if any(named - by_form["other"] - {COUNT} for named in by_form.values()):
        raise CatalogueWrong(f"{path}: a form of {key} names a parameter that `other` does not")
    return Message(dict(forms), by_form["other"] | {COUNT})


def _parameters(text: str, key: str, path: Path) -> frozenset[str]:
    """The parameters that a text names. Only `{name}` and `{name:,}` may stand there: no attribute, no item, no conversion."""
    try:
        parts = list(Formatter().parse(text))
    except ValueError as wrong:
        raise CatalogueWrong(f"{path}: {key}: {wrong}") from None
    for _, name, form, conversion in parts:
        if name is not None and (not _PARAMETER.fullmatch(name) or conversion or form not in ("", ",")):
            raise CatalogueWrong(f"{path}: {key}: write {{name}} or {{name:,}}")
    return frozenset(name for _, name, _, _ in parts if name)


def _plural(conditions: Mapping[str, str], path: Path) -> Callable[[int], str]:
    """Which form a count takes: that of the first condition that holds, as gettext writes them (`n == 1`)."""
    try:
        rules = [(form, c2py(condition)) for form, condition in conditions.items()]
    except ValueError as wrong:
        raise CatalogueWrong(f"{path}: plural: {wrong}") from None
    if any(form not in FORMS for form, _ in rules):
        raise CatalogueWrong(f"{path}: plural names a form that is none of {', '.join(FORMS)}")
    return lambda count: next((form for form, holds in rules if holds(count)), "other")


def _sayer(message: Message, plural: Callable[[int], str]) -> Callable[..., str]:
    if len(message.forms) == 1:
        return message.text.format
    forms = {form: message.forms.get(form, message.text).format for form in FORMS}

    def say(*, count: int, **parts: object) -> str:
        return forms[plural(abs(count))](count=count, **parts)

    return say
