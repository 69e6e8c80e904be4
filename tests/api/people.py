"""Operators for tests: made at once, signed in without a wait, and a client that asks as one of them, as a browser does."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
from tests.api.conftest import Api

from jifen.domain.operators import PRIVILEGED_LASTS, SESSION_LASTS
from jifen.domain.principal import LOCAL
from jifen.operations.manage_operators import add_operator_here, may_of
from jifen.operations.manage_sessions import csrf_of
from jifen.present.ids import prefixed
from jifen.store.ids import new_id
from jifen.store.operators import add_operator
from jifen.store.passwords import session_token, token_hash
from jifen.store.sessions import add_session

PASSWORD = "a long enough password"
_count = itertools.count(1)


@dataclass(frozen=True, kw_only=True)
class Person:
    """An operator with an open session."""

    operator_id: UUID
    session_id: UUID
    login: str
    token: str

    @property
    def id(self) -> str:
        """As the API names him."""
        return prefixed("opr", self.operator_id)

    @property
    def csrf(self) -> str:
        """The token that goes with his writes."""
        return csrf_of(self.token)

    def headers(self, *, writes: bool = True) -> dict[str, str]:
        """What his browser and page send."""
        sent = {"Cookie": f"jifen_session={self.token}"}
        return {**sent, "X-CSRF-Token": self.csrf} if writes else sent

    async def ask(self, api: Api, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Ask as he does."""
        headers = {**self.headers(), **more.pop("headers", {})}
        return await api.ask(method, path, body, as_=None, headers=headers, **more)


async def a_person(
    api: Api,
    *,
    name: str = "Li Na",
    roles: Sequence[str] = (),
    permissions: Sequence[str] = (),
    stores: Sequence[str] = (),
    limit: int | None = None,
) -> Person:
    """An operator who is signed in. His password is none: that takes time, and most tests need it not."""
    may = may_of(roles=roles, permissions=permissions, stores=stores, adjustment_units_max=limit)
    operator_id, session_id, login = new_id(), new_id(), f"person-{next(_count)}-{new_id().hex[-6:]}"
    token = session_token(session_id)
    async with api.ledger.transaction() as connection:
        await add_operator(
            connection, operator_id, name=name, may=may, language="en", login=login, password_hash="$none"
        )
        await add_session(
            connection,
            session_id,
            operator_id=operator_id,
            token_hash=token_hash(token),
            lasts=SESSION_LASTS,
            privileged_lasts=PRIVILEGED_LASTS,
            address="127.0.0.1",
            agent="a test",
        )
    return Person(operator_id=operator_id, session_id=session_id, login=login, token=token)


async def a_login(api: Api, *, roles: Sequence[str] = ("owner",), name: str = "Wang Fang") -> str:
    """The login of a new operator whose password is `PASSWORD`."""
    login = f"login-{next(_count)}-{new_id().hex[-6:]}"
    may = may_of(roles=roles, permissions=(), stores=(), adjustment_units_max=None)
    await add_operator_here(api.ledger, name=name, login=login, password=PASSWORD, may=may, language="en")
    return login


async def sign_in_as(
    api: Api,
    login: str,
    password: str = PASSWORD,
    *,
    code: str | None = None,
    headers: dict[str, str] | None = None,
) -> httpx.Response:
    """What signing in is answered; the client keeps no cookie of it."""
    body = {"login": login, "password": password, **({"code": code} if code is not None else {})}
    answer = await api.ask("POST", "/v1/session", body, as_=None, key=None, headers=headers)
    api.client.cookies.clear()
    return answer


def person_of(answer: httpx.Response) -> Person:
    """Who signed in, by the answer."""
    assert answer.status_code == 200, answer.text
    token = answer.cookies["jifen_session"]
    operator = answer.json()["operator"]
    return Person(
        operator_id=UUID(operator["id"].removeprefix("opr_")),
        session_id=UUID(token[:32]),
        login=operator["login"],
        token=token,
    )


__all__ = ["LOCAL", "PASSWORD", "Person", "a_login", "a_person", "person_of", "sign_in_as"]


# -- members on their phones ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, kw_only=True)
class OnPhone:
    """A member who is signed in on his phone."""

    member_id: str
    token: str
    csrf: str

    def headers(self, *, writes: bool = True) -> dict[str, str]:
        """What his phone sends."""
        sent = {"Cookie": f"jifen_me={self.token}"}
        return {**sent, "X-CSRF-Token": self.csrf} if writes else sent

    async def ask(self, api: Api, method: str, path: str, body: Any = None, **more: Any) -> httpx.Response:
        """Ask as he does."""
        headers = {**self.headers(), **more.pop("headers", {})}
        return await api.ask(method, path, body, as_=None, headers=headers, **more)


async def a_code(api: Api, **contact: str) -> tuple[str, str]:
    """The sign-in that a code was sent for, and the code, read off the message."""
    answer = await api.ask("POST", "/v1/me/codes?language=en", contact, as_=None)
    assert answer.status_code == 201, answer.text
    assert answer.json()["code"] is None, "only a demo tells it"
    message = api.app.state.sender.sent[-1]
    code = message.text[:6]
    assert code.isdigit(), message.text
    return str(answer.json()["sign_in_id"]), code


def on_phone(answer: httpx.Response) -> OnPhone:
    """Who came in by this answer."""
    told, token = answer.json(), answer.cookies["jifen_me"]
    return OnPhone(member_id=told["member_id"], token=token, csrf=told["csrf_token"])


async def a_phone_of(api: Api, phone: str) -> OnPhone:
    """The member whom this phone finds, signed in on it."""
    sign_in_id, code = await a_code(api, phone=phone)
    answer = await api.ask("POST", "/v1/me/session", {"sign_in_id": sign_in_id, "code": code}, as_=None)
    assert answer.status_code == 200, answer.text
    api.client.cookies.clear()
    return on_phone(answer)
