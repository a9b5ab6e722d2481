"""`AddressBook`: addresses as Genesys listed them, each kept for a while after it is listed no more."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Collection
from pathlib import Path
from typing import Any, Final

from .ranges import Range, RangesError, read_ranges

__all__ = ["AddressBook"]

_FORMAT: Final = "audiohook-genesys-ranges/1"
_MOST: Final = 40_000
"""Entries in all, those that are listed no more included."""


class AddressBook:
    """What is listed now, and what was, and since when it is not.

    Args:
        source: whose list it is; the list of another one is not loaded.
        grace: seconds for which an entry counts that is listed no more.

    Attributes:
        updated: when the list was got last (Unix seconds); 0 for never.
    """

    def __init__(self, source: str, grace: float) -> None:
        self._source = source
        self._grace = grace
        self._missing_since: dict[Range, float | None] = {}
        self.updated = 0.0

    @property
    def ranges(self) -> Collection[Range]:
        """Every entry that counts."""
        return self._missing_since.keys()

    def update(self, listed: Collection[Range], now: float) -> tuple[set[Range], set[Range]]:
        """Take a new list: what is new counts at once, what is missing for long enough no more.

        Args:
            listed: by Genesys. now: Unix seconds.

        Returns:
            what was added, and what was removed.
        """
        before = set(self._missing_since)
        for entry in listed:
            self._missing_since[entry] = None
        for entry in before - set(listed):
            since = self._missing_since[entry]
            # A clock that was set back must not keep an entry for longer than a grace period from now on.
            since = now if since is None else min(since, now)
            self._missing_since[entry] = since
            if now - since >= self._grace:
                del self._missing_since[entry]
        self._forget_oldest()
        self.updated = now
        return set(self._missing_since) - before, before - set(self._missing_since)

    def load(self, path: Path) -> bool:
        """Take what `save` wrote, if there is such a file of the same source; tell whether. Blocks.

        Raises:
            RangesError: the file cannot be read, or is none of ours; names it.
        """
        try:
            content = json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return False
        except (OSError, ValueError, RecursionError) as error:
            raise RangesError(f"{path} cannot be read ({type(error).__name__})") from None
        if not isinstance(content, dict) or content.get("format") != _FORMAT:
            raise RangesError(f"{path} was not written by this plugin")
        if content.get("source") != self._source:
            return False
        self._missing_since = dict(self._entries(content))
        self.updated = _number(content.get("updated")) or 0.0
        return True

    def save(self, path: Path) -> None:
        """Write it in place of what was there: a reader sees the one or the other. Blocks.

        Raises:
            OSError: the disk refuses.
        """
        entities = [_entity(entry, since) for entry, since in sorted(self._missing_since.items(), key=_key)]
        content = {"format": _FORMAT, "source": self._source, "updated": self.updated, "entities": entities}
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8") as file:
                json.dump(content, file, indent=1)
                file.flush()
                os.fsync(file.fileno())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise

    def _entries(self, content: dict[str, Any]) -> list[tuple[Range, float | None]]:
        entities = content.get("entities")
        found: list[tuple[Range, float | None]] = []
        for entity in entities if isinstance(entities, list) else []:
            for entry in read_ranges([entity]).ranges:
                found.append((entry, _number(entity.get("missing_since"))))  # noqa: PERF401
        return found

    def _forget_oldest(self) -> None:
        surplus = len(self._missing_since) - _MOST
        if surplus > 0:
            gone = sorted((since, entry) for entry, since in self._missing_since.items() if since is not None)
            for _, entry in gone[:surplus]:
                del self._missing_since[entry]


def _entity(entry: Range, since: float | None) -> dict[str, object]:
    facts: dict[str, object] = {"cidr": entry.cidr, "service": entry.service, "region": entry.region}
    if entry.direction:
        facts["direction"] = entry.direction
    return facts if since is None else facts | {"missing_since": since}


def _key(item: tuple[Range, float | None]) -> Range:
    return item[0]


def _number(value: object) -> float | None:
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return float(value) if is_number and isinstance(value, int | float) else None
