"""Nothing that comes in a pause of the client's is kept, held or forwarded: searched for everywhere.

A server with all plugins that store, hear or send gets calls of clients that send audio and keys in pauses of
each kind. Then every file, row, log line, span, metric, event, message and frame is searched for them. One
call more sends the same outside of a pause, and there the search finds it, in each of these places.
"""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyrage  # type: ignore[import-untyped]
import pytest
from audiohook_fw_recorder import RecorderSettings
from audiohook_fw_recorder.commands import make_app
from typer.testing import CliRunner

from audiohook_fw import Commands
from audiohook_fw.telemetry import setup_logging

from .acts import ACTS, SPEECH, outside_of_a_pause
from .house import House, places, play, recorded
from .marks import LIKE, Mark, find_sound


@pytest.fixture
def log() -> Iterator[io.StringIO]:
    """Log at debug level, as JSON, as a server does."""
    root = logging.getLogger()
    level, handlers = root.level, list(root.handlers)
    known = [logging.getLogger(name) for name in list(logging.root.manager.loggerDict)]
    levels = {logger: logger.level for logger in known}
    stream = io.StringIO()
    setup_logging("debug", "json", stream=stream)
    yield stream
    root.handlers[:] = handlers
    root.setLevel(level)
    for logger, before in levels.items():
        logger.setLevel(before)


@dataclass
class Kept:
    """How the recorder keeps calls: its settings, and the key that opens encrypted ones."""

    section: dict[str, Any]
    key: Path | None = None


@pytest.fixture(params=["plain", "encrypted", "store"])
def kept(request: pytest.FixtureRequest, tmp_path: Path) -> Kept:
    """Keep calls in one of these ways; in the store as FLAC for each channel, with pauses cut out."""
    if request.param == "plain":
        return Kept({})
    if request.param == "store":
        url = f"file://{tmp_path}/house/store"
        made = {"format": "flac", "per_channel": True, "pauses": "cut"}
        return Kept({**made, "store": {"url": url}})
    identity = pyrage.x25519.Identity.generate()
    key = tmp_path / "key.txt"
    key.write_text(f"{identity}\n")
    return Kept({"encryption": {"recipients": [str(identity.to_public())]}}, key)


def report(house: House, key: Path | None) -> tuple[int, list[dict[str, Any]]]:
    """Return status and result of the compliance report."""
    app = make_app(RecorderSettings.model_validate(house.recorder), Commands("recorder"))
    identity = [] if key is None else ["--identity", str(key)]
    result = CliRunner().invoke(app, ["compliance", "--json", *identity])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result.exit_code, json.loads(result.stdout)


@pytest.mark.timeout(300)
async def test_nothing_of_a_secure_pause_is_anywhere(kept: Kept, tmp_path: Path, log: io.StringIO) -> None:
    house = House(tmp_path / "house", kept.section, log)
    acts = await play(house, {act: Mark(number) for number, act in enumerate(ACTS)})
    everything = places(house, acts)
    for act in acts:
        found = {name: kinds for name, content in everything.items() if (kinds := act.mark.find(content))}
        assert found == {}, act
    audio = list(recorded(house, kept.key))
    for session, samples in audio:
        for act in acts:
            assert act.mark.find(samples.astype("<i2").tobytes()) == set(), (session, act)
            if session in {client.session for client in act.clients}:
                assert find_sound(act.mark, samples) < LIKE, act

    assert_all_plugins_worked(house, everything)
    frames, keys = (sum(act.sent[which] for act in acts) for which in (0, 1))
    text = everything["metrics"].decode()
    assert f'audiohook_pause_withheld_total{{what="audio"}} {float(frames)}' in text
    assert f'audiohook_pause_withheld_total{{what="dtmf"}} {float(keys)}' in text

    status, items = report(house, kept.key)
    assert status == 0
    sessions = {client.session for act in acts for client in act.clients}
    assert {session for session, _ in audio} == {item["session_id"] for item in items} == sessions
    pauses = [entry for item in items for entry in item["pauses"]]
    assert len(pauses) >= len(sessions)
    assert {entry["finding"] for entry in pauses} == {"no_audio"}
    assert {entry["origin"] for entry in pauses} <= {"client", "unknown"}


def assert_all_plugins_worked(house: House, everything: Mapping[str, bytes]) -> None:
    """Check that what may be heard was heard, so that there was something to search."""
    said = b"good morning"
    assert said in everything["events"]
    assert said in everything["messages"]
    assert said in everything["sessions.sqlite"] + everything.get("sessions.sqlite-wal", b"")
    assert any(name.startswith("transcripts/") and said in everything[name] for name in everything)
    types = {event.event_type for event in house.inline.events}
    assert {"transcript", "speech_started", "sentiment", "vad.conversation"} <= types
    for name in ("lane", "inline"):
        assert everything[name].count(SPEECH[3200:3300]) >= len(ACTS) - 4  # of those that speak first
    for name in ("log", "spans", "metrics", "admin"):  # at debug level, too
        assert said not in everything[name], name
    assert b"came in a pause that may be the client's own" in everything["log"]


@pytest.mark.timeout(300)
async def test_the_search_finds_what_came_outside_of_a_pause(
    kept: Kept, tmp_path: Path, log: io.StringIO
) -> None:
    house = House(tmp_path / "house", kept.section, log)
    mark = Mark(99)
    [act] = await play(house, {outside_of_a_pause: mark})
    found = {name: kinds for name, content in places(house, [act]).items() if (kinds := mark.find(content))}
    assert found["log"] == {"hex", "digits"}
    assert found["spans"] == {"hex", "digits"}
    assert found["metrics"] == {"digits"}
    assert found["messages"] == {"word"}
    assert found["lane"] >= {"raw", "digits"}
    assert found["inline"] >= {"raw", "digits"}
    assert found["engine"] == {"pcm"}
    assert found["events"] == {"hex", "digits", "word"}
    assert any(
        name.startswith("sessions.sqlite") and kinds >= {"word", "digits"} for name, kinds in found.items()
    )
    assert any(name.startswith("transcripts/") and kinds == {"word"} for name, kinds in found.items())
    if not kept.section:
        assert any(name.endswith(".wav") and "raw" in kinds for name, kinds in found.items())
    [(_, samples)] = recorded(house, kept.key)
    assert mark.find(samples.astype("<i2").tobytes()) == {"pcm"}
    assert find_sound(mark, samples) > 0.95
    assert act.sent == [4, 17]
    withheld = [
        line for line in house.metrics.render()[0].decode().splitlines() if "_withheld_total{" in line
    ]
    assert [line.rpartition(" ")[2] for line in withheld] == ["0.0", "0.0"]
    status, items = report(house, kept.key)
    assert status == 0
    assert [len(item["pauses"]) for item in items] == [2]
