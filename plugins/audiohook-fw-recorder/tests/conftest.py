"""A call without a network: both protocols, the real session, the real recorder."""

from __future__ import annotations

import json
import shutil
import subprocess
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyrage
import pytest
from audiohook_fw_recorder.age import Identities

from audiohook_fw import CloseReason, MediaFormat
from audiohook_fw.audio import WavAudio, read_wav
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import PluginManager, ServerContext, load_plugins
from audiohook_fw.protocol import (
    AudioReceived,
    ClientMessage,
    ClientProtocol,
    Close,
    Discarded,
    DisconnectReason,
    Open,
    Participant,
    Pause,
    Paused,
    Resume,
    Resumed,
    ServerMessage,
    ServerProtocol,
    WireEntity,
)
from audiohook_fw.session import BlockingPools, Call, CallFacts, CallServices
from audiohook_fw.telemetry import Metrics, Tracing

ZERO = timedelta(0)
ID = "6f1c3d58-0000-4000-8000-0000000000AB"
PARTICIPANT = Participant(id=ID, ani="tel:+4930111111", ani_name="Marker Name", dnis="tel:+4930222222")
RATE = 8000


class Control:
    """The socket's side: notes what the call asks for."""

    def want_pause(self, paused: bool) -> None: ...
    def disconnect(
        self, reason: DisconnectReason, info: str | None, output_variables: Mapping[str, str] | None
    ) -> None: ...
    def reconnect(self, info: str | None) -> None: ...
    def send_entity(self, entity: WireEntity, *, replaces: str = "", interim: bool = False) -> None: ...
    def play(self, audio: bytes) -> None: ...
    def flush_playback(self) -> None: ...


class SimulatedCall:
    """Drives one call; `now` only moves when told, so wall time does not matter."""

    def __init__(self, manager: PluginManager, media: MediaFormat, **facts: Any) -> None:
        limits = Settings().limits
        self.media = media
        self.now = 0.0
        self.sent: list[bytes] = []
        self.client = ClientProtocol(ID)
        self.server = ServerProtocol(ID, ID)
        services = CallServices(manager, limits, BlockingPools(), Metrics(), Tracing())
        known = CallFacts(
            session_id=ID,
            correlation_id=ID,
            organization_id=ID,
            conversation_id=ID,
            participant=PARTICIPANT,
            key_name="test",
            product="monitor",
            offers=(media,),
            started_at=datetime.now(UTC),
            **facts,
        )
        self.call = Call(known, services, self.server, Control())

    async def open(self) -> None:
        """Open and accept."""
        self.call.attach()
        self.client_says(
            Open(
                organization_id=ID, conversation_id=ID, participant=PARTICIPANT, media=[self.media.to_wire()]
            )
        )
        await self.call.decide()
        self.server_says(self.call.opened_message())
        self.call.begin()

    def client_says(self, message: ClientMessage) -> None:
        """Send a message of the client through both protocols."""
        event = self.server.receive_text(self.client.send(message, ZERO), self.now)
        if event is not None and self.call.begun:
            self.call.deliver(event)

    def server_says(self, message: ServerMessage) -> None:
        """Send a message of the server through both protocols."""
        self.client.receive_text(self.server.send(message), self.now)

    def audio(self, payload: bytes) -> None:
        """Send one binary frame."""
        event = self.server.receive_binary(payload)
        assert isinstance(event, AudioReceived)
        self.now += self.media.samples(len(payload)) / RATE
        self.call.audio(event)

    def pause(self, seconds: float, *, by_server: bool) -> None:
        """Pause and resume; call time passes."""
        start = timedelta(seconds=self.server.clock.position / RATE)
        if by_server:
            self.server_says(Pause())
        self.client_says(Paused())
        if by_server:
            self.server_says(Resume())
        self.now += seconds
        self.client_says(Resumed(start=start, discarded=timedelta(seconds=seconds)))

    def discard(self, seconds: float) -> None:
        """Throw away audio."""
        start = timedelta(seconds=self.server.clock.position / RATE)
        self.client_says(Discarded(start=start, discarded=timedelta(seconds=seconds)))

    async def close(self, reason: CloseReason = CloseReason.END) -> None:
        """End the call: as the client's `close` does, or by a broken connection."""
        if reason is CloseReason.LOST:
            self.server.receive_eof()
        else:
            self.client_says(Close(reason=reason))
        await self.call.close(reason)
        await self.call.end(reason)


class Recordings:
    """What the recorder wrote. Another thread writes, so these wait for what must come."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory

    def wav(self, stem: str = ID.lower()) -> WavAudio:
        """Return a complete recording."""
        self.sidecar(stem)
        return read_wav(self.directory / f"{stem}.wav")

    def sidecar(self, stem: str = ID.lower(), *, state: str = "complete") -> dict[str, Any]:
        """Return the sidecar once it says so."""
        path = self.directory / f"{stem}.json"
        deadline = time.monotonic() + 60
        while True:
            loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
            if loaded.get("state") == state:
                return loaded
            assert time.monotonic() < deadline, f"{stem} is still {loaded.get('state', 'missing')}"
            time.sleep(0.01)


@dataclass(frozen=True)
class KeyPair:
    """A key of age: `public` goes to the server, `secret` does not."""

    public: str
    secret: str

    @property
    def identities(self) -> Identities:
        return Identities.parse(self.secret, "key.txt")


@pytest.fixture
def new_key() -> Callable[[], KeyPair]:
    def make() -> KeyPair:
        identity = pyrage.x25519.Identity.generate()
        return KeyPair(str(identity.to_public()), str(identity))

    return make


@pytest.fixture
def key(new_key: Callable[[], KeyPair]) -> KeyPair:
    return new_key()


@pytest.fixture
def decrypt(tmp_path_factory: pytest.TempPathFactory) -> Callable[[bytes, KeyPair], bytes]:
    """Open an age file: with `pyrage`, and where there is one with the stock `age` tool, too."""

    def opened(content: bytes, key: KeyPair) -> bytes:
        clear: bytes = pyrage.decrypt(content, [pyrage.x25519.Identity.from_str(key.secret)])
        if tool := shutil.which("age"):
            file = tmp_path_factory.mktemp("keys") / "key.txt"
            file.write_text(f"# a comment\n{key.secret}\n")
            command = [tool, "--decrypt", "--identity", str(file)]
            done = subprocess.run(command, input=content, capture_output=True, check=False)
            assert (done.returncode, done.stderr, done.stdout) == (0, b"", clear)
        return clear

    return opened


@pytest.fixture
def new_call() -> type[SimulatedCall]:
    """Make a call: `new_call(manager, media)`."""
    return SimulatedCall


@pytest.fixture
def recordings(tmp_path: Path) -> Recordings:
    return Recordings(tmp_path / "calls")


@pytest.fixture
def load(recordings: Recordings):  # type: ignore[no-untyped-def]
    """Load the recorder, with settings, and with limits of the server."""

    def make(limits: dict[str, Any] | None = None, **settings: Any) -> PluginManager:
        sections = {"recorder": {"directory": str(recordings.directory), **settings}}
        core = Settings.model_validate({"limits": limits or {}, "plugins": {"enabled": ["recorder"]}})
        loaded = Loaded.of(core, sections)
        return load_plugins(core.plugins, loaded.plugin_section, core.limits)

    return make


@pytest.fixture
async def manager(load: Any) -> PluginManager:
    manager: PluginManager = load()
    await manager.startup(ServerContext(version="0", node="test"))
    return manager
