"""The names that a new plugin gets, all made from one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from audiohook_fw.config import check_plugin_name

__all__ = ["Names"]

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
        try:
            check_plugin_name(self.name)
        except ValueError as error:
            raise ValueError(f"{self.name!r} {error}") from None
        if len(self.name) > _LONGEST:
            raise ValueError(f"{self.name!r} has {len(self.name)} characters; take at most {_LONGEST}")

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
