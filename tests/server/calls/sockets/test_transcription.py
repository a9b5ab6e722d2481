"""A Transcription Connector over real sockets: languages, pauses, limits, and nothing lost at the end."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import Any

import pytest

from audiohook_fw.plugin import PluginInfo, SessionHandler, SpeechStarted, Transcript, hookimpl
from audiohook_fw.protocol import (
    Close,
    Discarded,
    Error,
    MediaFormat,
    Paused,
    Resumed,
    Update,
    parse_duration,
)

PRODUCT = "transcription"
FRAME = b"\x10" * 3_200  # 200 ms of both sides


class Asr:
    """Says what a test tells it to say; keeps its sessions, what it heard, and which languages it knows."""

    info = PluginInfo(summary="says what it is told", emits=(Transcript, SpeechStarted))

    def __init__(self, *languages: str) -> None:
        self.languages = languages
        self.session: Any = None
        self.heard = 0
        self.at_close: list[Transcript] = []

    @hookimpl
    def supported_languages(self) -> tuple[str, ...]:
        return self.languages

    @hookimpl
    def create_handler(self, session: Any) -> SessionHandler:
        self.session = session
        return _Handler(self)

    def say(self, text: str, channel: str = "external", **fields: Any) -> None:
        end = self.session.position
        fields = {"start": max(0, end - 1_600), "length": min(end, 1_600), **fields}
        self.session.emit(Transcript(channel=channel, text=text, **fields))


class _Handler(SessionHandler):
    def __init__(self, asr: Asr) -> None:
        self.asr = asr

    def on_audio(self, frame: Any) -> None:
        self.asr.heard += frame.length

    def on_close(self, reason: Any) -> None:
        for event in self.asr.at_close:
            self.asr.session.emit(event)


def entities(caller: Any) -> list[dict[str, Any]]:
    """Return the transcripts that came; each must have had a message of its own."""
    messages = [message["parameters"]["entities"] for message in caller.all("event")]
    assert all(len(entities) == 1 for entities in messages)
    assert all(entity["type"] == "transcript" for [entity] in messages)
    return [entity["data"] for [entity] in messages]


def texts(caller: Any) -> list[str]:
    return [e["alternatives"][0]["interpretations"][0]["transcript"] for e in entities(caller)]


# languages --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("language", [None, "fr-FR"])
async def test_a_language_that_nobody_understands_pauses_until_an_update_names_one(
    language: str | None, house: Any
) -> None:
    await house.start(asr=(asr := Asr("en-US", "de-DE")))
    caller = await house.call(product=PRODUCT)
    opened = await caller.open(language=language, supported_languages=True)
    assert opened["parameters"]["startPaused"] is True
    assert opened["parameters"]["supportedLanguages"] == ["en-US", "de-DE"]
    await caller.say(Paused())
    await caller.say(Update(language="pt-BR"))
    await caller.ping()
    assert caller.count("resume") == 0
    await caller.say(Update(language="EN-us"))
    await caller.until("resume")
    await caller.hear(FRAME)
    await caller.ping()
    assert asr.heard == 1_600
    await caller.say(Update(language="zh-CN"))
    await caller.until("pause")
    await caller.say(Update(language="de-DE"))
    await caller.until("resume", count=2)
    await caller.close()
    assert caller.faults == []
    assert caller.count("updated") == 4


async def test_a_language_that_is_understood_pauses_nothing(house: Any) -> None:
    await house.start(asr=Asr("en-US", "es-419", "nl"))
    for language in ("en-us", "es-419", "nl-NL"):
        caller = await house.call(product=PRODUCT)
        opened = await caller.open(language=language, supported_languages=True)
        assert "startPaused" not in opened["parameters"]
        assert opened["parameters"]["supportedLanguages"] == ["en-US"]
        await caller.say(Update(language=language.upper()))
        await caller.ping()
        assert caller.count("pause") == 0
        await caller.close()


@pytest.mark.parametrize(
    ("product", "languages"), [("monitor", ["en-US"]), ("connector", ["en-US"]), (PRODUCT, [])]
)
async def test_other_products_are_never_paused_nor_is_anybody_where_no_plugin_tells_languages(
    product: str, languages: list[str], house: Any
) -> None:
    await house.start(asr=Asr(*languages))
    caller = await house.call(product=product)
    opened = await caller.open(language="fr-FR")
    assert "startPaused" not in opened["parameters"]
    await caller.say(Update(language="zh-CN"))
    await caller.ping()
    assert caller.count("pause") == 0
    await caller.close()


async def test_a_hold_of_a_plugin_outlasts_the_language(house: Any) -> None:
    await house.start(asr=(asr := Asr("en-US")))
    caller = await house.opened(product=PRODUCT, open={"language": "fr-FR"})
    await caller.say(Paused())
    hold = asr.session.pause("compliance")
    await caller.say(Update(language="en-US"))
    await caller.stay(3)
    assert caller.count("resume") == 0
    hold.release()
    await caller.until("resume")
    await caller.close()


# what is sent -------------------------------------------------------------------------------------------


async def test_two_sides_that_speak_at_once_keep_within_the_limit_and_each_final_comes_once(
    house: Any, now: Any
) -> None:
    await house.start(asr=(asr := Asr()))
    caller = await house.opened(product=PRODUCT, interims=True)
    expected = []
    for utterance in range(20):
        for step in range(10):  # interims of both sides, ten a second each
            await caller.hear(FRAME)
            for side in ("external", "internal"):
                asr.say(f"{side} {utterance} {step}", side, id=f"{side} {utterance}", is_final=False)
            await asyncio.sleep(0.1)
        for side in ("external", "internal"):
            asr.say(f"final {side} {utterance}", side, id=f"{side} {utterance}")
            expected.append(f"final {side} {utterance}")
        await caller.ping()
    await caller.stay(2)
    await caller.close()
    assert caller.faults == []  # 429 among them
    found = entities(caller)
    finals = [data for data in found if data["isFinal"]]
    assert sorted(t for t in texts(caller) if t.startswith("final")) == sorted(expected)
    assert len({data["id"] for data in finals}) == 40
    assert {data["channelId"] for data in finals} == {0, 1}
    assert len(found) > 60  # and there were interims, too
    over: set[str] = set()
    for data in found:
        assert data["id"] not in over, "something of an utterance came after its final"
        if data["isFinal"]:
            over.add(data["id"])


async def test_interims_are_sent_only_where_the_key_asks(house: Any) -> None:
    await house.start(asr=(asr := Asr()))
    caller = await house.opened(product=PRODUCT)
    await caller.hear(FRAME)
    asr.say("inte", id="u", is_final=False)
    asr.say("final", id="u")
    await caller.until("event")
    await caller.close()
    assert texts(caller) == ["final"]


@pytest.mark.parametrize(
    ("channels", "side", "expected"),
    [
        (("external", "internal"), "internal", 1),
        (("internal", "external"), "internal", 0),
        (("external",), "external", 0),
        (("internal",), "internal", 0),
    ],
)
async def test_stereo_and_mono(channels: tuple[str, ...], side: str, expected: int, house: Any) -> None:
    await house.start(asr=(asr := Asr()))
    media = [MediaFormat("PCMU", channels, 8000).to_wire()]
    caller = await house.opened(product=PRODUCT, open={"media": media})
    await caller.hear(b"\x10" * 1_600 * len(channels))
    asr.say("hello", side)
    await caller.until("event")
    await caller.close()
    [data] = entities(caller)
    assert data["channelId"] == expected


async def test_offsets_are_call_time_after_pauses_and_discards(house: Any) -> None:
    await house.start(asr=(asr := Asr()))
    caller = await house.opened(product=PRODUCT)
    expected = []

    async def speak() -> None:
        await caller.hear(FRAME)
        await caller.ping()
        asr.say("hello there")
        expected.append(round((asr.session.position - 1_600) / 8_000, 6))

    await speak()
    await caller.say(Paused())  # the client's own pause, ten seconds long
    caller.samples += 80_000
    await caller.say(Resumed(start=timedelta(seconds=0.2), discarded=timedelta(seconds=10)))
    await speak()
    caller.samples += 4_000
    await caller.say(Discarded(start=timedelta(seconds=10.4), discarded=timedelta(seconds=0.5)))
    await speak()
    hold = asr.session.pause()
    await caller.until("pause")
    asr.say("said in a pause")  # a result of what was heard before
    await caller.until("event", count=4)
    hold.release()
    await caller.until("resume")
    await speak()
    await caller.close()
    assert caller.faults == []
    found = entities(caller)
    offsets = [parse_duration(data["offset"]).total_seconds() for data in found]
    assert expected == [0.0, 10.2, 10.9, 11.1]
    assert offsets == [*expected[:3], expected[2], expected[3]]
    for data in found:
        tokens = data["alternatives"][0]["interpretations"][0]["tokens"]
        assert len({token["offset"] for token in tokens}) == len(tokens)
        assert tokens[0]["offset"] == data["offset"]


# the end ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("retry", [None, timedelta(seconds=3), timedelta(seconds=30)])
async def test_all_that_is_pending_is_sent_before_closed(retry: timedelta | None, house: Any) -> None:
    """Also after 429: what `closed` overtakes is lost."""
    await house.start(asr=(asr := Asr()))
    caller = await house.opened(product=PRODUCT)
    await caller.hear(FRAME)
    await caller.ping()
    if retry is not None:
        await caller.say(Error(code=429, message="slow down", retry_after=retry))
        await caller.ping()
    for number in range(60):
        asr.say(f"before {number}")
    asr.at_close = [Transcript(channel="internal", text=f"last {n}", start=0, length=80) for n in range(60)]
    await caller.close()
    await house.idle()
    found = [
        entity["data"]["alternatives"][0]["interpretations"][0]["transcript"]
        for message in caller.all("event")
        for entity in message["parameters"]["entities"]
    ]
    assert found == [f"before {n}" for n in range(60)] + [f"last {n}" for n in range(60)]
    assert caller.types[-1] == "closed"
    assert caller.faults == []
    assert house.value("outbox.dropped", reason="closed") == 0


async def test_results_of_plugins_that_are_late_at_the_end_are_taken_along(house: Any) -> None:
    class Late(Asr):
        @hookimpl
        async def on_close(self, session: Any) -> None:
            for number in range(5):
                session.emit(Transcript(channel="external", text=f"late {number}", start=0, length=80))
                await asyncio.sleep(2.5)

    await house.start(late=Late())
    caller = await house.opened(product=PRODUCT)
    seq = await caller.say(Close(reason="end"))
    closed = await caller.until("closed")
    assert closed["clientseq"] == seq
    assert texts(caller) == ["late 0", "late 1", "late 2"]
    await caller.hang_up()
