"""A WAV file that grows with the call and can be played at any moment.

Each write appends the audio first and corrects the sizes in the header second. So, from the moment
the constructor returns, the file is a complete WAV whose sizes never claim audio that is not there.
A `streaming` one says "to the end of the file" instead, until it is closed: half the system calls.

* After SIGKILL, a crash or a full disk it holds every write that returned. Of a write that did not
  return it may hold bytes that the header does not count yet; players ignore them.
* After a power loss it holds what the kernel had written out; `sync` forces that.
* All sizes are corrected by one write of less than 60 bytes at the start of the file, which the
  kernel does not interrupt for a signal.
"""

from __future__ import annotations

import errno
import os
import struct
import threading
from pathlib import Path
from types import TracebackType
from typing import Final, Self

import numpy as np

from audiohook_fw.protocol import MediaFormat

from .codec import ByteOrder
from .g711 import ULAW_SILENCE
from .silencing import silenced
from .wav_format import TAG_PCM, TAG_ULAW, WavError

__all__ = ["WavWriter", "wav_bytes"]

_PIECE: Final = 65_536  # bytes of silence written at once
_COPIED: Final = 1 << 20  # bytes copied at once
_MAX_SIZE: Final = 0xFFFF_FFFF  # RIFF sizes are 32 bits; as a size itself it says "to the end of the file"
_SIZE: Final = struct.Struct("<I")


