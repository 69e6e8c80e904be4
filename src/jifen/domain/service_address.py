"""Where people's browsers find this service: `https://points.example.cn`. What a passkey is bound to follows from it."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from jifen.domain.refusals import FieldWrong

ADDRESS_VARIABLE: Final = "JIFEN_ADDRESS"
_HOST = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*")
_DEFAULT_PORT: Final = {"https": 443, "http": 80}


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceAddress:
    """An address as a browser writes it.

    Shape
        origin   scheme, host and the port where it is not the scheme's own
        host     what a passkey belongs to
    """

    origin: str
    host: str


def service_address_of(text: str) -> ServiceAddress:
    """The address that was set.

    Refuses
        FieldWrong   no https (http is let through for localhost alone), an IP address, a path, or no address at all
    """
    wrong = FieldWrong(
        f"{ADDRESS_VARIABLE} is where browsers find this service, such as https://points.example.cn: https, a name and not an "
        f"IP address, no path; http for localhost alone. It is {text[:100]!r}",
        pointer=f"/{ADDRESS_VARIABLE}",
    )
    try:
        parts = urlsplit(text.strip())
        host, port = (parts.hostname or "").encode("idna").decode().lower(), parts.port
    except (ValueError, UnicodeError):
        raise wrong from None
    if parts.scheme not in _DEFAULT_PORT or parts.path not in ("", "/") or "@" in parts.netloc:
        raise wrong
    if parts.query or parts.fragment or len(host) > 253 or not _HOST.fullmatch(host) or _is_ip(host):
        raise wrong
    if parts.scheme == "http" and host != "localhost":
        raise wrong
    shown = "" if port in (None, _DEFAULT_PORT[parts.scheme]) else f":{port}"
    return ServiceAddress(origin=f"{parts.scheme}://{host}{shown}", host=host)


def _is_ip(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
