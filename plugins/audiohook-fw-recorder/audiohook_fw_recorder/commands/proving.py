"""Whether a recording holds audio of pauses: found by reading all of it that is there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

import numpy as np

from audiohook_fw import AudiohookError
from audiohook_fw.audio import Samples

from ..age import Identities, NoKeyError
from ..age_spool import stored_segments
from ..document import Document
from .again import until_it_stands
from .finding import Found
from .output import Advance, said
from .pauses import SecurePause, UnclearError, secure_pauses
from .places import MissingError, opened
from .sound import EXACT, pieces

__all__ = ["Finding", "Proof", "Proved", "Verdict", "prove"]

LOSSY_EDGE: Final = 0.5
"""Seconds at both ends of a pause into which a lossy format smears what is beside it: Opus lets the loudest
noise die away within 0.35 s, and begins 0.05 s early."""
LOSSY_NOISE: Final = 32
"""The loudest sample (-60 dBFS) that a lossy format makes of silence."""
_NEVER: Final = 1 << 62
"""No call is as long."""


class Verdict(StrEnum):
    """What was found of a pause."""

    NO_AUDIO = "no_audio"
    AUDIO_FOUND = "audio_found"
    ENCRYPTED = "encrypted"
    """Not checked: its audio is encrypted, and no key opens it; the list of its segments proves nothing."""
    NOT_HERE = "not_here"
    """Not checked: the audio is not where its sidecar is."""
    UNREADABLE = "unreadable"
    """Not checked: the audio cannot be read, or says too little."""


class Proof(StrEnum):
    """How it is known that there is no audio."""

    SILENT = "silent"
    """Each sample of the pause was read, and all are silent."""
    ABSENT = "absent"
    """The files have nothing of that time: the pause was cut out of them, or is of no part that they hold."""
    SEGMENTS = "segments"
    """No encrypted segment holds a moment of the pause."""
    EMPTY = "empty"
    """The pause took no call time, so the files have no place for it."""
    NONE = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found of one pause; `found_at` is call time, in samples."""

    pause: SecurePause
    verdict: Verdict
    proof: Proof = Proof.NONE
    found_at: int | None = None


@dataclass(frozen=True, slots=True)
class Proved:
    """What was found of one recording.

    Attributes:
        findings: of each pause. problem: why its pauses are not known, or its audio not checked.
    """

    found: Found
    findings: tuple[Finding, ...] = ()
    problem: str = ""


def prove(found: Found, identities: Identities | None, advance: Advance) -> Proved | None:
    """Look for audio in the pauses of a recording; nothing when it is gone by the end."""
    return until_it_stands(
        found, lambda found: _prove(found, identities, advance), lambda proved: bool(proved.problem)
    )


def _prove(found: Found, identities: Identities | None, advance: Advance) -> Proved:
    document = found.document
    if document is None:
        return Proved(found, problem=found.problem)
    try:
        pauses = secure_pauses(document)
    except UnclearError as error:
        return Proved(found, problem=f"{found.name}: {error}")
    if not pauses:
        return Proved(found)
    try:
        with found.place.audio(found.name, document) as directory:
            findings = _look_into(directory, document, pauses, identities, advance)
    except MissingError as error:
        return Proved(found, _all(pauses, Verdict.NOT_HERE), str(error))
    except (OSError, AudiohookError) as error:
        return Proved(found, _all(pauses, Verdict.UNREADABLE), said(error))
    return Proved(found, findings)


def _look_into(
    directory: Path,
    document: Document,
    pauses: Sequence[SecurePause],
    identities: Identities | None,
    advance: Advance,
) -> tuple[Finding, ...]:
    if document.audio.format == "age":
        if identities is None:
            return _by_segments(directory, document, pauses)
        try:
            return _by_samples(directory, document, pauses, identities, advance)
        except NoKeyError:
            return _by_segments(directory, document, pauses)
    return _by_samples(directory, document, pauses, None, advance)


