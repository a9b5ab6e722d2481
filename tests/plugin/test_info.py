"""What a plugin says about itself is checked where it says it."""

from __future__ import annotations

import math
from typing import Any

import pytest

from audiohook_fw.plugin import AudioWish, Event, OnFailure, Overflow, PluginInfo, Transcript, hookimpl


def test_plain_values_become_what_is_meant() -> None:
    given: Any = {"consumes": ["a", Transcript], "emits": [], "on_failure": "reject", "overflow": "fail"}
    info = PluginInfo(**given, max_lag=2, audio=AudioWish(["external"]))  # type: ignore[arg-type]
    assert info == PluginInfo(
        consumes=("a", Transcript),
        on_failure=OnFailure.REJECT,
        overflow=Overflow.FAIL,
        max_lag=2.0,
        audio=AudioWish(("external",)),
    )
    assert (type(info.on_failure), type(info.overflow)) == (OnFailure, Overflow)
    assert hash(info) is not None


@pytest.mark.parametrize(
    ("field", "value", "allowed"),
    [
        ("summary", 5, "a text"),
        ("consumes", "transcript", "a tuple of Event classes or their names"),
        ("consumes", (5,), "of classes derived from Event, or their names"),
        ("consumes", (Event,), "of classes derived from Event, or their names"),
        ("emits", 5, "a tuple of Event classes or their names"),
        ("emits", ("",), "of classes derived from Event, or their names"),
        ("emits", (int,), "of classes derived from Event, or their names"),
        ("optional", 5, "a tuple of Event classes or their names"),
        ("optional", ("acme.mood",), "of what PluginInfo.consumes names"),
        ("audio", "PCMU", "an AudioWish or None"),
        ("audio", AudioWish, "an AudioWish or None"),
        ("on_failure", "explode", "'ignore' or 'reject'"),
        ("on_failure", None, "'ignore' or 'reject'"),
        ("overflow", [], "'drop_oldest' or 'fail'"),
        ("max_lag", "5", "a positive number of seconds or None"),
        ("max_lag", True, "a positive number of seconds or None"),
        ("max_lag", 0, "a positive number of seconds or None"),
        ("max_lag", -1.0, "a positive number of seconds or None"),
        ("max_lag", math.nan, "a positive number of seconds or None"),
        ("max_lag", math.inf, "a positive number of seconds or None"),
    ],
)
def test_what_is_wrong_is_named_with_what_is_allowed(field: str, value: object, allowed: str) -> None:
    with pytest.raises(ValueError, match=f"PluginInfo.{field} ") as caught:
        PluginInfo(**{field: value})  # type: ignore[arg-type]
    assert allowed in str(caught.value)


@pytest.mark.parametrize(
    "given",
    [
        {"channels": "external"},
        {"channels": ()},
        {"channels": ("external", 5)},
        {"channels": ([],)},
        {"channels": None},
        {"format": "opus"},
        {"format": None},
        {"format": []},
    ],
)
def test_wishes_nobody_can_grant_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=f"AudioWish.{next(iter(given))} is .*, but must be "):
        AudioWish(**given)


def test_it_is_the_load_error_of_the_plugin_alone(install: Any, load: Any) -> None:
    code = "from audiohook_fw.plugin import *\ninfo = PluginInfo(max_lag='5')\n"
    install("bad", code=code + "@hookimpl\nasync def on_audio(frame): pass\n")
    install("good")
    records = {record.name: record for record in load().records}
    good, bad = records["good"], records["bad"]
    assert (good.status, bad.status) == ("active", "failed")
    assert bad.error.startswith(
        "cannot be imported: ValueError: PluginInfo.max_lag is '5', "
        "but must be a positive number of seconds or None (at "
    )


async def test_an_info_that_was_tampered_with_costs_neither_call_nor_frame(bench: Any) -> None:
    class Ear:
        info = PluginInfo(audio=AudioWish(), max_lag=1.0)

        @hookimpl
        async def on_audio(self, frame: Any) -> None: ...

    class Other:
        @hookimpl
        async def on_audio(self, frame: Any) -> None:
            bench.seen.append(frame.position)

    manager = bench.load(ear=Ear, other=Other)
    object.__setattr__(Ear.info, "audio", "PCMU")
    object.__setattr__(Ear.info, "max_lag", "5")
    dispatch = bench.call()
    assert dispatch.select_media([bench.media]) is bench.media
    dispatch.accept()
    dispatch.audio(bench.frame())
    dispatch.audio(bench.frame(80))
    await bench.finish()
    assert bench.seen == [0, 80]
    assert bench.metrics.value("audiohook.hook.faults", plugin="ear", hook="on_audio") == 1
    assert len(manager.plugins) == 2
