"""What every test may ask for. Real PostgreSQL always, as strict as in production: same settings, same roles."""

from __future__ import annotations

import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from jifen.embedded import Connection, Server, throw_away
from jifen.embedded.server import rights_sql, run_sql

# A worker has the machine's memory to share with its neighbours; nothing else differs from production.
TEST_SETTINGS = {"shared_buffers": "64MB", "min_wal_size": "80MB"}


@dataclass(frozen=True, slots=True, kw_only=True)
class FreshDatabase:
    """A migrated, empty database of one test, as the role that migrates and the role that serves."""

    owner: Connection
    app: Connection
    admin: Connection


@pytest.fixture(scope="session", autouse=True)
def _nothing_from_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Whatever the developer's shell names, tests never touch it; they have keys of personal data of their own."""
    names = (
        "JIFEN_DATABASE_URL",
        "JIFEN_DATABASE_OWNER_URL",
        "JIFEN_HOME",
        "JIFEN_MASTER_KEYS",
        "JIFEN_ADDRESS",
    )
    kept = {name: os.environ.pop(name, None) for name in names}
    os.environ["JIFEN_MASTER_KEYS"] = str(tmp_path_factory.mktemp("keys") / "master.keys")
    yield
    del os.environ["JIFEN_MASTER_KEYS"]
    os.environ.update({name: value for name, value in kept.items() if value is not None})


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One embedded server a test worker."""
    with throw_away(TEST_SETTINGS) as server:
        yield server


@pytest.fixture(scope="session")
def migrated_template(postgres: Server) -> str:
    """The name of a database that is migrated once and copied for each test."""
    from jifen.store.migrate import migrate

    name = "migrated_template"
    create_database(postgres, name)
    migrate(postgres.owner.to_database(name))
    return name


_number = itertools.count(1)


@pytest.fixture
def fresh_database(postgres: Server, migrated_template: str) -> Iterator[FreshDatabase]:
    """A new database, migrated and empty, dropped at the end of the test."""
    yield from _fresh(postgres, migrated_template)


@pytest.fixture
def second_database(postgres: Server, migrated_template: str) -> Iterator[FreshDatabase]:
    """Another one, to hold beside the first."""
    yield from _fresh(postgres, migrated_template)


def _fresh(postgres: Server, template: str) -> Iterator[FreshDatabase]:
    name = f"test_{next(_number)}"
    create_database(postgres, name, template=template)
    yield FreshDatabase(
        owner=postgres.owner.to_database(name),
        app=postgres.app.to_database(name),
        admin=postgres.admin.to_database(name),
    )
    # FORCE: a test that failed may have left a connection open.
    run_sql(postgres.admin, f"DROP DATABASE {name} WITH (FORCE)", bin=postgres.bin)


@pytest.fixture
def empty_database(postgres: Server) -> Iterator[FreshDatabase]:
    """A new database without a schema, for tests of the migrations themselves."""
    name = f"test_{next(_number)}"
    create_database(postgres, name)
    yield FreshDatabase(
        owner=postgres.owner.to_database(name),
        app=postgres.app.to_database(name),
        admin=postgres.admin.to_database(name),
    )
    run_sql(postgres.admin, f"DROP DATABASE {name} WITH (FORCE)", bin=postgres.bin)


def create_database(server: Server, name: str, *, template: str = "template0") -> None:
    """Make the database `name`, owned and entered as the real one is."""
    run_sql(server.admin, f"CREATE DATABASE {name} OWNER jifen_owner TEMPLATE {template}", bin=server.bin)
    run_sql(server.admin.to_database(name), rights_sql(name), bin=server.bin)
