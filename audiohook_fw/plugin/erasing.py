"""What plugins answer when a conversation is to be forgotten: how much they deleted, or why not."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from audiohook_fw.errors import PluginError

from .ask import Answer
from .records import PluginRecord, PluginStatus

__all__ = ["Erased", "erased_of", "unasked"]

_BROKEN: Final = frozenset({PluginStatus.INCOMPATIBLE, PluginStatus.INVALID_CONFIG, PluginStatus.FAILED})
"""Not those that somebody left out on purpose."""


@dataclass(frozen=True, slots=True)
class Erased:
    """What one plugin deleted of a conversation.

    Attributes:
        plugin: its name.
        count: how many things it deleted, as it counts them.
        problem: why something may be left, in words for the user; empty when nothing is.
    """

    plugin: str
    count: int = 0
    problem: str = ""


def erased_of(answers: Iterable[Answer], timeout: float) -> Iterator[tuple[Erased, BaseException | None]]:
    """Yield what each answer means, and the fault in it."""
    for answer in answers:
        if answer.late:
            yield Erased(answer.plugin, problem=f"on_erase gave no answer within {timeout:g} s"), None
        elif isinstance(answer.error, PluginError):
            yield Erased(answer.plugin, problem=answer.error.problem), None
        elif answer.error is not None:  # its text may quote what nobody is to read
            problem = f"on_erase raised {type(answer.error).__name__}"
            yield Erased(answer.plugin, problem=problem), answer.error
        elif answer.value is None:
            yield Erased(answer.plugin), None
        elif isinstance(answer.value, int) and not isinstance(answer.value, bool) and answer.value >= 0:
            yield Erased(answer.plugin, answer.value), None
        else:
            problem = "on_erase gave no number, so nobody knows what it deleted"
            fault = PluginError(answer.plugin, "must return a number or None", hook="on_erase")
            yield Erased(answer.plugin, problem=problem), fault


def unasked(records: Sequence[PluginRecord]) -> Iterator[Erased]:
    """Yield the plugins that should run and do not: what they kept, nobody deletes."""
    for record in records:
        if record.status in _BROKEN:
            yield Erased(record.name, problem=f"was not asked, since it does not run: {record.error}")
