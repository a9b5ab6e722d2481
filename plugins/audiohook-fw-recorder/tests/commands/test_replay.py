"""`audiohook-fw replay`: recordings through plugins, each in a process, and what changed since."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder import RecorderSettings
from audiohook_fw_recorder.commands import make_replay
from typer.testing import CliRunner, Result

PLUGIN = """\
import os, random, time
from audiohook_fw import Event, PluginInfo, Session, SessionHandler, hookimpl
print("loaded", flush=True)  # no part of the result


class Loud(Event, event_type="loud.frame"):
    level: int
    dice: int
    words: frozenset[str]


info = PluginInfo(emits=(Loud,))


class Handler(SessionHandler):
    def __init__(self, session):
        self.session = session

    async def on_audio(self, frame):
        level = int(abs(frame.samples.astype(int)).mean()) // LEVEL
        words = frozenset(f"{n}" for n in range(20))
        self.session.emit(Loud(level=level, dice=random.randrange(1000), words=words))


@hookimpl
def create_handler(session):
    return Handler(session)
"""
MANY = "6f1c3d58-0000-4000-8000-0000000000"
CONVERSATION = "c0000000-0000-4000-8000-000000000001"


class Replay:
    """The command, over a directory, with a plugin that can be changed."""

    def __init__(self, directory: Path, plugin: Path) -> None:
        self.directory = directory
        self.plugin = plugin
        self.settings: dict[str, Any] = {}
        self.write(PLUGIN)

    def write(self, text: str, level: int = 1) -> None:
        self.plugin.write_text(text.replace("LEVEL", str(level)))

    def __call__(self, *arguments: object, plugins: object = None, jobs: int = 1) -> Result:
        app = make_replay(RecorderSettings.model_validate({"directory": self.directory, **self.settings}))
        words = [str(argument) for argument in arguments]
        return CliRunner().invoke(app, [*words, "-p", str(plugins or self.plugin), "-j", str(jobs)])

    def json(self, *arguments: object, status: int = 0, **options: Any) -> list[dict[str, Any]]:
        result = self(*arguments, "--json", **options)
        assert result.exit_code == status, result.output
        loaded: list[dict[str, Any]] = json.loads(result.stdout)
        return loaded


@pytest.fixture
def replay(archive: Any, tmp_path: Path) -> Replay:
    return Replay(archive.directory, tmp_path / "loud.py")


@pytest.fixture
def three(archive: Any) -> list[str]:
    names = [f"{MANY}0{number}" for number in range(3)]
    for name in names:
        archive.add(name, seconds=1, gaps=[(2000, 3000, "pause")])
    return names


def test_what_they_emitted_as_json(replay: Replay, three: list[str]) -> None:
    first, second = replay.json(jobs=1), replay.json(jobs=2)
    assert first == second
    assert [result["recording"] for result in first] == three
    result = first[0]
    assert {name: result[name] for name in ("session_id", "conversation_id", "decision", "position")} == {
        "session_id": three[0],
        "conversation_id": CONVERSATION,
        "decision": "accepted",
        "position": 8000,
    }
    assert [event["position"] for event in result["events"]] == [1600, 2000, 6600, 8000]
    assert {event["plugin"] for event in result["events"]} == {"loud"}
    assert result["events"][0]["data"]["level"] > 0
    assert (result["wishes"], result["faults"]) == ([], [])


def test_what_they_emitted_in_short(replay: Replay, three: list[str]) -> None:
    result = replay(three[1])
    assert result.stdout == (f"{three[1]}: 0:01.0, 4 events (loud loud.frame 4)\n1 recording played\n"), (
        result.output
    )


@pytest.mark.parametrize("word", ["id", "conversation", "file", "directory", "elsewhere"])
def test_which_ones(replay: Replay, archive: Any, three: list[str], word: str, tmp_path: Path) -> None:
    words: dict[str, list[object]] = {
        "id": [three[2]],
        "conversation": [CONVERSATION],
        "file": [archive.directory / f"{three[2]}.wav"],
        "directory": [archive.directory],
        "elsewhere": [CONVERSATION, "--in", archive.directory],
    }
    if word == "elsewhere":
        replay.directory = tmp_path / "none"
    found = [result["recording"] for result in replay.json(*words[word])]
    assert found == (three if word in ("conversation", "directory", "elsewhere") else [three[2]])


def test_what_changed(replay: Replay, three: list[str], tmp_path: Path) -> None:
    old = tmp_path / "old"
    assert replay("--into", old).exit_code == 0
    assert sorted(path.name for path in old.iterdir()) == [f"{name}.replay.json" for name in three]
    same = replay("--compare", old)
    assert (same.exit_code, same.stdout) == (0, f"3 recordings played: 3 as in {old}, 0 changed\n")
    array = tmp_path / "old.json"
    array.write_text(replay("--json").stdout)
    assert replay("--compare", array).exit_code == 0

    replay.write(PLUGIN, level=2)
    changed = replay("--compare", old, three[0])
    assert changed.exit_code == 1
    lines = changed.stdout.splitlines()
    assert lines[0] == f"{three[0]}:"
    assert lines[1].startswith("  ~ 0:00.2 loud loud.frame: level ")
    assert lines[-1] == f"1 recording played: 0 as in {old}, 1 changed"
    (result,) = replay.json("--compare", array, three[0], status=1)
    assert [f"  {line}" for line in result["changes"]] == lines[1:-1]


def test_results_are_not_replaced(replay: Replay, three: list[str], tmp_path: Path) -> None:
    assert replay("--into", tmp_path / "out", three[0]).exit_code == 0
    again = replay("--into", tmp_path / "out", three[0], three[1])
    assert again.exit_code == 1
    assert f"{three[0]}.replay.json is there already" in again.stderr
    assert len(list((tmp_path / "out").iterdir())) == 2


def test_damaged_ones_are_told_and_the_others_go_on(replay: Replay, archive: Any, three: list[str]) -> None:
    directory = archive.directory
    (directory / f"{three[0]}.json").write_text("{")
    (directory / f"{three[1]}.wav").write_bytes(b"no audio")
    (directory / "foreign.json").write_text('{"a": 1}')
    archive.add("of-no-conversation", seconds=0.5, conversation_id="x")
    running = archive.add(f"{MANY}04", seconds=0.5)
    archive.change(running, lambda content: content.update(state="recording"))
    gone = archive.add(f"{MANY}05", seconds=0.5)
    gone.with_suffix(".wav").unlink()
    archive.add(f"{MANY}06", channels=("left", "right"))
    result = replay()
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1] == "1 recording played; 6 could not be played"
    warnings = result.stderr.splitlines()
    assert len(warnings) == 6
    for name, problem in [
        (three[0], "this is no JSON: it is damaged, or cut off"),
        (three[1], ""),
        ("of-no-conversation", "there can be no such call"),
        (f"{MANY}04", "its server was killed"),
        (f"{MANY}05", "this file is missing"),
        (f"{MANY}06", "there can be no such call"),
    ]:
        (line,) = (line for line in warnings if line.startswith(f"Warning: {name}"))
        assert problem in line
    problems = [item["problem"] for item in replay.json(status=1) if "problem" in item]
    assert [f"Warning: {problem}" for problem in problems] == warnings


def test_a_plugin_that_ends_the_process_costs_one_recording(replay: Replay, three: list[str]) -> None:
    end = f"        if self.session.id == '{three[1]}':\n            os._exit(3)\n        level ="
    replay.write(PLUGIN.replace("        level =", end))
    result = replay(jobs=2)
    assert result.exit_code == 1
    assert result.stderr == f"Warning: {three[1]}: a plugin ended the process (exit status 3)\n"
    assert [line.partition(":")[0] for line in result.stdout.splitlines()[:-1]] == [three[0], three[2]]


def test_faults_are_told(replay: Replay, three: list[str]) -> None:
    replay.write(PLUGIN.replace("        level =", "        raise ValueError('no')\n        level ="))
    result = replay(three[0])
    assert result.stdout.splitlines()[1] == "  loud failed in on_audio: ValueError: no (4 times)"


def test_a_call_that_is_rejected_is_told(replay: Replay, three: list[str]) -> None:
    replay.write(
        "from audiohook_fw import Reject, hookimpl\n@hookimpl\ndef on_open():\n    return Reject()\n"
    )
    assert replay(three[0]).stdout.splitlines()[0] == f"{three[0]}: rejected (completed)"


@pytest.mark.parametrize(
    ("arguments", "plugins", "problem"),
    [
        ([], "no_such_plugin", "there is neither an installed plugin nor a module no_such_plugin"),
        (["--compare", "none.json"], None, "none.json"),
        (["--in", "nowhere"], None, "nowhere: there is no such directory"),
        (["--identity", "nowhere.txt"], None, "nowhere.txt"),
        (["--config", "nowhere.toml"], None, "nowhere.toml"),
        (["0" * 20], None, "there is no recording of"),
        ([], " , ", "name a plugin: --plugins NAME"),
        (["--speed", "0"], None, "--speed 0 is not above 0"),
        (["--frame-ms", "0.5"], None, "a frame is 1 ms at least"),
        (["--into", "loud.py"], None, "loud.py"),
    ],
)
def test_what_makes_no_sense_is_one_error(
    replay: Replay,
    three: list[str],
    arguments: list[str],
    plugins: str | None,
    problem: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(tmp_path)
    result = replay(*(arguments if arguments[:1] == ["0" * 20] else [three[0], *arguments]), plugins=plugins)
    assert result.exit_code != 0
    assert problem in result.output + str(result.exception)


def test_settings_plugins_with_commas_and_frames(replay: Replay, three: list[str], tmp_path: Path) -> None:
    other = tmp_path / "other.py"
    other.write_text(replay.plugin.read_text().replace("loud.frame", "other.frame"))
    config = tmp_path / "c.toml"
    config.write_text("[limits]\nplugin_events = 500\n")
    plugins = f"{replay.plugin}, {other}"
    (result,) = replay.json(three[0], "--config", config, "--frame-ms", 50, "--speed", 50, plugins=plugins)
    assert sum(event["plugin"] == "other" for event in result["events"]) == 5 + 8
    assert len(result["events"]) == 26


def test_an_encrypted_recording(
    replay: Replay, archive: Any, encrypted: Callable[[Path], Path], three: list[str]
) -> None:
    before = replay.json(three[0])
    key = encrypted(archive.directory / f"{three[0]}.json")
    closed = replay(three[0])
    assert closed.exit_code == 1
    assert "it is encrypted: name the file of a key that opens it" in closed.stderr
    assert replay.json(three[0], "--identity", key) == before


def test_a_recording_in_a_store(
    replay: Replay, archive: Any, three: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = replay.json(three[1])
    there = tmp_path / "store" / CONVERSATION
    there.mkdir(parents=True)
    for ending in ("json", "wav"):
        (archive.directory / f"{three[1]}.{ending}").rename(there / f"{three[1]}.{ending}")
    replay.settings["store"] = {"url": f"file://{tmp_path}/store"}
    (tmp_path / "temporary").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "temporary"))
    assert replay.json(three[1]) == before
    assert [result["recording"] for result in replay.json(CONVERSATION)] == [three[0], three[2], three[1]]
    assert list((tmp_path / "temporary").iterdir()) == []


def test_interrupted_it_leaves_no_process(replay: Replay, three: list[str], tmp_path: Path) -> None:
    notes = tmp_path / "pids"
    notes.mkdir()
    note = f"        open({str(notes)!r} + f'/{{os.getpid()}}', 'w').close()\n"
    wait = note + "        time.sleep(600)\n        level ="
    replay.write(PLUGIN.replace("        level =", wait))
    command = [sys.executable, "-m", "audiohook_fw", "replay", str(replay.directory)]
    command += ["-p", str(replay.plugin), "--jobs", "2"]
    running = subprocess.Popen(
        command,
        stderr=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
        preexec_fn=heeds_interrupts,
    )
    try:
        until(lambda: len(list(notes.iterdir())) == 2)  # one that only begins may say how it was interrupted
        pids = [int(path.name) for path in notes.iterdir()]
        os.killpg(running.pid, 2)
        _, errors = running.communicate(timeout=100)
    finally:
        running.kill()
    assert b"Traceback" not in errors
    until(lambda: not any(is_there(pid) for pid in pids))


def heeds_interrupts() -> None:
    """Undo what a shell does to the programs that it runs in the background."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 100
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def is_there(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    return not (state.exists() and state.read_text().rpartition(")")[2].split()[0] == "Z")
