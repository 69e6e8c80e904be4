"""From where somebody asks: the address of the connection, or what a proxy that is believed forwards (`jifen serve --proxy`)."""

from __future__ import annotations

import ipaddress
from functools import lru_cache

from starlette.types import Scope


def address_of(scope: Scope) -> str | None:
    """The address as the audit keeps it; None: it is none, whatever a header said."""
    client = scope.get("client")
    return _address(client[0]) if client else None


@lru_cache(maxsize=4_096)
def _address(told: str) -> str | None:
    try:
        return str(ipaddress.ip_address(told.partition("%")[0]))
    except ValueError:
        return None
