"""The formats of audio files: how each is opened and made. FLAC and Opus need soundfile (libsndfile)."""

from __future__ import annotations

import io
import os
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Literal, Protocol, Self, cast, get_args

import numpy as np

from audiohook_fw import AudiohookError, MediaFormat
from audiohook_fw.audio import Samples, WavError, WavReader, WavWriter, encode

from .errors import FileError

__all__ = [
    "AudioReader",
    "AudioWriter",
    "FileFormat",
    "FormatMissingError",
    "RecordedAudioError",
    "create_audio",
    "open_audio",
    "require",
    "suffix",
]

FileFormat = Literal["wav", "pcm16", "flac", "opus"]
"""`wav`: as the call came, µ-law or PCM16. `pcm16`: WAV with 16 bits. `opus`: in Ogg, the only lossy one."""

_LIBRARY: Final = {"flac": ("FLAC", "PCM_16"), "opus": ("OGG", "OPUS")}


class RecordedAudioError(FileError, ValueError):
    """The audio of a recording cannot be used; says which file, and what is wrong with it."""


class FormatMissingError(AudiohookError):
    """A format needs a library that is not here; says which."""


class AudioReader(Protocol):
    """An open file of audio."""

    @property
    def channels(self) -> int:
        """Their number."""
        ...

    @property
    def rate(self) -> int:
        """Samples per second and channel."""
        ...

    def read(self, samples: int) -> Samples:
        """Return the next samples, int16 of shape `(n, channels)`; fewer at the end, then none."""
        ...

    def close(self) -> None:
        """Close the file."""
        ...


class AudioWriter(Protocol):
    """A file of audio that is made. It is whole, and on the disk, when the `with` block has ended well."""

    def write(self, samples: Samples) -> None:
        """Append int16 samples of shape `(n, channels)`."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


def require(format_: str) -> None:
    """See that a format can be read and written here.

    Raises:
        FormatMissingError: says what to install.
    """
    if format_ in _LIBRARY:
        container, coding = _LIBRARY[format_]
        if coding not in _soundfile(format_).available_subtypes(container):
            raise FormatMissingError(f"the libsndfile that is installed here knows no {format_}: update it")


def suffix(format_: FileFormat) -> str:
    """Return how the names of files of that format end."""
    return {"wav": ".wav", "pcm16": ".wav", "flac": ".flac", "opus": ".opus"}[format_]


def open_audio(path: Path, format_: str) -> AudioReader:
    """Open a file of audio for reading (blocking).

    Raises:
        RecordedAudioError: it is damaged, or of another kind. OSError: it cannot be read.
        FormatMissingError: see `require`.
    """
    if format_ in ("wav", "pcm16"):
        try:
            return WavReader(path)
        except WavError as error:
            raise RecordedAudioError(path.name, error.problem) from None
    if format_ in _LIBRARY:
        return _LibraryReader(path, format_)
    known = ", ".join(get_args(FileFormat))
    raise RecordedAudioError(path.name, f"files of the format {format_!r} are not read here: {known} are")


def create_audio(path: Path, format_: FileFormat, media: MediaFormat) -> AudioWriter:
    """Make a file of audio, for its owner only; one that is there is replaced (blocking).

    Args:
        media: as the call came, but for the channels, which are the file's.

    Raises:
        RecordedAudioError: the format does not take such audio. OSError: the disk refuses.
        FormatMissingError: see `require`.
    """
    if format_ in _LIBRARY:
        return _LibraryWriter(path, format_, media)
    stored = media if format_ == "wav" else MediaFormat("L16", media.channels, media.rate)
    return _WavFile(path, stored)


class _WavFile:
    def __init__(self, path: Path, media: MediaFormat) -> None:
        self._media = media
        self._wav = WavWriter(path, media, overwrite=True)

    def write(self, samples: Samples) -> None:
        try:
            self._wav.write(encode(samples, self._media))
        except WavError as error:  # more than a WAV holds
            raise RecordedAudioError(self._wav.path.name, error.problem) from None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            if error is None:
                self._wav.sync()
        finally:
            self._wav.close()


class _LibraryReader:
    def __init__(self, path: Path, format_: str) -> None:
        self._name = path.name
        self._raw = path.open("rb")
        try:
            self._file = _told(self._name, "read", lambda: _soundfile(format_).SoundFile(self._raw))
        except BaseException:
            self._raw.close()
            raise
        found = (self._file.format, self._file.subtype)
        if found != _LIBRARY[format_]:
            self.close()
            raise RecordedAudioError(self._name, f"it holds {' '.join(found)}, where {format_} is expected")
        self._lossy = format_ == "opus"
        self.channels: Final = int(self._file.channels)
        self.rate: Final = int(self._file.samplerate)

    def read(self, samples: int) -> Samples:
        # As int16, libsndfile would turn over what Opus made louder than that, which is a bang.
        kind = "float32" if self._lossy else "int16"
        read = _told(self._name, "read", lambda: self._file.read(samples, dtype=kind, always_2d=True))
        if self._lossy:
            read = np.clip(np.rint(read * 32768.0), -32768, 32767).astype(np.int16)
        return cast("Samples", read)

    def close(self) -> None:
        self._file.close()
        self._raw.close()


class _LibraryWriter:
    def __init__(self, path: Path, format_: str, media: MediaFormat) -> None:
        container, coding = _LIBRARY[format_]
        self._name = path.name
        library = _soundfile(format_)
        self._disk = _Disk(path)
        try:
            self._file = _told(
                self._name,
                f"written as {format_} at {media.rate} Hz",
                lambda: library.SoundFile(
                    self._disk, "w", media.rate, len(media.channels), coding, format=container
                ),
            )
            self._disk.check()
        except BaseException:
            self._disk.close()
            raise

    def write(self, samples: Samples) -> None:
        try:
            _told(self._name, "written", lambda: self._file.write(samples))
        except (RecordedAudioError, AssertionError):  # soundfile asserts that all was written
            self._disk.check()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            _told(self._name, "written", self._file.close)
            if error is None:
                self._disk.check()
                self._disk.sync()
        finally:
            self._disk.close()


class _Disk:
    """The file that libsndfile writes. It passes no errors of the disk on, so they are kept here."""

    def __init__(self, path: Path) -> None:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
        self._file = io.FileIO(descriptor, "r+")
        self._error: OSError | None = None

    def check(self) -> None:
        if self._error is not None:
            raise self._error

    def write(self, data: bytes) -> int:
        written = 0
        try:
            while self._error is None and written < len(data):
                written += self._file.write(memoryview(data)[written:])
        except OSError as error:
            self._error = error
        return written

    def readinto(self, buffer: Any) -> int:
        return self._file.readinto(buffer) or 0

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        return self._file.seek(offset, whence)

    def tell(self) -> int:
        return self._file.tell()

    def sync(self) -> None:
        os.fsync(self._file.fileno())

    def close(self) -> None:
        self._file.close()


def _soundfile(format_: str) -> Any:
    try:
        return import_module("soundfile")
    except (ImportError, OSError) as error:  # OSError: it is here, and libsndfile is not
        raise FormatMissingError(
            f"the format {format_} needs soundfile ({error}): pip install 'audiohook-fw-recorder[formats]'"
        ) from None


def _told(name: str, doing: str, call: Callable[[], Any]) -> Any:
    """Call libsndfile; what it says is wrong is said of that file."""
    try:
        return call()
    except RuntimeError as error:  # LibsndfileError, of a library that may not be here
        said = getattr(error, "error_string", None)
        if said is None:
            raise
        raise RecordedAudioError(name, f"it cannot be {doing}: {said.rstrip('.')}") from None
