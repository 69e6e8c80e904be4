"""How a report speaks one language: numbers, money, dates, and the messages `report` of its catalogue.

Money and units are written as in `present/postings.py`: the sign of the money in front, thousands apart, a true minus.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

from jifen.insight.backtest.result import CurrencyTotal, Name, Sentence, by_language
from jifen.present.catalogue import Catalogue, LanguageUnknown, catalogue_of, languages
from jifen.present.shown import MINUS, SIGNS, name_in


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language and the programme's money."""

    language: str  # one that there is a catalogue of
    money_code: str
    money_decimals: int

    words: Catalogue = field(init=False, repr=False)

    def __post_init__(self) -> None:
        try:
            object.__setattr__(self, "words", catalogue_of(self.language))
        except LanguageUnknown:
            known = " or ".join(languages())
            raise ValueError(f"a report is written in {known}, not in {self.language!r}") from None

    def say(self, key: str, **within: str) -> str:
        """The report's words of a key with what belongs into them."""
        return self.words.say(f"report.{key}", **within)

    def join(self, how: str, texts: Iterable[str]) -> str:
        """The texts as this language joins them: `items`, `sentences`, `reasons`."""
        return self.words.join(how, texts)

    def told(self, sentence: Sentence) -> str:
        """The sentence in this language, else in the nearest."""
        return name_in(by_language(sentence), self.language)

    def name(self, name: Name) -> str:
        """The name in this language, else in the nearest, else the code."""
        given = {language: text for language, text in by_language(name).items() if text}
        return name_in(given, self.language) or name.code or self.say("without")

    def unit(self, currency: CurrencyTotal) -> str:
        """The currency's name as it stands within a sentence."""
        return self.words.within(self.name(currency.currency))

    def count(self, number: int, noun: str) -> str:
        """So many of a thing: `1 member`, `1,234 名会员`."""
        return self.words.say(f"report_noun.{noun}", count=number, number=self.whole(number))

    # -- numbers ----------------------------------------------------------------------------------------------------

    def whole(self, number: int) -> str:
        """1234567 as 1,234,567."""
        return f"{MINUS if number < 0 else ''}{abs(number):,}"

    def scaled(self, number: int, decimals: int) -> str:
        """Smallest units as a person writes them: 12345 with two decimals is 123.45."""
        whole, rest = divmod(abs(number), 10**decimals)
        return f"{MINUS if number < 0 else ''}{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")

    def money(self, minor: int) -> str:
        """Money to its last minor unit."""
        return self._with_sign(self.scaled(abs(minor), self.money_decimals), is_negative=minor < 0)

    def money_round(self, minor: int) -> str:
        """Money for a headline: without its decimals from a hundred up, with three digits from ten thousand million up.

        Rounding
            Half to even.
        """
        if abs(minor) < 100 * 10**self.money_decimals:
            return self.money(minor)
        whole = round(Fraction(abs(minor), 10**self.money_decimals))
        if whole >= 10**10:
            return self.money_short(minor)
        return self._with_sign(f"{whole:,}", is_negative=minor < 0)

    def money_short(self, minor: int) -> str:
        """Money for an axis: 万 and 亿, or K, M and B."""
        return self._with_sign(self.short(abs(minor), self.money_decimals), is_negative=minor < 0)

    def short(self, number: int, decimals: int) -> str:
        """A number for an axis, shortened where that loses nothing of three digits."""
        value = Fraction(abs(number), 10**decimals)
        sign = MINUS if number < 0 else ""
        for word, power in self.words.short:
            if value >= 10**power:
                return sign + self.words.say("number.short", number=_few_digits(value / 10**power), word=word)
        return sign + _few_digits(value)

    def share(self, bps: int) -> str:
        """125 as 1.25%."""
        return f"{self.scaled(bps, 2)}%"

    def percent(self, part: int, whole: int) -> str:
        """A share of a count as a whole percentage; what is neither none nor all is not called so."""
        if whole == 0:
            return "0%"
        per_cent = round(Fraction(100 * part, whole))
        if per_cent == 0 and part > 0:
            return "<1%"
        return ">99%" if per_cent == 100 and part < whole else f"{per_cent}%"

    def signed(self, number: int, write: Callable[[int], str]) -> str:
        """A change with its sign: +1,234, −1,234, 0."""
        return f"+{write(number)}" if number > 0 else write(number)

    def share_change(self, bps: int) -> str:
        """A change of a share, in percentage points."""
        said = self.signed(bps, lambda number: self.scaled(number, 2))
        return self.words.say("number.points", number=said)

    def _with_sign(self, text: str, *, is_negative: bool) -> str:
        sign = MINUS if is_negative else ""
        code = self.money_code
        return f"{sign}{SIGNS[code]}{text}" if code in SIGNS else f"{sign}{text} {code}"

    # -- dates ------------------------------------------------------------------------------------------------------

    def day(self, on: date) -> str:
        """31 Jan 2025, 2025年1月31日."""
        return self.words.say("date.day", day=on.day, month=self._month(on), number=on.month, year=on.year)

    def month(self, on: date) -> str:
        """Jan 2025, 2025年1月."""
        return self.words.say("date.month", month=self._month(on), number=on.month, year=on.year)

    def month_short(self, on: date) -> str:
        """Jan, 1月."""
        return self.words.say("date.month_short", month=self._month(on), number=on.month)

    def day_short(self, on: date) -> str:
        """31 Jan, 1月31日."""
        return self.words.say("date.day_short", day=on.day, month=self._month(on), number=on.month)

    def _month(self, on: date) -> str:
        return self.words.say(f"month.{on.month}")


def _few_digits(value: Fraction) -> str:
    """The number with at most three digits that count, without zeros at the end."""
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2
    number = round(value * 10**decimals)
    whole, rest = divmod(number, 10**decimals)
    text = f"{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")
    return text.rstrip("0").rstrip(".") if decimals else text
