"""Who may ask: a key is a principal, and a route names the permission that it takes."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Final, NamedTuple
from uuid import UUID

from jifen.api.errors import BUSY
from jifen.domain.principal import ROLES, Permission, Principal
from jifen.domain.refusals import NotAuthenticated, NotPermitted
from jifen.operations.manage_keys import key_id_of, note_use, opened_by, principal_of, read_key
from jifen.store.api_keys import ApiKey
from jifen.store.ledger import Ledger

CACHE_SECONDS: Final = 5
"""What is taken from a key is taken within so many seconds; a new secret opens at once, and one that expires ends on time."""
CACHE_MAX: Final = 1_024


class _Admitted(NamedTuple):
    until: float
    principal: Principal


class Doorkeeper:
    """Finds out who asks. Keys are remembered for a few seconds, so that most requests ask no database."""

    def __init__(self, ledger: Callable[[], Ledger]) -> None:
        self._ledger = ledger
        self._known: dict[UUID, tuple[float, ApiKey | None]] = {}
        # By the header that was sent, so that a busy key is proven once and not at each request.
        self._admitted: dict[str, _Admitted] = {}
        self._asking: dict[UUID, asyncio.Task[None]] = {}
        # How often one was forgotten: what was read before that is not remembered after it.
        self._forgotten = 0
        # Until when not to keep the use of a key again, and what keeps it.
        self._noted: dict[UUID, tuple[float, asyncio.Task[None]]] = {}

    async def admit(self, authorization: str | None, permission: Permission) -> Principal:
        """Who asks, and may use a route that takes this permission.

        Refuses
            NotAuthenticated   no key, or none that opens
            NotPermitted       a key without the permission, or a test key that would change something
        """
        principal = await self.principal(authorization)
        if not principal.may(permission):
            raise not_permitted(principal, permission)
        return principal

    def remembered(self, authorization: str) -> Principal | None:
        """Who asks, where the key was asked for a moment ago and opens; None: ask again, or refuse.

        It decides like `principal`, without waiting for the database.
        """
        admitted = self._admitted.get(authorization)
        if admitted is not None and admitted.until - time.monotonic() > CACHE_SECONDS / 2:
            return admitted.principal
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
            principal = self._opened(known[1], token)
        except NotAuthenticated:
            return None
        if len(self._admitted) >= CACHE_MAX:
            self._admitted.clear()
        self._admitted[authorization] = _Admitted(known[0], principal)
        return principal

    def forget(self, key_id: UUID) -> None:
        """Ask for this key again at its next use: what was changed by way of this process holds here at once."""
        self._forgotten += 1
        self._known.pop(key_id, None)
        self._admitted.clear()

    async def principal(self, authorization: str | None) -> Principal:
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
        known = self._known.get(key_id)
        if known is not None and known[0] > time.monotonic():
            with suppress(NotAuthenticated):
                return self._opened(known[1], token)
            # Another secret than the one remembered: it may be newer, given by another process.
        return self._opened(await self._read(key_id), token)

    def _opened(self, key: ApiKey | None, token: str) -> Principal:
        """Who asks with this token. That the key was used is kept beside, where that was last kept an hour ago."""
        opened = opened_by(key, token)
        if opened.wants_touch and self._noted.get(opened.key_id, (0, None))[0] <= time.monotonic():
            if len(self._noted) >= CACHE_MAX:
                self._noted.clear()
            task = asyncio.get_running_loop().create_task(self._note_use(opened.key_id))
            # Until it is read again it looks as if it had not been kept.
            self._noted[opened.key_id] = (time.monotonic() + CACHE_SECONDS, task)
        return principal_of(opened)

    async def _note_use(self, key_id: UUID) -> None:
        with suppress(*BUSY):  # the database is away; the next use is kept
            await note_use(self._ledger(), key_id)

    async def _ask_again(self, key_id: UUID) -> None:
        try:
            await self._read(key_id)
        except BUSY:
            pass  # the database is away; whoever comes once it is forgotten is told so
        finally:
            del self._asking[key_id]

    async def _read(self, key_id: UUID) -> ApiKey | None:
        """The key as it stands. It is remembered for some seconds, and not beyond the moment at which it ends by itself."""
        now = time.monotonic()
        forgotten = self._forgotten
        key = await read_key(self._ledger(), key_id)
        left: float = CACHE_SECONDS
        if key is not None and key.changes_at is not None:
            left = min(left, (key.changes_at - key.read_at).total_seconds())
        if len(self._known) >= CACHE_MAX:
            self._known.clear()
        if forgotten == self._forgotten:
            self._known[key_id] = (now + left, key)
        return key


def not_permitted(principal: Principal, permission: Permission) -> NotPermitted:
    """The refusal to whoever was not given this, naming what he was given and who has it."""
    if principal.is_test and permission.changes_something:
        detail = f"a test key looks and changes nothing, and this takes the permission {permission}"
    else:
        roles = ", ".join(role for role, held in ROLES.items() if permission in held)
        detail = (
            f"this takes the permission {permission}, which {principal.name} does not have; "
            f"roles that have it: {roles}"
        )
    return NotPermitted(
        detail, permission=str(permission), permissions=", ".join(sorted(principal.permissions))
    )
