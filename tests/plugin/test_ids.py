"""Ids of events: random, or those of a replay, in whatever thread."""

from __future__ import annotations

import threading
from itertools import count
from uuid import UUID

from audiohook_fw import Transcript
from audiohook_fw.plugin import ids_from


def transcript() -> Transcript:
    return Transcript(channel="external", text="", start=0, length=0)


def test_ids_are_random() -> None:
    first, second = transcript().id, transcript().id
    assert first != second
    assert UUID(first).version == 4


def test_a_replay_gives_its_own_for_a_while() -> None:
    numbers = count(1)
    found: list[str] = []
    with ids_from(lambda: f"id {next(numbers)}"):
        found.append(transcript().id)
        thread = threading.Thread(target=lambda: found.append(transcript().id))
        thread.start()
        thread.join()
    assert found == ["id 1", "id 2"]
    assert UUID(transcript().id).version == 4
