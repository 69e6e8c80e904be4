"""A secret outside of the database: made once, whoever comes first; closed to others; a wrong one is told."""

from __future__ import annotations

import base64
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from jifen.embedded.secret_file import SecretWrong, kept_secrets

VARIABLE = "JIFEN_TEST_SECRET"


def test_it_is_made_once_and_closed_to_others(tmp_path: Path) -> None:
    with ThreadPoolExecutor(8) as pool:
        found = set(pool.map(lambda _: kept_secrets(tmp_path / "home", "key", VARIABLE), range(32)))
    assert len(found) == 1
    path = tmp_path / "home" / "key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert [one.name for one in path.parent.iterdir()] == ["key"]


def test_the_environment_goes_before_the_file_and_may_name_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    secrets = [bytes([at]) * 32 for at in range(2)]
    told = ",".join(base64.urlsafe_b64encode(one).decode().rstrip("=") for one in secrets)
    monkeypatch.setenv(VARIABLE, told)
    assert kept_secrets(tmp_path, "key", VARIABLE) == tuple(secrets)
    assert not (tmp_path / "key").exists()


@pytest.mark.parametrize("wrong", ["", "short", "é" * 43, base64.urlsafe_b64encode(bytes(31)).decode()])
def test_one_that_cannot_be_is_told_by_its_place(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wrong: str
) -> None:
    monkeypatch.setenv(VARIABLE, wrong)
    with pytest.raises(SecretWrong, match=VARIABLE):
        kept_secrets(tmp_path, "key", VARIABLE)


def test_a_file_that_is_none_is_told_by_its_name(tmp_path: Path) -> None:
    (tmp_path / "key").write_bytes(b"\xff\xfe")
    with pytest.raises(SecretWrong, match="key"):
        kept_secrets(tmp_path, "key", VARIABLE)
