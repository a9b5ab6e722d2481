"""What happens in a simulated call besides the audio: actions at given seconds of call time.

Written `pause@5`, `resume@8`, `discard@10+2.5`, `congest@15+3`, `update@12=de-DE`, `error@14=400`,
`dtmf@3=5` and `abort@20`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

__all__ = [
    "AbortAt",
    "Action",
    "CongestAt",
    "DiscardAt",
    "DtmfAt",
    "ErrorAt",
    "PauseAt",
    "ResumeAt",
    "Timeline",
    "TimelineError",
    "UpdateAt",
]


class TimelineError(ValueError):
    """A timeline that cannot be played; says which action and why."""


@dataclass(frozen=True, slots=True)
class Action:
    """Something the client does `at` seconds of call time (a backlog counts)."""

    at: float

    def __str__(self) -> str:
        return f"{type(self).__name__.removesuffix('At').lower()}@{self.at:g}"


@dataclass(frozen=True, slots=True)
class PauseAt(Action):
    """The client's own pause begins: an unprompted `paused`."""


@dataclass(frozen=True, slots=True)
class ResumeAt(Action):
    """The client's own pause ends; nothing is sent while the server pauses too."""


@dataclass(frozen=True, slots=True)
class DiscardAt(Action):
    """The next `length` seconds of audio are thrown away, and `discarded` says so at once."""

    length: float


@dataclass(frozen=True, slots=True)
class CongestAt(Action):
    """No audio goes out for `length` seconds; then `discarded` tells what was lost."""

    length: float


@dataclass(frozen=True, slots=True)
class UpdateAt(Action):
    """The call's language changes; `None` sends an `update` without one."""

    language: str | None = None


@dataclass(frozen=True, slots=True)
class ErrorAt(Action):
    """The client sends an `error`, which by itself ends nothing."""

    code: int = 400


@dataclass(frozen=True, slots=True)
class DtmfAt(Action):
    """The caller presses a key (Audio Connector)."""

    digit: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class AbortAt(Action):
    """The connection ends without a `close`."""


_ACTION: Final = re.compile(
    r"(?P<name>[a-z]+)@(?P<at>\d+(?:\.\d+)?)(?:\+(?P<length>\d+(?:\.\d+)?))?(?:=(?P<value>[^\s,=]+))?",
    re.ASCII,
)
_FORMS: Final = {
    "pause": "pause@5",
    "resume": "resume@8",
    "discard": "discard@10+2.5",
    "congest": "congest@15+3",
    "update": "update@12=de-DE",
    "error": "error@14=400",
    "dtmf": "dtmf@3=5",
    "abort": "abort@20",
}
_MAKERS: Final[Mapping[str, Callable[[float, str, str], Action]]] = {
    "pause": lambda at, length, value: PauseAt(at),
    "resume": lambda at, length, value: ResumeAt(at),
    "discard": lambda at, length, value: DiscardAt(at, float(length)),
    "congest": lambda at, length, value: CongestAt(at, float(length)),
    "update": lambda at, length, value: UpdateAt(at, value or None),
    "error": lambda at, length, value: ErrorAt(at, int(value)),
    "dtmf": lambda at, length, value: DtmfAt(at, value),
    "abort": lambda at, length, value: AbortAt(at),
}
_WITH_LENGTH: Final = frozenset({"discard", "congest"})
_WITH_VALUE: Final = frozenset({"error", "dtmf"})
_DIGITS: Final = frozenset("0123456789*#ABCD")


class Timeline:
    """Actions in the order of their times; actions of the same time keep the order given.

    Raises:
        TimelineError: when they make no sense together (a `resume` without a `pause`, …).
    """

    __slots__ = ("_actions",)

    def __init__(self, actions: Iterable[Action] = ()) -> None:
        self._actions = tuple(sorted(actions, key=lambda action: action.at))
        _check_order(self._actions)

    @classmethod
    def parse(cls, texts: Iterable[str]) -> Timeline:
        """Read actions, each text one or several with commas between.

        Raises:
            TimelineError: when a text is none of the known forms.
        """
        return cls(_parse(part) for text in texts for part in text.split(",") if part.strip())

    def __iter__(self) -> Iterator[Action]:
        return iter(self._actions)

    def __len__(self) -> int:
        return len(self._actions)

    def __repr__(self) -> str:
        return f"Timeline({', '.join(map(str, self._actions))})"

    def check_end(self, duration: float) -> None:
        """Raise `TimelineError` for an action after the end of the call (seconds)."""
        for action in self._actions:
            if action.at > duration:
                raise TimelineError(f"{action} comes after the end of the call at {duration:g} s")


def _parse(text: str) -> Action:
    text = text.strip()
    match = _ACTION.fullmatch(text)
    name = match["name"] if match else text.partition("@")[0]
    form = _FORMS.get(name)
    if form is None:
        raise TimelineError(f"{text!r} is no action: known are {', '.join(_FORMS.values())}")
    if (
        match is None
        or (match["length"] is not None) != (name in _WITH_LENGTH)
        or (match["value"] is None and name in _WITH_VALUE)
        or (match["value"] is not None and name not in _WITH_VALUE | {"update"})
        or (name == "error" and not match["value"].isdecimal())
    ):
        raise TimelineError(f"{text!r} is not understood: write it like {form}")
    if name == "dtmf" and match["value"] not in _DIGITS:
        raise TimelineError("the key of a dtmf action is one of 0-9 * # A-D")
    return _MAKERS[name](float(match["at"]), match["length"] or "", match["value"] or "")


def _check_order(actions: tuple[Action, ...]) -> None:
    paused = False
    aborted: Action | None = None
    for action in actions:
        if aborted is not None:
            raise TimelineError(f"{action} comes after {aborted}")
        match action:
            case PauseAt() if paused:
                raise TimelineError(f"{action}: the client is paused already; put a resume before it")
            case ResumeAt() if not paused:
                raise TimelineError(f"{action}: the client is not paused; put a pause before it")
            case DiscardAt(length=length) | CongestAt(length=length) if paused or length <= 0:
                problem = "no audio flows in a client's pause" if paused else "its length must be above 0"
                raise TimelineError(f"{action}: {problem}")
            case PauseAt() | ResumeAt():
                paused = isinstance(action, PauseAt)
            case AbortAt():
                aborted = action
            case _:
                pass
