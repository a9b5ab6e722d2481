"""`keys new` prints settings that load, and nothing that is the same twice."""

from __future__ import annotations

import tomllib

import pytest

from audiohook_fw.auth import decode_secret
from audiohook_fw.cli.keys import Product, key_table
from audiohook_fw.config import load

ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"
OTHER = "11111111-2222-4333-8444-555555555555"


def _keys(text: str):
    return tomllib.loads(text)["auth"]["keys"]


def test_prints_one_key_as_toml(command):
    result = command("keys", "new")
    assert (result.status, result.err) == (0, "")
    (key,) = _keys(result.out)
    assert len(decode_secret(key["secrets"][0])) == 32
    assert key["organizations"] == ["*"]
    assert "Genesys" in result.out


def test_each_key_is_new(command):
    (first,), (second,) = _keys(command("keys", "new").out), _keys(command("keys", "new").out)
    assert first["api_key"] != second["api_key"]
    assert first["secrets"] != second["secrets"]


def test_the_secret_stands_there_once(command):
    out = command("keys", "new").out
    (key,) = _keys(out)
    assert out.count(key["secrets"][0]) == 1
    assert out.count(key["api_key"]) == 1


def test_options_reach_the_settings(command, place):
    options = ["--name", 'ä "b"', "--organization", ORGANIZATION, "--organization", OTHER]
    result = command("keys", "new", *options, "--product", "transcription")
    (place / "audiohook.toml").write_text(result.out, encoding="utf-8")
    (key,) = load(env={}).settings.auth.keys
    assert key.name == 'ä "b"'
    assert [str(organization) for organization in key.organizations] == [ORGANIZATION, OTHER]
    assert key.product == "transcription"
    assert "Transcription Connector" in result.out


def test_it_can_be_appended_to_what_init_wrote(command, place):
    command("config", "init")
    file = place / "audiohook.toml"
    for _ in range(2):
        file.write_text(file.read_text(encoding="utf-8") + command("keys", "new").out, encoding="utf-8")
    assert len(load(env={}).settings.auth.keys) == 2
    assert command("config", "check").status == 0


@pytest.mark.parametrize("product", list(Product))
def test_every_product_is_one_of_the_settings(product, place):
    (place / "audiohook.toml").write_text(key_table("key", "c2VjcmV0", "n", [], product), encoding="utf-8")
    assert load(env={}).settings.auth.keys[0].product == product
