"""Start, share and stop the embedded PostgreSQL."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psutil

from jifen.embedded import settings as server_settings
from jifen.embedded import software
from jifen.embedded.connection import Connection
from jifen.embedded.failures import (
    DidNotStart,
    FolderClosed,
    PostgresUnavailable,
    ServerInUse,
    StillRecovering,
)
from jifen.embedded.home import PORT, Home, home_folder, write_private
from jifen.embedded.users import Users, boot, lock

DATABASE = "jifen"
PATIENCE_SECONDS = 120.0

Say = Callable[[str], None]


def _silent(_: str) -> None:
    """Say nothing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """A running server and how to reach it as each of its roles.

    `app` is what serves: it owns nothing, and migrations give it its rights. `owner` owns the database and runs
    migrations. `admin` is the superuser: backups, and test databases.
    """

    app: Connection
    owner: Connection
    admin: Connection
    home: Home
    bin: Path


@dataclass(frozen=True, slots=True, kw_only=True)
class Status:
    """What is known of a home without starting anything."""

    home: Path
    is_initialised: bool
    pid: int | None
    is_accepting: bool
    is_kept: bool
    user_pids: tuple[int, ...]
    socket_folder: Path


class EmbeddedPostgres:
    """The PostgreSQL of one home, shared by every process that says `running()`."""

    def __init__(
        self,
        home: Path | None = None,
        *,
        patience: float = PATIENCE_SECONDS,
        say: Say = _silent,
        settings: Mapping[str, str] | None = None,
    ) -> None:
        """`patience` bounds every wait, in seconds; `say` hears of long ones; `settings` go over our own ones
        when it is this process that starts the server.
        """
        self.home = Home((home or home_folder()).absolute())
        self._patience = patience
        self._say = say
        self._settings = dict(settings or {})

    # -- what can be done --------------------------------------------------------------------------

    @contextmanager
    def running(self) -> Iterator[Server]:
        """The running server, started when nobody had; the last user to leave stops it."""
        joined_in = os.getpid()
        server, token = self._join(stay=False)
        try:
            yield server
        finally:
            # A forked child inherits this block, but it never joined.
            if os.getpid() == joined_in:
                self._leave(token)

    def start_and_stay(self) -> Server:
        """The running server, which from now on outlives its users, until `stop` or the machine's next boot."""
        server, _ = self._join(stay=True)
        return server

    def stop(self, *, even_if_used: bool = False) -> bool:
        """True when a running server was stopped, False when none was running.

        Refuses
            ServerInUse   living processes use it, unless `even_if_used`: they then lose their connections.
        """
        if not self.home.postgres.exists():
            return False
        with self._lock():
            users = Users.read(self._users_path)
            if users.pids and not even_if_used and self._postmaster_pid() is not None:
                raise ServerInUse(
                    f"Processes {', '.join(map(str, users.pids))} use the server. End them first (the last one stops "
                    "it unless it was started by `jifen db start`), or say --now."
                )
            users.kept_in_boot, users.is_stopped = None, True
            users.write()
            return self._stop()

    def is_down(self) -> bool:
        """True when no server runs, whatever the reason."""
        return self._postmaster_pid() is None

    def revive(self) -> bool:
        """Start a server that has died again, with the settings that it had. False: it runs, or was stopped on purpose.

        Refuses
            DidNotStart        it ends again, as while the disk is full
            StillRecovering    it replays its log for longer than one waits
        """
        with self._lock():
            if Users.read(self._users_path).is_stopped or not self.is_down():
                return False
            user = software.system_user(self.home)
            programs = software.usable_bin_dir(self.home, user)
            self._run(user, programs)
            self._wait_until_accepting(programs)
        return True

    def status(self) -> Status:
        """What runs and who uses it; starts nothing and changes nothing."""
        users = Users.read(self._users_path)
        pid = self._postmaster_pid() if self.home.is_initialised else None
        return Status(
            home=self.home.folder,
            is_initialised=self.home.is_initialised,
            pid=pid,
            is_accepting=pid is not None and self._is_accepting(software.bin_dir()),
            is_kept=pid is not None and users.is_kept,
            user_pids=users.pids,
            socket_folder=self.home.socket_folder,
        )

    def log_path(self) -> Path | None:
        """The newest log file of the server, if it ever wrote one."""
        logs = list(self.home.log.glob("postgresql-*.log")) if self.home.log.exists() else []
        return max(logs, key=lambda path: path.stat().st_mtime, default=None)

    # -- joining and leaving -----------------------------------------------------------------------

    @property
    def _users_path(self) -> Path:
        return self.home.postgres / "users.json"

    @contextmanager
    def _lock(self) -> Iterator[None]:
        with lock(self.home.postgres / "lock", patience=self._patience, say=self._say):
            yield

    def _join(self, *, stay: bool) -> tuple[Server, str]:
        self.home.make()
        with self._lock():
            self.home.refuse_strangers()
            user = software.system_user(self.home)
            programs = software.usable_bin_dir(self.home, user)
            self._make_data(user, programs)
            users = Users.read(self._users_path)
            was_running = self._postmaster_pid() is not None

            if not was_running:
                self._start(user, programs)
            try:
                self._wait_until_accepting(programs)
                server = self._server(programs)
                if not self.home.is_ready:
                    _make_roles(server, self.home.passwords())
                    self.home.mark(ready=True)
                elif was_running:
                    # The password is proof for both sides: SCRAM also shows that the server knows it.
                    run_sql(server.admin, "SELECT 1", bin=programs)
            except StillRecovering:
                # It goes on without us, and the next one to come finds it further on.
                raise
            except BaseException:
                if not was_running:
                    self._stop()
                raise
            token = "" if stay else users.join()
            if stay:
                users.kept_in_boot = boot()
            users.is_stopped = False
            users.write()
        return server, token

    def _leave(self, token: str) -> None:
        if not self.home.postgres.exists():
            return
        with self._lock():
            users = Users.read(self._users_path)
            users.leave(token)
            users.write()
            if not users.pids and not users.is_kept:
                self._stop()

    def _server(self, programs: Path) -> Server:
        passwords = self.home.passwords()

        def reach(role: str, database: str) -> Connection:
            return Connection(
                host=str(self.home.socket_folder),
                port=PORT,
                user=role,
                password=passwords[role],
                database=database,
            )

        return Server(
            app=reach("jifen_app", DATABASE),
            owner=reach("jifen_owner", DATABASE),
            admin=reach("jifen_admin", "postgres"),
            home=self.home,
            bin=programs,
        )

    # -- the data folder ---------------------------------------------------------------------------

    def _make_data(self, user: software.SystemUser, programs: Path) -> None:
        if self.home.is_initialised:
            return
        self._say(f"Making a new database in {self.home.data}")
        self.home.mark(ready=False)
        # Made beside and renamed, so that a kill half-way leaves nothing that looks like a database.
        unfinished = self.home.postgres / "data.new"
        shutil.rmtree(unfinished, ignore_errors=True)
        self._make_private(unfinished, user)
        secret = self.home.postgres / "initial-password"
        write_private(secret, self.home.passwords()["jifen_admin"])
        user.owns(secret)
        try:
            made = user.start(
                [
                    str(programs / "initdb"),
                    f"--pgdata={unfinished}",
                    "--username=jifen_admin",
                    f"--pwfile={secret}",
                    "--auth=scram-sha-256",
                    "--encoding=UTF8",
                    # Sorts alike on every machine; the order of the C library changes with its version.
                    "--no-locale",
                    "--locale-provider=builtin",
                    "--builtin-locale=C.UTF-8",
                    "--data-checksums",
                ]
            )
        finally:
            secret.unlink(missing_ok=True)
        if made.returncode != 0:
            closed = software.first_closed_folder(unfinished, user)
            if closed is not None:
                raise FolderClosed(
                    f"The system user with number {user.uid}, which runs PostgreSQL, cannot reach {self.home.folder}: "
                    f"{closed} is closed to it. Name a folder that it can reach in JIFEN_HOME, or open the way: "
                    f"chmod o+x {closed}"
                )
            raise DidNotStart(f"initdb failed:\n{made.stderr.strip()}")
        os.replace(unfinished, self.home.data)

    def _make_private(self, folder: Path, user: software.SystemUser) -> None:
        """Make `folder` 0700 for the user who runs PostgreSQL, and see that nobody else has put it there."""
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        state = folder.lstat()
        if folder.is_symlink() or state.st_uid not in (os.geteuid(), user.uid):
            raise FolderClosed(f"{folder} was made by the user with number {state.st_uid}; remove it.")
        user.owns(folder)
        folder.chmod(0o700)

    # -- starting and stopping ---------------------------------------------------------------------

    def _start(self, user: software.SystemUser, programs: Path) -> None:
        self._make_private(self.home.log, user)
        self._make_private(self.home.socket_folder, user)
        memory = server_settings.memory_bytes()
        settings = server_settings.server_settings(self.home, memory) | self._settings
        # Outside the data folder, where root would have to write into a folder that another user controls.
        write_private(
            self._conf, server_settings.conf_text(settings, self.home.postgres / "local.conf"), mode=0o644
        )
        write_private(self.home.postgres / "pg_hba.conf", server_settings.HBA_TEXT, mode=0o644)
        self._run(user, programs)

    @property
    def _conf(self) -> Path:
        return self.home.postgres / "postgresql.conf"

    def _run(self, user: software.SystemUser, programs: Path) -> None:
        self._clear_leftovers()
        said = self._start_once(user, programs)
        if said is not None:
            raise DidNotStart(f"PostgreSQL did not start in {self.home.folder}. Its last words:\n{said}")

    def _start_once(self, user: software.SystemUser, programs: Path) -> str | None:
        """None when it runs (it may still be recovering), or its last words."""
        words = self.home.log / "start.log"
        words.unlink(missing_ok=True)
        # pg_ctl puts the server into a session of its own: a Ctrl-C in our terminal does not reach it.
        starter = subprocess.Popen(
            [
                str(programs / "pg_ctl"), "start", "--wait", f"--timeout={max(1, int(self._patience))}",
                f"--pgdata={self.home.data}", f"--log={words}", f"--options=-c config_file='{self._conf}'",
            ],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
            start_new_session=True, **user.popen_arguments(),  # type: ignore[call-overload]
        )  # fmt: skip
        began = time.monotonic()
        told = 0
        while starter.poll() is None:
            waited = int(time.monotonic() - began)
            if waited >= told + 2:
                told = waited
                self._say(f"PostgreSQL is starting ({waited} s). After a crash it replays its log first.")
            time.sleep(0.01)
        if starter.returncode == 0 or self._postmaster_pid() is not None:
            return None
        return self._last_words(words)

    def _last_words(self, words: Path) -> str:
        lines = words.read_text(errors="replace").splitlines() if words.exists() else []
        log = self.log_path()
        if log is not None:
            lines += log.read_text(errors="replace").splitlines()[-15:]
        return "\n".join(lines[-25:]) or "(none)"

    def _wait_until_accepting(self, programs: Path) -> None:
        began = time.monotonic()
        told = 0
        while not self._is_accepting(programs):
            waited = int(time.monotonic() - began)
            if self._postmaster_pid() is None:
                raise DidNotStart(
                    f"PostgreSQL in {self.home.folder} ended while it was starting. Its last words:\n"
                    + self._last_words(self.home.log / "start.log")
                )
            if waited > self._patience:
                raise StillRecovering(
                    f"PostgreSQL in {self.home.folder} has been recovering for more than {waited} seconds and goes on "
                    f"doing so; its log is {self.log_path()}. Try again later."
                )
            if waited >= told + 2:
                told = waited
                self._say(f"PostgreSQL is recovering ({waited} s).")
            time.sleep(0.02)

    def _stop(self) -> bool:
        pid = self._postmaster_pid()
        if pid is None:
            return False
        # Fast shutdown: transactions are rolled back, a checkpoint is written.
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGINT)
        until = time.monotonic() + self._patience
        while self._postmaster_pid() is not None:
            if time.monotonic() > until:
                raise PostgresUnavailable(
                    f"PostgreSQL (process {pid}) did not stop within {self._patience:.0f} seconds; it goes on trying."
                )
            time.sleep(0.01)
        return True

    # -- what is true of the running one -----------------------------------------------------------

    def _is_accepting(self, programs: Path) -> bool:
        asked = subprocess.run(
            [str(programs / "pg_isready"), "-q", "-h", str(self.home.socket_folder), "-p", str(PORT)],
            check=False, env=software.plain_environment(),
        )  # fmt: skip
        return asked.returncode == 0

    def _recorded_pid(self) -> int | None:
        try:
            lines = (self.home.data / "postmaster.pid").read_text().splitlines()
        except (FileNotFoundError, NotADirectoryError):
            return None
        # It is written in one go, yet not as a whole file: an empty one is a server in its first moment.
        return int(lines[0]) if lines and lines[0].isdigit() else None

    def _postmaster_pid(self) -> int | None:
        """The process that runs on this very folder, or None; a number that another process got does not count."""
        pid = self._recorded_pid()
        if pid is None or not _stands_in(pid, self.home.data):
            return None
        return pid

    def _clear_leftovers(self) -> None:
        """Remove what a killed server left behind, once none of its processes lives any more.

        PostgreSQL does this itself unless the number in postmaster.pid exists: as a corpse that nobody has
        collected, or because another program got it. Then it would refuse to start for ever.
        """
        if self._recorded_pid() is None:
            return
        began = time.monotonic()
        while orphans := [pid for pid in psutil.pids() if _stands_in(pid, self.home.data)]:
            waited = time.monotonic() - began
            if waited > self._patience:
                raise DidNotStart(f"Processes {orphans} of a killed server still work in {self.home.data}.")
            # An idle one leaves at once; one in the middle of a statement is told to, as its server would have done.
            if waited > 1:
                for pid in orphans:
                    with suppress(ProcessLookupError):
                        os.kill(pid, signal.SIGQUIT)
            time.sleep(0.05)
        (self.home.data / "postmaster.pid").unlink(missing_ok=True)
        for left in self.home.socket_folder.glob(".s.PGSQL.*"):
            left.unlink(missing_ok=True)


