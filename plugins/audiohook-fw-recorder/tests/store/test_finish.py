"""The threads that finish recordings: with a store that fails in every way, and with one that comes back."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from audiohook_fw_recorder import finish as finish_module
from audiohook_fw_recorder.document import Document
from audiohook_fw_recorder.owner import Owner

ID = "6f1c3d58-0000-4000-8000-0000000000ab"
Eventually = Callable[[Callable[[], Any]], None]


def many(recorded: Any, owner: Owner, number: int, **more: Any) -> list[str]:
    return [recorded(owner, name=f"{ID[:-4]}{n:04}", seconds=0.2, **more) for n in range(number)]


def names_of(stems: list[str]) -> list[str]:
    return sorted(f"{stem}{suffix}" for stem in stems for suffix in (".json", ".wav"))


def test_recordings_are_uploaded_once_each(
    finishers: Any, recorded: Any, owner: Owner, eventually: Eventually
) -> None:
    finisher, stems = finishers(), many(recorded, owner, 40)
    for stem in (*stems, *stems[:10]):  # handed in twice does not matter
        finisher.submit(stem)
    eventually(lambda: finisher.waiting == 0)
    assert finishers.stored() == names_of(stems)
    assert recorded.names() == []
    assert (finisher.counts.uploads, finisher.counts.failures) == (40, {})
    assert finisher.counts.bytes == sum(o.size for o in finishers.store.objects())
    assert finisher.backlog(time.monotonic()) == (0, 0, 0.0)
    assert threading.active_count() < 40


@pytest.mark.parametrize(
    ("fault", "kind"),
    [(500, "http_500"), (503, "http_503"), (403, "permission"), ("cut request", "connection"),
     ("cut answer", "connection"), ("hang", "timeout"), ("refused", "connection")],
)  # fmt: skip
def test_a_store_that_fails_gets_everything_when_it_is_back(
    finishers: Any,
    recorded: Any,
    owner: Owner,
    proxy: Any,
    eventually: Eventually,
    fault: int | str,
    kind: str,
    caplog: pytest.LogCaptureFixture,
) -> None:
    finisher = finishers(timeout=0.3 if fault == "hang" else 20.0, connect_timeout=1.0)
    stems = many(recorded, owner, 8)
    if fault == "refused":
        proxy.close()
    else:
        proxy.fault = fault
    for stem in stems:
        finisher.submit(stem)
    eventually(lambda: finisher.counts.failures[kind] >= 2)
    eventually(lambda: "cannot be finished" in (finisher.problem or ""))
    assert kind in str(finisher.problem)
    waiting, size, oldest = finisher.backlog(time.monotonic())
    assert (waiting, size) == (8, 8 * (1600 * 2 + 58))
    assert oldest > 0.0
    assert recorded.names() == names_of(stems)
    if fault == "refused":
        proxy.open()
    proxy.fault = None
    eventually(lambda: finisher.waiting == 0)
    assert finishers.stored() == names_of(stems)
    assert recorded.names() == []
    assert finisher.problem is None
    texts = [record.getMessage() for record in caplog.records if record.name == finish_module.__name__]
    assert sum(f"cannot be finished ({kind})" in text for text in texts) == 1
    assert not any(str(proxy.port) in text for text in texts)


def test_while_the_store_fails_one_at_a_time_asks(
    finishers: Any, recorded: Any, owner: Owner, proxy: Any, eventually: Eventually
) -> None:
    finisher, stems = finishers(parallel=4), many(recorded, owner, 30)
    proxy.fault = 500
    for stem in stems:
        finisher.submit(stem)
    eventually(lambda: finisher.counts.failures["http_500"] >= 4 + 2)
    # 4 at once before the first answer, and then after 0.5 s, 1 s, ... at least: nobody asks in a loop.
    assert proxy.faults <= 3 * (finisher.counts.failures["http_500"] + 1)
    paths = {path for _, path in proxy.requests}
    assert len(paths) >= 6, "a failing recording did not go to the back"


def test_one_that_cannot_be_finished_does_not_keep_others(
    finishers: Any,
    recorded: Any,
    owner: Owner,
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
) -> None:
    finisher, stems = finishers(parallel=1), many(recorded, owner, 3)
    (recorded.directory / f"{stems[0]}.wav").unlink()
    (recorded.directory / f"{stems[1]}.json").write_text("{")
    for stem in stems:
        finisher.submit(stem)
    eventually(lambda: finisher.waiting == 0)
    assert finishers.stored() == names_of(stems[2:])
    assert (finisher.counts.lost, finisher.counts.failures) == (2, {"missing": 1, "sidecar": 1})
    assert recorded.names() == [f"{stems[0]}.json", f"{stems[1]}.json", f"{stems[1]}.wav"]
    texts = [record.getMessage() for record in caplog.records]
    assert f"recording {stems[0]} cannot be finished: {stems[0]}.wav is missing" in texts


def test_a_disk_that_refuses_delays_only_what_it_refuses(
    finishers: Any,
    recorded: Any,
    owner: Owner,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    finisher, stems = finishers(), many(recorded, owner, 5, state="recording")
    real, refused = Document.save, 0

    def save(self: Document, path: Any) -> None:
        nonlocal refused
        if path.stem == stems[0] and refused < 2:
            refused += 1
            raise OSError(28, "No space left on device")
        real(self, path)

    monkeypatch.setattr(Document, "save", save)
    for stem in stems:
        finisher.submit(stem)
    eventually(lambda: finisher.waiting == 0)
    assert finisher.counts.failures == {"ENOSPC": 2}
    assert finishers.stored() == names_of(stems)


def test_a_bug_is_told_and_does_not_end_the_thread(
    finishers: Any,
    recorded: Any,
    owner: Owner,
    eventually: Eventually,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    finisher, (stem,) = finishers(), many(recorded, owner, 1)
    real, tries = finish_module.Finishing.prepare, 0

    def prepare(self: Any, *arguments: Any, **more: Any) -> Any:
        nonlocal tries
        tries += 1
        if tries == 1:
            raise ZeroDivisionError
        return real(self, *arguments, **more)

    monkeypatch.setattr(finish_module.Finishing, "prepare", prepare)
    finisher.submit(stem)
    eventually(lambda: finisher.waiting == 0)
    assert finishers.stored() == names_of([stem])
    assert any(record.exc_info for record in caplog.records)


def test_the_sweep_finishes_what_was_left(
    finishers: Any, recorded: Any, dead: Owner, eventually: Eventually
) -> None:
    stems = many(recorded, dead, 3, state="recording")
    finisher = finishers()
    finisher.sweep()
    eventually(lambda: finisher.counts.uploads == 3)
    assert finishers.stored() == names_of(stems)
    assert recorded.names() == []


def test_the_sweep_tries_again_what_the_disk_refused(
    finishers: Any, recorded: Any, dead: Owner, eventually: Eventually, monkeypatch: pytest.MonkeyPatch
) -> None:
    (stem,) = many(recorded, dead, 1, state="recording")
    finisher = finishers(stored=False)
    with monkeypatch.context() as patch:
        patch.setattr(Document, "save", lambda *_: (_ for _ in ()).throw(OSError(28, "full")))
        finisher.sweep()
        time.sleep(0.2)
    path = recorded.directory / f"{stem}.json"
    eventually(lambda: Document.read(path).owner is None)
    assert Document.read(path).state == "interrupted"


def test_a_store_that_cannot_be_used_is_told_at_start(
    finishers: Any, proxy: Any, eventually: Eventually, caplog: pytest.LogCaptureFixture
) -> None:
    proxy.fault = 403
    finisher = finishers()
    finisher.sweep()
    eventually(lambda: finisher.counts.failures["permission"] == 1)
    assert "s3://calls does not take recordings (permission); they wait until it does" in [
        record.getMessage() for record in caplog.records
    ]


def test_stop_finishes_what_waits(finishers: Any, recorded: Any, owner: Owner) -> None:
    finisher, stems = finishers(), many(recorded, owner, 10)
    for stem in stems:
        finisher.submit(stem)
    assert finisher.stop(60.0)
    assert finishers.stored() == names_of(stems)


def test_stop_does_not_wait_for_a_store_that_fails(
    finishers: Any,
    recorded: Any,
    owner: Owner,
    proxy: Any,
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
) -> None:
    finisher, stems = finishers(), many(recorded, owner, 10)
    proxy.fault = 500
    for stem in stems:
        finisher.submit(stem)
    eventually(lambda: finisher.counts.failures)
    assert finisher.stop(600.0)
    assert recorded.names() == names_of(stems)
    assert f"10 recordings wait in {recorded.directory} for the next start" in [
        record.getMessage() for record in caplog.records
    ]


def test_stop_tells_that_a_request_goes_on(
    finishers: Any, recorded: Any, owner: Owner, proxy: Any, eventually: Eventually
) -> None:
    finisher, stems = finishers(timeout=60.0), many(recorded, owner, 1)
    proxy.fault = "hang"
    finisher.submit(stems[0])
    eventually(lambda: proxy.faults)
    assert not finisher.stop(0.2)
    proxy.close()  # so that it ends
    assert finisher.stop(60.0)


def test_there_is_no_thread_before_there_is_work(
    finishers: Any,
    recorded: Any,
    owner: Owner,
    eventually: Eventually,
    caplog: pytest.LogCaptureFixture,
) -> None:
    finisher = finishers(parallel=2)
    before = threading.active_count()
    assert finisher.problem is None
    assert threading.active_count() == before
    for stem in many(recorded, owner, 12):
        finisher.submit(stem)
    assert threading.active_count() <= before + 2
    with caplog.at_level(logging.INFO):
        eventually(lambda: finisher.waiting == 0)


def test_health_can_be_told_never_to_care(
    finishers: Any, recorded: Any, owner: Owner, proxy: Any, eventually: Eventually
) -> None:
    patient, careless = finishers(unhealthy_after=3600.0), finishers(unhealthy_after=0.0)
    proxy.fault = 500
    stems = many(recorded, owner, 2)
    for finisher, stem in zip((patient, careless), stems, strict=True):
        finisher.submit(stem)
        eventually(lambda: finisher.counts.failures)  # noqa: B023
        assert finisher.problem is None
