"""The command line at a database of a test."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pytest
from tests.conftest import FreshDatabase
from typer.testing import CliRunner

from jifen.cli import app


@dataclass(frozen=True, kw_only=True)
class Jifen:
    """The command line, at a database of this test."""

    environment: dict[str, str]

    def __call__(self, *arguments: str, status: int = 0, input: str | None = None) -> str:
        ran = CliRunner().invoke(app, list(arguments), env=self.environment, input=input)
        assert ran.exit_code == status, f"{arguments}: {ran.exit_code}\n{ran.output}\n{ran.exception!r}"
        return ran.output

    def data(self, *arguments: str, status: int = 0) -> Any:
        """What it prints as JSON."""
        ran = CliRunner().invoke(app, [*arguments, "--json"], env=self.environment)
        assert ran.exit_code == status, f"{arguments}: {ran.exit_code}\n{ran.output}\n{ran.exception!r}"
        return json.loads(ran.stdout)


def environment_of(database: FreshDatabase) -> dict[str, str]:
    """What names the database to the command line."""
    return {"JIFEN_DATABASE_URL": database.app.url(), "JIFEN_DATABASE_OWNER_URL": database.owner.url()}


@pytest.fixture
def empty_jifen(empty_database: FreshDatabase) -> Jifen:
    """Nothing is there yet, not even a schema."""
    return Jifen(environment=environment_of(empty_database))


@pytest.fixture
def jifen(fresh_database: FreshDatabase) -> Jifen:
    """A corner shop that has counted since 2020."""
    known = Jifen(environment=environment_of(fresh_database))
    known("init", "--at", "2020-01-01T00:00:00Z")
    return known
