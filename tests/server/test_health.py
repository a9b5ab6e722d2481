"""Liveness and readiness, without a socket."""

from __future__ import annotations

import asyncio
import json
from typing import Any

from aiohttp.test_utils import make_mocked_request

from audiohook_fw.server import Health, Phase


class Plugins:
    def __init__(self) -> None:
        self.problems: dict[str, str] = {}
        self.asked = 0

    async def check(self) -> dict[str, str]:
        self.asked += 1
        await asyncio.sleep(0.1)
        return dict(self.problems)


async def ready(health: Health) -> tuple[int, Any]:
    response: Any = await health.ready(make_mocked_request("GET", "/health/ready"))
    return response.status, json.loads(response.text)


async def test_only_a_ready_server_is_ready() -> None:
    health = Health(Plugins().check)
    answers = {}
    for phase in Phase:
        health.phase = phase
        answers[str(phase)] = (await ready(health))[0]
    assert answers == {"starting": 503, "ready": 200, "draining": 503, "stopped": 503}


async def test_it_says_which_phase_it_is() -> None:
    health = Health(Plugins().check)
    assert await ready(health) == (503, {"status": "starting"})
    health.phase = Phase.READY
    assert await ready(health) == (200, {"status": "ready"})


async def test_plugin_that_is_not_well_is_named_without_a_detail() -> None:
    plugins = Plugins()
    plugins.problems = {"storage": "disk of Ada Lovelace is full", "asr": "down"}
    health = Health(plugins.check)
    health.phase = Phase.READY
    assert await ready(health) == (503, {"status": "unhealthy", "plugins": ["asr", "storage"]})


async def test_plugins_are_asked_once_a_second_at_most() -> None:
    plugins = Plugins()
    health = Health(plugins.check)
    health.phase = Phase.READY
    answers = await asyncio.gather(*(ready(health) for _ in range(100)))
    assert {status for status, _ in answers} == {200}
    assert plugins.asked == 1
    plugins.problems = {"asr": "down"}
    assert (await ready(health))[0] == 200
    await asyncio.sleep(1)
    assert (await ready(health))[0] == 503
    assert plugins.asked == 2


async def test_draining_server_does_not_ask_plugins() -> None:
    plugins = Plugins()
    health = Health(plugins.check)
    health.phase = Phase.DRAINING
    await ready(health)
    assert plugins.asked == 0


async def test_whoever_answers_lives() -> None:
    health = Health(Plugins().check)
    response: Any = await health.live(make_mocked_request("GET", "/health/live"))
    assert response.status == 200


async def test_a_loop_that_is_blocked_most_of_the_time_does_not_live() -> None:
    stuck = True
    health = Health(Plugins().check, is_stuck=lambda: stuck)
    response: Any = await health.live(make_mocked_request("GET", "/health/live"))
    assert (response.status, json.loads(response.text)) == (503, {"status": "blocked"})
    stuck = False
    response = await health.live(make_mocked_request("GET", "/health/live"))
    assert response.status == 200
