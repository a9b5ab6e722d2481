"""A real S3 server, started for one run: SeaweedFS on free ports of loopback, with a directory of its own."""

from __future__ import annotations

import contextlib
import json
import socket
import subprocess
import sys
import time
from pathlib import Path
from typing import Final, Self

import obstore
from obstore.store import S3Store

from .checks import BrokenError

__all__ = ["ObjectStore"]

_BUCKET: Final = "chaos"
_PREFIX: Final = "calls"
_KEY: Final = "chaos-key"
_SECRET: Final = "chaos-secret"
_PORTS: Final = [
    f"{part}.port{kind}" for part in ("master", "volume", "filer", "s3") for kind in ("", ".grpc")
]
_OPTIONS: Final = (
    *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-volume.max=16", "-master.volumeSizeLimitMB=256"),
    *("-master.telemetry=false", "-s3", "-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0"),
)
_START: Final = 90.0  # seconds
_TRIES: Final = 5


class ObjectStore:
    """An S3 server, seen through another client than the recorder's own code."""

    def __init__(self, process: subprocess.Popen[bytes], ports: list[int]) -> None:
        self._process = process
        self._ports = ports
        self._port = ports[_PORTS.index("s3.port")]
        self._client = S3Store(
            _BUCKET,
            endpoint=f"http://127.0.0.1:{self._port}",
            region="us-east-1",
            access_key_id=_KEY,
            secret_access_key=_SECRET,
            client_options={"allow_http": True},
        )

    @classmethod
    def start(cls, directory: Path) -> Self:
        """Start it (blocking); another process may take its ports first, so more than once if need be."""
        directory.mkdir(parents=True)
        identity = {
            "name": "chaos",
            "credentials": [{"accessKey": _KEY, "secretKey": _SECRET}],
            "actions": ["Admin", "Read", "Write", "List"],
        }
        (directory / "identities.json").write_text(json.dumps({"identities": [identity]}))
        for _ in range(_TRIES):
            ports = _free_ports(len(_PORTS))
            with (directory / "log").open("ab") as log:
                process = subprocess.Popen(
                    [str(Path(sys.executable).with_name("weed")), "server", *_OPTIONS, f"-dir={directory}"]
                    + [f"-s3.config={directory / 'identities.json'}"]
                    + [f"-{name}={port}" for name, port in zip(_PORTS, ports, strict=True)],
                    stdout=log,
                    stderr=subprocess.STDOUT,
                )
            store = cls(process, ports)
            if store._is_ready():
                return store
            store.stop()
        raise BrokenError("the S3 server starts", (directory / "log").read_text(errors="replace")[-2000:])

    @property
    def section(self) -> str:
        """The settings of a recorder that uploads to it, in TOML."""
        return (
            "[plugins.recorder.store]\n"
            f'url = "s3://{_BUCKET}"\nprefix = "{_PREFIX}"\n'
            f'options = {{ endpoint = "http://127.0.0.1:{self._port}", region = "us-east-1", '
            f'access_key_id = "{_KEY}" }}\n'
            f'secrets = {{ secret_access_key = "{_SECRET}" }}\n'
        )

    def list(self) -> list[str]:
        """Return the names of all objects, without the prefix (blocking)."""
        found = []
        for batch in obstore.list(self._client, prefix=_PREFIX):
            found += [str(meta["path"]).removeprefix(f"{_PREFIX}/") for meta in batch]
        return found

    def read(self, key: str) -> bytes:
        """Return an object's content (blocking)."""
        return bytes(obstore.get(self._client, f"{_PREFIX}/{key}").bytes())

    def stop(self) -> None:
        """End it (blocking)."""
        self._process.kill()
        self._process.wait()
        for port in self._ports:  # its sockets are always there
            for path in Path("/tmp").glob(f"seaweedfs-*-{port}.sock"):
                path.unlink(missing_ok=True)

    def _is_ready(self) -> bool:
        deadline = time.monotonic() + _START
        while self._process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(Exception):
                obstore.put(self._client, "ready", b"ready")  # makes the bucket, too
                return True
            time.sleep(0.1)
        return False


def _free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [int(each.getsockname()[1]) for each in sockets]
