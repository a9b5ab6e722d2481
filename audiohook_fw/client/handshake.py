"""The upgrade request of a simulated client: headers, signature, and what may go wrong with it."""

from __future__ import annotations

import os
import random
import secrets
import ssl
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import aiohttp
from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from yarl import URL

from audiohook_fw import auth
from audiohook_fw.protocol import MAX_RECEIVED_BYTES

from .options import CallIds, CallOptions
from .report import Closing

__all__ = ["ConnectError", "Environment", "new_session", "open_socket", "parse_url"]

USER_AGENT: Final = "GenesysCloud-AudioHook-Client (simulated by audiohook-fw)"
_NONCE_BYTES: Final = 18
_EXPIRES: Final = 30  # seconds after `created`
_CLOSING: Final = 2.0  # seconds for the WebSocket's own close, after `closed`
_MAX_MESSAGE: Final = 16 * MAX_RECEIVED_BYTES  # what is longer than allowed shall be judged, not cut off

_PLAIN: Final = ("wrong version number", "http request", "record layer failure", "packet length too long")
"""What OpenSSL says of an answer that is no TLS."""


def _new_id() -> str:
    return str(uuid.uuid4())


def _nonce() -> str:
    return secrets.token_urlsafe(_NONCE_BYTES)


@dataclass(frozen=True, slots=True)
class Environment:
    """Where ids, nonces, wall time and chance come from; tests give their own.

    Attributes:
        new_id: a new UUID. nonce: at least 22 characters, never used before.
        wall: Unix seconds. chance: a number from 0 to 1, which spreads the retries.
    """

    new_id: Callable[[], str] = _new_id
    nonce: Callable[[], str] = _nonce
    wall: Callable[[], float] = time.time
    chance: Callable[[], float] = field(default=random.random)


class ConnectError(Exception):
    """The connection did not come about; the message is for people, and names no secret.

    Attributes:
        closing: `REFUSED` or `UNREACHABLE`. retryable: whether the real client would try again.
    """

    def __init__(self, message: str, closing: Closing, *, retryable: bool = False) -> None:
        super().__init__(message)
        self.closing = closing
        self.retryable = retryable


def parse_url(text: str) -> URL:
    """Read a server's address.

    Raises:
        ValueError: when it is not a `ws://` or `wss://` address of a host.
    """
    try:
        url = URL(text)
        usable = url.scheme in ("ws", "wss") and bool(url.host) and url.port is not None
    except ValueError:
        usable = False
    if not usable:
        raise ValueError(
            f"{text!r} is no address of a server: write it like ws://127.0.0.1:8080/audiohook/ws"
        )
    return url.with_fragment(None)


def upgrade_headers(
    url: URL, ids: CallIds, options: CallOptions, environment: Environment, attempt: int
) -> dict[str, str]:
    """Return the headers of the upgrade; with a secret, the client's own are signed (protocol 1.2, 1.4)."""
    headers = {
        **options.headers,
        "User-Agent": USER_AGENT,
        "Audiohook-Organization-Id": ids.organization,
        "Audiohook-Session-Id": ids.session,
        "Audiohook-Correlation-Id": ids.correlation,
        "X-API-KEY": options.api_key,
        "Audiohook-Retry-Attempt": str(attempt),
    }
    if options.secret is not None:
        created = int(environment.wall())
        signature = auth.sign(
            target=url.raw_path_qs,
            authority=auth.normalize_authority(url.host_port_subcomponent or ""),
            headers=headers,
            secret=options.secret,
            key_id=options.api_key,
            nonce=environment.nonce(),
            created=created,
            expires=created + _EXPIRES,
        )
        headers.update(signature)
    return headers


async def _only_once(request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
    # aiohttp would follow redirects, and repeat a request that was broken off, with the same nonce.
    try:
        response = await handler(request)
    except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError) as error:
        raise _explain(error, request.url) from None
    if response.status != 101:
        response.close()
        raise ConnectError(_refusal(response.status), Closing.REFUSED)
    return response


def _refusal(status: int) -> str:
    hint = ""
    if status == 401:
        hint = (
            ": check the API key, the secret, the organization, this machine's clock, "
            "and whether this address may connect"
        )
    elif 300 <= status < 400:
        hint = ": a redirect, which Genesys does not follow"
    elif status == 404:
        hint = ": check the path of the address"
    elif status == 200:
        hint = ": no WebSocket there"
    return f"the server refused the upgrade with HTTP {status}{hint}"


def new_session() -> aiohttp.ClientSession:
    """Make the HTTP session of one call: no redirects, no cookies, no proxies, no time limit of its own."""
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        timeout=aiohttp.ClientTimeout(total=None),
        middlewares=(_only_once,),
    )


async def open_socket(
    session: aiohttp.ClientSession, url: URL, headers: dict[str, str], options: CallOptions
) -> aiohttp.ClientWebSocketResponse[bool]:
    """Connect and upgrade; cancelling it leaves nothing behind.

    Raises:
        ConnectError: for everything that the network or the server may do to that.
    """
    try:
        return await session.ws_connect(
            url,
            headers=headers,
            timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSING),
            compress=0,
            max_msg_size=_MAX_MESSAGE,
            ssl=True if options.tls is None else options.tls,
        )
    except (aiohttp.ClientError, OSError, ssl.SSLError) as error:
        raise _explain(error, url) from None


def _explain(error: Exception, url: URL) -> ConnectError:
    where = f"{url.host}:{url.port}"
    match error:
        case aiohttp.WSServerHandshakeError():
            return ConnectError(f"{where} did not answer the upgrade as a WebSocket server", Closing.REFUSED)
        case aiohttp.ClientConnectorDNSError():
            return ConnectError(f"there is no host {url.host}", Closing.UNREACHABLE)
        case aiohttp.ClientConnectorCertificateError():
            return ConnectError(f"the certificate of {where} is not trusted", Closing.UNREACHABLE)
        case aiohttp.ClientConnectorSSLError():
            return ConnectError(_no_tls(error.os_error, where), Closing.UNREACHABLE)
        case aiohttp.ClientConnectorError(os_error=ConnectionResetError(errno=None)):
            problem = f"{where} broke off the TLS handshake; if it speaks no TLS, try ws://"
            return ConnectError(problem, Closing.UNREACHABLE)
        case aiohttp.ClientConnectorError():
            number = error.os_error.errno
            reason = os.strerror(number).lower() if number else "no connection"
            return ConnectError(f"{where} cannot be reached: {reason}", Closing.UNREACHABLE)
        case TimeoutError():
            problem = f"{where} did not answer the upgrade in time"
            return ConnectError(problem, Closing.UNREACHABLE, retryable=True)
        case _:
            hint = "; if it speaks TLS, try wss://" if url.scheme in ("ws", "http") else ""
            problem = f"{where} broke off the upgrade{hint}"
            return ConnectError(problem, Closing.UNREACHABLE, retryable=True)


def _no_tls(error: OSError, where: str) -> str:
    """Say what came of a TLS handshake; a server without TLS answers in plain HTTP."""
    reason = str(getattr(error, "reason", None) or "").lower().replace("_", " ")
    if any(sign in reason for sign in _PLAIN):
        return f"{where} does not speak TLS; try ws://"
    return f"{where} could not agree on TLS: {reason or type(error).__name__}"
