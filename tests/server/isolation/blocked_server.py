"""A server as a process of its own, with a plugin that blocks the event loop where a call asks for it.

Usage: `python blocked_server.py DIRECTORY [process]`. A block in a hook lasts until the file `go-HOOK` is in
the directory; with `process`, `on_startup` and `on_shutdown` block too. Standard output gets a JSON line with
the ports, and one for each call that a healthy plugin got to the end of.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from base64 import b64encode
from pathlib import Path
from typing import Any

from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import Event, PluginInfo, SessionHandler, Transcript, hookimpl, load_plugins
from audiohook_fw.server import AudiohookServer, run, serve
from audiohook_fw.telemetry import Metrics, setup_logging

DIRECTORY = Path(sys.argv[1])
IN_PROCESS_HOOKS = "process" in sys.argv[2:]
TOKEN = "token"


def tell(**fields: object) -> None:
    print(json.dumps(fields), flush=True)


def block(hook: str) -> None:
    """Block until the file is there; for ever, if it never comes."""
    private = "Ada Lovelace"  # noqa: F841 - a local variable that no dump may show
    while not (DIRECTORY / f"go-{hook}").exists():
        time.sleep(0.01)


class Bad:
    """Blocks in the hook that a call names in its custom configuration."""

    @hookimpl
    async def on_startup(self) -> None:
        if IN_PROCESS_HOOKS:
            block("on_startup")

    @hookimpl
    async def on_shutdown(self) -> None:
        if IN_PROCESS_HOOKS:
            block("on_shutdown")

    @hookimpl
    async def on_open(self, session: Any) -> None:
        if session.custom_config["block"] == "on_open":
            block("on_open")

    @hookimpl
    def filter_event(self, session: Any, event: Event) -> Event:
        if session.custom_config["block"] == "filter":
            block("filter")
        return event

    @hookimpl
    def create_handler(self, session: Any) -> SessionHandler | None:
        handlers = {"inline": Inline, "lane": Lane, "on_close": Close, "on_end": End}
        found = handlers.get(session.custom_config["block"])
        return found() if found else None


class Inline(SessionHandler):
    def on_audio(self, frame: Any) -> None:
        block("inline")


class Lane(SessionHandler):
    async def on_audio(self, frame: Any) -> None:
        block("lane")


class Close(SessionHandler):
    async def on_close(self) -> None:
        block("on_close")


class End(SessionHandler):
    async def on_end(self) -> None:
        block("on_end")


class Ear:
    """A healthy plugin."""

    info = PluginInfo(consumes=(Transcript,))

    def __init__(self, name: str, kind: type[InlineEar]) -> None:
        self.name = name
        self.kind = kind

    @hookimpl
    def create_handler(self, session: Any) -> SessionHandler:
        return self.kind(self.name, session)


class InlineEar(SessionHandler):
    def __init__(self, name: str, session: Any) -> None:
        self.session = session
        self.facts = {"ear": name, "session": session.id, "heard": 0, "emitted": 0, "got": 0, "closed": 0}

    def on_audio(self, frame: Any) -> None:
        assert frame.gap_before == 0
        self.facts["heard"] += len(frame.payload)
        self.facts["emitted"] += 1
        self.session.emit(Transcript(channel="external", text="", start=0, length=1, is_final=True))

    def on_event(self) -> None:
        self.facts["got"] += 1

    def on_close(self) -> None:
        self.facts["closed"] += 1

    def on_end(self) -> None:
        tell(**self.facts)


class LaneEar(InlineEar):
    async def on_opened(self) -> None:
        await asyncio.sleep(0)


def main() -> int:
    setup_logging("info", "json")
    key = {"name": "main", "api_key": "a-test-key", "secrets": [b64encode(b"s" * 32).decode()]}
    settings = Settings.model_validate(
        {
            "server": {"port": 0, "admin_port": 0, "balancer_grace": 0, "reconnect_spread": 0},
            "auth": {"keys": [key]},
            "limits": {
                "block_timeout": 0.2,
                "quarantine_blocks": 8,
                "decision_timeout": 4.8,
                "opening_timeout": 4.9,
            },
            "plugins": {"enabled": [], "order": ["bad", "inline", "lane"]},
        }
    )
    metrics = Metrics()
    plugins = load_plugins(
        settings.plugins,
        Loaded.of(settings).plugin_section,
        settings.limits,
        extra={"bad": Bad(), "inline": Ear("inline", InlineEar), "lane": Ear("lane", LaneEar)},
        metrics=metrics,
    )

    def make(on_drain: Any) -> AudiohookServer:
        return AudiohookServer(settings, plugins, metrics=metrics, admin_token=TOKEN, on_drain=on_drain)

    def started(server: AudiohookServer) -> None:
        tell(url=server.url, health=f"http://127.0.0.1:{server.port}", admin=server.admin_url)

    return run(serve(make, started=started))


if __name__ == "__main__":
    sys.exit(main())
