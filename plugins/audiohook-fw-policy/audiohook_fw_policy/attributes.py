"""Conditions on what a call is: whose, from and to whom, in which queue and language."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

from .condition import Condition, Test, all_of
from .facts import Facts, as_text
from .index import Sign, beginning
from .nodes import Node
from .numbers import ANONYMOUS, masked, masked_text, matcher, normal_pattern
from .problems import shown
from .reading import Reading, glob, glob_signs, is_uuid, listed

__all__ = ["ATTRIBUTES"]

_LANGUAGE: Final = re.compile(r"[a-z]{2,8}(-[a-z0-9]{1,8})*", re.ASCII)


def _ids(field: str, reading: Reading, node: Node, where: str) -> Condition | None:
    found = reading.each(node, where, "ids", _id)
    ids = frozenset(str(value) for _, value in found)
    if not ids:
        return None
    signs = frozenset((field, value) for value in ids)
    return Condition(field, f"is {listed(text for text, _ in found)}", _is_in(field, ids), signs=signs)


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
    test = glob(names)
    signs = glob_signs("key", names)
    return Condition("key", f"is {listed(found)}", lambda facts: test(facts.key), signs=signs)


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

    signs = glob_signs("queue_name", names)
    if signs is not None:
        signs |= {("queue_id", each) for each in ids}
        signs |= {("queue_id", None)} if ids else set()
        signs |= {("queue_name", None)} if names else set()
    return Condition("queue", f"is {listed(found)}", test, signs=signs, needs_queue=True)


def _number(field: str, reading: Reading, node: Node, where: str) -> Condition | None:
    found = reading.each(
        node, where, "numbers", lambda text: normal_pattern(text, reading.numbers), quoted=False
    )
    patterns = [str(value) for _, value in found]
    if not patterns:
        return None
    match = matcher(patterns)
    test: Test = (lambda facts: match(facts.ani)) if field == "ani" else (lambda facts: match(facts.dnis))
    signs = None if any(map(_is_open, patterns)) else frozenset(_number_sign(field, p) for p in patterns)
    return Condition(field, f"is {listed(map(masked, patterns))}", test, signs=signs)


def _is_open(pattern: str) -> bool:
    """Tell whether a pattern says nothing of how the number begins."""
    return pattern in ("*", ANONYMOUS) or "?" in pattern


def _number_sign(field: str, pattern: str) -> Sign:
    return (beginning(field), pattern[:-1]) if pattern.endswith("*") else (field, pattern)


def _language(reading: Reading, node: Node, where: str) -> Condition | None:
    found = [str(value) for _, value in reading.each(node, where, "languages", _tag)]
    if not found:
        return None
    exact, prefixes = frozenset(found), tuple(f"{tag}-" for tag in found)

    def test(facts: Facts) -> bool:
        return facts.language in exact or facts.language.startswith(prefixes)

    signs = frozenset(("language", tag) for tag in found)
    return Condition("language", f"is {listed(found)}", test, signs=signs)


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
    for key, child in node.value.items():
        if not all(part.strip() for part in key.split(".")):
            what = f"the name {shown(key)} is empty, or has an empty part; allowed: such as shop.tier"
            reading.check.note(child.key_line, where, what)
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
    wanted = [as_text(item.value) for item in items]
    match = glob(wanted)

    def test(facts: Facts) -> bool:
        text = facts.custom_text(path)
        return text is not None and match(text)

    signs = glob_signs(f"custom {path}", wanted)
    return Condition(f"custom.{path}", f"is {listed(map(masked_text, wanted))}", test, signs=signs)


ATTRIBUTES: Final[dict[str, Callable[[Reading, Node, str], Condition | None]]] = {
    "organization": lambda *args: _ids("organization", *args),
    "conversation": lambda *args: _ids("conversation", *args),
    "key": _key,
    "queue": _queue,
    "ani": lambda *args: _number("ani", *args),
    "dnis": lambda *args: _number("dnis", *args),
    "language": _language,
    "custom": _custom,
}
"""How each is read, by its name."""
