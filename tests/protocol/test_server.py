from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    MAX_RECEIVED_BYTES,
    MAX_SENT_BYTES,
    AudioReceived,
    ClientPause,
    ClockGap,
    Closed,
    CloseReceived,
    DiscardedReceived,
    Disconnect,
    DisconnectReason,
    DtmfReceived,
    ErrorReceived,
    EventMessage,
    MediaFormat,
    Opened,
    OpenReceived,
    Pause,
    PausedReceived,
    PingReceived,
    PlaybackReceived,
    Pong,
    Resume,
    ResumedReceived,
    ServerProtocol,
    UnknownReceived,
    Updated,
    UpdateReceived,
    Violated,
    WireEntity,
)

Call = Callable[..., Any]
OFFER = {"type": "audio", "format": "PCMU", "channels": ["external", "internal"], "rate": 8000}
SECOND = bytes(16_000)
SESSION = "30b0e395-84d3-4570-ac13-9a62d8f514c0"
OTHER = "e160e428-53e2-487c-977d-96989bf5c99d"


# open ------------------------------------------------------------------------------------------


def test_open_is_kept(call: Call):
    caller = call("upgraded")
    event = caller.open(language="es-419")
    assert isinstance(event, OpenReceived)
    assert caller.server.open is event.open
    assert event.open.language == "es-419"
    assert caller.server.media is None


@pytest.mark.parametrize("organization", [None, "D7934305-0972-4844-938E-9060EEF73D05"])
def test_the_organization_is_compared_in_any_case_or_not_at_all(call: Call, organization: str | None):
    assert isinstance(call("upgraded", organization_id=organization).open(), OpenReceived)


def test_another_organization_than_the_header_s_is_unauthorized(call: Call):
    caller = call("upgraded", organization_id=OTHER)
    violated = caller.open()
    assert isinstance(violated, Violated)
    assert violated.error.reason == "unauthorized"
    assert OTHER not in str(violated.error)
    assert (caller.server.state, caller.server.open) == ("failed", None)


def test_a_malformed_open_names_the_field_and_not_its_value(call: Call):
    violated = call("upgraded").open(conversationId="tel:+4930111")
    assert "conversationId" in str(violated.error)
    assert "4930111" not in str(violated.error)
    assert violated.error.reason == "error"


def test_a_message_out_of_place_is_a_conflict(call: Call):
    violated = call("upgraded").say("ping")
    assert (violated.error.code, str(violated.error)) == (409, "ping while upgraded")


@pytest.mark.parametrize("media", [[], [OFFER]])
def test_opened_selects_one_offer_or_none(call: Call, media: list[dict[str, Any]]):
    caller = call("opening")
    assert caller.sends(Opened(media=media))["parameters"] == {"media": media}
    expected = MediaFormat("PCMU", ("external", "internal")) if media else None
    assert caller.server.media == expected
    assert caller.server.clock.rate == 8000


@pytest.mark.parametrize(
    "entry",
    [
        {},
        {**OFFER, "channels": ["internal", "external"]},
        {**OFFER, "format": "L16"},
        {**OFFER, "codec": "G711"},
        {**OFFER, "rate": 8000.0},
        {**OFFER, "channels": ("external", "internal")},
        {**OFFER, "format": "opus"},
    ],
)
def test_opened_with_what_was_not_offered_is_refused_and_nothing_changes(call: Call, entry: dict[str, Any]):
    caller = call("opening", open={"media": ["?", {**OFFER, "format": "opus"}, OFFER]})
    with pytest.raises(LocalProtocolError, match="not one of the offers"):
        caller.server.send(Opened(media=[entry]))
    assert (caller.server.state, caller.server.sent_seq, caller.server.media) == ("opening", 0, None)
    assert caller.sends(Opened(media=[OFFER]))["seq"] == 1


def test_a_plugin_that_writes_on_the_list_of_offers_changes_nothing(call: Call):
    caller = call("opening", open={"media": [OFFER]})
    caller.server.open.media[0]["channels"].clear()
    caller.server.open.media.append("?")
    assert caller.sends(Opened(media=[OFFER]))["parameters"]["media"] == [OFFER]


def test_languages_are_told_only_when_asked_for(call: Call):
    with pytest.raises(LocalProtocolError, match="not asked for"):
        call("opening").server.send(Opened(media=[], supported_languages=["en-US"]))
    asked = call("opening", open={"supportedLanguages": True})
    sent = asked.sends(Opened(media=[], supported_languages=["en-US"]))
    assert sent["parameters"]["supportedLanguages"] == ["en-US"]


def test_start_paused_sets_our_flag(call: Call):
    caller = call(opened={"start_paused": True})
    assert caller.server.pause.server
    event = caller.say("paused")
    assert (event.by_client, event.client, event.news) == (False, ClientPause.NO, True)


