"""Keys of the API: make, find, list, revoke.

A token is `jf_live_` or `jf_test_`, the key's id in 32 hexadecimal digits, and a secret of 256 random bits. The id finds
the row; the secret is compared by its hash, in constant time. A token is shown once, when it is made.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from collections.abc import Sequence
from uuid import UUID

from jifen.domain.refusals import FieldWrong, NotAuthenticated
from jifen.store.api_keys import ApiKey, add_api_key, all_api_keys, find_api_key, revoke_api_key
from jifen.store.ids import new_id
from jifen.store.ledger import Ledger

SCOPES = ("till", "members", "console", "integration", "admin")
"""admin may do everything that the others may."""
NAME_MAX = 100
KEYS_MAX = 10_000
_TOKEN = re.compile(r"jf_(live|test)_([0-9a-f]{32})_([A-Za-z0-9_-]{43})")


async def create_key(
    ledger: Ledger, *, name: str, scopes: Sequence[str], is_test: bool = False
) -> tuple[ApiKey, str]:
    """The new key and its token, which is kept nowhere.

    Refuses
        FieldWrong   no name, or a scope that there is not
    """
    if not name.strip() or len(name) > NAME_MAX or not name.isprintable():
        raise FieldWrong(
            f"a key has a name of 1 to {NAME_MAX} printable characters", pointer="/name", value=name[:50]
        )
    unknown = [scope for scope in scopes if scope not in SCOPES]
    if unknown or not scopes:
        raise FieldWrong(
            f"a key has one or more of the scopes {', '.join(SCOPES)}",
            pointer="/scopes",
            value=", ".join(unknown),
        )
    key_id, secret = new_id(), secrets.token_urlsafe(32)
    token = f"jf_{'test' if is_test else 'live'}_{key_id.hex}_{secret}"
    async with ledger.transaction() as connection:
        key = await add_api_key(
            connection,
            key_id,
            name=name.strip(),
            secret_hash=hash_of(token),
            scopes=sorted(set(scopes)),
            is_test=is_test,
        )
    return key, token


def hash_of(token: str) -> bytes:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).digest()


def key_id_of(token: str) -> UUID | None:
    """The id that a token names; None when it is no token at all."""
    found = _TOKEN.fullmatch(token)
    return UUID(found.group(2)) if found else None


def opened_by(key: ApiKey | None, token: str) -> ApiKey:
    """The key that this token opens.

    Refuses
        NotAuthenticated   there is no such key, its secret is another, or it was revoked: nobody is told which
    """
    kept = key.secret_hash if key else bytes(32)
    is_right = hmac.compare_digest(kept, hash_of(token))
    if key is None or not is_right or key.revoked_at is not None:
        raise NotAuthenticated("the key is not valid", pointer="/headers/Authorization")
    return key


async def read_key(ledger: Ledger, key_id: UUID) -> ApiKey | None:
    """A key by its id; None when there is none."""
    async with ledger.pool.acquire() as connection:
        return await find_api_key(connection, key_id)


async def list_keys(ledger: Ledger) -> Sequence[ApiKey]:
    """The keys, revoked ones too, oldest first."""
    async with ledger.transaction() as connection:
        return await all_api_keys(connection, limit=KEYS_MAX)


async def revoke_key(ledger: Ledger, key_id: UUID) -> ApiKey:
    """The key, which opens nothing any more once the caches of the serving processes have forgotten it (seconds).

    Refuses
        FieldWrong   there is none with that id
    """
    async with ledger.transaction() as connection:
        key = await revoke_api_key(connection, key_id)
    if key is None:
        raise FieldWrong("there is no key with that id", pointer="/key_id", value=str(key_id))
    return key
