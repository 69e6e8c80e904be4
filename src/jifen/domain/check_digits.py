"""Check characters of card numbers, so that a slip of the finger finds nobody instead of somebody else.

A number of digits has one by Luhn (ISO/IEC 7812-1, annex B): every single wrong digit is found, and every swap of neighbours but
09 and 90. One of digits and letters has one by ISO/IEC 7064 MOD 37,36: every single wrong character and nearly every swap.
"""

from __future__ import annotations

from enum import StrEnum, unique
from typing import Final

ALPHABET: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_VALUE: Final = {character: value for value, character in enumerate(ALPHABET)}


@unique
class CardCheck(StrEnum):
    """What is asked of a card number that is new. Cards that are known find their member whatever they end in."""

    NONE = "none"
    LUHN = "luhn"
    MOD_37_36 = "mod_37_36"


def luhn_digit(digits: str) -> str:
    """The digit that comes after these."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 - place % 2)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def mod_37_36_character(text: str) -> str:
    """The character that comes after these digits and capital letters."""
    product = 36
    for character in text:
        total = (product + _VALUE[character]) % 36 or 36
        product = total * 2 % 37
    return ALPHABET[(37 - product) % 36]


def with_check(text: str, check: CardCheck) -> str:
    """The number with its check character."""
    assert is_of(text, check), f"{check} is of other characters"
    if check is CardCheck.LUHN:
        return text + luhn_digit(text)
    if check is CardCheck.MOD_37_36:
        return text + mod_37_36_character(text)
    return text


def is_right(number: str, check: CardCheck) -> bool:
    """Whether a number ends as the check wants it."""
    if check is CardCheck.NONE:
        return True
    return len(number) > 1 and is_of(number, check) and with_check(number[:-1], check) == number


def is_of(text: str, check: CardCheck) -> bool:
    """Whether the text has only the characters that the check is of."""
    if check is CardCheck.LUHN:
        return not text or (text.isascii() and text.isdigit())
    return check is CardCheck.NONE or all(character in _VALUE for character in text)
