"""The threads that finish recordings when their calls are over: nothing else ever waits for them."""

from __future__ import annotations

import heapq
import itertools
import logging
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from audiohook_fw import RecordingFinished

from .announcing import Announcer
from .backoff import Backoff, pause
from .counts import Counts
from .document import DocumentError
from .failures import failure_kind
from .finishing import Finishing, LostError, Ready
from .formats import FormatMissingError
from .owner import Owner
from .settings import RecorderSettings
from .store import Store, StoreError
from .sweep import Swept, sweep
from .upload import Uploaded

__all__ = ["Finisher"]

logger = logging.getLogger(__name__)

COMPLAIN: Final = 60.0
"""Seconds between two log records that the store, or the disk, refuses."""
TELLING: Final = 64
"""Recordings that are being announced at one time."""
PACE: Final = 0.1
"""Seconds between two announcements that were refused before, however many there are."""
_ITS_OWN: Final = ("mismatch", "name", "gone")
"""Failures of the store that say nothing about other recordings."""


class _Stopped(BaseException):
    """The thread has to end between two steps."""


class _RefusedError(Exception):
    """A plugin could not take the announcement of a recording."""


@dataclass(order=True, slots=True)
class _Item:
    due: float
    number: int
    stem: str = field(compare=False)
    size: int = field(compare=False)
    since: float = field(compare=False)
    tries: int = field(compare=False, default=0)
    uploaded: Uploaded | None = field(compare=False, default=None)
    ready: Ready | None = field(compare=False, default=None)  # only while it is announced, and so is this:
    event: RecordingFinished | None = field(compare=False, default=None)
    taken: bool | None = field(compare=False, default=None)  # whether all have heard of it; None: not asked


