"""The section `store`: what is refused, and why."""

from __future__ import annotations

from typing import Any

import pytest
from audiohook_fw_recorder.settings import RecorderSettings
from audiohook_fw_recorder.store_settings import StoreSettings
from pydantic import ValidationError

from audiohook_fw.config import ConfigErrors, load


@pytest.mark.parametrize(
    "url", ["s3://b", "s3://b/p/q", "gs://b", "az://c", "abfss://c@account.dfs.example", "file:///a/b"]
)
def test_stores_of_every_kind(url: str) -> None:
    assert StoreSettings(url=url).url == url
    assert StoreSettings(url=f"{url}/").url == url


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"url": "ftp://x"}, "begins with none of s3://, gs://"),
        ({"url": "bucket"}, "begins with none of"),
        ({"url": "memory:///"}, "begins with none of"),
        ({"url": "s3:bucket"}, "names no bucket"),
        ({"url": "s3://key:secret@b"}, "put secrets under store.secrets"),
        ({"url": "s3://b?x=1"}, "put secrets under store.secrets"),
        ({"url": "file://calls"}, "with three slashes"),
        ({"url": "s3://b", "prefix": "a/../b"}, "may have letters"),
        ({"prefix": "a"}, "there is no url"),
        ({"url": "s3://b", "options": {"secret_access_key": "x"}}, "is a secret: put it under store.secrets"),
        ({"url": "s3://b", "options": {"aws_session_token": "x"}}, "is a secret"),
        ({"url": "az://b", "options": {"account_key": "x"}}, "is a secret"),
        ({"url": "gs://b", "options": {"service_account_key": "x"}}, "is a secret"),
        (
            {"url": "s3://b", "options": {"region": "x"}, "secrets": {"region": "x"}},
            "region is in store.options and in store.secrets",
        ),
        ({"url": "s3://b", "options": {"endpoint": "http://minio:9000"}}, "in the clear"),
        ({"url": "s3://b", "options": {"endpoint": "http://127.evil.example"}}, "in the clear"),
        ({"url": "s3://b", "parallel": 0}, "greater than or equal to 1"),
        ({"url": "s3://b", "connect_timeout": 0}, "greater than 0"),
    ],
)
def test_what_is_wrong_is_told(section: dict[str, Any], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        StoreSettings.model_validate(section)


@pytest.mark.parametrize(
    "options",
    [
        {"endpoint": "http://127.0.0.1:1", "access_key_id": "x"},
        {"endpoint": "http://localhost:1"},
        {"endpoint": "http://minio:9000", "allow_http": "true"},
        {"endpoint": "https://minio:9000", "web_identity_token_file": "x", "skip_signature": "true"},
    ],
)
def test_what_is_allowed(options: dict[str, str]) -> None:
    assert StoreSettings(url="s3://b", prefix="/a/b/", options=options).prefix == "a/b"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        (
            {"OPTIONS__SECRET_ACCESS_KEY": "hidden", "SECRETS__TOKEN": "hidden"},
            "plugins.recorder.store.options (from environment variable "
            "AUDIOHOOK_PLUGINS__RECORDER__STORE__OPTIONS__SECRET_ACCESS_KEY): "
            "store.options.secret_access_key is a secret: put it under store.secrets",
        ),
        (
            {"OPTIONS__ENDPOINT": "http://minio:9000", "SECRETS__SECRET_ACCESS_KEY": "hidden"},
            "plugins.recorder.store.options (from environment variable "
            "AUDIOHOOK_PLUGINS__RECORDER__STORE__OPTIONS__ENDPOINT): "
            "store.options.endpoint: recordings would go to minio",
        ),
        (
            {"OPTIONS__REGION": "x", "SECRETS__REGION": "x", "PREFIX": "calls"},
            "plugins.recorder.store.secrets (from environment variable "
            "AUDIOHOOK_PLUGINS__RECORDER__STORE__SECRETS__REGION): region is in store.options",
        ),
    ],
)
def test_the_setting_that_is_wrong_is_named(settings: dict[str, str], said: str) -> None:
    prefix = "AUDIOHOOK_PLUGINS__RECORDER__STORE__"
    env = {f"{prefix}{name}": value for name, value in {"URL": "s3://b", **settings}.items()}
    with pytest.raises(ConfigErrors) as caught:
        load(None, env=env).plugin_section("recorder", RecorderSettings)
    assert said in str(caught.value)
    assert "hidden" not in str(caught.value)


def test_secrets_are_not_shown() -> None:
    settings = StoreSettings.model_validate({"url": "s3://b", "secrets": {"secret_access_key": "hidden"}})
    assert "hidden" not in repr(settings)


def test_secrets_come_from_the_environment() -> None:
    prefix = "AUDIOHOOK_PLUGINS__RECORDER__STORE__"
    env = {
        f"{prefix}URL": "s3://b",
        f"{prefix}SECRETS__SECRET_ACCESS_KEY": "hidden",
        f"{prefix}OPTIONS__REGION": "eu-central-1",
    }
    section = load(None, env=env).plugin_section("recorder", RecorderSettings)
    assert isinstance(section, RecorderSettings)
    settings = section.store
    assert settings.secrets["secret_access_key"].get_secret_value() == "hidden"
    assert settings.options == {"region": "eu-central-1"}
