"""`jifen doctor`: what is wrong with this machine, and how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from jifen.cli.show import FAILED, show

if TYPE_CHECKING:
    from jifen.embedded import Connection
    from jifen.store.parked import Parked

PORT = 8000
DISK_BYTES_MIN = 2 * 1024**3
MEMORY_BYTES_MIN = 1024**3

Verdict = Literal["fine", "warning", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one look at the machine found; `mend` says what to do about it."""

    check: str
    verdict: Verdict
    found: str
    mend: str = ""


def doctor(
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what is wrong with this machine and how to mend it. Status 1 when something is wrong."""
    findings = list(_findings())
    is_well = all(finding.verdict != "wrong" for finding in findings)
    signs = {"fine": "ok     ", "warning": "warning", "wrong": "WRONG  "}
    lines = []
    for finding in findings:
        lines.append(f"{signs[finding.verdict]}  {finding.check}: {finding.found}")
        if finding.mend:
            lines.append(f"         -> {finding.mend}")
    lines.append(
        "Everything is well." if is_well else "Mend what is marked WRONG, then ask again: jifen doctor"
    )
    show(
        {"well": is_well, "findings": [asdict(each) for each in findings]},
        as_json=as_json,
        text=lines,
    )
    sys.exit(0 if is_well else FAILED)


def _findings() -> Iterator[Finding]:
    for look in LOOKS:
        try:
            yield look()
        except Exception as failure:
            # A look that falls over is a finding, not the end of the round.
            name = look.__name__.removeprefix("_").replace("_", " ")
            yield Finding(check=name, verdict="wrong", found=f"{type(failure).__name__}: {failure}")


def _python() -> Finding:
    version = ".".join(map(str, sys.version_info[:3]))
    # Whoever skipped the packaging may stand here with an older one.
    if sys.version_info < (3, 11):  # noqa: UP036
        return Finding(check="Python", verdict="wrong", found=version, mend="Install Python 3.11 or newer.")
    return Finding(check="Python", verdict="fine", found=version)


def _memory() -> Finding:
    from jifen.embedded.settings import memory_bytes

    memory = memory_bytes()
    found = f"{memory / 1024**3:.1f} GB"
    if memory < MEMORY_BYTES_MIN:
        return Finding(
            check="memory",
            verdict="warning",
            found=found,
            mend="1 GB serves a shop; importing a year of history wants 2 GB.",
        )
    return Finding(check="memory", verdict="fine", found=found)


def _disk() -> Finding:
    import shutil

    from jifen.embedded import home_folder

    place = _nearest_existing(home_folder())
    free = shutil.disk_usage(place).free
    found = f"{free / 1024**3:.1f} GB free at {place}"
    if free < DISK_BYTES_MIN:
        return Finding(
            check="disk",
            verdict="wrong",
            found=found,
            mend="PostgreSQL keeps about 1.5 GB of log besides the data: free some space, or put JIFEN_HOME elsewhere.",
        )
    return Finding(check="disk", verdict="fine", found=found)


def _time_zones() -> Finding:
    from zoneinfo import ZoneInfoNotFoundError

    from jifen.domain.calendar import zone
    from jifen.domain.zones import ZONES

    try:
        for name in sorted(ZONES):
            zone(name)
    except ZoneInfoNotFoundError as failure:
        return Finding(
            check="time zones",
            verdict="wrong",
            found=str(failure),
            mend="Install the package tzdata: make install",
        )
    return Finding(check="time zones", verdict="fine", found=f"all {len(ZONES)} are known")


def _clock() -> Finding:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    # Nothing was ever recorded before this programme was written; a machine without a battery wakes up in 1970.
    if now.year < 2026:
        return Finding(
            check="clock",
            verdict="wrong",
            found=now.isoformat(timespec="seconds"),
            mend="Set the clock; use NTP.",
        )
    return Finding(check="clock", verdict="fine", found=now.isoformat(timespec="seconds"))


def _serving_port() -> Finding:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError as failure:
            return Finding(
                check="port",
                verdict="warning",
                found=f"127.0.0.1:{PORT} is taken ({failure.strerror})",
                mend=f"If that is jifen itself, all is well; otherwise end what listens there, or: jifen serve --port "
                f"{PORT + 1}",
            )
    return Finding(check="port", verdict="fine", found=f"127.0.0.1:{PORT} is free")


def _postgresql() -> Finding:
    import subprocess

    from jifen.embedded import BinariesMissing, bin_dir

    try:
        folder = bin_dir()
    except BinariesMissing as failure:
        return Finding(check="PostgreSQL", verdict="wrong", found=str(failure), mend="Run: make install")
    try:
        ran = subprocess.run([folder / "postgres", "-V"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as failure:
        return Finding(
            check="PostgreSQL",
            verdict="wrong",
            found=f"the wheel's PostgreSQL does not run: {failure}",
            mend="It needs Linux with glibc (not Alpine). Elsewhere run PostgreSQL 18 yourself and name it in "
            "JIFEN_DATABASE_URL.",
        )
    return Finding(check="PostgreSQL", verdict="fine", found=ran.stdout.strip())


def _data_folder() -> Finding:
    import os

    from jifen.embedded import Home, home_folder, is_own_server_named

    home = Home(home_folder())
    if is_own_server_named():
        return Finding(
            check="data folder", verdict="fine", found="not used: JIFEN_DATABASE_URL names a server"
        )
    place = _nearest_existing(home.postgres)
    if place != home.postgres:
        if not os.access(place, os.W_OK | os.X_OK):
            return Finding(
                check="data folder",
                verdict="wrong",
                found=f"{home.postgres} cannot be made: {place} is not ours to write",
                mend="Name another folder in JIFEN_HOME.",
            )
        return Finding(
            check="data folder", verdict="fine", found=f"{home.postgres} is made at the first start"
        )
    for path, mode in (
        (home.postgres / "passwords.json", 0o077),
        (home.data, 0o077),
        (home.socket_folder, 0o077),
    ):
        if path.exists() and path.stat().st_mode & mode:
            return Finding(
                check="data folder",
                verdict="wrong",
                found=f"{path} can be read by others",
                mend=f"chmod go-rwx {path}",
            )
    if home.postgres.stat().st_uid != os.geteuid():
        return Finding(
            check="data folder",
            verdict="wrong",
            found=f"{home.postgres} belongs to the user with number {home.postgres.stat().st_uid}",
            mend="Run jifen as that user, or name another folder in JIFEN_HOME.",
        )
    return Finding(check="data folder", verdict="fine", found=str(home.postgres))


def _system_user() -> Finding:
    import os

    from jifen.embedded import Home, PostgresUnavailable, home_folder
    from jifen.embedded.software import first_closed_folder, system_user

    if os.geteuid() != 0:
        return Finding(check="system user", verdict="fine", found="PostgreSQL runs as yourself")
    home = Home(home_folder())
    try:
        user = system_user(home)
    except PostgresUnavailable as failure:
        return Finding(
            check="system user", verdict="wrong", found=str(failure), mend="See the sentence above."
        )
    # Our own two folders are opened by the first start; what lies above them is the operator's.
    closed = first_closed_folder(_nearest_existing(home.folder.parent), user)
    if closed is not None:
        return Finding(
            check="system user",
            verdict="wrong",
            found=f"{closed} is closed to the user with number {user.uid}, who runs PostgreSQL",
            mend=f"chmod o+x {closed}, or name a folder such as /var/lib/jifen in JIFEN_HOME",
        )
    return Finding(
        check="system user", verdict="fine", found=f"PostgreSQL runs as the user with number {user.uid}"
    )


def _socket_path() -> Finding:
    from jifen.embedded import Home, home_folder

    home = Home(home_folder())
    if home.socket_folder.parent != home.postgres:
        return Finding(
            check="socket",
            verdict="fine",
            found=f"the path below {home.postgres} is too long for a socket; {home.socket_folder} is used instead",
        )
    return Finding(check="socket", verdict="fine", found=str(home.socket_folder))


def _database() -> Finding:
    from jifen.cli.db import answers
    from jifen.embedded import EmbeddedPostgres, PostgresUnavailable, connections, is_own_server_named

    if not is_own_server_named() and not EmbeddedPostgres().status().is_initialised:
        return Finding(
            check="database", verdict="fine", found="none yet; the first command makes it (try: jifen demo)"
        )
    try:
        with connections() as database:
            answer, is_running = answers(database.app)
            if not is_running:
                return Finding(
                    check="database",
                    verdict="wrong",
                    found=answer,
                    mend="Check JIFEN_DATABASE_URL: host, port, password, and that the server runs.",
                )
            from jifen.store.migrate import schema_is_current

            if not schema_is_current(database.owner):
                return Finding(
                    check="database",
                    verdict="wrong",
                    found="its schema is not current",
                    mend="Run: jifen db migrate",
                )
            if database.embedded is None and database.app.user == database.owner.user:
                return Finding(
                    check="database",
                    verdict="warning",
                    found="one role serves and owns the tables, so nothing but our code keeps the journal unchanged",
                    mend="Name a role that owns nothing in JIFEN_DATABASE_URL, the owner in JIFEN_DATABASE_OWNER_URL.",
                )
    except PostgresUnavailable as failure:
        return Finding(
            check="database", verdict="wrong", found=str(failure), mend="See docs/operations/postgres.md."
        )
    return Finding(check="database", verdict="fine", found=f"{answer.split(' on ')[0]}, schema current")


def _time() -> Finding:
    """Whether time goes on for every member."""
    left_out = [one for one in _parked() if one.sequence == 0]
    if left_out:
        named = ", ".join(f"mbr_{one.member_id.hex} ({one.failure[:80]})" for one in left_out[:3])
        return Finding(
            check="time",
            verdict="wrong",
            found=f"time stands still for {len(left_out)} member(s): {named}",
            mend="Everybody else goes on. Run jifen reconcile, and report what it names for them; once that is mended: "
            "jifen jobs retry --all",
        )
    return Finding(check="time", verdict="fine", found="no member is left out")


def _effects() -> Finding:
    """Whether everything that entries cause happens."""
    waiting = [one for one in _parked() if one.sequence > 0]
    if waiting:
        named = ", ".join(
            f"{one.kind} of mbr_{one.member_id.hex}, entry {one.sequence} ({one.failure[:80]})"
            for one in waiting[:3]
        )
        return Finding(
            check="effects",
            verdict="wrong",
            found=f"{len(waiting)} thing(s) that entries caused could not be done: {named}",
            mend="Nothing is lost, and it is tried again by itself. See why: jifen jobs; at once: jifen jobs retry --all",
        )
    return Finding(check="effects", verdict="fine", found="nothing is parked")


def _parked() -> list[Parked]:
    """What could not be done and is tried again later; nothing where there is no current database: `_database` says so."""
    import asyncio

    from jifen.cli.db import answers
    from jifen.embedded import EmbeddedPostgres, PostgresUnavailable, connections, is_own_server_named
    from jifen.store.ledger import connect
    from jifen.store.migrate import schema_is_current
    from jifen.store.parked import read_parked

    async def read(address: Connection) -> list[Parked]:
        connection = await connect(address)
        try:
            return await read_parked(connection, limit=100)
        finally:
            await connection.close()

    if not (is_own_server_named() or EmbeddedPostgres().status().is_initialised):
        return []
    try:
        with connections() as database:
            is_there = answers(database.app)[1] and schema_is_current(database.owner)
            return asyncio.run(read(database.app)) if is_there else []
    except PostgresUnavailable:
        return []


def _nearest_existing(path: Path) -> Path:
    for place in (path, *path.parents):
        if place.exists():
            return place
    return Path("/")


LOOKS: tuple[Callable[[], Finding], ...] = (
    _python,
    _memory,
    _disk,
    _time_zones,
    _clock,
    _serving_port,
    _postgresql,
    _system_user,
    _data_folder,
    _socket_path,
    _database,
    _time,
    _effects,
)