# audio and the clock ---------------------------------------------------------------------------


def test_frames_come_with_position_and_gap(call: Call):
    caller = call()
    first = caller.server.receive_binary(SECOND)
    assert isinstance(first, AudioReceived)
    assert (first.payload, first.position, first.gap) == (SECOND, 0, 0)
    gap = caller.say("discarded", {"start": "PT1S", "discarded": "PT0.5S"})
    assert gap == DiscardedReceived(ClockGap(8000, 4000))
    second = caller.server.receive_binary(SECOND)
    assert (second.position, second.gap) == (12_000, 4000)


def test_a_reconnecting_client_s_window_starts_at_nothing_here(call: Call):
    caller = call("upgraded")
    caller.say("open", caller.open_parameters(), position="PT100.000125S")
    caller.sends(Opened(media=[OFFER]))
    assert caller.server.receive_binary(SECOND).position == 0
    gap = caller.say("discarded", {"start": "PT101.000125S", "discarded": "PT1S"})
    assert gap == DiscardedReceived(ClockGap(8000, 8000))


@pytest.mark.parametrize("position", ["PT99999999999999S", "PT0S", "PT1E5S", None, ...])
def test_a_nonsense_origin_opens_all_the_same(call: Call, position: Any):
    caller = call("upgraded")
    caller.say("open", caller.open_parameters(), position=position)
    caller.sends(Opened(media=[OFFER]))
    assert not isinstance(caller.say("resumed", {"start": "PT0S", "discarded": "PT1S"}), Violated)
    assert caller.server.receive_binary(SECOND).position in (0, 8000)


def test_another_rate_than_8_khz_is_counted_in_its_own_samples(call: Call):
    offer = {**OFFER, "format": "L16", "rate": 16_000}
    caller = call(open={"media": [offer]}, opened={"media": [offer]})
    caller.server.receive_binary(bytes(64_000))
    assert caller.server.clock.position == 16_000
    gap = caller.say("discarded", {"start": "PT1S", "discarded": "PT1S"}).gap
    assert gap == ClockGap(16_000, 16_000)


def test_an_offer_with_a_nonsense_rate_cannot_be_chosen_and_harms_nothing(call: Call):
    caller = call("opening", open={"media": [{**OFFER, "rate": 10**400}, OFFER]})
    assert caller.server.open.offers == (MediaFormat("PCMU", ("external", "internal")),)
    assert caller.sends(Opened(media=[OFFER]))["seq"] == 1


@pytest.mark.parametrize("length", [1, 3, 15_999])
def test_half_samples_are_a_violation(call: Call, length: int):
    caller = call()
    violated = caller.server.receive_binary(bytes(length))
    assert isinstance(violated, Violated)
    assert "whole samples" in str(violated.error)
    assert (caller.server.state, caller.server.clock.position) == ("failed", 0)


def test_a_frame_may_be_as_long_as_a_message(call: Call):
    caller = call()
    assert isinstance(caller.server.receive_binary(bytes(MAX_RECEIVED_BYTES)), AudioReceived)
    violated = caller.server.receive_binary(bytes(MAX_RECEIVED_BYTES + 2))
    assert violated.error.code == 413
    assert caller.server.clock.position == MAX_RECEIVED_BYTES // 2


def test_an_empty_frame_is_nothing(call: Call):
    caller = call()
    assert caller.server.receive_binary(b"") is None
    assert (caller.server.dropped_audio, caller.server.stray) == (0, 0)


def test_audio_without_selected_media_is_dropped(call: Call):
    caller = call(opened={"media": []})
    assert caller.server.receive_binary(SECOND) is None
    assert (caller.server.state, caller.server.dropped_audio) == ("active", 1)


def test_audio_before_open_is_a_violation(call: Call):
    caller = call("upgraded")
    assert str(caller.server.receive_binary(SECOND).error) == "audio while upgraded"
    assert caller.server.receive_binary(SECOND) is None


def test_stray_audio_is_dropped_counted_and_never_fatal(call: Call):
    caller = call()
    caller.say("paused")
    assert caller.server.receive_binary(SECOND) is None
    caller.say("close", {"reason": "end"})
    assert caller.server.receive_binary(SECOND) is None
    assert (caller.server.dropped_audio, caller.server.stray) == (2, 2)
    assert (caller.server.state, caller.server.clock.position) == ("closing", 0)
    opening = call("opening")
    assert opening.server.receive_binary(SECOND) is None
    assert (opening.server.state, opening.server.dropped_audio) == ("opening", 1)


def test_audio_between_our_pause_and_the_client_s_paused_is_delivered(call: Call):
    caller = call()
    caller.sends(Pause())
    assert isinstance(caller.server.receive_binary(SECOND), AudioReceived)
    assert caller.say("paused").position == 8000
    assert caller.server.receive_binary(SECOND) is None


