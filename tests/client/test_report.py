from __future__ import annotations

import json

import pytest

from audiohook_fw.client import CallReport, Decision, Timeline, percentiles
from audiohook_fw.protocol import Disconnect, DisconnectReason, Pause, Resume


def test_percentiles_by_nearest_rank():
    assert percentiles([]) == {}
    assert percentiles([0.3]) == {"count": 1, "p50": 0.3, "p90": 0.3, "p95": 0.3, "p99": 0.3, "max": 0.3}
    hundred = percentiles(n / 100 for n in range(100, 0, -1))
    assert hundred == {"count": 100, "p50": 0.5, "p90": 0.9, "p95": 0.95, "p99": 0.99, "max": 1.0}


def test_to_dict_is_json_and_holds_no_personal_data(play, script):
    played = play(
        script(says=[(1.25, Pause()), (1.55, Resume())]),
        timeline=Timeline.parse(["discard@0.5+0.5"]),
        ani="tel:+4930",
        ani_name="Ada",
        dnis="tel:+4989",
        custom_config={"queue": "vip"},
    )
    told = json.loads(json.dumps(played.report.to_dict()))
    assert told["decision"] == "accepted"
    assert told["as_scripted"] is True
    assert told["spans"] == [[0, 4000], [8000, 1600], [12_400, 3600]]
    assert told["pauses"] == [{"start": 9600, "length": 2800, "client": False, "server": True}]
    assert told["discards"] == [[4000, 4000]]
    assert told["audio_samples"] == sum(length for _, length in told["spans"])
    assert told["received"]["pause"] == 1
    assert told["rtt"]["count"] == 2
    shown = json.dumps(told) + repr(played.report)
    assert not any(text in shown for text in ("+4930", "Ada", "+4989", "vip"))


def test_outcomes(ids):
    report = CallReport(ids, decision=Decision.ACCEPTED)
    assert report.outcome() == "accepted"
    report.reason = "completed"
    assert report.outcome() == "ended by the server: completed"
    report.fail("first")
    report.fail("second", retryable=True)
    assert (report.outcome(), report.retryable, report.as_scripted) == ("first", False, False)


def test_names_that_the_server_chose_are_bounded(ids):
    report = CallReport(ids)
    for number in range(100):
        report.count(report.entities, f"type{number}")
    report.count(report.entities, "type0")
    assert len(report.entities) == 21
    assert report.entities["other"] == 80
    assert report.entities["type0"] == 2


def test_expected_recording_needs_media(play, script):
    report = play(script(answer=lambda event: Disconnect(reason=DisconnectReason.COMPLETED))).report
    with pytest.raises(ValueError, match="no media"):
        report.expected_recording()
