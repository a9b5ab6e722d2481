from __future__ import annotations

import gc
from collections.abc import Callable
from typing import Any
from weakref import ReferenceType, ref

import pytest

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    MAX_RECEIVED_BYTES,
    AudioReceived,
    ClientPause,
    ClockGap,
    DiscardedReceived,
    Disconnect,
    DisconnectReason,
    DtmfReceived,
    ErrorReceived,
    MediaFormat,
    Opened,
    OpenReceived,
    Pause,
    PlaybackReceived,
    UnknownReceived,
    UpdateReceived,
    Violated,
    WithheldReceived,
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
    assert caller.server.receive_binary(SECOND) == WithheldReceived("audio", first=True)
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


# what is left ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("type_", "parameters", "envelope"),
    [
        ("discarded", {"start": "yesterday", "discarded": "PT1S"}, {}),
        ("ping", {}, {"seq": 2.5}),
        ("ping", {}, {"seq": 99}),
    ],
)
def test_a_broken_message_keeps_nothing_alive(
    call: Call, type_: str, parameters: dict[str, Any], envelope: dict[str, Any]
):
    def live() -> ReferenceType[object]:
        caller = call()
        violated = caller.say(type_, parameters, **envelope)
        assert isinstance(violated, Violated)
        return ref(caller.server)

    gone = live()
    gc.collect()
    assert gone() is None