class Finisher:
    """Finishes recordings, one after the other, several at a time with a store.

    While the store fails, one recording at a time is tried, another each time, after waits that grow from
    1 s to 60 s. What waits is in files; about 300 bytes of memory for each recording.

    Each is announced before that is noted, so that it is announced again after a kill in between. No thread
    waits for the answer. While announcements are refused, recordings are converted and uploaded all the same.

    Args:
        store: where recordings go; `None`: they stay.
        announcer: tells other plugins of them.

    Attributes:
        counts: what was done.
    """

    def __init__(
        self,
        settings: RecorderSettings,
        owner: Owner,
        store: Store | None,
        announcer: Announcer | None = None,
    ) -> None:
        self.counts: Final = Counts()
        self._settings: Final = settings
        self._directory: Final = settings.directory
        self._owner: Final = owner
        self._store: Final = store
        self._finishing: Final = Finishing(settings, owner, store)
        self._most: Final = settings.store.parallel if store is not None else 1
        self._changed: Final = threading.Condition()
        self._waiting: list[_Item] = []
        self._active: list[_Item] = []
        self._telling: list[_Item] = []
        self._announcer: Final = announcer or Announcer()
        self._slot = 0.0  # when the last of those that were refused is announced again
        self._numbers: Final = itertools.count()
        self._backoff: Final = Backoff()
        self._threads: list[threading.Thread] = []
        self._workers = self._idle = 0
        self._stopping = self._halting = False
        self._complained = float("-inf")
        self._began: Final = time.time()

    # for the others -------------------------------------------------------------------------------

    def submit(self, stem: str) -> None:
        """Finish a recording that belongs to this process. Does not wait, and never raises."""
        now = time.monotonic()
        item = _Item(now, next(self._numbers), stem, _size(self._directory, stem), now)
        with self._changed:
            self._push(item)

    def sweep(self) -> None:
        """Look for what killed servers have left, in a thread of its own, and finish it."""
        thread = threading.Thread(target=self._sweep, name="audiohook-recorder-sweep", daemon=True)
        with self._changed:
            thread.start()
            self._threads.append(thread)

    def stop(self, timeout: float) -> bool:
        """Finish what can be finished in time, and end the threads; tell whether they ended. Blocks.

        What is left waits for the next start. A thread that is in the middle of a request cannot be ended; it
        does no more than that.
        """
        deadline = time.monotonic() + timeout
        with self._changed:
            self._stopping = True
            self._changed.notify_all()
            threads = list(self._threads)
        for thread in threads:
            thread.join(max(0.0, deadline - 1.0 - time.monotonic()))
        with self._changed:
            self._halting = True
            self._changed.notify_all()
        for thread in threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        if left := self.waiting:
            logger.warning("%d recordings wait in %s for the next start", left, self._directory)
        return not any(thread.is_alive() for thread in threads)

    @property
    def waiting(self) -> int:
        """Recordings that are not finished."""
        return len(self._waiting) + len(self._active) + len(self._telling)

    def backlog(self, now: float) -> tuple[int, int, float]:
        """Return how many recordings wait, their bytes, and for how many seconds the oldest does."""
        with self._changed:
            items = [*self._waiting, *self._active, *self._telling]
        oldest = max((now - item.since for item in items), default=0.0)
        return len(items), sum(item.size for item in items), oldest

    @property
    def problem(self) -> str | None:
        """What is wrong when nothing could be finished for `unhealthy_after` seconds."""
        patience, trouble = self._settings.store.unhealthy_after, self.counts.trouble
        if trouble is None or not patience or time.monotonic() - trouble[1] < patience:
            return None
        return f"recordings cannot be finished ({trouble[0]}): {self.waiting} wait in {self._directory}"

    # the threads ----------------------------------------------------------------------------------

    def _push(self, item: _Item) -> None:
        """Let it wait; with the lock held."""
        heapq.heappush(self._waiting, item)
        self._changed.notify_all()
        if len(self._waiting) <= self._idle or self._workers >= self._most or self._stopping:
            return
        thread = threading.Thread(target=self._run, name="audiohook-recorder-finish", daemon=True)
        try:
            thread.start()
        except RuntimeError as error:  # of a system that gives no more threads; the next one tries again
            self._complain("recordings wait: %s", str(error))
            return
        self._workers += 1
        self._threads.append(thread)

    def _run(self) -> None:
        while (item := self._next()) is not None:
            try:
                again = self._attempt(item)
            except _Stopped:
                again = 0.0
            with self._changed:
                self._active.remove(item)
                if again is not None:
                    item.due, item.number = time.monotonic() + again, next(self._numbers)
                    heapq.heappush(self._waiting, item)
                elif item.event is not None:
                    self._telling.append(item)
                self._changed.notify_all()
            if again is None and item.event is not None:
                self._tell(item, item.event)

    def _next(self) -> _Item | None:
        with self._changed:
            while not self._halting:
                left = self._left()
                if left is not None and left <= 0.0:
                    item = heapq.heappop(self._waiting)
                    self._active.append(item)
                    return item
                if self._stopping and not self._telling:
                    break
                self._idle += 1
                self._changed.wait(left)
                self._idle -= 1
            return None

    def _left(self) -> float | None:
        """Return the seconds until the next one may be taken; `None`: something else has to come before."""
        if not self._waiting:
            return None
        if self._backoff.failing and self._active:  # one is enough to see whether the store is back
            return None
        first = self._waiting[0]
        if len(self._telling) >= TELLING and first.taken is None:
            return None
        return max(first.due, self._backoff.until) - time.monotonic()

    def _tell(self, item: _Item, event: RecordingFinished) -> None:
        def told(taken: bool) -> None:  # in the event loop
            with self._changed:
                self._telling.remove(item)
                item.taken, item.due, item.number = taken, 0.0, next(self._numbers)
                self._push(item)

        self._announcer.tell(event, told)

    def _attempt(self, item: _Item) -> float | None:
        """Try once; return the seconds until the next try, `None` when it is done, or is to be announced."""
        began = time.monotonic()
        try:
            self._step(item)
        except _RefusedError:
            return self._refused(item)
        except StoreError as error:
            return self._failed(item, error.kind, began if error.kind not in _ITS_OWN else None)
        except (LostError, DocumentError) as error:
            self.counts.given_up(error.kind if isinstance(error, LostError) else "sidecar")
            logger.error("recording %s cannot be finished: %s", item.stem, error)
            return None
        except OSError as error:
            return self._failed(item, failure_kind(error))
        except FormatMissingError:
            return self._failed(item, "format")
        except Exception:  # whatever is wrong with one recording, the others are finished
            logger.exception("recording %s failed", item.stem)
            return self._failed(item, "error")
        if self._store is not None:
            self._backoff.succeeded()
        if item.event is None and self.counts.went_well():
            logger.info("recordings are finished again; %d wait", len(self._waiting))
        return None

    def _step(self, item: _Item) -> None:
        """Go on with it: to where it is to be announced, `item.event`, or to its end."""
        ready, item.ready, item.event = item.ready, None, None
        if item.taken is False and ready is not None:
            self._finishing.keep(ready)
            raise _RefusedError
        if ready is None:
            ready = self._finishing.prepare(item.stem, uploaded=item.uploaded, go_on=self._go_on)
        if ready is None:
            return
        item.uploaded = ready.uploaded
        if not item.taken and self._announcer.is_heard:
            item.event, item.ready, item.taken = self._finishing.finished(ready), ready, None
        elif self._finishing.complete(ready) and ready.uploaded is not None:
            self.counts.uploaded(ready.uploaded.bytes)
            logger.info("recording %s is uploaded", item.stem)

    def _refused(self, item: _Item) -> float:
        """Return the seconds until it is announced again; at the end of the server that is the next one's."""
        item.taken = None
        if self._stopping:
            return pause(item.tries + 1)
        delay, now = self._failed(item, "announce"), time.monotonic()
        self._slot = max(self._slot + PACE, now + delay)
        return self._slot - now

    def _failed(self, item: _Item, kind: str, of_store: float | None = None) -> float:
        now = time.monotonic()
        item.tries += 1
        if of_store is not None:
            with self._changed:
                self._backoff.failed(of_store, now)
        if self.counts.failed(kind, now) or now - self._complained >= COMPLAIN:
            self._complain(
                "recordings cannot be finished (%s), and are tried again; %d wait", kind, self.waiting
            )
        return 0.0 if of_store is not None else pause(item.tries)

    def _go_on(self) -> None:
        if self._halting:
            raise _Stopped

    def _complain(self, text: str, *args: object) -> None:
        self._complained = time.monotonic()
        logger.error(text, *args)

    def _sweep(self) -> None:
        if self._store is not None:
            self._probe(self._store)
        for tries in itertools.count(1):
            swept = self._sweep_once(tries)
            if swept is not None and not swept.refused:
                return
            with self._changed:
                if self._changed.wait_for(lambda: self._stopping, pause(tries)):
                    return

    def _sweep_once(self, tries: int) -> Swept | None:
        try:
            swept = sweep(
                self._directory, self._owner, self.submit, before=self._began, stopped=lambda: self._stopping
            )
        except OSError as error:
            if tries == 1:
                logger.error("%s cannot be swept: %s", self._directory, error.strerror)
            return None
        except Exception:
            logger.exception("the sweep failed")
            return Swept()
        if tries == 1:
            swept.report(self._directory)
        return swept

    def _probe(self, store: Store) -> None:
        """Tell at once, not after the first call, that a key is wrong, or the store cannot be reached."""
        began = time.monotonic()
        try:
            store.probe()
        except StoreError as error:
            with self._changed:
                self._backoff.failed(began, time.monotonic())
            self.counts.failed(error.kind, began)
            self._complain("%s does not take recordings (%s); they wait until it does", store.url, error.kind)


def _size(directory: Path, stem: str) -> int:
    """Return the bytes of a recording as it was during the call."""
    for suffix in (".wav", ".tar"):
        try:
            return (directory / (stem + suffix)).stat().st_size
        except OSError:
            continue
    return 0
