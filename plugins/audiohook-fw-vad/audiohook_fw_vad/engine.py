"""Engines: what one has to do, how it is found by name, and its detectors, which calls take and give back."""

from __future__ import annotations

from collections import deque
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any, Final, Protocol

from .gate import Gate, GateRules
from .windows import Window

if TYPE_CHECKING:
    from audiohook_fw.audio import Samples

__all__ = ["Detector", "Engine", "EngineError", "Listener"]

STILL_HEARD: Final = 4  # windows of background in a row that the detector hears
HEARD_AGAIN: Final = 3  # windows of background that it hears again before speech
GROUP: Final = "audiohook_fw_vad.engines"


class Detector(Protocol):
    """What an engine's class makes, called with the rate and with `options` by name; one for each channel.

    All methods run in worker threads, those of one detector never at the same time.

    Attributes:
        window: how many samples it takes at once: 10 to 100 ms.
    """

    @property
    def window(self) -> int:
        """How many samples it takes at once."""

    def detect(self, samples: Samples) -> float:
        """Return how likely it is that somebody speaks in the next window (int16), 0 to 1."""

    def reset(self) -> None:
        """Forget what was heard: what comes next does not follow it."""


class EngineError(Exception):
    """An engine cannot be used; the text says what to do."""


class Engine:
    """An engine by name.

    Args:
        name: of an entry point in the group `audiohook_fw_vad.engines`, or `module:Class`.
        spare: so many detectors are kept for the next calls.

    Attributes:
        window: samples that a detector takes; 0 before `load`.
    """

    def __init__(self, name: str, options: Mapping[str, Any], *, rate: int, spare: int) -> None:
        self.name: Final = name
        self.rate: Final = rate
        self.window = 0
        self._options: Final = dict(options)
        self._most_spare: Final = spare
        self._make: Any = None
        self._spare: list[Detector] = []

    def load(self) -> None:
        """Find the engine and make a first detector; blocks.

        Raises:
            EngineError: says what to do.
        """
        self._make = self._find()
        try:
            detector: Detector = self._make(self.rate, **self._options)
            window = detector.window
        except Exception as error:
            raise EngineError(
                f"engine {self.name!r} does not start: {type(error).__name__}: {error}; "
                "see plugins.vad.options"
            ) from error
        if not self.rate // 100 <= window <= self.rate // 10:
            raise EngineError(f"engine {self.name!r} takes {window} samples at once, not 10 to 100 ms")
        self.window = window
        self._spare.append(detector)

    def open(self) -> Detector:
        """Return a detector that has heard nothing; blocks."""
        try:
            detector = self._spare.pop()
        except IndexError:
            made: Detector = self._make(self.rate, **self._options)
            return made
        detector.reset()
        return detector

    def give_back(self, detector: Detector) -> None:
        """Take a detector that is well for another call."""
        if len(self._spare) < self._most_spare:
            self._spare.append(detector)

    def clear(self) -> None:
        """Let go of all detectors."""
        self._spare.clear()

    def _find(self) -> Any:
        found = {point.name: point for point in entry_points(group=GROUP)}
        try:
            if self.name in found:
                return found[self.name].load()
            module, _, attribute = self.name.partition(":")
            if attribute:
                return getattr(import_module(module), attribute)
        except ImportError as error:
            hint = "pip install 'audiohook-fw-vad[webrtc]'" if self.name == "webrtc" else "install it"
            raise EngineError(f"engine {self.name!r} cannot be imported ({error}): {hint}") from error
        except AttributeError as error:
            raise EngineError(f"engine {self.name!r} is not there: {error}") from error
        names = ", ".join(sorted(found)) or "none"
        raise EngineError(f"there is no engine {self.name!r}; there are: {names}; or name a module:Class")


class Listener:
    """What listens to one channel: a detector, and the gate before it. For one thread at a time.

    While a channel has been background for some time, the detector is not asked, which is what most of a call
    would cost; then it hears the last of it again, so that it knows what speech follows.
    """

    __slots__ = ("_background", "_gate", "_skipped", "detector")

    def __init__(self, detector: Detector, gate: Gate | None) -> None:
        self.detector: Final = detector
        self._gate = gate
        self._background = 0  # windows in a row
        self._skipped: deque[Samples] = deque(maxlen=HEARD_AGAIN)

    @classmethod
    def open(cls, engine: Engine, rules: GateRules | None) -> Listener:
        """Make one with a detector of the engine; blocks."""
        gate = Gate(rules, window=engine.window, rate=engine.rate) if rules is not None else None
        return cls(engine.open(), gate)

    def reset(self) -> None:
        """Forget what was said: what comes next does not follow it."""
        self.detector.reset()
        self._background = 0
        self._skipped.clear()

    def hear(self, windows: list[Window]) -> list[float]:
        """Return the probability of speech of each window.

        Raises:
            ValueError: the engine answers with what is no probability.
        """
        return [self._hear(window.samples) for window in windows]

    def _hear(self, samples: Samples) -> float:
        is_background = self._gate is not None and self._gate.is_background(samples)
        self._background = self._background + 1 if is_background else 0
        if self._background > STILL_HEARD:
            self._skipped.append(samples)
            return 0.0
        while self._skipped:
            self.detector.detect(self._skipped.popleft())
        probability = self.detector.detect(samples)
        if not 0 <= probability <= 1:  # NaN, too
            raise ValueError(f"{probability} is no probability")
        return 0.0 if is_background else probability
