"""The threads that finish recordings announce them before that is noted, until all plugins have taken it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from audiohook_fw_recorder import finish as finish_module
from audiohook_fw_recorder import product as product_module
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.owner import Owner

from audiohook_fw import RecordingFinished

ID = "6f1c3d58-0000-4000-8000-0000000000ab"
Eventually = Callable[[Callable[[], Any]], None]


class Plugins:
    """Stands for the event loop, and the plugins in it: `answer` is what they say, `None` that they hang."""

    is_heard = True

    def __init__(self, answer: bool | None) -> None:
        self.answer = answer
        self.told: list[RecordingFinished] = []
        self.hanging: list[Callable[[bool], None]] = []

    def tell(self, event: RecordingFinished, told: Callable[[bool], None]) -> None:
        self.told.append(event)
        if self.answer is None:
            self.hanging.append(told)
        else:
            told(self.answer)


def many(recorded: Any, owner: Owner, number: int, **more: Any) -> list[str]:
    return [recorded(owner, name=f"{ID[:-4]}{n:04}", seconds=0.2, **more) for n in range(number)]


def names_of(stems: list[str]) -> list[str]:
    return sorted(f"{stem}{suffix}" for stem in stems for suffix in (".json", ".wav"))


@pytest.mark.parametrize("stored", [True, False])
def test_recordings_are_announced_before_that_is_noted(
    finishers: Any, recorded: Any, owner: Owner, eventually: Eventually, *, stored: bool
) -> None:
    plugins = Plugins(answer=None)
    finisher, stems = finishers(stored=stored, plugins=plugins), many(recorded, owner, 3)
    for stem in stems:
        finisher.submit(stem)
    eventually(lambda: len(plugins.hanging) == 3)
    assert finisher.waiting == finisher.backlog(time.monotonic())[0] == 3
    assert recorded.names() == names_of(stems)
    assert all(Document.read(recorded.directory / f"{stem}.json").owner == owner.token for stem in stems)
    for told in plugins.hanging:
        told(True)
    eventually(lambda: finisher.waiting == 0)
    assert sorted(event.id.partition("@")[0] for event in plugins.told) == stems
    if stored:
        assert (recorded.names(), finishers.stored()) == ([], names_of(stems))
        assert finishers.store is not None
        urls = {f"{finishers.store.url}/{stored.key}" for stored in finishers.store.objects()}
        assert {event.url for event in plugins.told} == {url for url in urls if url.endswith(".wav")}
        assert all(len(event.sha256) == 64 for event in plugins.told)
    else:
        assert {Document.read(recorded.directory / f"{stem}.json").owner for stem in stems} == {None}
        assert {event.url for event in plugins.told} == {
            (recorded.directory / f"{stem}.wav").as_uri() for stem in stems
        }
    assert [event.size for event in plugins.told] == [3200 + 58] * 3


def test_what_plugins_refuse_is_announced_again_and_uploaded_once(
    finishers: Any, recorded: Any, owner: Owner, proxy: Any, eventually: Eventually
) -> None:
    plugins = Plugins(answer=False)
    finisher, stems = finishers(plugins=plugins), many(recorded, owner, 2)
    for stem in stems:
        finisher.submit(stem)
    eventually(lambda: len(plugins.told) >= 5)
    assert finishers.stored() == names_of(stems)
    assert recorded.names() == names_of(stems)
    assert finisher.counts.failures["announce"] >= 3
    assert "(announce)" in str(finisher.problem)
    plugins.answer = True
    eventually(lambda: finisher.waiting == 0)
    assert recorded.names() == []
    assert len({(event.id, event.url) for event in plugins.told}) == 2
    puts = [path for method, path in proxy.requests if method == "PUT"]
    assert len(puts) == len(set(puts)) == 4
    assert finisher.problem is None


def test_what_plugins_refuse_is_made_once(
    finishers: Any, recorded: Any, owner: Owner, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = []

    def blocks(*arguments: Any) -> Any:
        made.append(arguments)
        return real(*arguments)

    real = product_module.blocks
    monkeypatch.setattr(product_module, "blocks", blocks)
    plugins = Plugins(answer=False)
    finisher, (stem,) = finishers(stored=False, format="pcm16", plugins=plugins), many(recorded, owner, 1)
    finisher.submit(stem)
    eventually(lambda: len(plugins.told) >= 3)
    assert len(made) == 2  # read to be made, and again to be compared
    plugins.answer = True
    eventually(lambda: finisher.waiting == 0)
    assert len({event.id for event in plugins.told}) == 1
    assert recorded.names() == [f"{stem}-pcm16.wav", f"{stem}.json"]


def test_while_plugins_refuse_what_cannot_be_made_is_told_once(
    finishers: Any,
    recorded: Any,
    owner: Owner,
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
) -> None:
    plugins = Plugins(answer=False)
    finisher, (stem,) = finishers(stored=False, format="pcm16", plugins=plugins), many(recorded, owner, 1)
    path = recorded.directory / f"{stem}.wav"
    path.write_bytes(path.read_bytes()[:-100])
    finisher.submit(stem)
    eventually(lambda: len(plugins.told) >= 3)
    plugins.answer = True
    eventually(lambda: finisher.waiting == 0)
    assert sum("stays as it is" in record.getMessage() for record in caplog.records) == 1
    document = Document.read(recorded.directory / f"{stem}.json")
    assert (document.owner, document.errors) == (None, {"convert": 1})


def test_a_bounded_number_is_announced_at_one_time(
    finishers: Any, recorded: Any, owner: Owner, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finish_module, "TELLING", 5)
    plugins = Plugins(answer=None)
    finisher = finishers(stored=False, plugins=plugins)
    for stem in many(recorded, owner, 12):
        finisher.submit(stem)
    eventually(lambda: len(plugins.hanging) == 5)
    time.sleep(0.1)  # it could tell more
    for number in range(12):
        eventually(lambda: len(plugins.hanging) > number)  # noqa: B023
        assert len(plugins.hanging) <= number + 5
        plugins.hanging[number](True)
    eventually(lambda: finisher.waiting == 0)
    assert len(plugins.told) == 12


def test_stop_waits_for_answers_as_long_as_it_may(finishers: Any, recorded: Any, owner: Owner) -> None:
    plugins = Plugins(answer=None)
    finisher, stems = finishers(stored=False, plugins=plugins), many(recorded, owner, 2)
    for stem in stems:
        finisher.submit(stem)
    answers = threading.Timer(0.2, lambda: plugins.hanging[0](True))
    answers.start()
    assert finisher.stop(2.5)
    answers.join()
    owners = sorted(Document.read(recorded.directory / f"{stem}.json").owner or "" for stem in stems)
    assert owners == ["", owner.token]  # the other is for the next start


def test_at_the_end_a_refusal_is_no_failure(finishers: Any, recorded: Any, owner: Owner) -> None:
    plugins = Plugins(answer=None)
    finisher, (stem,) = finishers(stored=False, plugins=plugins), many(recorded, owner, 1)
    finisher.submit(stem)
    refuse = threading.Timer(0.5, lambda: plugins.hanging[0](False))
    refuse.start()
    assert finisher.stop(60.0)
    assert finisher.counts.failures == {}
    assert Document.read(recorded.directory / f"{stem}.json").owner == owner.token
