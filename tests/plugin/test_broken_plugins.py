"""A table of broken plugins: each says in one line what to change, and hurts nobody else."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import tomllib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.client import CallOptions, CallReport, Decision, run_call
from audiohook_fw.config import Loaded, Settings
from audiohook_fw.plugin import (
    CallDispatch,
    PluginManager,
    PluginRecord,
    PluginStatus,
    ServerContext,
    load_plugins,
)
from audiohook_fw.server import AudiohookServer

ROOT = Path(__file__).resolve().parents[2]

PREAMBLE = (
    "from audiohook_fw import Event, PluginInfo, SessionHandler, hookimpl\nfrom pydantic import BaseModel\n"
)
PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "plugin-problems.md"
ROW = re.compile(r"^\| `(?P<message>[^|]+?)` \|[^|]+\|[^|]+\|$", re.MULTILINE)
SERVER = ServerContext(version="1", node="n")

GOOD = {
    "good_ear": """
heard = []
@hookimpl
def on_audio(session, frame): heard.append(frame.length)
""",
    "good_commander": """
import typer
heard = []
class Handler(SessionHandler):
    async def on_audio(self, frame): heard.append(frame.length)
@hookimpl
def create_handler(session) -> Handler: return Handler()
@hookimpl
def register_commands(commands): commands.add(typer.Typer(), name="good")
""",
}


@dataclass(frozen=True)
class Case:
    """One broken plugin; the table says what the fields are."""

    id: str
    source: str
    says: str
    when: str = "load"
    status: str = "failed"
    entry: str = ""
    requires: str = "audiohook-fw>=0.1"
    settings: Mapping[str, Any] = field(default_factory=dict)
    plugin: str = ""

    @property
    def name(self) -> str:
        """The name of the plugin."""
        return self.plugin or self.id

    @property
    def distribution(self) -> str:
        """The name of its distribution; sorts behind those of the good ones."""
        return f"broken-{self.id.replace('_', '-')}"


TABLE = tomllib.loads(Path(__file__).with_name("broken_plugins.toml").read_text(encoding="utf-8"))
CASES = [Case(name, **row) for name, row in TABLE.items()]


@pytest.fixture
def put(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., None]]:
    """Install plugins into a directory of their own."""
    before = set(sys.modules)
    monkeypatch.syspath_prepend(str(tmp_path))

    def install(name: str, source: str, *, entry: str = "", requires: str = "", distribution: str) -> None:
        module = f"m_{distribution}".replace("-", "_")
        (tmp_path / f"{module}.py").write_text(PREAMBLE + source, encoding="utf-8")
        info = tmp_path / f"{module}-1.0.dist-info"
        info.mkdir()
        lines = ["Metadata-Version: 2.1", f"Name: {distribution}", "Version: 1.0"]
        lines += [f"Requires-Dist: {requires}"] if requires else []
        (info / "METADATA").write_text("\n".join(lines) + "\n", encoding="utf-8")
        value = entry or ("M:Plugin" if "class Plugin" in source else "M")
        text = f"[audiohook_fw]\n{name} = {re.sub(r'^M', module, value)}\n"
        (info / "entry_points.txt").write_text(text, encoding="utf-8")

    yield install
    for name in set(sys.modules) - before:
        if name.startswith(("m_", "left_behind")):
            del sys.modules[name]


def put_good(put: Callable[..., None]) -> None:
    for name, source in GOOD.items():
        put(name, source, distribution=f"a-{name.replace('_', '-')}")


def put_case(put: Callable[..., None], case: Case) -> None:
    put(case.name, case.source, entry=case.entry, requires=case.requires, distribution=case.distribution)


def configuration(*cases: Case, **limits: float) -> Loaded:
    """Return settings under which they all load; the plugins of this repository are left out."""
    ours = [
        path.parent.name.removeprefix("audiohook-fw-").replace("-", "_")
        for path in ROOT.glob("plugins/*/pyproject.toml")
    ]
    key = {"name": "test", "api_key": "key", "unsigned": True}
    settings = Settings.model_validate(
        {
            "server": {"port": 0, "admin_port": 0},
            "auth": {"keys": [key]},
            "plugins": {"disabled": ours},
            "limits": limits,
        }
    )
    return Loaded.of(settings, {case.name: case.settings for case in cases if case.settings})


def load(loaded: Loaded) -> PluginManager:
    return load_plugins(loaded.settings.plugins, loaded.plugin_section, loaded.settings.limits)


def record_of(manager: PluginManager, case: Case) -> PluginRecord:
    return next(record for record in manager.records if record.distribution == case.distribution)


async def run_through(manager: PluginManager, bench: Any) -> None:
    """Do with plugins what a server does, up to the end of one call."""
    await manager.startup(SERVER)
    manager.register_routes()
    manager.register_commands()
    bench.manager = manager
    dispatch: CallDispatch = bench.call()
    await dispatch.decide(2.0)
    dispatch.accept()
    dispatch.control("on_opened")
    dispatch.audio(bench.frame())
    await bench.finish()
    await manager.shutdown(SERVER)


def told(caplog: pytest.LogCaptureFixture, case: Case) -> list[str]:
    """Return the lines at WARNING and above that name the plugin."""
    name = re.compile(rf"plugin {re.escape(case.name)}\b")
    lines = (r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING)
    return [line for line in lines if name.match(line)]


def sentence_of(case: Case, record: PluginRecord, lines: list[str]) -> str:
    """Return what is said of a plugin: its error or note, else what the log says behind its name."""
    found = record.error or (record.notes[0] if record.notes else "")
    return found or lines[0].removeprefix(f"plugin {case.name} ")


UNSERVED = [case for case in CASES if case.when != "server"]


@pytest.mark.parametrize("case", UNSERVED, ids=[case.id for case in UNSERVED])
async def test_it_says_in_one_line_what_to_change(
    put: Any, bench: Any, caplog: pytest.LogCaptureFixture, case: Case
) -> None:
    put_good(put)
    put_case(put, case)
    manager = load(configuration(case))
    record = record_of(manager, case)
    if case.when == "load":
        assert record.status == case.status
    await run_through(manager, bench)
    assert record.status == case.status
    (line,) = told(caplog, case)
    sentence = sentence_of(case, record, [line])
    assert case.says in sentence
    assert sentence in line
    assert "\n" not in line
    assert [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING] == [line]
    for name in GOOD:
        (good,) = (r for r in manager.records if r.distribution == f"a-{name.replace('_', '-')}")
        assert (good.status, good.error) == ("active", "")
        assert sys.modules[f"m_a_{name}"].heard == [80]
    assert is_on_the_page(sentence)


def is_on_the_page(sentence: str) -> bool:
    return any(pattern.fullmatch(sentence) for pattern in patterns().values())


def patterns() -> dict[str, re.Pattern[str]]:
    """Return the messages of the page, with `…` for what differs."""
    rows = [match["message"] for match in ROW.finditer(PAGE.read_text(encoding="utf-8"))]
    return {row: re.compile(".+".join(map(re.escape, row.split("…")))) for row in rows}


def test_the_page_tells_every_status() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [status for status in PluginStatus if f"\n| `{status}` |" not in page] == []


async def test_the_page_has_no_message_that_nobody_gets(put: Any, bench: Any) -> None:
    put_good(put)
    sentences: list[str] = []
    handler = logging.Handler(logging.WARNING)
    handler.emit = lambda r: sentences.append(re.sub(r"^plugin \S+:? ", "", r.getMessage()))  # type: ignore[method-assign]
    for case in CASES:
        put_case(put, case)
    logger = logging.getLogger("audiohook_fw.plugin")
    logger.addHandler(handler)
    try:
        manager = load(configuration(*CASES))
        await run_through(manager, bench)
    finally:
        logger.removeHandler(handler)
    sentences += [record.error for record in manager.records]
    served = (case.says for case in CASES if case.when == "server")  # held by the test above that has one
    sentences += [f"{says}; correct its path" if says.endswith("path") else says for says in served]
    unheard = [row for row, pattern in patterns().items() if not any(map(pattern.fullmatch, sentences))]
    assert unheard == []


def test_all_of_them_beside_two_good_ones_and_a_real_call(put: Any, caplog: pytest.LogCaptureFixture) -> None:
    """In real time, over real sockets."""
    put_good(put)
    for case in CASES:
        put_case(put, case)
    loaded = configuration(*CASES, startup_timeout=0.5)
    manager = load(loaded)

    async def serve() -> CallReport:
        async with AudiohookServer(loaded, manager, admin_token="token") as server:
            return await run_call(CallOptions(url=server.url, api_key="key", speed=50, duration=2.0))

    report = asyncio.run(serve())
    assert (report.decision, report.problem) == (Decision.ACCEPTED, None)
    for name in GOOD:
        assert sum(sys.modules[f"m_a_{name}"].heard) == 2 * 8000
    for case in CASES:
        record = record_of(manager, case)
        if case.when == "commands":  # no server asks for these
            continue
        assert record.status == case.status, case
        lines = [line for line in told(caplog, case) if case.says in line]
        assert len(lines) == 1, (case, told(caplog, case))
        assert case.when != "server" or is_on_the_page(lines[0].removeprefix(f"plugin {case.name}: "))
