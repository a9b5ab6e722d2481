"""What an official-style client sends, and what it must get for it. Over real sockets, judged by its twin."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from audiohook_fw.plugin import hookimpl
from audiohook_fw.protocol import Close, Discarded, Error, Participant, Paused, Ping, Update

STEREO = ("external", "internal")


class Ear:
    """Counts samples, and notes gaps and pauses."""

    def __init__(self) -> None:
        self.samples = 0
        self.told: list[Any] = []
        self.ends = 0

    @hookimpl
    def on_audio(self, frame: Any) -> None:
        self.samples += frame.length

    @hookimpl
    def on_discarded(self, gap: Any) -> None:
        self.told.append(("discarded", gap.start, gap.length))

    @hookimpl
    def on_pause(self, origin: Any, position: int) -> None:
        self.told.append(("pause", origin, position))

    @hookimpl
    def on_client_error(self, error: Any) -> None:
        self.told.append(("error", error.code))

    @hookimpl
    def on_update(self, update: Any) -> None:
        self.told.append(("update", update.language))

    @hookimpl
    def on_end(self) -> None:
        self.ends += 1


@pytest.fixture
async def ear(house: Any) -> Ear:
    ear = Ear()
    await house.start(ear=ear)
    return ear


async def lives(caller: Any, ear: Ear) -> None:
    """Check that a call takes audio, answers, and ends in order."""
    before = ear.samples
    await caller.hear(b"\x10" * 3_200)
    await caller.ping()
    assert ear.samples == before + caller.protocol.media.samples(3_200)
    await caller.close()
    assert caller.faults == []
    assert caller.types[-1] == "closed"


async def test_answers_name_the_message_they_answer(house: Any, ear: Ear) -> None:
    caller = await house.opened()
    await caller.hear(b"\x10" * 3_200)
    await caller.say(Update(language="de-DE"))
    await caller.until("updated")
    for number in range(5):
        pong = await caller.ping(0.1)
        assert pong["seq"] == number + 3
    closed = await caller.close()
    assert [m["seq"] for m in caller.got] == list(range(1, 9))
    assert closed["seq"] == 8
    assert all(m["id"] == caller.session_id and m["version"] == "2" for m in caller.got)
    assert closed["parameters"] == {}


async def test_nothing_is_sent_unasked(house: Any, ear: Ear) -> None:
    caller = await house.opened()
    for _ in range(100):
        await caller.hear(b"\x10" * 3_200)
        await asyncio.sleep(0.2)
    assert caller.types == ["opened"]
    await lives(caller, ear)


async def test_an_error_message_ends_nothing(house: Any, ear: Ear) -> None:
    caller = await house.opened()
    for code in (400, 408, 409, 413, 415, 429, 500, 503, 9999, 0):
        await caller.say(Error(code=code, message="an error"))
    await lives(caller, ear)
    assert [what[0] for what in ear.told] == ["error"] * 10


@pytest.mark.parametrize(
    "offers",
    [
        [("external", "internal"), ("external",), ("internal",)],
        [("internal", "external")],
        [("external",)],
        [("internal",)],
        [("internal",), ("internal", "external")],
    ],
)
async def test_the_media_is_one_of_the_offers_exactly(offers: Any, house: Any, ear: Ear) -> None:
    caller = await house.call()
    wire = [caller.offer(*channels) for channels in offers]
    opened = await caller.open(media=wire)
    widest = max(offers, key=len)
    assert opened["parameters"]["media"] == [caller.offer(*widest)]
    await lives(caller, ear)


async def test_no_offers_at_all_make_a_call_without_audio(house: Any, ear: Ear) -> None:
    caller = await house.call()
    opened = await caller.open(media=[])
    assert opened["parameters"]["media"] == []
    await caller.ping()
    await caller.close()
    assert caller.faults == []
    await house.idle()
    assert ear.ends == 1


@pytest.mark.parametrize(
    "odd",
    [
        {"type": "audio", "format": "OPUS", "channels": ["external"], "rate": 48_000},
        {"type": "video"},
        {"type": "audio", "format": "PCMU", "channels": ["supervisor"], "rate": 8000},
        {"type": "audio", "format": "PCMU", "channels": [], "rate": 8000},
        "PCMU",
        None,
        7,
    ],
)
async def test_an_unknown_offer_among_good_ones_is_skipped(odd: Any, house: Any, ear: Ear) -> None:
    caller = await house.call()
    good = caller.offer("external")
    opened = await caller.open(media=[odd, good, odd])
    assert opened["parameters"]["media"] == [good]
    await lives(caller, ear)


async def test_update_is_answered(house: Any, ear: Ear) -> None:
    caller = await house.opened()
    for number, language in enumerate(("en-US", "es-419", None), 1):
        seq = await caller.say(Update(language=language))
        updated = await caller.until("updated", count=number)
        assert (updated["clientseq"], updated["parameters"]) == (seq, {})
    assert [what[1] for what in ear.told] == ["en-US", "es-419", None]
    await lives(caller, ear)


async def test_unknown_types_and_fields_change_nothing(house: Any, ear: Ear) -> None:
    caller = await house.call()
    parameters = caller.message().to_wire()
    parameters |= {"newField": {"a": 1}, "language": "es-419", "another": None}
    parameters["participant"] |= {"newField": 1}
    caller.protocol.send(caller.message(), timedelta(0))  # so that the twin knows what was offered
    caller.protocol.sent_seq -= 1
    await caller.raw("open", parameters, newField="x", position="PT0S")
    await caller.until("opened")
    for number in range(30):
        await caller.raw(f"never_heard_of_{number}", {"a": [1, 2, {"b": None}]})
    await caller.raw("ping", {"rtt": "PT0.1S", "extra": 1})
    caller.protocol._pings.append(caller.protocol.sent_seq)
    await caller.until("pong")
    await lives(caller, ear)
    assert house.value("messages.unknown") == 30


@pytest.mark.parametrize(
    "session_id", ["0190b0e3-95d3-7570-ac13-9a62d8f514c0", "B8DE2BF0-9A9E-4BA1-BAD5-16355628BB1E"]
)
async def test_any_uuid_is_taken_and_echoed_as_it_came(session_id: str, house: Any, ear: Ear) -> None:
    caller = await house.opened(session_id=session_id)
    await lives(caller, ear)
    assert {message["id"] for message in caller.got} == {session_id}


async def test_missing_personal_fields_are_no_fault(house: Any, ear: Ear) -> None:
    caller = await house.call()
    parameters = caller.message().to_wire()
    parameters["participant"] = {"id": parameters["participant"]["id"], "ani": "", "dnis": None}
    del parameters["organizationId"]
    message = caller.message(participant=Participant(id=parameters["participant"]["id"]))
    caller.protocol.send(message, timedelta(0))
    caller.protocol.sent_seq -= 1
    await caller.raw("open", {**message.to_wire(), "participant": parameters["participant"]})
    await caller.until("opened")
    await lives(caller, ear)


async def test_every_paused_comes_twice(house: Any, ear: Ear) -> None:
    caller = await house.opened()
    await caller.hear(b"\x10" * 3_200)
    for _ in range(2):
        await caller.say(Paused())
    await caller.ping()
    assert ear.told == [("pause", "client", 1_600)]
    text = caller.protocol.resume(timedelta(seconds=0.2), timedelta(seconds=10), timedelta(seconds=10.2))
    await caller.socket.send_str(text)
    await lives(caller, ear)


async def test_discards_at_nonsense_positions(house: Any, ear: Ear) -> None:
    caller = await house.opened()
    await caller.hear(b"\x10" * 3_200)
    for start, length in ((0.0, 0.1), (500.0, 0.0), (0.0, 0.0), (10**9, 10**9)):
        await caller.say(Discarded(start=timedelta(seconds=start), discarded=timedelta(seconds=length)))
    await caller.ping()
    assert ear.told[0] == ("discarded", 1_600, 800)
    assert all(start >= 0 and 0 <= length <= 31 * 8_000 for _, start, length in ear.told)
    await lives(caller, ear)


@pytest.mark.parametrize("frames", [0, 1])
async def test_close_right_after_opened(frames: int, house: Any, ear: Ear) -> None:
    caller = await house.opened()
    for _ in range(frames):
        await caller.hear(b"\x10" * 3_200)
    await caller.close()
    await house.idle()
    assert caller.types == ["opened", "closed"]
    assert (ear.samples, ear.ends) == (frames * 1_600, 1)


async def test_close_together_with_open(house: Any, ear: Ear) -> None:
    caller = await house.call()
    await caller.say(caller.message())
    seq = await caller.say(Close(reason="end"))
    assert (await caller.until("closed"))["clientseq"] == seq
    await caller.hang_up()
    await house.idle()
    assert caller.faults == []
    assert ear.ends == caller.count("opened")


async def test_a_ping_comes_right_after_opened_and_two_at_once_are_both_answered(
    house: Any, ear: Ear
) -> None:
    caller = await house.opened()
    seqs = [await caller.say(Ping()) for _ in range(2)]
    await caller.until("pong", count=2)
    assert [pong["clientseq"] for pong in caller.all("pong")] == seqs
    await lives(caller, ear)


# the connection probe -----------------------------------------------------------------------------


async def test_the_probe_is_answered_logged_and_counted_and_reaches_no_plugin(
    house: Any, records: list[Any]
) -> None:
    asked: list[Any] = []

    class Policy:
        @hookimpl
        def on_open(self, session: Any) -> None:
            asked.append(session)

        @hookimpl
        def on_decided(self, session: Any) -> None:
            asked.append(session)

        @hookimpl
        def on_end(self, session: Any) -> None:
            asked.append(session)

    await house.start(policy=Policy())
    caller = await house.call()
    opened = await caller.probe()
    assert opened["type"] == "opened"
    assert opened["parameters"] == {"media": [caller.offer(*STEREO)]}
    await caller.close()
    await house.idle()
    assert caller.faults == []
    assert asked == []
    assert house.value("sessions", outcome="probe") == 1
    assert house.value("sessions", outcome="accepted") == 0
    assert house.exporter.get_finished_spans() == ()
    assert any("probe" in record.getMessage() for record in records)


@pytest.mark.parametrize("languages", [None, ["de-DE", "en-US"]])
async def test_the_list_of_languages_is_sent_to_who_asks_and_to_nobody_else(
    languages: list[str] | None, house: Any
) -> None:
    house.languages = languages
    await house.start()
    for how in ("probe", "open"):
        asking = await house.call()
        opened = await getattr(asking, how)(supported_languages=True)
        assert opened["parameters"]["supportedLanguages"] == (languages or [])
        silent = await house.call()
        opened = await getattr(silent, how)()
        assert "supportedLanguages" not in opened["parameters"]


async def test_a_probe_that_behaves_like_a_call_harms_nobody(house: Any, ear: Ear) -> None:
    caller = await house.call()
    await caller.probe()
    await caller.hear(b"\x10" * 1_600)
    await caller.ping()
    await caller.say(Paused())
    await caller.raw("dtmf", {"digit": "1"})
    await caller.close()
    assert caller.faults == []
    assert (ear.samples, ear.told, ear.ends) == (0, [], 0)


async def test_a_probe_while_draining_is_still_answered(house: Any) -> None:
    await house.start()
    house.services.registry.draining = True
    caller = await house.call()
    assert (await caller.probe())["type"] == "opened"
    await caller.close()
