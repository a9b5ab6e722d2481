"""Sessions belong to the thread of their loop: a plugin's own threads must not change them."""

from __future__ import annotations

import threading

__all__ = ["check_thread"]


def check_thread(owner: int, what: str) -> None:
    """Refuse to go on in another thread than `owner`, by `threading.get_ident`.

    Raises:
        RuntimeError: it is another; the message says what to do.
    """
    if threading.get_ident() != owner:
        raise RuntimeError(
            f"a {what} belongs to the thread of its event loop; from another, use loop.call_soon_threadsafe"
        )
