"""A call, the recorder, and the files that are wanted: from the first frame to the last step."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.reading import blocks
from audiohook_fw_recorder.timeline import Timeline, spread

from audiohook_fw import MediaFormat
from audiohook_fw.audio import conversation, decode, encode
from audiohook_fw.plugin import ServerContext

ID = "6f1c3d58-0000-4000-8000-0000000000ab"
RATE = 8000
STEREO = MediaFormat("PCMU", ("external", "internal"))


async def finished(directory: Path) -> Document:
    """Return the sidecar once nothing is left to do."""
    path = directory / f"{ID}.json"
    document: Document | None = None
    for _ in range(6000):
        if path.exists():
            document = Document.read(path)
            if document.owner is None:
                return document
        await asyncio.sleep(0.01)
    raise AssertionError(document)


@pytest.mark.parametrize(
    ("settings", "names"),
    [
        ({}, [".wav"]),
        ({"format": "flac"}, [".flac"]),
        (
            {"format": "flac", "per_channel": True, "pauses": "cut"},
            ["-external-cut.flac", "-internal-cut.flac"],
        ),
        ({"pauses": "cut"}, ["-cut.wav"]),
        ({"format": "pcm16"}, ["-pcm16.wav"]),
    ],
    ids=str,
)
async def test_what_was_said_is_in_the_files_at_its_time(
    new_call: Any, load: Any, recordings: Any, settings: dict[str, Any], names: list[str]
) -> None:
    manager = load(**settings)
    await manager.startup(ServerContext(version="0", node="test"))
    call = new_call(manager, STEREO)
    await call.open()
    speech = encode(conversation().samples[: 3 * RATE], STEREO)
    expected = b""
    for second in range(3):
        audio = speech[second * RATE * 2 : (second + 1) * RATE * 2]
        for start in range(0, len(audio), 3200):
            call.audio(audio[start : start + 3200])
        expected += audio
        if second == 0:
            call.pause(2.5, by_server=True)
            expected += b"\xff" * 40_000
        if second == 1:
            call.discard(0.5)
            expected += b"\xff" * 8_000
    await call.close()

    document = await finished(recordings.directory)
    assert [file.name for file in document.audio.files] == [ID + name for name in names]
    read = spread(blocks(recordings.directory, document), Timeline.of(document.audio), channels=2)
    assert np.array_equal(np.concatenate([*read]), decode(expected, STEREO))
    assert document.state == "complete"
    if settings.get("pauses") == "cut":
        assert (document.audio.samples, document.audio.call_samples) == (3 * RATE, 6 * RATE)
    await manager.shutdown(ServerContext(version="0", node="test"))
    assert sorted(path.name for path in recordings.directory.iterdir()) == sorted(
        [f"{ID}.json", *(ID + name for name in names)]
    )
