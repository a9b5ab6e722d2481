"""What a call has collected and not yet written: the loop hands it in, the writer's thread does the rest."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum, auto
from typing import Any, Final

from audiohook_fw import AudioFrame, Gap, SessionSummary

from .recording import Recording
from .sidecar import LOST, Sidecar

__all__ = ["SAVE_SECONDS", "Change", "Collected", "Written"]

logger = logging.getLogger(__name__)

SAVE_SECONDS: Final = 1.0
"""Between two versions of a sidecar, however much happens in the call."""
MUCH_SECONDS: Final = 5
"""Audio that is written however short ago the last was."""


Change = Callable[["Collected"], None]
"""Something that happened in a call, noted by the thread."""


class Written(Enum):
    """How far a recording is written."""

    ALL = auto()
    BUT_SIDECAR = auto()
    """The sidecar has to wait a little; or all has, because the spool rests between two writes."""
    REFUSED = auto()


class Collected:
    """The pieces of one recording that wait, in order: audio (bytes) and silence (samples).

    The loop calls `audio` and `hand_in`; what it handed in lies there until the thread takes it.

    Args:
        files: where they go. sidecar: what is known of the call; belongs to this object from now on.
        kept: whether this process has something to do for the recording after it is complete.

    Attributes:
        waiting: bytes of audio in memory. finished: the call has ended. closed: nothing is to be done any
            more, and what comes is let go. error: why the disk refused last. kept: as given.
    """

    __slots__ = (
        "_end",
        "_files",
        "_handed_in",
        "_news",
        "_pieces",
        "_saved",
        "_sidecar",
        "_wrote",
        "closed",
        "error",
        "finished",
        "kept",
        "waiting",
    )

    def __init__(self, files: Recording, sidecar: Sidecar, *, kept: bool = False) -> None:
        self.kept = kept
        self._files = files
        self._sidecar = sidecar
        self._handed_in: list[bytes | int | Change] = []  # the loop appends, the thread takes from the front
        self._end = 0  # call time up to which something was handed in; changed by the loop only
        self._pieces: list[bytes | int] = []
        self._news = True  # of which the sidecar on the disk does not tell
        self._saved = self._wrote = float("-inf")
        self.waiting = 0
        self.finished = False
        self.closed = False
        self.error: OSError | None = None

    @property
    def session_id(self) -> str:
        """The call's."""
        return str(self._sidecar.facts["session_id"])

    def __repr__(self) -> str:
        state = "finished" if self.finished else "running"
        return f"<Collected {self._files.name} {state}, {self.waiting} bytes wait>"

    # for the loop ---------------------------------------------------------------------------------

    def audio(self, frame: AudioFrame) -> None:
        """Hand in a frame, and silence for what is missing right before it; only its bytes are kept."""
        position = frame.position
        if position > self._end:
            self._handed_in.append(position - self._end)
        self._end = position + frame.length
        self._handed_in.append(frame.payload)

    def hand_in(self, change: Change) -> None:
        """Hand in something that happened, in its place between the audio."""
        self._handed_in.append(change)

    # what happens in the call ---------------------------------------------------------------------

    def take(self) -> None:
        """Take what was handed in; what comes after a change that fails stays, for the next time."""
        handed_in, pieces = self._handed_in, self._pieces
        taken = size = 0
        try:
            for what in handed_in[:]:
                taken += 1
                if isinstance(what, bytes):
                    pieces.append(what)
                    size += len(what)
                elif isinstance(what, int):
                    pieces.append(what)
                else:
                    what(self)
        finally:
            del handed_in[:taken]  # the loop may have appended meanwhile
            self.waiting += size

    def let_go(self) -> int:
        """Forget what waits; return how many bytes that is."""
        size, self.waiting = self.waiting, 0
        self._pieces.clear()
        return size

    @property
    def is_fresh(self) -> bool:
        """Whether something was handed in that was not taken."""
        return bool(self._handed_in)

    def begin(self) -> None:
        """Nothing has happened yet but that there is a call: it is enough to be written."""

    def event(self, type_: str, position: int, **details: Any) -> None:
        """Note something that happened at a moment of the call."""
        self._sidecar.event(type_, position, **details)
        self._news = True

    def gap(self, gap: Gap, cause: str) -> None:
        """Note silence that is no recorded silence."""
        if gap.length:
            self._sidecar.gap(gap.start, gap.length, cause, clamped=gap.clamped)
            self._news = True

    def lost(self, start: int, end: int) -> None:
        """Note audio that there was no memory for."""
        self._sidecar.gap(start, end - start, LOST)
        self._news = True

    def finish(self, summary: SessionSummary, tags: Mapping[str, str]) -> None:
        """Complete the recording: note how the call ended, its tags, and what no hook told of."""
        missing = summary.position - self._end
        if missing > 0:
            self._pieces.append(missing)
            self._sidecar.rest(self._end, summary.position)
            self._end = summary.position
        self._sidecar.complete(summary, tags)
        self._news = self.finished = True

    # the disk -------------------------------------------------------------------------------------

    def write(self, now: float) -> Written:
        """Write all that waits; blocks on the disk. Tell how far that came.

        What the disk refuses is kept. The sidecar is written once a second at most, but at the beginning
        and the end.

        Args:
            now: monotonic seconds.
        """
        try:
            if not self._files.begun:
                self._begin(now)
            if self._rests(now):
                return Written.BUT_SIDECAR
            if self._pieces:
                self._files.write(self._pieces)
                self.waiting = 0
                self._wrote = now
            if not self._news:  # nearly always
                return Written.ALL
            if not self.finished and now - self._saved < SAVE_SECONDS:
                return Written.BUT_SIDECAR
            self._save(now)
        except OSError as error:
            self.waiting = sum(len(piece) for piece in self._pieces if isinstance(piece, bytes))
            self._news = True
            self.error = error
            self._sidecar.refused(type(error).__name__, error.errno)
            return Written.REFUSED
        if self.finished:
            self._close()
        return Written.ALL

    @property
    def begun(self) -> bool:
        """Whether there are files."""
        return self._files.begun

    @property
    def stem(self) -> str | None:
        """What the names of its files begin with; `None` when there are none."""
        return self._files.stem if self._files.begun else None

    def abandon(self) -> None:
        """Give up what is not written yet and what may still come, and close the files."""
        if self.closed:
            return
        media = self._sidecar.media
        logger.error(
            "recording %s is given up: %.1f s that waited are lost",
            self._files.name,
            self.waiting / media.frame_width / media.rate,
            extra={"session_id": self.session_id},
        )
        if self._files.begun:
            self._say_so()
        self._close()

    def look(self) -> None:
        """Look after the files at the next write; somebody may have taken them away."""
        self._files.look()
        self._news = True

    def _say_so(self) -> None:
        """Have the sidecar tell what is lost: the audio ends before the call does."""
        files = self._files
        self._sidecar.give_up(files.samples, self._end)
        owner = files.owner if self.kept or not self.finished else None
        with suppress(OSError):  # then it stays as it is, and the next start takes it for interrupted
            files.complete()
            text = self._sidecar.text(files.file, files.samples, owner=owner, described=files.described)
            files.save(text, in_place=True)

    def _rests(self, now: float) -> bool:
        """Tell whether the spool is to rest: it wrote a moment ago, and little waits."""
        if now - self._wrote >= self._files.rest or self.finished:  # always, for a WAV
            return False
        media = self._sidecar.media
        return self.waiting < MUCH_SECONDS * media.rate * media.frame_width

    def _begin(self, now: float) -> None:
        begun = self._sidecar.copy()
        begun.result = {"state": "recording"}  # it may have ended already: its audio is not there yet
        owner, described = self._files.owner, self._files.described
        self._files.begin(lambda file: begun.text(file, 0, owner=owner, described=described))
        self._news = self.finished
        self._saved = now

    def _save(self, now: float) -> None:
        files = self._files
        if self.finished:
            files.complete()
        owner = files.owner if self.kept or not self.finished else None
        text = self._sidecar.text(files.file, files.samples, owner=owner, described=files.described)
        files.save(text)
        self._news = False
        self._saved = now

    def _close(self) -> None:
        with suppress(OSError):  # its sizes are written, or cannot be
            self._files.close()
        self.let_go()
        self._news = False
        self.closed = True
