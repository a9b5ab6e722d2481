"""`Stage`: the loop, plugins and threads of a call without a server, and the faults they came to."""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

from audiohook_fw.config import LimitsSettings, Loaded
from audiohook_fw.plugin import ServerContext
from audiohook_fw.session import BlockingPools, CallServices
from audiohook_fw.telemetry import Metrics, Tracing

from .loading import SERVER, WITNESS, Witness, load
from .paced_loop import PacedLoop
from .virtual_loop import VirtualLoop

__all__ = ["Fault", "Stage", "StageLoop"]

StageLoop: TypeAlias = VirtualLoop | PacedLoop

_PATIENCE: Final = 10.0  # real seconds for threads to end, once they were told to


@dataclass(frozen=True, slots=True)
class Fault:
    """A hook of a plugin that raised, was late or answered nonsense.

    Attributes:
        plugin: the plugin's name.
        hook: the hook's name.
        error: what it raised, with its traceback.
    """

    plugin: str
    hook: str
    error: BaseException = field(repr=False)

    def __str__(self) -> str:
        return f"plugin {self.plugin} failed in {self.hook}: {type(self.error).__name__}: {self.error}"


class Stage:
    """Where plugins are loaded, started and stopped; everything runs in a loop of its own.

    Args:
        plugins: by name, in this order: classes, modules, instances, and what `-p` takes. Each must load.
        sections: their settings. limits: the server's.
        loop: of virtual time by default.

    Attributes:
        name: of the first plugin. faults: of all plugins, in order.
        services: what its calls share. witness: hears what passes the filters.
        left: the tasks that still ran at the end.

    Raises:
        PluginLoadError: a plugin does not load. PluginConfigError: its settings are wrong.
    """

    def __init__(
        self,
        plugins: Mapping[str, object],
        sections: Loaded,
        limits: LimitsSettings,
        *,
        loop: StageLoop | None = None,
    ) -> None:
        self.name: Final = next(iter(plugins), "")
        self.faults: list[Fault] = []
        self.left: list[str] = []
        self.witness = Witness()
        self.limits = limits
        self.loop: Final[StageLoop] = loop or VirtualLoop()
        self._context = contextvars.copy_context()
        self._threads = set(threading.enumerate())
        self._started = False
        self._pools = BlockingPools(self.limits.pool_threads)
        self._metrics = Metrics()
        try:
            manager = load(
                {**plugins, WITNESS: self.witness},
                sections,
                self.limits,
                clock=self.loop.time,
                metrics=self._metrics,
                on_fault=lambda plugin, hook, error: self.faults.append(Fault(plugin, hook, error)),
            )
        except BaseException:
            self.close()
            raise
        self.manager = manager
        self._server = ServerContext(version=SERVER.version, node=SERVER.node, is_emitted=manager.is_emitted)
        self.services = CallServices(manager, self.limits, self._pools, self._metrics, Tracing())

    def run(self, function: Callable[..., object], *args: object) -> Any:
        """Run a function, plain or async, in the loop; virtual time passes until it is done."""

        async def call() -> object:
            result = function(*args)
            return await result if inspect.isawaitable(result) else result

        with _beside_a_running_loop():
            return self.loop.run_until_complete(self.loop.create_task(call(), context=self._context))

    def run_for(self, seconds: float) -> None:
        """Let virtual time pass; with 0, let everybody do what can be done now."""
        with _beside_a_running_loop():
            self.loop.run_for(seconds)

    def start(self) -> None:
        """Run `on_startup` of all plugins."""
        if not self._started:
            self._started = True
            self.run(self.manager.startup, self._server)

    def stop(self) -> None:
        """Run `on_shutdown` of all plugins that started."""
        if self._started:
            self._started = False
            self.run(self.manager.shutdown, self._server)

    def close(self) -> None:
        """Cancel what is left, and let go of loop and threads. Again does nothing."""
        if self.loop.is_closed():
            return
        self.run_for(1.0)
        left = asyncio.all_tasks(self.loop)
        self.left += [describe_task(task) for task in left]
        for task in left:
            task.cancel()
        self.run_for(1.0)
        self._pools.close()
        self.run(self.loop.shutdown_asyncgens)
        self.loop.close()
        self._metrics.shutdown()
        deadline = time.monotonic() + _PATIENCE
        for thread in set(threading.enumerate()) - self._threads:
            if thread.name.startswith(("audiohook-", "asyncio_")):
                thread.join(max(0.0, deadline - time.monotonic()))


def describe_task(task: asyncio.Task[Any]) -> str:
    """Return a task's name and its function's: names that asyncio gives tell nothing."""
    function = getattr(task.get_coro(), "__qualname__", "")
    name = task.get_name().replace("None", "without a name")  # so Python 3.13 calls those of a task factory
    return f"{name} ({function})" if function else name


@contextmanager
def _beside_a_running_loop() -> Iterator[None]:
    """Let another loop run inside of a task of the running one: async tests may drive a call too."""
    outer = asyncio._get_running_loop()
    if outer is None:
        yield
        return
    task = asyncio.current_task(outer)
    if task is not None:
        asyncio._leave_task(outer, task)
    asyncio._set_running_loop(None)
    try:
        yield
    finally:
        asyncio._set_running_loop(outer)
        if task is not None:
            asyncio._enter_task(outer, task)
