"""How a file comes in: streamed to Jifen's folder, never into memory, under a ceiling, and not there when the line breaks."""

from __future__ import annotations

import asyncio
import hashlib
import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import uuid4

from fastapi import Request
from starlette.requests import ClientDisconnect

from jifen.api.errors import BodyCutShort, Busy, UploadTooLarge
from jifen.domain.file_refusals import NoRoom
from jifen.embedded import home_folder
from jifen.store.task_files import incoming_folder

UPLOAD_BYTES_MAX: Final = 2 * 1024**3
LEFT_FREE_BYTES: Final = 1024**3
"""So much of the disk stays free: the ledger writes there too."""
AT_ONCE_MAX: Final = 2
SILENT_SECONDS_MAX: Final = 30
_WRITES_BYTES: Final = 1024**2
_now: set[Path] = set()


@dataclass(frozen=True, slots=True, kw_only=True)
class Uploaded:
    """A file that has come in whole."""

    path: Path
    size: int
    sha256: str


def home_of(request: Request) -> Path:
    """Jifen's folder."""
    home: Path | None = request.app.state.home
    return home or home_folder()


@asynccontextmanager
async def uploaded(request: Request) -> AsyncIterator[Uploaded]:
    """The body of a request as a file. It is gone after the block, unless it was moved away.

    Refuses
        UploadTooLarge   it has more than 2 GiB, or says so
        NoRoom           the disk would be full
        BodyCutShort     the line broke, stood still, or another length was announced
        Busy             two are being uploaded already
    """
    home = home_of(request)
    announced = request.headers.get("content-length", "")
    length = int(announced[:20]) if announced.isdigit() else None
    if length is not None and length > UPLOAD_BYTES_MAX:
        raise UploadTooLarge(bytes_max=UPLOAD_BYTES_MAX)
    if len(_now) >= AT_ONCE_MAX:
        raise Busy("two files are being uploaded already: wait until one is there")
    folder = incoming_folder(home)
    _refuse_without_room(folder, length or 0)
    path = folder / uuid4().hex
    _now.add(path)
    try:
        yield await _written(request, path, length)
    finally:
        _now.discard(path)
        path.unlink(missing_ok=True)


async def _written(request: Request, path: Path, length: int | None) -> Uploaded:
    digest, size, waiting = hashlib.sha256(), 0, bytearray()

    def write(part: bytes) -> None:
        digest.update(part)
        stream.write(part)

    handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "wb", buffering=0) as stream:
        parts = request.stream().__aiter__()
        while True:
            try:
                part = await asyncio.wait_for(anext(parts), SILENT_SECONDS_MAX)
            except StopAsyncIteration:
                break
            except (TimeoutError, ClientDisconnect):
                raise BodyCutShort(bytes_announced=length, bytes_came=size) from None
            size += len(part)
            if size > UPLOAD_BYTES_MAX:
                raise UploadTooLarge(bytes_max=UPLOAD_BYTES_MAX)
            waiting += part
            if len(waiting) >= _WRITES_BYTES:
                _refuse_without_room(path.parent, len(waiting))
                await asyncio.to_thread(write, bytes(waiting))
                waiting.clear()
        await asyncio.to_thread(write, bytes(waiting))
        await asyncio.to_thread(os.fsync, stream.fileno())
    if length is not None and size != length:
        raise BodyCutShort(bytes_announced=length, bytes_came=size)
    return Uploaded(path=path, size=size, sha256=digest.hexdigest())


def _refuse_without_room(folder: Path, wanted: int) -> None:
    free = shutil.disk_usage(folder).free
    if free - wanted < LEFT_FREE_BYTES:
        raise NoRoom(
            f"the disk has {free >> 20} MiB left, of which {LEFT_FREE_BYTES >> 20} stay free: make room, or send less",
            free_bytes=free,
        )
