"""Languages: which of them `opened` can carry, and whether a call's is among them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from audiohook_fw.plugin import PluginStatus, hookimpl, offered_languages, supports_language


def test_what_the_official_client_calls_a_language_is_told_once_in_the_usual_form() -> None:
    tags = ["*", "en-us", "de-DE", "EN-US", "cmn-CN", "en", "es-419", "zh-Hant", "zh-Hans-CN", "x"]
    assert offered_languages(tags) == ["en-US", "de-DE", "cmn-CN"]


@pytest.mark.parametrize(
    ("tags", "language", "expected"),
    [
        (["en-US"], "en-US", True),
        (["en-US"], "EN-us", True),
        (["EN-US"], "en-us", True),
        (["en"], "en-GB", True),
        (["en-GB"], "en", True),
        (["zh-Hant"], "zh-Hant-TW", True),
        (["en-US"], "en-GB", False),
        (["e"], "en-GB", False),
        (["en-US"], "en-USA", False),
        (["en-US"], "", False),
        (["en-US"], None, False),
        ([], "en-US", False),
        (["en-US", "*"], "fr-FR", True),
        (["*"], None, True),
    ],
)
def test_a_language_is_supported_whatever_its_case_and_without_a_region_anywhere(
    tags: list[str], language: str | None, expected: bool
) -> None:
    assert supports_language(tags, language) is expected


async def test_languages_are_joined(bench: Any) -> None:
    def speaks(answer: Any) -> object:
        class Plugin:
            @hookimpl
            def supported_languages(self) -> Any:
                if isinstance(answer, BaseException):
                    raise answer
                return answer

        return Plugin

    manager = bench.load(
        a=speaks(["de-DE", "en-US"]),
        b=speaks(["*"]),
        c=speaks("en"),
        d=speaks(ValueError()),
        e=speaks(("en-US", "fr")),
        f=speaks(["\ud800", "zh-Hant", None, 5, "a" * 36, "e n", "", object()]),
        g=speaks(Endless()),
    )
    await manager.ask_languages(None)
    assert manager.languages == ("de-DE", "en-US", "*", "fr", "zh-Hant", "x")
    faults = {name: faults_of(bench, name) for name in "abcdefg"}
    assert faults == {"a": 0, "b": 0, "c": 1, "d": 1, "e": 0, "f": 1, "g": 1}


def faults_of(bench: Any, plugin: str) -> float:
    return float(bench.metrics.value("audiohook.hook.faults", plugin=plugin, hook="supported_languages"))


class Endless(Sequence[str]):
    """A sequence without an end."""

    def __len__(self) -> int:
        raise RuntimeError

    def __getitem__(self, index: Any) -> Any:
        return "x"


async def test_no_more_languages_than_the_message_can_carry(bench: Any) -> None:
    class Plugin:
        def __init__(self, prefix: str, number: int) -> None:
            self.tags = [f"{prefix}-{number:03}" for number in range(number)]

        @hookimpl
        def supported_languages(self) -> list[str]:
            return self.tags

    manager = bench.load(a=Plugin("a", 200), b=Plugin("b", 150), c=Plugin("c", 201))
    await manager.ask_languages(None)
    assert manager.languages == tuple(f"a-{number:03}" for number in range(200))
    assert [faults_of(bench, name) for name in "abc"] == [0, 0, 1]


async def test_a_plugin_that_takes_no_new_calls_is_understood_no_more(bench: Any) -> None:
    class Plugin:
        def __init__(self, tag: str) -> None:
            self.tag = tag

        @hookimpl
        def supported_languages(self) -> list[str]:
            return [self.tag]

    manager = bench.load(a=Plugin("de-DE"), b=Plugin("en-US"))
    assert manager.languages == ()
    await manager.ask_languages(None)
    assert manager.languages == ("de-DE", "en-US")
    manager.records[0].fail(PluginStatus.QUARANTINED, "it blocked")
    assert manager.languages == ("en-US",)
