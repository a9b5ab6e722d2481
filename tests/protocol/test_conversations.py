"""Plays the conversations in `scripts/`: what the client says, and how the server has to react.

A script is a JSON object: `title`, `options` (of `ServerProtocol`; `media`: which offer is selected, or
`null`; `opened`: more fields of `opened`; `decides`: false leaves the decision to the steps), and `steps`:

* `client`: type and parameters of a message (`envelope` changes fields, `omit` leaves some out),
  `text`: anything else as text, `audio`: that many bytes; `event` is what has to come of it;
* `server`: a message of ours, sent at once, or `refused`;
* `wait`: seconds; `timeout`, `eof`.

`answers` lists what the server sends in reaction, as type, `clientseq` and parameters: nothing when it is
missing. `expect` and `after` name values of the event and of the server.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest

from audiohook_fw.errors import LocalProtocolError
from audiohook_fw.protocol import (
    SERVER_MESSAGES,
    Closed,
    CloseReceived,
    Disconnect,
    Opened,
    OpenReceived,
    PingReceived,
    Pong,
    Updated,
    UpdateReceived,
    Violated,
)

SCRIPTS = sorted((Path(__file__).parent / "scripts").glob("*.json"))
KEYS = {
    *("client", "envelope", "omit", "text", "audio", "server", "refused", "wait", "timeout", "eof"),
    *("event", "expect", "after", "answers", "why"),
}


def plain(value: Any) -> Any:
    """Return a value as JSON shows it."""
    if hasattr(value, "to_wire"):
        return value.to_wire()
    return value if isinstance(value, (bool, int, float, list, dict, type(None))) else str(value)


def look(thing: Any, path: str) -> Any:
    return plain(reduce(getattr, path.split("."), thing))


class Player:
    """A server that does what the events ask for and nothing else."""

    def __init__(self, make: Callable[..., Any], options: dict[str, Any]) -> None:
        self.media = options.pop("media", 0)
        self.opened = options.pop("opened", {})
        self.decides = options.pop("decides", True)
        self.caller = make("upgraded", **options)
        self.server = self.caller.server
        self.seq = 0

    def play(self, step: dict[str, Any]) -> None:
        assert step.keys() <= KEYS, step
        if "server" in step:
            type_, parameters = step["server"]
            answers = self.intent(type_, parameters, refused=step.get("refused", False))
        else:
            event = self.take(step)
            assert (type(event).__name__ if event is not None else None) == step.get("event")
            for path, value in step.get("expect", {}).items():
                assert look(event, path) == value, path
            answers = [self.check(text) for text in self.react(event)]
        assert answers == step.get("answers", [])
        for path, value in step.get("after", {}).items():
            assert look(self.server, path) == value, path

    def take(self, step: dict[str, Any]) -> Any:
        match step:
            case {"client": [type_, parameters]}:
                envelope = {**step.get("envelope", {}), **dict.fromkeys(step.get("omit", ()), ...)}
                text = self.caller.text(type_, **{"parameters": parameters, **envelope})
                return self.server.receive_text(text, self.caller.now)
            case {"text": text}:
                return self.server.receive_text(text, self.caller.now)
            case {"audio": length}:
                return self.server.receive_binary(bytes(length))
            case {"wait": seconds}:
                self.caller.now += seconds
            case {"timeout": True}:
                self.server.receive_timeout()
            case _:
                assert step["eof"]
                self.server.receive_eof()
        return None

    def react(self, event: Any) -> Iterator[str]:
        match event:
            case OpenReceived(open=message) if self.decides:
                media = [] if self.media is None else [message.offers[self.media].to_wire()]
                yield self.server.send(Opened.model_validate({"media": media, **self.opened}))
            case PingReceived(seq=seq):
                yield self.server.send(Pong(), answers=seq)
            case UpdateReceived(seq=seq):
                yield self.server.send(Updated(), answers=seq)
            case CloseReceived():
                yield self.server.send(Closed())
            case Violated(error=error):
                yield self.server.send(Disconnect.model_validate({"reason": error.reason}))
            case _:
                pass

    def intent(self, type_: str, parameters: dict[str, Any], *, refused: bool) -> list[Any]:
        message = SERVER_MESSAGES[type_].model_validate(parameters)
        if refused:
            with pytest.raises(LocalProtocolError):
                self.server.send(message)
            return []
        return [self.check(self.server.send(message))]

    def check(self, text: str) -> list[Any]:
        """Return what a script says of a message; everything else about it is always the same."""
        message = json.loads(text)
        self.seq += 1
        assert message.pop("version") == "2"
        assert message.pop("id").lower() == self.server.session_id.lower()
        assert message.pop("seq") == self.seq
        assert message.keys() == {"type", "clientseq", "parameters"}
        return [message["type"], message["clientseq"], message["parameters"]]


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_conversation(script: Path, call: Callable[..., Any]):
    conversation = json.loads(script.read_text(encoding="utf-8"))
    player = Player(call, conversation.get("options", {}))
    for step in conversation["steps"]:
        player.play(step)


def test_there_are_scripts_and_each_says_what_it_is_about():
    assert len(SCRIPTS) > 40
    titles = [json.loads(script.read_text(encoding="utf-8"))["title"] for script in SCRIPTS]
    assert len(set(titles)) == len(titles)
    assert all(titles)
