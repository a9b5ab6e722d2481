"""Retention: recordings that are old enough are deleted, at start and each hour, by a thread of its own."""

from __future__ import annotations

import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Final, Self

from audiohook_fw import AudiohookError

from .files import TEMPORARY
from .finishing import STORED
from .ledger import Ledger, Removed, digest_of
from .settings import RecorderSettings
from .store import Store, StoredObject
from .traces import Listing, Trace, delete, is_at_work, read_trace, sidecars, stem_of, sync

__all__ = ["EVERY", "Retention"]

logger = logging.getLogger(__name__)

EVERY: Final = 3600.0
"""Seconds between two looks at what is old enough."""

BATCH: Final = 100
"""Recordings that share a line of the ledger: what a killed server has deleted without proof, at most."""

PACE: Final = 16
"""Sidecars that are read without a break,"""

BREATH: Final = 0.002
"""and the seconds of that break: calls come first, and Python runs one thread at a time."""

FOLDERS: Final = 10_000
"""Conversations of the store that are looked at in one go."""

JUMP: Final = 3600.0
"""Seconds that the clock may differ from what has passed; a clock that jumps must not delete everything."""

_FOLDER: Final = re.compile(r"([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})|id-([0-9a-f]{64})")
_FILE: Final = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}[-.].+")


class Retention:
    """Deletes recordings whose calls ended more than some days ago, here and in the store.

    A recording that a running process works on stays. With a store, so does one that was not uploaded yet:
    it is the only one. In the store, the age counts from the upload.

    Args:
        directory: of the recordings. days: for which they are kept.
        open_store: makes the store; it is asked each time. `None`: there is none.
        clock: wall time. passed: monotonic seconds.
    """

    def __init__(
        self,
        directory: Path,
        days: int,
        open_store: Callable[[], Store] | None = None,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        passed: Callable[[], float] = time.monotonic,
    ) -> None:
        self._directory = directory
        self._days = days
        self._open_store = open_store
        self._clock = clock
        self._passed = passed
        self._seen: tuple[datetime, float] | None = None
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None

    @classmethod
    def of(cls, settings: RecorderSettings) -> Self | None:
        """Return what a section of the configuration asks for, if it does."""
        days, store = settings.retention_days, settings.store
        if days is None:
            return None
        return cls(settings.directory, days, (lambda: Store(store)) if store.url else None)

    def start(self) -> None:
        """Begin, in a thread."""
        self._stop.clear()
        self._thread = threading.Thread(target=self._run, name="audiohook-recorder-retention", daemon=True)
        self._thread.start()

    def stop(self, timeout: float) -> bool:
        """End after the recordings that are being deleted; tell whether that was in time. Blocks."""
        self._stop.set()
        if self._thread is None:
            return True
        self._thread.join(timeout)
        return not self._thread.is_alive()

    def run_once(self) -> Removed:
        """Delete what is old enough; what cannot be deleted is logged, and tried again an hour later."""
        removed = Removed()
        now = self._clock()
        if self._jumped(now):
            logger.warning("the clock has jumped: no recording is deleted for its age until the next hour")
            return removed
        try:
            before = now - timedelta(days=self._days)
        except OverflowError:  # a clock at the beginning of time
            return removed
        for delete_old in (self._delete_files, self._delete_objects):
            try:
                delete_old(before, removed)
            except OSError as error:
                logger.error("old recordings are not deleted: %s", error.strerror or type(error).__name__)
            except AudiohookError as error:
                logger.error("old recordings in the store are not deleted: %s", error)
            except Exception:
                logger.exception("old recordings are not deleted")
        if removed.files or removed.objects:
            logger.info(
                "recordings older than %d days are deleted: %d files, %d objects, %d bytes",
                *(self._days, removed.files, removed.objects, removed.bytes),
            )
        return removed

    def _run(self) -> None:
        while not self._stop.is_set():
            self.run_once()
            self._stop.wait(EVERY)

    def _jumped(self, now: datetime) -> bool:
        passed = self._passed()
        seen, self._seen = self._seen, (now, passed)
        return seen is not None and abs((now - seen[0]).total_seconds() - (passed - seen[1])) > JUMP

    # files here -----------------------------------------------------------------------------------

    def _delete_files(self, before: datetime, removed: Removed) -> None:
        names = sidecars(self._directory)
        waiting, listing = 0, None
        batch: list[Trace] = []
        for count, name in enumerate(_without_copies(names)):
            if self._stop.wait(0.0 if count % PACE else BREATH):
                break
            trace = read_trace(self._directory, name)
            if trace is None or trace.ended >= before or is_at_work(self._directory, trace):
                continue
            if trace.owner is not None and self._open_store is not None:
                waiting += 1
                continue
            batch.append(trace)
            if len(batch) == BATCH:
                listing = listing or Listing(self._directory)
                self._delete_batch(batch, listing, removed)
                batch.clear()
        if batch:
            self._delete_batch(batch, listing or Listing(self._directory), removed)
        if waiting:
            logger.warning(
                "%d recordings are older than %d days and kept, since they are not uploaded yet",
                *(waiting, self._days),
            )

    def _delete_batch(self, batch: Sequence[Trace], listing: Listing, removed: Removed) -> None:
        mine, failures = Removed(), list[OSError]()
        whose: set[str] = set()
        with Ledger(self._directory) as ledger:
            try:
                for trace in batch:
                    try:
                        delete(self._directory, listing.of(trace), mine)
                    except OSError as error:  # the others are deleted all the same
                        failures.append(error)
                        continue
                    mine.recordings += 1
                    if trace.conversation_id is not None:
                        whose.add(digest_of(trace.conversation_id))
                sync(self._directory)
            finally:
                if mine.files:
                    ledger.append("retention", sorted(whose), mine, complete=not failures)
                removed.add(mine)
        if failures:
            reason = failures[0].strerror or type(failures[0]).__name__
            logger.error("%d old recordings cannot be deleted (%s)", len(failures), reason)

    # objects in the store -------------------------------------------------------------------------

    def _delete_objects(self, before: datetime, removed: Removed) -> None:
        if self._open_store is None or self._stop.is_set():
            return
        store = self._open_store()
        while True:
            folders = list(islice(_old_folders(store, before), FOLDERS))
            deleted = removed.objects
            for start in range(0, len(folders), BATCH):
                if self._stop.is_set():
                    return
                self._delete_folders(store, folders[start : start + BATCH], before, removed)
            if len(folders) < FOLDERS or removed.objects == deleted:
                return

    def _delete_folders(
        self, store: Store, folders: Sequence[str], before: datetime, removed: Removed
    ) -> None:
        with Ledger(self._directory):  # so that nothing is deleted that cannot be proved
            pass
        mine = Removed()
        whose: set[str] = set()
        try:
            for folder in folders:
                for stored in _old_objects(store, folder, before):
                    store.delete([stored.key])
                    mine.objects += 1
                    mine.bytes += stored.size
                    mine.recordings += stored.key.endswith(".json")
                    whose.add(_digest(folder))
        finally:
            if mine.objects:
                with Ledger(self._directory) as ledger:
                    ledger.append("retention", sorted(whose), mine)
                removed.add(mine)


