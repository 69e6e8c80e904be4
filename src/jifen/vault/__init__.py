"""What is personal is kept here as nobody reads it without the keys: sealed under a key of the person's own, found by a keyed
blind index. The keys stand in a file outside the database and its backup (decision 0126)."""

from jifen.vault.keyfile import KeyFile, KeyFileTorn, default_path
from jifen.vault.vault import LOOKS_EVERY_SECONDS, PersonKey, Sealer, SealTorn, Vault

__all__ = [
    "LOOKS_EVERY_SECONDS",
    "KeyFile",
    "KeyFileTorn",
    "PersonKey",
    "SealTorn",
    "Sealer",
    "Vault",
    "default_path",
]
