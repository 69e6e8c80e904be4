"""Who may ask: a key opens routes by its scopes; a test key only those that change nothing."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final, NamedTuple
from uuid import UUID

from jifen.api.errors import BUSY
from jifen.domain.refusals import NotAuthenticated, NotPermitted
from jifen.operations.manage_keys import key_id_of, opened_by, read_key
from jifen.store.api_keys import ApiKey
from jifen.store.ledger import Ledger

CACHE_SECONDS: Final = 5
"""A revoked key opens nothing after so many seconds."""
CACHE_MAX: Final = 1_024


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks."""

    key_id: UUID
    name: str
    scopes: frozenset[str]
    is_test: bool

    def actor(self, cashier: str | None = None) -> str:
        """How the journal names who did it."""
        return f"{self.name}/{cashier}" if cashier else self.name


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """What a route asks of a key."""

    scopes: frozenset[str]
    changes_something: bool


class _Admitted(NamedTuple):
    until: float
    caller: Caller


class Doorkeeper:
    """Finds the caller of a request. Keys are remembered for a few seconds, so that most requests ask no database."""

    def __init__(self, ledger: Callable[[], Ledger]) -> None:
        self._ledger = ledger
        self._known: dict[UUID, tuple[float, ApiKey | None]] = {}
        # By the header that was sent, so that a busy key is proven once and not at each request.
        self._admitted: dict[str, _Admitted] = {}
        self._asking: dict[UUID, asyncio.Task[None]] = {}

    async def admit(self, authorization: str | None, access: Access) -> Caller:
        """The caller, who may use this route.

        Refuses
            NotAuthenticated   no key, or none that opens
            NotPermitted       a key without the scope, or a test key that would change something
        """
        caller = await self.caller(authorization)
        if not _has_scope(caller, access):
            wanted = ", ".join(sorted(access.scopes | {"admin"}))
            raise NotPermitted(
                f"this needs a key with one of the scopes {wanted}", scopes=", ".join(sorted(caller.scopes))
            )
        if not may(caller, access):
            raise NotPermitted("a test key can quote and read, and changes nothing")
        return caller

    def remembered(self, authorization: str) -> Caller | None:
        """The caller, where the key was asked for a moment ago and opens; None: ask again, or refuse.

        It decides like `caller`, without waiting for the database.
        """
        admitted = self._admitted.get(authorization)
        if admitted is not None and admitted.until - time.monotonic() > CACHE_SECONDS / 2:
            return admitted.caller
        word, _, token = authorization.partition(" ")
        token = token.strip()
        key_id = key_id_of(token)
        known = self._known.get(key_id) if key_id is not None and word.lower() == "bearer" else None
        left = known[0] - time.monotonic() if known is not None else 0
        if key_id is None or known is None or left <= 0:
            return None
        if left < CACHE_SECONDS / 2 and key_id not in self._asking:
            # Asked again before it is forgotten, so that a busy key never sends everybody the long way at once.
            self._asking[key_id] = asyncio.get_running_loop().create_task(self._ask_again(key_id))
        try:
            caller = _caller(opened_by(known[1], token))
        except NotAuthenticated:
            return None
        if len(self._admitted) >= CACHE_MAX:
            self._admitted.clear()
        self._admitted[authorization] = _Admitted(known[0], caller)
        return caller

    async def caller(self, authorization: str | None) -> Caller:
        """Whose key it is.

        Refuses
            NotAuthenticated   no key, or none that opens
        """
        word, _, token = (authorization or "").partition(" ")
        token = token.strip()
        key_id = key_id_of(token)
        if word.lower() != "bearer" or key_id is None:
            raise NotAuthenticated(
                "send Authorization: Bearer and a key (jifen key create)", pointer="/headers/Authorization"
            )
        return _caller(opened_by(await self._key(key_id), token))

    async def _ask_again(self, key_id: UUID) -> None:
        try:
            await self._read(key_id)
        except BUSY:
            pass  # the database is away; whoever comes once it is forgotten is told so
        finally:
            del self._asking[key_id]

    async def _key(self, key_id: UUID) -> ApiKey | None:
        known = self._known.get(key_id)
        if known is not None and known[0] > time.monotonic():
            return known[1]
        return await self._read(key_id)

    async def _read(self, key_id: UUID) -> ApiKey | None:
        now = time.monotonic()
        key = await read_key(self._ledger(), key_id)
        if len(self._known) >= CACHE_MAX:
            self._known.clear()
        self._known[key_id] = (now + CACHE_SECONDS, key)
        return key


def _caller(key: ApiKey) -> Caller:
    return Caller(key_id=key.key_id, name=key.name, scopes=frozenset(key.scopes), is_test=key.is_test)


def may(caller: Caller, access: Access) -> bool:
    """Whether a caller may use a route."""
    return _has_scope(caller, access) and not (access.changes_something and caller.is_test)


def _has_scope(caller: Caller, access: Access) -> bool:
    return "admin" in caller.scopes or not access.scopes.isdisjoint(caller.scopes)
