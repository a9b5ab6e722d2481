"""`config show`: every setting with its value and source, and no secret in any form."""

from __future__ import annotations

import json
import tomllib
from enum import StrEnum
from ipaddress import ip_network
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Secret, SecretBytes, SecretStr

from audiohook_fw.config import REDACTED, Settings, show, show_dict, show_toml

MARKER = "PLANTEDMARKER"


class Colour(StrEnum):
    """A choice."""

    RED = "red"


class Login(BaseModel):
    """A table with a secret in it."""

    user: str = "u"
    password: SecretStr = SecretStr("")


class Plugin(BaseModel):
    """Settings of every kind."""

    model_config = ConfigDict(extra="forbid")
    token: SecretStr = SecretStr("")
    raw: SecretBytes = SecretBytes(b"")
    number: Secret[int] | None = None
    tokens: list[SecretStr] = []
    by_name: dict[str, SecretStr] = {}
    logins: list[Login] = []
    url: str = ""
    colours: set[Colour] = set()
    directory: Path = Path("/x")
    certificate: bytes = b""
    nothing: int | None = None


@pytest.fixture
def planted(place):
    place.toml(
        f"""
        [[auth.keys]]
        api_key = "{MARKER}1"
        secrets = ["{MARKER}2"]
        [plugins.asr]
        token = "{MARKER}"
        raw = "{MARKER}"
        number = 4711
        tokens = ["{MARKER}"]
        by_name = {{ a = "{MARKER}" }}
        logins = [{{ user = "me", password = "{MARKER}" }}]
        url = "nats://me:{MARKER}@broker:4222/x"
        colours = ["red"]
        certificate = "{MARKER}"
        [plugins.ghost]
        password = "{MARKER}"
        [plugins.wrong]
        token = ["{MARKER}"]
        """
    )
    place.env["AUDIOHOOK_PLUGINS__GHOST__TOKEN"] = MARKER
    place.overrides["server.port"] = 9
    return place.load()


MODELS = {"asr": Plugin, "wrong": Plugin, "silent": Login}


def test_no_secret_in_any_form(planted):
    assert planted.plugin_section("asr", Plugin).token.get_secret_value() == MARKER, "it is there to be found"
    told = [
        str(show(planted, MODELS)),
        show_toml(planted, MODELS),
        json.dumps(show_dict(planted, MODELS)),
        str(show(planted)),
        repr(planted),
        str(planted),
        repr(planted.settings),
        repr(planted.plugin_section("asr", Plugin.model_construct().__class__).token),
    ]
    for text in told:
        assert MARKER not in text
        assert "4711" not in text


def test_every_setting_has_a_row(planted):
    rows = {row.setting: row for row in show(planted, MODELS)}
    for section, field in Settings.model_fields.items():
        for name in field.annotation.model_fields:
            assert f"{section}.{name}" in rows or f"{section}.{name}[0].api_key" in rows
    assert (rows["server.port"].value, rows["server.port"].source) == (9, "command line")
    assert (rows["server.host"].value, rows["server.host"].source) == ("127.0.0.1", "defaults")
    assert rows["auth.keys[0].api_key"].value == REDACTED
    assert rows["auth.keys[0].secrets"].value == [REDACTED]
    assert rows["auth.keys[0].api_key"].source == "audiohook.toml, [auth] keys"
    assert rows["server.tls_key"].value is None


def test_plugins_are_shown_by_their_models(planted):
    plugins = show_dict(planted, MODELS)["plugins"]
    assert plugins["asr"] == {
        "token": REDACTED,
        "raw": REDACTED,
        "number": REDACTED,
        "tokens": [REDACTED],
        "by_name": {"a": REDACTED},
        "logins": [{"user": "me", "password": REDACTED}],
        "url": f"nats://{REDACTED}@broker:4222/x",
        "colours": ["red"],
        "directory": "/x",
        "certificate": "(13 bytes)",
        "nothing": None,
    }
    assert plugins["ghost"] == "(not shown: this plugin is not installed)"
    assert plugins["wrong"] == "(not shown: these settings are wrong)"
    assert plugins["silent"] == {"user": "u", "password": ""}


def test_the_text_is_toml(planted):
    tree = tomllib.loads(show_toml(planted, MODELS))
    assert tree["server"]["port"] == 9
    assert tree["auth"]["keys"][0]["name"] == ""
    assert tree["auth"]["max_age"] == 10.0
    assert tree["plugins"]["asr"]["logins"] == [{"user": "me", "password": REDACTED}]
    assert "port = 9  # command line\n" in show_toml(planted)
    assert "# tls_key is not set\n" in show_toml(planted)


def test_a_port_that_is_off_and_networks(place):
    place.overrides = {"server.admin_port": "off", "server.trusted_proxies": ["10.0.0.0/8"]}
    loaded = place.load()
    assert loaded.settings.server.trusted_proxies == [ip_network("10.0.0.0/8")]
    server = show_dict(loaded)["server"]
    assert (server["admin_port"], server["trusted_proxies"]) == ("off", ["10.0.0.0/8"])
