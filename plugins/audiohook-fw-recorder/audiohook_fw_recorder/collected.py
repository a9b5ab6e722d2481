"""What a call has collected and not yet written: the loop hands it in, the writer's thread does the rest."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import replace
from enum import Enum, auto
from typing import Any, Final

from audiohook_fw import AudioFrame, Gap, SessionSummary

from .recording import Recording
from .sidecar import LOST, Sidecar
from .silencing import Silencing
from .span import Span, SpanCounts

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
        window: seconds for which audio waits before it is written, since it might have to be silenced.
        counts: where it is counted what becomes of that.

    Attributes:
        waiting: bytes of audio in memory. finished: the call has ended. closed: nothing is to be done any
            more, and what comes is let go. error: why the disk refused last. kept: as given.
    """

    __slots__ = (
        "_end",
        "_files",
        "_handed_in",
        "_marks",
        "_news",
        "_pieces",
        "_ready",
        "_said",
        "_saved",
        "_sidecar",
        "_silencing",
        "_taken",
        "_wrote",
        "closed",
        "counts",
        "error",
        "finished",
        "kept",
        "waiting",
        "window",
    )

    def __init__(
        self,
        files: Recording,
        sidecar: Sidecar,
        *,
        kept: bool = False,
        window: float = 0.0,
        counts: SpanCounts | None = None,
    ) -> None:
        self.kept = kept
        self.window = window
        self.counts = counts or SpanCounts()
        self._files = files
        self._sidecar = sidecar
        self._handed_in: list[bytes | int | Change] = []  # the loop appends, the thread takes from the front
        self._end = 0  # call time up to which something was handed in; changed by the loop only
        self._pieces: list[bytes | int] = []
        self._marks: deque[tuple[float, int]] = deque()  # when pieces were taken that have to wait, how many
        self._ready = 0  # pieces before them
        self._taken = 0  # call time up to which something was taken
        self._silencing = Silencing(sidecar)
        self._said = False  # that something can be heard
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

    def take(self, now: float = 0.0) -> None:
        """Take what was handed in; what comes after a change that fails stays, for the next time.

        Args:
            now: monotonic seconds.
        """
        handed_in, pieces = self._handed_in, self._pieces
        taken = size = silence = 0
        before = len(pieces)
        try:
            for what in handed_in[:]:
                taken += 1
                if isinstance(what, bytes):
                    pieces.append(what)
                    size += len(what)
                elif isinstance(what, int):
                    pieces.append(what)
                    silence += what
                else:
                    self._took(size, silence)
                    size = silence = 0
                    what(self)
        finally:
            del handed_in[:taken]  # the loop may have appended meanwhile
            self._took(size, silence)
            if self.window and len(pieces) > before:
                self._marks.append((now, len(pieces) - before))

    def let_go(self) -> int:
        """Forget what waits; return how many bytes that is."""
        size, self.waiting = self.waiting, 0
        self._pieces.clear()
        self._marks.clear()
        self._ready = 0
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

    def redact(self, span: Span) -> None:
        """Silence a stretch of the call, as far as that can be; wherever its audio is by now."""
        if self.closed:  # its call is over, and others are at work on its files
            self._heard()
            return
        files = self._files
        if self.finished:
            span = replace(span, end=min(span.end, self._taken))
        done = self._silencing.tell(span, self._pieces, written=self._written, rewrites=files.rewrites)
        self._news = True
        if done:
            self.counts.silenced += 1
        else:
            self._heard()

    def refuse(self) -> None:
        """Note that a plugin wanted something silenced that makes no sense."""
        self._sidecar.errors["redaction"] = self._sidecar.errors.get("redaction", 0) + 1
        self._news = True

    def finish(self, summary: SessionSummary, tags: Mapping[str, str]) -> None:
        """Complete the recording: note how the call ended, its tags, and what no hook told of."""
        missing = summary.position - self._end
        if missing > 0:
            self._pieces.append(missing)
            self._taken += missing
            self._sidecar.rest(self._end, summary.position)
            self._end = summary.position
        self._sidecar.redactions.clip(summary.position)
        self._sidecar.complete(summary, tags)
        self._news = self.finished = True

    # the disk -------------------------------------------------------------------------------------

    def write(self, now: float, *, share: float = 1.0, at_once: bool = False) -> Written:
        """Write all that waits; blocks on the disk. Tell how far that came.

        What the disk refuses is kept. The sidecar is written once a second at most, but at the beginning
        and the end.

        Args:
            now: monotonic seconds.
            share: of the window for which audio has to wait, when there is not memory enough for all of it.
            at_once: nothing may wait, since this may be the last write.
        """
        self._release(float("inf") if at_once else now - self.window * share)
        try:
            if not self._files.begun:
                self._begin(now)
            if not at_once and self._rests(now):
                return Written.BUT_SIDECAR
            if self._silencing.is_pending:
                self._silencing.overwrite(self._files)
            if self._ready:
                self._write_ready()
                self._wrote = now
            if not self._news:  # nearly always
                return Written.ALL
            if not (self.finished or at_once) and now - self._saved < SAVE_SECONDS:
                return Written.BUT_SIDECAR
            self._save(now)
        except OSError as error:
            self.waiting = _size(self._pieces)
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
        if self._silencing.give_up():
            self._heard()
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
        return _size(self._pieces[: self._ready]) < MUCH_SECONDS * media.rate * media.frame_width

    @property
    def _written(self) -> int:
        """Call time up to which the audio is in the file."""
        return self._files.samples if self._files.begun else 0

    def _took(self, size: int, silence: int) -> None:
        """Note how much was taken, in bytes and samples; silence what was told before it came."""
        start = self._taken
        self.waiting += size
        self._taken += size // self._sidecar.media.frame_width + silence
        if self._silencing.until > start:
            self._silencing.came(self._pieces, written=self._written, start=start, end=self._taken)

    def _release(self, latest: float) -> None:
        """Have the pieces written that were taken by then, and all at the end of the call."""
        if self.finished or not self.window:
            self._ready = len(self._pieces)
            self._marks.clear()
        while self._marks and self._marks[0][0] <= latest:
            self._ready += self._marks.popleft()[1]

    def _write_ready(self) -> None:
        """Write the pieces that need not wait."""
        if not self._marks:  # nothing else waits
            try:
                self._files.write(self._pieces)
            finally:
                self._ready = len(self._pieces)
            self.waiting = 0
            return
        ready = self._pieces[: self._ready]
        size = _size(ready)
        try:
            self._files.write(ready)
        finally:
            self._pieces[: self._ready] = ready
            self._ready = len(ready)
        self.waiting -= size

    def _heard(self) -> None:
        """Count, and say once for the call, that something which was redacted can be heard."""
        self.counts.late += 1
        if not self._said:
            self._said = True
            logger.error(
                "recording %s: something that was redacted can still be heard in it, since it was written "
                "before that was told: see redact_window",
                self._files.name,
                extra={"session_id": self.session_id},
            )

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


def _size(pieces: Iterable[bytes | int]) -> int:
    """Return the bytes of audio in pieces."""
    return sum(len(piece) for piece in pieces if isinstance(piece, bytes))
