"""Calls over real sockets whose words mean something: redaction before everybody, moods, who keeps them.

The last words are spoken right before `close`. Everything that was said is told to Genesys, the database
and the files in one order, before `closed`.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
from audiohook_fw_asr import SegmentSettings
from audiohook_fw_whisper import Whisper
from audiohook_fw_whisper.settings import WhisperSettings

from audiohook_fw import (
    PluginInfo,
    Sentiment,
    SpeechStarted,
    Transcript,
    hookimpl,
)
from audiohook_fw.audio import conversation, conversation_script
from audiohook_fw.plugin import Event

from .chain import whisper_model
from .leaks import PATIENCE, House, Leaky, silenced
from .meaning import Script, Speaking, Told, voices
from .seeded import Search, Seeded
from .truth import MEDIA, RATE
from .written import in_database, in_json, in_text, in_vtt, query, recorded

# order ------------------------------------------------------------------------------------------------

SAID: Script = {
    "external": (
        "hello this is awful",
        "my card is four one one one",
        "one one one one uh",
        "one one one one one one one one",
        "yes that is all thank you",
        "please write to anna dot smith at gmail dot com",
        "and call me back on two oh one five five five oh one nine nine thank you so much",
    ),
    "internal": (
        "I am sorry about that",
        "your card number please",
        "mhm",
        "okay",
        "your order number is 7355 0192",
        "we will send it to you on Friday",
    ),
}
LEFT: Script = {
    "external": (
        "hello this is awful",
        "my card is [card]",
        "[card] uh",
        "[card]",
        "yes that is all thank you",
        "please write to [email]",
        "and call me back on [phone] thank you so much",
    ),
    "internal": SAID["internal"],
}


@pytest.mark.timeout(240)
def test_everything_comes_in_order_and_before_closed_up_to_the_last_words(tmp_path: Path) -> None:
    recognition = Speaking(SegmentSettings(interim_seconds=0.4, **PATIENCE), [SAID])
    house = House(tmp_path, recognition)
    samples = voices(SAID)
    [told] = house.play([samples], speed=3.0)
    assert told.report.as_scripted, told.report.outcome()
    assert told.report.violations == []
    assert recognition.engine.left == {told.session: {"external": [], "internal": []}}
    events = house.witness.events(told.session)
    finals = [event for event in events if isinstance(event, Transcript) and event.is_final]
    for channel, texts in LEFT.items():
        assert [one.text for one in finals if one.channel == channel] == list(texts)
    assert_in_order(events)
    assert_told_as_it_came(told, events)
    assert_kept_as_it_came(house, told, events, finals)
    came = [at for at, _ in house.witness.calls[told.session]]
    assert max(came) < told.closed_at()
    assert sum(not event.is_final for event in events if isinstance(event, Transcript)) >= 5
    log = house.log.getvalue()
    assert len(log.splitlines()) > 10
    assert [text for texts in SAID.values() for text in texts if len(text) > 10 and text in log] == []
    last = max(finals, key=lambda one: one.start + one.length)
    assert (last.channel, last.text) == ("external", LEFT["external"][-1])
    assert last.start + last.length > len(samples) - RATE // 4


def assert_in_order(events: Sequence[Event]) -> None:
    """Check that each utterance has its beginning before its transcripts, and its mood after them."""
    at = {id(event): number for number, event in enumerate(events)}
    finals = [event for event in events if isinstance(event, Transcript) and event.is_final]
    assert len({one.id for one in finals}) == len(finals)
    for one in finals:
        begun = [
            event
            for event in events
            if isinstance(event, SpeechStarted)
            and event.channel == one.channel
            # The detector may hear a voice a little after it began.
            and event.start < one.start + one.length
            and at[id(event)] < at[id(one)]
        ]
        assert begun, one
        interims = [e for e in events if isinstance(e, Transcript) and not e.is_final and e.id == one.id]
        assert all(at[id(begun[-1])] < at[id(interim)] < at[id(one)] for interim in interims)
        [mood] = [e for e in events if isinstance(e, Sentiment) and e.transcript_id == one.id]
        assert at[id(one)] < at[id(mood)]
        running = events[at[id(mood)] + 1]
        assert isinstance(running, Sentiment)
        assert (running.running, running.channel) == (True, one.channel)
        assert (mood.channel, mood.start, mood.length) == (one.channel, one.start, one.length)
    moods = [event.transcript_id for event in events if isinstance(event, Sentiment) and not event.running]
    assert moods == [one.id for one in finals]
    for channel in MEDIA.channels:
        starts = [one.start for one in finals if one.channel == channel]
        assert starts == sorted(starts)


def assert_told_as_it_came(told: Told, events: Sequence[Event]) -> None:
    """Check that Genesys was told every final in its order, and no interim after its final."""
    finals = [event for event in events if isinstance(event, Transcript) and event.is_final]
    sent = told.transcripts()
    assert [text for *_, is_final, text in sent if is_final] == [one.text for one in finals]
    texts = {event.text for event in events if isinstance(event, Transcript)}
    assert {text for *_, text in sent} <= texts
    over = set[str]()
    for id_, _, is_final, _ in sent:
        assert id_ not in over
        if is_final:
            over.add(id_)
    told.closed_at()


def assert_kept_as_it_came(
    house: House, told: Told, events: Sequence[Event], finals: Sequence[Transcript]
) -> None:
    """Check that database, files and recording have all of it, in order."""
    rows = query(house.database, "select type, body from events order by number")
    types = {event.event_type for event in events}
    kept = [(kind, json.loads(body).get("transcript_id", "")) for kind, body in rows if kind in types]
    noted = [
        (event.event_type, getattr(event, "transcript_id", ""))
        for event in events
        if not (isinstance(event, Transcript) and not event.is_final)
    ]
    assert kept == noted
    ids = [one.id for one in sorted(finals, key=lambda one: one.start)]
    path = house.conversation(told)
    assert [said.id for said in sorted(in_database(house.database))] == ids
    assert [said.id for said in sorted(in_json(path))] == ids
    texts = [(said.channel, said.text) for said in in_json(path)]
    assert [(said.channel, said.text) for said in in_vtt(path.with_suffix(".vtt"))] == texts
    assert [(said.channel, said.text) for said in in_text(path.with_suffix(".txt"))] == texts
    recording = recorded(house.directory, told.session)
    assert recording.payload == silenced(told, recording.sidecar)
    assert recording.sidecar["state"] == "complete"


# Whisper ------------------------------------------------------------------------------------------------


class Before:
    """Notes what was recognised, as it is before redaction."""

    info = PluginInfo(summary="notes what is recognised")

    def __init__(self) -> None:
        self.texts: list[str] = []

    @hookimpl
    def filter_event(self, event: Event) -> Event:
        if isinstance(event, Transcript):
            self.texts.append(event.text)
        return event


@pytest.mark.timeout(600)
def test_a_card_that_is_really_spoken_is_recognised_and_gone(tmp_path: Path) -> None:
    patience = {"max_wait": 120.0, "worker_timeout": 60.0, "recognize_timeout": 300.0, **PATIENCE}
    whisper = Whisper(WhisperSettings(model_path=whisper_model(), interims=False, **patience))
    before = Before()
    house = House(tmp_path, whisper, others=[before])
    [told] = house.play([conversation().samples], speed=2.0)
    assert told.report.as_scripted, told.report.outcome()
    [card] = [line for line in conversation_script() if "one one one one" in line.text]
    search = Search([Seeded("card", "", "four one one one, one one one one", "4111111111111111")])
    assert search.in_words(" ".join(before.texts))  # it was understood
    leaky = Leaky(house, [told], search)
    assert leaky.leaks() == {}
    events = house.witness.events(told.session)
    assert_in_order(events)
    assert_told_as_it_came(told, events)
    finals = [event for event in events if isinstance(event, Transcript)]
    assert_kept_as_it_came(house, told, events, finals)
    redacted = [one for one in finals if "[card]" in one.text]
    assert redacted
    assert all(one.channel == card.channel and card.start - RATE < one.start < card.end for one in redacted)
    assert any("73550192" in one.text.replace(" ", "").replace("-", "") for one in finals)  # an order number
    assert "day" in max(finals, key=lambda one: one.start).text  # the last words
    moods = {e.transcript_id: e.label for e in events if isinstance(e, Sentiment) and not e.running}
    assert [moods[one.id] for one in finals if "annoying" in one.text] == ["negative"]
    assert [moods[one.id] for one in finals if "wonderful" in one.text] == ["positive"]
