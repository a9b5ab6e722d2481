"""What every file of the repository owes its readers: small, finished, complete, and of no one machine."""

from __future__ import annotations

import ast
import re
import statistics
import tomllib
from importlib import metadata
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[1]
MAX_LINES = 400
SCREEN = 35
"""Lines that a function may have, for 95 in 100 of them."""

# Written so that this file does not find itself.
UNFINISHED = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X]|NotImplementedErro[r])\b")
MACHINE_PATH = re.compile(r"(?<![\w.])/(wor[k]|roo[t]|hom[e]/\w+|User[s]/\w+)/")
INDEX = re.compile(r"pypi[.]org|pythonhosted[.]org|--(extra-)?index-ur[l]|--find-link[s]|PIP_INDE[X]")
INTERNAL = re.compile(r"\b(share[d]|brie[f])/[\w-]+[.]md|\b(design|protocol|style|libraries)[.]m[d]\b")
PIN = re.compile(r"(?P<name>[A-Za-z0-9][\w.-]*)==(?P<version>[\w.!+]+)( ; [\w .'\"<>=!]+)?")

REQUIRED = [
    ".ci/run",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "LICENSE",
    "Makefile",
    "README.md",
    "constraints.txt",
    "docs/index.md",
    "pyproject.toml",
    "audiohook_fw/py.typed",
]
TARGETS = {"setup", "demo", "test", "lint", "bench", "clean", "help"}


def _relative(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def _text(path: Path) -> str:
    """Return a file's text; of a binary file, nothing."""
    content = path.read_bytes()
    return "" if b"\0" in content else content.decode("utf-8", errors="replace")


@pytest.fixture
def texts(tracked_files: list[Path]) -> dict[str, str]:
    """The text of every tracked text file, by its path in the repository."""
    return {_relative(path): text for path in tracked_files if (text := _text(path))}


@pytest.fixture
def code(texts: dict[str, str]) -> dict[str, str]:
    """The Python files that are installed: the core's and each plugin's package."""
    package = re.compile(r"(audiohook_fw|plugins/[^/]+/audiohook_fw_\w+)/.*[.]py")
    return {name: text for name, text in texts.items() if package.fullmatch(name)}


def _found(pattern: re.Pattern[str], texts: dict[str, str]) -> list[str]:
    return [
        f"{name}:{number}: {match.group()}"
        for name, text in texts.items()
        for number, line in enumerate(text.splitlines(), 1)
        if (match := pattern.search(line))
    ]


def test_no_file_is_too_long(texts: dict[str, str]) -> None:
    ours = {n: t for n, t in texts.items() if n.endswith((".py", ".toml")) or n == "Makefile"}
    lengths = {name: len(text.splitlines()) for name, text in ours.items()}
    assert len(lengths) > 10
    assert {name: n for name, n in lengths.items() if n > MAX_LINES} == {}


def test_functions_fit_on_a_screen(code: dict[str, str]) -> None:
    functions = [
        (node.end_lineno or node.lineno) - node.lineno + 1
        for text in code.values()
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    assert statistics.quantiles(functions, n=20)[-1] <= SCREEN


def test_nothing_is_left_for_later(code: dict[str, str]) -> None:
    assert _found(UNFINISHED, code) == []


def test_nothing_names_a_machine_or_an_index(texts: dict[str, str]) -> None:
    assert _found(MACHINE_PATH, texts) == []
    assert _found(INDEX, texts) == []


def test_nothing_points_outside_the_repository(texts: dict[str, str]) -> None:
    assert _found(INTERNAL, texts) == []


@pytest.mark.parametrize(
    ("pattern", "line"),
    [
        (UNFINISHED, "x = 1  # TO" + "DO: more"),
        (UNFINISHED, "raise NotImplemented" + "Error"),
        (MACHINE_PATH, "directory = '/ro" + "ot/recordings'"),
        (MACHINE_PATH, "see /home/" + "ann/notes"),
        (INDEX, "pip install --index-" + "url https://index.example x"),
        (INTERNAL, "as sha" + "red/notes.md says"),
    ],
)
def test_the_patterns_find_what_they_are_for(pattern: re.Pattern[str], line: str) -> None:
    assert _found(pattern, {"planted": f"fine\n{line}\n"}) != []


def test_every_module_says_what_it_holds(code: dict[str, str]) -> None:
    silent = [name for name, text in code.items() if not ast.get_docstring(ast.parse(text))]
    assert silent == []


@pytest.mark.parametrize("name", REQUIRED)
def test_required_file_exists(name: str) -> None:
    assert (ROOT / name).is_file()


def test_licence_is_mit() -> None:
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")


def test_ci_script_is_executable() -> None:
    assert (ROOT / ".ci/run").stat().st_mode & 0o100


def test_makefile_has_the_targets() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE)) >= TARGETS


def test_changelog_knows_the_version() -> None:
    version = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["version"]
    assert f"\n## [{version}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_plugin_is_a_whole_distribution(texts: dict[str, str]) -> None:
    plugins = {Path(name).parts[1] for name in texts if name.startswith("plugins/")}
    for plugin in plugins:
        module = plugin.replace("-", "_")
        folder = ROOT / "plugins" / plugin
        for part in ("pyproject.toml", "README.md", f"{module}/__init__.py", f"{module}/py.typed"):
            assert (folder / part).is_file(), f"{plugin} has no {part}"
        assert list(folder.glob("tests/**/test_*.py")), f"{plugin} has no tests"


def _pins() -> dict[str, str]:
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    matches = {line: PIN.fullmatch(line) for line in lines}
    assert [line for line, match in matches.items() if match is None] == []
    assert lines == sorted(lines, key=str.lower)
    return {canonicalize_name(m["name"]): m["version"] for m in matches.values() if m}


def _own_requirements() -> list[Requirement]:
    """Return what the core (with its extras), the tools and every plugin ask for directly."""
    asked: list[str] = []
    for path in [ROOT / "pyproject.toml", *ROOT.glob("plugins/*/pyproject.toml")]:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        project = content["project"]
        asked += content["build-system"]["requires"] + project.get("dependencies", [])
        asked += [line for extra in project.get("optional-dependencies", {}).values() for line in extra]
        if path.parent == ROOT:
            asked += content["dependency-groups"]["dev"]
    return [Requirement(line) for line in asked]


def test_every_dependency_is_pinned_to_what_is_installed() -> None:
    pins, pending, seen = _pins(), _own_requirements(), set[str]()
    while pending:
        requirement = pending.pop()
        name = canonicalize_name(requirement.name)
        if name in seen or name.startswith("audiohook-fw") or not _applies(requirement):
            continue
        seen.add(name)
        installed = metadata.distribution(name)
        assert pins.get(name) == installed.version
        pending += [Requirement(line) for line in installed.requires or ()]
    assert len(seen) > 20


def _applies(requirement: Requirement) -> bool:
    """Tell whether a requirement holds here without extras (an extra's own dependencies are not followed)."""
    return requirement.marker is None or requirement.marker.evaluate({"extra": ""})
