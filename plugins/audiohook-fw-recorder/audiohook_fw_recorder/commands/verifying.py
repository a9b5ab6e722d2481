"""What is wrong with a recording, found by reading all of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from audiohook_fw import AudiohookError
from audiohook_fw.audio import WavError, WavReader

from ..age import Identities
from ..document import Document
from ..sidecar import LOST
from .again import until_it_stands
from .checks import Silence, check_archive, check_bytes, check_sidecar
from .finding import Found, Kind
from .output import Advance, said
from .sound import EXACT, pieces

__all__ = ["Verdict", "Verified", "verify"]


class Verdict(StrEnum):
    """What a recording is worth."""

    OK = "ok"
    BAD = "bad"
    UNREAD = "unread"
    """Nothing is wrong with what can be seen, but its audio is encrypted, and there is no key."""
    RUNNING = "running"
    """A process is at work on it; it is not looked into."""
    FOREIGN = "foreign"


@dataclass(frozen=True, slots=True)
class Verified:
    """What was found.

    Attributes:
        problems: what is wrong. notes: what could not be looked at.
        unhashed: whether there is no checksum of a file, as of those that stay as the call was written.
    """

    found: Found
    verdict: Verdict
    problems: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    unhashed: bool = False

    @property
    def lost(self) -> float:
        """Seconds of the call that the server lost, and says so: the recording is whole without them."""
        document = self.found.document
        if document is None:
            return 0.0
        return sum(gap.length for gap in document.gaps if gap.cause == LOST) / document.audio.rate

    @property
    def audible(self) -> float:
        """Seconds in which something was redacted that can still be heard, as the sidecar says."""
        document = self.found.document
        if document is None:
            return 0.0
        return sum(entry.length for entry in document.redactions if entry.audible) / document.audio.rate


def verify(found: Found, identities: Identities | None, advance: Advance) -> Verified | None:
    """Read a recording, and tell what is wrong with it; nothing when it is gone by the end."""
    return until_it_stands(
        found,
        lambda found: _verify(found, identities, advance),
        lambda verified: verified.verdict is Verdict.BAD,
    )


def _verify(found: Found, identities: Identities | None, advance: Advance) -> Verified:
    document = found.document
    if document is None:
        verdict = Verdict.FOREIGN if found.kind is Kind.FOREIGN else Verdict.BAD
        return Verified(found, verdict, (found.problem,))
    used = found.place.runs(document)
    if used and document.state == "recording":
        return Verified(found, Verdict.RUNNING)
    problems = list(check_sidecar(document))
    unhashed = [file.name for file in document.audio.files if file.sha256 is None]
    verdict = Verdict.OK
    notes = [f"there is no checksum of {name}" for name in unhashed]
    notes += [
        f"something was redacted at {entry.start} on {entry.channel}, and can be heard ({entry.kind})"
        for entry in document.redactions
        if entry.audible
    ]
    try:
        with found.place.audio(found.name, document) as directory:
            problems += _check_files(directory, document, advance)
            if not problems and document.audio.format == "age" and identities is None:
                verdict = Verdict.UNREAD
                notes.append("its audio was not read: it is encrypted")
            elif not problems:
                problems += _check_audio(directory, document, identities, advance)
    except (OSError, AudiohookError) as error:
        problems.append(said(error))
    if not used and (document.owner is not None or document.state == "recording"):
        problems.append("its server is gone and had not finished it; a server that starts does")
    if problems:
        verdict = Verdict.BAD
    return Verified(found, verdict, tuple(problems), tuple(notes), bool(unhashed))


def _check_files(directory: Path, document: Document, advance: Advance) -> Iterator[str]:
    good = True
    for file in document.audio.files:
        for problem in check_bytes(directory, file, advance):
            good = False
            yield problem
        if good and document.audio.format in ("wav", "pcm16"):
            yield from _check_header(directory, file.name)
        elif good and document.audio.format == "age":
            yield from check_archive(directory, file.name, document.audio.samples)


def _check_header(directory: Path, name: str) -> Iterator[str]:
    try:
        with WavReader(directory / name) as reader:
            if reader.truncated:
                yield f"{name}: its end is missing, or its header was not completed"
    except WavError as error:
        yield f"{name}: {error.problem}"


def _check_audio(
    directory: Path, document: Document, identities: Identities | None, advance: Advance
) -> Iterator[str]:
    audio = document.audio
    silences = [Silence(document.gaps), *Silence.redacted(document)] if audio.format in EXACT else []
    count = 0
    for start, samples in pieces(directory, document, identities):
        count += len(samples)
        for silence in silences:
            silence.add(start, samples)
        advance(samples.size)
    if document.state == "recording":  # a sidecar that is behind, as it is while a call goes on
        return
    if count != audio.samples:
        yield f"its audio has {count} samples, where the sidecar speaks of {audio.samples}"
    else:
        yield from (silence.found for silence in silences if silence.found)
