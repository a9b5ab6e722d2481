"""A plugin that keeps everybody waiting while it loads is named, while it does and afterwards."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.plugin import hookimpl, load_plugins, patience

GIVEN_UP = 60.0


class Waiting:
    """Waits until it was named in the log, as one that never ends would be."""

    named = threading.Event()

    def __init__(self) -> None:
        assert self.named.wait(GIVEN_UP)

    @hookimpl
    def on_opened(self) -> None: ...


class Listener(logging.Handler):
    def __init__(self) -> None:
        super().__init__()
        self.texts: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.texts.append(record.getMessage())
        if len(self.texts) == 2:
            Waiting.named.set()


def test_it_is_named_with_its_place_while_it_loads(bench: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "PATIENCE", 0.01)
    log = logging.getLogger("audiohook_fw.plugin.patience")
    log.addHandler(listener := Listener())
    try:
        bench.load(slow=Waiting)
    finally:
        log.removeHandler(listener)
    first, second = listener.texts[:2]
    place = rf"{Path(threading.__file__).name}:"
    assert first.startswith("plugin slow is still loading after 0.01 s, at ")
    assert second.startswith("plugin slow is still loading after 0.02 s, at ")
    assert place in first or Path(__file__).name in first
    assert first.endswith("or leave the plugin out (-p no:slow)")


def test_it_is_noted_afterwards(bench: Any, options: Any) -> None:
    now = 0.0

    class Slow:
        def __init__(self) -> None:
            nonlocal now
            now += 12

        @hookimpl
        def on_opened(self) -> None: ...

    class Quick(Slow):
        def __init__(self) -> None: ...

    manager = load_plugins(
        options(enabled=[]),
        bench.section,
        bench.limits,
        extra={"quick": Quick, "slow": Slow},
        version="0.1.0",
        clock=lambda: now,
    )
    notes = {record.name: record.notes for record in manager.records}
    assert notes["quick"] == []
    assert notes["slow"] == [f"took 12 s to load, and nothing else starts meanwhile; {patience.ADVICE}"]
