"""The section `plugins`: which plugins load, from where, in which order."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from .fields import PLUGIN_NAME, Section, Words

__all__ = ["PluginsSettings", "check_plugin_name"]


def check_plugin_name(name: str) -> str:
    """Return the name; raises `ValueError` when it is none, or is one of this section's own settings."""
    if not PLUGIN_NAME.fullmatch(name):
        raise ValueError(
            "is no plugin name: small letters and digits in words joined by single underscores, "
            "starting with a letter"
        )
    if name in PluginsSettings.model_fields:
        raise ValueError("is a setting of the section plugins and cannot name a plugin")
    return name


PluginName = Annotated[str, AfterValidator(check_plugin_name), Words("a plugin name")]


class PluginsSettings(Section):
    """Which plugins load, from where, in which order; each plugin's own settings are `[plugins.NAME]`."""

    enabled: list[PluginName] | None = Field(
        default=None,
        description="The only plugins that load; not set: every installed one. A list of plugin names.",
        examples=[["recorder"]],
    )
    disabled: list[PluginName] = Field(
        default=[], description="Plugins that do not load. A list of plugin names."
    )
    required: list[PluginName] = Field(
        default=[],
        description="Plugins without which the server does not start. A list of plugin names.",
    )
    order: list[PluginName] = Field(
        default=[],
        description="The order in which plugins are called; those not named come after, by name. "
        "A list of plugin names.",
    )
    directory: Path | None = Field(
        default=None,
        description="Directory of one-file plugins (`NAME.py`), loaded besides installed ones.",
        examples=["/etc/audiohook/plugins"],
    )
    modules: list[str] = Field(
        default=[],
        description="Python modules and files loaded as plugins besides installed ones. "
        "A list of module names and of paths that end in `.py`.",
    )

    def disagreements(self) -> Iterator[tuple[str, str]]:
        """Yield names that two lists treat differently, and names given twice."""
        for name in sorted(set(self.required) & set(self.disabled)):
            yield "required", f"{name} is also in plugins.disabled; take it out of one of the two"
        if self.enabled is not None:
            for name in sorted(set(self.disabled) & set(self.enabled)):
                yield "disabled", f"{name} is also in plugins.enabled; take it out of one of the two"
            for name in sorted(set(self.required) - set(self.enabled)):
                yield "required", f"{name} is not in plugins.enabled; add it there"
        for name in sorted({name for name in self.order if self.order.count(name) > 1}):
            yield "order", f"{name} is named twice; name it once"
