"""`replay.md`: every public name of `audiohook_fw.replay`."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from typing import Final

from audiohook_fw import replay

from .markdown import code, table
from .source import find, first_line

__all__ = ["page"]

_HEAD: Final = """\
# Replay

Made from the source by `make docs`. `audiohook_fw.replay` plays recorded calls to plugins without a network,
for programs: the command `audiohook-fw replay` is made of it, see
[replay recordings](../how-to/replay-recordings.md). It changes only with a line in the changelog. Positions
and lengths are samples of call time."""

_SAID: Final = {
    "FRAME_MS": "Milliseconds of a frame, if nothing else is asked for: as long as Genesys' mostly are.",
    "Step": "One thing that happens in a call.",
}
"""What cannot be said in the source, because assignments have no docstring."""

_EXAMPLE: Final = """\
## Example

A second of silence to a plugin that counts frames:

<!-- run -->

```python
import numpy as np

from audiohook_fw import AudioFrame, MediaFormat, PluginInfo, Session, SpeechStarted, hookimpl
from audiohook_fw.replay import AudioStep, RecordedCall, replay


class Eager:
    info = PluginInfo(summary="Says of each frame that speech begins", emits=(SpeechStarted,))

    @hookimpl
    def on_audio(self, session: Session, frame: AudioFrame) -> None:
        session.emit(SpeechStarted(channel="external", start=frame.position))


call = RecordedCall("30b0e395-84d3-4570-ac13-9a62d8f514c0", MediaFormat("PCMU", ("external",)))
replayed = replay(call, [AudioStep(np.zeros((8000, 1), np.int16))], [Eager], settings={})
assert [emitted.position for emitted in replayed.emitted] == [1600, 3200, 4800, 6400, 8000]
```"""


def page() -> str:
    """Return the text of the page."""
    names = sorted(replay.__all__, key=str.lower)
    parts = [_HEAD, _EXAMPLE, "## Names", table(("name", "what it is"), [_row(name) for name in names])]
    for name in names:
        parts += _entry(name)
    return "\n\n".join(parts) + "\n"


def _row(name: str) -> tuple[str, str]:
    return f"[`{name}`](#{name.lower()})", _text(name)


def _text(name: str) -> str:
    definition = find("audiohook_fw.replay", name)
    text = _SAID.get(name) or first_line(definition.text)
    if not text:
        raise ValueError(f"{name} says nothing of itself: write a docstring in {definition.module}")
    return text


def _entry(name: str) -> Iterator[str]:
    definition = find("audiohook_fw.replay", name)
    yield f"### `{name}`"
    yield f"```text\n{definition.signature}\n```"
    yield _text(name)
    if isinstance(definition.node, ast.ClassDef):
        rows = [(code(member.signature), first_line(member.text)) for member in definition.members()]
        if rows:
            yield table(("member", "meaning"), rows)
