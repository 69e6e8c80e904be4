"""One form for what people tell of themselves: phone numbers as E.164, e-mail addresses, names, days of birth.

phone_in_form("138 0013 8000", region="CN")   -> "+8613800138000"
email_in_form(" Ann@Example.COM ")            -> "ann@example.com"
name_in_form("Ann  Lee")                      -> "Ann Lee"
"""

from __future__ import annotations

from datetime import date
from unicodedata import normalize

import phonenumbers
from email_validator import EmailNotValidError, validate_email

from jifen.domain.texts import KEY, WORDS, TextRefused, canonical

OLDEST_YEARS = 130
SHORT = 4
"""So many last characters of a card or an id elsewhere are shown; one that is no longer hides nothing from who can count."""
UNSEEN = "•••"
"""How a value is shown of which nothing can be seen."""


def region_of(money: str) -> str | None:
    """The region whose numbers people write without a +: that of the programme's money (ISO 4217 begins with ISO 3166); None: a
    money of several."""
    region = money[:2].upper()
    return region if region in phonenumbers.SUPPORTED_REGIONS else None


def phone_in_form(text: str, *, region: str | None) -> str:
    """A phone number as E.164.

    Refuses
        TextRefused   it is none, or it is written without a country and there is no region to assume
    """
    plain = canonical(text, KEY)
    try:
        number = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException as no:
        raise TextRefused("unprintable", f"no phone number: {str(no).rstrip('.').lower()}") from None
    if not phonenumbers.is_valid_number(number):
        raise TextRefused("unprintable", "no phone number that is given out: is a digit missing?")
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def phone_digits(e164: str) -> tuple[str, ...]:
    """The digits of a phone in E.164 as they may stand on a card: with the country, and as dialled at home."""
    return (e164.removeprefix("+"), str(phonenumbers.parse(e164, None).national_number))


def email_in_form(text: str) -> str:
    """An e-mail address, small letters throughout: nobody has two that differ in that alone.

    Refuses
        TextRefused   it is none
    """
    plain = canonical(text, KEY)
    try:
        return validate_email(plain, check_deliverability=False).normalized.lower()
    except EmailNotValidError as no:
        raise TextRefused("unprintable", f"no e-mail address: {no}") from None


def name_in_form(text: str) -> str:
    """A name: one line, composed (NFC), blanks inside as one."""
    return normalize("NFC", canonical(text, WORDS))


def birthday_in_form(text: str, *, today: date) -> str:
    """A day of birth as YYYY-MM-DD.

    Refuses
        TextRefused   no such day, one to come, or one that nobody alive was born on
    """
    plain = canonical(text, KEY)
    try:
        day = date.fromisoformat(plain)
    except ValueError:
        raise TextRefused("unprintable", "a birthday is a day: YYYY-MM-DD") from None
    if day > today:
        raise TextRefused("unprintable", "the birthday is still to come")
    if today.year - day.year > OLDEST_YEARS:
        raise TextRefused("unprintable", f"nobody is more than {OLDEST_YEARS} years old")
    return day.isoformat()


def masked(field: str, value: str) -> str:
    """What somebody may see of a value who has not asked for all of it and said why: enough to know it again.

    masked("phone", "+8613800138000") -> "+86•••••••8000"     masked("email", "ann@example.com") -> "a••@example.com"
    masked("name", "陈小明") -> "陈••"                          masked("birthday", "1990-05-01") -> "••••-05-01"
    """
    if field == "phone":
        return value[:3] + "•" * (len(value) - 7) + value[-4:]
    if field == "email":
        local, _, domain = value.partition("@")
        return f"{local[:1]}{'•' * min(max(len(local) - 1, 1), 5)}@{domain}"
    if field == "birthday":
        return "••••" + value[4:]
    if field in ("card", "external", "wechat", "alipay", "pos", "shop"):
        return "•" * max(len(value) - SHORT, 2) + value[-SHORT:] if len(value) > SHORT else value
    return value[:1] + "•" * min(max(len(value) - 1, 1), 8)
