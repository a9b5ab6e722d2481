"""Whether somebody looks up queues at all."""

from __future__ import annotations

import pytest
from audiohook_fw_policy.unanswered import ENOUGH, EVERY, Unanswered


def told(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records]


def test_some_calls_in_a_row_are_told_of_once_a_minute(caplog: pytest.LogCaptureFixture) -> None:
    calls = Unanswered()
    for second in range(ENOUGH - 1):
        calls.timed_out(second)
    assert told(caplog) == []
    for second in range(ENOUGH - 1, int(EVERY)):
        calls.timed_out(second)
    assert len(told(caplog)) == 1
    assert f"nobody looks up queues: {ENOUGH} calls in a row waited" in told(caplog)[0]
    assert "install audiohook-fw-genesys" in told(caplog)[0]
    calls.timed_out(EVERY + ENOUGH)
    assert len(told(caplog)) == 2


def test_who_is_heard_once_is_waited_for_anew(caplog: pytest.LogCaptureFixture) -> None:
    calls = Unanswered()
    for _ in range(5):
        for _ in range(ENOUGH - 1):
            calls.timed_out(0)
        calls.heard()
    assert told(caplog) == []
