"""What a plugin logs, noted."""

from __future__ import annotations

import logging

from audiohook_fw.plugin import PluginManager

__all__ = ["LogNotes", "package_of"]


class LogNotes(logging.Handler):
    """Notes the records of one plugin's package, from level DEBUG on.

    Attributes:
        records: in the order in which they came.
    """

    def __init__(self, manager: PluginManager, plugin: str) -> None:
        super().__init__()
        self.records: list[logging.LogRecord] = []
        self._logger = logging.getLogger(package_of(manager, plugin))
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
