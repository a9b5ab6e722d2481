"""Imports run one way: what each sub-package may import, and that no modules import in a circle.

The checker works on source text alone (imports under `if TYPE_CHECKING:` do not count), so the
tests at the end can plant a violation of every rule and see it found.
"""

from __future__ import annotations

import ast
import graphlib
from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

import pytest

PACKAGE = "audiohook_fw"
ROOT = Path(__file__).resolve().parents[1]

_BASE = {"errors", "protocol", "config", "telemetry", "audio", "auth"}
ALLOWED: Mapping[str, set[str]] = {
    "errors": set(),
    "protocol": {"errors"},
    "config": {"errors"},
    "telemetry": {"errors"},
    "audio": {"errors", "protocol"},
    "auth": {"errors", "protocol"},
    "plugin": _BASE,
    "session": _BASE | {"plugin"},
    "server": _BASE | {"plugin", "session"},
    "client": {"errors", "protocol", "audio", "auth"},
    "stage": _BASE | {"plugin", "session"},
    "replay": _BASE | {"plugin", "session", "stage"},
    "testing": _BASE | {"plugin", "session", "server", "client", "stage"},
    "cli": _BASE | {"plugin", "session", "server", "client", "testing"},
    "pytest_plugin": {"testing"},
    # The public API re-exports, and `python -m audiohook_fw` runs the command.
    "__init__": _BASE | {"plugin", "session"},
    "__main__": {"cli"},
}
"""For each sub-package or top module: the others of ours that it may import."""

BANNED: Mapping[str, set[str]] = {
    "protocol": {"aiohttp", "asyncio", "random", "secrets", "socket", "threading", "time"},
    "plugin": {"aiohttp"},
    "session": {"aiohttp"},
    "stage": {"aiohttp"},
    "replay": {"aiohttp"},
}
"""For each sub-package: the foreign modules it must do without."""

CLOCKS = {("datetime", "now"), ("datetime", "utcnow"), ("datetime", "today"), ("date", "today")}
IDS = {"uuid1", "uuid4"}


def _unit(module: str) -> str:
    """Return the sub-package or top module that a module of ours belongs to."""
    parts = module.split(".")
    return parts[1] if len(parts) > 1 else "__init__"


def _name(path: str) -> str:
    """Return the absolute name of the module in a file, given its path below the package."""
    parts = path.removesuffix(".py").split("/")
    return ".".join([PACKAGE, *(parts[:-1] if parts[-1] == "__init__" else parts)])


