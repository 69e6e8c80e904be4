"""Keys of the API: make, find, list, renew, rotate, revoke.

A token is `jf_live_` or `jf_test_`, the key's id in 32 hexadecimal digits, and a secret of 256 random bits. The id finds
the row; the secret is compared by its hash, in constant time. A token is shown once, when it is made. What a key's owner asks
with it, he asks as the principal `principal_of` makes of it.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any, Literal, TypeAlias
from uuid import UUID

from jifen.domain.audit import About, Act, Deed, Detail, about
from jifen.domain.calendar import start_of_day
from jifen.domain.operators import (
    check_limit,
    check_may_grant,
    check_roles,
    stores_in_form,
)
from jifen.domain.principal import LOCAL, OPERATOR_PREFIX, Principal, permissions_of
from jifen.domain.refusals import FieldWrong, KeyExpired, NotAuthenticated, NotPermitted
from jifen.store.api_keys import (
    ApiKey,
    NewKey,
    add_api_key,
    all_api_keys,
    change_api_key,
    find_api_key,
    renew_api_key,
    revoke_api_key,
    rotate_api_key,
    touch_api_key,
)
from jifen.store.audit import note_act
from jifen.store.compiled import begun_again
from jifen.store.ids import new_id
from jifen.store.ledger import Connection, Ledger
from jifen.store.newest import check_stores, newest_timeline
from jifen.store.once import Once, once

NAME_MAX = 100
KEYS_MAX = 10_000
LIFETIME_MAX = timedelta(days=36_500)
RATE_MAX = 100_000_000
YEAR_MAX = 9_000
OVERLAP_MAX = timedelta(days=90)
_TOKEN = re.compile(r"jf_(live|test)_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")

Expires: TypeAlias = timedelta | date | datetime | None
"""When a key ends: after so long; at the end of that day in the programme's zone; at that moment; never."""


@begun_again
async def create_key(
    ledger: Ledger,
    *,
    name: str,
    roles: Sequence[str] = (),
    permissions: Sequence[str] = (),
    stores: Sequence[str] = (),
    adjustment_units_max: int | None = None,
    needs_code: bool | None = None,
    requests_per_minute: int | None = None,
    expires: Expires = None,
    is_test: bool = False,
    by: Principal = LOCAL,
) -> tuple[ApiKey, str]:
    """The new key and its token, which is kept nowhere. Like all that is done to keys it stands in the audit, as done by `by`.

    Shape
        stores                codes of the stores it is bound to; none: it is bound to none in particular
        needs_code            it spends only for a member who shows his code; None: where it is a till's
        requests_per_minute   how often it may ask; None: as often as any key

    Refuses
        FieldWrong   no name; a role or permission that there is not; a store that the programme does not have; an end that is
                     past; a test key that may not look at anything
        NotPermitted   more than whoever asks has himself: nobody rises by way of a key
    """
    new, token = _new_key(
        name=name, roles=roles, permissions=permissions, stores=stores, adjustment_units_max=adjustment_units_max,
        needs_code=needs_code, requests_per_minute=requests_per_minute, is_test=is_test, by=by,
    )  # fmt: skip

    async with ledger.transaction() as connection:
        key = await _added(ledger, connection, new, expires=expires, by=by)
    return key, token


async def create_key_once(
    ledger: Ledger,
    *,
    name: str,
    roles: Sequence[str],
    permissions: Sequence[str],
    stores: Sequence[str],
    adjustment_units_max: int | None,
    needs_code: bool | None,
    requests_per_minute: int | None,
    expires: Expires,
    is_test: bool,
    request: Once,
    by: Principal,
) -> dict[str, Any]:
    """The same under an Idempotency-Key: key_id, token. Asked again, the token is None: it is shown once, and no remembered
    answer holds it.

    Refuses
        NotPermitted   more than whoever asks has himself
        KeyReused      the key came before with another body
    """
    new, token = _new_key(
        name=name, roles=roles, permissions=permissions, stores=stores, adjustment_units_max=adjustment_units_max,
        needs_code=needs_code, requests_per_minute=requests_per_minute, is_test=is_test, by=by,
    )  # fmt: skip

    async def effect(connection: Connection) -> dict[str, Any]:
        await _added(ledger, connection, new, expires=expires, by=by)
        return {"key_id": str(new.key_id)}

    answer = await once(ledger, request, effect)
    return {**answer, "token": None if answer["is_replay"] else token}


