"""The OpenAPI document of the API, made from the tables, so that it cannot differ from what is answered."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Boolean, Column, Float, Integer, Table

from .filters import STATES
from .reader import MAX_PAGE, By
from .schema import discards, errors, events, failures, pauses, recordings, sessions

__all__ = ["document"]

Json = dict[str, Any]

_FILTERS: Final = (
    ("since", "string", "Begun at this day or time (UTC) or later."),
    ("until", "string", "Begun before this time, or up to and with this day."),
    ("key", "string", "Name of the API key."),
    ("organization", "string", "Id of the organization."),
    ("queue", "string", "Id or name of the queue."),
    ("conversation", "string", "Id of the conversation."),
    ("min_seconds", "number", "Of at least this length."),
    ("paused", "boolean", "With a pause of the client's own, or one that may be."),
    ("search", "string", "Words that one utterance holds, all of them."),
)
_HIDDEN: Final = frozenset({"revision", "session", "process"})


def document() -> Json:
    """Return the document."""
    parts = {"Pause": pauses, "Discard": discards, "ClientError": errors, "Failure": failures}
    schemas = {name: _object(table) for name, table in (*parts.items(), ("Recording", recordings))}
    schemas["Event"] = _object(events, hidden={"id"}, body={"type": ["object", "null"]})
    texts = {"type": "array", "items": {"type": "string"}}
    named = {"type": "object", "additionalProperties": {"type": "string"}}
    counts = {"type": ["object", "null"], "additionalProperties": {"type": "integer"}}
    schemas["Session"] = _object(
        sessions, state={"type": "string", "enum": list(STATES)}, continued=texts, tags=named, counts=counts
    )
    details = {
        name: {"type": "array", "items": _ref(kind)}
        for name, kind in (
            *(("pauses", "Pause"), ("discards", "Discard"), ("errors", "ClientError")),
            *(("failures", "Failure"), ("events", "Event"), ("recordings", "Recording")),
        )
    }
    schemas["SessionWithDetails"] = {"allOf": [_ref("Session"), _closed(details)]}
    schemas["Line"] = {"type": "object"}
    schemas["Problem"] = _closed({"error": {"type": "string"}})
    return {
        "openapi": "3.1.0",
        "info": {"title": "Sessions of audiohook_fw", "version": "1"},
        "servers": [{"url": "/plugins/sessions"}],
        "security": [{"token": []}],
        "paths": _paths(),
        "components": {
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
            "schemas": schemas,
        },
    }


def _paths() -> Json:
    filters = [_parameter(name, {"type": kind}, text) for name, kind, text in _FILTERS]
    filters.append(_parameter("state", {"type": "string", "enum": list(STATES)}, "How they stand."))
    tags = {"type": "array", "items": {"type": "string"}}
    filters.append(_parameter("tag", tags, "NAME or NAME=VALUE; may be given often."))
    paging = [
        _parameter(
            "limit", {"type": "integer", "minimum": 1, "maximum": MAX_PAGE, "default": 50}, "Of one page."
        ),
        _parameter("before", {"type": "string"}, "`next` of the page before."),
        _parameter("details", {"type": "boolean", "default": False}, "With all that happened in them."),
    ]
    by = _parameter("by", {"type": "string", "enum": list(By), "default": "total"}, "What a line stands for.")
    one = [{"name": "id", "in": "path", "required": True, "schema": {"type": "string"}}]
    session, detailed = _ref("Session"), _ref("SessionWithDetails")
    page = _closed(
        {
            "sessions": {"type": "array", "items": {"anyOf": [session, detailed]}},
            "next": {"type": ["string", "null"]},
        }
    )
    several = {"type": "array", "items": detailed}
    conversation = _closed({"conversation_id": {"type": "string"}, "sessions": several})
    lines = _closed({"by": {"type": "string"}, "lines": {"type": "array", "items": _ref("Line")}})
    return {
        "/v1/sessions": _get("List sessions, the newest first", page, [*filters, *paging]),
        "/v1/sessions/{id}": _get("Show a session", detailed, one, missing=True),
        "/v1/conversations/{id}": _get(
            "Show the sessions of a conversation", conversation, one, missing=True
        ),
        "/v1/stats": _get("Count sessions", lines, [*filters, by]),
    }


def _get(summary: str, schema: Json, parameters: list[Json], *, missing: bool = False) -> Json:
    problems = {"400": "A parameter means nothing.", "503": "The database cannot be asked now."}
    if missing:
        problems["404"] = "There is none."
    responses = {"200": {"description": "Found.", "content": _content(schema)}}
    for status, text in problems.items():
        responses[status] = {"description": text, "content": _content(_ref("Problem"))}
    return {"get": {"summary": summary, "parameters": parameters, "responses": responses}}


def _content(schema: Json) -> Json:
    return {"application/json": {"schema": schema}}


def _parameter(name: str, schema: Json, text: str) -> Json:
    return {"name": name, "in": "query", "required": False, "schema": schema, "description": text}


def _ref(name: str) -> Json:
    return {"$ref": f"#/components/schemas/{name}"}


def _closed(properties: Json) -> Json:
    return {"type": "object", "required": list(properties), "properties": properties}


def _object(table: Table, *, hidden: set[str] | None = None, **other: Json) -> Json:
    columns = {c.name: _column(c) for c in table.columns if c.name not in _HIDDEN | (hidden or set())}
    return _closed({**columns, **other})


def _column(column: Column[Any]) -> Json:
    kind = {Boolean: "boolean", Float: "number"}.get(type(column.type))
    kind = kind or ("integer" if isinstance(column.type, Integer) else "string")
    return {"type": [kind, "null"] if column.nullable else kind}
