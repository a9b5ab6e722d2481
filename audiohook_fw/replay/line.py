"""`ReplayLine`: one call whose other end is a recording.

The call, its dispatch and its lanes are the real ones.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any, Final

import numpy as np
from pydantic import ValidationError

from audiohook_fw.audio import Samples, encode
from audiohook_fw.errors import AudiohookError, LocalProtocolError
from audiohook_fw.plugin import Accept, CloseReason, Event, PauseOrigin, Reject, SessionSummary
from audiohook_fw.protocol import (
    AudioReceived,
    ClientPause,
    ClientProtocol,
    ClockGap,
    DiscardedReceived,
    DisconnectReason,
    PausedReceived,
    ResumedReceived,
    ServerProtocol,
    UpdateReceived,
    Violated,
    WireEntity,
)
from audiohook_fw.session import Call, CallFacts, CallServices
from audiohook_fw.stage import open_message

from .result import Emitted, Wish
from .steps import AudioStep, DiscardStep, PauseStep, ResumeStep, Step, UpdateStep

__all__ = ["ReplayError", "ReplayLine"]

_MOMENT: Final = 1e-6
"""Seconds of call time in which all that can be done now is done."""


class ReplayError(AudiohookError, ValueError):
    """Such a call cannot be replayed; says why."""


class _NotedCall(Call):
    """The real call; it also notes what is emitted, before the filters."""

    emitted: list[Emitted]

    def emit(self, event: Event, plugin: str) -> None:
        """Note and emit."""
        self.emitted.append(Emitted(self.protocol.clock.position, plugin, event))
        super().emit(event, plugin)


class _Wishes:
    """Takes what a call asks of its client, and only notes it: a recording does not answer."""

    def __init__(self, position: Callable[[], int]) -> None:
        self.noted: list[Wish] = []
        self._position = position
        self._paused = False

    def want_pause(self, paused: bool, /) -> None:
        if paused is not self._paused:
            self._paused = paused
            self._note("pause" if paused else "resume")

    def disconnect(
        self, reason: DisconnectReason, info: str | None, output_variables: Mapping[str, str] | None
    ) -> None:
        self._note("disconnect", reason=str(reason), info=info, output_variables=dict(output_variables or {}))

    def reconnect(self, info: str | None, /) -> None:
        """Note nothing: only a server that drains asks for it."""

    def send_entity(self, entity: WireEntity, *, replaces: str = "", interim: bool = False) -> None:
        """Note nothing: the event it was made of is noted; raises `ValueError` as the real one does."""
        entity.model_dump_json()

    def play(self, audio: bytes, /) -> None:
        self._note("play", bytes=len(audio), sha256=hashlib.sha256(audio).hexdigest())

    def flush_playback(self) -> None:
        self._note("flush_playback")

    def _note(self, what: str, **details: Any) -> None:
        self.noted.append(Wish(self._position(), what, details))


class ReplayLine:
    """One call from `open` to its end, at the loop's time. Use it in its event loop only.

    The recording decides what happens: where plugins now hold the stream or disconnect, it goes on.

    Args:
        frame: samples of a frame; they end where something happens.
    """

    def __init__(self, facts: CallFacts, services: CallServices, *, frame: int) -> None:
        self.emitted: list[Emitted] = []
        self._server = ServerProtocol(facts.session_id, facts.organization_id, max_gap=None)
        self._control = _Wishes(lambda: self._server.clock.position)
        self._call = _NotedCall(facts, services, self._server, self._control)
        self._call.emitted = self.emitted
        self._call.attach()
        self._facts = facts
        self._media = facts.offers[0]
        self._frame = frame
        self._loop = asyncio.get_running_loop()
        self._began = 0.0
        self._none: Samples = np.zeros((0, len(self._media.channels)), np.int16)
        self._rest = self._none

    @property
    def wishes(self) -> list[Wish]:
        """What the call asked of the client."""
        return self._control.noted

    async def open(self) -> Accept | Reject:
        """Let the plugins decide, and open or reject.

        Raises:
            ReplayError: there can be no such call.
        """
        try:
            client = ClientProtocol(self._facts.session_id, connector=self._facts.product == "connector")
            text = client.send(open_message(self._facts), timedelta(0))
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(str(step) for step in first["loc"])
            raise ReplayError(f"there can be no such call: {where}: {first['msg']}") from None
        event = self._server.receive_text(text, self._loop.time())
        if isinstance(event, Violated):
            raise ReplayError(f"there can be no such call: {event.error}")
        verdict = await self._call.decide()
        if isinstance(verdict.decision, Reject):
            await self._call.reject(verdict.decision)
            await self._call.end(CloseReason.DISCONNECT)
            return verdict.decision
        self._opened()
        self._began = self._loop.time()
        self._call.begin()
        await self._settle()
        return verdict.decision

    async def play(self, steps: Iterable[Step], progress: Callable[[int], object]) -> None:
        """Let it all happen, each thing at its time."""
        for step in steps:
            if isinstance(step, AudioStep):
                await self._audio(step, progress)
                continue
            await self._flush()
            await self._happen(step)
            await self._settle()
            progress(self._server.clock.position)
        await self._flush()

    async def close(self, reason: CloseReason) -> SessionSummary | None:
        """Let the call end, and the plugins finish."""
        await self._settle()
        await self._call.close(reason)
        return await self._call.end(reason)

    # inside -----------------------------------------------------------------------------------------

    def _opened(self) -> None:
        opened = self._call.opened_message()
        # Whether and when it was paused, and what was discarded, the recording tells.
        opened = opened.model_copy(update={"start_paused": None, "discard_to": None})
        try:
            self._server.send(opened)
        except LocalProtocolError as error:
            raise ReplayError(f"there can be no such call: {error}") from None

    async def _audio(self, step: AudioStep, progress: Callable[[int], object]) -> None:
        """Let frames come; what is left of the last one waits for more audio."""
        samples, size = step.samples, self._frame
        if len(self._rest):
            samples = np.concatenate((self._rest, samples))
        whole = len(samples) - len(samples) % size
        for start in range(0, whole, size):
            await self._send(samples[start : start + size])
        self._rest = samples[whole:]
        progress(self._server.clock.position)

    async def _flush(self) -> None:
        """Let come what is left, as a shorter frame."""
        if len(self._rest):
            rest, self._rest = self._rest, self._none
            await self._send(rest)

    async def _send(self, samples: Samples) -> None:
        clock, length = self._server.clock, len(samples)
        payload = encode(samples, self._media, self._facts.byte_order)
        await self._until(clock.position + length)
        self._call.audio(AudioReceived(payload, length, *clock.advance(length)))

    async def _happen(self, step: PauseStep | ResumeStep | DiscardStep | UpdateStep) -> None:
        server = self._server
        match step:
            case PauseStep(origin=origin):
                server.pause.server = origin is not PauseOrigin.CLIENT
                server.pause.client = _CLIENT[origin]
                by_client = origin is PauseOrigin.CLIENT
                self._call.deliver(
                    PausedReceived(server.clock.position, by_client, server.pause.client, news=True)
                )
            case ResumeStep():
                gap = await self._pass(server.clock.resume, step)
                server.pause.server, server.pause.client = False, ClientPause.NO
                self._call.deliver(ResumedReceived(gap))
            case DiscardStep():
                self._call.deliver(DiscardedReceived(await self._pass(server.clock.discard, step)))
            case UpdateStep(language=language):
                self._call.deliver(UpdateReceived(0, language, server.clock.position))

    async def _pass(
        self, move: Callable[[int, int, float], ClockGap], step: ResumeStep | DiscardStep
    ) -> ClockGap:
        """Let call time pass without audio."""
        clock = self._server.clock
        await self._until(clock.position + step.length)
        gap = move(clock.position, step.length, self._loop.time())
        if not step.clamped:
            return gap
        clock.clamped += 1
        return replace(gap, clamped=True)

    async def _until(self, position: int) -> None:
        due = self._began + position / self._server.clock.rate
        await asyncio.sleep(max(0.0, due - self._loop.time()))

    async def _settle(self) -> None:
        """Let everybody do what can be done before time passes."""
        await asyncio.sleep(_MOMENT)


_CLIENT: Final = {
    PauseOrigin.CLIENT: ClientPause.YES,
    PauseOrigin.SERVER: ClientPause.NO,
    PauseOrigin.UNKNOWN: ClientPause.UNKNOWN,
}
