"""Decide whether an upgrade request comes from a client we serve.

The order is that of the design: source address, headers, signature, nonce, organization.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from audiohook_fw.errors import AuthenticationError
from audiohook_fw.protocol import is_uuid

from .addresses import AddressPolicy
from .credentials import Credential, KeyRing, is_api_key
from .failure import AuthFailure
from .replay import ReplayStore
from .request import HeaderFields, UpgradeRequest
from .signature import Message
from .verifier import Verifier

__all__ = ["Authenticator", "PreparedUpgrade", "Upgrade"]

_IDS = ("audiohook-organization-id", "audiohook-session-id", "audiohook-correlation-id")
_API_KEY = "x-api-key"
_RETRY = "audiohook-retry-attempt"
_COUNT = re.compile(r"[0-9]{1,9}")


@dataclass(frozen=True, slots=True)
class PreparedUpgrade:
    """A request that is complete and comes from an allowed address; nothing in it is proven yet.

    Attributes:
        api_key: what it claims to be; hidden from `repr`.
        organization_id, session_id, correlation_id: exactly as received.
        retry_attempt: `Audiohook-Retry-Attempt`, or `None` when absent or no number.
        address: the client's address, `""` if unknown.
        signed: whether it carries any part of a signature.
        message: what the signature covers; hidden from `repr`.
    """

    api_key: str = field(repr=False)
    organization_id: str
    session_id: str
    correlation_id: str
    retry_attempt: int | None
    address: str
    signed: bool
    message: Message = field(repr=False)


@dataclass(frozen=True, slots=True)
class Upgrade:
    """An authenticated upgrade; the ids are exactly as received, compare them case-insensitively.

    Attributes:
        credential: whose key it is.
        organization_id: must equal `organizationId` of `open`.
        session_id: equals `id` of every message.
        correlation_id: for correlation with the client's logs.
        retry_attempt: from 0, or `None` when not told.
        address: the client's address, `""` if unknown.
    """

    credential: Credential
    organization_id: str
    session_id: str
    correlation_id: str
    retry_attempt: int | None
    address: str


class Authenticator:
    """Authenticate upgrade requests, in one step or in two.

    `authenticate` knows only configured keys. A server that also asks plugins calls `prepare`,
    looks the credential up by `api_key` (`keys.get` first), and then calls `verify`, with `None`
    for an unknown key so that it costs the same. All of it is CPU work of some 0.1 ms; nothing waits.

    Args:
        keys: the configured credentials; may be replaced at any time.
        verifier: checks signatures.
        addresses: allowlist and trusted proxies; by default everybody may connect and
            no `X-Forwarded-For` is believed.
        replay: the nonces seen; by default one that fits the verifier's policy.
    """

    __slots__ = ("_addresses", "_replay", "_verifier", "keys")

    def __init__(
        self,
        keys: KeyRing,
        *,
        verifier: Verifier | None = None,
        addresses: AddressPolicy | None = None,
        replay: ReplayStore | None = None,
    ) -> None:
        self.keys = keys
        self._verifier = verifier or Verifier()
        self._addresses = addresses or AddressPolicy()
        # Not `replay or …`: an empty store is false.
        if replay is None:
            replay = ReplayStore(lifetime=max(self._verifier.policy.replay_window, 1.0))
        self._replay = replay

    def authenticate(self, request: UpgradeRequest, now: float) -> Upgrade:
        """Return the upgrade of a request that may pass.

        Args:
            now: wall time in Unix seconds.

        Raises:
            AuthenticationError: with an `AuthFailure` as `reason`, for every other request.
        """
        prepared = self.prepare(request)
        return self.verify(prepared, self.keys.get(prepared.api_key), now)

    def prepare(self, request: UpgradeRequest) -> PreparedUpgrade:
        """Check address and headers: all there, each once, of the right form.

        Raises:
            AuthenticationError: with an `AuthFailure` as `reason`.
        """
        headers = HeaderFields(request.headers)
        address = self._addresses.client_address(request.peer, headers.lines("x-forwarded-for"))
        if not self._addresses.allows(address):
            raise AuthenticationError(AuthFailure.ADDRESS)
        _refuse_repeated(headers)
        api_key = _single(headers, _API_KEY)
        organization, session, correlation = (_single(headers, name) for name in _IDS)
        if not is_api_key(api_key) or not all(map(is_uuid, (organization, session, correlation))):
            raise AuthenticationError(AuthFailure.HEADER_MALFORMED)
        retry = headers.joined(_RETRY)
        return PreparedUpgrade(
            api_key=api_key,
            organization_id=organization,
            session_id=session,
            correlation_id=correlation,
            retry_attempt=int(retry) if retry and _COUNT.fullmatch(retry) else None,
            address=address,
            signed=any(headers.lines(name) for name in ("signature", "signature-input")),
            message=Message(request.method, request.target, headers),
        )

    def verify(self, prepared: PreparedUpgrade, credential: Credential | None, now: float) -> Upgrade:
        """Check signature, nonce and organization of a prepared request.

        Args:
            credential: of the request's API key, `None` when nobody knows the key.
            now: wall time in Unix seconds.

        Raises:
            AuthenticationError: with an `AuthFailure` as `reason`.
        """
        if credential is not None and credential.api_key != prepared.api_key:
            credential = None  # a look-up that answers with another key has found nothing
        if prepared.signed:
            known = self._verify_signed(prepared, credential, now)
        else:
            known = _verify_unsigned(credential)
        if not known.allows(prepared.organization_id):
            raise AuthenticationError(AuthFailure.ORGANIZATION)
        return Upgrade(
            known,
            prepared.organization_id,
            prepared.session_id,
            prepared.correlation_id,
            prepared.retry_attempt,
            prepared.address,
        )

    def _verify_signed(
        self, prepared: PreparedUpgrade, credential: Credential | None, now: float
    ) -> Credential:
        secrets = credential.secrets if credential is not None else ()
        # The signature is checked for unknown and unsigned keys as well: same work, same time.
        signature, failure = None, ""
        try:
            signature = self._verifier.verify(prepared.message, prepared.api_key, secrets, now)
        except AuthenticationError as error:
            failure = error.reason
        if credential is None:
            raise AuthenticationError(AuthFailure.UNKNOWN_KEY)
        if credential.unsigned:
            raise AuthenticationError(AuthFailure.SIGNED)
        if signature is None:
            raise AuthenticationError(failure)
        if not self._replay.add(signature.key_id, signature.nonce):
            raise AuthenticationError(AuthFailure.REPLAYED)
        return credential


def _verify_unsigned(credential: Credential | None) -> Credential:
    if credential is None:
        raise AuthenticationError(AuthFailure.UNKNOWN_KEY)
    if not credential.unsigned:
        raise AuthenticationError(AuthFailure.UNSIGNED)
    return credential


def _refuse_repeated(headers: HeaderFields) -> None:
    # A proxy and we might read different ones of two lines.
    for name in headers.names():
        if (name in (_API_KEY, "host") or name.startswith("audiohook-")) and headers.repeated(name):
            raise AuthenticationError(AuthFailure.HEADER_REPEATED)


def _single(headers: HeaderFields, name: str) -> str:
    lines = headers.lines(name)
    if not lines:
        raise AuthenticationError(AuthFailure.HEADER_MISSING)
    return lines[0]
