"""`schema`: the configuration as JSON Schema, for editors and for checks before deployment."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from .plugins import PluginsSettings
from .settings import Settings

__all__ = ["schema"]


def schema(plugin_models: Mapping[str, type[BaseModel]] | None = None) -> dict[str, Any]:
    """Return the JSON Schema (2020-12) of `audiohook.toml`, with a section for each plugin given."""
    models = plugin_models or {}
    wanted: list[type[BaseModel]] = [Settings, PluginsSettings, *dict.fromkeys(models.values())]
    references, document = models_json_schema([(model, "validation") for model in wanted])
    definitions = document["$defs"]
    plugins = _resolve(definitions, references[PluginsSettings, "validation"])
    plugins["properties"] |= {name: references[model, "validation"] for name, model in models.items()}
    plugins["additionalProperties"] = {"type": "object"}  # settings of plugins that are not installed here
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **_resolve(definitions, references[Settings, "validation"]),
        "title": "audiohook.toml",
        "$defs": definitions,
    }


def _resolve(definitions: dict[str, Any], reference: Mapping[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = definitions[str(reference["$ref"]).rpartition("/")[2]]
    return found
