"""The protocol's messages, in both directions: JSON in text messages, audio in binary ones."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from audiohook_fw_asr import Result, StreamRequest, Word

__all__ = ["ProtocolError", "read_message", "read_request", "read_result", "start_message", "write_result"]


class ProtocolError(Exception):
    """The other side sent what the protocol does not know; the text holds nothing of what it sent."""


def read_message(text: str) -> dict[str, Any]:
    """Return a message.

    Raises:
        ProtocolError: it is none.
    """
    try:
        message = json.loads(text)
    except ValueError:
        raise ProtocolError("a message is no JSON") from None
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        raise ProtocolError('a message is no object with a "type"')
    return message


def start_message(request: StreamRequest, *, interims: bool) -> dict[str, Any]:
    """Return the message that begins a stream."""
    return {"type": "start", "encoding": "s16le", "interims": interims, **asdict(request)}


def read_request(message: Mapping[str, Any]) -> StreamRequest:
    """Return what a start message asks for.

    Raises:
        ProtocolError: something is missing.
    """
    try:
        return StreamRequest(**{name: message[name] for name in StreamRequest.__dataclass_fields__})
    except KeyError as missing:
        raise ProtocolError(f"the start message has no {missing}") from None


def read_result(message: Mapping[str, Any]) -> Result:
    """Return the result in a message; what it holds is checked by whoever takes it.

    Raises:
        ProtocolError: its words are no list of objects.
    """
    words = message.get("words", [])
    if not isinstance(words, list) or not all(isinstance(word, dict) for word in words):
        raise ProtocolError("the words of a result are no list of objects")
    return Result(
        message.get("text", ""),
        message.get("final") is not False,
        message.get("start", 0.0),
        message.get("length", 0.0),
        message.get("confidence", 1.0),
        message.get("language", ""),
        tuple(
            Word(word.get("text", ""), word.get("start"), word.get("length"), word.get("confidence", 1.0))
            for word in words
        ),
    )


def write_result(result: Result) -> dict[str, Any]:
    """Return the message for a result."""
    return {
        "type": "result",
        "final": result.is_final,
        "text": result.text,
        "start": result.start,
        "length": result.length,
        "confidence": result.confidence,
        "language": result.language,
        "words": [asdict(word) for word in result.words],
    }
