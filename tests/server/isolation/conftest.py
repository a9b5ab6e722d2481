"""One bad plugin, two healthy ones and the simulated client: what the matrix of isolation is tested with."""

from __future__ import annotations

import asyncio
import re
import sys
from base64 import b64decode
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.client import CallOptions, CallReport, Decision, run_call
from audiohook_fw.plugin import Event, PluginInfo, SessionHandler, Transcript, hookimpl
from audiohook_fw.server import AudiohookServer

sys.path.append(str(Path(__file__).resolve().parents[3] / "docs"))  # for `make_reference`

FLOOD = 1_200
BOUND = 30.0
"""Seconds after which something that has to happen has failed; generous, for slow machines."""


class Noise(Event, event_type="test.noise"):
    """What a flood is made of."""


def said(name: str) -> Transcript:
    return Transcript(channel="external", text=name, start=0, length=1, is_final=True)


class Trouble:
    """What a bad plugin does, whatever the hook."""

    def __init__(self, fault: str) -> None:
        self.fault = fault
        self.tasks: list[asyncio.Task[None]] = []
        self.released = asyncio.Event()

    def now(self, session: Any) -> Any:
        """Do it in a plain function."""
        match self.fault:
            case "raise":
                raise RuntimeError("planted")
            case "swallow":
                raise asyncio.CancelledError
            case "leak":
                self.start(1_000_000)
            case "flood" if session is None:
                for _ in range(1_000):
                    self.start(0)
                return "x" * 1_000_000
            case "flood":
                for _ in range(FLOOD):
                    session.emit(Noise())
                for _ in range(300):
                    session.pause("flood").release()
        return None

    async def wait(self, session: Any = None) -> Any:
        """Do it in an `async def`."""
        if self.fault not in ("hang", "swallow"):
            return self.now(session)
        while not self.released.is_set():
            try:
                await self.released.wait()
            except asyncio.CancelledError:
                if self.fault == "hang":
                    raise
        return None

    def start(self, seconds: float) -> None:
        async def work() -> None:
            await asyncio.sleep(seconds)

        self.tasks.append(asyncio.create_task(work()))

    async def end(self) -> None:
        """Let go of everything."""
        self.released.set()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)


def bad_plugin(trouble: Trouble, hook: str) -> object:
    """Return a plugin that has this trouble in one hook, and the hooks that it must be left."""

    class Handler(SessionHandler):
        def __init__(self, session: Any) -> None:
            self.session = session

    class Inline(Handler):
        def on_audio(self, frame: Any) -> None:
            trouble.now(self.session)

    class Lane(Handler):
        async def on_audio(self, frame: Any) -> None:
            await trouble.wait(self.session)

    class Close(Handler):
        async def on_close(self) -> None:
            await trouble.wait(self.session)

    class End(Handler):
        async def on_end(self) -> None:
            await trouble.wait(self.session)

    class WithHandler:
        @hookimpl
        def create_handler(self, session: Any) -> SessionHandler:
            return {"inline": Inline, "lane": Lane, "on_close": Close, "on_end": End}[hook](session)

    class Opening:
        @hookimpl
        async def on_open(self, session: Any) -> Any:
            await trouble.wait(session)

    class Filter:
        @hookimpl
        def filter_event(self, session: Any, event: Event) -> Event:
            if not isinstance(event, Noise):
                trouble.now(session)
            return event

    class Startup:
        @hookimpl
        async def on_startup(self) -> Any:
            return await trouble.wait()

    class Shutdown:
        @hookimpl
        async def on_shutdown(self) -> Any:
            return await trouble.wait()

    others = {"on_open": Opening, "filter": Filter, "on_startup": Startup, "on_shutdown": Shutdown}
    return others.get(hook, WithHandler)()


class Ear:
    """A healthy plugin: emits an event with each frame, and notes all it gets."""

    info = PluginInfo(consumes=(Transcript,))

    def __init__(self, name: str, *, in_lane: bool) -> None:
        self.name = name
        self.in_lane = in_lane
        self.heard = 0
        self.emitted = 0
        self.got = 0
        self.log: list[str] = []

    @hookimpl
    def create_handler(self, session: Any) -> SessionHandler:
        return (_LaneEar if self.in_lane else _InlineEar)(self, session)


class _InlineEar(SessionHandler):
    def __init__(self, ear: Ear, session: Any) -> None:
        self.ear = ear
        self.session = session

    def on_audio(self, frame: Any) -> None:
        assert frame.gap_before == 0
        self.ear.heard += len(frame.payload)
        self.ear.emitted += 1
        self.session.emit(said(self.ear.name))

    def on_event(self, event: Event) -> None:
        self.ear.got += 1

    def on_close(self) -> None:
        self.ear.log.append("close")

    def on_end(self) -> None:
        self.ear.log.append("end")


