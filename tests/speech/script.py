"""What is said in the set: `calls.txt`, read into lines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .speakers import SPEAKERS

CALLS = Path(__file__).with_name("calls.txt")
CHANNELS = {"e": "external", "i": "internal"}


@dataclass(frozen=True, slots=True)
class Line:
    """One utterance to be spoken; `overlaps`: it begins while the other party still speaks."""

    channel: str
    voice: str
    text: str
    overlaps: bool = False


def read_calls(text: str) -> list[tuple[Line, ...]]:
    """Return the calls of a text in the form that `calls.txt` explains.

    Raises:
        ValueError: names the line that is not understood.
    """
    calls = []
    for block in _blocks(text.splitlines()):
        (number, names), *lines = block
        voices = dict(zip("ei", names.split(), strict=True))
        if not voices.keys() == CHANNELS.keys() or not set(voices.values()) <= SPEAKERS.keys():
            raise ValueError(f"line {number}: two voices of {sorted(SPEAKERS)} are needed, not {names!r}")
        calls.append(tuple(_line(number, line, voices) for number, line in lines))
    return calls


def _blocks(lines: Iterable[str]) -> list[list[tuple[int, str]]]:
    blocks: list[list[tuple[int, str]]] = [[]]
    for number, line in enumerate(lines, 1):
        if line.startswith("#"):
            continue
        if line.strip():
            blocks[-1].append((number, line.strip()))
        elif blocks[-1]:
            blocks.append([])
    return [block for block in blocks if block]


def _line(number: int, line: str, voices: dict[str, str]) -> Line:
    side, how, text = [*line.split(maxsplit=2), "", "", ""][:3]
    if side not in CHANNELS or how not in (".", "<") or not text:
        raise ValueError(f'line {number}: "e" or "i", then "." or "<", then the text, not {line!r}')
    return Line(CHANNELS[side], voices[side], text, overlaps=how == "<")
