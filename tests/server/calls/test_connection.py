"""A call over a real socket, from `open` to `on_end`."""

from __future__ import annotations

from typing import Any

from audiohook_fw.plugin import SessionHandler, hookimpl


class Recorder(SessionHandler):
    def __init__(self, log: list[Any]) -> None:
        self.log = log

    def on_opened(self) -> None:
        self.log.append("opened")

    def on_audio(self, frame: Any) -> None:
        self.log.append(frame.payload)

    def on_close(self, reason: Any) -> None:
        self.log.append(f"close {reason}")

    def on_end(self, summary: Any) -> None:
        self.log.append(f"end {summary.reason} {summary.audio}")


class Recording:
    def __init__(self) -> None:
        self.log: list[Any] = []

    @hookimpl
    def create_handler(self, session: Any) -> SessionHandler:
        return Recorder(self.log)


async def test_call_runs_from_open_to_end(house: Any) -> None:
    recording = Recording()
    await house.start(recorder=recording)
    caller = await house.opened()
    await caller.hear(b"\x11" * 1600)
    await caller.ping(0.05)
    await caller.close()
    await house.idle()
    assert recording.log == ["opened", b"\x11" * 1600, "close end", "end end 800"]
    assert caller.faults == []
