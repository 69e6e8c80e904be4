"""A member and his balances, as values that API and command line show alike.

`MemberAnswer` and `BalancesAnswer` in `api/answers.py` describe them to integrators.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Protocol

from jifen.domain.member import Member
from jifen.domain.timeline import Timeline
from jifen.present.catalogue import catalogue_of
from jifen.present.ids import prefixed
from jifen.present.shown import shown_instant, units_shown
from jifen.present.statements import shown_day


class Balance(Protocol):
    """Where units of one currency stand, in smallest units; worth in minor money."""

    @property
    def currency(self) -> int: ...
    @property
    def balance(self) -> int: ...
    @property
    def available(self) -> int: ...
    @property
    def pending(self) -> int: ...
    @property
    def held(self) -> int: ...
    @property
    def debt(self) -> int: ...
    @property
    def worth_minor(self) -> int | None: ...
    @property
    def next_expiry_day(self) -> int | None: ...
    @property
    def next_expiry_units(self) -> int: ...


class Standing(Protocol):
    """A member's balances at a moment."""

    @property
    def member(self) -> Member: ...
    @property
    def balances(self) -> Sequence[Balance]: ...
    @property
    def timeline(self) -> Timeline: ...
    @property
    def now(self) -> datetime: ...


class Key(Protocol):
    """What finds a member: a card or an external id."""

    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> str: ...


class MemberSeen(Standing, Protocol):
    """A member with keys and day of joining."""

    @property
    def enrolled_at(self) -> datetime: ...
    @property
    def keys(self) -> Sequence[Key]: ...


def member_shown(view: MemberSeen) -> dict[str, Any]:
    """A member as he stands."""
    tier = next(
        tier
        for program in reversed(view.timeline.programs)
        for tier in program.ladder.tiers
        if tier.number == view.member.tier
    )
    return {
        **balances_shown(view),
        "status": view.member.status.name.lower(),
        "sequence": view.member.sequence,
        "enrolled_at": shown_instant(view.enrolled_at),
        "tier": {"code": tier.code, "names": dict(tier.names)},
        "keys": [{"kind": key.kind, "value": key.value} for key in view.keys],
    }


def balances_shown(view: Standing) -> dict[str, Any]:
    """A member's balances."""
    return {
        "member_id": prefixed("mbr", view.member.member_id),
        "as_of": shown_instant(view.now),
        "money": view.timeline.newest.money,
        "balances": [_balance(one, view.timeline) for one in view.balances],
    }


def _balance(balance: Balance, timeline: Timeline) -> dict[str, Any]:
    """Where units of one currency stand."""
    currency = timeline.newest.currencies[balance.currency]
    return {
        "currency": currency.code,
        "names": dict(currency.names),
        "scale": currency.scale,
        "balance": balance.balance,
        "available": balance.available,
        "pending": balance.pending,
        "held": balance.held,
        "debt": balance.debt,
        "worth_minor": balance.worth_minor,
        "next_expiry_on": shown_day(balance.next_expiry_day),
        "next_expiry_units": balance.next_expiry_units,
    }


def member_lines(told: Mapping[str, Any], language: str) -> list[str]:
    """What `member_shown` tells, as the lines of a terminal in a language."""
    words = catalogue_of(language)
    head = words.say(
        "member_shown.head",
        member=told["member_id"],
        status=words.say(f"member_status.{told['status']}"),
        tier=told["tier"]["code"],
        day=told["enrolled_at"][:10],
    )
    lines = [head]
    for one in told["balances"]:
        scale = one["scale"]
        parts = {
            "currency": one["currency"],
            "balance": units_shown(one["balance"], scale),
            "available": units_shown(one["available"], scale),
        }
        if one["worth_minor"] is None:
            lines.append(words.say("member_shown.balance", **parts))
        else:
            worth, money = one["worth_minor"], told["money"]
            lines.append(words.say("member_shown.balance_worth", worth=worth, money=money, **parts))
        more = [
            words.say(f"member_shown.where.{name}", units=units_shown(one[name], scale))
            for name in ("pending", "held", "debt")
            if one[name]
        ]
        if one["next_expiry_on"]:
            units = units_shown(one["next_expiry_units"], scale)
            more.append(words.say("member_shown.expires", units=units, day=one["next_expiry_on"]))
        if more:
            lines.append("    " + words.join("clauses", more))
    lines += [
        words.say("member_shown.key", kind=words.say(f"key_kind.{key['kind']}"), value=key["value"])
        for key in told["keys"]
    ]
    return lines
