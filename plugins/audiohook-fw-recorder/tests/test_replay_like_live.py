"""What plugins emit in a call of a real server they emit in its replay, too."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest
from audiohook_fw_recorder import Recorder, RecorderSettings
from audiohook_fw_recorder.commands import make_replay
from typer.testing import CliRunner

from audiohook_fw import Event, Session, hookimpl
from audiohook_fw.testing import CallAudio, ServerThread, play_call

EXAMPLES = Path(__file__).resolve().parents[3] / "examples"
SHIFTS = """\
from audiohook_fw import Event, PluginInfo, SessionHandler, hookimpl


class Shift(Event, event_type="shifts.shift"):
    what: str
    position: int
    length: int = 0
    detail: str = ""


class Shifts(SessionHandler):
    def __init__(self, session):
        self.emit = session.emit
        self.audio = 0

    def on_audio(self, frame):
        self.audio += int(frame.samples.astype(int).sum()) % 1009
        if frame.gap_before:
            self.emit(Shift(what="audio", position=frame.position, length=frame.gap_before))

    async def on_pause(self, origin, position):
        self.emit(Shift(what="pause", position=position, detail=origin))

    def on_resume(self, gap):
        self.emit(Shift(what="resume", position=gap.start, length=gap.length))

    def on_discarded(self, gap):
        self.emit(Shift(what="discarded", position=gap.start, length=gap.length))

    def on_update(self, update, position):
        self.emit(Shift(what="update", position=position, detail=update.language or ""))

    def on_close(self, reason):
        self.emit(Shift(what="close", position=self.audio, detail=reason))


info = PluginInfo(emits=(Shift,))


@hookimpl
def create_handler(session):
    return Shifts(session)
"""


class Witness:
    """Keeps what all emit."""

    def __init__(self) -> None:
        self.events: list[Event] = []

    @hookimpl
    def on_event(self, event: Event) -> None:
        self.events.append(event)


class Holder:
    """Holds the stream for a while, as a policy does."""

    @hookimpl
    async def on_opened(self, session: Session) -> None:
        await asyncio.sleep(0.1)
        with session.pause("a test"):
            await asyncio.sleep(0.1)


@pytest.fixture
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Two examples, and one that tells of all else."""
    for name in ("third_party_plugin", "first_plugin"):
        monkeypatch.syspath_prepend(EXAMPLES / name)
    (tmp_path / "shifts.py").write_text(SHIFTS)
    return {
        "talk_ratio": "talk_ratio=acme_talk_ratio:TalkRatio",
        "silence": "silence=audiohook_fw_silence:SilencePlugin",
        "shifts": str(tmp_path / "shifts.py"),
    }


@pytest.mark.parametrize("frame_ms", [200.0, 20.0])
def test_plugins_emit_what_they_emitted_live(
    plugins: dict[str, str], tmp_path: Path, frame_ms: float, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = tmp_path / "calls"
    witness = Witness()
    with ServerThread(
        *plugins.values(), Holder(), Recorder, witness, settings={"recorder": {"directory": str(calls)}}
    ) as server:
        report = play_call(
            server,
            "pause@2, resume@3.5, update@4=de-DE, discard@5+1.25, pause@7, resume@7.5",
            audio=CallAudio.conversation().first(9),
            frame_ms=frame_ms,
            speed=4,
        )
    assert (report.closing, report.problem) == ("closed", None)
    live = [(event.event_type, event.model_dump(mode="json")) for event in witness.events]
    whats = [data["what"] for type_, data in live if type_ == "shifts.shift"]
    assert {"audio", "pause", "resume", "discarded", "update", "close"} == set(whats)
    assert whats.count("pause") >= 3

    monkeypatch.setenv("PYTHONPATH", f"{EXAMPLES / 'third_party_plugin'}:{EXAMPLES / 'first_plugin'}")
    names = [word for name in plugins.values() for word in ("-p", name)]
    arguments = [str(calls), *names, "--json", "--frame-ms", str(frame_ms)]
    result = CliRunner().invoke(make_replay(RecorderSettings(directory=calls)), arguments)
    assert result.exit_code == 0, result.output
    (replayed,) = json.loads(result.stdout)
    assert replayed["faults"] == []
    found = [(event["type"], event["data"]) for event in replayed["events"]]
    for type_ in ("acme.talk_ratio", "silence.measured", "shifts.shift"):
        assert [data for t, data in found if t == type_] == [data for t, data in live if t == type_]
    assert len(found) == len(live)
