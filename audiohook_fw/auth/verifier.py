"""Check the signature of an upgrade request. Every byte of it may come from an attacker."""

from __future__ import annotations

import hmac
import secrets as randomness
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from audiohook_fw.errors import AuthenticationError

from .failure import AuthFailure
from .signature import (
    ALGORITHM,
    Message,
    compute_signature,
    normalize_authority,
    signature_base,
)
from .signature_fields import Candidate, covered_names, read_candidates

__all__ = ["SignaturePolicy", "VerifiedSignature", "Verifier"]

_MIN_NONCE: Final = 22
_ORDER: Final = tuple(AuthFailure)


@dataclass(frozen=True, slots=True)
class SignaturePolicy:
    """What a signature is measured against.

    Attributes:
        max_age: seconds since `created`.
        skew: seconds by which the client's clock may differ, added to every limit in its favour.
        authorities: public authorities that the client may have signed, besides the `Host` of
            the request: for a server behind a proxy that rewrites `Host`.
        path_prefix: what a proxy takes off the path, put back before checking.

    Raises:
        ValueError: when a number is negative, or a prefix does not start with `/`.
    """

    max_age: float = 10.0
    skew: float = 5.0
    authorities: tuple[str, ...] = ()
    path_prefix: str = ""

    def __post_init__(self) -> None:
        if self.max_age < 0 or self.skew < 0:
            raise ValueError("max_age and skew must not be negative")
        if self.path_prefix and not self.path_prefix.startswith("/"):
            raise ValueError("path_prefix must start with /")

    @property
    def replay_window(self) -> float:
        """Seconds for which a nonce must be remembered (protocol 1.4)."""
        return self.max_age + 2 * self.skew


@dataclass(frozen=True, slots=True)
class VerifiedSignature:
    """A signature that holds, as far as its one use is concerned; `repr` shows nothing."""

    key_id: str = field(repr=False)
    nonce: str = field(repr=False)


class Verifier:
    """Check signatures; stateless but for a random key that stands in for unknown ones."""

    __slots__ = ("_authorities", "_dummy", "_policy", "_prefix")

    def __init__(self, policy: SignaturePolicy | None = None) -> None:
        self._policy = policy or SignaturePolicy()
        self._prefix = self._policy.path_prefix.rstrip("/")
        self._authorities = [name for given in self._policy.authorities for name in _forms(given)]
        self._dummy = randomness.token_bytes(32)

    @property
    def policy(self) -> SignaturePolicy:
        """What signatures are measured against."""
        return self._policy

    def verify(
        self, message: Message, api_key: str, secrets: Sequence[bytes], now: float
    ) -> VerifiedSignature:
        """Return the first signature that meets the policy.

        Without secrets the same work is done with a random key, so that the time taken does not
        tell whether a key is known. The HMAC comes before any look at the parameters.

        Args:
            message: the request as received.
            api_key: the value of `X-API-KEY`.
            secrets: decoded secrets, any of which may have signed.
            now: wall time in Unix seconds.

        Raises:
            AuthenticationError: in every other case, whatever the request holds.
        """
        message = Message(message.method, self._prefix + message.target, message.headers)
        failures = []
        for candidate in read_candidates(message.headers):
            failure = self._check(candidate, message, api_key, secrets or (self._dummy,), now)
            if failure is None:
                return VerifiedSignature(api_key, candidate.parameters["nonce"])
            failures.append(failure)
        raise AuthenticationError(max(failures, key=_ORDER.index))

    def _check(
        self, candidate: Candidate, message: Message, api_key: str, secrets: Sequence[bytes], now: float
    ) -> AuthFailure | None:
        bases = self._bases(message, candidate)
        if not bases:
            return AuthFailure.COMPONENTS
        if not _matches(candidate.signature, bases, secrets):
            return AuthFailure.SIGNATURE_WRONG
        return self._check_parameters(candidate.parameters, api_key, now)

    def _bases(self, message: Message, candidate: Candidate) -> list[bytes]:
        """Return the texts that may have been signed, one per authority; none if it cannot count."""
        names = covered_names(candidate)
        if names is None:
            return []
        hosts = _forms(host) if (host := message.headers.joined("host")) else []
        bases = []
        for authority in dict.fromkeys([*hosts, *self._authorities]):
            values = [(name, message.component(name, authority)) for name in names]
            covered = [(name, value) for name, value in values if value is not None]
            if len(covered) < len(values):
                return []
            try:
                bases.append(signature_base(covered, candidate.text))
            except ValueError:
                continue
        return bases

    def _check_parameters(self, given: dict[str, Any], api_key: str, now: float) -> AuthFailure | None:
        nonce = given.get("nonce")
        if not _is_text(given.get("alg"), ALGORITHM):
            return AuthFailure.ALGORITHM
        if not _is_text(given.get("keyid"), api_key):
            return AuthFailure.KEY_ID
        if type(nonce) is not str or len(nonce) < _MIN_NONCE:
            return AuthFailure.NONCE
        return self._check_times(given.get("created"), given.get("expires"), now)

    def _check_times(self, created: object, expires: object, now: float) -> AuthFailure | None:
        if type(created) is not int:
            return AuthFailure.CREATED_MISSING
        if created > now + self._policy.skew:
            return AuthFailure.CREATED_AHEAD
        if created < now - self._policy.skew - self._policy.max_age:
            return AuthFailure.TOO_OLD
        if expires is not None and (type(expires) is not int or expires < now - self._policy.skew):
            return AuthFailure.EXPIRED
        return None


# Exact types, here and above: a structured field's Token equals a string, and True is an int.
def _is_text(value: object, expected: str) -> bool:
    return type(value) is str and value == expected


def _matches(signature: bytes, bases: Iterable[bytes], secrets: Sequence[bytes]) -> bool:
    matched = False
    for base in bases:
        for secret in secrets:
            # No early end: the work depends on the request and the key's number of secrets alone.
            # `compare_digest` takes bytes of any length.
            matched |= hmac.compare_digest(compute_signature(secret, base), signature)
    return matched


def _forms(host: str) -> list[str]:
    """Return what a client may have signed for a host: without a default port, or with it.

    Which port is the default depends on the scheme, which a server behind a proxy does not know.
    """
    return list(dict.fromkeys((normalize_authority(host), host.strip().lower())))
