"""The format of recordings is documented: each field has its row, and the least that is told is replayed."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from audiohook_fw_recorder import Recorder
from audiohook_fw_recorder.commands.recorded import recorded_call, steps
from audiohook_fw_recorder.commands.sound import pieces
from audiohook_fw_recorder.document import (
    AudioFile,
    Document,
    GapEntry,
    MapEntry,
    RecordedAudio,
    RedactionEntry,
)

from audiohook_fw import MediaFormat
from audiohook_fw.audio import WavWriter, encode, read_wav
from audiohook_fw.replay import replay
from audiohook_fw.testing import CallDriver

PAGE = (Path(__file__).resolve().parents[3] / "docs/reference/recordings.md").read_text(encoding="utf-8")
IN_TEXT = {"audio", "events", "gaps", "redactions"}
TROUBLES = {"errors"}
STEREO = MediaFormat("PCMU", ("external", "internal"))


@pytest.fixture
def least(tmp_path: Path) -> Path:
    """The example of the page, with its audio."""
    (text,) = re.findall(r"^<!-- replayed -->\n\n```json\n(.*?)^```$", PAGE, re.M | re.S)
    sidecar = tmp_path / "call.json"
    sidecar.write_text(text)
    noise = np.random.default_rng(1).integers(-9000, 9000, (24_000, 2), np.int16)
    with WavWriter(tmp_path / "call.wav", STEREO) as wav:
        wav.write(encode(noise, STEREO))
    return sidecar


def rows(heading: str) -> set[str]:
    part = PAGE.partition(f"\n{heading}\n")[2].partition("\n## ")[0]
    return set(re.findall(r"^\| `(\w+)` \|", part, re.M))


def test_the_least_is_replayed(least: Path, tmp_path: Path) -> None:
    document = Document.read(least)
    sound = pieces(tmp_path, document, None)
    settings = {"recorder": {"directory": str(tmp_path / "again")}}
    replayed = replay(recorded_call(document), steps(document, sound), ["recorder"], settings=settings)
    assert replayed.summary is not None
    assert (replayed.summary.position, replayed.summary.audio) == (24_000, 24_000)
    again = read_wav(tmp_path / "again" / f"{document.session_id}.wav")
    assert np.array_equal(again.samples, read_wav(tmp_path / "call.wav").samples)


def test_less_is_refused(least: Path) -> None:
    content = json.loads(least.read_text())
    for whole in (content, content["audio"]):
        for name in list(whole):
            kept = whole.pop(name)
            with pytest.raises(ValueError, match=name):
                Document.parse(json.dumps(content).encode(), "call.json")
            whole[name] = kept
    Document.parse(json.dumps(content).encode(), "call.json")


def test_each_field_has_its_row() -> None:
    models: dict[str, Any] = {
        "## The call": Document,
        "## The audio": RecordedAudio,
        "Each of `files`:": AudioFile,
        "## What happened": GapEntry,
        "## What was redacted": RedactionEntry,
    }
    for heading, model in models.items():
        assert model.model_fields.keys() - IN_TEXT - TROUBLES <= rows(heading), heading
    assert MapEntry.model_fields.keys() <= rows("## The audio")
    assert rows("## Totals and troubles") >= TROUBLES


def test_what_the_recorder_writes_has_its_row(tmp_path: Path) -> None:
    with CallDriver(Recorder, settings={"directory": str(tmp_path)}) as call:
        call.open()
        call.audio(seconds=1)
        call.pause(1, by="server")
        call.discard(1)
        call.update(language="de")
        call.close()
    (sidecar,) = tmp_path.glob("*.json")
    content = json.loads(sidecar.read_text())
    written = {*content, *content["audio"], *content["audio"]["files"][0], *content["gaps"][0]}
    written |= {name for event in content["events"] for name in event}
    assert len(written) > 30
    everywhere = set[str]().union(*(rows(heading) for heading in re.findall(r"^## .+$", PAGE, re.M)))
    assert written - IN_TEXT <= everywhere
    assert {f"`{name}`" for name in content["totals"]} <= set(re.findall(r"`\w+`", PAGE))
