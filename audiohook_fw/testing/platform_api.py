"""The fake platform's HTTP side: tokens, faults, and four answers of the Platform API."""

from __future__ import annotations

import asyncio
import base64
import binascii
import secrets
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from typing import Any, Final

from aiohttp import web

from .platform_faults import PlatformFault, PlatformKind, PlatformRequest

__all__ = ["KEPT_REQUESTS", "PlatformApi", "Source"]

KEPT_REQUESTS: Final = 20_000
_KEPT_TOKENS: Final = 1_000
_WINDOW: Final = 60.0  # seconds that Genesys counts requests in

Source = Callable[[PlatformKind, str, float], dict[str, Any] | None]
"""Returns what is told of something at a time, by its id; `None` when there is no such thing."""


class PlatformApi:
    """Answers as `login.…` and `api.…` of a Genesys Cloud region do, both on one port.

    Args:
        client: id and secret of the OAuth client. source: what is told of things.
        token_lifetime: seconds. rate_limit: requests a minute for each token.

    Attributes:
        fault: what goes wrong at present. requests: the last 20,000.
    """

    def __init__(
        self, client: tuple[str, str], source: Source, *, token_lifetime: float, rate_limit: int
    ) -> None:
        self._client = client
        self._source = source
        self._lifetime = token_lifetime
        self._rate_limit = rate_limit
        self._tokens: OrderedDict[str, _Token] = OrderedDict()
        self.fault = PlatformFault()
        self.requests: deque[PlatformRequest] = deque(maxlen=KEPT_REQUESTS)

    def app(self) -> web.Application:
        """Return the application; each loop needs its own."""
        app = web.Application()
        app.router.add_post("/oauth/token", self._handler("token", self._token))
        app.router.add_get("/api/v2/ipranges", self._handler("ipranges", self._thing))
        app.router.add_get("/api/v2/conversations/{id}", self._handler("conversation", self._thing))
        app.router.add_get("/api/v2/routing/queues/{id}", self._handler("queue", self._thing))
        return app

    def revoke_tokens(self) -> None:
        """Let no token count any more."""
        self._tokens.clear()

    def _handler(
        self, kind: PlatformKind, answer: Callable[[web.Request, PlatformKind], Awaitable[web.Response]]
    ) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def handle(request: web.Request) -> web.StreamResponse:
            at, fault = asyncio.get_running_loop().time(), self.fault
            if not fault.is_about(kind):
                fault = PlatformFault()
            elif fault.times > 0:
                self.fault = fault.used()
            if fault.delay:
                await asyncio.sleep(fault.delay)
            response = _spoilt(await answer(request, kind), fault)
            self.requests.append(PlatformRequest(at, kind, request.path, 0 if fault.cut else response.status))
            if fault.cut and request.transport is not None:
                request.transport.abort()
            return response

        return handle

    async def _token(self, request: web.Request, kind: PlatformKind) -> web.Response:
        if _basic(request.headers.get("Authorization", "")) != self._client:
            text = "client not found or its secret is wrong"
            return _said(401, {"error": "invalid_client", "error_description": text})
        if (await request.post()).get("grant_type") != "client_credentials":
            text = "grant_type must be client_credentials, in a form"
            return _said(400, {"error": "unsupported_grant_type", "error_description": text})
        name = secrets.token_urlsafe(32)
        now = asyncio.get_running_loop().time()
        self._tokens[name] = _Token(now + self._lifetime)
        while len(self._tokens) > _KEPT_TOKENS:
            self._tokens.popitem(last=False)
        return _said(200, {"access_token": name, "token_type": "bearer", "expires_in": int(self._lifetime)})

    async def _thing(self, request: web.Request, kind: PlatformKind) -> web.Response:
        now = asyncio.get_running_loop().time()
        token = self._tokens.get(request.headers.get("Authorization", "").removeprefix("Bearer "))
        if token is None or token.expires <= now:
            return _problem(401, "bad.credentials", "Invalid login credentials.")
        if wait := token.count(now, self._rate_limit):
            text = f"Rate limit exceeded the maximum [{self._rate_limit}] requests within [60] seconds"
            response = _problem(429, "too.many.requests", text)
            response.headers["Retry-After"] = str(int(wait) + 1)
            return response
        body = self._source(kind, request.match_info.get("id", ""), now)
        if body is None:
            return _problem(404, "not.found", "The requested resource was not found.")
        return _said(200, body)


class _Token:
    def __init__(self, expires: float) -> None:
        self.expires = expires
        self._window = 0.0
        self._count = 0

    def count(self, now: float, limit: int) -> float:
        """Count a request; return the seconds to wait when it is one too many."""
        if now - self._window >= _WINDOW or not self._count:
            self._window, self._count = now, 0
        self._count += 1
        return self._window + _WINDOW - now if self._count > limit else 0.0


def _spoilt(response: web.Response, fault: PlatformFault) -> web.Response:
    if fault.status:
        response = _problem(fault.status, "fault", "The platform was told to answer so.")
    if fault.body is not None:
        response = web.Response(status=fault.status or 200, text=fault.body, content_type="application/json")
    if fault.retry_after >= 0:
        response.headers["Retry-After"] = f"{fault.retry_after:g}"
    return response


def _problem(status: int, code: str, message: str) -> web.Response:
    rest = {"messageParams": {}, "contextId": secrets.token_hex(16), "details": [], "errors": []}
    return _said(status, {"message": message, "code": code, "status": status, **rest})


def _said(status: int, body: object) -> web.Response:
    return web.json_response(body, status=status)


def _basic(header: str) -> tuple[str, str]:
    try:
        text = base64.b64decode(header.removeprefix("Basic "), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    name, _, secret = text.partition(":")
    return name, secret
