"""The rules in the documentation are valid, and the commands say what it shows."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from audiohook_fw_policy.conditions import CONDITIONS
from audiohook_fw_policy.facts import Facts
from audiohook_fw_policy.outcome import Action, Outcome
from audiohook_fw_policy.rule_file import parse_rules
from audiohook_fw_policy.settings import PolicySettings

from audiohook_fw.cli.main import run

PLUGIN = Path(__file__).resolve().parents[1]
DOCS = PLUGIN.parents[1] / "docs"
PAGES = [
    PLUGIN / "README.md",
    DOCS / "reference/policy-rules.md",
    *(DOCS / "how-to" / f"{name}.md" for name in (
        "decide-which-calls-are-streamed", "stream-only-a-subset", "decide-by-queue"
    )),
]  # fmt: skip
BLOCK = re.compile(r"^```(toml|yaml|console)\n(.*?)^```$", re.M | re.S)


def blocks(page: Path, *kinds: str) -> list[tuple[str, str]]:
    found = BLOCK.findall(page.read_text(encoding="utf-8"))
    return [(kind, text) for kind, text in found if kind in kinds]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_every_file_of_rules_is_valid(page: Path) -> None:
    files = [(kind, text) for kind, text in blocks(page, "toml", "yaml") if "default" in text]
    assert files
    for kind, text in files:
        assert parse_rules(text, f"{page.name}.{kind}").warnings == ()


def test_toml_and_yaml_of_the_reference_are_the_same() -> None:
    (_, toml), (_, yaml) = blocks(PAGES[1], "toml", "yaml")
    one, two = parse_rules(toml, "a.toml"), parse_rules(yaml, "a.yaml")
    parts = [
        [(r.name, r.outcome, r.queue_timeout, r.fallback, r.when.signs) for r in f.rules] for f in (one, two)
    ]
    assert parts[0] == parts[1]
    assert (one.default, one.zone, one.numbers) == (two.default, two.zone, two.numbers)


def test_every_condition_and_setting_is_described() -> None:
    reference = PAGES[1].read_text(encoding="utf-8")
    assert [name for name in CONDITIONS if f"| `{name} = " not in reference] == []
    readme = PAGES[0].read_text(encoding="utf-8")
    assert [name for name in PolicySettings.model_fields if f"| `{name}` |" not in readme] == []


def test_the_commands_say_what_is_shown(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    page = PAGES[2]
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("AUDIOHOOK_PLUGINS__ENABLED", '["policy"]')
    Path("rules.toml").write_text(blocks(page, "toml")[0][1], encoding="utf-8")
    ids = dict.fromkeys(("organizationId", "conversationId"), "e160e428-53e2-487c-977d-96989bf5c99d")
    participant = {"id": ids["conversationId"], "ani": "", "aniName": "", "dnis": "tel:+498001234567"}
    Path("open.json").write_text(
        json.dumps({**ids, "participant": participant, "media": []}), encoding="utf-8"
    )
    shown = blocks(page, "console")
    assert len(shown) == 2
    for _, text in shown:
        command, _, output = text.partition("\n")
        assert run(command.removeprefix("$ audiohook-fw ").split()) == 0
        assert capsys.readouterr().out == output


def test_the_end_of_waiting_is_what_is_shown() -> None:
    page = PAGES[4]
    rules = parse_rules(blocks(page, "toml")[0][1], "rules.toml")
    failure = Outcome(Action.REJECT, "error", "failure")
    text = page.read_text(encoding="utf-8")
    assert f"wait up to {rules.rules[0].queue_timeout:g} s for the queue (rule {rules.rules[0].name})" in text
    said = rules.decide(Facts(), failure, failed=True)
    assert f"if the queue stays unknown: {said.outcome} (the fallback of rule {said.rule})" in text  # type: ignore[union-attr]