def _new_key(
    *,
    name: str,
    roles: Sequence[str],
    permissions: Sequence[str],
    stores: Sequence[str],
    adjustment_units_max: int | None,
    needs_code: bool | None,
    requests_per_minute: int | None,
    is_test: bool,
    by: Principal,
) -> tuple[NewKey, str]:
    if not name.strip() or len(name) > NAME_MAX or not name.isprintable():
        raise FieldWrong(
            f"a key has a name of 1 to {NAME_MAX} printable characters", pointer="/name", value=name[:50]
        )
    if name.strip().startswith(f"{OPERATOR_PREFIX}_"):
        raise FieldWrong(
            "so the journal names an operator: call the key something else", pointer="/name", value=name
        )
    check_roles(roles, permissions)
    if is_test and not any(not one.changes_something for one in permissions_of(roles, permissions)):
        raise FieldWrong("a test key changes nothing, and nothing of this only looks", pointer="/permissions")
    check_limit(adjustment_units_max)
    _check_rate(requests_per_minute)
    bound_to = stores_in_form(stores)
    key_id = new_id()
    token = _new_token(key_id, is_test=is_test)
    check_may_grant(by, permissions_of(roles, permissions), bound_to or None, adjustment_units_max)
    needs = ("till" in roles or by.needs_code) if needs_code is None else needs_code
    if by.needs_code and not needs:
        raise NotPermitted(
            f"{by.name} spends only for a member who shows a code, and so does a key of his",
            pointer="/needs_code",
        )
    new = NewKey(
        key_id=key_id,
        name=name.strip(),
        secret_hash=hash_of(token),
        roles=sorted(set(roles)),
        permissions=sorted(set(permissions)),
        stores=bound_to or None,
        adjustment_units_max=adjustment_units_max,
        needs_code=needs,
        requests_per_minute=requests_per_minute,
        is_test=is_test,
    )
    return new, token


async def _added(
    ledger: Ledger, connection: Connection, new: NewKey, *, expires: Expires, by: Principal
) -> ApiKey:
    if new.stores:
        await check_stores(ledger, connection, new.stores)
    key = await add_api_key(connection, new, expires=await _end_of(ledger, connection, expires))
    _check_ahead(key)
    await _noted(connection, by, Deed.KEY_MADE, key, is_test=new.is_test, **_may(key))
    return key


