"""What is in the database when a call is over."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from audiohook_fw import (
    Accept,
    BotTurnResponse,
    Event,
    Reject,
    Sentiment,
    Session,
    SessionHandler,
    Transcript,
    hookimpl,
)
from audiohook_fw.testing import CallDriver

NewCall = Callable[..., CallDriver]


class Score(Event, event_type="sessions_test.score"):
    value: float
    note: str = ""


class Other:
    """A plugin beside it: it emits, tags, fails, and may reject."""

    def __init__(self, decision: Accept | Reject | None = None) -> None:
        self.decision = decision
        self.session: Session

    @hookimpl
    def on_open(self, session: Session) -> Accept | Reject | None:
        self.session = session
        return self.decision

    @hookimpl
    def create_handler(self) -> SessionHandler:
        return _Broken()


class _Broken(SessionHandler):
    def on_discarded(self) -> None:
        raise ValueError("broken")


def the(place: Any) -> dict[str, Any]:
    (session,) = place.sessions()
    return dict(session)


def test_a_call(new_call: NewCall, place: Any) -> None:
    other = Other(Accept(tags={"team": "north"}))
    call = new_call(
        {"conversation_id": "6F1C3D58-0000-4000-8000-0000000000AB", "language": "de-DE"},
        {"other": other},
    )
    call.open()
    call.audio(b"\xff" * 3200)
    call.pause()
    call.advance(2)
    call.resume()
    call.run(lambda: other.session.update_context(queue_id="q1", queue_name="Sales", agent_name="Ada"))
    call.run(lambda: other.session.add_tags(team="south", shift="late"))
    call.run(other.session.emit, Transcript(channel="external", text="Good morning", start=0, length=800))
    call.run(other.session.emit, Sentiment(channel="external", score=0.5, label="positive", start=7))
    call.run(other.session.emit, Score(value=2.5))
    call.close()
    call.shutdown()

    session = the(place)
    assert len(session["id"]) == 32
    assert session["conversation_id"] == "6f1c3d58-0000-4000-8000-0000000000ab"
    assert (session["state"], session["decision"], session["reason"]) == ("ended", "accept", "end")
    assert (session["media"], session["channels"], session["rate"]) == ("PCMU", "external,internal", 8000)
    assert (session["language"], session["queue_id"], session["queue_name"]) == ("de-DE", "q1", "Sales")
    assert (session["position"], session["audio"]) == (17_600, 1_600)
    assert session["seconds"] == pytest.approx(2.2)
    assert session["tags"] == {"team": "south", "shift": "late"}
    assert session["started_at"] <= session["ended_at"]
    (pause,) = session["pauses"]
    assert (pause["start"], pause["length"], pause["origin"]) == (1_600, 16_000, "client")
    said, mood, score = session["events"]
    assert (said["type"], said["text"], said["start"], said["length"]) == (
        "transcript",
        "Good morning",
        0,
        800,
    )
    assert (mood["type"], mood["body"]["score"], mood["start"]) == ("sentiment", 0.5, 7)
    assert (score["type"], score["body"]["value"]) == ("sessions_test.score", 2.5)
    assert session["failures"] == []
    assert session["node"] == "test"


def test_that_a_pause_is_the_client_s_may_come_after_its_beginning(new_call: NewCall, place: Any) -> None:
    other = Other()
    call = new_call(others={"other": other})
    call.open()
    hold = call.run(lambda: other.session.pause("a look-up"))
    call.pause()
    call.advance(2)
    call.run(hold.release)
    call.advance(1)
    call.resume()
    call.run(lambda: other.session.pause("for good"))
    call.close()
    call.shutdown()
    first, second = the(place)["pauses"]
    assert (first["origin"], first["length"]) == ("client", 24_000)
    assert (second["origin"], second["length"]) == ("server", None)


def test_discards_errors_and_failures(new_call: NewCall, place: Any) -> None:
    call = new_call(others={"other": Other()})
    call.open()
    call.discard(1.5)
    call.client_error(10**12, "busy\0")
    call.close()
    call.shutdown()
    session = the(place)
    (discard,) = session["discards"]
    assert (discard["start"], discard["length"], discard["clamped"]) == (0, 12_000, False)
    (error,) = session["errors"]
    assert (error["code"], error["message"]) == (2_000_000_000, "busy\ufffd")
    (failure,) = session["failures"]
    assert (failure["plugin"], failure["faults"], failure["quarantined"]) == ("other", 1, False)


def test_a_rejection(new_call: NewCall, place: Any) -> None:
    call = new_call(others={"other": Other(Reject(info="not this queue"))})
    assert isinstance(call.open(), Reject)
    call.shutdown()
    session = the(place)
    assert (session["state"], session["decision"], session["decided_by"]) == ("rejected", "reject", "other")
    assert (session["decision_reason"], session["decision_info"]) == ("completed", "not this queue")
    assert session["ended_at"] is not None


@pytest.mark.parametrize("wanted", [True, False])
def test_personal_data_is_kept_only_when_wanted(new_call: NewCall, place: Any, wanted: bool) -> None:
    facts = {"ani": "tel:+491701111111", "ani_name": "Marker Person", "dnis": "tel:+498002222222"}
    other = Other()
    call = new_call(facts, {"other": other}, participants=wanted, transcripts=wanted)
    call.open()
    words = Transcript(channel="external", text="a marker was said", start=3, length=4)
    call.run(other.session.emit, words)
    call.run(other.session.emit, BotTurnResponse(disposition="match", text="a marker was typed"))
    call.close()
    call.shutdown()
    session = the(place)
    assert (session["ani"], session["ani_name"]) == (
        (facts["ani"], facts["ani_name"]) if wanted else (None, None)
    )
    said, turn = session["events"]
    assert said["text"] == ("a marker was said" if wanted else None)
    assert said["start"] == 3
    assert turn["body"]["disposition"] == "match"
    everything = json.dumps(session)
    assert all(
        (word in everything) is wanted for word in ("1701111111", "Marker", "marker was", "8002222222")
    )


def test_events_are_chosen_and_bounded(new_call: NewCall, place: Any) -> None:
    other = Other()
    call = new_call(others={"other": other}, events=["sessions_test.*", "transcript"], event_bytes=1024)
    call.open()
    for event in (
        Sentiment(channel="external", score=0, label="neutral"),
        Score(value=1, note="x" * 2000),
        Transcript(channel="external", text="inter", is_final=False, start=0, length=1),
        Transcript(channel="external", text="nul \0 and half \ud83d", start=0, length=1),
        Score(value=float("nan"), note="no number"),
    ):
        call.run(other.session.emit, event)
    call.close()
    call.shutdown()
    big, odd, none = the(place)["events"]
    assert (big["type"], big["body"]) == ("sessions_test.score", None)
    assert odd["text"] == "nul \ufffd and half ?"
    assert odd["body"]["text"] == "nul \0 and half ?"
    assert none["body"]["value"] is None  # NaN is no JSON, and programs refuse an answer with it
