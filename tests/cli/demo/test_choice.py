"""The second act as it was played: what is shown, what is left, and that its pages tell the same."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from audiohook_fw.cli.demo.choice_script import NAMES, RULES, scenes
from audiohook_fw.cli.demo.choice_stage import PLUGINS, missing_plugins
from audiohook_fw.client import Closing

ROOT = Path(__file__).resolve().parents[3]
TUTORIAL = ROOT / "docs" / "tutorials" / "first-server.md"


def test_all_is_well_with_what_was_played(chosen):
    checks = list(chosen.choice.checks())
    assert len(checks) > 10
    assert [check for check in checks if check.problem] == []


def test_a_call_is_resumed_when_its_queue_is_known(chosen):
    (pause,) = chosen.wanted.ledger.pauses
    assert (pause.start, pause.client, pause.server) == (0, False, True)
    assert pause.length > 0
    assert chosen.wanted.received["resume"] == 1


def test_a_call_is_disconnected_when_its_queue_is_not_wanted(chosen):
    (pause,) = chosen.unwanted.ledger.pauses
    assert (pause.start, pause.length, pause.server) == (0, None, True)
    assert (chosen.unwanted.reason, chosen.unwanted.sent["audio"]) == ("completed", 0)


def test_a_call_with_a_forged_address_is_refused_and_it_is_told_why(chosen):
    assert chosen.foreign.closing is Closing.REFUSED
    assert "a connection from 203.0.113.99 is refused" in chosen.output
    assert chosen.output.index("203.0.113.99") > chosen.output.index("council")


def test_the_table_is_what_the_command_prints(chosen, process):
    assert "Works council" in chosen.choice.table
    again = process(*chosen.choice.command)
    assert (again.status, again.out) == (0, chosen.choice.table + "\n")


def test_the_rules_lie_there_and_are_in_order(chosen, process):
    path = chosen.choice.directory / "rules.toml"
    assert path.read_text(encoding="utf-8") == RULES
    assert process("policy", "check", str(path)).status == 0


def test_everything_is_in_one_directory(chosen):
    assert list(chosen.into.iterdir()) == [chosen.choice.directory]


def test_nothing_personal_is_shown_or_recorded(chosen):
    sidecars = list(chosen.choice.directory.glob("*.json"))
    assert len(sidecars) == 3  # and the addresses
    for text in (chosen.output, chosen.choice.table, *(path.read_text("utf-8") for path in sidecars)):
        assert "5555550" not in text
        assert "Demo Caller" not in text


def test_the_rows_of_the_table_of_calls(chosen):
    rows = list(chosen.choice.rows())
    assert [name for name, _, _ in rows] == list(NAMES)
    assert [path is not None for _, _, path in rows] == [True, True, False]


@pytest.mark.parametrize("installed", [PLUGINS, PLUGINS[1:], ()])
def test_what_is_missing_is_found(monkeypatch, installed):
    monkeypatch.setattr(
        "audiohook_fw.cli.demo.choice_stage.entry_points",
        lambda group: [type("Entry", (), {"name": name}) for name in ("recorder", *installed)],
    )
    assert missing_plugins() == [name for name in PLUGINS if name not in installed]


@pytest.mark.parametrize("speed", [0.1, 1.0, 3.0, 50.0])
def test_calls_are_long_enough_for_the_look_up_at_any_speed(speed):
    conversations = (f"{digit}0000000-0000-4000-8000-000000000000" for digit in "12")
    wanted, unwanted, _ = scenes("ws://127.0.0.1:1/", "key", b"secret", speed, tuple(conversations))
    assert wanted.options.duration / speed >= 4.0
    assert unwanted.options.duration / speed > 30.0


def test_the_tutorial_shows_what_is_shown(shown):
    text = TUTORIAL.read_text(encoding="utf-8")
    blocks = re.findall(r"^```text\n(Which calls.*?|What it cost.*?)^```$", text, re.M | re.S)
    assert len(blocks) == 2
    for block in blocks:
        assert f"\n{_without_numbers(block)}" in _without_numbers(shown)


def _without_numbers(text: str) -> str:
    lines = [re.sub(r"choice-[0-9a-f]{6}", "choice", line.rstrip()) for line in text.splitlines()]
    return "\n".join(re.sub(r"\d+", "0", line) for line in lines)


def test_the_sidecar_tells_of_the_tag_that_came_late(chosen):
    path = chosen.choice.directory / f"{chosen.wanted.ids.session}.json"
    assert json.loads(path.read_bytes())["tags"] == {"team": "sales"}