def _by_samples(
    directory: Path,
    document: Document,
    pauses: Sequence[SecurePause],
    identities: Identities | None,
    advance: Advance,
) -> tuple[Finding, ...]:
    is_exact = document.audio.format in EXACT
    edge = 0 if is_exact else round(LOSSY_EDGE * document.audio.rate)
    listening = _Listening(pauses, edge, 0 if is_exact else LOSSY_NOISE)
    for start, samples in pieces(directory, document, identities):
        listening.add(start, samples)
        advance(len(samples))
    return listening.findings()


def _by_segments(directory: Path, document: Document, pauses: Sequence[SecurePause]) -> tuple[Finding, ...]:
    """Judge by the names of the segments, which say what call time they hold."""
    touched: set[int] = set()
    for file in document.audio.files:
        with opened(directory / file.name) as content:
            for segment in stored_segments(content, file.name):
                touched |= {
                    index
                    for index, pause in enumerate(pauses)
                    if pause.start < segment.end and _end(pause) > segment.start
                }
    return tuple(
        Finding(pause, Verdict.ENCRYPTED)
        if index in touched
        else Finding(pause, Verdict.NO_AUDIO, Proof.SEGMENTS if pause.length else Proof.EMPTY)
        for index, pause in enumerate(pauses)
    )


def _all(pauses: Sequence[SecurePause], verdict: Verdict) -> tuple[Finding, ...]:
    return tuple(Finding(pause, verdict) for pause in pauses)


@dataclass(slots=True)
class _Heard:
    """What was heard in one pause, up to its end: how many samples there were, and the first loud one."""

    pause: SecurePause
    end: int
    samples: int = 0
    judged: int = 0
    loud: int | None = None


@dataclass(slots=True)
class _Listening:
    """Listens to the audio as it goes by, in order of call time.

    Attributes:
        pauses: in order of their beginning. edge: samples at both ends that tell nothing. noise: the loudest
            sample of silence.
    """

    pauses: Sequence[SecurePause]
    edge: int
    noise: int
    _heard: list[_Heard] = field(default_factory=list)
    _first: int = 0

    def __post_init__(self) -> None:
        self._heard = [_Heard(pause, _end(pause)) for pause in self.pauses]

    def add(self, start: int, samples: Samples) -> None:
        """Listen to audio that begins at that call time."""
        end = start + len(samples)
        while self._first < len(self._heard) and self._heard[self._first].end <= start:
            self._first += 1
        for heard in self._heard[self._first :]:
            if heard.pause.start >= end:
                break
            heard.samples += _overlap(heard.pause.start, heard.end, start, end)
            if heard.pause.is_open:
                heard.pause = replace(heard.pause, end=max(heard.pause.end, end))
            begin, stop = heard.pause.start + self.edge, heard.end - self.edge
            if not _overlap(begin, stop, start, end):
                continue
            part = samples[max(0, begin - start) : stop - start]
            heard.judged += len(part)
            if heard.loud is None and (loud := self._loud(part)) is not None:
                heard.loud = max(begin, start) + loud

    def findings(self) -> tuple[Finding, ...]:
        """Return what was found."""
        return tuple(self._finding(heard) for heard in self._heard)

    def _loud(self, part: Samples) -> int | None:
        if self.noise:
            loud = (np.abs(part.astype(np.int32)) > self.noise).any(axis=1)
        elif not part.any():  # nearly always
            return None
        else:
            loud = part.any(axis=1)
        found = np.flatnonzero(loud)
        return int(found[0]) if len(found) else None

    def _finding(self, heard: _Heard) -> Finding:
        if heard.loud is not None:
            return Finding(heard.pause, Verdict.AUDIO_FOUND, found_at=heard.loud)
        if not heard.samples:
            proof = Proof.ABSENT if heard.pause.length else Proof.EMPTY
            return Finding(heard.pause, Verdict.NO_AUDIO, proof)
        if not heard.judged:  # a lossy format, and the pause is all edges
            return Finding(heard.pause, Verdict.UNREADABLE)
        return Finding(heard.pause, Verdict.NO_AUDIO, Proof.SILENT)


def _end(pause: SecurePause) -> int:
    """Return where a pause ends at last: of one that is open, the files may hold more than is told."""
    return _NEVER if pause.is_open else pause.end


def _overlap(start: int, end: int, other_start: int, other_end: int) -> int:
    return max(0, min(end, other_end) - max(start, other_start))
