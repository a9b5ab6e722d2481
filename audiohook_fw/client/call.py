"""One simulated call on one connection, without I/O: texts and times in, texts and frames out.

It behaves as Genesys Cloud does (protocol: client state machine, timers): feed it what the server
sends, call `tick` when `wake_at` has come, write what it returns, in that order.
"""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Final, assert_never

from audiohook_fw.errors import RemoteProtocolError
from audiohook_fw.protocol import (
    NULL_UUID,
    ClientEvent,
    ClientProtocol,
    ClientState,
    Close,
    ClosedReceived,
    Complaint,
    Disconnect,
    DisconnectReason,
    DisconnectReceived,
    EntitiesReceived,
    Error,
    Open,
    Opened,
    OpenedReceived,
    Participant,
    PauseReceived,
    Ping,
    PongReceived,
    ReconnectReceived,
    ResumeReceived,
    ServerAudioReceived,
    UpdatedReceived,
    Violated,
    WireEntity,
)

from .options import CallOptions
from .pings import PingClock
from .playback import Playback
from .report import CallReport, Closing, Decision
from .stream import CallStream, Hangup, Output

__all__ = ["ClientCall"]

_VIOLATIONS: Final = 100
"""Violations that are written down in words; further ones end up in the counters alone."""


class ClientCall:
    """The driver of one connection.

    Args:
        options: the call. report: filled in as the call goes on; its `ids` are used.
        waited: seconds lost in earlier attempts; their audio is offered again.

    Attributes:
        finished: nothing more is to be done; the last output said how to hang up, if at all.
    """

    def __init__(self, options: CallOptions, report: CallReport, *, waited: float = 0.0) -> None:
        self.report = report
        self.finished = False
        self._options = options
        self._timing = options.timing
        self._waited = waited
        self._protocol = ClientProtocol(report.ids.session, connector=options.connector)
        self._out: list[Output] = []
        self._stream = CallStream(options, report, self._protocol, self._out)
        self._playback = Playback(options.speed)
        self._pings: PingClock | None = None
        self._deadline = float("inf")  # of the open or the close transaction
        self._started = 0.0

    @property
    def seconds(self) -> float:
        """Call time streamed so far."""
        return self._stream.position / (self._protocol.media.rate if self._protocol.media else 8000)

    # what the caller does ------------------------------------------------------------------------

    def start(self, now: float) -> list[Output]:
        """Begin once the connection stands: send `open`."""
        self._started = now
        self._deadline = now + self._timing.open
        self._stream.send(self._open())
        return self._take_out()

    def receive_text(self, text: str, at: float) -> list[Output]:
        """Take a text message that came at time `at`."""
        self._advance(at)
        if not self.finished:
            self.report.count(self.report.received, _type_of(text))
            event = self._protocol.receive_text(text, at)
            if event is not None:
                self._handle(event, at)
        return self._take_out()

    def receive_binary(self, payload: bytes, at: float) -> list[Output]:
        """Take a binary frame that came at time `at`."""
        self._advance(at)
        if not self.finished:
            self.report.received["audio"] += 1
            event = self._protocol.receive_binary(payload, at)
            if event is not None:
                self._handle(event, at)
        return self._take_out()

    def receive_eof(self, at: float, why: str = "the server closed the connection") -> None:
        """Note that the connection is gone."""
        if self.finished:
            return
        establishing = self._protocol.state in (ClientState.PREPARING, ClientState.OPENING)
        when = {
            ClientState.OPENING: "before it answered `open`",
            ClientState.CLOSING: "before it sent `closed`",
        }
        problem = f"{why} {when.get(self._protocol.state, 'in mid call')}"
        self.report.fail(problem, retryable=establishing)
        self._finish(Closing.LOST, at)

    def tick(self, now: float) -> list[Output]:
        """Do what is due."""
        self._advance(now)
        return self._take_out()

    def wake_at(self) -> float | None:
        """Return when `tick` is due, or `None`; the past means: now."""
        if self._protocol.state is not ClientState.OPEN:
            return None if self.finished else self._deadline
        times = [self._stream.wake_at(), self._playback.wake_at()]
        if self._pings is not None:
            times.append(self._pings.wake_at())
        return min((time for time in times if time is not None), default=None)

    # what the server does ------------------------------------------------------------------------

    def _handle(self, event: ClientEvent, at: float) -> None:
        match event:
            case OpenedReceived(opened=opened):
                self._opened(opened, at)
            case ClosedReceived():
                self._hang_up(Hangup.CLOSE, Closing.CLOSED, at)
            case DisconnectReceived(disconnect=disconnect):
                self._disconnected(disconnect, at)
            case EntitiesReceived(entities=entities):
                self._entities(entities)
            case PauseReceived():
                self._stream.server_pause()
            case ResumeReceived(still_paused=still_paused):
                self._stream.server_resume(still_paused=still_paused)
            case PongReceived(seq=seq):
                if self._pings is not None:
                    self.report.rtts.append(self._pings.answered(seq, at))
            case UpdatedReceived() | ReconnectReceived():
                pass  # counted; reconnecting is an option of Genesys that is off by default
            case ServerAudioReceived(payload=payload):
                started = self._playback.add(payload, at)
                if started is not None:
                    self._stream.send(started)
            case Complaint(error=error, retry_after=retry_after):
                self._complain(error, retry_after)
            case Violated(error=error):
                self._violated(error, at)
            case _:
                assert_never(event)

    def _opened(self, opened: Opened, at: float) -> None:
        self.report.opened_after = at - self._started
        if self._options.probe:
            self.report.decision = Decision.PROBE_OK
            self._close("end", at)
            return
        self.report.decision = Decision.ACCEPTED
        self._pings = PingClock(self._timing, at)
        self._stream.begin(opened, at, self._waited)

    def _disconnected(self, disconnect: Disconnect, at: float) -> None:
        self.report.reason, self.report.info = str(disconnect.reason), disconnect.info
        if self._protocol.state is ClientState.OPENING:
            self.report.decision = Decision.REJECTED
            self.report.retryable = disconnect.reason is DisconnectReason.ERROR
        self._close("disconnect", at)

    def _entities(self, entities: tuple[WireEntity, ...]) -> None:
        for entity in entities:
            self.report.count(self.report.entities, entity.type)
            if entity.type == "barge_in":
                completed = self._playback.flush()
                if completed is not None and self._protocol.state is ClientState.OPEN:
                    self._stream.send(completed)

    def _complain(self, error: RemoteProtocolError, retry_after: float | None) -> None:
        self._note_violation(error)
        if error.code == 429:
            self.report.limited += 1
        wait = None if retry_after is None else timedelta(seconds=retry_after)
        self._stream.send(Error(code=error.code, message=str(error), retry_after=wait))

    def _violated(self, error: RemoteProtocolError, at: float) -> None:
        self._note_violation(error)
        self.report.fail(f"the server broke the protocol: {error}")
        if self._protocol.state is ClientState.FAILED:
            text = f"Connection probe error: {error}" if self._options.probe else str(error)
            self._stream.send(Error(code=error.code, message=text))
            self._close("error", at)

    def _note_violation(self, error: RemoteProtocolError) -> None:
        if len(self.report.violations) < _VIOLATIONS:
            self.report.violations.append(f"{error.code} {error}")

    # what is due -----------------------------------------------------------------------------------

    def _advance(self, now: float) -> None:
        self._stream.set_time(now)
        match self._protocol.state:
            case ClientState.OPENING if now >= self._deadline:
                self._time_out("Timed out waiting for opened response", "no `opened` in time", now)
            case ClientState.OPEN:
                self._tick_open(now)
            case ClientState.CLOSING if now >= self._deadline:
                self.report.fail(f"no `closed` within {self._timing.close:g} s")
                self._stream.send(Error(code=408, message="Timed out waiting for closed response"))
                self._protocol.receive_timeout()
                self._hang_up(Hangup.CLOSE, Closing.TIMEOUT, now)
            case _:
                pass

    def _tick_open(self, now: float) -> None:
        assert self._pings is not None or self._options.probe, "an open call pings"
        if self._pings is not None and self._pings.overdue(now):
            self._time_out("Timed out waiting for pong", f"no pong within {self._timing.pong:g} s", now)
            return
        self._stream.advance()  # first, since everything else tells the position of now
        if self._stream.aborted:
            self._hang_up(Hangup.ABORT, Closing.ABORTED, now)
        elif self._stream.ended:
            self._close("end", now)
        else:
            self._ping(now)
            completed = self._playback.finish(now)
            if completed is not None:
                self._stream.send(completed)

    def _ping(self, now: float) -> None:
        if self._pings is not None and self._pings.due(now):
            rtt = self._pings.rtt
            self._stream.send(Ping(rtt=None if rtt is None else timedelta(seconds=rtt)))
            self._pings.sent(self._protocol.sent_seq, now)

    def _time_out(self, message: str, problem: str, now: float) -> None:
        self.report.fail(problem, retryable=self._protocol.state is ClientState.OPENING)
        self._protocol.receive_timeout()
        self._stream.send(Error(code=408, message=message))
        self._close("error", now)

    # the end ---------------------------------------------------------------------------------------

    def _close(self, reason: str, now: float) -> None:
        self.report.close_reason = reason
        self._stream.send(Close(reason=reason))
        self._deadline = now + self._timing.close

    def _hang_up(self, how: Hangup, closing: Closing, now: float) -> None:
        self._out.append(how)
        self._finish(closing, now)

    def _finish(self, closing: Closing, now: float) -> None:
        self._protocol.receive_eof()
        self.report.closing = closing
        self.report.duration = now - self._started
        self.finished = True

    def _take_out(self) -> list[Output]:
        out = self._out.copy()
        self._out.clear()
        return out

    def _open(self) -> Open:
        options, ids = self._options, self.report.ids
        probe = options.probe
        participant = Participant(
            id=NULL_UUID if probe else ids.participant,
            ani="" if probe else options.ani,
            ani_name="" if probe else options.ani_name,
            dnis="" if probe else options.dnis,
        )
        return Open(
            organization_id=ids.organization,
            conversation_id=NULL_UUID if probe else ids.conversation,
            participant=participant,
            media=options.offers,
            language=options.language,
            supported_languages=options.supported_languages,
            custom_config=dict(options.custom_config) if options.custom_config is not None else None,
            input_variables=dict(options.input_variables) if options.input_variables is not None else None,
        )


def _type_of(text: str) -> str:
    """Return the message type for the counters; the protocol object judges the message itself."""
    try:
        message = json.loads(text)
    except (ValueError, RecursionError):
        return "malformed"
    type_ = message.get("type") if isinstance(message, dict) else None
    return type_ if isinstance(type_, str) and len(type_) <= 40 else "malformed"
