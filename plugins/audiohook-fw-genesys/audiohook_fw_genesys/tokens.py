"""`Tokens`: one OAuth token for everybody, fetched once, and anew before it expires."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from .errors import Outcome, PlatformError

__all__ = ["Tokens"]

logger = logging.getLogger(__name__)

_AHEAD: Final = 60.0
"""Seconds before its end at which a token is replaced; of a short one its last tenth."""
_SHORTEST: Final = 10.0
"""Seconds for which a token is used at least, unless it is refused: nobody logs in for each request."""
_LONGEST: Final = 30 * 86_400.0
_RETRY: Final = 5.0
"""Seconds from a failed login to the next one, for as long as the old token counts."""

Fetch = Callable[[], Awaitable[object]]


class Tokens:
    """The present token.

    Args:
        fetch: returns the decoded answer of the token endpoint, or raises `PlatformError`.
    """

    def __init__(self, fetch: Fetch) -> None:
        self._fetch = fetch
        self._token = ""
        self._expires = 0.0
        self._renew_at = 0.0
        self._closed_until = 0.0
        self._refusal = ""
        self._fetching: asyncio.Task[None] | None = None

    async def get(self) -> str:
        """Return a token that counts. Cancelling is safe, and keeps nobody else from getting it.

        Raises:
            PlatformError: none can be had; everybody who waits gets the same one. `DOWN`, without a request,
                until the login may be asked again.
        """
        now = asyncio.get_running_loop().time()
        if self._token and now < self._renew_at:
            return self._token
        if now < self._closed_until:
            raise PlatformError(Outcome.DOWN, self._refusal)
        if self._fetching is None:
            self._fetching = asyncio.create_task(self._renew(), name="genesys-token")
            self._fetching.add_done_callback(self._fetched)
        if self._token and now < self._expires:
            return self._token  # the new one comes meanwhile
        await asyncio.shield(self._fetching)
        return self._token

    def drop(self, token: str) -> None:
        """Use a token no more: it was refused."""
        if token == self._token:
            self._token = ""

    async def close(self) -> None:
        """Stop fetching."""
        if self._fetching is not None:
            self._fetching.cancel()
            await asyncio.wait([self._fetching])

    async def _renew(self) -> None:
        try:
            self._take(await self._fetch())
        except PlatformError as error:
            now = asyncio.get_running_loop().time()
            wait = max(error.retry_after, 1.0) if error.outcome is Outcome.BUSY else _RETRY
            self._renew_at = min(now + wait, self._expires)
            if error.outcome is not Outcome.BUSY:
                raise
            logger.warning("%s; nobody logs in for %g s", error, wait)
            self._refusal, self._closed_until = f"nobody logs in at present, since {error}", now + wait
            raise PlatformError(Outcome.DOWN, self._refusal) from None

    def _take(self, answer: object) -> None:
        token = answer.get("access_token") if isinstance(answer, dict) else None
        lifetime = answer.get("expires_in") if isinstance(answer, dict) else None
        if not isinstance(lifetime, int | float) or not lifetime > 0:  # NaN is not, either
            lifetime = None
        if not isinstance(token, str) or not token or lifetime is None:
            raise PlatformError(Outcome.GARBAGE, "the answer to the login has no access_token and expires_in")
        lifetime = float(min(max(lifetime, _SHORTEST), _LONGEST))
        now = asyncio.get_running_loop().time()
        self._token, self._expires = token, now + lifetime
        self._renew_at = self._expires - min(_AHEAD, lifetime / 10)

    def _fetched(self, task: asyncio.Task[None]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # those who wait have it, too; while the old token counts there are none
