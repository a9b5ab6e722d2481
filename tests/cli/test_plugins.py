"""`plugins`: a table and JSON of what was found, and why something does not run."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

ALL_KINDS = """
from audiohook_fw import PluginInfo, SessionHandler, Transcript, hookimpl

info = PluginInfo(
    summary="Does all kinds of things", consumes=(Transcript, "acme.score"), emits=("acme.mood",)
)


class Handler(SessionHandler):
    async def on_event(self, event): ...
    def on_audio(self, frame): ...


@hookimpl
def on_open(session): ...

@hookimpl
def create_handler(session) -> Handler:
    return Handler()

@hookimpl
def filter_event(session, event):
    return event
"""

HEALTHY = "from audiohook_fw import hookimpl\n@hookimpl\ndef on_opened(session): ...\n"

BROKEN = {
    "raises": ("raise RuntimeError('planted')", "cannot be imported: RuntimeError: planted"),
    "exits": ("import sys; sys.exit(7)", "cannot be imported: SystemExit: 7"),
    "syntax": ("def (", "cannot be imported: SyntaxError"),
    "hook": ("from audiohook_fw import hookimpl\n@hookimpl\ndef on_openn(session): ...", "on_openn"),
}


@pytest.fixture
def plugins(place):
    """Write one-file plugins, and return how to ask for them."""

    def write(**sources: str) -> list[str]:
        (place / "mine").mkdir(exist_ok=True)
        for name, source in sources.items():
            (place / "mine" / f"{name}.py").write_text(source, encoding="utf-8")
        return ["plugins", "--plugins-dir", "mine"]

    return write


def _by_name(result):
    return {plugin["name"]: plugin for plugin in json.loads(result.out)}


def test_an_installed_plugin(command):
    found = _by_name(command("plugins", "--json"))["recorder"]
    assert found["distribution"] == "audiohook-fw-recorder"
    assert found["status"] == "active"
    assert found["version"]
    assert found["hooks"]["on_audio"] == "inline"
    assert found["hooks"]["create_handler"] == "call"


def test_all_of_a_record(command, plugins):
    found = _by_name(command(*plugins(kinds=ALL_KINDS), "--json"))["kinds"]
    assert found["hooks"] == {
        "on_open": "decision",
        "create_handler": "call",
        "on_audio": "lane",
        "on_event": "lane",
        "filter_event": "filter",
    }
    assert found["consumes"] == ["acme.score", "transcript"]
    assert found["emits"] == ["acme.mood"]
    assert found["summary"] == "Does all kinds of things"
    assert found["source"] == "file kinds.py"


def test_the_table_has_a_row_and_details(command, plugins):
    result = command(*plugins(kinds=ALL_KINDS))
    assert result.status == 0
    head, *rows = [line for line in result.out.splitlines() if not line.startswith(" ")]
    assert head.split() == ["NAME", "STATUS", "VERSION", "FROM"]
    assert {"kinds", "recorder"} <= {row.split()[0] for row in rows}
    hooks = ("  hooks     decision: on_open", "call: create_handler", "lane: on_audio, on_event\n")
    assert f"\n{12 * ' '}".join(hooks) in result.out
    assert "  consumes  acme.score, transcript\n" in result.out
    assert "  emits     acme.mood\n" in result.out
    assert max(map(len, result.out.splitlines())) <= 100


def test_without_consumes_every_event_is_listed_as_a_star(command, plugins):
    source = "from audiohook_fw import hookimpl\n@hookimpl\ndef on_event(session, event): ...\n"
    found = _by_name(command(*plugins(all_ears=source, deaf=HEALTHY), "--json"))
    assert found["all_ears"]["consumes"] == ["*"]
    assert found["deaf"]["consumes"] == []


@pytest.mark.parametrize(("source", "reason"), BROKEN.values(), ids=BROKEN.keys())
def test_a_broken_plugin_is_listed_with_its_reason(command, plugins, source, reason):
    args = plugins(broken=source, healthy=HEALTHY)
    found = _by_name(command(*args, "--json"))
    assert found["broken"]["status"] == "failed"
    assert reason in found["broken"]["error"]
    assert found["healthy"]["status"] == "active"
    table = command(*args)
    assert table.status == 0
    assert table.err == ""
    assert "failed" in table.out
    assert reason.split(":")[0] in table.out


def test_switched_off_and_on(command):
    assert _by_name(command("plugins", "-p", "no:recorder", "--json"))["recorder"]["status"] == "disabled"
    both = _by_name(command("plugins", "-p", "no:recorder", "-p", "recorder", "--json"))
    assert both["recorder"]["status"] == "active"


def test_not_on_the_allow_list(command, place):
    (place / "audiohook.toml").write_text("[plugins]\nenabled = []\n", encoding="utf-8")
    assert _by_name(command("plugins", "--json"))["recorder"]["status"] == "blocked"


def test_wrong_settings(command, place):
    (place / "audiohook.toml").write_text("[plugins.recorder]\nfolder = 'x'\n", encoding="utf-8")
    found = _by_name(command("plugins", "--json"))["recorder"]
    assert found["status"] == "invalid_config"
    assert "plugins.recorder.folder" in found["error"]


def test_a_module_of_the_working_directory(command, place):
    (place / "neighbour_policy.py").write_text(ALL_KINDS, encoding="utf-8")
    assert (
        _by_name(command("plugins", "-p", "neighbour_policy", "--json"))["neighbour_policy"]["status"]
        == "active"
    )


def test_the_policy_of_the_tutorial_loads(command, place):
    tutorial = Path(__file__).resolve().parents[2] / "docs" / "tutorials" / "first-server.md"
    policy = tutorial.read_text(encoding="utf-8").partition("```python\n")[2].partition("```")[0]
    (place / "tutorial_policy.py").write_text(policy, encoding="utf-8")
    found = _by_name(command("plugins", "-p", "tutorial_policy", "--json"))["tutorial_policy"]
    assert (found["status"], found["hooks"]) == ("active", {"on_open": "decision"})


def test_modules_add_to_those_of_the_file(command, place):
    (place / "audiohook.toml").write_text("[plugins]\nmodules = ['first=json']\n", encoding="utf-8")
    (place / "mine.py").write_text(HEALTHY, encoding="utf-8")
    assert {"first", "second"} <= _by_name(command("plugins", "-p", "second=mine", "--json")).keys()


@pytest.mark.parametrize("path", ["policy.py", "./policy.py", "{place}/policy.py"])
def test_a_file_by_its_path(command, place, path):
    (place / "policy.py").write_text(HEALTHY, encoding="utf-8")
    result = command("plugins", "-p", path.format(place=place), "--json")
    assert result.status == 0
    assert _by_name(result)["policy"]["status"] == "active"


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_what_was_asked_for_and_does_not_load_is_listed_and_an_error(command, options):
    result = command("plugins", "-p", "recordr", *options)
    assert result.status == 2
    assert "recorder" in result.out
    (line,) = result.errors
    assert line.startswith("Error: plugin recordr: was asked for with -p but failed: cannot be imported: ")
    assert line.endswith("a module recordr; did you mean recorder?")


def test_leaving_out_what_is_not_there_is_an_error(command):
    result = command("plugins", "-p", "no:recordr")
    assert result.status == 2
    assert result.errors == [
        "Error: plugin recordr: is left out by -p no:recordr but not installed; did you mean recorder?"
    ]


@pytest.mark.parametrize(("columns", "most"), [("60", 60), ("140", 140), ("", 80)])
def test_the_table_is_as_wide_as_the_terminal(command, plugins, monkeypatch, columns, most):
    monkeypatch.setenv("COLUMNS", columns)
    summary = "word " * 60
    source = ALL_KINDS.replace("Does all kinds of things", summary)
    widest = max(map(len, command(*plugins(kinds=source)).out.splitlines()))
    assert most - 5 <= widest <= most


def test_what_the_loader_warns_of_is_told_once(command, plugins):
    forgotten = HEALTHY + "def on_open(session): ...\n"
    result = command(*plugins(forgotten=forgotten))
    assert result.errors == []
    assert result.out.count("has on_open, which is not marked with @hookimpl") == 1
    (note,) = _by_name(command("plugins", "--plugins-dir", "mine", "--json"))["forgotten"]["notes"]
    assert note.endswith("; mark it")


def test_a_missing_required_plugin_does_not_hide_the_others(command, place):
    (place / "audiohook.toml").write_text("[plugins]\nrequired = ['none']\n", encoding="utf-8")
    result = command("plugins")
    assert result.status == 0
    assert "recorder" in result.out


def test_no_plugins_at_all(command, monkeypatch):
    monkeypatch.setattr("audiohook_fw.plugin.discovery.metadata.distributions", list)
    result = command("plugins")
    assert result.status == 0
    assert "pip install ./plugins/audiohook-fw-recorder" in result.out
    assert "audiohook-fw plugin new NAME" in result.out
    assert json.loads(command("plugins", "--json").out) == []
