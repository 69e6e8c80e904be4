"""What happens after a crash, and with folders that are not as they should be."""

from __future__ import annotations

import os
import shutil
import signal
import socket
from pathlib import Path

import pytest

from jifen.embedded import (
    DidNotStart,
    EmbeddedPostgres,
    FolderClosed,
    FolderNotOurs,
    Home,
    OtherVersion,
)
from jifen.embedded.server import run_sql


def test_after_kill_9_of_the_server_the_next_start_recovers_what_was_committed(home: Path) -> None:
    starter = EmbeddedPostgres(home)
    with starter.running() as server:
        run_sql(server.owner, "CREATE TABLE kept (n int)", bin=server.bin)
        for number in range(3):
            pid = starter.status().pid
            assert pid is not None
            run_sql(server.owner, f"INSERT INTO kept VALUES ({number})", bin=server.bin)
            os.kill(pid, signal.SIGKILL)

            with EmbeddedPostgres(home).running() as again:
                assert run_sql(again.owner, "SELECT count(*) FROM kept", bin=again.bin) == str(number + 1)
                assert starter.status().pid != pid
    assert starter.status().pid is None


def test_a_stale_pid_file_whose_number_belongs_to_another_program_does_not_stop_the_start(home: Path) -> None:
    starter = EmbeddedPostgres(home)
    with starter.running():
        text = (home / "postgres/data/postmaster.pid").read_text()
    # Our own number: a living process that is no PostgreSQL.
    stale = home / "postgres/data/postmaster.pid"
    stale.write_text("\n".join([str(os.getpid()), *text.splitlines()[1:]]) + "\n")
    owner = (home / "postgres/data").stat()
    os.chown(stale, owner.st_uid, owner.st_gid)

    with starter.running():
        assert starter.status().pid not in (None, os.getpid())


def test_data_of_another_version_is_refused_and_left_alone(home: Path) -> None:
    with EmbeddedPostgres(home).running():
        pass
    version = home / "postgres/data/PG_VERSION"
    version.write_text("17\n")

    with pytest.raises(OtherVersion, match="PostgreSQL 17"), EmbeddedPostgres(home).running():
        pass
    assert version.read_text() == "17\n"


def test_a_folder_that_somebody_else_filled_is_refused_and_left_alone(home: Path) -> None:
    Home(home).make()
    (home / "postgres/thesis.txt").write_text("ten years of work")

    with pytest.raises(FolderNotOurs, match=r"thesis\.txt"), EmbeddedPostgres(home).running():
        pass
    assert [path.name for path in (home / "postgres").iterdir() if path.name != "lock"] == ["thesis.txt"]


def test_a_kill_in_the_middle_of_making_the_database_leaves_nothing_in_the_way(home: Path) -> None:
    place = Home(home)
    place.make()
    place.mark(ready=False)
    (place.postgres / "data.new").mkdir()
    (place.postgres / "data.new/PG_VERSION").write_text("18\n")

    with EmbeddedPostgres(home).running() as server:
        assert run_sql(server.app, "SELECT 1", bin=server.bin) == "1"


def test_a_server_that_cannot_start_says_why_in_its_own_words(home: Path) -> None:
    with EmbeddedPostgres(home).running():
        pass
    (home / "postgres/local.conf").write_text("no_such_setting_at_all = 1\n")
    (home / "postgres/local.conf").chmod(0o644)

    with pytest.raises(DidNotStart, match="no_such_setting_at_all"), EmbeddedPostgres(home).running():
        pass


def test_a_home_with_a_long_path_gets_its_socket_in_a_short_private_folder(home: Path) -> None:
    long = home / ("long-" * 20) / "home"
    with EmbeddedPostgres(long).running() as server:
        folder = Path(server.app.host)
        assert folder == Home(long).socket_folder
        assert folder.parent == Path("/tmp")
        assert folder.stat().st_mode & 0o777 == 0o700
        assert run_sql(server.app, "SELECT 1", bin=server.bin) == "1"
    shutil.rmtree(folder)


def test_a_socket_folder_that_somebody_else_put_there_first_is_refused(home: Path) -> None:
    long = home / ("long-" * 20) / "home"
    planted = Home(long).socket_folder
    planted.symlink_to(home)
    try:
        with pytest.raises(FolderClosed, match="remove it"), EmbeddedPostgres(long).running():
            pass
    finally:
        planted.unlink()


def test_nothing_listens_on_the_network(home: Path) -> None:
    with EmbeddedPostgres(home).running() as server:
        assert run_sql(server.admin, "SHOW listen_addresses", bin=server.bin) == ""
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(f"{server.app.host}/.s.PGSQL.5432")
