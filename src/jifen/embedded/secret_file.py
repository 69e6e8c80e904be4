"""A secret that lies outside of the database and of its backup: in a file of its own, or in the environment."""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from pathlib import Path

SECRET_BYTES = 32


class SecretWrong(Exception):
    """A secret that is named cannot be used."""


def kept_secrets(folder: Path, name: str, variable: str) -> tuple[bytes, ...]:
    """The secrets of that name, the newest first: of the environment's `variable`, else of the file `name` in the folder, which
    is made where there is none (0600). Several are separated by commas or lines: the first is used for what is new.

    Refuses
        SecretWrong   one is not 32 bytes in Base64, or the file cannot be made
    """
    told = os.environ.get(variable)
    if told is not None:
        return _read(told, f"the variable {variable}")
    path = folder / name
    try:
        if not path.exists():
            folder.mkdir(parents=True, exist_ok=True)
            _make(path)
        return _read(path.read_text(encoding="ascii"), str(path))
    except (OSError, UnicodeDecodeError) as failure:
        raise SecretWrong(
            f"{path} cannot be read or made: {failure}. Name another in {variable}."
        ) from failure


def _make(path: Path) -> None:
    """Write a new secret whole: of two who make it at once, both then read that of the first."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(base64.urlsafe_b64encode(secrets.token_bytes(SECRET_BYTES)).decode() + "\n")
            file.flush()
            os.fsync(file.fileno())
        try:
            os.link(draft, path)
        except FileExistsError:
            return
    finally:
        draft.unlink(missing_ok=True)


def _read(text: str, where: str) -> tuple[bytes, ...]:
    found = []
    for one in text.replace(",", "\n").split():
        try:
            secret = base64.urlsafe_b64decode(one + "=" * (-len(one) % 4))
        except (binascii.Error, ValueError):
            secret = b""
        if len(secret) != SECRET_BYTES:
            raise SecretWrong(f"{where} holds what is not {SECRET_BYTES} bytes in URL-safe Base64")
        found.append(secret)
    if not found:
        raise SecretWrong(f"{where} is empty")
    return tuple(found)
