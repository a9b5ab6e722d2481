"""Write one line per call, in a thread; what goes wrong is logged, never lost in silence."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from audiohook_fw import AudiohookError, Session, SessionSummary, Stash, StashKey, hookimpl


class Settings(BaseModel):
    """The section `[plugins.on_end]`."""

    model_config = ConfigDict(extra="forbid")

    file: Path = Path("calls.jsonl")


NOTES = StashKey[dict[str, str]]()


class DiskError(AudiohookError):
    """Raised when the line cannot be written."""


def append(file: Path, line: str) -> None:
    """Write a line; blocks."""
    try:
        with file.open("a", encoding="utf-8") as out:
            out.write(line + "\n")
    except OSError as error:
        raise DiskError(f"cannot write: {error.strerror}") from error


@hookimpl
async def on_end(session: Session, summary: SessionSummary) -> None:
    """The last hook of the call: nobody waits for it, so this is the place for slow work."""
    stash: Stash = session.stash
    seconds = summary.audio / summary.rate
    facts = {"reason": summary.reason, "seconds": seconds, "notes": stash.get(NOTES, {})}
    await session.run_blocking(append, session.settings_for().file, json.dumps(facts))
