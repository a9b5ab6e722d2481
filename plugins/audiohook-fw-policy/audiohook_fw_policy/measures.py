"""Conditions on what a call is among others: when it begins, in which sample it is, how many are active."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from .condition import Condition
from .facts import PRIME, Facts, draw_of
from .hours import DAYS, days_of, hours_of, open_minutes
from .nodes import Node
from .problems import choice, shown
from .reading import Reading, read_zone

__all__ = ["MEASURES"]

_PERCENT: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?%", re.ASCII)
_PER: Final = {
    "all": "other calls of this process",
    "key": "other calls of its API key",
    "organization": "other calls of its organization",
    "queue": "other calls of its queue",
}


def _time(reading: Reading, node: Node, where: str) -> Condition | None:
    check = reading.check
    table = check.table(node, where, ("days", "hours", "zone"), kind="key")
    if table is None:
        return None
    if not table.keys() & {"days", "hours"}:
        check.note(
            node.line, where, 'has neither days nor hours; write days = "mon-fri" or hours = "08:00-18:00"'
        )
        return None
    days = reading.each(table["days"], f"{where}.days", "days", days_of) if "days" in table else None
    hours = reading.each(table["hours"], f"{where}.hours", "hours", hours_of) if "hours" in table else None
    zone = read_zone(check, table["zone"], f"{where}.zone") if "zone" in table else reading.zone
    if zone is None and "zone" not in table:
        check.note(node.line, where, 'names no time zone; write zone = "Europe/Berlin" here or at the top')
    if zone is None or days == [] or hours == []:
        return None
    week = _week(days, hours)
    said = [text for text, _ in [*(days or ()), *(hours or ())]]
    return Condition(
        "time", f"is in {', '.join(said)} ({zone.key})", lambda facts: week[facts.minute_of_week(zone)] == 1
    )


def _week(days: Any, hours: Any) -> bytes:
    numbers = set(range(len(DAYS))) if days is None else {day for _, found in days for day in found}
    return open_minutes(numbers, [(0, 24 * 60)] if hours is None else [span for _, span in hours])


def _sample(reading: Reading, node: Node, where: str) -> Condition | None:
    check, table = reading.check, node.value
    seed: str | None = reading.rule
    if isinstance(table, dict):
        fields = check.table(node, where, ("percent", "seed"), kind="key") or {}
        if "percent" not in fields:
            check.note(node.line, where, "has no percent; write sample = 10, or { percent = 10, seed = … }")
            return None
        seed = check.text(fields["seed"], f"{where}.seed", "a text") if "seed" in fields else reading.rule
        node = fields["percent"]
    percent = _percent(reading, node, where)
    if percent is None or seed is None:
        return None
    # One multiplication a rule: with factors of its own for each seed, samples are independent of each other.
    factor, offset = 1 + draw_of(f"factor {seed}") % (PRIME - 1), draw_of(f"offset {seed}")
    bound = round(PRIME * percent / 100)
    return Condition(
        "sample", f"is among {percent:g} %", lambda facts: (factor * facts.draw + offset) % PRIME < bound
    )


def _percent(reading: Reading, node: Node, where: str) -> float | None:
    if isinstance(node.value, str) and (match := _PERCENT.fullmatch(node.value.strip())):
        node = Node(float(match[1]), node.line)
    return reading.check.number(node, where, 0, 100, "percent of the conversations")


def _active(reading: Reading, node: Node, where: str) -> Condition | None:
    check = reading.check
    table = check.table(node, where, ("per", "below", "at_least"), kind="key")
    if table is None:
        return None
    kind = check.text(table["per"], f"{where}.per", "what to count") if "per" in table else ""
    if kind not in _PER:
        line = table["per"].line if "per" in table else node.line
        if kind is not None:
            check.note(line, f"{where}.per", f"is {shown(kind) if kind else 'missing'}; {choice(kind, _PER)}")
        return None
    below, at_least = (
        check.whole(table[name], f"{where}.{name}", 1) if name in table else None
        for name in ("below", "at_least")
    )
    if not table.keys() & {"below", "at_least"}:
        check.note(node.line, where, "has no bound; write below = 10 or at_least = 10")
    if (below is None and "below" in table) or (at_least is None and "at_least" in table):
        return None
    if below is None and at_least is None:
        return None
    if below is not None and at_least is not None and below <= at_least:
        what = f"below {below} and at_least {at_least} never hold together; allowed: below more than at_least"
        check.note(node.line, where, what)
        return None
    low, high = at_least or 0, below if below is not None else 2**62

    def test(facts: Facts) -> bool | None:
        count = facts.others(kind)
        return None if count is None else low <= count < high

    said = [f"below {below}"] * (below is not None) + [f"at least {at_least}"] * (at_least is not None)
    text = f"({_PER[kind]}) is {' and '.join(said)}"
    return Condition("active", text, test, needs_queue=kind == "queue")


MEASURES: Final[dict[str, Callable[[Reading, Node, str], Condition | None]]] = {
    "time": _time,
    "sample": _sample,
    "active": _active,
}
"""How each is read, by its name."""
