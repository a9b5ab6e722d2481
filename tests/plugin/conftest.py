"""What the plugin tests share: virtual time, a bench that loads plugins and runs a call, frames."""

from __future__ import annotations

import asyncio
import contextvars
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypeVar

import pytest
from pydantic import BaseModel

from audiohook_fw.audio import AudioFrame
from audiohook_fw.errors import ConfigError, PluginOverflowError
from audiohook_fw.plugin import (
    CallDispatch,
    CloseReason,
    Event,
    LocalMetrics,
    PluginManager,
    SessionSummary,
    load_plugins,
)
from audiohook_fw.plugin.lane import Lane
from audiohook_fw.plugin.lane_queue import LaneBudget, LaneQueue
from audiohook_fw.plugin.statistics import PluginCounters
from audiohook_fw.protocol import MediaFormat
from audiohook_fw.testing import VirtualLoop

M = TypeVar("M", bound=BaseModel)


def pytest_asyncio_loop_factories() -> Mapping[str, Callable[[], asyncio.AbstractEventLoop]]:
    return {"virtual": VirtualLoop}


@dataclass
class Limits:
    lane_seconds: float = 30.0
    lane_bytes: int = 1_000_000
    control_events: int = 1_000
    plugin_events: int = 1_000
    faults_in_a_row: int = 10
    quarantine_calls: int = 3
    quarantine_blocks: int = 3
    quarantine_window: float = 600.0
    startup_timeout: float = 30.0
    shutdown_timeout: float = 10.0
    address_timeout: float = 1.0


@dataclass
class Options:
    enabled: list[str] | None = None
    disabled: list[str] = field(default_factory=list)
    required: list[str] = field(default_factory=list)
    order: list[str] = field(default_factory=list)
    directory: Path | None = None
    modules: list[str] = field(default_factory=list)


class View:
    """A plugin's view of a session, as far as dispatch is concerned: it only passes it on."""

    def __init__(self, bench: Bench, name: str) -> None:
        self._bench = bench
        self.name = name

    def emit(self, event: Event) -> bool:
        return self._bench.dispatch.emit(event, self.name)


class Bench:
    """Loads plugins and runs one call with them.

    `seen` is where plugins may write; `lost` and `emitted` are what dispatch told the session.
    """

    media = MediaFormat("PCMU", ("external", "internal"), 8000)

    def __init__(self) -> None:
        self.limits = Limits()
        self.metrics = LocalMetrics()
        self.seen: list[Any] = []
        self.lost: list[str] = []
        self.emitted: list[tuple[Event, str]] = []
        self.manager: PluginManager
        self.dispatch: CallDispatch

    def load(self, options: Options | None = None, **plugins: object) -> PluginManager:
        """Load just these plugins, in this order unless `options` has another."""
        options = replace(options or Options(), enabled=[])
        options.order = options.order or list(plugins)
        self.manager = load_plugins(
            options, self.section, self.limits, extra=plugins, metrics=self.metrics, version="0.1.0"
        )
        return self.manager

    def call(self, **plugins: object) -> CallDispatch:
        """Open one call; not accepted yet. Without plugins: one more call of those loaded."""
        if plugins:
            self.load(**plugins)
        self.dispatch = CallDispatch(
            self.manager,
            lambda name: View(self, name),
            session_id="s-1",
            on_lost=self.lost.append,
            on_emitted=lambda event, emitter: self.emitted.append((event, emitter)),
        )
        return self.dispatch

    def accepted(self, **plugins: object) -> CallDispatch:
        """Open and accept one call."""
        self.call(**plugins).accept()
        return self.dispatch

    async def finish(self, *, close: float = 6.0, end: float = 60.0) -> tuple[str, ...]:
        """Close and end the call; return who was late with `on_close`."""
        late = await self.dispatch.close(CloseReason.END, timeout=close)
        await self.dispatch.end(self.summary(), timeout=end)
        return late

    def frame(self, position: int = 0, length: int = 80, gap: int = 0) -> AudioFrame:
        return AudioFrame(b"\xff" * (2 * length), self.media, position, gap)

    @staticmethod
    def section(name: str, model: type[M]) -> M:
        return model()

    @staticmethod
    def summary() -> SessionSummary:
        now = datetime(2026, 1, 1, tzinfo=UTC)
        return SessionSummary(CloseReason.END, now, now, 8000, 0, 0, 0, 0, 0)

    @property
    def lanes(self) -> list[asyncio.Task[Any]]:
        """The lane tasks that are alive."""
        return [task for task in asyncio.all_tasks() if task.get_name().startswith("audiohook-")]


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def options() -> type[Options]:
    return Options


