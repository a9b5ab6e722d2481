from __future__ import annotations

import json

import pytest

from audiohook_fw.client import Closing, Decision, Hangup, Timeline, Timing
from audiohook_fw.protocol import (
    CloseReceived,
    Disconnect,
    DisconnectReason,
    ErrorReceived,
    EventMessage,
    MediaFormat,
    Opened,
    PingReceived,
    Reconnect,
    ServerProtocol,
    UpdateReceived,
    WireEntity,
)


def messages(played, type_=None):
    """Return the client's messages as (time, message)."""
    texts = [(at, json.loads(out)) for at, out in played.sent if isinstance(out, str)]
    return [(at, text) for at, text in texts if type_ in (None, text["type"])]


def test_a_call_is_opened_streamed_and_closed(play):
    played = play()
    report = played.report
    assert (report.decision, report.closing, report.close_reason) == (
        Decision.ACCEPTED,
        Closing.CLOSED,
        "end",
    )
    assert report.as_scripted
    assert report.problem is None
    assert report.position == 16_000
    assert report.expected_recording() == played.server.recording()
    assert [type(e).__name__ for e in played.server.events[:2]] == ["OpenReceived", "AudioReceived"]
    assert played.sent[-1][1] is Hangup.CLOSE
    assert report.sent == {"open": 1, "audio": 10, "ping": 2, "close": 1}
    assert report.received == {"opened": 1, "pong": 2, "closed": 1}


def test_open_tells_what_was_given_and_offers_three_media(play, ids):
    played = play(
        ani="tel:+4930", ani_name="Ada", dnis="tel:+4989", language="de-DE", custom_config={"queue": "x"}
    )
    opened = messages(played)[0][1]
    assert opened["seq"] == 1
    assert opened["serverseq"] == 0
    assert opened["position"] == "PT0S"
    assert opened["parameters"] == {
        "organizationId": ids.organization,
        "conversationId": ids.conversation,
        "participant": {"id": ids.participant, "ani": "tel:+4930", "aniName": "Ada", "dnis": "tel:+4989"},
        "media": [
            {"type": "audio", "format": "PCMU", "channels": channels, "rate": 8000}
            for channels in (["external", "internal"], ["external"], ["internal"])
        ],
        "language": "de-DE",
        "customConfig": {"queue": "x"},
    }


@pytest.mark.parametrize("speed", [1.0, 20.0])
def test_frames_come_at_the_pace_of_the_call(play, speed):
    played = play(speed=speed, frame_ms=100)
    times = [at for at, out in played.sent if isinstance(out, bytes)]
    assert times == pytest.approx([0.01 + n * 0.1 / speed for n in range(1, 21)], abs=1e-6)


def test_pings_come_after_a_second_at_the_pong_and_then_every_five(play):
    played = play(duration=17.0)
    times = [at for at, _ in messages(played, "ping")]
    assert times == pytest.approx([1.01, 1.02, 6.02, 11.02, 16.02])
    rtts = [message["parameters"].get("rtt") for _, message in messages(played, "ping")]
    assert rtts == [None, "PT0.01S", "PT0.01S", "PT0.01S", "PT0.01S"]
    assert played.report.rtts == pytest.approx([0.01] * 5)
    assert [event.rtt for event in played.server.of(PingReceived)][1:] == pytest.approx([0.01] * 4)


def test_every_message_is_numbered_and_acknowledges_what_came(play):
    played = play(duration=3.0)
    numbered = [(m["seq"], m["type"], m["serverseq"]) for _, m in messages(played)]
    assert numbered == [(1, "open", 0), (2, "ping", 1), (3, "ping", 2), (4, "close", 3)]


def test_the_probe_has_null_ids_and_closes_at_once(play):
    played = play(probe=True, ani="tel:+4930")
    opened, closed = (message for _, message in messages(played))
    assert opened["parameters"]["conversationId"] == "00000000-0000-0000-0000-000000000000"
    assert opened["parameters"]["participant"] == {
        "id": "00000000-0000-0000-0000-000000000000",
        "ani": "",
        "aniName": "",
        "dnis": "",
    }
    assert closed["type"] == "close"
    assert closed["parameters"] == {"reason": "end"}
    assert played.report.decision is Decision.PROBE_OK
    assert played.report.as_scripted
    assert played.report.position == 0


