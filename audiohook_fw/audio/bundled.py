"""The conversation that comes with the package: for the demo, the simulator and tests.

A customer (external) and an agent (internal), spoken by computer voices. How it was made, and whose
voices they are, is in docs/explanation/demo-audio.md. It has a card number and an order number in
it, for plugins that transcribe or redact. Neither is real.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from importlib.resources import files
from typing import Any, Final

from audiohook_fw.protocol import MediaFormat

from .wav_reader import WavAudio, parse_wav

__all__ = ["CONVERSATION_MEDIA", "Utterance", "conversation", "conversation_script"]

CONVERSATION_MEDIA: Final = MediaFormat("PCMU", ("external", "internal"), 8000)
"""The format of the conversation: its payload can be sent as it is."""


@dataclass(frozen=True, slots=True)
class Utterance:
    """What one party says without stopping.

    Attributes:
        channel: `external` (the customer) or `internal` (the agent).
        start: first sample, counted from the beginning of the conversation.
        length: samples.
        text: the words, numbers written as they are spoken; not in `repr`, as with a real call.
    """

    channel: str
    start: int
    length: int
    text: str = field(repr=False)

    @property
    def end(self) -> int:
        """The sample right after the last."""
        return self.start + self.length


def conversation() -> WavAudio:
    """Return the bundled call: about 45 s of stereo µ-law at 8,000 Hz (see `CONVERSATION_MEDIA`)."""
    return parse_wav(_data("conversation.wav"), "conversation.wav")


def conversation_script() -> tuple[Utterance, ...]:
    """Return what is said in the bundled call, by start; two utterances may overlap."""
    content: dict[str, Any] = json.loads(_data("conversation.json"))
    return tuple(Utterance(**utterance) for utterance in content["utterances"])


def _data(name: str) -> bytes:
    return (files(__package__ or __name__) / "data" / name).read_bytes()