class LaneNotes:
    """Notes what a lane tells."""

    def __init__(self) -> None:
        self.faults: list[tuple[str, type[BaseException]]] = []
        self.successes = 0
        self.overflows: list[PluginOverflowError] = []
        self.hops: list[int] = []
        self.closing: list[float] = []

    def succeeded(self) -> None:
        self.successes += 1

    def faulted(self, hook: str, error: BaseException) -> None:
        self.faults.append((hook, type(error)))

    def overflowed(self, error: PluginOverflowError) -> None:
        self.overflows.append(error)

    def took_to_close(self, seconds: float) -> None:
        self.closing.append(seconds)

    def at_hops(self, hops: int) -> None:
        self.hops.append(hops)


@pytest.fixture
def lane_owner() -> LaneNotes:
    return LaneNotes()


@pytest.fixture
async def make_lane(lane_owner: LaneNotes) -> Any:
    def make(
        *, samples: int = 240_000, drops: bool = True, control: int = 5, **calls: Callable[..., Any]
    ) -> Lane:
        queue = LaneQueue(
            LaneBudget(1_000_000),
            PluginCounters(LocalMetrics(), "vad"),
            seconds=samples / 8000,
            drops=drops,
            control_limit=control,
            event_limit=5,
        )
        return Lane(
            "vad",
            {hook: (call,) for hook, call in calls.items()},
            lane_owner,
            queue,
            clock=asyncio.get_running_loop().time,
            context=contextvars.copy_context(),
            label="s-1",
        )

    return make


HOOKS = """
from audiohook_fw.plugin import hookimpl

@hookimpl
def on_opened(session):
    pass
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Make distributions that importlib.metadata finds, with a module each."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(
        name: str, *, code: str = HOOKS, target: str = "", requires: tuple[str, ...] = (), dist: str = ""
    ) -> None:
        module = f"installed_{name}_{dist}".replace("-", "_")
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{dist or name}-1.2.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {dist or name}", "Version: 1.2"]
        lines += [f"Requires-Dist: {text}" for text in requires]
        (info / "METADATA").write_text("\n".join(lines) + "\n")
        (info / "entry_points.txt").write_text(f"[audiohook_fw]\n{name} = {module}{target}\n")

    yield install
    for name in set(sys.modules) - before:
        if name.startswith(("installed_", "audiohook_fw_file_")):
            del sys.modules[name]


@pytest.fixture
def load(bench: Any, options: Any) -> Callable[..., PluginManager]:
    """Load what is installed with these options and sections, on version 0.1.0."""

    def load(
        *,
        sections: dict[str, dict[str, Any]] | None = None,
        extra: Any = None,
        asked: Sequence[str] = (),
        **given: Any,
    ) -> PluginManager:
        def section(name: str, model: type[BaseModel]) -> BaseModel:
            try:
                return model(**(sections or {}).get(name, {}))
            except ValueError:
                raise ConfigError(f"plugins.{name}", "is wrong", source="test") from None

        given.setdefault("enabled", ["good", "bad"])
        return load_plugins(
            options(**given), section, bench.limits, asked=asked, extra=extra, version="0.1.0"
        )

    return load
