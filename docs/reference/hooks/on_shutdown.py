"""Stop the worker threads that all calls of this process shared."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor

from audiohook_fw import ServerContext, hookimpl

workers = ThreadPoolExecutor(max_workers=2)


@hookimpl
async def on_shutdown(server: ServerContext) -> None:
    """Let work that has begun finish, without blocking the event loop."""
    await asyncio.to_thread(workers.shutdown)
