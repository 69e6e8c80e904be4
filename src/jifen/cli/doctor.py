"""`jifen doctor`: what is wrong with this machine, and how to mend it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal, TypeVar

import typer

from jifen.cli.at_ledger import Language
from jifen.cli.show import FAILED, language_spoken, show
from jifen.present.said import Said

if TYPE_CHECKING:
    from jifen.embedded import Connection
    from jifen.operations.apply_retention import Kept
    from jifen.store.parked import Parked

PORT = 8000
DISK_BYTES_MIN = 2 * 1024**3
MEMORY_BYTES_MIN = 1024**3
OVERDUE_AFTER = timedelta(days=2)
T = TypeVar("T")

Check = Literal[
    "python", "memory", "disk", "time_zones", "clock", "port", "postgresql", "system_user", "data_folder", "socket",
    "database", "time", "effects", "retention", "vault",
]  # fmt: skip
Verdict = Literal["fine", "warning", "wrong"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What one look at the machine found; `mend` says what to do about it."""

    check: Check
    verdict: Verdict
    found: Said
    mend: Said | None = None


def doctor(
    language: Language = "en",
    as_json: Annotated[bool, typer.Option("--json", help="Print the findings as JSON.")] = False,
) -> None:
    """Say what is wrong with this machine and how to mend it. Status 1 when something is wrong."""
    from jifen.present.catalogue import catalogue_of

    findings = list(_findings())
    is_well = all(finding.verdict != "wrong" for finding in findings)
    words, spoken = catalogue_of(language_spoken()), language_spoken()
    lines = []
    for finding in findings:
        check, found = words.say(f"doctor.check.{finding.check}"), finding.found.in_language(spoken)
        lines.append(
            f"{words.say(f'doctor.sign.{finding.verdict}')}  {words.say('doctor.line', check=check, found=found)}"
        )
        if finding.mend is not None:
            lines.append(f"         -> {finding.mend.in_language(spoken)}")
    lines.append(words.say("doctor.well" if is_well else "doctor.not_well"))
    told = [
        {
            "check": one.check,
            "verdict": one.verdict,
            "found": one.found.in_language(spoken),
            "mend": "" if one.mend is None else one.mend.in_language(spoken),
        }
        for one in findings
    ]
    show({"well": is_well, "findings": told}, as_json=as_json, text=lines)
    sys.exit(0 if is_well else FAILED)


def _findings() -> Iterator[Finding]:
    for check, look in LOOKS.items():
        try:
            yield look()
        except Exception as failure:
            # A look that falls over is a finding, not the end of the round.
            yield _wrong(check, _as_is(f"{type(failure).__name__}: {failure}"))


def _fine(check: Check, found: Said) -> Finding:
    return Finding(check=check, verdict="fine", found=found)


def _warning(check: Check, found: Said, mend: Said) -> Finding:
    return Finding(check=check, verdict="warning", found=found, mend=mend)


def _wrong(check: Check, found: Said, mend: Said | None = None) -> Finding:
    return Finding(check=check, verdict="wrong", found=found, mend=mend)


def _as_is(text: str) -> Said:
    """What another program or an exception says: it has one language."""
    return Said("doctor.as_is", text=text)


def _python() -> Finding:
    version = _as_is(".".join(map(str, sys.version_info[:3])))
    # Whoever skipped the packaging may stand here with an older one.
    if sys.version_info < (3, 11):  # noqa: UP036
        return _wrong("python", version, Said("doctor.install_python"))
    return _fine("python", version)


def _memory() -> Finding:
    from jifen.embedded.settings import memory_bytes

    memory = memory_bytes()
    found = _as_is(f"{memory / 1024**3:.1f} GB")
    if memory < MEMORY_BYTES_MIN:
        return _warning("memory", found, Said("doctor.more_memory"))
    return _fine("memory", found)


def _disk() -> Finding:
    import shutil

    from jifen.embedded import home_folder

    place = _nearest_existing(home_folder())
    free = shutil.disk_usage(place).free
    found = Said("doctor.disk_free", free=f"{free / 1024**3:.1f}", place=str(place))
    if free < DISK_BYTES_MIN:
        return _wrong("disk", found, Said("doctor.free_the_disk"))
    return _fine("disk", found)


def _time_zones() -> Finding:
    from zoneinfo import ZoneInfoNotFoundError

    from jifen.domain.calendar import zone
    from jifen.domain.zones import ZONES

    try:
        for name in sorted(ZONES):
            zone(name)
    except ZoneInfoNotFoundError as failure:
        return _wrong("time_zones", _as_is(str(failure)), Said("doctor.install_tzdata"))
    return _fine("time_zones", Said("doctor.zones_known", zones=len(ZONES)))


