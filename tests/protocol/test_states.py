"""Walks both state tables cell by cell, with real messages on the bare protocol objects.

For every state the shortest way into it is played; then every input there is. A cell leads to its
next state; what is tolerated is counted and changes nothing; the rest is refused: a violation when it
came from the peer, `LocalProtocolError` when we sent it, and no sequence number is used up.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from datetime import timedelta
from typing import Any

import pytest

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    CLIENT_MESSAGES,
    SERVER_MESSAGES,
    ClientState,
    Closed,
    Disconnect,
    DisconnectReason,
    EventMessage,
    Opened,
    Pause,
    Pong,
    Reconnect,
    Resume,
    ServerState,
    Updated,
    Violated,
    WireEntity,
    WithheldReceived,
)
from audiohook_fw.protocol.states import (
    AUDIO,
    CLIENT_IGNORED,
    CLIENT_TABLE,
    EOF,
    SERVER_IGNORED,
    SERVER_TABLE,
    TIMEOUT,
    UNKNOWN,
    VIOLATION,
    received,
    sent,
)

OFFER = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
SPAN = {"start": "PT0S", "discarded": "PT0S"}
PARAMETERS: dict[str, dict[str, Any]] = {
    "discarded": SPAN,
    "resumed": SPAN,
    "error": {"code": 400, "message": "x"},
    "dtmf": {"digit": "1"},
    "close": {"reason": "end"},
    "opened": {"media": [OFFER]},
    "disconnect": {"reason": "completed"},
    "event": {"entities": [{"type": "x", "data": {}}]},
}
TO_SEND = [
    Opened(media=[OFFER]),
    Closed(),
    Disconnect(reason=DisconnectReason.COMPLETED),
    EventMessage(entities=[WireEntity(type="x", data={})]),
    Pause(),
    Resume(),
    Pong(),
    Reconnect(),
    Updated(),
]
SERVER_SENDS = {message.type: message for message in TO_SEND}
PEER_INPUTS = [received(AUDIO), received(UNKNOWN), received(VIOLATION)]
SERVER_INPUTS = [
    *(received(name) for name in CLIENT_MESSAGES),
    *PEER_INPUTS,
    *(sent(name) for name in (*SERVER_MESSAGES, AUDIO)),
    TIMEOUT,
    EOF,
]
CLIENT_INPUTS = [
    *(received(name) for name in SERVER_MESSAGES),
    *PEER_INPUTS,
    *(sent(name) for name in (*CLIENT_MESSAGES, AUDIO)),
    TIMEOUT,
    EOF,
]
ANSWERED = {sent("pong"): received("ping"), sent("updated"): received("update")}
"""What has to have come before it can be answered."""

Table = Mapping[Any, Mapping[str, Any]]
Ignored = Mapping[Any, frozenset[str]]


def way(table: Table, goal: Any, through: str | None = None) -> list[str] | None:
    """Return the shortest list of inputs that leads into a state (and plays `through` on the way)."""
    first = (next(iter(table)), through is None)
    ways: dict[tuple[Any, bool], list[str]] = {first: []}
    waiting = deque([first])
    while waiting:
        state, done = waiting.popleft()
        if (state, done) == (goal, True):
            return ways[state, done]
        for input_, target in table[state].items():
            following = (target, done or input_ == through)
            # Answers would use up what is to be answered.
            if following not in ways and input_ not in ANSWERED:
                ways[following] = [*ways[state, done], input_]
                waiting.append(following)
    return None


class ServerWalk:
    """Plays inputs on a `ServerProtocol`."""

    table: Table = SERVER_TABLE
    ignored: Ignored = SERVER_IGNORED
    inputs = SERVER_INPUTS

    def __init__(self, call: Callable[..., Any]) -> None:
        self.caller = call("upgraded")
        self.protocol = self.caller.server

    def play(self, input_: str) -> Any:
        direction, _, name = input_.rpartition(" ")
        match direction, name:
            case "<", "audio":
                return self.protocol.receive_binary(b"\xff\xff")
            case "<", "violation":
                return self.protocol.receive_text("{", 100.0)
            case "<", "open":
                return self.caller.open()
            case "<", _:
                return self.caller.say(name, PARAMETERS.get(name, {}))
            case ">", "audio":
                return self.protocol.send_audio(b"\xff")
            case ">", _:
                return self.protocol.send(SERVER_SENDS[name])
            case _:
                return getattr(self.protocol, f"receive_{name}")()


class ClientWalk:
    """Plays inputs on a `ClientProtocol`."""

    table: Table = CLIENT_TABLE
    ignored: Ignored = CLIENT_IGNORED
    inputs = CLIENT_INPUTS

    def __init__(self, serve: Callable[..., Any], caller: Any) -> None:
        self.callee = serve("preparing", connector=True)
        self.protocol = self.callee.client
        self.open_parameters = caller.open_parameters()

    def play(self, input_: str) -> Any:
        direction, _, name = input_.rpartition(" ")
        match direction, name:
            case "<", "audio":
                return self.protocol.receive_binary(b"\xff", 100.0)
            case "<", "violation":
                return self.protocol.receive_text("{", 100.0)
            case "<", _:
                return self.callee.say(name, PARAMETERS.get(name, {}))
            case ">", "audio":
                return self.protocol.send_audio(b"\xff\xff")
            case ">", _:
                parameters = self.open_parameters if name == "open" else PARAMETERS.get(name, {})
                return self.protocol.send(CLIENT_MESSAGES[name].model_validate(parameters), timedelta(0))
            case _:
                return getattr(self.protocol, f"receive_{name}")()


def step(walk: Any, state: Any, input_: str) -> str:
    """Play one input in one state, check what it does, and return which kind of cell it is."""
    table, ignored = walk.table, walk.ignored
    path = way(table, state, ANSWERED.get(input_)) or way(table, state)
    assert path is not None, f"there is no way into {state}"
    for earlier in path:
        walk.play(earlier)
    protocol = walk.protocol
    assert protocol.state == state, path
    sent_before, stray_before = protocol.sent_seq, protocol.stray
    row = table[state]
    if input_ in row:
        result = walk.play(input_)
        expected, stray, kind = row[input_], 0, "cell"
        assert isinstance(result, Violated) is (input_ == received(VIOLATION))
        assert (result is None) is (input_ in (TIMEOUT, EOF)), result
    elif input_ in ignored[state]:
        result = walk.play(input_)
        expected, stray, kind = state, 1, "ignored"
        assert result is None or isinstance(result, WithheldReceived)
    elif input_.startswith("<"):
        result = walk.play(input_)
        expected, stray, kind = row[received(VIOLATION)], 0, "refused"
        assert isinstance(result, Violated)
    else:
        assert input_.startswith(">"), f"{input_} has to be possible everywhere"
        with pytest.raises(LocalProtocolError, match="not allowed while"):
            walk.play(input_)
        expected, stray, kind = state, 0, "refused"
    used = int(kind == "cell" and input_.startswith(">") and input_ != sent(AUDIO))
    assert protocol.state == expected, (state, input_)
    assert (protocol.sent_seq, protocol.stray) == (sent_before + used, stray_before + stray), (state, input_)
    return kind


def check_every_cell(make: Callable[[], Any], walk_class: Any) -> None:
    reached = {"cell": set(), "ignored": set(), "refused": set()}  # type: ignore[var-annotated]
    for state in walk_class.table:
        for input_ in walk_class.inputs:
            reached[step(make(), state, input_)].add((state, input_))
    cells = {(state, input_) for state, row in walk_class.table.items() for input_ in row}
    tolerated = {(state, input_) for state, row in walk_class.ignored.items() for input_ in row}
    assert reached["cell"] == cells
    assert reached["ignored"] == tolerated
    everything = {(state, input_) for state in walk_class.table for input_ in walk_class.inputs}
    assert reached["refused"] == everything - cells - tolerated


def test_every_cell_of_the_server_s_table(call: Callable[..., Any]):
    check_every_cell(lambda: ServerWalk(call), ServerWalk)


def test_every_cell_of_the_client_s_table(call: Callable[..., Any], serve: Callable[..., Any]):
    caller = call("upgraded")
    check_every_cell(lambda: ClientWalk(serve, caller), ClientWalk)


@pytest.mark.parametrize("walk", [ServerWalk, ClientWalk])
def test_tables_and_inputs_know_each_other(walk: Any):
    known = {input_ for row in walk.table.values() for input_ in row}
    known |= {input_ for row in walk.ignored.values() for input_ in row}
    assert known == set(walk.inputs)


@pytest.mark.parametrize(
    ("walk", "states"), [(ServerWalk, ServerState), (ClientWalk, ClientState)], ids=["server", "client"]
)
def test_tables_are_whole(walk: Any, states: Any):
    assert list(walk.table) == list(states)
    assert set(walk.ignored) == set(states)
    for state in states:
        assert not walk.ignored[state] & walk.table[state].keys(), f"{state} both takes and ignores"
        assert {TIMEOUT, EOF} <= walk.table[state].keys()
        violation = received(VIOLATION)
        assert violation in walk.table[state] or violation in walk.ignored[state]


# What the tables have to say, whatever they look like -------------------------------------------


def walks(table: Table, start: Any) -> Iterator[tuple[Any, str, Any]]:
    """Yield every step (state, input, next state) that is possible after `start`."""
    seen, waiting = {start}, [start]
    while waiting:
        state = waiting.pop()
        for input_, target in table[state].items():
            yield state, input_, target
            if target not in seen:
                seen.add(target)
                waiting.append(target)


def inputs_after(table: Table, input_: str) -> set[str]:
    """Return every input that is possible at any time after this one."""
    ends = {row[input_] for row in table.values() if input_ in row}
    return {later for end in ends for _, later, _ in walks(table, end)}


def test_opened_comes_once_and_never_after_disconnect():
    assert sent("opened") not in inputs_after(SERVER_TABLE, sent("opened"))
    assert sent("opened") not in inputs_after(SERVER_TABLE, sent("disconnect"))


def test_disconnect_comes_once():
    assert sent("disconnect") not in inputs_after(SERVER_TABLE, sent("disconnect"))


def test_nothing_at_all_comes_after_closed():
    assert not {input_ for input_ in inputs_after(SERVER_TABLE, sent("closed")) if input_.startswith(">")}
    assert not {input_ for input_ in inputs_after(CLIENT_TABLE, received("closed")) if input_.startswith(">")}


def test_closed_answers_close_only():
    assert [state for state, row in SERVER_TABLE.items() if sent("closed") in row] == [ServerState.CLOSING]
    assert all(
        input_ == received("close")
        for state, row in SERVER_TABLE.items()
        for input_, target in row.items()
        if target is ServerState.CLOSING and state is not ServerState.CLOSING
    )


def test_close_is_legal_in_every_state_before_it():
    over = {ServerState.CLOSING, ServerState.CLOSED, ServerState.GONE}
    for state in set(ServerState) - over:
        assert SERVER_TABLE[state][received("close")] is ServerState.CLOSING


def test_every_violation_is_answered_by_a_disconnect():
    for row in SERVER_TABLE.values():
        if received(VIOLATION) in row:
            assert sent("disconnect") in SERVER_TABLE[row[received(VIOLATION)]]


@pytest.mark.parametrize("table", [SERVER_TABLE, CLIENT_TABLE], ids=["server", "client"])
def test_every_state_can_be_reached_and_left(table: Table):
    for state in table:
        assert way(table, state) is not None
        assert any(target == "gone" for _, _, target in walks(table, state))
    assert {target for _, _, target in walks(table, type(next(iter(table))).GONE)} == {"gone"}
