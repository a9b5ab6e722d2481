"""`SegmentChannel`: one channel of one call at engines that take pieces of speech."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Sequence
from typing import Final

import numpy as np

from audiohook_fw import AudioFrame, SpeechEnded, SpeechStarted

from .audio import ChannelAudio
from .backlog import Backlog, Job
from .bounded import UnwantedError, abandon, bounded
from .cutter import Cut, SegmentCutter
from .engines import EngineState, describe_heard
from .gate import EnergyGate, Speech
from .heard import GarbageError, Heard, read_result
from .output import ChannelOutput
from .recognition import CallRequest, Recognition
from .settings import SegmentSettings
from .tellers import SpeechTellers
from .types import Result, Samples, Segment, SegmentDroppedError, SegmentEngine
from .upsampling import Upsampler

__all__ = ["SegmentChannel"]

logger = logging.getLogger(__name__)

_HISTORY: Final = 30.0
"""Seconds of audio that are kept for speech events that come late: as many as a lane holds for who tells."""

_FORMER_LANGUAGES: Final = 100
_SHORTEST: Final = 0.1
_SILENT_EVENTS: Final = 2.0
"""Seconds after the end of speech by which another plugin would have told of it."""


class SegmentChannel:
    """Cuts one channel into pieces, and has them recognised one after the other."""

    def __init__(
        self,
        channel: str,
        language: str,
        call: CallRequest,
        recognition: Recognition[SegmentEngine, SegmentSettings],
    ) -> None:
        settings = recognition.settings
        self.audio: Final = ChannelAudio()
        self.output: Final = ChannelOutput(call.session, channel, self.audio.timeline, recognition.totals)
        self.language = language
        self._call = call
        self._rate = call.rate
        self._settings = settings
        self._recognition = recognition
        self._pool = recognition.pool
        self._cutter = SegmentCutter(
            pre_roll=round(settings.pre_roll * call.rate),
            longest=round(settings.longest_segment * call.rate),
            shortest=round(_SHORTEST * call.rate),
        )
        self._backlog = Backlog(round(settings.max_backlog * call.rate))
        self._gate = EnergyGate(call.rate)
        self._unclaimed: list[Speech] = []
        self._tellers = SpeechTellers(call.session, recognition)
        self._next_interim = 0
        self._languages: deque[tuple[int, str]] = deque(maxlen=_FORMER_LANGUAGES)  # and where each ended
        self._wake = asyncio.Event()
        self._idle = asyncio.Event()
        self._idle.set()
        self._final_comes: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._task = asyncio.create_task(self._run(), name=f"asr {channel}")
        self._task.add_done_callback(_report)

    # what the call does -------------------------------------------------------------------------

    def feed(self, frame: AudioFrame) -> None:
        """Take a frame: never waits."""
        samples = np.ascontiguousarray(frame.channel(self.output.channel))
        self._take_over()
        self.audio.append(frame.position, samples)
        if self._tellers.tell is not True:
            self._by_level(self._gate.feed(samples))
        self._put(self._cutter.grown(self.audio.end, self._quietest))
        self._put_interim()
        self._forget()

    def speech(self, event: SpeechStarted | SpeechEnded) -> None:
        """Take what another plugin says of speech."""
        if self._settings.speech == "energy":
            return
        self._tellers.told()
        self._unclaimed.clear()
        start = self.audio.timeline.index_of(event.start)
        if isinstance(event, SpeechStarted):
            self._begin(start)
        else:
            position = event.start + event.length
            end = self.audio.timeline.index_of(position)
            missing = position - self.audio.timeline.start_of(self.audio.end)
            self._put(self._cutter.ended(start, end + max(0, missing), self.audio.end))

    def split(self, language: str | None = None) -> None:
        """End the utterance here, and go on in another language, if any; its result comes when it comes."""
        self._take_over()
        if self._tellers.tell is not True:
            self._by_level(self._gate.end())
            if self._tellers.tell is None:
                self._claim(0)
        self._put(self._cutter.split(self.audio.end))
        if language is not None and language != self.language:
            self._languages.append((self.audio.end, self.language))
            self.language = language

    async def close(self, timeout: float) -> None:
        """Have everything recognised, for so many seconds; the rest is dropped. Again does nothing."""
        if self._task.done():
            return
        self.split()
        try:
            async with asyncio.timeout(timeout):
                await self._idle.wait()
        except TimeoutError:
            self._drop(self._backlog.clear())
        abandon(self._task)

    # speech by level ----------------------------------------------------------------------------

    def _by_level(self, heard: Sequence[Speech]) -> None:
        """Take what the gate says: at once where nobody else says it; else keep it for a while."""
        self._unclaimed += heard
        if self._tellers.tell is None:
            self._claim(round(_SILENT_EVENTS * self._rate))
        else:
            self._take_all()

    def _claim(self, patience: int) -> None:
        """Use the gate from now on, if speech is long over that nobody has told of."""
        if any(s.end is not None and self.audio.end - s.end >= patience for s in self._unclaimed):
            self._tellers.kept_silent()
            self._take_all()

    def _take_over(self) -> None:
        """Once nobody can tell speech any more: hear again what was not told of, and go on by level."""
        if not self._tellers.left():
            return
        running, end = self._cutter.running, self.audio.end
        begin = max(self.audio.start, self._cutter.until if running is None else running)
        self._gate = EnergyGate(self._rate, at=begin)
        heard = self._gate.feed(self.audio.read(begin, end))
        self._by_level(heard)
        goes_on = bool(heard) and heard[-1].end is None
        if self._cutter.running == running is not None and not goes_on:
            self._put(self._cutter.ended(running, end, end))  # it ended, and was not loud enough here

    def _take_all(self) -> None:
        unclaimed, self._unclaimed = self._unclaimed, []
        for speech in unclaimed:
            if speech.end is None:
                self._begin(speech.start)
            else:
                self._put(self._cutter.ended(speech.start, speech.end, self.audio.end))

    # cutting ------------------------------------------------------------------------------------

    def _begin(self, start: int) -> None:
        self._cutter.started(start)
        self._next_interim = self._first_interim(start)

    def _first_interim(self, start: int) -> int:
        return start + round(self._settings.interim_seconds * self._rate)

    def _put(self, cuts: Sequence[Cut]) -> None:
        for cut in cuts:
            self._put_job(cut, is_final=True)

    def _put_interim(self) -> None:
        settings = self._settings
        if not settings.interims or self.audio.end < self._next_interim or not self._idle.is_set():
            return
        cut = self._cutter.interim(self.audio.end)
        if cut is not None:
            self._next_interim = self._first_interim(self.audio.end)
            self._put_job(cut, is_final=False)

    def _put_job(self, cut: Cut, *, is_final: bool) -> None:
        language = self._language_at(cut.start)
        if not self._pool.supports(language):
            self.output.status("unsupported")
            return
        samples = self.audio.read(cut.start, cut.end)
        if len(samples) < cut.end - cut.start:  # it began longer ago than audio is kept
            self._lose(cut.end - cut.start - len(samples) if is_final else 0)
            if not len(samples):
                return
            cut = Cut(cut.end - len(samples), cut.end, cut.id)
        now = asyncio.get_running_loop().time()
        dropped, interims = self._backlog.put(Job(cut, samples, language, is_final, now))
        self._recognition.totals.interims_dropped += interims
        self._drop(dropped)
        if is_final and not self._final_comes.done():
            self._final_comes.set_result(None)
        self._idle.clear()
        self._wake.set()

    def _language_at(self, index: int) -> str:
        """Return the language there: speech may be told after the update that followed it."""
        return next((language for end, language in self._languages if index < end), self.language)

    def _quietest(self, start: int, stop: int) -> int:
        """Return the middle of the quietest tenth of a second."""
        width = round(0.1 * self._rate)
        samples = self.audio.read(start, stop).astype(np.float32)
        count = len(samples) // width
        if count == 0:
            return stop
        power = np.square(samples[: count * width]).reshape(count, width).sum(axis=1)
        return start + int(power.argmin()) * width + width // 2

    def _forget(self) -> None:
        oldest = self.audio.end - round(_HISTORY * self._rate)
        needed = self._cutter.needed
        longest = self.audio.end - round((self._settings.longest_segment + _HISTORY) * self._rate)
        self.audio.forget(max(longest, oldest if needed is None else min(oldest, needed)))

    def _drop(self, jobs: Sequence[Job]) -> None:
        self._lose(sum(len(job.samples) for job in jobs))

    def _lose(self, samples: int) -> None:
        if samples:
            self._recognition.warn_behind(samples / self._rate)
            self.output.drop(samples)

    # recognising --------------------------------------------------------------------------------

    async def _run(self) -> None:
        while True:
            job = self._backlog.first
            if job is None:
                self._idle.set()
                self._wake.clear()
                await self._wake.wait()
                continue
            state = self._pool.choose(job.language)
            if state is None:
                await self._wait(job)
            else:
                await self._attempt(state, job)

    async def _wait(self, job: Job) -> None:
        """Wait for an engine to be back; drop what waits for too long."""
        if not job.is_final:
            self._backlog.done(job)
            return
        self.output.status("waiting")
        await asyncio.sleep(max(0.01, self._pool.retry_in(job.language)))
        oldest = asyncio.get_running_loop().time() - self._settings.max_backlog
        self._drop(self._backlog.drop_older(oldest))

    async def _attempt(self, state: EngineState[SegmentEngine], job: Job) -> None:
        timeout = self._settings.recognize_timeout
        tries = state.failures > 0
        self._pool.trying(state, timeout)
        self._backlog.work_on(job)
        # A final says more than the interim that is being made. An engine that failed has to prove itself.
        unless = None if job.is_final or state.failures else self._next_final()
        try:
            await self._pool.ensure_started(state)
            call = state.engine.recognize(self._segment(state, job))
            result = await bounded(call, timeout, unless=unless)
            heard = None if result is None else _read(result, job, self._rate)
        except GarbageError as problem:
            state.garbage += 1
            self._failed(state, job, f"garbage: {problem}")
        except SegmentDroppedError:
            if self._backlog.done(job):
                self._given_up(job)
        except UnwantedError:
            pass  # the final has taken its place, and counted it
        except Exception as problem:
            self._failed(state, job, describe_heard(problem, state.engine))
        else:
            state.results += 1
            self._pool.well(state)
            if self._backlog.done(job):
                self.output.status("running", state.name)
                if heard is not None and heard.text:
                    self.output.emit(heard, job.language, utterance=job.cut.id)
        finally:
            if tries:
                self._pool.untried(state)

    def _next_final(self) -> asyncio.Future[None]:
        """Return what is done once the next final waits."""
        if self._final_comes.done():
            self._final_comes = asyncio.get_running_loop().create_future()
        return self._final_comes

    def _given_up(self, job: Job) -> None:
        if job.is_final:
            self._drop([job])
        else:
            self._recognition.totals.interims_dropped += 1

    def _failed(self, state: EngineState[SegmentEngine], job: Job, problem: str) -> None:
        self._pool.failed(state, problem)
        if not job.is_final:
            self._backlog.done(job)
        oldest = asyncio.get_running_loop().time() - self._settings.max_backlog
        if self._backlog.first is job and job.since < oldest and not self._pool.other(job.language, state):
            self._drop(self._backlog.drop_older(oldest))

    def _segment(self, state: EngineState[SegmentEngine], job: Job) -> Segment:
        upsampler = Upsampler(state.engine.rate // self._rate)
        samples = job.samples
        if state.engine.rate != self._rate:
            samples = np.concatenate((upsampler.feed(samples), upsampler.flush()))
        return Segment(
            _read_only(samples),
            state.engine.rate,
            self._pool.fits(state, job.language) or "",
            self.output.channel,
            self._call.session.id,
            job.is_final,
        )


def _read(result: Result, job: Job, rate: int) -> Heard:
    heard = read_result(result, job.cut.start, len(job.samples), rate)
    if heard.end <= heard.start:
        start, end = job.cut.start, job.cut.end
        if heard.words:
            start, end = heard.words[0].start, max(word.end for word in heard.words)
    else:
        start, end = heard.start, heard.end
    return Heard(heard.text, job.is_final, start, end, heard.confidence, heard.language, heard.words)


def _read_only(samples: Samples) -> Samples:
    samples = samples.view()
    samples.flags.writeable = False
    return samples


def _report(task: asyncio.Task[None]) -> None:
    if not task.cancelled() and (problem := task.exception()) is not None:
        logger.error("recognition of a channel broke down", exc_info=problem)
