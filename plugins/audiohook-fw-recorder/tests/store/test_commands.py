"""The commands over a real S3 server, and over one that fails."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder import RecorderSettings
from audiohook_fw_recorder.commands import make_app
from audiohook_fw_recorder.commands.bucket import Bucket
from audiohook_fw_recorder.commands.finding import Kind, select
from audiohook_fw_recorder.commands.places import PlaceError
from audiohook_fw_recorder.digest import Digest
from audiohook_fw_recorder.store import Store
from audiohook_fw_recorder.store_settings import StoreSettings
from typer.testing import CliRunner

from audiohook_fw import Commands, MediaFormat
from audiohook_fw.audio import WavWriter, read_wav

CONVERSATION = "c0000000-0000-4000-8000-000000000001"
STEREO = ["external", "internal"]


@pytest.fixture
def run(any_section: Callable[..., dict[str, Any]], tmp_path: Path) -> Callable[..., Any]:
    """Put a recording into the store, and run commands over it."""
    section = any_section()
    store = Store(StoreSettings.model_validate(section))
    noise = np.random.default_rng(1).integers(0, 0x7F, 160_000, np.uint8).tobytes()
    with WavWriter(tmp_path / "a.wav", MediaFormat("PCMU", tuple(STEREO))) as wav:
        wav.write(noise)
    digest = Digest.of(tmp_path / "a.wav")
    file = {"name": "a.wav", "channels": STEREO, "size": digest.size, "sha256": digest.sha256}
    audio = {"format": "wav", "encoding": "PCMU", "rate": 8000, "channels": STEREO, "samples": 80_000}
    sidecar = {
        "format": "audiohook-recording/1",
        "session_id": "a",
        "conversation_id": CONVERSATION,
        "started_at": "2026-01-02T03:04:05+00:00",
        "state": "complete",
        "audio": {**audio, "files": [file]},
        "events": [],
        "gaps": [],
    }
    content = json.dumps(sidecar).encode()
    assert store.put(store.key(CONVERSATION, "a.wav"), tmp_path / "a.wav", digest)
    assert store.put(store.key(CONVERSATION, "a.json"), content, Digest.of(content))
    settings = RecorderSettings.model_validate({"directory": tmp_path / "none", "store": section})

    def run_command(*arguments: object) -> Any:
        return CliRunner().invoke(
            make_app(settings, Commands("recorder")), [str(argument) for argument in arguments]
        )

    return run_command


def test_a_recording_in_the_store_is_listed_checked_and_exported(
    run: Callable[..., Any], tmp_path: Path
) -> None:
    (item,) = json.loads(run("list", CONVERSATION, "--json").stdout)
    assert (item["name"], item["bytes"], item["seconds"]) == ("a", 160_058, 10.0)
    result = run("verify")
    assert (result.exit_code, result.stdout) == (0, "1 recording: 1 whole, 0 not\n")
    assert "█" in run("info", "a").stdout
    assert run("export", "a", "--into", tmp_path / "out").exit_code == 0
    assert np.array_equal(read_wav(tmp_path / "out" / "a.wav").samples, read_wav(tmp_path / "a.wav").samples)


def test_a_store_that_fails_meanwhile_is_no_proof_that_all_is_whole(
    section: Callable[..., dict[str, Any]], proxy: Any
) -> None:
    store = Store(StoreSettings.model_validate(section()))
    assert store.put(store.key(CONVERSATION, "a.json"), b"{}", Digest.of(b"{}"))
    whole, of_id = select([], lambda: [Bucket(store)]), select([CONVERSATION], lambda: [Bucket(store)])
    proxy.fault = 403
    (found,) = whole
    assert found.kind is Kind.DAMAGED
    assert f"a.json: {store.url} does not give it: permission" in found.problem
    with pytest.raises(PlaceError, match="there is no recording of"):
        list(of_id)
    with pytest.raises(PlaceError, match=r"cannot be listed \(permission\): check the keys"):
        list(select([], lambda: [Bucket(store)]))


def test_what_could_not_be_searched_is_said(
    section: Callable[..., dict[str, Any]], proxy: Any, capsys: pytest.CaptureFixture[str]
) -> None:
    store = Store(StoreSettings.model_validate(section()))
    assert store.put(store.key(CONVERSATION, "a.json"), b"{}", Digest.of(b"{}"))
    selection = select(["other"], lambda: [Bucket(store)])
    proxy.fault = 403
    with pytest.raises(PlaceError, match="there is no recording of other"):
        list(selection)
    assert "does not give it: permission; it is not searched" in capsys.readouterr().err
