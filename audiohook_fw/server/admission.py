"""`Admission`: whether an upgrade request may pass: the configured keys, and what plugins say."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from audiohook_fw.auth import (
    AddressPolicy,
    Authenticator,
    AuthFailure,
    Credential,
    KeyRing,
    ReplayStore,
    SignaturePolicy,
    Upgrade,
    UpgradeRequest,
    Verifier,
)
from audiohook_fw.config import KeySettings, Settings
from audiohook_fw.errors import AuthenticationError, ConfigError
from audiohook_fw.plugin import PluginManager

from .credential_cache import CredentialCache

__all__ = ["Admission", "read_keys"]

_SECRET: Final = frozenset(
    {"authorization", "cookie", "proxy-authorization", "signature", "signature-input", "x-api-key"}
)


class Admission:
    """Authenticates upgrade requests in the order of the design.

    Address, headers, the plugins' `check_address`, the key (configured, else `find_credential`), signature,
    nonce, organization. Nothing of a request is believed before its signature is.

    Args:
        settings: sections `auth` and `server`.
        plugins: asked with a deadline.
        clock: wall time in Unix seconds.
    """

    def __init__(
        self, settings: Settings, plugins: PluginManager, *, clock: Callable[[], float] = time.time
    ) -> None:
        auth, server = settings.auth, settings.server
        policy = SignaturePolicy(
            max_age=auth.max_age,
            skew=auth.skew,
            authorities=tuple(server.public_authorities),
            path_prefix=server.public_path_prefix,
        )
        self._plugins = plugins
        self._clock = clock
        self._keys = KeyRing(read_keys(auth.keys))
        self._timeout = auth.credential_timeout
        self._found = CredentialCache(self._find, auth.credential_cache)
        self._authenticator = Authenticator(
            self._keys,
            verifier=Verifier(policy),
            addresses=AddressPolicy(auth.allowed_addresses, server.trusted_proxies),
            replay=ReplayStore(auth.replay_capacity, max(policy.replay_window, 1.0)),
        )

    async def admit(self, request: UpgradeRequest, headers: Mapping[str, str]) -> Upgrade:
        """Return the upgrade of a request that may pass. Cancelling is safe.

        Args:
            request: as received.
            headers: the same header fields as a mapping, for plugins.

        Raises:
            AuthenticationError: with an `AuthFailure` as `reason`, for every other request.
        """
        prepared = self._authenticator.prepare(request)
        if await self._plugins.check_address(prepared.address, _harmless(headers)) is False:
            raise AuthenticationError(AuthFailure.ADDRESS)
        credential = self._keys.get(prepared.api_key)
        if credential is None:
            credential = await self._found.get(prepared.api_key, prepared.organization_id)
        return self._authenticator.verify(prepared, credential, self._clock())

    def replace_keys(self, credentials: Iterable[Credential]) -> None:
        """Put other credentials in place of the present ones, and ask plugins anew. Calls go on."""
        self._keys.replace(credentials)
        self._found.clear()

    async def _find(self, api_key: str, organization_id: str) -> Credential | None:
        return await self._plugins.find_credential(api_key, organization_id, timeout=self._timeout)


def read_keys(keys: Iterable[KeySettings]) -> tuple[Credential, ...]:
    """Return the credentials of `auth.keys`.

    Raises:
        ConfigError: a key is wrong; names it by name or place.
    """
    try:
        return tuple(_credential(place, key) for place, key in enumerate(keys))
    except ValueError as error:
        raise ConfigError("auth.keys", str(error)) from None


def _credential(place: int, key: KeySettings) -> Credential:
    return Credential.from_text(
        api_key=key.api_key.get_secret_value(),
        secrets=[secret.get_secret_value() for secret in key.secrets],
        organizations=key.organizations,
        name=key.name or f"keys[{place}]",
        unsigned=key.unsigned,
        product=key.product,
        byte_order=key.byte_order,
        interims=key.interims,
    )


def _harmless(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the headers in small letters, without those that are secrets: no plugin needs them here."""
    return {name.lower(): value for name, value in headers.items() if name.lower() not in _SECRET}
