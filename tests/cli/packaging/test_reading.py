"""What is read of a directory, of what is installed, and of a file."""

from __future__ import annotations

from importlib import metadata
from pathlib import Path

import pytest

from audiohook_fw.cli.packaging import Source, directory_of, from_directory, from_distribution, from_file

ROOT = Path(__file__).resolve().parents[3]
PROJECT = """
[project]
name = "acme-mine"
version = "1.0"
readme = {readme}
classifiers = ["License :: OSI Approved :: MIT License"]
dynamic = ["dependencies"]
[project.entry-points.audiohook_fw]
mine = "acme_mine.plugin:Mine"
"""


@pytest.mark.parametrize("src", ["", "src/"])
@pytest.mark.parametrize("readme", ['"READ.md"', '{file = "READ.md"}', '{text = "read it"}'])
def test_a_directory(tmp_path, src, readme):
    (tmp_path / "pyproject.toml").write_text(PROJECT.replace("{readme}", readme), encoding="utf-8")
    package = tmp_path / src / "acme_mine"
    package.mkdir(parents=True)
    for name in ("__init__.py", "plugin.py", "py.typed"):
        (package / name).write_text("x = 1\n", encoding="utf-8")
    (tmp_path / "READ.md").write_text("read it", encoding="utf-8")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_it.py").write_text("", encoding="utf-8")
    found = from_directory(tmp_path)
    assert (found.source, found.name, found.version) == (Source.DIRECTORY, "acme-mine", "1.0")
    assert found.entry_points == {"mine": "acme_mine.plugin:Mine"}
    assert set(found.code) == {f"{src}acme_mine/__init__.py", f"{src}acme_mine/plugin.py"}
    assert found.typed
    assert found.licensed
    assert found.readme == "read it"
    assert list(found.tests or ()) == ["tests/test_it.py"]
    assert found.dynamic == {"dependencies"}
    assert "audiohook_fw_recorder" in found.others


def test_a_project_without_anything(tmp_path):
    (tmp_path / "pyproject.toml").write_text("[tool.x]\n", encoding="utf-8")
    found = from_directory(tmp_path)
    assert (found.entry_points, found.code, found.typed, found.readme) == ({}, {}, False, "")


def test_an_editable_distribution_leads_to_its_directory():
    assert (
        directory_of(metadata.distribution("audiohook-fw-recorder")) == ROOT / "plugins/audiohook-fw-recorder"
    )
    assert directory_of(metadata.distribution("numpy")) is None


@pytest.mark.parametrize("text", ["", "no json", "[]", '{"dir_info": {"editable": true}}'])
def test_an_origin_that_says_nothing(text):
    class Odd(metadata.PathDistribution):
        def read_text(self, filename):
            return text

    assert directory_of(Odd(Path())) is None


def test_what_is_installed(tmp_path):
    meta = tmp_path / "acme_mine-1.0.dist-info"
    meta.mkdir()
    (tmp_path / "acme_mine").mkdir()
    for name in ("__init__.py", "py.typed"):
        (tmp_path / "acme_mine" / name).write_text("x = 1\n", encoding="utf-8")
    (meta / "METADATA").write_text(
        "Metadata-Version: 2.4\nName: acme-mine\nVersion: 1.0\nLicense-Expression: MIT\n"
        "Requires-Python: >=3.11\nRequires-Dist: audiohook-fw>=0.1\n\nread it\n",
        encoding="utf-8",
    )
    (meta / "entry_points.txt").write_text("[audiohook_fw]\nmine = acme_mine:Mine\n", encoding="utf-8")
    (meta / "RECORD").write_text(
        "acme_mine/__init__.py,,\nacme_mine/py.typed,,\nother.py,,\n", encoding="utf-8"
    )
    found = from_distribution(metadata.PathDistribution(meta))
    assert (found.source, found.name, found.version) == (Source.INSTALLED, "acme-mine", "1.0")
    assert (found.requires, found.requires_python) == (("audiohook-fw>=0.1",), ">=3.11")
    assert found.readme.strip() == "read it"
    assert found.licensed
    assert found.typed
    assert list(found.code) == ["acme_mine/__init__.py"]
    assert found.tests is None


def test_a_file_and_a_package(tmp_path):
    (tmp_path / "one.py").write_text("import json\n", encoding="utf-8")
    assert from_file(tmp_path / "one.py").code == {"one.py": "import json\n"}
    (tmp_path / "pack").mkdir()
    (tmp_path / "pack" / "__init__.py").touch()
    (tmp_path / "pack" / "more.py").touch()
    assert set(from_file(tmp_path / "pack" / "__init__.py").code) == {"pack/__init__.py", "pack/more.py"}
