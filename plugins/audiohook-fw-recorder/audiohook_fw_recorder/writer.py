"""The one thread that writes all recordings: a wake-up serves many calls, and the disk blocks no loop."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from contextlib import suppress
from operator import attrgetter
from typing import Final

from audiohook_fw import AudioFrame

from .collected import SAVE_SECONDS, Change, Collected, Written
from .disk import Disk
from .owner import Owner

__all__ = ["Writer"]

logger = logging.getLogger(__name__)

TICK: Final = 0.1
"""Seconds between two looks at what has to wait for the disk, or for its turn, while something has."""
RETRY: Final = 1.0
"""Seconds until a recording that the disk refused is tried again."""
PATIENCE: Final = 3600.0
"""Seconds for which the rest of a call that has ended is tried; then it is given up."""
BACKLOG: Final = 2**19
"""Bytes of audio, beyond twice of what came in the last round, that are written at once."""

HELD: Final = 0.5
"""Share of the memory that audio may fill which waits for what is redacted in it; beyond, it waits less."""
FULL: Final = 0.9
"""Share at which it does not wait at all."""

BEGUN: Final = attrgetter("begun")


class Writer:
    """Writes recordings soon after they are handed in. Its thread begins with the first one.

    `write` and `audio` are for the event loop: they wait for no disk, and never raise. A frame wakes nobody,
    so that it costs the loop next to nothing.

    All audio that waits is written in one go: to write many calls one after the other is much cheaper than
    each in a moment of its own.

    Args:
        delay: seconds that audio may wait for more.
        memory: bytes of audio, of all calls, that may wait for a disk that is slow or refuses. What comes
            beyond that becomes silence, and is listed.
        owner: who owns the directory of the recordings; tells when that was taken away.
        closed: gets the stem of each recording that is written and to be kept, or given up; in the thread.

    Attributes:
        disk: how the disk does.
    """

    def __init__(
        self,
        delay: float,
        memory: int,
        *,
        owner: Owner | None = None,
        closed: Callable[[str], None] = lambda stem: None,
    ) -> None:
        self.disk: Final = Disk()
        self._owner = owner
        self._closed = closed
        self._delay = delay
        self._memory = memory
        self._changed: deque[Collected] = deque()  # to be written at once
        self._given = 0  # bytes ever handed in; changed by the loop only
        self._gone = 0  # those of them that wait no more; changed by the thread only
        self._usual = min(BACKLOG, memory)  # what waits when all is well; changed by the thread only
        self._losing: dict[Collected, tuple[int, int]] = {}  # what is lost right now; the loop's
        self._lock = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._thread: threading.Thread | None = None
        # What follows belongs to the thread.
        self._open: dict[Collected, None] = {}  # whose call has not ended, or that is not written
        self._share = 1.0  # of the time that audio is to wait for what is redacted in it
        self._due = 0.0  # when the audio has waited long enough
        self._unsaved: dict[Collected, float] = {}  # and when their sidecars are due
        self._refused: dict[Collected, float | None] = {}  # and when its call was over, for all we know

    @property
    def waiting(self) -> int:
        """Bytes of audio that wait in memory."""
        return self._given - self._gone

    def audio(self, collected: Collected, frame: AudioFrame) -> None:
        """Have a frame written when it, or another, has waited long enough."""
        size = len(frame.payload)
        if self._losing or self._given - self._gone + size > self._usual:
            self._hurry()
            if not self._has_room(collected, frame, size):
                return
        self._given += size
        collected.audio(frame)

    def write(self, collected: Collected, change: Change) -> None:
        """Have something noted, and all of that recording written at once."""
        self._note_loss(collected)
        collected.hand_in(change)
        self._changed.append(collected)
        with self._lock:
            self._rouse()

    def stop(self, timeout: float) -> bool:
        """Write everything that waits, and end the thread; tell whether that was done in time. Blocks.

        What is handed in later begins a new thread.
        """
        deadline = time.monotonic() + timeout
        while True:
            with self._lock:
                if self._thread is None and self._is_idle():
                    return True
                self._stopping = True
                self._rouse()
                thread = self._thread
            if thread is None:  # of a system that gives no more threads
                return False
            thread.join(max(0.0, deadline - time.monotonic()))
            if thread.is_alive():
                return False
            with self._lock:
                self._thread = None
                self._stopping = False

    def _has_room(self, collected: Collected, frame: AudioFrame, size: int) -> bool:
        """Tell whether a frame may wait, or note that it is lost; too much waits, or did a moment ago."""
        if self._given - self._gone + size <= self._memory:
            self._note_loss(collected)
            return True
        self.disk.loses(size)
        start, _ = self._losing.get(collected, (frame.position, 0))
        self._losing[collected] = start, frame.position + frame.length
        return False

    def _hurry(self) -> None:
        """Have all audio written now: a backlog came, or calls are played faster than time."""
        self._due = 0.0
        self._wake.set()

    def _note_loss(self, collected: Collected) -> None:
        if self._losing and (lost := self._losing.pop(collected, None)) is not None:
            collected.hand_in(lambda collected: collected.lost(*lost))

    def _rouse(self) -> None:
        """Let the thread look at once; with the lock held."""
        if self._thread is None:
            thread = threading.Thread(target=self._run, name="audiohook-recorder", daemon=True)
            try:
                thread.start()
            except RuntimeError as error:  # the next one tries again
                self.disk.complain("thread", "recordings wait: %s", str(error))
                return
            self._thread = thread
        self._wake.set()

    # the thread -----------------------------------------------------------------------------------

    def _run(self) -> None:
        tried = time.monotonic()
        while True:
            self._wake.clear()
            batch = self._take_changed()
            now = time.monotonic()
            if self._stopping or now >= self._due:
                batch |= self._take_all()
                waits = sum(collected.waiting for collected in batch)
                self._usual = min(BACKLOG + 2 * waits, self._most(batch))
                self._due = now + self._delay
                batch |= self._robbed()
            for collected in sorted(batch, key=BEGUN):  # new calls first: nothing of them is there yet
                self._attempt(collected, now)
            for collected in [c for c, due in self._unsaved.items() if self._stopping or due <= now]:
                self._attempt(collected, now)
            if self._refused and (self._stopping or now - tried >= RETRY):
                tried = now
                self._try_again(now)
            if self._stopping and self._is_idle():
                return
            self._sleep()

    def _most(self, batch: Iterable[Collected]) -> int:
        """Return the bytes that may wait before all is looked at; have audio wait less if it is too much.

        Better that something is told too late to be silenced than that audio is lost.
        """
        if not any(collected.window for collected in batch):
            return self._memory
        full = self.waiting / self._memory
        self._share = min(1.0, max(0.0, (FULL - full) / (FULL - HELD)))
        if self._share < 1.0:
            self.disk.complain(
                "window",
                "audio waits less than redact_window, since that took too much memory: what is redacted may "
                "be told too late; raise memory_bytes, or lower redact_window",
            )
        return int(self._memory * (HELD + FULL) / 2)

    def _is_idle(self) -> bool:
        return not (self._changed or self._unsaved or any(collected.is_fresh for collected in self._open))

    def _take_changed(self) -> dict[Collected, None]:
        """Take what was handed in for recordings that are to be written at once; return those."""
        batch: dict[Collected, None] = {}
        for _ in range(len(self._changed)):
            batch[self._changed.popleft()] = None
        self._open |= batch
        for collected in batch:
            self._take(collected)
        return batch

    def _take_all(self) -> dict[Collected, None]:
        """Take whatever was handed in; return the recordings of which audio waits."""
        for collected in tuple(self._open):
            self._take(collected)
        return {collected: None for collected in self._open if collected.waiting}

    def _take(self, collected: Collected) -> None:
        while collected.is_fresh:
            try:
                collected.take(time.monotonic())
            except Exception:
                self._fail(collected)
        if collected.closed and collected.waiting:
            self._gone += collected.let_go()

    def _robbed(self) -> dict[Collected, None]:
        """Return all recordings, which are to look after their files, when somebody took them away."""
        if self._owner is None or not self._open or self._owner.is_here():
            return {}
        with suppress(OSError):  # then the recordings say why
            self._owner.hold()
        for collected in self._open:
            collected.look()
        return dict.fromkeys(self._open)

    def _sleep(self) -> None:
        timeout = None
        if self._open:  # its audio comes without a word
            timeout = max(0.0, self._due - time.monotonic())
        if self._unsaved or self._refused:
            timeout = TICK if timeout is None else min(timeout, TICK)
        if not self._stopping:
            self._wake.wait(timeout)

    def _attempt(self, collected: Collected, now: float) -> None:
        self._unsaved.pop(collected, None)
        if not collected.closed:
            before = collected.waiting
            try:
                written = collected.write(now, share=self._share, at_once=self._stopping)
            except Exception:  # whatever is wrong with one recording, the others are written
                self._fail(collected)
                return
            self._gone += before - collected.waiting
            if written is Written.REFUSED:
                self._refused.setdefault(collected, None)
                self.disk.refused(collected.error, collected.session_id)
                return
            self._refused.pop(collected, None)
            if not self._refused:
                self.disk.works()
            if written is Written.BUT_SIDECAR:
                self._unsaved[collected] = now + SAVE_SECONDS
            if collected.closed and collected.kept:
                self._pass_on(collected)
        if collected.finished:
            self._open.pop(collected, None)

    def _try_again(self, now: float) -> None:
        for collected, over in tuple(self._refused.items()):
            self._attempt(collected, now)
            if collected not in self._refused or not collected.finished:
                continue
            if self._stopping or (over is not None and now - over > PATIENCE):
                self._give_up(collected)
            elif over is None:
                self._refused[collected] = now

    def _fail(self, collected: Collected) -> None:
        logger.exception("%r failed", collected, extra={"session_id": collected.session_id})
        self._give_up(collected)

    def _give_up(self, collected: Collected) -> None:
        self._refused.pop(collected, None)
        if not self._refused:
            self.disk.rests()
        self._gone += collected.waiting
        self.disk.given_up += collected.waiting
        was_closed = collected.closed
        collected.abandon()
        if collected.finished:
            self._open.pop(collected, None)
        if not was_closed:
            self._pass_on(collected)

    def _pass_on(self, collected: Collected) -> None:
        if collected.stem is not None:
            self._closed(collected.stem)
