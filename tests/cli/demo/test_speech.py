"""The third act: a call is transcribed while it runs, told to Genesys, and written down."""

from __future__ import annotations

import io
import json
import re
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.settings import RecorderSettings
from rich.console import Console

from audiohook_fw.cli.demo.play import play
from audiohook_fw.cli.demo.show import Screen
from audiohook_fw.cli.demo.speech_stage import MODEL, PLUGINS, missing_plugins, model_directory

LINE = re.compile(r"  \d:\d\d\.\d (customer|agent)  +[☺☹·] [+-]\d\.\d\d  (\S.*)")


def test_all_is_as_it_should_be(spoken: Any) -> None:
    problems = [f"{check.text}: {check.problem}" for check in spoken.speech.checks() if check.problem]
    assert problems == []
    [(name, report, recording)] = spoken.speech.rows()
    assert (name, report.close_reason) == ("spoken", "end")
    assert recording.exists()


def test_both_sides_are_printed_live_and_are_what_is_written(spoken: Any) -> None:
    [document] = [json.loads(path.read_bytes()) for path in spoken.speech.conversations.glob("*.json")]
    printed = [match for line in spoken.output.splitlines() if (match := LINE.fullmatch(line))]
    assert sorted(match[2] for match in printed) == sorted(
        one["text"] for one in document["utterances"] if one["final"]
    )
    assert {match[1] for match in printed} == {"customer", "agent"}
    assert printed[0][0].startswith("  0:00")


def test_the_card_is_shown_as_redacted_and_is_nowhere(spoken: Any) -> None:
    [text] = spoken.speech.conversations.glob("*.txt")
    for output in (spoken.output, text.read_text()):
        assert "[card]" in output
        assert not re.search(r"1\D?1\D?1\D?1|one one", output.partition("\n\n")[2])
    checks = [check.text for check in spoken.speech.checks()]
    assert "none of it is in what was told to Genesys and written" in checks
    silences = "redact" in RecorderSettings.model_fields
    assert ("it cannot be heard in the recording" in checks) is silences


def test_the_conversation_is_beside_the_recording_in_three_formats(spoken: Any) -> None:
    session = spoken.speech.report.ids.session
    names = sorted(path.name for path in spoken.speech.conversations.iterdir())
    assert names == [f"{session}.transcript.{name}" for name in ("json", "txt", "vtt")]
    assert (spoken.speech.directory / f"{session}.wav").exists()


def test_what_it_needs_is_named_in_one_place(monkeypatch: pytest.MonkeyPatch) -> None:
    assert missing_plugins() == []
    assert model_directory() is not None
    monkeypatch.setattr("audiohook_fw.cli.demo.speech_stage.entry_points", lambda **_: [])
    monkeypatch.setattr("audiohook_fw.cli.demo.speech_stage.MODEL", f"{MODEL}_of_another_name")
    assert missing_plugins() == list(PLUGINS)
    assert model_directory() is None


@pytest.mark.parametrize("what", ["plugins", "model"])
def test_without_its_plugins_or_its_model_it_says_how_to_get_them(
    what: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audiohook_fw.cli.demo.choice_stage.entry_points", lambda **_: [])
    if what == "plugins":
        monkeypatch.setattr("audiohook_fw.cli.demo.speech_stage.entry_points", lambda **_: [])
    else:
        monkeypatch.setattr("audiohook_fw.cli.demo.play.model_directory", lambda: None)
    out = io.StringIO()
    assert play(tmp_path / "out", 40.0, Screen(Console(file=out, width=100, soft_wrap=True)))
    said = out.getvalue().partition("\nWhat was said, by whom\n")[2].splitlines()[0]
    expected = "make model" if what == "model" else " ".join(f"audiohook-fw-{name}" for name in PLUGINS)
    assert expected in said


def test_the_act_is_part_of_the_demo(spoken: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audiohook_fw.cli.demo.choice_stage.entry_points", lambda **_: [])
    monkeypatch.setattr("audiohook_fw.cli.demo.play.play_speech", lambda *_: spoken.speech)
    out = io.StringIO()
    assert play(tmp_path / "out", 40.0, Screen(Console(file=out, width=100, soft_wrap=True)))
    assert "✓ each utterance is where the recording has it" in out.getvalue()
    rows = out.getvalue().partition("\nCalls, in call time\n")[2].splitlines()
    assert [row.split()[0] for row in rows[1:5]] == ["probe", "declined", "recorded", "spoken"]
    assert f"  {spoken.speech.conversations}" in out.getvalue().splitlines()
