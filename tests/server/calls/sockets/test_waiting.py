"""Clients that keep silent, do not hang up, or read no more: every wait has an end."""

from __future__ import annotations

import asyncio
import socket as sockets
from typing import Any

import pytest

from audiohook_fw.protocol import Close, Paused


async def test_who_never_opens_is_closed_in_order(house: Any, now: Any) -> None:
    await house.start()
    caller = await house.call()
    begun = now()
    await caller.reader
    assert now() - begun == pytest.approx(10, abs=0.1)
    assert (caller.got, caller.socket.close_code) == ([], 1000)


async def test_who_never_closes_is_cut_after_disconnect(
    house: Any, make_ear: Any, lived: Any, now: Any
) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.opened()
    caller.closing = False
    begun = now()
    ear.session.disconnect()
    await caller.until("disconnect")
    await caller.stay(9)
    assert not caller.reader.done()
    await caller.reader
    assert now() - begun == pytest.approx(10, abs=0.1)
    await house.idle()
    assert ear.log == lived("lost")
    assert caller.socket.close_code == 1000


async def test_who_is_silent_is_asked_to_close_and_then_closed(
    house: Any, make_ear: Any, lived: Any, now: Any
) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.opened()
    await caller.hear(b"\x10" * 1_600)
    caller.closing = False
    begun = now()
    disconnect = await caller.until("disconnect")
    assert now() - begun == pytest.approx(30, abs=0.1)
    assert disconnect["parameters"] == {"reason": "error", "info": "timeout while active"}
    await caller.reader
    assert now() - begun == pytest.approx(40, abs=0.1)
    await house.idle()
    assert ear.log == lived("lost")


async def test_audio_or_pings_alone_are_signs_of_life(house: Any) -> None:
    await house.start()
    caller = await house.opened()
    for _ in range(10):
        await asyncio.sleep(20)
        await caller.hear(b"\x10" * 1_600)
    await caller.say(Paused())
    await caller.stay(300)
    assert set(caller.types) == {"opened", "pong"}


async def test_who_does_not_hang_up_after_closed_is_closed(house: Any, now: Any) -> None:
    await house.start()
    caller = await house.opened()
    await caller.say(Close(reason="end"))
    await caller.until("closed")
    begun = now()
    await caller.reader
    assert now() - begun == pytest.approx(5, abs=0.1)
    assert caller.socket.close_code == 1000


def stop_reading(caller: Any, connection: Any) -> None:
    """Let the client read no more, on a socket that holds little."""
    transport = caller.socket._response.connection.transport
    for end in (connection._transport, transport):
        for option in (sockets.SO_SNDBUF, sockets.SO_RCVBUF):
            end.get_extra_info("socket").setsockopt(sockets.SOL_SOCKET, option, 4_096)
    transport.pause_reading()


async def test_a_half_open_socket_is_given_up(house: Any, make_ear: Any, lived: Any, now: Any) -> None:
    """The client reads no more, and does not even answer a close frame."""
    house.limit(write_timeout=10)
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.call(product="connector")
    await caller.open(media=[caller.offer("external")])
    connection = house.connections[0]
    stop_reading(caller, connection)
    begun = now()
    ear.session.play(b"\xff" * 2_000_000)
    await house.idle()
    assert now() - begun < 30
    assert ear.log == lived("lost")
    assert connection._transport.is_closing()
    caller.cut()


@pytest.mark.parametrize("unsent", [0, 60_000])
async def test_a_half_open_socket_on_which_little_is_written_is_given_up_too(
    unsent: int, house: Any, make_ear: Any, lived: Any, now: Any
) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.call(product="connector")
    await caller.open(media=[caller.offer("external")])
    stop_reading(caller, house.connections[0])
    begun = now()
    ear.session.play(b"\xff" * unsent)
    await asyncio.sleep(1)
    assert bool(house.connections[0]._transport.get_write_buffer_size()) is bool(unsent)
    await house.idle()
    assert house.connections[0]._transport.get_write_buffer_size() == 0
    assert now() - begun == pytest.approx(40, abs=1)
    assert ear.log == lived("lost")
    assert house.connections[0]._transport.is_closing()
    caller.cut()


async def test_a_writer_that_fails_cuts_the_socket(
    house: Any, monkeypatch: pytest.MonkeyPatch, make_ear: Any, lived: Any
) -> None:
    ear = make_ear()
    await house.start(ear=ear)
    caller = await house.opened()

    async def broken(text: str) -> None:
        raise ConnectionResetError("no more")

    socket = house.connections[0]._socket
    monkeypatch.setattr(socket, "is_clear", lambda: False)
    monkeypatch.setattr(socket, "send_str", broken)
    caller.protocol._pings.append(2)
    await caller.raw("ping")
    await caller.reader
    await house.idle()
    assert ear.log == lived("lost")


async def test_the_client_closes_the_socket_first(house: Any) -> None:
    await house.start()
    caller = await house.opened()
    await caller.stay(600)
    house.connections[0].disconnect()
    await caller.until("closed")
    await asyncio.sleep(4)
    assert not caller.reader.done()
    assert not caller.socket.closed
    await caller.hang_up()
    await house.idle()
    assert house.connections[0]._closing_socket is None