class WavWriter:
    """Writes one WAV file: µ-law for PCMU (with a `fact` chunk), 16-bit PCM for L16.

    Every method blocks on the disk: call it from a worker thread, one thread at a time.

    Args:
        path: the file; its directory must exist.
        media: format, rate and number of channels. Channel names have no place in a WAV.
        byte_order: of the L16 bytes given to `write`; the file is always little-endian.
        overwrite: replace an existing file instead of refusing it.
        mode: permissions of a new file. Recordings are personal data: the owner only, by default.
        streaming: write the sizes only at the end. Until `finish` or `close` the header says, as that of a
            stream does, that the audio goes to the end of the file; `read_wav`, libsndfile and FFmpeg read
            all of it, and say at most that it was broken off.

    Raises:
        FileExistsError: when the file exists and `overwrite` is not set.
        OSError: when the file cannot be made or written.
    """

    __slots__ = ("_data_bytes", "_fd", "_header", "_mode", "_streaming", "_swap", "media", "path")

    def __init__(
        self,
        path: str | os.PathLike[str],
        media: MediaFormat,
        *,
        byte_order: ByteOrder = "little",
        overwrite: bool = False,
        mode: int = 0o600,
        streaming: bool = False,
    ) -> None:
        self.path: Final = Path(path)
        self.media: Final = media
        self._swap: Final = media.sample_width == 2 and byte_order == "big"
        self._mode: Final = mode
        self._streaming = streaming
        self._data_bytes = 0
        self._header: Final = _Header(media)
        header = self._header.of(None if streaming else 0)
        self._fd = _create(self.path, header, overwrite=overwrite, mode=mode)

    @property
    def samples(self) -> int:
        """Samples per channel written so far."""
        return self._data_bytes // self.media.frame_width

    @property
    def closed(self) -> bool:
        """Whether `close` was called."""
        return self._fd < 0

    def write(self, payload: bytes) -> None:
        """Append a payload of any length; when it returns, a killed process loses none of it.

        After an `OSError` (a full disk) nothing of this payload counts, and it may be written again.

        Raises:
            ValueError: when the payload is not whole samples for all channels, or the file is closed.
            WavError: when the file would pass the 4 GiB that RIFF sizes can say (74 hours of a stereo
                PCMU call). Nothing of the payload is written: close the file and begin another.
            OSError: when the disk refuses.
        """
        self.media.samples(len(payload))
        self._append(_swapped(payload) if self._swap else payload)

    def write_silence(self, samples: int) -> None:
        """Append `samples` of silence per channel, in pieces of at most 64 kB.

        Raises the errors of `write`; the pieces written before an error stay in the file.
        """
        if samples < 0:
            raise ValueError(f"cannot write {samples} samples of silence")
        left = samples * self.media.frame_width
        self._check_room(left)
        zero = ULAW_SILENCE if self.media.format == "PCMU" else b"\0"
        piece = zero * min(left, _PIECE - _PIECE % self.media.frame_width)
        while left > 0:
            self._append(piece[:left])
            left -= len(piece)

    def silence(self, channel: int, start: int, end: int) -> None:
        """Overwrite what was written of one channel, from one sample to before another, with silence.

        When it returns, a killed process leaves silence there. After an `OSError` it may be done in part,
        and can be done again. What is not written yet is not touched.

        Args:
            channel: its place in `media.channels`.

        Raises:
            ValueError: when there is no such channel, or the file is closed.
            OSError: when the disk refuses.
        """
        fd, width = self._open_fd(), self.media.frame_width
        start, end = max(0, start), min(end, self.samples)
        most = _COPIED // width
        for first in range(start, end, most):
            count, at = min(most, end - first), self._header.size + first * width
            piece = os.pread(fd, count * width, at)
            if len(piece) < count * width:
                raise OSError(errno.EIO, os.strerror(errno.EIO), str(self.path))
            _write_at(fd, silenced(piece, self.media, channel, 0, count), at)

    def sync(self) -> None:
        """Wait until everything written is on the disk, so that it survives a power loss."""
        os.fsync(self._open_fd())

    def is_in_place(self) -> bool:
        """Tell whether the file is still there under its name.

        Raises:
            OSError: when that cannot be told.
        """
        here = os.fstat(self._open_fd())
        try:
            there = os.stat(self.path)
        except (FileNotFoundError, NotADirectoryError):
            return False
        return (here.st_dev, here.st_ino) == (there.st_dev, there.st_ino)

    def restore(self) -> None:
        """Write the file anew under its name: somebody took it away, but what is open still has it all.

        Raises:
            FileExistsError: the name has another file now.
            OSError: when the disk refuses; this writer goes on with the file that it has, and nothing of the
                new one is left.
        """
        old = self._open_fd()
        new = _create(self.path, self._header.of(None), overwrite=False, mode=self._mode)
        try:
            at, end = self._header.size, self._header.size + self._data_bytes
            while at < end:
                piece = os.pread(old, min(_COPIED, end - at), at)
                if not piece:
                    raise OSError(errno.EIO, os.strerror(errno.EIO), str(self.path))
                _write_at(new, piece, at)
                at += len(piece)
            if not self._streaming:
                self._write_sizes(new)
        except BaseException:
            os.close(new)
            self.path.unlink(missing_ok=True)
            raise
        self._fd = new
        os.close(old)

    def finish(self) -> None:
        """Write the sizes of a `streaming` file, which is none any more from now on; else do nothing.

        Raises:
            OSError: when the disk refuses; it may be tried again.
        """
        if self._streaming:
            self._write_sizes(self._open_fd())
            self._streaming = False

    def close(self) -> None:
        """Finish and close the file; further calls do nothing.

        Raises:
            OSError: when the sizes of a `streaming` file cannot be written; it is closed all the same.
        """
        if self._fd < 0:
            return
        try:
            self.finish()
        finally:
            fd, self._fd = self._fd, -1
            os.close(fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _append(self, data: bytes) -> None:
        fd = self._open_fd()
        self._check_room(len(data))
        if self._streaming:
            _write_at(fd, data, self._header.size + self._data_bytes)
            self._data_bytes += len(data)
            return
        total = self._data_bytes + len(data)
        # Chunks have even lengths: an odd one gets a pad byte, which the next write replaces.
        pad = b"\0" if total % 2 else b""
        _write_at(fd, data + pad if pad else data, self._header.size + self._data_bytes)
        _write_at(fd, self._header.of(total), 0)
        self._data_bytes = total

    def _write_sizes(self, fd: int) -> None:
        if self._data_bytes % 2:
            _write_at(fd, b"\0", self._header.size + self._data_bytes)
        _write_at(fd, self._header.of(self._data_bytes), 0)

    def _check_room(self, more: int) -> None:
        if self._header.size + self._data_bytes + more + 1 > _MAX_SIZE:
            raise WavError(str(self.path), "a WAV file ends at 4 GiB: close it and begin another")

    def _open_fd(self) -> int:
        if self._fd < 0:
            raise ValueError(f"{self.path} is closed")
        return self._fd


def wav_bytes(payload: bytes, media: MediaFormat, *, byte_order: ByteOrder = "little") -> bytes:
    """Return a whole WAV in memory: what `WavWriter` makes of that payload.

    Args:
        byte_order: of L16 bytes; those of the WAV are little-endian.

    Raises:
        ValueError: when the payload is not whole samples for all channels.
        WavError: when it passes the 4 GiB that RIFF sizes can say.
    """
    media.samples(len(payload))
    header = _Header(media)
    if header.size + len(payload) + 1 > _MAX_SIZE:
        raise WavError("WAV data", "a WAV file ends at 4 GiB: split the audio")
    if media.sample_width == 2 and byte_order == "big":
        payload = _swapped(payload)
    return b"".join((header.of(len(payload)), payload, b"\0" * (len(payload) % 2)))


def _swapped(payload: bytes) -> bytes:
    return np.frombuffer(payload, np.uint16).byteswap().tobytes()


def _create(path: Path, header: bytes, *, overwrite: bool, mode: int) -> int:
    """Return a new file that holds the header. Under its name it is never seen without."""
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC
    part = path.with_name(f".{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    descriptor = os.open(part, flags | os.O_TRUNC, mode)
    try:
        _write_at(descriptor, header, 0)
        if overwrite:
            part.replace(path)
        else:
            _link(part, path)
    except BaseException:
        os.close(descriptor)
        raise
    finally:
        part.unlink(missing_ok=True)
    return descriptor


def _link(part: Path, path: Path) -> None:
    """Give a file its name, unless that is taken: a rename would replace what is there."""
    try:
        os.link(part, path)
    except FileExistsError:
        raise
    except OSError:  # a file system without hard links: as near to it as there is
        if path.exists():
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(path)) from None
        part.replace(path)


class _Header:
    """Everything before the audio; only its sizes change."""

    __slots__ = ("_bytes", "_frame_width", "_samples_at", "size")

    def __init__(self, media: MediaFormat) -> None:
        channels, rate, width = len(media.channels), media.rate, media.frame_width
        ulaw = media.format == "PCMU"
        tag = TAG_ULAW if ulaw else TAG_PCM
        fmt = struct.pack("<HHIIHH", tag, channels, rate, rate * width, width, media.sample_width * 8)
        fact = b""
        if ulaw:  # a format other than PCM has the length of its extension, and says its samples in `fact`
            fmt += b"\0\0"
            fact = struct.pack("<4sII", b"fact", 4, 0)
        head = struct.pack("<4sI4s4sI", b"RIFF", 0, b"WAVE", b"fmt ", len(fmt)) + fmt + fact
        self._bytes = bytearray(head + struct.pack("<4sI", b"data", 0))
        self._frame_width = width
        self._samples_at = len(head) - 4 if ulaw else 0
        self.size: Final = len(self._bytes)

    def of(self, data_bytes: int | None) -> bytes:
        """Return the header of a file with so many bytes of audio, or of one that goes to its end."""
        header = self._bytes
        if data_bytes is None:
            for at in (4, self._samples_at, self.size - 4):
                if at:
                    _SIZE.pack_into(header, at, _MAX_SIZE)
            return bytes(header)
        padded = data_bytes + data_bytes % 2
        _SIZE.pack_into(header, 4, self.size - 8 + padded)
        if self._samples_at:
            _SIZE.pack_into(header, self._samples_at, data_bytes // self._frame_width)
        _SIZE.pack_into(header, self.size - 4, data_bytes)
        return bytes(header)


def _write_at(fd: int, data: bytes, offset: int) -> None:
    written = os.pwrite(fd, data, offset)
    while written < len(data):  # a write may be cut short when the disk fills up
        written += os.pwrite(fd, memoryview(data)[written:], offset + written)
