"""From a kind and names to text."""

from __future__ import annotations

import tomllib

import pytest
from packaging.requirements import Requirement

from audiohook_fw.cli.scaffold import KINDS, KindName, Names, render, requirement


def test_every_kind_has_its_templates():
    assert set(KINDS) == set(KindName)
    for kind in KindName:
        project = tomllib.loads(render(kind, Names("mine"), year=2026)["pyproject.toml"])["project"]
        assert project["name"] == "audiohook-fw-mine"
        assert project["entry-points"] == {"audiohook_fw": {"mine": "audiohook_fw_mine:MinePlugin"}}
        assert project["description"].startswith(KINDS[kind].summary)
        assert project["dependencies"] == [requirement(), *KINDS[kind].dependencies]


@pytest.mark.parametrize(
    ("version", "line"),
    [
        ("0.1.0", "audiohook-fw>=0.1,<0.2"),
        ("0.9.3", "audiohook-fw>=0.9,<0.10"),
        ("1.4.2", "audiohook-fw>=1.4,<2"),
    ],
)
def test_the_requirement_is_that_of_compatibility(monkeypatch, version, line):
    monkeypatch.setattr("importlib.metadata.version", lambda name: version)
    assert requirement() == line
    assert version in Requirement(line).specifier


def test_the_holder_of_the_licence():
    assert "Copyright (c) 2026 mine authors" in render(KindName.MINIMAL, Names("mine"), year=2026)["LICENSE"]


@pytest.mark.parametrize("kind", KindName)
def test_its_tools_are_installed_by_any_pip(kind):
    # The pip of a new environment of Python 3.11 knows extras, but no dependency groups.
    files = render(kind, Names("mine"), year=2026)
    assert tomllib.loads(files["pyproject.toml"])["project"]["optional-dependencies"].keys() == {"dev"}
    told = [line for text in files.values() for line in text.splitlines() if "pip install --editable" in line]
    assert len(told) == 2  # in the README and for CI
    assert all(line.endswith("pip install --editable '.[dev]'") for line in told)
