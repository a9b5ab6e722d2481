"""The second act's server: rules, look-ups, addresses and costs, beside a fake of Genesys' Platform API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import entry_points
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Final

from audiohook_fw.config import AuthSettings, Loaded, PluginsSettings, ServerSettings, Settings
from audiohook_fw.plugin import PROJECT
from audiohook_fw.server import AudiohookServer
from audiohook_fw.testing import FakePlatform

from .choice_script import CURRENCY, IN_IVR, PRICE, RANGES, RETRY, RULES, UNWANTED, WANTED, WITHIN
from .stage import RECORDER, Key, Stage, run_server

__all__ = ["COST", "DATABASE", "PLUGINS", "ChoiceStage", "choice_stage", "missing_plugins"]

COST: Final = "cost"
PLUGINS: Final = ("policy", "genesys", COST)
"""The plugins that this act needs beside the recorder."""
DATABASE: Final = "cost.sqlite"
"""The meter's file, in the act's directory."""

_PROXY: Final = "127.0.0.1/32"
_READY: Final = 30.0  # seconds of real time for Genesys' addresses to become known
_LOOK: Final = 0.1  # seconds between two looks whether they are


@dataclass(frozen=True, slots=True)
class ChoiceStage:
    """What there is for the second act.

    Attributes:
        stage: the server. platform: what its plugins ask.
        conversations: ids of a conversation that gets into the wanted queue, and of one for the other.
    """

    stage: Stage
    platform: FakePlatform
    conversations: tuple[str, str]


def missing_plugins() -> list[str]:
    """Return the plugins of this act that are not installed."""
    installed = {entry.name for entry in entry_points(group=PROJECT)}
    return [name for name in PLUGINS if name not in installed]


@asynccontextmanager
async def choice_stage(directory: Path) -> AsyncIterator[ChoiceStage]:
    """Run platform and server for as long as the block lasts; after it every call is in the meter's file.

    Args:
        directory: where all files go; it is there.

    Raises:
        PluginError: one of the plugins cannot start.
    """
    platform = FakePlatform(ranges=RANGES)
    await platform.serve()
    try:
        (directory / "rules.toml").write_text(RULES, encoding="utf-8")
        conversations = _conversation(platform, WANTED), _conversation(platform, UNWANTED)
        key = Key.new()
        async with run_server(_configuration(directory, platform, key), key) as stage:
            await _ready(stage.server)
            yield ChoiceStage(stage, platform, conversations)
    finally:
        await platform.close()


def _conversation(platform: FakePlatform, queue: str) -> str:
    conversation = platform.add_conversation()
    conversation.later(IN_IVR, lambda: conversation.enter_queue(queue))
    return conversation.id


async def _ready(server: AudiohookServer) -> None:
    """Wait as a balancer does: until Genesys' addresses are known, everybody is refused."""
    try:
        async with asyncio.timeout(_READY):
            await asyncio.sleep(_LOOK)  # what is wrong at the first look would count for a second
            while await server.health.problems():  # noqa: ASYNC110  # plugins tell only who asks
                await asyncio.sleep(_LOOK)
    except TimeoutError:
        pass  # then the calls fail, and the checks say so


def _configuration(directory: Path, platform: FakePlatform, key: Key) -> Loaded:
    plugins = [*PLUGINS, RECORDER]
    settings = Settings(
        server=ServerSettings(port=0, admin_port=None, trusted_proxies=[ip_network(_PROXY)]),
        auth=AuthSettings(keys=[key.settings()]),
        plugins=PluginsSettings(enabled=plugins, required=plugins),
    )
    sections: dict[str, dict[str, Any]] = {
        "policy": {"file": str(directory / "rules.toml"), "reload_seconds": 0},
        "genesys": {
            **platform.settings,
            "lookup_timeout": WITHIN,
            "retry_delay": RETRY,
            "addresses": "enforce",
            "ranges_store": str(directory / "genesys-ranges.json"),
        },
        COST: {
            "database": str(directory / DATABASE),
            "price_per_minute": str(PRICE),
            "currency": CURRENCY,
            "save_seconds": 1,
        },
        RECORDER: {"directory": str(directory)},
    }
    return Loaded.of(settings, sections)
