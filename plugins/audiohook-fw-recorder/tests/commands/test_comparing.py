"""What changed between two replays, as lines; and where older results are read from."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.commands.comparing import CompareError, changes, read_results


def event(position: int, text: str = "x", type_: str = "transcript", **more: Any) -> dict[str, Any]:
    moment = {"position": position, "seconds": position / 8000}
    return {**moment, "plugin": "asr", "type": type_, "data": {"text": text, **more}}


def result(*events: Any, **more: Any) -> dict[str, Any]:
    return {"recording": "a", "decision": "accepted", "events": [*events], "wishes": [], "faults": [], **more}


def test_what_is_the_same_has_no_line() -> None:
    assert [*changes(result(event(1), event(2)), result(event(1), event(2)))] == []


def test_events_are_gone_new_and_changed() -> None:
    old = result(event(8000), event(16_000, "helo"), event(24_000, "b"), event(32_000, "z"))
    new = result(event(0, type_="speech"), event(8000), event(16_800, "hello"), event(24_000, "b"))
    assert [*changes(old, new)] == [
        '+ 0:00.0 asr speech {"text": "x"}',
        '~ 0:02.1 asr transcript: position 16000 → 16800; text "helo" → "hello"',
        '- 0:04.0 asr transcript {"text": "z"}',
    ]


def test_another_event_in_its_place() -> None:
    assert [*changes(result(event(8000)), result(event(8000, type_="other")))] == [
        '- 0:01.0 asr transcript {"text": "x"}',
        '+ 0:01.0 asr other {"text": "x"}',
    ]


def test_fields_come_and_go() -> None:
    (line,) = changes(result(event(0, words=[1])), result(event(0, language="de")))
    assert line == '~ 0:00.0 asr transcript: words [1] → null; language null → "de"'


def test_all_else_is_compared_too() -> None:
    wish = {"position": 8000, "seconds": 1.0, "wish": "disconnect", "reason": "completed"}
    fault = {"plugin": "asr", "hook": "on_audio", "error": "ValueError: no"}
    old = result(wishes=[wish], faults=[fault], position=8000)
    new = result(decision="rejected", reason="completed", wishes=[{**wish, "reason": "error"}])
    assert [*changes(old, new)] == [
        '~ decision: "accepted" → "rejected"',
        '~ reason: null → "completed"',
        "~ position: 8000 → null",
        '~ 0:01.0 disconnect: reason "completed" → "error"',
        '- asr on_audio {"error": "ValueError: no"}',
    ]


def test_long_texts_are_cut() -> None:
    (line,) = changes(result(), result(event(0, "x" * 500)))
    assert len(line) < 200
    assert line.endswith("x…")


def test_older_results_are_files_arrays_or_directories(tmp_path: Path) -> None:
    one, two = result(), result() | {"recording": "b"}
    (tmp_path / "a.replay.json").write_text(json.dumps(one))
    (tmp_path / "b.replay.json").write_text(json.dumps(two))
    (tmp_path / "other.json").write_text("{")
    array = tmp_path / "array.json"
    array.write_text(json.dumps([one, {"recording": "c", "problem": "damaged"}]))
    assert read_results(tmp_path) == {"a": one, "b": two}
    assert read_results(tmp_path / "a.replay.json") == {"a": one}
    assert read_results(array) == {"a": one}


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "this is no JSON: give what replay --json or --into wrote"),
        ("7", "this is no result of a replay"),
        ('[{"session": 1}]', "this is no result of a replay"),
        ('{"recording": "a", "events": 7}', "the result of a is damaged"),
        ('{"recording": "a", "wishes": [7]}', "the result of a is damaged"),
    ],
)
def test_what_is_none_is_told(tmp_path: Path, content: str, problem: str) -> None:
    file = tmp_path / "old.json"
    file.write_text(content)
    with pytest.raises(CompareError) as caught:
        read_results(file)
    assert str(caught.value).startswith(f"{file}: {problem}")
    with pytest.raises(CompareError, match="there are no results of a replay in this directory"):
        read_results(tmp_path)
    with pytest.raises(OSError, match="nothing"):
        read_results(tmp_path / "nothing")
