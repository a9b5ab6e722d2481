"""The pages that are made from the code are current, whatever the machine, and the index leads to them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from make_reference.markdown import cell, slug, table
from make_reference.pages import PAGES, REFERENCE


@pytest.mark.parametrize("name", PAGES)
def test_page_is_current(name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert PAGES[name]() == (REFERENCE / name).read_text(encoding="utf-8"), "make it anew: make docs"


def test_another_process_in_another_place_makes_the_same(tmp_path: Path) -> None:
    code = (
        "import sys\n"
        f"sys.path.append({str(REFERENCE.parent)!r})\n"
        "from make_reference.pages import PAGES, REFERENCE\n"
        "print([n for n, make in PAGES.items() if make() != (REFERENCE / n).read_text(encoding='utf-8')])"
    )
    made = subprocess.run(
        [sys.executable, "-c", code],
        cwd=tmp_path,
        env={"PYTHONHASHSEED": "7", "COLUMNS": "60", "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert made.stdout == "[]\n"


def test_the_index_links_to_every_page() -> None:
    index = (REFERENCE.parent / "index.md").read_text(encoding="utf-8")
    pages = {path.name for path in REFERENCE.glob("*.md")}
    assert {name for name in pages if f"](reference/{name})" not in index} == set()


def test_markdown() -> None:
    assert cell("a |\n  b ") == r"a \| b"
    assert table(("x", "y"), [("1", "2")]) == "| x | y |\n|---|---|\n| 1 | 2 |"
    assert slug("### `on_x(a: B) -> C | None`") == "on_xa-b---c--none"
