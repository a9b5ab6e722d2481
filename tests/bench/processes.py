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
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

HERE: Final = Path(__file__).parent
TICKS: Final = os.sysconf("SC_CLK_TCK")
KEY: Final = "bench"
SECRET: Final = base64.b64encode(secrets.token_bytes(32)).decode()

KINDS: Final[dict[str, str]] = {
    "bare": "aiohttp and uvloop alone, nothing per frame",
    "core": "authentication, telemetry, no plugin",
    "inline": "authentication, telemetry, three inline plugins",
    "lanes": "authentication, telemetry, two lanes",
    "lane": "authentication, telemetry, one lane",
    "recorder": "authentication, telemetry, the recorder",
    "lag": "authentication, telemetry, three inline plugins, one of which notes the lag of each frame",
}
PLUGINS: Final[dict[str, tuple[str, ...]]] = {
    "core": (),
    "inline": ("inline_1", "inline_2", "inline_3"),
    "lanes": ("lane_1", "lane_2"),
    "lane": ("lane_1",),
    "recorder": (),
    "lag": ("inline_1", "inline_2", "stamps"),
}
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
SOURCES: Final = {
    "inline": INLINE,
    "lane": INLINE.replace("    def on_audio", "    async def on_audio"),
    "stamps": STAMPS,
}


class Server:
    """One server process of a kind, from start to end."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self._folder = tempfile.TemporaryDirectory(prefix="audiohook-bench-")
        self.port = _free_port()
        self.url = f"ws://127.0.0.1:{self.port}/audiohook/ws"
        # Traces go through the SDK, and then to nobody: what a collector costs is not ours.
        self._process = subprocess.Popen(
            self._command(), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )

    def __enter__(self) -> Self:
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
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
        plugins.mkdir()
        for name in PLUGINS[self.kind]:
            (plugins / f"{name}.py").write_text(SOURCES[name.partition("_")[0]])
        wanted = [*PLUGINS[self.kind], *(["recorder"] if self.kind == "recorder" else [])]
        config = folder / "audiohook.toml"
        text = (
            f"[server]\nport = {self.port}\nadmin_port = 0\nbalancer_grace = 0\n"
            f'[telemetry]\ntraces = "console"\n[limits]\nconnections = 20000\ncalls = 10000\n'
            f"[plugins]\nenabled = {json.dumps(wanted)}\nrequired = {json.dumps(wanted)}\n"
            f'[[auth.keys]]\nname = "bench"\napi_key = "{KEY}"\nsecrets = ["{SECRET}"]\n'
        )
        if self.kind == "recorder":
            text += f"[plugins.recorder]\ndirectory = {json.dumps(str(folder / 'recordings'))}\n"
        config.write_text(text)
        config.chmod(0o600)
        command = [Path(sys.executable).parent / "audiohook-fw", "serve", "--config", config]
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


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
