"""`config schema` and `config init`: what is made from the models agrees with them."""

from __future__ import annotations

import json
import re
import tomllib
from typing import Any

import pytest
from pydantic import BaseModel, Field, SecretStr

from audiohook_fw.config import KeySettings, Settings, init_text, schema


class Recorder(BaseModel):
    """Where recordings go."""

    directory: str = Field(description="Directory of the recordings.")
    bits: int = Field(default=8, description="Bits.", ge=8, le=16)
    password: SecretStr = Field(default=SecretStr(""), description="Password.")
    rules: list[KeySettings] = Field(default=[], description="Rules.")


def _references(node: Any) -> list[str]:
    if isinstance(node, dict):
        own = [node["$ref"]] if isinstance(node.get("$ref"), str) else []
        return own + [found for value in node.values() for found in _references(value)]
    return [found for item in node for found in _references(item)] if isinstance(node, list) else []


def test_the_schema_is_whole():
    document = schema({"recorder": Recorder})
    assert json.loads(json.dumps(document)) == document
    assert document["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    assert set(document["properties"]) == set(Settings.model_fields)
    for reference in _references(document):
        assert reference.removeprefix("#/$defs/") in document["$defs"]


def test_the_schema_describes_and_closes_every_section():
    document = schema()
    for section, field in Settings.model_fields.items():
        definition = document["$defs"][document["properties"][section]["$ref"].rpartition("/")[2]]
        assert set(definition["properties"]) == set(field.annotation.model_fields)
        assert all("description" in info for info in definition["properties"].values())
        assert definition["additionalProperties"] is False or section == "plugins"


def test_the_schema_holds_plugins_and_lets_others_be():
    plugins = schema({"recorder": Recorder})["$defs"]["PluginsSettings"]
    assert plugins["properties"]["recorder"] == {"$ref": "#/$defs/Recorder"}
    assert plugins["additionalProperties"] == {"type": "object"}
    assert "recorder" not in schema()["$defs"]["PluginsSettings"]["properties"], "no state is kept"


def test_two_plugins_may_share_a_model():
    properties = schema({"a": Recorder, "b": Recorder})["$defs"]["PluginsSettings"]["properties"]
    assert properties["a"] == properties["b"]


def test_the_schema_knows_the_word_off():
    server = schema()["$defs"]["ServerSettings"]["properties"]["admin_port"]
    assert {"const": "off"} in server["anyOf"]


def _uncommented(text: str) -> str:
    return re.sub(r"(?m)^#(?!#)", "", text)


def test_the_first_file_changes_nothing_commented_or_not(place):
    for text in (init_text(), _uncommented(init_text())):
        place.toml(text)
        assert place.load().settings == Settings()


def test_the_first_file_turned_on_sets_what_has_a_default(place):
    place.toml(_uncommented(init_text()))
    loaded = place.load()
    for section, field in Settings.model_fields.items():
        for name in field.annotation.model_fields:
            value = getattr(getattr(loaded.settings, section), name)
            is_set = loaded.source_of(f"{section}.{name}") != "defaults"
            assert is_set is (value is not None and name != "keys"), f"{section}.{name}"


def test_the_first_file_explains_every_setting():
    text = init_text({"recorder": Recorder})
    models = [field.annotation for field in Settings.model_fields.values()]
    for model in [*models, KeySettings, Recorder]:
        for name, info in model.model_fields.items():
            assert f"{name} = " in text or f".{name}]]" in text, name
            words = re.sub(r"[\s#]+", " ", text)
            assert re.sub(r"\s+", " ", info.description) in words, name


def test_explanations_turned_on_are_toml_too(place):
    text = re.sub(r"(?m)^## (?=\[\[|[a-z_]+ = [^…]|# )", "", init_text())
    keys = tomllib.loads(text)["auth"]["keys"]
    assert keys[0]["product"] == "monitor"
    assert set(keys[0]) == set(KeySettings.model_fields)


@pytest.mark.parametrize(
    "line", ["[plugins.recorder]", "## directory = …", "#bits = 8", "## [[plugins.recorder.rules]]"]
)
def test_plugins_have_their_section_in_the_first_file(line):
    assert line in init_text({"recorder": Recorder}).splitlines()
