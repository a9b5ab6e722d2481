"""Where values come from: order of the sources, plugin sections, and the words for each source."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from pydantic import BaseModel, ConfigDict, SecretStr

from audiohook_fw.config import DEFAULT, ConfigErrors, Loaded, Settings, load
from audiohook_fw.config.toml import toml_value


class Level(BaseModel):
    """A table in a plugin's settings."""

    model_config = ConfigDict(extra="forbid")
    low: float = 0.0
    names: dict[str, int] = {}


class Vad(BaseModel):
    """Settings of a plugin as a third party writes them."""

    model_config = ConfigDict(extra="forbid")
    channels: list[str] = ["external"]
    level: Level = Level()
    limit: int | None = None
    token: SecretStr = SecretStr("")


def test_without_any_source_all_is_default(place):
    loaded = place.load()
    assert loaded.settings == Settings()
    assert loaded.source_of("server.port") == DEFAULT
    assert loaded.plugin_sections() == ()
    assert loaded.warnings == ()


def test_an_empty_section_sets_nothing(place):
    place.toml("[server]\n[auth]\nmax_age = 20\n")
    loaded = place.load()
    assert loaded.source_of("server.port") == DEFAULT
    assert loaded.source_of("auth.max_age") == "audiohook.toml, [auth] max_age"


def test_settings_made_by_hand_read_nothing(place, monkeypatch):
    monkeypatch.setenv("AUDIOHOOK_SERVER__PORT", "1")
    place.toml("server.port = 2")
    assert Settings().server.port == 8080


def test_the_process_environment_is_read_when_none_is_given(place, monkeypatch):
    monkeypatch.setenv("AUDIOHOOK_SERVER__PORT", "1234")
    assert load().settings.server.port == 1234


def _set(place, source: str, port: int) -> None:
    match source:
        case "toml":
            place.toml(f"[server]\nport = {port}\n")
        case "secrets":
            place.secret("AUDIOHOOK_SERVER__PORT", f"{port}\n")
        case "dotenv":
            place.dotenv(f"AUDIOHOOK_SERVER__PORT={port}\n")
        case "env":
            place.env["AUDIOHOOK_SERVER__PORT"] = str(port)
        case "overrides":
            place.overrides["server.port"] = port


ORDER = ["toml", "secrets", "dotenv", "env", "overrides"]
WORDS = {
    "toml": "audiohook.toml, [server] port",
    "secrets": "secrets file {directory}/secrets/AUDIOHOOK_SERVER__PORT",
    "dotenv": ".env, AUDIOHOOK_SERVER__PORT",
    "env": "environment variable AUDIOHOOK_SERVER__PORT",
    "overrides": "command line",
}


@pytest.mark.parametrize("lower", ORDER[:-1])
@pytest.mark.parametrize("higher", ORDER[1:])
def test_a_source_wins_over_all_before_it(place, lower, higher):
    if ORDER.index(lower) >= ORDER.index(higher):
        lower, higher = higher, lower
    _set(place, lower, 1111)
    if lower != higher:
        _set(place, higher, 2222)
    loaded = place.load()
    assert loaded.settings.server.port == (2222 if lower != higher else 1111)
    assert loaded.source_of("server.port") == WORDS[higher].format(directory=place.directory)


def test_sources_merge_table_by_table(place):
    place.toml('[server]\nport = 1\nhost = "a"\n')
    place.env["AUDIOHOOK_SERVER__HOST"] = "b"
    place.overrides = {"limits": {"calls": 7}, "server.node": None, "telemetry.log_level": None}
    loaded = place.load()
    assert (loaded.settings.server.port, loaded.settings.server.host) == (1, "b")
    assert loaded.settings.limits.calls == 7
    assert loaded.source_of("server.node") == DEFAULT, "None on the command line means not given"


def test_a_list_replaces_a_list(place):
    place.toml('[plugins]\norder = ["a", "b"]\n')
    place.env["AUDIOHOOK_PLUGINS__ORDER"] = '["c"]'
    assert place.load().settings.plugins.order == ["c"]


def test_variables_hold_json_for_lists_and_tables(place, good_key):
    place.env["AUDIOHOOK_AUTH__KEYS"] = json.dumps([good_key])
    place.env["AUDIOHOOK_SERVER__TRUSTED_PROXIES"] = '["10.0.0.0/8", "::1"]'
    settings = place.load().settings
    assert settings.auth.keys[0].api_key.get_secret_value() == "key"
    assert [str(network) for network in settings.server.trusted_proxies] == ["10.0.0.0/8", "::1/128"]


def test_names_of_variables_have_no_case_and_empty_ones_are_not_set(place):
    place.env["audiohook_server__port"] = "99"
    place.env["AUDIOHOOK_SERVER__TLS_CERTIFICATE"] = ""
    settings = place.load().settings.server
    assert (settings.port, settings.tls_certificate) == (99, None)


def test_variables_of_a_kubernetes_service_do_no_harm(place):
    place.env |= {"AUDIOHOOK_PORT": "tcp://10.0.0.1:80", "AUDIOHOOK_SERVICE_HOST": "10.0.0.1"}
    loaded = place.load()
    assert loaded.settings == Settings()
    assert loaded.warnings == ()


def test_a_variable_with_one_underscore_too_few_is_warned_about(place):
    place.env["AUDIOHOOK_TELEMETRY_LOG_LEVEL"] = "debug"
    loaded = place.load()
    assert loaded.settings == Settings()
    assert loaded.warnings == (
        "environment variable AUDIOHOOK_TELEMETRY_LOG_LEVEL has no effect; "
        "the setting is AUDIOHOOK_TELEMETRY__LOG_LEVEL",
    )


