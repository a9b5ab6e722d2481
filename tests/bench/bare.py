"""The baseline: aiohttp and uvloop alone. It answers open, ping and close, and does nothing per frame."""

import itertools
import json
import sys

import uvloop
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


if __name__ == "__main__":
    application = web.Application()
    application.router.add_get("/audiohook/ws", call)
    web.run_app(
        application, host="127.0.0.1", port=int(sys.argv[1]), backlog=1_024, access_log=None,
        loop=uvloop.new_event_loop(), print=None,
    )  # fmt: skip
