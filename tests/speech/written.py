"""What became of a call: told to Genesys, and written by the plugins. Everything in seconds of call time."""

from __future__ import annotations

import json
import re
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from audiohook_fw.audio import Samples, read_wav
from audiohook_fw.protocol import parse_duration

from .chain import Chained
from .truth import RATE


@dataclass(frozen=True, slots=True, order=True)
class Said:
    """One utterance, wherever it is written; times in seconds of call time.

    Attributes:
        words: each with its start and length.
    """

    start: float
    channel: str
    length: float
    text: str
    id: str = ""
    words: tuple[tuple[str, float, float], ...] = ()


def told(chained: Chained) -> list[Said]:
    """Return what Genesys was told, in the order of messages."""
    said = []
    for way, message in chained.messages:
        if way == ">" or message["type"] != "event":
            continue
        [entity] = message["parameters"]["entities"]
        data = entity["data"]
        [alternative] = data["alternatives"]
        [reading] = alternative["interpretations"]
        words = tuple(
            (token["value"], _seconds(token["offset"]), _seconds(token["duration"]))
            for token in reading["tokens"]
        )
        assert data["isFinal"] is True
        said.append(
            Said(
                _seconds(data["offset"]),
                chained.media.channels[data["channelId"]],
                _seconds(data["duration"]),
                reading["transcript"],
                data["id"],
                words,
            )
        )
    return said


def in_json(path: Path) -> list[Said]:
    """Return what is in a conversation as JSON."""
    return [
        Said(
            one["start"],
            one["channel"],
            one["length"],
            one["text"],
            one["id"],
            tuple((word["text"], word["start"], word["length"]) for word in one["words"]),
        )
        for one in json.loads(path.read_bytes())["utterances"]
        if one["final"]
    ]


_CUE = re.compile(r"(\d+):(\d+):([\d.]+) --> (\d+):(\d+):([\d.]+)\n<v (\w+)>(.*)</v>")
_LINE = re.compile(r"(\d+):(\d+):([\d.]+) (\w+): (.*)")


def in_vtt(path: Path) -> list[Said]:
    """Return what is in a conversation as WebVTT."""
    said = []
    for match in _CUE.finditer(path.read_text(encoding="utf-8")):
        start, end = _clock(match.groups()[:3]), _clock(match.groups()[3:6])
        said.append(Said(start, match[7], end - start, match[8]))
    return said


def in_text(path: Path) -> list[Said]:
    """Return what is in a conversation as text, which tells no lengths."""
    lines = map(_LINE.fullmatch, path.read_text(encoding="utf-8").splitlines())
    return [Said(_clock(match.groups()[:3]), match[4], 0.0, match[5]) for match in lines if match]


def in_database(path: Path) -> list[Said]:
    """Return the transcripts in a database of sessions."""
    rows = query(path, "select start, channel, length, text, body from events where type = 'transcript'")
    said = []
    for start, channel, length, text, body in rows:
        content = json.loads(body)
        words = tuple(
            (word["text"], word["start"] / RATE, word["length"] / RATE) for word in content["words"]
        )
        said.append(Said(start / RATE, channel, length / RATE, text, content["id"], words))
    return said


def query(path: Path, statement: str) -> list[Any]:
    """Ask a database."""
    connection = sqlite3.connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


@dataclass(slots=True)
class Recorded:
    """A recording: its audio, and its sidecar."""

    samples: Samples
    sidecar: Mapping[str, Any]
    payload: bytes

    def heard(self, channel: str, start: int, end: int) -> Samples:
        """Return what is to be heard from `start` to `end`, without gaps of which the sidecar tells."""
        keep = np.ones(len(self.samples), dtype=bool)
        for gap in self.sidecar["gaps"]:
            keep[gap["start"] : gap["start"] + gap["length"]] = False
        [file] = self.sidecar["audio"]["files"]
        part = self.samples[start:end, file["channels"].index(channel)]
        heard: Samples = part[keep[start:end]]
        return heard


def recorded(directory: Path, session: str) -> Recorded:
    """Read a recording."""
    wav = read_wav(directory / f"{session}.wav")
    sidecar = json.loads((directory / f"{session}.json").read_bytes())
    return Recorded(wav.samples, sidecar, wav.payload)


def _seconds(duration: str) -> float:
    return parse_duration(duration).total_seconds()


def _clock(parts: Sequence[str]) -> float:
    hours, minutes, seconds = parts
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
