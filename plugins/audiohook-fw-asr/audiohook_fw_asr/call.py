"""`RecognisedCall`: the handler of one call, all in its lane, which may wait for results."""

from __future__ import annotations

import asyncio
from typing import Final, Protocol

from audiohook_fw import (
    AudioFrame,
    CloseReason,
    Event,
    PauseOrigin,
    Session,
    SessionHandler,
    SessionSummary,
    SpeechEnded,
    SpeechStarted,
    Update,
)

from .recognition import CallRequest, Recognition
from .segments import SegmentChannel
from .settings import RecognitionSettings
from .stream import StreamChannel
from .types import Engine

__all__ = ["RecognisedCall", "SegmentCall"]


class MakeChannel(Protocol):
    """Makes the driver of a channel."""

    def __call__(self, channel: str, language: str, call: CallRequest) -> StreamChannel | SegmentChannel: ...


class RecognisedCall(SessionHandler):
    """Gives each channel its audio, and ends utterances where the protocol wants it."""

    def __init__(
        self, session: Session, recognition: Recognition[Engine, RecognitionSettings], make: MakeChannel
    ) -> None:
        self._session = session
        self._settings: Final = recognition.settings
        self._make = make
        self._channels: dict[str, StreamChannel | SegmentChannel] = {}

    async def on_opened(self) -> None:
        """Make the channels."""
        media = self._session.media
        if media is not None:
            call = CallRequest(self._session, media.rate)
            for channel in media.channels:
                if channel in self._settings.channels:
                    self._channels[channel] = self._make(channel, self._language, call)

    def on_audio(self, frame: AudioFrame) -> None:
        """Give each channel its own."""
        for channel in self._channels.values():
            channel.feed(frame)

    def on_pause(self, origin: PauseOrigin, position: int) -> None:
        """End what is being said."""
        for channel in self._channels.values():
            channel.split()

    def on_update(self, update: Update, position: int) -> None:
        """End what is being said, and go on in the language that is new."""
        language = self._language
        for channel in self._channels.values():
            channel.split(language)

    async def on_close(self, reason: CloseReason) -> None:
        """Have everything out before `closed`."""
        await asyncio.gather(*(c.close(self._settings.flush_timeout) for c in self._channels.values()))

    async def on_end(self, summary: SessionSummary) -> None:
        """Let go of what `on_close` could not."""
        channels, self._channels = self._channels, {}
        await asyncio.gather(*(channel.close(0.0) for channel in channels.values()))

    @property
    def _language(self) -> str:
        return self._session.language or self._settings.language


class SegmentCall(RecognisedCall):
    """A call of segment engines: it hears from other plugins where speech is."""

    def on_event(self, event: Event) -> None:
        """Hear where speech is."""
        if isinstance(event, SpeechStarted | SpeechEnded):
            channel = self._channels.get(event.channel)
            if isinstance(channel, SegmentChannel):
                channel.speech(event)
