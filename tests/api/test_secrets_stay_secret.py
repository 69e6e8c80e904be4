"""A shop that is really served, asked for every secret there is and with every secret there is: none of them is in its log, its
metrics, its audit, an answer that refuses, or a column of its database."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import itertools
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import httpx
import pyotp
from tests.api.conftest import Shop, a_purchase_body
from tests.conftest import create_database

from jifen.domain.member_code import code_at
from jifen.embedded import Server
from jifen.embedded.server import run_sql
from jifen.present.demo import VARIABLE as DEMO_VARIABLE

ROOT = Path(__file__).parents[2]
PASSWORD, WRONG = "a long enough password", "a password that is not the right one"
PHONE, LOGIN = "13700444001", "zhao-of-the-secrets"
_keys = itertools.count(1)


class Told:
    """Secrets by what they are, and the answers that refused something."""

    def __init__(self, client: httpx.Client) -> None:
        self.client = client
        self.secrets: dict[str, str] = {"password": PASSWORD, "wrong password": WRONG}
        self.refusals: list[str] = []

    def ask(self, method: str, path: str, body: Any = None, **headers: str) -> httpx.Response:
        """The answer; the client keeps no cookie, and what is refused is kept to be looked through."""
        sent = {
            "Idempotency-Key": f"secret {next(_keys)}",
            **{k.replace("_", "-"): v for k, v in headers.items()},
        }
        answer = self.client.request(method, path, json=body, headers=sent)
        self.client.cookies.clear()
        if answer.status_code >= 400:
            self.refusals.append(answer.text)
        return answer

    def keep(self, what: str, secret: str) -> str:
        """The secret."""
        assert len(secret) >= 6, what
        self.secrets[what] = secret
        return secret


@contextmanager
def served(postgres: Server, shop: Shop, name: str, folder: Path) -> Iterator[Told]:
    """The shop as `jifen serve` serves it, with its log in a file."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT / "src"),
        "JIFEN_DATABASE_URL": postgres.app.to_database(name).url(),
        "JIFEN_DATABASE_OWNER_URL": postgres.owner.to_database(name).url(),
        "JIFEN_HOME": str(folder),
        "JIFEN_ADDRESS": f"http://localhost:{port}",
        # Codes are told in the answer: there is no carrier to read them from.
        DEMO_VARIABLE: json.dumps([{"face": "app", "name": "X", "role": "x", "phone": "13900009999"}]),
    }
    command = [sys.executable, "-c", "from jifen.cli import main; main()", "serve", "--port", str(port)]
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen([*command, "--workers", "1"], env=environment, stderr=log, stdout=log) as serving,
        httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=60) as client,
    ):
        try:
            for _ in range(600):
                try:
                    client.get("/v1/health")
                    break
                except httpx.HTTPError:
                    time.sleep(0.1)
            yield Told(client)
        finally:
            serving.terminate()


