"""The first rows of an uploaded file and what its columns seem to be, found by a small process that may not grow.

A file from outside may be anything: what is read here is read where it can harm nobody (decision 0133).
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import Any, Final

from jifen.domain.file_refusals import FileUnusable

PROCESS: Final = "jifen.jobs.look_at_file"
SECONDS_MAX: Final = 30
_one_at_a_time = asyncio.Semaphore(1)


async def look_at_file(
    path: Path, *, what: str, name: str, language: str, form: dict[str, str]
) -> dict[str, Any]:
    """What the process tells: format, encoding, separator, quote, header, rows, mapping.

    Shape
        form   how the file is written, where somebody said so: encoding, separator, quote

    Refuses
        FileUnusable   it is not written so, holds nothing, or takes more time or memory than a look may
    """
    asked = {"path": str(path), "what": what, "name": name, "language": language, "form": form}
    async with _one_at_a_time:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", PROCESS,
            stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL,
        )  # fmt: skip
        try:
            async with asyncio.timeout(SECONDS_MAX):
                out, _ = await process.communicate(json.dumps(asked).encode())
        except TimeoutError:
            raise _too_much() from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
    if process.returncode != 0:
        raise _too_much()
    told: dict[str, Any] = json.loads(out)
    if "refused" in told:
        raise FileUnusable(told["detail"], pointer="/query", reason=told["refused"])
    return told


def _too_much() -> FileUnusable:
    return FileUnusable(
        "looking at its first rows took too much time or memory: it is damaged, or pressed so that it swells when it is read",
        reason="file_unreadable",
    )
