"""Every setting has its entry, a value that loads, and a test; settings of plugins are in their READMEs."""

from __future__ import annotations

import importlib
import re
import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from make_reference import settings as maker
from pydantic import BaseModel, Field, SecretStr
from pydantic.fields import FieldInfo

from audiohook_fw.config import KeySettings, Settings, load
from audiohook_fw.config.toml import toml_value

ROOT = Path(__file__).resolve().parents[2]

ALL = [row for section in (*Settings.model_fields, "auth.keys[]") for row in maker.rows(section)]
IDS = [".".join(place) for place, _ in ALL]


@pytest.fixture(autouse=True)
def _nothing_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


@cache
def entries() -> dict[str, list[str]]:
    rows = re.findall(r"^\| `([^`]+)` (\|.*)\|$", maker.page(), re.MULTILINE)
    return {name: [cell.strip() for cell in re.split(r"(?<!\\)\|", rest)[1:]] for name, rest in rows}


@pytest.mark.parametrize(("place", "info"), ALL, ids=IDS)
def test_entry_is_complete(place: tuple[str, str], info: FieldInfo) -> None:
    kind, default, bounds, meaning, environment = entries()[".".join(place)]
    assert kind
    assert default
    assert (info.description or "").replace("|", r"\|") == meaning
    name = maker.KEYS if place[0] == "auth.keys[]" else place
    assert f"AUDIOHOOK_{'__'.join(name).upper()}=" in environment
    has_bounds = any(hasattr(part, end) for part in info.metadata for end in ("ge", "le", "max_length"))
    assert bool(bounds) >= has_bounds


@pytest.mark.parametrize(("place", "info"), ALL, ids=IDS)
def test_example_changes_the_setting(place: tuple[str, str], info: FieldInfo) -> None:
    loaded = load(None, env=maker.example(place, info)).settings
    section, name = place
    if section == "auth.keys[]":
        (key,) = loaded.auth.keys
        assert name in key.model_fields_set
    else:
        assert getattr(getattr(loaded, section), name) != getattr(getattr(Settings(), section), name)


@pytest.mark.parametrize(("place", "info"), ALL, ids=IDS)
def test_setting_is_tested(place: tuple[str, str], info: FieldInfo, tested: Mapping[Path, Any]) -> None:
    """Some test beside those of the configuration itself, which are about all settings alike."""
    files = [used for file, used in tested.items() if file.parent.name != "config"]
    spellings = {place[1], f"AUDIOHOOK_{'__'.join(place).upper()}"}
    assert any(spellings & (used.names | used.texts) for used in files), f"no test uses {'.'.join(place)}"


def test_a_setting_without_an_example_is_refused() -> None:
    info: Any = Field(default="")
    with pytest.raises(ValueError, match="has no example"):
        maker.example(("server", "planted"), info)


def test_there_is_no_other_section() -> None:
    assert len(entries()) == len(ALL)
    assert set(KeySettings.model_fields) == {place[1] for place, _ in maker.rows("auth.keys[]")}


def plugins() -> list[tuple[str, Path, Any]]:
    """Every plugin of this repository with settings: its name, its README and its model."""
    found = []
    for file in sorted(ROOT.glob("plugins/*/pyproject.toml")):
        project = tomllib.loads(file.read_text(encoding="utf-8"))["project"]
        for name, target in project.get("entry-points", {}).get("audiohook_fw", {}).items():
            module, _, attribute = target.partition(":")
            loaded: Any = importlib.import_module(module)
            plugin = getattr(loaded, attribute) if attribute else loaded
            if (model := getattr(plugin, "Settings", None)) is not None:
                found.append((name, file.parent / "README.md", model))
    return found


@pytest.mark.parametrize(("name", "readme", "model"), plugins(), ids=[name for name, _, _ in plugins()])
def test_the_readme_of_a_plugin_has_its_settings(name: str, readme: Path, model: Any) -> None:
    _check_table(readme.read_text(encoding="utf-8"), f"plugins.{name}", model)


def _check_table(text: str, section: str, model: Any) -> None:
    table = re.search(rf"^\| setting in `\[{re.escape(section)}\]` .*\n((?:\|.*\n)+)", text, re.MULTILINE)
    assert table, f"there is no table of `[{section}]`"
    rows = {m[1]: m[0] for m in re.finditer(r"^\| `(\w+)` \| \S.*\|$", table[1], re.MULTILINE)}
    assert set(rows) == set(model.model_fields)
    for field, info in model.model_fields.items():
        assert info.description, field
        if isinstance(info.annotation, type) and issubclass(info.annotation, BaseModel):
            _check_table(text, f"{section}.{field}", info.annotation)
        elif not info.is_required() and (default := info.get_default(call_default_factory=True)) is not None:
            if isinstance(default, SecretStr):  # where only what somebody sets is one
                default = default.get_secret_value()
            assert toml_value(default).strip('"') in rows[field], f"{field}: the default is missing"


def test_there_are_plugins_with_settings() -> None:
    assert {"recorder"} <= {name for name, _, _ in plugins()}
