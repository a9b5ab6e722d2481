"""What becomes of a recording after its call: its audio in the files that are wanted.

Each step may be the last one before the process is killed, and is then done again. So, at any moment, the
sidecar names all files that there are: those that count in `audio`, the others in `leftovers`.
"""

from __future__ import annotations

import hashlib
import logging
import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from audiohook_fw.audio import Samples

from .document import AudioFile, Document, MapEntry, RecordedAudio
from .files import TEMPORARY
from .formats import RecordedAudioError, suffix
from .reading import blocks
from .settings import RecorderSettings, Wanted
from .timeline import cut, pieces_without_gaps
from .writing import Written, write_audio

__all__ = ["Wanted", "digested", "finish_locally", "make_product"]

logger = logging.getLogger(__name__)

_SPOOL: Final = ".wav"
_LOSSY: Final = "opus"


def make_product(directory: Path, document: Document, wanted: Wanted) -> Document:
    """Bring the recording of a call that is over into the files that are wanted (blocking, for long).

    Its sidecar is saved once the new files are whole, on the disk, and read again; only then the old ones
    are deleted. May be called again at any time, also after it was interrupted. What was made once
    stays, whatever is wanted later. A recording without audio stays a WAV.

    Returns:
        the new content of the sidecar, with size and SHA-256 of the files. Whoever has done all that is to be
        done saves it, without `owner`.

    Raises:
        RecordedAudioError: its audio is damaged, or does not fit. All stays as it was.
        FileNotFoundError: the sidecar, or its WAV, is gone: erased meanwhile. Nothing new is left.
        FormatMissingError: a library is missing. OSError: the disk refuses. Both may be tried again.
    """
    document = _without_leftovers(directory, document)
    pieces = pieces_without_gaps(document.gaps, document.audio.samples)
    samples = sum(piece.length for piece in pieces) if wanted.pauses == "cut" else document.audio.samples
    if not _is_spool(document.audio) or wanted.plain or not samples:
        known = all(file.sha256 for file in document.audio.files)
        return document if known else digested(directory, document)

    stem = document.audio.files[0].name.removesuffix(_SPOOL)
    sidecar = directory / f"{stem}.json"
    files = _new_files(stem, document.audio, wanted)
    begun = document.model_copy(update={"leftovers": [file.name for file in files]})
    _save(begun, sidecar)
    try:
        made = _made(directory, document, wanted, files, pieces)
        _save(made, sidecar)
    except (RecordedAudioError, FileNotFoundError):  # the latter: erased meanwhile
        _without_leftovers(directory, begun)
        raise
    _sync(sidecar)
    return _without_leftovers(directory, made)


def _made(
    directory: Path, document: Document, wanted: Wanted, files: list[AudioFile], pieces: list[MapEntry]
) -> Document:
    """Write the new files, see that they are right, and return the document that names them."""
    audio = document.audio
    more: dict[str, object] = {"format": wanted.format, "files": files}
    read = _whole(blocks(directory, document), audio)
    if wanted.pauses == "cut":
        more |= {"pauses": "cut", "map": pieces, "call_samples": audio.samples}
        read = _only(pieces, read, audio.files[0].name)
    written = write_audio(directory, files, audio, wanted.format, read)
    made = document.model_copy(
        update={
            "audio": audio.model_copy(update={**more, "samples": written.samples}),
            "leftovers": [file.name for file in audio.files],
        }
    )
    made = digested(directory, made)
    _compare(directory, made, written)
    return made


def finish_locally(directory: Path, document: Document, settings: RecorderSettings) -> Document:
    """Do `make_product`; a recording that cannot be brought into these files stays as it is, and says so.

    Raises:
        FormatMissingError, OSError: as `make_product`.
    """
    try:
        return make_product(directory, document, settings.wanted)
    except RecordedAudioError as error:
        logger.error("recording stays as it is: %s", error, extra={"session_id": document.session_id})
        errors = {**document.errors, "convert": document.errors.get("convert", 0) + 1}
        kept = document.model_copy(update={"errors": errors, "leftovers": []})
        return digested(directory, kept)


def digested(directory: Path, document: Document) -> Document:
    """Return the document with size and SHA-256 of its files (blocking). Raises OSError."""
    files = []
    for file in document.audio.files:
        with (directory / file.name).open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
            files.append(file.model_copy(update={"size": opened.tell(), "sha256": sha256}))
    audio = document.audio.model_copy(update={"files": files})
    return document.model_copy(update={"audio": audio})


def _save(document: Document, sidecar: Path) -> None:
    """Save a sidecar that is there; what was erased must not come back."""
    sidecar.stat()
    document.save(sidecar)


def _is_spool(audio: RecordedAudio) -> bool:
    """Tell whether these are the files of the call itself, in clear: nothing was made of them yet."""
    if len(audio.files) != 1 or audio.format != "wav" or audio.map is not None:
        return False
    return audio.files[0].sha256 is None and audio.files[0].name.endswith(_SPOOL)


def _new_files(stem: str, audio: RecordedAudio, wanted: Wanted) -> list[AudioFile]:
    """Name the files: never as that of the spool, so that both can be there."""
    ending = "-cut" if wanted.pauses == "cut" else ""
    ending += "-pcm16" if wanted.format == "pcm16" else ""
    ending += suffix(wanted.format)
    if not wanted.per_channel:
        return [AudioFile(name=stem + ending, channels=audio.channels)]
    return [AudioFile(name=f"{stem}-{channel}{ending}", channels=[channel]) for channel in audio.channels]


def _whole(read: Iterator[Samples], audio: RecordedAudio) -> Iterator[Samples]:
    found = 0
    for block in read:
        found += len(block)
        yield block
    if found != audio.samples:
        raise RecordedAudioError(
            audio.files[0].name, f"it holds {found} samples, where the sidecar speaks of {audio.samples}"
        )


def _only(pieces: Sequence[MapEntry], read: Iterator[Samples], name: str) -> Iterator[Samples]:
    try:
        yield from cut(read, pieces)
    except RecordedAudioError:
        raise
    except ValueError as error:
        raise RecordedAudioError(name, str(error)) from None


def _compare(directory: Path, made: Document, written: Written) -> None:
    """See that what is on the disk is what was written, as far as the format keeps it."""
    digest = hashlib.sha256()
    for block in blocks(directory, made):  # also sees that the length is right
        digest.update(block.tobytes())
    if made.audio.format != _LOSSY and digest.digest() != written.digest:
        raise RecordedAudioError(made.audio.files[0].name, "it does not hold what was written")


def _without_leftovers(directory: Path, document: Document) -> Document:
    """Delete what a step, done or interrupted, has left; only files that are named after this recording."""
    kept = {file.name for file in document.audio.files}
    for name in document.leftovers:
        if name.startswith(document.session_id.lower()):
            (directory / (name + TEMPORARY)).unlink(missing_ok=True)
            if name not in kept:
                (directory / name).unlink(missing_ok=True)
    return document.model_copy(update={"leftovers": []})


def _sync(sidecar: Path) -> None:
    """Have the sidecar, and the names in its directory, survive a power loss: the old files go next."""
    for path in (sidecar, sidecar.parent):
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
