"""What holds for any sequence of messages, frames, intents and timeouts on a bare `ServerProtocol`.

Nothing is caught here: an exception out of `receive_text` or `receive_binary` fails the test.
"""

from __future__ import annotations

import json
from collections import deque
from typing import Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    CLIENT_MESSAGES,
    AudioReceived,
    Closed,
    CloseReceived,
    Disconnect,
    DisconnectReason,
    EventMessage,
    Opened,
    OpenReceived,
    Pause,
    PausedReceived,
    PingReceived,
    Pong,
    Reconnect,
    Resume,
    ServerProtocol,
    ServerState,
    UnknownReceived,
    Updated,
    UpdateReceived,
    Violated,
    WireEntity,
    WithheldReceived,
)

SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"
MAX_GAP = 30.0
RATE = 8000
PENDING = 64


def offer(*channels: str, **changes: Any) -> dict[str, Any]:
    return {"type": "audio", "format": "PCMU", "channels": list(channels), "rate": RATE, **changes}


STEREO, MONO = offer("external", "internal"), offer("internal")
OPEN: dict[str, Any] = {
    "organizationId": ORGANIZATION,
    "conversationId": SESSION,
    "participant": {"id": SESSION, "ani": "tel:+49", "aniName": "Ada", "dnis": "tel:+50"},
    "media": [offer("external", format="opus"), STEREO, MONO],
}

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=5,
)
DURATION = st.sampled_from(["PT0S", "PT0.5S", "PT3S", "PT1000000000S", "PT" + "9" * 40 + "S"]) | st.integers(
    0, 40_000_000
).map(lambda micros: f"PT{micros // 10**6}.{micros % 10**6:06d}S")
SPAN = st.fixed_dictionaries({"start": DURATION, "discarded": DURATION})
OPENS = st.fixed_dictionaries(
    {},
    optional={
        "organizationId": st.sampled_from([ORGANIZATION.upper(), SESSION]),
        "supportedLanguages": st.booleans(),
        "media": st.lists(st.sampled_from([STEREO, MONO]) | JSON, max_size=3),
        "customConfig": JSON,
        "language": JSON,
    },
).map(lambda changes: {**OPEN, **changes})
CLIENT_PARAMETERS: dict[str, st.SearchStrategy[Any]] = {
    "open": OPENS,
    "discarded": SPAN,
    "resumed": SPAN,
    "error": st.fixed_dictionaries({"code": st.integers(400, 600), "message": st.text(max_size=5)}),
    "dtmf": st.fixed_dictionaries({"digit": st.sampled_from("0123456789*#")}),
    "close": st.fixed_dictionaries({"reason": st.sampled_from(["end", "error", "disconnect"])}),
    "ping": st.fixed_dictionaries({}, optional={"rtt": DURATION}),
    "update": st.fixed_dictionaries({}, optional={"language": st.text(max_size=5)}),
}
INTENTS = st.one_of(
    st.builds(
        Opened,
        media=st.lists(
            st.sampled_from([STEREO, MONO, offer("external"), {**STEREO, "rate": 8000.0}]), max_size=1
        ),
        start_paused=st.none() | st.booleans(),
        supported_languages=st.none() | st.just(["en-US"]),
    ),
    st.builds(Disconnect, reason=st.sampled_from(DisconnectReason)),
    st.builds(
        EventMessage,
        entities=st.lists(
            st.builds(WireEntity, type=st.just("x"), data=st.sampled_from([None, {}, float("nan")])),
            min_size=1,
            max_size=2,
        ),
    ),
    *(st.builds(model) for model in (Closed, Pause, Pong, Reconnect, Resume, Updated)),
)


def names(known: Any) -> st.SearchStrategy[str]:
    return st.sampled_from([*known, "weather", "audio"])


