"""HTTP message signatures as AudioHook uses them: the signature base, the HMAC, and signing.

Source: protocol 1.4 (RFC 9421 with the draft's names; both yield the same bytes here). The
parser and serialiser of structured fields is http-sf.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import http_sf

from .request import HeaderFields, HeaderSource

__all__ = [
    "ALGORITHM",
    "REQUIRED_COMPONENTS",
    "Message",
    "compute_signature",
    "normalize_authority",
    "sign",
    "signature_base",
]

ALGORITHM: Final = "hmac-sha256"

REQUIRED_COMPONENTS: Final = (
    "@request-target",
    "@authority",
    "audiohook-organization-id",
    "audiohook-session-id",
    "audiohook-correlation-id",
    "x-api-key",
)
"""What every signature must cover, in the order of the documented example (any order is valid)."""

_DEFAULT_PORT = re.compile(r":(?:443|80)\Z")
# Line feeds above all: one inside a value would let it forge the lines that follow.
_UNSIGNABLE = re.compile(r"[^\t\x20-\x7e]")


@dataclass(frozen=True, slots=True)
class Message:
    """The parts of a request that a signature may cover; `repr` shows none of the values."""

    method: str
    target: str = field(repr=False)
    headers: HeaderFields = field(repr=False)

    def component(self, name: str, authority: str) -> str | None:
        """Return the value of a component, or `None` when the request has none of that name.

        Args:
            name: lower-case header name, or one of the derived names that a server can know for
                sure (`@scheme` and `@target-uri` are not: a proxy may end TLS).
            authority: the value of `@authority`.
        """
        if not name.startswith("@"):
            return self.headers.joined(name)
        path, mark, query = self.target.partition("?")
        derived = {
            "@request-target": self.target,
            "@authority": authority,
            "@method": self.method,
            "@path": path,
            "@query": "?" + query if mark else "?",
        }
        return derived.get(name)


def normalize_authority(host: str) -> str:
    """Return `Host` as `@authority` has it: lower case, without a default port (443, 80)."""
    return _DEFAULT_PORT.sub("", host.strip().lower())


def signature_base(components: Iterable[tuple[str, str]], parameters: str) -> bytes:
    """Return the bytes that are signed.

    Args:
        components: name and value of each covered component, in signed order.
        parameters: the inner list with its parameters, as in `Signature-Input` after the label.

    Raises:
        ValueError: when a value holds what cannot be signed (line breaks, control characters,
            anything but ASCII).
    """
    lines = [f'"{name}": {value}' for name, value in components]
    lines.append(f'"@signature-params": {parameters}')
    if any(map(_UNSIGNABLE.search, lines)):
        raise ValueError("a covered value holds characters that cannot be signed")
    return "\n".join(lines).encode("ascii")


def compute_signature(secret: bytes, base: bytes) -> bytes:
    """Return the HMAC-SHA256 of the base, 32 bytes; `secret` is the decoded secret."""
    return hmac.digest(secret, base, "sha256")


def sign(
    *,
    target: str,
    authority: str,
    headers: HeaderSource,
    secret: bytes,
    key_id: str,
    nonce: str,
    created: int,
    expires: int | None = None,
    components: Sequence[str] = REQUIRED_COMPONENTS,
    label: str = "sig1",
    algorithm: str = ALGORITHM,
    tag: str | None = None,
    method: str = "GET",
) -> dict[str, str]:
    """Sign a request as a client does; return the `Signature-Input` and `Signature` headers.

    Args:
        target: path and query exactly as they will be sent.
        authority: host, with the port unless it is the default one (`normalize_authority`).
        headers: those that will be sent; every covered one must be there.
        secret: the decoded secret.
        key_id: the value of `X-API-KEY`.
        nonce: at least 22 characters, never used before.
        created: Unix seconds.
        expires: Unix seconds; `None` leaves it out.
        components: what is covered, in this order.
        tag: an application tag; `None` leaves it out, as AudioHook clients do.

    Raises:
        ValueError: when a covered component is missing, or a value cannot be signed.
    """
    message = Message(method, target, HeaderFields(headers))
    values = [(name, message.component(name, authority)) for name in components]
    covered = [(name, value) for name, value in values if value is not None]
    if len(covered) < len(values):
        raise ValueError(f"nothing to sign for {[name for name, value in values if value is None]}")
    given = {
        "keyid": key_id,
        "nonce": nonce,
        "alg": algorithm,
        "created": created,
        "expires": expires,
        "tag": tag,
    }
    parameters: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
    items: list[Any] = [(name, {}) for name in components]
    signature_input = http_sf.ser({label: (items, parameters)})
    base = signature_base(covered, signature_input.partition("=")[2])
    signature = http_sf.ser({label: (compute_signature(secret, base), {})})
    return {"Signature-Input": signature_input, "Signature": signature}
