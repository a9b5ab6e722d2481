"""The section `[plugins.whisper]`."""

from __future__ import annotations

from pathlib import Path

import pytest
from audiohook_fw_whisper.messages import ModelSource
from audiohook_fw_whisper.settings import WhisperSettings
from pydantic import ValidationError


def test_model_path_is_a_directory_whatever_it_looks_like(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for path, place in (("small", tmp_path / "small"), ("/m/x", Path("/m/x")), ("./x", tmp_path / "x")):
        models = WhisperSettings(model_path=path).chosen_models()
        assert models.sources == {"": ModelSource(str(place), is_directory=True)}


def test_models_by_name_and_language() -> None:
    settings = WhisperSettings(model="small", models={"de": "/m/de"}, unknown_language="detect")
    models = settings.chosen_models()
    assert models.sources == {
        "": ModelSource("small", is_directory=False),
        "de": ModelSource("/m/de", is_directory=True),
    }
    assert models.finds_out
    assert not WhisperSettings().chosen_models().sources


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model": "small", "model_path": "/m"}, "set one of them"),
        ({"models": {"xx": "small"}}, "knows no language 'xx'"),
        ({"models": {"de": ""}}, "the model of 'de' is empty"),
        ({"workers": 0}, "workers"),
        ({"max_wait": 0}, "max_wait"),
        ({"worker_timeout": 15}, r"recognize_timeout must be more than .* together \(30\)"),
        ({"modle": "small"}, "modle"),
    ],
)
def test_mistakes_are_told(settings: dict[str, object], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        WhisperSettings.model_validate(settings)
