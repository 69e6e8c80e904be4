"""An authenticator made of software, which does what it is told: also what a real one would never do."""

from __future__ import annotations

import hashlib
import json
import secrets
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

HOST, ORIGIN = "points.example.cn", "https://points.example.cn"
PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def as_text(told: bytes) -> str:
    """base64url without padding."""
    return urlsafe_b64encode(told).decode().rstrip("=")


def as_bytes(text: str) -> bytes:
    """The bytes of base64url without padding."""
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(kw_only=True)
class Authenticator:
    """One credential; `count` is how often it has signed."""

    count: int = 0
    credential_id: bytes = field(default_factory=lambda: secrets.token_bytes(32))
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))

    def added(
        self,
        offered: dict[str, Any],
        *,
        name: str = "Laptop",
        origin: str = ORIGIN,
        flags: int = PRESENT | VERIFIED,
    ) -> dict[str, Any]:
        """What adding it sends."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        kept = bytes(16) + len(self.credential_id).to_bytes(2, "big") + self.credential_id + cbor2.dumps(cose)
        data = self._head(offered["rp_id"], flags | ATTESTED) + kept
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return {
            "challenge_id": offered["challenge_id"],
            "name": name,
            "credential_id": as_text(self.credential_id),
            "client_data": as_text(_client("webauthn.create", offered["challenge"], origin)),
            "attestation": as_text(attestation),
        }

    def answered(
        self,
        asked: dict[str, Any],
        *,
        origin: str = ORIGIN,
        host: str | None = None,
        flags: int = PRESENT | VERIFIED,
        handle: bytes | None = None,
        counts: bool = True,
    ) -> dict[str, Any]:
        """What signing in by it sends."""
        self.count += 1 if counts else 0
        data = self._head(host or asked["rp_id"], flags)
        client = _client("webauthn.get", asked["challenge"], origin)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        sent = {
            "challenge_id": asked["challenge_id"],
            "credential_id": as_text(self.credential_id),
            "client_data": as_text(client),
            "authenticator_data": as_text(data),
            "signature": as_text(signature),
        }
        return {**sent, "user_handle": as_text(handle)} if handle else sent

    def _head(self, host: str, flags: int) -> bytes:
        return hashlib.sha256(host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")


def _client(kind: str, challenge: str, origin: str) -> bytes:
    return json.dumps({"type": kind, "challenge": challenge, "origin": origin, "crossOrigin": False}).encode()
