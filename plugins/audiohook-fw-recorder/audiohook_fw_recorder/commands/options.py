"""Options that several commands have, and where recordings are by the settings."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from ..age import Identities
from ..settings import RecorderSettings
from .output import said
from .places import Folder, Place, PlaceError

__all__ = ["Identity", "Json", "Names", "keys", "places"]

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
    Path | None,
    typer.Option(
        metavar="FILE",
        show_default=False,
        help="Secret keys of age, which open encrypted recordings.",
    ),
]


def keys(identity: Path | None) -> Identities | None:
    """Return the keys of a file; raises `AgeError` or `OSError` when there are none."""
    return None if identity is None else Identities.read(identity)


def places(settings: RecorderSettings) -> Callable[[], Sequence[Place]]:
    """Return what gives the places of the settings: the directory, and the store when there is one.

    It raises `PlaceError` when there is no directory, or the store cannot be used.
    """

    def found() -> Sequence[Place]:
        directory, stores = settings.directory, settings.store.url
        if not directory.is_dir() and not stores:
            raise PlaceError(
                f"there is no directory {directory}; the server makes it: go where the server's "
                "audiohook.toml is, name that file in AUDIOHOOK_CONFIG, set plugins.recorder.directory, "
                "or name files or directories"
            )
        local: list[Place] = [Folder(directory)] if directory.is_dir() else []
        return [*local, _bucket(settings)] if stores else local

    return found


def _bucket(settings: RecorderSettings) -> Place:
    from ..store import Store  # takes obstore, which not everybody has
    from .bucket import Bucket

    try:
        return Bucket(Store(settings.store, brief=True), Store(settings.store))
    except ImportError as error:
        install = "pip install 'audiohook-fw-recorder[store]'"
        raise PlaceError(f"plugins.recorder.store needs obstore: {install}") from error
    except (ValueError, OSError) as error:
        raise PlaceError(f"plugins.recorder.store: {said(error)}") from error
