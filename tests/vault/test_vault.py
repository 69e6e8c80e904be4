"""Keys of personal data: what is sealed opens only where it belongs, what is blind tells nothing, and the file is kept well."""

from __future__ import annotations

import threading
from datetime import date
from pathlib import Path
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from jifen.domain.refusals import VaultClosed
from jifen.domain.texts import TextRefused
from jifen.vault import KeyFileTorn, SealTorn, Vault, keyfile
from jifen.vault.contacts import (
    birthday_in_form,
    email_in_form,
    masked,
    name_in_form,
    phone_in_form,
    region_of,
)

ANN, BO = uuid4(), uuid4()


@pytest.fixture
def vault(tmp_path: Path) -> Vault:
    made = Vault(tmp_path / "master.keys")
    made.make()
    return made


@given(text=st.text(max_size=200))
def test_what_is_sealed_opens_again(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    vault = Vault(tmp_path_factory.getbasetemp() / "shared.keys")
    vault.make()
    kept, sealer = vault.new_person(ANN)
    text = text.encode("utf-8", "ignore").decode()
    sealed = sealer.seal("name", text)
    assert vault.person(ANN, kept).open("name", sealed) == text
    assert sealer.seal("name", text) != sealed, "the same value looks different each time"


def test_what_is_sealed_opens_nowhere_else(vault: Vault) -> None:
    kept, sealer = vault.new_person(ANN)
    others_key, other = vault.new_person(BO)
    sealed = sealer.seal("phone", "+8613800138000")
    for opens in (
        lambda: sealer.open("email", sealed),
        lambda: other.open("phone", sealed),
        lambda: sealer.open("phone", sealed[:-1] + bytes((sealed[-1] ^ 1,))),
        lambda: sealer.open("phone", sealed[:20]),
        lambda: sealer.open("phone", b""),
        lambda: sealer.open("phone", b"\x02" + sealed[1:]),
        lambda: vault.person(BO, kept),
        lambda: vault.person(ANN, others_key),
    ):
        with pytest.raises(SealTorn):
            opens()


def test_a_blind_is_the_same_for_the_same_and_says_nothing_without_its_key(
    vault: Vault, tmp_path: Path
) -> None:
    phone = vault.blind("phone", "+8613800138000")
    assert phone == vault.blind("phone", "+8613800138000")
    assert phone != vault.blind("card", "+8613800138000"), "kinds are apart"
    other = Vault(tmp_path / "other.keys")
    other.make()
    assert phone != other.blind("phone", "+8613800138000")


def test_two_that_make_the_file_at_once_have_the_same_keys(tmp_path: Path) -> None:
    vaults = [Vault(tmp_path / "deep" / "master.keys") for _ in range(8)]
    threads = [threading.Thread(target=one.make) for one in vaults]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({one.proof() for one in vaults}) == 1
    assert [file.name for file in (tmp_path / "deep").iterdir()] == ["master.keys"], (
        "nothing is left beside it"
    )
    assert (tmp_path / "deep" / "master.keys").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "no key of the use 'ledger'"),
        ("master a AAAA\n", "line 1: a key is 32 bytes"),
        ("what is this\n", "a line is a use"),
        ("ledger ledger !!!\n", "32 bytes as base64"),
    ],
)
def test_a_file_that_cannot_be_used_says_why(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "master.keys"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(KeyFileTorn, match=said):
        keyfile.read(path)


def test_a_file_that_others_may_read_is_refused(vault: Vault) -> None:
    vault.path.chmod(0o640)
    with pytest.raises(KeyFileTorn, match="chmod 600"):
        keyfile.read(vault.path)


def test_a_new_master_wraps_what_the_old_one_wrapped(vault: Vault) -> None:
    kept, sealer = vault.new_person(ANN)
    sealed = sealer.seal("name", "Ann")
    keyfile.with_new(vault.path, master=True)
    vault.look_again()
    renewed = vault.rewrapped(ANN, kept)
    assert renewed.master != kept.master
    assert vault.person(ANN, renewed).open("name", sealed) == "Ann"
    assert vault.person(ANN, kept).open("name", sealed) == "Ann", "both, until the old one is dropped"
    keyfile.without_old(vault.path)
    vault.look_again()
    with pytest.raises(VaultClosed, match="lacks the master key"):
        vault.person(ANN, kept)


def test_a_process_that_serves_learns_of_a_rotation(vault: Vault, monkeypatch: pytest.MonkeyPatch) -> None:
    serving = Vault(vault.path)
    old = serving.keys.newest_master
    keyfile.with_new(vault.path, master=True)
    vault.look_again()
    kept, _ = vault.new_person(ANN)
    assert serving.keys.newest_master == old, "it looks once a second"
    monkeypatch.setattr(serving, "_look_at", 0.0)
    serving.person(ANN, kept)
    assert serving.keys.newest_master == kept.master != old

    vault.path.unlink()
    monkeypatch.setattr(serving, "_look_at", 0.0)
    assert serving.keys.newest_master == kept.master, "it goes on with what it knows"


def test_while_index_keys_are_rotated_both_find(vault: Vault) -> None:
    old = vault.blind("card", "6200001")
    keyfile.with_new(vault.path, index=True)
    vault.look_again()
    assert vault.blinds("card", "6200001") == [vault.blind("card", "6200001"), old]
    assert vault.blind("card", "6200001") != old


@pytest.mark.parametrize(
    "text",
    [
        "13800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+86 138 0013 8000",
        "008613800138000",
        "１３８００１３８０００",
    ],
)
def test_a_phone_has_one_form_however_it_is_written(text: str) -> None:
    assert phone_in_form(text, region="CN") == "+8613800138000"


@pytest.mark.parametrize(
    "text", ["", "12", "no phone", "+86 138 0013 80", "+999 123456789", "138\u200b00138000"]
)
def test_what_is_no_phone_is_refused(text: str) -> None:
    with pytest.raises(TextRefused):
        phone_in_form(text, region="CN")


def test_without_a_region_a_phone_needs_its_country() -> None:
    assert region_of("CNY") == "CN"
    assert region_of("EUR") is None
    assert phone_in_form("+49 30 901820", region=None) == "+4930901820"
    with pytest.raises(TextRefused):
        phone_in_form("030 901820", region=None)


def test_e_mail_name_and_birthday_have_one_form() -> None:
    assert email_in_form(" Ann.Lee@Example.COM ") == "ann.lee@example.com"
    assert name_in_form("Zoe\u0308  Lee ") == "Zo\u00eb Lee"
    today = date(2026, 11, 28)
    assert birthday_in_form("1990-05-01", today=today) == "1990-05-01"
    for text in ("1990-02-30", "2027-01-01", "1890-01-01", "01.05.1990", ""):
        with pytest.raises(TextRefused):
            birthday_in_form(text, today=today)
    for text in ("ann", "ann@", "@example.com", "a b@example.com", "ann@localhost"):
        with pytest.raises(TextRefused):
            email_in_form(text)


@pytest.mark.parametrize(
    ("field", "value", "shown"),
    [
        ("phone", "+8613800138000", "+86•••••••8000"),
        ("email", "ann@example.com", "a••@example.com"),
        ("email", "a@example.com", "a•@example.com"),
        ("name", "陈小明", "陈••"),
        ("birthday", "1990-05-01", "••••-05-01"),
        ("card", "6200000001", "••••••0001"),
        ("card", "62", "62"),
        ("address", "1 Long Road, Town", "1••••••••"),
    ],
)
def test_what_is_masked_tells_one_from_another_and_no_more(field: str, value: str, shown: str) -> None:
    assert masked(field, value) == shown
