"""`replay`: a recorded call through any plugins, without a network, as fast as they go."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Final
from uuid import NAMESPACE_OID, uuid5

from audiohook_fw.config import Loaded, Settings, load
from audiohook_fw.plugin import Accept, ids_from
from audiohook_fw.protocol import Participant
from audiohook_fw.session import CallFacts
from audiohook_fw.stage import PacedLoop, Stage, StageLoop, VirtualLoop, named

from .line import ReplayError, ReplayLine
from .result import Replayed
from .steps import RecordedCall, Step

__all__ = ["FRAME_MS", "replay"]

FRAME_MS: Final = 200.0
"""As long as Genesys' frames mostly are."""


def replay(
    call: RecordedCall,
    steps: Iterable[Step],
    plugins: Sequence[object],
    *,
    settings: Mapping[str, Mapping[str, object]] | None = None,
    config: Path | None = None,
    frame_ms: float = FRAME_MS,
    speed: float | None = None,
    patience: float = 60.0,
    on_progress: Callable[[int], object] | None = None,
) -> Replayed:
    """Play a recorded call to plugins, and return what came of it (blocking).

    The plugins are loaded, started and stopped for this call alone. Time is virtual: what waits takes
    none, and threads of `run_blocking` have all they need. So equal input gives equal results, as far as the
    plugins make no use of the real time, of chance, of threads of their own or of a network. Ids that events
    make for themselves are the same each time. Interrupting it leaves nothing behind but what plugins left.

    Args:
        call: what the call was. steps: what happened in it; taken one by one, so that memory stays flat.
        plugins: entry points, modules, files (what `-p` takes), classes and instances, in this order.
        settings: their sections by name; without it the configuration is read, as a server does.
        config: the file of settings to read instead of the usual one.
        frame_ms: milliseconds of a frame; the last one before something happens may be shorter.
        speed: times real time, for plugins that need the real one; `None` is virtual time.
        patience: seconds that a thread of an executor may work before time goes on, as in life.
        on_progress: gets the call time in samples, again and again.

    Raises:
        PluginLoadError, PluginConfigError: a plugin does not load or start, or its settings are wrong.
        ConfigErrors: the configuration is wrong. TypeError: two plugins have one name.
        ReplayError: there can be no such call. ValueError: no frame is so short, or no speed so slow.
    """
    frame = round(frame_ms * call.media.rate / 1000)
    if frame < 1:
        raise ValueError(f"a frame of {frame_ms:g} ms has no sample")
    facts = _facts(call)
    sections = load(config) if settings is None else Loaded.of(Settings(), settings)
    numbers = count(1)
    ids = ids_from(lambda: str(uuid5(NAMESPACE_OID, f"{call.session_id}/{next(numbers)}")))
    with _working_directory(), ids:
        by_name = named(plugins, settings or ())
        stage = Stage(by_name, sections, sections.settings.limits, loop=_loop(speed, patience))
        with _started(stage):
            return stage.run(_play, stage, facts, call, steps, frame, on_progress or _ignore)  # type: ignore[no-any-return]


@contextmanager
def _working_directory() -> Iterator[None]:
    """Let modules in the working directory be plugins."""
    before = sys.path.copy()
    if "" not in before:
        sys.path.append("")
    try:
        yield
    finally:
        if "" not in before and "" in sys.path:
            sys.path.remove("")


def _loop(speed: float | None, patience: float) -> StageLoop:
    return VirtualLoop(patience=patience, ordered=True) if speed is None else PacedLoop(speed)


def _facts(call: RecordedCall) -> CallFacts:
    try:
        participant = Participant(id=call.participant_id)
    except ValueError:
        raise ReplayError("there can be no such call: participant_id is no UUID") from None
    return CallFacts(
        session_id=call.session_id,
        correlation_id=call.correlation_id,
        organization_id=call.organization_id,
        conversation_id=call.conversation_id,
        participant=participant,
        key_name=call.key_name,
        product=call.product,
        offers=(call.media,),
        started_at=call.started_at,
        language=call.language,
        interims=True,
        retry_attempt=call.retry_attempt,
        continued_sessions=call.continued_sessions,
    )


@contextmanager
def _started(stage: Stage) -> Iterator[None]:
    try:
        stage.start()
        try:
            yield
        finally:
            stage.stop()
    finally:
        stage.close()


async def _play(
    stage: Stage,
    facts: CallFacts,
    call: RecordedCall,
    steps: Iterable[Step],
    frame: int,
    progress: Callable[[int], object],
) -> Replayed:
    began = stage.loop.time()

    def wall() -> datetime:
        try:
            return call.started_at + timedelta(seconds=stage.loop.time() - began)
        except OverflowError:  # of a call that says it began at the end of time
            return datetime.max.replace(tzinfo=UTC)

    stage.services.wall = wall
    line = ReplayLine(facts, stage.services, frame=frame)
    decision = await line.open()
    summary = None
    if isinstance(decision, Accept):
        await line.play(steps, progress)
        summary = await line.close(call.close_reason)
    return Replayed(decision, line.emitted, line.wishes, stage.faults, summary, call.media.rate)


def _ignore(position: int) -> None: ...
