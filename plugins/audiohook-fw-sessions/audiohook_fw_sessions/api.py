"""The read-only API on the admin port, below `/plugins/sessions`."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, Final

from aiohttp import web
from sqlalchemy import URL
from sqlalchemy.exc import SQLAlchemyError

from audiohook_fw import Routes

from .failures import reason_of
from .filters import NAMES, FilterError, read_filter, read_id
from .migrate import SchemaError
from .openapi import document
from .reader import MAX_PAGE, By, Reader

__all__ = ["SECONDS", "Api"]

logger = logging.getLogger(__name__)

SECONDS: Final = 30.0
"""How long a question may take."""
AT_ONCE: Final = 4
"""Questions that may wait or run; the database is there for the calls first."""
PAGE: Final = 50

Answer = Callable[[web.Request, Reader], Awaitable[Any]]


class Api:
    """Answers questions over HTTP; it opens the database at the first one."""

    def __init__(self, url: URL) -> None:
        self._url = url
        self._reader: Reader | None = None
        self._busy = 0

    def register(self, routes: Routes) -> None:
        """Add the routes; not public, so that they need the admin token."""
        routes.add("GET", "/openapi.json", self._document)
        routes.add("GET", "/v1/sessions", self._answering(_list))
        routes.add("GET", "/v1/sessions/{id}", self._answering(_show))
        routes.add("GET", "/v1/conversations/{id}", self._answering(_conversation))
        routes.add("GET", "/v1/stats", self._answering(_stats))

    async def close(self) -> None:
        """Let go of the database."""
        reader, self._reader = self._reader, None
        if reader is not None:
            await reader.close()

    async def _document(self, request: web.Request) -> web.StreamResponse:
        return web.json_response(document())

    def _answering(self, answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
        async def respond(request: web.Request) -> web.StreamResponse:
            if self._busy >= AT_ONCE:
                return _problem(503, "too many questions at once; ask again", {"Retry-After": "1"})
            self._busy += 1
            try:
                async with asyncio.timeout(SECONDS):
                    return await self._respond(request, answer)
            except TimeoutError:
                return _problem(503, f"the database needs more than {SECONDS:g} s; narrow the question")
            finally:
                self._busy -= 1

        return respond

    async def _respond(self, request: web.Request, answer: Answer) -> web.StreamResponse:
        try:
            found = await answer(request, await self._opened())
        except FilterError as error:
            return _problem(400, f"{error.name}: {error}")
        except LookupError as error:
            return _problem(404, str(error.args[0]))
        except (OSError, SQLAlchemyError, SchemaError, ModuleNotFoundError) as error:
            logger.warning("the session database cannot be asked: %s", reason_of(error))
            await self.close()
            return _problem(503, "the session database cannot be asked now; the log says why")
        text = await asyncio.to_thread(json.dumps, found, ensure_ascii=False)
        return web.json_response(text=text)

    async def _opened(self) -> Reader:
        if self._reader is None:
            reader = await asyncio.to_thread(Reader, self._url, seconds=SECONDS)
            try:
                await reader.check()
            except BaseException:
                await reader.close()
                raise
            if self._reader is not None:  # another question was faster
                await reader.close()
            else:
                self._reader = reader
        return self._reader


async def _list(request: web.Request, reader: Reader) -> Mapping[str, Any]:
    given = _given(request, *NAMES, "limit", "before", "details")
    limit = _whole(given, "limit", PAGE, MAX_PAGE)
    details = str(given.get("details", "false"))
    if details not in ("true", "false"):
        raise FilterError("details", f"{details[:20]!r} is neither true nor false")
    wanted = read_filter(given)
    found = await reader.page(wanted, limit=limit, before=read_id("before", given.get("before")))
    following = found[-1]["id"] if len(found) == limit else None
    if details == "true":
        found = await reader.with_details(found)
    return {"sessions": found, "next": following}


async def _show(request: web.Request, reader: Reader) -> Mapping[str, Any]:
    _given(request)
    name = request.match_info["id"].lower()
    for session in await reader.find(name):
        if name == session["id"]:
            return session
    raise LookupError("there is no such session")


async def _conversation(request: web.Request, reader: Reader) -> Mapping[str, Any]:
    _given(request)
    name = request.match_info["id"].lower()
    found = [session for session in await reader.find(name) if session["conversation_id"] == name]
    if not found:
        raise LookupError("there is no such conversation")
    return {"conversation_id": name, "sessions": found}


async def _stats(request: web.Request, reader: Reader) -> Mapping[str, Any]:
    given = _given(request, *NAMES, "by")
    by = str(given.get("by", "total"))
    if by not in tuple(By):
        raise FilterError("by", f"{by[:20]!r} is none of {', '.join(By)}")
    return {"by": by, "lines": await reader.stats(read_filter(given), By(by))}


def _given(request: web.Request, *allowed: str) -> dict[str, Any]:
    """Return the parameters; `tag` may be there often, no other may."""
    given: dict[str, Any] = {}
    for name in request.query:
        if name not in allowed:
            raise FilterError(name[:50], f"is no parameter; there are {', '.join(allowed) or 'none'}")
        values = request.query.getall(name)
        if name != "tag" and len(values) > 1:
            raise FilterError(name, "is there more than once")
        given[name] = values if name == "tag" else values[0]
    return given


def _whole(given: Mapping[str, Any], name: str, default: int, most: int) -> int:
    text = str(given.get(name, default))
    if not (text.isascii() and text.isdigit() and len(text) < 10 and 1 <= int(text) <= most):
        raise FilterError(name, f"{text[:20]!r} is no whole number from 1 to {most}")
    return int(text)


def _problem(status: int, problem: str, headers: Mapping[str, str] | None = None) -> web.Response:
    return web.json_response({"error": problem}, status=status, headers=headers)
