"""Who signs in to a demo with a click: `jifen demo` says it to the processes that serve, and their sign-in pages show it."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from typing import Final

VARIABLE: Final = "JIFEN_DEMO_SIGN_INS"
"""Only `jifen demo` sets it. Where it is set this is a demo: codes for members are shown then and not sent."""


def offer_sign_ins(people: Sequence[Mapping[str, str]]) -> None:
    """Say them to every process that is started from here on."""
    os.environ[VARIABLE] = json.dumps(list(people))


def sign_ins_offered() -> list[dict[str, str]]:
    """Who may sign in with a click; nobody where this is no demo."""
    told = os.environ.get(VARIABLE, "")
    return list(json.loads(told)) if told else []
