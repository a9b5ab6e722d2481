"""Every hook of the reference has an example, which runs here as the server would run it, and a test.

The fixture `example` loads `docs/reference/hooks/NAME.py` for the test `test_hook_NAME`, and fails the test
when nothing but the test itself called that hook.
"""

from __future__ import annotations

import inspect
import re
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer
from aiohttp import web
from make_reference import hooks as maker
from make_reference.markdown import slug
from typer.testing import CliRunner

from audiohook_fw import (
    Accept,
    AudiohookDeprecationWarning,
    CloseReason,
    Credential,
    OnFailure,
    PluginError,
    Reject,
    Sentiment,
    SpeechEnded,
    SpeechStarted,
    Transcript,
    Word,
)
from audiohook_fw.errors import ConfigError
from audiohook_fw.plugin import FAMILIES, PluginStatus, hookspecs
from audiohook_fw.protocol import MediaFormat

Example = Callable[..., Any]

PAGE = maker.page()

EXAMPLES = Path(maker.EXAMPLES)
SILENCE = b"\xff"
LOUD = b"\x00"  # the most negative sample of µ-law
STEREO = MediaFormat("PCMU", ("external", "internal"))
MONO = MediaFormat("PCMU", ("external",))


def context(bench: Any) -> dict[str, Any]:
    return dict(bench.call.context)


# process --------------------------------------------------------------------------------------------


async def test_hook_on_startup(example: Example, tmp_path: Path) -> None:
    file = tmp_path / "words.txt"
    file.write_text("refund cancel\n", encoding="utf-8")
    bench = example(words=str(file))
    await bench.manager.startup(bench.server)
    assert bench.module.words == {"refund", "cancel"}

    bench = example(file=str(file))
    with pytest.warns(AudiohookDeprecationWarning, match="rename it to words"):
        await bench.module.on_startup(bench.server, bench.manager.settings("on_startup"))

    file.write_text("", encoding="utf-8")
    bench = example(words=str(file))
    await bench.manager.startup(bench.server)
    (record,) = (r for r in bench.manager.records if r.name == "on_startup")
    assert record.status is PluginStatus.FAILED
    with pytest.raises(PluginError, match="there is no word"):
        await bench.module.on_startup(bench.server, bench.manager.settings("on_startup"))
    file.unlink()
    with pytest.raises(ConfigError, match="No such file"):
        await bench.module.on_startup(bench.server, bench.manager.settings("on_startup"))


async def test_hook_on_shutdown(example: Example) -> None:
    bench = example()
    await bench.manager.startup(bench.server)
    assert bench.module.workers.submit(int, "7").result() == 7
    await bench.manager.shutdown(bench.server)
    with pytest.raises(RuntimeError, match="shutdown"):
        bench.module.workers.submit(int, "7")


async def test_hook_register_routes(example: Example) -> None:
    (route,) = example().manager.register_routes()
    assert (route.plugin, route.method, route.path, route.public) == (
        "register_routes",
        "GET",
        "/about",
        True,
    )
    response = await route.handler(None)
    assert isinstance(response, web.Response)
    assert '"hooks": 1' in str(response.text)


async def test_hook_register_commands(example: Example) -> None:
    (command,) = example().manager.register_commands()
    assert command.name == "register-commands"
    assert isinstance(command.app, typer.Typer)
    assert CliRunner().invoke(command.app, ["Ada"]).output == "Hello, Ada!\n"


async def test_hook_check_health(example: Example) -> None:
    bench = example(free_bytes=0)
    await bench.manager.startup(bench.server)
    assert await bench.manager.check_health(bench.server, timeout=10) == {}
    bench = example(free_bytes=2 * shutil.disk_usage(".").total)
    await bench.manager.startup(bench.server)
    problems = await bench.manager.check_health(bench.server, timeout=10)
    assert problems["check_health"].startswith("only ")


async def test_hook_supported_languages(example: Example) -> None:
    bench = example()
    await bench.manager.ask_languages(bench.server)
    assert bench.manager.languages == ("en-US", "de-DE")


# connection -----------------------------------------------------------------------------------------


async def test_hook_check_address(example: Example) -> None:
    manager = example().manager
    assert await manager.check_address("203.0.113.7", {}) is False
    assert await manager.check_address("198.51.100.7", {}) is None
    assert await manager.check_address("nonsense", {}) is False  # it raised, and `on_failure` is `reject`


