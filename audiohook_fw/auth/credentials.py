"""API keys and what each may do. Nothing here ever shows a key or a secret."""

from __future__ import annotations

import re
from base64 import b64decode
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, Self

from audiohook_fw.protocol import is_uuid

__all__ = ["ByteOrder", "Credential", "KeyRing", "Product", "decode_secret", "is_api_key"]

Product = Literal["monitor", "transcription", "connector"]
"""Which integration uses the key: decides what may be sent back."""

ByteOrder = Literal["little", "big"]
"""The order of bytes in L16 audio."""

_API_KEY = re.compile(r"[a-zA-Z0-9+/_-]+={0,2}")
_SECRET = re.compile(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{3}=?|[A-Za-z0-9+/]{2}(?:==)?)?")


def is_api_key(text: str) -> bool:
    """Tell whether it has the form of an `X-API-KEY` (protocol 1.2)."""
    return _API_KEY.fullmatch(text) is not None


def decode_secret(text: str) -> bytes:
    """Decode a client secret from its base64 text; padding may be missing.

    Raises:
        ValueError: when it is empty or not base64 (protocol 1.3); never names the secret.
    """
    text = text.strip()
    if not text:
        raise ValueError("the secret is empty: a key without a secret must say `unsigned`")
    if _SECRET.fullmatch(text) is None:
        raise ValueError("the secret is not base64: give the text that is typed into the integration")
    bare = text.rstrip("=")
    return b64decode(bare + "=" * (-len(bare) % 4))


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Credential:
    """One API key, its secrets and its rights.

    Attributes:
        api_key: what the client sends as `X-API-KEY`.
        secrets: decoded HMAC keys; any of them may sign, so that a secret can be changed.
        name: what logs and metrics call the key.
        organizations: lower-case organization ids that may use the key; `None` for any.
        unsigned: the key has no secret and its requests must not be signed.
        product: which integration uses the key.
        byte_order: of L16 audio.
        interims: whether interim transcripts are sent back.

    Raises:
        ValueError: when the key has a wrong form, has neither a secret nor `unsigned` or both,
            or names no organization. The message names the credential, never key or secret.
    """

    api_key: str
    secrets: tuple[bytes, ...] = ()
    name: str = ""
    organizations: frozenset[str] | None = None
    unsigned: bool = False
    product: Product = "monitor"
    byte_order: ByteOrder = "little"
    interims: bool = False

    def __post_init__(self) -> None:
        if not is_api_key(self.api_key):
            raise ValueError(f"key {self.name!r}: the API key may hold letters, digits, + / _ - and end in =")
        if self.unsigned == bool(self.secrets):
            raise ValueError(f"key {self.name!r}: give either a secret or `unsigned`")
        if not all(self.secrets):
            raise ValueError(f"key {self.name!r}: a secret is empty")
        if self.organizations is not None:
            object.__setattr__(self, "organizations", self._read_organizations(self.organizations))

    @classmethod
    def from_text(
        cls,
        *,
        api_key: str,
        secrets: Iterable[str] = (),
        organizations: Iterable[object] = ("*",),
        name: str = "",
        unsigned: bool = False,
        product: Product = "monitor",
        byte_order: ByteOrder = "little",
        interims: bool = False,
    ) -> Self:
        """Make a credential of what people write: base64 secrets, organization ids or `*`.

        Raises:
            ValueError: as the class does, and for a secret that is not base64.
        """
        try:
            decoded = tuple(map(decode_secret, secrets))
        except ValueError as error:
            raise ValueError(f"key {name!r}: {error}") from None
        ids = frozenset(str(organization) for organization in organizations)
        return cls(
            api_key=api_key,
            secrets=decoded,
            name=name,
            organizations=None if "*" in ids else ids,
            unsigned=unsigned,
            product=product,
            byte_order=byte_order,
            interims=interims,
        )

    def __repr__(self) -> str:
        return f"Credential(name={self.name!r}, product={self.product!r})"

    def allows(self, organization_id: str) -> bool:
        """Tell whether that organization may use the key; upper and lower case are the same."""
        return self.organizations is None or organization_id.lower() in self.organizations

    def _read_organizations(self, ids: Iterable[str]) -> frozenset[str]:
        organizations = frozenset(map(str.lower, ids))
        if not organizations:
            raise ValueError(f"key {self.name!r}: no organization may use it: give ids, or `*` for any")
        if not all(map(is_uuid, organizations)):
            raise ValueError(f"key {self.name!r}: an organization is not a UUID")
        return organizations


class KeyRing:
    """The configured credentials by API key.

    Look-up is by hash: how long it takes tells nothing of how much of a guessed key was right
    (CPython salts string hashes per process, and compares texts only when the hashes agree).

    Raises:
        ValueError: when two credentials have the same API key; names them by name.
    """

    __slots__ = ("_by_key",)

    def __init__(self, credentials: Iterable[Credential] = ()) -> None:
        self._by_key = _index(credentials)

    def __len__(self) -> int:
        return len(self._by_key)

    def __repr__(self) -> str:
        return f"KeyRing({len(self)} keys)"

    def get(self, api_key: str) -> Credential | None:
        """Return the credential of that key, or `None`."""
        return self._by_key.get(api_key)

    def replace(self, credentials: Iterable[Credential]) -> None:
        """Put other credentials in place of all present ones, or none of them on an error.

        Running calls keep the credential they came with.

        Raises:
            ValueError: as the class does; the old credentials then stay.
        """
        self._by_key = _index(credentials)


def _index(credentials: Iterable[Credential]) -> dict[str, Credential]:
    by_key: dict[str, Credential] = {}
    for credential in credentials:
        other = by_key.setdefault(credential.api_key, credential)
        if other is not credential:
            raise ValueError(f"keys {other.name!r} and {credential.name!r} have the same API key")
    return by_key