def test_a_bound_on_gaps_can_be_left_out(call: Call):
    huge = {"start": "PT0S", "discarded": "PT1000000000S"}
    bounded, unbounded = call(max_gap=30.0), call(max_gap=None)
    bounded.now += 5.0
    assert bounded.say("discarded", huge).gap == ClockGap(0, 35 * 8000, clamped=True)
    assert unbounded.say("discarded", huge).gap == ClockGap(0, 8000 * 10**9)
    assert not isinstance(
        unbounded.say("discarded", {"start": "PT0S", "discarded": "PT" + "9" * 50 + "S"}), Violated
    )


# once the end has begun ------------------------------------------------------------------------


@pytest.mark.parametrize("type_", ["open", "update", "paused", "discarded", "dtmf", "weather"])
def test_what_comes_after_a_disconnect_is_tolerated_unread(call: Call, type_: str):
    caller = call()
    caller.sends(Disconnect(reason=DisconnectReason.ERROR))
    assert caller.say(type_, {"digit": []}) is None
    assert caller.server.receive_text("{", 0.0) is None
    assert (caller.server.state, caller.server.stray) == ("disconnecting", 2)
    assert caller.say("ping") == PingReceived(caller.seq, None)
    assert caller.sends(Pong())["clientseq"] == caller.seq


# pauses ----------------------------------------------------------------------------------------


def test_a_pause_of_the_client_s_own(call: Call):
    caller = call()
    assert caller.say("paused") == PausedReceived(0, True, ClientPause.YES, True)
    assert caller.say("paused") == PausedReceived(0, True, ClientPause.YES, False)
    assert caller.say("resumed", {"start": "PT0S", "discarded": "PT2S"}) == ResumedReceived(
        ClockGap(0, 16_000)
    )
    assert caller.server.pause.client is ClientPause.NO


def test_what_was_on_the_way_when_we_paused_is_the_client_s_own(call: Call):
    caller = call()
    written_before = caller.text("paused")
    caller.sends(Pause())
    event = caller.server.receive_text(written_before, caller.now)
    assert (event.by_client, event.news) == (True, True)
    assert caller.say("paused").by_client is False


def test_paused_as_answer_to_resume(call: Call):
    caller = call()
    caller.sends(Pause())
    assert caller.say("paused") == PausedReceived(0, False, ClientPause.NO, True)
    assert caller.say("paused") == PausedReceived(0, False, ClientPause.UNKNOWN, True)
    assert caller.say("paused") == PausedReceived(0, False, ClientPause.UNKNOWN, False)
    caller.sends(Resume())
    assert caller.say("paused") == PausedReceived(0, True, ClientPause.YES, True)
    assert (caller.server.pause.server, caller.server.state) == (False, "paused")


# answers ---------------------------------------------------------------------------------------


def test_a_pong_answers_its_ping_once(call: Call):
    caller = call()
    assert caller.say("ping") == PingReceived(2, None)
    assert caller.say("ping", {"rtt": "PT0.25S"}) == PingReceived(3, 0.25)
    caller.say("error", {"code": 400})
    assert caller.sends(Pong(), answers=3)["clientseq"] == 3
    with pytest.raises(LocalProtocolError, match="answered already"):
        caller.server.send(Pong(), answers=3)
    assert caller.sends(Pong())["clientseq"] == 2
    assert not caller.server.allows(Pong())
    with pytest.raises(LocalProtocolError, match="not allowed"):
        caller.server.send(Pong())
    assert caller.server.sent_seq == 3


def test_updated_answers_its_update_once(call: Call):
    caller = call()
    caller.server.receive_binary(SECOND)
    assert caller.say("update", {"language": "de-DE"}) == UpdateReceived(2, "de-DE", 8000)
    caller.say("error", {"code": 400})
    assert caller.sends(Updated())["clientseq"] == 2
    assert not caller.server.allows(Updated())


def test_closed_answers_the_close_even_when_more_came_after_it(call: Call):
    caller = call()
    assert caller.say("close", {"reason": "end"}) == CloseReceived("end", 2)
    assert isinstance(caller.say("error", {"code": 408, "message": "late"}), ErrorReceived)
    assert caller.sends(EventMessage(entities=[WireEntity(type="x", data={})]))["clientseq"] == 3
    assert caller.sends(Closed())["clientseq"] == 2


@pytest.mark.parametrize("seq", [1, 2, 77])
def test_close_after_a_violation_is_answered_whatever_its_number(call: Call, seq: int):
    caller = call()
    assert isinstance(caller.say("ping", seq=9), Violated)
    caller.sends(Disconnect(reason=DisconnectReason.ERROR))
    assert caller.say("close", {"reason": "disconnect"}, seq=seq, serverseq=99) == CloseReceived(
        "disconnect", seq
    )
    assert caller.sends(Closed())["clientseq"] == seq


