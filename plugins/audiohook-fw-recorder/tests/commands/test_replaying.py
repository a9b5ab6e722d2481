"""One recording through plugins: what comes of it, and whose fault it is when nothing does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.commands import replaying
from audiohook_fw_recorder.commands.replaying import Job, Setting, replay_recording

STEM = "6f1c3d58-0000-4000-8000-0000000000ab"
QUIET = "from audiohook_fw import hookimpl\n@hookimpl\ndef on_opened(session): pass\n"


@pytest.fixture
def play(archive: Any, tmp_path: Path) -> Any:
    plugin = tmp_path / "quiet.py"
    plugin.write_text(QUIET)

    def played(setting: Setting | None = None, progress: Any = lambda seconds: None) -> Any:
        path = archive.directory / f"{STEM}.json"
        job = Job(STEM, archive.directory, path.read_text(), 2.0)
        return replay_recording(job, setting or Setting((str(plugin),)), progress)

    return played


def test_all_seconds_are_told(archive: Any, play: Any) -> None:
    archive.add(gaps=[(4000, 4000, "pause")])
    told: list[float] = []
    done = play(progress=told.append)
    assert done.result["recording"] == STEM
    assert sum(told) == pytest.approx(2.0)


def test_a_damaged_recording_is_no_reason_to_stop(archive: Any, play: Any) -> None:
    archive.add().with_suffix(".wav").write_bytes(b"RIFF")
    done = play()
    assert (done.result, done.hopeless) == (None, False)
    assert done.problem.startswith(f"{STEM}.wav: ")


def test_a_bug_costs_its_recording_only(archive: Any, play: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise LookupError("what was said")

    archive.add()
    monkeypatch.setattr(replaying, "replay", broken)
    done = play()
    assert (done.result, done.hopeless) == (None, False)
    assert done.problem.startswith(f"{STEM}: LookupError at test_replaying.py:")
    assert "what was said" not in done.problem


def test_plugins_that_do_not_load_are(archive: Any, play: Any) -> None:
    archive.add()
    done = play(Setting(("no_such_plugin",)))
    assert (done.result, done.hopeless) == (None, True)
    done = play(Setting(("recorder", "recorder")))
    assert (done.problem.partition(";")[0], done.hopeless) == ("two plugins are named 'recorder'", True)
