"""The demo as a user runs it."""

from __future__ import annotations

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

from audiohook_fw.audio import conversation, read_wav
from audiohook_fw.cli.demo.choice_stage import PLUGINS
from audiohook_fw.cli.demo.play import play, play_calls
from audiohook_fw.cli.demo.show import Screen

FAST = ("--speed", "20")
UUID = 36
OTHERS = {"rules.toml", "genesys-ranges.json", "cost.sqlite"}
WAL = {"cost.sqlite-shm", "cost.sqlite-wal"}

SPOILER = """
from audiohook_fw_recorder import recording

write = recording.Recording.write


def spoilt(self, pieces):
    for index, piece in enumerate(pieces):
        if isinstance(piece, bytes):
            pieces[index] = bytes([piece[0] ^ 1]) + piece[1:]
    write(self, pieces)


recording.Recording.write = spoilt
"""

MISCOUNTER = """
from audiohook_fw_cost import meter

stream = meter.Meter._stream


def miscount(self, position):
    stream(self, position + 1 if position else 0)


meter.Meter._stream = miscount
"""


WITHOUT_SPEECH = """
from audiohook_fw.cli.demo import speech_stage

speech_stage.model_directory = lambda: None  # recognising speech takes its time: one test of this is enough
"""


def _demo(place: Path, *args: str, prelude: str = "") -> subprocess.CompletedProcess[str]:
    code = f"{WITHOUT_SPEECH}{prelude}\nimport sys\n"
    code += "from audiohook_fw.cli.main import run\nsys.exit(run(sys.argv[1:]))"
    return subprocess.run(
        [sys.executable, "-c", code, "demo", *args],
        cwd=place, env={**os.environ}, capture_output=True, text=True, timeout=90, check=False,
    )  # fmt: skip


def test_it_ends_well_and_writes_only_where_it_says(place, tmp_path):
    done = _demo(place, *FAST, "--into", "out")
    assert done.returncode == 0, done.stdout
    assert done.stderr == ""
    assert "✗" not in done.stdout
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert {path.parent.parent for path in files} == {place, place / "out"}
    recorded = sorted(path for path in files if path.parent == place / "out")
    assert [path.suffix for path in recorded] == [".json", ".wav"]
    chosen = [path for path in files if path.parent != place / "out"]
    assert sorted(path.suffix for path in chosen if len(path.stem) == UUID) == [".json"] * 2 + [".wav"] * 2
    assert {path.name for path in chosen if len(path.stem) != UUID} - WAL == OTHERS
    recordings = [path for path in files if len(path.stem) == UUID]
    assert all(str(path.relative_to(place)) in done.stdout for path in recordings)
    wav = read_wav(recorded[1])
    assert wav.duration > 30
    assert wav.duration == pytest.approx(conversation().duration, abs=3.5)


def test_the_table_and_the_next_command_are_shown(shown):
    head, *rows = [line.split() for line in shown.partition("\nCalls, in call time\n")[2].splitlines()][:7]
    assert head == ["call", "decision", "duration", "audio", "paused", "discarded", "RTT", "file"]
    assert [row[0] for row in rows] == ["probe", "declined", "recorded", "sales", "council", "stranger"]
    assert rows[0][1:3] == ["probe", "ok"]
    assert [row[1] for row in rows[1:]] == ["rejected", "accepted", "accepted", "accepted", "refused"]
    assert [row[-1].endswith(".wav") for row in rows] == [False, False, True, True, True, False]
    assert "2.0 s" in " ".join(rows[2])
    assert rows[4][2:6] == ["-", "0.0", "s", "-"]
    assert "serve --dev" in shown.partition("\nNext\n")[2]


def test_without_the_plugins_of_the_second_act_it_says_how_to_get_them(place, monkeypatch):
    monkeypatch.setattr("audiohook_fw.cli.demo.choice_stage.entry_points", lambda **_: [])
    out = io.StringIO()
    monkeypatch.setattr("audiohook_fw.cli.demo.play.model_directory", lambda: None)
    assert play(place / "out", 40.0, Screen(Console(file=out, width=100, soft_wrap=True)))
    (line,) = [line for line in out.getvalue().splitlines() if "pip install" in line]
    assert [f"audiohook-fw-{name}" in line for name in PLUGINS] == [True] * 3
    assert [f"./plugins/audiohook-fw-{name}" in line for name in PLUGINS] == [True] * 3
    rows = out.getvalue().partition("\nCalls, in call time\n")[2].splitlines()
    assert [row.split()[0] for row in rows[1:4]] == ["probe", "declined", "recorded"]
    assert len(list((place / "out").iterdir())) == 2


