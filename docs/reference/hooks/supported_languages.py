"""Name the languages that this plugin can transcribe."""

from __future__ import annotations

from collections.abc import Sequence

from audiohook_fw import ServerContext, hookimpl


@hookimpl
def supported_languages(server: ServerContext) -> Sequence[str]:
    """Transcription Connector shows them to whoever sets up the integration."""
    return ["en-US", "de-DE"]
