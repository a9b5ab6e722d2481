"""What a call asks of its client, noted: the socket's side of a call that has no socket."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from audiohook_fw.protocol import DisconnectReason, WireEntity

__all__ = ["Disconnected", "NotedControl"]


@dataclass(frozen=True, slots=True)
class Disconnected:
    """What a plugin said in `session.disconnect`.

    Attributes:
        reason: `completed`, `error` or `unauthorized`.
        info: its short text, empty when it gave none.
        output_variables: for Architect, by name.
    """

    reason: str
    info: str = ""
    output_variables: Mapping[str, str] = field(default_factory=dict)


class NotedControl:
    """Takes what a call asks for, and keeps it.

    Attributes:
        paused: the pause wished for last; `None` before the first wish.
        disconnects, entities, played: in the order in which they came. flushes: how often playback was.
    """

    def __init__(self) -> None:
        self.paused: bool | None = None
        self.disconnects: list[Disconnected] = []
        self.entities: list[WireEntity] = []
        self.played: list[bytes] = []
        self.flushes = 0

    def want_pause(self, paused: bool, /) -> None:
        """Note the wish."""
        self.paused = paused

    def disconnect(
        self, reason: DisconnectReason, info: str | None, output_variables: Mapping[str, str] | None
    ) -> None:
        """Note the wish."""
        self.disconnects.append(Disconnected(str(reason), info or "", dict(output_variables or {})))

    def reconnect(self, info: str | None, /) -> None:
        """Note nothing: only a server that drains asks for it."""

    def send_entity(self, entity: WireEntity, *, replaces: str = "", interim: bool = False) -> None:
        """Note a result; raises `ValueError` for what JSON cannot carry, as the real one does."""
        entity.model_dump_json()
        self.entities.append(entity)

    def play(self, audio: bytes, /) -> None:
        """Note audio to play."""
        self.played.append(audio)

    def flush_playback(self) -> None:
        """Note the wish."""
        self.flushes += 1
