"""From `open` to `opened` or `disconnect`; whose plugins are slow, and who gets in."""

from __future__ import annotations

import asyncio
from itertools import pairwise
from typing import Any

import pytest

from audiohook_fw.plugin import (
    Accept,
    OnFailure,
    PluginInfo,
    Reject,
    hookimpl,
)
from audiohook_fw.protocol import Paused
from audiohook_fw.server.reader import IN_A_ROW

BACKLOG = bytes(range(256)) * 1_250
"""20 s of stereo PCMU."""


async def test_slow_plugins_delay_no_opened_and_get_all_audio(house: Any, make_ear: Any, now: Any) -> None:
    slow, quick = make_ear(lane=True, opened=10.0), make_ear()
    await house.start(slow=slow, quick=quick)
    begun = now()
    callers = [await house.opened() for _ in range(3)]
    assert now() == begun
    for caller in callers[1:]:
        await caller.close()
    slow.heard.clear(), quick.heard.clear()
    slow.position = quick.position = 0
    for number in range(100):
        await callers[0].hear(bytes([number]) * 3_200)
        await asyncio.sleep(0.2)
    await callers[0].close()
    await house.idle()
    assert bytes(quick.heard) == bytes(slow.heard) == b"".join(bytes([n]) * 3_200 for n in range(100))
    assert callers[0].faults == []


@pytest.mark.parametrize("size", [1_600, 64_000])
async def test_a_backlog_reaches_every_plugin_to_the_last_sample(
    size: int, house: Any, make_ear: Any, lived: Any
) -> None:
    ears = [make_ear(), make_ear(lane=True), make_ear(lane=True, opened=10.0)]
    await house.start(**{f"ear{number}": ear for number, ear in enumerate(ears)})
    caller = await house.opened()
    for start in range(0, len(BACKLOG), size):
        await caller.hear(BACKLOG[start : start + size])
    await caller.ping()
    assert bytes(ears[0].heard) == BACKLOG
    await caller.stay(15)
    await caller.close()
    await house.idle()
    for ear in ears:
        assert bytes(ear.heard) == BACKLOG
        assert ear.log == lived("end")


async def test_a_burst_gives_other_calls_their_turn(house: Any) -> None:
    turns: list[int] = []

    class Counting:
        frames = 0

        @hookimpl
        def on_audio(self) -> None:
            Counting.frames += 1

    await house.start(c=Counting())
    caller = await house.opened()
    busy = True

    async def other() -> None:
        while busy:
            turns.append(Counting.frames)
            await asyncio.sleep(0)

    for _ in range(200):
        await caller.hear(b"\x10" * 64)
    task = asyncio.ensure_future(other())
    await caller.ping()
    busy = False
    await task
    assert max(b - a for a, b in pairwise(turns)) <= IN_A_ROW


@pytest.mark.parametrize(
    ("reason", "sent"),
    [
        ("completed", "completed"),
        ("error", "error"),
        ("unauthorized", "unauthorized"),
        ("rejected", "completed"),
        ("nonsense", "completed"),
    ],
)
async def test_a_rejected_call_is_disconnected_in_place_of_opened(
    reason: str, sent: str, house: Any, make_ear: Any, make_policy: Any
) -> None:
    ear = make_ear()
    await house.start(policy=make_policy(Reject(reason, "not this queue")), ear=ear)
    caller = await house.call()
    answer = await caller.open()
    assert answer["parameters"] == {"reason": sent, "info": "not this queue"}
    await caller.until("closed")
    await caller.hang_up()
    await house.idle()
    assert caller.types == ["disconnect", "closed"]
    assert caller.faults == []
    assert ear.decided == [Reject(reason, "not this queue")]
    assert ear.log == []
    assert house.value("sessions", outcome="rejected") == 1


async def test_a_rejected_call_lasts_until_its_plugins_know(house: Any, make_policy: Any, now: Any) -> None:
    done: list[Any] = []

    class Slow:
        @hookimpl
        async def on_decided(self, decision: Any) -> None:
            await asyncio.sleep(4)
            done.append(decision)

    await house.start(policy=make_policy(Reject()), slow=Slow())
    caller = await house.call()
    begun = now()
    await caller.open()
    await caller.until("closed")
    await caller.hang_up()
    assert now() - begun < 0.5
    await house.idle()
    assert done == [Reject()]
    assert house.value("sessions", outcome="rejected") == 1
    assert house.value("sessions", outcome="lost") == 0


