"""The demo's server: real, in this process, on a free port of this machine; and what the first act loads."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from pydantic import SecretStr

from audiohook_fw.auth import Product, decode_secret
from audiohook_fw.config import (
    AuthSettings,
    KeySettings,
    Loaded,
    PluginsSettings,
    ServerSettings,
    Settings,
    new_key,
)
from audiohook_fw.errors import PluginLoadError
from audiohook_fw.plugin import load_plugins
from audiohook_fw.server import AudiohookServer

from ..errors import CommandError
from .script import DECLINED, PAUSE_AT, PAUSE_FOR

__all__ = ["POLICY", "RECORDER", "Key", "Stage", "run_server", "stage"]

RECORDER: Final = "recorder"
"""The plugin that records, by the name of its entry point."""
POLICY: Final = "demo_policy"
"""The name under which the policy is loaded."""

_MISSING: Final = (
    "the demo records, but the plugin recorder is not installed; "
    "pip install audiohook-fw-recorder "
    "(in a clone of audiohook_fw: pip install ./plugins/audiohook-fw-recorder)"
)


@dataclass(frozen=True, slots=True)
class Key:
    """A new key: the API key and the client secret, decoded."""

    api_key: str = field(repr=False)
    secret: bytes = field(repr=False)
    encoded: str = field(repr=False)

    @classmethod
    def new(cls) -> Self:
        """Make one."""
        api_key, secret = new_key()
        return cls(api_key, decode_secret(secret), secret)

    def settings(self, product: Product = "monitor") -> KeySettings:
        """Return it as a server is given it."""
        return KeySettings(
            name="demo",
            api_key=SecretStr(self.api_key),
            secrets=[SecretStr(self.encoded)],
            product=product,
        )


@dataclass(frozen=True, slots=True)
class Stage:
    """A running server, and the key to it."""

    server: AudiohookServer
    key: Key


@asynccontextmanager
async def stage(into: Path, speed: float) -> AsyncIterator[Stage]:
    """Run the first act's server for as long as the block lasts; after it every call has ended.

    Args:
        into: where recordings go. speed: seconds of call time in one second.

    Raises:
        CommandError: the recorder is not installed. PluginError: it cannot start.
    """
    key = Key.new()
    async with run_server(_configuration(into, speed, key), key) as running:
        yield running


@asynccontextmanager
async def run_server(
    loaded: Loaded, key: Key, *, extra: Mapping[str, object] | None = None
) -> AsyncIterator[Stage]:
    """Run a server for as long as the block lasts; after it every call has ended, and plugins have stopped.

    Nothing is read from the environment or from files, and no admin port is opened.

    Args:
        extra: plugins at hand, by name.

    Raises:
        CommandError: the recorder is not installed. PluginError: a plugin cannot start.
    """
    settings = loaded.settings
    try:
        plugins = load_plugins(settings.plugins, loaded.plugin_section, settings.limits, extra=extra)
    except PluginLoadError as error:
        if error.plugin == RECORDER and "not installed" in error.problem:
            raise CommandError(_MISSING) from error
        raise
    async with AudiohookServer(loaded, plugins) as server:
        yield Stage(server, key)
        await server.drain(grace=0.0)


def _configuration(into: Path, speed: float, key: Key) -> Loaded:
    settings = Settings(
        server=ServerSettings(port=0, admin_port=None),
        auth=AuthSettings(keys=[key.settings()]),
        plugins=PluginsSettings(
            enabled=[POLICY, RECORDER],
            required=[POLICY, RECORDER],
            modules=[f"{POLICY}=audiohook_fw.cli.demo.policy"],
        ),
    )
    pausing = {"declined": DECLINED, "pause_at": PAUSE_AT, "pause_for": PAUSE_FOR / speed}
    return Loaded.of(settings, {RECORDER: {"directory": str(into)}, POLICY: pausing})
