"""What one call has collected and not yet written: filled by the event loop, emptied by a thread."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from enum import Enum, IntEnum, auto
from typing import Any, Final

from audiohook_fw import SessionSummary

from .recording import Recording
from .sidecar import Sidecar

__all__ = ["KEPT_SECONDS", "SAVE_SECONDS", "Collected", "Due", "Written"]

logger = logging.getLogger(__name__)

KEPT_SECONDS: Final = 30
"""Audio that is kept in memory while the disk refuses it, or does not answer."""

MUCH_SECONDS: Final = 5
"""Audio that is written at once: a backlog, or a call that is played faster than time."""


SAVE_SECONDS: Final = 1.0
"""Between two versions of a sidecar, however much happens in the call."""


class Written(Enum):
    """How far a recording is written."""

    ALL = auto()
    BUT_SIDECAR = auto()
    """The sidecar has to wait a little."""
    REFUSED = auto()


class Due(IntEnum):
    """When the writer should look at a recording."""

    KNOWN = 0
    """It knows already."""
    LATER = 1
    NOW = 2


class Collected:
    """The pieces of one recording that wait, in order: audio (bytes) and silence (samples).

    The lock is held for moments only, never while the disk works.

    Args:
        files: where they go. sidecar: what is known of the call; belongs to this object from now on.
        kept: whether this process has something to do for the recording after it is complete.

    Attributes:
        finished: the call has ended. error: why the disk refused last. kept: as given.
    """

    def __init__(self, files: Recording, sidecar: Sidecar, *, kept: bool = False) -> None:
        self._files = files
        self.kept = kept
        self._sidecar = sidecar
        self._lock = threading.Lock()
        self._pieces: list[bytes | int] = []
        self._width = sidecar.media.frame_width
        self._kept = KEPT_SECONDS * sidecar.media.rate
        self._much = MUCH_SECONDS * sidecar.media.rate
        self._waiting = 0  # samples in pieces
        self._end = 0  # call time up to which something was collected
        self._known = Due.KNOWN  # what the writer was told of the audio that waits
        self._news = True  # of which the sidecar on the disk does not tell
        self._saved = float("-inf")
        self._failed = self._closed = False
        self.finished = False
        self.error: OSError | None = None

    @property
    def session_id(self) -> str:
        """The call's."""
        return str(self._sidecar.facts["session_id"])

    def __repr__(self) -> str:
        state = "finished" if self.finished else "running"
        return f"<Collected {self._files.name} {state}, {self._waiting} samples wait>"

    # the event loop's side ------------------------------------------------------------------------

    def audio(self, payload: bytes, length: int) -> Due:
        """Add audio; tell what the writer does not know yet: that some waits, or that much does."""
        with self._lock:
            self._end += length
            if self._failed:
                return Due.KNOWN
            self._pieces.append(payload)
            self._waiting += length
            if self._known is Due.LATER and self._waiting < self._much:  # nearly always
                return Due.KNOWN
            if self._waiting > self._kept:
                self._forget("overflow")
            known, self._known = self._known, Due.LATER if self._waiting < self._much else Due.NOW
        return self._known if self._known > known else Due.KNOWN

    def silence(self, samples: int) -> None:
        """Add silence, which is not in memory and needs no bound."""
        with self._lock:
            self._end += samples
            if not self._failed:
                self._pieces.append(samples)

    def event(self, type_: str, position: int, **details: Any) -> None:
        """Note something that happened at a moment of the call."""
        with self._lock:
            self._sidecar.event(type_, position, **details)
            self._news = True

    def gap(self, start: int, length: int, cause: str, *, clamped: bool) -> None:
        """Note silence that is no recorded silence."""
        with self._lock:
            self._sidecar.gap(start, length, cause, clamped=clamped)
            self._news = True

    def finish(self, summary: SessionSummary, *, from_: int, tags: Mapping[str, str]) -> None:
        """Note how the call ended, its tags, and that no hook told of what is missing since `from_`."""
        with self._lock:
            if summary.position > from_:
                self._sidecar.rest(from_, summary.position)
            self._sidecar.complete(summary, tags)
            self._news = self.finished = True

    # the writer's side ----------------------------------------------------------------------------

    def write(self, now: float) -> Written:
        """Write all that waits; blocks on the disk. Tell how far that came.

        What the disk refuses is kept, the newest 30 s of it; older audio becomes silence, and is listed. The
        sidecar is written once a second at most, but at the beginning and the end.

        Args:
            now: monotonic seconds.
        """
        with self._lock:
            taken, self._pieces = self._pieces, []
            self._waiting = 0
            self._known = Due.KNOWN
        try:
            if not self._files.begun:
                self._begin(now)
            self._files.write(taken)
        except OSError as error:
            with self._lock:
                self._pieces[:0] = taken
                self._waiting = sum(self._samples(p) for p in self._pieces if isinstance(p, bytes))
                self._forget("disk")
                self._refused(error)
            return Written.REFUSED
        return self._save(now)

    @property
    def stem(self) -> str | None:
        """What the names of its files begin with; `None` when there are none."""
        return self._files.stem if self._files.begun else None

    def close(self) -> bool:
        """Close the files of a call that is finished and written; tell whether that was done just now."""
        if not self.finished or self._closed:
            return False
        with self._lock:
            done = self.finished and not self._pieces and not self._news
        if done:
            self._closed = True
            self._files.close()
        return done

    def abandon(self) -> None:
        """Give up what is not written yet and what may still come, and close the files."""
        with self._lock:
            seconds = self._waiting / self._sidecar.media.rate
            self._pieces.clear()
            self._failed, self._news, self._closed = True, False, True
        logger.error(
            "recording %s is given up: %.1f s that waited are lost",
            self._files.name,
            seconds,
            extra={"session_id": self.session_id},
        )
        self._files.close()

    def _begin(self, now: float) -> None:
        with self._lock:
            sidecar = self._sidecar.copy()
            sidecar.result = {"state": "recording"}  # it may have ended already: its audio is not there yet
            self._news = self.finished
        self._files.begin(lambda file: sidecar.text(file, 0, owner=self._files.owner))
        self._saved = now

    def _save(self, now: float) -> Written:
        if not self._news:  # nearly always; what becomes news right now is handed in once more
            return Written.ALL
        with self._lock:
            last = self.finished and bool(self._pieces)  # what came meanwhile is written before that is said
            if not self._news or self._failed or last:
                return Written.ALL
            if not self.finished and now - self._saved < SAVE_SECONDS:
                return Written.BUT_SIDECAR
            self._news = False
            sidecar = self._sidecar.copy()
        try:
            owner = self._files.owner if self.kept or not self.finished else None
            self._files.save(sidecar.text(self._files.file, self._files.samples, owner=owner))
        except OSError as error:
            with self._lock:
                self._refused(error)
            return Written.REFUSED
        self._saved = now
        return Written.ALL

    def _refused(self, error: OSError) -> None:
        self._news = True
        self.error = error
        self._sidecar.refused(type(error).__name__, error.errno)

    def _forget(self, cause: str) -> None:
        """Turn the oldest audio into silence when it is too long to keep: a second more, to be rare."""
        if self._waiting <= self._kept:
            return
        position = begin = self._end - sum(self._samples(piece) for piece in self._pieces)
        count = 0
        while self._waiting > self._kept - self._sidecar.media.rate:
            piece = self._pieces[count]
            length = self._samples(piece)
            if isinstance(piece, bytes):
                self._waiting -= length
                self._sidecar.gap(position, length, cause)
            position += length
            count += 1
        self._pieces[:count] = [position - begin]
        self._news = True

    def _samples(self, piece: bytes | int) -> int:
        return piece if isinstance(piece, int) else len(piece) // self._width
