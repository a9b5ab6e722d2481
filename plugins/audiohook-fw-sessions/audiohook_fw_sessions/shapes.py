"""Sessions and statistics as tables for people, as CSV for spreadsheets, as JSON for programs."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Final

__all__ = ["COLUMNS", "as_csv", "as_details", "as_json", "as_session_table", "as_stats_table"]

COLUMNS: Final = (
    *("id", "session_id", "conversation_id", "organization_id", "key_name", "product", "node"),
    *("started_at", "ended_at", "state", "decision", "decided_by", "decision_reason", "reason"),
    *("seconds", "media", "channels", "language", "queue_id", "queue_name", "retry_attempt"),
    *("rtt_mean", "rtt_p95", "rtt_max", "tags"),
)
"""What a line of CSV says of a session."""

_SESSION: Final = ("started", "id", "conversation", "key", "queue", "state", "reason", "length")
_STATS: Final = (
    *("sessions", "conversations", "open", "ended", "rejected", "interrupted"),
    *("time", "mean", "longest", "max rtt"),
)


def as_json(items: Sequence[Mapping[str, Any]]) -> str:
    """Return an array."""
    return json.dumps(items, indent=2, ensure_ascii=False)


def as_csv(items: Iterable[Mapping[str, Any]], columns: Sequence[str], *, head: bool = True) -> str:
    """Return a line for each, and one with the names before them."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    if head:
        writer.writerow(columns)
    writer.writerows([_cell(item.get(name)) for name in columns] for item in items)
    return out.getvalue()


def as_session_table(found: Sequence[Mapping[str, Any]]) -> str:
    """Return aligned columns, a line for each session."""
    return "\n".join(_aligned([_SESSION, *map(_session, found)], right=1))


def as_stats_table(lines: Sequence[Mapping[str, Any]], by: str) -> str:
    """Return aligned columns, a line for each group."""
    head = (by, *_STATS)
    return "\n".join(_aligned([head, *(_stats(line, by) for line in lines)], right=len(_STATS)))


def as_details(session: Mapping[str, Any]) -> str:
    """Return all that is known of one session, in the order of call time."""
    lines = [
        f"{_printable(name):<18}{_printable(_cell(value))}" for name, value in session.items() if _says(value)
    ]
    rate = session.get("rate") or 8000
    moments = sorted(_moments(session, rate), key=lambda moment: moment[0])
    if moments:
        lines.append("")
    lines += [f"  {_time(at / rate):>9}  {_printable(what)}" for at, what in moments]
    lines += [
        f"  recording  {_printable(r['url'])}, {r['state']}, {r['format']}" for r in session["recordings"]
    ]
    lines += [f"  failures   {_printable(_failure(failure))}" for failure in session["failures"]]
    return "\n".join(lines)


def _moments(session: Mapping[str, Any], rate: int) -> Iterator[tuple[float, str]]:
    for pause in session["pauses"]:
        yield pause["start"], f"pause by {pause['origin']}, {_length(pause['length'], rate)}"
    for discard in session["discards"]:
        yield discard["start"], f"discarded, {_length(discard['length'], rate)}"
    for error in session["errors"]:
        yield error["position"], f"client error {error['code']}: {error['message']}"
    for event in session["events"]:
        said = f"{event['channel'] or ''}{': ' if event['text'] else ''}{event['text'] or ''}"
        yield event["start"] or 0, f"{event['type']} {said}".rstrip()


def _failure(failure: Mapping[str, Any]) -> str:
    words = [f"{name} {value}" for name, value in failure.items() if value and name != "plugin"]
    return f"{failure['plugin']}: {', '.join(words)}"


def _says(value: object) -> bool:
    return value not in (None, "", [], {}) and not (isinstance(value, list) and isinstance(value[0], dict))


def _session(session: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        session["started_at"][:19].replace("T", " "),
        session["id"],
        session["conversation_id"],
        session["key_name"],
        session["queue_name"] or session["queue_id"],
        session["state"],
        session["reason"] or session["decision_reason"],
        _time(session["seconds"]),
    )


def _stats(line: Mapping[str, Any], by: str) -> tuple[str, ...]:
    counts = (str(line[name] or 0) for name in _STATS[:6])
    times = (_time(line[name]) for name in ("seconds", "mean_seconds", "max_seconds"))
    rtt = "" if line["max_rtt"] is None else f"{line['max_rtt'] * 1000:.0f} ms"
    return (str(line.get(by, "all")) or "(not known)", *counts, *times, rtt)


def _aligned(rows: Sequence[Sequence[str]], *, right: int) -> Iterator[str]:
    """Yield lines; the last `right` columns are numbers."""
    rows = [[_printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    left = len(widths) - right
    for row in rows:
        pairs = zip(row, widths, strict=True)
        cells = [c.ljust(w) if n < left else c.rjust(w) for n, (c, w) in enumerate(pairs)]
        yield "  ".join(cells).rstrip()


def _time(seconds: float | None) -> str:
    if seconds is None:
        return ""
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def _length(samples: int | None, rate: int) -> str:
    return "open" if samples is None else f"{samples / rate:.1f} s"


def _printable(text: str) -> str:
    return "".join(char if char.isprintable() else "?" for char in text)


def _cell(value: object) -> str:
    """Return a cell that no spreadsheet takes for a formula: names come from outside."""
    if value is None:
        return ""
    if isinstance(value, dict):
        value = ";".join(f"{name}={text}" for name, text in value.items())
    elif isinstance(value, list):
        value = ",".join(map(str, value))
    if isinstance(value, float):
        return f"{value:.3f}"
    text = str(value)
    return f"'{text}" if isinstance(value, str) and text[:1] in tuple("=+-@\t\r") else text
