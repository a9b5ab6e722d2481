"""The baseline: aiohttp alone. It answers open, ping and close, and does nothing per frame."""

from __future__ import annotations

import itertools
import json

from aiohttp import WSMsgType, web


async def call(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse(compress=False, max_msg_size=65_536)
    await socket.prepare(request)
    numbers = itertools.count(1)
    async for message in socket:
        if message.type is not WSMsgType.TEXT:
            continue
        got = json.loads(message.data)
        answer = {"open": "opened", "ping": "pong", "close": "closed"}.get(got["type"])
        if answer is not None:
            parameters = {"media": got["parameters"]["media"][:1]} if answer == "opened" else {}
            head = {"version": "2", "type": answer, "id": got["id"], "parameters": parameters}
            await socket.send_str(json.dumps({**head, "seq": next(numbers), "clientseq": got["seq"]}))
    return socket


def app() -> web.Application:
    application = web.Application()
    application.router.add_get("/audiohook/ws", call)
    return application
