"""What a call does while it runs, and what is logged of it."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from audiohook_fw.plugin import (
    BotTurnResponse,
    Transcript,
    hookimpl,
)
from audiohook_fw.protocol import Error, Paused, Resumed
from audiohook_fw.server.connection import UNKNOWN_TYPES

SUFFIX = "-95d3-7570-ac13-9a62d8f514c0"


async def test_pauses_of_server_and_client_and_nothing_of_them_is_stored(house: Any, make_ear: Any) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.opened()
    await caller.hear(b"\x01" * 1_600)
    await caller.ping()
    hold = ear.session.pause("card number")
    caller.obeying = False
    await caller.until("pause")
    await caller.socket.send_bytes(b"\x02" * 1_600)  # was on its way
    await caller.say(Paused())
    await caller.socket.send_bytes(b"\x03" * 1_600)  # must not be stored
    await caller.ping()
    assert ear.session.server_paused
    hold.release()
    await caller.until("resume")
    await caller.say(Resumed(start=timedelta(seconds=0.2), discarded=timedelta(seconds=5)))
    await caller.hear(b"\x04" * 1_600)
    await caller.close()
    await house.idle()
    assert bytes(ear.heard) == b"\x01" * 1_600 + b"\x02" * 1_600 + b"\x04" * 1_600
    assert ear.position == 2_400 + 40_000
    assert house.value("audio.stray") == 1


async def test_a_bot_talks_and_is_interrupted(house: Any, make_ear: Any) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.call(product="connector")
    await caller.open(media=[caller.offer("external")])
    for _ in range(100):
        ear.session.play(b"\x55" * 160)
    await asyncio.sleep(1)
    ear.session.play(b"\x66" * 4_000)
    ear.session.flush_playback()
    ear.session.emit(BotTurnResponse(disposition="match", text="hello"))
    await caller.until("event", count=2)
    assert b"".join(caller.audio) == b"\x55" * 16_000
    assert [m["parameters"]["entities"][0]["type"] for m in caller.all("event")] == [
        "barge_in",
        "bot_turn_response",
    ]
    await caller.close()
    assert caller.faults == []


async def test_a_client_that_says_429_is_left_in_peace(house: Any, make_ear: Any, now: Any) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.opened(product="transcription")
    await caller.say(Error(code=429, message="slow down", retry_after=timedelta(seconds=4)))
    await caller.ping()
    begun = now()
    ear.session.emit(Transcript(channel="external", text="hello", start=0, length=80))
    await caller.ping()
    await caller.until("event")
    assert now() - begun == pytest.approx(4.0, abs=0.1)
    assert house.value("client.rate_limited") == 1


async def test_reconnect_and_disconnect_of_the_server_and_abort(house: Any, make_ear: Any) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    moving, leaving, cut = [await house.opened() for _ in range(3)]
    first, second, third = house.connections
    first.reconnect("draining")
    assert (await moving.until("reconnect"))["parameters"] == {"info": "draining"}
    await moving.close("reconnect")
    second.disconnect("error", "draining")
    await leaving.until("closed")
    assert leaving.all("disconnect")[0]["parameters"] == {"reason": "error", "info": "draining"}
    await leaving.hang_up()
    await third.abort()
    await cut.reader
    await house.idle()
    assert sorted(line for line in ear.log if line.startswith("end")) == [
        "end disconnect",
        "end lost",
        "end reconnect",
    ]
    assert house.value("reconnects") == 1
    assert house.value("disconnects", reason="error") == 1


async def test_a_session_shows_the_path_and_the_registry_shows_the_session(house: Any, make_ear: Any) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.opened()
    assert ear.session.path_suffix == "suffix"
    [session] = house.services.registry.sessions()
    assert session.id == caller.session_id
    await caller.close()
    assert house.services.registry.sessions() == ()


async def test_unknown_types_are_logged_once_each_and_not_for_ever(house: Any, records: list[Any]) -> None:
    await house.start()
    caller = await house.opened()
    for number in range(100):
        for _ in range(2):
            await caller.raw(f"type_{number}")
    await caller.close()
    logged = [r for r in records if "unknown type" in r.getMessage()]
    assert len(logged) == UNKNOWN_TYPES
    assert house.value("messages.unknown") == 200


async def test_every_log_line_of_a_connection_names_its_session(
    house: Any, records: list[Any], make_ear: Any
) -> None:
    await house.start(slow=make_ear(lane=True, closing=9.0))
    silent, broken, lost, late = [await house.call(session_id=f"{n}" * 8 + SUFFIX) for n in range(4)]
    await broken.socket.send_str("nonsense")
    await broken.until("disconnect")
    for caller in (lost, late):
        await caller.open()
    await late.close()
    lost.cut()
    await silent.reader
    await house.idle()
    lines = [r for r in records if r.name in ("audiohook_fw.server.connection", "audiohook_fw.session.call")]
    assert len(lines) > 6
    assert all(line.context.get("session_id", "").endswith(SUFFIX) for line in lines), lines
    assert len({line.context["session_id"] for line in lines}) == 4


async def test_every_hook_of_a_call_runs_in_its_log_context(house: Any) -> None:
    from audiohook_fw.telemetry import current_context

    seen: list[Any] = []

    class Looking:
        @hookimpl
        def on_opened(self) -> None:
            seen.append(dict(current_context()))

        @hookimpl
        def on_end(self) -> None:
            seen.append(dict(current_context()))

    class LookingInALane:
        @hookimpl
        async def on_audio(self) -> None:
            seen.append(dict(current_context()))

    await house.start(inline=Looking(), lane=LookingInALane())
    caller = await house.opened()
    await caller.hear(b"\x10" * 160)
    await caller.ping()
    await caller.close()
    await house.idle()
    assert len(seen) == 3
    assert {line["session_id"] for line in seen} == {caller.session_id}
    assert all(line["conversation_id"] for line in seen)


async def test_pongs_do_not_wait_for_plugins(house: Any, now: Any) -> None:
    class Stuck:
        @hookimpl
        async def on_audio(self) -> None:
            await asyncio.sleep(100)

    await house.start(stuck=Stuck())
    caller = await house.opened()
    begun = now()
    for _ in range(20):
        await caller.hear(b"\x10" * 1_600)
        await caller.ping()
    assert now() == begun
    caller.cut()


@pytest.mark.parametrize("kind", ["audio", "event"])
async def test_a_mistake_of_ours_costs_the_call_and_is_logged(
    house: Any, make_ear: Any, lived: Any, records: list[Any], monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.opened()

    def mistaken(*_: object) -> None:
        raise LookupError("a mistake of ours")

    monkeypatch.setattr(house.connections[0]._reader, "audio" if kind == "audio" else "_event", mistaken)
    await (caller.socket.send_bytes(b"\xff" * 320) if kind == "audio" else caller.raw("ping"))
    await caller.reader
    await house.idle()
    assert ear.log == lived("lost")
    assert any(r.exc_info and r.exc_info[0] is LookupError for r in records)
    assert house.failures == []


async def test_an_inline_hook_that_cancels_the_writer_costs_nothing(
    house: Any, records: list[Any], make_ear: Any
) -> None:
    class Canceller:
        @hookimpl
        def on_opened(self, session: Any) -> None:
            task = asyncio.current_task()
            assert task is not None
            task.cancel()

    ear = make_ear()
    await house.start(canceller=Canceller(), ear=ear)
    caller = await house.opened()
    await caller.raw("ping")
    await caller.until("pong")
    await caller.close()
    await house.idle()
    assert ear.log[-1] == "end end"
    assert any("the writer begins again" in r.getMessage() for r in records)


async def test_what_is_queued_gives_way_when_the_turn_of_the_loop_is_over(
    house: Any, make_ear: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.opened()
    asked: list[bool] = []
    monkeypatch.setattr(house.services.turn, "is_over", lambda: bool(asked.append(True)) or True)
    await asyncio.gather(*[caller.socket.send_bytes(b"\xff" * 320) for _ in range(200)])
    await caller.ping()
    assert len(asked) > 100, "all but the first 16 are queued"
    await caller.close()
