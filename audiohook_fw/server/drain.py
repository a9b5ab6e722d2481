"""`drain`: end a server's calls without losing one. It runs on the loop's clock and touches no socket."""

from __future__ import annotations

import asyncio
import logging

from audiohook_fw.config import Settings
from audiohook_fw.protocol import DisconnectReason

from .registry import Registry

__all__ = ["drain"]

logger = logging.getLogger(__name__)

_INFO = "draining"
_MARGIN = 1.0  # seconds on top of the timers of a call's end, which run by themselves


async def drain(
    registry: Registry, settings: Settings, *, grace: float, deadline: float | None = None
) -> bool:
    """Let the calls run out, as the design says; return whether all of them ended before the deadline.

    New calls are still taken for `grace` seconds. Then they are sent to other servers, and the present ones
    get `reconnect`, spread over `server.reconnect_spread`, and go on until `server.drain_deadline` (counted
    from the beginning). What is left gets `disconnect` `error` and its normal end; what is left of that,
    which should be nothing, stays for the caller to abort. A `deadline` stands in for that of the settings;
    with one of 0 nobody is asked to reconnect.

    Cancelling is safe: it stops the draining, and no new calls are taken from then on.
    """
    loop = asyncio.get_running_loop()
    seconds = settings.server.drain_deadline if deadline is None else deadline
    end = loop.time() + seconds
    try:
        await asyncio.sleep(grace)
    finally:
        registry.draining = True
    idle = loop.create_task(registry.idle(), name="audiohook-idle")
    try:
        if seconds:
            await _reconnect(registry, settings.server.reconnect_spread, idle)
        await asyncio.wait({idle}, timeout=max(0.0, end - loop.time()))
        if idle.done():
            logger.info("every call has ended")
            return True
        left = registry.connections
        logger.warning("the drain deadline is over; connections disconnected: %d", len(left))
        for connection in left:
            connection.disconnect(DisconnectReason.ERROR, _INFO)
        limits = settings.limits
        await asyncio.wait({idle}, timeout=limits.disconnect_timeout + limits.end_deadline + _MARGIN)
        return False
    finally:
        idle.cancel()


async def _reconnect(registry: Registry, spread: float, idle: asyncio.Task[None]) -> None:
    """Ask one call after the other to move, at equal distances."""
    connections = registry.connections
    if connections:
        logger.info("draining; connections asked to reconnect over %g s: %d", spread, len(connections))
    for connection in connections:
        connection.reconnect(_INFO)
        await asyncio.wait({idle}, timeout=spread / len(connections))
        if idle.done():
            return
