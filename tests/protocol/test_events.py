from __future__ import annotations

import dataclasses
import typing
from typing import Any

import pytest

from audiohook_fw.protocol import (
    AudioReceived,
    ClientEvent,
    ClockGap,
    DtmfReceived,
    EntitiesReceived,
    ServerAudioReceived,
    ServerEvent,
    WireEntity,
    events,
)

SERVER_EVENTS = typing.get_args(ServerEvent)
CLIENT_EVENTS = typing.get_args(ClientEvent)


def test_every_event_belongs_to_a_role():
    classes = {getattr(events, name) for name in events.__all__} - {ServerEvent, ClientEvent}
    assert classes == {*SERVER_EVENTS, *CLIENT_EVENTS}


@pytest.mark.parametrize("class_", sorted({*SERVER_EVENTS, *CLIENT_EVENTS}, key=lambda c: c.__name__))
def test_events_are_small_and_say_what_they_mean(class_: type[Any]):
    assert "__dict__" not in dir(class_)
    assert dataclasses.is_dataclass(class_)
    assert class_.__doc__
    assert not class_.__doc__.startswith(class_.__name__)


def test_values_do_not_change():
    event = DtmfReceived("7", 0)
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.digit = "8"  # type: ignore[misc]


def test_frames_are_told_apart_even_when_they_hold_the_same():
    assert AudioReceived(b"\xff", 1, 0, 0) != AudioReceived(b"\xff", 1, 0, 0)
    assert ServerAudioReceived(b"") != ServerAudioReceived(b"")
    assert ClockGap(0, 1) == ClockGap(0, 1)


def test_audio_digits_and_results_are_in_no_repr():
    shown = (
        repr(AudioReceived(b"secret", 6, 1, 2))
        + repr(ServerAudioReceived(b"secret"))
        + repr(DtmfReceived("secret", 1))
    )
    shown += repr(EntitiesReceived((WireEntity(type="transcript", data="secret"),)))
    assert "secret" not in shown
    assert "position=1" in shown
