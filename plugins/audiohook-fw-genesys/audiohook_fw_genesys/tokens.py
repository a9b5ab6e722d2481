"""`Tokens`: one OAuth token for everybody, fetched once, and anew before it expires."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from .errors import Outcome, PlatformError

__all__ = ["Tokens"]

_AHEAD: Final = 60.0
"""Seconds before its end at which a token is replaced; of a short one its last tenth."""

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
        self._fetching: asyncio.Task[None] | None = None

    async def get(self) -> str:
        """Return a token that counts. Cancelling is safe, and keeps nobody else from getting it.

        Raises:
            PlatformError: none can be had; everybody who waits gets the same one.
        """
        now = asyncio.get_running_loop().time()
        if self._token and now < self._renew_at:
            return self._token
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
        answer = await self._fetch()
        token = answer.get("access_token") if isinstance(answer, dict) else None
        lifetime = answer.get("expires_in") if isinstance(answer, dict) else None
        if not isinstance(token, str) or not token or not isinstance(lifetime, int | float) or lifetime <= 0:
            raise PlatformError(Outcome.GARBAGE, "the answer to the login has no access_token and expires_in")
        now = asyncio.get_running_loop().time()
        self._token, self._expires = token, now + lifetime
        self._renew_at = self._expires - min(_AHEAD, lifetime / 10)

    def _fetched(self, task: asyncio.Task[None]) -> None:
        self._fetching = None
        if not task.cancelled():
            task.exception()  # those who wait have it, too; while the old token counts there are none