async def test_hook_find_credential(example: Example) -> None:
    manager = example().manager
    found = await manager.find_credential("key-of-the-bank", "", timeout=10)
    assert isinstance(found, Credential)
    assert (found.name, found.product, len(found.secrets)) == ("bank", "transcription", 1)
    assert await manager.find_credential("another", "", timeout=10) is None


# decision and call ----------------------------------------------------------------------------------


async def test_hook_on_open(example: Example) -> None:
    bench = example()
    assert await bench.open(dnis="tel:+4980012345") == Accept(start_paused=True, tags={"line": "sales"})
    assert bench.control.paused
    assert await example().open(dnis="tel:+4930") == Reject()
    assert bench.module.info.on_failure is OnFailure.REJECT


async def test_hook_select_media(example: Example) -> None:
    bench = example()
    await bench.begin(offers=(STEREO, MONO))
    assert bench.protocol.media == MONO
    await bench.finish()
    bench = example()
    await bench.begin(offers=(STEREO,))
    assert bench.protocol.media == STEREO
    await bench.finish()


async def test_hook_create_handler(example: Example) -> None:
    bench = example()
    await bench.begin()
    bench.hear(SILENCE * 200)
    bench.hear(SILENCE * 20 + LOUD * 100)
    bench.hear(LOUD * 100)
    assert bench.seen == [SpeechStarted(channel="external", start=110)]
    await bench.finish()
    assert context(bench) == {"customer_spoke": True}


# events ---------------------------------------------------------------------------------------------


async def test_hook_on_decided(example: Example) -> None:
    bench = example()
    await bench.begin()
    await bench.finish()
    assert bench.module.decisions == {"accepted": 1}
    bench = example()
    await bench.open()
    await bench.call.reject(Reject("error"))
    assert bench.module.decisions == {"error": 1}


async def test_hook_on_opened(example: Example) -> None:
    bench = example()
    await bench.begin()
    assert bench.control.paused
    await bench.finish()
    assert context(bench) == {"queue": "sales"}
    assert not bench.control.paused


async def test_hook_on_audio(example: Example) -> None:
    bench = example()
    await bench.begin()
    bench.hear((SILENCE + LOUD) * 100)
    assert bench.call.stash[bench.module.PEAK] == 0  # the agent was loud, not the customer
    bench.hear((LOUD + SILENCE) * 100)
    assert bench.call.stash[bench.module.PEAK] > 30_000
    await bench.finish()


async def test_hook_on_pause(example: Example) -> None:
    bench = example()
    await bench.begin()
    bench.hear(SILENCE * 160)
    bench.tell("paused")
    assert context(bench) == {"paused_at": 80, "paused_by_client": True}
    await bench.finish()


async def test_hook_on_resume(example: Example) -> None:
    bench = example()
    await bench.begin()
    bench.tell("paused")
    bench.tell("resumed", start="PT0S", discarded="PT2.5S")
    assert bench.call.stash[bench.module.UNHEARD] == 2.5
    await bench.finish()


async def test_hook_on_discarded(example: Example) -> None:
    bench = example()
    await bench.begin()
    bench.hear(SILENCE * 1600)
    bench.tell("discarded", start="PT0.1S", discarded="PT1S")
    assert bench.seen == [SpeechEnded(channel="external", start=0, length=800)]
    assert bench.call.stash[bench.module.SPEAKING_SINCE] == 8800
    await bench.finish()


async def test_hook_on_update(example: Example) -> None:
    bench = example()
    await bench.begin()
    bench.hear(SILENCE * 160)
    bench.tell("update", language="de-DE")
    assert context(bench) == {"recognizer": "de-DE", "recognizer_since": 80}
    await bench.finish()


async def test_hook_on_client_error(example: Example) -> None:
    bench = example()
    await bench.begin()
    bench.tell("error", code=500, message="not this one")
    assert context(bench) == {}
    bench.tell("error", code=429, message="too fast", retryAfter="PT3S")
    assert context(bench) == {"retry_after": 3.0}
    assert bench.call.interests == {"on_client_error": False}
    await bench.finish()


async def test_hook_on_dtmf(example: Example) -> None:
    bench = example()
    await bench.begin(product="connector", offers=(MONO,))
    bench.tell("dtmf", digit="1")
    assert bench.control.played == [bench.module.TONE]
    bench.tell("dtmf", digit="#")
    assert [entity.type for entity in bench.control.entities] == ["bot_turn_response"]
    await bench.finish()