def _clock() -> Finding:
    from datetime import UTC, datetime

    now = datetime.now(UTC)
    found = _as_is(now.isoformat(timespec="seconds"))
    # Nothing was ever recorded before this programme was written; a machine without a battery wakes up in 1970.
    if now.year < 2026:
        return _wrong("clock", found, Said("doctor.set_the_clock"))
    return _fine("clock", found)


def _serving_port() -> Finding:
    import socket

    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", PORT))
        except OSError as failure:
            found = Said("doctor.port_taken", port=str(PORT), why=str(failure.strerror))
            return _warning("port", found, Said("doctor.another_port", other=str(PORT + 1)))
    return _fine("port", Said("doctor.port_free", port=str(PORT)))


def _postgresql() -> Finding:
    import subprocess

    from jifen.embedded import BinariesMissing, bin_dir

    try:
        folder = bin_dir()
    except BinariesMissing as failure:
        return _wrong("postgresql", _as_is(str(failure)), Said("doctor.make_install"))
    try:
        ran = subprocess.run([folder / "postgres", "-V"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError) as failure:
        found = Said("doctor.wheel_does_not_run", why=str(failure))
        return _wrong("postgresql", found, Said("doctor.own_postgresql"))
    return _fine("postgresql", _as_is(ran.stdout.strip()))


def _data_folder() -> Finding:
    import os

    from jifen.embedded import Home, home_folder, is_own_server_named

    home = Home(home_folder())
    if is_own_server_named():
        return _fine("data_folder", Said("doctor.folder_not_used"))
    place, folder = _nearest_existing(home.postgres), str(home.postgres)
    if place != home.postgres:
        if not os.access(place, os.W_OK | os.X_OK):
            found = Said("doctor.folder_cannot_be_made", folder=folder, place=str(place))
            return _wrong("data_folder", found, Said("doctor.another_folder"))
        return _fine("data_folder", Said("doctor.folder_at_first_start", folder=folder))
    for path, mode in (
        (home.postgres / "passwords.json", 0o077),
        (home.data, 0o077),
        (home.socket_folder, 0o077),
    ):
        if path.exists() and path.stat().st_mode & mode:
            mend = _as_is(f"chmod go-rwx {path}")
            return _wrong("data_folder", Said("doctor.folder_is_open", path=str(path)), mend)
    if home.postgres.stat().st_uid != os.geteuid():
        found = Said("doctor.folder_of_another", folder=folder, user=str(home.postgres.stat().st_uid))
        return _wrong("data_folder", found, Said("doctor.be_that_user"))
    return _fine("data_folder", _as_is(folder))


def _system_user() -> Finding:
    import os

    from jifen.embedded import Home, PostgresUnavailable, home_folder
    from jifen.embedded.software import first_closed_folder, system_user

    if os.geteuid() != 0:
        return _fine("system_user", Said("doctor.runs_as_yourself"))
    home = Home(home_folder())
    try:
        user = system_user(home)
    except PostgresUnavailable as failure:
        return _wrong("system_user", _as_is(str(failure)), Said("doctor.see_above"))
    # Our own two folders are opened by the first start; what lies above them is the operator's.
    closed = first_closed_folder(_nearest_existing(home.folder.parent), user)
    if closed is not None:
        found = Said("doctor.folder_is_closed", folder=str(closed), user=str(user.uid))
        return _wrong("system_user", found, Said("doctor.open_the_folder", folder=str(closed)))
    return _fine("system_user", Said("doctor.runs_as", user=str(user.uid)))


def _socket_path() -> Finding:
    from jifen.embedded import Home, home_folder

    home = Home(home_folder())
    if home.socket_folder.parent != home.postgres:
        found = Said("doctor.socket_elsewhere", folder=str(home.postgres), used=str(home.socket_folder))
        return _fine("socket", found)
    return _fine("socket", _as_is(str(home.socket_folder)))


def _database() -> Finding:
    from jifen.cli.db import answers
    from jifen.embedded import EmbeddedPostgres, PostgresUnavailable, connections, is_own_server_named

    if not is_own_server_named() and not EmbeddedPostgres().status().is_initialised:
        return _fine("database", Said("doctor.no_database_yet"))
    try:
        with connections() as database:
            answer, is_running = answers(database.app)
            if not is_running:
                return _wrong("database", _as_is(answer), Said("doctor.check_the_address"))
            from jifen.store.migrate import schema_is_current

            if not schema_is_current(database.owner):
                return _wrong("database", Said("doctor.schema_is_old"), Said("doctor.migrate"))
            if database.embedded is None and database.app.user == database.owner.user:
                return _warning("database", Said("doctor.one_role"), Said("doctor.two_roles"))
    except PostgresUnavailable as failure:
        return _wrong("database", _as_is(str(failure)), Said("doctor.see_postgres_page"))
    return _fine("database", Said("doctor.schema_current", server=answer.split(" on ")[0]))


def _time() -> Finding:
    """Whether time goes on for every member."""
    left_out = [one for one in _parked() if one.sequence == 0]
    if left_out:
        named = ", ".join(f"mbr_{one.member_id.hex} ({one.failure[:80]})" for one in left_out[:3])
        found = Said("doctor.time_stands_still", count=len(left_out), named=named)
        return _wrong("time", found, Said("doctor.reconcile"))
    return _fine("time", Said("doctor.nobody_left_out"))


def _effects() -> Finding:
    """Whether everything that entries cause happens."""
    waiting = [one for one in _parked() if one.sequence > 0]
    if waiting:
        named = ", ".join(
            f"{one.kind} of mbr_{one.member_id.hex}, entry {one.sequence} ({one.failure[:80]})"
            for one in waiting[:3]
        )
        found = Said("doctor.effects_parked", count=len(waiting), named=named)
        return _wrong("effects", found, Said("doctor.retry"))
    return _fine("effects", Said("doctor.nothing_parked"))


def _retention() -> Finding:
    """Whether what has outlived its period goes: it takes hours, and after two days nobody lets it go."""
    nothing: list[Kept] = []
    late = [one for one in _asked(_overdue, nothing) if one.due > 0]
    if late:
        named = ", ".join(f"{one.kind} ({one.due:,})" for one in late)
        return _warning("retention", Said("doctor.retention_late", named=named), Said("doctor.let_go"))
    return _fine("retention", Said("doctor.nothing_overdue"))


async def _overdue(address: Connection) -> list[Kept]:
    from jifen.document.stored import timeline_of_published
    from jifen.operations.apply_retention import read_retention
    from jifen.store.ledger import Ledger, open_pool

    pool = await open_pool(address, size=1)
    try:
        ledger = Ledger(pool, compile_timeline=timeline_of_published)
        return await read_retention(ledger, ahead=-OVERDUE_AFTER)
    finally:
        await pool.close()


def _parked() -> list[Parked]:
    """What could not be done and is tried again later."""
    return _asked(_read_parked, [])


async def _read_parked(address: Connection) -> list[Parked]:
    from jifen.store.ledger import connect
    from jifen.store.parked import read_parked

    connection = await connect(address)
    try:
        return await read_parked(connection, limit=100)
    finally:
        await connection.close()


def _asked(ask: Callable[[Connection], Coroutine[Any, Any, T]], otherwise: T) -> T:
    """What the database answers; `otherwise` where there is no current one: `_database` says so."""
    import asyncio

    from jifen.cli.db import answers
    from jifen.embedded import EmbeddedPostgres, PostgresUnavailable, connections, is_own_server_named
    from jifen.store.migrate import schema_is_current

    if not (is_own_server_named() or EmbeddedPostgres().status().is_initialised):
        return otherwise
    try:
        with connections() as database:
            is_there = answers(database.app)[1] and schema_is_current(database.owner)
            return asyncio.run(ask(database.app)) if is_there else otherwise
    except PostgresUnavailable:
        return otherwise


def _nearest_existing(path: Path) -> Path:
    for place in (path, *path.parents):
        if place.exists():
            return place
    return Path("/")


def _vault() -> Finding:
    """The keys of personal data: there, readable by nobody else, and not beside a backup that was made here."""
    from jifen.vault import KeyFileTorn, default_path, keyfile

    path = default_path()
    if not path.exists():
        return _fine("vault", Said("doctor.vault_none", path=str(path)))
    try:
        keyfile.read(path)
    except (KeyFileTorn, OSError) as failure:
        return _wrong("vault", _as_is(str(failure)), Said("doctor.mend_vault"))
    beside = [one.parent for one in path.parent.glob("*/jifen-backup.json")]
    if beside or (path.parent / "jifen-backup.json").exists():
        place = str(beside[0] if beside else path.parent)
        return _warning(
            "vault", Said("doctor.vault_beside", path=str(path), place=place), Said("doctor.vault_apart")
        )
    return _fine("vault", Said("doctor.vault_there", path=str(path)))


LOOKS: dict[Check, Callable[[], Finding]] = {
    "python": _python,
    "memory": _memory,
    "disk": _disk,
    "time_zones": _time_zones,
    "clock": _clock,
    "port": _serving_port,
    "postgresql": _postgresql,
    "system_user": _system_user,
    "data_folder": _data_folder,
    "socket": _socket_path,
    "database": _database,
    "time": _time,
    "effects": _effects,
    "retention": _retention,
    "vault": _vault,
}
