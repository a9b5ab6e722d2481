"""The demo's own checks: all good on a good recording, and each finds what it is there for."""

from __future__ import annotations

import copy
import json
import shutil

import pytest

from audiohook_fw.audio import read_wav
from audiohook_fw.cli.demo.checks import check_all, check_decisions, check_recording, check_sidecar
from audiohook_fw.client import Closing, Decision


def _bad(checks):
    return [check.text for check in checks if check.problem]


@pytest.fixture
def copied(played, tmp_path):
    """A copy of the recording, to be spoilt."""
    for path in (played.wav, played.sidecar):
        shutil.copy(path, tmp_path)
    return tmp_path / played.wav.name


def _spoil(path, place, value):
    """Change one byte of the audio, counted in samples of both channels."""
    content = bytearray(path.read_bytes())
    start = content.index(read_wav(path).payload)
    assert content[start + 2 * place] != value
    content[start + 2 * place] = value
    path.write_bytes(content)


def test_all_is_well_with_what_was_played(played):
    checks = list(check_all(played.probe, played.declined, played.recorded, played.directory))
    assert len(checks) > 10
    assert _bad(checks) == []


def test_a_changed_sample_is_found(played, copied):
    place = 100_001
    _spoil(copied, place, read_wav(copied).payload[2 * place] ^ 1)
    (found,) = [check for check in check_recording(played.recorded, copied) if check.problem]
    assert "each at its place" in found.text
    assert found.problem == f"sample {place:,} is another"


def test_sound_in_a_gap_is_found(played, copied):
    gap = played.recorded.ledger.pauses[0].start
    _spoil(copied, gap + 10, 0x80)
    found = _bad(check_recording(played.recorded, copied))
    assert len(found) == 2
    assert "silence" in found[1]


@pytest.mark.parametrize("cut", [2, 4000])
def test_a_recording_that_lost_its_end_is_found(played, copied, cut):
    copied.write_bytes(copied.read_bytes()[:-cut])
    found = [check for check in check_recording(played.recorded, copied) if check.problem]
    assert len(found) >= 2
    assert any("samples long instead of" in check.problem for check in found)


def test_swapped_channels_are_found(played, copied):
    payload = read_wav(copied).payload
    swapped = bytearray(payload)
    swapped[0::2], swapped[1::2] = payload[1::2], payload[0::2]
    copied.write_bytes(copied.read_bytes().replace(payload, bytes(swapped)))
    assert len(_bad(check_recording(played.recorded, copied))) == 1


@pytest.mark.parametrize("content", [None, b"", b"RIFF nonsense"])
def test_no_recording_is_found(played, copied, content):
    copied.unlink() if content is None else copied.write_bytes(content)
    found = list(check_recording(played.recorded, copied))
    assert [bool(check.problem) for check in found] == [True] * 3


def test_a_call_without_audio_has_no_recording_to_compare(played, copied):
    assert [check.problem for check in check_recording(played.declined, copied)] == ["there was no audio"] * 3


SPOILT = {
    "another call": (("session_id",), "x", "names the call"),
    "another reason": (("close_reason",), "lost", "names the call"),
    "not finished": (("state",), "recording", "names the call"),
    "another file": (("audio", "files"), [{"name": "x.wav"}], "names the recording"),
    "too long": (("audio", "samples"), 1, "names the recording"),
    "a moved gap": (("gaps", 0, "start"), 1, "lists every gap"),
    "a wrong cause": (("gaps", 2, "cause"), "overflow", "lists every gap"),
    "another pauser": (("events", 0, "origin"), "server", "who paused"),
    "a wrong total": (("totals", "paused"), 0, "totals"),
    "an overflow": (("totals", "overflow"), 1, "totals"),
    "refused frames": (("totals", "frames_refused"), 1, "totals"),
}


@pytest.mark.parametrize(("path", "value", "expected"), SPOILT.values(), ids=SPOILT.keys())
def test_a_wrong_sidecar_is_found(played, copied, path, value, expected):
    sidecar = copied.with_suffix(".json")
    content = json.loads(sidecar.read_bytes())
    *parents, last = path
    node = content
    for step in parents:
        node = node[step]
    assert node[last] != value
    node[last] = value
    sidecar.write_text(json.dumps(content), encoding="utf-8")
    (found,) = _bad(check_sidecar(played.recorded, sidecar))
    assert expected in found


@pytest.mark.parametrize("content", [None, "", "{"])
def test_no_sidecar_is_found(played, copied, content):
    sidecar = copied.with_suffix(".json")
    sidecar.unlink() if content is None else sidecar.write_text(content, encoding="utf-8")
    assert all(check.problem for check in check_sidecar(played.recorded, sidecar))


def test_a_recording_of_a_declined_call_is_found(played, copied):
    (copied.parent / f"{played.declined.ids.session}.wav").touch()
    checks = check_all(played.probe, played.declined, played.recorded, copied.parent)
    (found,) = [check for check in checks if check.problem]
    assert "left a file" in found.text


REPORTS = {
    "a probe that failed": ("probe", {"decision": Decision.FAILED}, "probe"),
    "a probe that was cut": ("probe", {"closing": Closing.LOST}, "probe"),
    "accepted against the policy": ("declined", {"decision": Decision.ACCEPTED}, "declined"),
    "declined for another reason": ("declined", {"reason": "error"}, "declined"),
    "a call that was rejected": (
        "recorded",
        {"decision": Decision.REJECTED, "reason": "completed"},
        "accepted",
    ),
    "a call that broke off": ("recorded", {"closing": Closing.LOST, "problem": "cut"}, "accepted"),
    "a server that broke the rules": ("recorded", {"violations": ["409 early pong"]}, "accepted"),
}


@pytest.mark.parametrize(("which", "changes", "expected"), REPORTS.values(), ids=REPORTS.keys())
def test_a_wrong_decision_is_found(played, which, changes, expected):
    reports = {name: getattr(played, name) for name in ("probe", "declined", "recorded")}
    reports[which] = copy.copy(reports[which])
    for name, value in changes.items():
        setattr(reports[which], name, value)
    (found,) = _bad(check_decisions(**reports))
    assert expected in found


@pytest.mark.parametrize("lost", ["pauses", "discards"])
def test_a_missing_gap_is_found(played, lost):
    report = copy.copy(played.recorded)
    report.ledger = copy.copy(report.ledger)
    setattr(report.ledger, lost, getattr(report.ledger, lost)[:-1])
    (found,) = _bad(check_decisions(played.probe, played.declined, report))
    assert "one discard" in found
