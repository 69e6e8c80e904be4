"""Physical backups of the embedded PostgreSQL, and their way back.

A backup is a folder: `data/` as pg_basebackup wrote it, with its manifest of checksums, and `jifen-backup.json`,
written last: a folder without it is not a backup. The wheel's pg_verifybackup does not run
(docs/decisions/0013-physical-backup.md), so that the manifest is checked here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from jifen.embedded import software
from jifen.embedded.failures import BackupBroken, FolderNotEmpty, PostgresUnavailable
from jifen.embedded.home import MAJOR_VERSION, Home, home_folder, write_private
from jifen.embedded.server import PATIENCE_SECONDS, EmbeddedPostgres, Server
from jifen.embedded.users import lock

_NAME = "jifen-backup.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Backup:
    """What `jifen-backup.json` says."""

    made_at: str
    postgres_version: int
    system_identifier: int
    files: int
    size_bytes: int
    manifest_sha256: str


def back_up(server: Server, folder: Path, *, say: Callable[[str], None]) -> Backup:
    """A verified backup of the running server in `folder`, which must be new or empty. Writing may go on meanwhile.

    The folder holds everything the database holds: keep it as safe as the machine itself.
    """
    folder = folder.absolute()
    if folder.exists() and any(folder.iterdir()):
        raise FolderNotEmpty(f"{folder} is not empty. A backup goes into a new folder.")
    folder.mkdir(parents=True, exist_ok=True)
    folder.chmod(0o700)
    say(f"Copying the database into {folder}")
    ran = subprocess.run(
        [
            str(server.bin / "pg_basebackup"), f"--pgdata={folder / 'data'}", "--format=plain", "--checkpoint=fast",
            # The log written meanwhile is part of the copy, so that it stands on its own.
            "--wal-method=stream", "--manifest-checksums=SHA256", "--no-password",
        ],
        env=software.plain_environment(server.admin.environment()), cwd="/",
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0:
        raise PostgresUnavailable(f"pg_basebackup failed: {ran.stderr.strip()}")
    say("Reading it back")
    files, size_bytes, identifier = _check_manifest(folder / "data", server.bin)
    made = Backup(
        made_at=datetime.now(UTC).isoformat(timespec="seconds"),
        postgres_version=MAJOR_VERSION,
        system_identifier=identifier,
        files=files,
        size_bytes=size_bytes,
        manifest_sha256=_sha256(folder / "data" / "backup_manifest"),
    )
    write_private(folder / _NAME, json.dumps(asdict(made), indent=1) + "\n")
    return made


def verify(folder: Path) -> Backup:
    """What the backup in `folder` is, when every file of it is as it was written; BackupBroken otherwise."""
    folder = folder.absolute()
    try:
        known = Backup(**json.loads((folder / _NAME).read_text()))
    except FileNotFoundError:
        raise BackupBroken(f"{folder} is not a finished backup: it holds no {_NAME}.") from None
    except (TypeError, ValueError):
        raise BackupBroken(f"{folder / _NAME} cannot be read.") from None
    if known.postgres_version != MAJOR_VERSION:
        raise BackupBroken(
            f"{folder} was made by PostgreSQL {known.postgres_version}; this jifen runs PostgreSQL {MAJOR_VERSION}."
        )
    manifest = folder / "data" / "backup_manifest"
    if not manifest.exists() or _sha256(manifest) != known.manifest_sha256:
        raise BackupBroken(f"{manifest} is missing or has changed since the backup was made.")
    _check_manifest(folder / "data", software.bin_dir())
    return known


def restore(folder: Path, home: Path | None = None, *, say: Callable[[str], None]) -> Backup:
    """Put the backup in `folder` into an empty home, start it once, and see it recover.

    The roles get new passwords: a backup carries none in clear.
    """
    place = Home((home or home_folder()).absolute())
    say(f"Checking {folder}")
    known = verify(folder)
    place.make()
    with lock(place.postgres / "lock", patience=PATIENCE_SECONDS, say=say):
        place.refuse_strangers()
        if place.is_initialised:
            raise FolderNotEmpty(
                f"{place.data} holds a database. Restore into another folder (JIFEN_HOME=... jifen db restore ...), "
                "or move this one away first."
            )
        user = software.system_user(place)
        programs = software.usable_bin_dir(place, user)
        say(f"Copying it into {place.data}")
        place.mark(ready=False)
        unfinished = place.postgres / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        shutil.copytree(folder.absolute() / "data", unfinished, symlinks=True)
        for path in (unfinished, *unfinished.rglob("*")):
            user.owns(path)
        unfinished.chmod(0o700)
        _set_admin_password(unfinished, user, programs, place.renew_passwords()["jifen_admin"])
        os.replace(unfinished, place.data)
    # The first start makes the other roles' passwords fit, as a new folder's first start does.
    with EmbeddedPostgres(place.folder, say=say).running():
        say("It recovered and answers.")
    return known


def _set_admin_password(data: Path, user: software.SystemUser, programs: Path, password: str) -> None:
    # Single-user mode asks for no password; it also replays the log that the backup brought.
    ran = user.start(
        [
            str(programs / "postgres"),
            "--single",
            "-j",
            "-D",
            str(data),
            "-c",
            "log_min_messages=error",
            "postgres",
        ],
        stdin=f"ALTER ROLE jifen_admin PASSWORD '{password}';\n\n",
    )
    if ran.returncode != 0 or "ERROR:" in ran.stderr:
        said = ran.stderr.replace(password, "***").strip()
        raise BackupBroken(f"The backup did not recover: {said}")


def _check_manifest(data: Path, programs: Path) -> tuple[int, int, int]:
    """Files, bytes and system identifier, when each file has the size and the SHA-256 that the manifest says."""
    raw = (data / "backup_manifest").read_bytes()
    manifest = json.loads(raw)
    # The manifest's last line is the checksum of all lines before it.
    before = raw[: raw.rindex(b'"Manifest-Checksum"')]
    if hashlib.sha256(before).hexdigest() != manifest["Manifest-Checksum"]:
        raise BackupBroken(f"{data / 'backup_manifest'} has changed since it was written.")
    named: set[str] = set()
    size_bytes = 0
    for entry in manifest["Files"]:
        name = entry.get("Path") or bytes.fromhex(entry["Encoded-Path"]).decode()
        path = data / name
        named.add(name)
        size_bytes += entry["Size"]
        if not path.is_file() or path.stat().st_size != entry["Size"] or _sha256(path) != entry["Checksum"]:
            raise BackupBroken(f"{path} is missing or has changed since the backup was made.")
    _refuse_extra_files(data, named)
    for wal in manifest["WAL-Ranges"]:
        _read_wal(data, wal, programs)
    return len(named), size_bytes, int(manifest["System-Identifier"])


def _refuse_extra_files(data: Path, named: set[str]) -> None:
    # What pg_verifybackup leaves out as well: the log is read instead, and these are the reader's to write.
    free = {"backup_manifest", "standby.signal", "recovery.signal", "postgresql.auto.conf"}
    for path in data.rglob("*"):
        name = path.relative_to(data).as_posix()
        if path.is_file() and name not in named and name not in free and not name.startswith("pg_wal/"):
            raise BackupBroken(f"{path} is not part of the backup.")


def _read_wal(data: Path, wal: dict[str, str | int], programs: Path) -> None:
    ran = subprocess.run(
        [
            str(programs / "pg_waldump"), "--quiet", f"--path={data / 'pg_wal'}", f"--timeline={wal['Timeline']}",
            f"--start={wal['Start-LSN']}", f"--end={wal['End-LSN']}",
        ],
        env=software.plain_environment(), cwd="/", capture_output=True, text=True, check=False,
    )  # fmt: skip
    if ran.returncode != 0:
        raise BackupBroken(f"The log in {data / 'pg_wal'} cannot be read: {ran.stderr.strip()}")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