def _walk(node: ast.AST) -> Iterator[ast.AST]:
    """Walk the code that runs: not the body of `if TYPE_CHECKING:`, but its `else`."""
    children: Iterable[ast.AST] = ast.iter_child_nodes(node)
    if isinstance(node, ast.If) and ast.unparse(node.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
        children = node.orelse
    for child in children:
        yield child
        yield from _walk(child)


def _from_base(node: ast.ImportFrom, path: str) -> str:
    """Return the absolute name that `from … import` takes its names from."""
    if not node.level:
        return node.module or ""
    parts = [PACKAGE, *path.split("/")]
    base = parts[: len(parts) - node.level]
    return ".".join([*base, node.module] if node.module else base)


def _imports(path: str, tree: ast.AST, modules: Collection[str]) -> Iterator[tuple[str, str]]:
    """Yield every module that the module in a file imports when it runs, and the name it was taken from."""
    for node in _walk(tree):
        if isinstance(node, ast.Import):
            yield from ((alias.name, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _from_base(node, path)
            names = {f"{base}.{alias.name}" for alias in node.names}
            submodules = names.intersection(modules)
            yield from ((name, base) for name in submodules)
            if submodules != names:
                yield base, base


def _import_faults(module: str, target: str, base: str) -> Iterator[str]:
    """Yield what is wrong with one module importing another through the name `base`."""
    unit, top = _unit(module), target.split(".")[0]
    if unit not in ALLOWED:
        yield f"{module}: {unit} has no line in ALLOWED"
        return
    if top in BANNED.get(unit, ()):
        yield f"{module}: {unit} must not import {top}"
    if top.startswith(f"{PACKAGE}_"):
        yield f"{module}: the core must not import the plugin {top}"
    if target.startswith(("opentelemetry.sdk", "opentelemetry.exporter")) and unit != "telemetry":
        yield f"{module}: only telemetry may import {target}"
    if top != PACKAGE:
        return
    other = _unit(target)
    if other == unit:
        return
    if other not in ALLOWED[unit]:
        yield f"{module}: {unit} must not import {target}"
    elif base.count(".") > 1 and unit != "__main__":
        yield f"{module}: import {PACKAGE}.{other} instead of its part {target}"


def _clock_faults(module: str, tree: ast.AST) -> Iterator[str]:
    """Yield where the protocol reads a clock or makes an id: both are passed in."""
    for node in _walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            if (node.value.id, node.attr) in CLOCKS:
                yield f"{module}:{node.lineno}: protocol must not read a clock"
            elif node.value.id == "uuid" and node.attr in IDS:
                yield f"{module}:{node.lineno}: protocol must not make ids"
        elif isinstance(node, ast.ImportFrom) and node.module == "uuid":
            yield from (f"{module}: protocol must not make ids" for a in node.names if a.name in IDS)


def violations(sources: Mapping[str, str]) -> list[str]:
    """Return every broken rule of the given files (path below the package to source), sorted."""
    faults: set[str] = set()
    modules = {_name(path) for path in sources}
    edges: dict[str, set[str]] = {}
    for path, source in sources.items():
        module, tree = _name(path), ast.parse(source)
        imports = set(_imports(path, tree, modules))
        edges[module] = {target for target, _ in imports} & modules - {module}
        for target, base in imports:
            faults.update(_import_faults(module, target, base))
        if _unit(module) == "protocol":
            faults.update(_clock_faults(module, tree))
    try:
        graphlib.TopologicalSorter(edges).prepare()
    except graphlib.CycleError as error:
        faults.add("cycle: " + " <- ".join(error.args[1]))
    return sorted(faults)


@pytest.fixture
def core(tracked_files: list[Path]) -> dict[str, str]:
    """The source of every module of the core, by its path below the package."""
    package = ROOT / PACKAGE
    files = [path for path in tracked_files if path.suffix == ".py" and path.is_relative_to(package)]
    return {path.relative_to(package).as_posix(): path.read_text(encoding="utf-8") for path in files}


def test_the_core_keeps_its_layers(core: dict[str, str]) -> None:
    assert len(core) > len(ALLOWED) / 2
    assert violations(core) == []


PLANTED = {
    "session imports server": (
        "session/x.py",
        "from audiohook_fw.server import app",
        "session must not import",
    ),
    "in a function": ("audio/x.py", "def f():\n    import audiohook_fw.plugin", "audio must not import"),
    "relative import upwards": ("auth/x.py", "from ..client import simulate", "auth must not import"),
    "anything imports cli": ("testing/x.py", "from audiohook_fw import cli", "testing must not import"),
    "the public API": (
        "server/x.py",
        "from audiohook_fw import Session",
        "server must not import audiohook_fw",
    ),
    "a part of another": (
        "server/x.py",
        "from audiohook_fw.audio.wav import read",
        "import audiohook_fw.audio",
    ),
    "aiohttp in plugin": ("plugin/x.py", "import aiohttp.web", "plugin must not import aiohttp"),
    "aiohttp in session": ("session/x.py", "from aiohttp import web", "session must not import aiohttp"),
    "asyncio in protocol": ("protocol/x.py", "import asyncio", "protocol must not import asyncio"),
    "random in protocol": ("protocol/x.py", "from random import random", "protocol must not import random"),
    "uuid4 in protocol": ("protocol/x.py", "from uuid import UUID, uuid4", "must not make ids"),
    "uuid.uuid4 in protocol": ("protocol/x.py", "import uuid\nx = uuid.uuid4()", "must not make ids"),
    "a clock in protocol": ("protocol/x.py", "x = datetime.now(UTC)", "must not read a clock"),
    "the else branch": ("plugin/x.py", "if TYPE_CHECKING:\n    a = 1\nelse:\n    import aiohttp", "aiohttp"),
    "a plugin": ("cli/x.py", "import audiohook_fw_recorder", "the core must not import the plugin"),
    "the sdk": ("server/x.py", "from opentelemetry.sdk.trace import TracerProvider", "only telemetry"),
    "an unknown sub-package": ("tools/x.py", "import audiohook_fw.errors", "no line in ALLOWED"),
}


@pytest.mark.parametrize(("path", "source", "expected"), PLANTED.values(), ids=PLANTED.keys())
def test_finds_a_planted_violation(path: str, source: str, expected: str) -> None:
    package = {f"{unit}/__init__.py": "" for unit in ALLOWED if not unit.startswith("__")}
    found = violations({"__init__.py": "", **package, path: source})
    assert len(found) == 1
    assert expected in found[0]


def test_finds_a_planted_cycle() -> None:
    sources = {
        "audio/__init__.py": "from .a import A",
        "audio/a.py": "from .b import B",
        "audio/b.py": "def late():\n    from . import a",
    }
    assert [fault[:6] for fault in violations(sources)] == ["cycle:"]


def test_lets_good_imports_pass() -> None:
    sources = {
        "__init__.py": "from audiohook_fw.session import Session",
        "protocol/__init__.py": "from .media import MediaFormat",
        "protocol/media.py": "import json\nfrom uuid import UUID\nfrom . import clock",
        "protocol/clock.py": "from datetime import datetime",
        "session/__init__.py": "import asyncio\nfrom audiohook_fw.protocol import MediaFormat, clock",
        "plugin/__init__.py": "if TYPE_CHECKING:\n    import aiohttp\n    import audiohook_fw.session",
    }
    assert violations(sources) == []
