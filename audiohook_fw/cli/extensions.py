"""Commands of plugins: plugins are loaded only for `--help` and for a command that the core does not have.

A plugin that is broken costs its own commands, and says so; everything else works.
"""

from __future__ import annotations

from collections.abc import Container, Sequence
from typing import Any, Final

import typer
from typer.core import TyperGroup

from audiohook_fw.errors import AudiohookError

from .errors import lines, warn

__all__ = ["Group"]

_COMPLETION: Final = ("install_completion", "show_completion")


class Group(TyperGroup):
    """The top of the command line: the core's commands, then those of plugins.

    Attributes:
        extensions: the commands of plugins; `None` until they are asked for.
        broken: what is said of plugins that cannot have commands, where one is not found.
    """

    extensions: dict[str, Any] | None = None
    broken: Sequence[str] = ()

    def list_commands(self, ctx: Any) -> list[str]:
        """Return the names of all commands."""
        return [*self.commands, *self._extra()]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """Return a command; the core's own win."""
        command = self.commands.get(cmd_name) or self._extra().get(cmd_name)
        if command is None:
            for text in self.broken:
                warn(text)
        return command

    def _extra(self) -> dict[str, Any]:
        if self.extensions is None:
            self.extensions, self.broken = _load(self.commands.keys())
        return self.extensions


def _load(taken: Container[str]) -> tuple[dict[str, Any], Sequence[str]]:
    """Return the commands of all plugins that can be loaded, without those whose name the core has.

    And what is wrong with those that cannot be loaded.
    """
    from .environment import load_config, look_at_plugins

    try:
        manager = look_at_plugins(load_config()).manager
        found = manager.register_commands()
    except (AudiohookError, OSError) as error:
        for line in lines(error):
            warn(f"no commands of plugins: {line}")
        return {}, ()
    commands: dict[str, Any] = {}
    for command in found:
        if command.name in taken:
            warn(
                f"plugin {command.plugin}: its command {command.name} is hidden by that of the core; "
                "name it otherwise"
            )
            continue
        try:
            commands[command.name] = _below_ours(typer.main.get_command(command.app))
        except Exception as error:  # whatever a plugin took for an application
            warn(f"plugin {command.plugin}: its command {command.name} is broken ({type(error).__name__})")
    broken = [f"plugin {record.name}: {record.error}" for record in manager.records if record.error]
    return commands, broken


def _below_ours(command: Any) -> Any:
    """Return a command without the options for completion, which belong to the whole, and it has none."""
    command.params = [parameter for parameter in command.params if parameter.name not in _COMPLETION]
    return command
