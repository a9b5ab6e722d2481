"""Sidecars read again: unharmed, or a clear word on what is wrong."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_recorder.document import Document, DocumentError

VALID: dict[str, Any] = {
    "format": "audiohook-recording/1",
    "owner": "0123456789abcdef",
    "session_id": "6f1c3d58-0000-4000-8000-0000000000ab",
    "conversation_id": "6f1c3d58-0000-4000-8000-0000000000ac",
    "organization_id": None,
    "tags": {"team": "ä"},
    "started_at": "2026-01-02T03:04:05.123456+00:00",
    "audio": {
        "format": "wav",
        "encoding": "PCMU",
        "rate": 8000,
        "channels": ["external", "internal"],
        "samples": 16000,
        "files": [{"name": "6f1c3d58.wav", "channels": ["external", "internal"], "new": 1}],
    },
    "events": [{"type": "pause", "position": 1, "origin": "client"}],
    "gaps": [{"start": 1, "length": 2, "cause": "pause", "clamped": True}],
    "errors": {},
    "state": "complete",
    "anything": [1, {"else": None}],
}


def test_what_is_read_is_written_again_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(json.dumps(VALID))
    document = Document.read(path)
    assert document.audio.files[0].name == "6f1c3d58.wav"
    document.save(path)
    written = json.loads(path.read_text(encoding="utf-8"))
    assert written.pop("started_at").startswith("2026-01-02T03:04:05.123456")
    assert written == {key: value for key, value in VALID.items() if key != "started_at"}


@pytest.mark.parametrize(
    "name", ["../x.wav", "/etc/passwd", "..", ".owner-0123456789abcdef", "a/b.wav", "", "a\n", "a" * 201]
)
def test_a_file_outside_of_the_directory_is_refused(name: str) -> None:
    content = json.loads(json.dumps(VALID))
    content["audio"]["files"][0]["name"] = name
    with pytest.raises(DocumentError, match=r"a.json: audio.files.0.name: .* in the same directory"):
        Document.parse(json.dumps(content).encode(), "a.json")


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "a.json: this is no JSON: it is damaged, or cut off"),
        (json.dumps(VALID).encode()[:100], "a.json: this is no JSON: it is damaged, or cut off"),
        (b"\xff\xfe", "a.json: this is no JSON: it is damaged, or cut off"),
        (b"{}", "a.json: this is no sidecar of a recording: its format is not audiohook-recording/1"),
        (b"[]", "a.json: "),
        (json.dumps({**VALID, "gaps": [{"start": -1}]}).encode(), "a.json: gaps.0.start: input should be"),
        (json.dumps({**VALID, "state": "odd"}).encode(), "a.json: state: input should be"),
    ],
)
def test_a_sidecar_that_is_wrong_is_said_to_be(content: bytes, problem: str) -> None:
    with pytest.raises(DocumentError) as caught:
        Document.parse(content, "a.json")
    assert str(caught.value).startswith(problem)
