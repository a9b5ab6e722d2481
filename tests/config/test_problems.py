"""What a wrong setting is told: its name, where it came from, what is allowed; and never a value."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from audiohook_fw.config import ConfigErrors, Settings
from audiohook_fw.errors import AudiohookError, ConfigError

MARKER = "PLANTED-MARKER!"


class Strict(BaseModel):
    """Settings of a plugin."""

    model_config = ConfigDict(extra="forbid")
    model: str
    size: Literal["small", "large"] = "small"
    share: float = Field(default=0.5, gt=0, lt=1)
    wait: int = Field(default=1, ge=1)
    token: SecretStr | None = None


PORT = "must be a whole number from 0 to 65535"
WRONG = [
    ("server.port = 70000", "server.port", "[server] port", PORT),
    ("server.port = 'x'", "server.port", "[server] port", PORT),
    ("server.port = 1.5", "server.port", "[server] port", PORT),
    ("server.port = true", "server.port", "[server] port", PORT),
    ("server.admin_port = false", "server.admin_port", "[server] admin_port", f'{PORT}, or "off"'),
    ("auth.max_age = true", "auth.max_age", "[auth] max_age", "must be a number from 1 to 300"),
    (
        "server.path = 'x'",
        "server.path",
        "[server] path",
        "must be a path that begins with / and holds no ?, # or space",
    ),
    (
        "server.public_path_prefix = '/x/'",
        "server.public_path_prefix",
        "[server] public_path_prefix",
        "must be empty, or a path that begins with /, does not end with one",
    ),
    (
        "telemetry.service_name = ' x'",
        "telemetry.service_name",
        "[telemetry] service_name",
        "must be a text that begins with no space",
    ),
    (f"server.node = '{'x' * 256}'", "server.node", "[server] node", "must have at most 255 characters"),
    ("server.admin_port = 'on'", "server.admin_port", "[server] admin_port", f'{PORT}, or "off"'),
    ("limits.linger = nan", "limits.linger", "[limits] linger", "must be a number from 0 to 60"),
    (
        "limits.message_bytes = 65_537",
        "limits.message_bytes",
        "[limits] message_bytes",
        "must be a whole number from 1024 to 65536",
    ),
    ("auth.keys = 3", "auth.keys", "[auth] keys", "must be a list, each a table of name, api_key, secrets, "),
    (
        "telemetry.traces = 'zipkin'",
        "telemetry.traces",
        "[telemetry] traces",
        'must be "none" or "otlp" or "console"',
    ),
    ("telemetry.metrics = 'perhaps'", "telemetry.metrics", "[telemetry] metrics", "must be true or false"),
    ("plugins.enabled = 'vad'", "plugins.enabled", "[plugins] enabled", "must be a list, each a plugin name"),
    ("plugins.order = ['a', 3]", "plugins.order[1]", "[plugins] order", "must be a plugin name"),
    ("server.allowed = []", "server.allowed", "[server] allowed", "is no setting; known here: host, port, "),
    ("server.hosst = ''", "server.hosst", "[server] hosst", "is no setting; did you mean host?"),
    ("server = 3", "server", "server", "must be a table of host, port, "),
    ("[sever]\nx = 1", "sever", "[sever] x", "is no setting; did you mean server?"),
    ("[sever]", "sever", "sever", "is no setting; did you mean server?"),
    ("plugins.enabeld = []", "plugins.enabeld", "[plugins] enabeld", "is no setting; did you mean enabled?"),
    ("plugins.vad = 3", "plugins.vad", "[plugins] vad", "is no setting; known here: enabled, "),
    ("[plugins.Big-Name]\nx = 1", "plugins.Big-Name", "[plugins.Big-Name] x", "is no plugin name: "),
    (
        "[[auth.keys]]\napi_key = 'a'\nunsigned = true\nporduct = 'monitor'",
        "auth.keys[0].porduct",
        "[auth] keys",
        "is no setting; did you mean product?",
    ),
    (
        "[[auth.keys]]\napi_key = 'a'\nunsigned = true\norganizations = []",
        "auth.keys[0].organizations",
        "[auth] keys",
        "must hold at least 1",
    ),
]


@pytest.mark.parametrize(("text", "setting", "key", "problem"), WRONG, ids=[wrong[0] for wrong in WRONG])
def test_one_clear_line(place, text, setting, key, problem):
    place.toml(text)
    (error,) = place.errors()
    assert error.startswith(f"{setting} (from audiohook.toml, {key}): {problem}")


def test_what_is_missing_comes_from_nowhere(place):
    place.toml("[[auth.keys]]\nname = 'x'\nunsigned = true")
    assert place.errors() == [
        "auth.keys[0].api_key: is required and set nowhere; allowed: letters, digits and + / _ -, as text"
    ]


VARIABLES = [
    ("AUDIOHOOK_SERVER__PORT", "http", "server.port", PORT),
    (
        "AUDIOHOOK_PLUGINS__DISABLED",
        "vad",
        "plugins.disabled",
        "is not readable as JSON; allowed: a list, each a plugin name, written as JSON",
    ),
    ("AUDIOHOOK_SERVR__PORT", "1", "servr", "is no setting; did you mean server?"),
    ("AUDIOHOOK_SERVER__PROT", "1", "server.prot", "is no setting; did you mean port?"),
    ("AUDIOHOOK_PLUGINS__ENABELD", "[]", "plugins.enabeld", "is no setting; did you mean enabled?"),
]


@pytest.mark.parametrize(("variable", "value", "setting", "problem"), VARIABLES)
def test_one_clear_line_for_a_variable(place, variable, value, setting, problem):
    place.env[variable] = value
    assert place.errors() == [f"{setting} (from environment variable {variable}): {problem}"]


def test_the_source_is_the_one_that_won(place):
    place.toml("server.port = 99999")
    place.env["AUDIOHOOK_SERVER__PORT"] = "88888"
    place.overrides["server.port"] = 77777
    assert place.errors() == ["server.port (from command line): must be a whole number from 0 to 65535"]


def test_all_problems_are_told_at_once(place):
    place.toml("server.port = 'x'\n[limits]\ncalls = 0\n[plugins.Bad-Name]\n")
    place.env["AUDIOHOOK_AUTH__KEYS"] = "[{"
    settings = [line.partition(" ")[0] for line in place.errors()]
    assert sorted(settings) == ["auth.keys", "limits.calls", "plugins.Bad-Name", "server.port"]


def test_a_plugins_problems_are_told_likewise(place):
    place.toml("[plugins.asr]\nsize = 'big'\nshare = 1\nmodle = 'x'\n")
    place.env["AUDIOHOOK_PLUGINS__ASR__WAIT"] = "0"
    loaded = place.load()
    by_file, by_variable = (
        "audiohook.toml, [plugins.asr]",
        "environment variable AUDIOHOOK_PLUGINS__ASR__WAIT",
    )
    assert place.errors(lambda: loaded.plugin_section("asr", Strict)) == [
        "plugins.asr.model: is required and set nowhere; allowed: a text",
        f'plugins.asr.size (from {by_file} size): must be "small" or "large"',
        f"plugins.asr.share (from {by_file} share): must be a number greater than 0 and less than 1",
        f"plugins.asr.wait (from {by_variable}): must be a whole number at least 1",
        f"plugins.asr.modle (from {by_file} modle): is no setting; did you mean model?",
    ]


@pytest.mark.parametrize("name", ["Asr", "a-b", "a__b", "_a", "order", "enabled", "1a", ""])
def test_names_that_no_plugin_may_have(place, name):
    loaded = place.load()
    (line,) = place.errors(lambda: loaded.plugin_section(name, Strict))
    assert line.startswith(f"plugins.{name}: is ")


def test_toml_that_is_none_names_the_line(place):
    place.toml("[server]\nport = 1\nhost = \n")
    (line,) = place.errors()
    assert line.startswith("config (from audiohook.toml): is not valid TOML: ")
    assert "line 3" in line


@pytest.mark.parametrize(
    ("variable", "setting"),
    [
        ("AUDIOHOOK_CONFIG", "config"),
        ("AUDIOHOOK_ENV_FILE", "env_file"),
        ("AUDIOHOOK_SECRETS_DIR", "secrets_dir"),
    ],
)
def test_a_file_that_is_named_must_be_there(place, variable, setting):
    place.env[variable] = "nowhere"
    (line,) = place.errors()
    assert line.startswith(f"{setting} (from environment variable {variable}): ")
    assert "nowhere" in line


def test_the_file_of_the_command_line_must_be_there(place):
    (line,) = place.errors(lambda: place.load(config=Path("missing.toml")))
    assert line == "config (from command line): cannot read missing.toml: No such file or directory"


def test_a_file_that_is_no_text(place):
    (place.directory / "audiohook.toml").write_bytes(b"\xff\xfe")
    assert place.errors() == ["config: audiohook.toml is not UTF-8 text"]


def test_errors_are_one_family():
    errors = ConfigErrors([ConfigError("a.b", "must be c", source="d"), ConfigError("e", "f")])
    assert isinstance(errors, AudiohookError)
    assert (errors.setting, errors.problem, errors.source) == ("a.b", "must be c", "d")
    assert str(errors) == "a.b (from d): must be c\ne: f"


LEAKS = [
    "[[auth.keys]]\napi_key = 'MARKER'\nsecrets = ['MARKER']",
    "[[auth.keys]]\napi_key = 'MARKER'\nunsigned = 'MARKER'",
    "[[auth.keys]]\napi_key = ['MARKER']\nsecrets = 'MARKER'\nproduct = 'MARKER'\norganizations = ['MARKER']",
    "[auth]\nkeys = 'MARKER'",
    "[auth]\napi_key = 'MARKER'",
    "[plugins.asr]\ntoken = ['MARKER']\npassword = 'MARKER'",
    "[plugins]\nasr = 'MARKER'",
    "[telemetry]\notlp_endpoint = 'http://user:MARKER@host'",
]


@pytest.mark.parametrize("text", LEAKS)
def test_what_was_written_is_never_repeated(place, text, caplog):
    place.toml(text.replace("MARKER", MARKER))
    with caplog.at_level(logging.DEBUG), pytest.raises(ConfigErrors) as caught:
        place.load().plugin_section("asr", Strict)
    logging.getLogger("test").error("failed", exc_info=caught.value)
    told = "".join([str(caught.value), repr(caught.value), repr(caught.value.errors), caplog.text])
    assert "failed" in caplog.text
    assert MARKER not in told


@pytest.mark.parametrize("value", ['[{"api_key": "PLANTED-MARKER!"', '"PLANTED-MARKER!"', "PLANTED-MARKER!"])
def test_a_variable_is_never_repeated(place, value):
    place.env["AUDIOHOOK_AUTH__KEYS"] = value
    assert MARKER not in "".join(place.errors())


def test_settings_made_by_hand_hide_what_they_refuse():
    with pytest.raises(ValueError, match=r"api_key") as caught:
        Settings.model_validate({"auth": {"keys": [{"api_key": MARKER, "unsigned": True}]}})
    assert MARKER not in str(caught.value)


class Meter(BaseModel):
    """Settings of a plugin, with a number that may be switched off."""

    level: int = 3
    share: float = 0.5
    loud: bool = False
    limit: int | bool = 3
    name: str = Field(default="", pattern="^[a-z]*$", min_length=0, max_length=3)


def test_true_is_no_number(place):
    place.toml("[plugins.meter]\nlevel = true\nshare = false\nloud = true\nlimit = true")
    assert place.errors(lambda: place.load().plugin_section("meter", Meter)) == [
        "plugins.meter.level (from audiohook.toml, [plugins.meter] level): must be a whole number",
        "plugins.meter.share (from audiohook.toml, [plugins.meter] share): must be a number",
    ]


def test_true_that_another_source_replaces_is_no_problem(place):
    place.toml("[plugins.meter]\nlevel = true")
    place.env["AUDIOHOOK_PLUGINS__METER__LEVEL"] = "1"
    assert place.load().plugin_section("meter", Meter).level == 1


def test_a_pattern_is_named_where_there_are_no_words(place):
    place.toml("[plugins.meter]\nname = 'X'")
    (error,) = place.errors(lambda: place.load().plugin_section("meter", Meter))
    assert error.endswith("must match the pattern ^[a-z]*$")
