"""A real S3 server on loopback, and a proxy before it that breaks what is asked of it."""

from __future__ import annotations

import asyncio
import contextlib
import io
import json
import random
import shutil
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from audiohook_fw_recorder.digest import Digest
from audiohook_fw_recorder.finish import Finisher
from audiohook_fw_recorder.owner import Owner
from audiohook_fw_recorder.recording import Recording
from audiohook_fw_recorder.settings import RecorderSettings
from audiohook_fw_recorder.sidecar import Sidecar
from audiohook_fw_recorder.store import Store
from audiohook_fw_recorder.store_settings import StoreSettings
from yarl import URL

from audiohook_fw import MediaFormat

WEED = str(Path(sys.executable).with_name("weed"))
PORTS = [f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc")]
OPTIONS = (
    *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=16", "-master.volumeSizeLimitMB=64"),
    *("-master.telemetry=false", "-s3", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
)
ID = "6f1c3d58-0000-4000-8000-0000000000ab"
CONVERSATION = "c0ffee00-0000-4000-8000-000000000001"
KEY, SECRET = "test-key", "test-secret"


class S3Server:
    """SeaweedFS with one identity; a bucket is made by the first object that goes there."""

    def __init__(self, directory: Path) -> None:
        identity = {
            "name": "test",
            "credentials": [{"accessKey": KEY, "secretKey": SECRET}],
            "actions": ["Admin", "Read", "Write", "List"],
        }
        self._identities = directory / "identities.json"
        self._identities.write_text(json.dumps({"identities": [identity]}))
        self._directory = directory
        self.port = 0
        self._ports: list[int] = []
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start it on free ports; another one may take them first, so more than once if need be."""
        for _ in range(5):
            self._ports = ports = _free_ports(len(PORTS))
            self.port = ports[PORTS.index("s3.port")]
            with (self._directory / "log").open("ab") as log:
                self._process = subprocess.Popen(
                    [WEED, "server", *OPTIONS, f"-dir={self._directory}", f"-s3.config={self._identities}"]
                    + [f"-{name}={port}" for name, port in zip(PORTS, ports, strict=True)],
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            if self._is_ready():
                return
            self.stop()
        raise AssertionError("the S3 server does not start")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        for port in self._ports:  # its sockets are always there
            for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                path.unlink(missing_ok=True)

    def _is_ready(self) -> bool:
        assert self._process is not None
        deadline = time.monotonic() + 90
        store = Store(StoreSettings.model_validate(options_of(self.port)))
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(Exception):
                store.put("ready", b"", Digest.of(b""))
                return True
            time.sleep(0.1)
        return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def options_of(port: int, **more: Any) -> dict[str, Any]:
    """Return the section `store` for an S3 server on that port."""
    return {
        "url": "s3://calls",
        "prefix": "test",
        "options": {"endpoint": f"http://127.0.0.1:{port}", "region": "us-east-1", "access_key_id": KEY},
        "secrets": {"secret_access_key": SECRET},
        "timeout": 20.0,
        "unhealthy_after": 1.0,
        **more,
    }


class Proxy:
    """Passes requests on to the S3 server, but for what `fault` does to them.

    Attributes:
        fault: a status that is answered instead; or `cut request`, `cut answer`, `hang`: the connection
            breaks while the request is read, or after the server has done it, or nothing ever comes back.
        methods: whom it happens to. requests: method and path of all that came.
    """

    def __init__(self, target: int) -> None:
        self._target = target
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="proxy", daemon=True)
        self._thread.start()
        self._runner: web.AppRunner | None = None
        self.port = 0
        self.fault: int | str | None = None
        self.methods = ("GET", "HEAD", "PUT", "POST", "DELETE")
        self.requests: list[tuple[str, str]] = []
        self.faults = 0
        self.open()

    def open(self) -> None:
        """Take connections; at the same port again."""
        self._do(self._open())

    def close(self) -> None:
        """Refuse connections, and break those that are there."""
        self._do(self._close())

    def end(self) -> None:
        """Close, and end the thread."""
        self.close()
        self._do(self._http.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, work: Any) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result(60)

    async def _open(self) -> None:
        if not hasattr(self, "_http"):
            self._http = aiohttp.ClientSession(auto_decompress=False)
        self._closing = asyncio.Event()
        app = web.Application(client_max_size=2**30)
        app.router.add_route("*", "/{path:.*}", self._pass)
        self._runner = web.AppRunner(app, shutdown_timeout=0.0)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", self.port).start()
        self.port = self._runner.addresses[0][1]

    async def _close(self) -> None:
        if self._runner is not None:
            self._closing.set()
            await self._runner.cleanup()
            self._runner = None

    async def _pass(self, request: web.Request) -> web.StreamResponse:
        self.requests.append((request.method, request.path))
        fault = self.fault if request.method in self.methods else None
        self.faults += fault is not None
        if isinstance(fault, int):
            await request.read()
            return web.Response(status=fault, text="<Error><Code>Planted</Code></Error>")
        if fault == "hang":
            await self._closing.wait()
        assert request.transport is not None
        if fault == "cut request":
            await request.content.read(1000)
            request.transport.abort()
            return web.Response()
        async with self._http.request(
            request.method,
            URL(f"http://127.0.0.1:{self._target}{request.raw_path}", encoded=True),  # as it was signed
            headers=request.headers,
            data=io.BytesIO(await request.read()) if request.body_exists else None,
            allow_redirects=False,
        ) as answer:
            body = await answer.read()
        if fault == "cut answer":
            request.transport.abort()
            return web.Response()
        headers = {k: v for k, v in answer.headers.items() if k != "Transfer-Encoding"}
        return web.Response(status=answer.status, headers=headers, body=body)


@pytest.fixture(scope="session")
def s3(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Server]:
    directory = tmp_path_factory.mktemp("s3")
    server = S3Server(directory)
    try:
        server.start()
        yield server
    finally:
        server.stop()
        shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture
def proxy(s3: S3Server) -> Iterator[Proxy]:
    proxy = Proxy(s3.port)
    try:
        yield proxy
    finally:
        proxy.end()


@pytest.fixture
def section(proxy: Proxy, request: pytest.FixtureRequest) -> Callable[..., dict[str, Any]]:
    """Make the section `store` for a bucket's part that only this test has, behind the proxy."""

    def make(**more: Any) -> dict[str, Any]:
        return options_of(proxy.port, prefix=f"t{abs(hash(request.node.nodeid))}", **more)

    return make


@pytest.fixture(params=["s3", "file"])
def any_section(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., dict[str, Any]]:
    """Make the section `store`, for S3 and for a directory."""
    if request.param == "s3":
        section: Callable[..., dict[str, Any]] = request.getfixturevalue("section")
        return section
    return lambda **more: {"url": f"file://{tmp_path}/store", "prefix": "test", **more}


class Recorded:
    """Makes recordings as the recorder leaves them, at the moment that is wanted."""

    def __init__(self, directory: Path) -> None:
        directory.mkdir(exist_ok=True)
        self.directory = directory

    def __call__(
        self,
        owner: Owner,
        *,
        name: str = ID,
        seconds: float = 1.0,
        state: str = "complete",
        channels: tuple[str, ...] = ("external", "internal"),
        encoding: str = "PCMU",
        conversation: str = CONVERSATION,
    ) -> str:
        media = MediaFormat(encoding, channels)  # type: ignore[arg-type]
        was_held = owner.is_here()
        recording = Recording(self.directory, name, media, owner=owner)
        facts = {
            "session_id": name,
            "conversation_id": conversation,
            "started_at": "2026-01-31T12:00:00+00:00",
        }
        sidecar = Sidecar(media, facts)
        recording.begin(lambda file: sidecar.text(file, 0, owner=owner.token))
        audio = random.Random(f"{name}{seconds}").randbytes(int(8000 * seconds) * media.frame_width)
        if audio:
            recording.write([audio])
        if state == "complete":
            sidecar.result = {"state": "complete", "ended_at": "2026-01-31T12:01:00+00:00"}
        recording.save(sidecar.text(recording.file, recording.samples, owner=owner.token))
        recording.close()
        if not was_held:
            owner.release()
        return recording.stem

    def names(self) -> list[str]:
        """The files that are there, but hidden ones."""
        return sorted(path.name for path in self.directory.iterdir() if path.name[0] != ".")


@pytest.fixture
def recorded(tmp_path: Path) -> Recorded:
    return Recorded(tmp_path / "calls")


@pytest.fixture
def owner(recorded: Recorded) -> Iterator[Owner]:
    owner = Owner(recorded.directory)
    owner.hold()
    yield owner
    owner.release()


@pytest.fixture
def dead(recorded: Recorded) -> Owner:
    """The owner of what a killed server has left."""
    owner = Owner(recorded.directory)
    owner.hold()
    owner.release()
    return owner


class Finishers:
    """Makes finishers, and ends them."""

    def __init__(self, recorded: Any, section: Callable[..., dict[str, Any]], owner: Owner) -> None:
        self._recorded, self._section, self._owner = recorded, section, owner
        self.made: list[Finisher] = []

    def __call__(
        self,
        *,
        stored: bool = True,
        format: str = "wav",  # noqa: A002
        plugins: Any = None,
        **more: Any,
    ) -> Finisher:
        section = self._section(**more) if stored else {}
        settings = RecorderSettings.model_validate(
            {"directory": self._recorded.directory, "store": section, "format": format}
        )
        self.store = Store(settings.store) if stored else None
        self.made.append(Finisher(settings, self._owner, self.store, plugins))
        return self.made[-1]

    def stored(self) -> list[str]:
        """The names of all objects, sidecars before audio."""
        assert self.store is not None
        return sorted(stored.key.rpartition("/")[2] for stored in self.store.objects())


@pytest.fixture
def finishers(
    recorded: Any, section: Callable[..., dict[str, Any]], owner: Owner, proxy: Any
) -> Iterator[Finishers]:
    finishers = Finishers(recorded, section, owner)
    yield finishers
    proxy.fault = None
    for finisher in finishers.made:
        finisher.stop(30.0)


@pytest.fixture
def eventually() -> Callable[[Callable[[], Any]], None]:
    """Wait until something is true, for as long as a busy machine may take."""

    def wait(is_true: Callable[[], Any]) -> None:
        deadline = time.monotonic() + 90
        while not is_true():
            assert time.monotonic() < deadline
            time.sleep(0.01)

    return wait