def _stands_in(pid: int, folder: Path) -> bool:
    """True when `pid` is a living PostgreSQL with `folder` as its working folder, as all of a server have."""
    try:
        process = psutil.Process(pid)
        if process.name() != "postgres" or process.status() == psutil.STATUS_ZOMBIE:
            return False
        return Path(process.cwd()) == folder.resolve()
    except (psutil.Error, OSError):
        return False


def run_sql(reach: Connection, sql: str, *, bin: Path) -> str:
    """What psql prints for `sql`, unaligned. The text goes through a pipe: passwords in it are not seen by `ps`."""
    ran = subprocess.run(
        [str(bin / "psql"), "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1"],
        input=sql, capture_output=True, text=True, check=False, cwd="/",
        env=software.plain_environment(reach.environment()),
    )  # fmt: skip
    if ran.returncode != 0:
        raise PostgresUnavailable(f"PostgreSQL refused: {ran.stderr.strip()}")
    return ran.stdout.strip()


def _make_roles(server: Server, passwords: Mapping[str, str]) -> None:
    """Make the roles and the database. May be repeated: a kill half-way leaves it to the next start."""
    roles = "\n".join(
        # Names of our own and passwords of our own alphabet: nothing here comes from outside.
        f"""SELECT 'CREATE ROLE {role}' WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') \\gexec
        ALTER ROLE {role} LOGIN NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION PASSWORD '{passwords[role]}';"""  # noqa: S608
        for role in ("jifen_owner", "jifen_app")
    )
    exists = f"SELECT FROM pg_database WHERE datname = '{DATABASE}'"
    run_sql(
        server.admin,
        f"""{roles}
        SELECT 'CREATE DATABASE {DATABASE} OWNER jifen_owner' WHERE NOT EXISTS ({exists}) \\gexec
        """,
        bin=server.bin,
    )
    run_sql(server.admin.to_database(DATABASE), rights_sql(DATABASE), bin=server.bin)


def rights_sql(database: str) -> str:
    """Who may enter `database` and its schema; what they may do with each table is said by the migrations.

    Temporary tables are allowed to the application: bulk import stages its rows in them.
    """
    return f"""
    REVOKE ALL ON DATABASE {database} FROM PUBLIC;
    GRANT CONNECT, TEMPORARY ON DATABASE {database} TO jifen_app;
    REVOKE ALL ON SCHEMA public FROM PUBLIC;
    GRANT USAGE ON SCHEMA public TO jifen_app;
    """


@contextmanager
def throw_away(settings: Mapping[str, str] | None = None, *, say: Say = _silent) -> Iterator[Server]:
    """A server of one's own in a temporary folder that goes away with it; as durable as any other."""
    folder = Path(tempfile.mkdtemp(prefix="jifen-"))
    try:
        with EmbeddedPostgres(folder, settings=settings, say=say).running() as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        socket = Home(folder).socket_folder
        if socket.parent != Home(folder).postgres:
            shutil.rmtree(socket, ignore_errors=True)
