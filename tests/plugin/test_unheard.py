"""Plugins that wait for what nobody emits are told, at load and when the only emitter fails to start."""

from __future__ import annotations

from typing import Any

import pytest

from audiohook_fw.plugin import ContextChanged, PluginInfo, PluginManager, ServerContext, Transcript, hookimpl

SERVER = ServerContext(version="1", node="n")


class Listener:
    info = PluginInfo(consumes=(Transcript, "context_changed"))

    @hookimpl
    def on_event(self) -> None: ...


class Emitter:
    info = PluginInfo(emits=(Transcript,))
    error: Exception | None = None

    @hookimpl
    def on_startup(self) -> None:
        if self.error is not None:
            raise self.error


class Failing(Emitter):
    error = OSError("no model")


class Wrong(Emitter):
    def __init__(self) -> None:
        raise OSError("no model")


class Deaf(Listener):
    info = PluginInfo(consumes=(Transcript,), emits=(Transcript,))


def notes(manager: PluginManager, name: str = "mood") -> list[str]:
    return next(record.notes for record in manager.records if record.name == name)


def test_nobody(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    manager = bench.load(mood=Listener)
    assert notes(manager) == ["consumes transcript, but no active plugin emits it; install one that does"]
    assert f"plugin mood {notes(manager)[0]}" in caplog.text


def test_somebody(bench: Any) -> None:
    assert notes(bench.load(mood=Listener, asr=Emitter)) == []


def test_only_itself(bench: Any) -> None:
    assert len(notes(bench.load(mood=Deaf))) == 1


def test_one_that_does_not_load(bench: Any) -> None:
    manager = bench.load(mood=Listener, asr=Wrong)
    assert notes(manager) == ["consumes transcript, but no active plugin emits it; asr would, but failed"]


async def test_one_that_does_not_start(bench: Any) -> None:
    manager = bench.load(mood=Listener, asr=Failing)
    assert notes(manager) == []
    await manager.startup(SERVER)
    assert notes(manager) == ["consumes transcript, but no active plugin emits it; asr would, but failed"]
    assert notes(manager, "asr") == []


@pytest.mark.parametrize(
    ("consumed", "mend"),
    [
        ("transcipt", "did you mean 'transcript'?"),
        ("unheard.scor", "did you mean 'unheard.score'?"),
        ("something_else_entirely", "install one that does"),
        ("acme.transcript", "install one that does"),
    ],
)
def test_a_name_that_is_misspelt(bench: Any, consumed: str, mend: str) -> None:
    class Misspells(Listener):
        info = PluginInfo(consumes=(consumed,))

    class Scores(Emitter):
        info = PluginInfo(emits=("unheard.score",))

    manager = bench.load(mood=Misspells, scores=Scores)
    assert notes(manager) == [f"consumes {consumed}, but no active plugin emits it; {mend}"]


class Content(Listener):
    info = PluginInfo(consumes=(Transcript, "unheard.scor"), optional=(Transcript, "unheard.scor"))


async def test_what_is_optional_is_missed_only_when_it_was_to_be_there(bench: Any) -> None:
    class Scores(Emitter):
        info = PluginInfo(emits=("unheard.score",))

    assert notes(bench.load(mood=Content)) == []
    manager = bench.load(mood=Content, asr=Wrong, scores=Scores)
    assert notes(manager) == [
        "consumes transcript, but no active plugin emits it; asr would, but failed",
        "consumes unheard.scor, but no active plugin emits it; did you mean 'unheard.score'?",
    ]


async def test_what_is_emitted_undeclared_is_told_once(bench: Any, caplog: pytest.LogCaptureFixture) -> None:
    class Undeclared:
        @hookimpl
        def on_opened(self) -> None: ...

    dispatch = bench.accepted(mood=Undeclared, asr=Emitter)
    said = Transcript(channel="external", text="secret", start=0, length=1)
    for _ in range(3):
        dispatch.emit(said, "mood")
        dispatch.emit(ContextChanged(changed=("queue",)), "mood")
        dispatch.emit(said, "asr")
    lines = [r.getMessage() for r in caplog.records if "emits" in r.getMessage()]
    assert lines == [
        "plugin mood emits transcript, which its info does not name; add Transcript to "
        "PluginInfo(emits=(…)): who emits closes before who consumes"
    ]
    await bench.finish()
