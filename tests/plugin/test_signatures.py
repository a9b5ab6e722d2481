"""What a function may take, and what cannot serve as a hook."""

from __future__ import annotations

import functools
import gc
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from audiohook_fw.plugin import signatures
from audiohook_fw.plugin.families import ARGUMENTS, SYNC_HOOKS
from audiohook_fw.plugin.signatures import Signature, SignatureError, is_async, is_plugin_name, read_signature

AUDIO = ("session", "frame")


def read(function: Callable[..., object], hook: str = "on_audio") -> Signature:
    return read_signature(hook, function, ARGUMENTS[hook])


def test_any_subset_in_any_order() -> None:
    assert read(lambda: None).names == ()
    assert read(lambda frame: None).names == ("frame",)
    assert read(lambda frame, session: None).names == ("frame", "session")


def test_bound_methods_do_not_count_self() -> None:
    class Plugin:
        def on_audio(self, session: Any, frame: Any) -> None: ...

    assert read(Plugin().on_audio).names == AUDIO


def test_an_argument_with_a_default_is_passed_all_the_same() -> None:
    assert read(lambda session, frame=None: None).names == AUDIO


def test_unknown_arguments_may_follow_if_they_have_defaults() -> None:
    assert read(lambda frame, scale=2, *, log=print: None).names == ("frame",)


@pytest.mark.parametrize(
    ("function", "message"),
    [
        (lambda session, frames: None, "no argument 'frames'; it may take: session, frame"),
        (lambda session, *, frame: None, "'frame' is keyword-only; remove the [*]"),
        (lambda *args: None, "takes [*]args; name the arguments"),
        (lambda session, **rest: None, r"takes \*\*rest"),
        (lambda scale=2, frame=None: None, "'frame' must come before"),
        (type("Odd", (), {"__call__": None, "__signature__": 3})(), "no signature"),
    ],
)
def test_refused_arguments(function: Callable[..., object], message: str) -> None:
    with pytest.raises(SignatureError, match=message):
        read(function)


def test_a_decorator_with_wraps_shows_what_it_wraps() -> None:
    async def on_audio(frame: Any) -> None: ...

    @functools.wraps(on_audio)
    def wrapper(*args: Any) -> Any:
        return on_audio(*args)

    assert read(wrapper) == Signature(("frame",), is_async=True)


def test_generators_are_refused() -> None:
    def plain(frame: Any) -> Iterator[None]:
        yield

    async def colored(frame: Any) -> AsyncIterator[None]:
        yield

    for function in (plain, colored):
        with pytest.raises(SignatureError, match="generator"):
            read(function)


@pytest.mark.parametrize("hook", sorted(SYNC_HOOKS))
def test_async_is_refused_where_nobody_can_wait(hook: str) -> None:
    async def function() -> None: ...

    with pytest.raises(SignatureError, match="plain def"):
        read(function, hook)


def test_colour() -> None:
    async def function() -> None: ...

    class Colored:
        async def __call__(self) -> None: ...

    assert is_async(function)
    assert is_async(functools.partial(function))
    assert is_async(functools.partial(functools.partial(function)))
    assert is_async(Colored())
    assert not is_async(lambda: None)


def test_methods_are_read_once_for_each_class_and_forgotten_with_it() -> None:
    class Plugin:
        def on_audio(self, frame: Any) -> None: ...

    first, second = read(Plugin().on_audio), read(Plugin().on_audio)
    assert first is second
    held = len(signatures._cache)
    del Plugin
    gc.collect()
    assert len(signatures._cache) < held


def test_builtins_can_be_read_too() -> None:
    class Slotted:
        __slots__ = ()

        def __call__(self, frame: Any) -> None: ...

    assert read(Slotted()).names == ("frame",)


@pytest.mark.parametrize("name", ["a", "vad", "whisper_asr", "v2", "a1_b2"])
def test_plugin_names(name: str) -> None:
    assert is_plugin_name(name)


@pytest.mark.parametrize("name", ["", "A", "2a", "a-b", "a__b", "_a", "a_", "é", "a b", "a\n"])
def test_no_plugin_names(name: str) -> None:
    assert not is_plugin_name(name)
