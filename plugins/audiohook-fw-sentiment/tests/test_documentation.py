"""The README says what was measured, of a set that is as it says."""

from __future__ import annotations

import importlib.util
import re
import sys
import tomllib
from collections import Counter
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from audiohook_fw_sentiment import SentimentPlugin, SentimentSettings, Utterance
from audiohook_fw_sentiment.asking import Asker
from audiohook_fw_sentiment.totals import Outcome

from audiohook_fw.testing import CallDriver

HERE = Path(__file__).parent
README = (HERE.parent / "README.md").read_text(encoding="utf-8")
PAGE = (HERE.parents[2] / "docs/how-to/tell-the-mood-of-calls.md").read_text(encoding="utf-8")


def blocks(text: str, kind: str) -> list[str]:
    return re.findall(rf"^```{kind}\n(.*?)^```$", text, re.M | re.S)


@pytest.fixture(scope="module")
def measure() -> ModuleType:
    spec = importlib.util.spec_from_file_location("sentiment_measure", HERE / "measure.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def test_the_figures_are_those_of_the_readme(measure: ModuleType) -> None:
    tables = [measure.summary(), measure.by_kind()]
    for _, score, threshold in measure.configurations()[:2]:
        tables.append(measure.confusion(score, threshold, "held_out"))
    for table in tables:
        assert "\n".join(table) in README


def test_the_costs_can_be_measured(measure: ModuleType) -> None:
    score, whole = measure.costs([utterance.text for utterance in measure.utterances()], rounds=1)
    assert score > 0
    assert whole > 0


def test_the_set_is_balanced_and_split(measure: ModuleType) -> None:
    every = measure.utterances()
    assert len({utterance.text for utterance in every}) == len(every) == 240
    assert Counter(utterance.label for utterance in every) == dict.fromkeys(measure.LABELS, 80)
    for label in measure.LABELS:
        halves = Counter(utterance.half for utterance in every if utterance.label == label)
        assert abs(halves["tuned"] - halves["held_out"]) <= 2
    kinds: dict[tuple[str, str], list[str]] = {}
    for utterance in every:
        kinds.setdefault((utterance.label, utterance.kind), []).append(utterance.half)
    for halves_in_turn in kinds.values():
        assert halves_in_turn == [("tuned", "held_out")[place % 2] for place in range(len(halves_in_turn))]


def test_what_the_strict_list_leaves_out(measure: ModuleType) -> None:
    score = measure.strict_score()
    assert score("the box doesn't work") == 0
    assert measure.scoring(measure.Vader())("the box doesn't work") < 0


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_is_told(outcome: Outcome) -> None:
    assert f"`{outcome}`" in README


async def test_the_engine_of_the_readme_is_one() -> None:
    (code,) = blocks(README, "python")
    names: dict[str, Any] = {}
    exec(code, names)
    asker = Asker(names["AcmeEngine"](model="large"))
    said = [Utterance("Danke schön", "de", "external"), Utterance("Hallo", "de", "external")]
    assert await asker.ask(said, None) == [0.5, None]  # type: ignore[arg-type]


def test_settings_that_are_shown_are_valid() -> None:
    shown = [
        text for text in [*blocks(README, "toml"), *blocks(PAGE, "toml")] if "[plugins.sentiment]" in text
    ]
    assert len(shown) >= 3
    for text in shown:
        SentimentSettings.model_validate(tomllib.loads(text)["plugins"]["sentiment"])


def test_the_alarm_of_the_page_goes_by_this_plugin(tmp_path: Path, kit: Any) -> None:
    ((name, code),) = re.findall(r"^<!-- plugin (\w+) -->\n```python\n(.*?)^```$", PAGE, re.M | re.S)
    file = tmp_path / f"{name}.py"
    file.write_text(code, encoding="utf-8")
    with CallDriver(SentimentPlugin, others={name: str(file)}, language="en-US") as call:
        call.open()
        call.event(kit.said("this is terrible", seconds=1))
        assert "upset" not in call.context
        for place in range(4):
            call.event(kit.said("this is absolutely ridiculous, i am furious", at=5.0 * place, seconds=4))
        assert call.context["upset"] is True
        for place in range(20):
            call.event(kit.said("thank you, that's perfect", at=30 + 10.0 * place, seconds=6))
        assert call.context["upset"] is False
