"""Replays one recording: what goes to a process of its own, and what comes back."""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from traceback import extract_tb
from typing import Any

import numpy as np

from audiohook_fw import AudiohookError
from audiohook_fw.replay import ReplayError, replay

from ..age import Identities
from ..document import Document
from ..reading import RecordedAudioError
from .output import said
from .places import PlaceError
from .recorded import recorded_call, steps
from .sound import pieces

__all__ = ["Done", "Job", "Setting", "replay_recording"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What all recordings are played to.

    Attributes:
        plugins: what `-p` takes. config: the file of settings. identity: the file of keys of age.
        frame_ms: milliseconds of a frame. speed: times real time; `None` is as fast as they go.
        patience: seconds that a thread may work before time goes on.
    """

    plugins: tuple[str, ...]
    config: Path | None = None
    identity: Path | None = None
    frame_ms: float = 200.0
    speed: float | None = None
    patience: float = 60.0


@dataclass(frozen=True, slots=True)
class Job:
    """One recording.

    Attributes:
        name: its stem. directory: where its audio is. sidecar: the content of its sidecar.
        seconds: how long the call was.
    """

    name: str
    directory: Path
    sidecar: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one recording.

    Attributes:
        name: of the recording. result: for JSON. problem: why there is none.
        hopeless: no other recording would do better.
    """

    name: str
    result: dict[str, Any] | None = None
    problem: str = ""
    hopeless: bool = False


def replay_recording(job: Job, setting: Setting, progress: Callable[[float], object]) -> Done:
    """Play a recording to the plugins (blocking); raises nothing that is the recording's fault, or theirs.

    Args:
        progress: gets the seconds of the call that were played since it was called last.
    """
    document = Document.parse(job.sidecar.encode(), f"{job.name}.json")
    random.seed(document.session_id)  # for plugins that leave something to chance
    np.random.seed(0)
    try:
        return Done(job.name, _result(job, document, setting, progress))
    except (PlaceError, RecordedAudioError, ReplayError, OSError) as error:
        text = said(error)
        return Done(job.name, problem=text if text.startswith(job.name) else f"{job.name}: {text}")
    except (AudiohookError, TypeError) as error:
        return Done(job.name, problem=said(error), hopeless=True)
    except ValueError as error:
        return Done(job.name, problem=f"{job.name}: {error}")
    except Exception as error:  # the others go on; its text may quote what was said
        last = extract_tb(error.__traceback__)[-1]
        place = f"{Path(last.filename).name}:{last.lineno}"
        return Done(job.name, problem=f"{job.name}: {type(error).__name__} at {place}: this is a bug")


def _result(
    job: Job, document: Document, setting: Setting, progress: Callable[[float], object]
) -> dict[str, Any]:
    call = recorded_call(document)
    played = 0

    def advance(position: int) -> None:
        nonlocal played
        progress((position - played) / call.media.rate)
        played = position

    identities = None if setting.identity is None else Identities.read(setting.identity)
    with closing(pieces(job.directory, document, identities)) as sound:
        replayed = replay(
            call,
            steps(document, sound),
            setting.plugins,
            config=setting.config,
            frame_ms=setting.frame_ms,
            speed=setting.speed,
            patience=setting.patience,
            on_progress=advance,
        )
    ids = {"session_id": document.session_id, "conversation_id": document.conversation_id}
    return {"recording": job.name, **ids, **replayed.as_dict()}