def _an_operator(told: Told, admin: str) -> None:
    """Invited, signed in, with a second factor, recovery codes and a session; and everything of it used wrongly."""
    by_key = {"Authorization": f"Bearer {admin}"}
    asked = {"name": "Zhao", "roles": ["owner"], "language": "en"}
    invited = told.ask("POST", "/v1/operators:invite", asked, **by_key).json()
    invitation = told.keep("invitation", invited["token"])
    come = {"token": invitation, "login": LOGIN, "password": PASSWORD}
    assert told.ask("POST", "/v1/invitations:accept", come).status_code < 300
    told.ask("POST", "/v1/invitations:accept", come)  # it is good once
    told.ask("POST", "/v1/session", {"login": LOGIN, "password": WRONG})
    told.ask("POST", "/v1/session", {"login": WRONG, "password": PASSWORD})
    for wrong in (
        {"password": PASSWORD},
        {"login": LOGIN, "password": [PASSWORD]},
        {"login": LOGIN, "password": PASSWORD * 200},
        {"login": LOGIN, "pasword": PASSWORD},
        {"login": {"password": PASSWORD}, "password": PASSWORD},
        [PASSWORD],
        PASSWORD,
    ):
        assert told.ask("POST", "/v1/session", wrong).status_code in (400, 422)
    came = told.ask("POST", "/v1/session", {"login": LOGIN, "password": PASSWORD})
    assert came.status_code == 200, came.text
    cookies = dict(one.split(";")[0].split("=", 1) for one in came.headers.get_list("set-cookie"))
    session = told.keep("session", cookies["jifen_session"])
    told.keep("browser", cookies["jifen_device"])
    csrf = told.keep("csrf", came.json()["csrf_token"])
    signed_in = {"Cookie": f"jifen_session={session}", "X_CSRF_Token": csrf}
    told.ask("POST", "/v1/session/totp:enrol", {"password": WRONG}, **signed_in)
    offered = told.ask("POST", "/v1/session/totp:enrol", {"password": PASSWORD}, **signed_in).json()
    authenticator = pyotp.TOTP(told.keep("authenticator", offered["secret"]))
    code = told.keep("six digits", authenticator.now())
    done = told.ask("POST", "/v1/session/totp:confirm", {"code": code}, **signed_in)
    assert done.status_code == 200, done.text
    for at, one in enumerate(done.json()["recovery_codes"]):
        told.keep(f"recovery code {at}", one)
    recovery = {"login": LOGIN, "password": PASSWORD, "code": told.secrets["recovery code 0"]}
    assert told.ask("POST", "/v1/session", recovery).status_code == 200
    told.ask("POST", "/v1/session", recovery)
    told.ask("GET", "/v1/session", Cookie=f"jifen_session={session}x")
    told.ask("POST", "/v1/session/totp:remove", {"password": PASSWORD}, Cookie=f"jifen_session={session}")


def _a_key(told: Told, admin: str) -> str:
    by_key = {"Authorization": f"Bearer {admin}"}
    made = told.ask("POST", "/v1/keys", {"name": "till 9", "roles": ["till"]}, **by_key)
    assert made.status_code == 201, made.text
    token = told.keep("key", made.json()["token"])
    rotated = told.ask("POST", f"/v1/keys/{made.json()['key']['key_id']}:rotate", {}, **by_key)
    assert rotated.status_code < 300, rotated.text
    told.keep("rotated key", rotated.json()["token"])
    told.ask("GET", "/v1/keys", Authorization=f"Bearer {token}")  # a till lists no keys
    told.ask("GET", f"/v1/keys/{token}", **by_key)
    told.ask("GET", "/v1/program", Authorization=f"Bearer {token}x")
    told.ask("GET", "/v1/program", Authorization=f"Basic {token}")
    return str(rotated.json()["token"])


def _a_member(told: Told, admin: str, till: str) -> None:
    """Signed in by a code, with a card that shows codes, an invitation to his household; and all of it used wrongly."""
    by_key = {"Authorization": f"Bearer {admin}"}
    person = {"phone": PHONE, "name": "Qian"}
    made = told.ask("POST", "/v1/members", {"person": person}, **by_key)
    assert made.status_code == 201, made.text
    sent = told.ask("POST", "/v1/me/codes", {"phone": PHONE}).json()
    code = told.keep("one-time code", sent["code"])
    told.ask("POST", "/v1/me/session", {"sign_in_id": sent["sign_in_id"], "code": "000000"})
    came = told.ask("POST", "/v1/me/session", {"sign_in_id": sent["sign_in_id"], "code": code})
    assert came.status_code == 200, came.text
    token = told.keep("member session", came.headers["set-cookie"].split(";")[0].split("=", 1)[1])
    csrf = told.keep("member csrf", came.json()["csrf_token"])
    himself = {"Cookie": f"jifen_me={token}", "X_CSRF_Token": csrf}
    device = told.ask("POST", "/v1/me/device", **himself).json()
    told.keep("key of the card", device["key"])
    shown = code_at(base64.urlsafe_b64decode(device["key"]), int(device["number"]), datetime.now(UTC))
    told.keep("member code", shown)
    sale = {**a_purchase_body(), "member": {"code": shown}}
    assert told.ask("POST", "/v1/purchases", sale, Authorization=f"Bearer {till}").status_code == 201
    told.ask(
        "POST",
        "/v1/purchases:quote",
        {**a_purchase_body(), "member": {"code": shown}},
        Authorization=f"Bearer {admin}",
    )
    told.ask(
        "POST",
        "/v1/purchases",
        {**a_purchase_body(), "member": {"card": shown}},
        Authorization=f"Bearer {till}",
    )
    told.ask("GET", f"/v1/members?card={shown}", **by_key)
    invited = told.ask("POST", "/v1/me/household/invitations", {"role": "adult"}, **himself)
    assert invited.status_code == 201, invited.text
    code = told.keep("household code", invited.json()["code"])
    told.ask("POST", "/v1/me/household:quote", {"code": code}, **himself)
    told.ask(
        "POST", "/v1/me/household:join", {"code": code[:-1] + ("2" if code[-1] != "2" else "3")}, **himself
    )
    told.ask("GET", "/v1/me", Cookie=f"jifen_me={token}x")
    told.ask("GET", f"/v1/me/questions/{token}", **himself)


