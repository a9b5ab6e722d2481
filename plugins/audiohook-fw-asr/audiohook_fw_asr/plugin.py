"""`SpeechRecognition`: what a speech-recognition plugin derives from."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any, ClassVar, Final, cast

from audiohook_fw import (
    PluginInfo,
    ServerContext,
    Session,
    SessionHandler,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    hookimpl,
)

from .call import RecognisedCall, SegmentCall
from .engines import EnginePool
from .events import RecognitionStatus
from .recognition import CallRequest, Recognition
from .segments import SegmentChannel
from .settings import RecognitionSettings, SegmentSettings, StreamSettings
from .stream import StreamChannel
from .totals import make_instruments
from .types import Engine, SegmentEngine, StreamEngine

__all__ = ["SpeechRecognition"]

logger = logging.getLogger(__name__)

_CALL_RATE: Final = 8000

_running: list[SpeechRecognition] = []
"""Plugins of all servers in this process: two of one server may do the same."""


class SpeechRecognition:
    """Base of plugins: set `Settings` and `summary`, and override `make_engines`.

    Attributes:
        Settings: derived from `StreamSettings` or `SegmentSettings`, as the engines are.
        summary: one line for listings; `info` is made of it.
        settings: of the plugin.

    Raises:
        TypeError: the engines are none, of both kinds, or not what the settings are for.
        ValueError: an engine wants a rate that cannot be had.
    """

    Settings: ClassVar[type[RecognitionSettings]]
    summary: ClassVar[str] = "Speech recognition"
    info: ClassVar[PluginInfo]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if "info" not in cls.__dict__:
            by_segments = issubclass(getattr(cls, "Settings", object), SegmentSettings)
            cls.info = PluginInfo(
                summary=cls.summary,
                consumes=(SpeechStarted, SpeechEnded) if by_segments else (),
                emits=(Transcript, RecognitionStatus),
            )

    def __init__(self, settings: Any) -> None:
        self.settings = settings
        engines = tuple(self.make_engines())
        _check(engines, settings)
        self._recognition: Recognition[Any, Any] = Recognition(
            settings, EnginePool(engines, retry=settings.retry_seconds, longest=settings.retry_max)
        )

    def make_engines(self) -> Sequence[Engine]:
        """Return the engines, all of one kind; each one stands in for those before it."""
        raise TypeError(f"{type(self).__name__} must override make_engines")

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        """Start the engines; the plugin fails when none of them starts."""
        recognition = self._recognition
        make_instruments(
            server.meter, type(self).__name__, recognition.totals, recognition.pool, rate=_CALL_RATE
        )
        await recognition.pool.start()
        self._server = server
        self._warn()
        _running.append(self)

    @hookimpl
    def supported_languages(self) -> Sequence[str]:
        """Name what the engines understand."""
        return self._recognition.pool.languages

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler | None:
        """Listen to a call."""
        make = SegmentCall if isinstance(self.settings, SegmentSettings) else RecognisedCall
        return make(session, self._recognition, self._make_channel)

    @hookimpl
    def check_health(self) -> str | None:
        """Say so when no engine works."""
        return self._recognition.pool.health

    @hookimpl
    async def on_shutdown(self) -> None:
        """Stop the engines."""
        if self in _running:
            _running.remove(self)
        await self._recognition.pool.stop()

    def _warn(self) -> None:
        """Say in the log what an operator would wonder about later."""
        pool, settings = self._recognition.pool, self._recognition.settings
        if not pool.supports(settings.language):
            logger.warning(
                "%s: its language is %r, which its engines do not understand (%s): calls that name none are"
                " not transcribed",
                self.summary,
                settings.language,
                ", ".join(pool.languages[:20]),
            )
        for other in _running:
            beside = other._recognition
            if (
                other._server is self._server
                and any(beside.pool.supports(tag) for tag in pool.languages)
                and not set(settings.channels).isdisjoint(beside.settings.channels)
            ):
                logger.warning(
                    '"%s" and "%s" are two plugins for the same: every word comes twice. Leave one out, with'
                    " plugins.disabled or -p no:NAME",
                    other.summary,
                    self.summary,
                )

    def _make_channel(self, channel: str, language: str, call: CallRequest) -> StreamChannel | SegmentChannel:
        if isinstance(self.settings, StreamSettings):
            stream = cast("Recognition[StreamEngine, StreamSettings]", self._recognition)
            return StreamChannel(channel, language, call, stream)
        segment = cast("Recognition[SegmentEngine, SegmentSettings]", self._recognition)
        return SegmentChannel(channel, language, call, segment)


def _check(engines: Sequence[object], settings: object) -> None:
    kinds: dict[type, tuple[type, str]] = {
        StreamSettings: (StreamEngine, "StreamEngine"),
        SegmentSettings: (SegmentEngine, "SegmentEngine"),
    }
    wanted = next((kind for base, kind in kinds.items() if isinstance(settings, base)), None)
    if wanted is None:
        raise TypeError(
            "the Settings of a speech-recognition plugin derive from StreamSettings or SegmentSettings"
        )
    if not engines:
        raise TypeError("make_engines returned no engine")
    for engine in engines:
        if not isinstance(engine, wanted[0]):
            raise TypeError(f"{type(engine).__name__} is no {wanted[1]}, which these Settings are for")
        if getattr(engine, "rate", None) not in (_CALL_RATE, 2 * _CALL_RATE):
            raise ValueError(f"{type(engine).__name__}.rate must be 8000 or 16000")
