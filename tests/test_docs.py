"""The documentation keeps its word: links lead somewhere, examples compile, named commands exist."""

from __future__ import annotations

import ast
import json
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

from audiohook_fw.cli.packaging import PACKAGING_RULES
from audiohook_fw.config import Settings, load
from audiohook_fw.protocol import client_diagram, server_diagram
from audiohook_fw.testing import RULES

ROOT = Path(__file__).resolve().parents[1]

FENCE = re.compile(r"^(?P<fence>`{3,})(?P<language>\w*)[^\n]*\n(?P<code>.*?)^(?P=fence)\s*?$", re.M | re.S)
NOTE = re.compile(r"<!--\s*(?P<note>not run|run)\s*-->\s*\Z")
LINK = re.compile(r"\[(?:[^\]\[]|\[[^\]]*\])*\]\((?P<target>[^)\s]+)[^)]*\)")
HEADING = re.compile(r"^#{1,6}\s+(?P<text>.+?)\s*#*$", re.M)
SETTING = re.compile(rf"`({'|'.join(Settings.model_fields)})[.]([a-z_]+)`")
CITATION = re.compile(r"\b[Pp]rotocol (?P<section>\d+(?:[.]\d+)*)\b")
NUMBERED = re.compile(r"^#{2,4} (?P<section>\d+(?:[.]\d+)*) ", re.M)
INSTALL = re.compile(r"pip install (.*?)(?:&&|#|$)", re.M)
TOPS = ("audiohook_fw", "docs", "examples", "plugins", "tests")
FILE = re.compile(rf"(?<![\w./<-])(?:{'|'.join(TOPS)})/[\w./-]*[\w/]")
OF_THE_READER = {"docs/tutorials/first-plugin.md", "docs/how-to/package-and-publish.md"}
"""Pages on a plugin of the reader's own, whose `tests/` they name."""
MAKE = re.compile(r"^\s*(?:\$ )?make ((?:[a-z]+ ?)+)", re.M)


@dataclass(frozen=True)
class Block:
    """One fenced block of a page: its language, its text, and the note right above it."""

    place: str
    language: str
    code: str
    note: str


def _blocks(name: str, text: str) -> list[Block]:
    blocks = []
    for match in FENCE.finditer(text):
        note = NOTE.search(text, 0, match.start())
        place = f"{name}:{text.count(chr(10), 0, match.start()) + 1}"
        blocks.append(Block(place, match["language"], match["code"], note["note"] if note else ""))
    return blocks


def _prose(text: str) -> str:
    """Return a page without its code."""
    return re.sub(r"`[^`\n]*`", "", FENCE.sub("", text))


def _anchors(text: str) -> set[str]:
    """Return the anchors of a page's headings, as code hosts make them."""
    headings = [match["text"] for match in HEADING.finditer(FENCE.sub("", text))]
    slugs = [re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings]
    return set(slugs)


def _broken_links(page: Path, text: str) -> list[str]:
    """Return the links of a page that lead to no file or heading of the repository."""
    broken = []
    for match in LINK.finditer(_prose(text)):
        target, _, anchor = match["target"].partition("#")
        if re.match(r"\w+:", target):
            continue
        file = (page.parent / target).resolve() if target else page
        if target and not (file.exists() and file.is_relative_to(ROOT)):
            broken.append(f"{page.relative_to(ROOT)}: {match['target']} (no such file)")
        elif anchor and anchor not in _anchors(text if file == page else file.read_text(encoding="utf-8")):
            broken.append(f"{page.relative_to(ROOT)}: {match['target']} (no such heading)")
    return broken


def _missing_files(page: Path, text: str) -> list[str]:
    """Return the files and folders of the repository that a page names in code, and that are not there."""
    name = page.relative_to(ROOT).as_posix()
    code = [match["code"] for match in FENCE.finditer(text)]
    code += re.findall(r"`([^`\n]+)`", FENCE.sub("", text))
    named = {match.group() for piece in code for match in FILE.finditer(piece)}
    if name in OF_THE_READER:
        named = {path for path in named if not path.startswith("tests/")}
    named = {path for path in named if "NAME" not in path}
    there = {path for path in named if (ROOT / path).exists() or (page.parent / path).exists()}
    return [f"{name}: {path} (no such file)" for path in sorted(named - there)]


@pytest.fixture
def pages(tracked_files: list[Path]) -> dict[Path, str]:
    """Every page of ours in Markdown."""
    return {path: path.read_text(encoding="utf-8") for path in tracked_files if path.suffix == ".md"}


@pytest.fixture
def blocks(pages: dict[Path, str]) -> list[Block]:
    """Every fenced block of every page."""
    return [block for path, text in pages.items() for block in _blocks(str(path.relative_to(ROOT)), text)]


def test_links_lead_somewhere(pages: dict[Path, str]) -> None:
    assert [fault for page, text in pages.items() for fault in _broken_links(page, text)] == []


def test_files_that_are_named_exist(pages: dict[Path, str]) -> None:
    assert [fault for page, text in pages.items() for fault in _missing_files(page, text)] == []


