"""The documented example request (protocol 1.5, V1), and a builder for variations of it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from audiohook_fw.auth import (
    Authenticator,
    Credential,
    HeaderFields,
    KeyRing,
    Message,
    SignaturePolicy,
    UpgradeRequest,
    Verifier,
    decode_secret,
    normalize_authority,
    sign,
)
from audiohook_fw.errors import AuthenticationError

NOW = 1641013200
API_KEY = "SGVsbG8sIEkgYW0gdGhlIEFQSSBrZXkh"
SECRET_TEXT = "TXlTdXBlclNlY3JldEtleVRlbGxOby0xITJAMyM0JDU="
TARGET = "/api/v1/voicebiometrics/ws"
IDS = {
    "Audiohook-Organization-Id": "d7934305-0972-4844-938e-9060eef73d05",
    "Audiohook-Session-Id": "30b0e395-84d3-4570-ac13-9a62d8f514c0",
    "Audiohook-Correlation-Id": "e160e428-53e2-487c-977d-96989bf5c99d",
}


@dataclass
class Wire:
    """A request in the making: change it, sign it, change it again, send it."""

    target: str = TARGET
    peer: str = "192.0.2.7"
    headers: list[tuple[str, str]] = field(
        default_factory=lambda: [
            ("Host", "audiohook.example.com"),
            *IDS.items(),
            ("X-API-KEY", API_KEY),
            ("Sec-WebSocket-Key", "SSdtIGEgV2ViU29ja2V0IQ=="),
            ("User-Agent", "GenesysCloud-AudioHook-Client"),
        ]
    )

    def get(self, name: str) -> str:
        return next(value for key, value in self.headers if key.lower() == name.lower())

    def set(self, name: str, value: str) -> Wire:
        self.drop(name).headers.append((name, value))
        return self

    def add(self, name: str, value: str) -> Wire:
        self.headers.append((name, value))
        return self

    def drop(self, name: str) -> Wire:
        self.headers = [(key, value) for key, value in self.headers if key.lower() != name.lower()]
        return self

    def sign(self, **overrides: Any) -> Wire:
        arguments: dict[str, Any] = {
            "target": self.target,
            "authority": normalize_authority(self.get("Host")),
            "headers": self.headers,
            "secret": decode_secret(SECRET_TEXT),
            "key_id": API_KEY,
            "nonce": "VGhpc0lzQVVuaXF1ZU5vbmNl",
            "created": NOW,
            "expires": NOW + 30,
        } | overrides
        for name, value in sign(**arguments).items():
            self.set(name, value)
        return self

    def request(self) -> UpgradeRequest:
        return UpgradeRequest("GET", self.target, self.peer, self.headers)

    def message(self) -> Message:
        return Message("GET", self.target, HeaderFields(self.headers))

    def outcome(self, policy: SignaturePolicy | None = None) -> str | None:
        """Return why a verifier refuses the signature, or `None`."""
        try:
            Verifier(policy).verify(self.message(), API_KEY, (decode_secret(SECRET_TEXT),), NOW)
        except AuthenticationError as error:
            return error.reason
        return None


@pytest.fixture
def wire() -> Wire:
    """An unsigned request; `wire.sign(...)` signs it as it then is."""
    return Wire()


@pytest.fixture
def documented(wire: Wire) -> Wire:
    """The documented example, with the signature as documented (V1)."""
    covered = (
        '("@request-target" "@authority" "audiohook-organization-id" "audiohook-session-id" '
        '"audiohook-correlation-id" "x-api-key")'
    )
    return wire.set(
        "Signature-Input",
        f'sig1={covered};keyid="{API_KEY}";nonce="VGhpc0lzQVVuaXF1ZU5vbmNl";alg="hmac-sha256"'
        ";created=1641013200;expires=3282026430",
    ).set("Signature", "sig1=:NZBwyBHRRyRoeLqy1IzOa9VYBuI8TgMFt2GRDkDuJh4=:")


@pytest.fixture
def credential() -> Credential:
    """The credential of the documented example, for any organization."""
    return Credential.from_text(name="example", api_key=API_KEY, secrets=[SECRET_TEXT])


@pytest.fixture
def authenticator(credential: Credential) -> Authenticator:
    """An authenticator that knows that credential, with default limits."""
    return Authenticator(KeyRing([credential]))
