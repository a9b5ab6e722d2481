"""What a plugin logs, noted; and which code is a plugin's."""

from __future__ import annotations

import logging
from types import FrameType

from audiohook_fw.plugin import PluginManager

__all__ = ["LogNotes", "is_of", "package_of"]


class LogNotes(logging.Handler):
    """Notes the records of one plugin's package, from level DEBUG on.

    Attributes:
        package: whose records. records: in the order in which they came.
    """

    def __init__(self, manager: PluginManager, plugin: str) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self.package = package_of(manager, plugin)
        self._logger = logging.getLogger(self.package)
        self._level = self._logger.level
        self._logger.addHandler(self)
        self._logger.setLevel(logging.DEBUG)

    def emit(self, record: logging.LogRecord) -> None:
        """Note a record."""
        self.records.append(record)

    def close(self) -> None:
        """Take no more notes."""
        self._logger.removeHandler(self)
        self._logger.setLevel(self._level)
        super().close()


def package_of(manager: PluginManager, plugin: str) -> str:
    """Return the name of the package a plugin is made of; of one that we bring, its module's."""
    module = next(loaded.module for loaded in manager.plugins if loaded.name == plugin)
    top = module.partition(".")[0]
    return module if top == __name__.partition(".")[0] else top


def is_of(frame: FrameType, package: str) -> bool:
    """Tell whether code of a package runs in a frame."""
    return f"{frame.f_globals.get('__name__', '')}.".startswith(f"{package}.")
