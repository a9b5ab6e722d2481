"""Calls that are metered, and what the database says of them."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_cost import Cost
from audiohook_fw_cost.figures import MICRO, Figures, Leg, Tariff
from audiohook_fw_cost.rows import CallFacts, CallRow, leg_rows

from audiohook_fw import AudioFrame, Hold, Session, SessionHandler, hookimpl
from audiohook_fw.testing import CallDriver


class Other:
    """A plugin beside the tested one: it takes audio, may hold the stream, and tells of the call."""

    def __init__(self) -> None:
        self.session: Session
        self.hold: Hold | None = None
        self.frames = 0

    @hookimpl
    def on_opened(self, session: Session) -> None:
        self.session = session

    @hookimpl
    def create_handler(self, session: Session) -> SessionHandler:
        return _Ear(self)

    def pause(self) -> None:
        if self.hold is None:
            self.hold = self.session.pause("a test")

    def resume(self) -> None:
        if self.hold is not None:
            self.hold.release()
            self.hold = None


class _Ear(SessionHandler):
    def __init__(self, other: Other) -> None:
        self.other = other

    def on_audio(self, frame: AudioFrame) -> None:
        self.other.frames += 1


class Kit:
    """What tests use besides fixtures: test modules cannot import this one."""

    Other = Other

    @staticmethod
    def read(path: Path, query: str, *values: object) -> list[Any]:
        """Ask a database."""
        with closing(sqlite3.connect(path)) as connection:
            return connection.execute(query, values).fetchall()

    @classmethod
    def figures(cls, path: Path) -> Figures:
        """Return the sum of all that is in a database."""
        columns = ("streamed", "discarded", "client_paused", "server_paused", "without_media")
        return Figures(
            *cls.read(path, f"SELECT {', '.join(f'coalesce(sum({c}), 0)' for c in columns)} FROM legs")[0]
        )


@pytest.fixture(scope="session")
def kit() -> type[Kit]:
    return Kit


@pytest.fixture
def database(tmp_path: Path) -> Path:
    return tmp_path / "cost.sqlite"


@pytest.fixture
def other() -> Other:
    return Other()


NewCall = Callable[..., CallDriver]


@pytest.fixture
def new_call(database: Path, other: Other) -> Iterator[NewCall]:
    """Make a call of the plugin with these settings, beside `other`; `facts` are of the call."""
    made: list[CallDriver] = []

    def make(facts: dict[str, Any] | None = None, **settings: Any) -> CallDriver:
        settings = {"database": str(database), **settings}
        made.append(CallDriver(Cost, settings=settings, others={"other": other}, **(facts or {})))
        return made[-1]

    yield make
    for call in made:
        call.shutdown()


@pytest.fixture
def new_row() -> Callable[..., CallRow]:
    """Make a row of the call `a`: one second in no queue, unless it is told otherwise."""

    def make(
        legs: Mapping[Leg, Figures] | None = None,
        *,
        names: Mapping[str, str] | None = None,
        tariff: Tariff | None = None,
        ended_at: str = "",
        reason: str = "",
        **fields: Any,
    ) -> CallRow:
        tariff = tariff or Tariff(MICRO, "EUR")
        defaults: dict[str, Any] = {
            "id": "a",
            "session_id": "s",
            "conversation_id": "c",
            "organization_id": "o",
            "key": "monitor",
            "started_at": "2026-01-31T10:00:00.000+00:00",
            "rate": 8000,
            "currency": tariff.currency,
        }
        facts = CallFacts(**{**defaults, **fields})
        legs = {Leg("", "2026-01-31"): Figures(8000)} if legs is None else legs
        parts = leg_rows(legs, {"q": "Sales"} if names is None else names, tariff, facts.rate)
        return CallRow(facts, parts, ended_at, reason)

    return make
