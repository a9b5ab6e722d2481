"""When a fault of the fake platform counts, and how often."""

from __future__ import annotations

import json

import pytest

from audiohook_fw.testing import PlatformFault


def test_it_is_about_all_kinds_or_some() -> None:
    assert PlatformFault().is_about("token")
    assert PlatformFault(kinds=("queue", "token")).is_about("token")
    assert not PlatformFault(kinds=("queue",)).is_about("token")


def test_it_is_used_up() -> None:
    fault = PlatformFault(times=2).used()
    assert fault.is_about("queue")
    assert not fault.used().is_about("queue")
    assert PlatformFault().used().used().is_about("queue")


def test_garbage_is_no_json() -> None:
    body = PlatformFault.garbage("queue").body
    assert body is not None
    with pytest.raises(json.JSONDecodeError):
        json.loads(body)
