"""A backup is read back when it is made, and comes back as it was."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from jifen.embedded import BackupBroken, EmbeddedPostgres, FolderNotEmpty, back_up, restore, verify
from jifen.embedded.server import run_sql


def _silent(_: str) -> None:
    """Say nothing."""


@pytest.fixture(scope="module")
def backup() -> Iterator[Path]:
    """A backup of a database with one table, made while it served."""
    folder = Path(tempfile.mkdtemp(prefix="jifen-"))
    folder.chmod(0o711)
    with EmbeddedPostgres(folder / "home").running() as server:
        run_sql(server.owner, "CREATE TABLE kept AS SELECT n FROM generate_series(1, 1000) n", bin=server.bin)
        run_sql(server.owner, "GRANT SELECT ON kept TO jifen_app", bin=server.bin)
        back_up(server, folder / "backup", say=_silent)
        run_sql(server.owner, "INSERT INTO kept VALUES (0)", bin=server.bin)
    yield folder / "backup"
    shutil.rmtree(folder)


def test_a_restored_home_holds_what_was_there_when_the_backup_was_made_with_its_transaction_ids(
    backup: Path, home: Path
) -> None:
    restored = restore(backup, home, say=_silent)

    assert restored == verify(backup)
    with EmbeddedPostgres(home).running() as server:
        assert run_sql(server.app, "SELECT count(*), sum(n) FROM kept", bin=server.bin) == "1000|500500"
    with EmbeddedPostgres(backup.parent / "home").running() as original:
        first = "SELECT min(xmin::text::bigint) FROM kept"
        before = run_sql(original.owner, first, bin=original.bin)
    with EmbeddedPostgres(home).running() as server:
        assert run_sql(server.owner, first, bin=server.bin) == before


def test_a_restored_home_has_new_passwords(backup: Path, home: Path) -> None:
    restore(backup, home, say=_silent)
    with (
        EmbeddedPostgres(home).running() as server,
        EmbeddedPostgres(backup.parent / "home").running() as original,
    ):
        assert server.app.password != original.app.password


def test_a_backup_holds_no_password_in_clear(backup: Path) -> None:
    with EmbeddedPostgres(backup.parent / "home").running() as original:
        secrets = [reach.password for reach in (original.app, original.owner, original.admin)]
    held = b"".join(path.read_bytes() for path in backup.rglob("*") if path.is_file())
    for secret in secrets:
        assert secret is not None
        assert secret.encode() not in held


def test_a_restore_never_overwrites_data(backup: Path, home: Path) -> None:
    with EmbeddedPostgres(home).running() as server:
        run_sql(server.owner, "CREATE TABLE precious (n int)", bin=server.bin)
    with pytest.raises(FolderNotEmpty):
        restore(backup, home, say=_silent)
    with EmbeddedPostgres(home).running() as server:
        assert run_sql(server.owner, "SELECT count(*) FROM precious", bin=server.bin) == "0"


def test_a_backup_never_goes_into_a_folder_that_holds_something(backup: Path, home: Path) -> None:
    with EmbeddedPostgres(home).running() as server, pytest.raises(FolderNotEmpty):
        back_up(server, backup, say=_silent)


def _flip_a_byte(copy: Path) -> None:
    victim = max(
        (copy / "data/base").rglob("*"), key=lambda path: path.stat().st_size if path.is_file() else 0
    )
    content = bytearray(victim.read_bytes())
    content[len(content) // 2] ^= 1
    victim.write_bytes(content)


def _lose_a_file(copy: Path) -> None:
    (copy / "data/global/pg_control").unlink()


def _add_a_file(copy: Path) -> None:
    (copy / "data/base/extra").write_text("x")


def _forget_the_end(copy: Path) -> None:
    (copy / "jifen-backup.json").unlink()


def _lose_the_log(copy: Path) -> None:
    for path in (copy / "data/pg_wal").glob("0*"):
        path.unlink()


def _change_the_manifest(copy: Path) -> None:
    manifest = copy / "data/backup_manifest"
    manifest.write_text(manifest.read_text().replace('"Size"', '"Size" ', 1))


@pytest.mark.parametrize(
    "harm",
    [_flip_a_byte, _lose_a_file, _add_a_file, _forget_the_end, _lose_the_log, _change_the_manifest],
)
def test_a_harmed_backup_is_refused_and_nothing_is_restored(
    backup: Path, home: Path, tmp_path: Path, harm: object
) -> None:
    copy = tmp_path / "copy"
    shutil.copytree(backup, copy)
    assert callable(harm)
    harm(copy)

    with pytest.raises(BackupBroken):
        restore(copy, home, say=_silent)
    assert not (home / "postgres").exists()
