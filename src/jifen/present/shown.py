"""How a person reads what the books keep: units with their decimals, money, names, and the words for kinds and places."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from jifen.present.catalogue import catalogue_of, languages

SIGNS = {"CNY": "¥", "USD": "$", "EUR": "€", "GBP": "£", "JPY": "¥", "HKD": "HK$", "TWD": "NT$", "SGD": "S$"}
MINUS = "−"


def units_shown(units: int, scale: int) -> str:
    """Smallest units as a person reads them: with scale 2, 150 is 1.50."""
    if not scale:
        return f"{units:,}"
    sign = "-" if units < 0 else ""
    return f"{sign}{abs(units) // 10**scale:,}.{abs(units) % 10**scale:0{scale}d}"


def shown_instant(at: datetime) -> str:
    """A moment in UTC, as RFC 3339."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")


def thousandths(milli: int) -> str:
    """A quantity in thousandths as decimal text: 1500 as `1.5`."""
    sign, milli = ("-", -milli) if milli < 0 else ("", milli)
    text = f"{milli // 1000}.{milli % 1000:03d}".rstrip("0").rstrip(".")
    return sign + text


def kind_shown(kind: str, language: str) -> str:
    """The word for a kind of entry."""
    return catalogue_of(language).say(f"kind.{kind}")


def place_shown(place: str, language: str) -> str:
    """The word for where units of a lot stand."""
    return catalogue_of(language).say(f"place.{place}")


def name_in(names: Mapping[str, str], language: str) -> str:
    """The name that a document gives in a language, or in the nearest that there is: the language itself, it without its
    region, what its catalogue falls back to, English, Chinese, the first that the document has."""
    if language in names:
        return names[language]
    nearest = [language.partition("-")[0], "en", "zh"]
    if language in languages():
        nearest[1:1] = catalogue_of(language).falls_back_to
    return next((names[wanted] for wanted in nearest if wanted in names), next(iter(names.values()), ""))
