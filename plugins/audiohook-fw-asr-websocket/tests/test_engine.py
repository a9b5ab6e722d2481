"""The engine against the service, over real sockets: well, refused, and broken in every way."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import trustme
from aiohttp import web
from audiohook_fw_asr import Result, StreamRequest
from audiohook_fw_asr.testing import EngineFault, ScriptedEngine, check_engine, pause, speak
from audiohook_fw_asr_websocket import EngineService, WebsocketEngine

PATIENCE = 60.0
REQUEST = StreamRequest("external", "en-US", 16000, "a session", "a conversation")
AUDIO = np.concatenate((pause(0.2), speak("alpha bravo"), pause(0.5), speak("charlie"), pause(0.2)))

Serve = Callable[..., Awaitable[EngineService]]


@pytest.fixture
async def serve() -> AsyncIterator[Serve]:
    """Start a service around an engine."""
    made: list[EngineService] = []

    async def start(engine: Any, *, secure: ssl.SSLContext | None = None, **options: Any) -> EngineService:
        made.append(EngineService(engine, **options))
        await made[-1].start(secure=secure)
        return made[-1]

    yield start
    for service in made:
        await service.stop()


def url(service: EngineService, scheme: str = "ws") -> str:
    return f"{scheme}://127.0.0.1:{service.port}/?key=secret"


async def test_it_does_what_the_base_expects(serve: Serve) -> None:
    service = await serve(ScriptedEngine(rate=16000), token="a token")
    engine = WebsocketEngine(url(service), headers={"Authorization": "Bearer a token"})
    assert await check_engine(engine, AUDIO) == ["alpha bravo", "charlie"]


async def test_what_was_asked_for_arrives(serve: Serve) -> None:
    scripted = ScriptedEngine(rate=16000)
    engine = WebsocketEngine(url(await serve(scripted)))
    await engine.start()
    stream = await engine.connect(REQUEST)
    await stream.keep_alive()
    await stream.close()
    await engine.stop()
    assert scripted.requests == [REQUEST]


async def test_no_interims_are_sent_to_who_wants_none(serve: Serve) -> None:
    engine = WebsocketEngine(url(await serve(ScriptedEngine(rate=8000))), rate=8000, interims=False)
    results = await _all(engine, AUDIO)
    assert [(result.text, result.is_final) for result in results] == [
        ("alpha bravo", True),
        ("charlie", True),
    ]
    assert [(word.text, word.start) for word in results[0].words] == [("alpha", 0.2), ("bravo", 0.46)]


async def _all(engine: WebsocketEngine, audio: Any) -> list[Result]:
    await engine.start()
    stream = await engine.connect(REQUEST)
    results: list[Result] = []

    async def read() -> None:
        async for result in stream:
            results.append(result)  # noqa: PERF401  # one by one, as they come

    reader = asyncio.create_task(read())
    for start in range(0, len(audio), 1600):
        await stream.send(audio[start : start + 1600])
    await stream.flush()
    await stream.close()
    await reader
    await engine.stop()
    return results


async def test_a_wrong_token_is_refused_and_no_secret_told(serve: Serve) -> None:
    engine = WebsocketEngine(
        url(await serve(ScriptedEngine(), token="right")), headers={"Authorization": "no"}
    )
    await engine.start()
    with pytest.raises(ConnectionError, match=r"status 401: check the token") as caught:
        await engine.connect(REQUEST)
    assert "secret" not in str(caught.value)
    await engine.stop()


async def test_nobody_is_there() -> None:
    engine = WebsocketEngine("ws://127.0.0.1:9/?key=secret")
    await engine.start()
    with pytest.raises(ConnectionError, match="cannot be reached") as caught:
        await engine.connect(REQUEST)
    assert "secret" not in str(caught.value)
    await engine.stop()


async def test_tls_is_verified(serve: Serve, tmp_path: Path) -> None:
    authority = trustme.CA()
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(server)
    authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
    service = await serve(ScriptedEngine(rate=16000), secure=server)
    engine = WebsocketEngine(url(service, "wss"), ca_file=tmp_path / "ca.pem")
    assert await check_engine(engine, AUDIO) == ["alpha bravo", "charlie"]
    stranger = WebsocketEngine(url(service, "wss"))
    await stranger.start()
    with pytest.raises(ConnectionError, match="cannot be reached"):
        await stranger.connect(REQUEST)
    await stranger.stop()


@pytest.mark.parametrize("answer", ["no JSON", '{"kind": "ready"}', '{"type": "error"}', b"binary", None])
async def test_a_service_that_answers_nonsense(answer: Any) -> None:
    async def serve(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        await socket.receive()
        if isinstance(answer, str):
            await socket.send_str(answer)
        elif answer is not None:
            await socket.send_bytes(answer)
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_get("/", serve)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    engine = WebsocketEngine(f"ws://127.0.0.1:{runner.addresses[0][1]}/")
    await engine.start()
    with pytest.raises(Exception, match=r"the service|a message"):
        await engine.connect(REQUEST)
    await engine.stop()
    await runner.cleanup()


async def test_a_stream_that_breaks_ends_the_results(serve: Serve) -> None:
    service = await serve(ScriptedEngine(rate=16000, faults=[EngineFault.KILLED]))
    engine = WebsocketEngine(url(service))
    await engine.start()
    stream = await engine.connect(REQUEST)
    await stream.send(AUDIO)
    async with asyncio.timeout(PATIENCE):
        with pytest.raises(ConnectionError, match="cannot go on"):
            await anext(aiter(stream))
    await stream.close()
    await engine.stop()
