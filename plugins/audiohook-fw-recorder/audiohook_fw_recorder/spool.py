"""Where the audio of a running call goes: a WAV, or an archive of encrypted pieces (`age_spool`)."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final, Protocol, cast

from audiohook_fw import MediaFormat
from audiohook_fw.audio import ByteOrder, WavWriter

__all__ = ["Spool", "WavSpool"]


class Spool(Protocol):
    """One file of audio that grows; for one thread at a time, as everything in it blocks.

    Attributes:
        suffix: of its name. described: what the sidecar says of its format.
        rest: seconds between two writes, unless much waits: a piece of its own has its cost.
    """

    suffix: str
    described: Mapping[str, Any]
    rest: float

    @property
    def samples(self) -> int:
        """Call time up to which all is written."""
        ...

    def begin(self, path: Path) -> None:
        """Make the file.

        Raises:
            FileExistsError: there is one of that name. OSError: the disk refuses. There is no file then.
        """
        ...

    def write(self, pieces: list[bytes | int]) -> None:
        """Append audio (bytes) and silence (samples), taking away what is written.

        Raises:
            OSError: when the disk refuses; `pieces` is then what is not written.
        """
        ...

    def is_in_place(self) -> bool:
        """Tell whether the file is still there under its name."""
        ...

    def restore(self) -> None:
        """Write the file anew under its name: somebody took it away, but what is open still has it all.

        Raises:
            OSError: when the disk refuses, or the name has another file now; nothing is changed then.
        """
        ...

    def finish(self) -> None:
        """Make the file final; nothing more will come."""
        ...

    def close(self) -> None:
        """Close the file, if there is one."""
        ...


class WavSpool:
    """A WAV that can be read at any moment."""

    suffix = ".wav"
    described: Mapping[str, Any] = {"format": "wav"}
    rest = 0.0

    def __init__(self, media: MediaFormat, *, byte_order: ByteOrder) -> None:
        self._media: Final = media
        self._byte_order: ByteOrder = byte_order
        self._wav: WavWriter | None = None

    @property
    def samples(self) -> int:
        """How long the WAV is."""
        return self._opened.samples

    def begin(self, path: Path) -> None:
        """Make the WAV."""
        self._wav = WavWriter(path, self._media, byte_order=self._byte_order, streaming=True)

    def write(self, pieces: list[bytes | int]) -> None:
        """Append audio and silence, as `Spool` says."""
        wav = self._opened
        while pieces:
            if isinstance(pieces[0], int):
                before = wav.samples
                try:
                    wav.write_silence(pieces[0])
                except OSError:
                    pieces[0] -= wav.samples - before
                    raise
                del pieces[0]
            else:
                count = 0
                for piece in pieces:
                    if isinstance(piece, int):
                        break
                    count += 1
                wav.write(b"".join(cast("list[bytes]", pieces[:count])))
                del pieces[:count]

    def silence(self, channel: int, start: int, end: int) -> None:
        """Overwrite a stretch of one channel, as `WavWriter.silence` does."""
        self._opened.silence(channel, start, end)

    def is_in_place(self) -> bool:
        """Tell whether the WAV is still there."""
        return self._opened.is_in_place()

    def restore(self) -> None:
        """Write the WAV anew."""
        self._opened.restore()

    def finish(self) -> None:
        """Write the WAV's sizes."""
        self._opened.finish()

    def close(self) -> None:
        """Close the WAV."""
        if self._wav is not None:
            self._wav.close()

    @property
    def _opened(self) -> WavWriter:
        assert self._wav is not None
        return self._wav
