"""A route under guard: who asks and in which version is settled before the body is read, and the body is strict JSON.

Every route is one of four: it takes a permission, it is about whoever is signed in, about the member himself, or it is open.
"""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from dataclasses import dataclass
from typing import Any

from fastapi import Request
from fastapi.routing import APIRoute
from msgspec import structs
from starlette.convertors import StringConvertor, register_url_convertor
from starlette.datastructures import State
from starlette.responses import Response
from starlette.types import Receive

from jifen.api.addresses import address_of
from jifen.api.bodies import canonical
from jifen.api.errors import BodyCutShort, BodyTooLarge, Busy, MediaTypeWrong
from jifen.api.fields import Body
from jifen.api.fingerprint import fingerprint_of, purchase_hash
from jifen.api.lane import Lanes
from jifen.api.strict_json import parsed_json
from jifen.api.whose import SignedIn, which_member, who_asks, who_is_signed_in
from jifen.domain.principal import Permission, Principal
from jifen.domain.refusals import FieldWrong, IdempotencyKeyMissing
from jifen.store.askers import Asker
from jifen.store.ledger import Ledger
from jifen.store.member_sessions import MemberSession
from jifen.store.once import Once

BODY_BYTES_MAX = 4 * 1024 * 1024
IDEMPOTENCY_KEY_MAX = 200
VERSIONS = ("2026-11-21",)
"""The dated versions that are spoken, newest last. A client names one in Jifen-Version; without, it gets the newest."""
SAID_ONCE = ("Authorization", "Cookie", "Idempotency-Key", "Jifen-Version", "X-CSRF-Token")
PERMISSION_EXTENSION = "x-jifen-permission"
CHANGES_EXTENSION = "x-jifen-changes-something"


class _IdConvertor(StringConvertor):
    """An id in a path ends where a verb begins: /members/mbr_...:freeze."""

    regex = "[^/:]+"


register_url_convertor("id", _IdConvertor())


class StrictRoute(APIRoute):
    """A route whose body is strict JSON, and that lets in whom it says before the body is read."""

    async def let_in(self, request: Request) -> None:
        """Let whoever asks in, as `request.state.principal`, or refuse him."""
        raise NotImplementedError

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """How a request is handled."""
        handle = super().get_route_handler()
        has_body = self.body_field is not None
        alone = (
            getattr(self.body_field.field_info.annotation, "REFUSED_ALONE", None) if self.body_field else None
        )

        async def guarded(request: Request) -> Response:
            refuse_twice_said(request)
            await self.let_in(request)
            check_version(request)
            return await handle(await _read(request, alone) if has_body else request)

        return guarded


class GuardedRoute(StrictRoute):
    """A route that asks for a key or a session. The permission that it takes stands in the OpenAPI file too, as
    `x-jifen-permission`.
    """

    @property
    def permission(self) -> Permission:
        """What whoever asks must have been given. A route that names none is never made."""
        return Permission((self.openapi_extra or {})[PERMISSION_EXTENSION])

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """How a request is handled; a route without a permission cannot be made."""
        assert self.permission in Permission, "a route names the permission that it takes"
        return super().get_route_handler()

    async def let_in(self, request: Request) -> None:
        """Let in who has the permission."""
        principal = await who_asks(request, self.permission)
        request.state.principal = principal.coming_from(address_of(request.scope))


class SignedInRoute(StrictRoute):
    """A route about whoever is signed in himself: an operator's session opens it, whatever he may do, and no key does."""

    async def let_in(self, request: Request) -> None:
        """Let in who is signed in."""
        request.state.principal = (await who_is_signed_in(request)).principal


class MemberRoute(StrictRoute):
    """A route about the member who is signed in on his phone: his own cookie opens it, and neither a key nor an operator."""

    async def let_in(self, request: Request) -> None:
        """Let in the member himself."""
        request.state.member, request.state.principal = await which_member(request, ledger_of(request))


class OpenRoute(StrictRoute):
    """A route by which somebody becomes known: it lets in everybody, and finds out itself."""

    async def let_in(self, request: Request) -> None:
        """Let everybody in."""


def refuse_twice_said(request: Request) -> None:
    """Refuse a header of ours that came twice: nobody knows which is meant, and a proxy may have read the other one."""
    names = [name for name, _ in request.scope["headers"]]
    for name in SAID_ONCE:
        if names.count(name.lower().encode()) > 1:
            raise FieldWrong(
                f"the header {name} came {names.count(name.lower().encode())} times",
                pointer=f"/headers/{name}",
            )


def check_version(request: Request) -> None:
    """Refuse a version that is not spoken."""
    asked = request.headers.get("jifen-version")
    if asked is not None and asked not in VERSIONS:
        raise FieldWrong(
            f"versions spoken: {', '.join(VERSIONS)}", pointer="/headers/Jifen-Version", value=asked[:50]
        )


