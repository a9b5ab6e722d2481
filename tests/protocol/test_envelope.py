from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.errors import RemoteProtocolError
from audiohook_fw.protocol import MAX_RECEIVED_BYTES, MAX_SENT_BYTES
from audiohook_fw.protocol.envelope import read_envelope, write_answer, write_envelope

GOOD: dict[str, Any] = {
    "version": "2",
    "type": "ping",
    "id": "30b0e395-84d3-4570-ac13-9a62d8f514c0",
    "seq": 3,
    "serverseq": 2,
    "position": "PT1.5S",
    "parameters": {"rtt": "PT0.1S"},
}


def changed(**fields: Any) -> str:
    return json.dumps({name: value for name, value in {**GOOD, **fields}.items() if value is not ...})


def test_read():
    envelope = read_envelope(changed(more=[1]))
    assert (envelope.type, envelope.id, envelope.seq) == ("ping", GOOD["id"], 3)
    assert (envelope.serverseq, envelope.clientseq) == (2, None)
    assert (envelope.position, envelope.parameters) == (timedelta(seconds=1.5), {"rtt": "PT0.1S"})


@pytest.mark.parametrize("parameters", [None, {}, ...])
def test_parameters_null_or_missing_are_empty(parameters: Any):
    envelope = read_envelope(changed(parameters=parameters))
    assert envelope.parameters == {}
    assert ("parameters" in envelope.model_fields_set) is (parameters is not ...)


def test_default_parameters_are_not_shared():
    first, second = (read_envelope(changed(parameters=...)) for _ in range(2))
    first.parameters["leak"] = 1
    assert second.parameters == {}


@pytest.mark.parametrize("position", [None, ..., "", "PT1E3S", "later", 7, {}, []])
def test_an_odd_position_is_taken_as_absent(position: Any):
    assert read_envelope(changed(position=position)).position is None


def test_whole_numbers_may_be_written_as_floats():
    envelope = read_envelope(changed(seq=1.0, serverseq=0.0))
    assert (envelope.seq, envelope.serverseq) == (1, 0)
    assert isinstance(envelope.seq, int)


@pytest.mark.parametrize(
    "fields",
    [
        {"version": ...},
        {"version": "3"},
        {"version": 2},
        {"version": None},
        {"type": ...},
        {"type": 5},
        {"type": None},
        {"id": ...},
        {"id": 5},
        {"seq": ...},
        {"seq": None},
        {"seq": "3"},
        {"seq": True},
        {"seq": 1.5},
        {"seq": -1},
        {"seq": 2**53},
        {"seq": 10**4000},
        {"seq": float("nan")},
        {"seq": float("inf")},
        {"serverseq": "x"},
        {"clientseq": -1},
        {"parameters": []},
        {"parameters": "x"},
        {"parameters": 0},
    ],
)
def test_malformed(fields: dict[str, Any]):
    with pytest.raises(RemoteProtocolError) as caught:
        read_envelope(changed(**fields))
    assert (caught.value.code, caught.value.reason) == (400, "error")


@pytest.mark.parametrize(
    "text",
    [
        "",
        " ",
        "\0",
        "\ufeff{}",
        "null",
        "[]",
        "{}",
        "1",
        '"x"',
        "{",
        "[" * 60_000,
        '{"parameters":' * 4_000,
        '{"version":"2","version":"3"}',
        '{"type":"\\ud800"}',
        "\ud800",
        '{"seq":' + "9" * 60_000 + "}",
        '{"seq":1e' + "9" * 1000 + "}",
        "'single'",
        "NaN",
    ],
    ids=range(19),
)
def test_no_message_at_all(text: str):
    with pytest.raises(RemoteProtocolError, match="malformed message") as caught:
        read_envelope(text)
    assert caught.value.code == 400
    assert len(str(caught.value)) < 500


def test_depth_is_bounded_but_real_configuration_fits():
    deep = "[" * 100 + "]" * 100
    assert read_envelope(changed(parameters={"customConfig": json.loads(deep)}))
    too_deep = changed().replace('"PT0.1S"', "[" * 5000 + "]" * 5000)
    with pytest.raises(RemoteProtocolError, match="recursion"):
        read_envelope(too_deep)


@pytest.mark.parametrize("filler", ["x", "ä", "\U0001f600"])
def test_the_limit_counts_bytes_not_characters(filler: str):
    room = MAX_RECEIVED_BYTES - len(changed(note="").encode())
    width = len(filler.encode())
    fits = json.dumps({**GOOD, "note": filler * (room // width)}, ensure_ascii=False)
    assert read_envelope(fits).seq == 3
    with pytest.raises(RemoteProtocolError, match="longer than 65536 bytes") as caught:
        read_envelope(json.dumps({**GOOD, "note": filler * (room // width + 1)}, ensure_ascii=False))
    assert caught.value.code == 413
    assert MAX_SENT_BYTES < MAX_RECEIVED_BYTES


@pytest.mark.parametrize("place", ["id", "type", "version", "seq", "serverseq", "parameters", "position"])
def test_neither_errors_nor_repr_quote_the_message(place: str):
    secret = "tel:+4930123456"
    with pytest.raises(RemoteProtocolError) as caught:
        read_envelope(changed(**{"seq": "bad", place: [secret]}))
    assert secret not in str(caught.value)
    assert caught.value.__cause__ is None
    assert secret not in repr(read_envelope(changed(parameters={"participant": {"ani": secret}})))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)


@given(st.text() | JSON.map(json.dumps) | st.dictionaries(st.sampled_from(list(GOOD)), JSON).map(json.dumps))
def test_nothing_but_a_remote_error_is_raised(text: str):
    try:
        envelope = read_envelope(text)
    except RemoteProtocolError:
        return
    assert envelope.version == "2"


@given(st.dictionaries(st.sampled_from(list(GOOD)), JSON))
def test_the_same_for_messages_that_are_nearly_right(fields: dict[str, Any]):
    try:
        envelope = read_envelope(json.dumps({**GOOD, **fields}))
    except RemoteProtocolError:
        return
    assert 0 <= envelope.seq < 2**53


def test_write_compact_and_unescaped():
    assert write_envelope({"a": "ä", "b": [1, True, None]}) == '{"a":"ä","b":[1,true,null]}'


@pytest.mark.parametrize("odd", [float("nan"), float("inf"), object(), {1, 2}, b""])
def test_what_json_cannot_express_is_not_written(odd: object):
    with pytest.raises((ValueError, TypeError)):
        write_envelope({"a": odd})


@given(seq=st.integers(1, 2**53), clientseq=st.integers(0, 2**53), session_id=st.text())
def test_an_answer_is_written_like_any_other_message(seq: int, clientseq: int, session_id: str):
    fields = {"version": "2", "type": "pong", "seq": seq, "clientseq": clientseq, "id": session_id}
    assert write_answer("pong", session_id, seq, clientseq) == write_envelope({**fields, "parameters": {}})