class ServerMachine(RuleBasedStateMachine):
    """One server that anybody may write to, and that anybody may ask to send anything."""

    def __init__(self) -> None:
        super().__init__()
        self.server = ServerProtocol(SESSION, ORGANIZATION, max_gap=MAX_GAP)
        self.seq = 0
        self.opened_at = self.now = 1000.0
        self.sent: list[dict[str, Any]] = []
        self.highest = 0  # the highest number that was taken
        self.pings: deque[int] = deque(maxlen=PENDING)
        self.updates: deque[int] = deque(maxlen=PENDING)
        self.answered: list[int] = []
        self.close: int | None = None
        self.position = self.gaps = self.pending_gap = 0

    # what comes in

    @initialize(parameters=OPENS, opened=INTENTS, hurry=st.booleans())
    def begin(self, parameters: dict[str, Any], opened: Any, hurry: bool) -> None:
        if hurry:
            self.message("open", parameters)
            self.intent(opened if isinstance(opened, Opened) else Opened(media=[STEREO]), None)

    def text(self, text: str) -> None:
        before, clock = self.server.state, self.server.clock
        stray = self.server.stray
        event = self.server.receive_text(text, self.now)
        assert self.server.clock is clock
        match event:
            case Violated(error=error):
                assert before in ("upgraded", "opening", "active", "paused")
                assert self.server.state == ServerState.FAILED
                assert error.reason in ("error", "unauthorized")
                assert len(str(error)) < 1000
            case OpenReceived():
                self.opened_at = self.now
            case PingReceived(seq=seq):
                self.pings.append(seq)
            case UpdateReceived(seq=seq):
                self.updates.append(seq)
            case CloseReceived(seq=seq):
                assert self.close is None
                self.close = seq
            case UnknownReceived(type=name):
                assert len(name) <= 64
            case PausedReceived():
                assert self.server.state == ServerState.PAUSED
            case None:
                assert (self.server.state, self.server.stray) == (before, stray + 1)
            case _:
                pass
        gap = getattr(event, "gap", None)
        if gap is not None:
            assert gap.start == self.position
            assert gap.length >= 0
            self.position += gap.length
            self.pending_gap += gap.length
            self.gaps += gap.length

    def message(self, type_: str, parameters: Any, **envelope: Any) -> None:
        message = {
            "version": "2",
            "id": SESSION,
            "type": type_,
            "seq": self.server.received_seq + 1,
            "serverseq": self.server.sent_seq,
            "position": "PT0S",
            "parameters": parameters,
            **envelope,
        }
        self.text(json.dumps(message))

    @rule(data=st.data(), type_=names(CLIENT_MESSAGES))
    def right(self, data: st.DataObject, type_: str) -> None:
        self.message(type_, data.draw(CLIENT_PARAMETERS.get(type_, st.just({}))))

    @rule(type_=st.sampled_from(["ping", "update", "paused", "resumed"]), seen=st.integers(0, 20))
    def late(self, type_: str, seen: int) -> None:
        self.message(type_, {"start": "PT1S", "discarded": "PT1S"}, serverseq=min(seen, self.server.sent_seq))

    @rule(type_=names(CLIENT_MESSAGES), parameters=JSON)
    def odd_parameters(self, type_: str, parameters: Any) -> None:
        self.message(type_, parameters)

    @rule(
        type_=names(CLIENT_MESSAGES),
        envelope=st.fixed_dictionaries(
            {},
            optional={
                "seq": st.integers(-1, 60) | JSON,
                "id": st.sampled_from([SESSION.upper(), ORGANIZATION]) | JSON,
                "serverseq": st.integers(0, 60) | JSON,
                "version": JSON,
                "position": DURATION | JSON,
                "type": JSON,
            },
        ),
    )
    def odd_envelope(self, type_: str, envelope: dict[str, Any]) -> None:
        self.message(type_, {**OPEN, "start": "PT0S", "discarded": "PT1S", "digit": "1"}, **envelope)

    @rule(text=st.text() | JSON.map(json.dumps) | st.sampled_from(["[" * 9999, "\ud800", "x" * 70_000]))
    def anything(self, text: str) -> None:
        self.text(text)

    @rule(length=st.integers(0, 4000) | st.sampled_from([65_536, 65_537, 400_000]))
    def binary(self, length: int) -> None:
        before, dropped = self.server.state, self.server.dropped_audio
        event = self.server.receive_binary(bytes(length))
        match event:
            case AudioReceived():
                assert before == ServerState.ACTIVE
                assert self.server.media is not None
                assert (event.position, event.gap) == (self.position, self.pending_gap)
                self.position += self.server.media.samples(length)
                self.pending_gap = 0
            case Violated():
                assert before in ("upgraded", "active")
                assert self.server.state == ServerState.FAILED
            case None | WithheldReceived():
                assert self.server.state == before
                assert length == 0 or self.server.dropped_audio == dropped + 1

    # what goes out

    @rule(message=INTENTS, answers=st.none() | st.integers(0, 50))
    def intent(self, message: Any, answers: int | None) -> None:
        waiting = {"pong": self.pings, "updated": self.updates}.get(message.type)
        right = self.server.allows(message) and self.documented(message)
        if waiting is not None and answers is not None:
            right = right and answers in waiting
        before = (self.server.sent_seq, self.server.state, self.server.pause.server)
        try:
            sent = json.loads(self.server.send(message, answers=answers))
        except LocalProtocolError:
            assert not right, message
            assert before == (self.server.sent_seq, self.server.state, self.server.pause.server)
            return
        assert right, message
        self.sent.append(sent)
        if waiting is not None:
            expected = waiting[0] if answers is None else answers
            waiting.remove(expected)
            self.answered.append(expected)
        else:
            expected = self.close if message.type == "closed" else self.server.received_seq
        assert sent["clientseq"] == expected

    def documented(self, message: Any) -> bool:
        match message:
            case Opened(media=media, supported_languages=languages):
                assert self.server.open is not None
                offered = [known.to_wire() for known in self.server.open.offers]
                exact = all(entry in offered and type(entry["rate"]) is int for entry in media)
                return exact and (languages is None or bool(self.server.open.supported_languages))
            case Disconnect(reason=reason):
                return reason is not DisconnectReason.REJECTED
            case EventMessage(entities=entities):
                return all(entity.data == {} for entity in entities)
            case _:
                return True

    @rule(length=st.integers(0, 70_000))
    def play(self, length: int) -> None:
        right = self.server.state in ("active", "paused") and length <= 64_000
        try:
            assert self.server.send_audio(bytes(length)) == bytes(length)
        except LocalProtocolError:
            assert not right
        else:
            assert right

    # time

    @rule(seconds=st.floats(0, 20))
    def wait(self, seconds: float) -> None:
        self.now += seconds

    @rule()
    def timeout(self) -> None:
        before = self.server.state
        self.server.receive_timeout()
        running = before in ("opening", "active", "paused")
        left = ServerState.CLOSING if before == ServerState.CLOSING else ServerState.GONE
        assert self.server.state == (ServerState.FAILED if running else left)

    @rule()
    def eof(self) -> None:
        if self.now > 1030.0:
            self.server.receive_eof()
            assert self.server.state == ServerState.GONE

    # what always holds

    @invariant()
    def numbers_are_gapless_and_the_envelope_exact(self) -> None:
        assert [message["seq"] for message in self.sent] == list(range(1, len(self.sent) + 1))
        assert self.server.sent_seq == len(self.sent)
        for message in self.sent[-1:]:
            assert set(message) == {"version", "type", "id", "seq", "clientseq", "parameters"}
            assert message["id"].lower() == SESSION

    @invariant()
    def the_order_of_what_was_sent_is_right(self) -> None:
        types = [message["type"] for message in self.sent]
        assert types.count("opened") <= 1
        assert types.count("disconnect") <= 1
        assert types.count("closed") <= 1
        if "closed" in types:
            assert types[-1] == "closed"
            assert self.close is not None
        if "opened" in types:
            assert types[0] == "opened"
        if "disconnect" in types:
            assert set(types[types.index("disconnect") + 1 :]) <= {"pong", "event", "updated", "closed"}

    @invariant()
    def every_answer_is_given_once(self) -> None:
        assert len(set(self.answered)) == len(self.answered) or self.server.state in (
            # numbers are not judged there, so a client may use one twice
            "failed",
            "disconnecting",
            "closing",
            "closed",
            "gone",
        )

    @invariant()
    def what_is_acknowledged_never_runs_backwards(self) -> None:
        assert self.server.received_seq >= self.highest
        self.highest = self.server.received_seq

    @invariant()
    def the_clock_is_contiguous_and_bounded(self) -> None:
        clock = self.server.clock
        assert clock.position == self.position
        assert clock.position == clock.audio + clock.paused + clock.discarded
        assert self.gaps <= (self.now - self.opened_at + MAX_GAP) * clock.rate

    @invariant()
    def nothing_grows_without_bound(self) -> None:
        assert len(self.server._pings) <= PENDING
        assert len(self.server._updates) <= PENDING
        assert len(repr(self.server)) < 100


ServerMachine.TestCase.settings = settings(
    max_examples=150,
    stateful_step_count=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


class TestServer(ServerMachine.TestCase):  # type: ignore[name-defined,misc]
    """Any sequence on a server."""
