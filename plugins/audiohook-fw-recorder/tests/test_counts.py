"""Numbers of what was done, and since when nothing was."""

from __future__ import annotations

from audiohook_fw_recorder.counts import Counts


def test_trouble_lasts_from_the_first_failure_to_the_next_success() -> None:
    counts = Counts()
    assert counts.trouble is None
    assert not counts.went_well()
    assert counts.failed("timeout", 10.0)
    assert not counts.failed("http_503", 20.0)
    assert counts.trouble == ("http_503", 10.0)
    assert counts.went_well()
    assert counts.trouble is None
    assert counts.failed("timeout", 30.0)
    assert counts.failures == {"timeout": 2, "http_503": 1}


def test_what_is_given_up_is_no_trouble_for_others() -> None:
    counts = Counts()
    counts.given_up("missing")
    counts.uploaded(100)
    counts.uploaded(50)
    assert (counts.lost, counts.uploads, counts.bytes) == (1, 2, 150)
    assert counts.failures == {"missing": 1}
    assert counts.trouble is None
