"""How a report speaks one language: numbers, money, dates and sentences of `words.py`.

Money and units are written as in `present/postings.py`: the sign of the money in front, thousands apart, a true minus.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from fractions import Fraction

from jifen.insight.backtest.result import CurrencyTotal, Name, Sentence
from jifen.insight.report.words import NOUNS, WORDS
from jifen.present.shown import MINUS, SIGNS

LANGUAGES = ("zh", "en")
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_SHORT_ZH = ((1_000_000_000_000, "万亿"), (100_000_000, "亿"), (10_000, "万"))
_SHORT_EN = ((1_000_000_000_000, "T"), (1_000_000_000, "B"), (1_000_000, "M"), (1_000, "K"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language and the programme's money."""

    language: str  # zh | en
    money_code: str
    money_decimals: int

    def __post_init__(self) -> None:
        if self.language not in LANGUAGES:
            raise ValueError(f"a report is written in {' or '.join(LANGUAGES)}, not in {self.language!r}")

    @property
    def is_zh(self) -> bool:
        return self.language == "zh"

    def say(self, key: str, **within: str) -> str:
        """The words of a key with what belongs into them."""
        zh, en = WORDS[key]
        return (zh if self.is_zh else en).format(**within)

    def told(self, sentence: Sentence) -> str:
        """The sentence in this language."""
        return sentence.zh if self.is_zh else sentence.en

    def name(self, name: Name) -> str:
        """The name in this language, else in the other, else the code."""
        wanted = (name.zh, name.en) if self.is_zh else (name.en, name.zh)
        return next((one for one in (*wanted, name.code) if one), self.say("without"))

    def unit(self, currency: CurrencyTotal) -> str:
        """The currency's name as it stands within a sentence."""
        name = self.name(currency.currency)
        return name.lower() if name.isascii() and not self.is_zh else name

    def count(self, number: int, noun: str) -> str:
        """So many of a thing: `1 member`, `1,234 名会员`."""
        zh, one, many = NOUNS[noun]
        return f"{self.whole(number)} {zh if self.is_zh else one if number == 1 else many}"

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
        for size, word in _SHORT_ZH if self.is_zh else _SHORT_EN:
            if value >= size:
                return f"{sign}{_few_digits(value / size)}{' ' if self.is_zh else ''}{word}"
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
        return f"{said} {'个百分点' if self.is_zh else 'pp'}"

    def _with_sign(self, text: str, *, is_negative: bool) -> str:
        sign = MINUS if is_negative else ""
        code = self.money_code
        return f"{sign}{SIGNS[code]}{text}" if code in SIGNS else f"{sign}{text} {code}"

    # -- dates ------------------------------------------------------------------------------------------------------

    def day(self, on: date) -> str:
        """31 Jan 2025, 2025年1月31日."""
        if self.is_zh:
            return f"{on.year}年{on.month}月{on.day}日"
        return f"{on.day} {_MONTHS[on.month - 1]} {on.year}"

    def month(self, on: date) -> str:
        """Jan 2025, 2025年1月."""
        return f"{on.year}年{on.month}月" if self.is_zh else f"{_MONTHS[on.month - 1]} {on.year}"

    def month_short(self, on: date) -> str:
        """Jan, 1月."""
        return f"{on.month}月" if self.is_zh else _MONTHS[on.month - 1]

    def day_short(self, on: date) -> str:
        """31 Jan, 1月31日."""
        return f"{on.month}月{on.day}日" if self.is_zh else f"{on.day} {_MONTHS[on.month - 1]}"


def _few_digits(value: Fraction) -> str:
    """The number with at most three digits that count, without zeros at the end."""
    decimals = 0 if value >= 100 else 1 if value >= 10 else 2
    number = round(value * 10**decimals)
    whole, rest = divmod(number, 10**decimals)
    text = f"{whole:,}" + (f".{rest:0{decimals}d}" if decimals else "")
    return text.rstrip("0").rstrip(".") if decimals else text