def test_every_page_is_reached_from_the_index(pages: dict[Path, str]) -> None:
    docs = ROOT / "docs"
    reached, pending = set[Path](), [docs / "index.md"]
    while pending:
        page = pending.pop()
        if page in reached or page not in pages:
            continue
        reached.add(page)
        targets = (match["target"].partition("#")[0] for match in LINK.finditer(_prose(pages[page])))
        pending += [(page.parent / target).resolve() for target in targets if target]
    assert {page for page in pages if page.is_relative_to(docs)} - reached == set()


def test_python_examples_compile(blocks: list[Block]) -> None:
    for block in blocks:
        if block.language == "python" and block.note != "not run":
            compile(block.code, block.place, "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)


def test_python_examples_run(blocks: list[Block], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for block in blocks:
        if block.language == "python" and block.note == "run":
            exec(compile(block.code, block.place, "exec"), {"__name__": "example"})


def test_named_rules_of_the_contract_exist(pages: dict[Path, str]) -> None:
    rule = re.compile(r"rule `([a-z-]+)`")
    named = {
        (page.name, name)
        for page, text in pages.items()
        if page.is_relative_to(ROOT / "docs/how-to")
        for name in rule.findall(text)
    }
    assert ("block-without-blocking.md", "never-blocks") in named
    known = {rule.name for rule in (*RULES, *PACKAGING_RULES)}
    assert {(page, name) for page, name in named if name not in known} == set()


def test_data_examples_parse(blocks: list[Block]) -> None:
    for block in blocks:
        if block.language == "toml":
            tomllib.loads(block.code)
        elif block.language == "json" and block.note != "not run":
            json.loads(block.code)


def test_named_make_targets_exist(blocks: list[Block]) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    shell = (block.code for block in blocks if block.language in {"sh", "bash", "console"})
    named = {target for code in shell for match in MAKE.finditer(code) for target in match[1].split()}
    assert named
    assert named - targets == set()


def test_what_is_installed_from_a_clone_is_there(pages: dict[Path, str], blocks: list[Block]) -> None:
    places = {str(path.relative_to(ROOT)): path.parent for path in pages}
    named = [
        (block.place, word.partition("[")[0])
        for block in blocks
        for line in INSTALL.findall(block.code)
        for word in line.replace("'", "").split()
        if word.startswith("./")
    ]
    assert len(named) > 2
    tops = {place: (ROOT, places[place.partition(":")[0]]) for place, _ in named}
    assert [
        (place, word)
        for place, word in named
        if not any((top / word / "pyproject.toml").is_file() for top in tops[place])
    ] == []


def test_environments_are_made_before_anything_goes_into_them(pages: dict[Path, str]) -> None:
    for name in ("first-server.md", "first-plugin.md"):
        text = pages[ROOT / "docs/tutorials" / name]
        assert "python3 -m venv" in text.partition("pip install")[0], name


def test_configuration_examples_are_valid(
    blocks: list[Block], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "example.toml"
    sections = Settings.model_fields.keys()
    examples = [b.code for b in blocks if b.language == "toml" and tomllib.loads(b.code).keys() <= sections]
    assert examples
    for example in examples:
        file.write_text(example, encoding="utf-8")
        assert load(file, env={}).warnings == ()


def test_named_settings_exist(pages: dict[Path, str]) -> None:
    named = {match.groups() for text in pages.values() for match in SETTING.finditer(text)}
    assert len(named) > 20
    unknown = [f"{section}.{name}" for section, name in named if name not in _section(section)]
    assert unknown == []


def _section(name: str) -> set[str]:
    return set(getattr(Settings(), name).__class__.model_fields)


def test_state_diagrams_are_those_of_the_tables(blocks: list[Block]) -> None:
    drawn = [b.code for b in blocks if b.language == "mermaid" and b.code.startswith("stateDiagram")]
    assert set(drawn) == {client_diagram(), server_diagram()}


def test_cited_protocol_sections_exist(tracked_files: list[Path]) -> None:
    page = (ROOT / "docs/reference/protocol-support.md").read_text(encoding="utf-8")
    sections = {match["section"] for match in NUMBERED.finditer(page)}
    cited = {
        match["section"]: str(path.relative_to(ROOT))
        for path in tracked_files
        if path.suffix == ".py"
        for match in CITATION.finditer(path.read_text(encoding="utf-8"))
    }
    assert cited
    assert {section: place for section, place in cited.items() if section not in sections} == {}


def test_the_checks_find_planted_faults() -> None:
    page = ROOT / "docs" / "planted.md"
    text = "# Planted page\n\n[a](nowhere.md) [b](#planted-page) [c](#none) `[d](code.md)`\n"
    assert _broken_links(page, text) == [
        "docs/planted.md: nowhere.md (no such file)",
        "docs/planted.md: #none (no such heading)",
    ]
    text = "`tests/x.py` `python docs/no.py -v` tests/y.py `/tests/z` `docs/index.md` `plugins/NAME/`\n"
    text += "```sh\nmypy examples/none plugins/\n```\n"
    assert _missing_files(page, text) == [
        "docs/planted.md: docs/no.py (no such file)",
        "docs/planted.md: examples/none (no such file)",
        "docs/planted.md: tests/x.py (no such file)",
    ]
    marked = _blocks("planted", "<!-- run -->\n```python\nx = 1\n```\n\n````md\n```python\ny\n```\n````\n")
    assert [(b.language, b.note, b.place) for b in marked] == [
        ("python", "run", "planted:2"),
        ("md", "", "planted:6"),
    ]