async def test_hook_on_playback(example: Example) -> None:
    bench = example()
    await bench.begin(product="connector", offers=(MONO,))
    bench.tell("playback_started")
    assert bench.control.disconnects == []
    bench.tell("playback_completed")
    assert bench.control.disconnects == [("completed", {"outcome": "served"})]
    await bench.finish()


async def test_hook_on_event(example: Example) -> None:
    bench = example()
    await bench.begin()
    said = {"channel": "external", "start": 0, "length": 1}
    listener = bench.call.view("listener")
    for text in ("Thanks great", "cancel it", "well"):
        listener.emit(Transcript(text=text, **said))
    listener.emit(Transcript(text="thanks", is_final=False, **said))
    assert all(isinstance(event, Sentiment) for event in bench.seen)
    assert [event.label for event in bench.seen] == ["positive", "negative", "neutral"]
    await bench.finish()


async def test_hook_on_close(example: Example) -> None:
    bench = example()
    await bench.begin()
    bench.hear(SILENCE * 160)
    await bench.finish()
    (said,) = bench.seen
    assert (said.text, said.length) == ("goodbye", 80)
    bench = example()
    await bench.begin()
    await bench.finish(CloseReason.LOST)
    assert bench.seen == []


async def test_hook_on_end(example: Example, tmp_path: Path) -> None:
    bench = example(file=str(tmp_path / "calls.jsonl"))
    await bench.begin()
    bench.hear(SILENCE * 1600)
    bench.call.stash[bench.module.NOTES] = {"queue": "sales"}
    await bench.finish()
    line = (tmp_path / "calls.jsonl").read_text(encoding="utf-8")
    assert line == '{"reason": "end", "seconds": 0.1, "notes": {"queue": "sales"}}\n'
    with pytest.raises(bench.module.DiskError, match="cannot write"):
        bench.module.append(tmp_path, "x")


async def test_hook_filter_event(example: Example) -> None:
    bench = example()
    await bench.begin()
    text = "my card is 4111-1111 1111 1111, thanks"
    words = (Word(text="4111-1111", start=0, length=1),)
    source = bench.call.view("filter_event")
    source.emit(Transcript(channel="external", text=text, start=0, length=1, words=words))
    source.emit(SpeechStarted(channel="external", start=3))
    said, other = bench.seen
    assert (said.text, said.words) == ("my card is [card], thanks", ())
    assert other == SpeechStarted(channel="external", start=3)
    await bench.finish()


# the page -------------------------------------------------------------------------------------------


def test_every_hook_has_an_example_and_a_test() -> None:
    assert {path.stem for path in EXAMPLES.glob("*.py")} == set(FAMILIES)
    files = [file.read_text(encoding="utf-8") for file in Path(__file__).parent.glob("test_hooks*.py")]
    tests = re.findall(r"^(?:async )?def test_hook_(\w+)\(", "\n".join(files), re.MULTILINE)
    assert sorted(tests) == sorted(FAMILIES)


@pytest.mark.parametrize("hook", FAMILIES)
def test_entry_has_the_exact_signature_all_fields_and_the_example(hook: str) -> None:
    signature = str(inspect.signature(getattr(hookspecs, hook))).replace("'", "")
    signature = signature.replace("-> Result", "-> Awaitable[None] | None")
    heading = f"### `{hook}{signature}`"
    assert PAGE.count(heading) == 1
    entry = PAGE.partition(heading)[2].partition("\n### ")[0]
    for name in maker.FIELDS:
        assert re.search(rf"^\| {name} \| \S.* \|$", entry, re.MULTILINE), name
    assert (EXAMPLES / f"{hook}.py").read_text(encoding="utf-8").rstrip() in entry
    assert f"](#{slug(heading)})" in PAGE.partition("\n## ")[0]


def test_a_hook_without_a_field_is_refused() -> None:
    def on_nothing() -> None:
        """Do nothing.

        Called: never.
        """

    with pytest.raises(ValueError, match="on_nothing has no field Family"):
        maker.entry("on_nothing", on_nothing)


def test_a_call_by_the_test_itself_does_not_count(watch: Any) -> None:
    file = EXAMPLES / "on_pause.py"
    space: dict[str, Any] = {"__name__": "planted"}
    exec(compile(file.read_text(encoding="utf-8"), str(file), "exec"), space)
    sys.setprofile(watch)
    try:
        with pytest.raises(AttributeError):
            space["on_pause"](None, None, 0)
    finally:
        sys.setprofile(None)
    assert ("on_pause", "on_pause") not in watch.calls
