"""A directory to read configuration from, in which nothing else counts."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.config import ConfigErrors, Loaded, load


class Place:
    """A working directory with `audiohook.toml`, `.env` and a secrets directory, and its own environment."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.env: dict[str, str] = {}
        self.overrides: dict[str, object] = {}

    def toml(self, text: str) -> None:
        (self.directory / "audiohook.toml").write_text(text, encoding="utf-8")

    def dotenv(self, text: str) -> None:
        (self.directory / ".env").write_text(text, encoding="utf-8")

    def secret(self, name: str, text: str) -> None:
        secrets = self.directory / "secrets"
        secrets.mkdir(exist_ok=True)
        (secrets / name).write_text(text, encoding="utf-8")
        self.env["AUDIOHOOK_SECRETS_DIR"] = str(secrets)

    def load(self, **options: Any) -> Loaded:
        return load(overrides=self.overrides, env=self.env, **options)

    def errors(self, read: Callable[[], object] | None = None) -> list[str]:
        """Return the lines of what is wrong; there must be something."""
        with pytest.raises(ConfigErrors) as caught:
            (read or self.load)()
        assert str(caught.value).splitlines() == [str(error) for error in caught.value.errors]
        assert caught.value.__context__ is None, "pydantic's error holds the input, secrets with it"
        return [str(error) for error in caught.value.errors]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Place:
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.upper().startswith("AUDIOHOOK_")]:
        monkeypatch.delenv(name)
    return Place(tmp_path)


@pytest.fixture
def good_key() -> Mapping[str, object]:
    return {"api_key": "key", "secrets": ["c2VjcmV0"]}