async def _kept(postgres: Server, name: str) -> dict[str, str]:
    """Everything that stands in the database, by table."""
    admin = await asyncpg.connect(**postgres.admin.to_database(name).arguments())
    tables = await admin.fetch(
        """SELECT table_schema AS s, table_name AS t FROM information_schema.tables
           WHERE table_schema LIKE 'jifen%' AND table_type = 'BASE TABLE'"""
    )
    found = {}
    for one in tables:
        rows = await admin.fetch(f'SELECT to_jsonb(t)::text FROM "{one["s"]}"."{one["t"]}" t')
        found[f"table {one['t']}"] = "\n".join(row[0] for row in rows)
    await admin.close()
    return found


def _written(secret: str) -> set[str]:
    """A secret in the ways in which it may stand somewhere: as it is, its secret part, encoded, hashed without a key."""
    # Of a key and a session the middle is an id, which anybody may know.
    plain = {
        secret,
        secret.split("_", 3)[-1],
        secret.partition("_")[2] or secret,
        secret.replace("-", ""),
        secret.replace(" ", ""),
    }
    plain = {one for one in plain if len(one) >= 8} or {secret}
    raw = {one.encode() for one in plain}
    return (
        plain
        | {one.hex() for one in raw}
        | {base64.b64encode(one).decode().rstrip("=") for one in raw}
        | {base64.urlsafe_b64encode(one).decode().rstrip("=") for one in raw}
    )


SHORT = 8
"""A secret of fewer characters, such as six digits, is looked for as a word of its own: elsewhere it may stand by chance."""


def _stands_in(secret: str, text: str) -> bool:
    if len(secret) >= SHORT:
        return any(one in text for one in _written(secret))
    return f'"{secret}"' in text or f" {secret} " in text or f"={secret}" in text


def test_no_secret_stands_anywhere_but_with_whom_it_was_told_to(
    postgres: Server, shop: Shop, tmp_path: Path
) -> None:
    name = "secrets_stay"
    create_database(postgres, name, template=shop.template)
    try:
        with served(postgres, shop, name, tmp_path) as told:
            admin = told.keep("admin's key", shop.tokens["admin"])
            _an_operator(told, admin)
            till = _a_key(told, admin)
            _a_member(told, admin, till)
            by_key = {"Authorization": f"Bearer {admin}"}
            places = {
                "metrics": told.client.get("/metrics", headers=by_key).text,
                "audit": told.client.get("/v1/audit?limit=200", headers=by_key).text,
                "refusals": "\n".join(told.refusals),
            }
        places["log"] = (tmp_path / "log").read_text(encoding="utf-8", errors="replace")
        places.update(asyncio.run(_kept(postgres, name)))
    finally:
        run_sql(postgres.admin, f"DROP DATABASE IF EXISTS {name} WITH (FORCE)", bin=postgres.bin)

    assert len(told.secrets) >= 24
    assert len(told.refusals) >= 15
    assert places["log"].count('"event":"request"') >= 30, "it was logged what was asked"
    assert "jifen_" in places["metrics"]
    assert '"deed":"key.' in places["audit"]
    found = [
        (what, where)
        for what, secret in told.secrets.items()
        for where, text in places.items()
        if _stands_in(secret, text)
    ]
    assert found == [], [one for one in told.refusals if any(told.secrets[what] in one for what, _ in found)]
    # A hash without a key is as good as a short secret itself: whoever has the dump tries all of them.
    short = [one for one in told.secrets.values() if len(one) <= 20]
    hashed = {
        hashlib.new(how, one.encode()).hexdigest() for one in short for how in ("sha256", "sha1", "md5")
    }
    assert not [where for where, text in places.items() for one in hashed if one in text]
