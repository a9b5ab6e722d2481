"""Every example keeps the contract of plugins, as `docs/how-to/test-a-plugin.md` tells authors to."""

from __future__ import annotations

import asyncio
import importlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw import ServerContext, hookimpl
from audiohook_fw.testing import PluginContract

EXAMPLES = Path(__file__).parent.parent / "examples"
ORGANIZATION = "d7934305-0972-4844-938e-9060eef73d05"


class TestLoudnessMeter(PluginContract):
    plugin = EXAMPLES / "loudness_meter.py"


class TestAcceptSomeDnis(PluginContract):
    plugin = EXAMPLES / "accept_some_dnis.py"
    settings = {"prefixes": ["+49800"]}  # noqa: RUF012
    facts = {"dnis": "tel:+4980012345"}  # noqa: RUF012


class TestAcceptSomeDnisOfOtherCalls(PluginContract):
    plugin = EXAMPLES / "accept_some_dnis.py"
    rejects = True


class TestRejectByOrganization(PluginContract):
    plugin = EXAMPLES / "reject_by_organization.py"
    settings = {"allowed": [ORGANIZATION]}  # noqa: RUF012
    facts = {"organization_id": ORGANIZATION}  # noqa: RUF012


class TestTracing(PluginContract):
    plugin = EXAMPLES / "tracing" / "plugin.py"
    name = "tracing"


class TestTalkRatio(PluginContract):
    @pytest.fixture(autouse=True)
    def _find(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(EXAMPLES / "third_party_plugin")
        self.plugin = importlib.import_module("acme_talk_ratio").TalkRatio


class FakeHttp:
    """A web service that takes its time; virtual time does not wait for real ones."""

    @asynccontextmanager
    async def post(self, url: str, **options: Any) -> AsyncIterator[Any]:
        await asyncio.sleep(3.0)
        yield self

    put = post

    async def json(self) -> Any:
        return {"ticket": "t1"}

    async def close(self) -> None: ...


class TestSlowService(PluginContract):
    @pytest.fixture(autouse=True)
    def _fake_the_service(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.syspath_prepend(EXAMPLES)

        class WithFakeService(importlib.import_module("slow_service").SlowServicePlugin):  # type: ignore[misc]
            @hookimpl
            async def on_startup(self, server: ServerContext) -> None:
                self._http = FakeHttp()

        self.plugin = WithFakeService
