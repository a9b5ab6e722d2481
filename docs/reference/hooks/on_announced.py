"""Keep a list of the recordings that are finished, each once, and announce one more on demand."""

from __future__ import annotations

from pathlib import Path

from audiohook_fw import Event, PluginInfo, RecordingFinished, ServerContext, hookimpl

LIST = Path("recordings.txt")

info = PluginInfo(summary="Lists finished recordings", consumes=(RecordingFinished,))


@hookimpl
def on_announced(event: Event) -> None:
    """Add the recording, unless it is there: an announcement may come twice."""
    if isinstance(event, RecordingFinished):
        known = LIST.read_text().splitlines() if LIST.exists() else []
        if event.id not in known:
            LIST.write_text("\n".join([*known, event.id, ""]))


async def announce(server: ServerContext, recording: RecordingFinished) -> bool:
    """Tell all plugins of a recording; on `False` try again later, also after a crash."""
    return await server.announce(recording)
