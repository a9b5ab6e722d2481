"""What a replay says to people."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from .texts import as_time, counted

__all__ = ["summary", "total"]


def summary(result: Mapping[str, Any]) -> list[str]:
    """Return in short what came of a recording: a line, and one for each kind of fault."""
    name, rate = result["recording"], result["rate"]
    if result["decision"] == "rejected":
        return [f"{name}: rejected ({result['reason']})"]
    events = Counter(f"{event['plugin']} {event['type']}" for event in result["events"])
    wishes = Counter(f"asked to {wish['wish']}" for wish in result["wishes"])
    kinds = ", ".join(f"{kind} {count}" for kind, count in (events + wishes).items())
    length = as_time(result["position"] / rate, tenths=True)
    lines = [f"{name}: {length}, {counted(events.total(), 'event')}{f' ({kinds})' if kinds else ''}"]
    faults = Counter(f"{f['plugin']} failed in {f['hook']}: {f['error']}" for f in result["faults"])
    return [*lines, *(f"  {text} ({counted(count, 'time')})" for text, count in faults.items())]


def total(counts: Mapping[str, int], compared: Path | None) -> str:
    """Return the last line."""
    text = f"{counted(counts['played'], 'recording')} played"
    if compared is not None:
        same = counts["played"] - counts["changed"]
        text += f": {same} as in {compared}, {counts['changed']} changed"
    return text + (f"; {counts['failed']} could not be played" if counts["failed"] else "")
