"""Virtual time for one coroutine, and calls whose loop serves a fake platform."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterator
from contextlib import suppress
from typing import Any

import pytest
from audiohook_fw_genesys import Genesys, GenesysSettings
from audiohook_fw_genesys.client import PlatformClient
from audiohook_fw_genesys.metrics import GenesysMetrics
from opentelemetry.metrics import NoOpMeter

from audiohook_fw.testing import CallDriver, FakePlatform, VirtualLoop

ORG = "d7934305-0972-4844-938e-9060eef73d05"
Virtual = Callable[[Callable[[], Coroutine[Any, Any, Any]]], Any]
NewCall = Callable[..., CallDriver]


@pytest.fixture
def virtual() -> Virtual:
    """Run an async function in a loop of virtual time, and return what it returns."""

    def run(function: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
        loop = VirtualLoop(grace=0.05)
        try:
            return loop.run_until_complete(function())
        finally:
            left = asyncio.all_tasks(loop)
            for task in left:
                task.cancel()
            if left:
                loop.run_until_complete(asyncio.wait(left))
            loop.run_until_complete(loop.shutdown_default_executor())
            loop.close()
            assert not [task for task in left if "genesys" in task.get_name()]

    return run


@pytest.fixture
def new_call(audiohook_session: Callable[..., CallDriver]) -> Iterator[NewCall]:
    """Make a call of the plugin: `new_call(platform, conversation.id, lookup="wanted")`; not yet open."""
    made: list[tuple[CallDriver, FakePlatform]] = []

    def make(
        platform: FakePlatform, conversation: str, *, organization: str = ORG, **settings: Any
    ) -> CallDriver:
        call = audiohook_session(
            Genesys,
            settings={**platform.settings, **settings},
            conversation_id=conversation,
            organization_id=organization,
        )
        call.run(platform.serve)
        made.append((call, platform))
        return call

    yield make
    for call, platform in made:
        with suppress(RuntimeError):  # shut down by the test
            call.run(platform.close)


@pytest.fixture
def new_client() -> Callable[..., PlatformClient]:
    """Make a client of a platform, in the running loop."""

    def make(platform: FakePlatform, **settings: Any) -> PlatformClient:
        section = GenesysSettings.model_validate({**platform.settings, **settings})
        return PlatformClient(section, GenesysMetrics(NoOpMeter("test")))

    return make
