"""Erasing a conversation: its files here, its objects in the store, a line in the ledger. All this blocks."""

from __future__ import annotations

import logging
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from audiohook_fw import AudiohookError

from .ledger import Ledger, Removed, digest_of
from .store import Store
from .store_settings import StoreSettings
from .traces import Listing, Trace, delete, is_at_work, read_trace, sidecars, sync

__all__ = ["EraseError", "Held", "erase", "look", "open_store"]

logger = logging.getLogger(__name__)

TRIES: Final = 3
"""How often is looked again: a server that starts right now may write a sidecar anew."""

NAMED: Final = 3
"""How many files an error names."""


class EraseError(AudiohookError):
    """A conversation is not erased, or not all of it; says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Held:
    """What there is of a conversation: recordings, files here, objects in the store, bytes of both."""

    recordings: int
    files: int
    objects: int
    bytes: int


def open_store(settings: StoreSettings, *, brief: bool = False) -> Store | None:
    """Return the store of a section of the configuration; `None` when it has none.

    Args:
        brief: as for `Store`.

    Raises:
        EraseError: it cannot be used.
    """
    if not settings.url:
        return None
    try:
        return Store(settings, brief=brief)
    except ImportError as error:
        raise EraseError("a store needs obstore: pip install 'audiohook-fw-recorder[store]'") from error
    except (OSError, ValueError) as error:
        raise EraseError(f"plugins.recorder.store: {error}") from error


def look(directory: Path, store: Store | None, conversation_id: str) -> Held:
    """Return what there is of a conversation.

    Raises:
        EraseError: it cannot be erased now. OSError, StoreError: that cannot be known.
    """
    _check(directory)
    traces, _ = _scan(directory, conversation_id)
    _refuse(directory, traces)
    listing = Listing(directory)
    sizes = {name: _size(directory / name) for trace in traces for name in listing.of(trace)}
    found = [size for size in sizes.values() if size is not None]
    objects = [stored.size for stored in store.objects(conversation_id)] if store is not None else []
    return Held(_count(traces), len(found), len(objects), sum(found) + sum(objects))


def erase(directory: Path, store: Store | None, conversation_id: str) -> Removed:
    """Delete all there is of a conversation, and write into the ledger how much that was.

    What was deleted is in the ledger also when something is left. Erasing again deletes the rest.

    Raises:
        EraseError: a process is at work on it, and nothing is deleted; or something is, or may be, left.
        OSError: the ledger cannot be written.
    """
    _check(directory)
    removed = Removed()
    with Ledger(directory) as ledger:
        problems = list(_erase_files(directory, conversation_id, removed))
        if store is not None:
            problems += _erase_objects(store, conversation_id, removed)
        ledger.append("erase", [digest_of(conversation_id)], removed, complete=not problems)
    logger.info("a conversation was erased: %d files, %d objects", removed.files, removed.objects)
    if problems:
        raise EraseError("; ".join(problems))
    return removed


def _check(directory: Path) -> None:
    # Else an operator in the wrong directory is told that nothing is left.
    if not directory.is_dir():
        raise EraseError(
            f"there is no directory {directory}: go where the server's audiohook.toml is, name that file in "
            "AUDIOHOOK_CONFIG, or set plugins.recorder.directory"
        )


def _refuse(directory: Path, traces: Sequence[Trace]) -> None:
    for trace in traces:
        if is_at_work(directory, trace):
            what = "a call of it is being recorded" if trace.is_running else "a server still works on it"
            raise EraseError(f"{what} ({trace.name}): nothing is erased; try again when that is over")


def _scan(directory: Path, conversation_id: str) -> tuple[list[Trace], list[str]]:
    """Return what is there of a conversation, and the sidecars of which nobody can tell whose they are."""
    wanted = conversation_id.lower()
    names = sidecars(directory)
    known = set(names)
    mine: list[Trace] = []
    unclear: list[str] = []
    for name in names:
        trace = read_trace(directory, name, of=wanted)
        if trace is None:
            continue
        if trace.conversation_id is None:
            if name.endswith(".json") or f"{trace.stem}.json" not in known:
                unclear.append(name)
        elif trace.conversation_id.lower() == wanted:
            mine.append(trace)
    return mine, unclear


def _erase_files(directory: Path, conversation_id: str, removed: Removed) -> Iterator[str]:
    """Delete, and yield why something is, or may be, left; refuse before anything is deleted."""
    traces, unclear = _scan(directory, conversation_id)
    _refuse(directory, traces)
    failed = False
    for _ in range(TRIES):
        if not traces or failed:
            break
        removed.recordings += _count(traces)
        for problem in _delete_all(directory, traces, removed):
            failed = True
            yield problem
        try:
            sync(directory)
            traces, unclear = _scan(directory, conversation_id)
        except OSError as error:  # what is deleted goes into the ledger all the same
            yield f"nobody can tell whether that is on the disk: {error.strerror}; try again"
            return
        if any(is_at_work(directory, trace) for trace in traces):
            break
    if traces and not failed:
        yield "its files are written anew by a server: try again"
    if unclear:
        yield (
            "nobody can tell whose these damaged files are, or which audio is theirs: mend them, or delete "
            f"them and their audio: {_some(unclear)}"
        )


def _delete_all(directory: Path, traces: Sequence[Trace], removed: Removed) -> Iterator[str]:
    listing = Listing(directory)
    for trace in traces:
        try:
            delete(directory, listing.of(trace), removed)
        except OSError as error:
            yield f"{error.filename}: {error.strerror}"


def _erase_objects(store: Store, conversation_id: str, removed: Removed) -> list[str]:
    try:
        for stored in list(store.objects(conversation_id)):
            store.delete([stored.key])
            removed.objects += 1
            removed.bytes += stored.size
        store.delete_unfinished(conversation_id)
        left = [stored.key for stored in store.objects(conversation_id)]
    except (AudiohookError, OSError) as error:
        return [f"the store failed ({error}): objects may be left; try again"]
    return [f"the store has still {_some(left)}; try again"] if left else []


def _count(traces: Sequence[Trace]) -> int:
    return len({trace.stem for trace in traces})


def _size(path: Path) -> int | None:
    try:
        return path.lstat().st_size
    except FileNotFoundError:
        return None


def _some(names: Sequence[str]) -> str:
    more = f" and {len(names) - NAMED} more" if len(names) > NAMED else ""
    return ", ".join(names[:NAMED]) + more