def hash_of(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def key_id_of(token: str) -> UUID | None:
    """The id that a token names; None when it is no token at all."""
    found = _TOKEN.fullmatch(token)
    return UUID(found.group(2)) if found else None


def opened_by(key: ApiKey | None, token: str) -> ApiKey:
    """The key that this token opens, at the moment at which the key was read.

    Refuses
        NotAuthenticated   there is no such key, its secret is another, or it was revoked: nobody is told which
        KeyExpired         it was valid until some time ago; only who has its secret is told so
    """
    told = hash_of(token)
    is_right = hmac.compare_digest(key.secret_hash if key else bytes(32), told)
    is_old = hmac.compare_digest((key.old_secret_hash if key else None) or bytes(32), told)
    if key is None or key.revoked_at is not None or not (is_right or is_old):
        raise NotAuthenticated("the key is not valid", pointer="/headers/Authorization")
    if not is_right:
        assert key.old_secret_until is not None, "an old secret has an end"
        if key.old_secret_until <= key.read_at:
            detail = f"the key has had another secret since before {_shown(key.old_secret_until)}: use the newer token"
            raise NotAuthenticated(detail, pointer="/headers/Authorization")
    if key.is_expired:
        assert key.expires_at is not None, "what has no end has not ended"
        detail = (
            f"the key {key.name} expired at {_shown(key.expires_at)}: "
            f"jifen key renew {key.key_id.hex} --expires 90d makes it valid again"
        )
        raise KeyExpired(detail, pointer="/headers/Authorization")
    return key


def principal_of(key: ApiKey) -> Principal:
    """Who asks with this key."""
    permissions = permissions_of(key.roles, key.permissions)
    if key.is_test:
        permissions = frozenset(one for one in permissions if not one.changes_something)
    return Principal(
        kind="key",
        id=key.key_id,
        name=key.name,
        permissions=permissions,
        stores=frozenset(key.stores) if key.stores else None,
        adjustment_units_max=key.adjustment_units_max,
        needs_code=key.needs_code,
        requests_per_minute=key.requests_per_minute,
        is_test=key.is_test,
        expires_at=key.expires_at,
    )


async def read_key(ledger: Ledger, key_id: UUID) -> ApiKey | None:
    """A key by its id; None when there is none."""
    async with ledger.pool.acquire() as connection:
        return await find_api_key(connection, key_id)


async def note_use(ledger: Ledger, key_id: UUID) -> None:
    """Keep that a key was used: in a statement of its own, at most once an hour whoever asks."""
    async with ledger.connection() as connection:
        await touch_api_key(connection, key_id)


async def list_keys(ledger: Ledger) -> Sequence[ApiKey]:
    """The keys, revoked and expired ones too, oldest first."""
    async with ledger.transaction() as connection:
        return await all_api_keys(connection, limit=KEYS_MAX)


async def revoke_key(ledger: Ledger, key_id: UUID, *, by: Principal = LOCAL) -> ApiKey:
    """The key, which opens nothing any more once the caches of the serving processes have forgotten it (seconds).

    Refuses
        FieldWrong   there is none with that id
    """
    async with ledger.transaction() as connection:
        key = await revoke_api_key(connection, key_id)
        if key is None:
            raise _no_such_key(key_id)
        await _noted(connection, by, Deed.KEY_REVOKED, key)
    return key


async def revoke_key_once(ledger: Ledger, key_id: UUID, request: Once, *, by: Principal) -> dict[str, Any]:
    """The same under an Idempotency-Key: key_id, revoked_at.

    Refuses
        FieldWrong   there is none with that id
        KeyReused    the key came before for another
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        key = await revoke_api_key(connection, key_id)
        if key is None or key.revoked_at is None:
            raise _no_such_key(key_id)
        await _noted(connection, by, Deed.KEY_REVOKED, key)
        return {"key_id": str(key_id), "revoked_at": key.revoked_at.isoformat()}

    return await once(ledger, request, effect)


async def rotate_key(
    ledger: Ledger, key_id: UUID, *, overlap: timedelta, by: Principal = LOCAL
) -> tuple[ApiKey, str]:
    """The key and its new token; the old one opens it for as long as `overlap` says. Nothing else of it changes: what it may do,
    its stores, its end, and which requests count as sent before, which are known by the key's id.

    Refuses
        FieldWrong   there is none with that id, or it was revoked; an overlap below 0 or of more than 90 days
    """
    _check_overlap(overlap)
    async with ledger.transaction() as connection:
        return await _rotated(connection, key_id, overlap=overlap, by=by)


async def rotate_key_once(
    ledger: Ledger, key_id: UUID, *, overlap: timedelta, request: Once, by: Principal
) -> dict[str, Any]:
    """The same under an Idempotency-Key: key_id, token. Asked again, the token is None.

    Refuses
        NotPermitted   it may do more than whoever asks: who is shown its secret could do it too
        KeyReused      the key came before for another, or with another overlap
    """
    _check_overlap(overlap)
    tokens: list[str] = []

    async def effect(connection: Connection) -> dict[str, Any]:
        _, token = await _rotated(connection, key_id, overlap=overlap, by=by)
        tokens[:] = [token]
        return {"key_id": str(key_id)}

    answer = await once(ledger, request, effect)
    return {**answer, "token": None if answer["is_replay"] else tokens[0]}


def _check_overlap(overlap: timedelta) -> None:
    if not timedelta() <= overlap <= OVERLAP_MAX:
        raise FieldWrong(f"an overlap is from 0 to {OVERLAP_MAX.days} days", pointer="/overlap")


async def _rotated(
    connection: Connection, key_id: UUID, *, overlap: timedelta, by: Principal
) -> tuple[ApiKey, str]:
    kept = await find_api_key(connection, key_id)
    if kept is None or kept.revoked_at is not None:
        raise _no_such_key(key_id)
    _check_manages(by, kept)
    token = _new_token(key_id, is_test=kept.is_test)
    key = await rotate_api_key(connection, key_id, secret_hash=hash_of(token), overlap=overlap)
    if key is None:
        raise _no_such_key(key_id)
    seconds = round(overlap.total_seconds())
    await _noted(connection, by, Deed.KEY_ROTATED, key, overlap_seconds=seconds)
    return key, token


def _check_manages(by: Principal, key: ApiKey) -> None:
    """Refuse what would put into somebody's hands more than he has."""
    held = permissions_of(key.roles, key.permissions)
    check_may_grant(by, held, key.stores, key.adjustment_units_max)
    if by.needs_code and not key.needs_code:
        raise NotPermitted(f"{by.name} spends only for a member who shows a code", pointer="/needs_code")


@begun_again
async def renew_key(ledger: Ledger, key_id: UUID, *, expires: Expires, by: Principal = LOCAL) -> ApiKey:
    """The key with another end, counted from now; it may have expired meanwhile. Its token stays as it is.

    Refuses
        FieldWrong   there is none with that id, or it was revoked; an end that is past
    """
    async with ledger.transaction() as connection:
        return await _renewed(ledger, connection, key_id, expires=expires, by=by)


async def renew_key_once(
    ledger: Ledger, key_id: UUID, *, expires: Expires, request: Once, by: Principal
) -> dict[str, Any]:
    """The same under an Idempotency-Key: key_id.

    Refuses
        NotPermitted   it may do more than whoever asks
        KeyReused      the key came before for another, or with another end
    """

    async def effect(connection: Connection) -> dict[str, Any]:
        await _renewed(ledger, connection, key_id, expires=expires, by=by)
        return {"key_id": str(key_id)}

    return await once(ledger, request, effect)


async def _renewed(
    ledger: Ledger, connection: Connection, key_id: UUID, *, expires: Expires, by: Principal
) -> ApiKey:
    kept = await find_api_key(connection, key_id)
    if kept is not None:
        _check_manages(by, kept)
    key = await renew_api_key(connection, key_id, expires=await _end_of(ledger, connection, expires))
    if key is None:
        raise _no_such_key(key_id)
    _check_ahead(key)
    await _noted(connection, by, Deed.KEY_RENEWED, key, expires_at=_end_shown(key))
    return key


async def change_key(
    ledger: Ledger,
    key_id: UUID,
    *,
    needs_code: bool | None = None,
    requests_per_minute: int | Literal["any", "same"] = "same",
    by: Principal = LOCAL,
) -> ApiKey:
    """The key with other settings; None and `same` leave one as it is, `any` lets it ask as often as any key.

    Refuses
        FieldWrong   there is none with that id, or it was revoked; a rate that is none
    """
    if isinstance(requests_per_minute, int):
        _check_rate(requests_per_minute)
    async with ledger.transaction() as connection:
        kept = await find_api_key(connection, key_id)
        if kept is None or kept.revoked_at is not None:
            raise _no_such_key(key_id)
        told: dict[str, int | None] = {"any": None, "same": kept.requests_per_minute}
        rate = told[requests_per_minute] if isinstance(requests_per_minute, str) else requests_per_minute
        key = await change_api_key(
            connection,
            key_id,
            needs_code=kept.needs_code if needs_code is None else needs_code,
            requests_per_minute=rate,
        )
        if key is None:
            raise _no_such_key(key_id)
        details: dict[str, Detail] = {
            "needs_code": key.needs_code,
            "requests_per_minute": key.requests_per_minute,
        }
        await _noted(connection, by, Deed.KEY_CHANGED, key, **details)
    return key


def _check_rate(requests_per_minute: int | None) -> None:
    if requests_per_minute is not None and not 1 <= requests_per_minute <= RATE_MAX:
        raise FieldWrong(
            f"a key asks from 1 to {RATE_MAX} times a minute",
            pointer="/requests_per_minute",
            value=requests_per_minute,
        )


async def _noted(connection: Connection, by: Principal, deed: Deed, key: ApiKey, **details: Detail) -> None:
    """Write down in the audit what was done to a key."""
    await note_act(connection, by, Act(deed=deed, about=(about(About.KEY, key.key_id),), details=details))


def _may(key: ApiKey) -> dict[str, Detail]:
    """What a key may do, as the audit tells it."""
    return {
        "roles": list(key.roles),
        "permissions": list(key.permissions),
        "stores": len(key.stores or ()),
        "adjustment_units_max": key.adjustment_units_max,
        "expires_at": _end_shown(key),
    }


def _end_shown(key: ApiKey) -> str | None:
    return key.expires_at.astimezone(UTC).isoformat() if key.expires_at else None


def _no_such_key(key_id: UUID) -> FieldWrong:
    detail = "there is no key with that id, or it was revoked: jifen key list"
    return FieldWrong(detail, pointer="/key_id", value=key_id.hex)


def _new_token(key_id: UUID, *, is_test: bool) -> str:
    return f"jf_{'test' if is_test else 'live'}_{key_id.hex}_{secrets.token_urlsafe(32)}"


async def _end_of(ledger: Ledger, connection: Connection, expires: Expires) -> timedelta | datetime | None:
    """The end as a length or a moment: of a day it is the midnight after it."""
    if isinstance(expires, timedelta):
        if not timedelta() < expires <= LIFETIME_MAX:
            raise FieldWrong("a key lives for up to 100 years", pointer="/expires")
        return expires
    if expires is None or isinstance(expires, datetime):
        return expires
    if expires.year > YEAR_MAX:
        raise FieldWrong(f"a key ends by the year {YEAR_MAX}, or never", pointer="/expires")
    timeline = await newest_timeline(ledger, connection)
    return start_of_day(expires + timedelta(days=1), timeline.time_zone if timeline is not None else "UTC")


def _check_ahead(key: ApiKey) -> None:
    if key.is_expired:
        raise FieldWrong("the key would have expired already", pointer="/expires")


def _shown(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
