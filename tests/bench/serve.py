"""One server process of the benchmark: prints its port, and at SIGTERM what it cost.

`python tests/bench/serve.py bare|core|inline|lane`
"""

from __future__ import annotations

import asyncio
import json
import resource
import signal
import sys
import time

import bare
from aiohttp import web

from audiohook_fw import AudioFrame, Session, SessionHandler, hookimpl
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import load_plugins
from audiohook_fw.server import AudiohookServer, loop_factory

SETTINGS = {
    "server": {"port": 0, "admin_port": "off"},
    "auth": {"keys": [{"name": "bench", "api_key": "bench", "unsigned": True}]},
    "plugins": {"enabled": []},
}


class Inline(SessionHandler):
    def on_audio(self, frame: AudioFrame) -> None:
        pass


class Lane(SessionHandler):
    async def on_audio(self, frame: AudioFrame) -> None:
        pass


class Plugin:
    def __init__(self, handler: type[SessionHandler]) -> None:
        self._handler = handler

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return self._handler()


async def start_bare() -> int:
    runner = web.AppRunner(bare.app(), access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    port: int = runner.addresses[0][1]
    return port


async def start_core(kind: str) -> int:
    handlers = {"core": {}, "inline": {"bench": Plugin(Inline)}, "lane": {"bench": Plugin(Lane)}}
    loaded = Loaded.of(Settings.model_validate(SETTINGS))
    options, limits = loaded.settings.plugins, loaded.settings.limits
    server = AudiohookServer(
        loaded, load_plugins(options, loaded.plugin_section, limits, extra=handlers[kind])
    )
    await server.start()
    return server.port


async def main(kind: str) -> None:
    stop = asyncio.Event()
    measure = asyncio.Event()
    loop = asyncio.get_running_loop()
    loop.add_signal_handler(signal.SIGTERM, stop.set)
    loop.add_signal_handler(signal.SIGUSR1, measure.set)
    port = await (start_bare() if kind == "bare" else start_core(kind))
    print(json.dumps({"port": port}), flush=True)
    await measure.wait()
    began = time.process_time()
    await stop.wait()
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(json.dumps({"cpu": time.process_time() - began, "peak_kb": peak}), flush=True)


if __name__ == "__main__":
    with asyncio.Runner(loop_factory=loop_factory()) as runner:
        runner.run(main(sys.argv[1]))
