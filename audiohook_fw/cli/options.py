"""Options that several commands have."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

__all__ = ["ConfigFile", "Json", "PluginNames", "PluginsDir"]

ConfigFile: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--config",
        "-c",
        metavar="FILE",
        show_default=False,
        help="Settings as TOML; without it $AUDIOHOOK_CONFIG, then audiohook.toml where it exists.",
    ),
]

PluginNames: TypeAlias = Annotated[
    list[str] | None,
    typer.Option(
        "--plugin",
        "-p",
        metavar="NAME",
        show_default=False,
        help="Load this plugin, or fail: the name of an installed one, else a module or a FILE.py "
        "(or NAME=MODULE); no:NAME leaves one out. May be given several times.",
    ),
]

PluginsDir: TypeAlias = Annotated[
    Path | None,
    typer.Option(
        "--plugins-dir", metavar="DIR", show_default=False, help="Load every NAME.py in this folder, too."
    ),
]

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON.")]
