"""Every condition there is: how it is read from a rule file, and the function that it becomes."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

from .condition import Condition, Test, all_of, any_of, none_of
from .facts import PRIME, Facts, draw_of
from .hours import DAYS, days_of, hours_of, open_minutes
from .nodes import Node
from .numbers import ANONYMOUS, matcher, normal_pattern
from .problems import choice, shown
from .reading import Reading, glob, is_uuid, listed, read_zone

__all__ = ["CONDITIONS", "read_when"]

_LANGUAGE: Final = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*", re.ASCII)
_PERCENT: Final = re.compile(r"([0-9]+(?:\.[0-9]+)?) ?%", re.ASCII)


def read_when(reading: Reading, node: Node, where: str, name: str = "all") -> Condition | None:
    """Return the condition of a table: all that stands in it must hold. `None` when something is wrong."""
    table = reading.check.table(node, where, CONDITIONS.keys(), kind="condition")
    if table is None:
        return None
    if not table:
        if not node.value:
            reading.check.note(node.line, where, f"is empty; {choice('', CONDITIONS)}")
        return None
    parts = [CONDITIONS[key](reading, child, f"{where}.{key}") for key, child in table.items()]
    return all_of([part for part in parts if part is not None], name) if None not in parts else None


def _all(reading: Reading, node: Node, where: str) -> Condition | None:
    parts = _several(reading, node, where)
    return all_of(parts) if parts else None


def _any(reading: Reading, node: Node, where: str) -> Condition | None:
    parts = _several(reading, node, where)
    return any_of(parts) if parts else None


def _not(reading: Reading, node: Node, where: str) -> Condition | None:
    part = read_when(reading, node, where)
    return none_of(part) if part is not None else None


def _several(reading: Reading, node: Node, where: str) -> list[Condition] | None:
    items = reading.check.items(node, where, "tables of conditions")
    if items is None:
        return None
    parts = [read_when(reading, item, f"{where}[{i}]") for i, item in enumerate(items, 1)]
    return [part for part in parts if part is not None] if None not in parts else None


def _ids(field: str, reading: Reading, node: Node, where: str) -> Condition | None:
    found = reading.each(node, where, "ids", _id)
    ids = frozenset(str(value) for _, value in found)
    if not ids:
        return None
    return Condition(field, f"is {listed(text for text, _ in found)}", _is_in(field, ids), exact=(field, ids))


def _id(text: str) -> str:
    if not is_uuid(text.lower()):
        raise ValueError('is no id; allowed: a UUID such as "d7934305-0972-4844-938e-9060eef73d05"')
    return text.lower()


def _is_in(field: str, values: frozenset[str]) -> Test:
    if field == "organization":
        return lambda facts: facts.organization in values
    return lambda facts: facts.conversation in values


def _key(reading: Reading, node: Node, where: str) -> Condition | None:
    found = [text for _, text in reading.values(node, where, "names of API keys")]
    if not found:
        return None
    names = frozenset(text.lower() for text in found)
    test, is_exact = glob(names), not any({"*", "?"} & set(name) for name in names)
    exact = ("key", names) if is_exact else None
    return Condition("key", f"is {listed(found)}", lambda facts: test(facts.key), exact=exact)


def _queue(reading: Reading, node: Node, where: str) -> Condition | None:
    found = [text for _, text in reading.values(node, where, "ids or names of queues")]
    if not found:
        return None
    ids = frozenset(text.lower() for text in found if is_uuid(text.lower()))
    names = [text.lower() for text in found if not is_uuid(text.lower())]
    has_name = glob(names)

    def test(facts: Facts) -> bool | None:
        if facts.queue_id in ids:
            return True
        if facts.queue_name and names and has_name(facts.queue_name):
            return True
        is_known = (not ids or facts.queue_id is not None) and (not names or bool(facts.queue_name))
        return False if is_known else None

    return Condition("queue", f"is {listed(found)}", test, needs_queue=True)


def _number(field: str, reading: Reading, node: Node, where: str) -> Condition | None:
    found = reading.each(
        node, where, "numbers", lambda text: normal_pattern(text, reading.numbers), quoted=False
    )
    patterns = [str(value) for _, value in found]
    if not patterns:
        return None
    match = matcher(patterns)
    test: Test = (lambda facts: match(facts.ani)) if field == "ani" else (lambda facts: match(facts.dnis))
    is_exact = not any("*" in p or "?" in p or p == ANONYMOUS for p in patterns)
    exact = (field, frozenset(patterns)) if is_exact else None
    return Condition(field, f"is {listed(patterns)}", test, exact=exact)


def _language(reading: Reading, node: Node, where: str) -> Condition | None:
    found = [str(value) for _, value in reading.each(node, where, "languages", _tag)]
    if not found:
        return None
    exact, prefixes = frozenset(found), tuple(f"{tag}-" for tag in found)

    def test(facts: Facts) -> bool:
        return facts.language in exact or facts.language.startswith(prefixes)

    return Condition("language", f"is {listed(found)}", test)


def _tag(text: str) -> str:
    tag = text.lower().replace("_", "-")
    if not _LANGUAGE.fullmatch(tag):
        raise ValueError('is no language; allowed: tags such as "de" (every German) or "de-AT"')
    return tag


def _custom(reading: Reading, node: Node, where: str) -> Condition | None:
    if not isinstance(node.value, dict) or not node.value:
        what = "is empty" if node.value == {} else f"is {shown(node.value)}"
        reading.check.note(
            node.line, where, f'{what}; allowed: a table of values, such as {{ "tier" = "gold" }}'
        )
        return None
    parts = [_custom_value(reading, key, child, f"{where}.{key}") for key, child in node.value.items()]
    return all_of([part for part in parts if part is not None], "custom") if None not in parts else None


def _custom_value(reading: Reading, path: str, node: Node, where: str) -> Condition | None:
    items = reading.check.items(node, where, "values") if isinstance(node.value, list) else [node]
    if items is None:
        return None
    for item in items:
        if not isinstance(item.value, str | bool | int | float):
            reading.check.note(
                item.line, where, f"is {shown(item.value)}; allowed: a text, a number, true or false"
            )
            return None
    wanted = [_as_text(item.value) for item in items]
    match, keys, any_value = glob(wanted), path.split("."), "*" in wanted

    def test(facts: Facts) -> bool:
        value: Any = facts.custom.get(path)
        if value is None:
            value = facts.custom
            for key in keys:
                value = value.get(key) if isinstance(value, Mapping) else None
        return value is not None and (any_value or match(_as_text(value)))

    return Condition(f"custom.{path}", f"is {listed(wanted)}", test)


def _as_text(value: object) -> str:
    """Return a value of JSON or of a rule file as one text, so that `5` and `"5"` are equal."""
    return str(value).lower() if isinstance(value, bool) else str(value)


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
    low, high = at_least or 0, below if below is not None else 2**62

    def test(facts: Facts) -> bool | None:
        count = facts.others(kind)
        return None if count is None else low <= count < high

    said = [f"below {below}"] * (below is not None) + [f"at least {at_least}"] * (at_least is not None)
    text = f"({_PER[kind]}) is {' and '.join(said)}"
    return Condition("active", text, test, needs_queue=kind == "queue")


_PER: Final = {
    "all": "other calls of this process",
    "key": "other calls of its API key",
    "organization": "other calls of its organization",
    "queue": "other calls of its queue",
}

CONDITIONS: Final[dict[str, Callable[[Reading, Node, str], Condition | None]]] = {
    "all": _all,
    "any": _any,
    "not": _not,
    "organization": lambda *args: _ids("organization", *args),
    "conversation": lambda *args: _ids("conversation", *args),
    "key": _key,
    "queue": _queue,
    "ani": lambda *args: _number("ani", *args),
    "dnis": lambda *args: _number("dnis", *args),
    "language": _language,
    "custom": _custom,
    "time": _time,
    "sample": _sample,
    "active": _active,
}
"""How each condition is read, by its name."""
