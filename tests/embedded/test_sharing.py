"""Several processes share one server; the last to leave stops it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tests.embedded.conftest import Neighbour

from jifen.embedded import EmbeddedPostgres, ServerInUse
from jifen.embedded.users import Users, birth


def test_two_processes_that_start_at_once_share_one_server_and_the_last_one_stops_it(
    home: Path, neighbours: list[Neighbour]
) -> None:
    first, second = neighbours
    shared = EmbeddedPostgres(home).status()
    assert shared.is_accepting
    assert set(shared.user_pids) == {first.pid, second.pid}

    first.leave()
    after_first = EmbeddedPostgres(home).status()
    second.leave()
    after_second = EmbeddedPostgres(home).status()

    assert after_first.pid == shared.pid
    assert after_second.pid is None


def test_a_killed_user_neither_takes_the_server_down_nor_keeps_it_up(
    home: Path, neighbours: list[Neighbour]
) -> None:
    first, second = neighbours
    before = EmbeddedPostgres(home).status()

    first.kill()
    assert EmbeddedPostgres(home).status().pid == before.pid
    second.leave()

    assert EmbeddedPostgres(home).status().pid is None


def test_a_server_whose_only_user_was_killed_stops_with_the_next_one(home: Path) -> None:
    only = Neighbour(home)
    only.wait_until_joined()
    only.kill()
    left_behind = EmbeddedPostgres(home).status()
    assert left_behind.pid is not None
    assert left_behind.user_pids == ()

    with EmbeddedPostgres(home).running():
        assert EmbeddedPostgres(home).status().pid == left_behind.pid

    assert EmbeddedPostgres(home).status().pid is None


def test_one_process_may_join_twice(home: Path) -> None:
    with EmbeddedPostgres(home).running():
        with EmbeddedPostgres(home).running():
            pass
        assert EmbeddedPostgres(home).status().is_accepting
    assert EmbeddedPostgres(home).status().pid is None


def test_what_db_start_started_survives_its_users_until_it_is_stopped(home: Path) -> None:
    starter = EmbeddedPostgres(home)
    starter.start_and_stay()
    with EmbeddedPostgres(home).running():
        pass
    assert starter.status().is_kept
    assert starter.status().is_accepting

    assert starter.stop() is True
    assert starter.stop() is False
    assert starter.status().pid is None


def test_a_stop_is_refused_while_another_process_uses_the_server(home: Path) -> None:
    user = Neighbour(home)
    user.wait_until_joined()

    with pytest.raises(ServerInUse, match=str(user.pid)):
        EmbeddedPostgres(home).stop()

    assert EmbeddedPostgres(home).stop(even_if_used=True) is True
    user.leave()


def test_the_server_stands_in_a_session_of_its_own_so_that_a_ctrl_c_does_not_reach_it(home: Path) -> None:
    with EmbeddedPostgres(home).running():
        pid = EmbeddedPostgres(home).status().pid
        assert pid is not None
        assert os.getsid(pid) != os.getsid(0)


def test_a_process_that_got_a_dead_users_number_does_not_count_as_that_user(tmp_path: Path) -> None:
    users = Users(tmp_path / "users.json")
    users.by_token["recycled"] = (os.getpid(), "another boot:1")
    users.by_token["never there"] = (2**22 + 1, "another boot:1")
    ours = users.join()
    users.write()

    assert Users.read(users.path).by_token == {ours: (os.getpid(), birth(os.getpid()))}


def test_a_child_made_by_fork_leaves_the_server_to_its_parent(home: Path) -> None:
    # In a process of its own: a fork of the test runner would take its threads' locks along.
    program = f"""
import os
import subprocess
import sys
from pathlib import Path
from jifen.embedded import EmbeddedPostgres
home = Path({str(home)!r})
with EmbeddedPostgres(home).running():
    child = os.fork()
    if child:
        os.waitpid(child, 0)
        assert EmbeddedPostgres(home).status().user_pids == (os.getpid(),)
"""
    ran = subprocess.run([sys.executable, "-c", program], check=False, timeout=60)
    assert ran.returncode == 0
    assert EmbeddedPostgres(home).status().pid is None
