"""`import audiohook_fw` costs next to nothing; its names are imported when they are asked for."""

from __future__ import annotations

import ast
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

import audiohook_fw


def test_importing_the_package_imports_no_part_of_it() -> None:
    code = "import sys, audiohook_fw; print([m for m in sys.modules if m.startswith('audiohook_fw.')])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_each_name_is_what_the_source_says() -> None:
    """Type checkers read the imports; the interpreter looks the names up."""
    tree = ast.parse(Path(audiohook_fw.__file__).read_text(encoding="utf-8"))
    imports = [n for n in ast.walk(tree) if isinstance(n, ast.ImportFrom) and n.level]
    said = {alias.name: node.module for node in imports for alias in node.names}
    assert {*said, "__version__"} == set(audiohook_fw.__all__)
    for name, module in said.items():
        assert getattr(audiohook_fw, name) is getattr(import_module(f"audiohook_fw.{module}"), name)


def test_an_unknown_name_is_told_like_any_other() -> None:
    with pytest.raises(AttributeError, match="module 'audiohook_fw' has no attribute 'Nothing'"):
        audiohook_fw.Nothing  # type: ignore[attr-defined]  # noqa: B018
    assert set(audiohook_fw.__all__) <= set(dir(audiohook_fw))
