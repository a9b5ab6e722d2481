"""A server with all plugins that store, hear or send, and everything that came of its calls."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import numpy as np
from audiohook_fw_recorder.age import Identities
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.reading import blocks
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from audiohook_fw.audio import Samples
from audiohook_fw.auth import decode_secret
from audiohook_fw.config import Loaded, Settings, new_key
from audiohook_fw.plugin import load_plugins
from audiohook_fw.server import AudiohookServer
from audiohook_fw.stage import named, options_for
from audiohook_fw.telemetry import Metrics, Tracing

from .acts import Act
from .curious import Inline, Lane, Listener
from .marks import Mark
from .rude import Rude

__all__ = ["House", "places", "play", "recorded"]

TOKEN = "a-token-for-the-admin-port"
LIMITS = {"hook_deadline": 8.8, "outbox_deadline": 0.5, "closed_deadline": 9.5}
PATIENCE = 60.0


class House:
    """A server with everything, and all that came of it.

    Attributes:
        directory: of all its files. log: lines of JSON. admin: answers of the admin port.
    """

    def __init__(self, directory: Path, recorder: Mapping[str, Any], log: io.StringIO) -> None:
        self.directory = directory
        self.recorder = {"directory": str(directory / "recordings"), **recorder}
        self.log = log
        self.admin = bytearray()
        self.lane, self.inline, self.listener = Lane(), Inline(), Listener(Listener.Settings())
        self.key, secret = new_key()
        self.secret = decode_secret(secret)
        self.exporter = InMemorySpanExporter()
        self.metrics = Metrics()
        key = {"name": "test", "api_key": self.key, "secrets": [secret], "product": "transcription"}
        self.sections: dict[str, Any] = {
            "recorder": self.recorder,
            "vad": {"engine": "webrtc"},
            "sessions": {
                "url": f"sqlite:///{directory}/sessions.sqlite",
                "journal": str(directory / "journal"),
            },
            "transcripts": {"directory": str(directory / "transcripts")},
            "sentiment": {},
            "redact": {},
            "cost": {},
        }
        self.settings = Settings.model_validate(
            {
                "server": {"port": 0, "admin_port": 0, "balancer_grace": 0},
                "auth": {"keys": [{**key, "interims": True}]},
                "limits": LIMITS,
            }
        )

    @property
    def has_to_finish(self) -> bool:
        """Whether recordings are still on their way to the store."""
        return "store" in self.recorder and any(self.directory.glob("recordings/*.json"))

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[AudiohookServer]:
        """Serve; afterwards everything is written."""
        loaded = Loaded.of(self.settings, self.sections)
        options, objects = options_for(
            named([*self.sections, self.listener, self.lane, self.inline], self.sections)
        )
        plugins = await asyncio.to_thread(
            lambda: load_plugins(
                options, loaded.plugin_section, self.settings.limits, extra=objects, metrics=self.metrics
            )
        )
        provider = TracerProvider(resource=Resource({}), shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self.exporter))
        server = AudiohookServer(
            loaded, plugins, metrics=self.metrics, tracing=Tracing(provider), admin_token=TOKEN
        )
        async with server:
            yield server


async def play(house: House, acts: Mapping[Callable[[Act], Coroutine[Any, Any, None]], Mark]) -> list[Act]:
    """Have calls made, all at once; return what they did, once everything is written."""
    house.listener.marks = list(acts.values())
    async with house.serving() as server:

        async def connect(client: Rude) -> Rude:
            return await client.connect(server.url, house.key, house.secret)

        watching = asyncio.create_task(watch(house, str(server.admin_url)))
        played = [Act(mark, connect) for mark in acts.values()]
        async with asyncio.TaskGroup() as group:
            for act, do in zip(played, acts, strict=True):
                group.create_task(do(act))
        async with asyncio.timeout(PATIENCE):
            while server.registry.calls or house.has_to_finish:  # noqa: ASYNC110 - it tells nobody
                await asyncio.sleep(0.05)
        watching.cancel()
        await asyncio.wait({watching})
    return played


async def watch(house: House, url: str) -> None:
    """Ask the admin port again and again for all it has."""
    headers = {"Authorization": f"Bearer {TOKEN}"}
    async with aiohttp.ClientSession(headers=headers) as http:
        while True:
            for path in ("sessions", "status", "plugins", "hooks", "config"):
                async with http.get(f"{url}/admin/{path}") as answer:
                    assert answer.status == 200, path
                    house.admin += await answer.read()
            await asyncio.sleep(0.1)


def places(house: House, acts: list[Act]) -> dict[str, bytes]:
    """Return everything that came of calls, by where it is."""
    files = {
        str(path.relative_to(house.directory)): path.read_bytes()
        for path in sorted(house.directory.rglob("*"))
        if path.is_file()
    }
    spans = "\n".join(span.to_json() for span in house.exporter.get_finished_spans())
    clients = [client for act in acts for client in act.clients]
    return {
        **files,
        "log": house.log.getvalue().encode(),
        "spans": spans.encode(),
        "metrics": house.metrics.render()[0],
        "admin": bytes(house.admin),
        "messages": b"\n".join(bytes(client.heard) for client in clients),
        "lane": bytes(house.lane.heard),
        "inline": bytes(house.inline.heard),
        "events": "\n".join(repr(event.model_dump()) for event in house.inline.events).encode(),
        "engine": bytes(house.listener.engine.heard),
    }


def recorded(house: House, key: Path | None) -> Iterator[tuple[str, Samples]]:
    """Yield the audio of each recording, decrypted and decoded, with the id of its session."""
    identities = None if key is None else Identities.read(key)
    for path in sorted(house.directory.rglob("*.json")):
        if b"audiohook-recording/1" in path.read_bytes():
            document = Document.read(path)
            audio = list(blocks(path.parent, document, identities=identities))
            yield document.session_id, np.concatenate([np.zeros((1, 2), np.int16), *audio])
