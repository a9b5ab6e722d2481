"""`Conversation`: what was said in one call, each utterance once, in order of time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from audiohook_fw import Transcript

__all__ = ["MOST", "Conversation", "Snapshot", "State"]

State = Literal["running", "complete", "interrupted"]

MOST: Final = 20_000
"""Utterances of one call that are kept: eleven hours of one every two seconds."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A conversation as it stands, ready to be written; personal data is hidden from `repr`.

    Attributes:
        rate: samples in a second of call time. left_out: utterances beyond `MOST`.
        utterances: in order of time; the last interim where no final came.
    """

    session_id: str
    conversation_id: str
    organization_id: str
    started_at: datetime
    language: str
    rate: int
    state: State
    utterances: tuple[Transcript, ...]
    left_out: int = 0

    def __repr__(self) -> str:
        return f"<Snapshot {self.session_id} {self.state}, {len(self.utterances)} utterances>"


class Conversation:
    """Collects the transcripts of one call.

    An interim is replaced by any later transcript of its utterance, a final by none. When `MOST` are
    there, interims make room for finals; what comes beyond is left out and counted.
    """

    __slots__ = ("_utterances", "left_out")

    def __init__(self) -> None:
        self._utterances: dict[str, Transcript] = {}
        self.left_out = 0

    def __len__(self) -> int:
        return len(self._utterances)

    def add(self, transcript: Transcript) -> bool:
        """Take a transcript; return whether it changed anything."""
        known = self._utterances.get(transcript.id)
        if known is not None and known.is_final:
            return False
        if known is None and len(self._utterances) >= MOST and not self._make_room(transcript):
            self.left_out += 1
            return False
        self._utterances[transcript.id] = transcript
        return True

    def _make_room(self, transcript: Transcript) -> bool:
        if not transcript.is_final:
            return False
        interim = next((id_ for id_, known in self._utterances.items() if not known.is_final), None)
        if interim is None:
            return False
        del self._utterances[interim]
        self.left_out += 1
        return True

    def utterances(self) -> tuple[Transcript, ...]:
        """Return what was said, both sides, in order of time; without utterances of no words."""
        said = (one for one in self._utterances.values() if one.text.strip())
        return tuple(sorted(said, key=lambda one: (one.start, one.start + one.length)))
