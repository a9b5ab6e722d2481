"""The plugin keeps the contract of plugins, whatever engine it has."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import pytest
from audiohook_fw_sentiment import SentimentPlugin, Utterance

from audiohook_fw.testing import PluginContract


class InBatches:
    languages = ("*",)
    batch = 8

    async def score_batch(self, utterances: Sequence[Utterance]) -> list[float]:
        return [0.5] * len(utterances)


class InThreads:
    languages = ("*",)

    def score(self, utterance: Utterance) -> float:
        return -0.5


class TestVader(PluginContract):
    plugin = SentimentPlugin


class TestWithoutRunningMoods(PluginContract):
    plugin = SentimentPlugin
    settings = {"running": False, "words": {"on hold": -1.2}}  # noqa: RUF012


class TestAsyncBatches(PluginContract):
    plugin = SentimentPlugin
    settings = {"engines": ["acme", "vader"]}  # noqa: RUF012

    @pytest.fixture(autouse=True)
    def _installed(self, install: Callable[..., None]) -> None:
        install(acme=InBatches)


class TestThreads(PluginContract):
    plugin = SentimentPlugin
    settings = {"engines": ["acme"]}  # noqa: RUF012

    @pytest.fixture(autouse=True)
    def _installed(self, install: Callable[..., None]) -> None:
        install(acme=InThreads)
