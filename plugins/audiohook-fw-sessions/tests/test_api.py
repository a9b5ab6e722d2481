"""The API on the admin port: read-only, paged, as its document says."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from audiohook_fw_sessions.address import read_url
from audiohook_fw_sessions.api import Api
from audiohook_fw_sessions.openapi import document

from audiohook_fw import Routes

CONVERSATION = "6f1c3d58-0000-4000-8000-000000000001"


def session_id(number: int) -> str:
    return f"{1_767_225_600_000 + number:012x}{number:020x}"


@pytest.fixture
async def ask(place: Any) -> AsyncIterator[Any]:
    def fill() -> None:
        writer = place.writer()
        for n in range(5):
            values = {
                "id": session_id(n),
                "revision": 1,
                "state": "ended",
                "started_at": "2026-01-01T00:00:00Z",
            }
            writer.put(
                "sessions", {**values, "conversation_id": CONVERSATION if n < 2 else "", "key_name": f"k{n}"}
            )
            body = {"number": 1, "type": "transcript", "text": f"word{n}", "body": '{"a": 1}'}
            writer.put("events", {"session": session_id(n), **body})
        writer.stop(30)

    await asyncio.to_thread(fill)
    api = Api(read_url(place.url))
    routes = Routes("sessions")
    api.register(routes)
    app = web.Application()
    for route in routes.routes:
        assert not route.public
        assert route.method == "GET"
        app.router.add_route(route.method, route.path, route.handler)
    async with TestClient(TestServer(app)) as client:

        async def get(path: str, status: int = 200) -> Any:
            async with client.get(path) as response:
                assert response.status == status, await response.text()
                return await response.json()

        get.api = api  # type: ignore[attr-defined]
        yield get
    await api.close()


def check(value: Any, schema: Any, whole: Any) -> None:
    """Hold a value against the small part of JSON Schema that the document uses."""
    if "$ref" in schema:
        check(value, whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]], whole)
        return
    for part in schema.get("allOf", ()):
        check(value, part, whole)
    if "anyOf" in schema:
        check(value, schema["anyOf"][0], whole)
    kinds = schema.get("type", ())
    names = {"object": dict, "array": list, "string": str, "integer": int, "number": (int, float)}
    names |= {"null": type(None), "boolean": bool}
    if kinds:
        assert any(isinstance(value, names[k]) for k in ([kinds] if isinstance(kinds, str) else kinds)), (
            schema
        )
    if isinstance(value, dict):
        for name, part in schema.get("properties", {}).items():
            assert name in value, name
            check(value[name], part, whole)
    for item in value if isinstance(value, list) else ():
        check(item, schema["items"], whole)


async def test_answers_are_as_the_document_says(ask: Any) -> None:
    whole = await ask("/openapi.json")
    assert whole == document()
    for path, asked in (
        ("/v1/sessions", "/v1/sessions"),
        ("/v1/sessions/{id}", f"/v1/sessions/{session_id(1)}"),
        ("/v1/conversations/{id}", f"/v1/conversations/{CONVERSATION}"),
        ("/v1/stats", "/v1/stats?by=key"),
    ):
        answer = whole["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"]
        check(await ask(asked), answer, whole)
    names = {p["name"] for p in whole["paths"]["/v1/sessions"]["get"]["parameters"]}
    for name in names - {"limit", "details", "before", "state", "since", "until", "min_seconds", "paused"}:
        await ask(f"/v1/sessions?{name}=x")


async def test_pages(ask: Any) -> None:
    assert (await ask("/v1/sessions?paused=true"))["sessions"] == []
    assert len((await ask("/v1/sessions?paused=false"))["sessions"]) == 5
    seen = []
    path = "/v1/sessions?limit=2"
    while True:
        answer = await ask(path)
        seen += [session["key_name"] for session in answer["sessions"]]
        if answer["next"] is None:
            break
        path = f"/v1/sessions?limit=2&before={answer['next']}"
    assert seen == ["k4", "k3", "k2", "k1", "k0"]
    (one,) = (await ask("/v1/sessions?search=word3&details=true"))["sessions"]
    assert (one["key_name"], one["events"][0]["body"]) == ("k3", {"a": 1})
    assert [s["key_name"] for s in (await ask(f"/v1/conversations/{CONVERSATION}"))["sessions"]] == [
        "k0",
        "k1",
    ]


@pytest.mark.parametrize(
    ("path", "status", "problem"),
    [
        ("/v1/sessions?colour=red", 400, "colour: is no parameter"),
        ("/v1/sessions?limit=0", 400, "limit: '0' is no whole number from 1 to 1000"),
        ("/v1/sessions?limit=5&limit=6", 400, "limit: is there more than once"),
        ("/v1/sessions?since=x", 400, "since: 'x' is no time"),
        ("/v1/sessions?details=1", 400, "details: '1' is neither true nor false"),
        ("/v1/stats?by=colour", 400, "by: 'colour' is none of total, day"),
        ("/v1/sessions?before=x", 400, "before: 'x' is no id"),
        ("/v1/sessions/%00", 404, "there is no such session"),
        ("/v1/sessions/none", 404, "there is no such session"),
        (f"/v1/sessions/{CONVERSATION}", 404, "there is no such session"),
        ("/v1/conversations/none", 404, "there is no such conversation"),
    ],
)
async def test_problems(ask: Any, path: str, status: int, problem: str) -> None:
    assert (await ask(path, status))["error"].startswith(problem)


async def test_too_many_questions_are_turned_away(ask: Any) -> None:
    ask.api._busy = 4
    assert "ask again" in (await ask("/v1/stats", 503))["error"]
    ask.api._busy = 0
    await ask("/v1/stats")


async def test_without_a_database_it_says_so(tmp_path: Any) -> None:
    api = Api(read_url(f"sqlite:///{tmp_path}/none.sqlite"))
    routes = Routes("sessions")
    api.register(routes)
    app = web.Application()
    for route in routes.routes:
        app.router.add_route(route.method, route.path, route.handler)
    async with TestClient(TestServer(app)) as client, client.get("/v1/stats") as response:
        assert response.status == 503
        assert str(tmp_path) not in await response.text()
