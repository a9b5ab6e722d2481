"""Makes files of a recording elsewhere: in another format, of a part of the call, of encrypted audio."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from audiohook_fw.audio import Samples

from ..age import Identities
from ..document import Document, MapEntry
from ..files import claim
from ..formats import suffix
from ..product import digested
from ..settings import Wanted
from ..timeline import CUT_CAUSES, Timeline, cut, pieces_without_gaps, spread
from ..writing import write_audio
from .checks import Silence
from .finding import Found
from .output import Advance
from .places import PlaceError
from .sound import EXACT, call_length, guarded_blocks
from .texts import as_time

__all__ = ["Part", "export"]

_PLAIN: Final = re.compile(r"[0-9A-Za-z_-]{1,40}")


_OF_FILES: Final = {"pauses", "map", "call_samples", "recipients"}
"""What a sidecar says of the old files only."""


@dataclass(frozen=True, slots=True)
class Part:
    """What is wanted of a call, in seconds of call time; to its end without `end`."""

    start: float = 0.0
    end: float | None = None

    @property
    def whole(self) -> bool:
        """Whether it is all of it."""
        return self == Part()


def export(
    found: Found,
    into: Path,
    wanted: Wanted,
    part: Part,
    advance: Advance,
    *,
    identities: Identities | None = None,
) -> Document:
    """Write the files and a sidecar to a directory; return what the sidecar says.

    What is there is never replaced. After an error there is nothing new.

    Raises:
        PlaceError: when it cannot be done; says why.
        AgeError: no key opens it. RecordedAudioError: its audio is damaged.
        OSError: when a file cannot be read or written.
    """
    document = found.recording
    if document.state == "recording" and found.place.runs(document):
        raise PlaceError(f"{found.name}: the call is not over yet")
    pieces = _pieces(found, wanted, part)
    made = _described(found, wanted, None if part.whole and wanted.pauses == "silence" else pieces)
    sidecar = into / f"{found.stem}.json"
    targets = [into / file.name for file in made.audio.files]
    for path in (sidecar, *targets):
        if os.path.lexists(path):
            raise PlaceError(f"{path} is there already: name another directory, or remove it")
    advance.expect(document.audio.samples, found.stem)
    with found.place.audio(found.name, document) as directory:
        audio = _advancing(guarded_blocks(directory, document, identities), advance)
        read = cut(_call_time(audio, found, wanted), pieces, only_silence=False)
        written = write_audio(into, made.audio.files, made.audio, wanted.format, read)
    try:
        if written.samples != made.audio.samples:
            raise PlaceError(
                f"{found.name}: its audio gives {written.samples} samples, where the sidecar speaks of "
                f"{made.audio.samples}; recordings verify tells more"
            )
        made = digested(into, made)
        claim(sidecar, made.text())
    except BaseException:
        for path in targets:
            path.unlink(missing_ok=True)
        raise
    return made


def _pieces(found: Found, wanted: Wanted, part: Part) -> list[MapEntry]:
    """Return what is to be in the files, at its places in the call."""
    document = found.recording
    rate, length = document.audio.rate, call_length(document)
    start = round(part.start * rate)
    end = length if part.end is None else min(length, round(part.end * rate))
    if start and start >= length:
        ended = as_time(length / rate, tenths=True)
        raise PlaceError(f"{found.name}: the call ends at {ended}, before --from")
    pieces: list[MapEntry] = []
    file = 0
    for piece in pieces_without_gaps(document.gaps if wanted.pauses == "cut" else [], length):
        first, last = max(start, piece.call), min(end, piece.call + piece.length)
        if last > first:
            pieces.append(MapEntry(file=file, call=first, length=last - first))
            file += last - first
    return pieces


def _described(found: Found, wanted: Wanted, pieces: Sequence[MapEntry] | None) -> Document:
    """Return the new sidecar.

    Args:
        pieces: what the files hold, when their time is not call time.
    """
    document = found.recording
    audio = document.audio
    length = call_length(document)
    content = document.model_dump(exclude_unset=True, exclude={"owner", "leftovers"})
    told = {name: content["audio"][name] for name in content["audio"].keys() - _OF_FILES}
    told |= {"format": wanted.format, "files": _files(found.stem, audio.channels, wanted), "samples": length}
    if pieces is not None:
        map_ = [piece.model_dump() for piece in pieces]
        samples = sum(piece.length for piece in pieces)
        told |= {"samples": samples, "pauses": "cut", "map": map_, "call_samples": length}
    return Document.model_validate({**content, "audio": told})


def _files(stem: str, channels: Sequence[str], wanted: Wanted) -> list[dict[str, Any]]:
    ending = suffix(wanted.format)
    if not wanted.per_channel:
        return [{"name": stem + ending, "channels": list(channels)}]
    names = [name if _PLAIN.fullmatch(name) else str(number) for number, name in enumerate(channels, 1)]
    return [
        {"name": f"{stem}-{name}{ending}", "channels": [channel]}
        for name, channel in zip(names, channels, strict=True)
    ]


def _call_time(read: Iterator[Samples], found: Found, wanted: Wanted) -> Iterator[Samples]:
    """Give the audio in call time. Raises `PlaceError` when there is sound in what is to be cut out."""
    document = found.recording
    audio = document.audio
    cuts = wanted.pauses == "cut" and audio.format in EXACT
    silence = Silence([gap for gap in document.gaps if cuts and gap.cause in CUT_CAUSES])
    if audio.map is not None:
        read = spread(read, Timeline.of(audio), channels=len(audio.channels))
    position = 0
    for block in read:
        silence.add(position, block)
        if silence.found:
            raise PlaceError(f"{found.name}: {silence.found}: it is not cut out")
        position += len(block)
        yield block


def _advancing(read: Iterator[Samples], advance: Advance) -> Iterator[Samples]:
    for block in read:
        yield block
        advance(len(block))
