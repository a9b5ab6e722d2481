"""Options that several commands have, and where recordings are by the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ..settings import RecorderSettings
from .places import Folder, Place, PlaceError

__all__ = ["Identity", "Json", "Names", "places"]

Names: TypeAlias = Annotated[
    list[str] | None,
    typer.Argument(
        metavar="[RECORDING]...",
        show_default=False,
        help="The id of a session or conversation, or the path of a file or directory; without any, "
        "all recordings that the settings lead to.",
    ),
]

Json: TypeAlias = Annotated[bool, typer.Option("--json", help="Print JSON, always an array.")]

Identity: TypeAlias = Annotated[
    list[Path] | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        help="age identities, which open encrypted recordings; may be given several times.",
    ),
]


def places(settings: RecorderSettings) -> Callable[[], Sequence[Place]]:
    """Return what gives the places of the settings, or raises `PlaceError` when there is none."""

    def found() -> Sequence[Place]:
        directory = settings.directory
        if not directory.is_dir():
            raise PlaceError(
                f"there is no directory {directory}; the server makes it: run one, set "
                "plugins.recorder.directory, or name files or directories"
            )
        return [Folder(directory)]

    return found
