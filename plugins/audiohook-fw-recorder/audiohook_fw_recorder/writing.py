"""Writes audio to files of any format, one for all channels or one for each."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from audiohook_fw import MediaFormat
from audiohook_fw.audio import Samples

from .document import AudioFile, RecordedAudio
from .files import TEMPORARY
from .formats import FileFormat, create_audio

__all__ = ["Written", "write_audio"]


@dataclass(slots=True)
class Written:
    """Length and digest of the audio that was written, to compare it with what is read again."""

    samples: int
    digest: bytes


def write_audio(
    directory: Path,
    files: Sequence[AudioFile],
    audio: RecordedAudio,
    format_: FileFormat,
    read: Iterable[Samples],
) -> Written:
    """Write audio, in the order of `audio.channels`, to new files: under another name until all is there.

    Files of these names are replaced. After an error there are no new ones.

    Raises:
        RecordedAudioError, FormatMissingError, OSError: as `make_product`; and what `read` raises.
    """
    temporary = [directory / (file.name + TEMPORARY) for file in files]
    digest = hashlib.sha256()
    samples = 0
    try:
        with ExitStack() as stack:
            writers = []
            for path, file in zip(temporary, files, strict=True):
                media = MediaFormat(audio.encoding, tuple(file.channels), audio.rate)
                order = [audio.channels.index(channel) for channel in file.channels]
                writers.append((stack.enter_context(create_audio(path, format_, media)), order))
            for block in read:
                digest.update(block.tobytes())
                samples += len(block)
                for writer, order in writers:
                    whole = order == list(range(block.shape[1]))
                    writer.write(block if whole else np.ascontiguousarray(block[:, order]))
        for path, file in zip(temporary, files, strict=True):
            path.replace(directory / file.name)
    finally:
        for path in temporary:
            path.unlink(missing_ok=True)
    return Written(samples, digest.digest())
