"""The folder in which the embedded PostgreSQL lives, and what lies where in it.

JIFEN_HOME/postgres/      0711 as root, so that the system user may pass; 0700 otherwise
    jifen.json            says that the folder is ours, and how far making it has come
    passwords.json        0600: one password a role
    users.json, lock      who uses the running server; held while it starts or stops
    postgresql.conf, pg_hba.conf     written at every start
    local.conf            the operator's own settings, read last, never written by us
    data/ log/ socket/    0700, owned by the user that runs PostgreSQL
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import tempfile
from dataclasses import dataclass
from pathlib import Path

from jifen.embedded.failures import FolderClosed, FolderNotOurs, OtherVersion

MAJOR_VERSION = 18
PORT = 5432
ROLES = ("jifen_admin", "jifen_owner", "jifen_app")
# sockaddr_un holds 108 bytes with the closing zero, on Linux.
SOCKET_PATH_BYTES_MAX = 107
_OURS = "jifen's embedded PostgreSQL"


def home_folder() -> Path:
    """The folder of this installation: JIFEN_HOME, or /var/lib/jifen for root, or the user's own data folder.

    Root's own home is closed to the system user that runs PostgreSQL, hence the place of its own.
    """
    named = os.environ.get("JIFEN_HOME")
    if named:
        return Path(named).expanduser().absolute()
    if os.geteuid() == 0:
        return Path("/var/lib/jifen")
    data = os.environ.get("XDG_DATA_HOME")
    return (Path(data) if data else Path.home() / ".local" / "share") / "jifen"


@dataclass(frozen=True, slots=True)
class Home:
    """Where everything lies below one JIFEN_HOME."""

    folder: Path

    @property
    def postgres(self) -> Path:
        return self.folder / "postgres"

    @property
    def data(self) -> Path:
        return self.postgres / "data"

    @property
    def log(self) -> Path:
        return self.postgres / "log"

    @property
    def marker(self) -> Path:
        return self.postgres / "jifen.json"

    @property
    def is_initialised(self) -> bool:
        return (self.data / "PG_VERSION").exists()

    @property
    def socket_folder(self) -> Path:
        """The private folder of the unix socket: below the home, or in /tmp when that path is too long."""
        inside = self.postgres / "socket"
        if len(os.fsencode(inside / f".s.PGSQL.{PORT}")) <= SOCKET_PATH_BYTES_MAX:
            return inside
        # One name a home, so that every process finds the same; the user's number keeps users apart.
        digest = hashlib.sha256(os.fsencode(self.folder)).hexdigest()[:16]
        return Path("/tmp") / f"jifen-{os.geteuid()}-{digest}"  # noqa: S108 (0700, and its owner is checked)

    def make(self) -> None:
        """Make the folder, or see that what is there is ours and of our version."""
        is_root = os.geteuid() == 0
        mode = 0o711 if is_root else 0o700
        for folder in (*reversed(self.folder.parents), self.folder):
            if not folder.exists():
                folder.mkdir(exist_ok=True)
                folder.chmod(0o755 if folder != self.folder else mode)
        if not self.postgres.exists():
            self.postgres.mkdir(exist_ok=True)
            self.postgres.chmod(mode)
        owner = self.postgres.stat().st_uid
        if owner != os.geteuid():
            raise FolderClosed(
                f"{self.postgres} belongs to the user with number {owner}, and you are {os.geteuid()}. Run jifen as "
                "the user who made it, or name another folder in JIFEN_HOME."
            )
        if is_root:
            # Only our own two folders: what lies above is not ours to open.
            for folder in (self.folder, self.postgres):
                folder.chmod(folder.stat().st_mode | 0o011)

    def refuse_strangers(self) -> None:
        """Nothing, when the folder is ours (or empty) and of our version. Call it with the lock held."""
        if not self.marker.exists():
            strange = sorted(p.name for p in self.postgres.iterdir() if p.name != "lock")
            if strange:
                raise FolderNotOurs(
                    f"{self.postgres} was not made by jifen (it holds {strange[0]}). Name another folder in "
                    "JIFEN_HOME, or move this one away."
                )
            return
        if self.is_initialised:
            version = (self.data / "PG_VERSION").read_text().strip()
            if version != str(MAJOR_VERSION):
                raise OtherVersion(
                    f"{self.data} belongs to PostgreSQL {version}; this jifen runs PostgreSQL {MAJOR_VERSION}. Use the "
                    "jifen that made it to dump the data, or name another folder in JIFEN_HOME "
                    "(docs/operations/postgres.md, 'Another version')."
                )

    def mark(self, *, ready: bool) -> None:
        """Remember that the folder is ours, and whether the roles and the database have been made."""
        write_private(self.marker, json.dumps({"this_is": _OURS, "version": MAJOR_VERSION, "ready": ready}))

    @property
    def is_ready(self) -> bool:
        try:
            known = json.loads(self.marker.read_text())
        except FileNotFoundError:
            return False
        return bool(known.get("ready"))

    def passwords(self) -> dict[str, str]:
        """One password a role; made at the first call and kept in a file that only this user can read."""
        path = self.postgres / "passwords.json"
        if not path.exists():
            return self.renew_passwords()
        known: dict[str, str] = json.loads(path.read_text())
        return known

    def renew_passwords(self) -> dict[str, str]:
        """New passwords in the file; the caller puts them into the database."""
        # token_urlsafe needs no quoting, neither in SQL nor in a URL.
        made = {role: secrets.token_urlsafe(24) for role in ROLES}
        write_private(self.postgres / "passwords.json", json.dumps(made, indent=1))
        return made


def write_private(path: Path, text: str, *, mode: int = 0o600) -> None:
    """Put `text` into `path` as a whole or not at all, readable by its owner only unless `mode` says otherwise."""
    descriptor, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(name, mode)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
