"""Who uses the running server. The last to leave stops it."""

from __future__ import annotations

import fcntl
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import psutil

from jifen.embedded.failures import PostgresUnavailable
from jifen.embedded.home import write_private


@contextmanager
def lock(path: Path, *, patience: float, say: Callable[[str], None]) -> Iterator[None]:
    """Hold the file lock that orders every start and stop. The kernel gives it back when its holder dies."""
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        until = time.monotonic() + patience
        said = False
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() > until:
                    raise PostgresUnavailable(
                        f"Another process has been starting or stopping PostgreSQL for {patience:.0f} seconds; it "
                        f"holds {path}."
                    ) from None
            if not said and until - time.monotonic() < patience - 1:
                say("Another process is starting or stopping PostgreSQL; waiting for it.")
                said = True
            time.sleep(0.02)
        yield
    finally:
        os.close(descriptor)


def boot() -> str:
    """What tells this run of the machine from the next one."""
    try:
        return Path("/proc/sys/kernel/random/boot_id").read_text().strip()
    except OSError:
        return f"{psutil.boot_time():.0f}"


def birth(pid: int) -> str | None:
    """What tells this process from a later one with the same number; None when there is none, or only its corpse."""
    try:
        # Ticks since boot: unlike a time of day they do not move when somebody sets the clock.
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return _birth_elsewhere(pid)
    # The second field is a name in brackets, which may hold anything; the third is the state, the 22nd the start.
    fields = stat.rpartition(")")[2].split()
    if fields[0] in ("Z", "X"):
        return None
    return f"{boot()}:{fields[19]}"


def _birth_elsewhere(pid: int) -> str | None:
    if Path("/proc/self/stat").exists():
        return None
    try:
        process = psutil.Process(pid)
        return None if process.status() == psutil.STATUS_ZOMBIE else f"{process.create_time():.2f}"
    except psutil.Error:
        return None


@dataclass(slots=True)
class Users:
    """The list in users.json. Read, change and write it with the lock held."""

    path: Path
    by_token: dict[str, tuple[int, str]] = field(default_factory=dict)
    # The boot in which `jifen db start` asked for the server to stay.
    kept_in_boot: str | None = None
    # Whether somebody stopped it on purpose: whoever watches over it leaves it so.
    is_stopped: bool = False

    @classmethod
    def read(cls, path: Path) -> Users:
        """The living users; whoever was killed without leaving is dropped."""
        try:
            known = json.loads(path.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return cls(path)
        users = {token: (int(pid), str(born)) for token, (pid, born) in known["users"].items()}
        living = {token: user for token, user in users.items() if birth(user[0]) == user[1]}
        return cls(path, living, known.get("kept_in_boot"), bool(known.get("is_stopped")))

    def write(self) -> None:
        kept = {"users": self.by_token, "kept_in_boot": self.kept_in_boot, "is_stopped": self.is_stopped}
        write_private(self.path, json.dumps(kept))

    def join(self) -> str:
        """Our token in the list; one process may join several times."""
        token = secrets.token_hex(8)
        born = birth(os.getpid())
        assert born is not None
        self.by_token[token] = (os.getpid(), born)
        return token

    def leave(self, token: str) -> None:
        self.by_token.pop(token, None)

    @property
    def pids(self) -> tuple[int, ...]:
        return tuple(sorted({pid for pid, _ in self.by_token.values()}))

    @property
    def is_kept(self) -> bool:
        return self.kept_in_boot == boot()