class _Read(Request):
    """A request whose body has been read and parsed."""

    raw: bytes
    parsed: Any

    async def body(self) -> bytes:
        return self.raw

    async def json(self) -> Any:
        return self.parsed


async def _read(request: Request, alone: str | None) -> Request:
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/json":
        raise MediaTypeWrong(f"not {kind[:100]!r}" if kind else "", pointer="/headers/Content-Type")
    read = _Read(request.scope, request.receive)
    announced = request.headers.get("content-length", "").encode("latin-1")
    read.raw = await read_bytes(request.receive, announced=announced)
    read.parsed = parsed_json(read.raw, alone=alone)
    return read


async def read_bytes(receive: Receive, *, announced: bytes) -> bytes:
    """The whole body, which may have 4 MiB. Both roads read it here; `announced` is the Content-Length, or nothing.

    Refuses
        BodyTooLarge   it has more
        BodyCutShort   the line broke before all of it had come, or it is of another length than was announced
    """
    length = int(announced[:20]) if announced.isdigit() else None
    if length is not None and length > BODY_BYTES_MAX:
        raise BodyTooLarge(bytes_max=BODY_BYTES_MAX)
    size, chunks, more = 0, [], length != 0
    while more:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise BodyCutShort(bytes_announced=length, bytes_came=size)
        chunks.append(message.get("body", b""))
        size += len(chunks[-1])
        if size > BODY_BYTES_MAX:
            raise BodyTooLarge(bytes_max=BODY_BYTES_MAX)
        more = message.get("more_body", False)
    if length is not None and size != length:
        raise BodyCutShort(bytes_announced=length, bytes_came=size)
    return b"".join(chunks)


@dataclass(frozen=True, slots=True)
class Desk:
    """What a handler works with."""

    ledger: Ledger
    principal: Principal
    request: Request

    async def once(self, body: Body | None = None) -> Once:
        """The Idempotency-Key of this request with what its body says, apart for each API key and route.

        Refuses
            IdempotencyKeyMissing   there is none, or it is no text of 1 to 200 printable characters
        """
        key = self.request.headers.get("idempotency-key", "")
        if not is_idempotency_key(key):
            raise IdempotencyKeyMissing(pointer="/headers/Idempotency-Key")
        once = await once_of(
            self.ledger,
            self.principal,
            self.request.scope["route"].name,
            key,
            values=canonical(body) if body is not None else {},
            path=self.request.path_params,
        )
        if self.principal.kind != "person":
            return once
        session = member_of(self.request)
        return structs.replace(once, asker=Asker(session.member_id, session.person_id))


def is_idempotency_key(key: str) -> bool:
    """Whether it is a text of 1 to 200 printable characters."""
    return 1 <= len(key) <= IDEMPOTENCY_KEY_MAX and key.isprintable()


async def once_of(
    ledger: Ledger,
    principal: Principal,
    route: str,
    key: str,
    *,
    values: Mapping[str, Any],
    path: Mapping[str, str],
) -> Once:
    """An Idempotency-Key with what the request says, apart for each API key and route.

    Shape
        values   the body's canonical values
        path     the parameters of the address, as they came

    Refuses
        VaultClosed   the key that fingerprints are made with is not there
    """
    assert principal.id is not None, "who asks here asks with a key or is signed in"
    said = {**values, "path": dict(path)} if path else values
    return Once(
        key=f"{principal.id.hex}:{route}:{key}", body_hash=fingerprint_of(said, await ledger.own_key())
    )


def signed_in_of(request: Request) -> SignedIn:
    """Who is signed in, at a route about himself."""
    signed_in: SignedIn = request.state.signed_in
    return signed_in


def member_of(request: Request) -> MemberSession:
    """The session of the member who asks, at a route about himself."""
    session: MemberSession = request.state.member
    return session


def desk_of(request: Request) -> Desk:
    """The desk of a guarded request."""
    state: State = request.state
    return Desk(ledger_of(request), state.principal, request)


def ledger_of(request: Request) -> Ledger:
    """The ledger that this process serves.

    Refuses
        Busy   it is not open: the database is away
    """
    ledger: Ledger | None = request.app.state.ledger
    if ledger is None:
        raise Busy()
    return ledger


def lanes_of(request: Request) -> Lanes:
    """Where this process's requests of one kind wait for their next batch.

    Refuses
        Busy   the database is away
    """
    lanes: Lanes | None = request.app.state.lanes
    if lanes is None:
        raise Busy()
    return lanes


def hash_of(body: Body) -> bytes:
    """What is kept of a purchase's body."""
    return purchase_hash(canonical(body))
