"""What `serve --dev` adds: a key that lives as long as the process, and how to call with it."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from secrets import token_urlsafe
from typing import TYPE_CHECKING, Self

import typer

from audiohook_fw.config import DEFAULT, Loaded, new_key

from .errors import CommandError
from .program import command_line

if TYPE_CHECKING:
    from audiohook_fw.server import AudiohookServer

__all__ = ["DevKey"]


@dataclass(frozen=True, slots=True)
class DevKey:
    """An API key with its secret, and an admin token: known to this process and to who reads its output."""

    api_key: str = field(repr=False)
    secret: str = field(repr=False)
    admin_token: str = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Make one."""
        return cls(*new_key(), token_urlsafe())

    def overrides(self, loaded: Loaded) -> Mapping[str, object]:
        """Return the settings under which this is the only key, and a second such server can run.

        Raises:
            CommandError: the server would be reached from other machines.
        """
        for setting in ("host", "admin_host"):
            host = getattr(loaded.settings.server, setting)
            if not _is_loopback(host):
                source = loaded.source_of(f"server.{setting}")
                raise CommandError(
                    f"--dev serves this machine only, but server.{setting} is {host or 'every interface'} "
                    f"(from {source}); take 127.0.0.1, or make keys (audiohook-fw keys new) "
                    "and leave --dev out"
                )
        changes: dict[str, object] = {
            "auth.keys": [{"name": "dev", "api_key": self.api_key, "secrets": [self.secret]}]
        }
        if loaded.source_of("server.admin_port") == DEFAULT:
            changes["server.admin_port"] = 0
        if loaded.source_of("server.balancer_grace") == DEFAULT:
            changes["server.balancer_grace"] = 0.0  # no balancer stands in front of this machine
        return changes

    def show(self, server: AudiohookServer) -> None:
        """Print where the server is and how to call it."""
        plugins = ", ".join(f"{r.name} ({r.status})" for r in server.plugins.records) or "none"
        call = command_line("simulate", server.url, "--api-key", self.api_key, "--secret", self.secret)
        lines = [
            "",
            "A server to play with, on this machine only. Its key is gone when it stops (Ctrl-C).",
            "",
            f"  URL      {server.url}",
            f"  API key  {self.api_key}",
            f"  Secret   {self.secret}",
            f"  Plugins  {plugins}",
        ]
        lines += ["", "Call it from another terminal:", "", f"  {call}", ""]
        if server.admin_url is not None:
            look = ["curl", "-H", f"Authorization: Bearer {self.admin_token}", f"{server.admin_url}/metrics"]
            lines += ["Look inside:", "", f"  {shlex.join(look)}", ""]
        typer.echo("\n".join(lines))


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
