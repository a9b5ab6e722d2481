"""The plugins of the how-to pages: a real server loads those of a page, and a call goes through them."""

from __future__ import annotations

import json
import logging
import re
import sys
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp
import pytest
from aiohttp import web

from audiohook_fw import Sentiment, Session
from audiohook_fw.cli.main import run as run_command
from audiohook_fw.client import AudioSource, CallOptions, CallReport, Decision, run_call
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import Event, PluginManager, Transcript, hookimpl, load_plugins
from audiohook_fw.server import AudiohookServer
from audiohook_fw.testing import CallDriver

PAGES = Path(__file__).resolve().parents[1] / "docs" / "how-to"
PLUGIN = re.compile(r"^<!-- plugin (?P<name>\w+) -->\n```python\n(?P<code>.*?)^```$", re.M | re.S)
PYTHON = re.compile(r"^```python$", re.M)
TOKEN = "token"

WANTED = "tel:+4980012345"


@dataclass
class Running:
    """A server with the plugins of a page.

    Attributes:
        seen: the events that were emitted, and passed the filters.
    """

    server: AudiohookServer
    manager: PluginManager
    seen: list[Event]

    async def call(self, **options: Any) -> CallReport:
        options = {"speed": 20, "duration": 2.0, "dnis": WANTED, "source": AudioSource.tone(), **options}
        return await run_call(CallOptions(url=self.server.url, api_key="key", **options))


class Witness:
    """A plugin beside those of the page, which hears what they say."""

    def __init__(self, seen: list[Event]) -> None:
        self.seen = seen

    @hookimpl
    def on_event(self, event: Event) -> None:
        self.seen.append(event)


Serve = Callable[..., AbstractAsyncContextManager[Running]]


