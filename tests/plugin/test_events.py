"""Events: registered by name, immutable, serialisable, and silent about what was said."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from audiohook_fw.plugin import Event, PluginInfo, Transcript, Word, event_class
from audiohook_fw.plugin.info import event_names


def test_events_have_unique_names() -> None:
    class Mine(Event, event_type="test.mine"):
        value: int

    assert event_class("test.mine") is Mine
    assert event_class("test.unheard") is None
    with pytest.raises(TypeError, match="is taken by"):

        class Other(Event, event_type="test.mine"):
            pass

    with pytest.raises(TypeError, match="needs a name"):

        class Nameless(Event):
            pass


def test_events_survive_a_journey() -> None:
    event = Transcript(
        channel="external", text="hi", start=0, length=8, words=(Word(text="hi", start=0, length=8),)
    )
    kind = event_class(event.event_type)
    assert kind is not None
    assert kind.model_validate_json(event.model_dump_json()) == event


def test_what_was_said_is_not_in_repr() -> None:
    event = Transcript(
        channel="external", text="secret", start=0, length=8, words=(Word(text="pin", start=0, length=8),)
    )
    assert "secret" not in repr(event)
    assert "pin" not in repr(event)


def test_events_cannot_be_changed() -> None:
    event = Transcript(channel="external", text="hi", start=0, length=8)
    with pytest.raises(ValidationError):
        event.text = "no"  # type: ignore[misc]


def test_interims() -> None:
    assert Transcript(channel="external", text="", start=0, length=0, is_final=False).is_interim()
    assert not Transcript(channel="external", text="", start=0, length=0).is_interim()


def test_names_of_classes_and_names() -> None:
    info = PluginInfo(consumes=(Transcript, "test.other"))
    assert event_names(info.consumes) == {"transcript", "test.other"}