def test_a_narrow_screen_cuts_no_cell(played):
    out = io.StringIO()
    Screen(Console(file=out, width=40)).calls([("recorded", played.recorded, played.wav)])
    head, row = out.getvalue().splitlines()
    assert "discarded" in head
    assert row.split()[:2] == ["recorded", "accepted"]
    assert row.rstrip().endswith(".wav")


def test_what_happens_in_the_call_is_told(played):
    lines = [line.strip() for line in played.output.splitlines()]
    told = [" ".join(line.split()[1:4]) for line in lines if line.startswith("0:")]
    assert told == ["paused by the", "goes on after", "paused by the", "goes on after", "2.0 s discarded"]


def test_nothing_personal_is_shown_or_recorded(played):
    sidecar = played.sidecar.read_text(encoding="utf-8")
    for text in (played.output, sidecar):
        assert "5555550" not in text
        assert "Demo Caller" not in text


def test_the_environment_does_not_matter(place, monkeypatch):
    monkeypatch.setenv("AUDIOHOOK_SERVER__PORT", "nonsense")
    monkeypatch.setenv("AUDIOHOOK_PLUGINS__RECORDER__DIRECTORY", "/nowhere")
    (place / "audiohook.toml").write_text("nonsense", encoding="utf-8")
    assert _demo(place, *FAST).returncode == 0
    assert len(list((place / "demo-output").iterdir())) == 3


def test_a_recorder_that_spoils_the_recording_fails_the_demo(place):
    done = _demo(place, *FAST, prelude=SPOILER)
    assert done.returncode == 1
    assert done.stderr == ""
    failed = [line for line in done.stdout.splitlines() if "✗" in line]
    assert len(failed) == 2
    assert "each at its place: sample 0 is another" in failed[0]
    assert "each at its place: sample" in failed[1]


def test_a_meter_that_counts_a_sample_too_many_fails_the_demo(place):
    done = _demo(place, *FAST, prelude=MISCOUNTER)
    assert done.returncode == 1
    assert done.stderr == ""
    (failed,) = [line for line in done.stdout.splitlines() if "✗" in line]
    assert "it counted what was sent, lost and paused as the client did: Sales: it has (" in failed


def test_without_the_recorder_it_says_how_to_get_it(command, monkeypatch):
    monkeypatch.setattr("audiohook_fw.plugin.discovery.metadata.distributions", list)
    result = command("demo", *FAST)
    assert result.status == 2
    (line,) = result.errors
    assert "pip install audiohook-fw-recorder" in line
    assert "in a clone of audiohook_fw: pip install ./plugins/audiohook-fw-recorder" in line


@pytest.mark.parametrize("into", ["taken", "taken/below"])
def test_a_file_in_the_way(command, place, into):
    (place / "taken").touch()
    result = command("demo", *FAST, "--into", into)
    assert (result.status, result.out) == (2, "")
    assert result.errors == ["Error: --into: taken is no folder; name another"]


def test_80_columns_are_enough(shown):
    before, _, after = shown.partition("\nWhat it cost")
    after = after.partition("\nCalls, in call time\n")[2]  # a table of the cost plugin's own is between them
    assert [line for line in (before + after).splitlines() if len(line) > 80] == []


def test_a_terminal_gets_a_bar(place, monkeypatch):
    monkeypatch.delenv("NO_COLOR", raising=False)
    out = io.StringIO()
    console = Console(file=out, width=100, force_terminal=True, color_system="standard")
    play_calls(place / "out", 40.0, Screen(console))
    assert "━" in out.getvalue()
    assert " of 0:4" in out.getvalue()


def test_a_second_demo_leaves_the_first_recording_alone(played, place):
    out = place / "out"
    out.mkdir()
    (out / played.wav.name).write_bytes(b"first")
    play_calls(out, 40.0, Screen(Console(file=io.StringIO())))
    assert (out / played.wav.name).read_bytes() == b"first"
    assert len(list(out.glob("*.json"))) == 1


def test_the_sidecar_is_that_of_the_call(played):
    sidecar = json.loads(played.sidecar.read_bytes())
    assert sidecar["session_id"] == played.recorded.ids.session
    assert [gap["cause"] for gap in sidecar["gaps"]] == ["pause", "pause", "discarded"]
