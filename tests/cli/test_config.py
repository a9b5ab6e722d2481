"""`config show|check|schema|init`, with plugins and their sections."""

from __future__ import annotations

import json
import re
import stat
import tomllib

import pytest
import trustme

from audiohook_fw.config import Settings, load

SECRET = "cGxhbnRlZC1zZWNyZXQ="
API_KEY = "planted-api-key"
KEY = f'[[auth.keys]]\nname = "k"\napi_key = "{API_KEY}"\nsecrets = ["{SECRET}"]\n'

PLUGIN = """
from pydantic import BaseModel, SecretStr
from audiohook_fw import hookimpl


class Settings(BaseModel):
    level: int = 3
    token: SecretStr = SecretStr("")


@hookimpl
def on_opened(session): ...
"""

PLAIN = "from audiohook_fw import hookimpl\n@hookimpl\ndef on_opened(session): ...\n"


@pytest.fixture
def meter(place):
    """A one-file plugin `meter` in a configured directory."""
    (place / "plugins").mkdir()
    (place / "plugins" / "meter.py").write_text(PLUGIN, encoding="utf-8")
    return _Toml(
        place / "audiohook.toml", '[plugins]\ndirectory = "plugins"\ndisabled = ["recorder", "redact"]\n'
    )


class _Toml:
    def __init__(self, file, head):
        self._file, self._head = file, head
        self.write("")

    def write(self, text):
        self._file.write_text(self._head + text, encoding="utf-8")
        self._file.chmod(0o600)


def test_show_prints_what_loads_again(command, place):
    (place / "audiohook.toml").write_text("[server]\nport = 9000\n" + KEY, encoding="utf-8")
    result = command("config", "show")
    assert (result.status, result.err) == (0, "")
    shown = tomllib.loads(result.out)
    assert shown["server"]["port"] == 9000
    assert shown["server"]["host"] == "127.0.0.1"
    assert "port = 9000  # audiohook.toml, [server] port" in result.out


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_show_hides_secrets(command, place, options):
    (place / "audiohook.toml").write_text(KEY, encoding="utf-8")
    out = command("config", "show", *options).out
    assert '"k"' in out
    assert "*****" in out
    assert SECRET not in out
    assert API_KEY not in out


def test_show_as_json_has_every_section_and_the_plugins(command, meter):
    meter.write('[plugins.meter]\nlevel = 5\ntoken = "planted"\n')
    shown = json.loads(command("config", "show", "--json").out)
    assert shown.keys() == Settings.model_fields.keys()
    assert shown["plugins"]["meter"] == {"level": 5, "token": "**********"}


def test_the_file_can_be_named(command, place):
    (place / "other.toml").write_text("[server]\nport = 9001\n", encoding="utf-8")
    assert json.loads(command("config", "show", "-c", "other.toml", "--json").out)["server"]["port"] == 9001


def test_what_has_no_effect_is_warned_of(command, monkeypatch):
    monkeypatch.setenv("AUDIOHOOK_SERVER_PORT", "1")
    result = command("config", "show")
    assert result.status == 0
    (line,) = result.errors
    assert line.startswith("Warning: environment variable AUDIOHOOK_SERVER_PORT has no effect")


def test_check_finds_nothing(command, meter):
    meter.write("[plugins.meter]\nlevel = 5\n" + KEY)
    result = command("config", "check")
    assert (result.status, result.err) == (0, "")
    assert re.search(r"\d plugins? would run", result.out)


def test_check_warns_when_nobody_can_connect(command):
    result = command("config", "check")
    assert result.status == 0
    assert "Warning: auth.keys: there is no API key" in result.err


def test_check_warns_of_a_filter_that_is_not_required(command, meter, place):
    code = (
        "from audiohook_fw import hookimpl\n@hookimpl\ndef filter_event(session, event):\n    return event\n"
    )
    (place / "plugins" / "hider.py").write_text(code, encoding="utf-8")
    meter.write("enabled = ['hider']\n")
    result = command("config", "check")
    assert result.status == 0
    assert "Warning: plugins.required: hider filters what others get to see" in result.err
    meter.write("enabled = ['hider']\nrequired = ['hider']\n")
    assert "hider" not in command("config", "check").err


FOUND = {
    "of the core": ("[server]\nport = -1\n", ["server.port"]),
    "of a plugin": ('[plugins.meter]\nlevel = "high"\n', ["plugins.meter.level"]),
    "two of a plugin": ('[plugins.meter]\nlevel = "high"\nlvl = 1\n',
                        ["plugins.meter.level", "plugins.meter.lvl"]),
    "a misspelt plugin": ("[plugins.metre]\nlevel = 1\n", ["plugins.metre"]),
}  # fmt: skip


