"""`serve`: a server as a process: signals, draining, reload."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
from collections.abc import Callable, Coroutine, Iterator
from contextlib import ExitStack, contextmanager, suppress
from types import TracebackType
from typing import Any, Final, Self

from audiohook_fw.errors import ConfigError

from .app import AudiohookServer

__all__ = ["serve"]

logger = logging.getLogger(__name__)

FORCED: Final = 1
"""Exit status when the end was forced."""

_HASTE: Final = 5.0  # seconds for calls to be disconnected and closed when there is haste
_PATIENCE: Final = 2.0  # seconds for calls to end when the end is forced


async def serve(
    make: Callable[[Callable[[], None]], AudiohookServer],
    *,
    started: Callable[[AudiohookServer], None] = lambda _: None,
    in_haste: Callable[[], bool] = lambda: False,
) -> int:
    """Run a server until a signal ends it; return the exit status: 0, or 1 when the end was forced.

    * SIGTERM: drain, as `AudiohookServer.drain` says, then stop.
    * SIGINT (Ctrl-C): the same, but with no call there is no `server.balancer_grace`: a person waits.
    * SIGTERM or SIGINT again: calls are cut at once; they have 2 s to end. A third one kills.
    * SIGHUP: reload keys and certificate; an error is logged and changes nothing.

    Args:
        make: makes the server; gets the function that its `/admin/drain` is to call.
        started: called once calls are taken.
        in_haste: asked when the end is: whether calls get no time to run out, only their normal end.

    Raises:
        ConfigError, PluginLoadError: as `AudiohookServer.start`.
    """
    with _Signals() as signals, ExitStack() as stack:
        server = make(signals.asked.set)
        if await _unless(signals.asked, server.start()):
            signals.on_reload = server.reload
            stack.enter_context(_frozen())
            started(server)
            await signals.asked.wait()
            idle = signals.interactive and not server.registry.connections
            if in_haste():
                await _unless(signals.forced, _hurry(server))
                await server.stop(patience=_PATIENCE)
                return 0
            logger.info("stopping; a second signal forces")
            await _unless(signals.forced, server.drain(grace=0.0 if idle else None))
        forced = signals.forced.is_set()
        if not forced and await _unless(signals.forced, server.stop()):
            return 0
        logger.warning("the end is forced")
        await server.stop(patience=_PATIENCE)
        return FORCED


async def _hurry(server: AudiohookServer) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(_HASTE):
            await server.drain(grace=0.0, deadline=0.0)


@contextmanager
def _frozen() -> Iterator[None]:
    """Keep the garbage collector from what there is already, which lasts as long as the server.

    To look through all modules and plugins takes it a tenth of a second, in which every call waits; and it
    does so whenever enough calls have come and gone. To freeze them takes as long, once.
    """
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


class _Signals:
    """The process's signals as events, while in use."""

    def __init__(self) -> None:
        self.asked = asyncio.Event()
        self.forced = asyncio.Event()
        self.interactive = False
        self.on_reload: Callable[[], Coroutine[Any, Any, None]] | None = None
        self._loop = asyncio.get_running_loop()
        self._reloading: asyncio.Task[None] | None = None

    def __enter__(self) -> Self:
        self._loop.add_signal_handler(signal.SIGTERM, self.ask)
        self._loop.add_signal_handler(signal.SIGINT, self._interrupt)
        self._loop.add_signal_handler(signal.SIGHUP, self._reload)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
            self._loop.remove_signal_handler(number)

    def ask(self) -> None:
        """Ask for the end; the second time, force it."""
        if self.asked.is_set():
            self.forced.set()
            # Whoever asks a third time means it.
            self._loop.remove_signal_handler(signal.SIGTERM)
            self._loop.remove_signal_handler(signal.SIGINT)
        self.asked.set()

    def _interrupt(self) -> None:
        self.interactive = self.interactive or not self.asked.is_set()
        self.ask()

    def _reload(self) -> None:
        if self.on_reload is None or (self._reloading is not None and not self._reloading.done()):
            return
        self._reloading = self._loop.create_task(_reload(self.on_reload), name="audiohook-reload")


async def _reload(reload: Callable[[], Coroutine[Any, Any, None]]) -> None:
    try:
        await reload()
    except ConfigError as error:
        for line in str(error).splitlines():
            logger.error("not reloaded: %s", line)
    except Exception:
        logger.exception("not reloaded")


async def _unless(event: asyncio.Event, work: Coroutine[Any, Any, object]) -> bool:
    """Do the work unless the event comes first, which cancels it; return whether it was done."""
    loop = asyncio.get_running_loop()
    task, asked = loop.create_task(work), loop.create_task(event.wait())
    try:
        await asyncio.wait({task, asked}, return_when=asyncio.FIRST_COMPLETED)
        if task.done():
            await task
            return True
        return False
    finally:
        asked.cancel()
        if not task.done():
            task.cancel()
            await asyncio.wait({task})
