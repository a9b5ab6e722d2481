"""`StreamChannel`: one channel of one call at engines that take a stream.

Audio is kept until a final result confirms it. A stream that breaks, hangs, falls behind or talks nonsense is
left, and the next one, of the same engine or of another, is sent again what was not confirmed.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import FIRST_COMPLETED
from collections import deque
from contextlib import suppress
from dataclasses import dataclass
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


@dataclass(slots=True)
class Mark:
    """An utterance ends at index `index`, and from there on the call's language is another one, if any."""

    index: int
    since: float
    language: str | None = None


class StreamChannel:
    """Drives one channel; use it from one task, apart from its own.

    Attributes:
        audio: what is kept. confirmed: what finals have said. output: where results go.
        sent: index up to which the present stream was sent audio.
        marks: where utterances end, as far as the engine has not said all up to there.
        language: of what is sent now, as the call named it, or as it is configured.
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
        self.marks: Final[deque[Mark]] = deque()
        self.language = language
        self.wake: Final = asyncio.Event()
        self._time: Final = asyncio.get_running_loop().time
        self._call = call
        self._recognition = recognition
        self._limit = round(self.settings.replay_seconds * call.rate)
        self._unmarked = asyncio.Event()
        self._talk: Conversation | None = None
        self._closing = False
        self._task = asyncio.create_task(self._run(), name=f"asr {channel}")
        self._task.add_done_callback(_report)

    # what the call does -------------------------------------------------------------------------

    def feed(self, frame: AudioFrame) -> None:
        """Take a frame."""
        self.audio.append(frame.position, np.ascontiguousarray(frame.channel(self.output.channel)))
        self._bound()
        self.wake.set()

    def split(self, language: str | None = None) -> None:
        """End the utterance here, and go on in another language, if any; what was said comes out soon."""
        self._unmarked.clear()
        self.marks.append(Mark(self.audio.end, self._time(), language))
        self.pass_marks()
        self.wake.set()

    async def close(self, timeout: float) -> None:
        """Have everything recognised, within so many seconds, and end the stream. Again does nothing."""
        if not self._closing:
            self.split()
            waiting = asyncio.ensure_future(self._unmarked.wait())
            try:
                await asyncio.wait({waiting, self._task}, timeout=timeout, return_when=FIRST_COMPLETED)
            finally:
                waiting.cancel()
            while self.marks:
                self.give_up()
            self._closing = True
            self._leave()
            await asyncio.wait({self._task}, timeout=_CLOSE_SECONDS + 0.5)
        if not self._task.done():
            abandon(self._task)

    # what the conversation does -----------------------------------------------------------------

    @property
    def end(self) -> int:
        """Index up to which audio may be sent now: what is behind a mark waits until all before is said."""
        return self.marks[0].index if self.marks else self.audio.end

    @property
    def overdue(self) -> bool:
        """Whether the engine had all the time it gets for what lies before the first mark."""
        return bool(self.marks) and self._time() - self.marks[0].since > self.settings.flush_timeout

    def flushed(self) -> None:
        """Note that the engine has said all about what was sent."""
        self.confirmed.advance(self.sent)
        self.audio.forget(self.confirmed.until)
        self.output.split()
        self.pass_marks()

    def pass_marks(self) -> None:
        """Leave the marks behind before which all is said."""
        while self.marks and self.marks[0].index <= self.confirmed.until:
            mark = self.marks.popleft()
            self.output.split()
            if mark.language is not None and mark.language != self.language:
                self.language = mark.language
                self._leave()
        if not self.marks:
            self._unmarked.set()

    def give_up(self) -> None:
        """Wait no more for what lies before the first mark."""
        heard = self.output.promote(self.language)
        if heard is not None:
            self.confirmed.advance(heard.end)
        if self._talk is not None:
            self._talk.abandoned = True
        self._lose(self.marks[0].index)
        self.pass_marks()
        self.wake.set()

    # inside -------------------------------------------------------------------------------------

    async def _run(self) -> None:
        while not self._closing:
            self.wake.clear()
            if self.overdue:
                self.give_up()
            elif self.confirmed.until >= self.audio.end:
                self.pass_marks()
                await self.wake.wait()
            elif not self.pool.supports(self.language):
                self.sent = self.end  # nobody could make anything of it
                self.flushed()
                self.output.status("unsupported")
            elif (state := self.pool.choose(self.language)) is None:
                self.output.status("waiting")
                await self._rest(self.pool.retry_in(self.language))
            else:
                await self._attempt(state)

    async def _rest(self, seconds: float) -> None:
        """Wait for an engine's back-off, or for the end."""
        until = self._time() + seconds
        language = self.language
        while not self._closing and not self.overdue and self.language == language:
            left = until - self._time()
            if left <= 0:
                return
            if self.marks:
                due = self.marks[0].since + self.settings.flush_timeout - self._time()
                left = min(left, max(0.0, due) + 0.01)
            self.wake.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self.wake.wait()

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
            self.pool.untried(state)
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

    def _leave(self) -> None:
        """Let the present stream end now: it was told all that it is for."""
        if self._talk is not None:
            self._talk.over = True
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
