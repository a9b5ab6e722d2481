"""The checks of the second act's calls: each finds what it is there for."""

from __future__ import annotations

import copy
import json
import shutil

import pytest

from audiohook_fw.cli.demo.choice_checks import check_choice
from audiohook_fw.client import Closing, Decision, PauseSpan

NAMES = ("wanted", "unwanted", "foreign")


@pytest.fixture
def bad(chosen, tmp_path):
    """Return the texts of the checks that are not good, of changed reports and a copy of the files."""
    shutil.copytree(chosen.choice.directory, tmp_path / "copy")

    def check(which="wanted", **changes):
        reports = {name: getattr(chosen, name) for name in NAMES}
        reports[which] = copy.copy(reports[which])
        for name, value in changes.items():
            setattr(reports[which], name, value)
        return [c.text for c in check_choice(*reports.values(), tmp_path / "copy") if c.problem]

    return check


def _ledger(report, **changes):
    ledger = copy.copy(report.ledger)
    for name, value in changes.items():
        setattr(ledger, name, value)
    return ledger


def test_all_is_well(bad):
    assert bad() == []


REPORTS = {
    "rejected at once": ("wanted", {"decision": Decision.REJECTED, "reason": "completed"}, "began paused"),
    "disconnected later": ("wanted", {"reason": "completed"}, "was resumed"),
    "a call that broke off": ("wanted", {"closing": Closing.LOST, "problem": "cut"}, "was resumed"),
    "a server that broke the rules": ("wanted", {"violations": ["409 early pong"]}, "was resumed"),
    "the unwanted one rejected at once": ("unwanted", {"decision": Decision.REJECTED}, "began paused"),
    "the unwanted one kept": ("unwanted", {"reason": None}, "was disconnected"),
    "a fallback": ("unwanted", {"reason": "error"}, "was disconnected"),
    "an unwanted one that broke off": ("unwanted", {"closing": Closing.LOST}, "was disconnected"),
    "an unwanted one with a problem": ("unwanted", {"problem": "cut"}, "was disconnected"),
    "audio of the unwanted one": ("unwanted", {"sent": {"audio": 1}}, "no audio of it"),
    "a stranger let in": ("foreign", {"closing": Closing.CLOSED}, "refused before the upgrade"),
    "a stranger heard": ("foreign", {"sent": {"open": 1}}, "refused before the upgrade"),
}


@pytest.mark.parametrize(("which", "changes", "expected"), REPORTS.values(), ids=REPORTS.keys())
def test_a_wrong_fate_is_found(bad, which, changes, expected):
    found = bad(which, **changes)
    assert found
    assert any(expected in text for text in found)


PAUSES = {
    "none": [],
    "later": [PauseSpan(8, 8, server=True)],
    "the client's": [PauseSpan(0, 8, client=True)],
    "both": [PauseSpan(0, 8, client=True, server=True)],
}


@pytest.mark.parametrize("pauses", PAUSES.values(), ids=PAUSES.keys())
@pytest.mark.parametrize("which", NAMES[:2])
def test_a_call_that_was_heard_at_first_is_found(bad, chosen, which, pauses):
    found = bad(which, ledger=_ledger(getattr(chosen, which), pauses=pauses))
    assert any("began paused" in text for text in found)


def test_a_call_that_stayed_paused_is_found(bad, chosen):
    ledger = _ledger(chosen.wanted, pauses=[PauseSpan(0, None, server=True)])
    assert any("was resumed" in text for text in bad("wanted", ledger=ledger))


def test_a_wrong_tag_is_found(bad, chosen, tmp_path):
    path = tmp_path / "copy" / f"{chosen.wanted.ids.session}.json"
    path.write_text(json.dumps({**json.loads(path.read_bytes()), "tags": {"team": "none"}}), "utf-8")
    assert bad() == ["its sidecar has the tag that the rule gives: team = sales"]


def test_sound_in_the_pause_is_found(bad, chosen, tmp_path):
    path = tmp_path / "copy" / f"{chosen.wanted.ids.session}.wav"
    content = path.read_bytes()
    start = content.index(b"\xff" * 100)
    path.write_bytes(content[:start] + b"\x80" + content[start + 1 :])
    assert len(bad()) == 2


def test_audio_in_the_file_of_the_unwanted_call_is_found(bad, chosen, tmp_path):
    stem = tmp_path / "copy" / chosen.unwanted.ids.session
    shutil.copy(tmp_path / "copy" / f"{chosen.wanted.ids.session}.wav", stem.with_suffix(".wav"))
    assert bad() == ["no audio of it was sent, and none is in its file"]


@pytest.mark.parametrize("content", [None, b"RIFF nonsense"])
def test_a_broken_file_of_the_unwanted_call_is_found(bad, chosen, tmp_path, content):
    path = tmp_path / "copy" / f"{chosen.unwanted.ids.session}.wav"
    path.unlink() if content is None else path.write_bytes(content)
    assert bad() == ["no audio of it was sent, and none is in its file"]


@pytest.mark.parametrize("content", [None, "", "[]", '{"totals": {"audio": 5}}'])
def test_a_wrong_sidecar_of_the_unwanted_call_is_found(bad, chosen, tmp_path, content):
    path = tmp_path / "copy" / f"{chosen.unwanted.ids.session}.json"
    path.unlink() if content is None else path.write_text(content, "utf-8")
    assert bad() == ["no audio of it was sent, and none is in its file"]


def test_a_file_of_the_stranger_is_found(bad, chosen, tmp_path):
    (tmp_path / "copy" / f"{chosen.foreign.ids.session}.wav").touch()
    assert bad() == ["the stranger left no file"]
