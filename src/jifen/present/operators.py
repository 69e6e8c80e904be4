"""Operators and their sessions, as they are shown: by the API and on a terminal. Nothing secret is among it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from jifen.domain.principal import OPERATOR_PREFIX, permissions_of
from jifen.present.catalogue import catalogue_of
from jifen.present.ids import prefixed
from jifen.present.shown import shown_instant

SESSION_PREFIX = "ses"
PASSKEY_PREFIX = "pky"


class _MayDo(Protocol):
    @property
    def operator_id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def login(self) -> str | None: ...
    @property
    def roles(self) -> tuple[str, ...]: ...
    @property
    def permissions(self) -> tuple[str, ...]: ...
    @property
    def stores(self) -> tuple[str, ...] | None: ...
    @property
    def adjustment_units_max(self) -> int | None: ...
    @property
    def language(self) -> str: ...


class _Operator(_MayDo, Protocol):
    @property
    def password_hash(self) -> str | None: ...
    @property
    def has_second_factor(self) -> bool: ...
    @property
    def passkeys(self) -> int: ...
    @property
    def recovery_codes_left(self) -> int: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def disabled_at(self) -> datetime | None: ...
    @property
    def invited_until(self) -> datetime | None: ...
    @property
    def last_used_at(self) -> datetime | None: ...
    @property
    def read_at(self) -> datetime: ...


class _Session(Protocol):
    @property
    def session_id(self) -> UUID: ...
    @property
    def created_at(self) -> datetime: ...
    @property
    def last_used_at(self) -> datetime: ...
    @property
    def expires_at(self) -> datetime: ...
    @property
    def address(self) -> str: ...
    @property
    def agent(self) -> str: ...
    @property
    def began_by(self) -> str: ...


class _Passkey(Protocol):
    @property
    def passkey_id(self) -> UUID: ...
    @property
    def name(self) -> str: ...
    @property
    def added_at(self) -> datetime: ...
    @property
    def last_used_at(self) -> datetime | None: ...


def who_shown(one: _MayDo) -> dict[str, Any]:
    """An operator as whoever is signed in sees himself; `permissions` are all that he has, by his roles too."""
    return {
        "id": prefixed(OPERATOR_PREFIX, one.operator_id),
        "login": one.login,
        "name": one.name,
        "roles": list(one.roles),
        "permissions": sorted(permissions_of(one.roles, one.permissions)),
        "stores": list(one.stores) if one.stores else None,
        "adjustment_units_max": one.adjustment_units_max,
        "language": one.language,
    }


def operator_shown(one: _Operator) -> dict[str, Any]:
    """An operator as whoever manages operators sees him."""
    is_invited = one.invited_until is not None and one.invited_until > one.read_at
    state = "active"
    if one.disabled_at is not None:
        state = "disabled"
    elif one.password_hash is None:
        state = "invited" if is_invited else "waiting"
    return {
        **who_shown(one),
        "own_permissions": list(one.permissions),
        "state": state,
        "has_second_factor": one.has_second_factor,
        "passkeys": one.passkeys,
        "recovery_codes_left": one.recovery_codes_left,
        "created_at": shown_instant(one.created_at),
        "disabled_at": _instant(one.disabled_at),
        "invited_until": _instant(one.invited_until) if is_invited else None,
        "last_used_at": _instant(one.last_used_at),
    }


def operator_line(one: _Operator, language: str) -> str:
    """An operator as a line of a terminal."""
    shown = operator_shown(one)
    words = catalogue_of(language)
    parts = [
        ",".join([*one.roles, *one.permissions]),
        words.say(f"operator.state.{shown['state']}"),
        words.say("operator.second_factor" if shown["has_second_factor"] else "operator.no_second_factor"),
    ]
    if one.stores:
        parts.append(words.say("operator.stores", stores=",".join(one.stores)))
    if one.adjustment_units_max is not None:
        parts.append(words.say("operator.limit", units=one.adjustment_units_max))
    if one.last_used_at is not None:
        parts.append(words.say("operator.last_used", at=f"{one.last_used_at:%Y-%m-%d %H:%MZ}"))
    return f"{shown['id']}  {one.name} ({one.login or '-'})  " + "; ".join(parts)


def session_shown(one: _Session, *, current: UUID | None) -> dict[str, Any]:
    """A session as its operator sees it."""
    return {
        "id": prefixed(SESSION_PREFIX, one.session_id),
        "created_at": shown_instant(one.created_at),
        "last_used_at": shown_instant(one.last_used_at),
        "expires_at": shown_instant(one.expires_at),
        "address": one.address,
        "agent": one.agent,
        "began_by": one.began_by,
        "is_current": one.session_id == current,
    }


def passkey_shown(one: _Passkey) -> dict[str, Any]:
    """A passkey as its operator sees it: what he calls it, and when it signed last."""
    return {
        "id": prefixed(PASSKEY_PREFIX, one.passkey_id),
        "name": one.name,
        "added_at": shown_instant(one.added_at),
        "last_used_at": _instant(one.last_used_at),
    }


def passkey_line(one: _Passkey, language: str) -> str:
    """A passkey as a line of a terminal."""
    words = catalogue_of(language)
    said = words.say("operator.passkey", name=one.name, added=f"{one.added_at:%Y-%m-%d}")
    if one.last_used_at is not None:
        said = words.say("operator.passkey_used", said=said, at=f"{one.last_used_at:%Y-%m-%d %H:%MZ}")
    return f"{prefixed(PASSKEY_PREFIX, one.passkey_id)}  {said}"


def invitation_path(token: str) -> str:
    """Where an invited operator goes, below the address that he reaches this ledger by. After `#`, so that no server logs it."""
    return f"/console/invitation#{token}"


def _instant(at: datetime | None) -> str | None:
    return shown_instant(at) if at is not None else None