@pytest.mark.parametrize(("toml", "settings"), FOUND.values(), ids=FOUND.keys())
def test_check_finds_problems(command, meter, toml, settings):
    meter.write(toml + KEY)
    result = command("config", "check")
    assert result.status == 2
    assert result.out == ""
    assert [line.removeprefix("Error: ").split()[0].rstrip(":") for line in result.errors] == settings
    listed = command("config", "check", "--json")
    assert listed.status == 2
    found = json.loads(listed.out)
    assert found["ok"] is False
    assert [problem["setting"] for problem in found["problems"]] == settings
    assert all("audiohook.toml" in problem["source"] for problem in found["problems"])


def test_check_suggests_the_plugin_that_was_meant(command, meter):
    meter.write("[plugins.metre]\nlevel = 1\n")
    assert "did you mean meter?" in command("config", "check").err


def test_check_says_that_a_plugin_takes_no_settings(command, meter, place):
    (place / "plugins" / "plain.py").write_text(PLAIN, encoding="utf-8")
    meter.write("[plugins.plain]\nx = 1\n")
    (line,) = [line for line in command("config", "check").errors if line.startswith("Error")]
    assert line == "Error: plugins.plain: this plugin has no settings; remove the section"


def test_check_finds_a_validator_that_raises_what_it_should_not(command, meter, place):
    bad = PLUGIN.replace("level: int = 3", "def __init__(self, **_): raise RuntimeError('planted')")
    (place / "plugins" / "bad.py").write_text(bad, encoding="utf-8")
    (line,) = [line for line in command("config", "check").errors if line.startswith("Error")]
    assert line.startswith("Error: plugins.bad: Settings raised RuntimeError")


def test_check_finds_plugins_that_do_not_load(command, meter, place):
    (place / "plugins" / "broken.py").write_text("import nothing_of_that_name", encoding="utf-8")
    meter.write(KEY)
    (line,) = command("config", "check").errors
    assert line.startswith("Error: plugins.broken: failed: cannot be imported: ModuleNotFoundError")


@pytest.mark.parametrize("name", ["none", "recorder"])
def test_check_finds_required_plugins_that_would_not_run(command, place, name):
    text = f'[plugins]\nenabled = ["none"]\nrequired = ["none"]\n{KEY}'
    if name == "recorder":
        text = f'[plugins]\nrequired = ["recorder"]\nmodules = ["no:recorder"]\n{KEY}'
    (place / "audiohook.toml").write_text(text, encoding="utf-8")
    (line,) = command("config", "check").errors
    assert line.startswith(f"Error: plugins.required: {name} is ")


def test_check_reads_the_tls_files(command, meter, place):
    head = "[server]\ntls_certificate = 'cert.pem'\n"
    meter.write(head + KEY)
    (line,) = command("config", "check").errors
    assert line == (
        "Error: server.tls_certificate (from audiohook.toml, [server] tls_certificate): "
        "cannot read cert.pem: No such file or directory"
    )
    (place / "cert.pem").write_text("nonsense", encoding="utf-8")
    (line,) = command("config", "check").errors
    assert "certificate and key do not fit together or are no PEM files" in line
    issued = trustme.CA().issue_cert("localhost")
    (place / "cert.pem").write_bytes(issued.private_key_and_cert_chain_pem.bytes())
    assert command("config", "check").status == 0


def test_check_as_json_when_all_is_well(command, meter):
    meter.write(KEY)
    assert json.loads(command("config", "check", "--json").out) == {"ok": True, "problems": []}


def test_schema_has_a_section_for_each_plugin(command, meter):
    schema = json.loads(command("config", "schema").out)
    assert schema["properties"].keys() == Settings.model_fields.keys()
    sections = schema["$defs"]["PluginsSettings"]["properties"]
    assert "meter" in sections
    assert "recorder" not in sections, "it is disabled here"


def test_init_writes_a_file_for_its_owner(command, place):
    result = command("config", "init")
    assert (result.status, result.err) == (0, "")
    file = place / "audiohook.toml"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert load(env={}).settings == Settings()
    assert "[plugins.recorder]" in file.read_text(encoding="utf-8")
    assert command("config", "init").status == 2


def test_init_prints_instead(command, place):
    printed = command("config", "init", "--stdout").out
    command("config", "init", "--config", "b.toml")
    assert (place / "b.toml").read_text(encoding="utf-8") == printed
    assert not (place / "audiohook.toml").exists()
