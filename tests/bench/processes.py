"""The processes of the benchmark: a server of some kind, and the clients that load it."""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from types import TracebackType
from typing import Any, Final, Self

HERE: Final = Path(__file__).parent
TICKS: Final = os.sysconf("SC_CLK_TCK")
KEY: Final = "bench"
SECRET: Final = base64.b64encode(secrets.token_bytes(32)).decode()

KINDS: Final[dict[str, str]] = {
    "bare": "aiohttp and uvloop alone, nothing per frame: `tests/bench/bare.py`",
    "core": "`audiohook-fw serve` with signatures, metrics and traces, no plugin",
    "inline": "the same with three inline plugins that do nothing",
    "lane": "the same with one plugin in a lane, but no traces",
    "lanes": "the same with two plugins in lanes",
    "recorder": "the same with the recorder, which writes to the disk",
}
PLUGINS: Final[dict[str, tuple[str, ...]]] = {
    "core": (),
    "inline": ("inline_1", "inline_2", "inline_3"),
    "lanes": ("lane_1", "lane_2"),
    "lane": ("lane_1",),
    "lane+traces": ("lane_1",),
    "recorder": (),
    "lag": ("inline_1", "inline_2", "stamps"),
    "ticks": ("ticks",),
    "ticks+recorder": ("ticks",),
}
NO_TRACES: Final = ("lane",)
INLINE: Final = """
from audiohook_fw import AudioFrame, SessionHandler, hookimpl

class Handler(SessionHandler):
    def on_audio(self, frame: AudioFrame) -> None:
        pass

class Plugin:
    @hookimpl
    def create_handler(self) -> SessionHandler:
        return Handler()
"""
STAMPS: Final = """
import time
from audiohook_fw import AudioFrame, SessionHandler, hookimpl

LAGS: list[int] = []

class Handler(SessionHandler):
    def on_audio(self, frame: AudioFrame) -> None:
        LAGS.append(time.monotonic_ns() - int.from_bytes(frame.payload[:8], "little"))

class Plugin:
    @hookimpl
    def create_handler(self) -> SessionHandler:
        return Handler()

    @hookimpl
    async def on_shutdown(self) -> None:
        lags = sorted(LAGS)
        pick = lambda share: lags[min(len(lags) - 1, int(len(lags) * share))] / 1e6
        print("lag", len(lags), pick(0.5), pick(0.99), lags[-1] / 1e6, flush=True)
"""
TICKS_SOURCE: Final = """
import asyncio, time
from audiohook_fw import ServerContext, hookimpl

STEP = 0.002

class Plugin:
    def __init__(self) -> None:
        self.late: list[tuple[float, float]] = []

    @hookimpl
    async def on_startup(self, server: ServerContext) -> None:
        self.task = asyncio.create_task(self.tick())

    async def tick(self) -> None:
        while True:
            due = time.monotonic() + STEP
            await asyncio.sleep(STEP)
            self.late.append((due, time.monotonic() - due))

    @hookimpl
    async def on_shutdown(self) -> None:
        self.task.cancel()
        for due, late in self.late:
            if late > STEP:
                print("late", due, late)
        print("ticks", len(self.late), flush=True)
"""
SOURCES: Final = {
    "ticks": TICKS_SOURCE,
    "inline": INLINE,
    "lane": INLINE.replace("    def on_audio", "    async def on_audio"),
    "stamps": STAMPS,
}


class Server:
    """One server process of a kind, from start to end."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._folder = tempfile.TemporaryDirectory(prefix="audiohook-bench-")
        self._collector = _Collector()
        self._begin()

    def _begin(self) -> None:
        self.port = _free_port()
        self.url = f"ws://127.0.0.1:{self.port}/audiohook/ws"
        self._process = subprocess.Popen(
            self._command(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __enter__(self) -> Self:
        for attempt in range(3):  # between looking for a free port and listening there somebody may take it
            try:
                self._wait()
            except RuntimeError:
                if attempt == 2:
                    raise
                self._process.kill()
                self._process.wait()
                self._begin()
            else:
                return self
        raise AssertionError

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
        self._collector.close()
        self._folder.cleanup()

    def stop(self) -> str:
        """End the process; return what it printed."""
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGTERM)
        out, _ = self._process.communicate(timeout=60)
        return out or ""

    def cpu(self) -> float:
        """Return the CPU seconds spent so far, threads included."""
        fields = Path(f"/proc/{self._process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def rss(self) -> float:
        """Return the resident memory in kB."""
        status = Path(f"/proc/{self._process.pid}/status").read_text()
        return float(status.partition("VmRSS:")[2].split()[0])

    def _command(self) -> list[str | Path]:
        if self.kind == "bare":
            return [sys.executable, HERE / "bare.py", str(self.port)]
        folder = Path(self._folder.name)
        plugins = folder / "plugins"
        plugins.mkdir(exist_ok=True)
        for name in PLUGINS[self.kind]:
            (plugins / f"{name}.py").write_text(SOURCES[name.partition("_")[0]])
        wanted = [*PLUGINS[self.kind], *(["recorder"] if "recorder" in self.kind else [])]
        config = folder / "audiohook.toml"
        traces = "none" if self.kind in NO_TRACES else "otlp"
        text = (
            f"[server]\nport = {self.port}\nadmin_port = 0\nbalancer_grace = 0\n"
            f'[telemetry]\ntraces = "{traces}"\notlp_endpoint = "{self._collector.url}"\n'
            f"[limits]\nconnections = 20000\ncalls = 10000\n"
            f"[plugins]\nenabled = {json.dumps(wanted)}\nrequired = {json.dumps(wanted)}\n"
            f'[[auth.keys]]\nname = "bench"\napi_key = "{KEY}"\nsecrets = ["{SECRET}"]\n'
        )
        if "recorder" in self.kind:
            text += f"[plugins.recorder]\ndirectory = {json.dumps(str(folder / 'recordings'))}\n"
        config.write_text(text)
        config.chmod(0o600)
        command: list[str | Path] = [
            Path(sys.executable).parent / "audiohook-fw",
            "serve",
            "--config",
            config,
        ]
        return [*command, "--plugins-dir", plugins]

    def _wait(self) -> None:
        for _ in range(300):
            try:
                socket.create_connection(("127.0.0.1", self.port), 0.2).close()
            except OSError:
                if self._process.poll() is not None:
                    raise RuntimeError(f"the server {self.kind} ended; run it by hand") from None
                time.sleep(0.1)
            else:
                time.sleep(0.5)
                return
        raise RuntimeError(f"the server {self.kind} does not listen")


class Client:
    """One client process with its calls, all open once this is made."""

    def __init__(self, url: str, *, calls: int, rate: float, frame_ms: float) -> None:
        arguments = [url, KEY, SECRET, str(calls), str(rate), str(frame_ms)]
        self._process = subprocess.Popen(
            [sys.executable, HERE / "client.py", *arguments],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        opened = self._answer()["open"]
        if opened != calls:
            raise RuntimeError(f"{opened} of {calls} calls were opened")

    def ask(self, command: str) -> dict[str, Any]:
        """Send a command and wait for its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(command + "\n")
        self._process.stdin.flush()
        return self._answer()

    def end(self) -> dict[str, Any]:
        """Close all calls and the process."""
        answer = self.ask("close")
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        return answer

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError("the clients failed")
        answer: dict[str, Any] = json.loads(line)
        return answer


class _Collector:
    """Takes the traces of a server and throws them away: what a collector does with them is not ours."""

    def __init__(self) -> None:
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _Sink)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Stop."""
        self._server.shutdown()
        self._server.server_close()


class _Sink(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        pass


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
