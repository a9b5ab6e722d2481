"""`Conversation`: one stream at an engine, from its opening to its end, watched all the time.

Two tasks talk to the engine, since either may hang: one sends, one reads. The channel's own task watches
both, so nothing that waits for an engine needs a timer of its own.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Final

from .bounded import abandon
from .engines import EngineState, describe_heard
from .gate import is_quiet
from .heard import GarbageError, Heard, read_result
from .types import EngineStream, StreamEngine
from .upsampling import Upsampler

if TYPE_CHECKING:
    from .stream import StreamChannel

__all__ = ["Conversation", "StreamFailure"]

_TICK: Final = 0.25
_CHUNK: Final = 0.2  # seconds of audio that are sent at once, at most
_LEAST: Final = 0.1  # and at least, unless something waits for them
_QUIET: Final = 0.3  # seconds without speech, so that no word is cut
_GARBAGE: Final = 10
_FLOOD: Final = 1_000  # results
_FLOOD_SECONDS: Final = 5.0


class StreamFailure(Exception):  # noqa: N818  # it is not raised to users
    """A stream cannot be used any more; `slow` when only since it falls behind."""

    def __init__(self, problem: str, *, slow: bool = False) -> None:
        super().__init__(problem)
        self.slow = slow


class Conversation:
    """Sends, reads and watches.

    Attributes:
        ending: end it once the engine has said all. over: it has. abandoned: leave it in the middle.
    """

    def __init__(
        self, channel: StreamChannel, state: EngineState[StreamEngine], stream: EngineStream
    ) -> None:
        self.ending = self.over = False
        self.abandoned = False
        self._channel = channel
        self._state = state
        self._stream = stream
        self._time = asyncio.get_running_loop().time
        self._base = self._told = channel.sent
        self._upsampler = Upsampler(state.engine.rate // channel.rate)
        self._began = self._progress = self._last_sent = self._time()
        self._behind = channel.audio.end - channel.sent  # what is sent again need not come at once
        self._language = channel.language
        self._doing = ""
        self._since = 0.0
        self._ask_all = self._keep_alive = False
        self._taken = 0
        self._garbage = 0
        self._interim_at = float("-inf")
        self._times: deque[float] = deque(maxlen=_FLOOD)

    async def run(self) -> None:
        """Return when it has ended as planned.

        Raises:
            StreamFailure: for any other reason.
        """
        tasks = {
            asyncio.create_task(self._read(), name="asr read"),
            asyncio.create_task(self._send(), name="asr send"),
        }
        try:
            done: set[asyncio.Task[None]] = set()
            while not done and not self.abandoned:
                done, _ = await asyncio.wait(tasks, timeout=_TICK, return_when=asyncio.FIRST_COMPLETED)
                if not done:
                    self._watch()
            for task in done:
                if task.cancelled():
                    raise StreamFailure("it cancelled itself")
                task.result()
        except StreamFailure:
            raise
        except Exception as problem:
            raise StreamFailure(describe_heard(problem, self._state.engine)) from problem
        finally:
            for task in tasks:
                if not task.done():
                    abandon(task)
                elif not task.cancelled():
                    task.exception()
            self.abandoned = True

    # watching -----------------------------------------------------------------------------------

    def _watch(self) -> None:
        now, channel, settings = self._time(), self._channel, self._channel.settings
        if channel.overdue:
            channel.give_up()
            return
        if self._doing and now > self._step_deadline():
            raise StreamFailure(f"{self._doing} hangs")
        if channel.audio.end - channel.sent > self._behind + settings.max_backlog * channel.rate:
            raise StreamFailure("it falls behind", slow=True)
        if self._doing:
            return
        if channel.sent > channel.confirmed.until and self._is_due(self._progress, settings.result_timeout):
            self._ask_all = True
        elif now - self._last_sent > settings.keep_alive_seconds:
            self._keep_alive = True
        elif self._is_second and self._is_due(self._began, settings.return_seconds):
            self.ending = True
        else:
            return
        channel.wake.set()

    def _step_deadline(self) -> float:
        settings, channel = self._channel.settings, self._channel
        deadline = self._since + settings.stall_timeout
        if channel.marks:  # somebody waits: leave time for another engine
            begun = max(self._since, channel.marks[0].since)
            deadline = min(deadline, begun + settings.flush_timeout / 2)
        return deadline

    def _is_due(self, since: float, seconds: float) -> bool:
        """Tell whether so much time has passed and nobody speaks, or half as much again."""
        waited = self._time() - since
        if waited <= seconds:
            return False
        if waited > 1.5 * seconds:
            return True
        channel = self._channel
        last = channel.audio.read(channel.audio.end - round(_QUIET * channel.rate), channel.audio.end)
        return channel.output.interim is None and is_quiet(last, channel.rate)

    @property
    def _is_second(self) -> bool:
        return self._channel.pool.choose(self._language) is not self._state

    # sending ------------------------------------------------------------------------------------

    async def _send(self) -> None:
        channel, stream = self._channel, self._stream
        least, most = round(_LEAST * channel.rate), round(_CHUNK * channel.rate)
        while not self.over:
            waiting = channel.end - channel.sent
            if waiting >= least or (waiting and self._must_flush):
                start, stop = channel.sent, min(channel.end, channel.sent + most)
                samples = self._upsampler.feed(channel.audio.read(start, stop))
                channel.sent = stop  # its result may come before `send` returns
                if start >= channel.audio.start and len(samples):
                    await self._do("send", stream.send(samples))
                    self._last_sent = self._time()
                elif start < channel.audio.start:
                    raise StreamFailure("it falls behind", slow=True)
            elif self._must_flush and channel.sent > channel.confirmed.until:
                await self._flush()
            elif self.ending:
                return
            elif self._keep_alive:
                self._keep_alive = False
                await self._do("keep-alive", stream.keep_alive())
                self._last_sent = self._time()
            else:
                self._ask_all = False
                end = channel.end
                channel.pass_marks()  # there is nothing (more) to ask for
                if channel.end == end and not self.over:
                    channel.wake.clear()
                    await channel.wake.wait()

    @property
    def _must_flush(self) -> bool:
        return bool(self._channel.marks) or self._ask_all or self.ending

    async def _flush(self) -> None:
        """Ask for everything that is pending."""
        if len(rest := self._upsampler.flush()):
            await self._do("send", self._stream.send(rest))
        await self._do("flush", self._stream.flush())
        taken = -1
        while taken != self._taken:  # an engine may hold results in a queue of its own that is read next
            taken = self._taken
            for _ in range(4):
                await asyncio.sleep(0)
        if self.abandoned:
            return
        self._ask_all = False
        self._progress = self._time()
        self._channel.pool.well(self._state)
        self._channel.flushed()

    async def _do(self, what: str, step: Awaitable[None]) -> None:
        """Await one step of the engine, under the eyes of the watch."""
        self._doing, self._since = what, self._time()
        await step
        if self.abandoned:  # it would not be cancelled: nothing here may go on
            raise StreamFailure("it was left")
        self._doing = ""

    # reading ------------------------------------------------------------------------------------

    async def _read(self) -> None:
        async for result in self._stream:
            if self.abandoned:
                return
            self._taken += 1
            self._count()
            try:
                heard = read_result(result, self._base, self._channel.sent - self._base, self._channel.rate)
            except GarbageError as problem:
                self._refuse(result, problem)
            else:
                self._garbage = 0
                self._take(heard)
            await asyncio.sleep(0)  # an engine that floods must not keep the loop from the others
        raise StreamFailure("the engine ended the stream")

    def _count(self) -> None:
        now = self._time()
        if len(self._times) == _FLOOD and now - self._times[0] < _FLOOD_SECONDS:
            raise StreamFailure(f"it floods: {_FLOOD} results in less than {_FLOOD_SECONDS:g} s")
        self._times.append(now)

    def _refuse(self, result: object, problem: GarbageError) -> None:
        self._state.garbage += 1
        self._garbage += 1
        if getattr(result, "is_final", True) is not False or self._garbage >= _GARBAGE:
            raise StreamFailure(f"garbage: {problem}")  # what a final should have said must be said again

    def _take(self, heard: Heard) -> None:
        channel = self._channel
        self._progress = self._time()
        late = channel.sent - heard.end - self._behind
        if late > channel.settings.max_backlog * channel.rate:
            raise StreamFailure("its results come too late", slow=True)
        if not heard.is_final:
            self._interim(heard)
            return
        self._state.results += 1
        channel.pool.well(self._state)
        new = channel.confirmed.add(heard)
        channel.audio.forget(channel.confirmed.until)
        if new is not None:
            channel.output.emit(new, channel.language)

    def _interim(self, heard: Heard) -> None:
        channel, last = self._channel, self._channel.output.interim
        if (
            not channel.settings.interims
            or not heard.text
            or heard.end <= channel.confirmed.until
            or (last is not None and last.text == heard.text)
            or self._progress - self._interim_at < channel.settings.interim_seconds
        ):
            return
        self._interim_at = self._progress
        channel.output.emit(heard, channel.language)
