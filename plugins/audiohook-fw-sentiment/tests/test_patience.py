"""An engine that fails three times in a row rests."""

from __future__ import annotations

import pytest
from audiohook_fw_sentiment.patience import Patience


def test_two_failures_are_forgiven() -> None:
    patience = Patience("acme", 30)
    patience.failed(1, "x")
    patience.failed(2, "x")
    assert not patience.rests(2)
    patience.worked()
    patience.failed(3, "x")
    assert not patience.rests(3)


def test_three_in_a_row_are_not(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    patience = Patience("acme", 30)
    for now in (1, 2, 3, 4):
        patience.failed(now, "it raised KeyError")
    assert patience.rests(4)
    assert patience.rests(32.9)
    assert not patience.rests(33)
    assert caplog.messages == ["sentiment engine acme: it raised KeyError; it is left alone for 30 s"]


def test_one_more_failure_after_the_rest_and_it_rests_again(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO")
    patience = Patience("acme", 10)
    for now in (1, 2, 3, 13):
        patience.failed(now, "it takes too long")
    assert patience.rests(22)
    patience.worked()
    assert not patience.rests(22)
    assert len(caplog.messages) == 3
    assert caplog.messages[-1] == "sentiment engine acme works again"
