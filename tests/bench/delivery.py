"""What delivery costs a frame, from the protocol to the hooks, without a socket; and what isolation is worth.

`python delivery.py` prints JSON: run by the scenario `delivery` in a process of its own.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import Any, Final

import uvloop

from audiohook_fw import AudioFrame, CloseReason, SessionHandler, hookimpl
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import load_plugins
from audiohook_fw.session import BlockingPools, CallServices
from audiohook_fw.stage import open_message
from audiohook_fw.telemetry import Metrics, Tracing
from audiohook_fw.testing.facts import call_facts
from audiohook_fw.testing.line import Line

FRAME: Final = b"\xff" * 320  # 20 ms of stereo PCMU
ROUNDS: Final = 40
FRAMES: Final = 500


class Inline(SessionHandler):
    def on_audio(self, frame: AudioFrame) -> None:
        pass


class Lane(SessionHandler):
    async def on_audio(self, frame: AudioFrame) -> None:
        pass


class Healthy(SessionHandler):
    """Notes how old each frame is when it comes, in seconds."""

    def __init__(self, sent: dict[int, float]) -> None:
        self.sent = sent
        self.ages: list[float] = []

    async def on_audio(self, frame: AudioFrame) -> None:
        self.ages.append(time.perf_counter() - self.sent[frame.position])


class Slow(SessionHandler):
    """Takes three times as long as a frame lasts."""

    frames = 0

    async def on_audio(self, frame: AudioFrame) -> None:
        self.frames += 1
        await asyncio.sleep(0.06)


class Plugin:
    def __init__(self, handler: SessionHandler) -> None:
        self.handler = handler

    @hookimpl
    def create_handler(self) -> SessionHandler:
        return self.handler


async def opened(handlers: list[SessionHandler], **limits: object) -> Line:
    """Return a call with these handlers, each a plugin of its own."""
    settings = Settings.model_validate({"plugins": {"enabled": []}, "limits": limits})
    extra = {f"plugin_{number}": Plugin(handler) for number, handler in enumerate(handlers)}
    section = Loaded.of(settings).plugin_section
    plugins = load_plugins(settings.plugins, section, settings.limits, extra=extra)
    services = CallServices(plugins, settings.limits, BlockingPools(), Metrics(), Tracing())
    facts = call_facts({})
    line = Line(facts, services, max_gap=30.0)
    await line.open(open_message(facts), 0.0)
    return line


async def cost(inline: int, lanes: int) -> float:
    """Return microseconds a frame, the least of many rounds; the loop hands them on, in no task."""
    line = await opened([*(Inline() for _ in range(inline)), *(Lane() for _ in range(lanes))])
    line.frame(FRAME)
    await asyncio.sleep(0.1)  # a lane begins its task, and sleeps
    loop = asyncio.get_running_loop()

    def play(done: asyncio.Future[float]) -> None:
        began = time.perf_counter()
        for _ in range(FRAMES):
            line.call.audio(line.server.receive_binary(FRAME))  # type: ignore[arg-type]
        done.set_result((time.perf_counter() - began) / FRAMES)

    best = float("inf")
    for _ in range(ROUNDS):
        done: asyncio.Future[float] = loop.create_future()
        loop.call_soon(play, done)
        best = min(best, await done)
    await line.call.end(CloseReason.END)
    return best * 1e6


async def isolation(seconds: float) -> dict[str, Any]:
    """Play a call in real time to a plugin that is too slow and one that is well."""
    sent: dict[int, float] = {}
    healthy, slow = Healthy(sent), Slow()
    line = await opened([healthy, slow], lane_seconds=0.5)
    begun, frames = time.perf_counter(), int(seconds / 0.02)
    for number in range(frames):
        await asyncio.sleep(begun + number * 0.02 - time.perf_counter())
        sent[number * 160] = time.perf_counter()
        line.frame(FRAME)
    await asyncio.sleep(1)
    await line.call.end(CloseReason.END)
    ages = sorted(healthy.ages)
    [bad] = [s for s in line.call.delivery.statistics() if s.plugin == "plugin_1"]
    return {
        "frames": frames,
        "healthy": len(ages),
        "p50": ages[len(ages) // 2] * 1e3,
        "p99": ages[int(len(ages) * 0.99)] * 1e3,
        "slow": slow.frames,
        "dropped": bad.dropped // 160,
    }


async def main() -> None:
    costs = [
        ((i, lanes), await cost(i, lanes)) for i, lanes in ((0, 0), (1, 0), (5, 0), (0, 1), (0, 2), (0, 5))
    ]
    print(json.dumps({"costs": costs, "isolation": await isolation(8.0)}))


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(main())
    sys.exit(0)
