"""Secrets at rest: they open with the key that sealed them, for what they were sealed for, and with nothing else."""

from __future__ import annotations

import pytest

from jifen.domain.refusals import VaultClosed
from jifen.store.sealed import Sealer


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
    with pytest.raises(VaultClosed):
        Sealer(key).unseal(bytes(kept), purpose=purpose, about=about)
