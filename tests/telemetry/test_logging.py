"""Logging: ids in every record, one line each, JSON, and no traces in applications that embed us."""

from __future__ import annotations

import asyncio
import json
import logging
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from audiohook_fw.telemetry import (
    JsonFormatter,
    LimitedLogger,
    TextFormatter,
    current_context,
    log_context,
    setup_logging,
)

logger = logging.getLogger("some.plugin")


def _lines(stream) -> list[dict[str, str]]:
    return [json.loads(line) for line in stream.getvalue().splitlines()]


def test_json_has_the_ids_of_the_call(stream):
    setup_logging("info", "json", stream=stream)
    with log_context(session_id="s-1", conversation_id="c-1"):
        with log_context(plugin="vad", hook="on_audio"):
            logger.info("heard %d", 3)
        logger.warning("outer")
    logger.info("none")
    first, second, third = _lines(stream)
    assert first.pop("time").endswith("Z")
    assert first == {
        "level": "info",
        "logger": "some.plugin",
        "message": "heard 3",
        "session_id": "s-1",
        "conversation_id": "c-1",
        "plugin": "vad",
        "hook": "on_audio",
    }
    assert {key: second[key] for key in second.keys() & {"session_id", "plugin", "level"}} == {
        "session_id": "s-1",
        "level": "warning",
    }
    assert not third.keys() & {"session_id", "conversation_id", "plugin", "hook"}


def test_text_ends_with_the_ids(stream):
    setup_logging("info", "text", stream=stream)
    with log_context(session_id="s-1", plugin="vad"):
        logger.info("heard")
    (line,) = stream.getvalue().splitlines()
    assert line.endswith("INFO    some.plugin: heard [session_id=s-1 plugin=vad]")


def test_ids_of_the_record_win(stream):
    setup_logging("info", "json", stream=stream)
    with log_context(session_id="outer"):
        logger.info("x", extra={"session_id": "own"})
    assert _lines(stream)[0]["session_id"] == "own"


async def test_tasks_and_threads_have_their_calls_ids(stream):
    setup_logging("info", "json", stream=stream)

    async def call(session: str) -> None:
        with log_context(session_id=session):
            await asyncio.sleep(0)
            await asyncio.to_thread(logger.info, "in %s", session)
            logger.info("in %s", session)

    await asyncio.gather(*(call(name) for name in "abc"))
    assert current_context() == {}
    assert len(_lines(stream)) == 6
    for line in _lines(stream):
        assert line["message"] == f"in {line['session_id']}"


@pytest.mark.parametrize("format_", ["text", "json"])
def test_errors_bring_their_traceback(stream, format_):
    setup_logging("info", format_, stream=stream)
    try:
        raise KeyError("x")
    except KeyError:
        logger.exception("failed", stack_info=True)
    text = stream.getvalue()
    assert "Traceback" in text
    assert "KeyError: 'x'" in text
    assert "Stack (most recent call last)" in text
    if format_ == "json":
        assert _lines(stream)[0]["error"] == "KeyError"


@pytest.mark.parametrize("format_", ["text", "json"])
def test_exc_info_without_an_exception_is_no_error(stream, format_):
    setup_logging("info", format_, stream=stream)
    logger.error("nothing", exc_info=True)
    assert "nothing" in stream.getvalue()
    assert len(stream.getvalue().splitlines()) <= 2


@given(message=st.text(), ids=st.text())
def test_one_record_is_one_line(message, ids):
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", (message,), None)
    record.session_id = ids
    assert len(TextFormatter().format(record).splitlines()) == 1
    line = JsonFormatter().format(record)
    assert "\n" not in line
    assert json.loads(line)["message"] == message


def test_the_level_counts(stream):
    setup_logging("warning", stream=stream)
    logger.info("quiet")
    logger.warning("loud")
    assert "quiet" not in stream.getvalue()
    assert "loud" in stream.getvalue()


def test_libraries_are_quiet_even_at_debug(stream):
    setup_logging("debug", stream=stream)
    for name in ("aiohttp.access", "asyncio", "urllib3.connectionpool", "opentelemetry.sdk"):
        logging.getLogger(name).info("GET /audiohook/ws")
    logging.getLogger("opentelemetry.exporter.otlp").warning("retrying")
    logger.debug("ours")
    assert [line.rpartition(": ")[2] for line in stream.getvalue().splitlines()] == ["ours"]


def test_setting_up_twice_writes_once(stream):
    before = len(logging.root.handlers)
    for level in ("info", "debug", "error"):
        setup_logging(level, stream=stream)
    logger.error("once")
    assert len(stream.getvalue().splitlines()) == 1
    assert len(logging.root.handlers) == before + 1
    assert logging.root.level == logging.ERROR


def test_handlers_of_others_stay(stream):
    other = logging.NullHandler()
    logging.root.addHandler(other)
    setup_logging(stream=stream)
    setup_logging(stream=stream)
    assert other in logging.root.handlers


def test_importing_touches_nothing():
    code = (
        "import logging, audiohook_fw.telemetry, audiohook_fw.config; "
        "from opentelemetry import trace, metrics; "
        "print(logging.root.handlers, logging.root.level, "
        "type(trace.get_tracer_provider()).__name__, type(metrics.get_meter_provider()).__name__)"
    )
    told = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert told.split() == ["[]", "30", "ProxyTracerProvider", "_ProxyMeterProvider"]


class Clock:
    """Time by hand."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def records():
    """What reaches the logger `limited`."""
    found: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: found.append(record.getMessage())
    target = logging.getLogger("limited")
    target.addHandler(handler)
    target.setLevel(logging.INFO)
    yield found
    target.removeHandler(handler)


def test_what_comes_often_is_logged_once_in_a_while(records):
    clock = Clock()
    limited = LimitedLogger(logging.getLogger("limited"), every=60, clock=clock)
    written = [limited.warning("key", "refused %s", n) for n in range(1_000)]
    assert written == [True] + [False] * 999
    clock.now = 59.9
    assert not limited.warning("key", "refused %s", "x")
    clock.now = 60
    assert limited.warning("key", "refused %s", "again")
    clock.now = 200
    assert limited.info("key", "refused")
    assert records == ["refused 0", "refused again (1000 more since the last time)", "refused"]


def test_keys_are_limited_by_themselves(records):
    limited = LimitedLogger(logging.getLogger("limited"), clock=Clock())
    for key in ("a", "b", "a", "b"):
        limited.warning(key, key)
    assert records == ["a", "b"]


def test_keys_are_bounded(records):
    limited = LimitedLogger(logging.getLogger("limited"), capacity=10, clock=Clock())
    for number in range(1_000):
        limited.warning(number, "x")
        limited.warning("used all the time", "y")
    assert len(limited) == 10
    assert records.count("y") == 1, "the key used last is the last to be forgotten"


def test_the_callers_place_is_in_the_record(caplog):
    LimitedLogger(logging.getLogger("limited")).warning("key", "here")
    assert caplog.records[0].funcName == "test_the_callers_place_is_in_the_record"
