"""The queue of a lane: audio, control events and plugin events in one order, each with its own bound.

Four queues under one running number stand for one, so that the oldest audio or the oldest interim can be
dropped from behind what waits in front of it, at once and without leaving a hole. Only that of the audio is
a deque: the others are short, and an empty deque is 760 bytes in every lane.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from .families import FINAL_HOOKS

if TYPE_CHECKING:
    from audiohook_fw.audio import AudioFrame

    from .events import Event
    from .statistics import PluginCounters

__all__ = ["Item", "LaneBudget", "LaneQueue"]

Item = tuple[str, tuple[object, ...], int]
"""A hook, its arguments without `session`, and the hops of the event (0 for all but `on_event`)."""

_Entry = tuple[int, Item]


class LaneBudget:
    """The bytes of audio that all lanes of the process may hold together.

    Frames are shared between the lanes of a call but counted in each: an upper bound, not a measure.
    """

    __slots__ = ("limit", "used")

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.used = 0


class LaneQueue:
    """What waits in one lane. Positions, lengths and the counters of audio are samples per channel.

    Attributes:
        samples: audio waiting.
        dropped: audio dropped so far, to keep the rest fresh.
        refused: audio that came when the lane took no more.
        dropped_events: plugin events dropped so far.
    """

    __slots__ = (
        "_audio",
        "_budget",
        "_carried",
        "_control",
        "_control_limit",
        "_counters",
        "_drops",
        "_event_limit",
        "_finals",
        "_interims",
        "_missing",
        "_number",
        "_seconds",
        "dropped",
        "dropped_events",
        "refused",
        "samples",
    )

    def __init__(
        self,
        budget: LaneBudget,
        counters: PluginCounters,
        *,
        seconds: float,
        drops: bool,
        control_limit: int,
        event_limit: int,
    ) -> None:
        self._budget = budget
        self._counters = counters
        self._seconds = seconds
        self._drops = drops
        self._control_limit = control_limit
        self._event_limit = event_limit
        self._audio: deque[tuple[int, AudioFrame]] = deque()
        self._control: list[_Entry] = []
        self._finals: list[_Entry] = []
        self._interims: list[_Entry] = []
        self._number = 0
        self._missing = 0  # dropped audio that the next frame has to tell of
        self._carried = 0  # gaps that were before the dropped frames: missing, but not dropped here
        self.samples = 0
        self.dropped = 0
        self.refused = 0
        self.dropped_events = 0

    def __len__(self) -> int:
        return len(self._audio) + len(self._control) + len(self._finals) + len(self._interims)

    def put_audio(self, frame: AudioFrame) -> bool:
        """Add a frame, dropping the oldest audio to make room; `False` when it must not drop and is full.

        One frame always fits, whatever its size.
        """
        size = len(frame.payload)
        if self._audio and self._is_full(frame, size):
            if not self._drops:
                return False
            while self._audio and self._is_full(frame, size):
                self._drop_oldest()
        self._number += 1
        self._audio.append((self._number, frame))
        self.samples += frame.length
        self._budget.used += size
        return True

    def refuse(self, frame: AudioFrame) -> None:
        """Count a frame that does not get in."""
        self.refused += frame.length
        self._count_frame(frame)

    def put_control(self, hook: str, args: tuple[object, ...]) -> bool:
        """Add a control event; `False` when too many wait. `on_close` and `on_end` always fit."""
        if len(self._control) >= self._control_limit and hook not in FINAL_HOOKS:
            return False
        self._number += 1
        self._control.append((self._number, (hook, args, 0)))
        return True

    def put_event(self, event: Event, hops: int, *, interim: bool = False) -> None:
        """Add a plugin event; beyond the bound the oldest interim is dropped, or else the oldest."""
        if len(self._interims) + len(self._finals) >= self._event_limit:
            (self._interims or self._finals).pop(0)
            self._count_events(1)
        self._number += 1
        entries = self._interims if interim else self._finals
        entries.append((self._number, ("on_event", (event,), hops)))

    def pop(self) -> Item | None:
        """Take what came first, or `None`."""
        if not (self._control or self._finals or self._interims):  # nearly always
            return self._pop_audio() if self._audio else None
        first: list[_Entry] | None = None
        number = self._audio[0][0] if self._audio else 0
        for entries in (self._control, self._finals, self._interims):
            if entries and (not number or entries[0][0] < number):
                number = entries[0][0]
                first = entries
        if first is not None:
            return first.pop(0)[1]
        return self._pop_audio() if number else None

    def clear(self) -> None:
        """Drop everything but `on_close` and `on_end`."""
        while self._audio:
            self._drop_oldest()
        self._count_events(len(self._finals) + len(self._interims))
        self._finals.clear()
        self._interims.clear()
        self._control = [entry for entry in self._control if entry[1][0] in FINAL_HOOKS]

    def _is_full(self, frame: AudioFrame, size: int) -> bool:
        budget = self._budget
        return (
            self.samples + frame.length > self._seconds * frame.media.rate
            or budget.used + size > budget.limit
        )

    def _pop_audio(self) -> Item:
        frame = self._audio.popleft()[1]
        self.samples -= frame.length
        self._budget.used -= len(frame.payload)
        if self._missing or self._carried:
            frame = frame.with_gap(self._missing, carried=self._carried)
            self._missing = self._carried = 0
        return "on_audio", (frame,), 0

    def _drop_oldest(self) -> None:
        frame = self._audio.popleft()[1]
        self.samples -= frame.length
        self._budget.used -= len(frame.payload)
        self._missing += frame.length
        self._carried += frame.gap_before
        self.dropped += frame.length
        self._count_frame(frame)

    def _count_frame(self, frame: AudioFrame) -> None:
        self._counters.dropped_frames.value += 1
        self._counters.dropped_seconds.value += frame.duration

    def _count_events(self, number: int) -> None:
        self.dropped_events += number
        self._counters.dropped_events.value += number
