"""Functions and handler methods become calls that take exactly what they name."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from audiohook_fw.plugin import SessionHandler
from audiohook_fw.plugin.compile import (
    bind,
    check_handler_class,
    discard_awaitable,
    handler_signatures,
    overridden,
    select,
)
from audiohook_fw.plugin.families import ARGUMENTS
from audiohook_fw.plugin.signatures import Implementation, SignatureError, read_signature


def bound(hook: str, function: Any, view: object = "view") -> Any:
    return bind(hook, function, read_signature(hook, function, ARGUMENTS[hook]), view)


def test_all_arguments_in_order_cost_no_adapter() -> None:
    def full(session: Any, frame: Any) -> Any:
        return session, frame

    def rest(frame: Any) -> Any:
        return frame

    assert bound("on_audio", rest) is rest
    assert isinstance(bound("on_audio", full), functools.partial)
    assert bound("on_audio", full)("f") == ("view", "f")


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lambda: (), ()),
        (lambda session: (session,), ("view",)),
        (lambda position: (position,), (5,)),
        (lambda position, origin: (position, origin), (5, "client")),
        (lambda position, session: (position, session), (5, "view")),
        (lambda origin, position=9: (origin, position), ("client", 5)),
    ],
)
def test_any_subset_gets_its_arguments(function: Any, expected: tuple[object, ...]) -> None:
    assert bound("on_pause", function)("client", 5) == expected


def test_select_hands_over_what_is_named() -> None:
    def on_startup(settings: Any, server: Any) -> Any:
        return settings, server

    signature = read_signature("on_startup", on_startup, ARGUMENTS["on_startup"])
    call = select(Implementation("on_startup", on_startup, signature), {"server": 1, "settings": 2})
    assert call() == (2, 1)


class Meter(SessionHandler):
    def on_audio(self, frame: Any) -> None: ...

    async def on_close(self) -> None: ...


class LouderMeter(Meter):
    def on_pause(self, position: int) -> None: ...


def test_only_overridden_methods_count_also_inherited_and_on_the_instance() -> None:
    assert list(overridden(LouderMeter())) == ["on_audio", "on_pause", "on_close"]
    handler = SessionHandler()
    handler.on_dtmf = lambda digit: None  # type: ignore[method-assign,assignment,misc]
    assert list(overridden(handler)) == ["on_dtmf"]
    assert list(overridden(SessionHandler())) == []


def test_handler_methods_are_bound_without_session() -> None:
    found = handler_signatures(Meter())
    assert {hook: signature.is_async for hook, (_, signature) in found.items()} == {
        "on_audio": False,
        "on_close": True,
    }


def test_handler_with_a_wrong_signature_is_refused() -> None:
    class Wrong(SessionHandler):
        def on_audio(self, session: Any, frame: Any) -> None: ...  # type: ignore[override]

    with pytest.raises(SignatureError, match="no argument 'session'"):
        handler_signatures(Wrong())
    with pytest.raises(SignatureError, match="no argument 'session'"):
        check_handler_class(Wrong)


def test_handler_with_a_misspelt_hook_is_refused() -> None:
    class Misspelt(SessionHandler):
        def on_adio(self, frame: Any) -> None: ...

    with pytest.raises(SignatureError, match="did you mean on_audio"):
        check_handler_class(Misspelt)


def test_handler_with_on_decided_is_refused() -> None:
    class Early(SessionHandler):
        def on_decided(self, decision: Any) -> None: ...

    with pytest.raises(SignatureError, match="function of the plugin"):
        check_handler_class(Early)


def test_handlers_may_have_helpers_and_static_hooks() -> None:
    class Fine(SessionHandler):
        def on_utterance(self, text: str) -> None: ...

        @staticmethod
        def on_audio(frame: Any) -> None: ...  # type: ignore[override]

    check_handler_class(Fine)
    assert list(handler_signatures(Fine())) == ["on_audio"]


async def test_awaitables_are_closed() -> None:
    async def never() -> None:
        raise AssertionError

    coroutine = never()
    assert discard_awaitable(coroutine)
    assert coroutine.cr_frame is None  # closed: no warning that it was never awaited
    assert not discard_awaitable(3)
