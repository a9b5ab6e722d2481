"""Every exception has its entry and a test, and so has every reason for which an upgrade is refused."""

from __future__ import annotations

import ast
import importlib
import inspect
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from make_reference import errors as maker
from make_reference.source import prose

import audiohook_fw.errors
from audiohook_fw.auth import AuthFailure

CLASSES = maker.classes()
PAGE = maker.page()
PACKAGE = Path(audiohook_fw.errors.__file__).parent


@pytest.mark.parametrize("error", CLASSES, ids=[error.__name__ for error in CLASSES])
def test_exception_has_its_entry_and_a_test(error: type[BaseException], tested: Mapping[Path, Any]) -> None:
    entry = PAGE.partition(f"\n## `{error.__name__}`\n")[2].partition("\n## ")[0]
    found = re.search(r"^from (\S+) import (\w+)$", entry, re.MULTILINE)
    assert found, entry
    assert getattr(importlib.import_module(found[1]), found[2]) is error
    assert (inspect.getdoc(error) or "").splitlines()[0] in entry
    below = {error.__name__, *(child.__name__ for child in CLASSES if issubclass(child, error))}
    assert any(below & used.names for used in tested.values()), f"no test uses {error.__name__}"


def test_no_exception_of_the_core_is_left_out() -> None:
    bases = {error.__name__ for error in CLASSES}
    defined = {
        node.name
        for file in PACKAGE.rglob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        if isinstance(node, ast.ClassDef) and bases & {ast.unparse(base) for base in node.bases}
    }
    assert defined | {"AudiohookError"} == bases


@pytest.mark.parametrize("failure", AuthFailure)
def test_reason_has_its_entry_and_a_test(failure: AuthFailure, tested: Mapping[Path, Any]) -> None:
    assert f"| `{failure.value}` | `{failure.name}` |" in PAGE
    assert any({failure.value, failure.name} & (used.names | used.texts) for used in tested.values()), (
        f"no test uses {failure}"
    )


def test_fields_of_a_docstring_become_lists() -> None:
    text = "Say it.\n\nAttributes:\n    a: one\n        thing.\n    b: two."
    assert prose(text) == "Say it.\n\nAttributes:\n\n* a: one\n  thing.\n* b: two."
