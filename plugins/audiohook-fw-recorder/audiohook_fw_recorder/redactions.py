"""What the sidecar tells of what was redacted: where, and of which kind; never what was said."""

from __future__ import annotations

from typing import Any, Final

from .intervals import Intervals

__all__ = ["Redactions"]

_Key = tuple[str, str, bool]


class Redactions:
    """Stretches by channel and kind, joined where they touch; those that can still be heard apart.

    Args:
        most: stretches that are listed.
    """

    __slots__ = ("_found", "_most", "count")

    def __init__(self, most: int) -> None:
        self._most: Final = most
        self._found: dict[_Key, Intervals] = {}
        self.count = 0

    def note(self, channel: str, kind: str, start: int, end: int, *, audible: bool = False) -> bool:
        """List a stretch; tell whether there was room for it."""
        if end <= start:
            return True
        key = channel, kind, audible
        found = self._found.get(key)
        if self.count >= self._most and (found is None or not found.touches(start, end)):
            return False
        if found is None:
            found = self._found[key] = Intervals()
        self.count -= len(found)
        found.add(start, end)
        self.count += len(found)
        return True

    def remove(self, channel: str, start: int, end: int) -> list[tuple[str, int, int]]:
        """List a stretch no more as silent; return what of it was listed, and the kind, of each."""
        removed = []
        for (name, kind, audible), found in self._found.items():
            if name != channel or audible:
                continue
            removed += [(kind, *stretch) for stretch in found.within(start, end)]
            self.count -= len(found)
            found.remove(start, end)
            self.count += len(found)
        return removed

    def clip(self, end: int) -> None:
        """Leave out what is beyond the end of the call."""
        for found in self._found.values():
            self.count -= len(found)
            found.remove(end, max(end, found.end))
            self.count += len(found)

    def copy(self) -> Redactions:
        """Return what is listed now; it stays so."""
        same = Redactions(self._most)
        same._found = {key: found.copy() for key, found in self._found.items()}
        same.count = self.count
        return same

    def entries(self) -> list[dict[str, Any]]:
        """Return them as the sidecar has them, in order."""
        listed: list[dict[str, Any]] = [
            {
                "channel": channel,
                "kind": kind,
                "start": start,
                "length": end - start,
                **({"audible": True} if audible else {}),
            }
            for (channel, kind, audible), found in self._found.items()
            for start, end in found
        ]
        return sorted(listed, key=lambda entry: (entry["start"], entry["channel"], entry["kind"]))
