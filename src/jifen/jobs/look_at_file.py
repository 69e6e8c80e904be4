"""The process that looks at an uploaded file: `python -m jifen.jobs.look_at_file`. It may not grow, nor go on for long.

What is asked comes as JSON by standard input, the answer goes by standard output.
"""

from __future__ import annotations

import json
import resource
import sys
from contextlib import suppress
from pathlib import Path

CPU_SECONDS = 20
GROWS_BYTES = 1024**3


def main() -> None:
    """Look, and tell what was seen or why nothing was."""
    asked = json.load(sys.stdin)
    from jifen.insight.look_at_file import look_at_file
    from jifen.insight.read_purchases.reasons import FileRefused

    hold_small(GROWS_BYTES)
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_CPU, (CPU_SECONDS, CPU_SECONDS))
    try:
        told = look_at_file(Path(asked["path"]), what=asked["what"], name=asked["name"], form=asked["form"])
    except FileRefused as refused:
        told = {"refused": refused.code, "detail": refused.message(asked["language"])}
    json.dump(told, sys.stdout)


def hold_small(grows: int) -> None:
    """From now on this process takes at most so many bytes more of addresses, where the system can hold it to that."""
    with suppress(ValueError, OSError):
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[0])
        most = pages * resource.getpagesize() + grows
        resource.setrlimit(resource.RLIMIT_AS, (most, most))


if __name__ == "__main__":
    main()
