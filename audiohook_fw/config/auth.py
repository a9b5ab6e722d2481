"""The section `auth`: the API keys that may open calls, and how requests are checked.

Formats of keys and secrets: protocol 1.2 and 1.3. No message here repeats a key or a secret.
"""

from __future__ import annotations

import binascii
import re
from base64 import b64decode
from collections.abc import Iterator
from typing import Annotated, Final, Literal
from uuid import UUID

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from .fields import Network, Section, Words, number, seconds, text

__all__ = ["AuthSettings", "KeySettings"]

_API_KEY: Final = re.compile(r"[a-zA-Z0-9+/_-]+={0,2}")
_SECRET: Final = re.compile(r"(?:[A-Za-z\d+/]{4})*(?:[A-Za-z\d+/]{3}=?|[A-Za-z\d+/]{2}(?:==)?)?")


def _api_key(value: SecretStr) -> SecretStr:
    if not _API_KEY.fullmatch(value.get_secret_value()):
        raise ValueError("must be letters, digits and + / _ - with at most two = at the end")
    return value


def _secret(value: SecretStr) -> SecretStr:
    encoded = value.get_secret_value()
    allowed = "must be base64 of at least one byte (letters, digits, + and /; padding may be missing)"
    if not encoded or not _SECRET.fullmatch(encoded):
        raise ValueError(allowed)
    try:
        b64decode(encoded + "=" * (-len(encoded) % 4), validate=True)
    except binascii.Error:
        raise ValueError(allowed) from None
    return value


def _organization(value: object) -> object:
    if value == "*" or isinstance(value, UUID):
        return value
    try:
        return UUID(str(value))
    except ValueError:
        raise ValueError('must be a UUID, or "*" for every organization') from None


ApiKey = Annotated[SecretStr, AfterValidator(_api_key), Words("letters, digits and + / _ -, as text")]
Secret = Annotated[SecretStr, AfterValidator(_secret), Words("base64, as text")]
Organization = Annotated[UUID | Literal["*"], BeforeValidator(_organization), Words('a UUID or "*"')]


class KeySettings(Section):
    """One API key: what it proves, for which organizations, and which product speaks with it."""

    name: str = text("", "Name of this key in logs and metrics; the key itself never appears there.", most=64)
    api_key: ApiKey = Field(
        description="What Genesys sends as `X-API-KEY`: letters, digits and `+ / _ -`, "
        "at most two `=` at the end.",
        examples=["made-by-audiohook-fw-keys-new"],
    )
    secrets: list[Secret] = Field(
        default=[],
        description="Client secrets in base64, at least one byte each; while one is being changed, "
        "old and new. A list of texts; empty only for an unsigned key.",
    )
    organizations: list[Organization] = Field(
        default=["*"],
        min_length=1,
        description='Genesys organization ids (UUIDs) that may use this key, or `["*"]` for every one.',
    )
    unsigned: bool = Field(
        default=False,
        description="Requests with this key carry no signature, so whoever knows the key can open calls. "
        "true or false.",
    )
    product: Literal["monitor", "transcription", "connector"] = Field(
        default="monitor",
        description="What the integration in Genesys is: `monitor` (AudioHook Monitor, listens), "
        "`transcription` (Transcription Connector, transcripts go back) or `connector` (Audio Connector, "
        "audio goes back).",
    )
    byte_order: Literal["little", "big"] = Field(
        default="little", description="Byte order of L16 audio of this key: `little` or `big`."
    )
    interims: bool = Field(
        default=False,
        description="Send interim transcripts too, not only final ones. true or false.",
    )

    def disagreements(self) -> Iterator[tuple[str, str]]:
        """Yield what is wrong between these settings."""
        if self.unsigned and self.secrets:
            yield "unsigned", "is true although there are secrets; remove the secrets or set unsigned = false"
        if not self.unsigned and not self.secrets:
            yield "secrets", "is empty; give at least one base64 secret, or set unsigned = true"
        if "*" in self.organizations and len(self.organizations) > 1:
            yield "organizations", 'holds "*" next to ids; write ["*"] alone, or ids alone'


class AuthSettings(Section):
    """The API keys that may open calls, and how requests are checked."""

    keys: list[KeySettings] = Field(
        default=[],
        description="The API keys that may open calls, one table `[[auth.keys]]` each. Read again on SIGHUP.",
    )
    max_age: float = seconds(10.0, "Greatest age of a signature, told by its `created`.", ge=1, le=300)
    skew: float = seconds(5.0, "How far in the future `created` may lie, for clocks that differ.", le=300)
    failure_delay: float = seconds(0.5, "Delay before the answer to a request that is refused (401).", le=10)
    failure_slots: int = number(
        100, "How many refused requests may wait at once; beyond that the connection is closed unanswered.",
        ge=0, le=100_000, unit="requests")  # fmt: skip
    replay_capacity: int = number(
        100_000, "How many nonces are remembered, to refuse requests that come twice.",
        ge=100, le=10_000_000, unit="nonces")  # fmt: skip
    allowed_addresses: list[Network] = Field(
        default=[],
        description="Address ranges that may connect; empty allows every address. A list of CIDR ranges.",
    )
    credential_timeout: float = seconds(
        2.0, "How long plugins may take to find a credential (`find_credential`).", ge=0.01, le=30
    )
    credential_cache: float = seconds(
        300.0, "How long a credential found by a plugin is remembered.", le=86_400
    )

    def disagreements(self) -> Iterator[tuple[str, str]]:
        """Yield keys that are given twice, by their places: the keys themselves are secret."""
        first: dict[str, int] = {}
        for place, key in enumerate(self.keys):
            earlier = first.setdefault(key.api_key.get_secret_value(), place)
            if earlier != place:
                yield (
                    f"keys[{place}].api_key",
                    f"is the same as auth.keys[{earlier}].api_key; every key must be different "
                    "(list several secrets under one key to change a secret)",
                )
