"""Faults are logged with plugin, hook, place and call; never with data, and never in a flood."""

from __future__ import annotations

import asyncio
import io
import logging
from typing import Any

import pytest

from audiohook_fw.errors import PluginError
from audiohook_fw.plugin.faults import FaultLog, describe
from audiohook_fw.telemetry import log_context, setup_logging


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:
        return caught


def test_description_has_type_and_place_but_not_the_text() -> None:
    text = describe(raised(KeyError("+1 317 555 0100")))
    assert text.startswith("KeyError at ")
    assert text.endswith("in raised")
    assert "555" not in text


PLUGIN = """
import json

def on_event(text):
    decode(text)

def decode(text):
    json.loads(text)
"""


def _fault(path: str, module: str) -> BaseException:
    """Return what a plugin at this place raises deep in the standard library."""
    space: dict[str, Any] = {"__name__": module}
    exec(compile(PLUGIN, path, "exec"), space)
    try:
        space["on_event"]("{")
    except ValueError as caught:
        return caught
    raise AssertionError("the text is no JSON")


@pytest.mark.parametrize("module", ["my_policy", "acme.vad.rules", "audiohook_fw.cli.demo.policy"])
def test_the_plugins_own_line_is_named_however_deep_it_failed(module: str) -> None:
    text = describe(_fault("/opt/policies/my_policy.py", module), module)
    places = text.removeprefix("JSONDecodeError at ").split(" > ")
    assert places[0] == "/opt/policies/my_policy.py:8 in decode"
    assert len(places) == 3
    assert all(place.startswith("json/") for place in places[1:]), "the standard library is left out"
    assert "my_policy.py" not in describe(_fault("/opt/policies/my_policy.py", module), "another")


def test_a_plugins_line_is_not_named_twice() -> None:
    assert describe(raised(ValueError()), __name__).count(".py:") == 1


def test_paths_of_installed_packages_are_short() -> None:
    error = _fault("/srv/venv/lib/python3.11/site-packages/acme/vad.py", "acme.vad")
    assert " acme/vad.py:8 in decode" in describe(error, "acme.vad")


def test_errors_that_were_never_raised_and_our_own() -> None:
    assert describe(ValueError("x")) == "ValueError"
    assert describe(asyncio.CancelledError()) == "CancelledError (of its own making)"
    assert describe(PluginError("p", "returned nonsense")) == "returned nonsense"


def test_one_line_in_ten_seconds_for_each_hook(caplog: pytest.LogCaptureFixture) -> None:
    now = 0.0
    log = FaultLog(lambda: now)
    for _ in range(5):
        log.log("p", "on_audio", ValueError(), "s-1")
    log.log("p", "on_close", ValueError())
    now = 10.0
    log.log("p", "on_audio", ValueError(), "s-2")
    log.log("p", "on_audio", ValueError(), "s-2")
    assert [record.getMessage() for record in caplog.records] == [
        "plugin p failed in on_audio: ValueError",
        "plugin p failed in on_close: ValueError",
        "plugin p failed in on_audio: ValueError, and 4 times more since",
    ]
    assert [getattr(record, "session_id", None) for record in caplog.records] == ["s-1", None, "s-2"]


def test_a_line_names_its_session_once() -> None:
    out = io.StringIO()
    setup_logging("info", "text", stream=out)
    try:
        with log_context(session_id="s-1"):
            FaultLog(lambda: 0.0).log("p", "on_audio", ValueError(), "s-1")
        FaultLog(lambda: 0.0).log("p", "on_audio", ValueError(), "s-2")
    finally:
        root = logging.getLogger()
        root.handlers = [handler for handler in root.handlers if getattr(handler, "stream", None) is not out]
        root.setLevel(logging.WARNING)
    first, second = out.getvalue().splitlines()
    assert first.count("s-1") == 1
    assert second.count("s-2") == 1


def test_texts_are_logged_only_where_personal_data_may_be(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        FaultLog(lambda: 0.0).log("p", "on_audio", raised(KeyError("secret")))
        assert "secret" not in caplog.text
        FaultLog(lambda: 0.0, personal_data=True).log("p", "on_audio", raised(KeyError("secret")))
    assert "secret" in caplog.text