def test_the_admin_port_can_be_switched_off(place):
    place.env["AUDIOHOOK_SERVER__ADMIN_PORT"] = "Off"
    assert place.load().settings.server.admin_port is None


def test_files_are_named_by_argument_or_variable(place, tmp_path):
    for name, port in (("a.toml", 1), ("b.toml", 2)):
        (tmp_path / name).write_text(f"server.port = {port}")
    (tmp_path / "variables").write_text("AUDIOHOOK_SERVER__HOST=there")
    place.env = {"AUDIOHOOK_CONFIG": "a.toml", "AUDIOHOOK_ENV_FILE": "variables"}
    assert place.load().settings.server.port == 1
    assert place.load().settings.server.host == "there"
    assert place.load(config=Path("b.toml")).settings.server.port == 2


def test_dotenv_expands_nothing(place):
    place.dotenv("AUDIOHOOK_SERVER__NODE='${HOME}'\n")
    assert place.load().settings.server.node == "${HOME}"


def test_loading_again_reads_again(place):
    place.toml("server.port = 1")
    assert place.load().settings.server.port == 1
    place.toml("server.port = 2")
    assert place.load().settings.server.port == 2


def test_plugin_sections_come_from_every_source(place):
    place.toml('[plugins.vad]\nlimit = 1\nchannels = ["internal"]\n[plugins.vad.level]\nlow = 0.5\n')
    place.secret("audiohook_plugins__vad__token", "hush\n")
    place.dotenv('AUDIOHOOK_PLUGINS__VAD__LEVEL__NAMES={"a": 1}\n')
    place.env["AUDIOHOOK_PLUGINS__VAD__CHANNELS"] = '["external", "internal"]'
    place.overrides["plugins.vad.limit"] = 5
    loaded = place.load()
    assert loaded.plugin_section("vad", Vad) == Vad(
        channels=["external", "internal"],
        level=Level(low=0.5, names={"a": 1}),
        limit=5,
        token=SecretStr("hush"),
    )
    assert loaded.source_of("plugins.vad.channels") == "environment variable AUDIOHOOK_PLUGINS__VAD__CHANNELS"
    assert loaded.source_of("plugins.vad.level.low") == "audiohook.toml, [plugins.vad.level] low"
    assert loaded.source_of("plugins.vad.limit") == "command line"


def test_plugin_sections_are_listed_whoever_names_them(place):
    place.toml("[plugins.empty]\n")
    place.env["AUDIOHOOK_PLUGINS__BY_ENV__X"] = "1"
    place.env["AUDIOHOOK_PLUGINS__WHOLE"] = '{"x": 1}'
    place.overrides["plugins.line.x"] = 1
    place.env["AUDIOHOOK_PLUGINS__ORDER"] = '["recorder"]'
    assert place.load().plugin_sections() == ("by_env", "empty", "line", "whole")


def test_a_plugin_section_may_be_one_variable(place):
    place.env["AUDIOHOOK_PLUGINS__VAD"] = '{"limit": 3, "level": {"low": 1}}'
    place.env["AUDIOHOOK_PLUGINS__VAD__LIMIT"] = "4"
    assert place.load().plugin_section("vad", Vad) == Vad(limit=4, level=Level(low=1))


def test_a_plugin_without_settings_gets_its_defaults(place):
    assert place.load().plugin_section("vad", Vad) == Vad()


def test_one_plugins_mistake_is_its_own(place):
    place.toml("[plugins.vad]\nlimit = 'x'\n[plugins.other]\nlimit = 3\n")
    loaded = place.load()
    assert loaded.plugin_section("other", Vad).limit == 3
    with pytest.raises(ConfigErrors):
        loaded.plugin_section("vad", Vad)


@pytest.mark.parametrize("name", ["copy", "json", "schema", "model_config", "section"])
def test_a_plugin_may_be_called_like_something_of_pydantic(place, name):
    place.env[f"AUDIOHOOK_PLUGINS__{name.upper()}__LIMIT"] = "2"
    assert place.load().plugin_section(name, Vad).limit == 2


def test_loaded_by_hand_for_tests_and_embedding():
    loaded = Loaded.of(Settings(), {"vad": {"limit": 9}})
    assert loaded.plugin_sections() == ("vad",)
    assert loaded.plugin_section("vad", Vad).limit == 9
    assert loaded.source_of("plugins.vad.limit") == "the program"


VALUES = st.fixed_dictionaries(
    {},
    optional={
        "host": st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), min_size=1, max_size=30),
        "port": st.integers(0, 65_535),
        "public_authorities": st.lists(st.text(max_size=20), min_size=1, max_size=3),
        "drain_deadline": st.floats(20, 86_400),
    },
)


@hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
@given(values=VALUES)
def test_the_environment_says_what_toml_says(place, values):
    place.env = {
        f"AUDIOHOOK_SERVER__{name.upper()}": json.dumps(value) if isinstance(value, list) else str(value)
        for name, value in values.items()
    }
    place.toml("")
    by_variables = place.load().settings
    place.env = {}
    place.toml("[server]\n" + "\n".join(f"{name} = {toml_value(value)}" for name, value in values.items()))
    assert place.load().settings == by_variables
    assert by_variables.server.model_dump(mode="json", include=set(values)) == values


JSON = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(JSON)
def test_values_written_as_toml_read_back_the_same(value):
    assert tomllib.loads(f"value = {toml_value(value)}") == {"value": value}