def _without_copies(names: Sequence[str]) -> Iterator[str]:
    """Leave out what goes with a sidecar that is there, and what is being deleted, since it was uploaded."""
    known = set(names)
    left = (n for n in names if not n.endswith(STORED))
    return (n for n in left if not (n.endswith(TEMPORARY) and n.removesuffix(TEMPORARY) in known))


def _old_folders(store: Store, before: datetime) -> Iterator[str]:
    """Yield the conversations of which something is old; what else there is in the store is not ours."""
    seen: set[str] = set()
    for stored in store.objects():
        folder, name = _parts(stored.key)
        if stored.modified < before and folder not in seen and _is_ours(store, stored.key, folder, name):
            seen.add(folder)
            yield folder


def _old_objects(store: Store, folder: str, before: datetime) -> list[StoredObject]:
    """Return the objects of a conversation's recordings that are old in all their parts."""
    recordings: dict[str, list[StoredObject]] = {}
    for stored in store.objects(folder):
        name = _parts(stored.key)[1]
        if _is_ours(store, stored.key, folder, name):
            recordings.setdefault(stem_of(name), []).append(stored)
    return [
        stored
        for parts in recordings.values()
        if max(part.modified for part in parts) < before
        for stored in parts
    ]


def _parts(key: str) -> tuple[str, str]:
    path, _, name = key.rpartition("/")
    return path.rpartition("/")[2], name


def _is_ours(store: Store, key: str, folder: str, name: str) -> bool:
    ours = _FOLDER.fullmatch(folder) is not None and _FILE.fullmatch(name) is not None
    return ours and store.key(folder, name) == key


def _digest(folder: str) -> str:
    found = _FOLDER.fullmatch(folder)
    assert found is not None
    return found[2] or digest_of(folder)
