"""What was signed once must not be used twice: the nonces of the last seconds."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

__all__ = ["ReplayStore"]

_DIGEST_BYTES = 16


class ReplayStore:
    """Remember (key id, nonce) pairs for as long as their signatures could be accepted.

    Only nonces of valid signatures belong here, so that a stranger cannot fill it. Each entry is
    a 16-byte digest: a long nonce costs no more than a short one. When the store is full the
    oldest entry goes, because a busy server must not refuse calls; `evicted` counts those, and
    above zero means that `capacity` is smaller than the upgrades of one `lifetime`.

    One store per process: a request replayed at another process is not noticed there.

    Args:
        capacity: entries, at least 1 (about 250 bytes each).
        lifetime: seconds; an age limit of signatures plus twice the clock skew (protocol 1.4).
        clock: seconds that only grow: wall time may go forward and back, and what was forgotten
            in between could be used again.

    Raises:
        ValueError: when either is not positive.
    """

    __slots__ = ("_capacity", "_clock", "_lifetime", "_seen", "evicted")

    def __init__(
        self,
        capacity: int = 100_000,
        lifetime: float = 20.0,
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        if capacity < 1 or lifetime <= 0:
            raise ValueError("capacity and lifetime must be positive")
        self._capacity = capacity
        self._clock = clock
        self._lifetime = lifetime
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self.evicted = 0

    def __len__(self) -> int:
        return len(self._seen)

    def add(self, key_id: str, nonce: str) -> bool:
        """Store the pair, to be forgotten `lifetime` seconds later; return whether it was new."""
        now = self._clock()
        self._forget(now)
        # NUL cannot be part of a signed key id or nonce, so no two pairs share a text.
        text = f"{key_id}\0{nonce}".encode("utf-8", "surrogatepass")
        digest = blake2b(text, digest_size=_DIGEST_BYTES).digest()
        if digest in self._seen:
            return False
        if len(self._seen) >= self._capacity:
            self._seen.popitem(last=False)
            self.evicted += 1
        self._seen[digest] = now + self._lifetime
        return True

    def _forget(self, now: float) -> None:
        # Every entry lives equally long, so the first one in is the first one out.
        while self._seen:
            oldest = next(iter(self._seen))
            if self._seen[oldest] >= now:
                return
            del self._seen[oldest]
