"""The outgoing side of a simulated call: its clock, its audio, its pauses and its timeline.

Two times, both in samples: *script time* runs with the clock from `opened` on (times the speed) and
starts with the backlog; *position* is the stream's, up to which audio was sent, discarded or paused.
Audio that script time has passed is due. Nothing here reads a clock or does I/O.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from datetime import timedelta
from enum import Enum
from typing import Final, TypeAlias

from audiohook_fw.protocol import (
    MAX_SENT_BYTES,
    ClientMessage,
    ClientProtocol,
    Discarded,
    Dtmf,
    Error,
    Opened,
    Paused,
    Resumed,
    Update,
    from_samples,
    to_samples,
)

from .ledger import Ledger
from .options import MAX_BACKLOG, CallOptions
from .report import CallReport
from .source import SOURCE_RATE
from .timeline import AbortAt, Action, CongestAt, DiscardAt, DtmfAt, ErrorAt, PauseAt, ResumeAt, UpdateAt

__all__ = ["CallStream", "Hangup", "Output"]


class Hangup(Enum):
    """How the client closes the socket."""

    CLOSE = "close"
    ABORT = "abort"


Output: TypeAlias = str | bytes | Hangup
"""What to write: a text message, a binary frame, or the end of the connection."""

_BURST: Final = 16
"""Frames sent in a row before what came in is looked at."""
_BUFFER: Final = 30.0
"""Seconds of real time for which a client keeps audio that it cannot send."""
_HAIR: Final = 1e-3
"""Samples: what rounding may take from a time that was computed from a number of samples."""


class CallStream:
    """Sends what is due, and keeps the position in every message.

    Args:
        options: the call. report: where it is written down.
        protocol: the connection's state machine.
        out: where the output goes.

    Attributes:
        ended: the script is played to its end. aborted: to an `abort`.
    """

    def __init__(
        self, options: CallOptions, report: CallReport, protocol: ClientProtocol, out: list[Output]
    ) -> None:
        self._options = options
        self._report = report
        self._protocol = protocol
        self._out = out
        self._actions: deque[Action] = deque(options.timeline)
        self._rate = SOURCE_RATE
        self._frame = 1
        self._position = 0
        self._frozen = 0  # script time that passed while the position stood still
        self._origin: float | None = None  # the time of opening
        self._head = 0  # script time then
        self._script = 0  # script time now
        self._end = 0
        self._congested: int | None = None  # script time until which no audio goes out
        self._paused = False
        self._told = 0
        self._behind = False
        self.ended = False
        self.aborted = False

    @property
    def position(self) -> int:
        """Call time in samples as the client tells it: it runs on in a pause, unless frozen."""
        if self._paused and not self._options.style.frozen_position:
            return max(self._position, self._script - self._frozen)
        return self._position

    def set_time(self, now: float) -> None:
        """Let the position in the next messages be that of `now` (loop time)."""
        if self._origin is not None:
            seconds = (now - self._origin) * self._options.speed
            self._script = max(self._script, self._head + math.floor(seconds * self._rate + _HAIR))

    def send(self, message: ClientMessage) -> None:
        """Send a message with the present position."""
        self._emit(message.type, self._protocol.send(message, self._tell(self.position)))

    # what the server asks for --------------------------------------------------------------------

    def begin(self, opened: Opened, now: float, waited: float) -> None:
        """Start the clock at `opened`.

        Args:
            waited: seconds lost in earlier attempts: their audio is offered again, 20 s at most.
        """
        media = self._protocol.media
        self._report.ledger = Ledger(media, keep_audio=self._options.keep_audio)
        if media is not None:
            self._rate = media.rate
            frame = round(self._options.frame_ms / 1000 * media.rate)
            self._frame = max(1, min(frame, MAX_SENT_BYTES // media.frame_width))
        self._origin = now
        self._end = self._samples(self._options.duration)
        backlog = self._samples(self._options.backlog + waited * self._options.speed)
        self._head = self._script = min(backlog, self._end)
        lost = self._script - self._samples(MAX_BACKLOG)
        wanted = to_samples(opened.discard_to, self._rate) if opened.discard_to else 0
        unwanted = max(lost, min(wanted, self._script))
        if unwanted > 0 and media is not None:
            self._discard(unwanted, real=True)
        if opened.start_paused:
            self.server_pause()

    def server_pause(self) -> None:
        """Answer `pause` (or `startPaused`): always `paused`."""
        self._end_congestion()
        self._pause()

    def server_resume(self, *, still_paused: bool) -> None:
        """Answer `resume`: `resumed`, or `paused` while the client pauses, too."""
        if still_paused:
            self._pause()
        else:
            self._resume()

    # what is due ---------------------------------------------------------------------------------

    def advance(self) -> None:
        """Send the audio that is due and play the actions whose time has come, in call-time order."""
        self._behind = False
        self._limit_buffer()
        room = _BURST
        while not (self.ended or self.aborted):
            now, boundary = self._script, self._boundary()
            sent = self._send_audio(min(now, boundary), room, flush=boundary <= now)
            if sent is None:
                self._behind = True
                return
            room -= sent
            if boundary > now:
                return
            self._script = boundary  # so that what is done now has the position of its time
            self._pass(boundary)
            self._script = now

    def wake_at(self) -> float | None:
        """Return the time at which something is due, or `None`; the past means: now."""
        if self._origin is None or self.ended or self.aborted:
            return None
        if self._behind:
            return self._origin
        due = self._boundary()
        if self._flowing:
            due = min(due, self._position + self._frame + self._frozen)
        return self._origin + (due - self._head) / (self._rate * self._options.speed)

    # audio ---------------------------------------------------------------------------------------

    @property
    def _flowing(self) -> bool:
        return self._protocol.media is not None and not self._protocol.paused and self._congested is None

    def _send_audio(self, script: int, room: int, *, flush: bool) -> int | None:
        """Send up to a script time; return the number of frames, or `None` when there was no room."""
        if not self._flowing:
            return 0
        frames = 0
        for length in self._frames(script - self._frozen, flush=flush):
            if frames == room:
                return None
            self._send_frame(length)
            frames += 1
        return frames

    def _frames(self, target: int, *, flush: bool) -> Iterator[int]:
        while (left := target - self._position) > 0:
            if left < self._frame and not flush:
                return
            yield min(left, self._frame)

    def _send_frame(self, length: int) -> None:
        media = self._protocol.media
        assert media is not None, "audio flows only with media"
        payload = self._options.source.payload(self._position, length, media, self._options.byte_order)
        self._out.append(self._protocol.send_audio(payload))
        self._report.ledger.audio(payload, length)
        self._report.sent["audio"] += 1
        self._position += length

    def _limit_buffer(self) -> None:
        """Drop what could not be sent for too long, as the real client does; never past an action."""
        late = self._script - self._frozen - self._position
        if self._flowing and late > self._samples(_BUFFER * max(1.0, self._options.speed)):
            lost = min(late - self._samples(MAX_BACKLOG), self._boundary() - self._frozen - self._position)
            if lost > 0:
                self._discard(lost, real=True)

    # the timeline ----------------------------------------------------------------------------------

    def _boundary(self) -> int:
        """Return the script time of the next thing that is not audio."""
        times = [self._end]
        if self._actions:
            times.append(self._samples(self._actions[0].at))
        if self._congested is not None:
            times.append(self._congested)
        return min(times)

    def _pass(self, boundary: int) -> None:
        if self._congested is not None and self._congested <= boundary:
            self._end_congestion()
        elif self._actions and self._samples(self._actions[0].at) <= boundary:
            self._act(self._actions.popleft())
        else:
            self._end_congestion()
            self.ended = True

    def _act(self, action: Action) -> None:
        match action:
            case PauseAt():
                self._client_pause()
            case ResumeAt():
                self._client_resume()
            case DiscardAt() | CongestAt() if not self._flowing and self._congested is None:
                self._report.fail(f"{action} could not be played: no audio flowed then")
            case DiscardAt(length=length):
                self._end_congestion()
                self._discard(self._samples(length), real=not self._options.style.fake_discards)
            case CongestAt(length=length):
                self._congested = max(self._congested or 0, self._script + self._samples(length))
            case UpdateAt(language=language):
                self.send(Update(language=language))
            case ErrorAt(code=code):
                self.send(Error(code=code, message="scripted error"))
            case DtmfAt(digit=digit):
                self.send(Dtmf(digit=digit))
            case AbortAt():
                self.aborted = True
            case _:
                raise TypeError(f"{action} is not an action of a client")

    def _end_congestion(self) -> None:
        if self._congested is not None:
            self._congested = None
            lost = min(self._script, self._end) - self._frozen - self._position
            if lost > 0:
                self._discard(lost, real=True)

    def _discard(self, length: int, *, real: bool) -> None:
        start = self._position
        if real:
            self._position += length
        self._report.ledger.discarded(start, length)
        at, lost = from_samples(start, self._rate), from_samples(length, self._rate)
        self.send(Discarded(start=at, discarded=lost))

    # pauses ----------------------------------------------------------------------------------------

    def _client_pause(self) -> None:
        self._end_congestion()
        self._pause(unasked=True)

    def _client_resume(self) -> None:
        if self._protocol.server_paused:
            at = self._tell(self.position)
            self._protocol.resume(at, at, at)  # clears the flag; nothing may be sent
        else:
            self._resume()

    def _pause(self, *, unasked: bool = False) -> None:
        position = self._tell(self.position)
        first = self._protocol.pause(position) if unasked else self._protocol.send(Paused(), position)
        self._emit(Paused.type, first)
        if self._options.style.double_paused:
            self._emit(Paused.type, self._protocol.send(Paused(), position))
        self._paused = True
        self._report.ledger.paused(client=self._protocol.client_paused, server=self._protocol.server_paused)

    def _resume(self) -> None:
        start = self._position
        if self._paused and self._options.style.frozen_position:
            self._frozen = max(self._frozen, self._script - start)
        elif self._paused:
            self._position = max(start, self._script - self._frozen)
        self._paused = False
        length = self._position - start
        self._report.ledger.resumed(start, length)
        at, lost = from_samples(start, self._rate), from_samples(length, self._rate)
        text = self._protocol.resume(at, lost, self._tell(self._position))
        assert text is not None, "both flags are clear now"
        self._emit(Resumed.type, text)

    # helpers ---------------------------------------------------------------------------------------

    def _samples(self, seconds: float) -> int:
        return round(seconds * self._rate)

    def _tell(self, position: int) -> timedelta:
        # What happens late, in a backlog, has an earlier time than a server's pause that came meanwhile.
        self._told = max(self._told, position)
        return from_samples(self._told, self._rate)

    def _emit(self, type_: str, text: str) -> None:
        self._report.sent[type_] += 1
        self._out.append(text)
