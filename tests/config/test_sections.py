"""What the sections themselves allow: formats, bounds, and settings that contradict each other."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_args
from uuid import UUID

import pytest
from pydantic import BaseModel, ValidationError

from audiohook_fw.config import (
    AuthSettings,
    KeySettings,
    LimitsSettings,
    PluginsSettings,
    ServerSettings,
    Settings,
    TelemetrySettings,
    default_admin_token_file,
    new_key,
)

SECTIONS = {name: field.annotation for name, field in Settings.model_fields.items()}


def _fields() -> list[tuple[str, Any]]:
    models: dict[str, Any] = {**SECTIONS, "auth.keys": KeySettings}
    return [
        (f"{name}.{key}", info) for name, model in models.items() for key, info in model.model_fields.items()
    ]


@pytest.mark.parametrize(("name", "info"), _fields(), ids=[name for name, _ in _fields()])
def test_every_setting_says_what_it_means(name, info):
    assert info.description, name
    assert info.description[0].isupper() or info.description[0] == "`", name
    assert info.description.endswith("."), name


@pytest.mark.parametrize(("name", "info"), _fields(), ids=[name for name, _ in _fields()])
def test_every_number_has_bounds_and_says_them(name, info):
    ends = {type(limit).__name__: limit for limit in info.metadata}
    if info.annotation in (int, float):
        for bound in (ends["Ge"].ge, ends["Le"].le):
            assert any(f"{bound:{form}}" in info.description for form in (",", "g")), name


def test_settings_are_frozen_and_closed():
    settings = Settings()
    with pytest.raises(ValidationError):
        settings.server = ServerSettings()
    with pytest.raises(ValidationError):
        settings.server.port = 3
    with pytest.raises(ValidationError):
        ServerSettings.model_validate({"prot": 1})


@pytest.mark.parametrize(
    ("section", "values", "setting"),
    [
        (ServerSettings, {"tls_key": "/k"}, "tls_key"),
        (ServerSettings, {"port": 9, "admin_port": 9}, "admin_port"),
        (ServerSettings, {"reconnect_spread": 20, "drain_deadline": 10}, "reconnect_spread"),
        (ServerSettings, {"path": "audiohook"}, "path"),
        (ServerSettings, {"path": "/a?b"}, "path"),
        (ServerSettings, {"public_path_prefix": "/a/"}, "public_path_prefix"),
        (ServerSettings, {"trusted_proxies": ["10.0.0.1/8"]}, "trusted_proxies"),
        (ServerSettings, {"trusted_proxies": [10]}, "trusted_proxies"),
        (LimitsSettings, {"hook_deadline": 7.5, "outbox_deadline": 1}, "closed_deadline"),
        (LimitsSettings, {"closed_deadline": 10}, "closed_deadline"),
        (LimitsSettings, {"decision_timeout": 4, "opening_timeout": 4}, "decision_timeout"),
        (LimitsSettings, {"opening_timeout": 5}, "opening_timeout"),
        (LimitsSettings, {"end_deadline": 5}, "end_deadline"),
        (LimitsSettings, {"message_burst": 3, "pause_burst": 4}, "pause_burst"),
        (LimitsSettings, {"message_rate": 6}, "message_rate"),
        (LimitsSettings, {"linger": float("inf")}, "linger"),
        (PluginsSettings, {"required": ["a"], "disabled": ["a"]}, "required"),
        (PluginsSettings, {"required": ["a"], "enabled": ["b"]}, "required"),
        (PluginsSettings, {"disabled": ["a"], "enabled": ["a"]}, "disabled"),
        (PluginsSettings, {"order": ["a", "b", "a"]}, "order"),
        (PluginsSettings, {"order": ["enabled"]}, "order"),
        (TelemetrySettings, {"otlp_endpoint": "localhost:4318"}, "otlp_endpoint"),
        (TelemetrySettings, {"otlp_endpoint": "http://u:p@host"}, "otlp_endpoint"),
        (TelemetrySettings, {"sample_ratio": 1.1}, "sample_ratio"),
        (TelemetrySettings, {"service_name": ""}, "service_name"),
        (AuthSettings, {"allowed_addresses": ["::1/x"]}, "allowed_addresses"),
    ],
)
def test_what_does_not_go(section: type[BaseModel], values, setting):
    with pytest.raises(ValidationError, match=setting):
        section.model_validate(values)


@pytest.mark.parametrize(
    ("section", "values"),
    [
        (ServerSettings, {"tls_certificate": "/c"}),
        (ServerSettings, {"port": 0, "admin_port": 0}),
        (ServerSettings, {"port": 9, "admin_port": 9, "admin_host": "::1"}),
        (ServerSettings, {"public_path_prefix": "/a/b", "path": "/"}),
        (ServerSettings, {"trusted_proxies": ["192.0.2.1", "2001:db8::/32"]}),
        (LimitsSettings, {"hook_deadline": 7, "outbox_deadline": 1, "closed_deadline": 8}),
        (LimitsSettings, {"decision_timeout": 0.05, "opening_timeout": 0.1}),
        (
            LimitsSettings,
            {"hook_deadline": 0.1, "outbox_deadline": 0, "closed_deadline": 0.2},
        ),
        (PluginsSettings, {"required": ["a"], "enabled": ["a", "b_2"], "order": ["a"], "disabled": ["c"]}),
        (TelemetrySettings, {"otlp_endpoint": "https://collector:4318/base", "log_level": "DEBUG"}),
    ],
)
def test_what_goes(section: type[BaseModel], values):
    assert section.model_validate(values)


def test_cross_checks_name_setting_source_and_what_to_do(place):
    place.toml("server.tls_key = '/k'")
    place.env["AUDIOHOOK_LIMITS__CLOSED_DEADLINE"] = "5"
    assert place.errors() == [
        "server.tls_key (from audiohook.toml, [server] tls_key): is set without tls_certificate; "
        "set both, or neither to serve without TLS",
        "limits.closed_deadline (from environment variable AUDIOHOOK_LIMITS__CLOSED_DEADLINE): "
        "must be at least limits.hook_deadline + limits.outbox_deadline (7 s) and less than 10 s",
    ]


KEY = {"api_key": "key", "secrets": ["c2VjcmV0"]}


@pytest.mark.parametrize(
    ("values", "problem"),
    [
        ({"api_key": "key"}, "auth.keys[0].secrets ~ is empty; give at least one"),
        (KEY | {"unsigned": True}, "auth.keys[0].unsigned ~ is true although"),
        (KEY | {"api_key": "k y"}, "auth.keys[0].api_key ~ must be letters, digits"),
        (KEY | {"api_key": ""}, "auth.keys[0].api_key ~ must be letters, digits"),
        (KEY | {"secrets": ["a"]}, "auth.keys[0].secrets[0] ~ must be base64"),
        (KEY | {"secrets": ["YQ==", ""]}, "auth.keys[0].secrets[1] ~ must be base64"),
        (
            KEY | {"organizations": ["x"]},
            'auth.keys[0].organizations[0] ~ must be a UUID, or "*"',
        ),
        (
            KEY | {"organizations": ["*", "d7934305-0972-4844-938e-9060eef73d05"]},
            'auth.keys[0].organizations ~ holds "*" next to ids',
        ),
    ],
)
def test_keys_that_do_not_go(place, values, problem):
    place.toml("[[auth.keys]]\n" + "\n".join(f"{name} = {_toml(value)}" for name, value in values.items()))
    (line,) = place.errors()
    assert line.startswith(problem.replace("~", "(from audiohook.toml, [auth] keys):"))


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, list) else f"'{value}'"


def test_a_key_given_twice_is_named_by_its_places(place):
    place.toml("".join(f"[[auth.keys]]\napi_key = '{k}'\nunsigned = true\n" for k in ("aaa", "bbb", "aaa")))
    assert place.errors() == [
        "auth.keys[2].api_key (from audiohook.toml, [auth] keys): is the same as auth.keys[0].api_key; "
        "every key must be different (list several secrets under one key to change a secret)"
    ]


@pytest.mark.parametrize("secret", ["TXlTdXBlclNlY3JldA==", "TXlTdXBlclNlY3JldA", "QUJD", "YWI=", "YWI"])
def test_secrets_with_and_without_padding(secret):
    key = KeySettings.model_validate({"api_key": "a=", "secrets": [secret]})
    assert key.secrets[0].get_secret_value() == secret


def test_organizations_are_ids_or_all():
    key = KeySettings.model_validate(KEY | {"organizations": ["D7934305-0972-4844-938E-9060EEF73D05"]})
    assert key.organizations == [UUID("d7934305-0972-4844-938e-9060eef73d05")]
    assert KeySettings.model_validate(KEY).organizations == ["*"]


def test_repr_of_settings_holds_no_key():
    settings = Settings(
        auth=AuthSettings.model_validate({"keys": [{"api_key": "MARKER", "secrets": ["MARK"]}]})
    )
    assert "MARK" not in repr(settings)
    assert "MARK" not in str(settings.model_dump())
    assert "MARK" not in settings.model_dump_json()


def test_new_keys_are_what_is_allowed_and_never_the_same():
    api_key, secret = new_key()
    assert KeySettings.model_validate({"api_key": api_key, "secrets": [secret]})
    assert not {api_key, secret} & set(new_key())
    assert len(secret) == 44


def test_where_the_admin_token_lies():
    assert default_admin_token_file({"XDG_STATE_HOME": "/x"}) == Path("/x/audiohook-fw/admin-token")
    assert default_admin_token_file({}) == Path.home() / ".local/state/audiohook-fw/admin-token"


def test_lists_of_one_section_are_not_shared():
    assert ServerSettings().public_authorities is not ServerSettings().public_authorities
    assert get_args(AuthSettings.model_fields["keys"].annotation) == (KeySettings,)
