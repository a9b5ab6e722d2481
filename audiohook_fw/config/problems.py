"""Errors of the configuration: one line each, naming setting, source and what is allowed, never a value."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable
from typing import Any, Final

from pydantic import BaseModel, ValidationError

from audiohook_fw.errors import ConfigError

from .describe import Place, model_at, setting_at, words_at
from .fields import CROSS_CHECK

__all__ = ["ConfigErrors", "Place", "dotted", "suggestion", "translate"]


class ConfigErrors(ConfigError):  # noqa: N818 - it holds several
    """Raised when settings are wrong: holds every problem, and reads as one line each.

    As a `ConfigError` it speaks for the first of them.

    Attributes:
        errors: all problems, in the order they were found; at least one.
    """

    def __init__(self, errors: Iterable[ConfigError]) -> None:
        self.errors = tuple(errors)
        first = self.errors[0]
        super().__init__(first.setting, first.problem, source=first.source)
        self.args = (self.errors,)

    def __str__(self) -> str:
        return "\n".join(str(error) for error in self.errors)


def dotted(place: Place) -> str:
    """Return a place as people write it: `auth.keys[0].api_key`."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")


def suggestion(name: str, known: Iterable[str]) -> str:
    """Return `did you mean X?` when a known name is near, else the names that are known."""
    names = list(known)
    near = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    return f"did you mean {near[0]}?" if near else f"known here: {', '.join(names) or 'nothing'}"


def translate(
    error: ValidationError, model: type[BaseModel], prefix: Place, source_of: Callable[[Place], str]
) -> list[ConfigError]:
    """Return pydantic's problems with `model`, whose place is `prefix`, as ours."""
    found: dict[str, ConfigError] = {}
    for detail in error.errors(include_url=False, include_input=False):
        for place, problem in _problems(detail, model):
            whole = (*prefix, *place)
            source = "" if detail["type"] == "missing" else source_of(whole)
            ours = ConfigError(dotted(whole), problem, source=source)
            found.setdefault(str(ours), ours)  # each member of a union has its say: once is enough
    return list(found.values())


def _problems(detail: Any, model: type[BaseModel]) -> list[tuple[Place, str]]:
    loc: Place = detail["loc"]
    kind: str = detail["type"]
    place = setting_at(model, loc)
    if kind == CROSS_CHECK:
        return [((*place, *_steps(name)), problem) for name, problem in detail["ctx"]["problems"]]
    if kind == "extra_forbidden":
        owner = model_at(model, loc[:-1])
        near = suggestion(str(loc[-1]), owner.model_fields if owner else ())
        return [((*setting_at(model, loc[:-1]), loc[-1]), f"is no setting; {near}")]
    words = words_at(model, loc)
    if kind == "missing":
        return [(place, f"is required and set nowhere; allowed: {words or 'see its documentation'}")]
    if kind in ("value_error", "assertion_error"):
        return [(place, detail["msg"].partition(", ")[2])]  # validators say what they allow themselves
    if words and kind.endswith(_PLAIN):
        return [(place, f"must be {words}")]
    if kind in _SAID:
        return [(place, _SAID[kind].format_map(detail["ctx"]))]
    if kind == "string_pattern_mismatch":
        pattern = f"must match the pattern {detail['ctx']['pattern']}"
        return [(place, pattern if words in ("", "a text") else f"must be {words}")]
    return [(place, f"{detail['msg']}; allowed: {words}" if words else detail["msg"])]


_PLAIN = ("_type", "_parsing", "literal_error", "_than", "_than_equal", "from_float", "finite_number")
"""Ends of pydantic's error types that say no more than the words for the type and its bounds."""

_SAID: Final = {
    "string_too_long": "must have at most {max_length} characters",
    "string_too_short": "must have at least {min_length} characters",
    "too_long": "must hold at most {max_length}",
    "too_short": "must hold at least {min_length}",
}
"""What pydantic says of lengths, in our words."""


def _steps(name: str) -> Place:
    """Split `keys[1].api_key`, as cross-checks write places, into its steps."""
    steps = name.replace("]", "").replace("[", ".").split(".")
    return tuple(int(step) if step.isdigit() else step for step in steps)
