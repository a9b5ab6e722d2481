"""A rule file becomes a `RuleSet`, or an error that names every mistake with its line."""

from __future__ import annotations

import re
import time
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from .checking import Checker
from .condition import ALWAYS
from .conditions import read_when
from .nodes import Node
from .numbers import NumberPlan
from .outcome import NEXT, Action, Next, Outcome
from .outcome_reading import OUTCOME_KEYS, read_outcome
from .problems import Problem, RuleFileError, choice, shown
from .reading import Reading, read_zone
from .rules import Rule, RuleSet
from .toml_file import read_toml
from .yaml_file import read_yaml

__all__ = ["DEFAULT_QUEUE_TIMEOUT", "load_rules", "parse_rules"]

DEFAULT_QUEUE_TIMEOUT: Final = 10.0
_FORMATS: Final = {".toml": read_toml, ".yaml": read_yaml, ".yml": read_yaml}
_TOP: Final = ("default", "fallback", "numbers", "queue_timeout", "rules", "zone")
_RULE: Final = ("name", "when", "queue_timeout", "fallback", *OUTCOME_KEYS)
_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9 ._-]{0,63}", re.ASCII)
_TIMEOUT: Final = (0.1, 300.0)


def load_rules(path: Path) -> RuleSet:
    """Read a rule file. Blocks on the disk.

    Raises:
        RuleFileError: it cannot be used. OSError: it cannot be read.
    """
    content = path.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise RuleFileError(str(path), [Problem(line, "is not UTF-8; save it as UTF-8")]) from None
    return parse_rules(text, str(path))


def parse_rules(text: str, file: str) -> RuleSet:
    """Return the rules of a text; the file's name says whether it is TOML or YAML.

    Raises:
        RuleFileError: it cannot be used.
    """
    read = _FORMATS.get(Path(file).suffix.lower())
    if read is None:
        problem = f"is neither TOML nor YAML by its name; allowed: {', '.join(_FORMATS)}"
        raise RuleFileError(file, [Problem(1, problem)])
    reader = _Reader(Checker())
    rules = reader.rules(read(text.replace("\r\n", "\n"), file))
    if reader.check.problems or rules is None:
        raise RuleFileError(file, reader.check.problems)
    return rules