def test_a_probe_names_itself_when_the_server_is_wrong(play, script):
    played = play(script(answer=lambda event: "nonsense"), probe=True)
    [(_, error)] = messages(played, "error")
    assert error["parameters"]["code"] == 400
    assert error["parameters"]["message"].startswith("Connection probe error: ")
    assert not played.report.as_scripted


@pytest.mark.parametrize(
    ("reason", "retryable"), [("completed", False), ("unauthorized", False), ("error", True)]
)
def test_a_rejection_is_answered_by_close_and_only_error_is_retried(play, script, reason, retryable):
    said = Disconnect(reason=DisconnectReason(reason), info="not here")
    report = play(script(answer=lambda event: said)).report
    assert (report.decision, report.reason, report.info) == (Decision.REJECTED, reason, "not here")
    assert (report.closing, report.close_reason) == (Closing.CLOSED, "disconnect")
    assert report.retryable is retryable
    assert not report.as_scripted
    assert report.outcome() == f"rejected: {reason} (not here)"


def test_a_disconnect_in_mid_call_ends_it(play, script):
    played = play(script(says=[(1.05, Disconnect(reason=DisconnectReason.COMPLETED))]))
    report = played.report
    assert (report.decision, report.reason, report.closing) == (
        Decision.ACCEPTED,
        "completed",
        Closing.CLOSED,
    )
    assert not report.as_scripted
    assert report.position == 8000
    assert report.expected_recording() == played.server.recording()


def test_no_opened_in_five_seconds_is_an_error_that_is_retried(play, script):
    played = play(script(answer=lambda event: None))
    [(at, error)] = messages(played, "error")
    assert at == pytest.approx(5.0)
    assert error["parameters"] == {"code": 408, "message": "Timed out waiting for opened response"}
    [(_, close)] = messages(played, "close")
    assert close["parameters"] == {"reason": "error"}
    assert played.report.decision is Decision.FAILED
    assert played.report.retryable


def test_no_pong_in_five_seconds_ends_the_call(play, script):
    played = play(script(pong=False), duration=30.0)
    [(at, error)] = messages(played, "error")
    assert at == pytest.approx(6.01)
    assert error["parameters"]["code"] == 408
    assert played.report.problem == "no pong within 5 s"
    assert not played.report.retryable


def test_no_closed_in_ten_seconds_is_an_error(play, script):
    played = play(script(closed=False))
    [(at, error)] = messages(played, "error")
    assert at == pytest.approx(12.01)
    assert error["parameters"]["code"] == 408
    assert played.report.closing is Closing.TIMEOUT
    assert not played.report.as_scripted
    assert played.sent[-1][1] is Hangup.CLOSE


def test_events_between_close_and_closed_are_counted(play, script):
    late = EventMessage(entities=[WireEntity(type="transcript", data={})])
    played = play(script(says=[(2.005, late)], latency=0.02))
    assert played.report.entities == {"transcript": 1}
    assert played.report.as_scripted


def test_flooding_gets_429_and_in_the_end_the_sack(play, script):
    event = EventMessage(entities=[WireEntity(type="transcript", data={})])
    moderate = play(script(says=[(0.5, event)] * 30))
    assert moderate.report.limited == 30 + 1 - 25 - 1  # 25 at once; `opened` is not counted
    [(_, error), *_] = messages(moderate, "error")
    assert error["parameters"]["code"] == 429
    assert error["parameters"]["retryAfter"].startswith("PT0.")
    assert len(moderate.server.of(ErrorReceived)) == moderate.report.limited
    assert moderate.report.as_scripted
    heavy = play(script(says=[(0.5, event)] * 90)).report
    assert heavy.limited == 50 - 1
    assert heavy.close_reason == "error"
    assert heavy.problem == "the server broke the protocol: rate limit exceeded"


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("{", 400),
        ({"type": "pause", "seq": 4}, 400),
        ({"type": "wish"}, 500),
        ({"type": "closed"}, 409),
        ({"type": "event", "parameters": {"entities": []}}, 400),
        ("x" * 70_000, 413),
        (b"\xff" * 160, 415),
    ],
    ids=["json", "seq", "type", "closed", "event", "long", "binary"],
)
def test_a_broken_rule_is_answered_by_error_and_close(play, script, said, code):
    played = play(script(says=[(0.5, said)]))
    (_, error), *_ = messages(played, "error")
    assert error["parameters"]["code"] == code
    assert messages(played, "close")[0][1]["parameters"] == {"reason": "error"}
    assert played.report.problem.startswith("the server broke the protocol: ")
    assert played.report.violations[0].startswith(f"{code} ")
    assert not played.report.retryable


