"""Secrets at rest: they open with the key that sealed them, for what they were sealed for, and with nothing else."""

from __future__ import annotations

import stat
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, cast

import pytest

from jifen.store import sealed
from jifen.store.sealed import MasterKeyWrong, Sealer, sealer_of


class _AtHome:
    """As much of a ledger as says where Jifen's folder is."""

    def __init__(self, home: Path) -> None:
        self.home = home


def the_sealer(home: Path) -> Sealer:
    """The sealer of an installation, as its first process finds it."""
    sealed._sealer_at.cache_clear()
    return sealer_of(cast(Any, _AtHome(home)))


@pytest.fixture(autouse=True)
def _no_file_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(sealed.FILE_VARIABLE)


def test_what_is_sealed_opens_for_what_it_was_sealed_for_and_hides_what_it_is() -> None:
    sealer = Sealer(b"k" * 32)
    kept = sealer.seal(b"the secret", purpose="totp", about="a person")
    assert sealer.unseal(kept, purpose="totp", about="a person") == b"the secret"
    assert b"the secret" not in kept
    assert kept != sealer.seal(b"the secret", purpose="totp", about="a person"), "no two are alike"


@pytest.mark.parametrize(
    ("key", "purpose", "about", "spoilt"),
    [
        (b"x" * 32, "totp", "a person", None),
        (b"k" * 32, "other", "a person", None),
        (b"k" * 32, "totp", "another", None),
        (b"k" * 32, "totp", "a person", 0),
        (b"k" * 32, "totp", "a person", 5),
        (b"k" * 32, "totp", "a person", -1),
    ],
)
def test_another_key_purpose_person_or_byte_opens_nothing(
    key: bytes, purpose: str, about: str, spoilt: int | None
) -> None:
    kept = bytearray(Sealer(b"k" * 32).seal(b"the secret", purpose="totp", about="a person"))
    if spoilt is not None:
        kept[spoilt] ^= 1
    with pytest.raises(MasterKeyWrong):
        Sealer(key).unseal(bytes(kept), purpose=purpose, about=about)


def test_the_key_is_made_once_and_is_its_owners_to_read(tmp_path: Path) -> None:
    kept = the_sealer(tmp_path / "home").seal(b"x", purpose="p", about="a")
    path = tmp_path / "home" / sealed.FILE_NAME
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert [one.name for one in path.parent.iterdir()] == [path.name], "nothing half made is left"
    assert the_sealer(tmp_path / "home").unseal(kept, purpose="p", about="a") == b"x"


def test_of_many_who_make_it_at_once_all_have_the_same(tmp_path: Path) -> None:
    path = tmp_path / sealed.FILE_NAME
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda _: sealed._make(path), range(32)))
        texts = set(pool.map(lambda _: path.read_text(), range(8)))
    assert len(texts) == 1
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("text", ["", "no key", "A" * 64, "0" * 63])
def test_a_file_that_holds_no_key_is_said_and_not_replaced(tmp_path: Path, text: str) -> None:
    (tmp_path / sealed.FILE_NAME).write_text(text)
    with pytest.raises(MasterKeyWrong, match="64 hexadecimal"):
        the_sealer(tmp_path)
    assert (tmp_path / sealed.FILE_NAME).read_text() == text


def test_the_file_that_is_named_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    named = tmp_path / "elsewhere" / "key"
    monkeypatch.setenv(sealed.FILE_VARIABLE, str(named))
    the_sealer(tmp_path)
    assert named.exists()
    assert not (tmp_path / sealed.FILE_NAME).exists()
