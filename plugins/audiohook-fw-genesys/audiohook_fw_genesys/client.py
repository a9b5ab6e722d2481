"""`PlatformClient`: asks the Platform API, within its limits, and never longer than it may."""

from __future__ import annotations

import json
import math
from typing import Any, Final

import aiohttp

from .breaker import Breaker
from .errors import Outcome, PlatformError
from .gate import Gate, Priority, Ticket
from .metrics import GenesysMetrics
from .settings import GenesysSettings
from .tokens import Tokens

__all__ = ["PlatformClient"]

_BODY: Final = 4 * 1024 * 1024  # bytes of an answer at most
_TRIES: Final = 3
_BUSY: Final = 120.0  # seconds that a `Retry-After` may ask for at most


class PlatformClient:
    """One HTTP client for everything that is asked. Make and use it in one event loop, then `close` it.

    Attributes:
        breaker: open while the API counts as down. gate: who waits for the budget.
    """

    def __init__(self, settings: GenesysSettings, metrics: GenesysMetrics) -> None:
        self._settings = settings
        self._metrics = metrics
        self.gate: Final = Gate(settings.requests_per_minute, settings.connections)
        self.breaker: Final = Breaker(settings.breaker_failures, settings.breaker_seconds, self.gate.refuse)
        self._tokens = Tokens(self._login)
        self._http = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=settings.connections + 1),
            timeout=aiohttp.ClientTimeout(total=settings.timeout),
            cookie_jar=aiohttp.DummyCookieJar(),
        )

    async def get(self, path: str, ticket: Ticket, kind: str) -> Any:
        """Return the decoded JSON of a GET request. Cancelling is safe.

        Args:
            path: below the API's address. ticket: who asks. kind: for the metric.

        Raises:
            PlatformError: there is no answer that can be used.
        """
        with self.breaker.attempt():
            renewed = False
            for tried in range(1, _TRIES + 1):
                token = await self._tokens.get()
                try:
                    async with self.gate.turn(ticket):
                        return await self._counted(kind, self._settings.api + path, token)
                except PlatformError as error:
                    if error.outcome is Outcome.UNAUTHORIZED and not renewed:
                        renewed = True
                        self._tokens.drop(token)
                    elif error.outcome is not Outcome.BUSY or tried == _TRIES:
                        raise
        raise AssertionError("the last try returns or raises")

    async def close(self) -> None:
        """Let go of connections and timers."""
        self.gate.stop()
        await self._tokens.close()
        await self._http.close()

    async def _login(self) -> Any:
        settings = self._settings
        secret = settings.client_secret.get_secret_value()
        basic = aiohttp.encode_basic_auth(settings.client_id, secret, encoding="utf-8")
        form = {"grant_type": "client_credentials"}
        async with self.gate.turn(Ticket(Priority.WANTED)):
            return await self._counted("token", f"{settings.login}/oauth/token", basic=basic, form=form)

    async def _counted(
        self, kind: str, url: str, token: str = "", *, basic: str = "", form: dict[str, str] | None = None
    ) -> Any:
        outcome = Outcome.OK
        try:
            return await self._request(url, basic or f"Bearer {token}", form)
        except PlatformError as error:
            outcome = error.outcome
            raise
        finally:
            self._metrics.request(kind, outcome)

    async def _request(self, url: str, authorization: str, form: dict[str, str] | None) -> Any:
        who = "the login" if form is not None else "the Platform API"
        headers = {"Authorization": authorization, "Accept": "application/json"}
        try:
            async with self._http.request(
                "GET" if form is None else "POST", url, headers=headers, data=form, allow_redirects=False
            ) as response:
                if response.status != 200:
                    problem = _problem(response, who)
                    if form is None:  # the login has a limit of its own, which `Tokens` obeys
                        self.gate.close_for(problem.retry_after)
                    raise problem
                return json.loads(await _body(response))
        except TimeoutError:
            late = f"{who} does not answer within {self._settings.timeout:g} s"
            raise PlatformError(Outcome.TIMEOUT, late) from None
        except aiohttp.ClientError as error:
            gone = f"{who} cannot be reached ({type(error).__name__})"
            raise PlatformError(Outcome.UNREACHABLE, gone) from None
        except (ValueError, RecursionError):
            raise PlatformError(Outcome.GARBAGE, f"{who} answers what is no JSON, or too long") from None


_OUTCOMES: Final = {
    401: Outcome.UNAUTHORIZED,
    403: Outcome.FORBIDDEN,
    404: Outcome.NOT_FOUND,
    429: Outcome.BUSY,
}
_HINTS: Final = {
    Outcome.UNAUTHORIZED: "; check client_id, client_secret and domain",
    Outcome.FORBIDDEN: "; its role needs conversation:communication:view and routing:queue:view",
    Outcome.BUSY: "; too many requests: is the OAuth client used elsewhere, too?",
}


def _problem(response: aiohttp.ClientResponse, who: str) -> PlatformError:
    status = response.status
    outcome = _OUTCOMES.get(status, Outcome.SERVER_ERROR if status >= 500 else Outcome.REFUSED)
    wait = _seconds(response.headers.get("Retry-After", "")) if outcome is Outcome.BUSY else 0.0
    return PlatformError(outcome, f"{who} answers {status}{_HINTS.get(outcome, '')}", retry_after=wait)


async def _body(response: aiohttp.ClientResponse) -> bytes:
    """Return the body.

    Raises:
        ValueError: it is too long.
    """
    body = bytearray()
    async for chunk in response.content.iter_any():
        body += chunk
        if len(body) > _BODY:
            raise ValueError("too long")
    return bytes(body)


def _seconds(retry_after: str) -> float:
    try:
        seconds = float(retry_after)
    except ValueError:  # missing, or a date, which Genesys does not send
        return 10.0
    return min(max(seconds, 0.0), _BUSY) if math.isfinite(seconds) else _BUSY
