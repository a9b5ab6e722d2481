"""`StreamChannel`: one channel of one call at engines that take a stream.

Audio is kept until a final result confirms it. A stream that breaks, hangs, falls behind or talks nonsense is
left, and the next one, of the same engine or of another, is sent again what was not confirmed.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import FIRST_COMPLETED
from typing import Final

import numpy as np

from audiohook_fw import AudioFrame

from .audio import ChannelAudio
from .bounded import abandon, bounded
from .confirmed import Confirmed
from .conversation import Conversation, StreamFailure
from .engines import EngineState, describe
from .output import ChannelOutput
from .recognition import CallRequest, Recognition
from .settings import StreamSettings
from .types import EngineStream, StreamEngine, StreamRequest

__all__ = ["StreamChannel"]

logger = logging.getLogger(__name__)

_CLOSE_SECONDS: Final = 1.0
_CAUGHT_UP: Final = 1.0
"""Seconds of audio that are kept when too much has piled up."""


class StreamChannel:
    """Drives one channel; use it from one task, apart from its own.

    Attributes:
        audio: what is kept. confirmed: what finals have said. output: where results go.
        sent: index up to which the present stream was sent audio.
        language: of the call now, as it named it, or as it is configured.
    """

    def __init__(
        self,
        channel: str,
        language: str,
        call: CallRequest,
        recognition: Recognition[StreamEngine, StreamSettings],
    ) -> None:
        self.audio: Final = ChannelAudio()
        self.confirmed: Final = Confirmed(call.rate)
        self.output: Final = ChannelOutput(call.session, channel, self.audio.timeline, recognition.totals)
        self.settings: Final = recognition.settings
        self.pool: Final = recognition.pool
        self.rate: Final = call.rate
        self.sent = 0
        self.language = language
        self.wake: Final = asyncio.Event()
        self.flush_target: int | None = None
        self.flush_asked = 0.0
        self._call = call
        self._recognition = recognition
        self._limit = round(self.settings.replay_seconds * call.rate)
        self._flushed = asyncio.Event()
        self._talk: Conversation | None = None
        self._closing = False
        self._task = asyncio.create_task(self._run(), name=f"asr {channel}")
        self._task.add_done_callback(_report)

    # what the call does -------------------------------------------------------------------------

    def feed(self, frame: AudioFrame) -> None:
        """Take a frame: never waits."""
        self.audio.append(frame.position, np.ascontiguousarray(frame.channel(self.output.channel)))
        self._bound()
        self.wake.set()

    async def flush(self, timeout: float) -> None:
        """Have everything recognised that came so far, and end the utterance; then give up on the rest."""
        if self.confirmed.until < self.audio.end and self.pool.supports(self.language):
            self.flush_target = self.audio.end
            self.flush_asked = asyncio.get_running_loop().time()
            self._flushed.clear()
            self.wake.set()
            waiting = asyncio.ensure_future(self._flushed.wait())
            try:
                await asyncio.wait({waiting, self._task}, timeout=timeout, return_when=FIRST_COMPLETED)
                if not self._flushed.is_set():
                    self._give_up()
            finally:
                waiting.cancel()
                self.flush_target = None
        self.output.split()

    async def change_language(self, language: str, timeout: float) -> None:
        """End what was said in the language before, and go on in another one."""
        await self.flush(timeout)
        if language != self.language:
            self.language = language
            self._renew()

    async def close(self, timeout: float) -> None:
        """Have everything recognised, and let go of the stream. Again does nothing."""
        if not self._closing:
            await self.flush(timeout)
            self._closing = True
            self._renew()
            await asyncio.wait({self._task}, timeout=_CLOSE_SECONDS + 0.5)
        if not self._task.done():
            abandon(self._task)

    # what the conversation does -----------------------------------------------------------------

    def flushed(self) -> None:
        """Note that the engine has said all about what was sent."""
        self.confirmed.advance(self.sent)
        self.audio.forget(self.confirmed.until)
        if self.flush_target is not None and self.sent >= self.flush_target:
            self.flush_target = None
            self._flushed.set()

    # inside -------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._closing:
            self.wake.clear()
            if self.confirmed.until >= self.audio.end:
                if self.flush_target is not None:
                    self.sent = self.audio.end
                    self.flushed()
                await self.wake.wait()
            elif not self.pool.supports(self.language):
                self.confirmed.advance(self.audio.end)  # nobody could make anything of it
                self.audio.forget(self.audio.end)
                self.output.status("unsupported")
            elif (state := self.pool.choose(self.language)) is None:
                self.output.status("waiting")
                await self._rest(self.pool.retry_in(self.language))
            else:
                await self._attempt(state)

    async def _rest(self, seconds: float) -> None:
        """Wait for an engine's back-off, or for the end."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        language = self.language
        while not self._closing and self.language == language and (left := until - loop.time()) > 0:
            self.wake.clear()
            try:
                async with asyncio.timeout(left):
                    await self.wake.wait()
            except TimeoutError:
                return

    async def _attempt(self, state: EngineState[StreamEngine]) -> None:
        """Open a stream and use it to its end."""
        self.pool.trying(state, self.settings.connect_timeout)
        language = self.language
        try:
            await self.pool.ensure_started(state)
            stream = await bounded(self._connect(state), self.settings.connect_timeout)
        except Exception as problem:
            self.pool.failed(state, f"no stream: {describe(problem)}")
            return
        if language != self.language:
            await self._close(stream)
            return
        self.sent = max(self.confirmed.until, self.audio.start)
        self.output.drop(self.sent - self.confirmed.until)
        self.confirmed.advance(self.sent)
        self.output.status("running", state.name)
        self._talk = Conversation(self, state, stream)
        try:
            await self._talk.run()
        except StreamFailure as problem:
            if problem.slow and not self.pool.other(self.language, state):
                self._catch_up()
            self.pool.failed(state, str(problem))
        finally:
            self._talk = None
            await self._close(stream)

    async def _connect(self, state: EngineState[StreamEngine]) -> EngineStream:
        return await state.engine.connect(
            StreamRequest(
                self.output.channel,
                self.pool.fits(state, self.language) or "",
                state.engine.rate,
                self._call.session.id,
                self._call.session.conversation_id,
            )
        )

    async def _close(self, stream: EngineStream) -> None:
        try:
            await bounded(stream.close(), _CLOSE_SECONDS)
        except Exception as problem:
            logger.debug("a stream does not close: %s", describe(problem))

    def _renew(self) -> None:
        """Let the present stream end, once it has nothing to do."""
        if self._talk is not None:
            self._talk.ending = True
        self.wake.set()

    def _bound(self) -> None:
        """Keep no more audio than is allowed."""
        if self.audio.end - self.audio.start <= self._limit:
            return
        self.audio.forget(self.audio.end - self._limit)
        if self._talk is None and self.audio.start > self.confirmed.until:
            self._lose(self.audio.start)

    def _catch_up(self) -> None:
        """Leave out what an engine will never catch up with."""
        self._lose(max(self.confirmed.until, self.audio.end - round(_CAUGHT_UP * self.rate)))

    def _give_up(self) -> None:
        """End a flush that took too long: nothing is waited for any more."""
        heard = self.output.promote(self.language)
        until = max(self.confirmed.until, heard.end if heard is not None else 0)
        self.confirmed.advance(until)
        self._lose(self.audio.end)
        if self._talk is not None:
            self._talk.abandoned = True
            self.wake.set()

    def _lose(self, index: int) -> None:
        """Count audio up to `index` as never recognised."""
        lost = index - self.confirmed.until
        if lost > 0:
            self._recognition.warn_behind(lost / self.rate)
            self.confirmed.advance(index)
            self.audio.forget(index)
            self.output.drop(lost)


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (problem := task.exception()) is not None:
        logger.error("recognition of a channel broke down", exc_info=problem)
