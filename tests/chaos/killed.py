"""The server that is killed: `audiohook-fw serve` with the recorder, each time on the same directory."""

from __future__ import annotations

import asyncio
import json
import re
import signal
import sys
from base64 import b64encode
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

from .checks import BrokenError
from .place import KEYS, SECRET

__all__ = ["KilledServer", "Making"]

_START: Final = 60.0  # seconds, on a machine that does other things
_URL: Final = re.compile(r"calls are taken at (ws://[^\s\"]+)")
_STALL: Final = "by no plugin that can be named"
"""The event loop stood still, and nothing of ours ran: a machine that is busy with other things."""
_SETTINGS: Final = """
[server]
port = 0
admin_port = "off"
balancer_grace = 0
reconnect_spread = 0
[[auth.keys]]
name = "kills"
api_key = "{key}"
secrets = ["{secret}"]
[telemetry]
log_format = "json"
[plugins]
enabled = ["recorder"]
required = ["recorder"]
[plugins.recorder]
directory = "recordings"
"""


@dataclass(frozen=True, slots=True)
class Making:
    """What one server makes of a recording once its call is over."""

    format: str = "wav"
    per_channel: bool = False
    pauses: str = "silence"

    @property
    def section(self) -> str:
        """The settings, in TOML."""
        per_channel = str(self.per_channel).lower()
        return f'format = "{self.format}"\nper_channel = {per_channel}\npauses = "{self.pauses}"\n'

    def __str__(self) -> str:
        return self.format + ", per channel" * self.per_channel + ", cut" * (self.pauses == "cut")


class KilledServer:
    """One life of the server.

    Attributes:
        log: its own file of log records.
    """

    def __init__(self, process: asyncio.subprocess.Process, log: Path) -> None:
        self.log = log
        self._process = process

    @classmethod
    async def start(cls, directory: Path, number: int, more: str) -> Self:
        """Start a process; returns before it takes calls.

        Args:
            directory: of the settings and logs, with the recordings below. more: settings in TOML.
        """
        settings = directory / f"{number}.toml"
        text = _SETTINGS.format(key=KEYS["monitor"], secret=b64encode(SECRET).decode())
        settings.write_text(text + more, encoding="utf-8")
        log = directory / f"{number}.log"
        with log.open("wb") as file:
            process = await asyncio.create_subprocess_exec(
                *(sys.executable, "-m", "audiohook_fw", "serve", "--config", settings.name),
                cwd=directory,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=file,
                stderr=file,
            )
        return cls(process, log)

    async def url(self, patience: float) -> str:
        """Return where calls are taken, as soon as they are.

        Raises:
            BrokenError: it does not start.
        """
        try:
            async with asyncio.timeout(_START * patience):
                while not (match := _URL.search(self._text())):
                    if self._process.returncode is not None:
                        raise BrokenError("the server starts", self._text()[-3000:])
                    await asyncio.sleep(0.02)
        except TimeoutError:
            raise BrokenError("the server starts", self._text()[-3000:]) from None
        return match[1]

    async def kill(self) -> None:
        """Kill it, if it still runs."""
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def stop(self, seconds: float) -> int:
        """Have it end in an orderly way; return its exit status."""
        self._process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(seconds):
            return await self._process.wait()

    @property
    def runs(self) -> bool:
        """Whether it has not ended."""
        return self._process.returncode is None

    def complaints(self) -> list[str]:
        """Return the log records that should not be there: all errors."""
        lines = self._text().splitlines()
        return [line for line in lines if not line.startswith("{") or _is_error(line)]

    def _text(self) -> str:
        return self.log.read_text(encoding="utf-8", errors="replace")


def _is_error(line: str) -> bool:
    try:
        record = json.loads(line)
    except ValueError:  # cut off by the end of the process
        return False
    if _STALL in record["message"]:
        return False
    return record["level"] in ("error", "critical") or "traceback" in record
