"""What a sidecar does not tell is no proof: an open pause goes on to the end, and pauses may be missing."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

PAUSE = 5.0
"""Where it begins, in seconds."""
STATES = ["recording", "interrupted", "complete"]


def behind(state: str) -> Callable[[dict[str, Any]], None]:
    """Return a change to a sidecar that was written last when a pause began."""

    def change(content: dict[str, Any]) -> None:
        content["events"] = [{"type": "pause", "position": int(PAUSE * 8000), "origin": "client"}]
        content["gaps"].clear()
        content["audio"]["samples"] = int(PAUSE * 8000)
        content["state"] = state

    return change


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize(("silence", "found_at"), [(9.0, None), (6.5, 11.5)])
def test_an_open_pause_goes_to_the_end_of_the_files(
    archive: Any, state: str, silence: float, found_at: float | None
) -> None:
    path = archive.add("a", seconds=14, gaps=[(int(PAUSE * 8000), int(silence * 8000), "pause")])
    archive.change(path, behind(state))
    (item,) = archive.json("compliance", status=int(found_at is not None))
    (entry,) = item["pauses"]
    assert (entry["start"], entry["length"], entry["open"]) == (5.0, 9.0, True)
    assert entry["finding"] == ("no_audio" if found_at is None else "audio_found")
    assert entry["found_at"] == pytest.approx(found_at, abs=0.001)


def test_an_open_pause_goes_to_the_last_segment(archive: Any, encrypted: Callable[[Path], Path]) -> None:
    path = archive.add("a", seconds=14, gaps=[(int(PAUSE * 8000), 6 * 8000, "pause")])
    key = encrypted(path)
    archive.change(path, behind("recording"))
    (item,) = archive.json("compliance")
    assert item["pauses"][0]["finding"] == "encrypted"
    (item,) = archive.json("compliance", "--identity", key, status=1)
    assert item["pauses"][0]["found_at"] == pytest.approx(11.0, abs=0.001)


def test_where_not_all_is_listed_a_pause_may_be_missing(archive: Any) -> None:
    path = archive.add("a")
    archive.change(path, lambda content: content.update(left_out={"events": 1, "gaps": 0, "redactions": 2}))
    (item,) = archive.json("compliance", status=1)
    assert (item["pauses"], item["left_out"]) == ([], 1)
    assert item["problem"] == "a.json: 1 event or gap is not listed in it, so a pause may be missing"
    assert "; 1 damaged" in archive.run("compliance").stdout
    archive.change(path, lambda content: content.update(left_out={"events": 0, "gaps": 0, "redactions": 2}))
    assert archive.json("compliance") == []
