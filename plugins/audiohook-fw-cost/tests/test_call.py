"""What a call's row says, and what other plugins' context does to it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from audiohook_fw_cost import Cost
from audiohook_fw_cost.figures import Figures
from audiohook_fw_cost.report import By, Filter, make_report

from audiohook_fw import Accept, MediaFormat, Reject, Session, SpeechStarted, hookimpl
from audiohook_fw.testing import CallDriver

PERSONAL = ("+4930111", "Ada Marker", "+4930222")


def tell(call: Any, other: Any, **context: object) -> None:
    call.run(lambda: other.session.update_context(**context))


@pytest.mark.parametrize("media", ["PCMU", "L16"])
@pytest.mark.parametrize("channels", [("external", "internal"), ("internal",)])
@pytest.mark.parametrize("frame_ms", [20, 200, 2000])
def test_any_format_and_frame_size(
    new_call: Any, kit: Any, database: Path, media: str, channels: tuple[str, ...], frame_ms: int
) -> None:
    call = new_call({"offers": [MediaFormat(media, channels)]})
    call.open()
    call.audio(seconds=10.25, frame_ms=frame_ms)
    call.pause(2.0)
    call.audio(seconds=1, frame_ms=frame_ms)
    call.close()
    call.shutdown()
    figures = kit.figures(database)
    assert (figures.streamed, figures.client_paused, figures.connected) == (90_000, 16_000, 106_000)


def test_a_call_without_media(new_call: Any, kit: Any, database: Path) -> None:
    call = new_call({"offers": []}, price_per_minute=60, pause={"silence": 5})
    call.open()
    call.advance(3)
    call.pause(2.0)
    call.advance(1)
    call.close()
    call.shutdown()
    figures = kit.figures(database)
    assert (figures.without_media, figures.client_paused, figures.streamed) == (32_000, 16_000, 0)
    assert kit.read(database, "SELECT cost FROM legs") == [(4_000_000,)]


def test_queues_and_their_names(new_call: Any, kit: Any, other: Any, database: Path) -> None:
    call = new_call()
    call.open()
    call.audio(seconds=1)
    tell(call, other, queue_id="q1", queue_name="")
    call.audio(seconds=1)
    tell(call, other, queue_name="Sales")
    call.audio(seconds=1)
    tell(call, other, queue_id="q2", queue_name="Help")
    call.audio(seconds=1)
    tell(call, other, queue_id="q1", queue_name=None)
    call.audio(seconds=1)
    call.close()
    call.shutdown()
    query = "SELECT queue_id, queue_name, streamed / 8000 FROM legs ORDER BY queue_id"
    assert kit.read(database, query) == [("q1", "Sales", 4), ("q2", "Help", 1)]


def test_a_queue_that_is_known_by_name_only(new_call: Any, kit: Any, other: Any, database: Path) -> None:
    call = new_call()
    call.open()
    call.audio(seconds=1)
    tell(call, other, queue_name="Sales")
    call.audio(seconds=1)
    tell(call, other, queue_name="SALES")
    call.audio(seconds=1)
    tell(call, other, queue_name="Help")
    call.audio(seconds=1)
    call.close()
    call.shutdown()
    query = "SELECT queue_id, queue_name, streamed / 8000 FROM legs ORDER BY queue_id"
    assert kit.read(database, query) == [("name:help", "Help", 1), ("name:sales", "SALES", 3)]


def test_a_budget_of_a_queue_that_is_known_by_name_only(new_call: Any, other: Any, database: Path) -> None:
    call = new_call(price_per_minute="0.60", budgets={"Sales": "0.10"}, save_seconds=1)
    call.open()
    tell(call, other, queue_name="SALES")
    call.audio(seconds=9)
    assert not call.paused
    call.audio(seconds=2)
    assert call.paused
    tell(call, other, queue_name="Help")
    assert not call.paused
    call.close()
    call.shutdown()
    lines, _ = make_report(database, By.QUEUE, Filter(queue="sales"))
    assert [(line.group, line.name) for line in lines] == [("name:sales", "SALES")]


def test_a_queue_whose_id_comes_after_its_name_is_one_queue(
    new_call: Any, kit: Any, other: Any, database: Path
) -> None:
    call = new_call()
    call.open()
    tell(call, other, queue_name="Sales")
    call.audio(seconds=1)
    call.pause()
    call.advance(2)
    tell(call, other, queue_id="q1")
    call.advance(1)
    call.resume()
    call.audio(seconds=1)
    tell(call, other, queue_id=None, queue_name="Help")
    call.audio(seconds=1)
    call.close()
    call.shutdown()
    query = "SELECT queue_id, streamed / 8000, client_paused / 8000 FROM legs ORDER BY queue_id"
    assert kit.read(database, query) == [("name:help", 1, 0), ("q1", 2, 3)]


@pytest.mark.parametrize("value", [None, 7, "x" * 1000, "\ud800", ["a"], "Ünïcode"])
def test_whatever_others_say_of_the_queue_can_be_stored(
    new_call: Any, kit: Any, other: Any, database: Path, value: object
) -> None:
    call = new_call(price_per_minute=1, budgets={"Sales": 1})
    call.open()
    tell(call, other, queue_id=value, queue_name=value, on_hold=value)
    call.audio(seconds=1)
    call.close()
    call.shutdown()
    assert kit.figures(database).connected == 8000
    assert call.faults == ()


def test_nothing_of_people_is_kept(new_call: Any, database: Path) -> None:
    number, name, called = PERSONAL
    call = new_call({"ani": number, "ani_name": name, "dnis": called, "custom_config": {"name": name}})
    call.open()
    call.audio(seconds=1)
    call.close()
    call.shutdown()
    content = database.read_bytes()
    assert b"e160e428-53e2-487c-977d-96989bf5c99d" in content  # the conversation
    assert [text for text in (*PERSONAL, "Marker") if text.encode() in content] == []
    assert not any(text in " ".join(call.logs) for text in PERSONAL)


def test_a_call_that_is_declined_costs_nothing(database: Path, kit: Any) -> None:
    class Never:
        @hookimpl
        def on_open(self) -> Reject:
            return Reject()

    with CallDriver(Cost, settings={"database": str(database)}, others={"never": Never()}) as call:
        call.open()
    assert kit.read(database, "SELECT * FROM calls") == []


class Late:
    """Accepts paused, and decides later, as policies do that look up the queue."""

    @hookimpl
    def on_open(self) -> Accept:
        return Accept(start_paused=True)

    @hookimpl
    def on_event(self, session: Session) -> None:
        hold = session.start_hold
        if hold is not None:
            hold.release()


def test_a_call_that_begins_paused(database: Path, kit: Any) -> None:
    with CallDriver(Cost, settings={"database": str(database)}, others={"late": Late()}) as call:
        call.open()
        call.advance(5)
        call.event(SpeechStarted(channel="external", start=0))
        call.audio(seconds=2)
        call.close()
    assert kit.figures(database) == Figures(streamed=16_000, server_paused=40_000)


def test_in_quarantine_nothing_is_paused_and_the_length_stays_right(
    new_call: Any, kit: Any, other: Any, database: Path
) -> None:
    call = new_call(pause={"on_hold": True, "after_minutes": 0.08}, save_seconds=1)
    call.open()
    call.audio(seconds=1)
    call.pause()
    call.run(call._line.call.delivery.silence, "cost")
    call.advance(3)
    call.resume()
    tell(call, other, on_hold=True)
    call.audio(seconds=2)
    assert not call.holds
    call.close()
    assert call.summary is not None
    call.shutdown()
    assert kit.figures(database).connected == call.summary.position == 6 * 8000
