"""`ServerProtocol` and `ClientProtocol` against each other, with messages in flight both ways.

Whatever either side does of its own accord, and however long the wire takes, neither finds the other
breaking a rule. Once everything is delivered both know the same: pause flags, clock, numbers.
"""

from __future__ import annotations

from collections import deque
from datetime import timedelta
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from audiohook_fw.protocol import (
    AudioReceived,
    ClientPause,
    ClientProtocol,
    Close,
    Closed,
    ClosedReceived,
    CloseReceived,
    Complaint,
    Discarded,
    Disconnect,
    DisconnectReason,
    DisconnectReceived,
    Dtmf,
    Error,
    EventMessage,
    Open,
    Opened,
    OpenedReceived,
    Participant,
    Pause,
    Paused,
    PausedReceived,
    PauseReceived,
    Ping,
    PingReceived,
    PlaybackStarted,
    Pong,
    PongReceived,
    Reconnect,
    Resume,
    Resumed,
    ResumeReceived,
    ServerProtocol,
    Update,
    Updated,
    UpdateReceived,
    Violated,
    WireEntity,
    from_samples,
)

SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
RATE = 8000
STEREO = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": RATE}


class Twins(RuleBasedStateMachine):
    """One call: the client's truth about its stream is kept here, in samples."""

    def __init__(self) -> None:
        super().__init__()
        self.client = ClientProtocol(SESSION, connector=True)
        self.server = ServerProtocol(SESSION, SESSION, max_gap=None)
        self.to_server: deque[str | bytes] = deque()
        self.to_client: deque[str | bytes] = deque()
        self.now = 0.0
        self.position = 0
        self.paused_at: int | None = None
        self.heard = 0
        self.said = 0
        self.pings = self.pongs = 0
        self.own_pause_when_written: dict[str | bytes, bool] = {}
        self.hold = 1600

    # the client

    @initialize(
        start_paused=st.booleans(),
        doubles=st.booleans(),
        origin=st.sampled_from([0, 0, 16_001]),
        late=st.booleans(),
    )
    def begin(self, start_paused: bool, doubles: bool, origin: int, late: bool) -> None:
        self.start_paused, self.doubles, self.position = start_paused, doubles, origin
        self.origin = origin
        self.tell(
            Open(
                organization_id=SESSION,
                conversation_id=SESSION,
                participant=Participant(id=SESSION),
                media=[STEREO],
            )
        )
        if not late:
            self.deliver_all()

    def tell(self, message: Any) -> None:
        self.write(self.client.send(message, self.time(self.position)))

    def write(self, text: str) -> None:
        self.own_pause_when_written[text] = self.client.client_paused
        self.to_server.append(text)

    def tell_paused(self) -> None:
        """Say `paused`; the official client says it twice."""
        for _ in range(2 if self.doubles else 1):
            self.tell(Paused())

    @staticmethod
    def time(samples: int) -> timedelta:
        return from_samples(samples, RATE)

    def note_pause(self) -> None:
        if self.client.paused and self.paused_at is None:
            self.paused_at = self.position

    def resumed(self, length: int) -> Resumed:
        start, self.paused_at = self.paused_at, None
        if start is None:
            return Resumed(start=self.time(self.position), discarded=timedelta(0))
        self.position = start + length
        return Resumed(start=self.time(start), discarded=self.time(length))

    def client_takes(self, item: str | bytes) -> None:
        if isinstance(item, bytes):
            event: Any = self.client.receive_binary(item, self.now)
        else:
            event = self.client.receive_text(item, self.now)
        assert not isinstance(event, (Violated, Complaint)), event
        match event:
            case OpenedReceived() | PauseReceived():
                self.note_pause()
                if self.client.server_paused:
                    self.tell_paused()
            case ResumeReceived(still_paused=True):
                self.tell_paused()
            case ResumeReceived():
                self.tell(self.resumed(self.hold))
            case DisconnectReceived():
                self.tell(Close(reason="disconnect"))
            case PongReceived():
                self.pongs += 1
            case ClosedReceived():
                self.client.receive_eof()
            case _:
                pass

    while_open = precondition(lambda self: self.client.state == "open")

    @while_open
    @rule(samples=st.integers(1, 1600))
    def speak(self, samples: int) -> None:
        if not self.client.paused:
            self.to_server.append(self.client.send_audio(bytes(2 * samples)))
            self.position += samples
            self.said += samples

    @while_open
    @rule(samples=st.integers(0, 16_000))
    def discard(self, samples: int) -> None:
        if not self.client.paused:
            start, self.position = self.position, self.position + samples
            self.tell(Discarded(start=self.time(start), discarded=self.time(samples)))

    @while_open
    @rule()
    def begin_own_pause(self) -> None:
        if not self.client.client_paused:
            self.write(self.client.pause(self.time(self.position)))
            self.note_pause()
            if self.doubles:
                self.tell(Paused())

    @while_open
    @rule(length=st.integers(0, 80_000))
    def end_own_pause(self, length: int) -> None:
        if self.client.client_paused:
            speaks = not self.client.server_paused
            message = self.resumed(length) if speaks else Resumed(start=timedelta(0), discarded=timedelta(0))
            text = self.client.resume(message.start, message.discarded, self.time(self.position))
            assert (text is not None) is speaks
            if text is not None:
                self.write(text)

    @while_open
    @rule()
    def ping(self) -> None:
        self.tell(Ping(rtt=timedelta(milliseconds=20)))
        self.pings += 1

    @while_open
    @rule(
        message=st.sampled_from([Update(language="es"), Dtmf(digit="1"), PlaybackStarted(), Error(code=400)])
    )
    def say(self, message: Any) -> None:
        self.tell(message)

    @precondition(lambda self: self.client.state in ("opening", "open"))
    @rule(really=st.integers(0, 4))
    def hang_up(self, really: int) -> None:
        if not really:
            self.tell(Close(reason="end"))

    # the server

    def answer(self, message: Any, **kwargs: Any) -> None:
        self.to_client.append(self.server.send(message, **kwargs))

    def server_takes(self, item: str | bytes) -> None:
        dropped = self.server.dropped_audio
        if isinstance(item, bytes):
            event: Any = self.server.receive_binary(item)
        else:
            event = self.server.receive_text(item, self.now)
        assert not isinstance(event, Violated), event
        match event:
            case AudioReceived():
                self.heard += len(event.payload) // 2
            case PingReceived(seq=seq):
                self.answer(Pong(), answers=seq)
            case UpdateReceived(seq=seq):
                self.answer(Updated(), answers=seq)
            case CloseReceived():
                self.answer(Closed())
            case PausedReceived(by_client=True):
                assert self.own_pause_when_written[item], "proof of a pause that there was not"
            case _:
                pass
        if self.server.state == "active":
            assert self.server.dropped_audio == dropped

    @rule(
        message=st.sampled_from(
            [
                Pause(),
                Resume(),
                Reconnect(info="drain"),
                EventMessage(entities=[WireEntity(type="x", data={})]),
            ]
        )
    )
    def command(self, message: Any) -> None:
        self.now += 1.0  # within the client's rate limits
        if self.server.allows(message):
            self.answer(message)

    @precondition(lambda self: self.server.state == "opening")
    @rule()
    def decide(self) -> None:
        self.answer(Opened(media=[STEREO], start_paused=self.start_paused or None))

    @rule(really=st.integers(0, 6))
    def disconnect(self, really: int) -> None:
        message = Disconnect(reason=DisconnectReason.COMPLETED)
        if not really and self.server.allows(message):
            self.answer(message)

    @rule()
    def play(self) -> None:
        self.now += 1.0
        if self.server.permits("> audio"):
            self.to_client.append(self.server.send_audio(b"\xff"))

    # the wire

    @precondition(lambda self: self.to_server)
    @rule(count=st.integers(1, 5))
    def reach_server(self, count: int) -> None:
        for _ in range(min(count, len(self.to_server))):
            self.now += 0.5
            self.server_takes(self.to_server.popleft())

    @precondition(lambda self: self.to_client)
    @rule(count=st.integers(1, 5), hold=st.integers(0, 80_000))
    def reach_client(self, count: int, hold: int) -> None:
        self.hold = hold
        for _ in range(min(count, len(self.to_client))):
            self.now += 0.5
            self.client_takes(self.to_client.popleft())

    @rule()
    def deliver_all(self) -> None:
        while self.to_server or self.to_client or self.server.state == "opening":
            while self.to_server:
                self.now += 0.5
                self.server_takes(self.to_server.popleft())
            while self.to_client:
                self.now += 0.5
                self.client_takes(self.to_client.popleft())
            if self.server.state == "opening":
                self.decide()
        self.agree()

    def agree(self) -> None:
        """Check that both know the same, now that nothing is on the way."""
        if self.client.state != "open":
            assert (self.client.state, self.server.state) == ("gone", "closed")
            return
        assert self.server.received_seq == self.client.sent_seq
        assert self.client.received_seq == self.server.sent_seq
        flags = self.server.pause
        assert flags.server is self.client.server_paused
        match flags.client:
            case ClientPause.YES:
                assert self.client.client_paused
            case ClientPause.NO:
                assert not self.client.client_paused
            case ClientPause.UNKNOWN:
                # Without a pause of ours every pause is the client's, and it says when it ends.
                assert flags.server
        assert (self.server.state == "paused") is self.client.paused
        # What the client counted itself while paused it tells with `resumed`.
        if not self.client.paused:
            assert self.server.clock.drift(self.position) == 0
        assert self.heard == self.said
        assert self.server.dropped_audio == 0
        assert (self.pings, self.client.ping_outstanding) == (self.pongs, False)

    @invariant()
    def nobody_has_failed(self) -> None:
        assert "failed" not in (self.client.state, self.server.state)
        assert self.client.limited == 0

    def teardown(self) -> None:
        if hasattr(self, "origin"):
            self.deliver_all()
            if self.client.state == "open":
                self.tell(Close(reason="end"))
                self.deliver_all()
            assert self.client.state == "gone"


Twins.TestCase.settings = settings(max_examples=200, stateful_step_count=50, deadline=None)


class TestTwins(Twins.TestCase):  # type: ignore[name-defined,misc]
    """Any call between the two."""