def test_more_unanswered_pings_than_anybody_sends_are_forgotten(call: Call):
    caller = call()
    for _ in range(1000):
        caller.say("ping")
    answered = 0
    while caller.server.allows(Pong()):
        caller.server.send(Pong())
        answered += 1
    assert answered == 64


# the rest, by type -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "parameters", "event"),
    [
        ("dtmf", {"digit": "#"}, DtmfReceived("#", 8000)),
        ("playback_started", {}, PlaybackReceived(True, 8000)),
        ("playback_completed", {}, PlaybackReceived(False, 8000)),
        ("update", {}, UpdateReceived(2, None, 8000)),
        ("weather", {"sun": True}, UnknownReceived("weather")),
        ("audio", {}, UnknownReceived("audio")),
        ("violation", {}, UnknownReceived("violation")),
        ("", {}, UnknownReceived("")),
    ],
)
def test_small_messages(call: Call, type_: str, parameters: dict[str, Any], event: object):
    caller = call()
    caller.server.receive_binary(SECOND)
    assert caller.say(type_, parameters) == event
    assert caller.server.state == "active"


def test_the_name_of_an_unknown_type_is_kept_short(call: Call):
    event = call().say("x" * 60_000)
    assert len(event.type) <= 64


def test_a_complaint_ends_nothing(call: Call):
    caller = call()
    event = caller.say("error", {"code": 429, "message": "slow down", "retryAfter": "PT2S"})
    assert (event.error.code, event.error.retry_after.total_seconds()) == (429, 2.0)
    assert isinstance(caller.say("error", {"code": "what"}), ErrorReceived)
    assert caller.server.state == "active"


@pytest.mark.parametrize(
    ("type_", "parameters", "field"),
    [
        ("discarded", {"start": "PT1S", "discarded": "12345S"}, "discarded: "),
        ("resumed", {"start": "soon", "discarded": "PT0S"}, "start: "),
        ("dtmf", {"digit": 12345}, "digit: "),
    ],
)
def test_malformed_parameters_are_named_not_quoted(
    call: Call, type_: str, parameters: dict[str, Any], field: str
):
    violated = call().say(type_, parameters)
    assert f"malformed {type_}" in str(violated.error)
    assert field in str(violated.error)
    assert "12345" not in str(violated.error)


def test_timeouts_and_the_end_of_the_socket(call: Call):
    caller = call()
    caller.server.receive_timeout()
    assert caller.server.state == "failed"
    caller.sends(Disconnect(reason=DisconnectReason.ERROR))
    caller.server.receive_timeout()
    assert caller.server.state == "gone"
    gone = call()
    gone.server.receive_eof()
    assert gone.server.state == "gone"


# sending ---------------------------------------------------------------------------------------


def test_rejected_is_sent_only_when_configured(call: Call):
    message = Disconnect(reason=DisconnectReason.REJECTED)
    with pytest.raises(LocalProtocolError, match="rejected"):
        call().server.send(message)
    assert call(allow_rejected=True).sends(message)["parameters"] == {"reason": "rejected"}


@pytest.mark.parametrize(
    "message",
    [EventMessage.model_construct(entities=[]), EventMessage(entities=[WireEntity(type="x", data=None)])],
)
def test_an_event_without_entities_or_data_is_not_sent(call: Call, message: EventMessage):
    caller = call()
    with pytest.raises(LocalProtocolError, match="an event needs entities"):
        caller.server.send(message)
    assert caller.server.sent_seq == 1


def test_nothing_is_sent_after_closed(call: Call):
    caller = call()
    caller.say("close", {"reason": "end"})
    caller.sends(Closed())
    for message in (Closed(), Pong(), Disconnect(reason=DisconnectReason.ERROR), Pause(), Opened(media=[])):
        assert not caller.server.allows(message)
        with pytest.raises(LocalProtocolError, match="while closed"):
            caller.server.send(message)


def test_audio_to_play(call: Call):
    caller = call()
    payload = bytes(MAX_SENT_BYTES)
    assert caller.server.send_audio(payload) is payload
    with pytest.raises(LocalProtocolError, match="longer than 64000"):
        caller.server.send_audio(payload + b"\xff")
    caller.say("close", {"reason": "end"})
    with pytest.raises(LocalProtocolError, match="while closing"):
        caller.server.send_audio(b"\xff")


def test_two_sessions_share_nothing():
    first, second = ServerProtocol(SESSION), ServerProtocol(SESSION)
    unchanging = (int, str, float, tuple, timedelta, type(None))
    for name, value in vars(first).items():
        assert value is not vars(second)[name] or isinstance(value, unchanging), name
