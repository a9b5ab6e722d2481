"""The kinds of plugins that can be begun with, as data; what they are made of is in `templates`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Final

__all__ = ["KINDS", "Kind", "KindName"]


class KindName(StrEnum):
    """What the plugin is to be."""

    MINIMAL = "minimal"
    POLICY = "policy"
    STORAGE = "storage"
    ASR = "asr"
    ANALYSIS = "analysis"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind.

    Attributes:
        summary: what the plugin does as generated, in a line.
        dependencies: requirements beside `audiohook-fw`.
    """

    summary: str
    dependencies: tuple[str, ...] = ("pydantic>=2.10,<3",)


KINDS: Final[dict[KindName, Kind]] = {
    KindName.MINIMAL: Kind("Counts the audio of each call"),
    KindName.POLICY: Kind("Serves some organizations and numbers only"),
    KindName.STORAGE: Kind("Stores calls as WAV files"),
    KindName.ASR: Kind("Recognizes speech", ("numpy>=1.26", "pydantic>=2.10,<3")),
    KindName.ANALYSIS: Kind("Finds phrases in transcripts"),
}