@pytest.mark.parametrize("info", ["\ud800", "x" * 100_000])
async def test_a_rejection_that_says_nonsense_still_rejects(
    info: Any, house: Any, make_policy: Any, now: Any
) -> None:
    await house.start(policy=make_policy(Reject(info=info)))
    caller = await house.call()
    begun = now()
    assert (await caller.open())["parameters"]["reason"] == "completed"
    assert now() - begun < 0.1


async def test_a_policy_that_is_late_counts_as_it_declared(house: Any, make_policy: Any, now: Any) -> None:
    strict = PluginInfo(on_failure=OnFailure.REJECT)
    await house.start(policy=make_policy(seconds=60, info=strict))
    caller = await house.call()
    begun = now()
    assert (await caller.open())["parameters"]["reason"] == "error"
    assert now() - begun == pytest.approx(2.0, abs=0.1)


async def test_a_decision_after_the_timer_is_ignored(
    house: Any, make_ear: Any, make_policy: Any, now: Any
) -> None:
    house.limit(decision_timeout=4.9, opening_timeout=4.0)
    ear, policy = make_ear(), make_policy(seconds=4.5)
    await house.start(policy=policy, ear=ear)
    caller = await house.call()
    begun = now()
    assert (await caller.open())["parameters"] == {"reason": "error", "info": "timeout while opening"}
    assert now() - begun == pytest.approx(4.0, abs=0.1)
    await caller.until("closed")
    await asyncio.sleep(2)
    assert caller.types == ["disconnect", "closed"]
    assert ear.log == ear.decided == []
    assert house.value("sessions", outcome="lost") == 1


async def test_a_call_starts_paused_until_its_hold_is_released(house: Any, make_ear: Any, now: Any) -> None:
    class LookUp:
        @hookimpl
        def on_open(self) -> Accept:
            return Accept(start_paused=True)

        @hookimpl
        async def on_opened(self, session: Any) -> None:
            await asyncio.sleep(3)
            session.start_hold.release()

    ear = make_ear()
    await house.start(look_up=LookUp(), ear=ear)
    caller = await house.call()
    opened = await caller.open()
    assert opened["parameters"]["startPaused"] is True
    await caller.say(Paused())
    await caller.socket.send_bytes(b"\x10" * 1_600)
    begun = now()
    await caller.until("resume")
    assert now() - begun == pytest.approx(3, abs=0.1)
    await caller.hear(b"\x20" * 1_600)
    await caller.ping()
    assert bytes(ear.heard) == b"\x20" * 1_600
    await caller.close()
    assert caller.faults == []


async def test_a_call_that_starts_paused_may_be_disconnected_instead(
    house: Any, make_ear: Any, lived: Any
) -> None:
    class LookUp:
        @hookimpl
        def on_open(self) -> Accept:
            return Accept(start_paused=True)

        @hookimpl
        async def on_opened(self, session: Any) -> None:
            await asyncio.sleep(3)
            session.disconnect(info="not this queue")

    ear = make_ear()
    await house.start(look_up=LookUp(), ear=ear)
    caller = await house.opened()
    await caller.until("closed")
    await caller.hang_up()
    await house.idle()
    assert caller.types == ["opened", "disconnect", "closed"]
    assert ear.log == lived("disconnect")
    assert not ear.heard


async def test_overload_and_draining_are_told_in_words_that_make_the_client_retry(house: Any) -> None:
    house.limit(calls=1)
    await house.start()
    first = await house.opened()
    for refusal in ("overload", "draining"):
        caller = await house.call()
        answer = await caller.open()
        assert (answer["type"], answer["parameters"]) == ("disconnect", {"reason": "error", "info": refusal})
        await caller.until("closed")
        await caller.hang_up()
        assert caller.faults == []
        house.services.registry.draining = True
    await first.ping()
    assert house.value("sessions", outcome="rejected") == 2


async def test_room_is_there_again_once_a_call_has_ended(house: Any, make_ear: Any) -> None:
    house.limit(calls=1)
    await house.start(ear=make_ear(lane=True, ending=30.0))
    first = await house.opened()
    await first.close()
    second = await house.opened()  # though the first one's last hook still runs
    await second.close()


async def test_the_newest_connection_of_a_session_wins_and_the_older_one_ends(
    house: Any, make_ear: Any
) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    older = await house.opened()
    stranger = await house.opened(session_id=older.session_id, api_key="another")
    other = await house.opened()
    newer = await house.opened(session_id=older.session_id.upper())
    await older.reader
    for caller in (newer, stranger, other):
        await caller.ping()
    assert house.services.registry.calls == 3
    assert ear.log == ["opened"] * 4 + ["close lost", "end lost"]
    for caller in (newer, stranger, other):
        await caller.close()
    await house.idle()
    assert ear.log.count("end end") == 3
