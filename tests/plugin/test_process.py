"""What plugins meet once per process."""

from __future__ import annotations

from typing import Any

import pytest

from audiohook_fw.plugin import Command, Commands, Erased, Event, Route, Routes, ServerContext, SpeechStarted


async def handler(request: Any) -> Any: ...


def test_server_shows_the_calls_that_live_now() -> None:
    live: list[Any] = []
    server = ServerContext(version="0.1.0", node="n1", sessions=lambda: live)
    assert server.sessions == ()
    live.append("session")
    assert server.sessions == ("session",)
    assert repr(server) == "<ServerContext n1 0.1.0>"
    assert ServerContext(version="", node="").sessions == ()


def test_instruments_without_a_server_do_nothing() -> None:
    counter = ServerContext(version="", node="").meter.create_counter("acme.calls")
    counter.add(1, {"queue": "Sales"})


async def test_announcing_needs_an_event_and_tells_whether_all_took_it() -> None:
    told: list[tuple[Event, float]] = []

    async def announce(event: Event, timeout: float) -> bool:
        told.append((event, timeout))
        return False

    event = SpeechStarted(channel="external", start=0)
    server = ServerContext(version="", node="", announce=announce)
    assert not await server.announce(event, timeout=3)
    assert told == [(event, 3)]
    assert await ServerContext(version="", node="").announce(event)
    with pytest.raises(TypeError, match="takes an Event, not str"):
        await server.announce("recorded")  # type: ignore[arg-type]


def test_routes_are_for_the_admin_port_unless_public() -> None:
    routes = Routes("acme")
    routes.add("post", "/hook", handler)
    assert list(routes.routes) == [Route("acme", "POST", "/hook", handler, public=False)]


@pytest.mark.parametrize(
    ("method", "path", "target", "error"),
    [
        ("FETCH", "/x", handler, ValueError),
        ("GET", "x", handler, ValueError),
        ("GET", "/x", "handler", TypeError),
    ],
)
def test_routes_that_cannot_be(method: str, path: str, target: Any, error: type[Exception]) -> None:
    routes = Routes("acme")
    with pytest.raises(error):
        routes.add(method, path, target)
    assert list(routes.routes) == []


def test_commands_have_the_plugins_name_unless_they_have_their_own() -> None:
    commands = Commands("web_hook")
    commands.add("app")
    commands.add("other", name="hooks")
    assert list(commands.commands) == [
        Command("web_hook", "web-hook", "app"),
        Command("web_hook", "hooks", "other"),
    ]
    with pytest.raises(ValueError, match="twice"):
        commands.add("again")


CONVERSATION = "6F1C3D58-0000-4000-8000-0000000000AB"


def test_commands_have_conversations_erased() -> None:
    asked = []

    async def erase(conversation_id: str, timeout: float) -> list[Erased]:
        asked.append((conversation_id, timeout))
        return [Erased("acme", 2)]

    assert list(Commands("acme", erase=erase).erase(CONVERSATION, timeout=3)) == [Erased("acme", 2, "")]
    assert asked == [(CONVERSATION.lower(), 3)]
    assert list(Commands("acme").erase(CONVERSATION)) == []


@pytest.mark.parametrize("wrong", ["", "*", "../x", CONVERSATION[:-1], CONVERSATION + "/"])
def test_only_an_id_is_erased(wrong: str) -> None:
    async def erase(conversation_id: str, timeout: float) -> list[Erased]:
        raise AssertionError(conversation_id)

    with pytest.raises(ValueError, match="is a UUID"):
        Commands("acme", erase=erase).erase(wrong)
