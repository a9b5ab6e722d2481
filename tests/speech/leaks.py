"""A server with everything, all that it wrote and said, and where personal data is found in that."""

from __future__ import annotations

import io
import json
import logging
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from audiohook_fw.audio import ULAW_SILENCE
from audiohook_fw.telemetry import setup_logging

from .meaning import Told, TracedServer, Witness, play_out
from .seeded import Search
from .truth import MEDIA
from .written import in_json

PATIENCE: dict[str, Any] = {"flush_timeout": 8.5, "max_backlog": 300.0}
SPEED = 6.0
REDACT = "redact"


@dataclass
class House:
    """A server with everything, and all it wrote and said."""

    directory: Path
    recognition: Any
    is_redacting: bool = True
    others: Sequence[object] = ()
    detector: str = "silero"
    witness: Witness = field(default_factory=Witness)
    log: io.StringIO = field(default_factory=io.StringIO)
    pages: list[str] = field(default_factory=list)
    spans: list[str] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """Where the sessions are."""
        return self.directory / "sessions.sqlite"

    def conversation(self, told: Told) -> Path:
        """Return where a call's conversation is as JSON."""
        return self.directory / "transcripts" / f"{told.session}.transcript.json"

    def play(self, calls: Sequence[Any], *, speed: float = SPEED) -> list[Told]:
        """Play calls to the server at the same time, and stop it; then everything is written."""
        sections: dict[str, Mapping[str, object]] = {
            "vad": {"engine": self.detector},
            **({REDACT: {}} if self.is_redacting else {}),
            "sentiment": {"timeout": 30.0},
            "sessions": {
                "url": f"sqlite:///{self.database}",
                "journal": str(self.directory / "journal"),
            },
            "recorder": {"directory": str(self.directory)},
            "transcripts": {"directory": str(self.directory / "transcripts"), "save_seconds": 0.5},
        }
        plugins = (*self.others, self.witness, self.recognition, *sections)
        with _logging(self.log), TracedServer(*plugins, settings=sections) as server, self._watched(server):
            told = play_out(server, calls, speed=speed)
            self._read_files("while the server ran: ")
        self.spans += [span.to_json() for span in server.spans.get_finished_spans()]
        self._read_files("")
        return told

    @contextmanager
    def _watched(self, server: TracedServer) -> Iterator[None]:
        """Look at the server's pages all the while."""
        over = threading.Event()

        def watch() -> None:
            while not over.wait(0.5):
                self.pages += _pages(server)

        watcher = threading.Thread(target=watch)
        watcher.start()
        try:
            yield
            self.pages += _pages(server)
        finally:
            over.set()
            watcher.join()

    def _read_files(self, name: str) -> None:
        for path in self.directory.rglob("*"):
            with suppress(IsADirectoryError, FileNotFoundError):  # it may have got its name by now
                self.files[f"{name}{path.relative_to(self.directory)}"] = path.read_bytes()


@contextmanager
def _logging(stream: io.StringIO) -> Iterator[None]:
    """Log as a server does that is to say all: JSON, from `debug` on."""
    root = logging.getLogger()
    before, level = list(root.handlers), root.level
    setup_logging("debug", "json", stream=stream)
    try:
        yield
    finally:
        root.handlers[:] = before
        root.setLevel(level)


def _pages(server: TracedServer) -> Iterator[str]:
    for page in ("metrics", "admin/status", "admin/plugins", "admin/sessions", "admin/hooks", "health/ready"):
        request = urllib.request.Request(
            f"{server.admin_url}/{page}", headers={"Authorization": f"Bearer {server.admin_token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                yield answer.read().decode()
        except urllib.error.HTTPError as error:  # 503, as somebody is not well, and says why
            yield error.read().decode()


def silenced(told: Told, sidecar: Mapping[str, Any]) -> bytes:
    """Return what a recording must hold: what was sent, and silence where the sidecar says so."""
    expected = np.frombuffer(told.report.expected_recording(), np.uint8).reshape(-1, 2).copy()
    for one in sidecar.get("redactions", ()):
        column = MEDIA.channels.index(one["channel"])
        expected[one["start"] : one["start"] + one["length"], column] = ULAW_SILENCE[0]
    return expected.tobytes()


FILES = {"sessions.sqlite": "database", "journal": "database", ".transcript.": "transcripts"}
"""By a part of their names; of others the place is the whole name, and nothing may ever be there."""


@dataclass
class Leaky:
    """What was said, and where it was looked for."""

    house: House
    calls: list[Told]
    search: Search

    def leaks(self) -> dict[str, list[str]]:
        """Return what is found in which place; nothing, if all is well."""
        return {place: found for place, found in self._places() if found}

    def _places(self) -> Iterator[tuple[str, list[str]]]:
        house = self.house
        for name, content in sorted(house.files.items()):
            place = next((place for part, place in FILES.items() if part in name), name)
            yield place, self.search.anywhere(content)
        noted = [event for told in self.calls for event in house.witness.events(told.session)]
        messages = [message for told in self.calls for message in told.messages]
        contents = {
            "log": house.log.getvalue(),
            "spans": "\n".join(house.spans),
            "pages": "\n".join(house.pages),
            "genesys": json.dumps(messages),
            "plugins": "\n".join(event.model_dump_json() for event in noted),
        }
        for place, text in contents.items():
            yield place, self.search.anywhere(text)
        told_words = [
            (told.session, side, text) for told in self.calls for _, side, _, text in told.transcripts()
        ]
        yield "told to Genesys, word for word", self._in_words(told_words)
        written = [
            (told.session, one.channel, one.text)
            for told in self.calls
            for one in in_json(house.conversation(told))
        ]
        yield "written, word for word", self._in_words(written)

    def _in_words(self, texts: Sequence[tuple[str, str, str]]) -> list[str]:
        """Look into each text, and into all that a side said, one after the other."""
        sides: dict[tuple[str, str], list[str]] = {}
        for session, side, text in texts:
            sides.setdefault((session, side), []).append(text)
        joined = [" ".join(said) for said in sides.values()]
        every = [*joined, *(text for *_, text in texts)]
        return [part for text in every for part in self.search.in_words(text)]
