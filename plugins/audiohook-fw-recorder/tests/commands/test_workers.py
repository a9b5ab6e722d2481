"""Processes that replay: results in the order of the recordings, progress that adds up."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.commands.replaying import Done, Job, Setting
from audiohook_fw_recorder.commands.workers import replay_all

PLUGIN = """\
from audiohook_fw import hookimpl
@hookimpl
def on_opened(session): pass
"""


@pytest.fixture
def setting(tmp_path: Path) -> Setting:
    plugin = tmp_path / "quiet.py"
    plugin.write_text(PLUGIN)
    return Setting((str(plugin),))


def jobs(archive: Any, seconds: list[float]) -> Iterator[Job | Done]:
    for number, length in enumerate(seconds):
        path = archive.add(f"6f1c3d58-0000-4000-8000-0000000001{number:02}", seconds=length)
        yield Job(path.stem, archive.directory, path.read_text(), length)


def test_results_come_in_order(archive: Any, setting: Setting) -> None:
    told: list[float] = []
    given = [*jobs(archive, [20, 0.5, 0.5, 5])]
    given.insert(2, Done("broken", problem="broken: no"))
    found = [*replay_all(iter(given), setting, 2, told.append)]
    assert [job for job, _ in found] == [given[0], given[1], None, given[3], given[4]]
    assert [done.name for _, done in found] == [
        given[0].name,
        given[1].name,
        "broken",
        *(j.name for j in given[3:]),
    ]
    assert [done.result["position"] for _, done in found if done.result] == [160_000, 4000, 4000, 40_000]
    assert sum(told) == pytest.approx(5)
    assert min(told) >= 0


def test_nothing_to_do(setting: Setting) -> None:
    assert [*replay_all(iter([]), setting, 2, [].append)] == []


def test_no_more_recordings_are_taken_than_can_be_worked_on(setting: Setting) -> None:
    taken = 0

    def endless() -> Iterator[Done]:
        nonlocal taken
        while True:
            taken += 1
            yield Done(f"{taken}", problem="x")

    results = replay_all(endless(), setting, 1, lambda part: None)
    assert next(results)[1].name == "1"
    assert taken < 10
    results.close()


def test_what_no_recording_would_survive_is_marked(archive: Any) -> None:
    found = [*replay_all(jobs(archive, [0.5]), Setting(("no_such_plugin",)), 1, lambda part: None)]
    assert [(done.hopeless, done.result) for _, done in found] == [(True, None)]
    assert "no_such_plugin" in found[0][1].problem
