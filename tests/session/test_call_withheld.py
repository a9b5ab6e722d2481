"""A call tells, once and without the content, that something came in a pause of the client's own."""

from __future__ import annotations

from typing import Any

import pytest

from audiohook_fw.plugin import PauseOrigin

DIGIT = "7"


async def test_what_comes_in_a_pause_of_the_client_s_reaches_nobody(
    bench: Any, make_witness: Any, caplog: pytest.LogCaptureFixture
) -> None:
    witness = make_witness()
    await bench.accepted(w=witness)
    bench.tell("paused")
    for _ in range(3):
        event = bench.protocol.receive_binary(b"\x2a" * 1600)
        if event is not None:
            bench.call.deliver(event)
        bench.tell("dtmf", {"digit": DIGIT})
    bench.tell("resumed", {"start": "PT0S", "discarded": "PT1S"})
    bench.tell("dtmf", {"digit": "8"})
    await bench.finish()
    assert witness.hooks == ["decided", "opened", "pause", "resume", "dtmf", "close", "end"]
    assert [args for hook, *args in witness.seen if hook == "dtmf"] == [["8", 8000]]
    lines = [record.getMessage() for record in caplog.records if "pause" in record.getMessage()]
    assert lines == [
        "audio came in a pause that may be the client's own: dropped, and so is more",
        "dtmf came in a pause that may be the client's own: dropped, and so is more",
    ]


async def test_a_pause_that_began_before_opened_is_told_right_after_it(bench: Any, make_witness: Any) -> None:
    witness = make_witness()
    call = await bench.open(w=witness)
    await call.decide()
    assert bench.say("paused") is None
    bench.protocol.send(call.opened_message())
    call.begin()
    assert witness.seen[1:] == [("opened",), ("pause", PauseOrigin.CLIENT, 0)]
