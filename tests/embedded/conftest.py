"""Homes and processes for the tests of the starter."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from jifen.embedded import EmbeddedPostgres, Home, PostgresUnavailable


@pytest.fixture
def home() -> Iterator[Path]:
    """An empty home that PostgreSQL's user can reach, as pytest's own folders are not when root runs the tests."""
    folder = Path(tempfile.mkdtemp(prefix="jifen-"))
    folder.chmod(0o711)
    yield folder
    with suppress(PostgresUnavailable):
        EmbeddedPostgres(folder).stop(even_if_used=True)
    shutil.rmtree(folder, ignore_errors=True)
    if Home(folder).socket_folder.parent == Path("/tmp"):
        shutil.rmtree(Home(folder).socket_folder, ignore_errors=True)


_PROGRAM = """
import sys
from pathlib import Path
from jifen.embedded import EmbeddedPostgres
with EmbeddedPostgres(Path(sys.argv[1]), settings={"shared_buffers": "64MB"}).running():
    print("joined", flush=True)
    sys.stdin.readline()
"""


class Neighbour:
    """Another process that uses the server of a home."""

    def __init__(self, home: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    @property
    def pid(self) -> int:
        return self._process.pid

    def wait_until_joined(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stdout.readline() == "joined\n"

    def leave(self) -> None:
        self._process.communicate("\n", timeout=60)
        assert self._process.returncode == 0

    def kill(self) -> None:
        self._process.kill()
        self._process.communicate(timeout=60)


@pytest.fixture
def neighbours(home: Path) -> Iterator[list[Neighbour]]:
    """Two processes that have joined the server of `home`, started at the same moment."""
    both = [Neighbour(home), Neighbour(home)]
    for each in both:
        each.wait_until_joined()
    yield both
    for each in both:
        each.kill()
