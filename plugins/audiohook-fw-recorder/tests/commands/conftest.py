"""Directories of recordings as the recorder leaves them, and the commands over them."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyrage
import pytest
from audiohook_fw_recorder import RecorderSettings
from audiohook_fw_recorder.age import Recipients
from audiohook_fw_recorder.age_spool import AgeSpool
from audiohook_fw_recorder.commands import make_app
from audiohook_fw_recorder.owner import Owner
from typer.testing import CliRunner, Result

from audiohook_fw import Commands, MediaFormat
from audiohook_fw.audio import WavWriter, encode, read_wav, ulaw_decode

RATE = 8000
CHANNELS = ("external", "internal")


class Archive:
    """A directory of recordings."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        directory.mkdir()

    def add(
        self,
        name: str = "6f1c3d58-0000-4000-8000-0000000000ab",
        *,
        seconds: float = 2.0,
        channels: Sequence[str] = CHANNELS,
        encoding: str = "PCMU",
        gaps: Sequence[tuple[int, int, str]] = (),
        **changes: Any,
    ) -> Path:
        """Make a recording of noise, silent in its gaps; return its sidecar."""
        length = int(seconds * RATE)
        noise = np.random.default_rng(len(name)).integers(0, 0x7F, length * len(channels), np.uint8)
        samples = ulaw_decode(noise.tobytes()).reshape(-1, len(channels))
        for start, count, _ in gaps:
            samples[start : start + count] = 0
        media = MediaFormat(encoding, tuple(channels), RATE)
        with WavWriter(self.directory / f"{name}.wav", media) as wav:
            wav.write(encode(samples, media))
        content: dict[str, Any] = {
            "format": "audiohook-recording/1",
            "session_id": name,
            "conversation_id": "c0000000-0000-4000-8000-000000000001",
            "organization_id": "d0000000-0000-4000-8000-000000000001",
            "key": "monitor",
            "tags": {"team": "blue"},
            "started_at": "2026-01-02T03:04:05+00:00",
            "audio": {
                "format": "wav",
                "encoding": encoding,
                "rate": RATE,
                "channels": list(channels),
                "samples": length,
                "files": [{"name": f"{name}.wav", "channels": list(channels)}],
            },
            "events": [],
            "gaps": [{"start": start, "length": count, "cause": cause} for start, count, cause in gaps],
            "errors": {},
            "state": "complete",
            "close_reason": "end",
            "ended_at": "2026-01-02T03:14:05+00:00",
        }
        path = self.directory / f"{name}.json"
        path.write_text(json.dumps(content | changes))
        return path

    def owner(self) -> Owner:
        """Return somebody at work here."""
        owner = Owner(self.directory)
        owner.hold()
        return owner

    def change(self, path: Path, change: Any) -> None:
        """Change a sidecar: `change` gets its content."""
        content = json.loads(path.read_text())
        change(content)
        path.write_text(json.dumps(content))

    def run(self, *arguments: object) -> Result:
        """Run a command of `recordings`."""
        app = make_app(RecorderSettings(directory=self.directory), Commands("recorder"))
        return CliRunner().invoke(app, [str(argument) for argument in arguments])

    def json(self, *arguments: object, status: int = 0) -> list[dict[str, Any]]:
        """Run a command with --json; return what it printed."""
        result = self.run(*arguments, "--json")
        assert result.exit_code == status, result.output
        loaded: list[dict[str, Any]] = json.loads(result.stdout)
        return loaded


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return Archive(tmp_path / "archive")


@pytest.fixture
def encrypted(tmp_path: Path) -> Callable[[Path], Path]:
    """Encrypt a recording, given its sidecar; return the file of the key."""

    def encrypt(sidecar: Path) -> Path:
        identity = pyrage.x25519.Identity.generate()
        key = tmp_path / "key.txt"
        key.write_text(f"{identity}\n")
        wav = read_wav(sidecar.with_suffix(".wav"))
        content = json.loads(sidecar.read_text())
        audio = content["audio"]
        media = MediaFormat(audio["encoding"], tuple(audio["channels"]), RATE)
        spool = AgeSpool(media, Recipients([str(identity.to_public())]), byte_order="little")
        spool.begin(sidecar.with_suffix(".tar"))
        spool.write([wav.payload])
        spool.close()
        sidecar.with_suffix(".wav").unlink()
        audio |= {"format": "age", "recipients": [str(identity.to_public())]}
        audio["files"][0]["name"] = sidecar.with_suffix(".tar").name
        sidecar.write_text(json.dumps(content))
        return key

    return encrypt