class _Reader:
    """Reads one file; what the top of it says holds for its rules."""

    def __init__(self, check: Checker) -> None:
        self.check = check
        self._numbers = NumberPlan()
        self._zone: ZoneInfo | None = None
        self._timeout = DEFAULT_QUEUE_TIMEOUT
        self._fallback: Outcome | Next | None = None
        self._names: dict[str, int] = {}

    def rules(self, root: Node) -> RuleSet | None:
        top = self.check.table(root, "", _TOP, kind="key")
        if top is None:
            return None
        if "numbers" in top:
            self._numbers = self._plan(top["numbers"])
        if "zone" in top:
            # A wrong one is told once, not again for every rule that counts on it.
            self._zone = read_zone(self.check, top["zone"], "zone") or ZoneInfo("UTC")
        self._timeout, self._fallback = self._waiting(top, "")
        default = self._default(top)
        nodes = self._nodes(top["rules"]) if "rules" in top else []
        rules = []
        for number, node in enumerate(nodes, 1):
            time.sleep(0)  # a thread that reads thousands of rules must not keep calls waiting
            rules.append(self._rule(node, number))
        if default is None or None in rules:
            return None
        whole = [rule for rule in rules if rule is not None]
        zone = self._zone.key if self._zone is not None else ""
        return RuleSet(whole, default, numbers=self._numbers, zone=zone, warnings=_warnings(whole))

    def _default(self, top: dict[str, Node]) -> Outcome | None:
        if "default" not in top:
            self.check.note(1, "", f'has no default; write default = "accept"; {choice("", list(Action))}')
            return None
        return read_outcome(self.check, top["default"], "default")

    def _nodes(self, node: Node) -> list[Node]:
        if isinstance(node.value, list):
            return node.value
        self.check.note(
            node.line, "rules", f"must be a list of tables ([[rules]] in TOML), not {shown(node.value)}"
        )
        return []

    def _rule(self, node: Node, number: int) -> Rule | None:
        where = f"rule {number}"
        if (
            isinstance(node.value, dict)
            and "name" in node.value
            and isinstance(node.value["name"].value, str)
        ):
            where = f"rule {shown(node.value['name'].value)}"
        before = len(self.check.problems)
        table = self.check.table(node, where, _RULE, kind="key of a rule")
        if table is None:
            return None
        name = self._name(table, node, where)
        reading = Reading(self.check, self._numbers, self._zone, name or "")
        when = read_when(reading, table["when"], f"{where}: when") if "when" in table else ALWAYS
        outcome = read_outcome(self.check, Node(_only(table, OUTCOME_KEYS), node.line), where)
        timeout, fallback = self._waiting(table, f"{where}: ")
        if when is not None and not when.needs_queue:
            for key in table.keys() & {"queue_timeout", "fallback"}:
                self.check.note(
                    table[key].key_line, f"{where}: {key}", "is for rules that ask for the queue; remove it"
                )
        if name is None or when is None or outcome is None or len(self.check.problems) > before:
            return None
        return Rule(name, node.line, when, outcome, timeout, fallback)

    def _name(self, table: dict[str, Node], node: Node, where: str) -> str | None:
        if "name" not in table:
            self.check.note(node.line, where, "has no name; logs and metrics need one")
            return None
        name = self.check.text(table["name"], f"{where}: name", "a name")
        line = table["name"].line
        if name is not None and not _NAME.fullmatch(name):
            allowed = (
                "1 to 64 letters, digits, spaces, dots, hyphens and underscores, the first a letter or digit"
            )
            self.check.note(line, f"{where}: name", f"is {shown(name)}; allowed: {allowed}")
        elif name in self._names:
            self.check.note(
                line, where, f"has the name of the rule on line {self._names[name]}; name it otherwise"
            )
        elif name is not None:
            self._names[name] = line
        return name

    def _waiting(self, table: dict[str, Node], where: str) -> tuple[float, Outcome | Next | None]:
        """Return `queue_timeout` and `fallback` of a rule, or of the top."""
        timeout, fallback = self._timeout, self._fallback
        if "queue_timeout" in table:
            found = self.check.number(table["queue_timeout"], f"{where}queue_timeout", *_TIMEOUT, "seconds")
            timeout = found if found is not None else timeout
        if "fallback" in table:
            node = table["fallback"]
            also = ("next",)
            fallback = (
                NEXT
                if node.value == "next"
                else read_outcome(self.check, node, f"{where}fallback", also=also)
            )
        return timeout, fallback

    def _plan(self, node: Node) -> NumberPlan:
        names = ("country_code", "trunk_prefix", "international_prefix")
        table = self.check.table(node, "numbers", names, kind="key") or {}
        found: dict[str, str] = {}
        for name, child in table.items():
            text = child.written or child.value
            if not isinstance(text, str) or not (text.isdigit() or (text == "" and name == "trunk_prefix")):
                example = "49" if name == "country_code" else "0"
                what = f'is {shown(text)}; allowed: digits in quotes, such as "{example}"'
                self.check.note(child.line, f"numbers.{name}", what)
            else:
                found[name] = text
        return NumberPlan(**found)


def _only(table: dict[str, Node], keys: tuple[str, ...]) -> dict[str, Node]:
    return {key: node for key, node in table.items() if key in keys}


def _warnings(rules: list[Rule]) -> list[str]:
    """Return which rules are never asked."""
    for position, rule in enumerate(rules[:-1]):
        if rule.when is ALWAYS:
            after = rules[position + 1]
            return [
                f'{after.line}: rule "{after.name}" and all after it are never asked: '
                f'rule "{rule.name}" on line {rule.line} matches every call'
            ]
    return []
