"""Who may enter, and what they may do."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from jifen.embedded import Connection, PostgresUnavailable, Server
from jifen.embedded.server import run_sql


def test_the_socket_folder_is_private(postgres: Server) -> None:
    folder = Path(postgres.app.host)
    assert folder.stat().st_mode & 0o777 == 0o700


def test_passwords_lie_in_a_file_that_only_we_can_read_and_repr_does_not_show_them(postgres: Server) -> None:
    path = postgres.home.postgres / "passwords.json"
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.stat().st_uid == os.geteuid()
    assert postgres.app.password is not None
    assert postgres.app.password in path.read_text()
    assert postgres.app.password not in repr(postgres)


async def test_a_wrong_password_is_refused(postgres: Server) -> None:
    wrong = replace(postgres.app, password="guessed")
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(**wrong.arguments())


async def test_no_password_is_refused(postgres: Server) -> None:
    without = replace(postgres.admin, password=None)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(**without.arguments(), passfile="/nonexistent")


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE TABLE mine (n int)",
        "CREATE SCHEMA mine",
        "CREATE DATABASE mine",
        "CREATE ROLE mine",
        "DROP DATABASE jifen",
        "ALTER SYSTEM SET fsync = off",
        "COPY (SELECT 1) TO '/tmp/mine'",
        "SELECT pg_read_file('/etc/passwd')",
    ],
)
def test_the_application_role_may_not(postgres: Server, statement: str) -> None:
    with pytest.raises(PostgresUnavailable, match=r"permission denied|must be owner"):
        run_sql(postgres.app, statement, bin=postgres.bin)


def test_the_application_role_owns_nothing(postgres: Server) -> None:
    owned = "SELECT count(*) FROM pg_shdepend WHERE deptype = 'o' AND refobjid = 'jifen_app'::regrole"
    assert run_sql(postgres.admin, owned, bin=postgres.bin) == "0"


def test_only_the_admin_is_a_superuser(postgres: Server) -> None:
    found = run_sql(
        postgres.admin, "SELECT string_agg(rolname, ',') FROM pg_roles WHERE rolsuper", bin=postgres.bin
    )
    assert found == "jifen_admin"


def test_what_was_acknowledged_is_on_disk_and_pages_carry_checksums(postgres: Server) -> None:
    names = ("fsync", "synchronous_commit", "full_page_writes", "data_checksums")
    for name in names:
        assert run_sql(postgres.app, f"SHOW {name}", bin=postgres.bin) == "on"


def test_text_sorts_alike_on_every_machine(postgres: Server) -> None:
    found = run_sql(
        postgres.app,
        "SELECT datlocprovider, datlocale, pg_encoding_to_char(encoding) FROM pg_database WHERE datname = 'jifen'",
        bin=postgres.bin,
    )
    assert found == "b|C.UTF-8|UTF8"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root needs another user to run PostgreSQL")
def test_started_by_root_it_runs_as_a_user_of_its_own(postgres: Server) -> None:
    assert postgres.home.data.stat().st_uid != 0
    assert Path(postgres.app.host).stat().st_uid == postgres.home.data.stat().st_uid


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://app:p%40ss@db.example:6432/shop",
        "postgresql://app:secret@db.example:5432/shop?sslmode=require",
        "postgresql://app:secret@/shop?host=%2Frun%2Fpg",
        "postgresql://app@[::1]:5432/shop",
    ],
)
def test_a_url_survives_its_round_trip(url: str) -> None:
    assert Connection.of_url(url).url() == url


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("mysql://a:b@c/d", "must begin with postgresql://"),
        ("postgresql://c/d", "lacks a user"),
        ("postgresql://a:b@c", "lacks a database"),
        ("postgresql://a:b@c:port/d", "port that is not a number"),
        ("postgresql://a:b@c/d?fsync=off", "'fsync'"),
    ],
)
def test_a_url_that_cannot_be_read_says_what_is_wrong_without_the_password(url: str, sentence: str) -> None:
    with pytest.raises(PostgresUnavailable, match=sentence) as refusal:
        Connection.of_url(url, named="JIFEN_DATABASE_URL")
    assert ":b@" not in str(refusal.value)
