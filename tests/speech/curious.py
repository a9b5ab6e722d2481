"""Plugins that tell all they hear: whatever reaches a plugin is in their log, spans, metrics and events."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Sequence

from audiohook_fw_asr import Result, SpeechRecognition, StreamRequest, StreamSettings
from opentelemetry import trace

from audiohook_fw import (
    Accept,
    AudioFrame,
    Event,
    Hold,
    PluginInfo,
    ServerContext,
    Session,
    SessionHandler,
    Update,
    hookimpl,
)
from audiohook_fw.audio import Samples

from .marks import Mark

__all__ = ["HOLDS", "Inline", "Lane", "Listener", "Told"]

logger = logging.getLogger(__name__)

LANGUAGES = ("en-US", "de-DE", "fr-FR", "it-IT", "es-ES")
SLOW, STARTS_PAUSED = "es-ES", "it-IT"
"""Languages of `open` for which `Lane` is slow to accept, or accepts paused."""
HOLDS, RELEASES = "de-DE", "fr-FR"
"""Languages of an `update` at which `Lane` takes a hold, and releases it."""


class Told(Event, event_type="pauses_test.told"):
    """Something that a plugin was told, as text."""

    what: str


class Lane:
    """Keeps, logs, emits, counts and traces what its lane is told; holds the stream when asked to."""

    info = PluginInfo(summary="tells all", emits=(Told,))

    def __init__(self) -> None:
        self.heard = bytearray()

    @hookimpl
    def on_startup(self, server: ServerContext) -> None:
        self.typed = server.meter.create_counter("pauses_test.typed", "{key}", "Keys.")

    @hookimpl
    async def on_open(self, session: Session) -> Accept | None:
        if session.language == SLOW:
            await asyncio.sleep(0.3)
        return Accept(start_paused=True) if session.language == STARTS_PAUSED else None

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Telling(self, session)


class _Telling(SessionHandler):
    def __init__(self, plugin: Lane, session: Session) -> None:
        self.plugin = plugin
        self.session = session
        self.hold: Hold | None = None

    async def on_audio(self, frame: AudioFrame) -> None:
        self.plugin.heard += frame.payload
        text = frame.payload[:64].hex()
        logger.debug("heard %s", text)
        trace.get_current_span().add_event("heard", {"audio": text})
        self.session.emit(Told(what=text))

    async def on_dtmf(self, digit: str, position: int) -> None:
        self.plugin.heard += digit.encode()
        logger.debug("typed %s", digit)
        trace.get_current_span().add_event("typed", {"digit": digit})
        self.plugin.typed.add(1, {"digit": digit})
        self.session.emit(Told(what=digit))

    async def on_update(self, update: Update, position: int) -> None:
        if update.language == HOLDS:
            self.hold = self.session.pause("the test wants it")
        elif update.language == RELEASES:
            hold = self.hold or self.session.start_hold
            assert hold is not None
            hold.release()


class Inline:
    """Keeps what it is told inline, events of all others included."""

    info = PluginInfo(summary="keeps all")

    def __init__(self) -> None:
        self.heard = bytearray()
        self.events: list[Event] = []

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Keeping(self)


class _Keeping(SessionHandler):
    def __init__(self, plugin: Inline) -> None:
        self.plugin = plugin

    def on_audio(self, frame: AudioFrame) -> None:
        self.plugin.heard += frame.payload

    def on_dtmf(self, digit: str, position: int) -> None:
        self.plugin.heard += digit.encode()

    def on_event(self, event: Event) -> None:
        self.plugin.events.append(event)


class Listener(SpeechRecognition):
    """Speech recognition that knows the marks, and says their words where it hears them."""

    Settings = StreamSettings
    summary = "hears marks"
    marks: Sequence[Mark] = ()

    def make_engines(self) -> Sequence[MarkEngine]:
        self.engine = MarkEngine(self)
        return (self.engine,)


class MarkEngine:
    """Its engine; `heard` is all that was sent to it, as PCM."""

    rate = 8000
    languages = LANGUAGES

    def __init__(self, plugin: Listener) -> None:
        self.plugin = plugin
        self.heard = bytearray()

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def connect(self, request: StreamRequest) -> MarkStream:
        return MarkStream(self)


class MarkStream:
    """One channel: each piece up to a pause, an update or the end is one utterance."""

    def __init__(self, engine: MarkEngine) -> None:
        self._engine = engine
        self._audio = bytearray()
        self._begin = 0
        self._results: asyncio.Queue[Result] = asyncio.Queue()

    async def send(self, samples: Samples) -> None:
        self._audio += samples.astype("<i2").tobytes()

    async def flush(self) -> None:
        end = len(self._audio) // 2
        piece = bytes(self._audio[2 * self._begin :])
        if piece:
            self._engine.heard += piece
            words = [mark.word for mark in self._engine.plugin.marks if mark.find(piece)]
            text = " ".join(["good morning", *words])
            self._results.put_nowait(Result(text, True, self._begin / 8000, (end - self._begin) / 8000))
        self._begin = end
        await self._results.join()

    async def keep_alive(self) -> None: ...

    async def close(self) -> None: ...

    async def __aiter__(self) -> AsyncIterator[Result]:
        while True:
            result = await self._results.get()
            yield result
            self._results.task_done()
