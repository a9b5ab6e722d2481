"""The names that a new plugin gets, all made from one."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final

from audiohook_fw.config import check_plugin_name

__all__ = ["OURS", "Names"]

OURS: Final = frozenset(
    {"asr", "asr_websocket", "cost", "genesys", "pocketsphinx", "policy", "recorder", "sessions", "whisper"}
)
"""The plugins of this project: two distributions of one name cannot be installed together."""

_PREFIX: Final = re.compile(r"audiohook(_fw)?(_|$)")
"""What the names of distribution and module begin with anyway."""

_LONGEST: Final = 30
"""Characters: so that what is generated fits its own line length."""


@dataclass(frozen=True, slots=True)
class Names:
    """The names of a plugin.

    Attributes:
        name: of the entry point, its settings and logs.

    Raises:
        ValueError: it cannot name a plugin; the message says what can.
    """

    name: str

    def __post_init__(self) -> None:
        problem = _problem(self.name)
        if problem:
            fit = _fitting(self.name)
            hint = f"; did you mean {fit!r}?" if fit != self.name and not _problem(fit) else ""
            raise ValueError(f"{self.name!r} {problem}{hint}")

    @property
    def distribution(self) -> str:
        """What is installed: `audiohook-fw-talk-ratio`."""
        return f"audiohook-fw-{self.name.replace('_', '-')}"

    @property
    def module(self) -> str:
        """What is imported: `audiohook_fw_talk_ratio`."""
        return f"audiohook_fw_{self.name}"

    @property
    def cls(self) -> str:
        """How its classes begin: `TalkRatio`."""
        return "".join(word.capitalize() for word in self.name.split("_"))


def _problem(name: str) -> str:
    """Return why a name cannot be taken, as the words that follow it, or ""."""
    try:
        check_plugin_name(name)
    except ValueError as error:
        return str(error)
    if _PREFIX.match(name):
        return (
            "begins with audiohook, as the names of every plugin's distribution and module do by themselves"
        )
    if name in OURS:
        return "is a plugin of audiohook_fw itself; take another name"
    if len(name) > _LONGEST:
        return f"has {len(name)} characters; take at most {_LONGEST}"
    return ""


def _fitting(text: str) -> str:
    """Return the name that somebody meant who wrote it as another tool wants it: `acme-vad`, `AcmeVad`."""
    words = re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+[0-9]*|[0-9]+", text)
    return _PREFIX.sub("", "_".join(words).lower())
