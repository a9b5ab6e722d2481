"""YAML with line numbers: PyYAML reads the nodes, and scalars are what YAML 1.2 says.

So `no` is Norwegian and not false, `20:00` no number, and a number keeps the plus it was written with.
"""

from __future__ import annotations

import re
from typing import Final

import yaml

from .nodes import MOST_DEPTH, Node
from .problems import Problem, RuleFileError, shown

__all__ = ["read_yaml"]

MOST_NODES: Final = 500_000
"""Values in a file, each alias counted as what it stands for: a page of aliases must not fill memory."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_IMPLICIT: Final = {
    f"tag:yaml.org,2002:{name}"
    for name in ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "map", "seq")
}
_INTEGER: Final = re.compile(r"[-+]?[0-9]{1,30}", re.ASCII)
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?", re.ASCII)
_QUOTED: Final = ("'", '"', "|", ">")
_WORDS: Final = {"": None, "~": None, "null": None, "true": True, "false": False}


def read_yaml(text: str, file: str) -> Node:
    """Return the content of a YAML file, which is one document.

    Raises:
        RuleFileError: it is no YAML, has a key twice, or uses tags.
    """
    try:
        root = yaml.compose(text, Loader=_LOADER)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        what = error.problem or error.context or "it cannot be read"
        # What is missing at the end is missed on the line after it.
        line = min(mark.line + 1, max(1, len(text.splitlines()))) if mark else 1
        raise RuleFileError(file, [Problem(line, f"not valid YAML: {what}")]) from None
    except yaml.reader.ReaderError as error:
        line = text.count("\n", 0, int(error.position)) + 1
        raise RuleFileError(file, [Problem(line, f"not valid YAML: {error.reason}")]) from None
    if root is None:
        return Node({}, 1)
    converter = _Converter()
    node = converter.node(root, 0)
    if converter.problems:
        raise RuleFileError(file, converter.problems)
    return node


class _Converter:
    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._count = 0

    def node(self, node: yaml.Node, depth: int, key_line: int = 0) -> Node:
        line = node.start_mark.line + 1
        self._count += 1
        if self._count > MOST_NODES or depth > MOST_DEPTH:
            return self._refused(line, "too many values, or too deeply nested; use fewer aliases")
        if node.tag not in _IMPLICIT:
            return self._refused(line, f"tag {shown(node.tag)} is not allowed; remove it")
        if isinstance(node, yaml.MappingNode):
            return Node(self._table(node, depth), line, key_line)
        if isinstance(node, yaml.SequenceNode):
            return Node([self.node(item, depth + 1) for item in node.value], line, key_line)
        assert isinstance(node, yaml.ScalarNode)
        return _scalar(node, line, key_line)

    def _table(self, node: yaml.MappingNode, depth: int) -> dict[str, Node]:
        table: dict[str, Node] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                self._refused(line, "a key must be a text")
            elif key.value in table:
                first = table[key.value].key_line
                self._refused(line, f"the key {shown(key.value)} stands here twice, first on line {first}")
            else:
                table[key.value] = self.node(value, depth + 1, line)
        return table

    def _refused(self, line: int, what: str) -> Node:
        if len(self.problems) < 100:
            self.problems.append(Problem(line, what))
        return Node(None, line)


def _scalar(node: yaml.ScalarNode, line: int, key_line: int) -> Node:
    text = str(node.value)
    if node.style in _QUOTED or node.tag.endswith(":str"):
        return Node(text, line, key_line)
    if text.lower() in _WORDS:
        return Node(_WORDS[text.lower()], line, key_line)
    if _INTEGER.fullmatch(text):
        return Node(int(text), line, key_line, text)
    if _FLOAT.fullmatch(text):
        return Node(float(text), line, key_line, text)
    return Node(text, line, key_line)
