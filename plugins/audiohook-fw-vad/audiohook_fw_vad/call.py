"""One call: audio to the judge, what it heard to the segmenters, and what they say to everybody."""

from __future__ import annotations

import logging
from collections.abc import Iterable

from opentelemetry import trace

from audiohook_fw import (
    AudioFrame,
    CloseReason,
    Gap,
    PauseOrigin,
    Session,
    SessionHandler,
    SessionSummary,
    SpeechEnded,
    SpeechStarted,
    Update,
)

from .figures import Segment, conversation
from .judging import Judge
from .segmenter import Change, Ended, Segmenter, Started
from .settings import VadSettings
from .totals import Totals
from .windows import Windows

__all__ = ["ListenedCall"]

logger = logging.getLogger(__name__)


class ListenedCall(SessionHandler):
    """Its hooks run in the plugin's lane, so that events keep their order, and audio waits there."""

    def __init__(
        self, session: Session, settings: VadSettings, judge: Judge, totals: Totals, *, window: int
    ) -> None:
        assert session.media is not None
        rate = session.media.rate
        self._session = session
        self._judge = judge
        self._totals = totals
        self._rate = rate
        self._channels = session.media.channels
        self._windows = [Windows(window) for _ in self._channels]
        self._segmenters = [Segmenter(settings.rules(rate)) for _ in self._channels]
        self._batch = round(settings.batch * rate)
        self._max_lag = round(settings.max_lag * rate)
        self._interruption = round(settings.interruption * rate)
        self._end = 0  # call time up to which audio was taken
        self._judged = self._unjudged = 0  # samples
        self._is_behind = self._has_told = False
        self._segments: list[Segment] = []

    @property
    def lag(self) -> float:
        """Seconds of call time that came and were not taken yet."""
        return max(self._session.position - self._end, 0) / self._rate

    # hooks ----------------------------------------------------------------------------------------

    async def on_opened(self) -> None:
        """Be counted; being `async`, all hooks run in the lane."""
        self._end = self._session.position
        self._totals.calls[self] = None

    async def on_audio(self, frame: AudioFrame) -> None:
        """Collect a batch and have it judged, unless this is too far behind."""
        if self._must_skip(frame):
            await self._miss(frame.length, "behind")
            self._end = frame.end
            return
        if frame.dropped_before:
            await self._miss(frame.dropped_before, "dropped")
        for windows, channel in zip(self._windows, self._channels, strict=True):
            windows.put(frame.position, frame.channel(channel))
        self._end = frame.end
        if self._windows[0].waiting >= self._batch:
            await self._hear()

    async def on_pause(self, origin: PauseOrigin, position: int) -> None:
        """End what runs: what is said after the pause is something else."""
        await self._cut(position)
        self._judge.forget()

    async def on_resume(self, gap: Gap) -> None:
        """Nothing begins before the pause is over."""
        self._end = max(self._end, gap.start + gap.length)
        self._change((index, s.cut(self._end)) for index, s in enumerate(self._segmenters))

    async def on_discarded(self, gap: Gap) -> None:
        """Who speaks goes on to speak: only call time moves, and the frames say so."""
        self._end = max(self._end, gap.start + gap.length)

    async def on_update(self, update: Update, position: int) -> None:
        """End what runs: it may go on in another language."""
        await self._cut(position)

    async def on_close(self, reason: CloseReason) -> None:
        """End what runs, and sum up."""
        await self._cut(self._session.position)
        summary = conversation(
            self._segments,
            self._channels,
            rate=self._rate,
            judged=self._judged,
            unjudged=self._unjudged,
            interruption=self._interruption,
        )
        self._totals.overlap += summary.overlap
        span = trace.get_current_span()
        for party in summary.parties:
            span.set_attribute(f"vad.talk.{party.channel}", party.talk / self._rate)
            span.set_attribute(f"vad.interruptions.{party.channel}", party.interruptions)
        span.set_attribute("vad.silence", summary.silence / self._rate)
        span.set_attribute("vad.overlap", summary.overlap / self._rate)
        self._session.emit(summary)

    async def on_end(self, summary: SessionSummary) -> None:
        """Give back what others can use."""
        self._totals.calls.pop(self, None)
        self._judge.close()

    # inside ---------------------------------------------------------------------------------------

    async def _hear(self, *, everything: bool = False) -> None:
        """Have the windows that are full judged, or all audio that waits."""
        batches = [windows.take(everything=everything) for windows in self._windows]
        heard = sum(window.heard for window in batches[0])
        if not heard:
            return
        answers = await self._judge.judge(batches, self._end)
        if answers is None:
            self._count_missed(heard, "failed")
            last = max(windows[-1].end for windows in batches)
            self._change((index, s.cut(last)) for index, s in enumerate(self._segmenters))
            return
        self._judged += heard
        # Windows of all channels in the order of call time, so that events are, too.
        for number, windows in enumerate(zip(*batches, strict=True)):
            for index, window in enumerate(windows):
                changes = self._segmenters[index].window(
                    window.start, window.end, answers[index][number], window.heard
                )
                if changes:
                    self._change([(index, changes)])

    async def _cut(self, position: int) -> None:
        await self._hear(everything=True)
        self._change((index, s.cut(position)) for index, s in enumerate(self._segmenters))

    def _must_skip(self, frame: AudioFrame) -> bool:
        """Tell whether to skip a frame: from `max_lag` on, until half of it is made good."""
        lag = self._session.position - frame.end
        self._is_behind = lag > (self._max_lag / 2 if self._is_behind else self._max_lag)
        return self._is_behind

    async def _miss(self, samples: int, reason: str) -> None:
        """Audio is lost: what ran ends where it was heard last."""
        if any(windows.waiting for windows in self._windows) or any(
            segmenter.speaking_since is not None for segmenter in self._segmenters
        ):
            await self._cut(self._end)
        self._judge.forget()
        self._count_missed(samples, reason)
        if not self._has_told:
            self._has_told = True
            logger.warning(
                "speech detection cannot keep up: audio of this call is skipped (plugins.vad.max_lag); "
                'fewer calls, more processors or engine = "webrtc" help'
            )

    def _count_missed(self, samples: int, reason: str) -> None:
        self._unjudged += samples
        self._totals.skipped[reason] += samples

    def _change(self, changes: Iterable[tuple[int, list[Change]]]) -> None:
        for index, told in changes:
            channel = self._channels[index]
            for change in told:
                match change:
                    case Started(start):
                        self._session.emit(SpeechStarted(channel=channel, start=start))
                    case Ended(start, end):
                        self._segments.append(Segment(start, end, channel))
                        self._totals.segments[channel] += 1
                        self._totals.talk[channel] += end - start
                        self._session.emit(SpeechEnded(channel=channel, start=start, length=end - start))