def plugins_of(page: str) -> dict[str, str]:
    return {m["name"]: m["code"] for m in PLUGIN.finditer((PAGES / page).read_text(encoding="utf-8"))}


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The working directory, where modules are found."""
    before = set(sys.modules)
    monkeypatch.chdir(tmp_path)
    monkeypatch.syspath_prepend(str(tmp_path))
    yield tmp_path
    for name in set(sys.modules) - before:
        if getattr(sys.modules[name], "__file__", None) and str(tmp_path) in str(sys.modules[name].__file__):
            del sys.modules[name]


@pytest.fixture
def serve(place: Path, caplog: pytest.LogCaptureFixture) -> Serve:
    """Serve with the plugins of a page; nothing may be wrong with them, at start, in calls or at the end."""

    @asynccontextmanager
    async def serving(
        page: str, settings: Mapping[str, Mapping[str, object]] | None = None
    ) -> AsyncIterator[Running]:
        caplog.set_level(logging.INFO)
        plugins = plugins_of(page)
        for name, code in plugins.items():
            (place / f"{name}.py").write_text(code, encoding="utf-8")
        given = Settings.model_validate(
            {
                "server": {"port": 0, "admin_port": 0},
                "auth": {"keys": [{"name": "test", "api_key": "key", "unsigned": True}]},
                "plugins": {"enabled": [], "modules": [*plugins]},
            }
        )
        loaded, seen = Loaded.of(given, settings), list[Event]()
        manager = load_plugins(
            given.plugins,
            loaded.plugin_section,
            given.limits,
            asked=[*plugins],
            extra={"witness": Witness(seen)},
        )
        async with AudiohookServer(loaded, manager, admin_token=TOKEN) as server:
            yield Running(server, manager, seen)
        assert [
            (r.name, r.error, r.notes) for r in manager.records if r.error or r.notes if r.order >= 0
        ] == []
        assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == []

    return serving


def test_every_plugin_of_a_page_is_tried() -> None:
    here = Path(__file__).read_text(encoding="utf-8")
    for page in PAGES.glob("*.md"):
        assert not plugins_of(page.name) or f'"{page.name}"' in here, page.name


async def test_reject_a_call(serve: Serve) -> None:
    async with serve("reject-a-call.md") as running:
        assert (await running.call()).decision is Decision.ACCEPTED
        report = await running.call(dnis="tel:+493012345")
        assert (report.decision, report.reason, report.retryable) == (Decision.REJECTED, "completed", False)


async def test_keep_state_per_call(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async with serve("keep-state-per-call.md") as running:
        for _ in range(2):
            await running.call(frame_ms=200)
    told = [r.getMessage() for r in caplog.records if r.name in ("longest", "frame_counter")]
    assert told == 2 * ["10 frames", "longest stretch: 2.0 s"]


async def test_talk_to_a_slow_service(serve: Serve) -> None:
    told: list[dict[str, Any]] = []

    async def take(request: web.Request) -> web.Response:
        told.append(await request.json())
        return web.Response()

    app = web.Application()
    app.router.add_post("/calls", take)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    url = f"http://127.0.0.1:{runner.addresses[0][1]}/calls"
    try:
        async with serve("talk-to-a-slow-service.md", {"crm": {"url": url}}) as running:
            report = await running.call()
    finally:
        await runner.cleanup()
    conversation = report.ids.conversation
    assert told == [
        {"conversation": conversation, "event": "began"},
        {"conversation": conversation, "event": "ended", "seconds": 2.0},
    ]


async def test_block_without_blocking(serve: Serve, place: Path) -> None:
    async with serve("block-without-blocking.md") as running:
        report = await running.call()
    assert (place / "calls.txt").read_text(encoding="utf-8") == f"{report.ids.session} 2.0\n"
    assert [event.changed for event in running.seen if event.event_type == "context_changed"] == [
        ("crunched",)
    ]  # type: ignore[attr-defined]


async def test_share_events_between_plugins(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async with serve("share-events-between-plugins.md") as running:
        await running.call()
    assert {event.event_type for event in running.seen} == {"acme.loud", "context_changed"}
    assert [r.getMessage() for r in caplog.records if r.name == "listener"] == ["loud at sample 0"]


async def test_filter_events(serve: Serve) -> None:
    async with serve("filter-events.md") as running:
        await running.call()
    assert [e.text for e in running.seen if isinstance(e, Transcript)] == ["my card is [number]"]


async def test_hold_the_stream(serve: Serve) -> None:
    async with serve("hold-the-stream.md") as running:
        report = await running.call(speed=5, duration=4.0)
    assert report.decision is Decision.ACCEPTED
    assert [pause.server for pause in report.ledger.pauses] == [True]


def test_add_a_command(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, code in plugins_of("add-a-command.md").items():
        (place / f"{name}.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("AUDIOHOOK_PLUGINS__MODULES", json.dumps(["call_list.py"]))
    (place / "calls.txt").write_text("one\ntwo\n", encoding="utf-8")
    assert run_command(["call-list", "count", "calls.txt"]) == 0
    assert capsys.readouterr().out == "2\n"
    assert run_command(["call-list", "clear", "calls.txt"]) == 0
    assert (place / "calls.txt").read_text(encoding="utf-8") == ""


@pytest.mark.parametrize("has_callback", [True, False])
def test_add_just_one_command(
    place: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *, has_callback: bool
) -> None:
    code = plugins_of("add-a-command.md")["call_list"]
    cuts = [r"@app\.command\(\)\ndef clear.*?(?=@hookimpl)"]
    cuts += [] if has_callback else [r"@app\.callback\(\)\ndef .*?(?=@app)"]
    for cut in cuts:
        code, count = re.subn(cut, "", code, flags=re.S)
        assert count == 1
    (place / "call_list.py").write_text(code, encoding="utf-8")
    monkeypatch.setenv("AUDIOHOOK_PLUGINS__MODULES", json.dumps(["call_list.py"]))
    (place / "calls.txt").write_text("one\ntwo\n", encoding="utf-8")
    words = ["count"] if has_callback else []
    assert run_command(["call-list", *words, "calls.txt"]) == 0
    assert capsys.readouterr().out == "2\n"


async def test_add_an_http_route(serve: Serve) -> None:
    async with serve("add-an-http-route.md") as running, aiohttp.ClientSession() as http:
        public = f"http://127.0.0.1:{running.server.port}/plugins/live_calls"
        admin = f"{running.server.admin_url}/plugins/live_calls"
        async with http.get(f"{public}/count") as response:
            assert await response.json() == {"calls": 0}
        async with http.post(f"{admin}/x/disconnect") as response:
            assert response.status == 401
        bearer = {"Authorization": f"Bearer {TOKEN}"}
        async with http.post(f"{admin}/x/disconnect", headers=bearer) as response:
            assert (response.status, await response.text()) == (404, "no such call")


async def test_add_a_metric(serve: Serve) -> None:
    async with serve("add-a-metric.md") as running, aiohttp.ClientSession() as http:
        await running.call(language="de-DE")
        await running.call()
        url, bearer = f"{running.server.admin_url}/metrics", {"Authorization": f"Bearer {TOKEN}"}
        async with http.get(url, headers=bearer) as response:
            page = await response.text()
    assert 'call_counter_calls_total{language="de-DE"} 1.0' in page
    assert 'call_counter_calls_total{language="none"} 1.0' in page


async def test_package_and_publish(serve: Serve, caplog: pytest.LogCaptureFixture) -> None:
    async with serve("package-and-publish.md", {"acme_counter": {"every": 2}}) as running:
        for _ in range(2):
            await running.call()
    assert [r.getMessage() for r in caplog.records if r.name == "acme_counter"] == ["2 calls"]


class Teller:
    """Tells each call what `genesys` may tell it."""

    def __init__(self, told: Mapping[str, str]) -> None:
        self.told = told

    @hookimpl
    def on_opened(self, session: Session) -> None:
        session.update_context(**self.told)


@pytest.mark.parametrize(
    ("told", "fate"),
    [
        ({"lookup": "none"}, "waits"),
        ({"lookup": "found", "queue_name": "Sales"}, "is heard"),
        ({"lookup": "found", "queue_name": "Support"}, "is over"),
        ({"lookup": "failed"}, "is over"),
    ],
)
def test_look_up_the_queue(
    place: Path, audiohook_session: Callable[..., CallDriver], told: dict[str, str], fate: str
) -> None:
    """With what the plugin `genesys` tells; its own tests run the page with that plugin itself."""
    (code,) = plugins_of("look-up-the-queue.md").values()
    (place / "one_queue.py").write_text(code, encoding="utf-8")
    call = audiohook_session(str(place / "one_queue.py"), others={"teller": Teller(told)})
    call.open()
    assert call.context["queue_wanted"] is True
    assert ("is over" if call.ended else "waits" if call.paused else "is heard") == fate


@pytest.mark.parametrize(("score", "seconds", "upset"), [(-0.5, 20, True), (0.5, 20, False), (-0.5, 5, None)])
def test_tell_the_mood_of_calls(
    place: Path, audiohook_session: Callable[..., CallDriver], score: float, seconds: int, upset: bool | None
) -> None:
    """With moods as `sentiment` tells them; its own tests run the page with that plugin itself."""
    (code,) = plugins_of("tell-the-mood-of-calls.md").values()
    (place / "upset_customers.py").write_text(code, encoding="utf-8")
    call = audiohook_session(str(place / "upset_customers.py"))
    call.open()
    mood = Sentiment(channel="external", score=score, label="neutral", running=True, length=seconds * 8000)
    call.event(mood.model_copy(update={"channel": "internal", "score": -score}), mood)
    assert call.context.get("upset") is upset
