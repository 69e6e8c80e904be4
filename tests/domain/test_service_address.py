"""Where browsers find this service: an address that passkeys can belong to, or a refusal that says how one is written."""

from __future__ import annotations

import pytest

from jifen.domain.refusals import FieldWrong
from jifen.domain.service_address import service_address_of


@pytest.mark.parametrize(
    ("text", "origin", "host"),
    [
        ("https://Points.Example.cn", "https://points.example.cn", "points.example.cn"),
        (" https://points.example.cn:443/ ", "https://points.example.cn", "points.example.cn"),
        ("https://points.example.cn:8443/", "https://points.example.cn:8443", "points.example.cn"),
        ("http://localhost:8000", "http://localhost:8000", "localhost"),
        ("https://b\u00fccher.example", "https://xn--bcher-kva.example", "xn--bcher-kva.example"),
    ],
)
def test_an_address_is_https_and_a_name_or_localhost(text: str, origin: str, host: str) -> None:
    found = service_address_of(text)
    assert (found.origin, found.host) == (origin, host)


@pytest.mark.parametrize(
    "text",
    [
        "points.example.cn",
        "http://points.example.cn",
        "https://192.0.2.7",
        "https://[::1]",
        "https://a.example/x",
        "ftp://a.example",
        "https://u@a.example",
        "https://a.example:x",
        "https://",
        "https://a..example",
        "https://a.example?x",
    ],
)
def test_what_is_no_address_is_refused_and_says_how_one_is_written(text: str) -> None:
    with pytest.raises(FieldWrong, match="JIFEN_ADDRESS"):
        service_address_of(text)
