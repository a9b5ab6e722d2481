"""Tells other plugins of finished recordings: from any thread, and waiting for nobody."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from pathlib import Path
from typing import Final

from audiohook_fw import RecordingFinished, ServerContext

from .document import AudioFile, Document

__all__ = ["Announcer", "id_of", "recording_finished"]

_STEM: Final = 150  # characters; an id has 200


class Announcer:
    """Announces in the event loop that it is made in.

    Without a server nobody hears.
    """

    def __init__(self, server: ServerContext | None = None) -> None:
        self._server = server
        self._loop = asyncio.get_running_loop() if server is not None else None

    @property
    def is_heard(self) -> bool:
        """Whether a plugin wants to know of finished recordings."""
        return self._server is not None and self._server.is_heard(RecordingFinished)

    def tell(self, event: RecordingFinished, told: Callable[[bool], None]) -> None:
        """Announce a recording, once; for any thread.

        Args:
            told: gets whether all have taken it: at once or later, in any thread; never, when the event loop
                ends before.
        """
        if self._server is None or self._loop is None:
            told(True)
            return
        announcing = self._server.announce(event)
        try:
            future = asyncio.run_coroutine_threadsafe(announcing, self._loop)
        except RuntimeError:  # the loop is closed
            announcing.close()
            told(False)
            return
        future.add_done_callback(lambda future: told(_is_taken(future)))


def recording_finished(
    document: Document, directory: Path, stem: str, urls: Sequence[str]
) -> RecordingFinished:
    """Return what is announced of a recording that is over; blocks on the disk.

    Args:
        document: its sidecar, and stem: the sidecar's. directory: where the files are, as long as they are.
        urls: of the files of audio, and of the sidecar. One file is told as itself, several as the sidecar.
    """
    audio = document.audio
    single = audio.files[0] if len(audio.files) == 1 else None
    sizes = [_size(directory, file) for file in audio.files]
    return RecordingFinished(
        id=id_of(document, stem),
        session_id=document.session_id,
        conversation_id=document.conversation_id,
        organization_id=document.organization_id or "",
        url=urls[-1] if single is None else urls[0],
        state="complete" if document.state == "complete" else "interrupted",
        format=audio.format,
        rate=audio.rate,
        channels=len(audio.channels),
        samples=audio.samples,
        size=None if None in sizes else sum(size or 0 for size in sizes),
        sha256="" if single is None else single.sha256 or "",
    )


def id_of(document: Document, stem: str) -> str:
    """Return what names a recording among all, however often it is looked at, and wherever it goes.

    The time is part of it, because a session id may be used again, once the recording is gone from here.
    """
    return f"{stem[:_STEM]}@{document.started_at.isoformat()}"


def _size(directory: Path, file: AudioFile) -> int | None:
    """Return the bytes of a file; only one that was made after the call has them in its sidecar."""
    try:
        return (directory / file.name).stat().st_size if file.size is None else file.size
    except OSError:
        return None


def _is_taken(future: Future[bool]) -> bool:
    return not future.cancelled() and future.exception() is None and future.result()
