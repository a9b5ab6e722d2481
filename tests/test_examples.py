"""Every example, run by a real server against simulated calls over real sockets."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys
import tomllib
import venv
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest

from audiohook_fw.client import AudioSource, CallOptions, CallReport, Decision, run_call
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import PluginStatus, load_plugins
from audiohook_fw.server import AudiohookServer
from audiohook_fw.telemetry import Telemetry, setup

EXAMPLES = Path(__file__).parent.parent / "examples"
ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"
OTHER = "11111111-0972-4844-938e-9060eef73d05"

Play = Callable[..., Any]
Serve = Callable[..., AbstractAsyncContextManager[Play]]


@pytest.fixture
def serve(monkeypatch: pytest.MonkeyPatch) -> Serve:
    """Serve with some plugins: `async with serve("loudness_meter") as play: await play(dnis=…)`."""

    for folder in (EXAMPLES, EXAMPLES / "tracing"):
        monkeypatch.syspath_prepend(folder)

    @asynccontextmanager
    async def serving(
        *modules: str,
        plugins: Mapping[str, Mapping[str, object]] | None = None,
        telemetry: Telemetry | None = None,
    ) -> AsyncIterator[Play]:
        settings = Settings.model_validate(
            {
                "server": {"port": 0, "admin_port": None},
                "auth": {"keys": [{"name": "test", "api_key": "key", "unsigned": True}]},
                "plugins": {"enabled": [], "modules": list(modules)},
            }
        )
        loaded = Loaded.of(settings, plugins)
        manager = load_plugins(settings.plugins, loaded.plugin_section, settings.limits)
        assert [r.error for r in manager.records if r.status is PluginStatus.FAILED] == []
        tracing = telemetry.tracing if telemetry is not None else None
        async with AudiohookServer(loaded, manager, tracing=tracing) as server:

            async def play(**options: Any) -> CallReport:
                options = {"speed": 20, "duration": 2.0, "organization": ORGANIZATION, **options}
                return await run_call(CallOptions(url=server.url, api_key="key", **options))

            yield play

    return serving


async def test_reject_by_organization(serve: Serve) -> None:
    allowed = {"reject_by_organization": {"allowed": [ORGANIZATION]}}
    async with serve("reject_by_organization", plugins=allowed) as play:
        assert (await play()).decision is Decision.ACCEPTED
        report = await play(organization=OTHER)
        assert (report.decision, report.reason) == (Decision.REJECTED, "completed")
        assert not report.retryable


@pytest.mark.parametrize(
    ("dnis", "decision"),
    [
        ("tel:+4980012345", Decision.ACCEPTED),
        ("sip:+4980012345@example.com", Decision.ACCEPTED),
        ("tel:+493012345", Decision.REJECTED),
        ("", Decision.REJECTED),
    ],
)
async def test_accept_some_dnis(serve: Serve, dnis: str, decision: Decision) -> None:
    wanted = {"accept_some_dnis": {"prefixes": ["+49800"]}}
    async with serve("accept_some_dnis", plugins=wanted) as play:
        assert (await play(dnis=dnis)).decision is decision


async def test_loudness_meter(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    async with serve("loudness_meter") as play:
        report = await play(source=AudioSource.tone())
        assert report.decision is Decision.ACCEPTED
    levels = [r.getMessage() for r in caplog.records if r.name == "loudness_meter"]
    assert len(levels) == 2
    for level, channel in zip(levels, ("external", "internal"), strict=True):
        name, _, decibels = level.partition(": ")
        assert name == channel
        assert -30 < float(decibels.removesuffix(" dBFS")) < -3


async def test_slow_service_keeps_no_call_waiting(serve: Serve) -> None:
    requests: list[tuple[str, dict[str, Any]]] = []
    slow = asyncio.Event()

    async def begin(request: web.Request) -> web.Response:
        await slow.wait()
        requests.append(("begin", await request.json()))
        return web.json_response({"ticket": "t1"})

    async def end(request: web.Request) -> web.Response:
        requests.append((request.match_info["ticket"], await request.json()))
        return web.Response()

    app = web.Application()
    app.add_routes([web.post("/calls", begin), web.put("/calls/{ticket}", end)])
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/calls"
    try:
        async with serve("slow_service", plugins={"slow_service": {"url": url}}) as play:
            call = asyncio.ensure_future(play())
            await asyncio.sleep(0.5)  # the call was opened and streams, while the service has not answered
            assert requests == []
            slow.set()
            report = await call
            assert report.decision is Decision.ACCEPTED
    finally:
        await runner.cleanup()
    assert [name for name, _ in requests] == ["begin", "t1"]
    assert requests[0][1]["session"] == report.ids.session
    assert requests[1][1] == {"reason": "end", "seconds": 2.0}


async def test_tracing_reaches_a_collector(serve: Serve) -> None:
    bodies: list[bytes] = []

    async def collect(request: web.Request) -> web.Response:
        bodies.append(await request.read())
        return web.Response()

    app = web.Application()
    app.router.add_post("/v1/traces", collect)
    runner = web.AppRunner(app)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    example = tomllib.loads((EXAMPLES / "tracing/audiohook.toml").read_text(encoding="utf-8"))
    endpoint = f"http://127.0.0.1:{runner.addresses[0][1]}"
    section = {**example["telemetry"], "otlp_endpoint": endpoint}
    settings = Settings.model_validate({"telemetry": section}).telemetry
    telemetry = setup(settings, install=False)
    try:
        async with serve("plugin", telemetry=telemetry) as play:
            assert (await play()).decision is Decision.ACCEPTED
        await asyncio.to_thread(telemetry.shutdown)
    finally:
        await runner.cleanup()
    spans = [
        span.name
        for body in bodies
        for resource in ExportTraceServiceRequest.FromString(body).resource_spans
        for scope in resource.scope_spans
        for span in scope.spans
    ]
    assert {"audiohook.session", "audiohook.open", "audiohook.close"} <= set(spans)


def test_third_party_plugin_installs_and_is_listed(tmp_path: Path) -> None:
    """As a third party's user does it: build, install into an environment, list, run its own tests."""
    environment = tmp_path / "venv"
    venv.create(environment, with_pip=False, system_site_packages=False)
    site = next(environment.glob("lib/python*/site-packages"))
    # The packages of this environment serve as the index, so the test needs no network.
    ours = [path for path in sys.path if path.endswith("site-packages")]
    lines = [f"import site; site.addsitedir({path!r})\n" for path in ours]
    (site / "base.pth").write_text("".join(lines))
    package = EXAMPLES / "third_party_plugin"
    wheels = tmp_path / "wheels"
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "-q"]
    subprocess.run(
        [*pip, "wheel", "--no-deps", "--no-build-isolation", "-w", str(wheels), str(package)], check=True
    )
    (wheel,) = wheels.glob("*.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", str(site), str(wheel)], check=True)
    python = environment / "bin/python"
    listing = subprocess.run(
        [python, "-m", "audiohook_fw", "plugins", "--json"],
        capture_output=True,
        check=True,
        text=True,
        cwd=tmp_path,
    )
    listed = {plugin["name"]: plugin for plugin in json.loads(listing.stdout)}
    assert listed["talk_ratio"]["status"] == "active"
    assert listed["talk_ratio"]["distribution"] == "acme-talk-ratio"
    own = [
        python,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "--import-mode=importlib",
        str(package / "tests"),
    ]
    result = subprocess.run(own, capture_output=True, text=True, cwd=tmp_path)
    assert result.returncode == 0, result.stdout + result.stderr
