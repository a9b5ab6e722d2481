"""The rules of contents: code, types, documentation and tests."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from importlib import import_module
from typing import Final

from .imports import imported, parsed
from .package import Package, Source
from .rule import Needs, PackagingRule

__all__ = [
    "DECLARES_SUMMARY",
    "INDEPENDENT",
    "PUBLIC_IMPORTS",
    "README_COMPLETE",
    "SETTINGS_DESCRIBED",
    "TESTS_CONTRACT",
    "TYPED",
]

_CORE: Final = "audiohook_fw"
_PUBLIC: Final = (
    _CORE,
    *(f"{_CORE}.{part}" for part in ("protocol", "audio", "client", "replay", "testing")),
)
_CONTRACT: Final = "PluginContract"


def _typed(package: Package) -> Iterator[str]:
    if not package.typed:
        yield f"there is no py.typed in {', '.join(sorted(package.modules)) or 'its package'}"


def _declares_summary(package: Package) -> Iterator[str]:
    for name, about in package.plugins.items():
        if not about.summary.strip():
            yield f"{name} says nothing of itself in info.summary"


def _settings_described(package: Package) -> Iterator[str]:
    for name, about in package.plugins.items():
        silent = [setting for setting, text in about.settings.items() if not text.strip()]
        if silent:
            yield f"settings of {name} without a description: {', '.join(silent)}"


def _readme_complete(package: Package) -> Iterator[str]:
    if not package.readme.strip():
        yield "there is no README"
        return
    for name, about in package.plugins.items():
        for kind, wanted in (("settings", about.settings), ("hooks", about.hooks)):
            absent = [word for word in wanted if not re.search(rf"\b{re.escape(word)}\b", package.readme)]
            if absent:
                yield f"{kind} of {name} that the README does not name: {', '.join(absent)}"


def _tests_contract(package: Package) -> Iterator[str]:
    for text in (package.tests or {}).values():
        for node in ast.walk(parsed(text)):
            if isinstance(node, ast.ClassDef) and any(_name(base) == _CONTRACT for base in node.bases):
                return
    yield f"no test is a subclass of {_CONTRACT}"


def _name(node: ast.expr) -> str:
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def _public_imports(package: Package) -> Iterator[str]:
    for path, text in package.code.items():
        for line, module, name in imported(text):
            if module.partition(".")[0] == _CORE and not _is_public(module, name):
                yield f"{path}:{line} imports {f'{name} of {module}' if name else module}"


def _is_public(module: str, name: str) -> bool:
    if module not in _PUBLIC:
        return False
    if not name or name == "*" or f"{module}.{name}" in _PUBLIC:
        return True
    return name in import_module(module).__all__


def _independent(package: Package) -> Iterator[str]:
    own = package.modules
    for path, text in package.code.items():
        for line, module, _ in imported(text):
            top = module.partition(".")[0]
            is_one = top in package.others or (top.startswith(f"{_CORE}_") and top not in package.required)
            if is_one and top not in own and not (package.source is Source.MODULE and top in path):
                yield f"{path}:{line} imports {module}"


TYPED: Final = PackagingRule(
    "typed",
    "Its package has `py.typed`, so that type checkers look at its annotations.",
    "add an empty file py.typed to the package",
    _typed,
    (Needs.DISTRIBUTION, Needs.CODE),
)
DECLARES_SUMMARY: Final = PackagingRule(
    "declares-summary",
    "`info` has a summary, which `audiohook-fw plugins` shows.",
    'write info = PluginInfo(summary="What it does, in one line")',
    _declares_summary,
    (Needs.LOADED,),
)
SETTINGS_DESCRIBED: Final = PackagingRule(
    "settings-described",
    "Every field of `Settings` has a description, which `audiohook-fw config` shows.",
    'write Field(default, description="What it means, with its unit")',
    _settings_described,
    (Needs.LOADED,),
)
README_COMPLETE: Final = PackagingRule(
    "readme-complete",
    "The README names every setting and every hook.",
    "add what is missing: settings as a table, and which hooks it has and what they do",
    _readme_complete,
    (Needs.DISTRIBUTION, "readme", Needs.LOADED),
)
TESTS_CONTRACT: Final = PackagingRule(
    "tests-contract",
    "Its tests subclass `PluginContract`.",
    "write class TestContract(PluginContract): plugin = MyPlugin",
    _tests_contract,
    (Needs.DISTRIBUTION, Needs.TESTS),
)
PUBLIC_IMPORTS: Final = PackagingRule(
    "public-imports",
    "Its code imports public names only: of `audiohook_fw`, and of `audiohook_fw.protocol`, `.audio`, "
    "`.client`, `.replay` and `.testing`.",
    "import it from audiohook_fw; what is missing there is worth an issue: all else may change at any time",
    _public_imports,
    (Needs.CODE,),
)
INDEPENDENT: Final = PackagingRule(
    "independent",
    "Its code imports no other plugin.",
    "consume the other's events, by name if need be: consumes=('acme.score',)",
    _independent,
    (Needs.CODE,),
)
