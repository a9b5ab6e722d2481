"""What plugins are told of a call that runs, in which order, and what is counted."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from audiohook_fw.plugin import (
    Accept,
    ClientError,
    CloseReason,
    Gap,
    PauseOrigin,
    Playback,
    SpeechEnded,
    Update,
)
from audiohook_fw.protocol import MediaFormat, Pause, Resume

STEREO = MediaFormat("PCMU", ("external", "internal"))
MONO = MediaFormat("PCMU", ("external",))
EVENT = SpeechEnded(channel="external", start=0, length=1)


async def test_everything_that_comes_is_told_in_order(bench: Any, make_witness: Any) -> None:
    witness = make_witness()
    await bench.accepted(product="connector", w=witness)
    bench.hear(b"\xff" * 1600)
    bench.tell("paused")
    bench.tell("resumed", {"start": "PT0.1S", "discarded": "PT2S"})
    bench.hear(b"\xff" * 160)
    bench.tell("discarded", {"start": "PT2.11S", "discarded": "PT1S"})
    bench.tell("update", {"language": "de-DE"})
    bench.tell("error", {"code": 429, "message": "slow down", "retryAfter": "PT2S"})
    bench.tell("dtmf", {"digit": "5"})
    bench.tell("playback_started")
    bench.tell("playback_completed")
    bench.tell("never_heard_of", {"a": 1})
    bench.tell("ping", {"rtt": "PT0.05S"})
    bench.call.emit(EVENT, "somebody")
    summary = await bench.finish()
    frames = [what[1] for what in witness.of("audio")]
    assert [(f.position, f.length, f.gap_before) for f in frames] == [(0, 800, 0), (16_800, 80, 16_000)]
    assert [what for what in witness.seen if what[0] != "audio"] == [
        ("decided", Accept()),
        ("opened",),
        ("pause", PauseOrigin.CLIENT, 800),
        ("resume", Gap(800, 16_000)),
        ("discarded", Gap(16_880, 8_000)),
        ("update", Update("de-DE"), 24_880),
        ("error", ClientError(429, "slow down", 2.0)),
        ("dtmf", "5", 24_880),
        ("playback", Playback.STARTED, 24_880),
        ("playback", Playback.COMPLETED, 24_880),
        ("event", EVENT),
        ("close", CloseReason.END),
        ("end", summary),
    ]


async def test_the_summary_tells_the_totals(bench: Any, make_witness: Any) -> None:
    await bench.accepted(w=make_witness())
    bench.hear(b"\xff" * 1600)
    bench.tell("paused")
    for _ in range(2):
        withheld = bench.protocol.receive_binary(b"\xff" * 1600)
        if withheld is not None:
            bench.call.deliver(withheld)
    for digit in "4111":
        bench.tell("dtmf", {"digit": digit})
    bench.tell("resumed", {"start": "PT0.1S", "discarded": "PT2S"})
    bench.tell("discarded", {"start": "PT2.1S", "discarded": "PT1000000000S"})
    for rtt in ("PT0.05S", "PT0.25S"):
        bench.tell("ping", {"rtt": rtt})
    bench.tell("error", {"code": 500, "message": "?"})
    bench.tell("new_message")
    bench.say("close", {"reason": "error"})
    summary = await bench.finish(CloseReason.ERROR)
    assert (summary.reason, summary.rate, summary.audio, summary.paused) == ("error", 8000, 800, 16_000)
    assert summary.position == summary.audio + summary.paused + summary.discarded
    assert summary.discarded <= 31 * 8_000
    assert (summary.dropped, summary.rtt) == (2, (0.05, 0.25))
    assert summary.counts == {
        "frames": 1,
        "bytes": 1600,
        "stray": 2,
        "withheld_audio": 2,
        "withheld_dtmf": 4,
        "clamped": 1,
        "client_errors": 1,
        "unknown_messages": 1,
    }
    assert summary.started_at == bench.facts.started_at < summary.ended_at
    assert bench.value("audio.frames") == bench.value("gaps.clamped") == 1
    assert bench.value("audio.stray") == bench.value("pause.withheld", what="audio") == 2
    assert bench.value("pause.withheld", what="dtmf") == 4
    assert bench.value("audio.bytes") == 1600
    assert bench.value("audio.duration") == 0.1
    assert bench.value("sessions.ended", reason="error") == 1


async def test_the_processes_counters_follow_a_running_call(bench: Any, make_witness: Any) -> None:
    await bench.accepted(w=make_witness())
    for _ in range(10):
        bench.hear(b"\xff" * 1600)
        bench.tell("ping")
    assert (bench.value("audio.frames"), bench.value("audio.bytes")) == (10, 16_000)
    assert bench.value("audio.duration") == pytest.approx(1.0)


@pytest.mark.parametrize("order", ["big", "little"])
async def test_frames_know_the_byte_order_of_the_key(order: str, bench: Any, make_witness: Any) -> None:
    l16 = MediaFormat("L16", ("external",))
    witness = make_witness()
    await bench.accepted(offers=(l16,), facts={"byte_order": order}, w=witness)
    bench.hear(b"\x01\x00")
    assert int(witness.of("audio")[0][1].samples[0, 0]) == (256 if order == "big" else 1)


async def test_a_pause_that_the_server_asked_for_is_told_as_such(bench: Any, make_witness: Any) -> None:
    witness = make_witness()
    await bench.accepted(w=witness)
    bench.protocol.send(Pause())
    bench.tell("paused")
    assert witness.of("pause") == [("pause", PauseOrigin.SERVER, 0)]
    bench.tell("paused")
    assert witness.of("pause")[1:] == [("pause", PauseOrigin.UNKNOWN, 0)]
    bench.tell("paused")
    assert len(witness.of("pause")) == 2


async def test_a_pause_from_the_start_may_be_of_both_sides(
    bench: Any, make_policy: Any, make_witness: Any
) -> None:
    witness = make_witness()
    await bench.accepted(quiet=make_policy(Accept(start_paused=True)), w=witness)
    assert bench.protocol.pause.server
    bench.tell("paused")
    assert witness.of("pause") == [("pause", PauseOrigin.UNKNOWN, 0)]  # a secure pause would be told so, too
    bench.protocol.send(Resume())
    bench.tell("resumed", {"start": "PT0S", "discarded": "PT1S"})
    bench.protocol.send(Pause())
    bench.tell("paused")
    assert witness.of("pause")[1:] == [("pause", PauseOrigin.SERVER, 8000)]


async def test_an_error_message_ends_nothing(bench: Any, make_witness: Any) -> None:
    witness = make_witness()
    await bench.accepted(w=witness)
    bench.tell("error", {"code": 9999, "message": "odd"})
    bench.hear()
    assert witness.hooks[-2:] == ["error", "audio"]


async def test_nothing_but_events_is_told_once_closing_began(bench: Any, make_witness: Any) -> None:
    witness = make_witness()
    await bench.accepted(w=witness, slow=make_witness(lane=True, slow=3.0))
    bench.say("close", {"reason": "end"})
    closing = asyncio.ensure_future(bench.call.close(CloseReason.END))
    await asyncio.sleep(0.1)
    bench.tell("error", {"code": 500, "message": "late"})
    bench.call.emit(EVENT, "somebody")
    await closing
    await bench.call.end(CloseReason.END)
    bench.tell("error", {"code": 500, "message": "later"})
    assert witness.hooks == ["decided", "opened", "close", "event", "end"]