class _LaneEar(_InlineEar):
    async def on_opened(self) -> None:
        await asyncio.sleep(0)


class House:
    """A server with one bad plugin and the two healthy ones, and what came of one call."""

    def __init__(self, server: AudiohookServer, trouble: Trouble, ears: list[Ear]) -> None:
        self.server = server
        self.trouble = trouble
        self.ears = ears
        self.report: CallReport
        self.waited_for_deadline = False

    async def call(self, **options: Any) -> None:
        """Play a call to its end, and stop the server."""
        self.report = await run_call(
            CallOptions(url=self.server.url, duration=4.0, frame_ms=200, speed=20.0, **options)
        )
        self.waited_for_deadline = self.count("hook_timeouts", "on_audio", "on_close") > 0
        async with asyncio.timeout(BOUND):
            await self.server.registry.idle()
            await self.server.stop()
        for _ in range(5):  # what was cancelled ends, unless it does not want to
            await asyncio.sleep(0)

    def count(self, metric: str, *hooks: str) -> float:
        """Return what is counted of the bad plugin, in some hooks or in all."""
        text = self.server.metrics.render()[0].decode()
        rows = re.findall(rf"^audiohook_{metric}_total{{(.*)}} (\S+)$", text, re.MULTILINE)
        return sum(
            float(value)
            for labels, value in rows
            if 'plugin="bad"' in labels and (not hooks or any(f'hook="{hook}"' in labels for hook in hooks))
        )

    def bad(self) -> set[str]:
        """Return what became of the bad plugin."""
        plugins, (record,) = self.server.plugins, [r for r in self.server.plugins.records if r.name == "bad"]
        facts = {
            "fault": self.count("hook_faults") > 0,
            "quarantine": self.count("quarantines") > 0,
            "failed": record.status == "failed",
            "late": self.count("hook_timeouts") > 0,
            "left alone": plugins.hold.running("bad") > 0,
            "refused": self.count("events_refused") > 0,
            "named": self.count("loop_blocked") > 0,
            "tasks remain": any(not task.done() for task in self.trouble.tasks),
        }
        return {name for name, holds in facts.items() if holds}

    def healthy(self) -> set[str]:
        """Return what became of the healthy plugins; what is only true of one of them is not true."""
        sent, (one, other) = self.report.ledger.audio_bytes, self.ears
        facts = {
            "all frames": sent > 0 and all(ear.heard == sent for ear in self.ears),
            "all events": 0 < one.emitted == other.got and 0 < other.emitted == one.got,
            "no events": one.got == other.got == 0,
            "ended once": all(ear.log == ["close", "end"] for ear in self.ears),
        }
        return {name for name, holds in facts.items() if holds}

    def answers(self) -> set[str]:
        """Return what became of the call."""
        assert self.report.violations == []
        assert self.report.limited == 0
        opened = self.report.decision is Decision.ACCEPTED
        closed = self.report.closing == "closed" and self.report.as_scripted
        facts = {
            "opened": opened,
            "closed": closed and not self.waited_for_deadline,
            "closed at the deadline": closed and self.waited_for_deadline,
        }
        return {name for name, holds in facts.items() if holds}


SHORT = {
    "decision_timeout": 0.5,
    "hook_deadline": 0.5,
    "outbox_deadline": 0.2,
    "closed_deadline": 1.0,
    "end_deadline": 2.0,
    "startup_timeout": 0.5,
    "shutdown_timeout": 0.5,
}
"""Deadlines for plugins that miss them; others have the default ones, and never reach them."""

PATIENT = {"block_timeout": 60.0}
"""A machine that is slow enough makes a block of a flood; blocks are for `test_blocking`."""

Build = Callable[[str, str], Any]


@pytest.fixture
async def build(serve: Any, credentials: dict[str, Any]) -> AsyncIterator[Build]:
    """Start a server with a plugin that does a fault in a hook."""
    houses: list[House] = []

    async def start(fault: str, hook: str) -> House:
        trouble = Trouble(fault)
        ears = [Ear("inline", in_lane=False), Ear("lane", in_lane=True)]
        server = await serve(
            {"bad": bad_plugin(trouble, hook), "inline": ears[0], "lane": ears[1]},
            plugins={"order": ["bad", "inline", "lane"]},
            limits=PATIENT | (SHORT if fault in ("hang", "swallow") else {}),
        )
        houses.append(House(server, trouble, ears))
        return houses[-1]

    yield start
    for house in houses:
        await house.trouble.end()
    async with asyncio.timeout(BOUND):
        while any(task.get_name().startswith("audiohook-lane") for task in asyncio.all_tasks()):  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.fixture
def credentials(settings: Any) -> dict[str, Any]:
    """What the client needs to be let in."""
    key = settings().auth.keys[0]
    return {"api_key": key.api_key.get_secret_value(), "secret": b64decode(key.secrets[0].get_secret_value())}