@pytest.mark.parametrize(
    "media",
    [
        [MediaFormat("L16", ("external",)).to_wire()],
        [MediaFormat("PCMU", ("internal", "external")).to_wire()],
    ],
    ids=["format", "order"],
)
def test_media_that_was_not_offered_ends_the_call_without_a_retry(play, script, media):
    opened = {"type": "opened", "parameters": {"media": media}}
    report = play(script(answer=lambda event: opened)).report
    assert report.decision is Decision.FAILED
    assert report.violations == ["400 media mismatch"]
    assert not report.retryable


def test_pongs_that_answer_nothing_are_complained_of_and_no_more(play, script):
    wrong = {"type": "pong", "clientseq": 1}
    played = play(script(says=[(0.3, wrong), (1.005, wrong)]), duration=4.0)
    assert played.report.violations == ["409 pong without a ping", "400 pong with a wrong clientseq"]
    assert [m["parameters"]["code"] for _, m in messages(played, "error")] == [409, 400]
    assert played.report.as_scripted


def test_no_media_is_a_call_without_audio(play, script):
    played = play(script(answer=lambda event: Opened(media=[])), duration=3.0)
    assert played.report.as_scripted
    assert played.report.media is None
    assert not any(isinstance(out, bytes) for _, out in played.sent)
    assert messages(played, "close")[0][0] == pytest.approx(3.01)


def test_scripted_messages_go_out_at_their_time(play):
    played = play(timeline=Timeline.parse(["update@0.5=de-DE, error@1=418, update@1.5"]))
    assert [(event.language, event.position) for event in played.server.of(UpdateReceived)] == [
        ("de-DE", 4000),
        (None, 12_000),
    ]
    assert [event.error.code for event in played.server.of(ErrorReceived)] == [418]
    assert played.report.received["updated"] == 2
    assert played.report.as_scripted


def test_an_abrupt_end_sends_what_is_due_and_no_close(play):
    played = play(timeline=Timeline.parse(["abort@1.05"]))
    assert played.sent[-1][1] is Hangup.ABORT
    assert not played.server.of(CloseReceived)
    assert played.report.closing is Closing.ABORTED
    assert played.report.position == 8400
    assert played.report.as_scripted


def test_reconnect_is_noted_and_nothing_else(play, script):
    report = play(script(says=[(0.5, Reconnect(info="draining"))])).report
    assert report.received["reconnect"] == 1
    assert report.as_scripted


def test_a_lost_connection_is_retried_only_before_opened(options, ids):
    from audiohook_fw.client import CallReport, ClientCall

    call = ClientCall(options(), CallReport(ids))
    call.start(10.0)
    call.receive_eof(10.5)
    assert call.finished
    assert (call.report.closing, call.report.retryable, call.report.duration) == (Closing.LOST, True, 0.5)
    call = ClientCall(options(), CallReport(ids))
    server = ServerProtocol(ids.session)
    [text] = call.start(10.0)
    event = server.receive_text(text, 10.0)
    call.receive_text(server.send(Opened(media=[event.open.media[0]])), 10.1)
    call.receive_eof(11.0)
    assert not call.report.retryable
    assert call.report.problem == "the server closed the connection in mid call"


def test_the_audio_connector_plays_what_the_server_sends(play, script, ids):
    barge_in = EventMessage(entities=[WireEntity(type="barge_in", data={})])
    said = [(0.1, b"\xff" * 4000), (0.2, b"\xff" * 4000), (1.5, b"\xff" * 8000), (1.6, barge_in)]
    played = play(script(says=said), connector=True, timeline=Timeline.parse(["dtmf@0.3=5"]))
    assert [m["channels"] for m in messages(played)[0][1]["parameters"]["media"]] == [["external"]]
    kinds = [(message["type"], at) for at, message in messages(played) if "play" in message["type"]]
    assert [kind for kind, _ in kinds] == ["playback_started", "playback_completed"] * 2
    assert [at for _, at in kinds] == pytest.approx([0.11, 1.11, 1.51, 1.61])
    assert messages(played, "dtmf")[0][1]["parameters"] == {"digit": "5"}
    assert played.report.received["audio"] == 3
    assert played.report.as_scripted


def test_the_limits_can_be_shortened(play, script):
    played = play(script(answer=lambda event: None, closed=False), timing=Timing(open=0.5, close=1.0))
    assert [at for at, _ in messages(played, "error")] == pytest.approx([0.5, 1.5])
