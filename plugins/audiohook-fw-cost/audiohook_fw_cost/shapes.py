"""A report as a table, as CSV and as JSON."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from decimal import Decimal
from typing import Final

from .report import By, Filter, Line

__all__ = ["as_csv", "as_json", "as_table", "printable"]

_SECONDS: Final = ("connected", "streamed", "client_paused", "server_paused", "discarded", "without_media")


WIDTH: Final = 80
"""Columns of a terminal."""
LABEL: Final = len(By.ORGANIZATION)
"""Columns that what a line stands for may take in any case."""
_HEAD: Final = [("", "", "", "", "client", "server", "", "", "")]
_NAMES: Final = ("calls", "connected", "streamed", "paused", "paused", "cost", "saved", "")


def as_table(lines: Sequence[Line], totals: Sequence[Line], by: By) -> str:
    """Return aligned columns for people: times as h:mm:ss, money to the cent.

    It fits into `WIDTH` columns unless figures are huge; names too long for that have lines of their own.
    """
    if not lines:
        return "no calls"
    rows = [*_HEAD, (str(by), *_NAMES), *(_cells(line, by) for line in [*lines, *totals])]
    widths = [max(map(len, column)) for column in list(zip(*rows, strict=True))[1:]]
    gap = "  " if LABEL + sum(widths) + 2 * len(widths) <= WIDTH else " "
    room = max(LABEL, WIDTH - sum(widths) - len(gap) * len(widths))
    first = max(len(row[0]) for row in rows if len(row[0]) <= room)
    texts = []
    for label, *cells, currency in rows:
        if len(label) > room:
            texts.append(label)
            label = ""
        cells = [cell.rjust(width) for cell, width in zip(cells, widths, strict=False)]
        texts.append(gap.join([label.ljust(first), *cells, currency]).rstrip())
    return "\n".join(texts)


def as_csv(lines: Sequence[Line], by: By) -> str:
    """Return one record for each line, without totals: seconds, and money exactly."""
    text = io.StringIO()
    records = [_record(line, by) for line in lines]
    fields = list(_record(Line("", "", 0, 0, 0, 0, 0, 0, 0, 0, "", Decimal(0), Decimal(0)), by))
    writer = csv.DictWriter(text, fields, lineterminator="\n")
    writer.writeheader()
    writer.writerows({name: _plain(value) for name, value in record.items()} for record in records)
    return text.getvalue().rstrip("\n")


def as_json(lines: Sequence[Line], totals: Sequence[Line], by: By, wanted: Filter) -> str:
    """Return everything: seconds as numbers, money as texts, since numbers of JSON are not exact."""
    filters = {name: value for name in Filter.__dataclass_fields__ if (value := getattr(wanted, name))}
    document = {
        "by": str(by),
        "filter": filters,
        "lines": [_record(line, by) for line in lines],
        "totals": [_record(line, None) for line in totals],
    }
    return json.dumps(document, indent=2, ensure_ascii=False)


def _record(line: Line, by: By | None) -> dict[str, object]:
    record: dict[str, object] = {}
    if by is not None:
        record[f"{by}_id" if by in (By.QUEUE, By.ORGANIZATION) else str(by)] = line.group
        if by is By.QUEUE:
            record["queue_name"] = line.name
        elif by is By.CALL:
            record["session_id"] = line.name
    record |= {"calls": line.calls, "unfinished": line.unfinished}
    record |= {f"{name}_seconds": round(getattr(line, name), 3) for name in _SECONDS}
    return record | {"currency": line.currency, "cost": f"{line.cost:f}", "saved": f"{line.saved:f}"}


def _cells(line: Line, by: By) -> tuple[str, ...]:
    label = (line.name or line.group) if by in (By.QUEUE, By.CALL) else line.group
    seconds = (line.connected, line.streamed, line.client_paused, line.server_paused)
    money = (f"{line.cost:.2f}", f"{line.saved:.2f}")
    return (printable(label) or "(not known)", str(line.calls), *map(_time, seconds), *money, line.currency)


def _time(seconds: float) -> str:
    whole = round(seconds)
    return f"{whole // 3600}:{whole // 60 % 60:02}:{whole % 60:02}"


def printable(text: str) -> str:
    """Return a text that does nothing to a terminal."""
    return "".join(char if char.isprintable() else "?" for char in text)


def _plain(value: object) -> object:
    """Return a cell that no spreadsheet takes for a formula: names of queues come from outside."""
    return f"'{value}" if isinstance(value, str) and value[:1] in "=+-@\t\r" and value else value
