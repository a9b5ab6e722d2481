"""`CredentialCache`: what plugins answered about API keys that the configuration does not know."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final

from audiohook_fw.auth import Credential

__all__ = ["CredentialCache"]

Find = Callable[[str, str], Awaitable[Credential | None]]

_UNKNOWN: Final = 5.0  # seconds for which "nobody knows it" is remembered: a new key must soon work


class CredentialCache:
    """Remembers answers by API key and organization; several requests with one key ask once.

    Args:
        find: asks the plugins; has its own deadline.
        seconds: for which a credential is remembered; 0 asks every time.
        capacity: answers remembered; the oldest goes first.
    """

    def __init__(self, find: Find, seconds: float, *, capacity: int = 10_000) -> None:
        self._find = find
        self._seconds = seconds
        self._capacity = capacity
        self._answers: OrderedDict[tuple[str, str], tuple[float, Credential | None]] = OrderedDict()
        self._asking: dict[tuple[str, str], asyncio.Task[Credential | None]] = {}

    def __repr__(self) -> str:
        return f"CredentialCache({len(self._answers)} answers)"

    def __len__(self) -> int:
        return len(self._answers)

    async def get(self, api_key: str, organization_id: str) -> Credential | None:
        """Return the credential, from memory or from a plugin. Cancelling stops only this waiting."""
        place = (api_key, organization_id.lower())
        loop = asyncio.get_running_loop()
        until, credential = self._answers.get(place, (0.0, None))
        if loop.time() < until:
            return credential
        task = self._asking.get(place)
        if task is None:
            task = self._asking[place] = loop.create_task(self._ask(place), name="audiohook-credential")
        return await asyncio.shield(task)

    def clear(self) -> None:
        """Forget all answers."""
        self._answers.clear()

    async def _ask(self, place: tuple[str, str]) -> Credential | None:
        try:
            credential = await self._find(*place)
        finally:
            del self._asking[place]
        lifetime = self._seconds if credential is not None else min(self._seconds, _UNKNOWN)
        if lifetime:
            self._answers[place] = (asyncio.get_running_loop().time() + lifetime, credential)
            self._answers.move_to_end(place)
            if len(self._answers) > self._capacity:
                self._answers.popitem(last=False)
        return credential
