"""The file of keys: one line a key, its use, its name and 32 bytes as base64.

    ledger   never changed: proves that the file belongs to a ledger, and keys the fingerprints of what was asked
    master   wraps the keys of persons; the first is the one that new ones are wrapped under
    index    keys the blind index; the first is the one that is written, all are looked up

It is readable by its owner only, and is never written over: a new key is put above the others in a new file that takes the old
one's place.
"""

from __future__ import annotations

import base64
import binascii
import os
import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from jifen.embedded import home_folder

FILE = "master.keys"
KEY_BYTES = 32
_USES = ("ledger", "master", "index")
_HEAD = """# Jifen: the keys of personal data. Whoever has this file and the database can read what members told of themselves;
# without it nobody can, ever again. Keep a copy of it, and never beside a backup of the database.
"""


class KeyFileTorn(ValueError):
    """A file of keys that cannot be used: the sentence says why and what to do."""


class KeyFile(NamedTuple):
    """The keys by name, of each use the newest first."""

    ledger: bytes
    masters: Mapping[str, bytes]
    indexes: Mapping[str, bytes]

    @property
    def newest_master(self) -> str:
        """The name of the master key that new keys of persons are wrapped under."""
        return next(iter(self.masters))

    @property
    def newest_index(self) -> str:
        """The name of the index key that is written."""
        return next(iter(self.indexes))


def default_path() -> Path:
    """Where the keys stand: JIFEN_MASTER_KEYS, or `master.keys` in Jifen's folder."""
    named = os.environ.get("JIFEN_MASTER_KEYS")
    return Path(named).expanduser().absolute() if named else home_folder() / FILE


def new_keys() -> KeyFile:
    """Keys that nobody has had."""
    return KeyFile(_key(), {_name(): _key()}, {_name(): _key()})


def read(path: Path) -> KeyFile:
    """The keys of a file.

    Raises
        FileNotFoundError   it is not there
        KeyFileTorn         it is no file of keys, or others may read it
    """
    if path.stat().st_mode & 0o077:
        raise KeyFileTorn(f"{path} can be read by others than its owner: chmod 600 {path}")
    found: dict[str, dict[str, bytes]] = {use: {} for use in _USES}
    for number, line in enumerate(path.read_text(encoding="ascii").splitlines(), start=1):
        if not line.strip() or line.startswith("#"):
            continue
        use, key, name = _read_line(path, number, line)
        found[use][name] = key
    missing = [use for use in _USES if not found[use]]
    if missing:
        raise KeyFileTorn(f"{path} has no key of the use {missing[0]!r}: is it the right file?")
    return KeyFile(next(iter(found["ledger"].values())), found["master"], found["index"])


def _read_line(path: Path, number: int, line: str) -> tuple[str, bytes, str]:
    words = line.split()
    if len(words) != len(_USES) or words[0] not in _USES:
        raise KeyFileTorn(f"{path}, line {number}: a line is a use ({', '.join(_USES)}), a name and a key")
    use, name, text = words
    try:
        key = base64.b64decode(text, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise KeyFileTorn(f"{path}, line {number}: a key is {KEY_BYTES} bytes as base64")
    return use, key, name


def read_or_make(path: Path) -> KeyFile:
    """The keys of a file, made now where it is not there. Of two processes that make it one does, and both read that."""
    try:
        return read(path)
    except FileNotFoundError:
        _write(path, new_keys(), over=False)
        return read(path)


def with_new(path: Path, *, master: bool = False, index: bool = False) -> KeyFile:
    """Put a new master or index key above the others, in the file's place."""
    keys = read(path)
    if master:
        keys = keys._replace(masters={_name(): _key(), **keys.masters})
    if index:
        keys = keys._replace(indexes={_name(): _key(), **keys.indexes})
    _write(path, keys, over=True)
    return keys


def without_old(path: Path) -> KeyFile:
    """Leave of each use only the newest, in the file's place: nothing is sealed or found under the others any more."""
    keys = read(path)
    keys = keys._replace(
        masters={keys.newest_master: keys.masters[keys.newest_master]},
        indexes={keys.newest_index: keys.indexes[keys.newest_index]},
    )
    _write(path, keys, over=True)
    return keys


def _write(path: Path, keys: KeyFile, *, over: bool) -> None:
    lines = [f"ledger ledger {_text(keys.ledger)}"]
    lines += [f"master {name} {_text(key)}" for name, key in keys.masters.items()]
    lines += [f"index {name} {_text(key)}" for name, key in keys.indexes.items()]
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(_HEAD + "\n".join(lines) + "\n")
            file.flush()
            os.fsync(file.fileno())
        if over:
            beside.replace(path)
        else:
            try:
                path.hardlink_to(beside)
            except FileExistsError:
                return  # another process was first: its keys count
        folder = os.open(path.parent, os.O_RDONLY)
        os.fsync(folder)
        os.close(folder)
    finally:
        beside.unlink(missing_ok=True)


def _key() -> bytes:
    return secrets.token_bytes(KEY_BYTES)


def _name() -> str:
    return secrets.token_hex(4)


def _text(key: bytes) -> str:
    return base64.b64encode(key).decode()
