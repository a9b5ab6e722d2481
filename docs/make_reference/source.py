"""Reads names where they are defined: signatures and texts as they stand in the source."""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.util import find_spec
from pathlib import Path

__all__ = ["Definition", "Member", "find", "first_line", "prose"]

Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True)
class Member:
    """What belongs to a class: as it is written, and the first line of what is said of it."""

    name: str
    signature: str
    text: str


@dataclass(frozen=True)
class Definition:
    """A name, the module and the statement that define it, and the text below that statement."""

    name: str
    module: str
    node: ast.stmt
    text: str

    @property
    def signature(self) -> str:
        """How it is made: the class with what it is called with, the function's head, or the assignment."""
        if isinstance(self.node, ast.FunctionDef | ast.AsyncFunctionDef):
            return _written(self.node)
        if not isinstance(self.node, ast.ClassDef):
            return ast.unparse(self.node)
        bases = [ast.unparse(base) for base in self.node.bases]
        return f"class {self.name}({', '.join(bases)})" if bases else f"class {self.name}"

    def members(self) -> Iterator[Member]:
        """Yield attributes that only the docstring names, then what the body has, in its order."""
        assert isinstance(self.node, ast.ClassDef)
        said = dict(_attributes(self.text))
        found = [
            Member(name, _written(node), text or said.get(name, ""))
            for node, text in _with_texts(self.node.body)
            for name in _names(node)
            if _is_public(name, node)
        ]
        known = {member.name for member in found}
        yield from (Member(name, name, text) for name, text in said.items() if name not in known)
        yield from found

    def inherited(self) -> Iterator[Definition]:
        """Yield the classes it inherits from, as far as they are ours."""
        assert isinstance(self.node, ast.ClassDef)
        for base in self.node.bases:
            try:
                yield find(self.module, ast.unparse(base))
            except LookupError:  # of the standard library
                continue


@cache
def find(module: str, name: str) -> Definition:
    """Return where a name of a module is defined, following `from … import`.

    Raises:
        LookupError: nowhere.
    """
    spec = find_spec(module)
    assert spec is not None, module
    assert spec.origin is not None, module
    body = ast.parse(Path(spec.origin).read_text(encoding="utf-8")).body
    for node, text in _with_texts(body):
        if name in _names(node):
            return Definition(name, module, node, text)
    for node in _flat(body):
        if isinstance(node, ast.ImportFrom):
            for alias in node.names:
                if (alias.asname or alias.name) == name and (
                    node.level or (node.module or "").partition(".")[0] == module.partition(".")[0]
                ):
                    return find(_absolute(module, spec.origin, node), alias.name)
    raise LookupError(f"{module}.{name}")


def _flat(body: list[ast.stmt]) -> Iterator[ast.stmt]:
    """Yield statements, those of `if TYPE_CHECKING:` too: there a package names what it imports late."""
    for node in body:
        yield from node.body if isinstance(node, ast.If) else [node]


def first_line(text: str) -> str:
    """Return the first sentence or paragraph of a docstring, in one line."""
    return re.sub(r"\s+", " ", text.partition("\n\n")[0]).strip()


def prose(text: str) -> str:
    """Return a docstring as Markdown: its fields (`Attributes:` …) become lists."""
    lines: list[str] = []
    field = False
    for line in text.splitlines():
        if re.fullmatch(r"[A-Z]\w+:", line):
            field = True
            lines += [line, ""]
        elif field and re.match(r"    \S", line):
            lines.append(f"* {line.strip()}")
        else:
            lines.append(line.removeprefix(" " * 6) if field else line)
    return "\n".join(lines)


def _with_texts(body: list[ast.stmt]) -> Iterator[tuple[ast.stmt, str]]:
    """Yield each statement with its docstring, or the text right below it."""
    for node, below in zip(body, [*body[1:], ast.Pass()], strict=True):
        if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            yield node, ast.get_docstring(node) or ""
        elif isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            yield node, inspect.cleandoc(str(below.value.value))
        else:
            yield node, ""


def _attributes(text: str) -> Iterator[tuple[str, str]]:
    """Yield what a docstring says below `Attributes:`, by name."""
    block = re.search(r"^Attributes:\n((?:    .*\n?)+)", text, re.MULTILINE)
    for match in re.finditer(
        r"^    ([a-z_, ]+): (.*(?:\n     .*)*)", block[1] if block else "", re.MULTILINE
    ):
        for name in match[1].split(", "):
            yield name, re.sub(r"\s+", " ", match[2])


def _is_public(name: str, node: ast.stmt) -> bool:
    if isinstance(node, Function) and any(ast.unparse(mark) == "overload" for mark in node.decorator_list):
        return False
    if name == "__init__":
        return _written(node) != "__init__()"
    return not name.startswith("_") and name != "model_config"


def _names(node: ast.stmt) -> list[str]:
    if isinstance(node, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
        return [node.name]
    targets = [node.target] if isinstance(node, ast.AnnAssign) else getattr(node, "targets", [])
    return [target.id for target in targets if isinstance(target, ast.Name)]


def _written(node: ast.stmt) -> str:
    if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        return ast.unparse(node)
    marks = {ast.unparse(mark) for mark in node.decorator_list}
    returns = ast.unparse(node.returns) if node.returns else ""
    if marks & {"property", "cached_property"}:
        return f"{node.name}: {returns}"
    arguments = re.sub(r"^(self|cls)(, )?", "", ast.unparse(node.args))
    arguments = re.sub(r"((, )?\b_\w+: [^,]+)+$", "", arguments)  # what only the class itself passes
    start = "async " if isinstance(node, ast.AsyncFunctionDef) else ""
    kind = "classmethod " if "classmethod" in marks else ""
    end = "" if node.name == "__init__" else f" -> {returns}"
    return f"{kind}{start}{node.name}({arguments}){end}"


def _absolute(module: str, origin: str, node: ast.ImportFrom) -> str:
    if not node.level:
        return node.module or ""
    parts = module.split(".")
    if not origin.endswith("__init__.py"):
        parts = parts[:-1]
    parts = parts[: len(parts) - node.level + 1]
    return ".".join([*parts, node.module or ""]).rstrip(".")
