"""Faults are logged with plugin, hook, place and call; never with data, and never in a flood."""

from __future__ import annotations

import asyncio
import logging

import pytest

from audiohook_fw.errors import PluginError
from audiohook_fw.plugin.faults import FaultLog, describe


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
        "plugin p failed in on_audio: ValueError (session s-1)",
        "plugin p failed in on_close: ValueError",
        "plugin p failed in on_audio: ValueError (session s-2), and 4 times more since",
    ]


def test_texts_are_logged_only_where_personal_data_may_be(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.DEBUG):
        FaultLog(lambda: 0.0).log("p", "on_audio", raised(KeyError("secret")))
        assert "secret" not in caplog.text
        FaultLog(lambda: 0.0, personal_data=True).log("p", "on_audio", raised(KeyError("secret")))
    assert "secret" in caplog.text
