"""Which models there are, and which one a language gets."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from audiohook_fw_whisper.languages import EVERY_TAG
from audiohook_fw_whisper.messages import ModelSource
from audiohook_fw_whisper.models import ANY_LANGUAGE, Models, check_source, source_of

EN = ModelSource("small.en", is_directory=False)
ALL = ModelSource("small", is_directory=False)
DE = ModelSource("someone/whisper-de", is_directory=False)


def test_a_path_is_told_from_a_name(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", "/me")
    assert source_of("small.en") == EN
    assert source_of("someone/whisper-de") == DE
    assert source_of("/models/x") == ModelSource("/models/x", is_directory=True)
    assert source_of("./x") == ModelSource(str(tmp_path / "x"), is_directory=True)
    assert source_of("~/x") == ModelSource("/me/x", is_directory=True)


def test_a_directory_is_checked_and_a_name_is_not(fake_model: Callable[[str], str], tmp_path: Path) -> None:
    assert check_source(EN) is None
    whole = source_of(fake_model("whole"))
    assert check_source(whole) is None
    (Path(whole.place) / "tokenizer.json").unlink()  # without it faster-whisper would ask the hub for one
    problem = check_source(whole)
    assert problem is not None
    assert "lacks tokenizer.json" in problem
    gone = check_source(source_of(str(tmp_path / "gone")))
    assert gone is not None
    assert "is no directory" in gone


def test_the_real_model_is_whole_and_english(model_path: str) -> None:
    source = source_of(model_path)
    assert check_source(source) is None
    assert Models({"": source}).languages() == ("en",)


def test_languages_of_directories_come_from_their_vocabulary(
    fake_model: Callable[..., str], tmp_path: Path
) -> None:
    assert Models({"": source_of(fake_model("en", 51_864))}).languages() == ("en",)
    many = source_of(fake_model("many", 51_865))
    assert Models({"": many}).languages() == EVERY_TAG
    Path(many.place, "vocabulary.txt").unlink()
    assert Models({"": many}).languages() == EVERY_TAG  # it does not load, which its worker says
    Path(many.place, "vocabulary.json").write_text(json.dumps(["token"] * 51_864))
    assert Models({"": many}).languages() == ("en",)


def test_languages_of_models_together() -> None:
    assert Models({"": EN, "de": DE}).languages() == ("de", "en")
    assert Models({"de": DE, "en-GB": EN}).languages() == ("de", "en-GB")
    assert Models({"": ALL, "de": DE}).languages()[:2] == ("de", "en")
    assert Models({"": ALL, "de": DE}, finds_out=True).languages()[:2] == (ANY_LANGUAGE, "de")
    assert Models({"": EN}, finds_out=True).languages() == ("en",)  # it has nothing to find out


@pytest.mark.parametrize(
    ("tag", "chosen"),
    [
        ("de", ("de", "de")),
        ("de-AT", ("de", "de")),
        ("en-GB", ("en-GB", "en")),
        ("en-US", ("", "en")),
        ("nb-NO", ("", "no")),
        ("xx", None),
        (ANY_LANGUAGE, ("", "")),
    ],
)
def test_the_closest_model_is_chosen(tag: str, chosen: tuple[str, str] | None) -> None:
    assert Models({"de": DE, "en-GB": EN, "": ALL}).choose(tag) == chosen


def test_no_model_for_a_language() -> None:
    assert Models({"de": DE}).choose("en") is None
